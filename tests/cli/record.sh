#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The record of a run: what cannot be written, whose folder it is, how large it may be, who may read
# it (docs/events.md).
# shellcheck source=tests/cli/support
. tests/cli/support
R=$work/record
fast="--virtual-time -q -P ISO15118-2 -m ac --set loops=5"

# events: what the record has, as lines in $work/lines; whole WHAT: all that can be read is good
events() { "$V2GLAB" decode --json "$R" >"$work/lines" 2>"$work/err"; }
whole() {
    events
    check "$1: no half event" test $? -eq 0
    check "$1: each line is one" python3 -c \
        'import json, sys; sys.exit(sum(1 for l in open(sys.argv[1]) if json.loads(l)["number"]) == 0)' \
        "$work/lines"
    "$V2GLAB" decode "$R/session.pcapng" >"$work/decoded" 2>&1
    check "$1: no half packet" test $? -eq 0
    if command -v tshark >/dev/null; then
        tshark -r "$R/session.pcapng" -T fields -e frame.number >"$work/tshark" 2>"$work/tshark.err"
        check "$1: nor for tshark" test $? -eq 0 -a ! -s "$work/tshark.err" -o \
            "$(grep -vc 'Running as user' "$work/tshark.err")" -eq 0
    else
        echo "ok - $1: nor for tshark # SKIP no tshark"
    fi
}
has() { grep -q -e "$1" "$work/lines"; }

# ---- events.bin, and the lines that are made of it ----

for when in live end never; do
    # shellcheck disable=SC2086 # words
    run ev $fast -o "$work/$when" --record-json $when
done
check "a record has events.bin until its lines are made" test -f "$work/never/events.bin" -a \
    ! -e "$work/never/events.jsonl" -a ! -e "$work/end/events.bin" -a ! -e "$work/live/events.bin"
check "lines made at the end are those made meanwhile" cmp "$work/live/events.jsonl" "$work/end/events.jsonl"
"$V2GLAB" decode --json "$work/never" >"$work/lines"
check "decode makes the same lines of events.bin" cmp "$work/live/events.jsonl" "$work/lines"
"$V2GLAB" decode --json "$work/end" >"$work/lines"
check "and of events.jsonl" cmp "$work/live/events.jsonl" "$work/lines"
run decode "$work/never"
check "decode shows a record as a ladder" in_order \
    "SECCDiscoveryReq supportedAppProtocolReq SessionSetupReq SessionStopRes pass" "$work/out"
run diff "$work/never" "$work/end"
wants "diff reads events.bin" 0
run report "$work/never" -o "$work/page.html"
wants "report reads events.bin" 0
size=$(stat -c %s "$work/never/events.bin")
check "events.bin is smaller" test $((size * 2)) -lt "$(stat -c %s "$work/end/events.jsonl")"
for cut in 3 8 9 11 12 13 $((size / 2)) $((size - 1)); do
    mkdir -p "$work/cut.r"
    head -c "$cut" "$work/never/events.bin" >"$work/cut.r/events.bin"
    "$V2GLAB" decode --json "$work/cut.r" >"$work/cut" 2>"$work/err" || { cut=bad && break; }
    head -n "$(wc -l <"$work/cut")" "$work/end/events.jsonl" | cmp -s - "$work/cut" || cut=bad
    [ "$cut" = bad ] && break
done
check "what is cut off at the end is as if it were not there" test "$cut" != bad
gzip -c "$work/never/events.bin" >"$work/cut.r/events.bin.gz" && rm "$work/cut.r/events.bin"
run decode --json "$work/cut.r"
wants "packed events are read" 0
check "all of them" cmp "$work/end/events.jsonl" "$work/out"
printf '\377\377\377\377' | dd of="$work/cut.r/events.bin.gz" bs=1 conv=notrunc 2>"$work/err" \
    seek=$(($(stat -c %s "$work/cut.r/events.bin.gz") - 8))
run decode --json "$work/cut.r"
wants "packed events that are damaged are no end of them" 3 err 'events.bin.gz: cannot be read: incorrect data check'
printf '\377' | dd of="$work/never/events.bin" bs=1 seek=$((size / 2)) conv=notrunc 2>"$work/err"
run decode --json "$work/never"
check "damage is told with its place, or is a value" test "$status" -eq 0 -o \
    "$(grep -c 'events.bin: at octet [0-9]*: this is no event\|events.bin: a unit of' "$work/err")" -eq 1

