#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# TLS with a peer of other people: the openssl program as vehicle (s_client) and as station
# (s_server), on the loopback of a lab of its own. Every line says what was chosen, and both sides
# are looked at. shellcheck source=tests/cli/support
. tests/cli/support
if [ "${1-}" != inside ]; then
    "$V2GLAB" lab true 2>/dev/null || {
        echo "ok - TLS with openssl # SKIP no lab can be made"
        exit 0
    }
    exec "$V2GLAB" lab "$0" inside
fi
export V2GLAB_PKI="$work/pki"
two=$V2GLAB_PKI/iso15118-2 twenty=$V2GLAB_PKI/iso15118-20
run pki make "$V2GLAB_PKI"
for leaf in "$two/secc-leaf" "$twenty/secc-leaf" "$twenty/vehicle-leaf"; do
    sed '1,/END CERTIFICATE/d' "$leaf.chain.pem" >"$leaf.above.pem"
done
port=15118

frame() { # JSON -> a frame
    "$V2GLAB" encode --complete --format v2gtp-raw "$1"
}
offer='{"supportedAppProtocolReq": {"AppProtocol": [{"ProtocolNamespace":
    "urn:iso:15118:2:2013:MsgDef", "VersionNumberMajor": 2, "VersionNumberMinor": 0,
    "SchemaID": 7, "Priority": 1}]}}'
frame "$offer" >"$work/request"
frame '{"supportedAppProtocolRes": {"SchemaID": 1}}' >"$work/response"

# until_has FILE PATTERN: waits for it, 3 s at most
until_has() {
    for ((i = 0; i < 300; i++)); do
        grep -qaE -e "$2" "$1" 2>/dev/null && return
        sleep 0.01
    done
    return 1
}

# says NAME TEXT...: both outputs together have the texts; one that begins with ! they have not
says() {
    name=$1 bad=0
    shift
    for text; do
        case $text in
        !*) grep -qaF -e "${text#!}" "$work/out" "$work/err" && bad=1 && echo "# has ${text#!}" ;;
        *) grep -qaF -e "$text" "$work/out" "$work/err" || { bad=1 && echo "# lacks $text"; } ;;
        esac
    done
    result $bad "$name"
}

# ---- openssl as the vehicle ----

# station SETTINGS: a station that listens with these settings of TLS
station() {
    port=$((port + 1))
    cat >"$work/secc.lua" <<END
Secc.Listen { tls = { $1 } }
Secc.Receive_Any_001(3000)
Log('agreed', Secc.Get_Tls_Version(), Secc.Get_Tls_Suite(), Secc.Get_Tls_Group(),
    (Secc.Get_Tls_PeerCertificate()))
Log('offered', table.concat(Secc.Get_Tls_Offer().protocols or {}, ' '), Secc.Get_Tls_Offer().server_name)
END
    listen
}

listen() {
    : >"$work/out"
    "$V2GLAB" run --no-record --peer "[::1]:$port" "$work/secc.lua" >"$work/out" 2>&1 &
    station=$!
    until_has "$work/out" listens
}

# say: the first message, once openssl has TLS, until it is answered; nothing where it gets none
say() {
    until_has "$work/err" 'Verify return code|:error:' && ! grep -qa :error: "$work/err" &&
        cat "$work/request" && until_has "$work/out" 'OK_SuccessfulNegotiation|verdict'
}

# client OPTION...: a vehicle that says supportedAppProtocolReq once it has TLS and leaves when it
# is answered, or at once where it gets none
client() {
    ran="s_client $*"
    : >"$work/err"
    say | openssl s_client -connect "[::1]:$port" "$@" >"$work/err" 2>&1
    status=$?
    wait "$station"
}

chain=(-CAfile "$two/v2g-root.pem" -verify_return_error)
newer=(-tls1_3 -CAfile "$twenty/v2g-root.pem" -verify_return_error)
vehicle=(-cert "$twenty/vehicle-leaf.pem" -key "$twenty/vehicle-leaf.key"
    -cert_chain "$twenty/vehicle-leaf.above.pem")

station "version = '1.2', staple = true"
client -tls1_2 "${chain[@]}" -status
says "TLS 1.2: the suite and the curve of ISO 15118-2, of all that openssl offers" \
    'ECDHE-ECDSA-AES128-SHA256' 'ECDH, prime256v1, 256 bits' 'Verify return code: 0 (ok)' \
    '1.2 TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256 secp256r1 nil'
