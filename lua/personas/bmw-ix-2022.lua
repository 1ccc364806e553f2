-- SPDX-License-Identifier: Apache-2.0
-- BMW iX of 2022, which also speaks ISO 15118-2. Sure: its values and the pace of CurrentDemand are
-- from recorded sessions; the other times are those of the one of 2024 (bmw-ix).

local habits = require 'v2g.habits'

return {
    role = 'ev',
    about = 'BMW iX of 2022',
    sure = 'recorded sessions',
    slac = habits.slac,
    protocols = { { 'DIN70121', priority = 2, schema = 1 },
                  { 'ISO15118-2', priority = 1, schema = 0 } },
    gaps = {
        default = 61, ['SDP>TCP'] = 70, ['TCP>AppProtocol'] = 19,
        Authorization = 61, WeldingDetection = 61,
        ['Authorization>Authorization'] = 562, ChargeParameterDiscovery = 138,
        CableCheck = 260, ['CableCheck>CableCheck'] = 261,
        PreCharge = 61, ['PreCharge>PreCharge'] = 261, ['PreCharge>PowerDelivery'] = 275,
        ['PowerDelivery>CurrentDemand'] = 61, CurrentDemand = 161,
        ['CurrentDemand>PowerDelivery'] = 78, ['Stop>PowerDelivery'] = 78,
        ['PowerDelivery>WeldingDetection'] = 225, ['WeldingDetection>WeldingDetection'] = 261,
        ['SessionStop>Close'] = 21,
    },
    welding = { 6, 6 },
    close = 'reset',
    battery = { capacity = 105000, bulk = 80, full = 80, max_voltage = 399, full_voltage = 397,
                max_current = 500, max_power = 250000 },
    precharge_current = 1,
    max_schedules = 0,
    values = {
        ServiceDiscoveryReq = { ServiceScope = string.rep('\0', 64) },
    },
    before = {
        CurrentDemandReq = function(m) habits.in_steps(m, 120) end,
        ChargeParameterDiscoveryReq = function(m, ev)
            local p = m.DC_EVChargeParameter
            if p and ev.protocol == 'ISO15118-2' then p.DepartureTime = 0 end
        end,
    },
}
