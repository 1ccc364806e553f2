#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `v2glab test` and a device that is not ours: its file, its drivers, what a probe sees, and cases
# over a real interface.
. tests/cli/support

# ---- the file ----

run test --init "$work/new.lua"
[ "$status" -eq 0 ] && grep -q "PICS_CMN_CMN_ChargingMode = 'dC'" "$work/new.lua"
result $? "--init writes a file of a device"
! grep -q '= nil' "$work/new.lua" && grep -q 'ReceiptRequired = false' "$work/new.lua"
result $? "each claim in it has a value"

run test --list --pics "$work/new.lua"
[ "$status" -eq 0 ] && grep -q TC_SECC "$work/out" && ! grep -q TC_EVCC "$work/out"
result $? "--pics reads it, and takes its side"

run test --init "$work/new.lua"
[ "$status" -eq 3 ] && grep -q "File exists" "$work/err"
result $? "what there is already is not written over"

# refused TEXT WORDS: the file is, with these words
refused() {
    printf '%s\n' "$1" >"$work/bad.lua"
    run test --list --pics "$work/bad.lua"
    [ "$status" -eq 3 ] && in_order "$2" "$work/err"
    result $? "refused: $2"
}
refused "return { claims = { PICS_CMN_CMN_ChargeMode = 'dC' } }" "nearest is PICS_CMN_CMN_ChargingMode"
refused "return { drivers = { plugg = 'x' } }" "expected plug, unplug, found plugg"
refused "return { drivers = { plug = 5 } }" "drivers.plug: expected true found number"
refused "return { drivers = { plug = http 'x' } }" "http: expected METHOD URL"
refused "return { sut = 'car' }" "expected SECC or EVCC found car"
refused "return 5" "expected a table that is returned"

cat >"$work/dc.lua" <<'END'
return { sut = 'SECC', claims = { PICS_CMN_CMN_ChargingMode = 'dC',
    PICS_CMN_CMN_FailedResponseCodes = true, PICS_CMN_CMN_IdentificationMode = 'eIM' } }
END
rm -rf "$work/run"
run test -q --no-record -o "$work/run" --pics "$work/dc.lua" 'TC_SECC_*_VTB_ChargingStatus_00*' \
    'TC_SECC_DC_VTB_PreCharge_002'
[ "$status" -eq 0 ] && in_order "not claimed: PICS_CMN_CMN_ChargingMode == aC 1 passed" "$work/out"
result $? "what is not claimed does not apply, with its reason"
run test --list --lang ko --pics "$work/dc.lua" 'TC_SECC_AC_VTB_ChargingStatus_00*'
in_order "기기에 없는 기능: PICS_CMN_CMN_ChargingMode == aC" "$work/out"
result $? "in Korean, too"

sed -e 's/dC/aC/' "$work/dc.lua" >"$work/ac.lua"
cat >"$work/common.lua" <<'END'
suite 'own' { sut = 'SECC', protocol = 'ISO15118-2' }
cases 'own_common' { given = 'ServiceDiscoveryRes',
    then_ = function(it) it:tells('played as', it.tester.parameters.mode) end }
END
rm -rf "$work/run"
run test --virtual-time --no-record -o "$work/run" --pics "$work/ac.lua" --file "$work/common.lua" own_common
[ "$status" -eq 0 ] && grep -q '"found":"ac"' "$work/run/results.jsonl"
result $? "a case that leaves the energy transfer open takes that of the device"

cat >"$work/direct.lua" <<'END'
suite 'own' { sut = 'SECC', protocol = 'ISO15118-20' }
cases 'own_direct' { given = 'DC_PreChargeRes(Finished)', then_ = function() end }
END
rm -rf "$work/run"
run test --virtual-time --no-record -o "$work/run" --pics "$work/ac.lua" --file "$work/direct.lua" own_direct
in_order "not claimed: PICS_CMN_CMN_ChargingMode == dC 1 not applicable" "$work/out"
result $? "a case whose way leads through DC messages does not apply to an AC device"

