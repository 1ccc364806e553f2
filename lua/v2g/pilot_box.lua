-- SPDX-License-Identifier: Apache-2.0
-- A box at the control pilot of a real cable (--pilot, src/script/box.h): what this program sets is
-- said to it, and what it measures is put where the other side's settings are (pilot.lua).
--
-- A box that is a process (run:) is told {"set":{"state":"B"}} and tells {"state":"C","duty":5}, a
-- line each, whenever it likes. Any other gets commands of words, which a file may spell otherwise:
-- `set` by what is set, `ask` by what is asked for each `poll` ms; an answer is a line with the
-- value, or what `states` makes of it.

local common = require 'v2g.common'

local box = {}

local WORDS <const> = {
    set = { state = 'set state %s', duty = 'set duty %s' },
    ask = { state = 'get state', duty = 'get duty' },
    states = {},
    poll = 100,
}
local ANSWER <const> = 1000 -- ms in which a box answers

-- What of the pilot each side measures: the other one's.
local MEASURES <const> = { ev = { 'duty' }, station = { 'state' } }

local function dialect(text)
    local given = text and load(text, '=--pilot', 't', {})() or {}
    local made = { is_plain = not text }
    for key, default in pairs(WORDS) do
        made[key] = given[key] or default
        if type(made[key]) ~= type(default) then
            common.refuse(('--pilot: %s of the file: expected a %s, found %s'):format(key, type(default),
                tostring(made[key])))
        end
    end
    return made
end

-- "state" and "duty" of a line of JSON that holds no more than names, numbers and texts.
local function read_json(line)
    local told = {}
    for key, value in line:gmatch '"(%w+)"%s*:%s*"?([%w%.%-]+)' do
        told[key] = tonumber(value) or value
    end
    return told
end

local function listen_json(role, told)
    while true do
        local line, why = role.Box_Receive()
        if not line then
            Fail('the box at the control pilot is lost: ' .. why)
        end
        told(read_json(line))
    end
end

-- Asks for one thing after another; each answer is waited for, so that it is known what it is of.
local function poll(role, told, words, side)
    local silent = false
    while true do
        for _, what in ipairs(MEASURES[side]) do
            role.Box_Send(words.ask[what])
            local line, why = role.Box_Receive(ANSWER)
            if why then
                Fail('the box at the control pilot is lost: ' .. why)
            elseif not line and not silent then
                Log(('the box at the control pilot does not answer %s'):format(words.ask[what]))
            end
            silent = not line
            local value = line and line:match '^%s*(.-)%s*$'
            told { [what] = value and (words.states[value] or tonumber(value) or value) }
        end
        Sleep(words.poll)
    end
end

-- Begins, where there is a box: what is set on that side ('ev', 'station') goes to it, and what it
-- tells of the other one into `pilot`.
function box.begin(role, pilot, side)
    local kind, text = role.Box()
    if not kind then
        return
    end
    local words = kind == 'words' and dialect(text)
    pilot.Behind(function(what, value)
        if words then
            local line = words.set[what] or words.is_plain and 'set ' .. what .. ' %s'
            if line then
                role.Box_Send(line:format(tostring(value)))
            end
        else
            role.Box_Send(('{"set":{"%s":%s}}'):format(what,
                type(value) == 'number' and value or '"' .. tostring(value) .. '"'))
        end
    end)
    local function told(measured)
        pilot.Told(side, measured)
    end
    if words then
        Start(poll, role, told, words, side)
    else
        Start(listen_json, role, told)
    end
end

return box
