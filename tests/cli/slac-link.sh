#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The link of a bench, and what the control pilot says around it: IP only while there is one, its
# loss in a session, a matching that is begun anew, sleep and wake, amplitudes, the way over E and X1.
# shellcheck source=tests/cli/support
. tests/cli/support

# charge ARGUMENT...: a vehicle and a station on a bench, in virtual time
charge() {
    rm -rf "$work/record"
    run ev --virtual-time --ladder --set loops=20 --set gaps.CurrentDemand=250 -o "$work/record" "$@"
}
# sent SIDE MESSAGE: how often, as its own record has it
sent() { grep -c -e "\"by\":\"$1\".*\"from\":\"$1\".*\"name\":\"$2\"" "$work/record/events.jsonl"; }
# gap FROM TO: milliseconds from the first line of the ladder with FROM to the next with TO
gap() {
    awk -v a="$1" -v b="$2" '!f && index($0, a) { f = $1 }
        f && index($0, b) { print int(($1 - f) * 1000 + 0.5); exit }' "$work/out"
}
# within NAME MS LEAST MOST
within() {
    if [ -n "$2" ] && [ "$2" -ge "$3" ] && [ "$2" -le "$4" ]; then bad=0; else bad=1; fi
    result $bad "$1 (${2:-never} ms)"
}

# ---- IP behind the link ----

cat >"$work/early.lua" <<'END'
local found, why = Evcc.Connect { may_fail = true }
assert(not found, 'a station was found without a link')
Log('before the link: ' .. why)
local began = Now()
require('v2g.slac_evcc').match(Evcc)
assert(Evcc.Connect { may_fail = true }, 'no station was found behind the link')
Log('behind the link: found')
END
echo "Secc.Serve { sessions = 1 }" >"$work/serve.lua"
run run --virtual-time --bench pair --no-record "$work/early.lua" "$work/serve.lua"
wants "before the link SDP is not delivered, behind it it is" 1 out 'before the link: ' \
    out 'behind the link: found' out 'SECC the link is up'

# a second cable, as a relay has, is no matter of the bench
echo "Secc.Listen { interface = 'evse1' } Sleep(5000)" >"$work/second-station.lua"
echo "Evcc.Connect { interface = 'ev1' } Pass('found')" >"$work/second-vehicle.lua"
run run --virtual-time --bench pair --no-record "$work/second-station.lua" "$work/second-vehicle.lua"
wants "without a link of the bench the second cable carries IP" 0 out 'second-vehicle.lua:1: found'

# ---- the loss of the link ----

printf "return { nodes = { 'ev0', 'evse0' }, paths = { { 'ev0', 'evse0', attenuation = 12 } },
    breaks = { { 'ev0', from = 4000, to = 6000 } } }" >"$work/break.lua"
charge --bench "$work/break.lua"
wants "[V2G3-M07-34] a link that is lost ends the session of either side" 1 \
    out 'EVCC verdict: fail: SLAC: the link is lost [V2G3-M07-34], at CurrentDemand' \
    out 'SECC verdict: fail: SLAC: the plug is out'
within "the vehicle has no power any more at once" "$(gap 'SECC the link is down' 'pilot: B2')" 0 500
within "[V2G3-A09-121] and leaves the network within TP_match_leave" \
    "$(gap 'SECC the link is down' 'EVCC -> SECC  CM_SET_KEY_REQ')" 0 1000
charge --bench "$work/break.lua" --set slac.again=1
wants "[V2G3-A09-123] with slac.again it is matched anew, and charges; the station has lost a session" 1 \
    out 'EVCC verdict: pass' out 'SECC verdict: fail: SLAC: the link is lost' out 'SECC verdict: pass'
check "the station goes over E, and then has a new key" \
    in_order '[V2G3-M07-34] CM_SET_KEY_REQ E, B2, CM_SLAC_MATCH_CNF SessionStopRes' "$work/out"
within "E lasts T_step_EF" "$(gap 'pilot: E,' 'pilot: B2')" 4000 4001

# ---- nobody matches ----

charge --bench pair --set slac.again=5 --fault 'CM_SLAC_PARM_REQ: drop'
wants "[V2G3-M06-07] no CM_SLAC_PARM.REQ: over E, and after C_sequ_retry times X1" 1 out 'no communication (X1)' \
    out 'pilot: B1' out 'EVCC verdict: fail: SLAC: no station answered'
check "twice" test "$(grep -c 'pilot: E,' "$work/out")" -eq 2
within "TT_EVSE_SLAC_init" "$(gap 'pilot: B2' 'pilot: E,')" 20000 20001

# ---- sleep ----

charge --bench pair -P ISO15118-2 --set pause=1 --set pause_ms=5000
wants "a paused station has no oscillator until the vehicle wakes it" 0 out 'pilot: B1' out 'pilot: C1' \
    out 'OK_OldSessionJoined'
