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
serves evcc-iso15118-2-pnc 'receipt_every = 2' '2 receipts'
serves evcc-iso15118-20-pnc 'receipt_every = 2' ' confirmations'
serves evcc-iso15118-20-dc-tls '' 'the station shows CN='
# those without TLS, which ISO 15118-20 needs: for tests
for name in ac ac-bpt ac-dynamic dc dc-bpt dc-dynamic; do
    serves evcc-iso15118-20-$name "tls = 'off'"
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
