#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `v2glab run`: scripts against each other over the isolated network, what they show and leave, and
# what happens when they fail.
# shellcheck source=tests/cli/support
. tests/cli/support

record=$TMPDIR/record

# pair EVCC SECC: both examples pass, and the capture that they leave holds the session again.
pair() {
    rm -rf "$record"
    "$V2GLAB" run -o "$record" "examples/evcc-$1.lua" "examples/secc-$2.lua" >"$TMPDIR/out" 2>&1
    code=$?
    sent=$(grep -c '"kind":"frame","by":"EVCC"' "$record/events.jsonl")
    again=$("$V2GLAB" decode --verify --json "$record/session.pcapng" 2>"$TMPDIR/summary" |
        grep -c '"kind":"frame"')
    if [ $code -eq 0 ] && [ "$sent" -gt 20 ] && [ "$sent" -eq "$again" ] &&
        grep -q ' 0 not decoded, 0 violations' "$TMPDIR/summary"; then
        echo "ok - examples $1 and $2: $sent frames"
    else
        echo "not ok - examples $1 and $2: exit $code, $sent frames recorded, $again in the capture"
        cat "$TMPDIR/out" "$TMPDIR/summary"
    fi
}

pair iso15118-2-ac iso15118-2-ac
pair iso15118-2-dc iso15118-2-dc
pair din70121-dc din70121-dc
pair iso15118-20-ac iso15118-20-ac
pair iso15118-20-ac-dynamic iso15118-20-ac
pair iso15118-20-ac-bpt iso15118-20-ac
pair iso15118-20-dc iso15118-20-dc
pair iso15118-20-dc-dynamic iso15118-20-dc
pair iso15118-20-dc-bpt iso15118-20-dc

# Wireshark's dissector has nothing to complain about in what a run leaves
if command -v tshark >/dev/null; then
    tshark -r "$record/session.pcapng" -o tcp.check_checksum:TRUE -o udp.check_checksum:TRUE \
        -q -z expert,warn >"$TMPDIR/expert" 2>/dev/null
    check "tshark warns of nothing" test ! -s "$TMPDIR/expert" -o \
        -z "$(grep -E 'Errors|Warns' "$TMPDIR/expert")"
else
    echo "ok - tshark warns of nothing # SKIP tshark is not installed"
fi

# script NAME: text on standard input.
script() {
    cat >"$TMPDIR/$1.lua"
}

# try CODE WHAT TEXT ARGUMENT...: the run exits with CODE and its output has TEXT.
try() {
    wanted=$1 what=$2 text=$3
    shift 3
    "$V2GLAB" run --no-record "$@" >"$TMPDIR/out" 2>&1
    code=$?
    if [ $code -eq "$wanted" ] && grep -qF "$text" "$TMPDIR/out"; then
        echo "ok - $what"
    else
        echo "not ok - $what: exit $code, expected $wanted and: $text"
        cat "$TMPDIR/out"
    fi
}

script setup <<'END'
Secc.Receive_SessionSetupReq_001()
Secc.Send_SessionSetupRes_001()
Secc.Receive_Any_001(2000)
END

script assert <<'END'
Evcc.Send_SessionSetupReq_001()
Evcc.Receive_SessionSetupRes_001()
assert(Evcc.Get_SessionSetupRes_ResponseCode() == ResponseCodeType.OK)
END
try 1 "an assert that fails is a fail, with its line" "assert.lua:3" \
    "$TMPDIR/assert.lua" "$TMPDIR/setup.lua"

script late <<'END'
Evcc.Send_SessionSetupReq_001()
Evcc.Receive_SessionSetupRes_001()
Evcc.Send_ServiceDiscoveryReq_001()
Evcc.Receive_ServiceDiscoveryRes_001(300)
END
try 1 "a response that does not come is a fail, with line and message" "late.lua:4" \
    "$TMPDIR/late.lua" "$TMPDIR/setup.lua"
check "and says what was waited for" grep -q ServiceDiscoveryRes "$TMPDIR/out"

