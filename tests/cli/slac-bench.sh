#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# From the plug to SessionStop on a virtual bench: matching, pilot, link, then the session; and what
# each side does when a frame is lost, changed or somebody else's.
# shellcheck source=tests/cli/support
. tests/cli/support

# charge ARGUMENT...: a vehicle and a station on a bench, in virtual time
charge() {
    rm -rf "$work/record"
    run ev --virtual-time --ladder --time-scale 1000 --set loops=2 -o "$work/record" "$@"
}
has() { grep -q -e "$1" "$work/record/events.jsonl"; }
# sent SIDE MESSAGE: how often, as its own record has it
sent() { grep -c -e "\"by\":\"$1\".*\"from\":\"$1\".*\"name\":\"$2\"" "$work/record/events.jsonl"; }

for protocol in DIN70121 ISO15118-2 ISO15118-20; do
    charge --bench pair --protocol $protocol
    wants "$protocol: from plug-in to SessionStop" 0 out 'EVCC verdict: pass' out 'SECC verdict: pass'
    check "$protocol: the pilot, the matching, the link, then SDP, and the plug at the end" \
        in_order 'B2, CM_SLAC_PARM_REQ CM_ATTEN_CHAR_IND CM_SLAC_MATCH_CNF CM_SET_KEY_CNF matched SECCDiscoveryReq C2, SessionStopRes A2,' \
        "$work/out"
done
charge --bench pair --mode ac --protocol ISO15118-2
wants "AC, too" 0 out 'EVCC verdict: pass'
if [ "$(sent EVCC CM_START_ATTEN_CHAR_IND)" -eq 3 ] && [ "$(sent EVCC CM_MNBC_SOUND_IND)" -eq 10 ] &&
    [ "$(sent SECC CM_SET_KEY_REQ)" -ge 1 ]; then bad=0; else bad=1; fi
result $bad "three CM_START_ATTEN_CHAR.IND, ten sounds"
check "events have the pilot as a kind of their own" has '"kind":"pilot".*C2, 6.0 V, 5 %'
check "and frames as those of a link" has '"link":true,"source":"02:00:00:00:00:E1"'

cp "$work/record/events.jsonl" "$work/first"
charge --bench pair --mode ac --protocol ISO15118-2
if cmp -s "$work/first" "$work/record/events.jsonl"; then bad=0; else bad=1; fi
result $bad "virtual time holds: the same events each time"

if command -v tshark >/dev/null; then
    tshark -r "$work/record/session.pcapng" -Y homeplug-av >"$work/out" 2>/dev/null
    if grep -q 'CM_SLAC_MATCH.CNF' "$work/out" && ! grep -qi malformed "$work/out"; then bad=0; else bad=1; fi
    result $bad "session.pcapng has the frames, as tshark reads them"
else
    echo "ok - session.pcapng has the frames, as tshark reads them # SKIP tshark is not installed"
fi

# ---- several stations, weak lines ----

charge --bench three-stations
wants "of three stations the vehicle takes that which hears it best" 0 \
    out 'station 0200000000E2 hears us at 1' out 'station 020000000104 hears us at 4' \
    out 'matched with 0200000000E2'
if grep 'CM_SLAC_MATCH_REQ' "$work/out" | grep -qv 'to 02:00:00:00:00:E2'; then bad=1; else bad=0; fi
result $bad "and asks no other for its key"

charge --bench crosstalk
wants "where two are within 3 dB the pilot's toggles decide" 0 out 'CM_VALIDATE_CNF' \
    out 'ToggleNum 3, Result 2' out 'validation with station 0200000000E2: seen' out 'matched with 0200000000E2'

bad=0
for seed in 1 2 3 4 5 6; do
    charge --bench weak-cable --seed $seed
    [ "$status" -eq 0 ] || bad=1
done
result $bad "on a weak cable all is repeated until it holds"

# ---- one fault at a time ----

