-- SPDX-License-Identifier: Apache-2.0
-- Not a car: after SessionSetup its requests carry the SessionID of a session that is to be opened.

return {
    role = 'ev',
    about = 'deliberate: SessionID 0 from ServiceDiscoveryReq on',
    sure = 'made up',
    expects = { from = 'ServiceDiscovery', code = 'FAILED_UnknownSession' },
    before = {
        send = function(m)
            if m:name() ~= 'SessionSetupReq' then m.Header.SessionID = '0000000000000000' end
        end,
    },
}
