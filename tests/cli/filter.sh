#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Filters that scripts set on the way of their messages: texts, functions, and what goes wrong.
. tests/cli/support

# play NAME WORDS EVCC SECC: both scripts pass, and the ladder has each of the words, in order
play() {
    printf '%s\n' "$3" >"$work/evcc.lua"
    printf '%s\n' "$4" >"$work/secc.lua"
    run run --no-record "$work/evcc.lua" "$work/secc.lua"
    good=$status
    in_order "$2" "$work/out" || good=1
    [ "$good" -eq 0 ] || cat "$work/out" "$work/err"
    result "$good" "$1"
}

set_up='Evcc.Send_SessionSetupReq_001() Evcc.Receive_SessionSetupRes_001()'
answer='Secc.Receive_SessionSetupReq_001() Secc.Send_SessionSetupRes_001()'

play "a text changes what goes out, and counts" "fault: EVCCID=010203040506 once" \
    "local f = Evcc.Filter 'SessionSetupReq: set EVCCID=010203040506'
$set_up assert(f:happened() == 1 and f:seen() == 1)
f:remove() f:remove() Log(f:happened() == 1 and 'once', tostring(f))" \
    "$answer assert(Secc.Get_SessionSetupReq_EVCCID():upper() == '010203040506')"

play "a table says the same, and a delay is kept" "(80" \
    "Evcc.Filter { on = 'SessionSetupReq', occurrence = 1, direction = 'out', fault = 'delay 80' }
local from = Now() $set_up assert(Now() - from >= 80)" "$answer"

play "a function changes what comes in" "changed" \
    "local f
f = Evcc.Filter { on = 'SessionSetupRes', fault = function(m, filter)
    assert(filter == f and m:name() == 'SessionSetupRes') m.EVSEID = 'OTHER' end }
$set_up assert(Evcc.Get_SessionSetupRes_EVSEID() == 'OTHER' and f:happened() == 1)" "$answer"

play "a function may look only: every byte stays, and there is no event" "looked" \
    "Evcc.Filter { on = '*', fault = function(m) Log('looked') end }
$set_up" "$answer"
! grep -q 'fault:' "$work/out"
result $? "a look is no fault"

play "a function drops, doubles and replaces" "dropped replaced replaced" \
    "local n = 0
Evcc.Filter { on = 'SessionSetupReq', fault = function(m) n = n + 1
    if n == 1 then return false end
    if n == 2 then return { m, m:copy() } end
    return '\x01\xFE\x80\x01\0\0\0\1\0' end }
for _ = 1, 3 do Evcc.Send_SessionSetupReq_001() end
for _ = 1, 2 do Evcc.Receive_SessionSetupRes_001() end" \
    "for _ = 1, 2 do $answer end
local name, why = Secc.Receive_Any_001() assert(name == '' and why)"

play "another SessionID, and the side that sends it does not notice" "fault" \
    "Evcc.Filter 'SessionStopReq: session' $set_up
Evcc.Send_SessionStopReq_001() Evcc.Receive_SessionStopRes_001()" \
    "$answer Secc.Receive_SessionStopReq_001()
assert(Secc.Received('SessionStopReq').Header.SessionID ~= Secc.SessionID()) Secc.Send_SessionStopRes_001()"

play "reset in place of a message" "fault: reset" \
    "Evcc.Filter 'SessionStopReq: reset' $set_up Evcc.Send_SessionStopReq_001()
local name, why = Evcc.Receive_Any_001() assert(not name and why == 'closed')" \
    "$answer local name, why, how = Secc.Receive_Any_001() assert(why == 'closed' and how:find('reset'))"

play "half-close: what comes is still read" "fault" \
    "Evcc.Filter 'SessionStopReq: half-close after' $set_up Evcc.Send_SessionStopReq_001()
Evcc.Receive_SessionStopRes_001()" \
    "$answer Secc.Receive_SessionStopReq_001() Secc.Send_SessionStopRes_001()
local name, why = Secc.Receive_Any_001() assert(why == 'closed')"

play "Disconnect('half') twice is once" "closed by" \
    "$set_up Evcc.Disconnect('half') Evcc.Disconnect('half')
local name, why = Evcc.Receive_Any_001() assert(why == 'closed')" \
    "$answer local name, why = Secc.Receive_Any_001() assert(why == 'closed') Secc.Disconnect()"

# what is left to chance is the same in each run in virtual time, and takes no time
printf '%s\n' "Evcc.Filter 'SessionSetupReq: delay 100-1900' $set_up" >"$work/evcc.lua"
printf '%s\n' "$answer" >"$work/secc.lua"
run run --no-record --virtual-time "$work/evcc.lua" "$work/secc.lua"
grep 'fault:' "$work/out" >"$work/first"
run run --no-record --virtual-time "$work/evcc.lua" "$work/secc.lua"
grep 'fault:' "$work/out" | cmp -s - "$work/first" && [ -s "$work/first" ] && [ "$status" -eq 0 ]
result $? "in virtual time chance is the same each time"

play "SDP passes: a request that is lost is asked again, an answer comes late" "fault: fault:" \
    "local f = Evcc.Filter 'SECCDiscoveryReq#1: drop'
local g = Evcc.Filter 'SECCDiscoveryRes: delay 50' $set_up
assert(f:happened() == 1 and g:happened() == 1)" \
    "local port
local f = Secc.Filter { on = 'SECCDiscoveryRes', fault = function(m) port = m.SECCPort end }
$answer assert(port > 0 and f:happened() == 1)"

play "SDP by hand passes, too" "fault:" \
    "Evcc.Filter 'SECCDiscoveryRes: set SECCPort=1'
Evcc.Send_SECCDiscoveryReq_001() Evcc.Receive_SECCDiscoveryRes_001()
assert(Evcc.Get_SECCDiscoveryRes_SECCPort() == 1)" \
    "Secc.Receive_SECCDiscoveryReq_001() Secc.Send_SECCDiscoveryRes_001()"

play "supportedAppProtocol passes, too" "supportedAppProtocolReq" \
    "local f = Evcc.Filter 'supportedAppProtocolRes: delay 60' $set_up assert(f:happened() == 1)" "$answer"

# refused NAME WORDS CODE: an error with these words
refused() {
    printf '%s\n' "$3" >"$work/evcc.lua"
    run run --no-record "$work/evcc.lua"
    [ "$status" -ne 0 ] && grep -q "$2" "$work/out" "$work/err"
    result $? "$1"
}

refused "a fault that there is not" "nearest is drop" "Evcc.Filter 'CurrentDemandReq: dorp'"
refused "a message that there is not" "nearest is CurrentDemandReq" "Evcc.Filter 'CurentDemandReq: drop'"
refused "a key that there is not" "occurence" "Evcc.Filter { on = '*', occurence = 1, fault = 'drop' }"
refused "an occurrence that is none" "occurrence" "Evcc.Filter { on = '*', occurrence = 0, fault = 'drop' }"
refused "no fault at all" "fault" "Evcc.Filter { on = '*' }"
refused "a direction that is none" "up" "Evcc.Filter { on = '*', direction = 'up', fault = 'drop' }"

printf '%s\n' "Evcc.Filter { on = 'SessionSetupReq', fault = function() Sleep(1) end } $set_up" >"$work/evcc.lua"
printf '%s\n' "$answer" >"$work/secc.lua"
run run --no-record "$work/evcc.lua" "$work/secc.lua"
[ "$status" -ne 0 ] && grep -q "verdict: error: .*evcc.lua:1" "$work/out"
result $? "a function that waits ends the script with its line"
