-- SPDX-License-Identifier: Apache-2.0
-- Before the station's first CM_SLAC_MATCH.CNF another one comes as if from it, with the key of
-- another network.
return { on = 'CM_SLAC_MATCH_CNF', occurrence = 1, fault = function(m)
    local forged = m:copy()
    forged.NMK, forged.NID = ('66'):rep(16), Secc.Slac_Nid(('66'):rep(16))
    return { forged, m }
end }
