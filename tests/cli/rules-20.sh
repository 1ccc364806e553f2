#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Rules of ISO 15118-20 by their ids: what our vehicle and our station do, and what they refuse of
# each other. Hooks make the side lie that the rule is not about.
# shellcheck source=tests/cli/support
. tests/cli/support
# shellcheck source=tests/cli/support-ev
. tests/cli/support-ev
# shellcheck source=tests/cli/support-20
. tests/cli/support-20

# ---- before and after the charge loop ----

plain --mode dc --set precharges='{4,0}' --set welding='{3,9}'
passes "a vehicle that takes its time in pre-charge and welding detection"
says "[V2G20-2005] [V2G20-2006] its last DC_PreChargeReq says Finished, those before it Ongoing" \
    DC_PreChargeReq Ongoing Ongoing Ongoing Finished
says "[V2G20-1630] [V2G20-1631] its last DC_WeldingDetectionReq says Finished, those before it Ongoing" \
    DC_WeldingDetectionReq Ongoing Ongoing Finished
plain --mode dc --set precharges='{1,1}' --set welding='{1,1}'
passes "a vehicle that sends one of each"
says "[V2G20-2005] whose only DC_PreChargeReq says Finished" DC_PreChargeReq Finished
says "[V2G20-1630] whose only DC_WeldingDetectionReq says Finished" DC_WeldingDetectionReq Finished

plain --mode dc ev "function before.DC_PreChargeReq(m) m.EVProcessing = 'Ongoing' end"
refused "[V2G20-2005] PowerDeliveryReq after an Ongoing DC_PreChargeReq" PowerDeliveryReq \
    FAILED_SequenceError
plain --mode dc ev "function before.DC_PreChargeReq(m) m.EVProcessing = 'Finished' end"
refused "[V2G20-2006] DC_PreChargeReq after a Finished one" DC_PreChargeReq FAILED_SequenceError
plain --mode dc ev "function before.DC_WeldingDetectionReq(m) m.EVProcessing = 'Ongoing' end"
refused "[V2G20-1630] SessionStopReq after an Ongoing DC_WeldingDetectionReq" SessionStopReq \
    FAILED_SequenceError
plain --mode dc ev "function before.DC_WeldingDetectionReq(m) m.EVProcessing = 'Finished' end"
refused "[V2G20-1631] DC_WeldingDetectionReq after a Finished one" DC_WeldingDetectionReq \
    FAILED_SequenceError

# ---- what is agreed, and offered ----

plain --mode ac --with modes.ac=false
wants "[V2G20-169] a station for DC alone does not agree to AC" 1 \
    out 'supportedAppProtocolRes      Failed_NoNegotiation' out 'EVCC verdict: fail'
# a vehicle that prefers AC, WPT and ACDP to DC
offers='protocols={{uri="urn:iso:std:iso:15118:-20:WPT",priority=1,schema=1},
    {uri="urn:iso:std:iso:15118:-20:AC",priority=2,schema=2},
    {uri="urn:iso:std:iso:15118:-20:ACDP",priority=3,schema=3},
    {uri="urn:iso:std:iso:15118:-20:DC",priority=4,schema=4}}'
agree() {
    run ev --virtual-time --no-record --ladder -v --time-scale 1000 --set loops=3 --tls off --set "$offers" "$@"
}
agree --mode dc --with modes.ac=false
passes "[V2G20-169] of the protocols that it serves the one of the best priority is taken" \
    out 'supportedAppProtocolRes      OK_SuccessfulNegotiation, SchemaID 4'
agree --mode ac
passes "[V2G20-169] the best of several that it serves" \
    out 'supportedAppProtocolRes      OK_SuccessfulNegotiation, SchemaID 2'
offered() {
    found=$(awk '/EnergyTransferServiceList>/ { on = !on } on && /ServiceID>/' "$work/out" |
        sed 's/.*ServiceID>\([0-9]*\)<.*/\1/' | tr '\n' ' ')
    [ "$found" = "$2 " ]
    result $? "$1: $found"
}
offered "[V2G20-169] after AC was agreed only its services are offered" "1 5"
plain --mode dc
offered "[V2G20-169] after DC was agreed only its services are offered" "2 6"
run ev --virtual-time --no-record --ladder --mode ac --protocol ISO15118-2 --set loops=2 --with modes.dc=false
passes "[V2G2-170] ISO 15118-2 is agreed with either mode"
run ev --virtual-time --no-record --ladder --mode dc --protocol DIN70121 --set loops=2 --with modes.dc=false
wants "[V2G20-169] DIN 70121 by a station for AC alone is not" 1 out 'Failed_NoNegotiation'
run ev --virtual-time --no-record --ladder --mode dc --protocol DIN70121 --tls 1.2
wants "[V2G-DC-868] a vehicle does not offer DIN 70121 over TLS" 1 \
    out 'DIN 70121 needs to be without TLS, and the connection has TLS 1.2' not-out supportedAppProtocolReq
