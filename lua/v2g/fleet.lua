-- SPDX-License-Identifier: Apache-2.0
-- Vehicles that come one after another and at once (src/script/fleet.h): a task for each, with a
-- role and parameters of its own.

local common = require 'v2g.common'
local evcc = require 'v2g.evcc'

local fleet = {}

-- What a charge was, as the verdict of its session and why.
local function judged(outcome)
    if outcome.missing or outcome.ok == 'error' then
        return 'error', outcome.why
    end
    return outcome.ok, outcome.why
end

-- next(): the kind of the next vehicle, by its number, and its role; nil: no more come.
-- over(role, verdict, why): that vehicle has gone. kinds: what the options say of each kind.
function fleet.play(next_one, over, ...)
    local kinds, running = { ... }, {}
    for _, options in ipairs(kinds) do
        common.lasting(options)
    end
    math.randomseed()
    local function hold(role, options, own)
        local good, outcome, why = Guard(evcc.charge, role, options)
        if good then
            outcome, why = judged(outcome)
        end
        over(role, outcome, why)
        running[own], own.is_over = nil, true
    end
    for kind, role in next_one do
        local own = {}
        local task = Start(hold, role, kinds[kind], own)
        running[own] = not own.is_over and task or nil
    end
    while next(running) do
        Wait_For(select(2, next(running)))
    end
end

-- The same; what is wrong with the options of a kind, and so with each vehicle, is refused before
-- one comes. A script is not asked: it runs once for each vehicle.
function fleet.play_checked(next_one, over, ...)
    for _, options in ipairs { ... } do
        local said = {}
        for key, value in pairs(options) do
            said[key] = key ~= 'script' and value or nil
        end
        evcc.new(Evcc, said)
    end
    fleet.play(next_one, over, ...)
end

return fleet
