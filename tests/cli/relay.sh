#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# v2glab relay: between our vehicle and our station, in virtual time and over real sockets.
# shellcheck source=tests/cli/support
. tests/cli/support
. tests/cli/support-relay

relay "plain, DIN or ISO 15118-2: all is handed on" 0 -m dc --secc-with stop_after=3
all_equal "each frame went as it came"
grep -q '"leg":"vehicle"' "$work/record/events.jsonl" && grep -q '"leg":"station"' "$work/record/events.jsonl"
result $? "the record has both legs"
run decode "$work/record"
wants "the record is a ladder of three columns" 0 out "EVCC -> relay          SessionSetupReq" \
    out "        relay -> SECC  SessionSetupReq" out "EVCC <- relay          SessionStopRes"
V2GLAB_PRETTY=1 run decode "$work/record"
in_order "EVCC relay SECC SessionSetupReq" "$work/out"
result $? "and has rungs"
run report "$work/record" -o "$work/page.html"
wants "the report reads the record" 0
check "and is a page" test -s "$work/page.html"

relay "AC" 0 -m ac --ev-with loops=3
all_equal "each frame of AC went as it came"

relay "ISO 15118-20 over TLS 1.3" 0 -m dc --tls 1.3 --ev-with "protocols={{'ISO15118-20'}}" \
    --secc-with stop_after=3
all_equal "each frame of ISO 15118-20 went as it came"
grep -q '"grammar":"iso15118-20-dc"' "$work/record/events.jsonl"
result $? "and is read by what both have agreed"

if has_terminal; then
    script -qec "stty columns 100; '$V2GLAB' relay --virtual-time -m dc --no-record --secc-with stop_after=3 \
        --set CurrentDemandRes.EVSEPresentVoltage=480" /dev/null </dev/null >"$work/out" 2>&1
    status=$?
    grep -q 'vehicle  .* messages' "$work/out" && grep -q 'station  .* messages' "$work/out"
    result $? "the live view has both legs"
else
    echo "ok - the live view has both legs # SKIP no terminal"
fi

# real sockets: three processes, each with a record of its own
port=$((20000 + $$ % 20000))
rm -rf "$work/record"
timeout 60 "$V2GLAB" evse -q --peer "[::1]:$((port + 1))" -n 1 -m dc --set stop_after=10 -o "$work/evse" \
    >"$work/evse.out" 2>&1 &
timeout 60 "$V2GLAB" relay -q --ev "[::1]:$port" --secc "[::1]:$((port + 1))" -n 1 -o "$work/record" \
    >"$work/relay.out" 2>&1 &
"$V2GLAB" ev -q --peer "[::1]:$port" -m dc -o "$work/ev" >"$work/ev.out" 2>&1
status=$?
wait
cp "$work/relay.out" "$work/out"
wants "three processes, by addresses" 0 out "relay: pass" out "the vehicle ended it"
all_equal "each frame went as it came over real sockets, too"
sent() {
    grep '"kind":"frame"' "$work/$1/events.jsonl" | sed 's/.*"name":"\([^"]*\)","bytes":"\([^"]*\)".*/\1 \2/'
}
sent ev >"$work/ev.frames"
sent evse >"$work/evse.frames"
[ "$(grep -c . "$work/ev.frames")" -gt 30 ] && cmp -s "$work/ev.frames" "$work/evse.frames"
result $? "vehicle and station have recorded the same frames"
grep -q '"taken_us":[1-9]' "$work/record/events.jsonl"
result $? "and the relay how long it had each"

run relay --ev lo --no-record
wants "one side alone" 3 err "--secc is missing"
run relay --ev lo --secc lo --virtual-time
wants "virtual time of others" 3 err "--virtual-time is for sides that are played here"
run relay --no-record --mode dc --ev '[::1]:1' --secc '[::1]:2'
wants "a mode of others" 3 err "--mode is for sides that are played here"
run relay --no-record --ev-with loops=1 --ev '[::1]:1' --secc '[::1]:2'
wants "parameters of others" 3 err "--ev-with or --secc-with is for sides that are played here"
run relay --no-record -n 2 --virtual-time
wants "two sessions of those that have one" 3 err "--sessions 2: the vehicle and the station that are played here have one"
run relay --ev none0 --secc lo --no-record
wants "an interface that is not there" 3 err "none0"
run relay x
wants "an argument" 3 err "'x' is no option"

# the station is looked for while no vehicle is there
relay "a station that is there before the vehicle" 0 -m dc --secc-with stop_after=1 --ev-with gaps.SDP=3000
in_order "relay->SECC SECCDiscoveryReq relay<-SECC SECCDiscoveryRes answers.SDP:.TLS EVCC->relay SECCDiscoveryReq" /dev/stdin <<END
$(sed 's/ -> /->/g; s/ <- /<-/g; s/  */ /g; s/the station answers SDP/the.station.answers.SDP/; s/SDP: TLS/SDP:.TLS/' "$work/out")
END
result $? "is told of"
relay "a station that does not answer at first" 0 -m dc --secc-with stop_after=1 --ev-with gaps.SDP=13000 \
    --fault 'SECCDiscoveryReq#1: drop'
wants "is told, and looked for again" 0 out "no station answers SDP: it is asked for again every 10 s" \
    out "the station answers SDP: TLS"

# a relay of its own waits for no other process, where the system lets it: in real time, policy 2
cat >"$work/urgent" <<'END'
chrt -r 1 true 2>/dev/null || exit 77
"$V2GLAB" relay --no-record --ladder >"$work/relay" 2>&1 &
relay=$!
for _ in $(seq 100); do
    grep -q 'listens' "$work/relay" && break
    sleep 0.05
done
awk '{ print "policy", $41 }' "/proc/$relay/stat"
kill "$relay"
wait "$relay"
END
export work
run lab sh "$work/urgent"
if [ "$status" -eq 77 ] || grep -q 'lab: ' "$work/err"; then
    echo "ok - a relay has priority # SKIP no real-time priority, or no namespaces, here"
else
    grep -q 'policy 2' "$work/out"
    result $? "a relay has priority, where the system lets it"
fi
