#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `v2glab persona`, and what the personas do: each car completes a session at our station (or ends
# it in its own way), and each deliberate one does what its name says, as its record proves.
# shellcheck disable=SC2016 # conditions are evaluated by `proves`
# shellcheck source=tests/cli/support
. tests/cli/support

# ---- the command ----

run persona list
wants "persona list: vehicles and stations, with what they stand for" 0 out 'vehicles' \
    out 'mg4                      MG4 Electric' out 'stations' out 'station-j' not-err 'error'
names=$(awk '/^[a-z0-9-]+ +[A-Za-z]/ && !/:$/ { print $1 }' "$work/out")
set -- lua/personas/*.lua
[ "$(echo "$names" | wc -l)" -eq $# ]
result $? "persona list has every file of lua/personas"

run persona show seres-3
same "persona show prints the file" lua/personas/seres-3.lua
# shellcheck disable=SC2086 # one word a name
run persona check $names
wants "persona check: every persona is well-formed" 0 out 'mg4: a vehicle, MG4 Electric'
for file in lua/personas/*.lua; do
    head -n 3 "$file" | grep -q '^-- [A-Z]' || echo "$file"
done >"$work/bare"
[ ! -s "$work/bare" ]
result $? "every persona begins with a comment on what it stands for"

run persona show mg5
wants "an unknown persona" 1 err "there is no persona 'mg5'; the nearest is mg4"
run persona
wants "persona alone is wrong use" 3 err 'expected list, show, check, judgements or from'
run persona forget
wants "an unknown verb" 3 err "found 'forget'"
run persona check "$work/nothing.lua"
wants "a file that is not there" 3 err 'nothing.lua' err 'cannot be opened'

# wrong NAME EXPECTED TEXT: a file with that text is refused, for that reason
wrong() {
    printf '%s\n' "$3" >"$work/wrong.lua"
    run persona check "$work/wrong.lua"
    wants "persona check: $1" 1 err "$2"
}
head="role = 'ev', about = 'x', sure = 'x'"
wrong "no Lua" "unexpected symbol" "return {"
wrong "no table" "expected return { role" "return 5"
wrong "an entry without a name" "found the entry [1]" "return { $head, 5 }"
wrong "no role" "expected 'ev' or 'station'" "return { about = 'x' }"
wrong "an unknown key" "the nearest is 'welding'" "return { $head, weldings = { 1, 1 } }"
wrong "no text on what it is" "about: expected a text" "return { role = 'ev', sure = 'x' }"
wrong "an unknown step" "there is no step 'CabelCheck'" "return { $head, gaps = { CabelCheck = 5 } }"
wrong "a gap that is no time" "expected milliseconds" "return { $head, gaps = { CableCheck = 'x' } }"
wrong "an unknown message" "values.CurentDemandReq: there is no such message" \
    "return { $head, values = { CurentDemandReq = {} } }"
wrong "an unknown element" "no protocol has that element" \
    "return { $head, values = { CurrentDemandReq = { EVTargetVoltag = 5 } } }"
wrong "an unknown hook" "before.Nothing" "return { $head, before = { Nothing = function() end } }"
wrong "an error in it" "wrong.lua:1" "error('no')"
wrong "something endless" "without waiting" "while true do end"

# ---- sessions ----

record=$work/record

# play ARGUMENT...: v2glab ev in the isolated network, times a hundred times as fast
play() {
    rm -rf "$record"
    run ev --virtual-time --quiet --time-scale 100 --record "$record" --with close=fin "$@"
}

# The vehicle's requests and the responses it got, one a line: NAME, or NAME CODE.
frames() {
    grep '"kind":"frame","by":"EVCC"' "$record/events.jsonl" | grep -v '"udp":true' |
        sed 's/.*"name":"\([^"]*\)".*"ResponseCode":"\([^"]*\)".*/\1 \2/; s/.*"name":"\([^"]*\)".*/\1/'
}

# sent NAME: how often
sent() {
    frames | grep -c "^$1"
}

# frame NAME: the first of that name, as recorded by the side that sent it
frame() {
    grep '"kind":"frame"' "$record/events.jsonl" | grep "\"name\":\"$1\"" | head -n 1
}

