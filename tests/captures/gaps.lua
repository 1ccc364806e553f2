-- SPDX-License-Identifier: Apache-2.0
-- Whether two personas have the same gaps: within 10 % (or 3 ms), or within the range that the
-- first gives.
--
--   lua5.4 gaps.lua ONE OTHER [often]     often: only those that both have seen three times or more

-- How often each gap was seen, which its comment tells.
local function counts(path)
    local list = {}
    for line in io.lines(path) do
        local key, n = line:match("^        %[?'?([%w_>]+)'?%]? = .*%-%- (%d+) times")
        if key then
            list[key] = tonumber(n)
        end
    end
    return list
end

local function middle(gap)
    return type(gap) == 'table' and (gap[1] + gap[2]) / 2 or gap
end

local function is_near(one, other)
    local from, to = one, one
    if type(one) == 'table' then
        from, to = one[1], one[2]
    end
    local m = middle(other)
    local room = math.max(0.1 * middle(one), 3)
    return m >= math.min(from, middle(one) - room) and m <= math.max(to, middle(one) + room)
end

local one, other = dofile(arg[1]), dofile(arg[2])
local seen, also = counts(arg[1]), counts(arg[2])
local bad, n = 0, 0
for key, gap in pairs(one.gaps) do
    local often = (seen[key] or 1) >= 3 and (also[key] or 1) >= 3
    if other.gaps[key] and key ~= 'default' and (often or not arg[3]) then
        n = n + 1
        if not is_near(gap, other.gaps[key]) then
            bad = bad + 1
            print(('%s: %.0f ms, %.0f ms'):format(key, middle(gap), middle(other.gaps[key])))
        end
    end
end
print(('%d of %d gaps agree within 10 %%'):format(n - bad, n))
os.exit(bad == 0 and n > 0)
