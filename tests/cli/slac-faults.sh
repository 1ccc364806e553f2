#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# One fault at a time at either side of the matching, as foreign programs were seen to answer it
# (docs/peers.md), and what ours answers: the rows of that page.
# shellcheck source=tests/cli/support
. tests/cli/support

# NAME|ARGUMENTS|EXIT CODE|REQUESTS FOR PARAMETERS AND FOR A KEY|TEXT: what is counted is the vehicle's, in all
# attempts, which go on for TT_matching_repetition: three requests at most in each.
# $ is for blanks of a fault, W for the folder of files.
rows() {
    cat <<'END'
vehicle: no CM_SLAC_PARM.CNF|--fault CM_SLAC_PARM_CNF:$drop|1|30 0|no station answered CM_SLAC_PARM.REQ
vehicle: CM_SLAC_PARM.CNF with another RunID|--fault CM_SLAC_PARM_CNF:$set$RunID=0000000000000000|1|30 0|no station answered CM_SLAC_PARM.REQ
vehicle: CM_SLAC_PARM.CNF 300 ms late|--fault CM_SLAC_PARM_CNF#1:$delay$300$overtake|0|2 1|matched with
vehicle: 5 sounds wanted|--fault CM_SLAC_PARM_CNF:$set$NUM_SOUNDS=5|1|30 0|no station answered CM_SLAC_PARM.REQ
vehicle: response type 0|--fault CM_SLAC_PARM_CNF:$set$RESP_TYPE=0|1|30 0|no station answered CM_SLAC_PARM.REQ
vehicle: application type 1|--fault CM_SLAC_PARM_CNF:$set$ApplicationType=1|1|30 0|no station answered CM_SLAC_PARM.REQ
vehicle: forwarding to nobody|--fault CM_SLAC_PARM_CNF:$set$FORWARDING_STA=000000000000|1|30 0|no station answered CM_SLAC_PARM.REQ
vehicle: security 1|--fault CM_SLAC_PARM_CNF:$set$SecurityType=1|1|30 0|no station answered CM_SLAC_PARM.REQ
vehicle: no CM_ATTEN_CHAR.IND|--fault CM_ATTEN_CHAR_IND:$drop|1|7 0|no station sent CM_ATTEN_CHAR.IND
vehicle: CM_ATTEN_CHAR.IND with another RunID|--fault CM_ATTEN_CHAR_IND:$set$RunID=0000000000000000|1|7 0|no station sent CM_ATTEN_CHAR.IND
vehicle: CM_ATTEN_CHAR.IND 700 ms late|--fault CM_ATTEN_CHAR_IND#1:$delay$700$overtake|0|1 1|matched with
vehicle: CM_ATTEN_CHAR.IND 1500 ms late|--fault CM_ATTEN_CHAR_IND:$delay$1500$overtake|1|7 0|no station sent CM_ATTEN_CHAR.IND
vehicle: CM_ATTEN_CHAR.IND twice|--fault CM_ATTEN_CHAR_IND#1:$duplicate|0|1 1|matched with
vehicle: CM_ATTEN_CHAR.RSP lost|--fault CM_ATTEN_CHAR_RSP#1:$drop|0|1 3|matched with
vehicle: 50 dB|--with slac.adjustment=38|0|1 1|hears us at 51.
vehicle: 0 dB|--bench W/near.lua|0|1 1|hears us at 0.0 dB
vehicle: two stations, the nearer one later|--bench W/later.lua|0|1 1|matched with 0200000000E2
vehicle: 57 groups in CM_ATTEN_CHAR.IND|--fault CM_ATTEN_CHAR_IND:$set$NumGroups=57|1|7 0|no station sent CM_ATTEN_CHAR.IND
vehicle: no CM_SLAC_MATCH.CNF|--fault CM_SLAC_MATCH_CNF:$drop|1|7 21|did not answer CM_SLAC_MATCH.REQ
vehicle: CM_SLAC_MATCH.CNF with another RunID|--fault CM_SLAC_MATCH_CNF:$set$RunID=0000000000000000|1|7 21|did not answer CM_SLAC_MATCH.REQ
vehicle: CM_SLAC_MATCH.CNF 150 ms late|--fault CM_SLAC_MATCH_CNF#1:$delay$150$overtake|0|1 1|matched with
vehicle: CM_SLAC_MATCH.CNF 300 ms late|--fault CM_SLAC_MATCH_CNF#1:$delay$300$overtake|0|1 2|matched with
vehicle: length 0 in CM_SLAC_MATCH.CNF|--fault CM_SLAC_MATCH_CNF:$set$MVFLength=0|1|7 21|did not answer CM_SLAC_MATCH.REQ
vehicle: no CM_SET_KEY.CNF|--fault evcc$in$CM_SET_KEY_CNF:$drop|1||own modem did not answer CM_SET_KEY.REQ
vehicle: CM_SET_KEY.CNF with result 0|--fault in$CM_SET_KEY_CNF:$set$Result=0|0|1 1|matched with
vehicle: CM_SET_KEY.CNF 600 ms late|--fault evcc$in$CM_SET_KEY_CNF#1:$delay$600$overtake|0|1 1|matched with
vehicle: its modem says nothing of the link|--fault evcc$in$VS_PL_LINK_STATUS_CNF:$drop|1|1 1|the link did not come up
vehicle: frames are filled up by 14 octets|--fault secc$CM_*:$append$0000000000000000000000000000|0|1 1|matched with
vehicle: the link never comes up|--fault in$VS_PL_LINK_STATUS_CNF:$set$LinkStatus=0|1|1 1|the link did not come up
station: CM_SLAC_PARM.REQ again|--fault CM_SLAC_PARM_REQ#1:$duplicate|0|2 1|matched with
station: application type 1|--fault CM_SLAC_PARM_REQ:$set$ApplicationType=1|1|30 0|no station answered CM_SLAC_PARM.REQ
station: security 1|--fault CM_SLAC_PARM_REQ:$set$SecurityType=1|1|30 0|no station answered CM_SLAC_PARM.REQ
station: no CM_START_ATTEN_CHAR.IND|--fault CM_START_ATTEN_CHAR_IND:$drop|1|7 0|ends: no CM_START_ATTEN_CHAR.IND in time
station: CM_START_ATTEN_CHAR.IND with another RunID|--fault CM_START_ATTEN_CHAR_IND:$set$RunID=0000000000000000|1|7 0|ends: no CM_START_ATTEN_CHAR.IND in time
station: CM_START_ATTEN_CHAR.IND 300 ms late|--set slac.start=300|0|1 1|matched with
station: CM_START_ATTEN_CHAR.IND 600 ms late|--set slac.start=600|1|5 0|ends: no CM_START_ATTEN_CHAR.IND in time
station: response type 0|--fault CM_START_ATTEN_CHAR_IND:$set$RESP_TYPE=0|1|7 0|ends: no CM_START_ATTEN_CHAR.IND in time
station: 5 of 10 sounds|--fault CM_MNBC_SOUND_IND#6+:$drop|0|1 1|NUM_SOUNDS 5
station: no sounds|--fault CM_MNBC_SOUND_IND:$drop|1|7 0|ends: no CM_ATTEN_CHAR.RSP in time
station: no profiles|--fault secc$in$CM_ATTEN_PROFILE_IND:$drop|1|7 0|ends: no CM_ATTEN_CHAR.RSP in time
station: 57 groups in the profiles|--fault secc$in$CM_ATTEN_PROFILE_IND:$set$NumGroups=57|1|7 0|NUM_SOUNDS 0
station: sounds from another address|--fault W/sounds.lua|1|7 0|NUM_SOUNDS 0
station: sounds with another RunID, profiles right|--fault CM_MNBC_SOUND_IND:$set$RunID=0000000000000000|0|1 1|matched with
station: no CM_ATTEN_CHAR.RSP|--fault CM_ATTEN_CHAR_RSP:$drop|1|7 21|ends: no CM_ATTEN_CHAR.RSP in time
station: CM_ATTEN_CHAR.RSP with another RunID|--fault CM_ATTEN_CHAR_RSP:$set$RunID=0000000000000000|1|7 21|ends: no CM_ATTEN_CHAR.RSP in time
station: CM_ATTEN_CHAR.RSP with result 1|--fault CM_ATTEN_CHAR_RSP:$set$Result=1|1|7 21|ends: no CM_ATTEN_CHAR.RSP in time
station: a source ID in CM_ATTEN_CHAR.RSP|--fault CM_ATTEN_CHAR_RSP:$set$SOURCE_ID=0100000000000000000000000000000000|1|7 21|ends: no CM_ATTEN_CHAR.RSP in time
station: CM_ATTEN_CHAR.RSP 300 ms late|--fault CM_ATTEN_CHAR_RSP#1:$delay$300$overtake|0|1 3|matched with
station: no CM_SLAC_MATCH.REQ|--fault CM_SLAC_MATCH_REQ:$drop|1|7 0|did not answer CM_SLAC_MATCH.REQ
station: CM_SLAC_MATCH.REQ 2 s late|--set slac.match=2000|0|1 1|matched with
station: another RunID in CM_SLAC_MATCH.REQ|--fault CM_SLAC_MATCH_REQ:$set$RunID=0000000000000000|1|7 21|did not answer CM_SLAC_MATCH.REQ
station: another EVSE in CM_SLAC_MATCH.REQ|--fault CM_SLAC_MATCH_REQ:$set$EVSEMAC=0200000000FF|1|7 21|did not answer CM_SLAC_MATCH.REQ
station: an EV ID in CM_SLAC_MATCH.REQ|--fault CM_SLAC_MATCH_REQ:$set$PEVID=0100000000000000000000000000000000|1|7 21|did not answer CM_SLAC_MATCH.REQ
station: another length in CM_SLAC_MATCH.REQ|--fault CM_SLAC_MATCH_REQ:$set$MVFLength=61|1|7 21|did not answer CM_SLAC_MATCH.REQ
station: a matching has failed|--fault CM_MNBC_SOUND_IND#1-10:$drop|0|2 1|matched with
station: frames are filled up by 14 octets|--fault evcc$CM_*:$append$0000000000000000000000000000|0|1 1|matched with
station: CM_SLAC_MATCH.REQ again|--fault CM_SLAC_MATCH_REQ:$duplicate|0|1 2|matched with
station: CM_SLAC_PARM.REQ behind CM_SLAC_MATCH.CNF|--fault W/early.lua|0|2 1|matched with
station: CM_SLAC_PARM.REQ with the same RunID behind CM_SLAC_MATCH.CNF|--fault W/same.lua|0|2 1|matched with 0200000000E1
station: CM_SLAC_PARM.REQ once the link is up|--set loops=20 --set gaps.CurrentDemand=200 --fault W/linked.lua|0|2 1|matched with
END
}

