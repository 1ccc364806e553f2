-- SPDX-License-Identifier: Apache-2.0
-- Before each frame of the matching come others like it, of either side, whose header is wrong:
-- version (MMV) 0, 2 and 255, and fragments (FMI, FMSN); before the first questions to the modem
-- such with the OUI of nobody, and of another maker.
local function octets(header)
    return (header.to .. header.from .. '88E1'):gsub('..', function(digits)
        return string.char(tonumber(digits, 16))
    end)
end

-- Before a message one more for each { offset, octets that are there instead }.
local function replaced(variants)
    return function(m, _, header)
        local front, whole, frames = octets(header), m:exi(), {}
        for i, variant in ipairs(variants) do
            local at, text = table.unpack(variant)
            frames[i] = front .. whole:sub(1, at) .. text .. whole:sub(at + #text + 1)
        end
        frames[#frames + 1] = m
        return frames
    end
end

local MMV <const>, FMI <const>, OUI <const> = 0, 3, 3 -- in MMV 0 there is no FMI
return {
    { on = 'CM_*', fault = replaced { { MMV, '\0' }, { MMV, '\2' }, { MMV, '\xFF' }, { FMI, '\x11' },
                                      { FMI, '\0\1' } } },
    { on = 'VS_PL_LINK_STATUS_REQ', occurrence = '1-2',
      fault = replaced { { OUI, '\0\0\0' }, { OUI, '\x00\x16\xE8' } } },
}
