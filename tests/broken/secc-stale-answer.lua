-- SPDX-License-Identifier: Apache-2.0
-- A station that answers with its last response again what it should refuse.
local last
Secc.Filter { on = '*Res', direction = 'out', fault = function(m)
    local good, code = pcall(function() return m.ResponseCode end)
    if good and code == 'FAILED_SequenceError' and last then
        return last
    end
    last = good and m:copy() or last
end }
