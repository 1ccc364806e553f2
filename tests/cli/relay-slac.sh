#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# v2glab relay from the plug on: SLAC and the control pilot on both sides, in virtual time, in the lab
# with programs of their own, and behind boxes.
# shellcheck source=tests/cli/support
. tests/cli/support
# shellcheck source=tests/cli/support-relay
. tests/cli/support-relay

has() { grep -q -e "$1" "$work/record/events.jsonl"; }
# plug NAME STATUS ORDER OPTION...: from plug-in on, what the ladder says in that order
plug() {
    name=$1 wanted=$2 order=$3
    shift 3
    rm -rf "$work/record"
    run relay --virtual-time --ladder --bench relay -o "$work/record" "$@"
    wants "$name" "$wanted"
    in_order "$order" "$work/out"
    result $? "$name: in that order"
}

# the station is matched with first, and the vehicle has no oscillator until then; all is carried
WHOLE="vehicle's_side:_B1, station's_side:_B1, station's_side:_B2, relay_->_SECC_CM_SLAC_PARM_REQ \
relay_<-_SECC_CM_SLAC_MATCH_CNF matched_with_020000000104 vehicle's_side:_B2, EVCC_<-_relay_CM_SLAC_PARM_CNF \
EVCC_<-_relay_CM_SLAC_MATCH_CNF EVCC_->_relay_SECCDiscoveryReq relay_->_SECC_SECCDiscoveryReq \
vehicle's_side:_C2, station's_side:_C2, vehicle's_side:_B2, station's_side:_B2, relay_<-_SECC_SessionStopRes \
EVCC_<-_relay_SessionStopRes vehicle's_side:_A station's_side:_A2,"
# lines have no spaces then, nor when and where; each word is in a later line than the one before
in_order() {
    sed -e 's/^ *[0-9.]* *//' -e 's/lua[^ ]*: //' -e 's/control pilot: //' -e 's/  */_/g' "$2" |
        awk -v words="$1" 'BEGIN { n = split(words, word, " "); i = 1 }
            i <= n && index($0, word[i]) { i++ }
            END { if (i <= n) { print "# no " word[i]; exit 1 } }'
}

for protocol in DIN70121 ISO15118-2; do
    plug "$protocol: from plug-in to SessionStop" 0 "$WHOLE" -m dc --ev-with "protocols={{'$protocol'}}" \
        --secc-with stop_after=3
    all_equal "$protocol: each frame went as it came"
done
plug "ISO 15118-20 over TLS 1.3: from plug-in to SessionStop" 0 "$WHOLE" -m dc --tls 1.3 \
    --ev-with "protocols={{'ISO15118-20'}}" --secc-with stop_after=3
all_equal "ISO 15118-20: each frame went as it came"
plug "AC, too" 0 "$WHOLE" -m ac --ev-with loops=3
plug "one field is another" 0 "$WHOLE" -m dc --secc-with stop_after=3 \
    --set 'CurrentDemandRes.EVSEPresentVoltage=+5%'
all_equal_but "and nothing else" SECC CurrentDemandRes

# the matchings have parameters, as those of v2glab ev and evse
run relay --virtual-time --ladder --bench relay --no-record -m dc --secc-with stop_after=2 \
    --slac-set adjustment=11 --station-slac-set start=300 --station-slac-set interval=35
wants "parameters of both matchings" 0
awk '/relay <- SECC +CM_SLAC_PARM_CNF/ { parm = $1 }
    /relay -> SECC +CM_START_ATTEN_CHAR_IND/ && !start { start = $1 }
    /relay -> SECC +CM_MNBC_SOUND_IND/ { if (sound) gap = $1 - sound; sound = $1 }
    END { exit !(start - parm >= 0.29 && start - parm < 0.32 && gap > 0.034 && gap < 0.037) }' "$work/out"
result $? "the pauses are those"
run relay --virtual-time --bench relay --no-record -q --station-slac-set intervall=35
wants "one that there is not" 3 err "slac.intervall: there is no such parameter; the nearest is 'slac.interval'"
run relay --virtual-time --no-record -q --slac-set adjustment=11
wants "without a matching" 3 err "--slac-set goes with --bench, or --slac and --station-slac"

has '"leg":"vehicle".*CM_SLAC_MATCH_CNF' && has '"leg":"station".*CM_SLAC_MATCH_CNF' &&
    has '"kind":"pilot".*"leg":"vehicle".*C2, 6.0 V, 5 %' && has '"kind":"pilot".*"leg":"station".*C2, 6.0 V, 5 %'
