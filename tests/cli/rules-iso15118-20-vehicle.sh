#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Rules of ISO 15118-20 that the ready-made vehicle keeps, by id.
# shellcheck source=tests/cli/support
. tests/cli/support
# shellcheck source=tests/cli/support-ev
. tests/cli/support-ev
# shellcheck source=tests/cli/support-20
. tests/cli/support-20

# ---- what it offers ----

# offers NAME NUMBER: the last run's supportedAppProtocolReq has so many entries, with priorities of
# their own from 1 to 20
offers() {
    awk '/ -> .* supportedAppProtocolReq /, /<\/.*:?supportedAppProtocolReq>/' "$work/out" |
        sed -n 's/.*Priority>\([0-9]*\)<.*/\1/p' >"$work/priorities"
    [ "$(sort -nu "$work/priorities" | awk '$1 >= 1 && $1 <= 20' | wc -l)" = "$2" ] &&
        [ "$(wc -l <"$work/priorities")" = "$2" ]
    result $? "$1: $(tr '\n' ' ' <"$work/priorities")"
}
# several PROTOCOLS: as plain, with these on offer
several() {
    run ev --virtual-time --no-record --ladder -v --set loops=1 --tls off --mode dc "$@"
}
plain --mode dc
offers "[V2G20-167] one protocol is offered with a priority of 1 to 20" 1
several
offers "[V2G20-167] two are, each with its own" 2
many=$(seq -s , 1 20 | sed 's/[0-9]\+/{uri="urn:iso:std:iso:15118:-20:DC"}/g')
several --set "protocols={$many}"
offers "[V2G20-167] twenty are, the most" 20
several --set "protocols={$many,{uri=\"urn:other\",major=1}}"
wants "[V2G20-167] one more cannot be sent" 3 err 'protocols: expected 20 of them at most, found 21' \
    not-out supportedAppProtocolReq

# ---- after FAILED ----

# over NAME RESPONSE: the last run's vehicle sent SessionStopReq(Terminate) alone after the response
# with FAILED, and failed
over() {
    awk -v name="$2" '$5 == name && $6 ~ /^FAILED/ { on = 1; next }
        on && $3 == "->" { n++; if ($5 != "SessionStopReq" || $0 !~ /ChargingSession Terminate/) bad = 1 }
        END { exit bad || n != 1 }' "$work/out" && grep -q 'EVCC verdict: fail' "$work/out"
    result $? "$1"
}
while read -r mode message; do
    plain --mode "$mode" evse "function before.${message}Res(m) m.ResponseCode = 'FAILED' end"
    over "[DRV-20-Header] [V2G20-734] after ${message}Res with FAILED comes SessionStopReq alone: $mode" "${message}Res"
done <<END
dc AuthorizationSetup
dc Authorization
dc ServiceDiscovery
dc ServiceDetail
dc ServiceSelection
dc DC_ChargeParameterDiscovery
dc ScheduleExchange
dc DC_CableCheck
dc DC_PreCharge
dc PowerDelivery
dc DC_ChargeLoop
dc DC_WeldingDetection
ac AC_ChargeParameterDiscovery
ac ScheduleExchange
ac PowerDelivery
ac AC_ChargeLoop
END
plain --mode dc evse "function before.SessionStopRes(m) m.ResponseCode = 'FAILED' end"
wants "[DRV-20-Header] after SessionStopRes with FAILED nothing comes" 1 out 'EVCC closed by us'
times "one SessionStopReq" 1 'EVCC -> SECC  SessionStopReq'
# what tempts it to go on in another way is in the response, too
while IFS='|' read -r message what; do
    plain --mode dc evse "function before.${message}Res(m) m.ResponseCode = 'FAILED' $what end"
    over "[V2G20-735] what else is in ${message}Res with FAILED counts for nothing: $what" "${message}Res"
