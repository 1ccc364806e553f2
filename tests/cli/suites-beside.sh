#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What is judged of control pilot and link beside the messages of a case (lua/test/beside.lua): our
# own device holds it, and one that does not fails by it, with the rule's id.
. tests/cli/support
. tests/cli/support-suites

# What it is|device|protocol|mode|given|what the case does|ids|what the step expects. The devices that
# do otherwise are rule mutants (lua/test/breach_line.lua): none of them survives.
nothing='it:tells("what is beside it", "judged")'
while IFS='|' read -r name sut protocol mode given does ids expected; do
    [ -n "$name" ] || continue
    does=${does:-$nothing}
    rm -rf "$work/results"
    cat >"$work/cases.lua" <<END
suite 'own' { sut = '$sut', protocol = '$protocol', mode = '$mode', beside = 'pair', session = 'any' }
cases 'own_case' { given = '$given', then_ = function(it) $does end }
END
    run test -o "$work/results" --record-keep none --mutate --file "$work/cases.lua" 'own_case'
    cites=${ids//] [/ }
    found=$(jq -r --arg cites "${cites//[][]/}" --arg text "$expected" \
        '.steps[] | select(.cites == $cites and (.expected | contains($text))) | .ok' "$work/results/results.jsonl")
    [ "$found" = true ] || { echo "# no step of $cites: $expected"; jq -c '.steps[] | [.cites, .expected, .found]' \
        "$work/results/results.jsonl" | sed 's/^/# /'; status=99; }
    wants "$ids $name" 0 out '1 passed' not-out survives
done <<END
a vehicle is in C or D when the cable is checked, in DIN SPEC 70121|EVCC|DIN70121|dc|CableCheckReq||[V2G-DC-547] [V2G-DC-967]|pilot C or D within 1500 ms
and in ISO 15118-2|EVCC|ISO15118-2|dc|CableCheckReq||[V2G2-916] [V2G2-917] [V2G2-918]|pilot C or D within 1500 ms
and in ISO 15118-20|EVCC|ISO15118-20|dc|DC_CableCheckReq||[V2G20-1418] [V2G20-912] [V2G20-917] [V2G20-918]|pilot C or D within 1500 ms
it stays so while it charges|EVCC|DIN70121|dc|CurrentDemandReq|it:answers() it:expects("CurrentDemandReq")|[V2G-DC-668]|C or D until PowerDeliveryReq(Stop)
it is in B for WeldingDetection, in DIN SPEC 70121|EVCC|DIN70121|dc|WeldingDetectionReq||[V2G-DC-988]|pilot B within 1500 ms
and in ISO 15118-2|EVCC|ISO15118-2|dc|WeldingDetectionReq||[V2G2-920] [V2G2-921] [V2G2-922]|pilot B within 1500 ms
and in ISO 15118-20|EVCC|ISO15118-20|dc|DC_WeldingDetectionReq||[V2G20-1617] [V2G20-919] [V2G20-921] [V2G20-922]|pilot B within 1500 ms
and when it stops the session|EVCC|ISO15118-20|dc|SessionStopReq||[V2G20-1617]|pilot B within 1500 ms of SessionStopReq
AC: C or D within 250 ms of PowerDeliveryReq(Start)|EVCC|ISO15118-2|ac|PowerDeliveryReq(Start)||[V2G2-847] [V2G2-848]|pilot C or D within 250 ms
and in ISO 15118-20|EVCC|ISO15118-20|ac|PowerDeliveryReq(Start)||[V2G20-847]|pilot C or D within 250 ms
AC: B within 250 ms of PowerDeliveryReq(Stop)|EVCC|ISO15118-2|ac|PowerDeliveryReq(Stop)||[V2G2-861] [V2G2-863] [V2G2-864]|pilot B within 250 ms
a session that ends by an error ends with B|EVCC|ISO15118-2|ac|ChargingStatusReq|it:answers { ResponseCode = "FAILED" } it:expects_end { within = 5000, meanwhile = { "SessionStopReq" } }|[V2G2-526] [V2G2-728]|pilot B or A
and the vehicle leaves the network|EVCC|ISO15118-2|dc|CurrentDemandReq|it:answers { ResponseCode = "FAILED" } it:expects_end { within = 5000, meanwhile = { "SessionStopReq" } }|[V2G3-M07-13] [V2G3-A09-121]|in the network: false
it sets the session up in its time from the link on|EVCC|ISO15118-2|dc|SessionSetupReq||[DRV-3-Setup]|SessionSetupReq within 20000 ms
a station keeps 5 % up to SessionStopRes|SECC|ISO15118-2|dc|CableCheckRes(Finished)||[DRV-3-Oscillator]|duty cycle 3 to 7 %
AC: it keeps its oscillator on|SECC|ISO15118-20|ac|ServiceDiscoveryRes||[DRV-3-Oscillator]|oscillator on
and 5 % in DC also where no cable is checked|SECC|ISO15118-2|dc|ChargeParameterDiscoveryRes(Finished)||[DRV-3-Oscillator]|duty cycle 3 to 7 %
a station that sleeps has no oscillator|SECC|ISO15118-2|dc|supportedAppProtocolRes after SessionStopRes(Pause)||[DRV-3-Sleep]|no oscillator within 8000 ms of the pause
until the vehicle toggles|SECC|ISO15118-2|ac|supportedAppProtocolRes after SessionStopRes(Pause)||[DRV-3-Sleep]|the oscillator on again within 8000 ms
in DIN SPEC 70121 it stops the oscillator 1.5 s after the session|SECC|DIN70121|dc|SessionStopRes||[V2G-DC-968]|the oscillator off 1500 ms
at once where the session has failed|SECC|DIN70121|dc|ServiceDiscoveryRes|it:sends("ServicePaymentSelectionReq", { ["Header.SessionID"] = "0102030405060708" }) it:expects("ServicePaymentSelectionRes", { ResponseCode = "FAILED_UnknownSession" })|[V2G-DC-942]|the oscillator off 0 ms
no station leaves the network in a session|SECC|ISO15118-2|dc|ServiceDiscoveryRes||[DRV-3-Link]|link: true
nor does a vehicle|EVCC|ISO15118-20|dc|AuthorizationReq||[DRV-3-Link]|link: true
it is left after SessionStopRes, by a station|SECC|ISO15118-20|ac|PowerDeliveryRes(Stop)|it:sends("SessionStopReq", { ChargingSession = "Terminate" }) it:expects "SessionStopRes"|[V2G3-M09-17] [V2G3-A09-121]|in the network: false
and by a vehicle|EVCC|DIN70121|dc|SessionStopReq|it:answers()|[V2G3-M09-17] [V2G3-A09-121]|in the network: false
END

judged "[DRV-3-Sleep] a station wakes by itself, where it is to" 0 "pass own_wakes 1 passed" "
suite 'own' { sut = 'SECC', protocol = 'ISO15118-2', mode = 'dc', beside = 'pair', session = 'any' }
cases 'own_wakes' { given = 'supportedAppProtocolRes after SessionStopRes(Pause)', wakes = 'station',
    then_ = function(it) it:tells('it', 'so') end }" --mutate
check "within the time that it claims" grep -q 'on again within 300000 ms' "$work/results/results.jsonl"
judged "[DRV-3-Pause] a vehicle that pauses stays plugged in, and in B" 0 "pass own_pause 1 passed" "
suite 'own' { sut = 'EVCC', protocol = 'ISO15118-2', mode = 'dc', beside = 'pair', session = 'any' }
cases 'own_pause' { given = 'SessionSetupReq after SessionStopReq(Pause)', pauses = true,
    then_ = function(it) it:tells('it', 'so') end }" --mutate
check "until it goes on" grep -q 'B, but for the toggle that wakes while the session is paused' \
    "$work/results/results.jsonl"

line="suite 'own' { sut = 'EVCC', protocol = 'ISO15118-3', bench = 'pair', session = 'any' }"
judged "[V2G3-M09-19] a vehicle leaves the network of a station that shows state E" 0 \
    "pass own_error 1 passed 2 of 2" "$line
cases 'own_error' { given = 'linked', then_ = behaviour.leaves_network, pilot = { state = 'E' } }" --mutate
judged "[V2G3-A09-16] CM_SLAC_PARM.REQ with the same RunID has a station begin again" 0 "pass own_again" "$(
    printf '%s' "$line" | sed s/EVCC/SECC/)
