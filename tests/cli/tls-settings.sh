#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What scripts choose of TLS, what they see of it, and alerts that they expect.
# shellcheck source=tests/cli/support
. tests/cli/support

export V2GLAB_PKI="$work/pki"
run pki list
result $status "the demo tree"

# vehicle, station: the script of either side, on standard input
vehicle() {
    cat >"$work/vehicle.lua"
}
station() {
    cat >"$work/station.lua"
}

# both NAME STATUS [WHERE TEXT]...: runs them against each other; `wants` has the rest
both() {
    run run --no-record "$work/vehicle.lua" "$work/station.lua"
    wants "$@"
}



# The usual station: takes a connection with the settings TABLE, until the vehicle has gone.
plays() {
    station <<END
Secc.Listen { tls = $1 }
repeat until not Secc.Receive_Any_001(3000)
Pass()
END
}

# ---- both Hellos ----

plays "{ version = '1.2', trusted_ca_keys = true }"
vehicle <<'END'
Evcc.Connect { tls = { version = '1.2', trusted_ca_keys = true, server_name = 'secc.example',
                       ocsp = 'v2' } }
local offer, answer = Evcc.Get_Tls_Offer(), Evcc.Get_Tls_Answer()
local function has(list, name)
    for _, entry in ipairs(list) do
        if entry == name then return true end
    end
    return false
