-- SPDX-License-Identifier: Apache-2.0
-- A recorded message as values by path, from which the same octets are made again.

local made = {}

local function quoted(text)
    return "'" .. text:gsub("[\\']", '\\%0'):gsub('[%c\127-\255]', function(c)
        return ('\\x%02X'):format(c:byte())
    end) .. "'"
end

local PARTS <const> = { 'Multiplier', 'Exponent', 'Unit', 'Value' }

-- A value as Lua.
function made.literal(value)
    if type(value) == 'table' and value.code then
        return value.code
    elseif type(value) == 'table' then
        local parts = {}
        for _, key in ipairs(PARTS) do
            if value[key] ~= nil then
                parts[#parts + 1] = key .. ' = ' .. made.literal(value[key])
            end
        end
        return '{ ' .. table.concat(parts, ', ') .. ' }'
    elseif type(value) == 'string' then
        return quoted(value)
    elseif math.type(value) == 'float' then
        return ('%.10g'):format(value)
    end
    return tostring(value)
end

-- A key of a table as Lua.
function made.key(name)
    return name:find('^[%a_][%w_]*$') and name or '[' .. quoted(name) .. ']'
end

-- What the session fills in, and what is signed anew, is no part of it.
local function plain_copy(message)
    local m = message:copy()
    pcall(function() m.Header.Signature = nil end)
    return m
end

-- Puts values into a message with its defaults, in the order of the wire.
local function build(role, name, values)
    local m = role.Message(name)
    for _, one in ipairs(values) do
        if one.absent then
            m:set(one.path, nil)
        else
            m:set(one.path, one.value)
        end
    end
    return m
end

-- The parts of a physical value.
local function parts_of(message, path)
    local parts, quantity = {}, message:get(path)
    for _, key in ipairs(PARTS) do
        local ok, value = pcall(function() return quantity[key] end)
        parts[key] = ok and value or nil
    end
    return parts
end

local function same_parts(a, b)
    for _, key in ipairs(PARTS) do
        if a[key] ~= b[key] then
            return false
        end
    end
    return true
end

-- The outermost element on the way that the recorded message has not.
local function outermost(message, path)
    local at = ''
    for step in path:gmatch('[^.]+') do
        at = at == '' and step or at .. '.' .. step
        if message:get(at) == nil then
            return at
        end
    end
    return path
end

-- Defaults that the recorded message has not are left out.
local function add_absent(values, m, message)
    local at = {}
    for path in m:values() do
        if message:get(path) == nil then
            local outer = outermost(message, path)
            if not at[outer] then
                at[outer] = true
                table.insert(values, 1, { path = outer, absent = true, value = { code = 'absent' } })
            end
        end
    end
    return next(at) ~= nil
end

-- Physical values whose number alone gives other parts are written with them.
local function add_parts(values, m, message)
    for _, one in ipairs(values) do
        if one.plain and message:kind(one.path) == 'quantity' then
            local parts = parts_of(message, one.path)
            if not same_parts(parts, parts_of(m, one.path)) then
                one.value, one.plain = parts, false
            end
        end
    end
end

-- List of { path, value, plain = it is a value as message:values() gives it }, and what of the
-- recorded octets it does not give again; nil: nothing.
function made.values(role, event)
    local message = plain_copy(event.message)
    local values = {}
    for path, value in message:values() do
        values[#values + 1] = { path = path, value = value, plain = true }
    end
    local m = build(role, event.name, values)
    if m:exi() ~= message:exi() then
        add_absent(values, m, message)
        m = build(role, event.name, values)
        add_parts(values, m, message)
        m = build(role, event.name, values)
    end
    if m:exi() ~= message:exi() then
        return values, 'not the recorded octets: they cannot be said by values'
    elseif event.message:exi() ~= event.exi then
        return values, 'the recorded octets are others, of the same content'
    end
    return values, nil
end

return made
