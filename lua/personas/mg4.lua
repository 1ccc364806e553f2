-- SPDX-License-Identifier: Apache-2.0
-- MG4 Electric. Sure: compared with four sessions of three captures (DIN 70121, ISO 15118-2 AC and
-- DC). All its times lie on a grid of 50 ms. At an AC station it falls silent after Authorization.
-- It leaves the closing to the station.

local habits = require 'v2g.habits'

return {
    role = 'ev',
    about = 'MG4 Electric',
    sure = 'compared with three captures',
    slac = habits.slac,
    protocols = { { 'DIN70121', priority = 1, schema = 2 },
                  { 'ISO15118-2', priority = 2, schema = 10 } },
    evcc_id = 'FCA47A14A391',
    gaps = {
        default = 351, ['SDP>TCP'] = { 106, 257 }, ['TCP>AppProtocol'] = 8,
        SessionSetup = 446, ChargeParameterDiscovery = { 750, 950 }, CableCheck = 450,
        ['CableCheck>CableCheck'] = 351, PreCharge = 351, ['PreCharge>PowerDelivery'] = 851,
        CurrentDemand = 351, WeldingDetection = 350, Authorization = 351, ChargingStatus = 351,
    },
    patience = { CurrentDemand = 2550 },
    on_timeout = 'resend', resends = 1,
    welding = { 4, 4 },
    close = 'none',
    unsuited = { 'silent', 'ChargeParameterDiscovery' },
    battery = { capacity = 51000, soc = 64, empty_voltage = 320, full_voltage = 380,
                max_voltage = 382.7, max_current = 267.3, max_power = 88000 },
    precharge_current = 1.8,
    max_schedules = 5,
    values = {
        CurrentDemandReq = {
            EVMaximumVoltageLimit_UnitSpecified = habits.no_unit, -- DIN 70121
            BulkChargingCompleteSpecified = false, RemainingTimeToBulkSoCSpecified = false,
            RemainingTimeToFullSoCSpecified = false,
        },
    },
    before = {
        PowerDeliveryReq = function(m, ev)
            habits.profile(m, ev, nil)
            local p = habits.power_delivery(m, ev)
            if p then p.BulkChargingComplete = nil end
        end,
        ServiceDiscoveryReq = function(m, ev)
            if ev.protocol == 'ISO15118-2' then m.ServiceCategory = 'EVCharging' end
        end,
        CurrentDemandReq = function(m, ev)
            if ev.protocol == 'ISO15118-2' then
                m.EVMaximumPowerLimit = 0
            else
                m.EVMaximumCurrentLimit, m.EVMaximumPowerLimit = nil, nil
            end
        end,
        ChargeParameterDiscoveryReq = function(m, ev)
            local p = m.DC_EVChargeParameter
            if not p then
                return
            end
            if ev.protocol == 'ISO15118-2' then
                p.DepartureTime = 10800
                p.EVMaximumPowerLimit, p.EVEnergyRequest, p.FullSOC, p.BulkSOC = 0, 0, 0, 0
            else
                p.EVMaximumPowerLimit, p.EVEnergyRequest, p.EVEnergyCapacity = nil, nil, nil
                p.FullSOC, p.BulkSOC = nil, nil
            end
        end,
    },
}
