-- SPDX-License-Identifier: Apache-2.0
-- Not a station: the response to the third CurrentDemandReq or ChargingStatusReq takes 3 s.

local function late(_, s)
    if s.loops == 3 then Sleep(3000) end
end

return {
    role = 'station',
    about = 'deliberate: a response of the charge loop takes 3 s',
    sure = 'made up',
    before = { CurrentDemandRes = late, ChargingStatusRes = late, DC_ChargeLoopRes = late,
               AC_ChargeLoopRes = late },
}
