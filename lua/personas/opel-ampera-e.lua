-- SPDX-License-Identifier: Apache-2.0
-- Opel Ampera-e (Chevrolet Bolt). Sure: the times up to CableCheck are compared with a capture, at
-- the end of which the car closes the connection 40.5 s after the first CableCheckReq; the others
-- are from recorded sessions. It ends without WeldingDetection and SessionStop, closing 0.9 to 1.2
-- s after PowerDelivery.

local habits = require 'v2g.habits'

return {
    role = 'ev',
    about = 'Opel Ampera-e',
    sure = 'recorded sessions; compared with a capture up to CableCheck',
    slac = habits.slac,
    protocols = { { 'DIN70121', priority = 1, schema = 1 } },
    session_id = '0000000000000000',
    evcc_id = '044EAFD9C5FA',
    gaps = {
        default = 150, ['SDP>TCP'] = 31, ['TCP>AppProtocol'] = 120,
        SessionSetup = 158, ServiceDiscovery = 165, PaymentServiceSelection = 125,
        Authorization = 160, ['Authorization>Authorization'] = 47, ChargeParameterDiscovery = 145,
        CableCheck = 2900, ['CableCheck>CableCheck'] = 495,
        PreCharge = 97, CurrentDemand = 103, ['PowerDelivery>Close'] = { 900, 1200 },
    },
    ongoing = { CableCheck = 40500 },
    on_ongoing = 'close',
    welding = { 0, 0 },
    session_stop = false,
    battery = { capacity = 60000, soc = 97, max_voltage = 450, full_voltage = 410,
                max_current = 150, max_power = 60000 },
    energy = 16700,
    values = habits.conditioning {
        ChargeParameterDiscoveryReq = {
            DC_EVChargeParameter_EVEnergyCapacity = 18700, -- what it says, of 60 kWh
        },
    },
    before = {
        PowerDeliveryReq = function(m, ev) -- seen at a SOC of 97 %
            local p = habits.is_stop(m, ev) and habits.power_delivery(m, ev)
            if p then p.DC_EVStatus.EVErrorCode = 'FAILED_EVRESSMalfunction' end
        end,
    },
}
