#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `v2glab ev` against `v2glab evse`, in the isolated network: complete sessions of every protocol
# and mode, and each behaviour of either side.
# shellcheck source=tests/cli/support
. tests/cli/support
# shellcheck source=tests/cli/support-ev
. tests/cli/support-ev

# ---- complete sessions ----

# shellcheck disable=SC2086 # words
{
    ev --protocol DIN70121 --mode dc
    both_pass "DIN 70121, DC"
    order "its order" SessionSetup ServiceDiscovery ServicePaymentSelection ContractAuthentication \
        ChargeParameterDiscovery CableCheck PreCharge PowerDelivery CurrentDemand PowerDelivery \
        WeldingDetection SessionStop
    ev --protocol ISO15118-2 --mode ac
    both_pass "ISO 15118-2, AC"
    order "its order" $open2 PowerDelivery ChargingStatus PowerDelivery SessionStop
    ev --protocol ISO15118-2 --mode dc
    both_pass "ISO 15118-2, DC"
    order "its order" $open2 CableCheck PreCharge PowerDelivery CurrentDemand PowerDelivery \
        WeldingDetection SessionStop
    for control in scheduled dynamic; do
        for bpt in false true; do
            ev --protocol ISO15118-20 --mode ac --set control=$control --set bpt=$bpt
            both_pass "ISO 15118-20, AC, $control, bidirectional: $bpt"
            order "its order" $open20 AC_ChargeParameterDiscovery ScheduleExchange PowerDelivery \
                AC_ChargeLoop PowerDelivery SessionStop
            ev --protocol ISO15118-20 --mode dc --set control=$control --set bpt=$bpt
            both_pass "ISO 15118-20, DC, $control, bidirectional: $bpt"
            order "its order" $open20 DC_ChargeParameterDiscovery ScheduleExchange DC_CableCheck \
                DC_PreCharge PowerDelivery DC_ChargeLoop PowerDelivery DC_WeldingDetection SessionStop
        done
    done
}
ev --mode dc
both_pass "without --protocol ISO 15118-2 is agreed, DIN 70121 is offered, too" \
    out 'urn:din:70121:2012:MsgDef, SchemaID 2' out 'PaymentServiceSelectionReq'

# ---- what the station asks for ----

ev --protocol ISO15118-2 --mode ac --set loops=0 --with stop_after=2
both_pass "ISO 15118-2 AC: the station asks to stop" out 'EVSENotification StopCharging'
ev --protocol ISO15118-2 --mode dc --set loops=0 --with stop_after=2 --with notification_delay=5 \
    --set after_stop_request=2
both_pass "ISO 15118-2 DC: the vehicle stops two CurrentDemandReq later" \
    out 'EVSENotification StopCharging'
[ "$(grep -c 'CurrentDemandReq' "$work/out")" = 4 ]
result $? "two, indeed"
ev --protocol DIN70121 --mode dc --set loops=0 --with stop_after=2
both_pass "DIN: it stops for the status code" out 'EVSE_Shutdown' not-out 'StopCharging'
ev --protocol ISO15118-20 --mode dc --set loops=0 --with stop_after=2
both_pass "ISO 15118-20: the station asks to stop"
for mode in ac dc; do
    ev --protocol ISO15118-2 --mode $mode --set loops=5 --with renegotiate_after=2
    both_pass "ISO 15118-2 $mode: the station asks to renegotiate" out 'ReNegotiation' \
        out 'ChargeProgress Renegotiate'
done
# shellcheck disable=SC2086 # words
order "renegotiation of DC has CableCheck and PreCharge again" $open2 CableCheck PreCharge \
    PowerDelivery CurrentDemand PowerDelivery ChargeParameterDiscovery CableCheck PreCharge \
    PowerDelivery CurrentDemand PowerDelivery WeldingDetection SessionStop
ev --protocol ISO15118-2 --mode ac --set loops=5 --set renegotiate=2
both_pass "ISO 15118-2 AC: the vehicle renegotiates" out 'ChargeProgress Renegotiate'
# shellcheck disable=SC2086 # words
order "renegotiation of AC goes on with PowerDelivery" $open2 PowerDelivery ChargingStatus \
    PowerDelivery ChargeParameterDiscovery PowerDelivery ChargingStatus PowerDelivery SessionStop
