#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every timing parameter of lua/timers.lua is measured in sessions of `v2glab ev` and `v2glab evse`,
# and in the record with its limit and what was taken; those that cannot be here are named.
# shellcheck source=tests/cli/support
. tests/cli/support

# what needs a contract, a control pilot, wireless power, SLAC, a test system, stands behind another
# row, or belongs to SDP's server, which answers before any script
absent='_CertificateInstallationReq$|_CertificateUpdateReq$|_PaymentDetailsReq$|WPT_ChargeLoop'
absent="$absent|CPState_Detection|CPOscillator_Retain|CP_State_Change|^SDP V2G_SECC|^Tester |^SLAC "

session() {
    protocol=$1
    shift
    run ev --virtual-time -q --record "$work/record" --time-scale 1000 --set loops=3 --protocol "$protocol" "$@"
    sed -n '/"kind":"timer"/s/.*"text":"\([^"]*\)".*/\1/p' "$work/record/events.jsonl" | sort -u | sed "s/^/$protocol /" >>"$work/measured"
    rm -rf "$work/record"
}

: >"$work/measured"
services='services={{id=3,name="Internet",parameters={{id=1,{"Port",80}}}}}'
session DIN70121 --mode dc
session ISO15118-2 --mode dc
session ISO15118-2 --mode ac --tls 1.2 --set details=true --with "$services"
session ISO15118-20 --mode ac
session ISO15118-20 --mode dc --with stop_after=2
run ev --virtual-time --no-record --ladder --script tests/lua/timers.lua --set leave_at=AppProtocol
sed -n 's/.*: row \(.*\)/\1/p' "$work/out" | sort -u >"$work/rows"
[ "$(wc -l <"$work/rows")" -gt 60 ]
result $? "the table has its rows"
while read -r protocol name; do
    if echo "$protocol $name" | grep -qE "$absent"; then
        continue
    elif [ "$protocol" = AppProtocol ] || [ "$protocol" = SDP ]; then
        grep -q " $name\$" "$work/measured"
    else
        grep -qx "$protocol $name" "$work/measured"
    fi
    result $? "$protocol $name is measured"
done <"$work/rows"

# --timer and --profile
run ev --virtual-time -q --no-record --protocol ISO15118-2 --mode dc --set silent_at=CableCheck --profile strict \
    --timer V2G_SECC_Sequence_Timeout=60ms
wants "--timer sets one by its name" 1 err 'V2G_SECC_Sequence_Timeout after'
run ev --no-record --timer V2G_SECC_Sequence_Timout=60ms
wants "one that there is not is refused" 3 err '--timer V2G_SECC_Sequence_Timout: there is no such timing'
run run --no-record --timer V2G_SECC_Sequence_Timout=60ms examples/evcc-iso15118-2-ac.lua
wants "by run, too" 3 err '--timer V2G_SECC_Sequence_Timout: there is no such timing'
run ev --virtual-time --ladder --no-record --mode dc --protocol ISO15118-2 --with answers.CableCheck=FAILED \
    --with delays.CableCheck=1500
wants "what the vehicle makes of a late answer is timed from the answer on" 1 out 'found SessionStopReq after 2 ms'

run ev --virtual-time -q --no-record --mode dc --protocol DIN70121 --with delays.CurrentDemand=300 --set loops=2 \
    --profile strict
wants "--profile strict: 300 ms are too long for CurrentDemand" 1 err 'no response to CurrentDemandReq'
run ev --virtual-time -q --no-record --mode dc --protocol DIN70121 --with delays.CurrentDemand=300 --set loops=2 \
    --profile field
wants "--profile field: they are not" 0 out 'EVCC: pass'

# timers NAME: those of the last record, a line each: who measured it, true or false (missed), limit
# and what was taken, in microseconds
timers() {
    sed -n "/\"kind\":\"timer\"/s/.*\"by\":\"\\([A-Z]*\\)\".*\"text\":\"$1\",\"limit_us\":\\([0-9]*\\),\"taken_us\":\\([0-9]*\\),\"ok\":\\([a-z]*\\)}/\\1 \\4 \\2 \\3/p" \
        "$work/record/events.jsonl"
}
recorded() {
    rm -rf "$work/record"
    run ev --virtual-time -q --record "$work/record" "$@"
}

# a station that is Ongoing for too long answers FAILED
for case in "ISO15118-2 Authorization V2G_SECC_Ongoing_Performance_Time" \
    "ISO15118-2 ChargeParameterDiscovery V2G_SECC_Ongoing_Performance_Time" \
    "ISO15118-2 CableCheck V2G_SECC_CableCheck_Performance_Time" \
    "DIN70121 Authorization V2G_SECC_Ongoing_Performance_Time" \
    "DIN70121 ChargeParameterDiscovery V2G_SECC_Ongoing_Performance_Time" \
    "ISO15118-20 Authorization V2G_SECC_EIM_Ongoing_Timeout" \
    "ISO15118-20 ScheduleExchange V2G_SECC_Ongoing_Performance_Time"; do
    read -r protocol step parameter <<<"$case"
    recorded --protocol "$protocol" --mode dc --with "ongoing.$step=100000" --timer "$parameter=150"
    wants "$protocol: Ongoing in $step is over after $parameter" 1 err 'FAILED'
    timers "$parameter" | grep -qE '^SECC false 150000 [0-9]{6}$'
    result $? "which is in the record"
