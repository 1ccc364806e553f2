-- SPDX-License-Identifier: Apache-2.0
-- The schedules of a station in ISO 15118-2, as the vehicle can take them, and whether a vehicle's
-- charging profile (DIN 70121, too) keeps within its schedule.

local common = require 'v2g.common'

local schedules = {}

local DAY <const> = 86400 -- s, the most that the duration of an interval can say

local START_MOST <const> = 16777214 -- s, the latest start that an interval can say

-- ---- what is offered ----

-- Entries { start =, duration =, KEY = } without the seconds `gone`, up to second `last` (nil: for
-- a day at least, of what has no duration).
local function cut(entries, key, gone, last)
    local list = {}
    for i, entry in ipairs(entries) do
        local following = entries[i + 1]
        local ends = following and following.start
            or entry.duration and entry.start + entry.duration
        local start = math.max(entry.start - gone, 0)
        ends = math.min(ends and ends - gone or last or start + DAY, last or math.huge)
        if ends > start then
            list[#list + 1] = { start = start, ends = ends, [key] = entry[key] }
        end
    end
    return list
end

-- Intervals of a day at most, and no more of them than `most`: the last one then stands for the
-- rest, with the value that `pick` chooses.
local function fit(list, key, most, pick)
    local made = {}
    for _, entry in ipairs(list) do
        local start = entry.start
        repeat
            local ends = math.min(entry.ends, start + DAY)
            local rest = made[#made]
            if #made < most then
                made[#made + 1] = { start = start, ends = ends, [key] = entry[key] }
            else
                rest[key] = pick(rest[key], entry[key])
                rest.ends = math.min(ends, rest.start + DAY)
            end
            start = ends
        until start >= entry.ends
    end
    return made
end

-- As messages have it: the last interval tells how long it is.
local function intervals(list, name, key)
    local made = {}
    for i, entry in ipairs(list) do
        made[i] = { [name] = entry[key], RelativeTimeInterval = { start = entry.start,
            duration = i == #list and entry.ends - entry.start or nil } }
    end
    return made
end

local function tariff_of(schedule, gone, last, most)
    local tariff = schedule.tariff
    if not tariff then
        return nil
    end
    local entries = fit(cut(tariff.entries, 'level', gone, last), 'level', most, math.max)
    return { SalesTariffID = tariff.id or schedule.id, SalesTariffDescription = tariff.description,
             NumEPriceLevels = tariff.levels,
             SalesTariffEntry = intervals(entries, 'EPriceLevel', 'level') }
end

-- The seconds until the vehicle leaves; nil: it does not say.
local function departure(s)
    local path = s.mode == 'ac' and 'AC_EVChargeParameter_DepartureTime'
        or 'DC_EVChargeParameter_DepartureTime'
    local seconds = common.is_specified(s.role, 'ChargeParameterDiscoveryReq', path)
        and common.getter(s.role, 'ChargeParameterDiscoveryReq', path)() or 0
    return seconds > 0 and math.min(seconds, START_MOST) or nil
end

-- Most entries of a schedule, and of a tariff [V2G2-310].
local function most_entries(s)
    return s.role.Get_ChargeParameterDiscoveryReq_MaxEntriesSAScheduleTupleSpecified()
        and math.max(1, s.role.Get_ChargeParameterDiscoveryReq_MaxEntriesSAScheduleTuple())
        or math.huge
end

-- The schedule that was chosen before a pause comes again, without the time gone by [V2G2-741]: its
-- id, that time, and the seconds that are left of it. Nil where none are left.
local function joined(s)
    local paused = not s.renegotiated and s.paused
    if not paused or not paused.offered or not paused.ends then
        return nil
    end
    local gone = math.floor((Now() - tonumber(paused.offered)) / 1000)
    local left = math.ceil((tonumber(paused.ends) - Now()) / 1000)
    if left <= 0 then
        return nil
    end
    return tonumber(paused.schedule), gone, left
end

-- What there is of a schedule's power; none at all where it begins after the vehicle has left.
local function power_of(schedule, gone, last, most)
    local list = fit(cut(schedule.entries, 'power', gone, last), 'power', most, math.min)
    return #list > 0 and list or { { start = 0, ends = math.min(last or DAY, DAY), power = 0 } }
end

-- The tuples of ChargeParameterDiscoveryRes; s.schedules has what they say by their ids. power: the
-- station's, W.
function schedules.offer(s, power)
    local id, gone, left = joined(s)
    local last, most = departure(s), most_entries(s)
    if left then
        last = math.min(last or left, left)
    end
    gone = gone or 0
    local tuples = {}
    s.schedules, s.schedule_from = {}, Now() - gone * 1000
    for i, schedule in ipairs(s.p.schedules or
        { { id = id, entries = { { start = 0, power = power } } } }) do
        local this = schedule.id or i
        if not id or id == this then
            local list = power_of(schedule, gone, last, most)
            s.schedules[this] = list
            tuples[#tuples + 1] = {
                SAScheduleTupleID = this,
                PMaxSchedule = { PMaxScheduleEntry = intervals(list, 'PMax', 'power') },
                SalesTariff = tariff_of(schedule, gone, last, most),
            }
        end
    end
    return tuples
end

-- The schedule that the vehicle has chosen is in force; when it ends, for a pause.
function schedules.choose(s, id)
    local list = s.schedules[id]
    s.schedule, s.schedule_ends = id, Now() + list[#list].ends * 1000
end

-- ---- what the vehicle wants ----

-- The least power of a schedule between two times; none where there is no schedule.
local function least(entries, from, to)
    local power, covered = math.huge, false
    for _, entry in ipairs(entries) do
        if entry.start < to and entry.ends > from then
            power = math.min(power, entry.power)
            covered = true
        end
    end
    return covered and entries[1].start <= from and power or 0
end

-- Whether a profile begins with its schedule, goes forward, ends within it and keeps below it all
-- the time that each entry lasts [V2G2-225] [V2G2-293]. A last entry may take nothing from where
-- the schedule ends, as EcoG's vehicle has it.
local function keeps_within(entries, profile)
    local last = entries[#entries].ends
    for i, entry in ipairs(profile) do
        local start, power = entry.ChargingProfileEntryStart, entry.ChargingProfileEntryMaxPower
        local following = profile[i + 1] and profile[i + 1].ChargingProfileEntryStart or last
        if i == 1 and start ~= 0 and start ~= entries[1].start then
            return false
        end
        local closes = i > 1 and i == #profile and start == last and power == 0
        if power < 0 or not closes and (start >= last or following <= start) then
            return false
        end
        -- multiplier and 16 bits round it
        if power > least(entries, start, following) * 1.001 + 1 then
            return false
        end
    end
    return true
end

-- The response code for the profile of PowerDeliveryReq at that path, by the schedule that it
-- names; nil: it is right. What has no profile takes what the schedule has: the element is
-- optional, and vehicles in use leave it out.
function schedules.check_profile(s, id, path)
    local entries = s.schedules and s.schedules[id]
    if not entries then
        return 'FAILED_TariffSelectionInvalid'
    end
    if not s.role.Get_PowerDeliveryReq_ChargingProfileSpecified() then
        return nil
    end
    local profile = common.get_list(s.role, 'PowerDeliveryReq', path)
    return not keeps_within(entries, profile) and 'FAILED_ChargingProfileInvalid' or nil
end

return schedules