for mode in ac dc; do
    ev --protocol ISO15118-20 --mode $mode --set loops=5 --set renegotiate=2
    both_pass "ISO 15118-20 $mode: the vehicle renegotiates the schedule" \
        out 'ChargeProgress ScheduleRenegotiation'
    ev --protocol ISO15118-20 --mode $mode --set loops=5 --with renegotiate_after=2
    both_pass "ISO 15118-20 $mode: the station asks for it" \
        out 'ChargeProgress ScheduleRenegotiation'
done
[ "$(grep -c 'DC_PreChargeReq' "$work/out")" -lt 8 ] && ! grep -A 30 ScheduleRenegotiation "$work/out" | grep -q CableCheckReq
result $? "its contactors stay closed: no isolation test again"
ev --protocol ISO15118-2 --mode dc --set loops=0 --with shutdown_after=2
both_pass "error shutdown: the vehicle ends the session in order" out 'EVSE_EmergencyShutdown' \
    out 'EVSEPresentCurrent 0 A' out 'SessionStopReq'

# ---- who leaves while power flows ----

# CurrentDemandRes has more current than the station can give, which the vehicle looks for
beyond='local n = 0 function before.CurrentDemandRes(m) n = n + 1 if n == 2 then m.EVSEPresentCurrent = 1000 end end'
echo "$beyond" >"$work/beyond.lua"
echo "$beyond function before.PowerDeliveryRes(m) if n == 2 then m.ResponseCode = 'FAILED' end end" >"$work/worse.lua"
# in_loop PROTOCOL OPTION...: a vehicle in the charge loop of DC
in_loop() {
    ev --protocol "$1" --mode dc --persona wants-too-much "${@:2}"
}
while read -r protocol authorization; do
    steps="SessionSetup ServiceDiscovery $authorization ChargeParameterDiscovery CableCheck PreCharge
        PowerDelivery CurrentDemand PowerDelivery"
    in_loop "$protocol" --with-script "$work/beyond.lua"
    wants "$protocol: what a vehicle objects to in the charge loop ends charging" 1 \
        out 'EVSEPresentCurrent at most 1000 of 300' out 'SECC verdict: pass' not-out FAILED
    # shellcheck disable=SC2086 # words
    order "$protocol: in the usual order" $steps WeldingDetection SessionStop
    in_loop "$protocol" --with-script "$work/worse.lua"
    wants "$protocol: a failure on that way is told beside it" 1 out 'EVSEPresentCurrent at most 1000 of 300' \
        out ': the station answered PowerDeliveryRes with FAILED'
    # shellcheck disable=SC2086 # words
    order "$protocol: which SessionStopReq alone follows" $steps SessionStop
done <<END
DIN70121 ServicePaymentSelection ContractAuthentication
ISO15118-2 PaymentServiceSelection Authorization
END
ev --protocol ISO15118-2 --mode dc --set stop_at=CurrentDemand
wants "SessionStopReq out of turn, by stop_at, stays alone" 1 out FAILED_SequenceError
times "without PowerDeliveryReq(Stop)" 0 'ChargeProgress Stop'

# ---- services, schedules, receipts ----

services='services={{id=3,name="Internet",category="Internet",parameters={{id=7,{"Protocol","http"},{"Port",80}}}}}'
ev --protocol ISO15118-2 --mode ac --tls 1.2 --set details=true --with "$services" -v
both_pass "ServiceDetail of a value-added service, which is then selected" \
    out 'stringValue>http<' out 'intValue>80<' \
    out 'ParameterSetID>7<' out 'ServiceCategory>Internet<'
ev --protocol ISO15118-20 --mode dc --set details=true \
    --with 'services={{id=65,parameters={{id=7,{"Port",80}}}}}' -v
both_pass "the same in ISO 15118-20" out 'SelectedVASList>'
ev --protocol ISO15118-2 --mode ac --set loops=4 --with receipt_every=2
both_pass "no receipts of a vehicle that pays by external means" not-out 'MeteringReceiptReq'
ev --protocol ISO15118-2 --mode ac --set loops=4 --with receipt_every=2 \
    --with receipts_without_contract=true