done <<END
Authorization|m.EVSEProcessing = 'Ongoing'
ScheduleExchange|m.EVSEProcessing = 'Ongoing'
ScheduleExchange|m.GoToPause = true
DC_CableCheck|m.EVSEProcessing = 'Ongoing'
PowerDelivery|m.EVSEStatus = { NotificationMaxDelay = 60, EVSENotification = 'Pause' }
DC_ChargeLoop|m.EVSEStatus = { NotificationMaxDelay = 60, EVSENotification = 'Pause' }
DC_ChargeLoop|m.EVSEStatus = { NotificationMaxDelay = 0, EVSENotification = 'ScheduleRenegotiation' }
DC_ChargeLoop|m.EVSEStatus = { NotificationMaxDelay = 0, EVSENotification = 'ServiceRenegotiation' }
DC_ChargeLoop|m.EVSEStatus = { NotificationMaxDelay = 0, EVSENotification = 'MeteringConfirmation' }
END

# ---- no response ----

# the station judges when the vehicle ends the connection, and the ladder is asked, too
while read -r step message limit; do
    plain --mode dc --with "silent_at=$step"
    wants "[V2G20-436] [V2G20-440] without ${message}Res the session ends: $limit s" 1 out 'SECC verdict: pass' \
        out "no response to ${message}Req in time"
    awk -v name="${message}Req" -v limit="$limit" '$5 == name { sent = $1 } / EVCC closed/ { closed = $1 }
        END { d = closed - sent - limit; exit !(d > -0.001 && d < 0.01) }' "$work/out"
    result $? "[V2G20-436] [V2G20-440] then, after ${message}Req"
done <<END
SessionSetup SessionSetup 2
AuthorizationSetup AuthorizationSetup 2
Authorization Authorization 2
ServiceDiscovery ServiceDiscovery 2
ServiceDetail ServiceDetail 5
PaymentServiceSelection ServiceSelection 2
ChargeParameterDiscovery DC_ChargeParameterDiscovery 2
ScheduleExchange ScheduleExchange 2
CableCheck DC_CableCheck 2
PreCharge DC_PreCharge 2
PowerDelivery PowerDelivery 2
CurrentDemand DC_ChargeLoop 0.5
WeldingDetection DC_WeldingDetection 2
SessionStop SessionStop 2
END
for mode in ac dc; do
    loop=${mode^^}_ChargeLoop
    plain --mode $mode --with "silent_at=$([ $mode = ac ] && echo ChargingStatus || echo CurrentDemand)" \
        --profile strict
    wants "[V2G20-1501] ${loop}Res is awaited for 0.5 s" 1 out 'V2G_EVCC_Msg_Timeout (500 ms)' \
        out "no response to ${loop}Req in time" out 'SECC verdict: pass'
    plain --mode $mode --set loops=9 --time-scale 1
    awk -v request="${loop}Req" -v response="${loop}Res" '$5 == response { got = $1 }
        $5 == request && got { n++; if ($1 - got > 0.25) bad = 1 } END { exit bad || n != 8 }' "$work/out"
    result $? "[V2G20-1499] the next ${loop}Req comes within 0.25 s"
    awk '/ SessionStopRes / { on = 1 } on && / closed/ { print $2; exit }' "$work/out" | grep -qx EVCC
    result $? "[V2G20-1633] after SessionStopRes the vehicle closes first: $mode"
done

# ---- authorization and services ----

plain --mode dc
# shellcheck disable=SC2086 # words
order "[V2G20-1577] after AuthorizationSetupRes comes AuthorizationReq" $open20 DC_ChargeParameterDiscovery \
    ScheduleExchange DC_CableCheck DC_PreCharge PowerDelivery DC_ChargeLoop PowerDelivery DC_WeldingDetection \
    SessionStop
wants "[V2G20-1248] a vehicle that supports all services has no SupportedServiceIDs" 0 not-out SupportedServiceIDs
plain --mode dc ev "function before.ServiceDiscoveryReq(m) m.SupportedServiceIDs = { ServiceID = { 2 } } end"
passes "[V2G20-1248] and may have it" out 'SupportedServiceIDs>'

