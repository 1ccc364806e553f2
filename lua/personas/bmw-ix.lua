-- SPDX-License-Identifier: Apache-2.0
-- BMW iX of 2024. Sure: compared with a capture (DIN 70121). The one of 2022 is bmw-ix-2022.
-- At some stations it takes 740 to 810 ms from the SDP response to the connection. Where SOC is too
-- close to the target it resets the connection in CableCheck
-- (--set leave_at=CableCheck --set leave=reset).

local habits = require 'v2g.habits'

return {
    role = 'ev',
    about = 'BMW iX of 2024',
    sure = 'compared with a capture',
    slac = habits.slac,
    protocols = { { 'DIN70121', priority = 1, schema = 1 } },
    evcc_id = 'EC65CCCB4CA0',
    gaps = {
        default = 61, ['SDP>TCP'] = 70, ['TCP>AppProtocol'] = 19,
        SessionSetup = 58,
        Authorization = 61, WeldingDetection = 61,
        ['Authorization>Authorization'] = 565, ChargeParameterDiscovery = 98,
        CableCheck = 260, ['CableCheck>CableCheck'] = 261,
        PreCharge = 61, ['PreCharge>PreCharge'] = 261, ['PreCharge>PowerDelivery'] = 285,
        ['PowerDelivery>CurrentDemand'] = 61, CurrentDemand = 362,
        ['CurrentDemand>PowerDelivery'] = 78, ['Stop>PowerDelivery'] = 78,
        ['PowerDelivery>WeldingDetection'] = 215, ['WeldingDetection>WeldingDetection'] = 261,
        ['SessionStop>Close'] = 21,
    },
    welding = { 6, 6 },
    close = 'reset',
    battery = { capacity = 105000, soc = 86, bulk = 80, max_voltage = 399, full_voltage = 397,
                max_current = 500, max_power = 250000 },
    precharge_current = 1,
    values = habits.conditioning {
        ChargeParameterDiscoveryReq = {
            DC_EVChargeParameter_EVEnergyCapacitySpecified = false,
            DC_EVChargeParameter_EVEnergyRequestSpecified = false,
        },
        ServiceDiscoveryReq = { ServiceCategory = 'EVCharging' },
        PowerDeliveryReq = { DC_EVPowerDeliveryParameter_BulkChargingComplete = true },
        CurrentDemandReq = { BulkChargingComplete = true }, -- from the start
    },
    before = {
        CurrentDemandReq = function(m) habits.in_steps(m, 120) end,
    },
}
