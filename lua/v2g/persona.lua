-- SPDX-License-Identifier: Apache-2.0
-- What `v2glab persona` shows of personas, and how it checks them: keys, steps, names of messages
-- and elements, before they are ever played.

local common = require 'v2g.common'
local parameters = require 'v2g.parameters'

local persona = {}

local PROTOCOLS <const> = { 'DIN70121', 'ISO15118-2', 'ISO15118-20' }
local HOOKS <const> = { send = true, receive = true, state = true, timeout = true }

local known_steps = {}
for name in ([[AppProtocol SessionSetup AuthorizationSetup ServiceDiscovery ServiceDetail
    PaymentServiceSelection Authorization ChargeParameterDiscovery ScheduleExchange CableCheck
    PreCharge PowerDelivery CurrentDemand ChargingStatus ChargeLoop MeteringReceipt
    WeldingDetection SessionStop]]):gmatch('%a+') do
    known_steps[name] = true
end

-- What a gap may begin or end with besides steps.
local known_ends = { SDP = true, TCP = true, Close = true, Stop = true, Failed = true,
                     Timeout = true, Ongoing = true, Refused = true, default = true }

-- ---- what is wrong with a persona ----

local function complain(found, ...)
    found[#found + 1] = string.format(...)
end

-- Calls f with the role's API in each protocol; the first result that is not nil.
local function in_a_protocol(api, f)
    local before = api.Protocol
    for _, protocol in ipairs(PROTOCOLS) do
        api.Protocol = protocol
        local ok, result = pcall(f)
        if ok and result then
            api.Protocol = before
            return true
        end
    end
    api.Protocol = before
    return false
end

local function is_message(api, name)
    return in_a_protocol(api, function() return api.Message(name) end)
end

local function is_element(api, message, path)
    return in_a_protocol(api, function() return api['Set_' .. message .. '_' .. path] end)
end

local function check_values(found, api, values)
    for message, elements in pairs(values or {}) do
        if not is_message(api, message) then
            complain(found, "values.%s: there is no such message", message)
        elseif type(elements) ~= 'table' then
            complain(found, "values.%s: expected a table of elements", message)
        else
            for path in pairs(elements) do
                if not is_element(api, message, path) then
                    complain(found, "values.%s.%s: no protocol has that element", message, path)
                end
            end
        end
    end
end

local function check_messages(found, api, name, entries, kind)
    for message, entry in pairs(entries or {}) do
        if not (kind == 'function' and HOOKS[message]) and not is_message(api, message) then
            complain(found, "%s.%s: there is no such message", name, message)
        elseif type(entry) ~= kind then
            complain(found, "%s.%s: expected a %s", name, message, kind)
        end
    end
end

local function check_steps(found, name, entries)
    for key, entry in pairs(entries or {}) do
        for step in tostring(key):gmatch('[^>]+') do
            if not known_steps[step] and not known_ends[step] then
                complain(found, "%s['%s']: there is no step '%s'", name, key, step)
            end
        end
        if type(entry) ~= 'number' and type(entry) ~= 'table'
            and not (name == 'gaps' and type(entry) == 'function') then
            complain(found, "%s['%s']: expected milliseconds, or { from, to }", name, key)
        end
    end
end

local function check_texts(found, p)
    for _, key in ipairs { 'about', 'sure' } do
        if type(p[key]) ~= 'string' or p[key] == '' then
            complain(found, "%s: expected a text", key)
        end
    end
end

-- Kinds of values at the top, where the defaults tell them.
local function check_kinds(found, p)
    for key, value in pairs(p) do
        local default = parameters[p.role][key]
        local is_table = type(default) == 'table'
        if default ~= nil and is_table ~= (type(value) == 'table') then
            complain(found, "%s: expected a %s, not a %s", key, type(default), type(value))
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
    check_kinds(found, p)
    if #found > 0 then
        return found
    end
    local api = p.role == 'ev' and Evcc or Secc
    check_steps(found, p.role == 'ev' and 'gaps' or 'delays', p.gaps or p.delays)
    check_steps(found, 'patience', p.patience)
    check_steps(found, 'ongoing', p.ongoing)
    check_values(found, api, p.values)
    check_messages(found, api, 'trailing', p.trailing, 'string')
    check_messages(found, api, 'before', p.before, 'function')
    check_messages(found, api, 'on', p.on, 'function')
    table.sort(found)
    return found
end

-- ---- the commands ----

-- Prints one line for each of the names: real ones first, then those that misbehave on purpose.
function persona.list(names)
    local real, deliberate = { ev = {}, station = {} }, { ev = {}, station = {} }
    for _, name in ipairs(names) do
        local p = require('personas.' .. name)
        local of = (p.about:find('^deliberate') and deliberate or real)[p.role]
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
