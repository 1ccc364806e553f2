-- SPDX-License-Identifier: Apache-2.0
-- A vehicle that counts on values that can be.
Evcc.Filter { on = '*Res', direction = 'in', fault = function(m)
    for path, value in m:values() do
        if m:kind(path) == 'quantity' and (value < 0 or value > 2e6) then
            error('out of range: ' .. path)
        end
    end
end }
