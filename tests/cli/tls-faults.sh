#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each fault of a certificate by name, at the level of TLS and both ways: a station shows a faulty
# leaf or sub-CA and the vehicle refuses it, a vehicle does and the station refuses it. With the
# right alert, and saying which certificate, what of it, and the clause. `pki show` proves the fault
# first. shellcheck source=tests/cli/support
. tests/cli/support

port=$((20000 + $$ % 20000))

# fault | alert of the vehicle | of the station, where it is another | what is said of it, with the
# clause A leaf that cannot be parsed has OpenSSL's own alerts.
table='
expired                | certificate_expired     |  | : expired on .*RFC 5280, 6.1.3
not-yet-valid          | certificate_expired     |  | : not valid before .*RFC 5280, 6.1.3
wrong-domain-component | bad_certificate         |  | domain component .*expected .*ISO 15118-2|V2G2-925
wrong-key-usage        | unsupported_certificate |  | : key usage is .*; expected .*ISO 15118-2
wrong-curve            | unsupported_certificate |  | : a key of secp384r1; expected secp.*V2G2-007|V2G20-2674
swapped-sub-ca         | bad_certificate         |  | sub2.*stands at place 3; expected place 2.*RFC 5246, 7.4.2
foreign-sub-ca         | bad_certificate         | unsupported_certificate | certificate 2 .*: (domain component MO|key usage has).*ISO 15118-2
missing-intermediate   | unknown_ca              |  | certificate 1 .*: its issuer .*neither in the chain nor a trust anchor.*V2G2-924
path-length-exceeded   | bad_certificate         |  | certificate 3 .*: 1 sub-CA below it; its path length constraint is 0.*RFC 5280, 6.1.4
revoked                | certificate_revoked     |  | : revoked by its issuer .*RFC 5280, 6.3
self-signed            | unknown_ca              |  | : signed by itself.*V2G2-884
bad-signature          | bad_certificate         |  | : its signature is not that of its issuer.*RFC 5280, 6.1.3
unparseable            | bad_certificate         | decode_error | octets are no X.509 certificate.*RFC 5280, 4.1
'

column() {
    printf '%s' "$1" | cut -d '|' -f "$2" | sed 's/^ *//; s/ *$//'
}

# ---- trees ----

