-- SPDX-License-Identifier: Apache-2.0
-- Schedules of a station in ISO 15118-20, with their prices; the power profiles that vehicles give
-- themselves within them.

local common = require 'v2g.common'

local schedules = {}

local SLACK <const> = 5         -- s between the times of schedule and profile that do not matter
local VIOLATIONS_MOST <const> = 3 -- responses in a row that warn of too much power, before FAILED

-- ---- prices ----

function schedules.has_prices(s)
    for _, schedule in ipairs(s.p.schedules or {}) do
        if schedule.prices then
            return true
        end
    end
    return false
end

-- Pricing of a parameter set: 1 prices, 2 price levels, which dynamic control mode has none of, 0.
function schedules.pricing(s, control)
    return schedules.has_prices(s) and 1 or control == 'Scheduled' and 2 or 0
end

local function duration_of(list, k)
    return list[k].duration or (list[k + 1] and list[k + 1].start - list[k].start) or 86400
end

-- No more entries than the vehicle can take: the last one stands for what is cut off, with the
-- value that `pick` chooses of it and the next.
local function cut(entries, most, name, pick)
    for k = #entries, most + 1, -1 do
        local gone, last = table.remove(entries), entries[k - 1]
        last.Duration = last.Duration + gone.Duration
        last[name] = pick(last[name], gone[name])
    end
    return entries
end

-- The prices of a schedule in money, for each kilowatt-hour; nil: it has none.
local function absolute_prices(schedule, now, most)
    local prices, stacks = schedule.prices, {}
    if not prices then
        return nil
    end
    for k, entry in ipairs(prices.entries) do
        stacks[k] = { Duration = duration_of(prices.entries, k), fee = entry.price }
    end
    for _, stack in ipairs(cut(stacks, most, 'fee', math.max)) do
        stack.PriceRule, stack.fee = { { EnergyFee = stack.fee, PowerRangeStart = 0 } }, nil
    end
    return { Id = 'id' .. (schedule.id or 1), TimeAnchor = now,
             PriceScheduleID = prices.id or schedule.id or 1,
             PriceScheduleDescription = prices.description,
             Currency = prices.currency or 'EUR', Language = prices.language or 'eng',
             PriceAlgorithm = 'urn:iso:std:iso:15118:-20:PriceAlgorithm:1-Power',
             PriceRuleStacks = { PriceRuleStack = stacks } }
end

-- The prices of a schedule as levels; one level where it has no tariff, none beside prices.
local function price_levels(schedule, now, most)
    if schedule.prices then
        return nil
    end
    local tariff = schedule.tariff or { levels = 1, entries = { { start = 0, level = 0 } } }
    local entries = {}
    for k, entry in ipairs(tariff.entries) do
        entries[k] = { Duration = duration_of(tariff.entries, k), PriceLevel = entry.level }
    end
    return { TimeAnchor = now, PriceScheduleID = tariff.id or schedule.id or 1,
             PriceScheduleDescription = tariff.description,
             NumberOfPriceLevels = tariff.levels,
             PriceLevelScheduleEntries = { PriceLevelScheduleEntry = cut(entries, most,
                 'PriceLevel', math.max) } }
end

-- ---- what is offered ----

local function set_schedules(s, power, most)
    local now = math.floor(Now() / 1000)
    local offered = s.p.schedules or
        { { id = 1, entries = { { start = 0, power = power, duration = 86400 } } } }
    local tuples = {}
    s.schedules, s.schedules_from = {}, now
    s.declined = s.declined and 'over'
    for i, schedule in ipairs(offered) do
        local entries, list = {}, schedule.entries
        for k, entry in ipairs(list) do
            entries[k] = { Duration = duration_of(list, k), Power = entry.power }
        end
        local id, tolerance = schedule.id or i, not s.declined and schedule.tolerance or nil
        cut(entries, most, 'Power', math.min)
        tuples[i] = { ScheduleTupleID = id, ChargingSchedule = {
            PowerSchedule = { TimeAnchor = now, PowerTolerance = tolerance,
                              PowerScheduleEntries = { PowerScheduleEntry = entries } },
            AbsolutePriceSchedule = absolute_prices(schedule, now, most),
            PriceLevelSchedule = price_levels(schedule, now, most) } }
        s.schedules[id] = { entries = entries, tolerance = tolerance }
    end
    common.set_list(s.role, 'ScheduleExchangeRes', 'Scheduled_SEResControlMode_ScheduleTuple', tuples)
end

-- What the station itself wants the vehicle to have when it leaves, in dynamic control mode. path:
-- of the control mode's element in a response, with Set_ before it.
function schedules.set_needs(s, path)
    local needs = s.control == 'Dynamic' and s.p.needs
    for element, value in pairs(needs and { DepartureTime = needs.departure,
                                            MinimumSOC = needs.minimum_soc,
                                            TargetSOC = needs.target_soc } or {}) do
        s.role[path .. '_' .. element](value)
    end
