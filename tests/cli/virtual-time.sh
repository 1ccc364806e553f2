#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs in virtual time: they take no time, need no network, and are the same each time.
# shellcheck source=tests/cli/support
. tests/cli/support

# twice NAME ARGUMENT...: two runs pass with the same events
twice() {
    name=$1
    shift
    for i in 1 2; do
        rm -rf "$work/record$i"
        run "$@" --virtual-time --quiet --record "$work/record$i"
        wants "$name" 0
    done
    cmp -s "$work/record1/events.jsonl" "$work/record2/events.jsonl"
    result $? "$name: the same events byte for byte"
}

# lasted: how long the last run took, in s of virtual time
lasted() {
    sed -n '1s/.*"us":\([0-9]*\).*/\1/p;$s/.*"us":\([0-9]*\).*/\1/p' "$work/record1/events.jsonl" |
        { read -r from && read -r to && echo $(((to - from) / 1000000)); }
}

twice "an hour's charge" ev --mode dc --set battery.capacity=63000
[ "$(lasted)" -ge 3600 ] && [ "$(lasted)" -lt 5000 ]
result $? "an hour's charge takes an hour of its own time"
head -n 1 "$work/record1/events.jsonl" | grep -q '"us":1767225600'
result $? "and begins on 1 January 2026"
twice "AC by ISO 15118-2" ev --mode ac --protocol ISO15118-2 --set loops=20
twice "ISO 15118-20 with TLS" ev --mode dc --protocol ISO15118-20 --set loops=5
grep -q '"tls":true' "$work/record1/events.jsonl"
result $? "which it has"
twice "a persona with chance in it" ev --persona vw-group --set loops=5
cat >"$work/faults.lua" <<'END'
Evcc.Filter 'out CurrentDemandReq: delay 1-50'
Evcc.Filter 'in ServiceDiscoveryRes: flip'
END
twice "faults with chance in them" ev --profile field --script "$work/faults.lua" --set loops=5
grep -q 'CurrentDemandReq: delay 1-50' "$work/record1/events.jsonl"
result $? "which happened"
twice "three vehicles at once" ev --count 3 --set loops=5
twice "scripts" run examples/evcc-iso15118-2-ac.lua examples/secc-iso15118-2-ac.lua

# chance
mv "$work/record1" "$work/before"
run run --virtual-time --quiet --seed 7 --record "$work/record1" \
    examples/evcc-iso15118-2-ac.lua examples/secc-iso15118-2-ac.lua
wants "with another seed" 0
cmp -s "$work/before/events.jsonl" "$work/record1/events.jsonl"
[ $? -eq 1 ]
result $? "it is another run"
cat >"$work/chance.lua" <<'END'
math.randomseed()
Log(Now(), os.time(), os.date('!%F %T'), math.random(1 << 30), (Pki.Random(4):gsub('.', string.byte)))
Sleep(3600000)
Log(Now(), os.time(), os.date('!%F %T'))
Pass()
END
for i in 1 2; do
    run run --virtual-time --no-record "$work/chance.lua"
    wants "what a script knows of time and chance" 0 \
        out "1767225600000.0 1767225600 2026-01-01 00:00:00" \
        out "1767229200000.0 1767229200 2026-01-01 01:00:00"
    mv "$work/out" "$work/out$i"
done
cmp -s "$work/out1" "$work/out2"
result $? "is the same in each run"

# waiting
run run --virtual-time --no-record examples/evcc-iso15118-2-ac.lua
wants "a station that does not answer" 3 out "12.500000" out "within 12500 ms, found none"
run run --virtual-time --no-record examples/secc-iso15118-2-ac.lua
wants "a vehicle that does not come" 3 out "18.000000" out "before the other side was found"
run evse --virtual-time --alone --no-record
wants "nothing will ever come" 2 out "it waits for what cannot come"
echo 'Evcc.Connect{ address = "[::1]:15118" }' >"$work/refused.lua"
run run --virtual-time --no-record "$work/refused.lua"
wants "a station that nobody plays" 3 out "connection refused, nobody listens there"

# no other network
for option in "--interface lo" "--peer [::1]:15118" --lab; do
    # shellcheck disable=SC2086
    run run --virtual-time $option --no-record "$work/chance.lua"
    wants "refused with $option" 3 err "--virtual-time is for runs within this program"
done
run run --virtual-time --seed -1 "$work/chance.lua"
wants "a seed is a number" 3 err "--seed -1: expected a number"