both_pass "metering receipts where the station wants them" out 'MeteringReceiptRes           OK'
[ "$(grep -c 'MeteringReceiptReq' "$work/out")" = 2 ]
result $? "each second time"
ev --protocol ISO15118-2 --mode dc --set loops=4 --with receipt_every=2 \
    --with receipts_without_contract=true
both_pass "the same in DC" out 'MeteringReceiptRes           OK'
tariffs='schedules={{id=1,entries={{start=0,power=11000,duration=86400}},tariff={levels=2,entries={{start=0,level=2}}}},{id=5,entries={{start=0,power=3700},{start=3600,power=7400,duration=80000}},tariff={levels=2,description="night",entries={{start=0,level=1}}}}}'
ev --protocol ISO15118-2 --mode ac --with "$tariffs" -v
both_pass "the vehicle chooses the cheaper of two tariffs, and keeps within its power" \
    out 'SalesTariffDescription>night' out 'SAScheduleTupleID>5<'
grep -A 40 'PowerDeliveryReq  ' "$work/out" | grep -q 'Value>3700<'
result $? "its profile has 3700 W"
ev --protocol ISO15118-20 --mode ac --with "$tariffs" -v
both_pass "price levels in ISO 15118-20" out 'PriceScheduleDescription>night' \
    out 'SelectedScheduleTupleID>5<'
ev --protocol ISO15118-2 --mode ac --set 'values.PowerDeliveryReq.SAScheduleTupleID=9'
wants "a schedule that was not offered" 1 out 'PowerDeliveryRes             FAILED_TariffSelectionInvalid'
ev --protocol ISO15118-2 --mode ac --with ac.max_current=16 \
    --set 'values.PowerDeliveryReq.ChargingProfile_ProfileEntry_ChargingProfileEntryMaxPower={0,20000}'
wants "a profile above the schedule" 1 out 'PowerDeliveryRes             FAILED_ChargingProfileInvalid'
ev --protocol ISO15118-2 --mode ac --set values.PaymentServiceSelectionReq.SelectedPaymentOption=Contract
wants "a payment option that was not offered" 1 out 'FAILED_PaymentSelectionInvalid'
ev --protocol ISO15118-2 --mode dc --set transfer=DC_unique
wants "an energy transfer mode that was not offered" 1 out 'FAILED_WrongEnergyTransferMode'
ev --protocol ISO15118-2 --mode dc --with 'modes={ac=true}'
wants "a station without DC: the vehicle stops" 1 out 'the station offers no DC charging' \
    out 'SessionStopReq'
ev --protocol ISO15118-20 --mode dc --set bpt=true --with bpt=false
wants "a station without bidirectional transfer: the vehicle stops" 1 \
    out 'does not offer service 6' out 'SessionStopReq'

# ---- pause ----

for mode in ac dc; do
    ev --protocol ISO15118-2 --mode $mode --set pause=2
    both_pass "ISO 15118-2 $mode: two pauses, joined with the old SessionID" out 'OK_OldSessionJoined' \
        out 'ChargingSession Pause' out 'ChargingSession Terminate'
    [ "$(grep -c OK_OldSessionJoined "$work/out")" = 2 ] && [ "$(grep -c OK_NewSession "$work/out")" = 1 ]
    result $? "each once"
done
ev --protocol ISO15118-20 --mode dc --set pause=1
both_pass "ISO 15118-20: a pause, then on with ChargeParameterDiscovery" out 'OK_OldSessionJoined'
# shellcheck disable=SC2086 # words
order "its order" $open20 DC_ChargeParameterDiscovery ScheduleExchange DC_CableCheck DC_PreCharge \
    PowerDelivery DC_ChargeLoop PowerDelivery DC_WeldingDetection SessionStop \
    SessionSetup DC_ChargeParameterDiscovery ScheduleExchange DC_CableCheck DC_PreCharge \
    PowerDelivery DC_ChargeLoop PowerDelivery DC_WeldingDetection SessionStop
