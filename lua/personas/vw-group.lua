-- SPDX-License-Identifier: Apache-2.0
-- The cars of the Volkswagen group with the software of 2023: Audi Q4, VW id.3, id.4 (firmware
-- 3.5), id.buzz, Skoda Enyaq. Sure: medians of many recorded sessions; the AC figures are compared
-- with a capture of an Audi Q4 (five sessions), those of DC come from the other cars' recordings.
-- In ISO 15118-2 they try port 60918 of the station once a second from PaymentServiceSelectionRes
-- on, where nobody has ever answered (the Enyaq does not; it also ranks DIN 70121 first). After
-- PowerDeliveryReq(Start) at a station of 6 A id.3 and id.4 are silent for 8 s, then stop.
-- SLAC with sounds 40 ms apart, from whose end to SDP they take 2.2 to 7.3 s.

local habits = require 'v2g.habits'

return {
    role = 'ev',
    about = 'Audi Q4, VW id.3, id.4 (firmware 3.5), id.buzz, Skoda Enyaq',
    sure = 'many recorded sessions; AC compared with a capture',
    slac = habits.slac,
    protocols = { { 'DIN70121', priority = 2, schema = 1 },
                  { 'ISO15118-2', priority = 1, schema = 0 } },
    probe = { port = 60918, after = 'PaymentServiceSelection', first = 20, every = 1000,
              protocol = 'ISO15118-2' },
    tls = { version = '1.2', plain = true }, -- asks for it, and goes on without
    evcc_id = string.format('007DFA%06X', math.random(0, 0xFFFFFF)), -- a new one per plug-in
    gaps = {
        default = 121, ['SDP>TCP'] = 40, ['TCP>AppProtocol'] = 60,
        CurrentDemand = 121, ChargingStatus = 121, WeldingDetection = 121,
        SessionSetup = 57, ServiceDiscovery = 111, PaymentServiceSelection = 110,
        Authorization = 78, ['Authorization>Authorization'] = 121, ChargeParameterDiscovery = 132,
        CableCheck = 710, ['CableCheck>CableCheck'] = 121,
        PreCharge = 60, ['PreCharge>PreCharge'] = 121,
        ['PreCharge>PowerDelivery'] = 60, ['PowerDelivery>CurrentDemand'] = 111,
        ['CurrentDemand>PowerDelivery'] = 30, ['Stop>PowerDelivery'] = 30,
        ['PowerDelivery>WeldingDetection'] = 635, ['WeldingDetection>SessionStop'] = 65,
        ['ChargeParameterDiscovery>PowerDelivery'] = 82, ['PowerDelivery>ChargingStatus'] = 758,
        ['ChargingStatus>PowerDelivery'] = 32, ['PowerDelivery>SessionStop'] = 570,
        ['SessionStop>Close'] = { 81, 125 },
    },
    after_stop_request = 2,
    welding = { 1, 1 },
    close = 'reset',
    battery = { capacity = 77000, max_voltage = 413, full_voltage = 410, max_current = 500,
                max_power = 135000 },
    ac = { voltage = 272, max_current = 62.4, min_current = 1.5, phases = 3 }, -- id.3: 41.6 A
    energy = 5300, -- always
    max_schedules = 192,
    on = {
        PowerDeliveryRes = function(_, ev)
            if ev.mode == 'ac' and ev.limit <= 6 and ev.step == 'PowerDelivery'
                and ev.role.Get_PowerDeliveryReq_ChargeProgress() == 'Start' then
                habits.give_up(ev, 8000, 'stop', 'a station of 6 A')
            end
        end,
    },
    before = {
        CurrentDemandReq = habits.remaining_of_vw,
        ChargeParameterDiscoveryReq = function(m, ev)
            local p = m.DC_EVChargeParameter
            if p and ev.protocol == 'ISO15118-2' then p.DepartureTime = 0 end
        end,
    },
}
