-- SPDX-License-Identifier: Apache-2.0
-- Renault Zoe (Z50) with CCS. Sure: medians of recorded sessions; none of the captures at hand is
-- of it. It sends four WeldingDetectionReqs or more.

return {
    role = 'ev',
    about = 'Renault Zoe Z50',
    sure = 'recorded sessions',
    slac = require('v2g.habits').slac,
    protocols = { { 'DIN70121', priority = 1, schema = 0 },
                  { 'ISO15118-2', priority = 2, schema = 1 } },
    gaps = {
        default = 81, ['SDP>TCP'] = 119, ['TCP>AppProtocol'] = 60,
        Authorization = 81,
        ['Authorization>Authorization'] = 581, ChargeParameterDiscovery = 261,
        CableCheck = 400, ['CableCheck>CableCheck'] = 281,
        PreCharge = 221, ['PreCharge>PreCharge'] = 81,
        CurrentDemand = 261, ['CurrentDemand>CurrentDemand'] = 181,
        ['CurrentDemand>PowerDelivery'] = 240, ['Stop>PowerDelivery'] = 240,
        ['PowerDelivery>WeldingDetection'] = 420, WeldingDetection = 281,
        ['WeldingDetection>SessionStop'] = 81, ['Failed>SessionStop'] = 201,
        ['SessionStop>Close'] = 81,
    },
    welding = { 4, 20 },
    battery = { capacity = 52000, max_voltage = 420, max_current = 125, max_power = 46000 },
}
