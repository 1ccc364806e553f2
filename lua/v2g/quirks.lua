-- SPDX-License-Identifier: Apache-2.0
-- The parameters that make the ready-made vehicle and station misbehave, as the hooks and filters
-- that everybody has (docs/behaviour.md). They look at the parameters when they are called: a hook
-- script may change these at any time.

local hex = require 'v2g.hex'
local judge = require 'v2g.judge'
local sequence = require 'v2g.sequence'

local quirks = {}

local TRAILING <const> = 'trailing bytes'
local LOOPS <const> = { CurrentDemand = true, ChargingStatus = true }

-- Whether `at` (a step's name, or { name, n }: after n of them) stands for this request.
local function is_at(ev, at, step)
    local name, n = at, 0
    if type(at) == 'table' then
        name, n = at[1], at[2] or 0
    end
    return (name == step or (name == 'ChargeLoop' and LOOPS[step])) and (ev.counts[step] or 0) >= n
end

-- ---- deviations ----

local function fall_silent(ev, step)
    local last, known = ev.last, { from = ev.answered or Now() }
    known.message = last and ev.protocol and ev.course[last].response
    if not last or last == 'AppProtocol' then
        -- V2G_SECC_CommunicationSetup_Performance_Time runs, too
        known.protocol, known.least = 'AppProtocol', 0
        known.message = last and 'supportedAppProtocolRes' or 'supportedAppProtocolReq'
    elseif ev.protocol == 'DIN70121' and last == 'PreCharge' then
        known.least = 0 -- so does V2G_SECC_PowerDelivery_Timeout
    elseif last == 'PowerDelivery' and LOOPS[step] then -- which time holds: sources differ
        known.least = Timer(ev.protocol, 'V2G_SECC_FirstLoopReq_Timeout')
    end
    judge.begin(ev, 'silence', known)
    local good, why = judge.follow(ev)
    ev:leave('gone', good, ('silent at %s: %s'):format(step, why))
end

-- Whether the request is out of turn by the sequence tables, since a step was left out.
local function is_out_of_turn(ev, request)
    local last, known = ev.course[ev.last].response, false
    for state, requests in pairs(sequence.allowed(ev.protocol, ev.mode)) do
        local is_here = state:match('^[%w_]+') == last
        known = known or is_here
        for may in pairs(is_here and requests or {}) do
            if may:match('^[%w_]+') == request then
                return false
            end
        end
    end
    return known
end

-- Before a request goes out: what makes it a deviation, by the parameters.
function quirks.before(ev, step, request)
    local p, unknown = ev.p, 'unknown protocols'
    if p.expects and p.expects.from == step then
        judge.expect(ev, p.expects.code)
    elseif step == 'AppProtocol' then
        if p.deviates == unknown and not ev.role.FixedProtocol then
            judge.begin(ev, unknown)
        end
    elseif ev.has_failed then
        judge.begin(ev, 'after FAILED')
    elseif next(p.skip) and is_out_of_turn(ev, request) then
        judge.begin(ev, 'out of turn')
    end
end

-- ---- hooks of the vehicle ----

-- leave_at and leave, stop_at, silent_at
function quirks.step(step, ev)
    local p = ev.p
    if p.leave_at and is_at(ev, p.leave_at, step) then
        if p.leave ~= 'reset' then
            ev:depart('left at ' .. step)
        end
        if p.deviates == 'resetting' then -- a car that resets does not come back
            judge.begin(ev, 'resetting', { lost = ev.role.SessionID() })
        end
        ev:leave('reset', true, 'left at ' .. step)
    end
    if p.stop_at and step ~= 'SessionStop' and is_at(ev, p.stop_at, step) then
        judge.begin(ev, 'stopping')
        ev:leave('stop', true, 'stopped at ' .. step)
    end
    if p.silent_at and is_at(ev, p.silent_at, step) then
        fall_silent(ev, step)
    end
end

-- on_timeout = 'resend', resends
function quirks.late(request, ev)
    local p = ev.p
    if p.on_timeout ~= 'resend' or ev.resent >= p.resends then
        return nil
    end
    ev.resent = ev.resent + 1
    ev:send(request)
    return true
end

-- ---- the station ----

-- silent_at, close_at: as the hook on.step says it.
function quirks.serve(p, step)
    if p.silent_at == step then
        return false
    end
    return p.close_at == step and 'close' or nil
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
            if s.side == 'ev' and filter:happened() > 0 and (not s.watch or s.watch.name == TRAILING) then
                judge.begin(s, TRAILING)
            end
            filter:remove()
        end
    end
end

return quirks
