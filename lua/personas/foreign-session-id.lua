-- SPDX-License-Identifier: Apache-2.0
-- Not a station: its second response has the SessionID of some other session.

return {
    role = 'station',
    about = 'deliberate: responses with another SessionID',
    sure = 'made up',
    deviates = 'foreign SessionID',
    before = {
        send = function(m, s)
            if m:name() ~= 'SessionSetupRes' then
                m.Header.SessionID = 'DEADBEEFDEADBEEF'
                s:deviate()
            end
        end,
    },
}
