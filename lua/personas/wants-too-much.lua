-- SPDX-License-Identifier: Apache-2.0
-- Not a car: asks for 5000 V and 3000 A in the charge loop, whatever the station has said.

return {
    role = 'ev',
    about = 'deliberate: asks for more than the station has',
    sure = 'made up',
    mode = 'dc',
    values = { CurrentDemandReq = { EVTargetVoltage = 5000, EVTargetCurrent = 3000 } },
}
