-- SPDX-License-Identifier: Apache-2.0
-- The answers of a DC station that DIN 70121 and ISO 15118-2 have in common.

local common = require 'v2g.common'
local once = require 'v2g.once'

local dc = { answers = {}, case = {} }
local answers = dc.answers

-- Status codes and notifications that go with what the station wants (secc.lua, wish).
local CODES <const> = { stop = 'EVSE_Shutdown', shutdown = 'EVSE_EmergencyShutdown' }
dc.NOTIFICATIONS = { stop = 'StopCharging', renegotiate = 'ReNegotiation' }

local PRECHARGE <const> = 'V2G_SECC_PreCharge_Performance_Time'

-- The names of the setters of a message's DC_EVSEStatus, by message.
local names = once(function(message)
    local path = 'Set_' .. message .. '_DC_EVSEStatus_'
    return {
        isolation = path .. 'EVSEIsolationStatus', code = path .. 'EVSEStatusCode',
        delay = path .. 'NotificationMaxDelay', notification = path .. 'EVSENotification',
    }
end)

-- DC_EVSEStatus of a response.
function dc.set_status(s, message, wish, code, isolation)
    local set, role = names[message], s.role
    -- DIN 70121 says it with the status code alone [V2G-DC-500]
    local notification = s.protocol ~= 'DIN70121' and dc.NOTIFICATIONS[wish] or 'None'
    if isolation then
        role[set.isolation](isolation)
    end
    role[set.code](CODES[wish] or code or 'EVSE_Ready')
    role[set.delay](s:notice(wish))
    role[set.notification](notification)
end

function answers.CableCheckReq(s)
    local finished, late = s:ongoing('CableCheck', 'V2G_SECC_CableCheck_Performance_Time')
    local isolation = finished and s.p.isolation or 'Invalid'
    dc.set_status(s, 'CableCheckRes', nil,
        not finished and 'EVSE_IsolationMonitoringActive' or nil, isolation)
    s.role.Set_CableCheckRes_EVSEProcessing(finished and 'Finished' or 'Ongoing')
    if not finished then
        return nil, 'Ongoing'
    end
    if isolation == 'Fault' or isolation == 'Invalid' then
        dc.set_status(s, 'CableCheckRes', nil, 'EVSE_Malfunction', isolation)
        return 'FAILED', 'Finished'
    end
    return late, 'Finished'
end

function answers.PreChargeReq(s)
    local voltage = s:charge_up(s.role.Get_PreChargeReq_EVTargetVoltage(), PRECHARGE)
    dc.set_status(s, 'PreChargeRes', nil, nil, s.p.isolation)
    s.role.Set_PreChargeRes_EVSEPresentVoltage(voltage)
    if s.pre_charged or Now() - s.pre_charge < Timer(s.protocol, PRECHARGE) then
        return nil
    end
    s.role.Measured(s.protocol, PRECHARGE, nil, Now() - s.pre_charge)
    return 'FAILED'
end

function answers.CurrentDemandReq(s)
    local o, p, role = s.output, s.p, s.role
    local seconds = s:advance()
    local wish = s:wish()
    o:advance(seconds)
    if wish == 'shutdown' then
        o:open()
    else
        -- neither protocol feeds back
        o:ask(role.Get_CurrentDemandReq_EVTargetVoltage(),
            math.max(0, role.Get_CurrentDemandReq_EVTargetCurrent()),
            role.Get_CurrentDemandReq_EVMaximumPowerLimit())
        if s.loops == 1 then
            o:advance(0.1)
        end
    end
    if wish or not s.wants_nothing then -- else the last one has said so
        dc.set_status(s, 'CurrentDemandRes', wish, nil, p.isolation)
        s.wants_nothing = not wish
    end
    role.Set_CurrentDemandRes_EVSEPresentVoltage(o.voltage)
    role.Set_CurrentDemandRes_EVSEPresentCurrent(o.current)
    role.Set_CurrentDemandRes_EVSECurrentLimitAchieved(o.current_limited == true)
    role.Set_CurrentDemandRes_EVSEVoltageLimitAchieved(o.voltage_limited == true)
    role.Set_CurrentDemandRes_EVSEPowerLimitAchieved(o.power_limited == true)
    if s.loops == 1 then
        role.Set_CurrentDemandRes_EVSEMaximumVoltageLimit(p.dc.max_voltage)
        role.Set_CurrentDemandRes_EVSEMaximumCurrentLimit(p.dc.max_current)
        role.Set_CurrentDemandRes_EVSEMaximumPowerLimit(p.dc.max_power)
    end
    return nil, nil, wish
end

function answers.WeldingDetectionReq(s)
    local o = s.output
    o:ask_voltage(0)
    o:advance(s:advance() + 0.2)
    dc.set_status(s, 'WeldingDetectionRes', nil, 'EVSE_NotReady')
    s.role.Set_WeldingDetectionRes_EVSEPresentVoltage(o.voltage)
end

-- What the vehicle can take must be possible, and suit what the station can give [V2G2-477]
-- [V2G-DC-398]: the response code where it does not.
function dc.check_request(s)
    local d, path = s.p.dc, 'Get_ChargeParameterDiscoveryReq_DC_EVChargeParameter'
    local wrong = not s.role[path .. 'Specified']()
        or s.role[path .. '_EVMaximumVoltageLimit']() < d.min_voltage
        or s.role[path .. '_EVMaximumCurrentLimit']() < d.min_current
    for _, element in ipairs { 'EVMaximumPowerLimit', 'EVEnergyCapacity', 'EVEnergyRequest' } do
        wrong = wrong or s.role[path .. '_' .. element .. 'Specified']()
            and s.role[path .. '_' .. element]() < 0
    end
    return wrong and 'FAILED_WrongChargeParameter' or nil
end

-- The station's limits in ChargeParameterDiscoveryRes.
function dc.set_limits(s)
    local d = s.p.dc
    local function set(path, value)
        common.set(s.role, 'ChargeParameterDiscoveryRes', 'DC_EVSEChargeParameter_' .. path, value)
    end
    set('EVSEMaximumCurrentLimit', d.max_current)
    set('EVSEMaximumPowerLimit', d.max_power)
    set('EVSEMaximumVoltageLimit', d.max_voltage)
    set('EVSEMinimumCurrentLimit', d.min_current)
    set('EVSEMinimumVoltageLimit', d.min_voltage)
    set('EVSEPeakCurrentRipple', d.ripple)
    set('EVSECurrentRegulationTolerance', d.tolerance)
    set('DC_EVSEStatus_EVSEStatusCode', 'EVSE_Ready')
    set('DC_EVSEStatus_EVSENotification', 'None')
end

return dc
