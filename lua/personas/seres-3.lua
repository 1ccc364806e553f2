-- SPDX-License-Identifier: Apache-2.0
-- Seres 3. Sure: its beginning is compared with a capture at an AC station, where it sends the
-- parameters of DC and goes on with CableCheckReq, 161 times, after FAILED_WrongChargeParameter;
-- the other figures are from recorded sessions. Its profile's power overflows 16 bits (4140 W
-- becomes -24136 tenths), and it uses 4 phases of 3.

return {
    role = 'ev',
    about = 'Seres 3',
    sure = 'recorded sessions; compared with a capture that fails',
    slac = require('v2g.habits').slac,
    protocols = { { 'DIN70121', priority = 1, schema = 10 },
                  { 'ISO15118-2', priority = 2, schema = 20 } },
    session_id = '000000000000',
    evcc_id = '141FBA1006F4',
    gaps = {
        default = 285, ['SDP>TCP'] = 28, ['TCP>AppProtocol'] = 1030,
        Authorization = 280, CableCheck = 405, ['CableCheck>CableCheck'] = 285,
        PreCharge = 1200, ['PreCharge>PreCharge'] = 285, ['PreCharge>PowerDelivery'] = 1550,
        CurrentDemand = 285, ['CurrentDemand>PowerDelivery'] = 296,
        ['PowerDelivery>SessionStop'] = 427, ['SessionStop>Close'] = 75,
    },
    on_failed = 'ignore',
    unsuited = { 'ignore' },
    precharges = { 1, 3 }, -- to 0 V, which says nothing of the battery's voltage
    welding = { 0, 0 },
    pause = 1, resume = false,
    battery = { capacity = 52000, max_voltage = 403, full_voltage = 400, max_current = 400,
                max_power = 100000, full = 99, bulk = 80, target = 99 },
    values = {
        ServiceDiscoveryReq = { ServiceCategory = 'EVCharging' },
        ChargeParameterDiscoveryReq = {
            DC_EVChargeParameter_DC_EVStatus_EVRESSSOC = 0,
            DC_EVChargeParameter_EVMaximumPowerLimitSpecified = false,
            DC_EVChargeParameter_EVEnergyCapacitySpecified = false,
            DC_EVChargeParameter_EVEnergyRequestSpecified = false,
        },
        PreChargeReq = { EVTargetVoltage = 0 },
    },
    before = {
        PowerDeliveryReq = function(m, ev)
            if ev.protocol == 'ISO15118-2' and m.ChargeProgress == 'Start' then
                m.ChargingProfile = { ProfileEntry = { {
                    ChargingProfileEntryStart = 0,
                    ChargingProfileEntryMaxPower = { Multiplier = -1, Unit = 'W', Value = -24136 },
                    ChargingProfileEntryMaxNumberOfPhasesInUse = 4,
                } } }
            end
        end,
    },
}