says "a message and its answer" OK_SuccessfulNegotiation
says "openssl finds the stapled OCSP response good" 'OCSP Response Status: successful' \
    'Cert Status: good'
says "no certificate is asked of the vehicle" 'No client certificate CA names sent'

station "version = '1.2'"
client -tls1_2 "${chain[@]}" -alpn v2g,http/1.1 -servername evse.local
says "what openssl says of protocols and its name for the station is seen" 'offered v2g http/1.1 evse.local'

station "version = '1.2', staple = false"
client -tls1_2 "${chain[@]}" -status
says "nothing is stapled where that is chosen" 'OCSP response: no response sent'

station "version = '1.2'"
client -tls1_2 "${chain[@]}" -cipher ECDHE-ECDSA-AES128-GCM-SHA256
says "TLS 1.2 with another suite is refused: handshake_failure" 'alert handshake failure' \
    'handshake_failure' '!TLS is established'
station "version = '1.2'"
client -tls1_2 "${chain[@]}" -groups P-384:X25519
says "and with other curves" 'alert handshake failure' '!TLS is established'
station "version = '1.2', suites = 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
    groups = 'secp384r1:secp256r1'"
client -tls1_2 "${chain[@]}" -groups P-384:P-256
says "unless the script says so" 'ECDHE-ECDSA-AES128-GCM-SHA256' 'secp384r1, 384 bits' \
    OK_SuccessfulNegotiation
station "version = '1.2'"
client -tls1_1 "${chain[@]}" -cipher DEFAULT@SECLEVEL=0
says "TLS 1.1 is refused: protocol_version" 'alert protocol version' '!TLS is established'
station "version = '1.2'"
client "${newer[@]}" "${vehicle[@]}"
says "TLS 1.3 by a station that has 1.2 alone" 'alert protocol version' '!TLS is established'

station "version = '1.3'"
client "${newer[@]}" "${vehicle[@]}" -trace
says "[V2G20-2406] [V2G20-2407] CertificateRequest has neither oid_filters nor status_request" \
    'CertificateRequest, Length=' 'extension_type=certificate_authorities(47)' \
    '!extension_type=oid_filters' '!extension_type=status_request'
says "[V2G20-1264] TLS 1.3: certificates of both sides, suite and curve of ISO 15118-20" \
    'TLS_AES_256_GCM_SHA384' 'ECDH, secp521r1, 521 bits' 'Verify return code: 0 (ok)' \
    'TLS is established: TLS 1.3, TLS_AES_256_GCM_SHA384, secp521r1' 'agreed 1.3' \
    'CN=WMIV1234567890ABCDEX' OK_SuccessfulNegotiation
says "the signatures are of ECDSA with SHA-512 over secp521r1" 'Peer signing digest: SHA512' \
    'Peer signature type: ECDSA' 'ecdsa_secp521r1_sha512'
station "version = '1.3'"
client "${newer[@]}" "${vehicle[@]}" -ciphersuites TLS_CHACHA20_POLY1305_SHA256 -groups X448
says "the other suite and the other curve" 'TLS_CHACHA20_POLY1305_SHA256' 'X448, 448 bits' \
    'TLS_CHACHA20_POLY1305_SHA256 x448' OK_SuccessfulNegotiation
station "version = '1.3'"
client "${newer[@]}" "${vehicle[@]}" -ciphersuites TLS_AES_128_GCM_SHA256
says "a suite that ISO 15118-20 has not is refused" 'alert handshake failure' '!TLS is established'
station "version = '1.3'"
client "${newer[@]}" "${vehicle[@]}" -groups P-256:X25519
says "and its curves" 'alert handshake failure' '!TLS is established'
station "version = '1.3'"
client "${newer[@]}"
says "[V2G20-2400] a vehicle without a certificate is refused: certificate_required" 'certificate required' \
    'sent alert certificate_required' '!TLS is established'
station "version = '1.3'"
client "${newer[@]}" -cert "$twenty/secc-leaf.pem" -key "$twenty/secc-leaf.key" \
    -cert_chain "$twenty/secc-leaf.above.pem"
says "one with a station's certificate as well" 'lacks clientAuth' 'sent alert' '!TLS is established'
station "version = '1.3'"
client "${newer[@]}" "${vehicle[@]}" -maxfraglen 1024
says "[V2G20-2446] a vehicle may ask for shorter fragments" 'TLS is established' \
    OK_SuccessfulNegotiation
