#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every vehicle among the examples charges at the ready-made station, too, which is strict and knows
# nothing of it: what an example takes for granted must be the standard's, not our other example's.
. tests/cli/support

# serves EXAMPLE [OPTIONS OF SERVE [WORDS]]
serves() {
    printf 'Secc.Serve { sessions = 1, %s }\n' "${2-}" >"$work/serve.lua"
    run run --virtual-time --no-record "examples/$1.lua" "$work/serve.lua"
    wants "$1 at Secc.Serve${2:+ with $2}" 0 out "${3-EVCC verdict: pass}" not-out violation not-out fail:
}

for name in evcc-din70121-dc evcc-iso15118-2-ac evcc-iso15118-2-dc evcc-iso15118-2-ac-tls evcc-tls \
    evcc-iso15118-2-install evcc-iso15118-2-pnc evcc-iso15118-20-install evcc-iso15118-20-pnc; do
    serves $name
done
# a station that takes its time, whose schedule has another number, and that looks at the profile
slow='ongoing = { Authorization = 2, ChargeParameterDiscovery = 2 }'
schedule='schedules = { { id = 5, entries = { { start = 0, power = 3700 } } } }'
looks="on = { PowerDeliveryReq = function(m) if m.ChargeProgress == 'Start' then
    Log('profile of', m.SAScheduleTupleID, m.ChargingProfile.ProfileEntry[1].ChargingProfileEntryMaxPower:si())
    end end }"
for name in ac dc pnc; do
    serves evcc-iso15118-2-$name "$slow, $schedule, $looks" 'profile of 5 3700'
done
serves evcc-din70121-dc "$slow"
serves evcc-iso15118-2-pnc 'receipt_every = 2' '2 receipts'
serves evcc-iso15118-20-pnc 'receipt_every = 2' ' confirmations'
serves evcc-iso15118-20-dc-tls '' 'the station shows CN='
# those without TLS, which ISO 15118-20 needs: for tests
for name in ac ac-bpt ac-dynamic dc dc-bpt dc-dynamic; do
    serves evcc-iso15118-20-$name "tls = 'off'"
done
# [V2G2-813] a vehicle may renegotiate on its own
printf "Evcc.Charge { protocol = 'ISO15118-2', mode = 'ac', renegotiate = 2 }\n" >"$work/charge.lua"
run run --virtual-time --no-record "$work/charge.lua" examples/secc-iso15118-2-ac.lua
wants "[V2G2-813] secc-iso15118-2-ac lets the vehicle renegotiate" 0 out 'ChargeProgress Renegotiate' \
    out 'SECC verdict: pass' not-out violation

# from the plug on, at a station of ours and at its own
printf 'Secc.Serve { sessions = 1 }\n' >"$work/serve.lua"
for station in "$work/serve.lua" examples/secc-plug.lua; do
    run run --virtual-time --no-record --bench pair examples/evcc-plug.lua "$station"
    wants "evcc-plug at $(basename "$station"): plug, SLAC, link and session" 0 out 'EVCC verdict: pass' \
        out 'SECC verdict: pass' out 'matched with 0200000000E2' not-out violation
done

for name in examples/evcc-*.lua; do
    name=$(basename "$name" .lua)
    case $name in
    evcc-expired | evcc-signed) ;; # of certificates and signatures alone
    evcc-iso15118-20-*) grep -q "${name#evcc-iso15118-20-}" "$0" || echo "$name" ;;
    *) grep -q "$name" "$0" || echo "$name" ;;
    esac
done >"$work/left"
[ ! -s "$work/left" ]
result $? "no example is left out"
