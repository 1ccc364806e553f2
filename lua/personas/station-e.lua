-- SPDX-License-Identifier: Apache-2.0
-- Charging stations of one make of software, E. Sure: it stands in most of the recorded sessions,
-- AC and DC. It answers within 98 to 100 ms, supportedAppProtocol within 2 to 28; in AC it closes
-- the contactor in 0.3 to 3.8 s. It closes the connection itself within 2 ms of SessionStopRes.
-- CableCheck stayed Ongoing for up to 51 s, with EVSEIsolationStatus Valid long before (here: 8
-- rounds; ongoing-for-50s is the extreme). It joins paused sessions on AC; that of April 2023
-- answers SessionStopReq(Pause) with FAILED.

local habits = require 'v2g.habits'

return {
    role = 'station',
    about = 'station software E: answers in 99 ms, closes at once',
    sure = 'most of the recorded sessions',
    evse_id = 'DE*PNX*E123456*1',
    close = 'fin',
    delays = { default = { 98, 100 }, AppProtocol = { 2, 28 } },
    ongoing = { Authorization = 1, CableCheck = 8 },
    dc = { max_voltage = 1000, min_voltage = 180, max_current = 25, max_power = 10000 },
    ac = { voltage = 230, max_current = 16, phases = 3 },
    values = {
        SessionSetupRes = { EVSEID = habits.ascii_evse_id },
        CableCheckRes = {
            DC_EVSEStatus_EVSEIsolationStatus = function(s)
                if (s.counts.CableCheck or 0) > 1 then return 'Valid' end
            end,
        },
    },
    before = {
        PowerDeliveryRes = function(_, s) -- the contactor closes
            if s.mode == 'ac' and not s.state:find('^ChargingStatus') then Sleep(340) end
        end,
    },
}
