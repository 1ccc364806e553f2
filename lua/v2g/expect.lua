-- SPDX-License-Identifier: Apache-2.0
-- What a message is expected to hold, compared by value: what Expect_ of every message stands on.
--
--   expect.compare(message, fields [, seen])   a list of differences, in the order of their paths;
--       empty: none. Each is { path =, expected =, found = }, the latter two as people read them.
--   expect.check(message, fields)              raises where the fields cannot be those of such a
--       message, whatever it holds: no such element, a value that it cannot have
--
-- message is one as a value (Evcc.Received(), Evcc.Message(name)). fields is a table by element;
-- what it does not name is not looked at. A key is a name, or a path (src/script/paths.h), as
-- 'SAScheduleList.SAScheduleTuple[2].PMaxSchedule'; 'Header.SessionID' is in every message. A value
-- is
--
--   as Get_ gives it      compared as Check_ does; a physical value is a number in SI units
--   a table               of the element's own fields; of a list: so many entries, and these
--   any{ v, … }           one of these, which may be any of what stands here
--   near(v, by)           at most `by` away
--   at_least(v), at_most(v), expect.between(v, w)
--   absent, present
--   new                   another value than all that were seen there before: `seen` keeps them,
--                         a table that belongs to whoever asks (of Expect_: to the role)
--   a function            gets the value, and says whether it is right; none is not

local expect = {}

local matcher = {}
matcher.__index = matcher
matcher.__tostring = function(m) return m.text end

local function is_matcher(wanted)
    return getmetatable(wanted) == matcher
end

-- ---- as people read it ----

