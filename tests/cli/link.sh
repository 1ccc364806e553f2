#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The link of a station's interface: V2G_SECC_CommunicationSetup_Performance_Time runs from when it
# comes up, and when it is over SDP and listeners are closed. In the lab, where the cable is pulled.
. tests/cli/support

if ! command -v ip >/dev/null || ! "$V2GLAB" lab true 2>/dev/null; then
    echo "ok - the link # SKIP there is no lab, or no ip"
    exit 0
fi

# plugged NAME OPTIONS SHELL: a station with these options, whose cable is pulled and put in again,
# and then the vehicle's side runs SHELL; $work/evse has what the station said
plugged() {
    ran="evse $2, in the lab: $3"
    cat >"$work/lab.sh" <<END
: >"$work/evse"
"$V2GLAB" evse --alone --no-record --ladder $2 >"$work/evse" 2>&1 &
pid=\$!
# seen WORDS N: the station has said that N times; the kernel tells of a link within a second, and
# a listener is open before it is told
seen() {
    tries=0
    while [ "\$(grep -c "\$1" "$work/evse")" -lt "\$2" ] && [ \$tries -lt 50 ]; do
        sleep 0.1
        tries=\$((tries + 1))
    done
}
plugs=0
plug() {
    plugs=\$((plugs + 1))
    ip link set ev0 down
    seen 'link is down' \$plugs
    ip link set ev0 up
    ip -6 addr add fe80::ff:fe00:e1/64 dev ev0 nodad 2>/dev/null
    seen 'link is up' \$plugs
}
seen listens 2
$3
kill \$pid
wait \$pid
END
    status=0
    "$V2GLAB" lab sh "$work/lab.sh" >"$work/out" 2>"$work/err" || status=$?
    sed 's/^/evse: /' "$work/evse" >>"$work/err"
}
charge="\"$V2GLAB\" ev --alone --no-record -q --mode ac -P ISO15118-2 --set loops=1"

plugged "in time" "" "plug; $charge"
grep -q 'EVCC: pass' "$work/out" && grep -q 'link is down' "$work/evse"
result $? "a vehicle that comes soon after the link charges"

plugged "late" "--timer V2G_SECC_CommunicationSetup_Performance_Time=300ms" \
    "plug; seen 'listeners are closed' 1; $charge --timer V2G_EVCC_CommunicationSetup_Timeout=700ms"
grep -q 'SDP and listeners are closed' "$work/evse" && grep -q 'cannot be reached' "$work/err" &&
    ! grep -q 'SECCDiscoveryRes' "$work/evse"
result $? "[V2G2-723 V2G2-716] after V2G_SECC_CommunicationSetup_Performance_Time nobody answers SDP, and the listener is closed"

plugged "again" "--timer V2G_SECC_CommunicationSetup_Performance_Time=3s" \
    "plug; seen 'listeners are closed' 1; plug; $charge"
grep -q 'EVCC: pass' "$work/out" && [ "$(grep -c listens "$work/evse")" -eq 4 ]
result $? "and with the next link they are open again"

plugged "before" "--timer V2G_SECC_CommunicationSetup_Performance_Time=300ms" "sleep 0.6; $charge"
grep -q 'EVCC: pass' "$work/out"
result $? "a link that was up before the station began closes nothing"

plugged "field" "--profile field --timer V2G_SECC_CommunicationSetup_Performance_Time=300ms" \
    "ip link set ev0 down; sleep 1.2; ip link set ev0 up; ip -6 addr add fe80::ff:fe00:e1/64 dev ev0 nodad; sleep 0.8; $charge --profile field"
grep -q 'EVCC: pass' "$work/out" && ! grep -q 'link is' "$work/evse"
result $? "with --profile field the link does not matter"

cat >"$work/late.lua" <<'END'
Evcc.Connect { manual = true }
local ms, how = Evcc.Expect_Close(700)
assert(how:find('closed'), how)
END
plugged "session" "--timer V2G_SECC_CommunicationSetup_Performance_Time=800ms" \
    "plug; sleep 0.4; \"$V2GLAB\" run --no-record \"$work/late.lua\""
grep -q 'EVCC verdict: pass' "$work/out"
result $? "[V2G2-032] a vehicle that has connected has until the same time for SessionSetupReq"
