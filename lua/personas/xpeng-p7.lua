-- SPDX-License-Identifier: Apache-2.0
-- XPENG P7. Sure: compared with a capture (ISO 15118-2, DC). It leaves the closing to the station.

local habits = require 'v2g.habits'

return {
    role = 'ev',
    about = 'XPENG P7',
    sure = 'compared with a capture',
    slac = habits.slac,
    protocols = { { 'DIN70121', priority = 1, schema = 1 },
                  { 'ISO15118-2', priority = 5, schema = 3 } },
    session_id = '0000000000000000',
    evcc_id = 'C0FBB6D32C97',
    gaps = {
        default = 37, ['SDP>TCP'] = 65, ['TCP>AppProtocol'] = 28,
        SessionSetup = 185, PaymentServiceSelection = 33, Authorization = 35,
        ['Authorization>Authorization'] = 27, ChargeParameterDiscovery = 225,
        CableCheck = 910, ['CableCheck>CableCheck'] = 39,
        PreCharge = 470, ['PreCharge>PreCharge'] = 45, ['PreCharge>PowerDelivery'] = 3580,
        CurrentDemand = 239, ['CurrentDemand>CurrentDemand'] = 314,
        ['CurrentDemand>PowerDelivery'] = 311, ['Stop>PowerDelivery'] = 311,
        ['PowerDelivery>WeldingDetection'] = 550, WeldingDetection = 37,
    },
    welding = { 3, 3 },
    close = 'none',
    battery = { capacity = 81000, soc = 33, empty_voltage = 320, full_voltage = 425,
                max_voltage = 427.6, max_current = 250, max_power = 95000 },
    precharge_current = 0,
    max_schedules = 5,
    values = {
        ServiceDiscoveryReq = { ServiceCategory = 'EVCharging' },
        ChargeParameterDiscoveryReq = { DC_EVChargeParameter_DepartureTime = 180 },
        CurrentDemandReq = { EVMaximumPowerLimitSpecified = false,
                             RemainingTimeToBulkSoCSpecified = false },
        WeldingDetectionReq = { DC_EVStatus_EVReady = true },
    },
    before = {
        PowerDeliveryReq = function(m, ev) habits.profile(m, ev, nil) end,
        CurrentDemandReq = habits.minutes,
    },
}