cases 'own_again' { given = 'CM_ATTEN_CHAR_RSP', then_ = function(it)
    it:asks_for('CM_SLAC_PARM_CNF', 'CM_SLAC_PARM_REQ')
    it:sounds {}
    it:gets('CM_ATTEN_CHAR_IND', nil, 'TT_EV_atten_results') end }" --mutate
judged "[V2G3-M06-06] a station that matches goes over X1 to another duty cycle" 0 "pass own_nominal" "$(
    printf '%s' "$line" | sed s/EVCC/SECC/)
cases 'own_nominal' { given = 'CM_SLAC_PARM_CNF', mode = 'ac',
    station = { slac = { authorized = 200 } }, then_ = function(it)
    it:pilot_is('B1', 'par_CMN_setKey')
    it:pilot_is('B2', 'T_step_X1 + par_CMN_Transmission_Delay', nil, 53) end }" --mutate

# ---- what is not judged ----

head="suite 'own' { sut = 'EVCC', protocol = 'DIN70121', mode = 'dc', session = 'any' }"
case="cases 'own_case' { given = 'CableCheckReq', beside = BESIDE, then_ = function(it) it:tells('it', 'so') end }"
judged "a case that says nothing of it is played without a pilot" 0 "1 passed" \
    "$head ${case/BESIDE/nil}"
check "and judges none" test "$(jq '[.steps[] | select(.kind == "check")] | length' "$work/results/results.jsonl")" -eq 0
