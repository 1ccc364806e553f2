#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Vehicles of a load that come from addresses of their own, on a cable between two network namespaces
# that the test makes.
# shellcheck source=tests/cli/support
. tests/cli/support

for wrong in "" "--peer [::1]:15118" "--role secc --interface lo"; do
    # shellcheck disable=SC2086
    run load --addresses 5 $wrong
    wants "--addresses ${wrong:-alone} is refused" 3 err \
        '--addresses: expected vehicles with --interface NAME, or a --peer with its interface'
done
run load --addresses 5 --interface lo
wants "loopback has no addresses to give" 3 err 'lo has no link-local address'
run load --addresses 100000 --interface lo
wants "nor are there any number" 3 err 'expected a number in 1..1000'

skip() {
    echo "ok - vehicles come from addresses of their own # SKIP $1"
    exit
}
PATH=$PATH:/usr/sbin:/sbin
for program in ip unshare nsenter; do
    command -v $program >/dev/null || skip "$program is not installed"
done
unshare -rn ip link add vehicle0 type veth peer name station0 2>/dev/null ||
    skip "no network namespace can be made"

# The vehicles' end of the cable is fe80::e, the station's, in a namespace of its own, fe80::5.
cat >"$work/apart" <<'END'
set -e
unshare -n sleep 300 &
there=$!
trap 'kill $there' EXIT
station() { nsenter -t $there -n "$@"; }
until [ "$(readlink /proc/$there/ns/net)" != "$(readlink /proc/$$/ns/net)" ]; do :; done
ip link add vehicle0 type veth peer name station0 netns $there
for end in vehicle0:e station0:5; do
    case $end in station*) at=station ;; *) at= ;; esac
    $at ip link set ${end%:*} addrgenmode none
    $at ip link set ${end%:*} up
    $at ip -6 addr add fe80::${end#*:}/64 dev ${end%:*} nodad
done
station "$V2GLAB" evse -n 12 -q -o "$work/record" --tls off $1 >"$work/station" 2>&1 &
station=$!
"$V2GLAB" load -n 4 --total 12 --addresses 5 $2 --mode ac --protocol ISO15118-2 --tls off --set loops=1 \
    --set tries=40 --set 'gaps.Refused>SDP=100' -q --no-record
wait $station
ip -6 -o addr show dev vehicle0
END
export V2GLAB work
way() { # NAME STATION-OPTIONS VEHICLE-OPTIONS
    ran="load $3"
    status=0
    rm -rf "$work/record"
    timeout 100 unshare -rn sh "$work/apart" "$2" "$3" >"$work/out" 2>"$work/err" || status=$?
    wants "vehicles $1" 0 out '12 passed'
    [ "$(grep '"kind":"connect"' "$work/record/events.jsonl" | grep -o 'fe80::[0-9a-f:]*' |
        grep -v '^fe80::5$' | sort -u | wc -l)" = 5 ]
    result $? "vehicles $1 come from addresses of their own"
    [ "$(grep -c inet6 "$work/out")" = 1 ] && grep -q 'fe80::e/64' "$work/out"
    result $? "vehicles $1: the interface has no more than before"
}
way 'by SDP' '--interface station0' '--interface vehicle0'
way 'without SDP' '--peer [fe80::5%station0]:15200' '--peer [fe80::5%vehicle0]:15200'
