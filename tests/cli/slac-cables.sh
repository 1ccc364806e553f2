#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Several vehicles and stations on one bench, each pair at a cable with a control pilot of its own:
# what happens at one cable nobody sees at another, but who is matched with the wrong station does.
# shellcheck source=tests/cli/support
. tests/cli/support

# charge ARGUMENT...: on a bench of several cables, in virtual time
charge() {
    rm -rf "$work/record"
    run "$@" --virtual-time --ladder -o "$work/record"
}
# states CABLE: the states of its pilot, one after another, with who has set them
states() {
    sed -n "s/^.*\"kind\":\"pilot\".*\"by\":\"\([^\"]*\)\".*\"text\":\"$1\([A-F][12]*\),.*/\1:\2/p" \
        "$work/record/events.jsonl" | tr '\n' ' '
}
# has_states NAME CABLE STATES
has_states() {
    found=$(states "$2")
    [ "$found" = "$3 " ] && bad=0 || bad=1
    [ $bad -eq 0 ] || echo "# $2: $found"
    result $bad "$1"
}
# goes_well VEHICLE STATION: both sides of that cable
goes_well() {
    if grep -q " $1 verdict: pass" "$work/out" && grep -q " $2 verdict: pass" "$work/out"; then bad=0; else bad=1; fi
    result $bad "$1 charges at $2 all the same"
}

# ---- three at once ----

charge ev -n 3 --bench three-pairs --set loops=3
wants "three vehicles plug in at once, and charge" 0 out 'EVCC verdict: pass' out 'EVCC ev1 verdict: pass' \
    out 'EVCC ev2 verdict: pass' out 'SECC verdict: pass' out 'SECC evse1 verdict: pass' out 'SECC evse2 verdict: pass'
has_states "the first one at its own pilot" '' 'EVCC:B1 SECC:B2 EVCC:C2 EVCC:B2 EVCC:A2'
has_states "the second one at its own" 'evse1 ' 'EVCC ev1:B1 SECC evse1:B2 EVCC ev1:C2 EVCC ev1:B2 EVCC ev1:A2'
has_states "and the third one" 'evse2 ' 'EVCC ev2:B1 SECC evse2:B2 EVCC ev2:C2 EVCC ev2:B2 EVCC ev2:A2'
check "each is matched with its station" in_order \
    'EVCC_ev1_matched_020000000104 EVCC_ev2_matched_020000000106 EVCC_matched_0200000000E2' /dev/stdin <<END
$(sed -n 's/^[ 0-9.]*\(EVCC[ a-z0-9]*\) SLAC: matched with \([0-9A-F]*\) .*/\1_matched_\2/p' "$work/out" | tr ' ' '_' | LC_ALL=C sort)
END
charge evse --bench three-pairs --with loops=3 -n 3
wants "whoever plays the stations has all of the vehicles plugged in" 0 out 'EVCC ev2 verdict: pass' \
    out 'SECC evse2 verdict: pass'

if has_terminal; then
    script -qec "stty columns 100; '$V2GLAB' ev -n 3 --bench three-pairs --virtual-time --no-record --set loops=3" \
        /dev/null </dev/null >"$work/out" 2>&1
    status=$?
    wants "the live view has the states of all pilots" 0 out 'C2, evse1 C2, evse2 C2'
else
    echo "ok - the live view has the states of all pilots # SKIP no terminal"
fi

printf "return { nodes = { 'ev0', 'ev1', 'evse0', 'evse1' }, cables = { { 'ev0', 'evse1' }, { 'ev1', 'evse0' } },
    paths = { { 'ev0', 'evse1', attenuation = 12 }, { 'ev1', 'evse0', attenuation = 12 } } }" >"$work/crossed.lua"
charge ev -n 2 --bench "$work/crossed.lua" --set loops=3
wants "a plug is where the bench says, not where the number does" 0 out 'EVCC verdict: pass' out 'SECC evse1 verdict: pass'
has_states "with the pilot of that station" 'evse1 ' 'EVCC:B1 SECC evse1:B2 EVCC:C2 EVCC:B2 EVCC:A2'

# ---- a fault at one of them ----

