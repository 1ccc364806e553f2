-- SPDX-License-Identifier: Apache-2.0
-- Somebody on the line speaks to the station as if it were the station's own modem: behind each
-- sound the vehicle is heard without any attenuation, behind CM_SLAC_MATCH.REQ the link is up, and
-- at each of the vehicle's looks at its link that of the station is down.
local ATTACKER <const> = '0200000F0001'
local STATION <const> = '0200000000E2'

-- A message of that name with these fields, behind the vehicle's.
local function behind(name, fields)
    return function(m, _, header)
        if header.from == STATION then
            return nil
        end
        local forged = Evcc.Message(name)
        for field, value in pairs(fields(header)) do
            forged[field] = value
        end
        return { m, { forged, from = ATTACKER, to = STATION } }
    end
end

local function unheard(header)
    local groups = {}
    for i = 1, 58 do
        groups[i] = 0
    end
    return { PEV_MAC = header.from, AAG = groups }
end

local function link(status)
    return function()
        return { LinkStatus = status }
    end
end

return {
    { on = 'CM_MNBC_SOUND_IND', fault = behind('CM_ATTEN_PROFILE_IND', unheard) },
    { on = 'CM_SLAC_MATCH_REQ', fault = behind('VS_PL_LINK_STATUS_CNF', link(1)) },
    { on = 'VS_PL_LINK_STATUS_REQ', fault = behind('VS_PL_LINK_STATUS_CNF', link(0)) },
}
