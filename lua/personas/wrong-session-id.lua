-- SPDX-License-Identifier: Apache-2.0
-- Not a car: after SessionSetup its requests carry a SessionID that the station did not give.

return {
    role = 'ev',
    about = 'deliberate: a wrong SessionID from ServiceDiscoveryReq on',
    sure = 'made up',
    expects = { from = 'ServiceDiscovery', code = 'FAILED_UnknownSession' },
    before = {
        send = function(m)
            if m:name() ~= 'SessionSetupReq' then m.Header.SessionID = 'DEADBEEFDEADBEEF' end
        end,
    },
}
