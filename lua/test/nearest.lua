-- SPDX-License-Identifier: Apache-2.0
-- The name that is most like one that is not known.

local nearest = {}

-- How many letters have to be changed, added or left out (Levenshtein).
local function distance(a, b)
    local row = {}
    for j = 0, #b do
        row[j] = j
    end
    for i = 1, #a do
        local before = row[0]
        row[0] = i
        for j = 1, #b do
            local same = a:byte(i) == b:byte(j) and before or before + 1
            before, row[j] = row[j], math.min(same, row[j] + 1, row[j - 1] + 1)
        end
    end
    return row[#b]
end

-- names: a table with them as keys.
function nearest.of(name, names)
    local best, least
    for known in pairs(names) do
        local d = distance(name, known)
        if not least or d < least or d == least and known < best then
            best, least = known, d
        end
    end
    return best
end

return nearest
