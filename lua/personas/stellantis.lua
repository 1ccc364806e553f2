-- SPDX-License-Identifier: Apache-2.0
-- PSA/Stellantis: Opel Mokka-e, Citroen e-C4, e-Jumpy (Scudo). Sure: medians of recorded sessions;
-- compared with a capture of a Mokka-e that ends at the first CurrentDemandRes.
-- In the first ISO 15118-2 session behind one of DIN 70121 the car sends that session's SessionID:
-- --set session_id=… plays it. A CurrentDemandRes after 329 ms is accepted, after 355 ms not.

local habits = require 'v2g.habits'

return {
    role = 'ev',
    about = 'PSA/Stellantis: Opel Mokka-e, Citroen e-C4, Fiat Scudo',
    sure = 'recorded sessions; compared with a capture',
    slac = habits.slac,
    protocols = { { 'DIN70121', priority = 1, schema = 1 },
                  { 'ISO15118-2', priority = 2, schema = 0 } },
    evcc_id = 'A453EE0108FD',
    gaps = {
        default = 26, ['SDP>TCP'] = 40, ['TCP>AppProtocol'] = 21,
        Authorization = 26, CurrentDemand = 24, PreCharge = 26,
        ['Authorization>Authorization'] = 526,
        CableCheck = 780, ['CableCheck>CableCheck'] = 226,
        ['PreCharge>PowerDelivery'] = 1530, ['CurrentDemand>CurrentDemand'] = 126,
        ['CurrentDemand>PowerDelivery'] = 38, ['Stop>PowerDelivery'] = 38,
        ['PowerDelivery>SessionStop'] = 41, ['SessionStop>Close'] = 1420,
        ['Timeout>Close'] = 54, ['PaymentServiceSelection>Close'] = 25,
    },
    patience = { CurrentDemand = 340 }, -- between 329 and 355
    precharges = { 1, 1 },
    welding = { 0, 0 },
    close = 'reset',
    unsuited = { 'close', 'Authorization' },
    battery = { capacity = 50000, soc = 91, full_voltage = 454, empty_voltage = 340,
                max_voltage = 470, max_current = 250, max_power = 100000 },
    values = {
        PreChargeReq = { EVTargetVoltage_UnitSpecified = habits.no_unit, -- DIN 70121, Mokka-e
                         EVTargetCurrent_UnitSpecified = habits.no_unit },
        CurrentDemandReq = { EVTargetVoltage_UnitSpecified = habits.no_unit,
                             EVTargetCurrent_UnitSpecified = habits.no_unit,
                             RemainingTimeToFullSoCSpecified = false,
                             RemainingTimeToBulkSoCSpecified = false },
    },
    before = {
        PowerDeliveryReq = function(m, ev) habits.profile(m, ev, nil) end,
        CurrentDemandReq = function(m) -- from the start, where the battery is above 90 %
            if m.DC_EVStatus.EVRESSSOC > 90 then m.BulkChargingComplete = true end
        end,
    },
}