ev --protocol ISO15118-2 --mode ac --set pause=1 --with resume=false
both_pass "a station that has forgotten the paused session gives a new one" \
    out 'the paused session was not joined: OK_NewSessionEstablished'
for id in 00 0000000000000000 0011223344556677 ''; do
    ev --protocol ISO15118-2 --mode ac --set "session_id=$id"
    both_pass "SessionID '$id' joins nothing" out 'OK_NewSessionEstablished' not-out 'OK_OldSession'
done

# ---- Ongoing, times ----

ev --protocol ISO15118-2 --mode dc --with ongoing.Authorization=3 --with ongoing.CableCheck=4 \
    --with ongoing.ChargeParameterDiscovery=2 --set welding='{3,5}'
both_pass "Ongoing n times"
for pair in Authorization:4 CableCheck:5 ChargeParameterDiscovery:3 WeldingDetection:3; do
    [ "$(grep -c "> SECC  ${pair%:*}Req" "$work/out")" = "${pair#*:}" ]
    result $? "${pair%:*}Req ${pair#*:} times"
done
ev --protocol ISO15118-2 --mode dc --with ongoing.CableCheck=999999 \
    --timer V2G_EVCC_CableCheck_Timeout=80ms
wants "V2G_EVCC_CableCheck_Timeout" 1 out 'V2G_EVCC_CableCheck_Timeout: CableCheck is not over' \
    out 'SessionStopReq'
ev --protocol ISO15118-2 --mode ac --with ongoing.Authorization=999999 \
    --timer V2G_EVCC_Ongoing_Timeout=80ms
wants "V2G_EVCC_Ongoing_Timeout" 1 out 'V2G_EVCC_Ongoing_Timeout: Authorization is not over'
ev --protocol ISO15118-2 --mode dc --set ongoing.CableCheck=60 --with ongoing.CableCheck=999999
wants "another patience with Ongoing" 1 out 'CableCheck is not over'
for step in SessionSetup ServiceDiscovery PaymentServiceSelection Authorization \
    ChargeParameterDiscovery CableCheck PreCharge PowerDelivery CurrentDemand WeldingDetection \
    SessionStop; do
    ev --protocol ISO15118-2 --mode dc --with silent_at=$step \
        --timer V2G_EVCC_Msg_Timeout_${step}Req=60
    wants "no response to $step: the vehicle closes" 1 out "no response to ${step}Req in time"
done
ev --protocol ISO15118-2 --mode dc --with silent_at=CableCheck --set patience.CableCheck=40 \
    --set on_timeout=stop
wants "after a time-out it can say SessionStopReq" 1 out 'SessionStopReq'
ev --protocol ISO15118-2 --mode dc --with silent_at=CurrentDemand --set patience.CurrentDemand=40 \
    --set on_timeout=resend
[ "$(grep -c CurrentDemandReq "$work/out")" -ge 2 ]
result $? "or send the request again"
for protocol in DIN70121 ISO15118-2 ISO15118-20; do
    ev --protocol $protocol --mode dc --set silent_at=CableCheck \
        --timer V2G_SECC_Sequence_Timeout=100ms
    wants "$protocol: V2G_SECC_Sequence_Timeout" 1 out 'SECC verdict: fail: V2G_SECC_Sequence_Timeout'
done
ev --protocol ISO15118-20 --mode dc --set 'silent_at={"CurrentDemand",1}' \
    --timer V2G_SECC_Sequence_Timeout_DC_ChargeLoopRes=50ms --set gaps.CurrentDemand=0
wants "a vehicle that falls silent" 1 out 'V2G_SECC_Sequence_Timeout'
run ev -q --time-scale 1000 --set loops=3 --protocol ISO15118-2 --mode dc --record "$work/record"
for timer in V2G_EVCC_CommunicationSetup_Timeout V2G_EVCC_Ongoing_Timeout \
    V2G_EVCC_CableCheck_Timeout V2G_EVCC_PreCharge_Timeout V2G_EVCC_Msg_Timeout_CurrentDemandReq \
    V2G_SECC_Sequence_Timeout V2G_SECC_Msg_Performance_Time_CurrentDemandReq \
    V2G_SECC_CableCheck_Performance_Time V2G_SECC_PreCharge_Performance_Time; do
    grep -q "\"$timer\"" "$work/record/events.jsonl"
    result $? "$timer is in the record"
