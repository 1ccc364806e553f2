-- SPDX-License-Identifier: Apache-2.0
-- Habits that several personas have, for their `values` and `before`.

local common = require 'v2g.common'

local habits = {}

local DIN <const> = 'DIN70121'

-- Pauses of the matching, in ms: medians of 85 captures of cars, which take longer to begin than
-- TP_match_sequence allows a sender.
habits.slac = { start = 223, interval = 40, response = 8, match = 54 }

-- For values.X.Y_UnitSpecified: no unit, where that is an optional element (DIN 70121).
function habits.no_unit(ev)
    if ev.protocol == DIN then
        return false
    end
end

-- Whether a PowerDeliveryReq is that of the start, or the end, of charging.
function habits.is_start(m, ev)
    if ev.protocol == DIN then
        return m.ReadyToChargeState == true
    end
    return m.ChargeProgress == 'Start'
end

function habits.is_stop(m, ev)
    if ev.protocol == DIN then
        return m.ReadyToChargeState == false
    end
    return m.ChargeProgress == 'Stop'
end

-- What DIN 70121 and ISO 15118-2 have of DC in PowerDeliveryReq; nil: nothing.
function habits.power_delivery(m, ev)
    return ev.protocol ~= 'ISO15118-20' and m.DC_EVPowerDeliveryParameter or nil
end

-- Says nothing for so many milliseconds, and leaves: 'stop' (SessionStopReq), 'fin', 'reset'.
function habits.give_up(ev, ms, how, why)
    common.pause(ev, ms)
    ev:leave(how, true, why)
end

-- Gives PowerDeliveryReq(Start) of ISO 15118-2 a profile: a list of { seconds, watts }; none: no
-- profile at all.
function habits.profile(m, ev, list)
    if ev.protocol ~= 'ISO15118-2' or not habits.is_start(m, ev) then
        return
    end
    if not list then
        m.ChargingProfile = nil
        return
    end
    local entries = {}
    for i, entry in ipairs(list) do
        entries[i] = { ChargingProfileEntryStart = entry[1],
                       ChargingProfileEntryMaxPower = entry[2] }
    end
    m.ChargingProfile = { ProfileEntry = entries }
end

-- Tells a remaining time in minutes.
function habits.minutes(m)
    local left = m.RemainingTimeToFullSoC
    if left then
        m.RemainingTimeToFullSoC = { Multiplier = 0, Unit = 'm',
                                     Value = math.min(math.floor(left:si() / 60), 32767) }
    end
end

-- Tells remaining times in steps of so many seconds, rounded up.
function habits.in_steps(m, seconds)
    for _, name in ipairs { 'RemainingTimeToFullSoC', 'RemainingTimeToBulkSoC' } do
        local left = m[name]
        if left then
            m[name] = math.ceil(left:si() / seconds) * seconds
        end
    end
end

-- Those of the Volkswagen group: none for two seconds, then in steps of 20 minutes, up to 48 hours;
-- never to bulk.
function habits.remaining_of_vw(m, ev)
    habits.in_steps(m, 1200)
    if m.RemainingTimeToFullSoC then
        local left = ev.counts.CurrentDemand <= 16 and 0 or m.RemainingTimeToFullSoC:si()
        m.RemainingTimeToFullSoC = math.min(left, 172800)
    end
    if m.RemainingTimeToBulkSoC then
        m.RemainingTimeToBulkSoC = 0
    end
end

-- Adds EVCabinConditioning and EVRESSConditioning = false, which only DIN 70121 has, to the values
-- of all messages with an EV status.
function habits.conditioning(values)
    local prefixes = { ChargeParameterDiscoveryReq = 'DC_EVChargeParameter_',
                       PowerDeliveryReq = 'DC_EVPowerDeliveryParameter_', CableCheckReq = '',
                       PreChargeReq = '', CurrentDemandReq = '', WeldingDetectionReq = '' }
    for message, prefix in pairs(prefixes) do
        values[message] = values[message] or {}
        values[message][prefix .. 'DC_EVStatus_EVCabinConditioning'] = false
        values[message][prefix .. 'DC_EVStatus_EVRESSConditioning'] = false
    end
    return values
end

-- For values.SessionSetupRes.EVSEID of a station: in DIN 70121 as ASCII, as stations in use send
-- it.
function habits.ascii_evse_id(s)
    return s.protocol == DIN and s.p.evse_id or nil
end

return habits