# ---- whose folder it is ----

for folder in end never; do
    # shellcheck disable=SC2086 # words
    run ev $fast -o "$work/$folder"
    wants "the record of another run is not written over ($folder)" 3 err \
        "it holds the record of another run ($work/$folder/events." err 'expected one that is new or empty'
done
check "and stays as it is" cmp "$work/live/events.jsonl" "$work/end/events.jsonl"
mkdir "$work/empty"
# shellcheck disable=SC2086 # words
run ev $fast -o "$work/empty"
wants "an empty folder is taken" 0
"$V2GLAB" evse --peer "[::1]:$((20000 + $$ % 20000))" --tls off -q -o "$R" >"$work/first" 2>&1 &
first=$!
for _ in $(seq 100); do
    [ -e "$R/session.pcapng" ] && break
    sleep 0.05
done
# shellcheck disable=SC2086 # words
run ev $fast -o "$R"
wants "a folder in use is not written into" 3 err 'another run is writing its record into it'
kill -TERM $first
wait $first
whole "who was there first goes on"

one="--sut secc TC_SECC_AC_VTB_SessionSetup_001 -q"
# shellcheck disable=SC2086 # words
run test $one -o "$work/results"
wants "a run of cases" 0
cp "$work/results/results.jsonl" "$work/before"
# shellcheck disable=SC2086 # words
run test $one -o "$work/results"
wants "its results are not written over by another one" 3 err \
    "folder $work/results: it holds the results of another run ($work/results/results.jsonl)" \
    err 'expected one that is new or empty'
# shellcheck disable=SC2086 # words
run ev $fast -o "$work/results"
wants "nor by a record" 3 err 'it holds the results of another run'
run report merge "$work/results" "$work/results" -o "$work/results"
wants "nor by joined ones" 3 err 'it holds the results of another run'
run fuzz --sut secc --count 1 -o "$work/results"
wants "nor is a corpus put there" 3 err 'it holds the results of another run'
check "they stay as they are" cmp -s "$work/results/results.jsonl" "$work/before"
# shellcheck disable=SC2086 # words
run test $one -o "$work/end"
wants "nor are results put beside a record" 3 err 'it holds the record of another run'
mkdir "$work/failures" "$work/failures/failure-0001"
run load --sessions 1 --duration 1s -o "$work/failures"
wants "nor failures of a load to others" 3 err \
    "it holds the failures of another run ($work/failures/failure-0001)"
exec 8<"$work/results/results.jsonl"
flock 8
run test --resume "$work/results" -q
wants "a run that goes on is not gone on with" 3 err 'results.jsonl: the run that writes it still goes on'
exec 8<&-

# ---- who may read it ----

rm -rf "$R"
# shellcheck disable=SC2086 # words
run ev $fast -o "$R" --tls 1.2
check "packets with secrets are the owner's only" test "$(stat -c %a "$R/session.pcapng")" = 600
check "for they have secrets" grep -qa CLIENT_RANDOM "$R/session.pcapng"
run test -q -o "$work/r" DRV_20_SECC_TLS_cipher
check "packed ones, too" test "$(find "$work/r" -name 'session.pcapng.gz' -perm 600 | wc -l)" -eq 1
check "others are as files are" test "$(stat -c %a "$work/end/session.pcapng")" = 644

# ---- how large it may be ----

