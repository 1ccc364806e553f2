-- SPDX-License-Identifier: Apache-2.0
-- A station that asserts what a request should be, and ends where it is not.
-- A task holds no session, so that its error ends the device.
Secc.Filter { on = '*Req', direction = 'in', fault = function(m)
    if m:violations()[1] then
        Start(error, 'assertion failed: ' .. m:violations()[1])
    end
end }