done

# ---- quirks ----

ev --protocol ISO15118-2 --mode dc --set stop_at=CableCheck
wants "SessionStop in CableCheck" 0 out 'EVCC verdict: pass' out 'SessionStopRes               OK'
ev --protocol ISO15118-2 --mode dc --set leave_at=CableCheck
wants "a vehicle that leaves" 1 out 'EVCC verdict: pass' out 'found the connection ended after' \
    out 'SECC verdict: fail: the vehicle closed the connection after ChargeParameterDiscoveryRes'
ev --protocol DIN70121 --mode dc --set "trailing.ContractAuthenticationReq=$(printf '\1')"
wants "bytes after the end of a document are put up with" 0 out 'SECC verdict: pass' \
    out 'ContractAuthenticationRes    OK'
ev --protocol ISO15118-2 --mode dc --set welding='{0,0}' --set precharges='{1,1}'
both_pass "no WeldingDetection, one PreCharge" not-out 'WeldingDetectionReq'
[ "$(grep -c PreChargeReq "$work/out")" = 1 ]
result $? "one, indeed"
ev --protocol ISO15118-2 --mode ac --set session_stop=false
wants "no SessionStop" 1 out 'EVCC verdict: pass' not-out 'SessionStopReq'
ev --protocol ISO15118-2 --mode ac --set close=reset
wants "RST at the end" 0 out 'reset by us'
ev --protocol ISO15118-2 --mode ac --set close=none --with linger_ms=100
wants "the station closes where the vehicle does not" 0 out 'EVCC verdict: pass'
ev --protocol ISO15118-2 --mode ac --with close=fin --set gaps.SessionStop\>Close=2000
wants "a station that closes first" 0 out 'SECC verdict: pass'
ev --protocol ISO15118-2 --mode dc --with isolation=Fault
wants "a failed isolation test" 1 out 'CableCheckRes                FAILED'
ev --protocol ISO15118-2 --mode dc --with answers.PowerDelivery=FAILED_ContactorError
wants "a forced answer: the vehicle says SessionStopReq and ends" 1 \
    out 'the station answered PowerDeliveryRes with FAILED_ContactorError' out 'SessionStopRes'
ev --protocol ISO15118-2 --mode dc --with answers.PowerDelivery=FAILED --set on_failed=close
wants "or closes at once" 1 not-out 'SECC  SessionStopReq'
ev --protocol ISO15118-2 --mode dc --with answers.CableCheck=FAILED --with keep_on_failed=true \
    --set on_failed=ignore
wants "goes on after FAILED" 0 out 'CableCheckRes                FAILED'
ev --set batery.soc=5
wants "a parameter that does not exist" 3 not-err 'traceback' out "there is no parameter 'batery' of the vehicle; the nearest is 'battery'"
# refused SETTING TEXT: such a parameter ends the run before anything is sent
refused() {
    ev --set "$1"
    wants "--set $1 is refused" 3 err "$2" not-err 'traceback' not-out 'SessionSetup'
}
refused battery.sooc=5 "battery.sooc: there is no such parameter; the nearest is 'battery.soc'"
refused battery.soc=many "battery.soc: expected a number, found the string 'many'"
refused battery.soc=120 "battery.soc: expected 0 to 100 percent, found 120"
refused loops=-3 "loops: expected a whole number, 0 or more, found -3; the nearest is 0"
refused 'welding={1,2.5}' "welding: expected a whole number, 0 or more, found 2.5; the nearest is 2"
refused battery.capacity=-5 "battery.capacity: expected 1 or more, found -5; the nearest is 1"
refused gaps.CurrentDemand=-2 "gaps.CurrentDemand: expected 0 or more, found -2"
refused 'patience.CurrentDemand={-5,3}' "patience.CurrentDemand: expected 0 or more, found -5"
refused 'leave_at={"CableCheck",-2}' "leave_at: expected a whole number, 0 or more, found -2"
refused transfer=DC_cor "transfer: expected AC_single_phase_core, AC_three_phase_core, DC_combo_core, DC_core,"
refused 'protocols={{"ISO15118-3"}}' "protocols[1]: there is no protocol 'ISO15118-3'; the nearest is 'ISO15118-2'"
refused 'protocols={{uri="urn:x"}}' "protocols[1]: 'urn:x' is the namespace of no protocol known here; expected its version"
refused bpt=no "bpt: expected true or false, found the string 'no'"
refused control=dynamc "control: expected scheduled or dynamic, found 'dynamc'"
refused gaps.CabelCheck=5 "there is no step 'CabelCheck'; the nearest is 'CableCheck'"
for key in silent_at leave_at stop_at; do
    refused $key=DC_CableCheck "$key: there is no step 'DC_CableCheck'; the nearest is 'CableCheck'"