script other <<'END'
Evcc.Send_SessionSetupReq_001()
Evcc.Receive_ServiceDiscoveryRes_001()
END
try 1 "another message than the one waited for is a fail" "SessionSetupRes" \
    "$TMPDIR/other.lua" "$TMPDIR/setup.lua"
check "at its line" grep -q other.lua:2 "$TMPDIR/out"

script closes <<'END'
Secc.Receive_SessionSetupReq_001()
Secc.Disconnect()
END
try 1 "a connection that is closed is a fail" "closed" "$TMPDIR/assert.lua" "$TMPDIR/closes.lua"

script wrong <<'END'
Evcc.Set_SessionStopReq_ChargingSesion('Terminate')
END
try 3 "a name that does not exist is an error, with its line" "wrong.lua:1" "$TMPDIR/wrong.lua"
check "and the nearest name is told" grep -q Set_SessionStopReq_ChargingSession "$TMPDIR/out"

script system <<'END'
os.execute('true')
Pass()
END
try 3 "a script cannot run programs, and hears what allows it" "system.lua:1: os.execute is kept from scripts" \
    "$TMPDIR/system.lua"
try 0 "unless it is told so" "" --unsafe "$TMPDIR/system.lua"

try 3 "a script that is not there is an error" "nothing.lua" "$TMPDIR/nothing.lua"

printf '\357\273\277print("one", "two")\nPass()\n' >"$TMPDIR/mark.lua"
try 0 "a script may begin with a byte order mark; print separates by tabs, as that of Lua" \
    "one$(printf '\t')two" "$TMPDIR/mark.lua"

script lie <<'END'
Evcc.Set_SessionSetupReq_EVCCID('00112233445566778899')
Evcc.Send_SessionSetupReq_001()
Evcc.Receive_SessionSetupRes_001()
END
try 0 "a value outside the standard is sent, and marked" "violation" \
    "$TMPDIR/lie.lua" "$TMPDIR/setup.lua"

script raw <<'END'
Evcc.Send_SessionSetupReq_001()
Evcc.Receive_SessionSetupRes_001()
Evcc.Send_Raw('\x01\xFE\x80\x01\xFF\xFF\xFF\xFF')
Sleep(200)
END
script raw-secc <<'END'
Secc.Receive_SessionSetupReq_001()
Secc.Send_SessionSetupRes_001()
local name, why = Secc.Receive_Any_001(2000)
assert(name == nil and why == 'closed', 'expected the connection to be ended')
END
try 0 "a length of 0xFFFFFFFF ends the connection and nothing else" "4294967295" \
    "$TMPDIR/raw.lua" "$TMPDIR/raw-secc.lua"

script sap <<'END'
Evcc.Connect { manual = true }
Evcc.Set_supportedAppProtocolReq_AppProtocol_Count(2)
Evcc.Set_supportedAppProtocolReq_AppProtocol_ProtocolNamespace(0, 'urn:example:none')
Evcc.Set_supportedAppProtocolReq_AppProtocol_SchemaID(0, 7)
Evcc.Set_supportedAppProtocolReq_AppProtocol_Priority(0, 1)
Evcc.Set_supportedAppProtocolReq_AppProtocol_ProtocolNamespace(1, 'urn:din:70121:2012:MsgDef')
Evcc.Set_supportedAppProtocolReq_AppProtocol_SchemaID(1, 9)
Evcc.Set_supportedAppProtocolReq_AppProtocol_Priority(1, 2)
Evcc.Send_supportedAppProtocolReq_001()
Evcc.Receive_supportedAppProtocolRes_001()
assert(Evcc.Get_supportedAppProtocolRes_SchemaID() == 9)
assert(Evcc.Protocol == 'DIN70121')
Evcc.Send_SessionSetupReq_001()
Evcc.Receive_SessionSetupRes_001()
END
try 0 "supportedAppProtocol can be scripted, and picks the protocol" "SchemaID 9" \
    "$TMPDIR/sap.lua" "$TMPDIR/setup.lua"

try 1 "no common protocol is a fail" "Failed_NoNegotiation" \
    examples/evcc-din70121-dc.lua examples/secc-iso15118-20-dc.lua

