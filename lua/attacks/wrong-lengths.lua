-- SPDX-License-Identifier: Apache-2.0
-- Before each frame of the matching come others like it, of either side: cut short at every octet,
-- 1500 octets long, and with counts and lengths that are 0, or go beyond the frame.
local function octets(header)
    return (header.to .. header.from .. '88E1'):gsub('..', function(digits)
        return string.char(tonumber(digits, 16))
    end)
end
-- Offsets in messages of what counts octets or groups that follow.
local COUNTS <const> = { CM_SLAC_MATCH_REQ = 7, CM_SLAC_MATCH_CNF = 7, CM_ATTEN_CHAR_IND = 55 }

local function malformed(m, _, header)
    local front, whole, frames = octets(header), m:exi(), {}
    for n = 0, #whole - 1 do
        frames[#frames + 1] = front .. whole:sub(1, n)
    end
    frames[#frames + 1] = front .. whole .. ('\xFF'):rep(1500 - #whole)
    local at = COUNTS[m:name()]
    for _, count in ipairs(at and { '\0', '\xFF' } or {}) do
        frames[#frames + 1] = front .. whole:sub(1, at) .. count .. whole:sub(at + 2)
    end
    frames[#frames + 1] = m
    return frames
end
return {
    { on = 'CM_SLAC_*', occurrence = '1-4', fault = malformed },
    { on = 'CM_START_ATTEN_CHAR_IND', occurrence = 1, fault = malformed },
    { on = 'CM_MNBC_SOUND_IND', occurrence = 1, fault = malformed },
    { on = 'CM_ATTEN_CHAR_*', occurrence = 1, fault = malformed },
}