# closed [WHICH]: how the vehicle saw the connection end, the last one or that of that number
closed() {
    grep '"kind":"close","by":"EVCC"' "$record/events.jsonl" | sed 's/.*"text":"\([^"]*\)".*/\1/' |
        sed -n "${1:-$}p"
}

# took FROM TO: milliseconds from the first frame of that name to the last of the other
took() {
    grep '"kind":"frame","by":"EVCC"' "$record/events.jsonl" | awk -v from="$1" -v to="$2" '
        { match($0, /"us":[0-9]+/); us = substr($0, RSTART + 5, RLENGTH - 5) }
        index($0, "\"name\":\"" from "\"") && !start { start = us }
        index($0, "\"name\":\"" to "\"") { stop = us }
        END { printf "%d\n", (stop - start) / 1000 }'
}

# The vehicle's verdict is pass.
well() {
    grep -q '^EVCC: pass' "$work/out"
}

# proves NAME CONDITION...: each condition holds, else what was sent is shown
proves() {
    what=$1
    shift
    bad=0
    for condition in "$@"; do
        eval "$condition" || { bad=1 && echo "# not so: $condition"; }
    done
    result $bad "$what"
    [ $bad -eq 0 ] || frames | tail -n 8 | sed 's/^/# frame: /'
}

for name in $names; do
    grep -q "role = 'ev'" "lua/personas/$name.lua" || continue
    grep -q 'deliberate' "lua/personas/$name.lua" && continue
    bad=0
    for way in 'ISO15118-2 ac' 'ISO15118-2 dc' 'ISO15118-20 ac' 'ISO15118-20 dc' 'DIN70121 dc'; do
        run ev --virtual-time --quiet --no-record --persona "$name" --set loops=1 --protocol "${way% *}" --mode "${way#* }"
        [ "$status" -lt 3 ] || { bad=1 && sed "s/^/# $way: /" "$work/err"; }
    done
    result $bad "$name is told to speak any protocol, and nothing of it errs"
    play --persona "$name" --mode dc --set loops=3 --with ongoing.CableCheck=1
    case $name in
    opel-ampera-e) end='[ "$(frames | tail -n 1)" = "PowerDeliveryRes OK" ]' ;;
    *) end='[ "$(frames | tail -n 1)" = "SessionStopRes OK" ]' ;;
    esac
    proves "$name completes a session" well "$end" \
        '[ "$(sent CurrentDemandReq)" -eq 3 ]'
done

play --persona vw-group --mode ac --set loops=3
proves "vw-group completes a session in AC" well '[ "$(sent ChargingStatusReq)" -eq 3 ]'
play --persona seres-3 --protocol ISO15118-2 --mode dc --set loops=2
proves "seres-3: its profile overflows, and uses 4 phases" \
    'frame PowerDeliveryReq | grep -q "\"Value\":-24136"' \
    'frame PowerDeliveryReq | grep -q "\"ChargingProfileEntryMaxNumberOfPhasesInUse\":4"'
play --persona subaru-solterra --mode dc --set loops=2
proves "subaru-solterra: the first SessionID has no octets" \
    'frame SessionSetupReq | grep -q "\"SessionID\":\"\""'
play --persona bmw-ix-2022 --mode dc --set loops=2
proves "bmw-ix-2022: a ServiceScope of 64 NULs" \
    '[ "$(frame ServiceDiscoveryReq | grep -o "u0000" | wc -l)" -eq 64 ]'
play --persona hyundai-kona-2017 --mode dc --set loops=2 --with-persona ongoing-for-50s
proves "hyundai-kona-2017 bears 50 s of CableCheck" well

play --persona vw-group --tls off --mode ac --protocol ISO15118-2 --set loops=30
proves "vw-group: probes port 60918 from PaymentServiceSelectionRes on" well \
    'sed -n "/\"PaymentServiceSelectionRes\"/,\$p" "$record/events.jsonl" | grep -q "60918: refused"' \
    '! sed "/\"PaymentServiceSelectionRes\"/,\$d" "$record/events.jsonl" | grep -q 60918'
play --persona vw-group --tls off --mode ac --protocol ISO15118-2 --with ac.max_current=6
proves "vw-group: stops at a station of 6 A" '[ "$(sent ChargingStatusReq)" -eq 0 ]' \
    '[ "$(sent SessionStopReq)" -eq 1 ]' '[ "$(closed)" = "closed by us" ]'