run ev --virtual-time --no-record --ladder --mode dc --tls 1.2 \
    --set 'protocols={{uri="urn:din:70121:2012:MsgDef",major=2}}'
wants "[V2G-DC-868] [V2G-DC-869] [V2G-DC-618] a station does not agree to it there" 1 out 'TLS: established' \
    out 'supportedAppProtocolRes      Failed_NoNegotiation'

# ---- services ----

plain --mode dc --with 'services={{id=65},{id=66}}' --set details=true
passes "services that are given no parameter sets"
detail() {
    awk -v id="$2" '/[^a-zA-Z]ServiceDetailRes / { on = 0 } $0 ~ "ServiceID>" id "<" { on = 1 }
        on && /:Name="/ { gsub(/.*:Name="|".*/, ""); printf "%s ", $0 }
        /ServiceDetailRes>/ { on = 0 }' "$work/out" >"$work/names"
    [ "$(cat "$work/names")" = "$3 " ]
    result $? "$1: $(cat "$work/names")"
}
detail "[DRV-20-Internet] parameter sets of service 65 are Protocol and Port" 65 "Protocol Port Protocol Port"
filter() {
    echo "function before.ServiceDiscoveryReq(m) m.SupportedServiceIDs = { ServiceID = { $1 } } end"
}
plain --mode dc --with 'services={{id=65},{id=66}}' ev "$(filter 65)"
passes "[V2G20-1249] a filter that names no energy service does not end the session"
offered "[V2G20-1249] all of them are offered then, and of the further services that one" "2 6"
wants "[V2G20-1249] VASList is filtered by it" 0 not-out 'ServiceID>66<'
plain --mode dc ev "$(filter 2) function before.ServiceDetailReq(m) m.ServiceID = 6 end"
refused "[V2G20-425] [V2G20-464] details of a service that was not in the list" ServiceDetailReq \
    FAILED_ServiceIDInvalid
plain --mode dc ev "$(filter 2) function before.ServiceSelectionReq(m)
    m.SelectedEnergyTransferService.ServiceID = 6 end"
refused "[V2G20-467] [V2G20-1618] a selection that was not in the list" ServiceSelectionReq \
    FAILED_NoEnergyTransferServiceSelected
plain --mode dc ev "function before.ServiceSelectionReq(m)
    m.SelectedEnergyTransferService.ParameterSetID = 9 end"
refused "[V2G20-433] a parameter set that was not in the details" ServiceSelectionReq \
    FAILED_ServiceSelectionInvalid
pricing() {
    found=$(awk '/:Name="Pricing"/ { on = 1 } on && /intValue>/ { match($0, />[0-9]+</)
        printf "%s ", substr($0, RSTART + 1, RLENGTH - 2); on = 0 }' \
        "$work/out")
    [ "$found" = "$2 " ]
    result $? "$1: $found"
}
plain --mode dc
pricing "[DRV-20-Pricing] levels where schedules are chosen, none in dynamic control mode" "2 0"
plain --mode dc --with 'schedules={{id=1,entries={{start=0,power=9000}},prices={entries={{start=0,price=0.3}}}}}'
pricing "[DRV-20-Pricing] prices in both where schedules have them" "1 1"
plain --mode dc --set renegotiate_services=1 --set loops=4
passes "a service that is renegotiated" out 'ChargingSession ServiceRenegotiation'
offered "[V2G20-1644] [V2G20-1956] [V2G20-1985] the same services are offered again" "2 6 2 6"

# ---- limits, schedules, profiles ----

path=values.DC_ChargeParameterDiscoveryReq
plain --mode dc --set $path.DC_CPDReqEnergyTransferMode_EVMaximumChargePower=-1
refused "[V2G20-2272] a limit below 0: EVMaximumChargePower" DC_ChargeParameterDiscoveryReq \
    FAILED_WrongChargeParameter
for value in EVMaximumDischargePower=-1 EVMaximumDischargeCurrent=-1; do
    plain --mode dc --set bpt=true --set "$path.BPT_DC_CPDReqEnergyTransferMode_$value"
    refused "[DRV-20-Limits] a limit below 0: $value" DC_ChargeParameterDiscoveryReq \
        FAILED_WrongChargeParameter
