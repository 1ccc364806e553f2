-- SPDX-License-Identifier: Apache-2.0
-- Polestar 2. Sure: medians of recorded sessions; none of the captures at hand is of it. From the
-- SDP response to the connection it takes 19 to 34 ms, once 684. It once ended with
-- SessionStopReq(Pause) (--set pause=1 --set resume=false), and with FIN after 17 ms. At an AC
-- station it picks AC_single_phase_core, and resets the connection 9.95 s later: here, counted from
-- ChargeParameterDiscoveryRes, of which the recordings' figures say nothing.

local habits = require 'v2g.habits'

return {
    role = 'ev',
    about = 'Polestar 2',
    sure = 'recorded sessions',
    slac = habits.slac,
    protocols = { { 'DIN70121', priority = 1, schema = 1 },
                  { 'ISO15118-2', priority = 2, schema = 0 } },
    gaps = {
        default = 17, ['SDP>TCP'] = 26, ['TCP>AppProtocol'] = 11,
        Authorization = 17,
        ['Authorization>Authorization'] = 522, ChargeParameterDiscovery = 36,
        CableCheck = 290, ['CableCheck>CableCheck'] = 222,
        PreCharge = 16, ['PreCharge>PreCharge'] = 222, PowerDelivery = 38,
        CurrentDemand = 19, ['CurrentDemand>CurrentDemand'] = 122,
        ['PowerDelivery>WeldingDetection'] = 92, WeldingDetection = 222,
        ['WeldingDetection>SessionStop'] = 68, ['SessionStop>Close'] = 11,
    },
    welding = { 9, 14 },
    close = 'reset',
    battery = { capacity = 78000, max_voltage = 450, full_voltage = 447, max_current = 500,
                max_power = 155000 },
    unsuited = { 'ignore' },
    on = {
        ChargeParameterDiscoveryRes = function(_, ev)
            if ev.is_unsuited then habits.give_up(ev, 9950, 'reset', 'a station without DC') end
        end,
    },
    before = {
        ChargeParameterDiscoveryReq = function(m, ev)
            if ev.is_unsuited then m.RequestedEnergyTransferMode = 'AC_single_phase_core' end
        end,
        PreChargeReq = function(m, ev)
            if ev.last ~= 'PreCharge' then m.EVTargetCurrent = 0 end
        end,
    },
}