local function show(value)
    if type(value) == 'string' then
        local text = value:gsub('[%c\128-\255]', '.')
        return "'" .. (#text > 100 and text:sub(1, 100) .. '…' or text) .. "'"
    elseif value == nil then
        return 'nothing'
    elseif is_matcher(value) or type(value) ~= 'table' then
        return type(value) == 'function' and 'what the function takes' or tostring(value)
    end
    local list = {}
    for key, entry in pairs(value) do
        list[#list + 1] = (type(key) == 'number' and '' or key .. ' = ') .. show(entry)
    end
    table.sort(list)
    return '{ ' .. table.concat(list, ', ') .. ' }'
end

-- ---- values of messages ----

-- As it can be compared: an element or a list of a message stands for what it holds.
local function plain(value)
    if type(value) ~= 'userdata' then
        return value
    end
    local is_quantity, si = pcall(function() return value:si() end)
    if is_quantity then
        return si
    end
    local made = {}
    for key, entry in pairs(value) do
        made[key] = entry
    end
    return made
end

local function number_at(message, path)
    local value = plain(message:get(path))
    return type(value) ~= 'table' and tonumber(value) or nil
end

local function is_there(message, path)
    if message:kind(path) == 'list' then
        local list = message:get(path)
        return list ~= nil and #list > 0
    end
    return message:get(path) ~= nil
end

-- ---- matchers ----

local function of_numbers(text, test)
    return setmetatable({ text = text, takes = 'number', test = function(message, path)
        local found = number_at(message, path)
        return found ~= nil and test(found)
    end }, matcher)
end

local function check_number(value, name)
    if type(value) ~= 'number' then
        error(('%s: expected a number, found %s'):format(name, show(value)), 3)
    end
end

function expect.near(value, by)
    check_number(value, 'near')
    check_number(by, 'near')
    return of_numbers(('%s ± %s'):format(value, by), function(found)
        return math.abs(found - value) <= by + 1e-9 * math.abs(value)
    end)
end

function expect.at_most(value)
    check_number(value, 'at_most')
    return of_numbers('at most ' .. value, function(found) return found <= value end)
end

function expect.at_least(value)
    check_number(value, 'at_least')
    return of_numbers('at least ' .. value, function(found) return found >= value end)
end

-- Of scripts that replay: both ends count.
function expect.between(least, most)
    check_number(least, 'between')
    check_number(most, 'between')
    return of_numbers(('%s to %s'):format(least, most), function(found)
        return found >= least and found <= most
    end)
end

expect.present = setmetatable({ text = 'any value', test = is_there }, matcher)

expect.absent = setmetatable({ text = 'nothing', test = function(message, path)
    return not is_there(message, path)
end }, matcher)

local function is_new_value(message, path, seen)
    local key, value = message:name() .. '.' .. path, plain(message:get(path))
    seen[key] = seen[key] or {}
    local is_new = value ~= nil and not seen[key][value]
    if value ~= nil then
        seen[key][value] = true
    end
    return is_new
end

expect.new = setmetatable({ text = 'a new value', takes = 'value', test = is_new_value }, matcher)

function expect.any(list)
    if type(list) ~= 'table' or is_matcher(list) then
        error('any: expected a list of values, found ' .. show(list), 2)
    end
    local texts = {}
    for i, entry in ipairs(list) do
        texts[i] = show(entry)
    end
    return setmetatable({ text = table.concat(texts, ' or '), list = list,
        test = function(message, path, seen)
            for _, entry in ipairs(list) do
                if #expect.compare(message, { [path] = entry }, seen) == 0 then
                    return true
                end
            end
            return false
        end }, matcher)
end

-- ---- walking through fields ----

local function by_path(a, b)
    return a.path < b.path
end

-- { path =, wanted = } of each key of a table, in order; inside: the path of the element that it is
-- of.
local function sorted(fields, inside)
    local list = {}
    for key, wanted in pairs(fields) do
        if math.type(key) == 'integer' and inside then
            list[#list + 1] = { path = ('%s[%d]'):format(inside, key), wanted = wanted }
        elseif type(key) == 'string' then
            list[#list + 1] = { path = inside and inside .. '.' .. key or key, wanted = wanted }
        else
            error('expected names of elements as keys of the fields, found ' .. show(key), 0)
        end
    end
    table.sort(list, by_path)
    return list
end

local function wrong(path, expected, wanted)
    error(('%s: expected %s, found %s'):format(path, expected, show(wanted)), 0)
end

local check

local function check_matcher(scratch, path, kind, wanted)
    if wanted.takes and (kind == 'list' or kind == 'element') then
        wrong(path, 'a table of its elements', wanted)
    elseif wanted.takes == 'number' and kind ~= 'number' and kind ~= 'quantity' then
        wrong(path, 'a value of the kind ' .. kind, wanted)
    end
    for _, entry in ipairs(wanted.list or {}) do
        check(scratch, { [path] = entry })
    end
end

local function check_table(scratch, path, kind, wanted)
    if kind ~= 'list' and kind ~= 'element' and kind ~= 'quantity' then
        wrong(path, 'a value', wanted)
    elseif kind == 'list' and next(wanted) ~= nil and #wanted == 0 then
        wrong(path, 'the entries of the list', wanted)
    end
    check(scratch, wanted, path)
end

function check(scratch, fields, inside)
    for _, field in ipairs(sorted(fields, inside)) do
        local path, wanted = field.path, plain(field.wanted)
        local kind = scratch:kind(path)
        if is_matcher(wanted) then
            check_matcher(scratch, path, kind, wanted)
        elseif type(wanted) == 'table' then
            check_table(scratch, path, kind, wanted)
        elseif kind == 'list' or kind == 'element' then
            if type(wanted) ~= 'function' then
                wrong(path, 'a table of its elements', wanted)
            end
        elseif type(wanted) ~= 'function' then
            scratch:set(path, wanted) -- raises where such an element cannot have it
        end
    end
end

function expect.check(message, fields)
    local good, why = pcall(check, message:copy(), fields)
    if not good then -- not where in this file
        error((tostring(why):gsub('^lua/v2g/expect%.lua:%d+: ', '')), 0)
    end
end

local function differ(found, path, wanted, value)
    found[#found + 1] = { path = path, expected = show(wanted), found = show(value) }
end

local walk

local function compare_one(found, message, path, wanted, seen)
    if is_matcher(wanted) then
        if not wanted.test(message, path, seen) then
            differ(found, path, wanted, plain(message:get(path)))
        end
    elseif type(wanted) == 'function' then
        local value = plain(message:get(path))
        if value == nil or not wanted(value) then
            differ(found, path, wanted, value)
        end
    elseif type(wanted) ~= 'table' then
        if not message:is(path, wanted) then
            differ(found, path, wanted, plain(message:get(path)))
        end
    elseif message:kind(path) == 'list' then
        local list = message:get(path)
        local count = list and #list or 0
        if count ~= #wanted then
            found[#found + 1] = { path = path, expected = #wanted .. ' entries',
                                  found = tostring(count) }
        else
            walk(found, message, wanted, path, seen)
        end
    elseif message:get(path) == nil then
        differ(found, path, wanted, nil)
    else
        walk(found, message, wanted, path, seen)
    end
end

function walk(found, message, fields, inside, seen)
    for _, field in ipairs(sorted(fields, inside)) do
        compare_one(found, message, field.path, plain(field.wanted), seen)
    end
end

function expect.compare(message, fields, seen)
    local found = {}
    walk(found, message, fields, nil, seen or {})
    return found
end

-- ---- of a role ----

local memory = setmetatable({}, { __mode = 'k' })

-- The same, with what the role has seen before; and all differences in one line.
function expect.told(role, message, fields)
    memory[role] = memory[role] or {}
    local found, parts = expect.compare(message, fields, memory[role]), {}
    for i, one in ipairs(found) do
        parts[i] = ('%s: expected %s, found %s'):format(one.path, one.expected, one.found)
    end
    local first = found[1] or {}
    return #found, first.path, first.expected, first.found, table.concat(parts, '; ')
end

return expect
