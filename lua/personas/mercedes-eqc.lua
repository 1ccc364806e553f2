-- SPDX-License-Identifier: Apache-2.0
-- Mercedes-Benz EQC. Sure: medians of recorded sessions; none of the captures at hand is of it.
-- Where it is refused it tries SDP and TCP again within 12 ms; how often is not known.

local present -- V, of the last CurrentDemandRes

return {
    role = 'ev',
    about = 'Mercedes-Benz EQC',
    sure = 'recorded sessions',
    slac = require('v2g.habits').slac,
    protocols = { { 'DIN70121', priority = 1, schema = 1 } },
    tries = 3,
    gaps = {
        ['Refused>SDP'] = 12,
        default = 16, ['SDP>TCP'] = 15, ['TCP>AppProtocol'] = 10,
        Authorization = 16,
        ['Authorization>Authorization'] = 1022,
        CableCheck = 2791, ['CableCheck>CableCheck'] = 1021,
        PreCharge = 16, ['PreCharge>PreCharge'] = 221, CurrentDemand = 221,
        ['PowerDelivery>WeldingDetection'] = 251, WeldingDetection = 251,
        ['WeldingDetection>SessionStop'] = 26, ['SessionStop>Close'] = 16,
    },
    welding = { 2, 2 },
    battery = { capacity = 80000, max_voltage = 420, max_current = 300, max_power = 110000 },
    before = {
        CurrentDemandReq = function(m) -- about 15 V above what there is
            if present then m.EVTargetVoltage = math.min(present + 15, 420) end
        end,
    },
    on = {
        CurrentDemandRes = function(m) present = m.EVSEPresentVoltage:si() end,
    },
}