printf "return { nodes = { 'ev0', 'evse0', 'evse1' }, paths = { { 'ev0', 'evse0', attenuation = 10, delay = 60 },
    { 'ev0', 'evse1', attenuation = 30 } } }" >"$work/later.lua"
printf "return { nodes = { 'ev0', 'evse0' }, paths = { { 'ev0', 'evse0', attenuation = 0 } } }" >"$work/near.lua"
echo "return { on = 'CM_MNBC_SOUND_IND', fault = function(_, _, header) header.from = '0200000F0001' end }" >"$work/sounds.lua"
# asks MESSAGE OCCURRENCE: the vehicle asks for parameters once more behind that message
asks() {
    echo "local again
return { on = '$1', occurrence = '$2+', fault = function(m, _, header)
    if not again and header.from == '0200000000E1' then
        again = Evcc.Message 'CM_SLAC_PARM_REQ'
        again.RunID = '0102030405060708'
        return { m, { again, to = 'FFFFFFFFFFFF' } }
    end
end }"
}
asks CM_SLAC_MATCH_REQ 1 >"$work/early.lua"
sed "s/'0102030405060708'/m.RunID/" "$work/early.lua" >"$work/same.lua"
asks VS_PL_LINK_STATUS_REQ 12 >"$work/linked.lua"

while IFS='|' read -r name arguments code counts text; do
    read -r -a words <<<"${arguments//W\//$work/}"
    run ev --virtual-time --ladder --no-record --set loops=1 --bench pair "${words[@]//\$/ }"
    found="$(grep -c 'EVCC -> SECC  CM_SLAC_PARM_REQ' "$work/out") $(grep -c 'EVCC -> SECC  CM_SLAC_MATCH_REQ' "$work/out")"
    [ "$found" = "${counts:-$found}" ] || echo "# $name: found $found requests, expected $counts"
    wants "$name" "$([ "$found" = "${counts:-$found}" ] && echo "$code" || echo none)" out "$text"
    confirmed=$(grep -c 'EVCC <- SECC  CM_SLAC_PARM_CNF' "$work/out")
    case $name in
    *'the same RunID'*) check "is not answered, and ends no matching" test "$confirmed" -eq 1 ;;
    *'behind CM_SLAC_MATCH.CNF') check "is answered" test "$confirmed" -eq 2 ;;
    *'once the link is up') check "is not answered" test "$confirmed" -eq 1 ;;
    esac
done < <(rows)