run ev --virtual-time -q -P ISO15118-2 -m ac -o "$work/parts" --record-limit 2M
check "a record with a limit has parts" test "$(find "$work/parts" -name events.bin | wc -l)" -gt 2
check "of which the oldest have gone" test ! -e "$work/parts/0001"
check "and keeps to its limit" test "$(du -sb --apparent-size "$work/parts" | cut -f 1)" -lt 2400000
for part in "$work"/parts/*; do
    "$V2GLAB" decode "$part/session.pcapng" >"$work/decoded" 2>&1 || { echo "# $part"; tail -n 3 "$work/decoded"; part=bad; break; }
done
check "each part can be read alone" test "$part" != bad
"$V2GLAB" decode --json "$work/parts" >"$work/lines"
check "all of them are one stream" python3 -c '
import json, sys
n = [json.loads(l)["number"] for l in open(sys.argv[1])]
sys.exit(not (n == sorted(n) and n[0] > 1000 and len(n) == n[-1] - n[0] + 1))' "$work/lines"
run ev --virtual-time -q -o "$work/x" --record-limit 10k
wants "a limit that is none is refused" 3 err '--record-limit' err 'expected a size of 1M or more'

# ---- which of them is kept ----

# shellcheck disable=SC2086 # words
run ev $fast -o "$work/kept" --record-keep failed
check "a record that nobody needs goes" test "$status" -eq 0 -a ! -e "$work/kept"
# shellcheck disable=SC2086 # words
run ev $fast -o "$work/kept" --record-keep failed --fault 'SessionSetupRes: code FAILED'
check "that of a failure stays" test "$status" -eq 1 -a -s "$work/kept/events.jsonl"

# ---- what cannot be written ----

for blocks in 2 3 12; do
    rm -rf "$R"
    (
        ulimit -f "$blocks"
        # shellcheck disable=SC2086 # words
        timeout 100 "$V2GLAB" ev $fast -o "$R" >"$work/out" 2>&1
        echo $? >"$work/code"
    )
    check "$blocks blocks end the record, not the session" grep -q '^EVCC: pass' "$work/out"
    check "$blocks blocks: which is told" grep -q '^warning: events.bin ends here: File too large' "$work/out"
    check "$blocks blocks: with the time" grep -q \
        '^error: record: incomplete since [0-9:.]* (.*: File too large)' "$work/out"
    check "$blocks blocks: in the verdict" grep -q '^EVCC: pass.*; record: incomplete since' "$work/out"
    check "$blocks blocks: and in the exit code" test "$(cat "$work/code")" -eq 3
    whole "$blocks blocks"
done
(ulimit -f 3 && timeout 100 "$V2GLAB" ev --ladder --virtual-time --set loops=20 -o "$work/l" 2>/dev/null) |
    cat >"$work/ladder"
check "the other sinks tell of it" grep -q 'record: events.bin ends here: File too' "$work/ladder"
rm -rf "$R"
(
    ulimit -f 100
    # shellcheck disable=SC2086 # words
    timeout 100 "$V2GLAB" ev $fast -o "$R" --set loops=60 >"$work/out" 2>&1
    echo $? >"$work/code"
)
check "where only the lines have no room, events.bin stays" test -s "$R/events.bin" -a ! -e "$R/events.jsonl"
check "which is told" grep -q 'events.jsonl.new cannot be written: File too large; all of it is in events.bin' \
    "$work/out"
whole "without room for lines"

cat >"$work/slow.lua" <<'END'
Secc.Listen{}
for i = 1, 60 do Log(tostring(i)) Sleep(10) end
Pass()
END
rm -rf "$R"
"$V2GLAB" run -q "$work/slow.lua" -o "$R" >"$work/out" 2>&1 &
sleep 0.3
rm -rf "$R"
wait $!
code=$?
check "a folder that vanishes is told" grep -q '^warning: events.bin ends here: the file was removed' "$work/out"
check "the script goes on" grep -q ': pass' "$work/out"
check "and its exit code tells" test $code -eq 3

# in_room SIZE COMMAND...: with a file system of its own at $R that has so much room
in_room() {
    mkdir -p "$R"
    # shellcheck disable=SC2016 # for that shell
    timeout 60 unshare -rm sh -c 'mount -t tmpfs -o size="$1" none "$2" && shift && d=$1 && shift && "$@"; code=$?
        cp -r "$d" "$d.kept"; exit $code' sh "$1" "$R" "${@:2}"
}
rm -rf "$R" "$R.kept"
if in_room 16k true 2>/dev/null; then
    rm -rf "$R.kept"
    # shellcheck disable=SC2086 # words
    in_room 16k "$V2GLAB" ev $fast -o "$R/r" >"$work/out" 2>&1
    check "a full disk ends the record, not the session" grep -q '^EVCC: pass' "$work/out"
    check "which is told: No space left on device" grep -q '^warning: .* ends here: No space left on device' \
        "$work/out"
    R=$R.kept/r
    whole "a full disk"
    R=${R%.kept/r}
    # shellcheck disable=SC2016 # for that shell
    unshare -rm sh -c 'mount -t tmpfs none "$1" && mount -o remount,ro "$1" && exec "$2" ev -q --virtual-time -o "$1/r"' \
        sh "$R" "$V2GLAB" >"$work/out" 2>&1
    status=$?
    wants "a disk that cannot be written is told at once" 3 out 'Read-only file system'
else
    echo "ok - a full disk # SKIP no file system of its own"
fi