done
plain --mode ac --set values.AC_ChargeParameterDiscoveryReq.AC_CPDReqEnergyTransferMode_EVMaximumChargePower=-1
refused "[V2G20-1619] a limit below 0: EVMaximumChargePower" AC_ChargeParameterDiscoveryReq \
    FAILED_WrongChargeParameter

# steps N: a schedule of N entries of 60 s, of 5000 W and of 4000 W at last
steps() {
    awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) printf "{start=%d,power=%d,duration=60},", 60 * i, i < n - 1 ? 5000 : 4000 }'
}
plain --mode dc --with "schedules={{id=1,entries={$(steps 15)}}}" \
    --set values.ScheduleExchangeReq.MaximumSupportingPoints=12
passes "[DRV-20-Points] a schedule of 15 entries for a vehicle that takes 12"
[ "$(awk '/ScheduleExchangeRes/ { on = 1 } /PowerDeliveryReq/ { on = 0 } on && /<(s[0-9]:)?PowerScheduleEntry>/' \
    "$work/out" | wc -l)" = 12 ] && grep -q 'Duration>240<' "$work/out"
result $? "[DRV-20-Points] has 12, the last one as long as those that are cut off"

plain --mode dc ev "function before.PowerDeliveryReq(m) m.EVPowerProfile = nil end"
refused "[DRV-20-PowerProfile] a start without a power profile" PowerDeliveryReq FAILED_EVPowerProfileInvalid
for control in scheduled dynamic; do
    plain --mode dc --set control=$control --profile field ev "function before.PowerDeliveryReq(m) m.EVPowerProfile = nil end"
    passes "[DRV-20-PowerProfile] profile field puts up with that, and says so: $control" \
        out 'PowerDeliveryReq has no EVPowerProfile: put up with'
done
plain --mode dc ev "function before.PowerDeliveryReq(m) if m.EVPowerProfile then
    m.EVPowerProfile.Dynamic_EVPPTControlMode = {} end end"
refused "[DRV-20-PowerProfile] one of the other control mode" PowerDeliveryReq FAILED_EVPowerProfileInvalid
plain --mode ac --set control=dynamic ev "function before.PowerDeliveryReq(m) if m.EVPowerProfile then
    m.EVPowerProfile.Scheduled_EVPPTControlMode = { SelectedScheduleTupleID = 1 } end end"
refused "[DRV-20-PowerProfile] and the other way round" PowerDeliveryReq FAILED_EVPowerProfileInvalid

# ---- meter readings ----

for mode in dc ac; do
    loop=${mode^^}_ChargeLoop
    plain --mode $mode --set "values.${loop}Req.MeterInfoRequested=false"
    passes "a vehicle that does not ask for the meter's reading: $mode"
    times "[V2G20-1833] it comes in the first response of the charge loop, and in no other" 1 'MeterID>METER1<'
    plain --mode $mode
    [ "$(grep -c 'MeterID>METER1<' "$work/out")" = 3 ]
    result $? "[V2G20-1082] asked for it comes in all of them: $mode"
done
# a confirmation that nobody asked for, in place of the second request of the charge loop
confirm() {
    nth DC_ChargeLoopReq 2 "local c = Evcc.Message('MeteringConfirmationReq')
        c.SignedMeteringData = { Id = 'id1', SessionID = Evcc.SessionID(), MeterInfo = { MeterID = 'METER1',
            ChargedEnergyReadingWh = $1 }, Scheduled_SMDTControlMode = { SelectedScheduleTupleID = 1 } }
        return c"
}
plain --mode dc ev "$(confirm 99999)"
refused "[V2G20-1083] another reading than the station's is not confirmed, however it is paid" \
    MeteringConfirmationReq FAILED_MeteringSignatureNotValid
plain --mode dc --set values.DC_ChargeLoopReq.MeterInfoRequested=false ev "$(nth DC_ChargeLoopReq 3 "
    local c = Evcc.Message('MeteringConfirmationReq')
    c.SignedMeteringData.SessionID = Evcc.SessionID()
    return c")"
refused "[V2G20-1083] nor one that the station has not told" MeteringConfirmationReq \
    FAILED_MeteringSignatureNotValid

# ---- NotificationMaxDelay ----

