#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Others that say too much, or what they should not: frames in one segment, octets behind a message, a
# flood of SDP.
# shellcheck source=tests/cli/support
. tests/cli/support
# shellcheck source=tests/cli/support-crowd
. tests/cli/support-crowd

# ---- two frames in one segment ----

station
python3 "$work/peer.py" two "$port" "$work/said" >"$work/out" 2>&1
leave
check "two frames in one segment around supportedAppProtocol are both answered" grep -q 'answers True True' "$work/out"
check "each read by its own set" grep -q '"kind":"frame".*"from":"EVCC".*"grammar":"iso15118-2","name":"SessionSetupReq"' "$work/lines"
check "they came in one: the second was late" grep -q '"from":"EVCC","came":"late".*SessionSetupReq' "$work/lines"

# ---- octets behind the message ----

for profile in strict field test; do
    station --profile $profile
    python3 "$work/peer.py" behind "$port" "$work/said" >"$work/out" 2>&1
    leave
    check "$profile: octets behind a message are a violation" grep -q \
        '"kind":"violation".*"from":"EVCC".*3 bytes' "$work/lines"
    if [ $profile = test ]; then
        check "$profile: and refused" grep -q 'answered \(False\|timed out\|.*reset by peer\)' "$work/out"
    else
        check "$profile: and passed over" grep -q 'answered True' "$work/out"
    fi
done

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
