-- SPDX-License-Identifier: Apache-2.0
-- Porsche Taycan (800 V). Sure: medians of recorded sessions; AC compared with a capture of a 4S.

local habits = require 'v2g.habits'

return {
    role = 'ev',
    about = 'Porsche Taycan',
    sure = 'recorded sessions; AC compared with a capture',
    slac = habits.slac,
    protocols = { { 'DIN70121', priority = 2, schema = 1 },
                  { 'ISO15118-2', priority = 1, schema = 0 } },
    evcc_id = '001887001C11',
    gaps = {
        default = 41, ['SDP>TCP'] = 48, ['TCP>AppProtocol'] = 29,
        SessionSetup = 40, Authorization = 48, ['Authorization>Authorization'] = 114,
        ChargeParameterDiscovery = 38,
        CableCheck = 1700, ['CableCheck>CableCheck'] = 118,
        PreCharge = 191, ['PreCharge>PreCharge'] = 114, ['PreCharge>PowerDelivery'] = 46,
        ['PowerDelivery>CurrentDemand'] = 41, CurrentDemand = 121,
        WeldingDetection = 119, ['WeldingDetection>SessionStop'] = 70,
        ['ChargeParameterDiscovery>PowerDelivery'] = 1520, ['PowerDelivery>ChargingStatus'] = 2300,
        ChargingStatus = 112, ['ChargingStatus>PowerDelivery'] = 102,
        ['PowerDelivery>SessionStop'] = 531, ['SessionStop>Close'] = 41,
    },
    welding = { 2, 2 },
    close = 'reset',
    battery = { capacity = 93000, empty_voltage = 610, full_voltage = 835, max_voltage = 850,
                max_current = 340, max_power = 270000 },
    ac = { voltage = 260, max_current = 20, min_current = 2, phases = 3 },
    max_schedules = 29,
    before = {
        ChargeParameterDiscoveryReq = function(m)
            if m.DC_EVChargeParameter then m.DC_EVChargeParameter.DC_EVStatus.EVReady = true end
        end,
        PowerDeliveryReq = function(m, ev) -- a profile of three entries, the last without power
            habits.profile(m, ev, { { 0, 11040 }, { 11911, 6947 }, { 12860, 0 } })
        end,
    },
}
