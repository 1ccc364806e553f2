-- SPDX-License-Identifier: Apache-2.0
-- Not a station: closes the connection at the first message of the charge loop.

return {
    role = 'station',
    about = 'deliberate: closes the connection when the charge loop begins',
    sure = 'made up',
    before = {
        CurrentDemandRes = function(_, s) s.role.Disconnect() return false end,
        ChargingStatusRes = function(_, s) s.role.Disconnect() return false end,
    },
}
