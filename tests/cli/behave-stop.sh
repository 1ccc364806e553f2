#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Ctrl-C in `v2glab ev` and `v2glab evse`, the live view, and a station beside its vehicles.
# shellcheck source=tests/cli/support
. tests/cli/support

# interrupt MESSAGE: Ctrl-C to $pid, once the ladder has the message
interrupt() {
    for _ in $(seq 600); do
        grep -q "$1" "$work/out" && break
        sleep 0.05
    done
    kill -INT $pid
}

# stopped MESSAGE OPTION...: Ctrl-C once the message was sent
stopped() {
    message=$1
    shift
    ran="v2glab $*, then Ctrl-C after $message"
    forget
    "$V2GLAB" "$@" >"$work/out" 2>"$work/err" </dev/null &
    pid=$!
    interrupt "$message"
    wait $pid
    status=$?
}

for protocol in DIN70121 ISO15118-2 ISO15118-20; do
    stopped 'CurrentDemandReq\|ChargeLoopReq' ev --no-record --ladder --protocol $protocol \
        --mode dc --set gaps.default=0
    wants "$protocol: Ctrl-C ends the session in order" 2 out 'PowerDeliveryReq' out 'SessionStopRes' \
        out 'EVCC verdict: inconclusive: ended by the user' not-out 'verdict: pass' \
        err 'Ctrl-C again ends at once'
done
stopped PowerDeliveryRes ev --no-record --ladder --protocol ISO15118-2 --mode ac \
    --set gaps.ChargingStatus=3600000
wants "a pause of an hour ends with Ctrl-C, too" 2 out 'SessionStopRes' out 'EVCC verdict: inconclusive: ended by the user'
stopped CableCheckReq ev --no-record --ladder --protocol ISO15118-2 --mode dc \
    --with ongoing.CableCheck=9999
wants "in CableCheck with SessionStopReq" 2 out 'ended by the user' out 'SessionStopRes'
stopped ChargingStatusReq evse --no-record --ladder --protocol ISO15118-2 --mode ac \
    --with battery.soc=10
wants "at the station it asks the vehicle to stop" 2 out 'EVSENotification StopCharging' \
    out 'SECC verdict: inconclusive: ended by the user' not-out 'verdict: pass'

forget
"$V2GLAB" ev --no-record --ladder --protocol ISO15118-2 --mode dc --with silent_at=CableCheck \
    --timer V2G_EVCC_Msg_Timeout=30s >"$work/out" 2>"$work/err" &
pid=$!
interrupt CableCheckReq
sleep 0.2
kill -INT $pid
wait $pid
status=$?
ran="v2glab ev, two times Ctrl-C"
wants "a second Ctrl-C ends at once, with the record's last lines" 2 out 'inconclusive: interrupted'

# a station by itself in a lab, and vehicles one after another and at once beside it
cat >"$work/beside.sh" <<'END'
"$V2GLAB" evse --no-record -q --sessions 5 --time-scale 1000 >"$1/evse" 2>&1 &
sleep 0.3
for mode in ac dc; do
    "$V2GLAB" ev --no-record -q --protocol ISO15118-2 --mode $mode --time-scale 1000 --set loops=3
done
"$V2GLAB" ev --no-record -q --protocol ISO15118-20 --mode dc --time-scale 1000 --set loops=3
"$V2GLAB" ev --no-record -q --protocol DIN70121 --time-scale 1000 --set loops=3 --count 2
wait
END
export V2GLAB
run lab bash "$work/beside.sh" "$work"
[ "$(grep -c '^EVCC: pass' "$work/out")" = 5 ] && [ "$(grep -c '^SECC: pass' "$work/evse")" = 5 ]
result $? "a station serves vehicles of three protocols, each in a process of its own, and ends"