result $? "one record has SLAC and pilot of both legs"
run decode "$work/record"
wants "and is a ladder of three columns" 0 out 'EVCC -> relay          CM_SLAC_PARM_REQ' \
    out '        relay -> SECC  CM_SLAC_PARM_REQ' out "station's side:"
run report "$work/record" -o "$work/page.html"
wants "the report reads it" 0
cp "$work/record/events.jsonl" "$work/first"
plug "once more" 0 "$WHOLE" -m dc --secc-with stop_after=3 --set 'CurrentDemandRes.EVSEPresentVoltage=+5%'
cmp -s "$work/first" "$work/record/events.jsonl"
result $? "virtual time holds: the same events each time"

if has_terminal; then
    script -qec "stty columns 100; '$V2GLAB' relay --virtual-time --bench relay -m dc --no-record \
        --secc-with stop_after=3" /dev/null </dev/null >"$work/out" 2>&1
    status=$?
    wants "the live view has pilot and SLAC of both legs" 0 out 'vehicle  B1, 9.0 V, steady' \
        out 'station  C2, 6.0 V, 5 %, link is up, 10 sounds'
else
    echo "ok - the live view has pilot and SLAC of both legs # SKIP no terminal"
fi

# ---- what ends one leg ends the other ----

# broken NODE: a bench on which that node is off the line for a while
broken() {
    printf "return { nodes = { 'ev0', 'evse0', 'ev1', 'evse1' }, crosstalk = false, paths = {
        { 'ev0', 'evse0', attenuation = 12 }, { 'ev1', 'evse1', attenuation = 12 } },
        breaks = { { '%s', from = 6000, to = 9000 } } }" "$1" >"$work/broken.lua"
}
broken evse1
plug "a link that is lost to the station" 1 "the_station's_side:_the_link_is_lost vehicle's_side:_E, \
station's_side:_B2, vehicle's_side:_verdict:_fail:" --bench "$work/broken.lua" -m dc --ev-with loops=60
wants "ends the vehicle's session, by E" 1 err 'vehicle: fail: SLAC: the control pilot is in state E' \
    out 'SLAC: the network with 0200000000E1 is left'
broken ev0
plug "a link that is lost to the vehicle" 1 "vehicle's_side:_B2, the_vehicle's_side:_the_link_is_lost \
vehicle's_side:_E, vehicle's_side:_verdict:_fail:" --bench "$work/broken.lua" -m dc --ev-with loops=60 \
    --ev-with slac.again=1
wants "ends the station's session" 1 err 'station: fail: the vehicle closed the connection after CurrentDemandRes'
in_order "verdict:_fail: station's_side:_E, station's_side:_B2, vehicle's_side:_B1, matched_with_020000000104 \
vehicle's_side:_B2, EVCC_<-_relay_CM_SLAC_MATCH_CNF SessionStopRes verdict:_pass:" "$work/out"
result $? "and once the station says so on its pilot both are matched anew, and charge"

# hook MESSAGE LUA: what a hook of the relay does once, in place of the vehicle or the station
hook() {
    printf "local done\nfunction on.%s()\n    if not done then\n        done = true\n        %s\n    end\nend\n" \
        "$1" "$2" >"$work/hook.lua"
}
hook ChargingStatusRes "Pilot.Of('main').Set { state = 'A' }"
plug "a plug that is pulled out" 1 "vehicle's_side:_A station's_side:_A2, the_plug_is_out verdict:_pass:" \
    -m ac --ev-with loops=60 --ev-with gaps.ChargingStatus=2000 --script "$work/hook.lua"
wants "is out at the station, too" 1 err 'station: fail: SLAC: the plug is out'
hook CurrentDemandReq "Pilot.Set { state = 'F' }"
plug "an error of the station" 1 "station's_side:_F, vehicle's_side:_F, the_station's_side:_the_control_pilot_is_in_state_F" \
    -m dc --ev-with loops=60 --script "$work/hook.lua"
wants "is seen by the vehicle" 1 err 'vehicle: fail: SLAC: the control pilot is in state F'

plug "a pause" 0 "SessionStopReq_ChargingSession_Pause station's_side:_B1, vehicle's_side:_B1, vehicle's_side:_C1, \
station's_side:_C1, vehicle's_side:_B1, station's_side:_B1, station's_side:_B2, vehicle's_side:_B2, \
OK_OldSessionJoined ChargingSession_Terminate verdict:_pass:" -m dc --ev-with pause=1 \
    --ev-with "protocols={{'ISO15118-2'}}" --secc-with stop_after=3 --secc-with slac.wake=3000