# fault NAME FAULT TEXT...: it happens, and the session is held all the same
fault() {
    what=$1
    charge --bench pair --fault "$2"
    shift 2
    wants "$what" 0 out 'fault: ' out 'verdict: pass' "$@"
}
fault "a lost CM_SLAC_PARM.CNF is asked for again" 'CM_SLAC_PARM_CNF#1: drop'
check "200 ms later" test "$(sent EVCC CM_SLAC_PARM_REQ)" -eq 2
fault "a CM_SLAC_PARM.CNF of another RunID is none" 'CM_SLAC_PARM_CNF#1: set RunID=0000000000000000'
check "[V2G3-A09-10] and is asked for again" test "$(sent EVCC CM_SLAC_PARM_REQ)" -eq 2
fault "a lost CM_ATTEN_CHAR.IND is sent again" 'CM_ATTEN_CHAR_IND#1: drop'
fault "a lost CM_ATTEN_CHAR.RSP, too" 'CM_ATTEN_CHAR_RSP#1: drop'
check "and answered again, in the same attempt" test "$(sent EVCC CM_ATTEN_CHAR_RSP)$(sent EVCC CM_SLAC_PARM_REQ)" -eq 21
fault "a fault at what a modem says of the link is shown, too" 'in VS_PL_LINK_STATUS_CNF#1: set LinkStatus=0' \
    out 'fault: in VS_PL_LINK_STATUS_CNF'
fault "a lost CM_SLAC_MATCH.REQ is repeated" 'CM_SLAC_MATCH_REQ#1: drop'
fault "a lost CM_SLAC_MATCH.CNF, too" 'CM_SLAC_MATCH_CNF#1: drop'
check "and the station answers again" test "$(sent SECC CM_SLAC_MATCH_CNF)" -eq 2
fault "a CM_SLAC_MATCH.CNF for another vehicle is none" 'CM_SLAC_MATCH_CNF#1: set PEVMAC=0200000000FF'
fault "sounds that are lost are not missed" 'CM_MNBC_SOUND_IND#3: drop' out 'NUM_SOUNDS 9'
fault "two CM_SLAC_MATCH.CNF are one" 'CM_SLAC_MATCH_CNF#1: duplicate'
fault "a length beyond the frame is no message" 'CM_SLAC_MATCH_CNF#1: set MVFLength=65535' \
    out 'expected at most the 86 that follow'

charge --bench pair --fault 'CM_SLAC_PARM_REQ: drop'
wants "where nobody answers the vehicle ends, and says why" 1 out 'no station answered CM_SLAC_PARM.REQ'
check "after three requests a second, for TT_matching_repetition" test "$(grep -c 'fault: CM_SLAC_PARM_REQ: drop' "$work/out")" -eq 30

# ---- the modem before the matching ----

printf "return { nodes = { 'ev0', { 'evse0', modem = 'lumissil' } },
    paths = { { 'ev0', 'evse0', attenuation = 12 } } }" >"$work/makers.lua"
charge --bench "$work/makers.lua" --set slac.modem=ask --with slac.modem=ask
wants "the firmware of either maker's modem is told" 0 out 'SLAC: modem with firmware MAC-QCA7000-v2glab' \
    out 'SLAC: modem with firmware CG5317 0.0.0 build 0' not-out 'RS_DEV' not-out 'RESET_DEVICE'
charge --bench "$work/makers.lua" --set slac.modem=reset --with slac.modem=reset
wants "or it is reset before, by its maker's message" 0 out 'SLAC: the modem, MAC-QCA7000-v2glab, is reset' \
    out 'EVCC -> SECC  VS_RS_DEV_REQ' out 'EVCC <- SECC  CG_RESET_DEVICE_REQ' out 'EVCC verdict: pass'
charge --bench pair --set slac.modem=reset --fault 'evcc in VS_SW_VER_CNF: drop'
wants "a modem that says nothing of itself is not reset, and may work all the same" 0 not-out 'VS_RS_DEV_REQ' \
    out 'neither VS_SW_VER.REQ nor CG_GET_VERSION.REQ was answered' out 'EVCC verdict: pass'
charge --bench pair
wants "on a bench it is not asked" 0 not-out 'VS_SW_VER_REQ'

run ev --virtual-time --bench nowhere
wants "a bench that there is not" 3 err 'there is no bench nowhere'
echo 'return { nodes = { "ev0", "evse0" }, paths = { { "ev0", "evse9" } } }' >"$work/bad.lua"
run ev --virtual-time --bench "$work/bad.lua"
wants "a path to nobody is told with its place" 3 err 'paths[1]' err 'expected the name of a node, found evse9'
run ev --virtual-time --bench pair --set slac.validates=allways --no-record
wants "a word that is none is told, and which there are" 3 \
    out "slac.validates: expected near, always or never, found 'allways'"
run ev --virtual-time --bench pair --with slac.validation=no --with slac.duty=500 --with slac.adjustment=0.5 --no-record
wants "those of the station, too" 3 out "slac.validation: expected counts, none or not_required, found 'no'" \
    out 'slac.duty: expected 0 to 100 percent, found 500' out 'slac.adjustment: expected a whole number'
