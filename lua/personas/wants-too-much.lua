-- SPDX-License-Identifier: Apache-2.0
-- Not a car: asks for 5000 V and 3000 A in the charge loop, whatever the station has said.

local function ask(m, ev)
    m.EVTargetVoltage, m.EVTargetCurrent = 5000, 3000
    ev:deviate()
end

return {
    role = 'ev',
    about = 'deliberate: asks for more than the station has',
    sure = 'made up',
    deviates = 'beyond limits',
    mode = 'dc',
    before = {
        CurrentDemandReq = ask,
        DC_ChargeLoopReq = function(m, ev)
            local scheduled = m.Scheduled_DC_CLReqControlMode
            if scheduled then ask(scheduled, ev) end
        end,
    },
}
