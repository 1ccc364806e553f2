#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A bench in the lab: IP that has to go over the power line, with TLS, too, and lost with the link;
# and `v2glab lab --bench`, where vehicle, station and tools are programs of their own.
# shellcheck source=tests/cli/support
. tests/cli/support

NAMES="IP goes over the line once there is a link, with TLS
a link that is lost ends the session
vehicle and station are programs of their own
plctool reads the modem of a lab's node
before the link nothing is delivered
the exit code is that of the command
a node that the lab has no interface for is told
a bench within a lab is refused, and what to do instead is said"
if ! "$V2GLAB" lab --bench pair true 2>/dev/null; then
    echo "$NAMES" | sed 's/^/ok - /; s/$/ # SKIP there is no lab/'
    exit
fi

printf "return { nodes = { 'ev0', 'evse0' }, paths = { { 'ev0', 'evse0', attenuation = 12 } }, join = 200 }" \
    >"$work/quick.lua"
run ev --bench "$work/quick.lua" --tls 1.3 -P ISO15118-20 --time-scale 1000 --set loops=3 --no-record
wants "IP goes over the line once there is a link, with TLS" 0 out 'EVCC verdict: pass' out 'the link is up' \
    out 'TLS 1.3'
printf "return { nodes = { 'ev0', 'evse0' }, paths = { { 'ev0', 'evse0', attenuation = 12 } }, join = 200,
    breaks = { { 'ev0', from = 1600, to = 60000 } } }" >"$work/break.lua"
run ev --bench "$work/break.lua" --set loops=40 --set gaps.CurrentDemand=100 --no-record
wants "a link that is lost ends the session" 1 out 'SLAC: the link is lost' out 'SECC the link is down'

v2glab=$(realpath "$V2GLAB")
cat >"$work/lab.sh" <<END
"$v2glab" lab --side evse "$v2glab" evse --alone --slac evse0 --no-record --ladder >station 2>&1 &
station=\$!
tries=0
while ! grep -q listens station && [ \$tries -lt 50 ]; do
    sleep 0.1
    tries=\$((tries + 1))
done
ping -6 -c 1 -W 1 fe80::ff:fe00:e2%ev0 >/dev/null 2>&1 && echo 'there is IP without a link'
"$v2glab" ev --alone --slac ev0 --no-record --ladder --set loops=2 --time-scale 1000
echo "vehicle: \$?"
plctool -i ev0 -r 2>/dev/null
kill \$station
wait \$station
exit 7
END
run_in() { (cd "$work" && "$@"); }
ran="lab --bench ./quick.lua sh lab.sh"
status=0
run_in "$v2glab" lab --bench ./quick.lua sh lab.sh >"$work/out" 2>"$work/err" || status=$?
wants "vehicle and station are programs of their own" 7 out 'vehicle: 0' out 'matched with 0200000000E2' \
    out 'EVCC verdict: pass' out 'SLAC: modem with firmware MAC-QCA7000-v2glab'
wants "before the link nothing is delivered" 7 not-out 'there is IP without a link'
if command -v plctool >/dev/null; then
    wants "plctool reads the modem of a lab's node" 7 out 'QCA7000'
else
    echo "ok - plctool reads the modem of a lab's node # SKIP plctool is not installed"
fi
run lab --bench nowhere true
wants "the exit code is that of the command" 3 err 'there is no bench nowhere'
printf "return { nodes = { 'ev0', 'tv' } }" >"$work/tv.lua"
run lab --bench "$work/tv.lua" true
wants "a node that the lab has no interface for is told" 3 err 'bench: a node tv; expected names in the lab as ev1 and evse1'
run lab --bench pair "$v2glab" ev --bench pair --no-record
wants "a bench within a lab is refused, and what to do instead is said" 3 err 'slac ev0'