# own NAME CODE WORDS CASES: those of a station of ISO 15118-2
own() {
    printf "suite 'own' { sut = 'SECC', protocol = 'ISO15118-2' }\n%s\n" "$4" >"$work/own.lua"
    rm -rf "$work/run"
    run test --virtual-time --no-record -o "$work/run" --file "$work/own.lua" own_x
    good=0
    [ "$status" -eq "$2" ] || { good=1; echo "# exit $status"; }
    in_order "$3" "$work/run/results.jsonl" || good=1
    [ "$good" -eq 0 ] || cat "$work/out" "$work/err" "$work/run/results.jsonl"
    result "$good" "$1"
}

own "[V2G2-673] a good request after a Finished response knows what that has said" 0 \
    '"schedule 7, 11000 W"' "cases 'own_x' { given = 'ChargeParameterDiscoveryRes(Finished)', mode = 'ac',
        station = { schedules = { { id = 7, entries = { { start = 0, power = 11000 } } } } },
        then_ = function(it)
            local m = it:message('PowerDeliveryReq', { ChargeProgress = 'Start' })
            it:tells('profile', ('schedule %d, %g W'):format(m.SAScheduleTupleID,
                m.ChargingProfile.ProfileEntry[1].ChargingProfileEntryMaxPower:si()))
        end }"
closes="cases 'own_x' { given = 'SessionSetupRes', then_ = function(it)
        it:sends 'SessionStopReq'
        it:expects 'SessionStopRes'
        it:expects_end { within = 'par_CMN_TCP_Connection_Termination_Timeout' }
    end, station = { linger_ms ="
own "[V2G2-025] a station keeps the connection for 5 s, which is seen a moment later" 0 \
    "ended after 5100 ms" "$closes 5100 } }"
own "but no longer" 1 "it is still open" "$closes 5400 } }"
own "a station that refuses to stop early is there all the same" 0 \
    "a session from SDP to SessionStopRes" "cases 'own_x' { given = 'SessionSetupRes', liveness = true,
        station = { answers = { SessionStop = 'FAILED_SequenceError' } },
        then_ = function(it) it:sends 'ServiceDiscoveryReq' it:expects 'ServiceDiscoveryRes' end }"
rm -rf "$work/run"
run test --virtual-time -o "$work/run" --file "$work/own.lua" own_x
gzip -dc "$work/run/own_x/session.pcapng.gz" >"$work/own.pcapng"
run decode "$work/own.pcapng"
[ "$(grep -c 'SECC  SECCDiscoveryReq' "$work/out")" -eq 3 ]
result $? "[V2G2-159] each session of a case begins by SDP"
own "one that refuses to begin is not" 2 "answered SessionSetupRes with FAILED" "cases 'own_x' {
        given = 'supportedAppProtocolRes', liveness = true,
        station = { answers = { SessionSetup = 'FAILED' } },
        then_ = function(it) it:sends 'SessionSetupReq' it:expects 'SessionSetupRes' end }"

cat >"$work/good.lua" <<'END'
suite 'own' { sut = 'EVCC', protocol = 'ISO15118-2' }
cases 'own_refused' { given = 'PowerDeliveryReq(Start)', mode = 'dc',
    vehicle = { before = { PowerDeliveryReq = function(m) m.SAScheduleTupleID = 77 end } },
    then_ = function(it) it:answers() it:expects 'CurrentDemandReq' end }
END
rm -rf "$work/run"
run test --virtual-time --no-record -o "$work/run" --file "$work/good.lua" own_refused
[ "$status" -eq 2 ] && in_order "on the way to a request answered with OK: PowerDeliveryReq was" "$work/out"
result $? "what the tester has to refuse cannot be judged"

# ---- a probe ----

run test --probe --init "$work/probed.lua"
[ "$status" -eq 0 ] && in_order "TLS off, 1.2, 1.3 protocols DIN70121, ISO15118-2, ISO15118-20" "$work/out" &&
    grep -q 'found by --probe' "$work/probed.lua"
result $? "--probe sees what a station offers, and fills the file in half"

run test --probe --sut evcc --mode ac
[ "$status" -eq 0 ] &&
    in_order "urn:iso:15118:2:2013:MsgDef modes: AC_three_phase_core payment: ExternalPayment" "$work/out"
result $? "--probe sees what a vehicle offers"

# ---- a station over an interface ----

export V2GLAB INTERRUPTS=''
cat >"$work/station.sh" <<'END'
cd "$1"
# shellcheck disable=SC2016 # of the inner shell, which becomes the station: `lab` does not hand signals on
"$V2GLAB" lab --side evse sh -c 'echo $$ >pid; exec "$V2GLAB" evse -i evse0 -q --no-record --mode dc' \
    >evse.log 2>&1 9>&- &