play --persona vw-id4-fw23 --tls off --mode dc --set loops=2
proves "vw-id4-fw23: its source port is 49152" well \
    'grep "\"by\":\"EVCC\"" "$record/events.jsonl" | grep "\"connect\"" | grep -q ":49152\""'
play --persona mercedes-eqc --set 'protocols={{uri="urn:none",major=1,priority=1,schema=1}}'
proves "mercedes-eqc: refused, it tries again from SDP on" '[ "$(sent supportedAppProtocolReq)" -eq 3 ]' \
    '[ "$(grep "\"by\":\"EVCC\"" "$record/events.jsonl" | grep -c "\"name\":\"SECCDiscoveryReq\"")" -eq 3 ]'
play --persona polestar-2 --protocol ISO15118-2 --with 'modes={ac=true}' --tls off
proves "polestar-2: picks a single phase at an AC station, and resets" \
    'frame ChargeParameterDiscoveryReq | grep -q AC_single_phase_core' '[ "$(sent SessionStopReq)" -eq 0 ]'
play --persona hyundai-kia --tls off --mode dc --protocol ISO15118-2 --set loops=1 --with-persona station-j
proves "station-j takes its time for supportedAppProtocol" well \
    '[ "$(took supportedAppProtocolReq supportedAppProtocolRes)" -ge 4 ]'

# ---- vehicles that misbehave ----

play --persona stops-in-cable-check --with ongoing.CableCheck=10
proves "stops-in-cable-check" '[ "$(sent CableCheckReq)" -eq 2 ]' '[ "$(sent PreChargeReq)" -eq 0 ]' \
    '[ "$(frames | tail -n 2 | head -n 1)" = SessionStopReq ]'

play --persona gives-up-after-400ms --with delays.ServiceDiscovery=150000
proves "gives-up-after-400ms" '[ "$(frames | tail -n 1)" = ServiceDiscoveryReq ]' \
    '[ "$(closed)" = "closed by us" ]'
play --persona gives-up-after-400ms --with delays.ServiceDiscovery=20000 --set loops=2
proves "gives-up-after-400ms bears 200 ms" '[ "$(frames | tail -n 1)" = "SessionStopRes OK" ]'

play --persona goes-on-after-failed --mode dc --with answers.CableCheck=FAILED \
    --with keep_on_failed=true --with ongoing.CableCheck=0 --set loops=2
proves "goes-on-after-failed" 'frames | grep -q "^CableCheckRes FAILED"' \
    'frames | sed -n "/^CableCheckRes FAILED/,\$p" | grep -q "^PreChargeReq"'

play --persona wrong-session-id
proves "wrong-session-id" 'frame ServiceDiscoveryReq | grep -q "\"SessionID\":\"DEADBEEFDEADBEEF\""' \
    'frames | grep -q "^ServiceDiscoveryRes FAILED_UnknownSession"'
play --persona zero-session-id
proves "zero-session-id" 'frame ServiceDiscoveryReq | grep -q "\"SessionID\":\"0000000000000000\""' \
    'frames | grep -q "^ServiceDiscoveryRes FAILED_UnknownSession"'

play --persona repeats-handshake --set loops=2
proves "repeats-handshake" '[ "$(sent supportedAppProtocolReq)" -eq 2 ]' \
    'frames | sed -n "/^SessionSetupRes/,\$p" | grep -q "^supportedAppProtocolReq"'

play --persona leaves-without-stop --mode dc --set loops=2
proves "leaves-without-stop" '[ "$(sent SessionStopReq)" -eq 0 ]' \
    '[ "$(frames | tail -n 1)" = "PowerDeliveryRes OK" ]' '[ "$(closed)" = "closed by us" ]'

play --persona silent-in-charge-loop --mode dc \
    --timer V2G_SECC_Sequence_Timeout_CurrentDemandRes=300ms
proves "silent-in-charge-loop" '[ "$(sent CurrentDemandReq)" -eq 5 ]' \
    '[ "$(frames | tail -n 1)" = "CurrentDemandRes OK" ]' '[ "$(closed)" != "closed by us" ]'

