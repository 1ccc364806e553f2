-- SPDX-License-Identifier: Apache-2.0
-- Somebody else uses the vehicle's RunID, from an address of its own, and the vehicle's address
-- with a RunID of its own, before each frame of the vehicle.
local function twice(m)
    local other = m:copy()
    other.RunID = '00000000DEADBEEF'
    return { { m:copy(), from = '0200000F0001' }, other, m }
end
return {
    { on = 'CM_SLAC_PARM_REQ', fault = twice }, { on = 'CM_START_ATTEN_CHAR_IND', fault = twice },
    { on = 'CM_ATTEN_CHAR_RSP', fault = twice }, { on = 'CM_SLAC_MATCH_REQ', fault = twice },
}