station "version = '1.3', check = 'offered'"
client "${newer[@]}"
says "unless the script does not insist" 'TLS is established: TLS 1.3' OK_SuccessfulNegotiation
station "version = '1.3', certificate_authorities = true"
client "${newer[@]}" "${vehicle[@]}"
says "the roots of vehicles are named where that is chosen" 'Acceptable client certificate CA names' \
    'CN = OEM root CA' OK_SuccessfulNegotiation
station "version = '1.3', check = 'none'"
client -tls1_3 -CAfile "$two/v2g-root.pem" -verify_return_error
says "openssl refuses a station of another root, and the station tells it" \
    'alert from the EVCC: unknown_ca' '!TLS is established'

# resumption: the second connection of one station
for version in 1.2 1.3; do
    option=-tls${version/./_}
    files=("${chain[@]}")
    [ $version = 1.2 ] || files=(-CAfile "$twenty/v2g-root.pem" "${vehicle[@]}")
    for resumption in true false; do
        port=$((port + 1))
        cat >"$work/secc.lua" <<END
for i = 1, 2 do
    Secc.Listen { tls = { version = '$version', resumption = $resumption } }
    Secc.Receive_Any_001(3000)
end
END
        listen
        rm -f "$work/session"
        for use in -sess_out -sess_in; do
            [ $use = -sess_out ] || [ -s "$work/session" ] || continue
            : >"$work/err"
            : >"$work/out"
            say | openssl s_client -connect "[::1]:$port" "$option" "${files[@]}" "$use" "$work/session" \
                >"$work/err" 2>&1
        done
        kill "$station" 2>/dev/null
        wait "$station" 2>/dev/null
        if $resumption; then
            says "TLS $version: openssl resumes a session" 'Reused, TLS'
        else
            says "TLS $version: no session is resumed unless that is chosen" '!Reused, TLS' 'New, TLS'
        fi
    done
done

# ---- openssl as the station ----

# server OPTION...: a station that answers the first message
server() {
    ran="s_server $*"
    port=$((port + 1))
    rm -f "$work/say"
    mkfifo "$work/say"
    openssl s_server -accept "[::1]:$port" -naccept 1 "$@" <"$work/say" >"$work/err" 2>&1 &
    server=$!
    exec 7>"$work/say"
    until_has "$work/err" ACCEPT
}

# vehicle SETTINGS: connects with these settings of TLS
vehicle() {
    cat >"$work/evcc.lua" <<END
Evcc.Connect { tls = { $1 }, may_fail = true }
Log('agreed', Evcc.Get_Tls_Version(), Evcc.Get_Tls_Suite(), Evcc.Get_Tls_Group(),
    (Evcc.Get_Tls_PeerCertificate()), Evcc.Get_Tls_Problem())
END
    { until_has "$work/out" supportedAppProtocolReq && cat "$work/response" >&7; } &
    answer=$!
    : >"$work/out"
    "$V2GLAB" run --no-record --peer "[::1]:$port" "$work/evcc.lua" >"$work/out" 2>&1
    status=$?
    kill "$answer" 2>/dev/null
    exec 7>&-
    for _ in {1..50}; do # what it has to say of the end
        kill -0 "$server" 2>/dev/null || break
        sleep 0.02
    done
    kill "$server" 2>/dev/null
    wait "$server" "$answer" 2>/dev/null
}

old=(-tls1_2 -cert "$two/secc-leaf.pem" -key "$two/secc-leaf.key"
    -cert_chain "$two/secc-leaf.above.pem" -trace)
new=(-tls1_3 -cert "$twenty/secc-leaf.pem" -key "$twenty/secc-leaf.key"
    -cert_chain "$twenty/secc-leaf.above.pem")

server "${old[@]}"
vehicle "version = '1.2', ocsp = true"
says "a vehicle of TLS 1.2 offers the suite and the curve of ISO 15118-2 alone" \
    'cipher_suites (len=4)' 'Shared ciphers:ECDHE-ECDSA-AES128-SHA256' \
    'Supported groups: secp256r1' 'extension_type=status_request(5)' \
    'extension_type=trusted_ca_keys(3)' \
    'agreed 1.2 TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256 secp256r1' 'DC=CPO' \
    OK_SuccessfulNegotiation
server "${old[@]}" -cipher ECDHE-ECDSA-AES256-GCM-SHA384
vehicle "version = '1.2'"
says "which a station without them refuses" 'handshake_failure' 'no shared cipher' \
    '!TLS is established'