[ "$(grep -c 'CM_SLAC_MATCH_CNF' "$work/out")" -eq 2 ]
result $? "needs no other matching"

printf "return { nodes = { 'ev0', 'evse0', 'ev1', 'evse1' }, crosstalk = false, paths = {
    { 'ev0', 'evse0', attenuation = 12 } } }" >"$work/nobody.lua"
plug "a station that does not answer" 1 "verdict:_fail:_SLAC:_the_station:_no_station_answered_CM_SLAC_PARM.REQ" \
    --bench "$work/nobody.lua" -m dc
grep "vehicle's side" "$work/out" | grep -q ' 5 %' && bad=1 || bad=0
result $bad "leaves the vehicle without an oscillator"

# ---- what goes with what ----

run relay --virtual-time --no-record --bench pair
wants "a bench without the relay's nodes" 3 err 'bench pair: a relay plays the nodes evse0 and ev1'
run relay --no-record --slac lo
wants "a modem on one side" 3 err '--station-slac is missing: a relay has two sides'
run relay --no-record --slac lo --station-slac lo --pilot shell:true
wants "a box on one side" 3 err '--station-pilot is missing: a relay has two sides'
run relay --no-record --pilot shell:true --station-pilot shell:true
wants "boxes without SLAC" 3 err '--pilot goes with --slac and --station-slac'
run relay --no-record --slac lo --station-slac lo --bench relay
wants "modems and a bench" 3 err '--slac and --bench: expected one of them'

# ---- in the lab: vehicle, relay and station are programs, with boxes at the relay's pilots ----

v2glab=$(realpath "$V2GLAB")
# box NAME LINE...: a process at the control pilot, that tells these lines, and writes down what it hears
box() {
    file=$1
    shift
    cat >"$work/$file" <<END
#!/bin/sh
($*) &
while read -r line; do echo "\$line" >>"$work/$file.told"; done
kill \$! 2>/dev/null
END
    chmod +x "$work/$file"
}
if "$V2GLAB" lab --bench relay true 2>/dev/null; then
    box vehicle-box "echo '{\"state\":\"B\"}'; sleep 4; echo '{\"state\":\"C\"}'; exec sleep 60"
    box station-box "echo '{\"duty\":5}'; exec sleep 60"
    cat >"$work/lab.sh" <<END
"$v2glab" lab --side evse "$v2glab" evse --alone --slac evse1 --interface evse1 --no-record -q -n 1 -m dc \
    --set stop_after=20 >"$work/station" 2>&1 &
station=\$!
"$v2glab" relay --slac evse0 --station-slac ev1 --ladder --no-record -n 1 --pilot "run:$work/vehicle-box" \
    --station-pilot "run:$work/station-box" >"$work/relay" 2>&1 &
relay=\$!
tries=0
while ! grep -q listens "$work/relay" && [ \$tries -lt 150 ]; do
    sleep 0.1
    tries=\$((tries + 1))
done
"$v2glab" ev --alone --slac ev0 --no-record -q -m dc --set gaps.CurrentDemand=100 >"$work/vehicle" 2>&1
echo "vehicle: \$?"
wait \$relay
echo "relay: \$?"
wait \$station
echo "station: \$?"
END
    printf "return { nodes = { 'ev0', 'evse0', 'ev1', 'evse1' }, crosstalk = false, join = 200, paths = {
        { 'ev0', 'evse0', attenuation = 12 }, { 'ev1', 'evse1', attenuation = 12 } } }" >"$work/quick.lua"
    run lab --bench "$work/quick.lua" sh "$work/lab.sh"
    wants "three programs on two power lines" 0 out 'vehicle: 0' out 'relay: 0' out 'station: 0'
    in_order "relay_<-_SECC_CM_SLAC_MATCH_CNF EVCC_<-_relay_CM_SLAC_MATCH_CNF relay_<-_SECC_SessionStopRes" "$work/relay"
    result $? "the relay is matched with the station, then with the vehicle"
    in_order '{"set":{"duty":100}} {"set":{"duty":5}}' "$work/vehicle-box.told"
    result $? "the box towards the vehicle is told the station's duty cycle"
    in_order '{"set":{"state":"B"}} {"set":{"state":"C"}}' "$work/station-box.told"
    result $? "the box towards the station is told the vehicle's state"
else
    echo "ok - three programs on two power lines # SKIP there is no lab"
fi
