#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Others that say nothing, too much or what they should not: the station serves the next vehicle all
# the same, and its record tells what happened.
# shellcheck source=tests/cli/support
. tests/cli/support
# shellcheck source=tests/cli/support-crowd
. tests/cli/support-crowd

# ---- silent connections ----

station --connections 60,60
crowd 60
check "60 silent connections are open, as many as may be" grep -q 'held 60$' "$work/crowd"
vehicle
wants "the next vehicle is served" 0 out 'EVCC: pass'
vehicle
wants "and one more" 0 out 'EVCC: pass'
leave
go
check "who had to go is told, and why" grep -q '"kind":"close".*gave way to another one after [0-9.]* s of silence' \
    "$work/lines"

station --connections 60,20
crowd 30
check "of one address no more than may be" grep -q 'held 20$' "$work/crowd"
vehicle
wants "its silent ones give way, too" 0 out 'EVCC: pass'
leave
go
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
    port=$((port + 1))
    rm -rf "$R"
    "$V2GLAB" run "$work/secc.lua" --peer "[::1]:$port" --tls $tls -q -o "$R" >"$work/station" 2>&1 &
    station=$!
    soon test -s "$R/session.pcapng"
    sleep 0.3
    crowd 20
    check "TLS $tls: a station of a script takes one of 20 silent connections" grep -q 'held 1$' "$work/crowd"
    python3 "$work/peer.py" two $port "$work/said" >"$work/out" 2>&1
    wait $station
    code=$?
    go
    "$V2GLAB" decode --json "$R" >"$work/lines" 2>"$work/err"
    check "which gives way to the vehicle" grep -q 'answers True True' "$work/out"
    check "and the script has not seen it" test $code -eq 0
    check "but the record has" grep -q '"kind":"close".*"how":"timeout".*gave way to another one after a second' \
        "$work/lines"
done

# ---- two frames in one segment ----

station
python3 "$work/peer.py" two $port "$work/said" >"$work/out" 2>&1
leave
check "two frames in one segment around supportedAppProtocol are both answered" grep -q 'answers True True' "$work/out"
check "each read by its own set" grep -q '"kind":"frame".*"from":"EVCC".*"grammar":"iso15118-2","name":"SessionSetupReq"' "$work/lines"
check "they came in one: the second was late" grep -q '"from":"EVCC","came":"late".*SessionSetupReq' "$work/lines"

# ---- octets behind the message ----

for profile in strict field test; do
    station --profile $profile
    python3 "$work/peer.py" behind $port "$work/said" >"$work/out" 2>&1
    leave
    check "$profile: octets behind a message are a violation" grep -q \
        '"kind":"violation".*"from":"EVCC".*3 bytes' "$work/lines"
    if [ $profile = test ]; then
        check "$profile: and refused" grep -q 'answered \(False\|timed out\|.*reset by peer\)' "$work/out"
    else
        check "$profile: and passed over" grep -q 'answered True' "$work/out"
    fi
done

# ---- the end ----

station
python3 "$work/peer.py" idle $port "$work/said" >"$work/idle" 2>&1 &
idle=$!
soon grep -q idle "$work/idle"
check "a vehicle is there, and says nothing more" grep -q idle "$work/idle"
from=$(date +%s%N)
leave TERM
took=$((($(date +%s%N) - from) / 1000000))
check "SIGTERM ends the station within 5 s all the same ($took ms)" test $took -lt 5000
kill $idle && wait $idle 2>"$work/err"

# ---- SDP ----

cat >"$work/sdp.sh" <<'END'
"$1" lab --side evse "$1" evse -i evse0 --tls off -q -o "$2" >"$3/station" 2>&1 &
station=$!
for _ in $(seq 100); do [ -s "$2/session.pcapng" ] && break || sleep 0.05; done
sleep 0.5
python3 "$3/peer.py" asks ev0 3 >"$3/asked" 2>&1
sleep 1.1
"$1" ev -i ev0 --tls off -q --no-record --time-scale 1000 --set loops=3 -P ISO15118-2 -m ac >"$3/vehicle" 2>&1
kill $station
wait $station
END
if "$V2GLAB" lab --side ev true 2>"$work/err"; then
    rm -rf "$R"
    "$V2GLAB" lab --side ev sh "$work/sdp.sh" "$V2GLAB" "$R" "$work" >"$work/log" 2>&1
    "$V2GLAB" decode --json "$R" >"$work/lines" 2>"$work/err"
    n=$(sed -n 's/^asked \([0-9]*\) .*/\1/p' "$work/asked")
    answered=$(sed -n 's/.* answered \([0-9]*\)$/\1/p' "$work/asked")
    check "a flood of SDP: ${n:-0} requests" test "${n:-0}" -gt 1000
    # 120 a second, in the four seconds that three lie in; two lines a request, and the session
    check "few of them are answered: ${answered:-none}" test "${answered:-0}" -gt 10 -a "${answered:-0}" -le 480
    check "the record does not fill" test "$(wc -l <"$work/lines")" -lt 1100
    check "which is told" grep -q 'requests within a second were neither answered nor recorded' "$work/lines"
    check "with their number" test "$(grep 'neither answered' "$work/lines" |
        sed 's/.*"times":\([0-9]*\).*/\1/' | paste -sd+ | bc)" -gt 500
    check "the next vehicle is served" grep -q 'EVCC: pass' "$work/vehicle"
else
    echo "ok - a flood of SDP # SKIP no network of its own"
fi
