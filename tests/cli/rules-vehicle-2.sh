#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The rules of the ready-made vehicle in ISO 15118-2 and DIN 70121, by their ids: a station that does
# what it may not, or seldom does, and what the vehicle makes of it.
# shellcheck source=tests/cli/support
. tests/cli/support
# shellcheck source=tests/cli/support-ev
. tests/cli/support-ev

ac=ISO15118-2:ac
dc=ISO15118-2:dc
din=DIN70121:dc
limits='CableCheck PreCharge PowerDelivery'
ends='PowerDelivery WeldingDetection SessionStop'

# go PROTOCOL:MODE STATION [OPTION]...: a session in virtual time; STATION is a script of hooks
go() {
    printf '%s\n' "$2" >"$work/station.lua"
    run ev --virtual-time --no-record --ladder --time-scale 100 --set loops=8 --protocol "${1%:*}" \
        --mode "${1#*:}" --with-script "$work/station.lua" "${@:3}"
}

# way NAME PROTOCOL:MODE STATION STEPS [OPTION]...: the vehicle's requests from
# ChargeParameterDiscoveryReq on
way() {
    go "$2" "$3" "${@:5}"
    case $2 in
    "$din") set_up='ServicePaymentSelection ContractAuthentication' ;;
    *) set_up='PaymentServiceSelection Authorization' ;;
    esac
    # shellcheck disable=SC2086 # words
    order "$1" SessionSetup ServiceDiscovery $set_up ChargeParameterDiscovery $4
}

# ends NAME PROTOCOL:MODE STATION TEXT [OPTION]...: the vehicle fails with that text
ends() {
    go "$2" "$3" "${@:5}"
    grep 'EVCC verdict: fail' "$work/out" >"$work/verdict"
    wants "$1" 1 verdict "$4"
}

# says NAME PROTOCOL:MODE STATION COUNT TEXT [OPTION]...: the output has that so many times
says() {
    go "$2" "$3" "${@:6}"
    times "$1" "$4" "$5"
}

# ---- stop and shutdown, in every state ----

# status MESSAGE MODE FIELD VALUE: a hook by which each such message has that in its EVSEStatus
status() {
    where="m.$2_EVSEStatus"
    [ "$1" != ChargeParameterDiscoveryRes ] || where="m.$2_EVSEChargeParameter.$2_EVSEStatus"
    echo "function before.$1(m) $where.$3 = '$4' end"
}

while read -r ids protocol message value steps; do
    field=EVSENotification
    [ "${value#EVSE}" = "$value" ] || field=EVSEStatusCode
    mode=DC
    [ "$protocol" != $ac ] || mode=AC
    way "${ids//,/] [} ${protocol/:/ }: $value in $message is obeyed" "$protocol" \
        "$(status "$message" $mode $field "$value")" "$steps"
