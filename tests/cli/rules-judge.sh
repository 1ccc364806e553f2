#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What judges: checks, what was not tested, caught verdicts, who is to blame.
. tests/cli/support

# judged NAME CODE WORDS SCRIPT [OTHER [OPTION...]]: a vehicle's script, against a station's that
# answers SessionSetupReq and lives on for a second; the output has each of the words, in order
STATION='Secc.Receive_SessionSetupReq_001() Secc.Send_SessionSetupRes_001() Sleep(1000) Pass()'
judged() {
    name=$1 code=$2 words=$3
    printf '%s\n' "$4" >"$work/ev.lua"
    other=${5-$STATION}
    printf '%s\n' "$other" >"$work/evse.lua"
    if [ $# -le 5 ]; then shift $#; else shift 5; fi
    if [ -n "$other" ]; then
        run run --no-record --virtual-time "$work/ev.lua" "$work/evse.lua" "$@"
    else
        run run --no-record --virtual-time "$work/ev.lua" "$@"
    fi
    found=$(cat "$work/out" "$work/err" | tr '\n' ' ' | tr -s ' ')
    good=0
    [ "$status" -eq "$code" ] || good=1
    for word in $words; do
        case $found in
        *"$word"*) found=${found#*"$word"} ;;
        *) good=1; echo "# no $word in: $found" ;;
        esac
    done
    result "$good" "$name"
}

SETUP='Evcc.Send_SessionSetupReq_001() Evcc.Receive_SessionSetupRes_001()'

# ---- checks ----

judged "a check that is false fails the run, which goes on" 1 "failed: OK_Old went_on verdict: fail:" "$SETUP
Evcc.Check_SessionSetupRes_ResponseCode('OK_OldSessionJoined') Log('went_on')"
judged "its line says failed, and one that is true passed" 1 "passed: SessionSetupRes failed: SessionSetupRes fail: ev.lua:3: (and 1 more)" "$SETUP
Evcc.Check_SessionSetupRes_ResponseCode('OK_NewSessionEstablished')
Evcc.Check_SessionSetupRes_EVSEID('X') Evcc.Check_SessionSetupRes_EVSEID('Y')"
judged "a failed check goes before Pass and Inconclusive" 1 "fail:" "$SETUP
Evcc.Check_SessionSetupRes_EVSEID('X') Inconclusive('later')"
judged "Exist_ only asks" 0 "found none verdict: pass" "$SETUP
Evcc.Send_ServiceDiscoveryReq_001() Evcc.Receive_ServiceDiscoveryRes_001()
if not Evcc.Exist_ServiceDiscoveryRes_PaymentOptionList_PaymentOption('Contract') then Log('x') end" \
    "$(echo "$STATION" | sed "s/Sleep/Secc.Receive_ServiceDiscoveryReq_001() Secc.Send_ServiceDiscoveryRes_001() Sleep/")"

# ---- nothing tested ----

judged "a script that tests nothing is inconclusive" 2 "inconclusive: nothing was tested" "" ""
judged "so is one that only talks to itself" 2 "nothing was tested" "Log('x') Sleep(5)" ""
judged "an assert that holds has tested something" 0 "pass" "assert(1 == 1)" ""

# ---- caught ----

judged "a failed Receive_ can be caught, with its fields" 0 "fail SessionStopRes SessionSetupRes ev.lua:2 expected_SessionStopRes,_found" "Evcc.Send_SessionSetupReq_001()
local ok, v = pcall(Evcc.Receive_SessionStopRes_001)
assert(not ok)
Log(v.verdict, v.expected, v.found, v.where, (v.message:gsub(' ', '_')))"
judged "a precondition that does not hold is inconclusive" 2 "inconclusive: no_such_station" "
local ok, v = pcall(Evcc.Connect, { timeout = 200 })
if not ok then Inconclusive('no_such_station') end" ""
judged "what is raised again is the verdict that it was" 1 "fail: because" "
local ok, v = pcall(Fail, 'because') error(v, 0)" ""
judged "a wait in a coroutine hands its failure to who resumes it" 0 "caught_fail" "Evcc.Send_SessionSetupReq_001()
local ok, v = coroutine.resume(coroutine.create(Evcc.Receive_SessionStopRes_001))
Log(ok and 'no' or 'caught_' .. v.verdict)"

