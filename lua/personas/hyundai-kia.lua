-- SPDX-License-Identifier: Apache-2.0
-- Hyundai/Kia with 800 V: Ioniq 5, EV6. Sure: medians of recorded sessions; DIN 70121 compared
-- with a capture of an Ioniq 5. The EV6's battery ends at 825.6 V.

local habits = require 'v2g.habits'

-- A time that is another in ISO 15118-2.
local function or_in_2(din, iso)
    return function(ev) return ev.protocol == 'DIN70121' and din or iso end
end

return {
    role = 'ev',
    about = 'Hyundai Ioniq 5, Kia EV6',
    sure = 'recorded sessions; DIN 70121 compared with a capture',
    slac = habits.slac,
    protocols = { { 'DIN70121', priority = 1, schema = 1 },
                  { 'ISO15118-2', priority = 2, schema = 2 } },
    session_id = '0000000000000000',
    evcc_id = '9012A10140B3',
    gaps = {
        default = 251, ['SDP>TCP'] = 280, ['TCP>AppProtocol'] = 240,
        Authorization = 251, CurrentDemand = 251, PreCharge = 251,
        WeldingDetection = 251,
        SessionSetup = 76, ServiceDiscovery = or_in_2(251, 340),
        ['Authorization>Authorization'] = 85,
        CableCheck = 710, ['CableCheck>CableCheck'] = or_in_2(81, 252), -- of the Ioniq
        ['PreCharge>PreCharge'] = 81, ['CurrentDemand>CurrentDemand'] = 81,
        ['CurrentDemand>PowerDelivery'] = 281,
        ['PowerDelivery>WeldingDetection'] = 390, ['WeldingDetection>WeldingDetection'] = 81,
        ['WeldingDetection>SessionStop'] = 1325,
        ['ServiceDiscovery>SessionStop'] = 2460, ['SessionStop>Close'] = 41,
    },
    welding = { 8, 12 },
    unsuited = { 'stop' },
    battery = { capacity = 72600, soc = 36, empty_voltage = 600, full_voltage = 772,
                max_voltage = 774, max_current = 310, max_power = 240000 },
    target_voltage = 774, -- the maximum, from the start
    precharge_current = 1,
    max_schedules = 12,
    values = habits.conditioning {
        ServiceDiscoveryReq = { ServiceCategory = 'EVCharging' },
        ChargeParameterDiscoveryReq = {
            DC_EVChargeParameter_EVMaximumPowerLimitSpecified = false,
            DC_EVChargeParameter_EVEnergyCapacitySpecified = false,
            DC_EVChargeParameter_EVEnergyRequestSpecified = false,
        },
        CurrentDemandReq = { EVMaximumPowerLimitSpecified = false },
    },
    before = {
        PowerDeliveryReq = function(m, ev)
            local p = habits.is_stop(m, ev) and habits.power_delivery(m, ev)
            if p then p.DC_EVStatus.EVReady = false end
        end,
    },
}
