#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `v2glab run --tls`: sessions over TLS 1.2 and 1.3, what scripts see of it, what is refused and
# with which alert, and that the record can be read with nothing else.
# shellcheck source=tests/cli/support
. tests/cli/support
unset SSLKEYLOGFILE

export V2GLAB_PKI="$TMPDIR/pki"
record=$TMPDIR/record

has() {
    grep -qF -e "$1" "$TMPDIR/out"
}

lacks() {
    ! has "$1"
}

# try CODE WHAT TEXT ARGUMENT...: the run exits with CODE and its output has TEXT.
try() {
    wanted=$1 what=$2 text=$3
    shift 3
    timeout 60 "$V2GLAB" run "$@" >"$TMPDIR/out" 2>&1
    code=$?
    if [ $code -eq "$wanted" ] && has "$text"; then
        echo "ok - $what"
    else
        echo "not ok - $what: exit $code, expected $wanted and: $text"
        sed 's/^/# /' "$TMPDIR/out"
    fi
}

# script NAME: text on standard input.
script() {
    cat >"$TMPDIR/$1.lua"
}

# opens WHAT MESSAGE: the record of the last run decodes completely with nothing beside it, here and
# in tshark.
opens() {
    sent=$(grep -c '"kind":"frame","by":"EVCC"' "$record/events.jsonl")
    "$V2GLAB" decode --verify --json "$record/session.pcapng" >"$TMPDIR/frames" 2>"$TMPDIR/summary"
    again=$(grep -c '"kind":"frame"' "$TMPDIR/frames")
    check "$1: v2glab decode reads all $sent frames of session.pcapng" \
        test "$sent" -gt 20 -a "$sent" -eq "$again"
    check "$1: none of them unreadable" grep -q ' 0 not decoded, 0 violations' "$TMPDIR/summary"
    if command -v tshark >/dev/null; then
        # V2GTP begins with 01 FE; supportedAppProtocol has payload type 8001
        tshark -r "$record/session.pcapng" -o tls.debug_file: -q -z follow,tls,hex,0 \
            >"$TMPDIR/out" 2>/dev/null
        check "$1: tshark decrypts it" has "01 fe 80 01"
    else
        echo "ok - $1: tshark decrypts it # SKIP tshark is not installed"
    fi
}

# ---- whole sessions ----

rm -rf "$record"
try 0 "ISO 15118-2 AC over TLS 1.2" \
    "TLS is established: TLS 1.2, TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, secp256r1" \
    -o "$record" --tls 1.2 examples/evcc-iso15118-2-ac.lua examples/secc-iso15118-2-ac.lua
check "SDP asks for TLS and gets it" grep -q 'SECCDiscoveryRes .*, TLS' "$TMPDIR/out"
opens "TLS 1.2"
check "the demo tree was made where V2GLAB_PKI says" test -s "$V2GLAB_PKI/iso15118-2/v2g-root.pem"

rm -rf "$record"
try 0 "ISO 15118-20 DC over TLS 1.3" "SECC TLS is established: TLS 1.3, TLS_AES_256_GCM_SHA384" \
    -o "$record" --tls 1.3 examples/evcc-iso15118-20-dc.lua examples/secc-iso15118-20-dc.lua
check "both show certificates" has "both with certificates"
opens "TLS 1.3"

try 0 "auto on both sides" "TLS is established: TLS 1.3" \
    --no-record --tls auto examples/evcc-iso15118-2-ac.lua examples/secc-iso15118-2-ac.lua
try 0 "off is the default" "SECCDiscoveryReq             no TLS" \
    --no-record examples/evcc-iso15118-2-ac.lua examples/secc-iso15118-2-ac.lua
check "and has no TLS anywhere" lacks "TLS is established"

rm -f "$TMPDIR/keys"
SSLKEYLOGFILE=$TMPDIR/keys "$V2GLAB" run --no-record --tls 1.3 examples/evcc-tls.lua \
    examples/secc-tls.lua >"$TMPDIR/out" 2>&1
check "SSLKEYLOGFILE gets the secrets" grep -q '^SERVER_TRAFFIC_SECRET_0 ' "$TMPDIR/keys"
check "for the owner alone" test "$(stat -c %a "$TMPDIR/keys")" = 600
check "and nothing else shows them" lacks TRAFFIC_SECRET

# ---- examples ----

try 0 "the example of ISO 15118-2 AC over TLS 1.2 charges" "the meter reads" --no-record \
    examples/evcc-iso15118-2-ac-tls.lua examples/secc-iso15118-2-ac-tls.lua
check "with an OCSP response" has "OCSP response of"
check "and SessionStop" has "SessionStopRes               OK"
try 0 "the example of ISO 15118-20 DC over TLS 1.3 charges" "this vehicle shows" --no-record \
    examples/evcc-iso15118-20-dc-tls.lua examples/secc-iso15118-20-dc-tls.lua
