-- SPDX-License-Identifier: Apache-2.0
-- The parameters that make the ready-made vehicle and station misbehave, as the hooks and filters
-- that everybody has (docs/behaviour.md). They look at the parameters when they are called: a hook
-- script may change these at any time.

local quirks = { ev = {}, station = {} }

local LOOPS <const> = { CurrentDemand = true, ChargingStatus = true }
local FOR_GOOD <const> = 3600000 -- ms

-- Whether `at` (a step's name, or { name, n }: after n of them) stands for this request.
local function is_at(ev, at, step)
    local name, n = at, 0
    if type(at) == 'table' then
        name, n = at[1], at[2] or 0
    end
    return (name == step or (name == 'ChargeLoop' and LOOPS[step])) and (ev.counts[step] or 0) >= n
end

-- ---- hooks of the vehicle ----

-- leave_at and leave, stop_at, silent_at
function quirks.ev.step(step, ev)
    local p = ev.p
    if p.leave_at and is_at(ev, p.leave_at, step) then
        ev:leave(p.leave == 'reset' and 'reset' or 'fin', true, 'left at ' .. step)
    end
    if p.stop_at and step ~= 'SessionStop' and is_at(ev, p.stop_at, step) then
        ev:leave('stop', true, 'stopped at ' .. step)
    end
    if p.silent_at and is_at(ev, p.silent_at, step) then
        local name, why = ev.role.Receive_Any_001(FOR_GOOD)
        ev:leave('fin', true, ('silent at %s: %s'):format(step, name or why))
    end
    ev.resent = 0
end

-- on_timeout = 'resend', resends
function quirks.ev.late(request, ev)
    local p = ev.p
    if p.on_timeout ~= 'resend' or ev.resent >= p.resends then
        return nil
    end
    ev.resent = ev.resent + 1
    ev:send(request)
    return true
end

local function nothing()
end

-- skip: what the vehicle does in its steps, without those that it leaves out.
function quirks.does(p, does)
    return setmetatable({}, { __index = function(_, step)
        return p.skip[step] and nothing or does[step]
    end })
end

-- ---- hooks of the station ----

-- silent_at, close_at
function quirks.station.step(step, s)
    if s.p.silent_at == step then
        return false
    end
    return s.p.close_at == step and 'close' or nil
end

-- ---- filters of either ----

local function hex(bytes)
    return (bytes:gsub('.', function(byte)
        return ('%02X'):format(byte:byte())
    end))
end

-- trailing, for one session: a function that ends it.
function quirks.filter(s)
    local filters = {}
    for message, bytes in pairs(s.p.trailing) do
        filters[#filters + 1] = s.role.Filter { on = message, direction = 'out',
                                                fault = 'append ' .. hex(bytes) }
    end
    return function()
        for _, filter in ipairs(filters) do
            filter:remove()
        end
    end
end

return quirks