# ---- who is to blame ----

judged "a station that is missing is an error" 3 "verdict: error: found none;" "$SETUP" ""
run ev --alone --no-record -q --peer '[::1]:1' --timer V2G_EVCC_CommunicationSetup_Timeout=100ms
wants "and one of the ready-made vehicle" 3 err "cannot be reached"

# ---- what scripts are given ----

judged "arguments behind --" 0 "2_32_dc" "local a, b = ... Log(select('#', ...) .. '_' .. a .. '_' .. b) Pass()" "" -- 32 dc
judged "--timer and --profile" 0 "field_7000" "Log(Profile() .. '_' .. Timer('ISO15118-2', 'V2G_SECC_Sequence_Timeout'))
Pass()" "" --profile field --timer V2G_SECC_Sequence_Timeout=7s

# ---- closes, and nothing ----

judged "Expect_Close says when and how" 0 "pass after_300" "$SETUP
local ms, how = Evcc.Expect_Close(400)
assert(how:find('closed'), how)
Log('after_' .. math.floor(ms + 0.5))" "$(echo "$STATION" | sed 's/Sleep(1000)/Sleep(300) Secc.Disconnect()/')"
judged "a close that does not come" 1 "expected the connection closed within 400 ms, found it open" "$SETUP
Evcc.Expect_Close(400)"
judged "a message in place of the close" 1 "found SessionSetupRes" "Evcc.Send_SessionSetupReq_001()
Evcc.Expect_Close(400)"
judged "Expect_Nothing waits" 0 "pass" "$SETUP
Evcc.Expect_Nothing(400)"
judged "and fails with what came" 1 "expected nothing for 400 ms, found SessionSetupRes after" "Evcc.Send_SessionSetupReq_001()
Evcc.Expect_Nothing(400)"
judged "a close is something" 1 "expected nothing for 400 ms, found the connection closed" "$SETUP
Evcc.Expect_Nothing(400)" "$(echo "$STATION" | sed 's/Sleep(1000)/Sleep(300) Secc.Disconnect()/')"

cat >"$work/own.lua" <<'END'
function on.state(name) if name:find('^CableCheckRes') then return nil + 1 end end
END
run ev --virtual-time --no-record --ladder --mode dc -P ISO15118-2 --with-script "$work/own.lua"
wants "an error in a hook of the station is its own" 3 out 'SECC verdict: error' not-out 'FAILED'
cat >"$work/own.lua" <<'END'
local secc = require 'v2g.secc_iso15118_2'
function secc.answers.CableCheckReq() error(setmetatable({}, { __tostring = function() return 'ours' end })) end
END
run ev --virtual-time --no-record --ladder --mode dc -P ISO15118-2 --with-script "$work/own.lua"
wants "one that is no text in what answers, too" 3 out 'SECC verdict: error: ours' not-out 'CableCheckRes'

# A step, or an answer, of our own that raises, with messages that are as they should be.
cat >"$work/own.lua" <<'END'
require('v2g.secc_iso15118_2').answers.CableCheckReq = function() return nil + 1 end
END
run ev --virtual-time --no-record --ladder --mode dc -P ISO15118-2 --with-script "$work/own.lua"
wants "a bug in the station's answer is no FAILED" 3 out 'SECC verdict: error' \
    out 'attempt to perform arithmetic' not-out 'FAILED'
cat >"$work/own.lua" <<'END'
require('v2g.evcc_iso15118_2').CableCheck = function() return nil + 1 end
END
run ev --virtual-time --no-record --mode dc -P ISO15118-2 --script "$work/own.lua"
wants "a bug in a step of the vehicle is not the station's, and has a traceback" 3 \
    err 'own.lua:1: attempt to perform arithmetic' err 'traceback' not-err 'cannot be used'