n=0 # until it listens for SDP, at port 15118
until grep -qs :3B0E "/proc/$(cat pid 2>/dev/null)/net/udp6" || [ $((n += 1)) -gt 50 ]; do sleep 0.1; done
station=$(cat pid)
server=
trap 'kill -KILL "$station" $server' EXIT
shift
rm pid
[ ! -e answers ] || exec <answers
if [ -e server.pl ]; then
    perl server.pl >requests &
    server=$!
    until grep -qs :1F90 /proc/net/tcp; do sleep 0.05; done
fi
if [ -e typed.sh ]; then # somebody is at the terminal
    sh typed.sh | script -qefc "'$V2GLAB' test -i ev0 --timeout 30 -o run $*" typescript >/dev/null
    exit $?
fi
"$V2GLAB" test -i ev0 --no-record -q --timeout 30 -o run "$@" <&0 &
test=$!
for _ in $INTERRUPTS; do # Ctrl-C so often, once a case has begun
    until [ -e done ]; do sleep 0.05; done
    sleep 0.2
    kill -INT $test
done
wait $test
exit $?
END

# driven NAME CODE WORDS DRIVERS [OPTION...] CASE...
driven() {
    name=$1
    code=$2
    words=$3
    printf "return { sut = 'SECC', claims = { PICS_CMN_CMN_ChargingMode = 'dC',
        PICS_CMN_CMN_FailedResponseCodes = true, PICS_CMN_CMN_IdentificationMode = 'eIM' },
        drivers = { %s } }\n" "$4" >"$work/device.lua"
    shift 4
    rm -rf "$work/run" "$work/done"
    run lab bash "$work/station.sh" "$work" --pics device.lua --protocol ISO15118-2 "$@" </dev/null
    good=0
    [ "$status" -eq "$code" ] || { good=1; echo "# exit $status"; }
    touch "$work/done"
    in_order "$words" "$work/out" "$work/done" || good=1
    [ "$good" -eq 0 ] || cat "$work/out" "$work/err" "$work/done"
    result "$good" "$name"
}

driven "cases are played at a station over an interface, and its drivers act where they have to" 0 \
    "2 passed plug TC_SECC_DC_VTB_PreCharge_002 authorize ISO15118-2 unplug" \
    "plug = 'echo plug \$V2GLAB_CASE >>done', unplug = 'echo unplug >>done',
     authorize = function(it) return it.command('echo authorize \$V2GLAB_PROTOCOL >>done') end" \
    TC_SECC_DC_VTB_PreCharge_002 TC_SECC_DC_VTB_PreCharge_003
driven "what nobody can do makes a case inconclusive" 2 "no driver for authorize 1 inconclusive" "" \
    TC_SECC_DC_VTB_PreCharge_002
driven "so does a driver that fails, with what it says" 2 \
    "driver for plug: exit code 3: no power 1 inconclusive" \
    "plug = 'echo no power; exit 3'" TC_SECC_DC_VTB_PreCharge_002
driven "a driver has its time" 2 "driver for plug: it was not over when its time was" \
    "plug = function(it) return it.command('sleep 20', 0.5) end" TC_SECC_DC_VTB_PreCharge_002
driven "an error in a driver is an error of the case, with its line" 3 "device.lua:3: no such thing" \
    "plug = function() error 'no such thing' end" TC_SECC_DC_VTB_PreCharge_002
driven "the operator is asked; who is not there makes it inconclusive" 2 \
    "there is no operator 1 inconclusive" "" --ask TC_SECC_DC_VTB_PreCharge_002
printf '\n\n' >"$work/answers"
driven "an operator who is there says when it is done" 0 "1 passed" "" --ask TC_SECC_DC_VTB_PreCharge_002
printf 'n\n' >"$work/answers"
driven "or that it cannot be" 2 "driver for plug: the operator said: n" "" \
    --ask TC_SECC_DC_VTB_PreCharge_002
rm "$work/answers"
cat >"$work/outside.lua" <<'END'
suite 'own' { sut = 'SECC', protocol = 'ISO15118-2' }
cases 'own_outside' { given = 'SessionSetupRes', then_ = function() drive.run({ 'true' }, {}, 1) end }
END
driven "cases have no way to what drivers may do" 3 "attempt to index a nil value (global 'drive')" \
    "authorize = true" --file outside.lua own_outside