# delay OPTION...: NotificationMaxDelay of the first response that has one
delay() {
    plain --mode dc --set loops=9 "$@"
    sed -n 's/.*NotificationMaxDelay>\([0-9]*\)<.*/\1/p' "$work/out" | head -n 1
}
[ "$(delay --with pause_after=1 --set pause_ms=1)" = 60 ]
result $? "[V2G20-3308] a station that asks to pause gives 60 s"
[ "$(delay --with pause_after=1 --set pause_ms=1 --with notification_delay=0)" = 0 ]
result $? "[V2G20-1850] and 0 where that is what it is to give"
[ "$(delay --with renegotiate_after=1)" = 0 ]
result $? "[V2G20-3308] for anything else 0"
plain --mode dc --with renegotiate_after=1 --with notification_delay=60 --set after_stop_request=3 \
    --set loops=9 --time-scale 1 --set gaps.CurrentDemand=400 --timer V2G_SECC_Sequence_Timeout=5s
[ "$(sed -n 's/.*NotificationMaxDelay>\([0-9]*\)<.*/\1/p' "$work/out" | sort -un | wc -l)" -ge 2 ]
result $? "[V2G20-3318] it counts down"

# ---- the vehicle ----

# asks NAME PROGRESS NOTIFICATION: the station's PowerDeliveryRes to that has that notification
asks() {
    echo "local asked function on.PowerDeliveryReq(m) asked = m.ChargeProgress end
        function before.PowerDeliveryRes(m) if asked == '$1' then
            m.EVSEStatus = { NotificationMaxDelay = 0, EVSENotification = '$2' } end end"
}
for mode in ac dc; do
    plain --mode $mode evse "$(asks Start Terminate)"
    passes "[DRV-20-Terminate] a station that asks for the end in PowerDeliveryRes(Start): $mode" \
        not-out _ChargeLoopReq out 'ChargeProgress Stop' out 'ChargingSession Terminate'
    times "[DRV-20-StopAtOnce] PowerDeliveryReq(Stop) follows at once: $mode" 2 \
        'EVCC -> SECC  PowerDeliveryReq '
    plain --mode $mode --set pause_ms=1 --set resume=false evse "$(asks Start Pause)"
    passes "one that asks to pause there" not-out _ChargeLoopReq out 'ChargingSession Pause'
    plain --mode $mode --set standby=1 --set loops=9 evse "$(asks Standby Terminate)"
    passes "one that asks for the end in PowerDeliveryRes(Standby)" out 'ChargeProgress Standby' \
        out 'ChargeProgress Stop' out 'ChargingSession Terminate'
    plain --mode $mode --set renegotiate=1 --set loops=9 evse "$(asks ScheduleRenegotiation Terminate)"
    passes "one that asks for it while schedules are renegotiated" out 'ChargingSession Terminate'
    times "there is one start, and one exchange of schedules more" 2 'EVCC -> SECC  ScheduleExchangeReq'
    times "and one round of the loop" 1 "EVCC -> SECC  ${mode^^}_ChargeLoopReq"
done
plain --mode dc ev "local n = 0 function before.DC_ChargeLoopReq(m) n = n + 1 if n == 2 then
    local stop = Evcc.Message('SessionStopReq') stop.ChargingSession = 'Terminate' return stop end end"
refused "[DRV-20-StopInLoop] SessionStopReq in the charge loop" SessionStopReq FAILED_SequenceError
plain --mode dc --set renegotiate=1 --set loops=9 ev "local asked
    function before.PowerDeliveryReq(m) asked = m.ChargeProgress end
    function before.ScheduleExchangeReq(m) if asked == 'ScheduleRenegotiation' then
        return Evcc.Message('DC_ChargeParameterDiscoveryReq') end end"
refused "[DRV-20-Renegotiation] ChargeParameterDiscoveryReq after PowerDeliveryRes(ScheduleRenegotiation)" \
    DC_ChargeParameterDiscoveryReq FAILED_SequenceError
plain --mode dc evse "function before.ServiceDiscoveryRes(m) m.Header.SessionID = '0102030405060708' end"
wants "[DRV-20-SessionID] a response with another SessionID ends the session" 1 \
    out 'ServiceDiscoveryRes has SessionID 0102030405060708' not-out ServiceDetailReq
plain --mode dc evse "function before.ScheduleExchangeRes(m) m.GoToPause = true end"
passes "[DRV-20-GoToPause] GoToPause is left to hooks"
plain --mode dc
passes "[DRV-20-Tolerance] a tolerance that is accepted though none was offered is not confirmed" \
    out 'PowerToleranceAcceptance>PowerToleranceConfirmed<' not-out OK_PowerToleranceConfirmed