done <<END
[V2G2-679] $ac ChargeParameterDiscoveryRes StopCharging SessionStop
[V2G2-679] $ac PowerDeliveryRes StopCharging PowerDelivery SessionStop
[V2G2-679] $ac ChargingStatusRes StopCharging PowerDelivery ChargingStatus PowerDelivery SessionStop
[V2G2-679] $dc ChargeParameterDiscoveryRes StopCharging SessionStop
[V2G2-679] $dc CableCheckRes StopCharging CableCheck SessionStop
[V2G2-679] $dc PreChargeRes StopCharging CableCheck PreCharge $ends
[V2G2-679] $dc PowerDeliveryRes StopCharging $limits WeldingDetection SessionStop
[V2G2-679] $dc CurrentDemandRes StopCharging $limits CurrentDemand $ends
[DRV-Shutdown] $dc ChargeParameterDiscoveryRes EVSE_Shutdown SessionStop
[DRV-Shutdown] $dc CableCheckRes EVSE_Malfunction CableCheck SessionStop
[DRV-2-CableCheckStatus] $dc CableCheckRes EVSE_EmergencyShutdown CableCheck SessionStop
[DRV-Shutdown] $dc PreChargeRes EVSE_UtilityInterruptEvent CableCheck PreCharge $ends
[DRV-Shutdown] $dc PowerDeliveryRes EVSE_EmergencyShutdown $limits WeldingDetection SessionStop
[DRV-2-EVSEStatusCode] $dc CurrentDemandRes EVSE_Shutdown $limits CurrentDemand $ends
[DRV-2-EVSEStatusCode] $dc CurrentDemandRes EVSE_EmergencyShutdown $limits CurrentDemand $ends
[DRV-2-EVSEStatusCode] $dc CurrentDemandRes EVSE_Malfunction $limits CurrentDemand $ends
[V2G-DC-894] $din ChargeParameterDiscoveryRes EVSE_Shutdown SessionStop
[V2G-DC-894] $din CableCheckRes EVSE_Shutdown CableCheck SessionStop
[V2G-DC-894] $din PreChargeRes EVSE_EmergencyShutdown CableCheck PreCharge $ends
[V2G-DC-637,V2G-DC-650] $din CurrentDemandRes EVSE_Shutdown $limits CurrentDemand $ends
[V2G-DC-637,V2G-DC-650] $din CurrentDemandRes EVSE_EmergencyShutdown $limits CurrentDemand $ends
[DRV-DIN-StopCharging] $din ChargeParameterDiscoveryRes StopCharging SessionStop
END
says "[V2G2-679] EVSE_EmergencyShutdown in WeldingDetectionRes ends the check" $dc \
    "function before.WeldingDetectionRes(m) m.DC_EVSEStatus.EVSEStatusCode = 'EVSE_EmergencyShutdown'
        m.EVSEPresentVoltage = 300 end" 1 'EVCC -> SECC  WeldingDetectionReq'

for code in EVSE_UtilityInterruptEvent EVSE_Malfunction EVSE_NotReady; do
    says "[V2G-DC-637] [V2G-DC-650] DIN: $code in the loop is information only" $din \
        "$(status CurrentDemandRes DC EVSEStatusCode $code)" 8 'EVCC -> SECC  CurrentDemandReq'
done
says "[V2G-DC-500] DIN: a StopCharging in the loop is none" $din \
    "$(status CurrentDemandRes DC EVSENotification StopCharging)" 8 'EVCC -> SECC  CurrentDemandReq'
says "[V2G-DC-893] DIN: the isolation of CableCheckRes(Finished) is disregarded" $din \
    "$(status CableCheckRes DC EVSEIsolationStatus Invalid)" 8 'EVCC -> SECC  CurrentDemandReq'
says "[DRV-2-EVSEStatusCode] EVSE_NotReady in the loop goes on" $dc \
    "$(status CurrentDemandRes DC EVSEStatusCode EVSE_NotReady)" 8 'EVCC -> SECC  CurrentDemandReq'

receipts='--with receipt_every=1 --with receipts_without_contract=true'
# shellcheck disable=SC2086 # words
{
    way "[V2G2-679] [V2G2-841] StopCharging in MeteringReceiptRes is obeyed" $ac \
        "$(status MeteringReceiptRes AC EVSENotification StopCharging)" \
        'PowerDelivery ChargingStatus MeteringReceipt PowerDelivery SessionStop' $receipts
    way "[V2G2-841] ReNegotiation in MeteringReceiptRes is followed" $dc \
        "local n = 0 function before.MeteringReceiptRes(m) n = n + 1
            if n == 1 then m.DC_EVSEStatus.EVSENotification = 'ReNegotiation' end end" \
        "$limits CurrentDemand MeteringReceipt PowerDelivery ChargeParameterDiscovery $limits \
            CurrentDemand MeteringReceipt $ends" $receipts --set loops=2
    way "[DRV-2-MeterReading] a receipt that is wanted comes before the stop" $dc \
        "$(status CurrentDemandRes DC EVSENotification StopCharging)" \
        "$limits CurrentDemand MeteringReceipt $ends" $receipts
}
says "[V2G2-841] [V2G2-813] [V2G2-842] every ReNegotiation is followed" $dc \
    "local n = 0 function before.CurrentDemandRes(m) n = n + 1
        if n == 2 or n == 5 then m.DC_EVSEStatus.EVSENotification = 'ReNegotiation' end end" \
    2 'ChargeProgress Renegotiate'
