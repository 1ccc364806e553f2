#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The electrical model: whole sessions whose every value is held against all others
# (tests/lua/plausible.lua), and the current of AC, which follows the control pilot.
# shellcheck source=tests/cli/support
. tests/cli/support

whole() {
    what=$1
    shift
    run ev --virtual-time --no-record --ladder --tls off --time-scale 4000 --script tests/lua/plausible.lua \
        --set gaps.CurrentDemand=8000 --set gaps.ChargingStatus=40000 "$@"
    wants "$what" 0 out 'EVCC verdict: pass' out 'SECC verdict: pass' out 'plausible: '
    said=$(sed -n 's/.*plausible: \([0-9]*\) checks, -*\([0-9]*\) Wh/\1 \2/p' "$work/out")
    [ "${said% *}" -gt 100 ] && [ "${said#* }" -gt 1000 ]
    result $? "$what: looked at closely ($said)"
}

whole "DIN 70121" --protocol DIN70121 --mode dc
whole "ISO 15118-2 DC" --protocol ISO15118-2 --mode dc
whole "ISO 15118-2 DC, a small station" --protocol ISO15118-2 --mode dc --with dc.max_current=60 \
    --with dc.max_power=20000 --set battery.soc=70
whole "ISO 15118-2 DC, a large battery" --protocol ISO15118-2 --mode dc --set battery.capacity=150000 \
    --set battery.max_power=250000 --set battery.max_current=500
whole "ISO 15118-2 AC" --protocol ISO15118-2 --mode ac --set battery.soc=60
whole "ISO 15118-2 AC, one phase" --protocol ISO15118-2 --mode ac --set ac.phases=1 --set battery.soc=80
whole "ISO 15118-20 DC" --protocol ISO15118-20 --mode dc
whole "ISO 15118-20 DC, dynamic" --protocol ISO15118-20 --mode dc --set control=dynamic
whole "ISO 15118-20 AC" --protocol ISO15118-20 --mode ac --set battery.soc=60
whole "ISO 15118-20 DC, discharging" --protocol ISO15118-20 --mode dc --set bpt=true \
    --set discharge_to=40 --set battery.soc=60

run ev --virtual-time --no-record --ladder --tls off --time-scale 10000 --script tests/lua/plausible.lua \
    --protocol ISO15118-2 --mode dc --set gaps.CurrentDemand=3000 --set battery.soc=90 \
    --with values.CurrentDemandRes.EVSEPresentCurrent=400
wants "a station that lies is noticed" 1 out 'EVSEPresentCurrent: 400'

# watts that an AC vehicle draws with a pilot
watts() {
    cat >"$work/watts.lua" <<'END'
on.receive = function(m, ev)
    if m:name():find('^ChargingStatusRes') or m:name():find('^AC_ChargeLoopRes') then
        Log('draws ' .. math.floor(ev.flowing + 0.5))
    end
end
END
    run ev --virtual-time --no-record --ladder --tls off --mode ac --set loops=2 --script "$work/watts.lua" "$@"
    sed -n 's/.*draws \([0-9]*\)$/\1/p' "$work/out" | sort -u | tr '\n' ' '
}
while read -r duty amperes; do
    found=$(watts --protocol ISO15118-2 --with pilot="$duty" --set ac.max_current=90 \
        --with ac.max_current=90 --set battery.max_power=90000 --set battery.max_current=900)
    [ "$found" = "$((amperes * 690)) " ]
    result $? "a duty cycle of $duty % is $amperes A: $found W"
done <<'END'
5 90
8 6
10 6
20 12
50 30
85 51
90 65
96 80
98 0
2 0
END
[ "$(watts --protocol ISO15118-20 --with pilot=20)" = "8280 " ]
result $? "ISO 15118-20, too"
[ "$(watts --protocol ISO15118-2 --set pilot=20)" = "8280 " ]
result $? "a foreign station's pilot is a parameter of the vehicle"
[ "$(watts --protocol ISO15118-2 --with ac.max_current=10)" = "6900 " ]
result $? "EVSEMaxCurrent limits it, too"
[ "$(watts --protocol ISO15118-2 --with 'schedules={{id=1,entries={{start=0,power=5000,duration=86400}}}}')" = "5000 " ]
result $? "and so does the schedule"
