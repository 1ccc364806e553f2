#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `v2glab ev` and `v2glab evse` over TLS: sessions, what each side asks for and takes, several
# vehicles at once, and vehicles that break off in the handshake.
# shellcheck source=tests/cli/support
. tests/cli/support

# shellcheck source=tests/cli/support-ev
. tests/cli/support-ev

# ---- complete sessions ----

for mode in ac dc; do
    ev --protocol ISO15118-2 --mode $mode --tls 1.2
    both_pass "ISO 15118-2 $mode over TLS 1.2" out 'SECCDiscoveryReq             TLS' \
        out 'EVCC TLS is established: TLS 1.2, TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, secp256r1' \
        not-out 'certificates of the EVCC'
    ev --protocol ISO15118-20 --mode $mode
    both_pass "ISO 15118-20 $mode asks for TLS 1.3 unasked" out 'SECCDiscoveryReq             TLS' \
        out 'SECC TLS is established: TLS 1.3' out 'both with certificates'
done
ev --protocol ISO15118-2 --mode dc --tls 1.3
both_pass "ISO 15118-2 over TLS 1.3, where it is told so" out 'TLS is established: TLS 1.3'
ev --protocol ISO15118-20 --mode ac --tls off
both_pass "ISO 15118-20 without TLS, where it is told so" not-out 'TLS is established'
ev --mode dc
both_pass "by itself, the rest has none" out 'SECCDiscoveryReq             no TLS' \
    not-out 'TLS is established'
ev --protocol ISO15118-2 --mode ac --set pause=1 --tls 1.2
both_pass "a pause" out 'OK_OldSessionJoined'

# ---- what SDP asks for and gets: row by row ----

# table VEHICLE STATION ANSWER
table() {
    ev --protocol ISO15118-2 --mode ac --set tls="$1" --with tls="$2"
    both_pass "a vehicle with tls=$1, a station with tls=$2: $3" \
        out "]:$(sed -n 's/.*SECCDiscoveryRes .*]:\([0-9]*\), .*/\1/p' "$work/out" | head -n 1), $3"
}
table off off 'no TLS'
table off auto 'no TLS'
table auto off 'no TLS'
table auto auto 'TLS'
table auto 1.2 'TLS'
table 1.2 auto 'TLS'
table 1.3 auto 'TLS'
ev --protocol ISO15118-2 --mode ac --tls 1.2 --with tls.version=1.2 \
    --with tls.suites=TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
wants "no suite in common: what was offered, and what key the station has" 1 \
    out 'the EVCC offers TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256' \
    out 'our certificate has a key of prime256v1'
"$V2GLAB" pki make --fault vehicle-leaf=expired "$work/expired" >"$work/made" # TLS 1.3 tells late
ev --protocol ISO15118-20 --mode ac --pki "$work/expired"
wants "a vehicle whose certificate is refused says by which alert" 1 \
    out 'found nothing: TLS with' out 'the SECC sent alert certificate_expired'
ev --protocol ISO15118-2 --mode ac --set tls=1.2 --with tls=off
wants "a vehicle that wants TLS only" 1 out 'the SECC answered SDP with no TLS'
ev --protocol ISO15118-2 --mode ac --set tls=1.2 --with tls=off --set gaps.SDP\>TCP=5
wants "the same with a pause before TCP" 1 out 'the station answered SDP with no TLS'
ev --protocol ISO15118-2 --mode ac --set tls=1.2 --set gaps.SDP\>TCP=5
both_pass "and where there is TLS" out 'TLS is established: TLS 1.2'
ev --protocol ISO15118-2 --mode ac --set tls=1.2 --with tls=1.3
wants "versions that do not meet" 1 out 'alert from the SECC: protocol_version' \
    out 'no version in common: the EVCC offers TLS 1.2, this side speaks TLS 1.3'

# ---- settings ----

ev --protocol ISO15118-20 --mode ac --set tls.version=1.3 --set tls.groups=x448
both_pass "a parameter is a setting of TLS" out 'EVCC TLS is established: TLS 1.3' out ', x448'
ev --protocol ISO15118-20 --mode ac --tls-set suites=TLS_CHACHA20_POLY1305_SHA256
both_pass "--tls-set, for the command's own side" \
    out 'TLS is established: TLS 1.3, TLS_CHACHA20_POLY1305_SHA256' \
    out 'ClientHello: TLS 1.3; TLS_CHACHA20_POLY1305_SHA256; groups secp521r1'