done
refused 'leave_at={"CabelCheck",2}' "leave_at: there is no step 'CabelCheck'"
refused values.CurrentDemandReq.Foo=1 "values.CurrentDemandReq.Foo: no protocol has that element"
refused values.CurrentDemandReq.EVTargetCurent=1 "has that element; the nearest is 'EVTargetCurrent'"
refused values.CurentDemandReq.Foo=1 "there is no such message; the nearest is 'CurrentDemandReq'"
ev --with close_at=CabelCheck
wants "a step of the other side" 3 err "close_at: there is no step 'CabelCheck'"
ev --with answers.PowerDelivry=FAILED
wants "and one of the other side" 3 err "the nearest is 'PowerDelivery'"
ev --with answers.CableCheck=FAILED_UnknownSesion
wants "an answer that is no response code" 3 \
    err "there is no response code 'FAILED_UnknownSesion'; the nearest is 'FAILED_UnknownSession'"
ev --with answers.CableCheck=FAILED_PauseNotAllowed --with 'payment={"cash"}'
wants "a payment that there is not" 3 err "payment: expected ExternalPayment or Contract, found 'cash'"
for grid in 'grid.operating_mode=GridFolowing' 'grid.events={{after=1,operating_mode="GridFolowing"}}'; do
    ev --with "$grid"
    wants "how to behave at the grid, ${grid%%=*}" 3 \
        err "grid.operating_mode: expected GridFollowing or GridForming, found 'GridFolowing'"
done
ev --protocol ISO15118-2 --mode dc --set transfer=dc_CORE --set payment=externalpayment \
    --with isolation=VALID
both_pass "words of the standard in any case" out 'RequestedEnergyTransferMode DC_core'
ev --protocol ISO15118-2 --mode dc --set 'protocols={{uri="urn:iso:15118:2:2013:MsgDef"}}'
both_pass "a known namespace has its protocol's version"
ev --persona mg5
wants "a persona that does not exist" 3 err "there is no persona 'mg5'; the nearest is mg4"
for protocol in DIN70121 ISO15118-2; do # all protocols are looked through; the session's own holds
    ev --protocol $protocol --set values.SessionSetupReq.EVCCID=02CC00000001
    both_pass "values are checked, and $protocol is spoken" out 'EVCCID 02CC00000001'
done
ev --set values.SessionSetupReq.EVCCID=02CC00000001 \
    --set 'protocols={{"DIN70121",priority=1,schema=1}}'
both_pass "also where it is not given" out 'EVCCID 02CC00000001' out 'ContractAuthenticationReq'

# ---- hooks ----

hook() {
    printf '%s\n' "$1" >"$work/hook.lua"
}
hook "function before.PowerDeliveryRs(m) end"
ev --with-script "$work/hook.lua"
wants "a hook of no message" 3 err \
    "before.PowerDeliveryRs: there is no such message; the nearest is 'PowerDeliveryRes'"
