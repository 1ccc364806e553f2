-- SPDX-License-Identifier: Apache-2.0
-- What a charging cable carries besides messages: the control pilot's limit, and what flows. Where
-- this program plays both sides, each finds here what the other has put, by the SessionID; of a
-- foreign peer nothing is known.

local wire = {}

local KINDS <const> = { 'pilot', 'rest', 'resistance', 'drawn', 'voltage', 'frequency' }

-- what: 'pilot' (the station's duty cycle, percent), 'rest' (the battery's voltage without
-- current), 'resistance' (ohm, behind it), 'drawn' (W, of AC), 'voltage' and 'frequency' (V, Hz, of
-- the grid); nil takes it away.
function wire.put(id, what, value)
    Remember('wire ' .. id .. ' ' .. what, value)
end

function wire.get(id, what)
    return tonumber(Recall('wire ' .. id .. ' ' .. what))
end

-- The cable is unplugged.
function wire.cut(id)
    local all = 'wire ' .. id .. ' '
    for i = 1, #KINDS do
        Remember(all .. KINDS[i], nil)
    end
end

-- Amperes per phase that a duty cycle (percent) of the control pilot allows (IEC 61851-1, annex A).
-- 5 % says that the limit comes by messages: no limit.
function wire.amperes(duty)
    if duty >= 3 and duty <= 7 then
        return math.huge
    end
    if duty < 8 or duty > 97 then
        return 0
    end
    if duty <= 10 then
        return 6
    end
    return duty <= 85 and duty * 0.6 or math.min(80, (duty - 64) * 2.5)
end

return wire