ev --protocol ISO15118-20 --mode ac --tls-set ocsp=required --with tls.staple=true
both_pass "a vehicle that wants an OCSP response, and gets it" out 'OCSP response of'
ev --protocol ISO15118-20 --mode ac --tls-set ocsp=required --with tls.staple=false
wants "and one that does not" 1 out 'the SECC sent no OCSP response' \
    out 'alert from the EVCC: bad_certificate_status_response'
ev --protocol ISO15118-20 --mode ac --profile field --with tls.staple=false
both_pass "with --profile field it goes on without" not-out 'OCSP response of'
ev --protocol ISO15118-2 --mode ac --set tls=1.2 --profile test
both_pass "with --profile test a station answers trusted_ca_keys" \
    out 'encrypt-then-MAC; trusted_ca_keys'
ev --protocol ISO15118-2 --mode ac --set tls.version=1.2 --set tls.plain=true --with tls=off
both_pass "TLS 1.2, or none" not-out 'TLS is established'
ev --protocol ISO15118-2 --mode ac --set tls.version=1.2 --set tls.plain=true --with tls=off \
    --set gaps.SDP\>TCP=5
both_pass "the same with a pause before TCP" not-out 'TLS is established'
ev --protocol ISO15118-2 --mode ac --set tls.suites=TLS_AES_256_GCM_SHA384 --with tls=off
wants "settings without a version mean TLS" 1 out 'the SECC answered SDP with no TLS'
ev --set tls.suits=x
wants "a setting that there is not" 3 out "TLS has no setting 'suits'; the nearest is 'suites'"
ev --tls-set check=maybe
wants "a value that there is not" 3 err "the TLS setting check is 'maybe'; expected 'standard', 'none'"
ev --protocol ISO15118-2 --mode ac --payment Contract
both_pass "a vehicle of ISO 15118-2 asks for TLS 1.2 where a contract is to pay" \
    out 'ClientHello: TLS 1.2;' out 'SelectedPaymentOption Contract'

# ---- ISO 15118-20 and TLS ----

ev --protocol ISO15118-20 --tls 1.2
wants "[V2G20-1237] [V2G20-1805] a vehicle does not speak ISO 15118-20 over TLS 1.2" 1 \
    out 'ISO 15118-20 needs TLS 1.3, and the connection has TLS 1.2' not-out 'supportedAppProtocolReq'
ev --protocol ISO15118-20 --set tls=auto --with tls=off
wants "nor without, where it was not told so" 1 \
    out 'ISO 15118-20 needs TLS 1.3, and the connection has none' not-out 'supportedAppProtocolReq'
both='protocols={{"ISO15118-20",priority=1,schema=1},{"ISO15118-2",priority=2,schema=2}}'
ev --mode dc --set "$both" --with tls=1.2
both_pass "it then offers the rest of what it speaks" out 'TLS is established: TLS 1.2' \
    out 'ServiceDiscoveryRes' not-out 'AuthorizationSetupReq'
ev --mode dc --set "$both"
both_pass "and over TLS 1.3 everything" out 'TLS is established: TLS 1.3' out 'AuthorizationSetupReq'
ev --protocol ISO15118-20 --set tls=off --with tls=auto
wants "[V2G20-2356] [V2G20-1805] a station takes ISO 15118-20 over TLS 1.3 only" 1 out 'Failed_NoNegotiation' \
    out 'ISO 15118-20 over TLS 1.3 only'

# ---- one station, all kinds of vehicles ----

cat >"$work/mixed.lua" <<'END'
local n = tonumber(Recall('vehicles') or '0')
Remember('vehicles', tostring(n + 1))
parameters.tls = ({ 'off', '1.2', '1.3' })[n % 3 + 1]
END
run ev --no-record --ladder --count 9 --protocol ISO15118-2 --mode dc --time-scale 1000 --set loops=3 \
    --set gaps.CurrentDemand=20000 --script "$work/mixed.lua"
