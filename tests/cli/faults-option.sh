#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# --fault: faults on purpose in any run, with no line in any script.
. tests/cli/support

# faulty NAME CODE WORDS COMMAND...
faulty() {
    name=$1
    code=$2
    words=$3
    shift 3
    run "$@"
    good=0
    [ "$status" -eq "$code" ] || { good=1; echo "# exit $status"; }
    in_order "$words" "$work/out" "$work/err" || good=1
    result "$good" "$name"
}

ev="ev --virtual-time --no-record --ladder --set loops=6"
# shellcheck disable=SC2086 # words
faulty "in a run of a vehicle and its station it happens once, at the sender" 1 \
    "SECC fault: CurrentDemandRes#3: drop no response to CurrentDemandReq" \
    $ev --fault 'CurrentDemandRes#3: drop'
[ "$(grep -c 'fault: ' "$work/out")" -eq 1 ]
result $? "and not once more where it comes"
# shellcheck disable=SC2086
faulty "several of them" 0 "fault: PreChargeReq#1: set EVTargetVoltage=301 fault: CurrentDemandRes#2: delay 20" \
    $ev --fault 'PreChargeReq#1: set EVTargetVoltage=301' --fault 'CurrentDemandRes#2: delay 20'
# shellcheck disable=SC2086
faulty "one that never happened is an error" 3 "the fault 'CableCheckRes#300: drop' never happened" \
    $ev --fault 'CableCheckRes#300: drop'
# shellcheck disable=SC2086
faulty "what comes in, where that is said" 1 "EVCC fault: in CurrentDemandRes#3: code FAILED" \
    $ev --fault 'in CurrentDemandRes#3: code FAILED'

# sdp NAME WORDS FAULT...: the station's answer is so on the wire, and the vehicle charges in the end
sdp() {
    name=$1
    words=$2
    shift 2
    for fault; do
        set -- "$@" --fault "$fault"
        shift
    done
    # shellcheck disable=SC2086
    faulty "SDP of a station for many vehicles: $name" 0 "$words" $ev "$@"
}
req="EVCC -> SECC  SECCDiscoveryReq" res="EVCC <- SECC  SECCDiscoveryRes" # with the blanks of the ladder
sdp "an answer is lost" "$req fault: SECCDiscoveryRes#1: drop 0.250000 $req $res" 'SECCDiscoveryRes#1: drop'
sdp "a request is lost" "$req fault: secc in SECCDiscoveryReq#1: drop 0.250000 $req $res" \
    'secc in SECCDiscoveryReq#1: drop'
sdp "an answer comes late, behind the next one" "0.250000 $req 0.252000 $res 0.302000 $res" \
    'SECCDiscoveryRes#1: delay 300 overtake'
sdp "several answers, the last one to another port" "$res ]:1," \
    'SECCDiscoveryRes: duplicate' 'SECCDiscoveryRes#2: set SECCPort=1'
sdp "a security byte that is reserved is no answer" "reserved Security 0.250000 $req $res" \
    'SECCDiscoveryRes#1: set Security=5'
sdp "an answer that is cut short is none" "the input ends here 0.250000 $req $res" \
    'SECCDiscoveryRes#1: truncate'
# shellcheck disable=SC2086
faulty "SDP: a wrong port" 1 "$res ]:1, refused" $ev --fault 'SECCDiscoveryRes: set SECCPort=1'
# shellcheck disable=SC2086
faulty "SDP: a wrong address" 1 "$res [fe80::99]" \
    $ev --fault 'SECCDiscoveryRes: set SECCIPAddress=FE800000000000000000000000000099'

# alert VERSION NAME WORDS FAULT: it is on the wire, and the other side says what came
alert() {
    protocol=ISO15118-2
    [ "$1" = 1.2 ] || protocol=ISO15118-20
    # shellcheck disable=SC2086
    faulty "TLS $1: $2" 1 "$3" $ev --tls "$1" --protocol $protocol --fault "$4"
}
# captured VERSION NAME WORDS FAULT: the capture has it, whatever the other side makes of it
captured() {
    rm -rf "$work/record"
    run ev --virtual-time -q -o "$work/record" --tls "$1" --fault "$4"
    faulty "TLS $1: the capture has the alert $2" 0 "$3" decode "$work/record/session.pcapng"
}
for version in 1.2 1.3; do
    alert $version "an alert of a vehicle in place of a message" \
        "EVCC fault: SessionSetupReq: alert handshake_failure SECC TLS: EVCC: handshake_failure (fatal) SECC verdict: EVCC sent alert handshake_failure" \
        'SessionSetupReq: alert handshake_failure'
    ! grep -q 'EVCC -> SECC  SessionSetupReq' "$work/out"
    result $? "TLS $version: and the message does not go out"
    alert $version "an alert of a station behind a message, by its number" \
        "SECC fault: SessionSetupRes: alert 80 EVCC <- SECC SessionSetupRes EVCC TLS: SECC: internal_error (fatal)" \
        'SessionSetupRes: alert 80 after'
    alert $version "an alert in place of what came" \
        "SECC fault: secc in SessionSetupReq: alert 200 EVCC TLS: SECC: 0xC8 (fatal)" \
        'secc in SessionSetupReq: alert 200'
    alert $version "an alert that is a warning" "EVCC TLS: close_notify (warning) closed by peer (close_notify)" \
        'SessionSetupRes: alert close_notify'
    captured $version "in place of the ClientHello" "TLS: alert from the EVCC: internal_error (fatal) closed: FIN by the EVCC" \
        'ClientHello: alert internal_error'
    captured $version "of what is encrypted" "TLS: alert from the SECC: certificate_revoked (fatal) closed: FIN by the SECC" \
        'supportedAppProtocolRes: alert certificate_revoked'
    alert $version "in place of the ServerHello" "SECC fault: ServerHello EVCC TLS: SECC: handshake_failure (fatal)" \
        'ServerHello: alert handshake_failure'
    alert $version "as the answer to a ServerHello" "EVCC fault: SECC TLS: EVCC: unknown_ca (fatal) sent alert unknown_ca" \
        'evcc in ServerHello: alert unknown_ca'
    alert $version "as the answer to Finished" "SECC fault: EVCC TLS: SECC: decrypt_error (fatal)" \
        'secc in Finished: alert decrypt_error'
