-- SPDX-License-Identifier: Apache-2.0
-- The VW id.4 with firmware 2.3 (2021, 2022). Sure: compared with two captures of DC sessions, one
-- that charges and one where the station takes contracts only.
-- Its source port is 49152 in each session, so that the station may acknowledge old data of the one
-- before (the car resets, and tries again after 200 ms); where the system has just used that port
-- to the same place another one is taken. In AC it sends the battery's limits (413 V, 350 A).

local habits = require 'v2g.habits'

return {
    role = 'ev',
    about = 'VW id.4 with firmware 2.3',
    sure = 'compared with two captures',
    slac = habits.slac,
    protocols = { { 'DIN70121', priority = 1, schema = 1 },
                  { 'ISO15118-2', priority = 2, schema = 0 } },
    source_port = 49152,
    probe = { port = 60918, after = 'PaymentServiceSelection', first = 20, every = 1000,
              protocol = 'ISO15118-2' },
    evcc_id = string.format('007DFA%06X', math.random(0, 0xFFFFFF)),
    gaps = {
        default = 121, ['SDP>TCP'] = 50, ['TCP>AppProtocol'] = 60,
        CurrentDemand = 121, WeldingDetection = 121,
        SessionSetup = 57, ServiceDiscovery = 110, PaymentServiceSelection = 81,
        Authorization = 80, ['Authorization>Authorization'] = 121, ChargeParameterDiscovery = 103,
        CableCheck = 740, ['CableCheck>CableCheck'] = 121,
        PreCharge = 61, ['PreCharge>PreCharge'] = 121,
        ['PreCharge>PowerDelivery'] = 31, ['PowerDelivery>CurrentDemand'] = 111,
        ['CurrentDemand>PowerDelivery'] = 28, ['Stop>PowerDelivery'] = 28,
        ['PowerDelivery>WeldingDetection'] = 730, ['WeldingDetection>SessionStop'] = 65,
        ['ChargeParameterDiscovery>PowerDelivery'] = 82, ['PowerDelivery>ChargingStatus'] = 758,
        ChargingStatus = 122, ['PowerDelivery>SessionStop'] = 570,
        ['Failed>SessionStop'] = 31, ['SessionStop>Close'] = { 87, 112 },
    },
    unsuited = { 'ignore' }, -- selects external payment where only contracts are taken
    after_stop_request = 2,
    welding = { 1, 1 },
    close = 'fin',
    battery = { capacity = 77000, max_voltage = 413, full_voltage = 410, max_current = 350,
                max_power = 125000 },
    ac = { voltage = 413, max_current = 350, min_current = 1.5, phases = 3 },
    energy = 500, -- always
    max_schedules = 192,
    values = {
        ChargeParameterDiscoveryReq = {
            DC_EVChargeParameter_EVMaximumVoltageLimit_UnitSpecified = habits.no_unit, -- DIN 70121
            DC_EVChargeParameter_EVMaximumCurrentLimit_UnitSpecified = habits.no_unit,
        },
        PreChargeReq = {
            EVTargetVoltage_UnitSpecified = habits.no_unit,
            EVTargetCurrent_UnitSpecified = habits.no_unit,
        },
        CurrentDemandReq = {
            EVMaximumPowerLimitSpecified = false,
            BulkChargingCompleteSpecified = false,
            EVTargetVoltage_UnitSpecified = habits.no_unit,
            EVTargetCurrent_UnitSpecified = habits.no_unit,
        },
    },
    before = {
        CurrentDemandReq = habits.remaining_of_vw,
        ChargeParameterDiscoveryReq = function(m, ev)
            local p = m.DC_EVChargeParameter
            if p then
                if ev.protocol == 'ISO15118-2' then p.DepartureTime = 0 end
                p.EVMaximumPowerLimit, p.EVEnergyCapacity, p.FullSOC, p.BulkSOC = nil, nil, nil, nil
            end
        end,
        PowerDeliveryReq = function(m, ev)
            local p = habits.power_delivery(m, ev)
            if p then p.BulkChargingComplete = nil end
        end,
        PreChargeReq = function(m, ev) -- the first of them
            if ev.last ~= 'PreCharge' then
                m.EVTargetVoltage = 200
                m.EVTargetCurrent = 0
            end
        end,
    },
}
