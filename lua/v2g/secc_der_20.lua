-- SPDX-License-Identifier: Apache-2.0
-- What a station asks of vehicles that serve the grid in ISO 15118-20 (AC-DER), and the grid that
-- hangs behind it.

local common = require 'v2g.common'
local der = require 'v2g.der'
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

-- By SAE rules: what of the grid is said again once it has changed, and then alone [V2G20-3358]
-- [V2G20-3359] [V2G20-3360] [V2G20-3361].
local TOLD_AGAIN <const> = { RequiredDEROperatingMode = 'operating_mode',
                             GridConnectionMode = 'connection' }

-- supported: SupportedModes of the vehicle, beyond which nothing is enabled.
local function set_sae(set, s, supported)
    local grid = s.p.grid
    set('EVSEProcessing', 'Finished')
    set('GridLimits_GridNominalVoltage', grid.voltage)
    set('GridLimits_GridNominalFrequency', grid.frequency)
    set('GridLimits_GridMaximumVoltage', grid.voltage * 1.1)
    set('GridLimits_GridMinimumVoltage', grid.voltage * 0.88)
    set('DERControlCPDRes', der.only(der.sae(grid, REACTIVE, s.p.enter_service), supported))
    set('EVSEUpdateTime', math.floor(Now() / 1000))
    s.told = {}
    for name, what in pairs(TOLD_AGAIN) do
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
    for _, wrong in ipairs(der.wrong_signs(asked())) do
        Log(wrong .. ' [V2G20-1204]; it is taken without its sign')
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

-- Sets what a charge-loop response says besides, and tells what has become of the grid.
function station.answer(s, m, charge, discharge)
    local now = grid_now(s)
    put_on_cable(s, now)
    s.role[m.response .. '_EVSEMaximumChargePower'](charge)
    s.role[m.response .. '_EVSEMaximumDischargePower'](-discharge)
    if s.transfer.der == 'iec' then
        return
    end
    s.role[m.response .. '_DERControlCLRes_EnterServiceCLRes_PermitService'](now.permit_service)
    for name, what in pairs(TOLD_AGAIN) do
        local has_changed = now[what] ~= s.told[name]
        s.role[m.response .. '_' .. name .. 'Specified'](has_changed)
        if has_changed then
            s.role[m.response .. '_' .. name](now[what])
            s.told[name] = now[what]
        end
    end
end

return station
