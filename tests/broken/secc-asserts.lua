-- SPDX-License-Identifier: Apache-2.0
-- A station that asserts what a request should be, and ends where it is not.
Secc.Filter { on = '*Req', direction = 'in', fault = function(m)
    if m:violations()[1] then
        error('assertion failed: ' .. m:violations()[1])
    end
end }
