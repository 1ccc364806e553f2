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
    both_pass "[V2G20-2113] [V2G20-1393] $mode: the vehicle goes into standby and comes back" out 'ChargeProgress Standby'
    # shellcheck disable=SC2086 # words
    order "its order: the loop goes on, and no isolation test comes again" $way PowerDelivery $loop \
        PowerDelivery $loop $start $end
    idle "[V2G20-2116] nothing flows when standby begins and in three messages of it" "$idle"
    ev20 --mode $mode --set loops=12 --set standby=2 --set control=dynamic
    both_pass "$mode: the same in dynamic control mode" out 'ChargeProgress Standby'
    ev20 --mode $mode --set loops=12 --set standby=2 --with standby=false
    both_pass "[V2G20-1391] $mode: a station without standby: charging goes on" \
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
    order "[V2G20-1477] [V2G20-1476] its order: on with ServiceDiscovery, without authorization" $way $start $end $again $start \
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
    order "[V2G20-1843] [V2G20-2097] [V2G20-2098] its order" $way $start $end SessionSetup ${way#"$open20 "} $start $end
done

# ---- whose a paused session is ----

export V2GLAB_PKI="$work/pki"
"$V2GLAB" pki make --for iso15118-20 "$V2GLAB_PKI" >/dev/null
cp "$V2GLAB_PKI/iso15118-20/oem-leaf.chain.pem" "$work/other.pem"
cp "$V2GLAB_PKI/iso15118-20/oem-leaf.key" "$work/other.key"
cat >"$work/other.lua" <<'END'
local connect = Evcc.Connect
function on.state(name)
    if name == 'closed' then
        Evcc.Connect = function(t)
            t.cert, t.key = 'other.pem', 'other.key'
            return connect(t)
        end
    end
end
END
ev20 --mode dc --set pause=1 --set pause_ms=10 --with tls.check=any
both_pass "[V2G20-2622] [V2G20-1844] a vehicle goes on after its pause" out 'OK_OldSessionJoined'
ev20 --mode dc --set pause=1 --set pause_ms=10 --with tls.check=any --script "$work/other.lua"
wants "[V2G20-2545] [V2G20-2626] another vehicle, with another certificate, does not join its session" 0 \
    out 'certificates of the EVCC: CN=WMIV1234567890ABCDEX' \
    out 'certificates of the EVCC: CN=V2GLABPROV0000001X' not-out OK_OldSessionJoined \
    out 'the paused session was not joined: OK_NewSessionEstablished' out 'EVCC verdict: pass'
times "[V2G20-2615] and has to be authorized" 2 'EVCC -> SECC  AuthorizationReq'
printf '%s\n' "function before.SessionSetupRes(m) Log('id ' .. m.Header.SessionID) end" >"$work/ids.lua"
run ev --ladder --no-record --count 12 --protocol ISO15118-20 --mode ac --time-scale 1000 --set loops=1 \
    --tls off --with-script "$work/ids.lua"
[ "$(sed -n 's/.*: id \([0-9A-F]\{16\}\)$/\1/p' "$work/out" | grep -v '^0*$' | sort -u | wc -l)" = 12 ]
result $? "[V2G20-2106] [V2G20-2608] twelve vehicles have twelve SessionIDs"

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

# ---- what a station refuses ----

# refused NAME RESPONSE CODE OPTION...
refused() {
    ev20 "${@:4}"
    wants "$1" 1 out "was answered with $3" out 'EVCC verdict: fail'
    grep -qE -- "$2 +$3(,|\$)" "$work/out"
    result $? "$1: $3"
}

path=values.ServiceSelectionReq.SelectedEnergyTransferService
refused "a service that there is not" ServiceSelectionRes FAILED_NoEnergyTransferServiceSelected \
    --mode dc --set "${path}_ServiceID=77"
refused "one that the station does not have" ServiceSelectionRes FAILED_NoEnergyTransferServiceSelected \
    --mode dc --set "${path}_ServiceID=6" --with bpt=false
refused "a parameter set that it does not have" ServiceSelectionRes FAILED_ServiceSelectionInvalid \
    --mode dc --set "${path}_ParameterSetID=9"
refused "one whose service's details nobody asked for" ServiceSelectionRes \
    FAILED_ServiceSelectionInvalid --mode dc --set "${path}_ServiceID=6"
services='services={{id=65,parameters={{id=7,{"Port",80}}}}}'
refused "one of a further service, likewise" ServiceSelectionRes FAILED_ServiceSelectionInvalid \
    --mode dc --set details=true --with "$services" --script <(echo "
function before.ServiceSelectionReq(m) m.SelectedVASList.SelectedService[1].ParameterSetID = 8 end")
ev20 --mode dc --set details=true --with "$services"
both_pass "which is taken with that which it has"

mode=values.DC_ChargeParameterDiscoveryReq.DC_CPDReqEnergyTransferMode
for limit in EVMaximumVoltage=100 EVMinimumVoltage=2000 EVMinimumChargeCurrent=400 \
    EVMinimumChargePower=200000; do
    refused "a vehicle that does not fit: $limit" DC_ChargeParameterDiscoveryRes \
        FAILED_WrongChargeParameter --mode dc --set "${mode}_$limit"
done
refused "a vehicle that does not fit: EVMaximumChargeCurrent=5" DC_ChargeParameterDiscoveryRes \
    FAILED_WrongChargeParameter --mode dc --set "${mode}_EVMaximumChargeCurrent=5" \
    --with dc.min_current=10
mode=values.AC_ChargeParameterDiscoveryReq.AC_CPDReqEnergyTransferMode
refused "a vehicle that does not fit: EVMinimumChargePower=50000" AC_ChargeParameterDiscoveryRes \
    FAILED_WrongChargeParameter --mode ac --set "${mode}_EVMinimumChargePower=50000"

# ---- schedules and profiles ----

falling='schedules={{id=1,tolerance=100,entries={{start=0,power=11000},{start=150,power=3000,duration=86400}}}}'
hook() {
    printf '%s\n' "$1" >"$work/hook.lua"
}
for mode in AC DC; do
    [ $mode = AC ] && field='EVPresentActivePower' || field='EVTargetCurrent'
    # the fall comes 0.3 s after the schedule, the charge loop lasts 0.6 s
    ev20 --mode $mode --with "$falling" --time-scale 500 --set loops=12 \
        --set gaps.CurrentDemand=25000 --set gaps.ChargingStatus=25000
    both_pass "$mode: a schedule that falls" out 'PowerDeliveryRes             OK_PowerToleranceConfirmed'
    sed -n "s/.*ChargeLoopReq .*$field \([0-9.]*\) .*/\1/p" "$work/out" |
        awk -v most="$([ $mode = AC ] && echo 11000 || echo 33)" -v few="$([ $mode = AC ] && echo 3000 || echo 9)" \
            '$1 > most + 0.5 { bad = 1 } NR == 1 && $1 < most * 0.8 { bad = 1 } { last = $1 }
             END { exit bad || last > few || last == 0 }'
    result $? "$mode: the vehicle keeps to it, from begin to end"
    hook "function before.PowerDeliveryReq(m)
        if m.ChargeProgress == 'Start' then
            m.EVPowerProfile.EVPowerProfileEntries.EVPowerProfileEntry[2].Power = 3100
        end
    end"
    refused "$mode: a profile above the schedule" PowerDeliveryRes FAILED_EVPowerProfileInvalid \
        --mode $mode --with "$falling" --script "$work/hook.lua"
    refused "$mode: a schedule that was not offered" PowerDeliveryRes FAILED_ScheduleSelectionInvalid \
        --mode $mode \
        --set values.PowerDeliveryReq.EVPowerProfile_Scheduled_EVPPTControlMode_SelectedScheduleTupleID=9
    ev20 --mode $mode --with "$falling" \
        --set values.PowerDeliveryReq.EVPowerProfile_Scheduled_EVPPTControlMode_PowerToleranceAcceptance=PowerToleranceNotConfirmed
    both_pass "$mode: a tolerance that is not accepted: charging goes on" \
        out 'PowerDeliveryRes             WARNING_PowerToleranceNotConfirmed'
    hook "function before.${mode}_ChargeLoopReq(m)
        local control = m.Scheduled_${mode}_CLReqControlMode
        control.$field = $([ $mode = AC ] && echo 11200 || echo 60)
    end"
    ev20 --mode $mode --with "$falling" --script "$work/hook.lua" --set loops=9 --time-scale 100 \
        --set on_failed=close
    wants "[V2G20-1864] $mode: too much power is warned of, and then refused" 1 out WARNING_EVPowerProfileViolation \
        out "${mode}_ChargeLoopReq was answered with FAILED_EVPowerProfileViolation: " \
        out 'where the profile has 11000 W and the schedule a tolerance of 100 W'
    times "$mode: after three warnings" 3 "${mode}_ChargeLoopRes             WARNING_EVPowerProfile"
    ev20 --mode $mode --with "${falling/tolerance=100,/}" --script "$work/hook.lua" --time-scale 100
    both_pass "$mode: without a tolerance nobody looks" not-out EVPowerProfileViolation
done
