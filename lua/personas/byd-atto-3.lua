-- SPDX-License-Identifier: Apache-2.0
-- BYD Atto 3. Sure: medians of recorded sessions; compared with a capture in which the station
-- offers AC alone and the car leaves 2.4 s after ServiceDiscoveryRes. Of all cars its gaps vary
-- most: those between CurrentDemands from 86 to 196 ms. After a stop it once waited 6.7 s before
-- SessionStopReq. It leaves the closing to the station.

local habits = require 'v2g.habits'

return {
    role = 'ev',
    about = 'BYD Atto 3',
    sure = 'recorded sessions; the first messages compared with a capture',
    slac = habits.slac,
    protocols = { { 'DIN70121', priority = 1, schema = 1 },
                  { 'ISO15118-2', priority = 5, schema = 3 } },
    evcc_id = 'C0FBB6D3C300',
    gaps = {
        default = 46, ['SDP>TCP'] = 60, ['TCP>AppProtocol'] = 22,
        SessionSetup = 45, Authorization = 46, ChargeParameterDiscovery = { 470, 1050 },
        CableCheck = 620, ['CableCheck>CableCheck'] = 60,
        PreCharge = { 1100, 2200 }, ['PreCharge>PreCharge'] = 83,
        ['PreCharge>PowerDelivery'] = { 630, 950 },
        CurrentDemand = 561, ['CurrentDemand>CurrentDemand'] = { 86, 172 },
        ['CurrentDemand>PowerDelivery'] = 152, ['Stop>PowerDelivery'] = 152,
        ['PowerDelivery>SessionStop'] = 1090, ['ServiceDiscovery>Close'] = 2426,
    },
    welding = { 0, 0 },
    close = 'none',
    unsuited = { 'close' },
    battery = { capacity = 60480, max_voltage = 450, max_current = 250, max_power = 88000 },
    precharge_current = 0.1,
    values = { ServiceDiscoveryReq = { ServiceCategory = 'EVCharging' } },
    before = {
        SessionSetupReq = function(m, ev)
            if ev.protocol == 'ISO15118-2' then m.Header.SessionID = '0000000000000000' end
        end,
        PowerDeliveryReq = function(m, ev)
            habits.profile(m, ev, { { 0, 11000 }, { 43200, 11000 } })
        end,
        CurrentDemandReq = habits.minutes,
    },
}
