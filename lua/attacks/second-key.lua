-- SPDX-License-Identifier: Apache-2.0
-- Behind each CM_SLAC_MATCH.CNF of the station comes another one with another key.
return { on = 'CM_SLAC_MATCH_CNF', fault = function(m)
    local forged = m:copy()
    forged.NMK, forged.NID = ('66'):rep(16), Secc.Slac_Nid(('66'):rep(16))
    return { m, forged }
end }
