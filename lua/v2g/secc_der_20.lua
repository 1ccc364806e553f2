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

-- supported: SupportedModes of the vehicle, beyond which nothing is enabled.
local function set_sae(set, s, supported)
    local grid = s.p.grid
    set('EVSEProcessing', 'Finished')
    set('GridLimits_GridNominalVoltage', grid.voltage)
    set('GridLimits_GridNominalFrequency', grid.frequency)
    set('GridLimits_GridMaximumVoltage', grid.voltage * 1.1)
    set('GridLimits_GridMinimumVoltage', grid.voltage * 0.88)
    set('DERControlCPDRes', der.only(der.sae(grid, REACTIVE), supported))
    set('EVSEUpdateTime', math.floor(Now() / 1000))
end

-- Sets what the response says besides: nil, or 'Ongoing', as long as the vehicle has not taken it
-- over [V2G20-3150] [V2G20-3151].
function station.discover(s, charge, discharge)
    local function set(name, value)
        common.set(s.role, RESPONSE, PATH .. name, value)
    end
    local function asked(name)
        return s.role['Get_AC_ChargeParameterDiscoveryReq_DER_AC_CPDReqEnergyTransferMode_' .. name]()
    end
    set('EVSENominalFrequency', s.p.grid.frequency)
    set('EVSENominalChargePower', charge) -- not beyond the highest [V2G20-3228] [V2G20-3229]
    set('EVSENominalDischargePower', discharge)
    if s.transfer.der == 'iec' then
        set('DERControl', der.control(s.p.grid_functions))
    else
        set_sae(set, s, asked 'SupportedModes')
    end
    local said = asked 'EVProcessing'
    return said ~= 'Finished' and 'Ongoing' or nil
end

-- The grid as it is after so many responses.
local function grid_now(s)
    local now = { voltage = s.p.grid.voltage, frequency = s.p.grid.frequency }
    for _, event in ipairs(s.p.grid.events) do
        if s.loops >= event.after then
            now.voltage, now.frequency = event.voltage or now.voltage, event.frequency or now.frequency
        end
    end
    return now
end

-- Sets what a charge-loop response says besides, and tells what has become of the grid.
function station.answer(s, m, charge, discharge)
    local now = grid_now(s)
    for what, value in pairs(now) do
        if not s.grid or s.grid[what] ~= value then
            wire.put(s.id, what, value)
        end
    end
    if s.grid and (s.grid.voltage ~= now.voltage or s.grid.frequency ~= now.frequency) then
        Log(('the grid has %.1f V and %.2f Hz'):format(now.voltage, now.frequency))
    end
    s.grid = now
    s.role[m.response .. '_EVSEMaximumChargePower'](charge)
    s.role[m.response .. '_EVSEMaximumDischargePower'](discharge)
    if s.transfer.der == 'sae' then
        s.role[m.response .. '_DERControlCLRes_EnterServiceCLRes_PermitService'](s.p.permit_service)
    end
end

return station