# selects NAME SERVICE SET: the last run's vehicle has selected that
selects() {
    found=$(awk '/ -> .* ServiceSelectionReq /, /<\/.*:ServiceSelectionReq>/' "$work/out" |
        sed -n 's/.*\(ServiceID\|ParameterSetID\)>\([0-9]*\)<.*/\2/p' | tr '\n' ' ')
    [ "$found" = "$2 " ]
    result $? "$1: $found"
}
plain --mode dc evse "function before.ServiceDiscoveryRes(m)
    m.EnergyTransferServiceList.Service = { { ServiceID = 6, FreeService = true } } end"
wants "[V2G20-1216] a service that was not given is not selected" 1 not-out ServiceSelectionReq \
    out 'the station does not offer service 2 (DC)'
plain --mode dc evse "function before.ServiceDetailRes(m)
    local sets = m.ServiceParameterList:table().ParameterSet
    sets[1].ParameterSetID, sets[2].ParameterSetID = 18, 17
    m.ServiceParameterList = { ParameterSet = { sets[2], sets[1] } } end"
selects "[V2G20-1216] the number of the parameter set is the one that was given" "2 18"
plain --mode dc --set control=dynamic evse "function before.ServiceDetailRes(m)
    m.ServiceParameterList = { ParameterSet = { m.ServiceParameterList:table().ParameterSet[1] } } end"
wants "[V2G20-1216] where none fits none is selected" 1 not-out ServiceSelectionReq \
    out 'the station offers no dynamic control mode'
plain --mode dc --set details=true --with 'services={{id=70,parameters={{id=7,{"Port",80}}}}}'
selects "[V2G20-1216] further services with their own" "2 1 70 7"

for mode in ac dc; do
    for control in Scheduled Dynamic; do
        for bpt in false true; do
            [ $bpt = true ] && prefix=BPT_ || prefix=
            plain --mode $mode --set control=${control,} --set bpt=$bpt
            passes "[V2G20-2656] a vehicle has scheduled and dynamic control mode: $mode, $control, bpt $bpt" \
                out ":${control}_SEReqControlMode>" out ":${control}_SEResControlMode" \
                out "$prefix${control}_${mode^^}_CLReqControlMode>" \
                out "$prefix${control}_${mode^^}_CLResControlMode>" \
                not-out "$([ $control = Dynamic ] && echo Scheduled || echo Dynamic)_SEReqControlMode>"
            wants "[V2G20-2681] no V2X energy request goes without the other" 0 not-out V2XEnergyRequest
        done
    done
done
path=Dynamic_SEReqControlMode
plain --mode dc --set control=dynamic --set bpt=true \
    --set values.ScheduleExchangeReq.${path}_EVMaximumV2XEnergyRequest=2000 \
    --set values.ScheduleExchangeReq.${path}_EVMinimumV2XEnergyRequest=1000
passes "[V2G20-2681] both may be sent" out 'EVMaximumV2XEnergyRequest>' out 'EVMinimumV2XEnergyRequest>'

for mode in ac dc; do
    discovery=${mode^^}_ChargeParameterDiscovery
    plain --mode $mode --set bpt=true
    passes "a bidirectional vehicle: $mode"
    awk '/<.*:EVMaximumDischarge/ { on = 1 } on && /:Value>/ { n++; if (!/>[0-9]*</) bad = 1; on = 0 }
        END { exit bad || n == 0 }' "$work/out"
    result $? "[DRV-20-Limits] what it gives back it tells as positive limits: $mode"
    plain --mode $mode --set bpt=true evse "function before.${discovery}Res(m)
        m.BPT_${mode^^}_CPDResEnergyTransferMode.EVSEMaximumDischargePower = -5000 end"
    wants "[DRV-20-Limits] it refuses a limit below 0: $mode" 1 \
        out 'EVSEMaximumDischargePower of -5000 is below 0' not-out ScheduleExchangeReq out SessionStopReq
