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
function common.has(list, name)
    for _, entry in ipairs(list) do
        if entry == name then return true end
    end
    return false
end
function common.root(name, edition)
    return Pki.Read(('pki/iso15118-%d/%s-root.pem'):format(edition, name))[1].subject
end
function common.is(found, expected)
    assert(found == expected, tostring(found) .. ' instead of ' .. tostring(expected))
end
return common
END

# rest SETTINGS;OPTIONS: the options of Connect and Listen, if any
rest() {
    case $1 in *\;*) echo "${1#*;}" ;; esac
}

# holds: rows "[ids] what|vehicle|station|Lua of the vehicle|Lua of the station|Lua of the vehicle
# before it connects" on standard input
holds() {
    while IFS='|' read -r what vehicle station sees station_sees before; do
        cat >"$work/vehicle.lua" <<END
local common = require 'common'
local curve, is, has, root = common.curve, common.is, common.has, common.root
$before
Evcc.Connect { tls = { ${vehicle%%;*} }, $(rest "$vehicle") may_fail = true }
$sees
Pass()
END
        cat >"$work/station.lua" <<END
local common = require 'common'
local curve, is, has, root = common.curve, common.is, common.has, common.root
Secc.Listen { tls = { ${station%%;*} }, $(rest "$station") }
repeat until not Secc.Receive_Any_001(3000)
$station_sees
Pass()
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

# ---- what the vehicle says of its roots, and what the station does ----

for ((i = 1; i <= 10; i++)); do
    "$V2GLAB" pki make --for ISO15118-2 "$work/tree$i" >/dev/null
    cat "$work/tree$i/iso15118-2/v2g-root.pem"
done >"$work/ten.pem"
cat "$work/ten.pem" "$work/twenty.pem" >"$work/tens.pem"
cat "$work/two.pem" >>"$work/ten.pem"
holds <<'END'
[V2G2-651] the vehicle of TLS 1.2 names its V2G roots in trusted_ca_keys, the station does not answer|version = '1.2'|version = '1.2'|is(#Evcc.Get_Tls_Offer().trusted_ca_keys, 2) assert(not has(Evcc.Get_Tls_Answer().extensions, 'trusted_ca_keys'))|
[V2G2-651] so does one of both versions|version = 'auto'|version = '1.2'|is(#Evcc.Get_Tls_Offer().trusted_ca_keys, 2)|
a station answers trusted_ca_keys where that is chosen|version = '1.2'|version = '1.2', trusted_ca_keys = true|assert(has(Evcc.Get_Tls_Answer().extensions, 'trusted_ca_keys'))|
one of TLS 1.3 has certificate_authorities in its place|version = '1.3'|version = '1.3'|is(Evcc.Get_Tls_Offer().trusted_ca_keys, nil)|
[V2G2-878] ten V2G roots and more, the last of which is the station's|version = '1.2', ocsp = true;roots = 'ten.pem',|version = '1.2'|is(#Evcc.Get_Tls_Offer().trusted_ca_keys, 11)|is(#Secc.Get_Tls_Offer().trusted_ca_keys, 11)
[V2G2-878] a station has as many, the last of which is the vehicle's|version = '1.3'|version = '1.3';roots = 'tens.pem',|is(#Evcc.Get_Tls_Request().certificate_authorities, 11)|is(#Secc.Get_Tls_PeerChain(), 3)
[V2G20-1006] [V2G20-2368] the vehicle of TLS 1.3 names all V2G roots in certificate_authorities, subjects as they are|version = '1.3'|version = '1.3'|is(table.concat(Evcc.Get_Tls_Offer().certificate_authorities, ' + '), root('v2g', 20) .. ' + ' .. root('v2g', 2))|
[V2G20-2401] [V2G20-2402] [V2G20-2403] [V2G20-2404] the station names V2G and OEM root in CertificateRequest, subjects as they are|version = '1.3'|version = '1.3'|is(table.concat(Evcc.Get_Tls_Request().certificate_authorities, ' + '), root('v2g', 20) .. ' + ' .. root('oem', 20))|
[V2G20-2404] without the roots of a tree, those of the file|version = '1.3'|version = '1.3';roots = 'twenty.pem',|is(#Evcc.Get_Tls_Request().certificate_authorities, 1)|
END
for tree in two:prime256v1 twenty:secp521r1; do
    holds <<END
[V2G20-1007] [V2G20-2379] certificate_authorities finds the chain of the root ${tree%:*}|version = '1.3', $both;roots = '${tree%:*}.pem',|$both;|is(curve(Evcc), '${tree#*:}')|
END
done
holds <<END
[V2G20-2378] [V2G20-2382] where the vehicle names no roots, the chain of ISO 15118-20 with TLS 1.3|version = '1.3', certificate_authorities = false, $both|$both|is(Evcc.Get_Tls_Offer().certificate_authorities, nil) is(curve(Evcc), 'secp521r1')|
END

# ---- OCSP ----

for row in "1.2:[V2G2-070] [V2G2-071] [V2G2-871]" "1.3:[V2G20-2372] [V2G20-2388] [V2G20-2391]"; do
    version=${row%%:*}
    holds <<END
${row#*:} TLS $version: an OCSP response is asked for, and stapled for the leaf|version = '$version'|version = '$version'|assert(Evcc.Get_Tls_Offer().ocsp) is((Evcc.Get_Tls_Ocsp()), 'good')|
END
done
holds <<'END'
[V2G2-873] none came, and the chain leads to a V2G root: the vehicle closes|version = '1.2'|version = '1.2', staple = false|Evcc.Expect_Tls_Refusal_001('bad_certificate_status_response')|
[V2G20-1240] the same with TLS 1.3|version = '1.3'|version = '1.3', staple = false|Evcc.Expect_Tls_Refusal_001('bad_certificate_status_response')|
ocsp = true goes on|version = '1.2', ocsp = true|version = '1.2', staple = false|is(Evcc.Get_Tls_Version(), '1.2')|
END

"$V2GLAB" pki make --for iso15118-2 --fault v2g-root=wrong-domain-component "$work/private" >/dev/null
cat "$work"/private/iso15118-2/{secc-leaf.chain,v2g-root}.pem >"$work/private.pem"
holds <<'END'
[V2G2-872] a station of a private environment sends its root and no response, which is none of V2G: the vehicle goes on|version = '1.2', profile = 'none';roots = 'private/iso15118-2/v2g-root.pem',|version = '1.2';cert = 'private.pem', key = 'private/iso15118-2/secc-leaf.key',|is(#Evcc.Get_Tls_PeerChain(), 4) is(Evcc.Get_Tls_Ocsp(), nil)|
END

# What is stapled is kept in the tree, and made anew when the list of what is revoked is newer, or it
# is old.
kept=$V2GLAB_PKI/iso15118-2/secc-leaf.ocsp
again() { # WHAT STATE COMPARISON OUTCOME: of the file before and after
    inode=$(stat -c %i "$kept")
    holds <<END
$1|version = '1.2'|version = '1.2'|is((Evcc.Get_Tls_Ocsp()), '$2')|
END
    test "$inode" "$3" "$(stat -c %i "$kept")"
    result $? "$1: $4"
}
again "[V2G2-649] [V2G2-876] a response of today" good = "is used again"
touch -d '-2 days' "$kept"
again "[V2G2-649] [V2G2-876] a response that is two days old" good != "is made anew"
echo secc-leaf >"$V2GLAB_PKI/iso15118-2/revoked"
holds <<'END'
[V2G20-2409] [V2G20-2413] [V2G20-2415] [V2G2-876] revoked since then: it is made anew, and the vehicle refuses it|version = '1.2'|version = '1.2'|Evcc.Expect_Tls_Refusal_001('bad_certificate_status_response') is((Evcc.Get_Tls_Ocsp()), 'revoked')|
END
: >"$V2GLAB_PKI/iso15118-2/revoked"

# signed FILE ALGORITHM: the CA signs its responses itself, which are good for a week at most
signed() {
    openssl ocsp -respin "$1" -resp_text -noverify >"$work/out" 2>"$work/err"
    from=$(sed -n 's/.*This Update: //p' "$work/out") until=$(sed -n 's/.*Next Update: //p' "$work/out")
    seconds=$(($(date -d "$until" +%s) - $(date -d "$from" +%s)))
    [ $seconds -gt 86400 ] && [ $seconds -le 604800 ]
    result $? "[V2G20-1021] a response is good for a week at most: $((seconds / 3600)) hours"
    grep -q "Signature Algorithm: $2" "$work/out"
    result $? "$3 it is signed with $2"
}
signed "$V2GLAB_PKI/iso15118-20/secc-leaf.ocsp" ecdsa-with-SHA512 \
    "[V2G20-2389] [V2G20-2390] [V2G20-2327] [V2G20-2330]"

# ---- groups and schemes ----

cp -r "$work/other" "$work/ed"
"$V2GLAB" pki make --ed448 --replace "$work/ed" >/dev/null
ed448="cert = 'ed/iso15118-20/secc-leaf.chain.pem', key = 'ed/iso15118-20/secc-leaf.key',"
holds <<END
[V2G20-2460] the station prefers secp521r1, though the vehicle has x448 first and sends its key|version = '1.3', groups = 'x448:secp521r1'|version = 'auto'|is(Evcc.Get_Tls_Group(), 'secp521r1')|
[V2G20-2460] x448 where the vehicle has nothing else|version = '1.3', groups = 'x448'|version = 'auto'|is(Evcc.Get_Tls_Group(), 'x448')|
[V2G20-1667] CertificateRequest has ecdsa_secp521r1_sha512, then ed448, also of a station of both versions||version = 'auto'|is(table.concat(Evcc.Get_Tls_Request().schemes, ' '), 'ecdsa_secp521r1_sha512 ed448')|
[V2G20-1668] the station signs by its table, whatever the vehicle has first|version = '1.3', schemes = 'ed448:ecdsa_secp521r1_sha512'|version = 'auto'|is(Evcc.Get_Tls_Schemes(), 'ecdsa_secp521r1_sha512')|
[V2G20-2461] secp521r1 goes with ecdsa_secp521r1_sha512|version = '1.3'|version = '1.3'|is(Evcc.Get_Tls_Group() .. ' ' .. Evcc.Get_Tls_Schemes(), 'secp521r1 ecdsa_secp521r1_sha512')|
[V2G20-2461] [V2G20-2674] [V2G20-2319] [V2G20-2320] and x448 with ed448, where the tree is made so|version = '1.3', ocsp = true;roots = 'ed/iso15118-20/v2g-root.pem',|version = '1.3';$ed448|is(Evcc.Get_Tls_Group() .. ' ' .. Evcc.Get_Tls_Schemes(), 'x448 ed448')|
[V2G2-602] over TLS 1.2 a station of both versions has the curve and the hash of ISO 15118-2 alone|version = '1.2', $both|version = 'auto'|is(Evcc.Get_Tls_Group() .. ' ' .. Evcc.Get_Tls_Schemes(), 'secp256r1 ecdsa_secp256r1_sha256')|
END

V2GLAB_PKI="$work/ed" holds <<'END'
[V2G20-2392] [V2G20-2393] [V2G20-2332] [V2G20-2334] an OCSP response that a CA of Ed448 has signed is taken|version = '1.3'|version = '1.3'|is((Evcc.Get_Tls_Ocsp()), 'good') is(Evcc.Get_Tls_PeerChain()[2].curve, 'ED448')|
END
signed "$work/ed/iso15118-20/secc-leaf.ocsp" ED448 \
    "[V2G20-2392] [V2G20-2393] [V2G20-2332] [V2G20-2334]"

holds <<'END'
[V2G20-2458] [V2G20-2459] [V2G20-1856] [V2G20-1858] the suites of TLS 1.3, in their order|version = '1.3'|version = '1.3'|is(table.concat(Evcc.Get_Tls_Offer().suites, ' '), 'TLS_AES_256_GCM_SHA384 TLS_CHACHA20_POLY1305_SHA256 TLS_EMPTY_RENEGOTIATION_INFO_SCSV')|
[V2G20-1634] [V2G20-1637] the groups of TLS 1.3, in their order|version = '1.3'|version = '1.3'|is(table.concat(Evcc.Get_Tls_Offer().groups, ' '), 'secp521r1 x448')|
[V2G20-2062] [V2G20-2064] [V2G20-2066] [V2G20-2365] a vehicle of both editions offers both versions||version = '1.3'|is(table.concat(Evcc.Get_Tls_Offer().versions, ' '), '1.3 1.2') assert(has(Evcc.Get_Tls_Offer().suites, 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256') and has(Evcc.Get_Tls_Offer().suites, 'TLS_AES_256_GCM_SHA384'))|
[V2G20-2059] [V2G20-2359] a station of both has TLS 1.2 for ISO 15118-2|version = '1.2'||is(Evcc.Get_Tls_Suite(), 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256')|
[V2G20-2059] [V2G20-1235] and TLS 1.3 with the suite of ISO 15118-20|version = '1.3'||is(Evcc.Get_Tls_Suite(), 'TLS_AES_256_GCM_SHA384')|
[V2G2-602] [V2G2-603] TLS 1.2 has the suite of ISO 15118-2 that OpenSSL has, and no other|version = '1.2'|version = '1.2'|is(Evcc.Get_Tls_Offer().suites[1], 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256') is(Evcc.Get_Tls_Offer().suites[2], 'TLS_EMPTY_RENEGOTIATION_INFO_SCSV')|
END

# ---- the certificates of both sides ----

"$V2GLAB" pki make --fault secc-leaf=wrong-domain-component "$work/domain" >/dev/null
contract="cert = 'pki/iso15118-20/contract-leaf.chain.pem', key = 'pki/iso15118-20/contract-leaf.key',"
holds <<END
[V2G20-1264] [V2G20-2400] with TLS 1.3 both show their chain|version = '1.3'|version = '1.3'|assert(Evcc.Get_Tls_Request()) is(#Evcc.Get_Tls_PeerChain(), 3)|is(#Secc.Get_Tls_PeerChain(), 3)
[V2G20-2339] [V2G20-2260] a station refuses the contract certificate in place of the vehicle's|version = '1.3';$contract|version = '1.3';roots = 'pki/iso15118-20/mo-root.pem',|Evcc.Expect_Tls_Alert_001('unsupported_certificate')|
[V2G2-875] a chain of an unknown root is refused|version = '1.2';roots = 'other.pem',|version = '1.2'|Evcc.Expect_Tls_Refusal_001('unknown_ca')|
[V2G2-924] [V2G2-875] and a leaf that has another domain component than CPO|version = '1.2';roots = 'domain/iso15118-2/v2g-root.pem',|version = '1.2';cert = 'domain/iso15118-2/secc-leaf.chain.pem', key = 'domain/iso15118-2/secc-leaf.key',|Evcc.Expect_Tls_Refusal_001('bad_certificate')|
END
holds <<'END'
[V2G20-2598] its common name is the EVCCID, and besides there is the organization|version = '1.3'|version = '1.3'|is(Evcc.Get_Tls_OwnChain()[1].subject, 'CN=WMIV1234567890ABCDEX, O=v2glab test PKI')|
END

# ---- SDP ----

holds <<'END'
[DRV-2-SdpSecurity] the vehicle connects with TLS where the answer says so, though it asked for none|version = 'off'|version = '1.2'|is(Evcc.Get_Tls_Version(), '1.2')||Evcc.Filter 'SECCDiscoveryReq: set Security=0'
[V2G2-144] [V2G2-151] [V2G2-625] [V2G2-626] [V2G2-627] [V2G2-628] a station without TLS answers so whatever is asked|plain = true|version = 'off'|is(Evcc.Get_Tls_Version(), nil)|
[V2G2-626] [V2G2-628] one of TLS only does not answer who asks for none|version = 'off'|version = '1.2'|is(Evcc.Received('SECCDiscoveryRes'), nil)|
END
