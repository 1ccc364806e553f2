-- SPDX-License-Identifier: Apache-2.0
-- Not a station: the response to the third message of the charge loop takes 3 s, where the vehicle
-- has to give up after 0.25 to 2 s.

local function late(m, s)
    if s.loops ~= 3 then
        return nil
    end
    local id = s.role.SessionID()
    s:deviate('silence', { message = m:name():gsub('Res$', 'Req') })
    Start(function()
        Sleep(3000)
        if s.role.State() == 'ready' and s.role.SessionID() == id then m:send() end
    end)
    return false -- not now
end

return {
    role = 'station',
    about = 'deliberate: a response of the charge loop takes 3 s',
    sure = 'made up',
    deviates = 'silence',
    before = { CurrentDemandRes = late, ChargingStatusRes = late, DC_ChargeLoopRes = late,
               AC_ChargeLoopRes = late },
}
