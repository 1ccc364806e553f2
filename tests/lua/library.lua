-- SPDX-License-Identifier: Apache-2.0
-- What Lua's own functions of strings and tables do: tests/c/test_library.c runs it with them, and
-- with those that take their places. It prints one text.

local out = {}

local function say(...)
    local t = table.pack(...)
    for i = 1, t.n do
        t[i] = type(t[i]) == 'table' and 'a table' or tostring(t[i])
    end
    out[#out + 1] = table.concat(t, '|')
end

local seed = 12345
local function random(n)
    seed = (seed * 1103515245 + 12345) & 0x7fffffff
    return (seed >> 8) % n + 1
end
local function pick(t)
    return t[random(#t)]
end
local function maybe(one_in, value)
    return random(one_in) == 1 and value or nil
end

-- ---- patterns ----

local ITEMS = { 'a', 'b', 'c', '.', '-', '^', '$', '%', '%%', '%a', '%w', '%d', '%s', '%z', '%0',
    '%1', '%2', '%b', '%b()', '%f', '%f[%w]', '[', '[%', '[a-', '[ab]', '[^a]', '[]]', '[^]a]',
    '[a-c%d]', '(', ')', '()', '(a', '\0' }
local TIMES = { '', '', '', '*', '+', '-', '?' }
local TEXTS = { 'a', 'b', 'c', '1', ' ', '(', ')', ']', '%', '\0', 'aa', 'ab' }
local REPLACEMENTS = { 'x', '%0%0', '<%1>', '%2', '%%', '%', 'a%9', '%x', 7,
    { a = 'A', ab = false, b = 5 },
    setmetatable({}, { __index = function(_, k) return k ~= 'a' and k .. '!' end }),
    setmetatable({}, { __index = { a = 'n', b = {} } }),
    function(a, b) return a and #tostring(a) > 1 and tostring(a) .. tostring(b) end,
    function() end,
    function() return {} end,
    function(x) return x end }

local function random_pattern()
    local p = ''
    for _ = 1, random(5) do
        p = p .. pick(ITEMS) .. pick(TIMES) .. (maybe(6, ')') or '')
        p = (maybe(6, '(') or '') .. p
    end
    return p
end

local function all_matches(s, p, from)
    local t = {}
    for a, b in s:gmatch(p, from) do
        t[#t + 1] = tostring(a) .. ',' .. tostring(b)
        if #t > 30 then
            break
        end
    end
    return table.concat(t, ';')
end

for i = 1, 8000 do
    local p, s = random_pattern(), ''
    for _ = 2, random(12) do
        s = s .. pick(TEXTS)
    end
    say(i, pcall(string.find, s, p, maybe(5, random(14) - 8)))
    say(i, pcall(string.find, s, p, 1, true))
    say(i, pcall(string.match, s, p))
    say(i, pcall(string.gsub, s, p, pick(REPLACEMENTS), maybe(4, random(4) - 1)))
    say(i, pcall(all_matches, s, p, maybe(5, random(6) - 3)))
end

-- ---- tables ----

local function copy(t)
    return table.move(t, 1, #t, 1, {})
end

for _ = 1, 400 do
    local numbers, words, few = {}, {}, {}
    for k = 1, random(60) - 1 do
        numbers[k] = random(40)
        words[k] = ('x'):rep(random(3)) .. random(100)
    end
    for k = 1, random(10) do
        few[k] = random(9)
    end
    local sorted, falling = copy(numbers), copy(numbers)
    table.sort(sorted)
    table.sort(falling, function(a, b) return a > b end)
    table.sort(words)
    say(table.concat(sorted, ','), table.concat(falling, ','), table.concat(words, ' '))
    say(pcall(table.insert, few, random(14) - 2, 'i'))
    say(pcall(table.remove, few, maybe(2, random(#few))))
    say(pcall(table.insert, few, 'e'))
    say(pcall(table.remove, few))
    say(pcall(table.concat, few, ','))
    say(pcall(table.concat, few, maybe(3, ', '), maybe(3, random(5) - 2), maybe(3, random(12))))
    say(pcall(table.concat, table.move(few, random(3), random(8), random(8)), ',', 1, 3))
    say(pcall(string.rep, 'ab', random(5) - 2, maybe(2, ', ')))
end

for _, n in ipairs { 1, 2, 1000, 524287, 524288, 524289, 1048575, 1048577 } do
    local joined, letters, text = ('ab'):rep(n, ','), ('x'):rep(n), ('abc'):rep(n)
    say(#joined, #letters, #text, joined:sub(-7), text:sub(-7), joined == ('ab,'):rep(n):sub(1, -2))
    say(select(2, text:gsub('abc', 'd')), select(2, letters:gsub('[^x]', '')))
    say(letters:find('x', -1, true), text:find('cab', n, true), (text .. 'd'):find('bcd', 1, true))
end

local Ordered = { __lt = function(a, b) return a[1] < b[1] end }
local list = {}
for i = 1, 20 do
    list[i] = setmetatable({ i * 7 % 20 }, Ordered)
end
table.sort(list)
for i = 1, 20 do
    say(list[i][1])
end

-- acts as a table of five numbers
local acting = setmetatable({}, {
    __len = function() return 5 end,
    __index = function(_, k) return 6 - k end,
    __newindex = function(t, k, v) rawset(t, k, v) end,
})
table.sort(acting)
say(rawget(acting, 1), rawget(acting, 5), table.concat(acting, ','))

-- ---- what is wrong ----

local WRONG = {
    function() table.sort { 3, 2, 'x' } end,
    function() table.sort { 3, 2, {} } end,
    function() table.sort { {}, {} } end,
    function() table.sort { 3, nil, 1 } end,
    function() table.sort({ 3, 2, 1 }, 5) end,
    function() table.sort({}, 5) end,
    function() table.sort(5) end,
    function() table.sort() end,
    function() table.sort({ 3, 2, 1 }, function() error 'mine' end) end,
    function() table.sort({ 3, 2, 1, 5, 4 }, function() return true end) end,
    function() table.concat { 3, {}, {} } end,
    function() table.concat(nil, 5) end,
    function() table.insert({}, 5, 5) end,
    function() table.insert(nil, 5) end,
    function() table.insert({}, 1, 2, 3) end,
    function() table.insert(setmetatable({}, { __len = function() return 'x' end }), 1) end,
    function() table.move({}, 1, 5) end,
    function() table.insert({ 1 }, 0, 5) end,
    function() table.insert({ 1 }, math.maxinteger, 5) end,
    function() return (pcall(table.remove, { 1 }, 0)) end, -- Lua 5.4.4 names another argument
    function() return (pcall(table.remove, { 1 }, 3)) end,
    function() return (pcall(table.remove, { 1 }, -1)) end,
    function() return (pcall(table.remove, {}, 1)) end,
    function() table.move({}, 0, math.maxinteger, 1) end,
    function() table.move({}, math.mininteger, math.maxinteger, 1) end,
    function() table.move({}, 1, 2, math.maxinteger) end,
    function() table.move(5, 1, 2, 1) end,
    function() table.move({}, 1, 2, 1, 5) end,
    function() table.concat(setmetatable({}, {}), ',', 1, 1) end,
    function() table.insert(5, 1) end,
    function() table.remove 'x' end,
    function() table.unpack({}, 1, 1e8) end,
    function() table.concat('x', ',') end,
    function() table.move({}, 1, 2, 3, 5) end,
    function() string.rep('x', 1 << 60, 'abc') end,
    function() string.rep('x', 1 << 62, 'abc') end,
    function() ('x'):rep '%' end,
    function() ('x'):gsub('%', '') end,
    function() ('x'):gsub('x', '%') end,
    function() string.find() end,
    function() string.gsub 'x' end,
    function() string.gsub('x', 'y', nil) end,
    function() (('x'):rep(300)):find(('x?'):rep(300)) end,
    function() ('x'):find(('('):rep(40)) end,
}
for i, f in ipairs(WRONG) do
    say(i, pcall(f))
end

print(table.concat(out, '\n'))
