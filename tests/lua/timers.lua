-- SPDX-License-Identifier: Apache-2.0
-- For `v2glab ev --script`: logs the names of all timing parameters of lua/timers.lua.
for protocol, rows in pairs(require 'timers') do
    for name in pairs(rows) do
        Log(('row %s %s'):format(protocol, name))
    end
end
