-- SPDX-License-Identifier: Apache-2.0
-- Measures what came before TCP in a capture: the vehicle's pauses within the matching
-- (ISO 15118-3, annex A), how often it asked for a station by SDP, and what came between.

local link = {}

-- From which message to the next, and which pause that is.
local PAUSES <const> = {
    { name = 'start', from = 'CM_SLAC_PARM_CNF', to = 'CM_START_ATTEN_CHAR_IND' },
    { name = 'interval', from = 'CM_START_ATTEN_CHAR_IND', to = 'CM_START_ATTEN_CHAR_IND' },
    { name = 'interval', from = 'CM_START_ATTEN_CHAR_IND', to = 'CM_MNBC_SOUND_IND' },
    { name = 'interval', from = 'CM_MNBC_SOUND_IND', to = 'CM_MNBC_SOUND_IND' },
    { name = 'response', from = 'CM_ATTEN_CHAR_IND', to = 'CM_ATTEN_CHAR_RSP' },
    { name = 'match', from = 'CM_ATTEN_CHAR_RSP', to = 'CM_SLAC_MATCH_REQ' },
    { name = 'again', from = 'CM_SLAC_PARM_REQ', to = 'CM_SLAC_PARM_REQ' },
    { name = 'joining', from = 'CM_SLAC_MATCH_CNF', to = 'SECCDiscoveryReq' },
    { name = 'SDP>SDP', from = 'SECCDiscoveryReq', to = 'SECCDiscoveryReq' },
}

-- Steps of the matching and of SDP; what else is said on the line is none of theirs.
local STEPS <const> = {}
for _, pause in ipairs(PAUSES) do
    STEPS[pause.from], STEPS[pause.to] = true, true
end
STEPS.SECCDiscoveryRes = true

-- Lists of milliseconds by pause, added to `all`.
function link.measure(events, all)
    local last, last_us
    for _, event in ipairs(events) do
        local name = (event.link or event.udp) and event.kind == 'frame' and event.name
        if not name and event.kind == 'connect' then
            last = nil -- SDP is over
        elseif name and STEPS[name] then
            for _, pause in ipairs(PAUSES) do
                if pause.from == last and pause.to == name then
                    all[pause.name] = all[pause.name] or {}
                    table.insert(all[pause.name], (event.us - last_us) / 1000)
                end
            end
            -- several stations may answer: the first answer counts
            if name ~= last or name ~= 'CM_SLAC_PARM_CNF' then
                last, last_us = name, event.us
            end
        end
    end
    return all
end

return link
