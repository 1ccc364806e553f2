#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `v2glab persona from`: a vehicle and a station that are measured out of a record of theirs.
# shellcheck source=tests/cli/support
. tests/cli/support

"$V2GLAB" ev --virtual-time --quiet --protocol ISO15118-2 --mode dc --tls off --record "$work/car" \
    --set 'gaps={default=70,CableCheck=400,CurrentDemand={200,300}}' --set loops=9 --set 'welding={3,3}' \
    --set evcc_id=0123456789AB --with delays.default=30 --with ongoing.CableCheck=5 >/dev/null 2>&1
run persona from "$work/car" -o "$work/car.lua"
wants "a persona of a record" 0
run persona check "$work/car.lua"
wants "it is well-formed" 0 out 'a vehicle, measured from car'
holds() {
    grep -qE -e "$2" "$work/car.lua"
    result $? "$1"
}
holds "its gaps are the vehicle's" "'CableCheck>CableCheck'\\] = 40[0-2], +-- 5 times"
holds "a gap that spreads is a range" "'CurrentDemand>CurrentDemand'\\] = { 2"
holds "it welds as often" 'welding = . 3, 3 .'
holds "it charges for as long" 'loops = 9,'
holds "its EVCCID" "evcc_id = '0123456789AB'"
! grep -q 'BulkChargingCompleteSpecified = false' "$work/car.lua"
result $? "what is said as false is not taken for left out"
holds "one session is not sure" "sure = 'one session only"
run persona from "$work/car" "$work/car" -o "$work/car.lua"
holds "two captures are two sessions" "sure = '2 sessions of 2 captures'"
sed 's/EVCCID/EVCCIDENT/' schema/iso15118-2.schema >"$work/other.schema"
run persona from --schema "$work/other.schema" "$work/car" -o "$work/car.lua"
wants "it is read by a description of the user's" 0
holds "by which it has no EVCCID" 'evcc_id = nil,'
run persona from --role secc "$work/car" -o "$work/car.lua"
holds "a station's delays" 'CableCheck = 3[0-3], +-- 6 times'
holds "a station's rounds of Ongoing" 'CableCheck = 5 }'
run persona check "$work/car.lua"
wants "a station is well-formed" 0 out 'a station, measured from car'

# before TCP: the matching, and a station that does not answer SDP at first
"$V2GLAB" ev --virtual-time --quiet --bench pair --mode dc --record "$work/plugged" --set loops=2 \
    --set slac.start=300 --set slac.interval=25 --set slac.response=12 --set slac.match=77 --set "gaps={['SDP>SDP']=310}" \
    --fault 'SECCDiscoveryRes#1: drop' >/dev/null 2>&1
run persona from "$work/plugged" -o "$work/car.lua"
holds "the pause before it begins to sound" ' start = 30[01], +-- once'
holds "its pauses between sounds" ' interval = 25, +-- 12 times'
holds "how long it takes to answer" ' response = 12, +-- once'
holds "and to choose" ' match = 77, +-- once'
holds "how long it waits until it asks by SDP again" "'SDP>SDP'\] = 31[0-2], +-- once"
holds "joining the network is told" 'from CM_SLAC_MATCH.CNF to SDP, joining the network among it: [0-9]+ ms, once'
run persona check "$work/car.lua"
wants "it is well-formed with these, too" 0

run persona from
wants "nothing to measure" 3 err 'from needs a file'
run persona from --session , "$work/car"
wants "no session" 1 err 'there is nothing to measure' not-err traceback
run persona from --session 99999999999999999999 "$work/car"
wants "a session that is not there" 1 err 'there is no session 100000000000000000000; expected 1 to 1'
echo 'nothing here' >"$work/text"
run persona from "$work/text"
wants "nothing in it" 1 err 'there is no message in it'
