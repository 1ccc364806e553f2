#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Times in a record: what came while the process was stopped has the time at which it came. And
# what came after the end of a connection.
# shellcheck source=tests/cli/support
. tests/cli/support

port=$((20000 + $$ % 20000))

cat >"$work/secc.lua" <<END
Secc.Listen { tls = 'off' }
Secc.Receive_SessionSetupReq_001()
Secc.Send_SessionSetupRes_001()
Secc.Receive_ServiceDiscoveryReq_001(500)
Log('came', math.floor(Now() - Secc.Came()))
Secc.Send_ServiceDiscoveryRes_001()
Secc.Expect_Close(3000)
END
cat >"$work/evcc.lua" <<END
Evcc.Connect { tls = 'off' }
Evcc.Send_SessionSetupReq_001()
Evcc.Receive_SessionSetupRes_001()
Sleep(100)
Evcc.Send_ServiceDiscoveryReq_001()
Evcc.Receive_ServiceDiscoveryRes_001()
Evcc.Disconnect()
END

# has SIDE PATTERN; until_has SIDE PATTERN: waits for it; us_of SIDE PATTERN: the first one's time
has() { grep -q "$2" "$work/$1/events.jsonl" 2>/dev/null; }
until_has() {
    for _ in $(seq 500); do
        has "$1" "$2" && return
        sleep 0.01
    done
}
us_of() { sed -n "/$2/s/.*\"us\":\([0-9]*\).*/\1/p" "$work/$1/events.jsonl" | head -n 1; }

# The station is stopped while its vehicle sends, and goes on 600 ms later: past its own limit of
# 500 ms, but what it waits for came in time.
"$V2GLAB" run -q --peer "[::1]:$port" "$work/secc.lua" -o "$work/secc" --record-json live \
    >"$work/secc.out" 2>&1 &
station=$!
until_has secc '"kind":"listen"'
"$V2GLAB" run -q --peer "[::1]:$port" "$work/evcc.lua" -o "$work/evcc" --record-json live \
    >"$work/evcc.out" 2>&1 &
vehicle=$!
until_has evcc SessionSetupRes
kill -STOP $station
until_has evcc '"name":"ServiceDiscoveryReq"'
sleep 0.6
kill -CONT $station
wait $vehicle
code=$?
check "the vehicle has its answer" test $code -eq 0
wait $station
code=$?
check "for a station that was stopped it came in time" test $code -eq 0

request='"name":"ServiceDiscoveryReq"'
sent=$(us_of evcc "$request")
came=$(us_of secc "$request")
answered=$(us_of secc '"name":"ServiceDiscoveryRes"')
check "a frame has the time at which it came" test $((came - sent)) -lt 100000
check "not that at which it was read" test $((answered - came)) -ge 550000
check "which is said" has secc "\"came\":\"kernel\".*$request"
check "what was sent did not come" test "$(grep -c '"from":"SECC".*"came"' "$work/secc/events.jsonl")" -eq 0
taken=$(sed -n '/V2G_SECC_Msg_Performance_Time/s/.*"taken_us":\([0-9]*\).*/\1/p' "$work/secc/events.jsonl" |
    tail -n 1)
check "times are measured from there on" test "$taken" -ge 550000
check "and scripts know it" test "$(sed -n 's/.*"text":"came \([0-9]*\)".*/\1/p' "$work/secc/events.jsonl")" -ge 550

run ev -q --time-scale 1000 --virtual-time -o "$work/virtual"
check "in virtual time all times are exact" test "$(grep -c '"came"' "$work/virtual/events.jsonl")" -eq 0

# ---- what comes after the end ----

# One side closes while what the other one says to it is still on the cable, which takes 1 ms.
cat >"$work/vehicle.lua" <<'END'
local car = Start(function()
    Evcc.Protocol = 'ISO15118-2'
    Evcc.Connect()
    Evcc.Send_SessionSetupReq_001()
    Sleep(1)
    Evcc.Disconnect()
end)
Secc.Listen{}
Secc.Receive_SessionSetupReq_001()
Secc.Send_SessionSetupRes_001()
Secc.Expect_Close(100)
Wait_For(car)
END
cat >"$work/station.lua" <<'END'
local station = Start(function()
    Secc.Listen{}
    Secc.Receive_SessionSetupReq_001()
    Secc.Send_SessionSetupRes_001()
    Sleep(1)
    Secc.Disconnect()
end)
Evcc.Protocol = 'ISO15118-2'
Evcc.Connect()
Evcc.Send_SessionSetupReq_001()
Evcc.Receive_SessionSetupRes_001()
Evcc.Send_ServiceDiscoveryReq_001()
Evcc.Expect_Close(100)
Wait_For(station)
END

# after SIDE FRAME: what that side recorded of the frame after it had closed
after() {
    has late "\"kind\":\"frame\",\"by\":\"$1\".*\"after\":true.*\"name\":\"$2\"" &&
        has late "\"kind\":\"after\",\"by\":\"$1\".*\"from\":\"$1\",\"how\":\"RST\""
}
run run --virtual-time "$work/vehicle.lua" -o "$work/late"
check "a response after the vehicle has closed is recorded, and reset" after EVCC SessionSetupRes
wants "and is no matter of the verdict" 0 out "SessionSetupRes              OK_NewSessionEstablished" \
    out ", after the end"
rm -r "$work/late"
run run --virtual-time "$work/station.lua" -o "$work/late"
check "so is a request after the station has" after SECC ServiceDiscoveryReq
wants "nor that" 0
run decode "$work/late/session.pcapng"
wants "the capture can be read" 0

sed -i 's/Sleep(1)/Evcc.Receive_SessionSetupRes_001()/' "$work/vehicle.lua"
rm -r "$work/late"
run run -q --tls 1.2 "$work/vehicle.lua" -o "$work/late"
check "the other side's close_notify is recorded" \
    has late '"kind":"log","by":"EVCC".*"after":true.*from the SECC: close_notify'
check "and its end" has late '"kind":"after","by":"EVCC".*"from":"SECC","how":"FIN".*(close_notify)'
cat >"$work/short.lua" <<'END'
Evcc.Connect()
END
cat >"$work/listens.lua" <<'END'
Secc.Listen{}
Secc.Receive_SessionSetupReq_001()
END
rm -r "$work/late"
run run -q --virtual-time "$work/short.lua" "$work/listens.lua" -o "$work/late"
check "also where the script's end is that of the connection" \
    has late '"kind":"after","by":"EVCC".*"from":"SECC","how":"FIN"'