hook "function before.sent(m) end"
ev --with-script "$work/hook.lua"
wants "nor of none" 3 err "before.sent: there is no such message; the nearest is 'send'"
hook "function before.PowerDeliveryRes() return 17 end"
ev --protocol ISO15118-2 --mode dc --with-script "$work/hook.lua"
wants "a hook that returns no message" 3 err 'before.PowerDeliveryRes or before.send returned the number 17'
hook "on.timeout = 5"
ev --with-script "$work/hook.lua"
wants "a hook that is no function" 3 err 'on.timeout: expected a function'
hook "before = { PowerDeliveryRes = function(m) m.ResponseCode = 'FAILED_ContactorError' end }"
ev --protocol ISO15118-2 --mode dc --with-script "$work/hook.lua"
wants "hooks as a table of their own" 1 out 'PowerDeliveryRes             FAILED_ContactorError'
hook "function before.PowerDeliveryRes(m) m.ResponseCode = 'FAILED_ContactorError' end"
ev --protocol ISO15118-2 --mode dc --with-script "$work/hook.lua"
wants "one line of Lua: FAILED_ContactorError in PowerDeliveryRes" 1 \
    out 'PowerDeliveryRes             FAILED_ContactorError'
hook "function before.send(m) if m:name() == 'CurrentDemandReq' then m.EVTargetCurrent = 7 end end"
ev --protocol ISO15118-2 --mode dc --script "$work/hook.lua"
both_pass "before.send changes a field" out 'EVTargetCurrent 7 A'
hook "function before.CurrentDemandRes(m) m.MeterInfo = nil end"
ev --protocol ISO15118-2 --mode dc --with-script "$work/hook.lua" --with receipt_every=2 \
    --with receipts_without_contract=true
wants "a receipt of no reading is not sent" 1 out 'expected MeterInfo beside ReceiptRequired' \
    out 'SessionStopReq' not-out 'MeteringReceiptReq'
hook "function before.CableCheckRes(m) Sleep(30) end"
ev --protocol ISO15118-2 --mode dc --with-script "$work/hook.lua"
both_pass "a hook may wait"
hook "function before.SessionSetupRes(m) local from = Now() Sleep(1e9) Log('after ' .. (Now() - from) // 1000) end"
ev --protocol ISO15118-2 --mode ac --with-script "$work/hook.lua"
wants "but no longer than the vehicle is there" 1 out 'no response to SessionSetupReq in time' out 'after 2'
hook "function before.ServiceDiscoveryReq(m) local from = Now() Sleep(1e9) Log('after ' .. (Now() - from) // 1000) end"
ev --protocol ISO15118-2 --mode ac --script "$work/hook.lua"
wants "nor that of a vehicle than its station" 1 out 'after 60' out 'closed before ServiceDiscoveryReq'
hook "function before.PreChargeRes(m) return false end"
ev --protocol ISO15118-2 --mode dc --with-script "$work/hook.lua" \
    --timer V2G_EVCC_Msg_Timeout_PreChargeReq=50
wants "drop" 1 out 'no response to PreChargeReq in time' not-out 'PreChargeRes  '
hook "function before.PreChargeRes(m) return Secc.Message('CableCheckRes') end"
ev --protocol ISO15118-2 --mode dc --with-script "$work/hook.lua"
wants "answer otherwise" 1 out 'expected PreChargeRes, found CableCheckRes'
hook "function before.PreChargeRes(m) return '\\1\\254\\128\\1\\0\\0\\0\\3abc' end"
ev --protocol ISO15118-2 --mode dc --with-script "$work/hook.lua"
wants "answer with any bytes" 1 out 'found a frame that cannot be decoded'
hook "function on.receive(m) Log('got ' .. m:name()) end
function on.state(name) Log('state ' .. name) end
function on.timeout(name) Log('timeout ' .. name) end"
ev --protocol ISO15118-2 --mode dc --with-script "$work/hook.lua" --script "$work/hook.lua"
both_pass "on.receive, on.state" out 'got CableCheckReq' out 'got CableCheckRes' \
    out 'state CableCheckRes(Finished)' out 'state CableCheck'
ev --protocol ISO15118-2 --mode dc --with-script "$work/hook.lua" --set silent_at=PreCharge \
    --timer V2G_SECC_Sequence_Timeout=50