# make NAME ROLE=FAULT...: a tree with the faults, and for each edition its root with all revocation
# lists; `pki show` sees the fault in the chain of the station's leaf, or of the vehicle's
make() {
    tree=$work/$1
    shift
    "$V2GLAB" pki make "${@/#/--fault=}" "$tree" >/dev/null || echo "not ok - $* can be made"
    for edition in 2 20; do
        cat "$tree/iso15118-$edition/v2g-root.pem" "$tree/iso15118-$edition"/*.crl \
            >"$tree/roots$edition.pem"
    done
}

# shown TREE EDITION LEAF WHAT
shown() {
    run pki show "$work/$1/iso15118-$2/$3.chain.pem"
    [ "$status" -eq 1 ]
    result $? "pki show: $4 in ISO 15118-$2"
}

make good
rows=$(printf '%s' "$table" | grep '|')
leaves='' subs=''
while read -r row; do
    fault=$(column "$row" 1)
    leaves="$leaves $fault"
    make "$fault" "secc-leaf=$fault"
    make "v-$fault" "vehicle-leaf=$fault"
    shown "$fault" 2 secc-leaf "a secc-leaf that is $fault"
    shown "$fault" 20 secc-leaf "a secc-leaf that is $fault"
    shown "v-$fault" 20 vehicle-leaf "a vehicle-leaf that is $fault"
    case $fault in
    swapped-sub-ca | foreign-sub-ca) continue ;; # of leaves only
    path-length-exceeded) ca=sub1 ;;
    *) ca=sub2 ;;
    esac
    subs="$subs $fault"
    make "sub-$fault" "cpo-$ca=$fault" "vehicle-$ca=$fault"
done <<<"$rows"

# no fault of `pki make` is forgotten
"$V2GLAB" pki make --help | sed -n '/^faults:/,/^$/s/^  \([a-z].*[a-z]\)   *.*/\1/p' | tr -d ' ' |
    tr ',' '\n' | grep -v wrong-emaid | sort >"$work/known"
printf '%s\n' "$leaves" | tr ' ' '\n' | grep . | sort >"$work/tested"
same_list() {
    cmp -s "$work/known" "$work/tested"
    result $? "every fault that there is of a chain of TLS is tried"
    diff "$work/known" "$work/tested" | sed 's/^/# /'
}
same_list

# ---- scripts: one connection for each case, in the same order on both sides ----

{
    echo 'return {'
    while read -r row; do
        fault=$(column "$row" 1) alert=$(column "$row" 2) other=$(column "$row" 3)
        echo "  ['$fault'] = { '$alert', '${other:-$alert}' },"
    done <<<"$rows"
    echo '}'
} >"$work/alerts.lua"

cat >"$work/common.lua" <<END
local common = { alerts = require 'alerts', cases = {} }
common.address = '[::1]:$port'
for name in ('$leaves'):gmatch('%S+') do
    common.cases[#common.cases + 1] = { fault = name, station = name, vehicle = 'v-' .. name }
end
for name in ('$subs'):gmatch('%S+') do
    -- a vehicle's sub-CA may have any domain component (ISO 15118-20, B.8)
    common.cases[#common.cases + 1] = { fault = name, station = 'sub-' .. name,
        vehicle = name ~= 'wrong-domain-component' and 'sub-' .. name or nil }
end
common.shown_by_vehicles = {}
for _, case in ipairs(common.cases) do
    table.insert(common.shown_by_vehicles, case.vehicle and case)
end
-- so that a chain of another curve is shown at all
function common.tls(version)
    return { version = version, groups = 'secp521r1:secp256r1:secp384r1',
             schemes = 'ecdsa_secp521r1_sha512:ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384' }
end
function common.files(tree, edition, leaf)
    local path = ('%s/iso15118-%s/%s'):format(tree, edition, leaf)
    return path .. '.chain.pem', path .. '.key'
end
common.versions = { { '2', '1.2' }, { '20', '1.3' } }
return common
END

cat >"$work/vehicle-refuses.lua" <<'END'
local common = require 'common'
for _, case in ipairs(common.cases) do
    for _, edition in ipairs(common.versions) do
        Evcc.Connect { address = common.address, tls = common.tls(edition[2]), may_fail = true,
                       roots = ('%s/roots%s.pem'):format(case.station, edition[1]) }
        local why = Evcc.Expect_Tls_Refusal_001(common.alerts[case.fault][1])
        assert(#Evcc.Get_Tls_PeerChain() > 1)
        Log('case', case.station, 'TLS ' .. edition[2], why)
    end
end
END
cat >"$work/station-shows.lua" <<'END'
local common = require 'common'
for _, case in ipairs(common.cases) do
    for _, edition in ipairs(common.versions) do
        local cert, key = common.files(case.station, edition[1], 'secc-leaf')
        Secc.Listen { address = common.address, tls = common.tls(), cert = cert, key = key }
        Secc.Expect_Tls_Alert_001(common.alerts[case.fault][1])
    end
end
END
cat >"$work/vehicle-shows.lua" <<'END'
local common = require 'common'
for _, case in ipairs(common.shown_by_vehicles) do
    local cert, key = common.files(case.vehicle, '20', 'vehicle-leaf')
    local tls = common.tls('1.3')
    tls.ocsp = true -- the station's certificate comes from a file, without a response
    Evcc.Connect { address = common.address, tls = tls, may_fail = true, cert = cert, key = key,
                   roots = 'good/roots20.pem' }
    Evcc.Expect_Tls_Alert_001(common.alerts[case.fault][2])
end
END
cat >"$work/station-refuses.lua" <<'END'
local common = require 'common'
local cert, key = common.files('good', '20', 'secc-leaf')
for _, case in ipairs(common.shown_by_vehicles) do
    Secc.Listen { address = common.address, tls = common.tls('1.3'), cert = cert, key = key,
                  roots = case.vehicle .. '/roots20.pem' }
    Log('case', case.vehicle, 'TLS 1.3', Secc.Expect_Tls_Refusal_001(common.alerts[case.fault][2]))
end
END

# said WHO TREE FAULT VERSION: the case was refused, with the text of the table
said() {
    pattern=$(printf '%s' "$rows" | grep "^$3 " | cut -d '|' -f 4- | sed 's/^ *//; s/ *$//')
    sed -n "s/.*: case $2 TLS $4 //p" "$work/out" >"$work/why"
    grep -qE -e "$pattern" "$work/why"
    result $? "$1 refuses $2 over TLS $4: $(head -c 200 "$work/why")"
}

# ---- both ways ----

run run --no-record "$work/vehicle-refuses.lua" "$work/station-shows.lua"
wants "a vehicle refuses each fault with its alert, and the station is told" 0 \
    out 'EVCC verdict: pass' out 'SECC verdict: pass'
for version in 1.2 1.3; do
    for fault in $leaves; do said "the vehicle" "$fault" "$fault" $version; done
    for fault in $subs; do said "the vehicle" "sub-$fault" "$fault" $version; done
done
run run --no-record "$work/vehicle-shows.lua" "$work/station-refuses.lua"
wants "a station does" 0 out 'EVCC verdict: pass' out 'SECC verdict: pass'
for fault in $leaves; do said "the station" "v-$fault" "$fault" 1.3; done
for fault in ${subs/wrong-domain-component/}; do
    said "the station" "sub-$fault" "$fault" 1.3
done
