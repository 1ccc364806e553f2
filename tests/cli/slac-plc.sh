#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Other people's programs on the virtual power line: pev and evse of open-plc-utils (Debian's
# plc-utils-extra) are matched with our station and our vehicle, and plctool and plcwait judge our
# modem. All in a network namespace of the test's own.
# shellcheck source=tests/cli/support
. tests/cli/support

NAMES="pev is matched with our station
our vehicle is matched with evse
plctool reads our modem
plcwait sees the link
a relay is matched with evse, then with pev"
# skip WHY
skip() {
    echo "$NAMES" | sed "s/^/ok - /; s/\$/ # SKIP $1/"
    exit
}
for program in pev evse plctool plcwait ip unshare; do
    command -v $program >/dev/null || PATH=$PATH:/usr/sbin:/sbin
    command -v $program >/dev/null || skip "$program is not installed"
done
unshare -rn ip link add peer0 type veth peer name line0 2>/dev/null || skip "no network namespace can be made"

printf "return { nodes = { { 'ev1', interface = 'line0' }, 'evse0' }, join = 500,\n%s" \
    "paths = { { 'ev1', 'evse0', attenuation = 12 } } }" >"$work/car.lua"
printf "return { nodes = { 'ev0', { 'evse1', interface = 'line0' } }, join = 500,\n%s" \
    "paths = { { 'ev0', 'evse1', attenuation = 12 } } }" >"$work/station.lua"
NONE=0000000000000000000000000000000000
pev -c | sed -e 's/^settle time.*/settle time = 2/' -e 's/^charge time.*/charge time = 2/' \
    -e "s/^vehicle identifier.*/vehicle identifier = $NONE/" >"$work/pev.ini"
evse -c | sed -e "s/^settle time.*/settle time = 1/" -e "s/^station identifier.*/station identifier = $NONE/" \
    -e 's/^response type.*/response type = 1/' >"$work/evse.ini"
cat >"$work/serve.lua" <<'END'
local station = require 'v2g.slac_secc'
Start(station.serve, Secc, Pilot)
Sleep(8000)
END
cat >"$work/drive.lua" <<'END'
Sleep(2000)
local station, why = require('v2g.slac_evcc').match(Evcc)
assert(station, why)
Log('attenuation ' .. station.attenuation)
Sleep(5000)
END

# apart SCRIPT: runs it where peer0 and line0 are the ends of a cable of its own
apart() {
    cat >"$work/apart" <<END
ip link set lo up
ip link add peer0 type veth peer name line0
ip link add peer1 type veth peer name line1
for end in peer0 line0 peer1 line1; do ip link set \$end up; done
cd "$work"
$1
END
    ran="$1"
    status=0
    timeout 60 unshare -rn sh "$work/apart" >"$work/out" 2>"$work/err" || status=$?
}
PLAY="'$(realpath "$V2GLAB")' run --no-record --peer '[::1]:15118'"

apart "$PLAY --slac evse0 --bench ./car.lua serve.lua >ladder &
sleep 0.7
plctool -i peer0 -r >version 2>&1
pev -i peer0 -p pev.ini
wait"
cat "$work/ladder" >>"$work/out"
wants "pev is matched with our station" 0 out 'matched with' out 'CM_SLAC_MATCH_CNF' \
    out 'CM_ATTEN_CHAR_RSP' not-out "Can't set key"
cp "$work/version" "$work/out"
wants "plctool reads our modem" 0 out 'QCA7000'

# evse gives its key to the modem at once, so that this has to be there
apart "(sleep 0.7; evse -l -i peer0 -p evse.ini >evse.log 2>&1) &
(sleep 3; plcwait -i peer0 -a -w 8 >wait 2>&1; echo plcwait \$? >>wait) &
$PLAY --slac ev0 --bench ./station.lua drive.lua; echo v2glab \$?
wait"
wants "our vehicle is matched with evse" 0 out 'attenuation 12' out 'v2glab 0' \
    out 'CM_SLAC_MATCH_CNF'
cp "$work/wait" "$work/out"
wants "plcwait sees the link" 0 out 'plcwait 0'

# between both of them: two power lines, of which nobody knows the pilots
cat >"$work/two.lua" <<'END'
return { nodes = { { 'ev0', interface = 'line0' }, 'evse0', 'ev1', { 'evse1', interface = 'line1' } },
    crosstalk = false, join = 500,
    paths = { { 'ev0', 'evse0', attenuation = 12 }, { 'ev1', 'evse1', attenuation = 12 } } }
END
apart "(sleep 0.7; timeout 20 evse -l -i peer1 -p evse.ini >evse.log 2>&1) &
('$(realpath "$V2GLAB")' relay --no-record --ladder --ev '[::1]:15118' --secc '[::1]:15119' --bench ./two.lua -n 1
    echo relay \$?) &
sleep 7
pev -i peer0 -p pev.ini >/dev/null 2>&1
wait"
wants "a relay is matched with evse, then with pev" 0 out '        relay <- SECC  CM_SLAC_MATCH_CNF' \
    out 'EVCC <- relay          CM_SLAC_MATCH_CNF' out "the vehicle's side: it has left the network" out 'relay 2'
