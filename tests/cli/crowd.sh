#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Others that say nothing: the station serves the next vehicle all the same, and its record tells what
# happened.
# shellcheck source=tests/cli/support
. tests/cli/support
# shellcheck source=tests/cli/support-crowd
. tests/cli/support-crowd

# ---- silent connections ----

station --connections 60,60
crowd 60 60
check "60 silent connections are open, as many as may be" grep -q 'held 60$' "$work/crowd"
vehicle
wants "the next vehicle is served" 0 out 'EVCC: pass'
vehicle
wants "and one more" 0 out 'EVCC: pass'
go # before it: silent ones are waited for at the end
leave
check "who had to go is told, and why" grep -q '"kind":"close".*gave way to another one after [0-9.]* s of silence' \
    "$work/lines"

station --connections 60,20
crowd 30 20
check "of one address no more than may be" grep -q 'held 20$' "$work/crowd"
vehicle
wants "its silent ones give way, too" 0 out 'EVCC: pass'
go
leave
refused=$(grep '"kind":"close".*"times":' "$work/lines" | sed 's/.*"times":\([0-9]*\).*/\1/' | paste -sd+ | bc)
check "each that was refused is counted" test "$refused" -ge 10 -a "$refused" -le 11
check "with the limit" grep -q '20 connections of that address are open, the most that are allowed' "$work/lines"
check "many as one" test "$(grep -c '"times":' "$work/lines")" -le "$refused"

for wrong in 0 x 5,6 5,x 1000001; do
    run evse --connections $wrong --no-record
    [ "$status" -eq 3 ] || break
    grep -q 'expected a number, or two' "$work/err" || break
done
wants "limits that are none are refused" 3 err 'expected a number, or two as 500,100: in all, of one address'

# ---- a station of a script ----

cat >"$work/secc.lua" <<'END'
Secc.Listen{}
Secc.Receive_SessionSetupReq_001()
Secc.Send_SessionSetupRes_001()
END
for tls in off auto; do
    next_port
    rm -rf "$R"
    "$V2GLAB" run "$work/secc.lua" --peer "[::1]:$port" --tls $tls -q -o "$R" >"$work/station" 2>&1 &
    station=$!
    soon listens
    crowd 20 1
    check "TLS $tls: a station of a script takes one of 20 silent connections" grep -q 'held 1$' "$work/crowd"
    python3 "$work/peer.py" two "$port" "$work/said" >"$work/out" 2>&1
    wait $station
    code=$?
    go
    "$V2GLAB" decode --json "$R" >"$work/lines" 2>"$work/err"
    check "which gives way to the vehicle" grep -q 'answers True True' "$work/out"
    check "and the script has not seen it" test $code -eq 0
    check "but the record has" grep -q '"kind":"close".*"how":"timeout".*gave way to another one after a second' \
        "$work/lines"
done

# ---- a filter of a hook that fails ----

WRONG=0A0B0C0D0E0F
# fails LINE ERROR [NUMBER]: of the line that the error is told with, where it has no other than its function's
fails() {
    cat >"$work/fails.lua" <<END
function on.SessionSetupReq(m)
    if tostring(m.EVCCID) == '$WRONG' then
        Secc.Filter { on = 'ServiceDiscoveryRes', fault = function()
            $1
        end }
    end
end
END
    station --script "$work/fails.lua"
    peer idle idle idle "$port" "$work/said"
    idle=$peer
    run ev --peer "[::1]:$port" --tls off -q --no-record -P ISO15118-2 -m ac --set loops=3 \
        --set values.SessionSetupReq.EVCCID=$WRONG
    wants "a filter that fails ($1): its vehicle loses the connection" 1 err 'instead of answering ServiceDiscoveryReq'
    vehicle
    wants "the next one passes" 0 out 'EVCC: pass'
    kill -0 $idle $station
    check "who was there before still is" test $? -eq 0
    kill $idle
    wait $idle 2>"$work/err"
    leave
    grep '"kind":"verdict"' "$work/lines" >"$work/verdicts"
    check "the session's verdict is the error with file and line" \
        grep -q "\"text\":\"error: [^\"]*fails.lua:${3-4}: $2" "$work/verdicts"
    check "that of no other" test "$(grep -c '"text":"error: ' "$work/verdicts")" -eq 1
}
fails 'local nothing return nothing.x' 'attempt to index a nil value'
fails "return ('x'):rep(400000000)" 'not enough memory' 3
fails 'while true do end' 'the other sessions have waited for 20 ms'

# ---- the end ----

station
peer idle idle idle "$port" "$work/said"
idle=$peer
check "a vehicle is there, and says nothing more" grep -q idle "$work/idle"
from=$(date +%s%N)
kill $station
wait $station
took=$((($(date +%s%N) - from) / 1000000))
check "SIGTERM ends the station within 5 s all the same ($took ms)" test $took -lt 5000
kill $idle
wait $idle 2>"$work/err" || true
