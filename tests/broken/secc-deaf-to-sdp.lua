-- SPDX-License-Identifier: Apache-2.0
-- A station that hears no SDP any more once a request of it was not as it should be.
local is_deaf = false
Secc.Filter { on = 'SECCDiscoveryReq', direction = 'in', fault = function(m)
    is_deaf = is_deaf or m:violations()[1] ~= nil or m.TransportProtocol ~= 0
        or m.Security ~= 0 and m.Security ~= 0x10
    return not is_deaf and m or false
end }
