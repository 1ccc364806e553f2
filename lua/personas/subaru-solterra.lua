-- SPDX-License-Identifier: Apache-2.0
-- Subaru Solterra (and its sister, Toyota bZ4X). Sure: medians of recorded sessions; none of the
-- captures at hand is of it. In DIN 70121 its first SessionID is one zero byte.

return {
    role = 'ev',
    about = 'Subaru Solterra',
    sure = 'recorded sessions',
    slac = require('v2g.habits').slac,
    protocols = { { 'DIN70121', priority = 2, schema = 1 },
                  { 'ISO15118-2', priority = 1, schema = 0 } },
    session_id = '00',
    gaps = {
        default = 90, ['SDP>TCP'] = 430, ['TCP>AppProtocol'] = 49,
        SessionSetup = 74, ServiceDiscovery = 74, PaymentServiceSelection = 74, Authorization = 74,
        ['Authorization>Authorization'] = 90, ChargeParameterDiscovery = 4050,
        CableCheck = 254, ['CableCheck>CableCheck'] = 90, PreCharge = 90, CurrentDemand = 90,
        ['CurrentDemand>PowerDelivery'] = 90, ['Stop>PowerDelivery'] = 90,
        WeldingDetection = 89, ['WeldingDetection>SessionStop'] = 73, ['SessionStop>Close'] = 16,
    },
    welding = { 2, 8 },
    close = 'reset',
    battery = { capacity = 71400, max_voltage = 405, full_voltage = 400, max_current = 37,
                max_power = 15000 },
    before = {
        SessionSetupReq = function(m, ev) -- of length 0
            if ev.protocol == 'ISO15118-2' then m.Header.SessionID = '' end
        end,
    },
}
