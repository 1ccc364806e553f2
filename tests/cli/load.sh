#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Many sessions at once, and how the other side bears it: arrivals, figures, what is expected, the
# records of those that fail.
# shellcheck source=tests/cli/support
. tests/cli/support

# What the last run printed as JSON: the value of a key that is there once.
json() {
    grep -o "\"$1\": [^,]*" "$work/out" | head -n 1 | sed 's/.*: //'
}

run load -n 40 --mode ac --set loops=3 --no-record
wants "vehicles against a station of its own: each once" 0 out '40 sessions' out '40 passed' \
    out 'ChargingStatusRes' out 'expected failed<=0: 0; as expected'
[ "$(awk '$1 == "ChargingStatusRes" { print $2 }' "$work/out")" = 120 ]
result $? "each response is measured"
[ "$(awk '/^ms /, /^$/ { if (length > most) most = length } END { print most }' "$work/out")" = 80 ]
result $? "the table fits a terminal of 80 columns"

run load -n 4 --total 12 --mode ac,dc --protocol ISO15118-2 --set loops=2 --no-record --json -
wants "closed: they come again, until there were so many" 0
[ "$(json passed)" = 12 ] && [ "$(json at_once)" -le 4 ] && [ "$(json came)" = 12 ]
result $? "never more at once"
grep -q CurrentDemandRes "$work/out" && grep -q ChargingStatusRes "$work/out"
result $? "a mix has all its parts"

run load -n 2 --rate 100/s --duration 1s --mode ac --set loops=1000000 --no-record --json -
[ "$status" = 0 ] && [ "$(json held_back)" -gt 50 ] && [ "$(json passed)" = 2 ]
result $? "open: who finds no place is held back, and told; at the end all stop as the protocol wants"

run load -n 20 --threads 2 --total 30 --mode ac --set loops=2 --no-record --json -
[ "$status" = 0 ] && [ "$(json passed)" = 30 ]
result $? "two threads share the sessions"
run load -n 4 --rate 2/s --total 4 --threads 2 --mode ac --set loops=1 --no-record --json -
[ "$(json passed)" = 4 ] && [ "$(json at_once)" = 1 ]
result $? "what was there at once is of all threads at one time, not the sum of what each had"