play --persona resets-in-charge-loop --mode ac
proves "resets-in-charge-loop" '[ "$(sent ChargingStatusReq)" -eq 5 ]' \
    '[ "$(frames | sed "1d;/^supportedAppProtocolReq/,\$d" | tail -n 1)" = "ChargingStatusRes OK" ]' \
    '[ "$(closed 1)" = "reset by us" ]' '[ "$(sent SessionSetupReq)" -eq 2 ]'

play --persona skips-cable-check
proves "skips-cable-check" '[ "$(sent CableCheckReq)" -eq 0 ]' \
    'frames | grep -q "^PreChargeRes FAILED_SequenceError"'
play --persona skips-cable-check --with-persona station-j
proves "station-j sends a Notification with FAILED_SequenceError" \
    'frame PreChargeRes | grep -q "\"FaultCode\":\"ParsingError\""'

play --persona trailing-bytes --set loops=2
proves "trailing-bytes" '[ "$(frames | tail -n 1)" = "SessionStopRes OK" ]' \
    'frame SessionSetupReq | grep -q "\"bytes\":\"[0-9A-Fa-f]*00\""' \
    'grep -q "\"kind\":\"violation\".*behind\|\"kind\":\"violation\".*after" "$record/events.jsonl"'
proves "the sender's record has the message, and what is behind it" \
    'grep "\"by\":\"EVCC\"" "$record/events.jsonl" | grep "\"kind\":\"frame\"" |
        grep -q "\"name\":\"SessionSetupReq\".*\"message\":{"' \
    'grep "\"kind\":\"violation\"" "$record/events.jsonl" | grep "\"by\":\"EVCC\"" |
        grep -q "after the end of the document"'

play --persona unknown-protocols
proves "unknown-protocols" 'frames | grep -q "^supportedAppProtocolRes Failed_NoNegotiation"' \
    '[ "$(sent SessionSetupReq)" -eq 0 ]'

play --persona wants-too-much --set loops=5
proves "wants-too-much, and gets what there is" 'frame CurrentDemandReq | grep -q "\"Value\":5000"' \
    '[ "$(frames | tail -n 1)" = "SessionStopRes OK" ]'

# ---- stations that misbehave ----

play --mode dc --with-persona ongoing-for-50s --set loops=2
proves "ongoing-for-50s" '[ "$(took CableCheckReq CableCheckRes)" -ge 480 ]' \
    '[ "$(took CableCheckReq CableCheckRes)" -le 1500 ]'
play --mode dc --with-persona ongoing-for-50s --timer V2G_EVCC_CableCheck_Timeout=200ms
proves "ongoing-for-50s is too long for V2G_EVCC_CableCheck_Timeout" '[ "$(sent PreChargeReq)" -eq 0 ]'

play --mode ac --with-persona contactor-error
proves "contactor-error" 'frames | grep -q "^PowerDeliveryRes FAILED_ContactorError"' \
    '[ "$(sent ChargingStatusReq)" -eq 0 ]'

play --mode dc --with-persona answers-too-late --set loops=9
proves "answers-too-late" '[ "$(sent CurrentDemandReq)" -eq 3 ]' '[ "$(sent CurrentDemandRes)" -eq 2 ]'

play --mode ac --with-persona foreign-session-id --set loops=2
proves "foreign-session-id" 'frame ServiceDiscoveryRes | grep -q "\"SessionID\":\"DEADBEEFDEADBEEF\""'

play --mode ac --with-persona closes-in-charge-loop
proves "closes-in-charge-loop" '[ "$(sent ChargingStatusReq)" -eq 1 ]' \
    '[ "$(sent ChargingStatusRes)" -eq 0 ]'

# ---- stations ----

rm -rf "$record"
run ev --virtual-time --quiet --record "$record" --mode ac --with-persona station-e --set loops=2 \
    --set gaps.default=0 --set 'gaps.SessionStop>Close=300'
proves "station-e answers in 99 ms and closes at once" well \
    '[ "$(took ServiceDiscoveryReq ServiceDiscoveryRes)" -ge 97 ]' \
    '[ "$(took ServiceDiscoveryReq ServiceDiscoveryRes)" -le 130 ]' '[ "$(closed)" != "closed by us" ]'
