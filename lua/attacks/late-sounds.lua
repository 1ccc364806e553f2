-- SPDX-License-Identifier: Apache-2.0
-- More sounds than were announced: after the last one, and after CM_ATTEN_CHAR.RSP.
local function sounds(m, run_id)
    local frames = { m }
    for i = 1, 20 do
        local sound = Evcc.Message 'CM_MNBC_SOUND_IND'
        sound.Cnt, sound.RunID = 255 - i, run_id
        frames[i + 1] = { sound, to = 'FFFFFFFFFFFF' }
    end
    return frames
end
return {
    { on = 'CM_MNBC_SOUND_IND', fault = function(m)
        if m.Cnt == 0 then
            return sounds(m, m.RunID)
        end
    end },
    { on = 'CM_ATTEN_CHAR_RSP', fault = function(m)
        return sounds(m, m.RunID)
    end },
}
