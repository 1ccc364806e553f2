-- SPDX-License-Identifier: Apache-2.0
-- What must hold of the schedules and tariffs of ChargeParameterDiscoveryRes in ISO 15118-2, and of
-- the profile that a vehicle makes of them, as checks of cases (case.lua, it:checks).

local expect = require 'v2g.expect'
local element = require('test.way').element

local schedules = {}

local DAY <const> = 86400 -- s that they cover where the vehicle does not say when it leaves
local PMAX_MOST <const> = 200000

local function number(value)
    return type(value) == 'userdata' and value:si() or value
end

-- Why a list of entries with RelativeTimeInterval does not cover so many seconds without a gap;
-- nil: it does. Only the last says how long it is [V2G2-303].
local function uncovered(entries, seconds, name)
    local last
    for i, entry in ipairs(entries) do
        local interval = entry.RelativeTimeInterval
        if not interval then
            return ('%s[%d] without RelativeTimeInterval'):format(name, i)
        end
        if last and interval.start <= last or not last and interval.start ~= 0 then
            return ('%s[%d] that starts at %d s'):format(name, i, interval.start)
        end
        if interval.duration and i < #entries then
            return ('%s[%d] of %d, not the last, with a duration'):format(name, i, #entries)
        end
        last = interval.start
    end
    local ending = #entries > 0 and entries[#entries].RelativeTimeInterval
    if not ending then
        return 'no ' .. name
    end
    local covered = ending.start + (ending.duration or 0)
    return covered < seconds and ('%s for %d s'):format(name, covered) or nil
end

-- Seconds since the schedules were offered first, of a session that was resumed: what comes again
-- is shorter by them [V2G2-741].
local function gone(it)
    return it:paused() and math.ceil((Now() - it.tester.offered) / 1000) + 1 or 0
end

local function departure(it)
    local parameter = element(it.request, 'AC_EVChargeParameter')
        or element(it.request, 'DC_EVChargeParameter')
    local seconds = parameter and element(parameter, 'DepartureTime') -- DIN 70121 knows none
    return seconds and seconds - (it:paused() and 1 or 0) or DAY - gone(it)
end

-- Watts that the station itself can give, by what it says of itself [V2G2-293].
local function most_power(m, it)
    local ac = element(m, 'AC_EVSEChargeParameter')
    if not ac then
        return number(m.DC_EVSEChargeParameter.EVSEMaximumPowerLimit) or math.huge
    end
    local phases = it.request.RequestedEnergyTransferMode == 'AC_three_phase_core' and 3 or 1
    return number(ac.EVSENominalVoltage) * number(ac.EVSEMaxCurrent) * phases
end

local function bad_power(entries, most)
    for i, entry in ipairs(entries) do
        local power = number(entry.PMax)
        if power < 0 or power > PMAX_MOST or power > most * 1.001 + 1 then -- rounded, as limits are
            return ('PMaxScheduleEntry[%d].PMax = %g W'):format(i, power)
        end
    end
    return nil
end

local function bad_tuple(tuple, known, m, it)
    local id, entries = tuple.SAScheduleTupleID, tuple.PMaxSchedule.PMaxScheduleEntry
    if id < 1 or id > 255 or known[id] then
        return 'SAScheduleTupleID ' .. id .. (known[id] and ' twice' or '')
    end
    known[id] = true
    local most = element(it.request, 'MaxEntriesSAScheduleTuple')
    if most and #entries > most then
        return ('%d PMaxScheduleEntry'):format(#entries)
    end
    return bad_power(entries, most_power(m, it)) or uncovered(entries, departure(it), 'PMaxScheduleEntry')
end

local function tuples(m)
    return m.SAScheduleList and m.SAScheduleList.SAScheduleTuple or {}
end

local FIRST <const> = 'SAScheduleList.SAScheduleTuple[1].'

schedules.schedules = {
    text = 'schedules with ids of their own, power within the limits, and no gap until departure',
    find = function(m, it)
        local known = {}
        for _, tuple in ipairs(tuples(m)) do
            local why = bad_tuple(tuple, known, m, it)
            if why then
                return why
            end
        end
        return not next(known) and 'no SAScheduleTuple' or nil
    end,
    negations = { 'without SAScheduleList',
                  'set ' .. FIRST .. 'PMaxSchedule.PMaxScheduleEntry[1].PMax 250000',
                  'set ' .. FIRST .. 'PMaxSchedule.PMaxScheduleEntry[1].RelativeTimeInterval.duration 1' },
}

schedules.tariff = {
    text = 'a SalesTariff with each schedule, without a gap until departure',
    find = function(m, it)
        local most = element(it.request, 'MaxEntriesSAScheduleTuple')
        for _, tuple in ipairs(tuples(m)) do
            local tariff = tuple.SalesTariff
            local why = not tariff and 'a schedule without SalesTariff'
                or most and #tariff.SalesTariffEntry > most and #tariff.SalesTariffEntry .. ' SalesTariffEntry'
                or uncovered(tariff.SalesTariffEntry, departure(it), 'SalesTariffEntry')
            if why then
                return why
            end
        end
        return nil
    end,
    negations = { 'without ' .. FIRST .. 'SalesTariff',
                  'set ' .. FIRST .. 'SalesTariff.SalesTariffEntry[1].RelativeTimeInterval.start 7' },
}

schedules.joined = {
    text = 'the schedule that was chosen before the pause',
    find = function(m, it)
        local chosen = it.tester.ev.schedule
        for _, tuple in ipairs(tuples(m)) do
            if tuple.SAScheduleTupleID == chosen then
                return nil
            end
        end
        return ('no schedule %s'):format(chosen)
    end,
    negations = { 'set ' .. FIRST .. 'SAScheduleTupleID 77' },
}

-- ---- of a vehicle ----

local MOST_ENTRIES <const> = 24 -- of a ChargingProfile

-- The least power that a schedule has between two seconds.
local function least_power(entries, from, to)
    local power = math.huge
    for i, entry in ipairs(entries) do
        local following = entries[i + 1]
        local ends = following and following.RelativeTimeInterval.start or math.huge
        if entry.RelativeTimeInterval.start < to and ends > from then
            power = math.min(power, number(entry.PMax))
        end
    end
    return power
end

-- The schedule of the tester's last ChargeParameterDiscoveryRes that PowerDeliveryReq names.
local function chosen(m, it)
    for _, tuple in ipairs(tuples(it.tester:said 'ChargeParameterDiscoveryRes')) do
        if tuple.SAScheduleTupleID == m.SAScheduleTupleID then
            return tuple.PMaxSchedule.PMaxScheduleEntry
        end
    end
    return nil
end

schedules.profile = {
    text = 'a ChargingProfile of 24 entries at most, each within the schedule chosen',
    find = function(m, it)
        local offered, list = chosen(m, it), m.ChargingProfile and m.ChargingProfile.ProfileEntry or {}
        if not offered then
            return 'SAScheduleTupleID ' .. m.SAScheduleTupleID
        elseif #list > MOST_ENTRIES then
            return #list .. ' ProfileEntry'
        end
        for i, entry in ipairs(list) do
            local ends = list[i + 1] and list[i + 1].ChargingProfileEntryStart or math.huge
            local power = number(entry.ChargingProfileEntryMaxPower)
            -- multiplier and 16 bits round it
            if power > least_power(offered, entry.ChargingProfileEntryStart, ends) * 1.001 + 1 then
                return ('ProfileEntry[%d] of %g W'):format(i, power)
            end
        end
        return nil
    end,
    negations = { 'set SAScheduleTupleID 200',
                  'set ChargingProfile.ProfileEntry[1].ChargingProfileEntryMaxPower 250000' },
}

-- ---- the forms of ChargeParameterDiscoveryReq ----

-- What a request says of departure and entries, and whether tariffs are wanted.
local FORMS <const> = {
    { about = 'for a day' },
    { departs = DAY, about = 'until DepartureTime' },
    { tariffs = true, about = 'with a tariff, for a day' },
    { departs = DAY, tariffs = true, about = 'with a tariff, until DepartureTime' },
    { entries = 12, about = 'with 12 entries at most, for a day' },
    { entries = 12, tariffs = true, about = 'with a tariff of 12 entries at most' },
    { entries = 12, departs = DAY, about = 'with 12 entries, until DepartureTime' },
    { entries = 12, departs = DAY, tariffs = true,
      about = 'with a tariff of 12 entries, until DepartureTime' },
}

-- Rows of cases, by their numbers in the order of the forms; cites: of all, and of those that limit
-- the entries.
function schedules.rows(numbers, cites, limited)
    local rows = {}
    for i, key in ipairs(numbers) do
        local row = { cites = cites }
        for name, value in pairs(FORMS[i]) do
            row[name] = value
        end
        row.cites = row.entries and limited and cites .. ' ' .. limited or cites
        rows[key] = row
    end
    return rows
end

-- What the request says of the vehicle, and what then is to be known of the station, by mode.
schedules.requests = {
    ac = { ['AC_EVChargeParameter.EAmount'] = 30000, ['AC_EVChargeParameter.EVMaxVoltage'] = 500,
           ['AC_EVChargeParameter.EVMaxCurrent'] = 32, ['AC_EVChargeParameter.EVMinCurrent'] = 1 },
    dc = {},
}

local function within(most)
    return function(value) return value >= 0 and value <= most end
end

schedules.responses = {
    ac = { ['AC_EVSEChargeParameter.EVSENominalVoltage'] = within(1000),
           ['AC_EVSEChargeParameter.EVSEMaxCurrent'] = within(300) },
    dc = { ['DC_EVSEChargeParameter.EVSEMaximumVoltageLimit'] = expect.present,
           ['DC_EVSEChargeParameter.EVSEMaximumCurrentLimit'] = expect.present },
}

return schedules
