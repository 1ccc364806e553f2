-- SPDX-License-Identifier: Apache-2.0
-- A thousand vehicles that are none ask the station before the vehicle does.
return { on = 'CM_SLAC_PARM_REQ', occurrence = 1, fault = function(m)
    local frames = {}
    for i = 1, 1000 do
        local other = m:copy()
        other.RunID = ('%016X'):format(i)
        frames[i] = { other, from = ('0200000F%04X'):format(i) }
    end
    frames[#frames + 1] = m
    return frames
end }