wants "on.timeout" 1 out 'timeout V2G_SECC_Sequence_Timeout'
hook "function on.step(step, ev) if step == 'PreCharge' then ev:leave('stop', true, 'had enough') end end"
ev --protocol ISO15118-2 --mode dc --script "$work/hook.lua"
wants "a hook leaves at a step" 0 out 'had enough' out 'SessionStopRes               OK'
hook "function on.step(step) if step == 'PreCharge' then return 'reset' end end"
ev --protocol ISO15118-2 --mode dc --with-script "$work/hook.lua"
wants "a hook makes the station reset in place of an answer" 1 out 'the station closed at PreChargeReq' \
    out 'reset'
hook "local late = 0
function on.late(request) late = late + 1 Log('late ' .. request) return late < 3 end"
ev --protocol ISO15118-2 --mode dc --script "$work/hook.lua" --with silent_at=PreCharge \
    --set patience.PreCharge=30
wants "a hook goes on waiting" 1 out 'no response to PreChargeReq in time'
[ "$(grep -c 'late PreChargeReq' "$work/out")" = 3 ]
result $? "as often as it says"
hook "Secc.Protocol = 'DIN70121'"
ev --mode dc --with-script "$work/hook.lua"
both_pass "a protocol that hooks have set for the station stays set" \
    out 'supportedAppProtocolRes      OK_SuccessfulNegotiation, SchemaID 2' out 'ContractAuthenticationReq'
hook "function before.X(m"
ev --script "$work/hook.lua"
wants "a hook file that is no Lua: its line" 3 out 'hook.lua:'
hook "function before.CableCheckReq(m) m.Nonsense = 1 end"
ev --protocol ISO15118-2 --mode dc --script "$work/hook.lua"
wants "an error in a hook: its line" 3 out 'hook.lua:1'

hook "local beside = require('beside') Log('found ' .. beside.what)"
echo "return { what = 'a file' }" >"$work/beside.lua"
ev --protocol ISO15118-2 --mode ac --script "$work/hook.lua" --with-script "$work/hook.lua"
both_pass "hooks of both sides find files beside them" out 'EVCC' out 'found a file'

# ---- electrical model ----

ev --protocol ISO15118-2 --mode dc --set loops=0 --set battery.soc=50 --set battery.capacity=2000 \
    --time-scale 400
both_pass "charging until full" out 'EVRESSSOC 99'
awk '/CurrentDemandRes/ {
    match($0, /EVSEPresentVoltage [0-9.]+/); v = substr($0, RSTART + 19, RLENGTH - 19) + 0
    match($0, /EVSEPresentCurrent [0-9.]+/); i = substr($0, RSTART + 19, RLENGTH - 19) + 0
    if (v < 300 || v > 430 || i < 0 || i > 200 || v * i > 80100) bad = 1
    n++ } END { exit bad || n < 5 }' "$work/out"
result $? "voltage, current and power stay within the limits"
awk '/CurrentDemandReq/ { match($0, /EVRESSSOC [0-9]+/); s = substr($0, RSTART + 10, RLENGTH - 10) + 0
    if (s < last) bad = 1; last = s } END { exit bad }' "$work/out"
result $? "the state of charge rises"
ev --protocol ISO15118-20 --mode dc --set bpt=true --set discharge_to=40 --set battery.soc=41 \
    --set battery.capacity=1000 --set loops=0
both_pass "feeding back" out 'EVTargetCurrent -'

# ---- many vehicles ----

run ev --no-record -q --count 8 --protocol ISO15118-2 --mode dc --time-scale 1000 --set loops=5
[ "$status" -eq 0 ] && [ "$(grep -c 'SECC: pass' "$work/out")" = 8 ]
result $? "eight vehicles at once at one station"
hook "local n = tonumber(tostring(Now()):match('(%d)%.?%d*\$')) or 0
if n % 2 == 0 then parameters.leave_at = 'PreCharge' end"
run ev --no-record -q --count 6 --protocol ISO15118-2 --mode dc --time-scale 1000 --set loops=5 \
    --script "$work/hook.lua"
[ "$(cat "$work/out" "$work/err" | grep -c 'EVCC: pass\|EVCC: inconclusive: .*left at')" = 6 ]
result $? "some of them leave; the others charge"