end
assert(offer.versions[1] == '1.2' and #offer.versions == 1)
assert(offer.suites[1] == 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256')
assert(#offer.groups == 1 and offer.groups[1] == 'secp256r1')
assert(#offer.schemes == 1 and offer.schemes[1] == 'ecdsa_secp256r1_sha256')
assert(offer.server_name == 'secc.example' and offer.ocsp and offer.ocsp_v2 and not offer.resumes)
assert(has(offer.extensions, 'trusted_ca_keys') and has(offer.extensions, 'status_request_v2'))
assert(#offer.trusted_ca_keys == 2 and offer.trusted_ca_keys[1].kind == 'key')
assert(#offer.trusted_ca_keys[1].sha1 == 20)
assert(answer.version == '1.2' and answer.suite == Evcc.Get_Tls_Suite() and not answer.resumed)
assert(has(answer.extensions, 'trusted_ca_keys') and has(answer.extensions, 'encrypt_then_mac'))
assert(Evcc.Get_Tls_Request() == nil and Evcc.Get_Tls_Resumed() == false)
assert(Evcc.Get_Tls_Schemes() == 'ecdsa_secp256r1_sha256')
assert(Evcc.Get_Tls_Handshake_Time() > 0 and Evcc.Get_Tls_Handshake_Time() < 2000)
local _, pem = Evcc.Get_Tls_PeerCertificate(1)
assert(pem == Evcc.Get_Tls_PeerChain()[2].pem and pem:find('^%-%-%-%-%-BEGIN CERTIFICATE'))
assert(Pki.Certificate(pem) == Evcc.Get_Tls_PeerChain()[2])
local chain = Evcc.Get_Tls_PeerChain()
assert(#chain == 3 and chain[1].domain == 'CPO' and chain[1].curve == 'prime256v1')
assert(Evcc.Get_Tls_OwnChain() == nil)
Log('all seen')
END
both "TLS 1.2: what both Hellos have" 0 out 'all seen' out 'EVCC verdict: pass'

vehicle <<'END'
Evcc.Connect { tls = { version = '1.3', certificate_authorities = true } }
local offer, request = Evcc.Get_Tls_Offer(), Evcc.Get_Tls_Request()
assert(offer.versions[1] == '1.3' and offer.certificate_authorities[1]:find('V2G root CA'))
assert(table.concat(offer.groups, ' ') == 'secp521r1 x448')
assert(request.certificate_authorities[1]:find('V2G root CA') and request.schemes[1] == 'ecdsa_secp521r1_sha512')
assert(#Evcc.Get_Tls_OwnChain() == 3 and Evcc.Get_Tls_OwnChain()[1].curve == 'secp521r1')
local found = false
for _, name in ipairs(Evcc.Get_Tls_Answer().extensions) do
    found = found or name == 'key_share'
end
assert(found)
Log('all seen')
END
plays "{ version = '1.3', certificate_authorities = true }"
both "TLS 1.3: what both Hellos and CertificateRequest have" 0 out 'all seen'

# ---- suites, groups, schemes ----

# agree SETTINGS GETTER VALUE [SETTINGS OF THE STATION]
agree() {
    vehicle <<END
Evcc.Connect { tls = $1 }
assert(Evcc.$2() == '$3', tostring(Evcc.$2()))
END
    plays "{ ${4-} }"
    both "$1: $3" 0 out 'EVCC verdict: pass'
}
agree "{ version = '1.3', suites = 'TLS_CHACHA20_POLY1305_SHA256' }" Get_Tls_Suite \
    TLS_CHACHA20_POLY1305_SHA256
agree "{ suites = { 'TLS_AES_128_GCM_SHA256' }, version = '1.3' }" Get_Tls_Suite \
    TLS_AES_128_GCM_SHA256 "suites = 'TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256'"
agree "{ version = '1.2', suites = 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256' }" Get_Tls_Suite \
    TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 "suites = 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'"
agree "{ version = '1.3', groups = 'x448' }" Get_Tls_Group x448
agree "{ version = '1.3', groups = 'x448:secp521r1' }" Get_Tls_Group secp521r1 "groups = 'secp521r1'"
agree "{}" Get_Tls_Version 1.3
agree "{}" Get_Tls_Version 1.2 "version = '1.2'"

plays "{ version = '1.2' }"
vehicle <<'END'
Evcc.Connect { tls = { version = '1.2', suites = 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384' },
               may_fail = true }
assert(Evcc.Expect_Tls_Alert_001('handshake_failure') == 'handshake_failure')
END
both "no suite in common: handshake_failure" 0 out 'alert from the SECC: handshake_failure'
vehicle <<'END'
Evcc.Connect { tls = { version = '1.2', suites = 'TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA256' } }
END
run run --no-record "$work/vehicle.lua"
wants "static ECDH is not in OpenSSL, and it says so" 3 out 'static ECDH is gone since 1.1.0'
while IFS='|' read -r setting text; do
    echo "Secc.Listen { tls = { $setting } }" >"$work/one.lua"
    run run --no-record "$work/one.lua"
    wants "refused: $setting" 3 out "$text"
done <<'END'
suits = 'x'|TLS has no setting 'suits'; the nearest is 'suites'
groups = 'secp999r1'|TLS groups "secp999r1": not known
check = 'sometimes'|expected 'standard', 'none', 'any', 'offered' or 'required'
resumption = 5|expected true or false
at = 'today'|expected seconds since 1970
domain = true|expected a domain component, or false for any
domain = ('x'):rep(64)|has 64 characters; expected at most 63
server_name = false|the TLS setting server_name is 'false'; expected
suites = ' : '|expected names of IANA
groups = { setmetatable({}, { __tostring = function() pcall(Secc.Listen, { tls = 'off' }) return 'x448' end }) }|changed while they were being read
staple = '/etc/passwd'|is not beside the script
'x'|a setting is called number
END

awk -F '\140' '/^\| \140[a-z_]+\140 \|/ { print $2 }' docs/tls.md >"$work/keys" # \140: backtick
unknown=''
while read -r key; do
    run run --tls-set "$key="
    grep -qF "the TLS setting $key is ''; expected" "$work/err" || unknown="$unknown $key"
done <"$work/keys"
[ -z "$unknown" ] && [ "$(wc -l <"$work/keys")" -gt 15 ]
result $? "docs/tls.md has settings that there are$unknown"

# ---- checking the peer ----

# A vehicle without roots that fit sees what is wrong, or not, by `check`.
"$V2GLAB" pki make "$work/other" >/dev/null
cp "$work/other/iso15118-20/v2g-root.pem" "$work/other.pem"
plays "{ version = '1.3' }"
for check in any none; do
    vehicle <<END
Evcc.Connect { tls = { version = '1.3', check = '$check' }, roots = 'other.pem' }
assert(Evcc.Get_Tls_Problem():find('neither in the chain nor a trust anchor', 1, true))
END
    both "check = '$check': a chain of an unknown root is taken, and the problem told" 0 \
        out 'taken nevertheless'
done
vehicle <<'END'
Evcc.Connect { tls = { version = '1.3', at = 4000000000 }, may_fail = true }
assert(Evcc.Expect_Tls_Refusal_001('certificate_expired'):find('expired on'))
END
both "at: in the year 2096 the chain has expired" 0 out 'EVCC verdict: pass'
vehicle <<'END'
Evcc.Connect { tls = { version = '1.3', domain = 'CPS' }, may_fail = true }
assert(Evcc.Expect_Tls_Refusal_001('bad_certificate'):find('no domain component CPS', 1, true))
END
both "domain: another one than the chain has" 0 out 'EVCC verdict: pass'
for check in none offered any required standard; do
    vehicle <<'END'
Evcc.Connect { tls = { version = '1.2', groups = 'secp256r1:secp521r1' } }
Evcc.Send_SessionSetupReq_001()
Evcc.Receive_SessionSetupRes_001()
assert(#(Evcc.Get_Tls_OwnChain() or {}) == 0 or Evcc.Get_Tls_OwnChain()[1].curve == 'secp521r1')
END
    asks=table
    case $check in none | standard) asks=nil ;; esac
    station <<END
Secc.Listen { tls = { version = '1.2', check = '$check',
                      schemes = 'ecdsa_secp256r1_sha256:ecdsa_secp521r1_sha512',
                      groups = 'secp256r1:secp521r1' } }
Secc.Receive_SessionSetupReq_001()
assert(type(Secc.Get_Tls_Request()) == '$asks', type(Secc.Get_Tls_Request()))
Secc.Send_SessionSetupRes_001()
repeat until not Secc.Receive_Any_001(3000)
END
    both "a station of TLS 1.2 with check = '$check'" 0 out 'SECC verdict: pass'
done

# ---- OCSP ----

for version in 1.2 1.3; do
    plays "{ version = '$version', staple = true }"
    vehicle <<END
Evcc.Connect { tls = { version = '$version', ocsp = 'required' } }
local state, response = Evcc.Get_Tls_Ocsp()
assert(state == 'good' and #response > 200)
END
    both "TLS $version: a stapled OCSP response, checked" 0 out 'EVCC verdict: pass'
    vehicle <<END
Evcc.Connect { tls = { version = '$version', ocsp = false } }
assert(Evcc.Get_Tls_Ocsp() == nil and not Evcc.Get_Tls_Offer().ocsp)
END
    both "TLS $version: none where it is not asked for" 0 out 'EVCC verdict: pass'
done
plays "{ version = '1.3', staple = false }"
vehicle <<'END'
Evcc.Connect { tls = { version = '1.3', ocsp = true } }
assert(Evcc.Get_Tls_Ocsp() == nil)
END
both "ocsp = true goes on without a response" 0 out 'EVCC verdict: pass'
vehicle <<'END'
Evcc.Connect { tls = { version = '1.3', ocsp = 'required' }, may_fail = true }
assert(Evcc.Expect_Tls_Refusal_001('bad_certificate_status_response'):find('sent no OCSP response'))
END
both "ocsp = 'required' does not" 0 out 'EVCC verdict: pass'
"$V2GLAB" pki make --fault secc-leaf=revoked "$work/revoked" >/dev/null
cp "$work/revoked/iso15118-20/v2g-root.pem" "$work/revoked.pem" # without the revocation lists
plays "{ version = '1.3', staple = true }"
vehicle <<'END'
Evcc.Connect { tls = { version = '1.3', ocsp = true }, roots = 'revoked.pem', may_fail = true }
assert(Evcc.Expect_Tls_Refusal_001('bad_certificate_status_response'):find('is revoked'))
assert(Evcc.Get_Tls_Ocsp() == 'revoked')
END
run run --no-record --pki "$work/revoked" "$work/vehicle.lua" "$work/station.lua"
wants "a response that says revoked" 0 out 'EVCC verdict: pass'
plays "{ version = '1.3' }"
vehicle <<'END'
Evcc.Connect { tls = { version = '1.3', ocsp = 'required' } }
assert(Evcc.Get_Tls_Ocsp() == 'good')
END
run run --no-record --tls-set staple=true "$work/vehicle.lua" "$work/station.lua"
wants "a script's other settings leave the user's staple alone" 0 out 'EVCC verdict: pass'
echo "no OCSP response" >"$work/response.der"
plays "{ version = '1.3', staple = true }"
run run --no-record --tls-set "staple=$work/response.der" "$work/vehicle.lua" "$work/station.lua"
wants "a script's staple takes the place of the user's" 0 out 'EVCC verdict: pass'
plays "{ version = '1.3', staple = 'response.der' }"
vehicle <<'END'
Evcc.Connect { tls = { version = '1.3', ocsp = true }, may_fail = true }
assert(Evcc.Expect_Tls_Refusal_001():find('cannot be read'))
END
both "a response that is none, out of a file" 0 out 'EVCC verdict: pass'

# ---- resumption ----

for version in 1.2 1.3; do
    for on in true false; do
        station <<END
for _ = 1, 2 do
    Secc.Listen { tls = { version = '$version', resumption = $on } }
    Secc.Receive_SessionSetupReq_001()
    Secc.Send_SessionSetupRes_001()
    Secc.Receive_Any_001(3000)
end
assert(Secc.Get_Tls_Resumed() == $on)
END
        vehicle <<END
for n = 1, 2 do
    Evcc.Connect { tls = { version = '$version', resumption = true } }
    Evcc.Send_SessionSetupReq_001()
    Evcc.Receive_SessionSetupRes_001()
    assert(Evcc.Get_Tls_Resumed() == (n == 2 and $on))
    assert(Evcc.Get_Tls_Offer().resumes == (n == 2 and ($on or false)) or not $on)
    Evcc.Disconnect()
end
END
        both "TLS $version: resumption = $on" 0 out 'EVCC verdict: pass' out 'SECC verdict: pass'
    done
done
plays "{ version = '1.2', encrypt_then_mac = false, extended_master_secret = false }"
vehicle <<'END'
Evcc.Connect { tls = { version = '1.2' } }
for _, name in ipairs(Evcc.Get_Tls_Answer().extensions) do
    assert(name ~= 'encrypt_then_mac' and name ~= 'extended_master_secret')
end
END
both "TLS 1.2 without encrypt-then-MAC and extended master secret" 0 out 'EVCC verdict: pass'

plays "'1.3'"
vehicle <<'END'
local unknown = Pki.Make('v2g-root', { foreign = true, edition = 'ISO15118-20' }).chain[1]
Evcc.Connect { tls = { version = '1.3', max_fragment_length = 1024 }, roots = { unknown, table.unpack(Pki.Roots()) } }
local asked
for _, name in ipairs(Evcc.Get_Tls_Offer().extensions) do
    asked = asked or name == 'max_fragment_length'
end
assert(asked and #Evcc.Get_Tls_Offer().certificate_authorities == 1 + #Pki.Roots())
END
both "a vehicle asks for shorter fragments, and names roots of a list" 0 out 'EVCC verdict: pass'
for version in 1.2 1.3; do
    plays "{ version = '$version', staple = 'revoked' }"
    vehicle <<END
local good, why = Evcc.Connect { tls = '$version', may_fail = true }
assert(not good and why:find 'bad_certificate_status_response', why)
assert(Evcc.Get_Tls_Ocsp() == 'revoked')
END
    both "TLS $version: a station that staples that it is revoked is refused" 0 out 'EVCC verdict: pass'
done

# ---- alerts that are expected: what else may come ----

# found NAME TEXT: the vehicle expects certificate_expired, fails and finds TEXT
found() {
    both "expected an alert, found $1" 1 out "$2" out 'EVCC verdict: fail'
}
plays "'1.3'"
vehicle <<'END'
Evcc.Connect { tls = '1.2', may_fail = true }
Evcc.Expect_Tls_Alert_001('certificate_expired')
END
found "another one" 'expected alert certificate_expired from the SECC, found alert protocol_version from the SECC'
vehicle <<'END'
Evcc.Connect { tls = '1.3' }
Evcc.Expect_Tls_Alert_001 { 'certificate_expired', 'unknown_ca' }
END
found "a completed handshake" 'expected alert certificate_expired or unknown_ca from the SECC, found a completed handshake: TLS 1.3'
vehicle <<'END'
Evcc.Connect { tls = '1.3', roots = 'other.pem', may_fail = true }
Evcc.Expect_Tls_Alert_001('certificate_expired')
END
found "the own refusal" 'from the SECC, found alert unknown_ca from this side: the SECC'
vehicle <<'END'
Evcc.Expect_Tls_Alert_001('certificate_expired')
END
plays "'off'"
found "a connection without TLS" 'found a connection without TLS'
station <<'END'
Secc.Listen { tls = 'off', address = '[::1]:PORT', manual = true }
Secc.Receive_Any_001(1000)
END
port=$((20000 + $$ % 20000))
sed -i "s/PORT/$port/" "$work/station.lua"
vehicle <<END
Evcc.Connect { tls = '1.3', address = '[::1]:$port', may_fail = true }
Evcc.Expect_Tls_Alert_001('certificate_expired')
END
found "the end without an alert" 'found no alert: '
station <<END
Secc.Listen { tls = '1.3', address = '[::1]:$port' }
Secc.Receive_Any_001(1000)
Sleep(600) -- the next one waits
END
vehicle <<END
Evcc.Connect { tls = '1.3', address = '[::1]:$port' }
Evcc.Disconnect()
Evcc.Connect { tls = '1.3', address = '[::1]:$port', may_fail = true, timeout = 200 }
Evcc.Expect_Tls_Alert_001('certificate_expired', 300)
END
found "nothing in time" 'found no alert: the time for setting up communication ran out'
echo "Evcc.Expect_Tls_Alert_001('certificate_expird')" >"$work/one.lua"
run run --no-record "$work/one.lua"
wants "an alert that there is not" 3 out "TLS has no alert 'certificate_expird'; the nearest is 'certificate_expired'"
run run --print "$work/one.lua"
wants "nor in print mode" 3 err "the nearest is 'certificate_expired'"
# a list that gives a name once only: it is not read again when the alert has come
vehicle <<'END'
Evcc.Connect { tls = '1.3', roots = 'other.pem', may_fail = true }
local reads = 0
local once = setmetatable({}, { __len = function() return 1 end, __index = function()
    reads = reads + 1
    return reads == 1 and 'unknown_ca' or nil
end })
Evcc.Expect_Tls_Refusal_001(once)
assert(reads == 1)
END
plays "'1.3'"
both "names out of a table that changes" 0 out 'EVCC verdict: pass'
echo "Evcc.Expect_Tls_Alert_001 { 46 }" >"$work/one.lua"
run run --no-record "$work/one.lua"
wants "an alert that is no name" 3 out "the name of an alert is a number; expected as 'certificate_expired'"
vehicle <<'END'
Evcc.Connect { tls = '1.3', roots = 'other.pem', may_fail = true }
Evcc.Expect_Tls_Refusal_001('certificate_expired')
END
plays "'1.3'"
both "a refusal with another alert" 1 \
    out 'expected this side to refuse with alert certificate_expired, found alert unknown_ca from this side'
vehicle <<'END'
Evcc.Connect { tls = '1.3', roots = 'other.pem', may_fail = true }
Pass()
END
station <<'END'
Secc.Listen { tls = '1.3' }
assert(Secc.Expect_Tls_Alert_001('unknown_ca', 3000) == 'unknown_ca')
Secc.Listen { tls = '1.3' }
Secc.Expect_Tls_Alert_001(nil, 100)
END
both "a station that expects one, and then another vehicle" 1 out 'SECC verdict: fail' \
    out 'expected any alert from the EVCC, found no alert: nothing happened in time' out 'check passed: Secc.Expect'
