-- SPDX-License-Identifier: Apache-2.0
-- The ways of ISO 15118-20 for tester.lua: 'ac20', 'dc20', each with ' bpt', ' dynamic' or both
-- behind it. A step is a message's name; PreCharging is DC_PreCharge with EVProcessing Ongoing
-- until the voltage is there, DC_PreCharge itself says Finished.

local ways = {}

local SERVICES <const> = { ac20 = 1, dc20 = 2, ['ac20 bpt'] = 5, ['dc20 bpt'] = 6 }
local VOLTAGE <const> = 400

local function limits(mode, bpt)
    local t = { EVMaximumChargePower = 11000, EVMinimumChargePower = 0 }
    if mode == 'DC' then
        t.EVMaximumChargeCurrent, t.EVMinimumChargeCurrent = 200, 0
        t.EVMaximumVoltage, t.EVMinimumVoltage = 450, 200
        t.EVMaximumChargePower = 90000
    end
    if bpt then
        t.EVMaximumDischargePower, t.EVMinimumDischargePower = 11000, 0
    end
    if bpt and mode == 'DC' then
        t.EVMaximumDischargeCurrent, t.EVMinimumDischargeCurrent = 30, 0
    end
    return t
end

-- What the vehicle says in the loop: 50 A, or all that the station gives.
local function loop(mode, bpt, control)
    local key = ('%s%s_%s_CLReqControlMode'):format(bpt and 'BPT_' or '', control, mode)
    local t = {}
    if control == 'Scheduled' then
        t = mode == 'DC' and { EVTargetCurrent = 50, EVTargetVoltage = VOLTAGE + 20 }
            or { EVPresentActivePower = 9000 }
    else
        t.EVMaximumChargePower, t.EVMinimumChargePower = 9000, 0
        t.EVTargetEnergyRequest, t.EVMaximumEnergyRequest, t.EVMinimumEnergyRequest = 9000, 20000, 0
        if mode == 'DC' then
            t.EVMaximumChargeCurrent, t.EVMaximumVoltage, t.EVMinimumVoltage = 50, 450, 200
        else
            t.EVPresentActivePower, t.EVPresentReactivePower = 9000, 0
        end
    end
    if bpt and control == 'Dynamic' then
        t.EVMaximumDischargePower, t.EVMinimumDischargePower = 9000, 0
        t.EVMaximumDischargeCurrent = mode == 'DC' and 30 or nil
    end
    return { [key] = t, MeterInfoRequested = true }
end

local function profile(control)
    local entries = { EVPowerProfileEntry = { { Duration = 3600, Power = 9000 } } }
    return { TimeAnchor = math.floor(Now() / 1000), EVPowerProfileEntries = entries,
             Scheduled_EVPPTControlMode = control == 'Scheduled' and { SelectedScheduleTupleID = 1 } or nil,
             Dynamic_EVPPTControlMode = control == 'Dynamic' and {} or nil }
end

local function deliver(progress, control)
    return { EVProcessing = 'Finished', ChargeProgress = progress,
             EVPowerProfile = control and profile(control) or nil }
end

local function needs(control)
    return { [control .. '_SEReqControlMode'] = control == 'Scheduled' and {}
        or { DepartureTime = 7200, EVTargetEnergyRequest = 20000, EVMaximumEnergyRequest = 30000,
             EVMinimumEnergyRequest = 5000 }, MaximumSupportingPoints = 1024 }
end

local function way_of(mode, bpt, control, service)
    local discovery = ('%s%s_CPDReqEnergyTransferMode'):format(bpt and 'BPT_' or '', mode)
    local way = {
        { 'SessionSetup' }, { 'AuthorizationSetup' },
        { 'Authorization', { SelectedAuthorizationService = 'EIM', EIM_AReqAuthorizationMode = {} } },
        { 'ServiceDiscovery' }, { 'ServiceDetail', { ServiceID = service } },
        { 'ServiceSelection', { SelectedEnergyTransferService = { ServiceID = service,
            ParameterSetID = control == 'Dynamic' and 2 or 1 } } },
        { mode .. '_ChargeParameterDiscovery', { [discovery] = limits(mode, bpt) } },
        { 'ScheduleExchange', needs(control) },
    }
    local function add(...)
        for _, step in ipairs { ... } do
            way[#way + 1] = step
        end
    end
    if mode == 'DC' then
        add({ 'DC_CableCheck' }, { 'PreCharging', { EVProcessing = 'Ongoing', EVTargetVoltage = VOLTAGE,
            EVPresentVoltage = 0 } }, { 'DC_PreCharge', { EVProcessing = 'Finished',
            EVTargetVoltage = VOLTAGE, EVPresentVoltage = VOLTAGE } })
    end
    add({ 'Start', deliver('Start', control) }, { mode .. '_ChargeLoop', loop(mode, bpt, control) },
        { 'Stop', deliver('Stop') })
    if mode == 'DC' then
        add { 'DC_WeldingDetection', { EVProcessing = 'Finished' } }
    end
    -- not on the way: for cases alone
    add({ 'SessionStop', { ChargingSession = 'Terminate' } }, { 'Standby', deliver('Standby') },
        { 'Renegotiate', deliver('ScheduleRenegotiation') })
    return way
end

for name, service in pairs(SERVICES) do
    local mode, bpt = name:sub(1, 2):upper(), name:find('bpt') ~= nil
    ways[name] = way_of(mode, bpt, 'Scheduled', service)
    ways[name .. ' dynamic'] = way_of(mode, bpt, 'Dynamic', service)
end

return ways
