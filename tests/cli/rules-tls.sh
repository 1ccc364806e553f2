#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the standards want of TLS, rule by rule: each row has the ids, what is so, the settings of TLS
# of vehicle and station, and what the vehicle and the station see, in Lua.
# shellcheck source=tests/cli/support
. tests/cli/support

export V2GLAB_PKI="$work/pki"
"$V2GLAB" pki make "$V2GLAB_PKI" >"$work/made"
cp "$V2GLAB_PKI/iso15118-2/v2g-root.pem" "$work/two.pem"
cp "$V2GLAB_PKI/iso15118-20/v2g-root.pem" "$work/twenty.pem"

"$V2GLAB" pki make "$work/other" >"$work/made"
cp "$work/other/iso15118-2/v2g-root.pem" "$work/other.pem"

# What each script begins with: what a peer's chain is of.
cat >"$work/common.lua" <<'END'
local common = {}
function common.curve(role) return role.Get_Tls_PeerChain()[1].curve end
function common.is(found, expected)
    assert(found == expected, tostring(found) .. ' instead of ' .. tostring(expected))
end
return common
END

# holds: rows "[ids] what|vehicle|station|Lua of the vehicle|Lua of the station" on standard input
holds() {
    while IFS='|' read -r what vehicle station sees station_sees; do
        cat >"$work/vehicle.lua" <<END
local common = require 'common'
local curve, is = common.curve, common.is
Evcc.Connect { tls = { ${vehicle%;*} }, ${vehicle#*;} may_fail = true }
$sees
END
        cat >"$work/station.lua" <<END
local common = require 'common'
local curve, is = common.curve, common.is
Secc.Listen { tls = { ${station%;*} }, ${station#*;} }
repeat until not Secc.Receive_Any_001(3000)
$station_sees
END
        run run --no-record --virtual-time "$work/vehicle.lua" "$work/station.lua"
        wants "$what" 0 out 'EVCC verdict: pass' out 'SECC verdict: pass'
    done
}

both="groups = 'secp521r1:secp256r1', schemes = 'ecdsa_secp521r1_sha512:ecdsa_secp256r1_sha256'"

# ---- the chain that the station shows ----

for kind in key certificate name; do
    for tree in two:prime256v1 twenty:secp521r1; do
        root=${tree%:*}
        holds <<END
[V2G2-871] [V2G2-923] trusted_ca_keys by $kind finds the chain of the root $root|version = '1.2', trusted_ca_keys = '$kind', $both;roots = '$root.pem',|$both;|is(curve(Evcc), '${tree#*:}')|
END
    done
done
holds <<END
[V2G2-871] with TLS 1.2 the chain of ISO 15118-2, though the vehicle offers secp521r1 first and names both roots|version = '1.2', $both;|$both;|is(curve(Evcc), 'prime256v1')|
[V2G2-923] where no root fits, that of the version all the same|version = '1.2', trusted_ca_keys = true, check = 'none', $both;roots = 'other.pem',|$both;|is(curve(Evcc), 'prime256v1')|
END
