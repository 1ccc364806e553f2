#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `v2glab fuzz`: what it finds in devices of ours that are broken on purpose (tests/broken), each
# within so many trials, and that it finds nothing in good ones.
. tests/cli/support

# trials: how many the last run has made, by its last lines
trials() {
    sed -n 's/^\([0-9]*\) trials.*/\1/p' "$work/out"
}

# ---- devices that are broken, and good ones ----

# finds DEVICE TRIALS DEFECT [OPTION]...: that defect is the first that is found
finds() {
    device=$1 budget=$2 defect=$3
    shift 3
    run fuzz -q --sut "${device%%-*}" --broken "tests/broken/$device.lua" --count "$budget" \
        --fail-fast -o "$work/$device" "$@"
    [ "$status" -eq 1 ] && grep -q "^found  *$defect$" "$work/out" && ls "$work/$device"/found/*.lua >"$work/cases"
    result $? "$device: $defect, within $budget trials ($(trials))"
}
finds secc-any-session 40 "accepted though invalid"
finds secc-zero-session 150 "accepted though invalid"
finds secc-any-order 60 "wrong code"
finds secc-goes-on 40 "goes on after a refusal"
finds secc-accepts-invalid 80 "accepted though invalid"
finds secc-silent-on-invalid 80 "goes on after a refusal"
finds secc-asserts 80 crash
finds secc-crash-on-response 60 crash
finds secc-crash-on-length 40 crash
finds secc-stale-answer 60 "accepted though invalid"
finds secc-deaf-to-sdp 80 "no session any more"
finds secc-wrong-code 40 "wrong code"
finds evcc-takes-failed 60 "accepted though invalid"
finds evcc-any-session 40 "accepted though invalid"
finds evcc-crash-on-value 150 crash
finds evcc-never-gives-up 40 unanswered

for side in secc evcc; do
    run fuzz -q --sut $side --count 120 --jobs 2 -o "$work/good-$side"
    [ "$status" -eq 0 ] && [ "$(trials)" -eq 120 ] && ! [ -e "$work/good-$side/found" ]
    result $? "nothing is found in a good device ($side)"
    in_order "states of DIN70121, dc: states of ISO15118-2, ac: states of ISO15118-20, dc: corpus:" "$work/out"
    result $? "it tells the states that it has reached ($side)"
done

# ---- cases ----

run test --file "$work"/secc-wrong-code/found/*.lua --no-record -o "$work/good-replayed" 'FUZZ_*'
[ "$status" -eq 0 ] && grep -q '^1 passed' "$work/out"
result $? "a case that was found is one of v2glab test: a good device passes it"
case_file=$(ls "$work"/evcc-crash-on-value/found/*.lua)
grep -q '^    fault = "set [^ ]*=[^ ]*",$' "$case_file"
result $? "it is shrunk: of several values one is left"

# ---- the same again, and on ----

columns='number, kind, given, about, reaction, ifnull(defect, ""), taken_us'
# dump FOLDER FILE: its trials, as text
dump() {
    python3 -c 'import sqlite3, sys
for row in sqlite3.connect(sys.argv[1]).execute("SELECT %s FROM trial ORDER BY number" % sys.argv[2]):
    print(*row, sep="|")' "$1/corpus.db" "$columns" >"$2"
}
run fuzz -q --sut secc --protocol DIN70121 --seed 5 --count 24 -o "$work/whole"
run fuzz -q --sut secc --protocol DIN70121 --seed 5 --count 10 -o "$work/parts"
run fuzz -q --sut secc --protocol DIN70121 --seed 5 --count 14 -o "$work/parts"
[ "$(trials)" -eq 24 ]
result $? "the same command goes on where it was"
dump "$work/whole" "$work/a" && dump "$work/parts" "$work/b"
[ "$(wc -l <"$work/a")" -eq 24 ] && cmp -s "$work/a" "$work/b"
result $? "what follows from a seed is the same each time, however it was cut"
run fuzz -q --sut secc --protocol DIN70121 --seed 6 --count 24 -o "$work/other"
dump "$work/other" "$work/b"
! cmp -s "$work/a" "$work/b"
result $? "another seed tries something else"
run fuzz -q --sut secc --seed 6 --count 2 -o "$work/whole"
[ "$status" -eq 3 ] && in_order "corpus.db: made with other options; --protocol DIN70121 -o" "$work/err"
result $? "a corpus of other options is refused"
python3 -c 'import sqlite3, sys
sqlite3.connect(sys.argv[1]).execute("PRAGMA user_version = 2")' "$work/other/corpus.db"
run fuzz -q --sut secc --protocol DIN70121 --seed 6 --count 2 -o "$work/other"
[ "$status" -eq 3 ] && in_order "corpus.db: made by a newer v2glab (version 2 of its tables, expected 1)" "$work/err"
result $? "a corpus of a newer program is refused"

# ---- a device in a process of its own ----

port=$((20000 + $$ % 20000))
"$V2GLAB" evse --peer "[::1]:$port" --no-record >"$work/evse" 2>&1 &
station=$!
n=0
until grep -q listens "$work/evse" || [ $n -gt 200 ]; do
    n=$((n + 1))
    sleep 0.05
done
run fuzz -q --sut secc --peer "[::1]:$port" --protocol ISO15118-2 --mode dc --kind order --count 3 -o "$work/real"
[ "$status" -eq 0 ] && grep -q '^3 trials, [1-3] sent, 0 with' "$work/out"
result $? "a station in another process, over TCP"
kill "$station"
wait "$station" 2>"$work/waited"
run fuzz -q --sut secc --peer "[::1]:$port" --protocol ISO15118-2 --kind order --count 2 -o "$work/nobody"
[ "$status" -eq 2 ] && grep -q '^2 trials, 0 sent' "$work/out"
result $? "where no state can be reached nothing is said of the device"

# ---- wrong use ----

run fuzz --count 1
[ "$status" -eq 3 ] && in_order "expected --sut" "$work/err"
result $? "without a side nothing is tried"
run fuzz --sut secc --time 5x
[ "$status" -eq 3 ] && in_order "expected a time" "$work/err"
result $? "a time has a unit"
run fuzz --sut secc --broken tests/broken/secc-any-order.lua --peer '[::1]:1'
[ "$status" -eq 3 ] && in_order "--broken is of our own device" "$work/err"
result $? "no other device can be broken"
