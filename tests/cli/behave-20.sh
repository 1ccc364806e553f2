#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the ready-made vehicle and station do in ISO 15118-20 alone: standby, service renegotiation,
# a pause that the station asks for.
# shellcheck source=tests/cli/support
. tests/cli/support
# shellcheck source=tests/cli/support-ev
. tests/cli/support-ev

ev20() {
    ev --protocol ISO15118-20 "$@"
}

# shellcheck disable=SC2086 # words
set_up() {
    way="$open20 ${1}_ChargeParameterDiscovery ScheduleExchange"
    start="PowerDelivery ${1}_ChargeLoop PowerDelivery"
    end=SessionStop
    [ "$1" = AC ] || { way="$way DC_CableCheck DC_PreCharge"; end="DC_WeldingDetection SessionStop"; }
    again="ServiceDiscovery ServiceDetail ServiceSelection ${way#"$open20 "}"
}

# power is down before, and in standby: after the line with $1 and until the next PowerDeliveryReq
idle() {
    awk -v flows="$2" '/ChargeProgress Standby/ { standing = 1; if (last !~ flows) bad = 1; next }
        /PowerDeliveryReq/ { standing = 0 }
        /ChargeLoopReq/ { if (standing && $0 !~ flows) bad = 1; n += standing; last = $0 }
        END { exit bad || n != 3 }' "$work/out"
    result $? "$1"
}

for mode in AC DC; do
    set_up $mode
    loop=${mode}_ChargeLoop
    idle=$([ $mode = AC ] && echo 'EVPresentActivePower 0 W' || echo 'EVTargetCurrent 0 A')

    # ---- standby ----

    ev20 --mode $mode --set loops=12 --set standby=2
    both_pass "$mode: the vehicle goes into standby and comes back" out 'ChargeProgress Standby'
    # shellcheck disable=SC2086 # words
    order "its order: the loop goes on, and no isolation test comes again" $way PowerDelivery $loop \
        PowerDelivery $loop $start $end
    idle "nothing flows when standby begins and in three messages of it" "$idle"
    ev20 --mode $mode --set loops=12 --set standby=2 --set control=dynamic
    both_pass "$mode: the same in dynamic control mode" out 'ChargeProgress Standby'
    ev20 --mode $mode --set loops=12 --set standby=2 --with standby=false
    both_pass "$mode: a station without standby: charging goes on" \
        out 'PowerDeliveryRes             WARNING_StandbyNotAllowed'
    # shellcheck disable=SC2086 # words
    order "its order" $way PowerDelivery $loop PowerDelivery $loop PowerDelivery $end
    ev20 --mode $mode --set loops=30 --set standby=2 --set standby_loops=20 \
        --with exit_standby_after=2 -v
    both_pass "$mode: the station asks to leave standby" out 'EVSENotification>ExitStandby<'
    awk '/ChargeProgress Standby/ { s = 1 } /ChargeProgress Start/ { if (s) exit bad || n != 2; s = 0 }
        s && / -> .*ChargeLoopReq/ { n++ }' "$work/out"
    result $? "and the vehicle leaves it"

    # ---- service renegotiation ----

    ev20 --mode $mode --set loops=6 --set renegotiate_services=2
    both_pass "$mode: the vehicle renegotiates the service" \
        out 'ChargingSession ServiceRenegotiation'
    # shellcheck disable=SC2086 # words
    order "its order: on with ServiceDiscovery, without authorization" $way $start $end $again $start \
        $end
    ev20 --mode $mode --set loops=6 --set renegotiate_services=2 --set 'service_change={bpt=true}' -v
    both_pass "$mode: to a bidirectional one" out "BPT_Scheduled_${mode}_CLReqControlMode>" \
        out ":Scheduled_${mode}_CLReqControlMode>"
    ev20 --mode $mode --set loops=6 --set renegotiate_services=2 \
        --set 'service_change={control="dynamic"}' -v
    both_pass "$mode: to dynamic control mode" out ":Dynamic_${mode}_CLReqControlMode>" \
        out ":Scheduled_${mode}_CLReqControlMode>"
    ev20 --mode $mode --set loops=6 --with renegotiate_services_after=2 -v
    both_pass "$mode: the station asks for it" out 'EVSENotification>ServiceRenegotiation<' \
        out 'ChargingSession ServiceRenegotiation'
    times "once" 1 'ChargingSession ServiceRenegotiation'

    # ---- a pause that the station asks for ----

    ev20 --mode $mode --set loops=6 --with pause_after=2 --set pause_ms=10 -v
    both_pass "$mode: the station asks to pause" out 'EVSENotification>Pause<' \
        out 'ChargingSession Pause' out 'OK_OldSessionJoined'
    # shellcheck disable=SC2086 # words
    order "its order" $way $start $end SessionSetup ${way#"$open20 "} $start $end
done

ev20 --mode dc --set renegotiate_services=2 --with service_renegotiation=false
both_pass "a station that has it not: the vehicle does not ask" \
    not-out 'ServiceRenegotiation' out 'does not let the service be renegotiated'
ev20 --mode dc --with service_renegotiation=false \
    --set values.SessionStopReq.ChargingSession=ServiceRenegotiation
wants "one that asks all the same is refused" 1 \
    out 'SessionStopRes               FAILED_NoServiceRenegotiationSupported'
printf '%s\n' "function before.AuthorizationReq()
    local m = Evcc.Message('SessionStopReq')
    m.ChargingSession = 'ServiceRenegotiation'
    return m
end" >"$work/early.lua"
ev20 --mode dc --script "$work/early.lua"
wants "before authorization it is refused, too" 1 out 'ChargingSession ServiceRenegotiation' \
    out 'SessionStopRes               FAILED_NoServiceRenegotiationSupported'
