-- SPDX-License-Identifier: Apache-2.0
-- Not a car: after SessionSetup its requests carry a SessionID that the station did not give.

return {
    role = 'ev',
    about = 'deliberate: a wrong SessionID from the second request on',
    sure = 'made up',
    deviates = 'foreign SessionID',
    before = {
        send = function(m, ev)
            if m:name() ~= 'SessionSetupReq' then
                m.Header.SessionID = 'DEADBEEFDEADBEEF'
                ev:deviate()
            end
        end,
    },
}