done
recorded --protocol ISO15118-2 --mode dc --with 'ongoing.Authorization={ms=400}' --set loops=1 \
    --timer V2G_SECC_Ongoing_Performance_Time=150
wants "a time beyond it that is given stands" 0 out 'pass'
timers V2G_SECC_Ongoing_Performance_Time | grep -qE '^SECC false 150000 [4-9][0-9]{5}$'
result $? "and the record has it"
recorded --protocol ISO15118-2 --mode dc --with dc.ramp_voltage=1 \
    --timer V2G_SECC_PreCharge_Performance_Time=150
wants "pre-charge that does not get there is FAILED" 1 err 'PreChargeRes with FAILED'

# times that run beside that of the sequence
recorded --protocol ISO15118-2 --mode dc --set gaps.SessionSetup=600 \
    --timer V2G_SECC_CommunicationSetup_Performance_Time=150
wants "a SessionSetupReq that does not come" 1 \
    err 'V2G_SECC_CommunicationSetup_Performance_Time after supportedAppProtocolRes'
recorded --protocol DIN70121 --mode dc --set gaps.PowerDelivery=600 \
    --timer V2G_SECC_PowerDelivery_Timeout=150
wants "DIN 70121: a PowerDeliveryReq that does not come" 1 \
    err 'V2G_SECC_PowerDelivery_Timeout after PreChargeRes'
recorded --protocol DIN70121 --mode dc --with ongoing.CableCheck=1000 \
    --timer V2G_EVCC_ReadyToCharge_Timeout=150
wants "DIN 70121: a vehicle that is not ready in time" 1 err 'V2G_EVCC_ReadyToCharge_Timeout'

# NotificationMaxDelay
for protocol in ISO15118-2 ISO15118-20; do
    delay=NotificationMaxDelay
    [ $protocol = ISO15118-20 ] && delay=EVSENotificationMaxDelay
    for mode in ac dc; do
        recorded --protocol $protocol --mode $mode --with stop_after=2 --with notification_delay=5 \
            --set reaction=250
        timers $delay | grep -qE '^EVCC true 5000000 [0-9]{6}$' && timers $delay | grep -qE '^SECC true 5000000 [0-9]{6}$'
        result $? "$protocol $mode: a vehicle takes its time, and keeps to NotificationMaxDelay"
        recorded --protocol $protocol --mode $mode --with stop_after=2 --set reaction=60000
        timers $delay | grep -q '^EVCC true 0 ' && timers $delay | grep -q '^SECC true 0 '
        result $? "$protocol $mode: no longer than the station allows"
        recorded --protocol $protocol --mode $mode --with stop_after=2 --set after_stop_request=3
        timers $delay | grep -q '^EVCC false 0 ' && timers $delay | grep -q '^SECC false 0 '
        result $? "$protocol $mode: one that goes on nevertheless is noticed"
        wants "$protocol $mode: and fails at the station" 1 err "SECC: fail: $delay: " \
            err 'asked the vehicle to stop; the limit is 0 ms, and after'
    done
done
recorded --protocol ISO15118-2 --mode dc --with renegotiate_after=2 --with notification_delay=5 \
    --set loops=6 --set reaction=250
timers NotificationMaxDelay | grep -qE '^SECC true 5000000 [0-9]{6}$'
result $? "a renegotiation, likewise"
recorded --protocol ISO15118-2 --mode dc --with renegotiate_after=2 --set loops=9 --set after_stop_request=6
wants "one that is ignored fails" 1 err 'CurrentDemandRes asked the vehicle to renegotiate'
recorded --protocol ISO15118-2 --mode dc --with stop_after=2 --set after_stop_request=3 --profile field
wants "in profile field a vehicle that stops late passes" 0 out 'SECC: pass'

# limits of the behaviour's own are no deadlines
recorded --protocol ISO15118-2 --mode dc --set loops=1 --set close=none --with linger_ms=150
wants "a station that lingers, and closes" 0 out 'pass'
! grep '"text":"given by the script"' "$work/record/events.jsonl" | grep -q '"ok":false'
result $? "shows no missed deadline"
recorded --protocol ISO15118-2 --mode dc --with delays.CurrentDemand=150 --set loops=2 \
    --set patience.CurrentDemand=2000 --profile strict --timer V2G_EVCC_Msg_Timeout_CurrentDemandReq=50
timers V2G_EVCC_Msg_Timeout_CurrentDemandReq | grep -qE '^EVCC false 50000 [0-9]{6}$'
result $? "patience beyond the standard's time: that is measured all the same"

# the times of setting up are parameters, too
run ev --virtual-time -q --no-record --alone --timer V2G_EVCC_CommunicationSetup_Timeout=120
wants "nobody there: V2G_EVCC_CommunicationSetup_Timeout" 3 err 'the time for setting up communication ran out'
recorded --alone --timer V2G_EVCC_CommunicationSetup_Timeout=450 \
    --timer V2G_EVCC_Msg_Timeout_SECCDiscoveryReq=40
[ "$(grep -c '"name":"SECCDiscoveryReq"' "$work/record/events.jsonl")" -gt 5 ]
result $? "so many SECCDiscoveryReq as their time says"
grep -q '"message":{"SECCDiscoveryReq":{"Security":16,"TransportProtocol":0}}' "$work/record/events.jsonl"
result $? "and each is recorded as the message that it is"
