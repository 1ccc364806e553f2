-- SPDX-License-Identifier: Apache-2.0
-- What a station asks of vehicles that serve the grid in ISO 15118-20 (AC-DER), and the grid that
-- hangs behind it.

local common = require 'v2g.common'
local der = require 'v2g.der'
local der_check = require 'v2g.der_check'
local wire = require 'v2g.wire'

local station = {}

local REACTIVE <const> = 5000 -- var, either way
local RESPONSE <const> = 'AC_ChargeParameterDiscoveryRes'
local PATH <const> = 'DER_AC_CPDResEnergyTransferMode_'

-- Adds what service 10 has besides; of service 11 no public source says what it has.
function station.add_parameters(s, service, list)
    if service.der == 'iec' then
        list[#list + 1] = { Name = 'DERControlFunctions', intValue = der.bits(s.p.grid_functions) }
    end
    return list
end

-- supported: SupportedModes of the vehicle, beyond which nothing is enabled.
local function set_sae(set, s, supported)
    local grid = s.p.grid
    s.supported = supported
    set('EVSEProcessing', 'Finished')
    set('GridLimits_GridNominalVoltage', grid.voltage)
    set('GridLimits_GridNominalFrequency', grid.frequency)
    set('GridLimits_GridMaximumVoltage', grid.voltage * 1.1)
    set('GridLimits_GridMinimumVoltage', grid.voltage * 0.88)
    s.control_told = der.only(der.sae(grid, REACTIVE, s.p.enter_service), supported)
    set('DERControlCPDRes', s.control_told)
    set('EVSEUpdateTime', math.floor(Now() / 1000))
    s.told = {}
    for _, row in ipairs(der.TOLD_AGAIN) do
        local name, what = row[1], row[2]
        set(name, grid[what])
        s.told[name] = grid[what]
    end
end

-- Sets what the response says besides: nil, or 'Ongoing', as long as the vehicle has not taken it
-- over [V2G20-3150] [V2G20-3151].
function station.discover(s, charge, discharge)
    local function set(name, value)
        common.set(s.role, RESPONSE, PATH .. name, value)
    end
    local function asked(name)
        return s.role['Get_AC_ChargeParameterDiscoveryReq_DER_AC_CPDReqEnergyTransferMode'
            .. (name and '_' .. name or '')]()
    end
    set('EVSENominalFrequency', s.p.grid.frequency)
    set('EVSENominalChargePower', charge) -- not beyond the highest [V2G20-3228] [V2G20-3229]
    set('EVSENominalDischargePower', -discharge)
    set('EVSEMaximumDischargePower', -discharge)
    if s.transfer.der == 'iec' then
        set('EVOperatingMode', s.p.grid.operating_mode)
        set('GridConnectionMode', s.p.grid.connection)
        set('DERControl', der.control(s.p.grid_functions))
    else
        set_sae(set, s, asked 'SupportedModes')
    end
    for _, wrong in ipairs(der_check.signs(asked())) do
        common.remark(s, wrong .. '; it is taken without its sign')
    end
    local said = asked 'EVProcessing'
    return said ~= 'Finished' and 'Ongoing' or nil
end

-- The grid as it is after so many responses, and whether the vehicle may serve it.
local function grid_now(s)
    local now = { permit_service = s.p.permit_service }
    for key, value in pairs(s.p.grid) do
        now[key] = value
    end
    for _, event in ipairs(s.p.grid.events) do
        for key, value in pairs(s.loops >= event.after and event or {}) do
            now[key] = value
        end
    end
    return now
end

-- What a vehicle of this program feels of the grid.
local function put_on_cable(s, now)
    local before = s.grid or {}
    for _, what in ipairs { 'voltage', 'frequency' } do
        if before[what] ~= now[what] then
            wire.put(s.id, what, now[what])
        end
    end
    if s.grid and (before.voltage ~= now.voltage or before.frequency ~= now.frequency) then
        Log(('the grid has %.1f V and %.2f Hz'):format(now.voltage, now.frequency))
    end
    s.grid = now
end

-- What the vehicle says in the charge loop by SAE rules: it repeats what was enabled, and without
-- permission it serves no grid [V2G20-3366]. get(name): of the request's element, or nil.
local function check_sae(s, get)
    local enabled, wanted = get 'EnabledModes', der.modes(s.control_told)
    local off = (enabled ~ wanted) & der.COMPARED
    for _, name in ipairs(der.mode_names(off & wanted)) do
        common.remark(s, ('EnabledModes lacks %s, which is enabled'):format(name))
    end
    for _, name in ipairs(der.mode_names(off & enabled)) do
        common.remark(s, ('EnabledModes has %s, which is not enabled'):format(name))
    end
    local serves = get 'DEROperationalState' == 'On' or get 'DERConnectionStatus' == 'Connected'
        or get 'EVPresentActivePower' < 0
    if s.permitted == false and serves then
        common.remark(s, 'the vehicle serves the grid, for which it has no permission any more [V2G20-3366]')
    end
end

-- What the vehicle says in the charge loop. m: the loop's elements.
local function check_request(s, m)
    local function get(name)
        local has = name:find '^DER' == nil or s.control == 'Dynamic' -- of dynamic control mode
        return has and s.role[m.request[name]]() or nil
    end
    local most = s.role[m.request.EVMaximumDischargePowerSpecified]()
        and get 'EVMaximumDischargePower' or nil
    for _, wrong in ipairs(der_check.signs { EVMaximumDischargePower = most }) do
        common.remark(s, wrong .. '; it is taken without its sign')
    end
    if s.transfer.der == 'sae' then
        check_sae(s, get)
    end
end

-- By SAE rules: service is permitted to no vehicle that has not declared EnterService.
local function set_permission(s, m, wanted)
    local enter = s.control_told.EnterServiceCPDRes
    enter.PermitService = wanted
    der.only(s.control_told, s.supported)
    s.permitted = enter.PermitService
    s.role[m.response .. '_DERControlCLRes_EnterServiceCLRes_PermitService'](s.permitted)
end

-- Sets what a charge-loop response says besides, and tells what has become of the grid.
function station.answer(s, m, charge, discharge)
    check_request(s, m)
    local now = grid_now(s)
    put_on_cable(s, now)
    s.role[m.response .. '_EVSEMaximumChargePower'](charge)
    s.role[m.response .. '_EVSEMaximumDischargePower'](-discharge)
    if s.transfer.der == 'iec' then
        return
    end
    set_permission(s, m, now.permit_service)
    for _, row in ipairs(der.TOLD_AGAIN) do
        local name, what = row[1], row[2]
        local has_changed = now[what] ~= s.told[name]
        s.role[m.response .. '_' .. name .. 'Specified'](has_changed)
        if has_changed then
            s.role[m.response .. '_' .. name](now[what])
            s.told[name] = now[what]
        end
    end
end

return station
