-- SPDX-License-Identifier: Apache-2.0
-- Hooks of a station that closes 200 ms after ChargeParameterDiscoveryRes, long before its time.
function on.state(name, session)
    if name:find('^ChargeParameterDiscoveryRes') then
        Start(function()
            Sleep(200)
            session.role.Disconnect()
        end)
    end
end
