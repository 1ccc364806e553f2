-- SPDX-License-Identifier: Apache-2.0
-- The station's pilot fails for a second as it sends CM_SLAC_PARM.CNF, CM_ATTEN_CHAR.IND or
-- CM_SLAC_MATCH.CNF: one of them in each of the vehicle's attempts, first by an oscillator that is
-- off, then by -12 V (state F).
local LASTS <const> = 1000 -- ms
local FAULTS <const> = { { { oscillator = false }, { oscillator = true } },
                         { { state = 'F' }, { duty = 5 } } } -- set, and what ends it
local STEPS <const> = { 'CM_SLAC_PARM_CNF', 'CM_ATTEN_CHAR_IND', 'CM_SLAC_MATCH_CNF' }
local attempt, list = 0, {}
for step, name in ipairs(STEPS) do
    list[step] = { on = name, fault = function(m)
        attempt = attempt + (step == 1 and 1 or 0)
        local fault = FAULTS[(attempt - 1) // #STEPS + 1]
        if fault and step == (attempt - 1) % #STEPS + 1 then
            Pilot.Set(fault[1])
            Start(function()
                Sleep(LASTS)
                Pilot.Set(fault[2])
            end)
            return { m } -- as it is, but it is told that it happened
        end
    end }
end
return list