done

# ---- needs of the station ----

needs='needs={departure=3600,minimum_soc=30,target_soc=60}'
for mode in ac dc; do
    loop=${mode^^}_ChargeLoop
    key=Dynamic_${mode^^}_CLResControlMode
    plain --mode $mode --set control=dynamic --set loops=0 --with "$needs"
    passes "[V2G20-1640] $mode: a vehicle charges as far as the station says"
    last=$(sed -n 's/.*PresentSOC>\([0-9]*\)<.*/\1/p' "$work/out" | tail -n 1)
    [ "$last" -ge 56 ] && [ "$last" -le 60 ]
    result $? "$mode: which is 60 %: $last"
    plain --mode $mode --set control=dynamic --with "${needs/30/60}"
    passes "[V2G20-1640] $mode: MinimumSOC may be TargetSOC"
    plain --mode $mode --set control=dynamic --with "${needs/30/61}"
    wants "[V2G20-1640] $mode: and no more than it, in ScheduleExchangeRes" 1 \
        out 'ScheduleExchangeRes has MinimumSOC 61 above TargetSOC 60' not-out PowerDeliveryReq out SessionStopReq
    plain --mode $mode --set control=dynamic --with "$needs" evse "local n = 0 function before.${loop}Res(m)
        n = n + 1 if n == 2 then m.$key.MinimumSOC = 61 end end"
    wants "[V2G20-1640] [V2G20-1290] [V2G20-1366] $mode: nor in the charge loop" 1 \
        out "${loop}Res has MinimumSOC 61 above TargetSOC 60" out 'SECC verdict: pass' not-out FAILED
    times "where it ends" 2 "EVCC -> SECC  ${loop}Req"
    times "$mode: by PowerDeliveryReq(Stop), since power flows" 1 'ChargeProgress Stop'
    plain --mode $mode --set control=dynamic --with "${needs/30/61}" --profile field
    passes "$mode: profile field goes on, and says so" out 'put up with, by profile field'
done

# ---- the charge loop ----

# each MESSAGE PATTERN: all of the last run's messages of that name show it in the ladder
each() {
    awk -v name="$1" -v want="$2" '$5 == name { n++; if ($0 !~ want) bad = 1 } END { exit bad || n < 3 }' "$work/out"
}
plain --mode dc --set bpt=true --set discharge_to=10
each DC_ChargeLoopReq 'EVTargetCurrent -[0-9.]+ A' && each DC_ChargeLoopRes 'EVSEPresentCurrent -[0-9.]+ A'
result $? "[V2G20-1034] [V2G20-1035] a vehicle that feeds back asks for a current below zero, and gets that"
plain --mode dc --set bpt=true
each DC_ChargeLoopReq 'EVTargetCurrent [0-9.]+ A' && each DC_ChargeLoopRes 'EVSEPresentCurrent [0-9.]+ A'
result $? "[V2G20-1034] [V2G20-1035] one that charges for one above"
for mode in ac dc; do
    plain --mode $mode
    times "[V2G20-1081] a vehicle asks for the meter's reading with MeterInfoRequested: $mode" 3 \
        'MeterInfoRequested>true<'
done
for mode in ac dc; do
    plain --mode $mode --with 'schedules={{id=1,tolerance=100,entries={{start=0,power=9000}}}}' --set loops=9 \
        --set values.PowerDeliveryReq.EVPowerProfile_Scheduled_EVPPTControlMode_PowerToleranceAcceptance=PowerToleranceNotConfirmed
    passes "[V2G20-1946] a vehicle that declines a tolerance renegotiates when it is asked to: $mode" \
        out WARNING_PowerToleranceNotConfirmed out 'ChargeProgress ScheduleRenegotiation'
    times "once" 1 'ChargeProgress ScheduleRenegotiation'
done