says "[V2G2-680] ReNegotiation in PowerDeliveryRes and ChargeParameterDiscoveryRes is ignored" $ac \
    "$(status PowerDeliveryRes AC EVSENotification ReNegotiation)
    $(status ChargeParameterDiscoveryRes AC EVSENotification ReNegotiation)" 0 'Renegotiate'

# ---- the session and its protocol ----

foreign="m.Header.SessionID = '1122334455667788' end"
ends "[DRV-SessionID] a response with another SessionID is not taken" $ac \
    "function before.AuthorizationRes(m) $foreign" \
    'AuthorizationRes has SessionID 1122334455667788; expected'
ends "[DRV-SessionID] nor in the charge loop" $dc "function before.CurrentDemandRes(m) $foreign" \
    'CurrentDemandRes has SessionID 1122334455667788; expected'
ends "[DRV-SessionID] DIN: nor there" $din "function before.CableCheckRes(m) $foreign" \
    'CableCheckRes has SessionID 1122334455667788; expected'
ends "[DRV-20-SessionID] ISO 15118-20: nor there" ISO15118-20:dc \
    "function before.AuthorizationRes(m) $foreign" \
    'AuthorizationRes has SessionID 1122334455667788; expected' --tls off
go $ac "function before.AuthorizationRes(m) $foreign" --profile field
wants "[DRV-SessionID] in profile field it goes on, and says so" 0 out 'EVCC verdict: pass' \
    out 'put up with, by profile field'
ends "[V2G2-750] SessionID 0 in SessionSetupRes is no session" $ac \
    "function before.SessionSetupRes(m) m.Header.SessionID = '0000000000000000' end" \
    'SessionSetupRes has SessionID 0'
ends "[V2G2-753] [V2G2-754] OK_OldSessionJoined that nobody asked for" $ac \
    "function before.SessionSetupRes(m) m.ResponseCode = 'OK_OldSessionJoined' end" \
    'SessionSetupRes joins the session'
ends "[V2G2-169] a SchemaID that was not offered ends the session" $ac \
    "Secc.Filter 'supportedAppProtocolRes: set SchemaID=99'" \
    'supportedAppProtocolRes names the SchemaID 99, which was not offered'
go $ac '' --set pause=1
[ "$(grep 'EVCC <- SECC  SessionSetupRes' "$work/out" | tail -n 1 | grep -c OK_OldSessionJoined)" = 1 ]
result $? "[V2G2-739] [V2G2-740] a session that was paused is joined by its SessionID"
says "[V2G2-188] [V2G2-189] [V2G2-879] the first request has SessionID 0 and 6 octets of EVCCID" $ac \
    "function on.SessionSetupReq(m) Log('first', m.Header.SessionID, m.EVCCID) end" \
    1 'first 00 02AA00000001'
says "[V2G-DC-241] DIN: SessionID 0, always" $din \
    "function on.SessionSetupReq(m) Log('first', m.Header.SessionID) end" 1 'first 00'
says "[V2G-DC-877] DIN: EVSEID 00 is ignored" $din \
    "function before.SessionSetupRes(m) m.EVSEID = '00' end" 2 'verdict: pass'
go $dc ''
wants "[V2G2-025] the vehicle closes first" 0 out 'EVCC closed by us'
go $din ''
wants "[V2G-DC-937] [V2G-DC-938] DIN: the vehicle closes first" 0 out 'EVCC closed by us'

# ---- services ----

says "[DRV-2-ChargeServiceID] the station's ServiceID is selected" $ac \
    "function before.ServiceDiscoveryRes(m) m.ChargeService.ServiceID = 7 end
    function on.PaymentServiceSelectionReq(m)
        Log('selected', m.SelectedServiceList.SelectedService[1].ServiceID) end" 1 'selected 7'