# ---- drivers by HTTP, and all that there is to drive ----

# in the namespace of each run, whose loopback is its own
cat >"$work/server.pl" <<'END'
use IO::Socket::INET;
$| = 1;
my $server = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 8080, Listen => 5, ReuseAddr => 1);
while (my $client = $server->accept) {
    my ($request) = <$client> =~ /^(\S+ \S+)/;
    my %header;
    while ((my $line = <$client>) =~ /^(\S+): (.*?)\r/) { $header{lc $1} = $2; }
    read $client, my $body, $header{'content-length'} // 0;
    print "$request mode=", $header{'x-mode'} // '', " body=$body\n";
    next if $request =~ /never/ and sleep 30;
    print $client $request =~ /refused/ ? "HTTP/1.1 503 Busy\r\n" : "HTTP/1.1 200 OK\r\n",
        "Content-Length: 0\r\nConnection: close\r\n\r\n";
}
END
driven "drivers by HTTP: method, address, headers and body" 0 "1 passed" \
    "plug = http { 'PUT', 'http://127.0.0.1:8080/plug', body = '{action} {case}', headers = { 'X-Mode: {mode}' } },
     authorize = http 'GET http://127.0.0.1:8080/authorize?{protocol}',
     unplug = function(it) return it.http 'POST http://127.0.0.1:8080/unplug' end" TC_SECC_DC_VTB_PreCharge_002
in_order "PUT /plug mode=dc body=plug TC_SECC_DC_VTB_PreCharge_002 GET /authorize?ISO15118-2 mode= POST /unplug" \
    "$work/requests"
result $? "as the server got them"
driven "what HTTP refuses is not done" 2 "driver for plug: exit code 22: 503 1 inconclusive" \
    "plug = http 'POST http://127.0.0.1:8080/refused'" TC_SECC_DC_VTB_PreCharge_002
driven "nor what nobody answers" 2 "driver for plug: it was not over when its time was 1 inconclusive" \
    "plug = http { 'POST', 'http://127.0.0.1:8080/never', timeout = 0.5 }" TC_SECC_DC_VTB_PreCharge_002
driven "nor where nobody listens" 2 "driver for plug: exit code 7: 1 inconclusive" \
    "plug = http 'POST http://127.0.0.1:8081/plug'" TC_SECC_DC_VTB_PreCharge_002
rm "$work/server.pl"

cat >"$work/driven.lua" <<'END'
suite 'own' { sut = 'SECC', protocol = 'ISO15118-2' }
cases 'own_driven' { given = 'CurrentDemandRes', mode = 'dc',
    station = { stop_after = 1, dc = { max_power = 15000 } },
    then_ = function(it) it:sends 'CurrentDemandReq' it:expects 'CurrentDemandRes' end }
cases 'own_stuck' { given = 'CurrentDemandRes', mode = 'dc',
    vehicle = { before = { PowerDeliveryReq = function(m) m.SAScheduleTupleID = 77 end } },
    then_ = function(it) it:sends 'CurrentDemandReq' it:expects 'CurrentDemandRes' end }
END
noted="plug = 'echo plug >>done', unplug = 'echo unplug >>done', authorize = true,
    set = 'echo set \$V2GLAB_SET >>done', stop = 'echo stop \$V2GLAB_CASE >>done', reset = 'echo reset >>done'"
driven "the device is set before, and stopped in the charge loop" 0 \
    "1 passed set dc.max_power=15000 plug stop own_driven unplug" "$noted" --file driven.lua own_driven
! grep -q reset "$work/done"
result $? "a case that gets to where it begins resets nothing"
driven "a device that does not come along is reset after the case" 2 "1 inconclusive plug unplug reset" \
    "$noted" --file driven.lua own_stuck
driven "not where it was the driver who did nothing" 2 "1 inconclusive unplug" \
    "plug = 'exit 1', unplug = 'echo unplug >>done', reset = 'echo reset >>done'" --file driven.lua own_stuck
! grep -q reset "$work/done"
result $? "for that no reset would help"

# ---- the end before the end ----

