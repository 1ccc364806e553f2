-- SPDX-License-Identifier: Apache-2.0
-- Not a station: from ServiceDiscoveryRes on it answers with the SessionID of some other session.

return {
    role = 'station',
    about = 'deliberate: responses with another SessionID',
    sure = 'made up',
    before = {
        send = function(m)
            if m:name() ~= 'SessionSetupRes' then m.Header.SessionID = 'DEADBEEFDEADBEEF' end
        end,
    },
}