# the live view needs a terminal
if has_terminal; then
    script -qec "$V2GLAB ev --no-record --protocol ISO15118-2 --mode dc --time-scale 200 --set loops=8 \
        --set gaps.CurrentDemand=20000" "$work/typed" >/dev/null 2>&1
    grep -aq 'step     CurrentDemandReq' "$work/typed" && grep -aq 'charge   \[#' "$work/typed" &&
        grep -aq 'output' "$work/typed" && grep -aq 'EVCC: pass' "$work/typed"
    result $? "the live view on a terminal"
    script -qec "$V2GLAB ev --no-record --bench pair --time-scale 200 --set loops=3 --set gaps.CurrentDemand=20000" \
        "$work/typed" >/dev/null 2>&1
    grep -aq 'pilot    B2, 9.0 V, 5 %' "$work/typed" && grep -aq 'SLAC     sounding, [0-9]* sounds' "$work/typed" &&
        grep -aq 'SLAC     link is up, 10 sounds, 1[0-9.]* dB' "$work/typed" && grep -aq 'pilot    C2' "$work/typed"
    result $? "on a bench it begins with the plug"
    for der in iec sae; do
        script -qec "stty cols 80; $V2GLAB ev --no-record --protocol ISO15118-20 --mode ac-der --set der=$der \
            --with der=$der --time-scale 200 --set loops=12 --set gaps.ChargingStatus=20000 --set discharge_to=5 \
            --with grid.voltage=240 --with grid.frequency=60 --with 'grid.events={{after=3,frequency=60.5}}'" \
            "$work/typed" >/dev/null 2>&1
        sed '/^Script /d; s/\x1b\[[0-9]*[AJK]//g; s/\r//g' "$work/typed" >"$work/lines"
        [ "$(awk 'length > most { most = length } END { print most }' "$work/lines")" -le 79 ] &&
            grep -aqE 'asked    GridFollowing, target 22080 W, .*VoltVar' "$work/lines" &&
            grep -aqE 'grid     .*nominal 60 Hz, GridConnected' "$work/lines" &&
            grep -aqE 'vehicle  -[0-9]{4} W, -?[0-9]+ VAr' "$work/lines"
        result $? "the live view of a vehicle that serves the grid, in 80 columns: $der"
    done
else
    echo "ok - the live view on a terminal # SKIP there is no terminal to be had"
fi

# ---- widths of a terminal ----

# typed COLUMNS OPTION...: what `v2glab ev` shows there, without what moves the cursor
typed() {
    columns=$1
    shift
    script -qec "stty cols $columns; $V2GLAB ev --no-record --protocol ISO15118-2 $*" "$work/typed" \
        >/dev/null 2>&1
    sed '/^Script /d; s/\x1b\[[0-9;]*[A-Za-z]//g; s/\r//g' "$work/typed" >"$work/lines"
}

# most CHARACTERS: no line of what was shown is longer
most() {
    [ "$(LC_ALL=C.UTF-8 wc -L <"$work/lines")" -le "$1" ]
}

if has_terminal; then
    slow='--time-scale 200 --set gaps.CurrentDemand=20000 --set gaps.ChargingStatus=20000'
    for columns in 30 80 200; do
        typed $columns --mode dc --set loops=8 "$slow"
        most $((columns - 1)) && grep -aq 'charge   \[##*--*\]  2[0-9] %' "$work/lines" &&
            grep -aqE 'output   3[0-9.]+ V, 200.0 A,' "$work/lines"
        result $? "the live view has room in $columns columns"
    done
    tail -n 8 "$work/lines" | grep -aq 'output   0.0 V, 0.0 A, 0 W'
    result $? "after the stop there is no power"
    "$V2GLAB" ev --no-record --protocol ISO15118-2 --mode dc --set loops=8 --virtual-time >"$work/out"
    typed 80 --mode dc --set loops=8 --virtual-time
    grep -aq "messages $(grep -v SECCDiscovery "$work/out" | grep -c 'EVCC [-<][->] SECC')," "$work/lines"
    result $? "each message counts once, though both sides have it"
    typed 80 --mode ac --set loops=8 "$slow"
    grep -aq 'output   230.0 V, 32.0 A x 3, 22080 W' "$work/lines" &&
        tail -n 8 "$work/lines" | grep -aq 'output   230.0 V, 0 W'
    result $? "of AC the power is voltage x current x phases"
    for columns in 30 70 120; do
        LC_ALL=C.UTF-8 typed $columns --mode ac --set loops=3 --ladder --virtual-time
        grep -a '^ *[0-9.]* *\(│\|EVCC [-<]\|-> \|<- \)' "$work/lines" >"$work/frames"
        mv "$work/frames" "$work/lines"
        most "$columns" && grep -aq ChargingStatusReq "$work/lines"
        result $? "the ladder has room in $columns columns"
    done
    grep -aq '│── .*▶│' "$work/lines"
    result $? "with lines where the locale is one of UTF-8"
    LC_ALL=C typed 120 --mode ac --set loops=3 --ladder --virtual-time
    grep -aq '|-- .*>|' "$work/lines" && ! LC_ALL=C grep -aq "$(printf '\342')" "$work/lines"
    result $? "else in ASCII"
    typed 80 --alone --mode dc --ladder --virtual-time
    [ "$(grep -ac 'SECCDiscoveryReq *no TLS' "$work/lines")" -eq 2 ] && grep -aq 'the same 41 times more' "$work/lines"
    result $? "what comes again and again is counted"
else
    echo "ok - widths of a terminal # SKIP there is no terminal to be had"
fi