says "[DRV-DIN-ChargeServiceID] DIN: the station's ServiceID is selected" $din \
    "function before.ServiceDiscoveryRes(m) m.ChargeService.ServiceTag.ServiceID = 4660 end
    function on.ServicePaymentSelectionReq(m)
        Log('selected', m.SelectedServiceList.SelectedService[1].ServiceID) end" 1 'selected 4660'
for transfer in DC_core:DC_core DC_combo_core:DC_extended DC_dual:DC_extended; do
    says "[V2G-DC-625] DIN: offered ${transfer%:*}, asked for ${transfer#*:}" $din \
        "function before.ServiceDiscoveryRes(m) m.ChargeService.EnergyTransferType = '${transfer%:*}' end" \
        1 "EVRequestedEnergyTransferType ${transfer#*:}"
done
says "[V2G2-422] without TLS no value-added service is asked for" $ac \
    "function before.ServiceDiscoveryRes(m) m.ServiceList = { Service = { { ServiceID = 3,
        ServiceName = 'Internet', ServiceCategory = 'Internet', FreeService = true } } } end" \
    0 ServiceDetailReq --set details=true
says "[V2G2-632] a contract is selected over TLS only" $ac '' 1 \
    'PaymentServiceSelectionReq   SelectedPaymentOption ExternalPayment' --payment Contract --tls off

# ---- parameters, schedules, isolation ----

ends "[V2G2-286] [V2G2-905] Finished without SAScheduleList" $ac \
    "function before.ChargeParameterDiscoveryRes(m) m.SAScheduleList = nil end" \
    'ChargeParameterDiscoveryRes is Finished, and has no SAScheduleList'
ends "[V2G2-373] a station whose voltages are not the battery's" $dc \
    "function before.ChargeParameterDiscoveryRes(m)
        m.DC_EVSEChargeParameter.EVSEMinimumVoltageLimit = 500 end" 'the station gives 500 to 920 V'
for status in Invalid Fault; do
    ends "[DRV-2-IsolationFault-EVCC] isolation $status ends before there is voltage" $dc \
        "function before.CableCheckRes(m) if m.EVSEProcessing == 'Finished' then
            m.DC_EVSEStatus.EVSEIsolationStatus = '$status' end end" \
        "CableCheckRes is Finished, and EVSEIsolationStatus is $status"
done
ends "[DRV-2-CableCheckStatus] Finished, and not EVSE_Ready" $dc \
    "function before.CableCheckRes(m) if m.EVSEProcessing == 'Finished' then
        m.DC_EVSEStatus.EVSEStatusCode = 'EVSE_NotReady' end end" \
    'CableCheckRes is Finished, and EVSEStatusCode is EVSE_NotReady'
departures="function on.ChargeParameterDiscoveryReq(m)
    local p = m.AC_EVChargeParameter
    Log('less', p.DepartureTime < 3600 and p.DepartureTime > 3400, p.EAmount:si() < 20000)
end"
says "[V2G2-742] [V2G2-743] DepartureTime and EAmount of a session resumed have become less" $ac \
    "$departures" 1 'less true true' --set departure=3600 --set energy=20000 --set pause=1 \
    --set pause_ms=20000 --set gaps.ChargingStatus=1000 --set loops=4
says "[V2G2-742] as in a renegotiation" $ac "$departures" 1 'less true true' \
    --set departure=3600 --set energy=20000 --set renegotiate=4 --set gaps.ChargingStatus=5000
says "[V2G2-742] and while the station is Ongoing" $ac "$departures" 1 'less true false' \
    --set departure=3600 --set energy=20000 --with ongoing.ChargeParameterDiscovery=1 \
    --set gaps.ChargeParameterDiscovery=12000