check "both with certificates" has "both with certificates"
check "and SessionStop" has "SessionStopRes               OK"
"$V2GLAB" pki make --fault secc-leaf=expired "$TMPDIR/expired" >/dev/null
try 0 "the example of an expired certificate" \
    "found alert certificate_expired from the EVCC" --no-record --pki "$TMPDIR/expired" \
    examples/evcc-expired.lua examples/secc-expired.lua
try 1 "which fails where it has not expired" "found a completed handshake: TLS 1.2" --no-record \
    examples/evcc-expired.lua examples/secc-expired.lua

# ---- what scripts see and choose ----

try 0 "scripts choose TLS themselves, and see what was agreed" \
    "the vehicle shows CN=WMIV1234567890ABCDEX" --no-record examples/evcc-tls.lua examples/secc-tls.lua
check "and the station's chain" has "the station shows CN=DE*ABC*E00001"

script plain <<'END'
Evcc.Send_SessionSetupReq_001()
Evcc.Receive_SessionSetupRes_001()
assert(Evcc.Get_Tls_Version() == nil and Evcc.Get_Tls_Suite() == nil)
assert(Evcc.Get_Tls_Group() == nil and Evcc.Get_Tls_Alert() == nil)
assert(Evcc.Get_Tls_PeerCertificate() == nil and Evcc.Get_Tls_Problem() == nil)
END
script setup <<'END'
Secc.Receive_SessionSetupReq_001()
Secc.Send_SessionSetupRes_001()
Secc.Receive_Any_001(2000)
END
try 0 "without TLS there is nothing to see" "" \
    --no-record "$TMPDIR/plain.lua" "$TMPDIR/setup.lua"

script asks <<'END'
Evcc.Connect { tls = true }
Evcc.Send_SessionSetupReq_001()
Evcc.Receive_SessionSetupRes_001()
Log('TLS', tostring(Evcc.Get_Tls_Version()))
END
try 0 "tls = true goes on without where the answer is no TLS" "TLS nil" \
    --no-record "$TMPDIR/asks.lua" "$TMPDIR/setup.lua"
sed "1i Secc.Listen { tls = 'auto' }" "$TMPDIR/setup.lua" >"$TMPDIR/auto.lua"
try 0 "and with it where it is offered" "TLS 1.3" --no-record "$TMPDIR/asks.lua" "$TMPDIR/auto.lua"
try 0 "one script off, the station auto: no TLS" "" \
    --no-record "$TMPDIR/plain.lua" "$TMPDIR/auto.lua"
port=$((20000 + $$ % 20000))
try 0 "TLS without SDP" "TLS is established: TLS 1.3" --no-record --tls 1.3 --peer "[::1]:$port" \
    examples/evcc-tls.lua examples/secc-tls.lua

# ---- what is refused ----

script refuses <<'END'
local ok, why = Evcc.Connect { tls = '1.2', roots = 'other-root.pem', may_fail = true }
assert(ok == nil, 'expected the vehicle to refuse the station')
local alert, from, level = Evcc.Get_Tls_Alert()
assert(alert == 'unknown_ca' and from == 'EVCC' and level == 'fatal', alert)
Log('refused:', why, '|', Evcc.Get_Tls_Problem())
END
script refused <<'END'
Secc.Listen { tls = '1.2' }
local name, state, why = Secc.Receive_Any_001(5000)
assert(name == nil and state == 'failed', state)
local alert, from = Secc.Get_Tls_Alert()
assert(alert == 'unknown_ca' and from == 'EVCC', alert)
Log('told:', why)
END
"$V2GLAB" pki make "$TMPDIR/other" >/dev/null
cp "$TMPDIR/other/iso15118-2/v2g-root.pem" "$TMPDIR/other-root.pem"
try 0 "a wrong root is refused by the vehicle, and both see the alert" "unknown_ca" \
    --no-record "$TMPDIR/refuses.lua" "$TMPDIR/refused.lua"
try 1 "without may_fail that is a fail, with the alert" "unknown_ca" --no-record --tls 1.2 \
    --roots "$TMPDIR/other-root.pem" examples/evcc-iso15118-2-ac.lua examples/secc-iso15118-2-ac.lua

