-- SPDX-License-Identifier: Apache-2.0
-- A station that ends when it gets a response.
Secc.Filter { on = '*Res', direction = 'in', fault = function(m)
    if m:name() ~= 'SECCDiscoveryRes' then
        Start(error, 'assertion failed: ' .. m:name()) -- of no session: the device ends
    end
end }
