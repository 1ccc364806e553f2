#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Attacks by name (lua/attacks/, docs/faults.md) on the matching: each has happened, and what our
# vehicle and station make of it.
# shellcheck source=tests/cli/support
. tests/cli/support

# attack NAME BENCH ARGUMENT...
attack() {
    name=$1
    bench=$2
    shift 2
    run ev --virtual-time --ladder --no-record --set loops=2 --bench "$bench" --fault "$name" "$@"
}
# holds WHAT TEXT...: it has happened, and the session was held all the same
holds() {
    what=$1
    shift
    wants "$name: $what" 0 out 'fault: ' out 'EVCC verdict: pass' out 'SECC verdict: pass' "$@"
}

attack second-station three-stations
wants "second-station: who claims to hear the vehicle best has it, where its word is all there is" 3 \
    out 'fault: CM_ATTEN_CHAR_IND' out 'matched with 020000000103' err 'the station cannot be reached'
attack second-station three-stations --set slac.near=255
holds "with slac.near=255 CM_VALIDATE finds the own one" out 'validation with station 020000000103: unseen' \
    out 'matched with 0200000000E2'
attack second-key pair
holds "the first of two keys counts" out 'matched with 0200000000E2 after 2044 ms'
attack spoofed-key pair
holds "where the link does not come up with it, the other one is tried" out 'has given another key, too'
attack early-key pair
holds "a key that nobody has asked for gives no link" out 'matched with 0200000000E2'
attack parm-flood pair
holds "a thousand vehicles that are none keep one that is waiting for a while only"
check "the station answers 256 of them at most at once" test "$(grep -c 'CM_SLAC_PARM_CNF' "$work/out")" -le 600
attack sound-flood pair
holds "sounds of others do not count" out 'hears us at 1' out 'matched with 0200000000E2'
attack late-sounds pair
holds "nor do more sounds than were announced, and late ones" out 'Cnt 235'
attack foreign-runid pair
holds "frames with the RunID of another, or from another, are none of this matching" out 'DEADBEEF' \
    out '02:00:00:0F:00:01 to'
grep 'SECC  CM_SLAC_MATCH_CNF' "$work/out" >"$work/keys"
if [ -s "$work/keys" ] && ! grep -qv 'to 02:00:00:00:00:E1' "$work/keys"; then bad=0; else bad=1; fi
result $bad "a key goes to the vehicle's address alone"
attack wrong-lengths pair
holds "frames of every wrong length are refused with path and offset" \
    out 'CM_SLAC_MATCH_REQ/MVFLength, bit 56: ' out 'expected at most the ' out 'the input ends here'
check "hundreds of them, at both sides" test "$(grep -c 'the input ends here\|expected 46 at least\|octets; expected' "$work/out")" -ge 200

attack wrong-headers pair
holds "headers that are wrong are told with their place, and disturb no matching" \
    out 'CM_SLAC_MATCH_REQ/MMV, bit 0: 255 is outside 0..2' out 'CM_SLAC_MATCH_CNF/FMI, bit 24: 17; expected 0' \
    out 'CM_ATTEN_CHAR_IND/FMSN, bit 32: 1; expected 0' out 'matched with 0200000000E2'
count() { grep '"kind":"frame","by":"EVCC"' "$work/record/events.jsonl" | grep -c "\"name\":\"$1\""; }
run ev --virtual-time --set loops=2 --bench pair --fault wrong-headers -o "$work/record"
check "a modem does not answer the four questions with the OUI of another maker" \
    test "$(count VS_PL_LINK_STATUS_REQ)" -eq $(($(count VS_PL_LINK_STATUS_CNF) + 4))
attack spoofed-modem pair
holds "what only the own modem can know is believed of nobody else" out 'CM_ATTEN_PROFILE_IND' \
    out 'hears us at 1' not-out 'the link is lost'
check "neither is a link before its time, nor its end" test "$(sed -n 's/.*matched with 0200000000E1, \([0-9]*\) ms after.*/\1/p' "$work/out")" -ge 1500
attack pilot-lost pair
holds "no step goes on while the pilot is lost, and the vehicle begins anew behind it" \
    out 'control pilot: F, -12.0 V' out 'SLAC: the control pilot is in state F' out 'matched with 0200000000E2'
check "in six attempts, three without an oscillator" \
    test "$(grep -c 'has stopped its oscillator' "$work/out") $(grep -c 'SLAC: the control pilot is in state F' "$work/out")" = '3 3'
check "of which the last alone is a matching for the station" \
    test "$(grep -c 'matched with 0200000000E1' "$work/out") $(grep -c 'the vehicle is matched anew' "$work/out")" = '1 4'

run ev --fault second-statoin
wants "a name that is none is told with the nearest" 3 err 'the nearest is second-station'
