-- SPDX-License-Identifier: Apache-2.0
-- Hyundai Kona, the first series. Sure: medians of recorded sessions, with slow stations; none of
-- the captures at hand is of it. It bears 55 s of CableCheck and responses after 0.56 s.

return {
    role = 'ev',
    about = 'Hyundai Kona of 2017',
    sure = 'recorded sessions',
    slac = require('v2g.habits').slac,
    protocols = { { 'DIN70121', priority = 1, schema = 1 } },
    gaps = {
        default = 265, ['SDP>TCP'] = 580, ['TCP>AppProtocol'] = 260,
        Authorization = 265, CurrentDemand = 265,
        ['Authorization>Authorization'] = 90,
        CableCheck = 1523, ['CableCheck>CableCheck'] = 90,
        PreCharge = 275, ['PreCharge>PreCharge'] = 92, ['PreCharge>PowerDelivery'] = 255,
        ['PowerDelivery>CurrentDemand'] = 371, ['CurrentDemand>CurrentDemand'] = 90,
        ['PowerDelivery>SessionStop'] = 58, ['SessionStop>Close'] = 106,
    },
    patience = { CurrentDemand = 600 },
    ongoing = { CableCheck = 60000 },
    welding = { 0, 0 },
    battery = { capacity = 64000, max_voltage = 412, max_current = 200, max_power = 77000 },
    values = { CurrentDemandReq = { RemainingTimeToBulkSoC = 0 } },
}