check "without another matching" test "$(sent EVCC CM_SLAC_PARM_REQ)" -eq 1
charge --bench pair -P ISO15118-2 --set pause=1 --set pause_ms=60000 --with slac.wake=2000
wants "or it wakes the vehicle" 0 out 'OK_OldSessionJoined'
within "slac.wake later, not pause_ms" "$(tac "$work/out" | awk '/pilot: B2/ { f = $1 } f && /pilot: B1/ { print int((f - $1) * 1000 + 0.5); exit }')" 2000 2001

powerless='schedules={{id=1,entries={{start=0,power=5000},{start=3,power=0},{start=63,power=5000}}}}'
charge --bench pair -P ISO15118-2 -m ac --set gaps.ChargingStatus=250 --set pause_without_power=50 --with "$powerless"
wants "a vehicle pauses while its schedule has no power, charges before it, and goes on behind it" 0 \
    out 'OK_OldSessionJoined' out 'EVCC verdict: pass'
within "and wakes the station once there is power again" "$(gap 'ChargeParameterDiscoveryRes' 'pilot: C1')" 62900 63100
check "without another matching" test "$(sent EVCC CM_SLAC_PARM_REQ)" -eq 1
charge --bench pair -P ISO15118-2 -m ac --set gaps.ChargingStatus=250 --set pause_without_power=61 --with "$powerless"
wants "not where that is too short for a pause" 0 out 'EVCC verdict: pass' not-out 'OK_OldSessionJoined'

# ---- amplitudes ----

charge --bench pair --set slac.amp_map=true --with slac.amp_map=true
wants "[V2G3-A09-114] both sides ask for amplitudes and answer" 0 out 'EVCC verdict: pass' \
    out 'EVCC -> SECC  CM_AMP_MAP_CNF' out 'EVCC <- SECC  CM_AMP_MAP_CNF'
charge --bench pair --set slac.amp_map=true --fault 'CM_AMP_MAP_CNF: drop'
wants "no answer is no end of the session" 0 out 'does not answer CM_AMP_MAP.REQ'
check "it is asked three times" test "$(sent EVCC CM_AMP_MAP_REQ)" -eq 3

# ---- what is left behind ----

cat >"$work/gives-up.lua" <<'END'
local matching = require 'test.matching'
local function reaches(node, given)
    local why = node:reach(given)
    Log(('%s, %s: %s'):format(node.mac, given, why or 'reached'))
end
local car = matching.new({ by = 'EVCC', role = Evcc }, {})
reaches(car, 'CM_ATTEN_CHAR_RSP')
car:says(car:message 'CM_VALIDATE_REQ')
Sleep(3000) -- the station's time for the second request is over
car:forgets()
car:renews()
reaches(car, 'CM_VALIDATE_CNF')
car:renews()
reaches(car, 'CM_ATTEN_CHAR_RSP')
car:says(car:message 'CM_VALIDATE_REQ')
Sleep(100)
car:forgets()
reaches(car, 'CM_ATTEN_CHAR_RSP') -- the same matching, begun anew
local other = car:besides 'ev1'
other.other, other.passes = nil, {}
reaches(other, 'CM_VALIDATE_CNF')
END
run run --virtual-time --bench two-vehicles --no-record "$work/gives-up.lua" "$work/serve.lua"
wants "who gives its validation up keeps neither itself nor another vehicle from the next one" 2 \
    out '0200000000E1, CM_VALIDATE_CNF: reached' out '020000000102, CM_VALIDATE_CNF: reached'

# a user authorizes 5 s after the plug: the vehicle is gone before that, in E, and behind it
cat >"$work/plugs.lua" <<'END'
for _, ms in ipairs { 2000, 6000, 10000, 10 } do
    Pilot.Set { state = 'B' }
    Sleep(1)
    Log(('plugged in for %d ms: %g %%'):format(ms, select(3, Pilot.State())))
    Sleep(ms)
    Pilot.Set { state = 'A' }
    Sleep(12000)
end
END
cat >"$work/authorizes.lua" <<'END'
local p = require('v2g.parameters').station.slac
p.authorized = 5000
require('v2g.slac_secc').begin(Secc, p)
Sleep(100000)
END
run run --virtual-time --bench pair --no-record "$work/plugs.lua" "$work/authorizes.lua"
wants "each vehicle finds the station's own duty cycle, whenever the one before has left" 2 \
    out 'for 2000 ms: 5 %' out 'for 6000 ms: 5 %' out 'for 10000 ms: 5 %' out 'for 10 ms: 5 %'
check "nor is it authorized for one that has left" test "$(grep -c 'pilot: E' "$work/out")" -eq 2

# ---- pauses as of cars ----

charge --bench pair --persona vw-id4-fw23
within "a car takes its time until it sounds" "$(gap CM_SLAC_PARM_CNF CM_START_ATTEN_CHAR_IND)" 223 224
within "and until it has chosen" "$(gap CM_ATTEN_CHAR_RSP CM_SLAC_MATCH_REQ)" 54 55
