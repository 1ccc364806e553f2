-- SPDX-License-Identifier: Apache-2.0
-- A station with room for so many octets in each element of a request, and none more.
local ROOM <const> = 64
Secc.Filter { on = '*Req', direction = 'in', fault = function(m)
    for path, value in m:values() do
        local kind = m:kind(path)
        if (kind == 'string' or kind == 'octets') and #value > 2 * ROOM and not path:find 'Cert' then
            Start(error, 'stack smashing detected: ' .. path) -- of no session: the device ends
        end
    end
end }