port=$((20000 + $$ % 20000))
try 0 "--peer does without SDP and without the isolated network" "SessionStopRes" \
    --peer "[::1]:$port" examples/evcc-iso15118-2-ac.lua examples/secc-iso15118-2-ac.lua

script again <<'END'
Evcc.Connect()
Evcc.Disconnect()
Evcc.Connect {}
Evcc.Send_SessionSetupReq_001()
Evcc.Receive_SessionSetupRes_001()
END
script slow <<'END'
Secc.Listen()
assert(select(2, Secc.Receive_Any_001()) == 'closed')
Sleep(300)
Secc.Listen {}
Secc.Receive_SessionSetupReq_001()
Secc.Send_SessionSetupRes_001()
Secc.Receive_Any_001(2000)
END
try 0 "a vehicle that comes before the station listens again waits" "SessionSetupRes" \
    "$TMPDIR/again.lua" "$TMPDIR/slow.lua"
check "on the same port" test "$(grep -c 'listens on' "$TMPDIR/out")" -eq 1
grep -q reset "$TMPDIR/out"
check "and is not reset" test $? -ne 0

"$V2GLAB" run --print --session-id B9D3FD12ABB3E0F8 examples/reference/*SessionStop*.lua \
    >"$TMPDIR/out" 2>&1
check "--print shows the header of the reference page" grep -q 0x0000000E "$TMPDIR/out"
check "and its XML" grep -q '<s4:SessionID>B9D3FD12ABB3E0F8</s4:SessionID>' "$TMPDIR/out"

"$V2GLAB" lab cat /proc/net/if_inet6 >"$TMPDIR/out" 2>&1
check "lab runs a command where ev0 is" grep -q 'ev0$' "$TMPDIR/out"
"$V2GLAB" lab --side evse cat /proc/net/if_inet6 >"$TMPDIR/out" 2>&1
check "and where evse0 is" grep -q 'evse0$' "$TMPDIR/out"
"$V2GLAB" lab sh -c 'exit 7' >/dev/null 2>&1
check "with the command's exit code" test $? -eq 7
# shellcheck disable=SC2016 # of the inner shell
"$V2GLAB" lab sh -c 'echo $$ >"$TMPDIR/pid"; exec sleep 60' >/dev/null 2>&1 &
lab=$!
until [ -s "$TMPDIR/pid" ]; do sleep 0.05; done
kill "$lab"
n=0
while kill -0 "$(cat "$TMPDIR/pid")" 2>/dev/null && [ $((n += 1)) -lt 60 ]; do sleep 0.05; done
check "who ends it ends the command" test "$n" -lt 60

script offers <<'END'
local list = Evcc.Offers('iso15118-20')
assert(#list == 4 and list[2].ProtocolNamespace == 'urn:iso:std:iso:15118:-20:AC' and list[2].Priority == 2)
assert(#Evcc.Offers('ISO15118-2') == 1 and #Evcc.Offers('none') == 0)
local m = Evcc.Message('supportedAppProtocolReq')
m.AppProtocol = Evcc.Offers('DIN70121')
assert(m.AppProtocol[1].ProtocolNamespace == 'urn:din:70121:2012:MsgDef' and m.AppProtocol[1].VersionNumberMajor == 2)
END
"$V2GLAB" run --print "$TMPDIR/offers.lua" >"$TMPDIR/out" 2>&1
check "what a vehicle of a protocol offers" test $? -eq 0

script leaves <<'END'
local served = Start(Secc.Serve, { sessions = 1 })
Evcc.Protocol = 'ISO15118-2'
Evcc.Connect()
Evcc.Send_SessionSetupReq_001()
Evcc.Receive_SessionSetupRes_001()
Evcc.Disconnect()
Wait_For(served)
END
"$V2GLAB" run -q --no-record --virtual-time "$TMPDIR/leaves.lua" >"$TMPDIR/out" 2>&1
check "quiet, too, a station's session that failed says why" \
    grep -q '^SECC: fail: the vehicle closed the connection after SessionSetupRes' "$TMPDIR/out"

# ---- against the ready-made side ----

script stops <<'END'
Evcc.Protocol = 'ISO15118-2'
Evcc.Send_SessionSetupReq_001()
Evcc.Receive_SessionSetupRes_001()
Evcc.Send_SessionStopReq_001()
Evcc.Receive_SessionStopRes_001()
Evcc.Check_SessionStopRes_ResponseCode(ResponseCodeType.OK)
END
try 0 "--against evse plays the station" "SECC verdict: pass" --virtual-time "$TMPDIR/stops.lua" \
    --against evse
try 1 "--with is for it" "found 'FAILED'" --virtual-time "$TMPDIR/stops.lua" --against evse \
    --with answers.SessionStop=FAILED
echo "function before.SessionStopRes(m) m.ResponseCode = 'FAILED_SequenceError' end" >"$TMPDIR/hook.lua"
try 1 "so is --with-script" "found 'FAILED_SequenceError'" --virtual-time "$TMPDIR/stops.lua" \
    --against evse --with-script "$TMPDIR/hook.lua"
try 0 "--against ev plays the vehicle" "EVCC verdict: pass" --virtual-time \
    examples/secc-iso15118-2-ac.lua --against ev --with mode=ac --with loops=3
try 3 "a persona that there is not" "there is no persona 'mg5'; the nearest is mg4" \
    --virtual-time "$TMPDIR/stops.lua" --against ev --with-persona mg5
try 3 "and a parameter" "there is no parameter 'loops' of the station" --virtual-time \
    "$TMPDIR/stops.lua" --against evse --with loops=3
try 3 "--with alone is for nobody" "are for the side of --against" "$TMPDIR/stops.lua" --with loops=3
try 3 "nor is it for a network of its own" "plays that side in the isolated network" \
    "$TMPDIR/stops.lua" --against evse --peer '[::1]:15118'

# what came to nothing leaves no folder
mkdir "$TMPDIR/empty"
(cd "$TMPDIR/empty" && "$V2GLAB" run ../nothing.lua; "$V2GLAB" run ../wrong.lua
    "$V2GLAB" ev --set loops=-3; "$V2GLAB" ev --persona mg5) >/dev/null 2>&1
[ -z "$(find "$TMPDIR/empty" -name events.jsonl)" ]
result $? "a run that came to nothing leaves no record"
(cd "$TMPDIR/empty" && "$V2GLAB" run ../stops.lua --against evse) >/dev/null 2>&1
[ -n "$(find "$TMPDIR/empty" -name events.jsonl)" ]
result $? "one that came to something does"

# ---- what is waited for ----

script refused <<'END'
Evcc.Connect { timeout = 300 }
END
try 3 "a refused connection is told at once, and how long it is tried" \
    "connection refused, nobody listens there; trying again for 0.3 s at most" \
    --peer '[::1]:9' "$TMPDIR/refused.lua"
try 3 "who does not answer SDP, too" \
    "2.000000  EVCC no station has answered SECCDiscoveryReq yet; trying again for 10.5 s at most" \
    --virtual-time "$TMPDIR/stops.lua"

# ---- what a script may read ----

mkdir "$TMPDIR/beside"
echo 'return "kept from it"' >"$TMPDIR/secret.lua"
echo 'return "beside it"' >"$TMPDIR/beside/own.lua"
ln -s ../secret.lua "$TMPDIR/beside/out.lua"
ln -s own.lua "$TMPDIR/beside/in.lua"
mkfifo "$TMPDIR/beside/pipe.lua"
for name in in out pipe; do
    echo "Log(require '$name')" >"$TMPDIR/beside/wants-$name.lua"
done
try 2 "require reads a link to a file beside the script" "beside it" --virtual-time \
    "$TMPDIR/beside/wants-in.lua"
try 3 "none that leads out of its folder" "is a link that leads out of the script's folder" \
    --virtual-time "$TMPDIR/beside/wants-out.lua"
try 2 "unless it may touch files" "kept from it" --virtual-time --unsafe "$TMPDIR/beside/wants-out.lua"
try 3 "and waits for no pipe" "pipe.lua is no file" --virtual-time "$TMPDIR/beside/wants-pipe.lua"
