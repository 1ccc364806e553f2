-- SPDX-License-Identifier: Apache-2.0
-- Rule mutants of what a device does on the power line and at the control pilot: which belong to
-- what a case has wanted there (line.lua), and how our device is edited (breach.lua).

local pilot = require 'v2g.pilot'
local slac = require 'v2g.slac'
local timers = require 'timers'

local breach_line = {}

local TOO_SHORT <const> = 0.1
local TOO_LONG <const> = 4 -- a time by this factor still takes what comes a moment after its end

local of = {}

function of.frame(want)
    return { { rule = 'frame unsent', message = want.message, text = want.message .. ' is never sent' } }
end

of['frame taken'] = function(want)
    local paths = {}
    for path in pairs(want.fields) do
        paths[#paths + 1] = path
    end
    table.sort(paths)
    return { { rule = 'frame taken', message = want.message, fields = want.fields,
               text = ('%s taken, whatever its %s is'):format(want.message, table.concat(paths, ', ')) } }
end

of['pilot unseen'] = function(want)
    return { { rule = 'pilot unseen', state = want.state, duty = want.duty,
               text = 'the control pilot is not looked at' } }
end

of['pilot unset'] = function()
    return { { rule = 'pilot unset', text = 'the control pilot is left as it is' } }
end

of['pilot moved'] = function(want)
    local key, value = next(want.settings)
    return { { rule = 'pilot moved', settings = want.settings,
               text = ('the control pilot becomes %s %s'):format(key, value) } }
end

function of.slow(want)
    return { { rule = 'slow', ms = want.ms, from = 0,
        text = ('it connects %d ms later'):format(want.ms) } }
end

of['link moved'] = function()
    return { { rule = 'link moved', text = 'the own modem gets another key in the session' } }
end

function of.link()
    return { { rule = 'key kept', text = 'the own modem gets no other key' } }
end

of['link unseen'] = function()
    return { { rule = 'link unseen', text = 'the link is not looked at' } }
end

function of.choice()
    return { { rule = 'choice', text = 'all stations are heard alike' } }
end

function of.late(want)
    return { { rule = 'time', name = want.name, by = TOO_LONG, from = 0, -- it may run already
               text = ('%s x %d'):format(want.name, TOO_LONG) } }
end

function of.early(want)
    return { { rule = 'time', name = want.name, by = TOO_SHORT,
               text = ('%s x %g'):format(want.name, TOO_SHORT) } }
end

function of.count(want)
    local list = {}
    for i, by in ipairs { -1, 1 } do
        list[i] = { rule = 'count', name = want.name, by = by, text = ('%s %+d'):format(want.name, by),
                    from = 0 }
    end
    return list
end

-- Those of what was wanted; none where it is not about the line.
function breach_line.of(want)
    return of[want.kind] and of[want.kind](want) or {}
end

-- now: { is_time, used, lay_under, role } of breach.lua.
breach_line.edits = {}
local edits = breach_line.edits

edits['frame unsent'] = function(m, now)
    local send = now.role.Slac_Send
    now.role.Slac_Send = function(message, ...)
        if now.is_time() and message:name() == m.message then
            return now.used()
        end
        return send(message, ...)
    end
end

edits['frame taken'] = function(m, now)
    local receive = now.role.Slac_Receive
    now.role.Slac_Receive = function(...)
        local message, from, why = receive(...)
        if message and now.is_time() and message:name() == m.message then
            for path, value in pairs(m.fields) do
                if type(value) == 'table' or not message:is(path, value) then
                    now.used()
                    message:set(path, value)
                end
            end
        end
        return message, from, why
    end
end

edits['pilot unseen'] = function(m, now)
    local state = pilot.State
    pilot.State = function()
        if not now.is_time() then
            return state()
        end
        now.used()
        return m.state, 9, m.duty, true
    end
end

edits['pilot unset'] = function(_, now)
    local set = pilot.Set
    pilot.Set = function(...)
        if not now.is_time() then
            return set(...)
        end
        now.used()
    end
end

-- Once that time has come.
local function at(m, now, act)
    Start(function()
        Sleep(math.max(0, m.from - Now()))
        now.used()
        act()
    end)
end

edits['pilot moved'] = function(m, now)
    at(m, now, function() pilot.Set(m.settings) end)
end

function edits.slow(m, now)
    local connect = now.role.Connect
    now.role.Connect = function(...)
        now.used()
        Sleep(m.ms)
        return connect(...)
    end
end

edits['link moved'] = function(m, now)
    at(m, now, function() slac.set_key(now.role, slac.random(16), slac.random(7)) end)
end

edits['key kept'] = function(_, now)
    local set_key = slac.set_key
    slac.set_key = function(...)
        if now.is_time() then
            now.used()
            return true
        end
        return set_key(...)
    end
end

edits['link unseen'] = function(_, now)
    slac.link_of = function()
        now.used()
    end
end

edits.choice = function(_, now)
    slac.mean = function()
        now.used()
        return 1
    end
end

edits.count = function(m, now)
    now.lay_under(timers.SLAC, { [m.name] = timers.SLAC[m.name] + m.by })
end

return breach_line
