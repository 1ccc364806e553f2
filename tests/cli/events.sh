#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The stream of events as a record has it (docs/events.md): each event has its number, its session,
# and facts as fields.
set -u

work=$TMPDIR/events
mkdir -p "$work"

# check NAME COMMAND...
check() {
    what=$1
    shift
    if "$@"; then echo "ok - $what"; else echo "not ok - $what"; fi
}

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
