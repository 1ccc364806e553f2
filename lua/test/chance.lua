-- SPDX-License-Identifier: Apache-2.0
-- What has to be left to chance, as SessionID and GenChallenge: the same answer of many sessions.

local hex = require 'v2g.hex'

local chance = {}

-- Bits of chance in values of one length, by how often each of their bits is set: a bit that is
-- always the same has none, one that is set half of the times has one. So few values are never set
-- just half of the times: what chance itself makes of it is one bit.
function chance.bits(values)
    local n, sum = #values, 0
    local usual = 0.5 + 0.4 / math.sqrt(n) -- the mean of what is below
    for bit = 0, #values[1] * 8 - 1 do
        local set = 0
        for _, value in ipairs(values) do
            set = set + (value:byte(bit // 8 + 1) >> bit % 8 & 1)
        end
        sum = sum + math.log(math.max(set, n - set) / n, 2) / math.log(usual, 2)
    end
    return sum
end

-- Why the values are not what is wanted of them; nil: they are.
local function problem(values, how)
    local seen = {}
    for i, value in ipairs(values) do
        if #value ~= how.octets then
            return ('%d octets in session %d'):format(#value, i)
        elseif seen[value] then
            return ('the same value in the sessions %d and %d'):format(seen[value], i)
        end
        seen[value] = i
    end
    local bits = chance.bits(values)
    return bits < how.bits and ('%.0f bits of chance'):format(bits) or nil
end

-- The value that one more session has, or nil, and what is wrong with its answer.
local function ask(it, how, response, first)
    it:sends(how.sends, how.fields)
    local limit = it:time(it.tester:patience())
    local came = it:take(limit, { kind = 'message', limit = limit, fields = how.wanted, first = first })
    local wrong = it:differs(came, response, how.wanted)
    if not wrong and came.at - it.from > limit then
        wrong = { expected = ('%s within %d ms'):format(response, limit),
                  found = ('%d ms'):format(math.floor(came.at - it.from)) }
    end
    if wrong then
        return nil, wrong
    end
    local value = came.m:get(how.path)
    return value:find '^%x+$' and #value == 2 * how.octets and hex.octets(value) or value, nil, value
end

-- how: { given =, sends =, fields =, wanted = (fields of each answer), path = (of the value),
-- sessions =, octets =, bits = (at least, of a value) }
function chance.collects(it, how)
    local response, values, at, first = how.sends:gsub('Req$', 'Res'), {}, it.n + 1, nil
    local text = ('%s.%s of %d octets, none twice, %d bits of chance'):format(response, how.path,
        how.octets, how.bits)
    local wrong
    for i = 1, how.sessions do
        if i > 1 then
            it.tester:leave()
            local between = it.tester:reach(how.given)
            it:needs(not between, how.given .. ' once more', between)
        end
        local raw
        values[i], wrong, raw = ask(it, how, response, first)
        if wrong then
            break
        end
        first = first or raw
    end
    local found = not wrong and problem(values, how)
    it.n = at -- negations are of all answers, or of the first
    it:step { kind = 'message', ok = not wrong and not found, expected = wrong and wrong.expected or text,
              path = wrong and wrong.path, found = wrong and wrong.found or found or text,
              negations = { 'drop', 'other', 'late', 'same ' .. how.path, 'poor ' .. how.path } }
end

return chance
