-- SPDX-License-Identifier: Apache-2.0
-- Not a station: closes the connection at the first message of the charge loop.

local function close(_, s)
    s:deviate()
    s.role.Disconnect('half')
    return false
end

return {
    role = 'station',
    about = 'deliberate: closes the connection when the charge loop begins',
    sure = 'made up',
    deviates = 'leaving',
    before = { CurrentDemandRes = close, ChargingStatusRes = close, DC_ChargeLoopRes = close,
               AC_ChargeLoopRes = close },
}
