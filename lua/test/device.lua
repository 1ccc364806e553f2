-- SPDX-License-Identifier: Apache-2.0
-- The file of a device (`v2glab test --pics FILE`): what it claims, and the drivers: who does to it
-- what cases need. It is Lua, and returns a table, as device.template writes it.

local claims = require 'test.claims'
local check = require 'v2g.check'

local device = {}

local ACTIONS <const> = { 'plug', 'unplug', 'authorize', 'stop', 'reset', 'set' }

-- ---- reading ----

-- The words of drivers. timeout: in seconds.
local WORDS <const> = {}
device.words = WORDS

function WORDS.command(text)
    return { kind = 'command', text = text }
end

-- 'POST http://station/authorize', or { 'POST', URL, body =, headers = { 'X: y' }, timeout = }
function WORDS.http(what)
    local method, url
    if type(what) == 'table' then
        method, url = what[1], what[2]
    else
        method, url = tostring(what):match('^(%u+) (%S+)$')
    end
    if not method or not url then
        error("http: expected 'METHOD URL', as 'POST http://[::1]:8080/plug'", 2)
    end
    local more = type(what) == 'table' and what or {}
    return { kind = 'http', method = method, url = url, body = more.body, headers = more.headers,
             timeout = more.timeout }
end

-- 'Show the card', or { 'Show the card', timeout = 90 }
function WORDS.ask(what)
    return { kind = 'ask', text = type(what) == 'table' and what[1] or what,
             timeout = type(what) == 'table' and what.timeout or nil }
end

local function list(names)
    return table.concat(names, ', ')
end

local function check_claims(name, said)
    local known = {}
    for _, row in ipairs(claims) do
        for _, side in ipairs { 'SECC', 'EVCC' } do
            known[row[1]:gsub('_SUT_', '_' .. side .. '_')] = true
        end
    end
    for key in pairs(said) do
        if type(key) ~= 'string' or not key:find '^PI[CX][IST]*_' then
            error(('%s: claims: expected names as PICS_… and PIXIT_…, found %s'):format(name, key), 0)
        elseif not known[key] then
            error(('%s: no case asks for %s; the nearest is %s'):format(name, key,
                check.nearest(key, known)), 0)
        end
    end
end

local function check_drivers(name, drivers)
    for key, driver in pairs(drivers) do
        local is_known = list(ACTIONS):find('%f[%w]' .. tostring(key) .. '%f[%W]')
        if not is_known then
            error(('%s: drivers: expected %s, found %s'):format(name, list(ACTIONS), key), 0)
        end
        local kind = type(driver)
        if driver ~= true and kind ~= 'string' and kind ~= 'function'
            and not (kind == 'table' and driver.kind) then
            error(('%s: drivers.%s: expected true, a command, http …, ask … or a function, found %s')
                :format(name, key, kind), 0)
        end
        if kind == 'string' then
            drivers[key] = WORDS.command(driver)
        end
    end
end

-- { sut =, claims = { NAME = value }, drivers = { ACTION = true | { kind = } | function } }
function device.read(name, text)
    local chunk, why = load(text, '@' .. name, 't', setmetatable({}, { __index = function(_, word)
        return WORDS[word] or _G[word]
    end }))
    if not chunk then
        error(why, 0)
    end
    local read = chunk()
    if type(read) ~= 'table' then
        error(('%s: expected a table that is returned: return { claims = { … }, drivers = { … } }')
            :format(name), 0)
    end
    for key in pairs(read) do
        if key ~= 'sut' and key ~= 'claims' and key ~= 'drivers' then
            error(('%s: expected sut, claims and drivers, found %s'):format(name, tostring(key)), 0)
        end
    end
    local sut = read.sut and tostring(read.sut):upper()
    if sut and sut ~= 'SECC' and sut ~= 'EVCC' then
        error(("%s: sut: expected 'SECC' or 'EVCC', found '%s'"):format(name, read.sut), 0)
    end
    local d = { sut = sut, claims = read.claims or {}, drivers = read.drivers or {}, name = name }
    check_claims(name, d.claims)
    check_drivers(name, d.drivers)
    return d
end

-- ---- writing ----

local HEAD <const> = [[
-- A device for `v2glab test --pics FILE`: what it claims, and how it is driven.
-- This file is Lua. A line that begins with -- is a comment.
return {
    sut = '%s', -- SECC: a station; EVCC: a vehicle

    -- What it claims (PICS), and what there is to know for the run (PIXIT). A case that needs
    -- another value does not apply, and is listed with that reason; so is one whose name is not here.
    claims = {
]]

local TAIL <const> = [[
    },

    -- Who does to the device what cases need. Each is one of
    --   true                              nobody has to: it does so on its own
    --   'ssh root@10.0.0.7 authorize'     a shell command: exit code 0 says that it is done
    --   http 'POST http://10.0.0.7/stop'  an HTTP request, by the program curl
    --   http { 'PUT', 'http://10.0.0.7/config', body = '{set}', headers = { 'X-Key: 1' } }
    --   ask 'Show the card'               a question to the operator, with a countdown
    --   function(it) … end                Lua: returns false and why where it is not done. It has
    --                                     it.action, case, protocol, mode, set, and it.command(TEXT),
    --                                     it.http(…), it.ask(TEXT): true, or false and why
    -- or not here: nobody can. A case that needs it is inconclusive then; with --ask the operator is
    -- asked. Commands have V2GLAB_ACTION, _CASE, _PROTOCOL, _MODE, _SET in their environment; in
    -- requests {action}, {case}, {protocol}, {mode}, {set} stand for the same. They may take 60 s:
    -- http { …, timeout = 10 }.
    drivers = {
        plug = true,      -- before each case; without it a vehicle is waited for
        unplug = true,    -- after each case
        authorize = true, -- a station: external means are shown, when the vehicle waits for it
        -- stop = ask 'Stop charging at the station',
        -- reset = './power-cycle.sh', -- after a case on whose way the device did not come along, or
        --                             -- that was set otherwise
        -- set = './set.sh "$V2GLAB_SET"', -- a state that a case needs, as dc.max_power=15000: see
        --                                 -- lua/v2g/parameters.lua for what they mean
    },
}
]]

local function literal(value)
    return type(value) == 'string' and ('%q'):format(value):gsub('^"(.*)"$', "'%1'") or tostring(value)
end

-- The text of such a file. found: values by the names of claims that a probe has seen.
function device.template(sut, found)
    local lines = { HEAD:format(sut) }
    for _, row in ipairs(claims) do
        local side = row[1]:match '^PI%w+_(%u+)_'
        local name = row[1]:gsub('_SUT_', '_' .. sut .. '_')
        if side == 'CMN' or side == 'SUT' or side == sut then
            local seen = found and found[name]
            local value = seen
            if seen == nil then
                value = row[2]
            end
            lines[#lines + 1] = ('        -- %s%s%s\n        %s = %s,\n'):format(
                row[4] and row[4] .. ': ' or '', row[3], seen ~= nil and '; found by --probe' or '',
                name, (literal(value)))
        end
    end
    lines[#lines + 1] = TAIL
    return table.concat(lines)
end

return device
