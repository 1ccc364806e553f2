-- SPDX-License-Identifier: Apache-2.0
-- The parameters that make the ready-made vehicle and station misbehave, as the hooks and filters
-- that everybody has (docs/behaviour.md). They look at the parameters when they are called: a hook
-- script may change these at any time.

local hex = require 'v2g.hex'
local sequence = require 'v2g.sequence'

local quirks = { ev = {}, station = {} }

local LOOPS <const> = { CurrentDemand = true, ChargingStatus = true }
local EARLY <const> = 100 -- ms: the other side's time began before this side saw that
local UNTIL_CLOSED <const> = 5000 -- ms from its end to that of the connection

-- Whether `at` (a step's name, or { name, n }: after n of them) stands for this request.
local function is_at(ev, at, step)
    local name, n = at, 0
    if type(at) == 'table' then
        name, n = at[1], at[2] or 0
    end
    return (name == step or (name == 'ChargeLoop' and LOOPS[step])) and (ev.counts[step] or 0) >= n
end

-- ---- what the standard wants of the other side then ----

-- Nothing is said any more since `from`: the other side has to end the connection when its time
-- (a timing parameter of that message) is over, and (least: ms, else that time) not before. Whether
-- it does, and what it did.
function quirks.silence(role, from, protocol, parameter, message, least)
    local limit = Timer(protocol, parameter, message)
    local name, why = role.Receive_Any_001(math.max(0, from + limit + UNTIL_CLOSED - Now()))
    local taken = Now() - from
    local closed = not name and why ~= 'timeout'
    local good = closed and taken >= math.min(least or limit, limit) - EARLY
    role.Measured(protocol, parameter, message, taken, good)
    local found = closed and ('the connection ended after %d ms'):format(math.floor(taken))
        or name and 'found ' .. (name ~= '' and name or 'a frame that cannot be decoded')
        or 'the connection is still open'
    return good, ('expected its end %s (%d ms) after %s, %s'):format(parameter, limit, message, found)
end

local function fall_silent(ev, step)
    local last, protocol, least = ev.last, ev.protocol, nil
    local message = last and ev.protocol and ev:name(last) .. 'Res'
    if not last or last == 'AppProtocol' then
        protocol, least = 'AppProtocol', 0 -- V2G_SECC_CommunicationSetup_Performance_Time runs, too
        message = last and 'supportedAppProtocolRes' or 'supportedAppProtocolReq'
    elseif protocol == 'DIN70121' and last == 'PreCharge' then
        least = 0 -- so does V2G_SECC_PowerDelivery_Timeout
    end
    local good, why = quirks.silence(ev.role, ev.answered or Now(), protocol,
        'V2G_SECC_Sequence_Timeout', message, least)
    ev:leave('gone', good, ('silent at %s: %s'):format(step, why))
end

-- The code that the response to this request must have, since the vehicle has left a step out, or
-- lies as `expects` says; nil: any.
function quirks.wanted_code(ev, step, request)
    local expects = ev.p.expects
    ev.lies = ev.lies or expects and expects.from == step
    if ev.lies then
        return expects.code
    end
    if not next(ev.p.skip) or not ev.last then
        return nil
    end
    local last, known = ev:name(ev.last) .. 'Res', false
    for state, requests in pairs(sequence.allowed(ev.protocol, ev.mode)) do
        local is_here = state:match('^[%w_]+') == last
        known = known or is_here
        for may in pairs(is_here and requests or {}) do
            if may:match('^[%w_]+') == request then
                return nil
            end
        end
    end
    return known and 'FAILED_SequenceError' or nil
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
        fall_silent(ev, step)
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

-- trailing, for one session: a function that ends it.
function quirks.filter(s)
    local filters = {}
    for message, bytes in pairs(s.p.trailing) do
        filters[#filters + 1] = s.role.Filter { on = message, direction = 'out',
                                                fault = 'append ' .. hex.of(bytes) }
    end
    return function()
        for _, filter in ipairs(filters) do
            filter:remove()
        end
    end
end

return quirks
