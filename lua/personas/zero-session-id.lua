-- SPDX-License-Identifier: Apache-2.0
-- Not a car: after SessionSetup its requests carry the SessionID of a session that is to be opened.

return {
    role = 'ev',
    about = 'deliberate: SessionID 0 from the second request on',
    sure = 'made up',
    deviates = 'foreign SessionID',
    before = {
        send = function(m, ev)
            if m:name() ~= 'SessionSetupReq' then
                m.Header.SessionID = '0000000000000000'
                ev:deviate()
            end
        end,
    },
}