both_pass "nine vehicles at once, with and without TLS"
times "the station charges each" 9 'SECC verdict: pass'
times "three of them over TLS 1.2" 3 'EVCC TLS is established: TLS 1.2'
times "three over TLS 1.3" 3 'EVCC TLS is established: TLS 1.3'

port=$((20000 + $$ % 20000))
"$V2GLAB" evse -q --no-record --peer "[::1]:$port" --sessions 3 >"$work/station" 2>&1 &
station=$!
for tls in off 1.2 1.3; do
    run ev --no-record --ladder --time-scale 1000 --set loops=3 --protocol ISO15118-2 --mode ac \
        --peer "[::1]:$port" --tls $tls
    wants "without SDP: a vehicle with tls=$tls, at the same port" 0 out 'EVCC verdict: pass'
done
wait $station
result $? "and the station is content"

# ---- breaking off ----

cat >"$work/breaks.lua" <<'END'
local function try(what, ...)
    Evcc.Set_SECCDiscoveryReq_Security(0x00)
    Evcc.Send_SECCDiscoveryReq_001()
    assert(Evcc.Receive_Any_001(1000) == 'SECCDiscoveryRes')
    assert(Evcc.Get_SECCDiscoveryRes_Security() == 0x00)
    Evcc.Connect { manual = true, tls = 'off' } -- to the port of TLS
    for _, bytes in ipairs { ... } do
        Evcc.Send_Raw(bytes)
    end
    if what:find('waits') then
        Evcc.Receive_Any_001(50)
    end
    Evcc.Disconnect(what:find('RST') ~= nil)
    Log('broke off: ' .. what)
end
local HELLO <const> = '\x16\x03\x01\x00\xF4\x01\x00\x00\xF0\x03\x03' .. ('\x55'):rep(32)
try('FIN at once')
try('RST at once')
try('FIN in the ClientHello', HELLO)
try('RST in the ClientHello', HELLO)
try('no TLS at all, waits', 'GET / HTTP/1.1\r\n\r\n')
try('V2GTP in the clear, waits', '\x01\xFE\x80\x01\x00\x00\x00\x01\x80')
try('a record of the wrong version, waits', '\x16\x09\x01\x00\x01\x01')
try('an empty record, waits', '\x16\x03\x03\x00\x00')
try('a record that is too long, waits', '\x16\x03\x03\xFF\xFF')
try('an alert, RST', '\x15\x03\x03\x00\x02\x02\x28')
try('application data first, waits', '\x17\x03\x03\x00\x01\x00')
END
cat >"$work/silent.lua" <<'END'
Evcc.Connect { manual = true, tls = 'off', address = parameters.about }
Sleep(2000)
Pass()
END
ev --protocol ISO15118-20 --mode dc --script "$work/breaks.lua"
times "eleven vehicles break off in the handshake" 11 'broke off: '
times "the station notes each" 11 'SECC verdict: fail'
wants "and charges the next one" 1 out 'EVCC verdict: pass' out 'SECC verdict: pass' \
    not-out 'verdict: error' out 'V2GTP in the clear'

# Three that connect and say nothing at all do not keep a fourth from charging, and are let go in
# time.
port=$((port + 1))
"$V2GLAB" evse --ladder --no-record --peer "[::1]:$port" --sessions 4 \
    --timer V2G_SECC_CommunicationSetup_Performance_Time=1500 >"$work/station" 2>&1 &
station=$!
"$V2GLAB" ev -q --no-record --count 3 --peer "[::1]:$port" --set "about=[::1]:$port" \
    --script "$work/silent.lua" >/dev/null 2>&1 &
silent=$!
sleep 0.1
run ev --no-record --ladder --time-scale 1000 --set loops=3 --protocol ISO15118-20 --mode ac \
    --peer "[::1]:$port" --tls 1.3
wants "a vehicle charges beside silent ones" 0 out 'EVCC verdict: pass'
wait $silent
wait $station
grep -v "^exit code" "$work/station" >"$work/out"
times "which the station lets go" 3 'the time for setting up communication ran out'
