-- SPDX-License-Identifier: Apache-2.0
-- CM_SLAC_MATCH.CNF comes before anybody has asked for it: behind CM_SLAC_PARM.CNF, and behind
-- CM_ATTEN_CHAR.IND.
local function early(m, _, header)
    local forged = Secc.Message 'CM_SLAC_MATCH_CNF'
    forged.RunID, forged.PEVMAC, forged.EVSEMAC = m.RunID, header.to, header.from
    forged.NMK, forged.NID = ('66'):rep(16), Secc.Slac_Nid(('66'):rep(16))
    return { m, forged }
end
return { { on = 'CM_SLAC_PARM_CNF', fault = early }, { on = 'CM_ATTEN_CHAR_IND', fault = early } }