# at_second ON TEXT: a hook that does so at the cable of evse1, at the third message of that name
at_second() {
    printf "local n = 0\nfunction before.%s()\n    n = n + 1\n    if n == 3 and Pilot.cable == 'evse1' then\n%s\nend end\n" \
        "$1" "$2" >"$work/hook.lua"
}
others_go_well() {
    goes_well EVCC SECC
    goes_well 'EVCC ev2' 'SECC evse2'
}
at_second CurrentDemandReq "Pilot.Set { state = 'A' }"
charge ev -n 3 --bench three-pairs --set loops=20 --script "$work/hook.lua"
wants "one vehicle unplugs while all charge" 1 out 'SECC evse1 verdict: fail: CurrentDemandReq was answered with FAILED: the control pilot is in state A'
others_go_well
at_second CurrentDemandRes "Pilot.Set { state = 'E' }"
charge evse -n 3 --bench three-pairs --with loops=20 --script "$work/hook.lua"
wants "one station shows an error" 1 out 'EVCC ev1 verdict: fail: SLAC: the control pilot is in state E [V2G3-M09-19], at CurrentDemand'
others_go_well
at_second CurrentDemandRes "Pilot.Set { oscillator = false }"
charge evse -n 3 --bench three-pairs --with loops=60 --with gaps.CurrentDemand=250 --script "$work/hook.lua"
wants "one oscillator stops" 1 out 'EVCC ev1 verdict: fail: SLAC: the station has stopped its oscillator'
others_go_well
printf "return { nodes = { 'ev0', 'evse0', 'ev1', 'evse1' }, paths = { { 'ev0', 'evse0', attenuation = 12 },
    { 'ev1', 'evse1', attenuation = 12 } }, breaks = { { 'ev1', from = 3000 } } }" >"$work/break.lua"
charge ev -n 2 --bench "$work/break.lua" --set loops=20 --set gaps.CurrentDemand=250
wants "one is off the line" 1 out 'SECC evse1 verdict: fail: SLAC: the link is lost'
goes_well EVCC SECC

# ---- matched with the wrong station ----

printf "return { nodes = { 'ev0', 'evse0', 'ev1', 'evse1' }, paths = { { 'ev0', 'evse0', attenuation = 20 },
    { 'ev0', 'evse1', attenuation = 12 } } }" >"$work/wrong.lua"
charge ev --bench "$work/wrong.lua" --set loops=20
wants "the wrong station sees no vehicle at its own pilot" 1 out 'matched with 020000000104' \
    out 'SECC evse1 verdict: fail: CableCheckReq was answered with FAILED: the control pilot is in state A'
charge ev -m ac --bench "$work/wrong.lua" --set loops=60 --set gaps.ChargingStatus=1000
wants "and the vehicle sees that its own station waits for another one" 1 \
    out 'EVCC verdict: fail: SLAC: the control pilot is in state E [V2G3-M09-19], at ChargingStatus'
sed 's/= 20/= 13/' "$work/wrong.lua" >"$work/near.lua"
charge ev --bench "$work/near.lua" --set loops=3
wants "where both are nearly as near its toggles are counted at its own pilot alone" 0 \
    out 'validation with station 020000000104: unseen' out 'matched with 0200000000E2' out 'EVCC verdict: pass'

# ---- scripts ----

cat >"$work/car.lua" <<'END'
Evcc.Slac { interface = 'ev1' }
Pilot.Set { state = 'B' }
local other = Vehicle { name = 'other', interface = 'ev0' }
Log(('own: %s %s, the other one: %s %s'):format(Pilot.cable, Pilot.State(), other.Pilot.cable, other.Pilot.State()))
assert(require('v2g.slac_evcc').match(Evcc))
assert(Pilot.Name() == 'B2' and other.Pilot.Name() == 'A1')
END
cat >"$work/station.lua" <<'END'
local second = Station { name = 'second', interface = 'evse1' }
require('v2g.slac_secc').begin(second)
second.Pilot.Expect('B', 5000)
Log(('Secc: %s, second: %s'):format(Secc.Pilot.State(), second.Pilot.State()))
Sleep(4000)
END
run run --virtual-time --bench three-pairs --no-record "$work/car.lua" "$work/station.lua"
wants "a script sees the pilot of its own cable, by the same names" 0 out 'own: evse1 B, the other one: main A' \
    out 'Secc: A, second: B' out 'SLAC: matched with 020000000104'

# ---- what is wrong ----

run ev -n 3 --bench pair --virtual-time
wants "more vehicles than cables" 3 err 'bench pair: --count 3: expected 1 at most, as many as it has cables'
# bad NAME CABLES TEXT
bad() {
    echo "return { nodes = { 'ev0', 'evse0', 'car' }, cables = $2 }" >"$work/bad.lua"
    run ev --bench "$work/bad.lua" --virtual-time
    wants "$1" 3 err "$3"
}
bad "a cable the wrong way" "{ { 'evse0', 'ev0' } }" 'cables[1]: expected a vehicle and a station, as ev1 and evse1 (0 to 14), found evse0'
bad "one from another kind of node" "{ { 'car', 'evse0' } }" 'found car'
bad "one to nobody" "{ { 'ev0', 'evse3' } }" 'cables[1].2: expected the name of a node, found evse3'
bad "a second one" "{ { 'ev0', 'evse0' }, { 'ev0', 'evse0' } }" 'cables[2]: ev0 has a cable already, with evse0'
