-- SPDX-License-Identifier: Apache-2.0
-- Mercedes-Benz EQE. Sure: compared with two captures, one of AC (which the car ends by a reset in
-- the ChargingStatus loop) and one of DC. From the SDP response to the connection it takes 54 ms,
-- or 1.26 to 1.53 s. Its remaining times count down by the second.

local habits = require 'v2g.habits'

return {
    role = 'ev',
    about = 'Mercedes-Benz EQE',
    sure = 'compared with two captures',
    slac = habits.slac,
    protocols = { { 'DIN70121', priority = 2, schema = 1 },
                  { 'ISO15118-2', priority = 1, schema = 0 } },
    evcc_id = '0018238EB0D1',
    gaps = {
        default = 61, ['SDP>TCP'] = 54, ['TCP>AppProtocol'] = 65,
        Authorization = 61, PreCharge = 61, WeldingDetection = 61,
        SessionSetup = 57, ['Authorization>Authorization'] = 1061,
        CableCheck = 600, ['CableCheck>CableCheck'] = 1061,
        ['PreCharge>PreCharge'] = 261, ['PreCharge>PowerDelivery'] = 82,
        CurrentDemand = 62, ['CurrentDemand>CurrentDemand'] = 261,
        ['CurrentDemand>PowerDelivery'] = 241, ['Stop>PowerDelivery'] = 61,
        ['PowerDelivery>WeldingDetection'] = 422, ['SessionStop>Close'] = 60,
        ['ChargeParameterDiscovery>PowerDelivery'] = 1182, ChargingStatus = 1062,
        ['PowerDelivery>ChargingStatus'] = 60, ['ChargingStatus>Close'] = 181,
    },
    after_stop_request = 1,
    welding = { 1, 1 },
    pause = 1, resume = false, -- SessionStopReq(Pause) in ISO 15118-2 DC
    battery = { capacity = 90000, soc = 74, bulk = 80, max_voltage = 460, full_voltage = 400,
                max_current = 500, max_power = 230000 },
    precharge_current = 1,
    ac = { voltage = 230, max_current = 32, min_current = 0, phases = 3 },
    max_schedules = 12,
    before = {
        ChargeParameterDiscoveryReq = function(m)
            if m.DC_EVChargeParameter then m.DC_EVChargeParameter.EVEnergyCapacity = nil end
        end,
        CurrentDemandReq = function(m) m.BulkChargingComplete = nil end,
        PowerDeliveryReq = function(m, ev) -- a profile of two entries, the last without power
            local p = habits.power_delivery(m, ev)
            if p then p.BulkChargingComplete = nil end
            habits.profile(m, ev, { { 0, 11000 }, { 10080, 0 } })
        end,
    },
}
