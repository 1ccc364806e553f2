#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Many vehicles at once, of one command: each has a session and a verdict of its own.
# shellcheck source=tests/cli/support
. tests/cli/support

run ev -n 500 --no-record -q -P ISO15118-2 --mode ac --set loops=1
[ "$(grep -c '^EVCC: pass$' "$work/out")" = 500 ] && [ "$(grep -c '^SECC: pass$' "$work/out")" = 500 ]
result $? "500 vehicles at one station, at once"

cat >"$work/hooks.lua" <<'END'
vehicles = (vehicles or 0) + 1
function before.SessionSetupReq(m, session)
    Log('vehicle ' .. vehicles)
    if session.p.evcc_id == m.EVCCID and not string.seen then
        string.seen = true
        m.EVCCID = '020000000001'
    end
end
END
run ev -n 5 --no-record --ladder --virtual-time -P ISO15118-2 --mode ac --set loops=1 --script "$work/hooks.lua"
[ "$(grep -c 'vehicle 1$' "$work/out")" = 5 ] && [ "$(grep -c 'EVCCID 020000000001' "$work/out")" = 5 ]
result $? "a hook script that counts: each vehicle has a count of its own"

cat >"$work/logs.lua" <<'END'
function before.SessionStopReq() Log('mine is ' .. Evcc.SessionID()) end
END
run ev -n 5 -o "$work/logs" -q --virtual-time -P ISO15118-2 --mode ac --set loops=1 --script "$work/logs.lua"
grep -o '"session":[0-9]*.*mine is [0-9A-F]*' "$work/logs/events.jsonl" |
    sed 's/"session":\([0-9]*\).*mine is /\1 /' | while read -r session id; do
    grep '"name":"SessionStopReq"' "$work/logs/events.jsonl" | grep "\"session\":$session," |
        grep -c "\"SessionID\":\"$id\""
done >"$work/found"
[ "$(grep -c '^[1-9]' "$work/found")" = 5 ]
result $? "what a vehicle logs is of its own session"

cat >"$work/own.lua" <<'END'
function before.SessionSetupReq()
    assert(not pcall(function() return Evcc.Mine end) and Evcc.Probe ~= Log, 'of another vehicle')
    Evcc.Mine, Evcc.Probe = function() end, Log
end
END
run load -n 1 --total 3 --no-record -q -P ISO15118-2 --mode ac --set loops=1 --script "$work/own.lua"
wants "what a hook script puts into the role of a vehicle is not there for the next one" 0 out '3 passed'

run ev -n 20 --no-record -q --peer '[::1]:1' --timer V2G_EVCC_CommunicationSetup_Timeout=100ms
[ "$(grep -c 'cannot be reached' "$work/err")" = 20 ]
result $? "where there is no station each vehicle says so"
wants "and the command ends with an error" 3

run ev -n 0
wants "as many as there are descriptors for" 3 err 'expected a number in 1..'