end

-- In dynamic control mode the prices of the first schedule that has any.
local function set_prices(s, most)
    local path = 'Set_ScheduleExchangeRes_Dynamic_SEResControlMode'
    s.role[path .. 'Specified'](true)
    schedules.set_needs(s, path)
    for _, schedule in ipairs(s.p.schedules or {}) do
        if schedule.prices then
            s.role[path .. '_AbsolutePriceSchedule'](
                absolute_prices(schedule, math.floor(Now() / 1000), most))
            return
        end
    end
end

-- Puts schedules and prices into ScheduleExchangeRes. power: of the station, in W.
function schedules.offer(s, control, power)
    local most = s.role.Get_ScheduleExchangeReq_MaximumSupportingPoints()
    if control == 'Dynamic' then
        set_prices(s, most)
    else
        set_schedules(s, power, most)
    end
end

-- ---- profiles ----

-- The least power of a schedule between two times, in seconds from its begin.
local function least_power(entries, from, to)
    local at, least = 0, math.huge
    for _, entry in ipairs(entries) do
        if at < to and at + entry.Duration > from then
            least = math.min(least, entry.Power)
        end
        at = at + entry.Duration
    end
    return least
end

-- Whether the profile keeps within the schedule, but for what rounding adds.
local function keeps_within(s, entries, profile)
    local path = 'Get_PowerDeliveryReq_EVPowerProfile_TimeAnchor'
    local at = math.max(0, s.role[path]() - s.schedules_from)
    for _, entry in ipairs(profile) do
        local most = least_power(entries, at + SLACK, at + entry.Duration - SLACK)
        if entry.Power > most * 1.001 + 1 then
            return false
        end
        at = at + entry.Duration
    end
    return true
end

-- What the vehicle says to the tolerance that it was offered [V2G20-1944]. Where it declines, the
-- station asks for a renegotiation, and then offers none [V2G20-1946].
local ACCEPTED <const> = { PowerToleranceConfirmed = 'OK_PowerToleranceConfirmed',
                           PowerToleranceNotConfirmed = 'WARNING_PowerToleranceNotConfirmed' }

-- The response code for the schedule that is selected and the profile; nil: OK.
function schedules.select(s)
    local control = s.control or 'Scheduled'
    local path = ('PowerDeliveryReq_EVPowerProfile_%s_EVPPTControlMode'):format(control)
    s.profile, s.violations = nil, 0
    if Profile() == 'field' and not s.role.Get_PowerDeliveryReq_EVPowerProfileSpecified() then
        Log('PowerDeliveryReq has no EVPowerProfile: put up with, by profile field')
        return nil -- EVerest's vehicle sends none
    end
    if not s.role.Get_PowerDeliveryReq_EVPowerProfileSpecified()
        or not s.role['Get_' .. path .. 'Specified']() then
        s.why = 'it has no EVPowerProfile of the control mode ' .. control
        return 'FAILED_EVPowerProfileInvalid'
    end
    if control ~= 'Scheduled' then
        return nil
    end
    local id = s.role['Get_' .. path .. '_SelectedScheduleTupleID']()
    local schedule = s.schedules[id]
    if not schedule then
        return 'FAILED_ScheduleSelectionInvalid'
    end
    local profile = common.get_list(s.role, 'PowerDeliveryReq',
        'EVPowerProfile_EVPowerProfileEntries_EVPowerProfileEntry')
    if not keeps_within(s, schedule.entries, profile) then
        return 'FAILED_EVPowerProfileInvalid'
    end
    s.schedule = id
    s.profile = { entries = profile, from = Now(), tolerance = schedule.tolerance }
    path = 'Get_' .. path .. '_PowerToleranceAcceptance'
    if not schedule.tolerance or not s.role[path .. 'Specified']() then
        return nil
    end
    local said = tostring(s.role[path]())
    s.declined = said == 'PowerToleranceNotConfirmed' and 'now' or s.declined
    return ACCEPTED[said]
end

-- The response code for the power that flows; nil: OK. Where the schedule has a tolerance, a
-- vehicle that takes more than its profile and that is warned, and then refused [V2G20-1864].
function schedules.violation(s, power)
    local profile = s.profile
    if not profile or not profile.tolerance then
        return nil
    end
    local at = (Now() - profile.from) / 1000 * s.scale
    local most = least_power(profile.entries, at, at + 0.001)
    if power <= (most + profile.tolerance) * 1.001 + 1 then
        s.violations = 0
        return nil
    end
    s.violations = s.violations + 1
    s.why = ('%d W flow, where the profile has %d W and the schedule a tolerance of %d W'):format(
        power // 1, most // 1, profile.tolerance // 1)
    return s.violations > VIOLATIONS_MOST and 'FAILED_EVPowerProfileViolation'
        or 'WARNING_EVPowerProfileViolation'
end

return schedules