# broken NAME WORDS SCRIPT...: a vehicle charges at a station, one of which breaks its messages
broken() {
    name=$1 words=$2
    printf '%s\n' "$3" "Evcc.Protocol = 'ISO15118-2'" "local o = Evcc.Charge{ mode = 'dc', loops = 2 }" \
        "if not o.ok then Fail(o.why) end" >"$work/ev.lua"
    printf '%s\n' "$4" "Secc.Serve{ modes = { dc = true }, sessions = 1 }" >"$work/evse.lua"
    run run --no-record --virtual-time "$work/ev.lua" "$work/evse.lua"
    good=0
    [ "$status" -eq 1 ] || good=1
    in_order "$words" "$work/out" || good=1
    result $good "$name"
}
broken "an element that is absent in a response is the station's fault" \
    "EVCC verdict: fail: cannot be used: PreChargeRes has no EVSEPresentVoltage" \
    "" "Secc.Filter 'PreChargeRes: without EVSEPresentVoltage'"
broken "so is a response without a code" \
    "EVCC verdict: fail: cannot be used: PaymentServiceSelectionRes has no ResponseCode" \
    "" "Secc.Filter 'PaymentServiceSelectionRes: without ResponseCode'"
broken "and one that is none of the schema, where nobody asked" \
    "EVCC verdict: fail: cannot be used: SAScheduleList: ends without SAScheduleTuple" \
    "" "Secc.Filter 'ChargeParameterDiscoveryRes: without SAScheduleList.SAScheduleTuple'"
broken "a request that is none of the schema is answered with FAILED, and its fault is told" \
    "SECC verdict: fail: cannot be taken: ends without EVCC verdict: fail: CurrentDemandRes with FAILED" \
    "Evcc.Filter 'CurrentDemandReq: without EVTargetVoltage'" ""

# ---- whoever misbehaves judges, too ----

# quirk VEHICLE|STATION WORD OPTION...: ends with that verdict
quirk() {
    side=$1 verdict=$2
    shift 2
    run ev --virtual-time --no-record --ladder --protocol ISO15118-2 --mode dc --set loops=3 "$@"
    grep -q "$side verdict: $verdict" "$work/out"
    result $? "$side: $verdict with $*"
}
late='--timer V2G_SECC_Sequence_Timeout=200ms'

# shellcheck disable=SC2086 # words
{
    quirk EVCC pass --set silent_at=CableCheck
    quirk EVCC pass --set silent_at=SessionSetup
    quirk EVCC pass --set silent_at=CableCheck $late
    quirk EVCC 'fail.* found it\|fail.*ended after 2.. ms' --set silent_at=CableCheck \
        --with-script tests/lua/impatient.lua
    quirk EVCC pass --set stop_at=CableCheck
    quirk EVCC 'pass.*found the connection ended' --set leave_at=CableCheck
    quirk EVCC pass --set skip.CableCheck=true
    quirk EVCC 'pass' --set skip.WeldingDetection=true
    quirk EVCC pass --persona wrong-session-id
    quirk EVCC pass --persona zero-session-id
    quirk EVCC 'fail.*expected ServiceDiscoveryRes with FAILED_UnknownSession within V2G_EVCC_Msg_Timeout, found OK' \
        --set 'expects={from="ServiceDiscovery",code="FAILED_UnknownSession"}'
    quirk SECC pass --with silent_at=CableCheck
    quirk SECC 'fail.*ended after 40 ms' --with silent_at=CableCheck --set patience.CableCheck=40
    quirk SECC 'fail.*found CableCheckReq' --with silent_at=CableCheck --set patience.CableCheck=40 \
        --set on_timeout=resend
    quirk SECC 'pass.*found the connection ended' --with close_at=CableCheck
    quirk SECC 'pass.*found SessionStopReq' --with answers.CableCheck=FAILED
    quirk SECC 'fail.*SessionStopReq, or the end of the connection.*found PreChargeReq\|fail.*found CableCheckReq' --with answers.CableCheck=FAILED --set on_failed=ignore
}
# the first request of the charge loop: the sources' two readings, by profile
for protocol in ISO15118-20/60000/500 DIN70121/60000/5000; do
    strict=${protocol#*/} test=${protocol##*/}
    protocol=${protocol%%/*}
    quirk EVCC "pass.*ended after ${strict%/*} ms" --protocol "$protocol" --set silent_at=CurrentDemand
    quirk EVCC "pass.*ended after $test ms" --protocol "$protocol" --set silent_at=CurrentDemand --profile test
done
run ev --virtual-time --no-record --ladder --mode dc --persona unknown-protocols
wants "a vehicle whose protocols nobody knows wants Failed_NoNegotiation" 1 out 'EVCC verdict: pass'