run load -n 4 --threads 4 --mode ac,dc --protocol ISO15118-2 --set loops=1 --no-record
[ "$status" = 0 ] && [ "$(awk '/^(ChargingStatus|CurrentDemand)Res/ { print $2 }' "$work/out")" = "2
2" ]
result $? "a mix is one of all threads"
run load -n 4 --threads 4 --peer '[::1]:1,[::1]:2' --no-record \
    --timer V2G_EVCC_CommunicationSetup_Timeout=100ms
wants "and vehicles of all threads go to stations in turn" 1 \
    out '2 x the station cannot be reached: connecting to [::1]:1' \
    out '2 x the station cannot be reached: connecting to [::1]:2'

run load -n 6 --mode ac --tls 1.2 --set loops=2 --no-record
wants "over TLS 1.2" 0 out '6 passed'
run load -n 3 --total 6 --mode ac --tls 1.2 --tls-set resumption=true --set loops=2 --no-record
wants "where sessions of TLS are resumed, each vehicle has its own" 0 out '6 passed'
run load -n 6 --mode dc --protocol ISO15118-20 --set loops=2 --no-record
wants "ISO 15118-20, over TLS 1.3" 0 out '6 passed' out 'DC_ChargeLoopRes'

# ---- what is expected ----

run load -n 5 --mode ac --set loops=2 --no-record --with 'delays.ChargingStatus=60' \
    --expect 'p50(ChargingStatusRes)>=60ms' --expect 'passed>=100%' --expect 'count(connect)>4' \
    --expect 'rate>0.1/s' --expect 'max(session)<1h'
wants "what is as expected" 0 out 'expected p50(ChargingStatusRes)>=60ms: ' not-out 'not as expected'
run load -n 5 --mode ac --set loops=2 --no-record --with 'delays.ChargingStatus=60' \
    --expect 'p99(ChargingStatusRes)<50ms'
wants "what is not: exit code 1" 1 out 'expected p99(ChargingStatusRes)<50ms: ' out '; not as expected' \
    out 'expected failed<=0: 0; as expected'
run load -n 2 --mode ac --set loops=2 --no-record --expect 'p99(CurrentDemandRes)<250ms'
wants "what was never measured is not as expected" 1 \
    out 'expected p99(CurrentDemandRes)<250ms: nothing was measured; not as expected'
run load -n 1 --rate 1/h --duration 300ms --no-record --expect 'failed<1%'
wants "without a session nothing is" 1 out 'expected failed<1%: nothing was measured'
for wrong in 'p99<250ms' 'p99(X)' 'failed' 'failed<' 'p999(X)<1s' 'p99(X)<5' 'rate<5%' 'nothing<1' \
    'p99()<1s' 'failed(X)<1' 'failed<5/s' 'failed<5%/s' 'count(connect)>1/s'; do
    run load --expect "$wrong"
    wants "--expect '$wrong' is refused" 3 err 'p99(CurrentDemandRes)<250ms'
done

run load --expect 'p99(CurentDemandRes)<250ms' --no-record
wants "a message that there is not is told before anything begins" 3 not-out 'passed' \
    err "the other side has no message 'CurentDemandRes' that could be measured; the nearest is CurrentDemandRes"
run load --expect 'p99(CurrentDemandReq)<250ms' --no-record
wants "so is one that vehicles send" 3 err "no message 'CurrentDemandReq' that could be measured"
run load -n 1 --mode ac --set loops=1 --no-record --expect 'sessions>0' --expect 'sessions>0' --openmetrics -
[ "$status" = 0 ] && [ "$(grep -c 'expected="sessions>0"' "$work/out")" = 1 ]
result $? "what is expected twice is one sample"
run load -n 3 --mode ac --no-record --with answers.SessionSetup=FAILED --openmetrics -
[ "$status" = 1 ] && grep -q '^v2glab_load_failures_total{reason=".*FAILED.*"} 3$' "$work/out" &&
    grep -q '^v2glab_load_elapsed_seconds [0-9]' "$work/out" &&
    grep -q '^v2glab_load_open_sessions_most [1-3]$' "$work/out"
result $? "OpenMetrics has the reasons, the time, and how many there were at once"
for i in $(seq 32); do expected+=(--expect "sessions>=$i"); done
run load -n 32 --mode ac --set loops=1 --no-record --with answers.SessionSetup=FAILED "${expected[@]}"
wants "no session may fail, however much else is expected" 1 out 'expected failed<=0: 32; not as expected'

# ---- the live line ----

if has_terminal; then
    script -qec "stty cols 40; exec '$V2GLAB' load -n 1 --mode ac --set loops=1000 --duration 2500ms --no-record" \
        /dev/null <"$work/err" >"$work/seen" 2>&1
    tr '\r' '\n' <"$work/seen" | grep -a 's  1 open' | sed 's/\x1b\[K//' >"$work/out"
    [ -s "$work/out" ] && [ "$(wc -L <"$work/out")" -lt 40 ]
    result $? "the live line is no wider than the terminal"
else
    echo "ok - the live line is no wider than the terminal # SKIP there is no terminal"
fi

# ---- failures ----

run load -n 4 --mode ac --protocol ISO15118-2 --set loops=2 -o "$work/failed" \
    --with "answers.PowerDelivery=FAILED_ContactorError" --failures 3
wants "sessions that fail, and why" 1 out '0 passed, 4 failed' \
    out '4 x the station answered PowerDeliveryRes with FAILED_ContactorError' \
    out "records of 3 that failed: $work/failed"
[ "$(find "$work/failed" -name events.jsonl | wc -l)" = 3 ]
result $? "each has a record of its own, up to as many as are wanted"
run decode "$work/failed/failure-0001"
wants "which is that of one session, from the first message on" 0 out 'supportedAppProtocolReq' \
    out 'FAILED_ContactorError'
[ "$(grep -c 'SessionSetupReq' "$work/out")" = 1 ]
result $? "and of no other"
[ "$(tail -c +1 "$work/failed/failure-0001/session.pcapng" | wc -c)" -gt 1000 ]
result $? "with its packets"
run load -n 4 --mode ac --set loops=2 --no-record --expect 'failed<60%' --persona \
    leaves-without-stop:50%,mg4:50% --profile field
[ "$status" != 3 ]
result $? "personas by their shares"

run load -n 1 --mode ac --set loops=200 -o "$work/long" --set gaps.ChargingStatus=0 \
    --with "answers.SessionStop=FAILED" --profile field
run decode "$work/long/failure-0001"
wants "a long session is kept with its beginning and its end" 0 out 'SessionSetupReq' \
    out 'events before this one were not kept' out 'SessionStopReq'

run load -n 3 --mode ac --protocol ISO15118-2 --set loops=2 --no-record --with close_at=ChargingStatus
wants "what differs from one session to the next is left out of the reason" 1 \
    out '3 x the station closed the connection instead of answering ChargingStatusReq: closed by peer'

"$V2GLAB" load -n 3 --mode ac --protocol ISO15118-2 -o "$work/cut" -q --json "$work/cut.json" \
    --with delays.ChargingStatus=80000 --timer V2G_EVCC_Msg_Timeout=90s >"$work/out" 2>"$work/err" &
hanging=$!
for _ in $(seq 300); do
    grep -q '"PowerDeliveryRes"' "$work/cut.json" 2>/dev/null && break
    sleep 0.1
done
kill -INT $hanging
sleep 0.5
kill -INT $hanging
status=0 ran="load, interrupted twice"
wait $hanging || status=$?
wants "who is cut short has a record of its own, too" 1 out '3 cut short' \
    out "records of 3 that failed: $work/cut"
run decode "$work/cut/failure-0003"
wants "which ends with what has no answer" 0 out 'ChargingStatusReq' not-out 'ChargingStatusRes'

ran="load, with files of 4 KiB at most"
status=0
(ulimit -f 4 && exec "$V2GLAB" load -n 3 --mode ac --protocol ISO15118-2 --set loops=20 -o "$work/lost" \
    --with answers.SessionStop=FAILED -q) >"$work/out" 2>"$work/err" || status=$?
wants "records that cannot be written are told once" 1 out '3 records could not be written: '
[ "$(grep -c '^[0-9]* x ' "$work/out")" = 1 ] && grep -q '^3 x ' "$work/out"
result $? "and are no reason of a session"
cat >"$work/reasons.lua" <<'END'
function before.SessionSetupReq()
    local n = (Recall('n') or 0) + 1
    Remember('n', n)
    Fail('number ' .. n)
end
END
run load -n 20 --mode ac --no-record --script "$work/reasons.lua" --json -
[ "$(grep -c '"text": .*number [0-9]' "$work/out")" = 16 ] && [ "$(json other_reasons)" = 4 ]
result $? "reasons beyond those that are told apart are counted as JSON, too"

cat >"$work/flood.lua" <<'END'
local much, all = string.rep('x', 1000000), {}
for i = 1, 12 do all[i] = much end
return { on = 'ChargingStatusRes', fault = function() return all end }
END
run load -n 3 --mode ac --protocol ISO15118-2 --set loops=2 --no-record --profile field \
    --fault "$work/flood.lua"
wants "what a filter makes and nobody takes ends that session, not the station" 1 out '3 failed' \
    out '3 x the station closed the connection'

cat >"$work/undecoded.lua" <<'END'
return { on = 'supportedAppProtocolRes', fault = function() return '\x01\xFE\x80\x01\0\0\0\x01\x41' end }
END
run load -n 2 --mode ac --no-record --fault "$work/undecoded.lua"
wants "what comes and cannot be decoded is named" 1 \
    out '2 x expected supportedAppProtocolRes, found a frame that cannot be decoded: '
run load -n 2 --mode ac --no-record --fault "$work/undecoded.lua" --lang ko
wants "also in Korean" 1 out '2번: supportedAppProtocolRes여야 하는데 해독할 수 없는 프레임이 왔다: '

run load -n 2 --peer '[::1]:1' --no-record --timer V2G_EVCC_CommunicationSetup_Timeout=100ms
wants "no station" 1 out '2 x the station cannot be reached'

# ---- the other way round, and files ----

port=$((20000 + $$ % 10000))
"$V2GLAB" load --role secc --peer "[::1]:$port,[::1]:$((port + 1))" --threads 2 --total 20 --no-record \
    --json "$work/stations.json" --openmetrics "$work/stations.txt" -q >"$work/stations" 2>&1 &
station=$!
listening() { awk -v at="$(printf ':%04X' "$port")" '$4 == "0A" && $2 ~ at "$"' /proc/net/tcp6 | wc -l; }
for _ in $(seq 200); do
    [ "$(listening)" -lt 2 ] || break
    sleep 0.1
done
[ "$(listening)" = 2 ]
result $? "two threads have stations at the same port, also where it is not said how many vehicles come"
run load -n 20 --peer "[::1]:$port,[::1]:$((port + 1))" --mode ac --set loops=3 --set tries=40 \
    --set 'gaps.Refused>SDP=50' --no-record
wants "vehicles against stations of another program" 0 out '20 passed'
wait "$station"
status=$?
cp "$work/stations" "$work/out"
wants "stations, which measure the vehicles" 0 out '20 passed' out 'ChargingStatusReq'
grep -q '"came": 20,' "$work/stations.json"
result $? "who comes to a station is counted there"
grep -q '"passed": 20' "$work/stations.json" && grep -q '"ChargingStatusReq"' "$work/stations.json"
result $? "the figures as JSON"
grep -qx 'v2glab_load_sessions_total{outcome="pass"} 20' "$work/stations.txt" &&
    [ "$(tail -n 1 "$work/stations.txt")" = '# EOF' ]
result $? "and as OpenMetrics"

run load -n 1 --mode ac --set loops=1 --no-record --json "$work/nowhere/figures"
wants "a file that cannot be written is told before anything begins" 3 \
    err 'nowhere/figures.new cannot be written: No such file or directory' not-out 'passed'
run load -n 1 --no-record --json - --openmetrics -
wants "two kinds of figures do not go to one place" 3 err 'expected two files, found - for both'
ln -s there "$work/link"
echo old >"$work/there"
mkfifo "$work/fifo"
timeout 60 cat "$work/fifo" >"$work/came" &
reader=$!
run load -n 1 --mode ac --set loops=1 --no-record --json "$work/link" --openmetrics "$work/fifo"
wants "figures go where a link leads, and into a pipe" 0 out '1 passed'
[ -p "$work/fifo" ] && wait "$reader" && [ "$(tail -n 1 "$work/came")" = '# EOF' ]
result $? "a pipe, or a device, stays what it is, and gets them once"
[ -L "$work/link" ] && grep -q '"passed": 1' "$work/there"
result $? "a link stays what it is"
[ -p "$work/fifo" ] || kill "$reader"

cat >"$work/gone.lua" <<'END'
function before.SessionSetupReq()
    local last = Recall('last')
    assert(not last or not Recall('wire ' .. last .. ' rest'), 'a vehicle that has gone is felt still')
end
function on.SessionSetupRes() Remember('last', Evcc.SessionID()) end
END
"$V2GLAB" load --role secc --peer "[::1]:$port" --total 2 --no-record -q >"$work/stations" 2>&1 &
station=$!
run load -n 1 --total 2 --peer "[::1]:$port" --mode ac --protocol ISO15118-2 --set loops=2 --set tries=40 \
    --set 'gaps.Refused>SDP=50' --no-record --script "$work/gone.lua"
wants "what a station could feel of a vehicle is forgotten with it" 0 out '2 passed'
wait "$station"

"$V2GLAB" load --role secc --peer "[::1]:$port" --total 3 --no-record -q >"$work/stations" 2>&1 &
station=$!
run load -n 3 --peer "[::1]:$port" --mode ac --protocol ISO15118-2 --tls 1.2 --set leave_at=ChargingStatus \
    --set tries=40 --set 'gaps.Refused>SDP=50' --no-record
wait "$station"
status=$? ran="load --role secc, over TLS"
cp "$work/stations" "$work/out"
wants "the port of a vehicle that leaves over TLS is left out of the reason, too" 1 not-out 'TLS with' \
    out '3 x the vehicle closed the connection after '

# ---- wrong use ----

run load --role secc
wants "stations need a place" 3 err '--role secc: expected --peer ADDRESS or --interface NAME'
run load --protocol nonsense
wants "a protocol that there is not" 3 err '--protocol nonsense: expected DIN70121'
run load --protocol DIN70121 --mode ac
wants "a protocol that has no such mode" 3 err 'none of the protocols has such a mode'
run load --persona mg4:30%,vw-group
wants "a share of some only" 3 err 'expected a share of each, or of none'
run load --persona nobody
wants "a persona that there is not" 3 err 'nobody'
run load --rate 5/week
wants "a rate that is none" 3 err 'expected a rate, as 500/s'
run load --rest 5s..1s
wants "a range that is none" 3 err 'the second is no shorter'
run load -n 2 --set batery.soc=30 --no-record
wants "a parameter of vehicles that there is not ends it before one comes" 3 not-out 'failed' not-err 'traceback' \
    err "there is no parameter 'batery' of the vehicle; the nearest is 'battery'"
run load -n 4 --threads 2 --rate 100/s --persona default,mg4 --set battery.soc=300 --no-record
wants "so does a value that is none" 3 not-out 'failed' err 'battery.soc: expected 0 to 100 percent, found 300'
run load -n 4 --protocol ISO15118-2,DIN70121 --set payment=Contract --tls 1.2 --no-record
wants "and what one kind of a mix cannot do" 3 not-out 'failed' err 'DIN 70121 knows no payment by contract'
run load -n 2 --with batery.soc=30 --no-record
wants "and a parameter of its stations" 3 not-out 'failed' err "there is no parameter 'batery' of the station"
for option in rate=3/s ramp=1s rest=1s think=1ms; do
    run load --role secc --peer '[::1]:1' --duration 100ms --no-record "--$option"
    wants "--${option%=*} is for vehicles" 3 \
        err "--${option%=*} is for vehicles that are played here; expected no --role secc with it"
done
for place in '--peer=[::1]:1' --interface=lo '--role=secc --peer=[::1]:1'; do
    # shellcheck disable=SC2086 # words
    run load $place --with loops=3 --duration 100ms --no-record
    wants "--with is for stations of its own, and so not beside $place" 3 \
        err '--with is for stations that are played for the vehicles'
done
# useless OPTIONS OF-WHAT: the last of them would do nothing beside the others
useless() {
    option=${1##*--}
    # shellcheck disable=SC2086 # words
    run load $1 --duration 100ms
    wants "--${option%%=*} would do nothing: $1" 3 not-out 'passed' err "--${option%%=*} is $2"
}
useless --arrivals=even 'how vehicles come at a rate; expected --rate with it'
useless '--role=secc --peer=[::1]:1 --arrivals=even' 'for vehicles that are played here'
useless '--role=secc --peer=[::1]:1 --sessions=5' 'how many vehicles are played here'
useless '--rate=5/s --rest=0s' 'for vehicles that come again once they have gone; expected no --rate'
for place in '--peer=[::1]:1' --interface=lo '--role=secc --peer=[::1]:1'; do
    useless "$place --stations=1" 'for stations that are played for the vehicles'
done
useless '--peer=[::1]:1 --connections=5' 'for stations that are played here; expected no --peer'
useless "--no-record --record=$work/none" 'for the records of sessions that fail; expected no --no-record'
useless '--no-record --failures=1' 'for the records of sessions that fail; expected no --no-record'
for option in cert=none key=none roots=none tls-set=suites=TLS_AES_256_GCM_SHA384; do
    useless "--no-record --tls=off --$option" 'for TLS; expected no --tls off'
done
run load --rate 5/s --rest 1s --lang ko
wants "in Korean, too" 3 err '--rest은(는) 떠났다가 다시 오는 차량의 것이다; --rate가 없어야 한다'
run load -n 1 --mode ac,dc --protocol DIN70121 --no-record
wants "a mode that no protocol has" 3 err '--mode ac: none of the protocols has such a mode'
run load -n 1 --mode ac --protocol ISO15118-2,DIN70121 --no-record
wants "and a protocol that has no mode, however many others do" 3 \
    err '--protocol DIN70121: it has none of the modes'
run load --role secc --peer '[::1]:1' --mode ac,dc --no-record
wants "a station is of one kind" 3 err 'make 2 kinds of stations; expected so many addresses of --peer'
run load --role secc --peer '[::1]:1,[::1]:2' --mode ac:30%,dc:70% --no-record
wants "and has no share" 3 err '--role secc: expected no shares of --mode and --persona'
run load -n 2 --threads 3 --no-record
wants "a thread without a vehicle" 3 err '--threads 3: expected --sessions 3 or more'

# ---- lists ----

run load --protocol ISO15118-2:1,nonsense:2,DIN70121:3
wants "of a list what is wrong is told with its place, and the list as it is" 3 \
    err "--protocol ISO15118-2:1,nonsense:2,DIN70121:3: the wrong one is item 2 of 3, 'nonsense:2': expected DIN70121"
run load --persona mg4:30%,vw-group
wants "also a share that is missing" 3 \
    err "--persona mg4:30%,vw-group: the wrong one is item 2 of 2, 'vw-group': expected a share of each, or of none"
run load --persona mg4,nobody,default
wants "and a persona" 3 err "--persona mg4,nobody,default: the wrong one is item 2 of 3, 'nobody': there is no persona 'nobody'"
run load --persona mg4,mg5 --lang ko
wants "in Korean, with where to look" 3 err "--persona mg4,mg5: 2개 가운데 2번째 'mg5': " err 'v2glab persona list' \
    not-err 'there is no'
run load --mode ac,,dc
wants "and nothing at all" 3 err "--mode ac,,dc: the wrong one is item 2 of 3, '': expected 1 to 32 names"
run load --mode ac,none,dc --lang ko
wants "in Korean, too" 3 err "--mode ac,none,dc: 3개 가운데 2번째 'none': ac, dc, mcs, ac-der 가운데 하나여야 한다"
run load --peer '[::1]:15118,::1:x'
wants "and an address" 3 err "--peer [::1]:15118,::1:x: the wrong one is item 2 of 2, '::1:x': "
many=$(for i in $(seq 70); do printf '[fe80::1234:5678:9abc:%x%%veth-left]:15118,' "$i"; done)
run load --peer "${many%,}"
wants "however long the list is" 3 err "the wrong one is item 65 of 70, '[fe80::1234:5678:9abc:41%veth-left]:15118': expected 64 addresses at most; see"
run load --mode AC --protocol iso15118-2 --set loops=1 --no-record
wants "names in any case" 0 out '1 passed'
run load --duration 0s --no-record
wants "a duration of nothing" 3 err '--duration 0s: expected more than 0, or no --duration'
run load -n 100000000
wants "more vehicles than descriptors" 3 err 'as many as there are descriptors for'
ran="load, with 64 descriptors"
status=0
(ulimit -n 64 && timeout -s KILL 60 "$V2GLAB" load --rate 10/s --duration 1s --no-record -q) \
    >"$work/out" 2>"$work/err" || status=$?
wants "without descriptors for any it does not wait for ever" 3 err \
    'there are no descriptors for a vehicle and its station (ulimit -Hn)'