done
# shellcheck disable=SC2086
faulty "an alert without TLS cannot be sent" 3 \
    "no fault: SessionSetupReq: alert 40 (there is no TLS on this connection) never happened" \
    $ev --tls off --fault 'SessionSetupReq: alert 40'
faulty "an alert that there is not is refused" 3 "alert: handshake_failure" \
    ev --fault 'SessionSetupReq: alert handshake_failed'
faulty "and so is a message of the handshake" 3 "there is no message 'ServerHelo'; the nearest is ServerHello" \
    ev --fault 'ServerHelo: alert handshake_failure'

cat >"$work/two.lua" <<'END'
return { 'SessionSetupRes: delay 10',
    { on = 'CurrentDemandReq', occurrence = 2, fault = function(m) m.EVTargetVoltage = 302 end } }
END
# shellcheck disable=SC2086
faulty "a file says several, with functions" 0 "SessionSetupRes: delay 10 CurrentDemandReq#2: function (changed) 302 V" \
    $ev --fault "$work/two.lua"
echo "return 5" >"$work/bad.lua"
# shellcheck disable=SC2086
faulty "a file that returns no fault is refused" 3 "table expected, got number" $ev --fault "$work/bad.lua"
faulty "what there is not is refused, with the nearest" 3 "there is no fault 'dropp'; the nearest is drop" \
    ev --fault 'CurrentDemandRes: dropp'
faulty "and so is a message" 3 "the nearest is CurrentDemandRes" ev --fault 'CurentDemandRes: drop'
faulty "and so is an element, at any depth" 3 "SAScheduleTuple has no element 'PMax'; expected SAScheduleTupleID" \
    ev --fault 'ChargeParameterDiscoveryRes: set SAScheduleList.SAScheduleTuple[2].PMax=1'
faulty "and one that is to be left out" 3 "CurrentDemandRes has no element 'EVSEPresentVoltag'; the nearest name is EVSEPresentVoltage" \
    ev --fault 'CurrentDemandRes: without EVSEPresentVoltag'
# shellcheck disable=SC2086
faulty "but what one of several messages has is taken" 0 'fault: SessionStopRes' $ev --fault '*Res: set EVSEID=DE*V2G*E0002*1' --fault 'SessionStopRes: delay 1'

cat >"$work/evcc.lua" <<'END'
Evcc.Connect{} Evcc.Send_SessionSetupReq_001() Evcc.Receive_SessionSetupRes_001()
END
cat >"$work/secc.lua" <<'END'
Secc.Listen{} Secc.Receive_SessionSetupReq_001() Secc.Send_SessionSetupRes_001()
END
faulty "in a run of scripts" 0 "fault: SessionSetupReq: delay 30" run --virtual-time --no-record \
    --fault 'SessionSetupReq: delay 30' "$work/evcc.lua" "$work/secc.lua"
faulty "--print shows what is sent before any fault" 0 "SessionSetupReq" run --print \
    --fault 'SessionSetupReq: drop' "$work/evcc.lua"

test="test --no-record -q -o $work/run"
# shellcheck disable=SC2086
faulty "in a case, whose verdict it changes" 1 "fail TC_SECC_DC_VTB_PreCharge_001 1 failed" \
    $test --fault 'PreChargeRes: code FAILED' TC_SECC_DC_VTB_PreCharge_001
rm -rf "$work/run"
# shellcheck disable=SC2086
faulty "in a case, the answer of SDP of our own station" 0 "1 passed" \
    $test --fault 'SECCDiscoveryRes#1: drop' TC_SECC_CMN_VTB_ServiceDiscovery_001
rm -rf "$work/run"
# shellcheck disable=SC2086
faulty "one that never happened makes the case an error" 3 \
    "error TC_SECC_CMN_VTB_ServiceDiscovery_001 the fault 'PreChargeRes: drop' never happened" \
    $test --fault 'PreChargeRes: drop' TC_SECC_CMN_VTB_ServiceDiscovery_001