script strict <<'END'
Secc.Protocol = 'ISO15118-20'
Secc.Listen { tls = '1.3', roots = 'other-root.pem' }
Secc.Receive_Any_001(5000)
local alert, from = Secc.Get_Tls_Alert()
assert(alert == 'unknown_ca' and from == 'SECC', alert)
END
script stranger <<'END'
Evcc.Protocol = 'ISO15118-20'
local ok = Evcc.Connect { tls = '1.3', may_fail = true }
assert(ok == nil)
local alert, from = Evcc.Get_Tls_Alert()
assert(alert == 'unknown_ca' and from == 'SECC', alert)
END
try 0 "a vehicle of an unknown root is refused by the station" "unknown_ca" \
    --no-record "$TMPDIR/stranger.lua" "$TMPDIR/strict.lua"

script old <<'END'
local ok = Evcc.Connect { tls = '1.2', may_fail = true }
assert(ok == nil)
local alert, from = Evcc.Get_Tls_Alert()
assert(alert == 'protocol_version' and from == 'SECC', alert)
END
script new <<'END'
Secc.Listen { tls = '1.3' }
Secc.Receive_Any_001(5000)
assert(Secc.Get_Tls_Alert() == 'protocol_version')
END
try 0 "the wrong version is refused" "protocol_version" --no-record "$TMPDIR/old.lua" "$TMPDIR/new.lua"

# ---- a tree of one's own ----

"$V2GLAB" pki make --cpid 'DE*ABC*E77777' "$TMPDIR/own" >/dev/null
try 0 "--pki: certificates of another tree, on both sides" "the station shows CN=DE*ABC*E77777" \
    --no-record --pki "$TMPDIR/own" examples/evcc-tls.lua examples/secc-tls.lua
try 1 "roots of one tree, a station of another" "unknown_ca" --no-record --pki "$TMPDIR/own" \
    --roots "$V2GLAB_PKI/iso15118-20/v2g-root.pem" examples/evcc-tls.lua examples/secc-tls.lua
"$V2GLAB" pki make --for iso15118-2 "$TMPDIR/only2" >/dev/null
try 0 "a tree of ISO 15118-2 alone does for TLS 1.2" "TLS is established: TLS 1.2" --no-record \
    --pki "$TMPDIR/only2" --tls 1.2 examples/evcc-iso15118-2-ac.lua examples/secc-iso15118-2-ac.lua
try 3 "and not for a station of TLS 1.3" "has no station's certificate for TLS 1.3" --no-record \
    --pki "$TMPDIR/only2" examples/secc-tls.lua
try 3 "--pki of a folder without a tree" "expected a folder that \`v2glab pki make\` made" \
    --no-record --pki "$TMPDIR/nothing" examples/evcc-tls.lua

# ---- files ----

try 3 "a chain that is not there" "$TMPDIR/nothing.pem" --no-record --tls 1.3 \
    --cert "$TMPDIR/nothing.pem" examples/evcc-tls.lua
try 3 "a key without a certificate" "no certificate" --no-record --tls 1.3 \
    --key "$V2GLAB_PKI/iso15118-20/secc-leaf.key" examples/evcc-tls.lua
try 3 "a version that there is not" "expected off, auto, 1.2 or 1.3" --tls 1.1 examples/evcc-tls.lua
for path in /etc/passwd ../x.pem a/../../x.pem; do
    echo "Evcc.Connect { tls = '1.3', cert = '$path' }" | script outside
    try 3 "a script cannot name $path" "is not beside the script" --no-record "$TMPDIR/outside.lua"
done
echo "Evcc.Connect { tls = '1.3', cert = '/nowhere.pem' }" | script outside
try 3 "unless it is unsafe" "/nowhere.pem" --no-record --unsafe "$TMPDIR/outside.lua"
check "which is then looked for" lacks "is not beside the script"
# shown NAME CERT CHECK: a vehicle that shows that certificate
shown() {
    script "$1" <<EOF
local identity = Pki.Identity('contract-leaf', 'ISO15118-20')
local served = Start(Secc.Serve, { sessions = 1, tls = '1.3' })
Evcc.Connect { tls = '1.3', cert = $2, manual = true, may_fail = true }
Evcc.Receive_Any(2000)
assert(Evcc.Get_Tls_Request(), 'no request')
assert($3, 'another chain')
EOF
    try "$4" "cert = $2: $5" "$6" --no-record --virtual-time "$TMPDIR/$1.lua"
}
shown identity identity "Evcc.Get_Tls_OwnChain()[1] == identity.chain[1]" 1 \
    "an identity is shown" "C=DE, DC=MO / CN=MO sub-CA 2"
shown none false "#(Evcc.Get_Tls_OwnChain() or {}) == 0" 1 "none is shown" \
    "the EVCC sent no certificate"
shown half "{ chain = {} }" "true" 3 "needs its key" "the table has no key"
echo "Evcc.Connect { tls = 'ssl' }" | script outside
try 3 "a tls that there is not" "expected 'off', 'auto', '1.2', '1.3', true or a table" \
    --no-record "$TMPDIR/outside.lua"
