#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The stream of events as a record has it (docs/events.md): each event has its number, its session,
# and facts as fields.
# shellcheck source=tests/cli/support
. tests/cli/support

# record ARGUMENT...: runs v2glab and leaves $work/record.
record() {
    rm -rf "$work/record"
    timeout 100 "$V2GLAB" "$@" -o "$work/record" >"$work/out" 2>&1
    code=$?
}

# has PATTERN: an event has it; hasnt PATTERN: none does.
has() { grep -q "$1" "$work/record/events.jsonl"; }
hasnt() { ! has "$1"; }

# ---- three vehicles at one station ----

record ev --count 3 --time-scale 1000 --set loops=2 --quiet
check "three vehicles pass" test "$code" -eq 0

# numbered: the events have the numbers 1, 2, 3 …
numbered() {
    sed 's/^{"number":\([0-9]*\),.*/\1/' "$work/record/events.jsonl" >"$work/numbers"
    seq "$(wc -l <"$work/numbers")" | cmp -s - "$work/numbers"
}
check "every event has the next number" numbered

# placed: only what a listener does belongs to no session
placed() {
    grep -v '"session":[1-3][,}]' "$work/record/events.jsonl" >"$work/rest"
    ! grep -qv '"kind":"listen"' "$work/rest"
}
check "all but the listeners' belong to a session" placed

# count N PATTERN: so many lines of the session have it.
count() { [ "$(grep -c "$2" "$work/one")" -eq "$1" ]; }
for n in 1 2 3; do
    grep "\"session\":${n}[,}]" "$work/record/events.jsonl" >"$work/one"
    sed -n 's/.*"connection":\([0-9]*\).*/\1/p' "$work/one" | sort -u >"$work/connections"
    check "session $n: a verdict of the vehicle" count 1 '"kind":"verdict","by":"EVCC"'
    check "session $n: a verdict of the station" count 1 '"kind":"verdict","by":"SECC"'
    check "session $n: its SDP" count 2 '"name":"SECCDiscoveryReq"'
    check "session $n: one connection" test "$(wc -l <"$work/connections")" -eq 1
    check "session $n: the vehicle closed it" count 2 '"kind":"close".*"from":"EVCC","how":"FIN"'
done

# ---- how a connection ends ----

cat >"$work/reset.lua" <<'END'
Evcc.Connect()
Evcc.Disconnect(true)
END
cat >"$work/listens.lua" <<'END'
Secc.Listen{}
Sleep(100)
END
record run -q "$work/reset.lua" "$work/listens.lua"
check "who reset the connection is a fact" has \
    '"kind":"close","by":"SECC",.*"from":"EVCC","how":"RST"'
check "one connection has one number, on both sides" test \
    "$(sed -n 's/.*"kind":"connect".*"connection":\([0-9]*\).*/\1/p' "$work/record/events.jsonl" |
        tr '\n' ' ')" = "1 1 "

cat >"$work/tls12.lua" <<'END'
Secc.Listen{tls = '1.2'}
Secc.Receive_SessionSetupReq_001()
END
cat >"$work/tls13.lua" <<'END'
Evcc.Connect{tls = '1.3'}
END
record run -q "$work/tls13.lua" "$work/tls12.lua"
check "an alert of TLS is a fact, and whose it was" has \
    '"kind":"close","by":"EVCC",.*"from":"SECC","how":"alert"'

# ---- response codes ----

cat >"$work/wrong.lua" <<'END'
Evcc.Connect()
Evcc.Send_SessionSetupReq_001()
Evcc.Receive_SessionSetupRes_001()
END
cat >"$work/failing.lua" <<'END'
Secc.Listen{}
Secc.Receive_SessionSetupReq_001()
Secc.Set_SessionSetupRes_ResponseCode('FAILED')
Secc.Send_SessionSetupRes_001()
END
record run -q "$work/wrong.lua" "$work/failing.lua"
check "a response code is a fact, and whether it is a failure" has \
    '"name":"SessionSetupRes".*"code":"FAILED","failed":true'
check "and OK is none" has '"name":"supportedAppProtocolRes".*"code":"OK_[A-Za-z]*","message"'

# whole WHAT: each line that the record has is whole, and so are the packets that there are.
whole() {
    "$V2GLAB" decode --json "$work/record" >"$work/lines" 2>"$work/err"
    check "$1: no half event" test $? -eq 0
    check "$1: each is an object" python3 -c \
        'import json, sys; sys.exit(sum(1 for l in open(sys.argv[1]) if json.loads(l)["number"]) == 0)' \
        "$work/lines"
    "$V2GLAB" decode "$work/record/session.pcapng" >"$work/decoded" 2>&1
    check "$1: no half packet" test $? -eq 0
}

cat >"$work/slow.lua" <<'END'
Secc.Listen{}
for i = 1, 100 do Log(tostring(i)) Sleep(10) end
Pass()
END

# ---- a process that is killed ----

# killed SCRIPT: runs it alone, kills it after half a second, and leaves the time of that in $at.
killed() {
    rm -rf "$work/record"
    "$V2GLAB" run -q "$work/$1.lua" -o "$work/record" >"$work/out" 2>&1 &
    victim=$!
    sleep 0.5
    at=$(($(date +%s%N) / 1000))
    kill -9 "$victim"
    wait "$victim" 2>/dev/null
}

killed slow
whole "killed"
last=$(tail -n 1 "$work/lines" | sed 's/.*"us":\([0-9]*\).*/\1/')
check "killed, it loses no more than the last moment" test $((at - last)) -lt 200000

cat >"$work/busy.lua" <<'END'
Secc.Listen{}
Log('before')
while true do end
END
killed busy
"$V2GLAB" decode --json "$work/record" >"$work/lines"
check "also where a script keeps the loop" grep -q '"text":"before"' "$work/lines"

# ---- a process that is told to end ----

# told SIGNAL ARGUMENT...: runs v2glab, sends it the signal after half a second, leaves its exit code.
told() {
    signal=$1
    shift
    rm -rf "$work/record"
    "$V2GLAB" "$@" -o "$work/record" >"$work/out" 2>&1 &
    victim=$!
    sleep 0.5
    kill "-$signal" "$victim"
    wait "$victim"
    code=$?
}

for signal in TERM HUP; do
    told "$signal" run -q "$work/slow.lua"
    check "SIG$signal ends a script: exit 2" test "$code" -eq 2
    check "SIG$signal: its verdict is recorded" has '"kind":"verdict".*"inconclusive'
    whole "SIG$signal of a run"
    told "$signal" ev --quiet --set loops=1000
    check "SIG$signal ends a vehicle as the protocol wants" has '"name":"SessionStopRes"'
    check "SIG$signal: exit 2" test "$code" -eq 2
    whole "SIG$signal of a vehicle"
done