cat >"$work/ends.lua" <<'END'
suite 'own' { sut = 'SECC', protocol = 'ISO15118-2' }
cases 'own_1_slow' { given = 'SessionSetupRes', mode = 'dc',
    then_ = function(it) Sleep(1500) it:sends 'ServiceDiscoveryReq' it:expects 'ServiceDiscoveryRes' end }
cases 'own_2_fails' { given = 'SessionSetupRes', mode = 'dc',
    then_ = function(it) it:sends 'ServiceDiscoveryReq' it:expects 'SessionSetupRes' end }
cases 'own_3_last' { given = 'SessionSetupRes', mode = 'dc',
    then_ = function(it) it:sends 'ServiceDiscoveryReq' it:expects 'ServiceDiscoveryRes' end }
END
noted="plug = 'echo plug \$V2GLAB_CASE >>done', unplug = 'echo unplug \$V2GLAB_CASE >>done', authorize = true"
driven "--fail-fast ends with the case that fails" 1 "1 passed, 1 failed unplug own_2_fails" "$noted" \
    --fail-fast --file ends.lua 'own_*'
! grep -q own_3_last "$work/done"
result $? "and nothing is done to the device for another one"
INTERRUPTS=1
driven "Ctrl-C: the case is finished, with its clean-up" 2 "1 passed 2 not reached unplug own_1_slow" "$noted" \
    --file ends.lua 'own_*'
! grep -q own_2 "$work/done"
result $? "and no other begins"
INTERRUPTS='1 2'
driven "a second Ctrl-C ends at once" 2 "plug own_1_slow" "$noted" --file ends.lua 'own_*'
! grep -q "unplug" "$work/done" && ! grep -q own_1 "$work/run/results.jsonl"
result $? "in the middle of the case, which has no result"
INTERRUPTS=''

# ---- somebody at the terminal ----

if has_terminal; then
    # Enter, once the case has begun or the question is there
    cat >"$work/typed.sh" <<'END'
wait_for() { n=0; until eval "$1" || [ $((n += 1)) -gt 200 ]; do sleep 0.05; done; }
wait_for "[ -e done ] || grep -qs 'Plug it in' typescript"
sleep 0.5
echo
wait_for "grep -qs '1 passed' typescript"
END
    # shows STATUS WHAT: the ladder was there (0), or not (1)
    shows() {
        grep -q 'ServiceDiscoveryReq' "$work/typescript"
        [ $? -eq "$1" ] || cat "$work/typescript"
        grep -q 'ServiceDiscoveryReq' "$work/typescript"
        [ $? -eq "$1" ]
        result $? "$2"
    }
    driven "Enter, at a device with a file" 0 "plug own_1_slow" "$noted" --file ends.lua own_1_slow
    shows 0 "shows the ladder of the case that is played"
    rm "$work/typescript"
    driven "a line that answers a question" 0 "" "plug = ask 'Plug it in', authorize = true" \
        --file ends.lua own_1_slow
    shows 1 "is no key: there is no ladder"
    rm "$work/typed.sh"
else
    echo "ok - Enter shows the ladder, and a line that answers a question does not # SKIP there is no terminal to be had"
fi

# ---- a vehicle over an interface ----

cat >"$work/vehicle.sh" <<'END'
cd "$1"
while [ ! -e over ]; do "$V2GLAB" ev -i ev0 -q --no-record --mode dc --set loops=3; sleep 0.2; done >ev.log 2>&1 9>&- &
vehicle=$!
trap "touch over" EXIT
"$V2GLAB" lab --side evse "$V2GLAB" test --sut evcc -i evse0 --no-record -q --timeout 20 -o run \
    --protocol ISO15118-2 TC_EVCC_CMN_VTB_ServiceDiscovery_002 \
    TC_EVCC_CMN_VTB_ServiceDiscovery_003 DRV_2_EVCC_SessionSetup_wrong
status=$?
touch over
wait $vehicle
exit $status
END
rm -rf "$work/run"
run lab bash "$work/vehicle.sh" "$work"
[ "$status" -eq 0 ] && in_order "3 passed" "$work/out"
good=$?
[ "$good" -eq 0 ] || cat "$work/out" "$work/err" "$work/ev.log"
result "$good" "a vehicle that comes in its own time is waited for, in each case anew"
grep -q '"kind":"liveness"' "$work/run/results.jsonl"
result $? "and it comes once more after a case that it has to end"