server "${old[@]}"
vehicle "version = '1.2', trusted_ca_keys = false, ocsp = false"
says "it names no roots and asks for no OCSP where that is chosen" \
    '!extension_type=trusted_ca_keys(3)' '!extension_type=status_request(5)' 'agreed 1.2'
server "${old[@]}"
vehicle "version = '1.2', ocsp = 'required'"
says "and goes on without an OCSP response only where it need not have one" '!TLS is established'

# a response that the openssl program makes out of the tree
serial=$(openssl x509 -in "$two/secc-leaf.pem" -noout -serial | cut -d = -f 2)
printf 'V\t391231235959Z\t\t%s\tunknown\t/CN=x\n' "$serial" >"$work/index.txt"
openssl ocsp -index "$work/index.txt" -CA "$two/cpo-sub2.pem" -rsigner "$two/cpo-sub2.pem" \
    -rkey "$two/cpo-sub2.key" -issuer "$two/cpo-sub2.pem" -cert "$two/secc-leaf.pem" -ndays 2 \
    -reqout "$work/ocsp.req" -noverify >/dev/null 2>&1
openssl ocsp -index "$work/index.txt" -CA "$two/cpo-sub2.pem" -rsigner "$two/cpo-sub2.pem" \
    -rkey "$two/cpo-sub2.key" -reqin "$work/ocsp.req" -ndays 2 -respout "$work/ocsp.good" \
    >/dev/null 2>&1
server "${old[@]}" -status_file "$work/ocsp.good"
vehicle "version = '1.2', ocsp = 'required'"
says "a response that openssl makes and staples is checked and good" 'agreed 1.2' \
    OK_SuccessfulNegotiation
printf 'R\t391231235959Z\t250101000000Z,keyCompromise\t%s\tunknown\t/CN=x\n' "$serial" \
    >"$work/index.txt"
openssl ocsp -index "$work/index.txt" -CA "$two/cpo-sub2.pem" -rsigner "$two/cpo-sub2.pem" \
    -rkey "$two/cpo-sub2.key" -reqin "$work/ocsp.req" -ndays 2 -respout "$work/ocsp.revoked" \
    >/dev/null 2>&1
server "${old[@]}" -status_file "$work/ocsp.revoked"
vehicle "version = '1.2', ocsp = true"
says "one that says revoked ends the handshake" 'revoked' '!TLS is established'

server "${new[@]}" -Verify 4 -verify_return_error -CAfile "$twenty/v2g-root.pem" -trace
vehicle "version = '1.3', ocsp = true"
says "a vehicle of TLS 1.3 shows a certificate that openssl verifies" 'CN = WMIV1234567890ABCDEX' \
    'verify return:1' 'agreed 1.3 TLS_AES_256_GCM_SHA384 secp521r1' OK_SuccessfulNegotiation \
    '!verify error'
says "[V2G20-2372] [V2G20-2373] its status_request names no responder" \
    'extension_type=status_request(5), length=5' '0000 - 01 00 00 00 00'
server "${new[@]}"
vehicle "version = '1.3', ocsp = true"
says "TLS 1.3 with a station that asks for none" 'agreed 1.3'
server "${new[@]}" -groups P-256
vehicle "version = '1.3'"
says "a station without the curves of ISO 15118-20 refuses it" 'handshake_failure' \
    '!TLS is established'
server "${new[@]}" -Verify 4 -verify_return_error -CAfile "$twenty/oem-root.pem"
vehicle "version = '1.3', ocsp = true"
says "a station that does not know the vehicle's root: its alert is seen" \
    'alert from the SECC' '!OK_SuccessfulNegotiation'
server -tls1_2 -cert "$two/secc-leaf.pem" -key "$two/secc-leaf.key"
vehicle "version = '1.2'"
says "a station that leaves its sub-CAs out is refused" '!TLS is established' \
    'neither in the chain nor a trust anchor'

# ---- a tree of other people ----

# What trees made elsewhere lack: lists of revocation, keys of CAs, the other edition.
mkdir -p "$work/foreign/iso15118-2"
cp "$two"/{v2g-root.pem,secc-leaf.chain.pem,secc-leaf.key} "$work/foreign/iso15118-2"
run run --no-record --tls 1.2 --tls-set ocsp=true --pki "$work/foreign" examples/evcc-iso15118-2-ac.lua \
    examples/secc-iso15118-2-ac.lua
wants "--pki of a folder with a root, a chain and a key alone" 0 out 'TLS is established: TLS 1.2'
