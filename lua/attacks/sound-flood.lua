-- SPDX-License-Identifier: Apache-2.0
-- Among the vehicle's sounds are hundreds of others: of other RunIDs and addresses, and of its own
-- address with a RunID that is not its own.
return { on = 'CM_MNBC_SOUND_IND', occurrence = '1-3', fault = function(m)
    local frames = { m }
    for i = 1, 200 do
        local other = m:copy()
        other.RunID = ('%016X'):format(i)
        frames[#frames + 1] = { other, from = ('0200000F%04X'):format(i) }
    end
    return frames
end }