for mode in ac dc; do
    plain --mode $mode --set bpt=true --set discharge_to=10
    passes "a vehicle that feeds back: $mode"
    awk '/<(s[0-9]:)?EVPowerProfileEntry>/ { on = 1 } on && /Value>/ { n++; if ($0 !~ />-/) bad = 1; on = 0 }
        END { exit bad || n == 0 }' "$work/out"
    result $? "[DRV-20-Discharge] its power profile is below 0: $mode"
done

# prices: the station's duty; a vehicle goes on without
play --mode dc --tls 1.3 --set loops=1 evse 'function before.ScheduleExchangeRes(m)
    for _, tuple in ipairs(m.Scheduled_SEResControlMode and m.Scheduled_SEResControlMode.ScheduleTuple or {}) do
        tuple.ChargingSchedule.PriceLevelSchedule = nil
    end
end'
passes "[V2G20-2176] a vehicle takes a schedule without prices, and says so" \
    out 'has neither prices nor price levels [V2G20-2176]' out 'DC_ChargeLoopRes'

# external means: the station may take 180 s, the vehicle waits as long
slow() {
    plain --mode dc --time-scale 1 --set loops=1 --with "ongoing.Authorization={ms=$1}"
}
slow 170000
passes "[DRV-20-EIM-Ongoing] a vehicle waits for external authorization as long as the station may take"
slow 200000
wants "[DRV-20-EIM-Ongoing] and no longer" 1 out 'V2G_SECC_EIM_Ongoing_Timeout: Authorization is not over'

# a paused session
other="function on.state(name) if name == 'closed' then
    Evcc.Get_Tls_PeerCertificate = function() return 'another', 'another' end end end"
play --mode dc --tls 1.3 --set pause=1 --set pause_ms=10
passes "a session that is joined at the same station" out OK_OldSessionJoined
play --mode dc --tls 1.3 --set pause=1 --set pause_ms=10 ev "$other"
wants "[V2G20-2539] a station with another certificate joins the paused session" 1 out OK_OldSessionJoined \
    out 'the station that joins the paused session has another certificate'
times "[V2G20-2613] [V2G20-2614] the session is ended, and none of the paused one goes on" 1 \
    'EVCC -> SECC  DC_ChargeParameterDiscoveryReq'
plain --mode dc --set pause=1 --set pause_ms=10 --with 'schedules={{id=7,entries={{start=0,power=9000}}}}'
passes "[V2G20-1058] after a pause the schedule that was selected is offered again" out OK_OldSessionJoined
times "[V2G20-1058] under the same number" 2 ':ScheduleTupleID>7<'

# a contract that has expired
V2GLAB_PKI="$work/expired" "$V2GLAB" pki make --for iso15118-20 --fault contract-leaf=expired \
    "$work/expired" >/dev/null
export V2GLAB_PKI="$work/expired"
play --mode dc --tls 1.3 --payment Contract
wants "[V2G20-1583] [V2G20-2212] a contract that has expired is an outcome of its own" 1 \
    out 'AuthorizationRes             WARNING_CertificateExpired' not-out ServiceDiscoveryReq \
    out 'nothing is left to be authorized with (DEABCC000000013: WARNING_CertificateExpired)'
play --mode dc --tls 1.3 --payment Contract --set fall_back_after_warning=true
passes "[V2G20-1583] external means pay where that is asked for" out 'EIM_AReqAuthorizationMode'
unset V2GLAB_PKI

# ---- the examples ----

# A station that keeps to every rule, for scripts that play a vehicle message by message.
example() {
    printf '%s\n' "Secc.Serve{ sessions = 1, tls = '$2', receipt_every = 1 }" >"$work/station.lua"
    run run --virtual-time --no-record "examples/evcc-iso15118-20-$1.lua" "$work/station.lua"
    wants "[V2G20-2005] [V2G20-1630] [DRV-20-PowerProfile] an example's vehicle at our station: $1" 0 \
        not-out ' fail' not-out FAILED
}
for name in ac ac-bpt ac-dynamic dc dc-bpt dc-dynamic; do
    example $name off
done
for name in pnc install; do
    example $name 1.3
done
for mode in ac dc; do
    for kind in '' -bpt -dynamic; do
        run run --virtual-time --no-record "examples/evcc-iso15118-20-$mode$kind.lua" \
            "examples/secc-iso15118-20-$mode.lua"
        wants "and at that of the examples: $mode$kind" 0 not-out ' fail' not-out FAILED
    done
done
