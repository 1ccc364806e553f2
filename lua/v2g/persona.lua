-- SPDX-License-Identifier: Apache-2.0
-- What `v2glab persona` shows of personas, and how it checks them: keys, steps, names of messages
-- and elements, before they are ever played.

local check = require 'v2g.check'
local common = require 'v2g.common'
local judge = require 'v2g.judge'

local persona = {}

local function complain(found, ...)
    found[#found + 1] = string.format(...)
end

local function check_texts(found, p)
    for _, key in ipairs { 'about', 'sure' } do
        if type(p[key]) ~= 'string' or p[key] == '' then
            complain(found, "%s: expected a text", key)
        end
    end
end

-- The list of what is wrong with a persona's table; empty: nothing is.
function persona.problems(p)
    local found = {}
    if type(p) ~= 'table' then
        return { 'it returns no table; expected return { role = …, … }' }
    end
    if p.role ~= 'ev' and p.role ~= 'station' then
        return { ("role is '%s'; expected 'ev' or 'station'"):format(tostring(p.role)) }
    end
    for key, value in pairs(p) do
        if type(key) ~= 'string' then
            return { ('expected names with values, found the entry [%s]'):format(tostring(key)) }
        end
        local ok, why = pcall(common.lay_persona, {}, p.role, { [key] = value })
        if not ok then
            complain(found, '%s', why)
        end
    end
    check_texts(found, p)
    if #found > 0 then
        return found
    end
    return check.problems(p.role, common.over_defaults(p.role, p),
        p.role == 'ev' and Evcc or Secc)
end

-- ---- the commands ----

-- Prints one line for each of the names: real ones first, then those that misbehave on purpose.
function persona.list(names)
    local real, deliberate = { ev = {}, station = {} }, { ev = {}, station = {} }
    for _, name in ipairs(names) do
        local p = require('personas.' .. name)
        local of = (p.deviates and deliberate or real)[p.role]
        of[#of + 1] = ('%-24s %s'):format(name, p.about)
    end
    local function show(title, role)
        print(title)
        print(table.concat(real[role], '\n'))
        print(table.concat(deliberate[role], '\n'))
    end
    show('vehicles (v2glab ev --persona NAME):', 'ev')
    show('\nstations (v2glab evse --persona NAME):', 'station')
end

-- Prints the parameters of a role as --set takes them, battery.soc=, one a line.
function persona.parameters(role)
    local names, of_personas = {}, { role = true, about = true, sure = true }
    local function walk(front, t)
        for key, value in pairs(t) do
            if type(key) == 'string' and key:match('^[%a_][%w_]*$') and not of_personas[key] then
                names[#names + 1] = front .. key .. '='
                if type(value) == 'table' then
                    walk(front .. key .. '.', value)
                end
            end
        end
    end
    walk('', common.known(role))
    table.sort(names)
    print(table.concat(names, '\n'))
end

-- Prints what the standards want of the other side of those that deviate on purpose.
function persona.judgements(names)
    local by = { ev = {}, station = {} }
    for _, name in ipairs(names) do
        local p = require('personas.' .. name)
        if p.deviates then
            local of = by[p.role]
            of[p.deviates] = of[p.deviates] or {}
            table.insert(of[p.deviates], name)
        end
    end
    print(table.concat(judge.table(by), '\n'))
end

-- Checks the persona in the file of that name and text; fails with all that is wrong.
function persona.check(path, text)
    local chunk, why = load(text, '@' .. path, 't')
    if not chunk then
        error(why:find(path, 1, true) and why or path .. ': ' .. why, 0)
    end
    local p = chunk()
    local found = persona.problems(p)
    if #found > 0 then
        error(path .. ': ' .. table.concat(found, '\n' .. path .. ': '), 0)
    end
    print(('%s: %s, %s'):format(path, p.role == 'ev' and 'a vehicle' or 'a station', p.about))
end

return persona