entries=$(for i in $(seq 0 29); do
    echo -n "{start=$((i * 600)),power=$((i < 24 ? 11000 : 3000))},"
done)
says "[V2G2-225] the last of 24 entries keeps below all that it stands for" $ac \
    "function on.PowerDeliveryReq(m) local p = m.ChargingProfile and m.ChargingProfile.ProfileEntry
        Log('last', p and #p, p and p[#p].ChargingProfileEntryMaxPower:si()) end" \
    1 'last 24 3000' --with "schedules={{id=1,entries={$entries}}}"
says "[V2G2-673] a profile comes with Start alone" $dc \
    "function on.PowerDeliveryReq(m) Log('profile', m.ChargeProgress, m.ChargingProfile ~= nil) end" \
    1 'profile Stop false'
says "[DRV-2-ScheduleStart] nothing is drawn before the first entry begins" $dc \
    "function on.CurrentDemandReq(m) Log('asked', m.EVTargetCurrent:si()) end" 2 'asked 0' \
    --set loops=2 --with 'schedules={{id=1,entries={{start=600,power=20000}}}}'
says "[DRV-2-PMaxZero] nothing is drawn while the schedule has 0 W" $dc \
    "function on.CurrentDemandReq(m) Log('asked', m.EVTargetCurrent:si()) end" 2 'asked 0' \
    --set loops=2 --with 'schedules={{id=1,entries={{start=0,power=0},{start=600,power=20000}}}}'

# ---- the charge loop ----

kept="local n = 0
function before.CurrentDemandRes(m)
    m.EVSEMaximumVoltageLimit, m.EVSEMaximumCurrentLimit, m.EVSEMaximumPowerLimit = 380, 20, 5000
end
function on.CurrentDemandReq(m)
    local u, i = m.EVTargetVoltage:si(), m.EVTargetCurrent:si()
    Log('within', u <= 380 and i <= 20 and i * 350 <= 5000)
end"
says "[V2G2-258] [V2G2-260] limits of the loop's responses are kept" $dc "$kept" 7 'within true'
says "[DRV-DIN-Limits] DIN: limits of the loop's responses are kept" $din "$kept" 7 'within true'
says "[V2G2-258] and those of ChargeParameterDiscoveryRes" $dc \
    "function on.CurrentDemandReq(m) Log('asked', m.EVTargetVoltage:si()) end" 8 'asked 400' \
    --with dc.max_voltage=400
says "[V2G2-258] [V2G2-375] ChargingComplete is full, not as full as wanted" $dc \
    "function on.receive(m) local p = m.DC_EVPowerDeliveryParameter or m
        if m.ChargingComplete or p.ChargingComplete then Log('complete') end end" \
    0 complete --set battery.target=20.01 --set loops=0
says "[V2G2-258] [V2G2-375] and is said of a full battery" $dc \
    "function on.PowerDeliveryReq(m) Log(m.ChargeProgress, m.DC_EVPowerDeliveryParameter.ChargingComplete) end" \
    1 'Stop true' --set battery.soc=99.99 --set loops=0 --time-scale 1000
says "[DRV-2-BulkChargingComplete] TRUE from BulkSOC on" $dc \
    "function on.CurrentDemandReq(m) Log('bulk', m.BulkChargingComplete) end" 8 'bulk true' \
    --set battery.soc=80
says "[DRV-2-EVSEMaxCurrent] a lower EVSEMaxCurrent is followed" $ac \
    "function before.ChargingStatusRes(m) m.EVSEMaxCurrent = 10
        Log('drawn', require('v2g.wire').get(Secc.SessionID(), 'drawn')) end" 7 'drawn 6900.0'

# ---- how long Ongoing is put up with ----

while read -r ids protocol step seconds name hook; do
    ends "${ids//,/] [} ${protocol/:/ }: $step is put up with for $seconds s" "$protocol" \
        "$hook" "$name: $step is not over after $seconds" --time-scale 1 --with "ongoing.$step={ms=90000}"
done <<END
[V2G2-710,V2G2-711] $ac Authorization 60 V2G_EVCC_Ongoing_Timeout
[V2G2-845] $ac Authorization 60 V2G_EVCC_Ongoing_Timeout function before.AuthorizationRes(m) m.EVSEProcessing = 'Ongoing_WaitingForCustomerInteraction' end
[V2G2-700,V2G2-701,V2G2-702,V2G2-703] $dc CableCheck 40 V2G_EVCC_CableCheck_Timeout
[V2G2-704,V2G2-705,V2G2-706,V2G2-707] $dc PreCharge 7 V2G_EVCC_PreCharge_Timeout function before.PreChargeRes(m) m.EVSEPresentVoltage = 0 end
[V2G-DC-377,V2G-DC-418] $din CableCheck 40 V2G_EVCC_CableCheck_Timeout
[V2G-DC-CharIN-123] $din Authorization 60 V2G_EVCC_Ongoing_Timeout
END

# ---- what holds of any session ----

says "[V2G2-193] [V2G2-194] ServiceDiscoveryReq may have a scope and a category" $ac \
    "function on.ServiceDiscoveryReq(m) Log('wants', m.ServiceScope, m.ServiceCategory) end" \
    1 'wants here Internet' --set values.ServiceDiscoveryReq.ServiceScope=here \
    --set values.ServiceDiscoveryReq.ServiceCategory=Internet
ends "[V2G2-734] [V2G2-735] after FAILED nothing else counts" $ac \
    "function before.AuthorizationRes(m) m.ResponseCode = 'FAILED' end" \
    'the station answered AuthorizationRes with FAILED'
says "[V2G2-261] [V2G2-264] [V2G2-620] WeldingDetectionReq is repeated until the vehicle is done" $dc \
    '' 4 'EVCC -> SECC  WeldingDetectionReq' --set 'welding={4,4}'
tariffs='schedules={'
for id in 1:2 5:1; do
    tariffs="$tariffs{id=${id%:*},entries={{start=0,power=11000}},tariff={levels=2,entries={{start=0,level=${id#*:}}}}},"
done
says "[V2G2-659] the schedule with the lowest price level is chosen" $ac \
    "function on.PowerDeliveryReq(m) Log(m.ChargeProgress, m.SAScheduleTupleID) end" 1 'Start 5' \
    --with "$tariffs}"

# contract NAME STATION COUNT TEXT [OPTION]...: as says, of a vehicle that pays by contract
contract() {
    says "$1" $ac "$2" "$3" "$4" --payment Contract --tls 1.2 "${@:5}"
}
challenged="function on.AuthorizationReq(m)
    Log('first', m.GenChallenge ~= nil, m.Header.Signature ~= nil) end"
contract "[V2G2-684] the first AuthorizationReq is signed, with GenChallenge" "$challenged" \
    1 'first true true' --with ongoing.Authorization=2
contract "[V2G2-684] the others are neither" "$challenged" 2 'first false false' \
    --with ongoing.Authorization=2
contract "[V2G2-697] [V2G2-698] [V2G2-825] a GenChallenge of 15 octets is refused" \
    "function before.PaymentDetailsRes(m) m.GenChallenge = ('x'):rep(15) end" \
    1 'PaymentDetailsRes is refused: GenChallenge has 15 octets'
contract "[V2G2-903] [V2G2-245] [V2G2-246] MeteringReceiptReq is signed" \
    "function on.MeteringReceiptReq(m)
        Log('signed', Secc.Verify_MeteringReceiptReq(Pki.Identity('contract-leaf').chain[1])) end" \
    2 'signed true' --with receipt_every=1 --set loops=2
contract "[V2G2-275] the eMAID is the common name of the contract leaf" \
    "function on.PaymentDetailsReq(m)
        local leaf = Pki.Certificate(m.ContractSignatureCertChain.Certificate)
        Log('same', m.eMAID == leaf.common_name) end" 1 'same true'
contract "[V2G2-656] two sub-certificates at most" \
    "function on.PaymentDetailsReq(m)
        Log('at most', #m.ContractSignatureCertChain.SubCertificates.Certificate <= 2) end" \
    1 'at most true'
contract "[V2G2-767] one Transform for each reference" \
    "function on.AuthorizationReq(m)
        for _, r in ipairs(m.Header.Signature.SignedInfo.Reference) do
            Log('transforms', #r.Transforms.Transform) end end" 1 'transforms 1'
