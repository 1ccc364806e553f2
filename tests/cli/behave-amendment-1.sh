#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Amendment 1 of ISO 15118-20: megawatt charging, and vehicles that serve the grid by IEC and by SAE
# rules, between the ready-made sides.
# shellcheck source=tests/cli/support
. tests/cli/support
# shellcheck source=tests/cli/support-ev
. tests/cli/support-ev

of_20() {
    ev --protocol ISO15118-20 "$@"
}

# ---- megawatt charging ----

for control in scheduled dynamic; do
    for bpt in false true; do
        of_20 --mode mcs --set control=$control --set bpt=$bpt -v
        service=$([ $bpt = true ] && echo 9 || echo 8)
        both_pass "MCS, $control, bidirectional: $bpt" out 'ProtocolNamespace urn:iso:std:iso:15118:-20:DC' \
            out "ServiceID>$service<"
        order "its order" SessionSetup AuthorizationSetup Authorization ServiceDiscovery ServiceDetail \
            ServiceSelection DC_ChargeParameterDiscovery ScheduleExchange DC_CableCheck DC_PreCharge \
            PowerDelivery DC_ChargeLoop PowerDelivery DC_WeldingDetection SessionStop
    done
done
of_20 --mode mcs --set loops=5 --set gaps.CurrentDemand=1000
watts=$(sed -n 's/.*DC_ChargeLoopRes .*EVSEPresentCurrent \([0-9]*\).*EVSEPresentVoltage \([0-9]*\).*/\1 \2/p' "$work/out" |
    awk '$1 * $2 > most { most = $1 * $2 } END { print most + 0 }')
[ "$watts" -gt 1000000 ]
result $? "it is more than a megawatt ($watts W)"
of_20 --mode mcs --with dc.max_voltage=1251
wants "a station that says more than the connector carries" 1 \
    out 'EVSEMaximumVoltage of 1251 is above what the MCS connector carries, 1250' out 'SessionStopReq'
of_20 --mode mcs --with dc.max_current=3001
wants "in amperes, too" 1 out 'EVSEMaximumChargeCurrent of 3001 is above what the MCS connector carries, 3000'
of_20 --mode dc --with modes.dc=false --with modes.mcs=true
wants "MCS is not what a vehicle takes that asks for DC" 1 out 'the station does not offer service 2 (DC)' \
    out 'SessionStopReq' not-out 'ServiceDetailReq'
of_20 --mode mcs --with modes.dc=true --with modes.mcs=false
wants "nor DC of one that asks for MCS" 1 out 'the station does not offer service 8 (MCS)'
of_20 --mode mcs --set mcs_connector=Marine --with mcs_connector=Marine -v
both_pass "the connector is a number of the parameter set" out 'intValue>7<'
of_20 --mode mcs --with mcs_connector=Chaoji
wants "another connector than the vehicle's" 1 out 'the station has Connector 2; the vehicle has 1 (Mcs)' \
    out 'SessionStopReq' not-out 'ServiceSelectionReq'
of_20 --mode mcs --with mcs_connector=CCS
wants "one that there is not" 3 out 'mcs_connector: expected Mcs, Chaoji'
ev --protocol ISO15118-2 --mode mcs
wants "ISO 15118-2 has none" 1 out 'ISO15118-2 has no MCS charging'
ev --mode mcs
both_pass "without --protocol it is ISO 15118-20"

# ---- vehicles that serve the grid ----

in_order="SessionSetup AuthorizationSetup Authorization ServiceDiscovery ServiceDetail ServiceSelection
    AC_ChargeParameterDiscovery ScheduleExchange PowerDelivery AC_ChargeLoop PowerDelivery SessionStop"
for der in iec sae; do
    for control in scheduled dynamic; do
        for down in 0 10; do
            of_20 --mode ac-der --set der=$der --with der=$der --set control=$control --set discharge_to=$down -v
            both_pass "AC-DER by ${der^^} rules, $control, discharging to $down" \
                out "urn:iso:std:iso:15118:-20:AC-DER-${der^^}" out 'DER_AC_CPDReqEnergyTransferMode' \
                out 'as wanted'
            # shellcheck disable=SC2086 # words
            order "its order" $in_order
        done
    done
    of_20 --mode ac-der --set der=$der --with der=$der
    times "the vehicle declares, and then acknowledges ($der)" 2 '-> SECC  AC_ChargeParameterDiscoveryReq'
    ev --mode ac-der --set der=$der --with der=$der
    both_pass "without --protocol it is ISO 15118-20 ($der)"
done
of_20 --mode ac-der --set der=sae
wants "a station of one kind of rules does not take the other" 1 out 'Failed_NoNegotiation'
of_20 --mode ac-der --with modes.ac-der=false --with modes.ac=true
wants "nor does one of plain AC" 1 out 'Failed_NoNegotiation'
of_20 --mode ac --with modes.ac=true --with modes.ac-der=true
both_pass "one of both goes on with plain AC" out 'urn:iso:std:iso:15118:-20:AC,'

# what the grid does, and what the vehicle makes of it: watts by the droop, var by the curve
feeding='--set discharge_to=5 --set loops=8'
# shellcheck disable=SC2086 # words
{
    of_20 --mode ac-der $feeding --with 'grid.events={{after=3,frequency=50.5,voltage=250}}'
    both_pass "too much in the grid: it feeds in less, and draws reactive power" \
        out 'the grid has 250.0 V and 50.50 Hz' out 'EVPresentActivePower -10000 W' \
        out 'OverFrequencyWatt, VoltVar: -10000 W wanted, -8800 W and 3696 var' \
        out 'EVPresentActivePower -8800 W'
    of_20 --mode ac-der $feeding --with 'grid.events={{after=3,voltage=258.75}}'
    both_pass "too high a voltage: it feeds in less still" out 'VoltWatt, VoltVar: -10000 W wanted, -5000 W'
    of_20 --mode ac-der --set loops=8 --with 'grid.events={{after=3,frequency=49.5}}'
    both_pass "too little while it charges: it draws less" out 'UnderFrequencyWatt: 22080 W wanted, 20880 W'
    of_20 --mode ac-der $feeding --with 'grid_functions={"WattCosPhi","ZeroCurrent"}' \
        --with 'grid.events={{after=3,voltage=280}}'
    both_pass "a power factor, and no current beyond the limits" out 'WattCosPhi: -10000 W wanted, -10000 W' \
        out 'ZeroCurrent: -10000 W wanted, 0 W and 0 var'
    of_20 --mode ac-der $feeding \
        --with values.AC_ChargeLoopRes.DER_Scheduled_AC_CLResControlMode_DSOMaximumDischargePower=4000 \
        --with values.AC_ChargeLoopRes.DER_Scheduled_AC_CLResControlMode_DSOQSetpoint_DSOQSetpointValue=1500
    both_pass "what the grid operator asks for goes before curves" \
        out 'DSOMaximumDischargePower, DSOQSetpoint: -10000 W wanted, -4000 W and 1500 var'
    of_20 --mode ac-der $feeding --set der=sae --with der=sae --with grid.voltage=240 --with grid.frequency=60 \
        --with 'grid.events={{after=3,frequency=60.336}}'
    both_pass "SAE: by the droop beyond the deadband" out 'FrequencyDroop: -10000 W wanted, -9000 W'
    of_20 --mode ac-der $feeding --set der=sae --with der=sae --with permit_service=false
    both_pass "SAE: without permission it is not connected" out 'service is not permitted: -10000 W wanted, 0 W' \
        out 'DEROperationalState Off'
    of_20 --mode ac-der $feeding --set der=sae --with der=sae --with grid.voltage=240 --with grid.frequency=60 \
        --with 'grid.events={{after=3,voltage=300}}'
    both_pass "SAE: a voltage that trips it" out 'the voltage trips it: -10000 W wanted, 0 W'
}

# the model by itself: what stands between two points, sides, percentages, and what goes before what
cat >"$work/model.lua" <<'END'
local der = require 'v2g.der'
local function near(what, p, q, want_p, want_q)
    assert(math.abs(p - want_p) < 1 and math.abs(q - want_q) < 1, ('%s: %g W, %g var'):format(what, p, q))
end
local grid = { voltage = 230, frequency = 50, nominal = 50, nominal_voltage = 230 }
local most = { draw = 11000, feed = 10000, var = 5000 }
local function iec(what, wanted, names, more, orders, want_p, want_q)
    local now = {}
    for key, value in pairs(grid) do
        now[key] = more[key] or value
    end
    local p, q = der.follow(wanted, 'iec', der.control(names), now, most, orders)
    near(what, p, q, want_p, want_q)
end
iec('nothing', 5000, {}, {}, {}, 5000, 0)
-- 8250 W: half way from 1 to 0.9
iec('power factor', 8250, { 'WattCosPhi' }, {}, {}, 8250, 8250 * math.tan(math.acos(0.95)))
local cosine = der.control { 'WattCosPhi' }
cosine.ReactivePowerSupport.WattCosPhi.CurveDataPoints.CurveDataPoint[2].yValue.Excitation = 'OverExcited'
local p, q = der.follow(8250, 'iec', cosine, grid, most, {})
near('the other side', p, q, 8250, -8250 * math.tan(math.acos(0.95)))
cosine.ReactivePowerSupport.WattCosPhi.CurveDataPoints.CurveDataPoint[2].yValue.Excitation = 'UnderExcited'
iec('reactive power by active power', 5500, { 'WattVar' }, {}, {}, 5500, 2500)
iec('a droop ends with its range', -10000, { 'OverFrequencyWatt' }, { frequency = 60 }, {}, -4800, 0)
iec('an order goes before a curve', -5000, { 'VoltVar' }, { voltage = 250 },
    { DSOCosPhiSetpoint = { DSOCosPhiSetpointValue = 0.8, Excitation = 'OverExcited' } }, -5000, -3750)
iec('no current goes before an order', -5000, { 'ZeroCurrent' }, { voltage = 280 },
    { DSOQSetpoint = { DSOQSetpointValue = 900 } }, 0, 0)
grid = { voltage = 252, frequency = 60, nominal = 60, nominal_voltage = 240 }
local enter = { delay = 0, randomized_delay = 0, ramp = 0 }
local sae, service = der.sae({ voltage = 240, frequency = 60 }, 5000, enter), { state = 'out' }
local function follow(wanted, control)
    return der.follow(wanted, 'sae', control, grid, most, {}, service, 0)
end
local volt_var = sae.ReactivePowerSupportCPDRes.VoltVar
volt_var.xUnit, volt_var.yUnit = 'PercentageV', 'PercentageEVMaximumConfiguredReactivePower'
for i, point in ipairs { { 92, -100 }, { 98, 0 }, { 102, 0 }, { 108, 100 } } do
    volt_var.CurveDataPoints.CurveDataPoint[i] = { xValue = point[1], yValue = point[2] }
end
p, q = follow(-9000, sae)
near('105 % of the voltage, half of the reactive power', p, q, -9000, 2500)
sae.ActivePowerSupportCPDRes.LimitMaxDischargePower.Enable = true
sae.ActivePowerSupportCPDRes.LimitMaxDischargePower.PercentageValue = 40
p, q = follow(-9000, sae)
near('a limit', p, q, -4000, 2500)
local merged = der.merge(sae, { EnterServiceCLRes = { PermitService = false } })
local _, _, connected, did = follow(-9000, merged)
assert(not connected and did[1] == 'service is not permitted')
p, q, connected = follow(7000, merged)
near('charging waits for no permission', p, q, 7000, 0)
assert(not connected)

-- entering service: a good grid for 10 s, up to 5 s more, then 20 s of rising power
local enter_service = require 'v2g.enter_service'
local control = { EnterServiceCPDRes = { PermitService = true, EnterServiceVoltageHigh = 252,
    EnterServiceVoltageLow = 220, EnterServiceFrequencyHigh = 60.1, EnterServiceFrequencyLow = 59.5,
    EnterServiceDelay = 10, EnterServiceRandomizedDelay = 5, EnterServiceRampTime = 20 } }
local good = { voltage = 240, frequency = 60 }
service = enter_service.new()
local function at(now, here, want, why, trip)
    local share, is_connected, reason = enter_service.advance(service, control, here, now, trip)
    assert(math.abs(share - want) < 1e-9 and is_connected == (want > 0 or reason == 'it enters service'),
        ('%g s: %g'):format(now, share))
    assert((reason or '') == why, ('%g s: %s'):format(now, reason))
end
for _, bad in ipairs { { voltage = 253, frequency = 60 }, { voltage = 219, frequency = 60 },
                       { voltage = 240, frequency = 60.2 }, { voltage = 240, frequency = 59.4 } } do
    at(0, good, 0, 'it waits to enter service')
    at(9, bad, 0, 'the grid is not good enough to enter service')
end
at(100, good, 0, 'it waits to enter service') -- from the beginning
assert(service.due >= 110 and service.due <= 115)
at(109.9, good, 0, 'it waits to enter service')
local due = service.due
at(due + 5, good, 0.25, 'it enters service')
at(due + 6, { voltage = 260, frequency = 60 }, 0.3, 'it enters service') -- the window is past
at(due + 20, good, 1, '')
at(due + 30, good, 0, 'it trips', 'it trips')
at(due + 31, good, 0, 'it waits to enter service')
local dues = {}
for _ = 1, 20 do
    service = enter_service.new()
    at(0, good, 0, 'it waits to enter service')
    dues[service.due] = true
end
assert(next(dues, next(dues)), 'the random time is the same each time')
for missing, wrong in pairs { Delay = false, RandomizedDelay = false, RampTime = 'V2G20-3365' } do
    local c = { EnterServiceDelay = 1, EnterServiceRandomizedDelay = 1, EnterServiceRampTime = 1 }
    c['EnterService' .. missing] = nil
    local found = enter_service.wrong { EnterServiceCPDRes = c }
    assert(wrong and found:find(wrong, 1, true) or not wrong and not found, missing)
end
assert(enter_service.wrong({ EnterServiceCPDRes = {} }):find('V2G20-3364', 1, true))

-- signs
local wrong = require 'v2g.der_check'.signs { EVMaximumDischargePower = 11000, EVSENominalDischargePower = -1,
    EVMaximumChargePower = 1, Limits = { EVMaximumVarInjectionDuringCharging_L2 = 5,
    EVMaximumVarAbsorptionDuringCharging = -5, EVSpecifiedOverExcitedDischargePower = 5 } }
assert(table.concat(wrong, '; ') == 'EVMaximumDischargePower 11000 is above 0 [V2G20-1204]; '
    .. 'EVMaximumVarAbsorptionDuringCharging -5 is below 0 [V2G20-1204]; '
    .. 'EVMaximumVarInjectionDuringCharging_L2 5 is above 0 [V2G20-1204]', table.concat(wrong, '; '))
Log('the model holds')
END
run run --virtual-time --no-record "$work/model.lua"
wants "the model: points, sides, percentages, order" 0 out 'the model holds'

# ---- TLS ----

# As ISO 15118-20 wants it: 1.3, and certificates of both sides.
for mode in "mcs" "ac-der" "ac-der --set der=sae --with der=sae"; do
    what=${mode%% *}${mode##*=}
    # shellcheck disable=SC2086 # words
    of_20 --mode $mode
    both_pass "over TLS 1.3, with certificates of both sides: $what" \
        out 'EVCC TLS is established: TLS 1.3' out 'SECC TLS is established: TLS 1.3' \
        out 'both with certificates' out ChargeLoopRes
    # shellcheck disable=SC2086 # words
    of_20 --mode $mode --tls off
    both_pass "and without, where that is asked for: $what" not-out 'TLS is established' out ChargeLoopRes
done

# ---- by SAE rules: entering service, and modes that change ----

by_sae='--set der=sae --with der=sae'
us='--with grid.voltage=240 --with grid.frequency=60'
slow='--set loops=40 --set gaps.ChargingStatus=1000'
loop=values.AC_ChargeLoopRes.DER_Scheduled_AC_CLResControlMode
# shellcheck disable=SC2086 # words
{
    of_20 --mode ac-der $by_sae $us $slow --set discharge_to=5 --with enter_service.delay=10 \
        --with enter_service.ramp=20
    both_pass "10 s of a good grid, then a power that rises for 20 s" \
        out 'it waits to enter service: -10000 W wanted, 0 W' out 'it enters service: -10000 W wanted' \
        out 'Hz: as wanted: -10000 W wanted, -10000 W' out 'EVPresentActivePower -5' not-out 'is not good enough'
    of_20 --mode ac-der $by_sae $us $slow --set discharge_to=5 \
        --with 'grid.events={{after=3,permit_service=false},{after=9,permit_service=true}}' \
        --with enter_service.delay=5
    both_pass "permission is taken back and given again: it waits once more" \
        out 'service is not permitted: -10000 W wanted, 0 W' out 'it waits to enter service: -10000 W wanted, 0 W' \
        out 'Hz: as wanted: -10000 W wanted, -10000 W'
    of_20 --mode ac-der $by_sae $us --set loops=8 --with permit_service=false --set control=dynamic
    both_pass "[V2G20-3366] without permission it goes on charging" out 'service is not permitted: 22080 W wanted, 22080 W' \
        out 'DEROperationalState Off'
    of_20 --mode ac-der $by_sae $us --set loops=8 --with 'grid.events={{after=3,voltage=300},{after=5,voltage=240}}' \
        --set discharge_to=5 --with enter_service.delay=1000
    both_pass "a voltage that trips it: entering service begins anew" out 'the voltage trips it' \
        out 'it waits to enter service: -10000 W wanted, 0 W'
    enter=values.AC_ChargeParameterDiscoveryRes.DER_AC_CPDResEnergyTransferMode_DERControlCPDRes_EnterServiceCPDRes
    of_20 --mode ac-der $by_sae --with ${enter}_EnterServiceDelaySpecified=false \
        --with ${enter}_EnterServiceRandomizedDelaySpecified=false
    wants "[V2G20-3364] a station that says no delay at all" 1 \
        out 'neither EnterServiceDelay nor EnterServiceRandomizedDelay' out 'SessionStopReq' not-out 'ScheduleExchangeReq'
    of_20 --mode ac-der $by_sae --with ${enter}_EnterServiceRampTimeSpecified=false
    wants "[V2G20-3365] [V2G20-3367] a delay without the time of the ramp" 1 \
        out 'EnterServiceDelay and no EnterServiceRampTime' out 'SessionStopReq' not-out 'ScheduleExchangeReq'
    for without in EnterServiceDelay EnterServiceRandomizedDelay; do
        of_20 --mode ac-der $by_sae --with ${enter}_${without}Specified=false
        both_pass "[V2G20-3364] one of the two is enough: without $without"
    done
    for control in Scheduled Dynamic; do
        of_20 --mode ac-der $by_sae --set loops=8 --set control=${control,} \
            --with 'grid.events={{after=3,operating_mode="gridforming"},{after=5,connection="GRIDISLANDED"}}'
        both_pass "$control: modes that change are taken over" \
            out 'the station wants RequiredDEROperatingMode GridForming, and no longer GridFollowing' \
            out 'the station wants GridConnectionMode GridIslanded, and no longer GridConnected' \
            not-out 'which has not changed'
        of_20 --mode ac-der $by_sae --set loops=8 --set control=${control,} -v \
            --with 'grid.events={{after=3,operating_mode="GridForming"},{after=5,connection="GridIslanded"}}'
        times "[V2G20-3358] [V2G20-3359] the operating mode is said again once it changes: $control" 1 \
            '<s2:RequiredDEROperatingMode>GridForming<'
        times "[V2G20-3360] [V2G20-3361] and the connection: $control" 1 '<s2:GridConnectionMode>GridIslanded<'
        times "and what has not changed is not: $control" 2 '<s2:RequiredDEROperatingMode>GridFollowing<'
    done
    of_20 --mode ac-der $by_sae --with ${loop}_GridConnectionMode=GridConnected
    both_pass "[V2G20-3358] [V2G20-3359] [V2G20-3360] [V2G20-3361] one that is said again for nothing is told" \
        out 'GridConnectionMode says GridConnected again, which has not changed'
}

# ---- rules of the charge loop that are of all AC charging ----

for der in iec sae; do
    of_20 --mode ac-der --set der=$der --with der=$der --set loops=9 --set gaps.ChargingStatus=450 \
        --with pause_after=1 --set after_stop_request=4 --time-scale 1 -v
    delays=$(sed -n 's/.*NotificationMaxDelay>\([0-9]*\)<.*/\1/p' "$work/out" | uniq | tr '\n' ' ')
    [[ $delays == "60 "* ]]
    result $? "[V2G20-3308] a station that asks to pause gives 60 s: $der"
    [[ $delays == "60 59 58 "* ]]
    result $? "[V2G20-3318] it counts down: $der ($delays)"
    needs='needs={departure=3600,minimum_soc=30,target_soc=60}'
    of_20 --mode ac-der --set der=$der --with der=$der --set control=dynamic --with "$needs" -v
    both_pass "[V2G20-3155] MinimumSOC below TargetSOC: $der" out 'MinimumSOC>30<' out 'TargetSOC>60<'
    of_20 --mode ac-der --set der=$der --with der=$der --set control=dynamic --with "$needs" \
        --with values.AC_ChargeLoopRes.DER_Dynamic_AC_CLResControlMode_MinimumSOC=61
    wants "[V2G20-3155] and above it: $der" 1 out 'AC_ChargeLoopRes has MinimumSOC 61 above TargetSOC 60' \
        out SessionStopReq
done

# ---- signs ----

# limits: how many limits of feeding in the messages of the last run have, and how many above 0
limits() {
    awk '/<s2:EV.*(imum|Nominal)DischargePower>|<s2:EV.*imumVarInjection.*[a-z]>/ { is_limit = 1; n++ }
        is_limit && /Value>/ { is_limit = 0; split($0, part, /[<>]/); above += part[3] > 0 }
        END { print n + 0, above + 0 }' "$work/out"
}
for der in iec sae; do
    for control in scheduled dynamic; do
        of_20 --mode ac-der --set der=$der --with der=$der --set control=$control --set discharge_to=10 -v
        [[ $(limits) =~ ^[1-9][0-9]\ 0$ ]]
        result $? "[V2G20-1204] limits of feeding in are at most 0: $der, $control ($(limits))"
    done
    of_20 --mode ac-der --set der=$der --with der=$der \
        --with values.AC_ChargeParameterDiscoveryRes.DER_AC_CPDResEnergyTransferMode_EVSEMaximumDischargePower=9000 \
        --with values.AC_ChargeParameterDiscoveryRes.DER_AC_CPDResEnergyTransferMode_EVSENominalDischargePower=9000 \
        --set values.AC_ChargeParameterDiscoveryReq.DER_AC_CPDReqEnergyTransferMode_EVMaximumDischargePower=9000
    both_pass "[V2G20-1204] others are told of, and taken: $der" \
        out 'EVSEMaximumDischargePower 9000 is above 0 [V2G20-1204]' out 'EVMaximumDischargePower 9000 is above 0 [V2G20-1204]'
done

# whatever a session can come to
while read -r what options; do
    for mode in "mcs" "ac-der" "ac-der --set der=sae --with der=sae"; do
        # shellcheck disable=SC2086 # words
        of_20 --set loops=6 --mode $mode $options
        both_pass "${mode%% *}${mode##*=}: $what"
    done
done <<'END'
pause --set pause=1
renegotiation --set renegotiate=2
standby --set standby=2
station-stops --with stop_after=2
station-pauses --with pause_after=2
contract --payment Contract
another-control-mode --set renegotiate_services=2 --set service_change={control='dynamic'}
END

# what a vehicle does not take
of_20 --mode ac-der --with 'grid_functions={"VoltVar","DSOQSetpointProvision","UnderVoltageFRT"}'
both_pass "DERControlFunctions are named, bit by bit" \
    out 'DERControlFunctions 2120: VoltVar, DSOQSetpointProvision, UnderVoltageFRT'
of_20 --mode ac-der --set 'grid_functions={"VoltVar"}'
wants "a parameter set with functions that it cannot follow" 1 \
    out 'the vehicle cannot follow OverFrequencyWatt, UnderFrequencyWatt, VoltWatt' out 'SessionStopReq'
response=values.AC_ChargeParameterDiscoveryRes.DER_AC_CPDResEnergyTransferMode
of_20 --mode ac-der --with ${response}_DERControl_ReactivePowerSupportSpecified=false
wants "a curve that the parameter set wants is not there" 1 out 'DERControl has no VoltVar' out 'SessionStopReq' \
    not-out 'ScheduleExchangeReq'
# shellcheck disable=SC2086 # words
for row in Charge=3228 Discharge=3229; do
    of_20 --mode ac-der $by_sae --with ${response}_EVSENominal${row%=*}Power=30000
    wants "[V2G20-${row#*=}] a nominal power beyond the highest" 1 \
        out "EVSENominal${row%=*}Power of 30000 is beyond EVSEMaximum${row%=*}Power of" out 'SessionStopReq'
    of_20 --mode ac-der $by_sae --with ${response}_EVSENominal${row%=*}Power=1
    both_pass "[V2G20-${row#*=}] one below it"
done
# shellcheck disable=SC2086 # words
of_20 --mode ac-der $by_sae --set discharge_to=5 --with ${response}_EVSEMaximumDischargePower=-4000 \
    --with ${response}_EVSENominalDischargePower=-4000 \
    --with values.AC_ChargeLoopRes.DER_Scheduled_AC_CLResControlMode_EVSEMaximumDischargePower=-4000
both_pass "a limit of discharging below 0 is that limit" \
    out 'EVSEMaximumDischargePower: -10000 W wanted, -4000 W' out 'EVPresentActivePower -4000 W'

# what the vehicle declares by SAE rules, what the station enables of it, and what it acknowledges:
# EnterService, FrequencyDroop, the trip curves, VoltVar and VoltWatt
request=values.AC_ChargeParameterDiscoveryReq.DER_AC_CPDReqEnergyTransferMode
# shellcheck disable=SC2086 # words
of_20 --mode ac-der $by_sae -v
both_pass "a bit for each function" out 'SupportedModes>98126331<' out 'EnabledModes 25774344'
# shellcheck disable=SC2086 # words
of_20 --mode ac-der $by_sae --set ${request}_SupportedModes=8388619 -v
both_pass "what it cannot follow is not enabled" out 'EnabledModes 8388616' not-out 'EnabledModes 25774344'
of_20 --mode ac-der --with answers.ChargeParameterDiscovery=FAILED_WrongChargeParameter
wants "a rejection ends the session" 1 \
    out 'the station answered AC_ChargeParameterDiscoveryRes with FAILED_WrongChargeParameter' \
    not-out 'ScheduleExchangeReq'
of_20 --mode ac-der --with 'grid_functions={"VoltVars"}'
wants "a function that there is not is an error of ours" 3 out "there is no DER control function 'VoltVars'"

# [V2G20-3150] [V2G20-3151]: as long as the vehicle is at it the station stays
of_20 --mode ac-der --set values.AC_ChargeParameterDiscoveryReq.DER_AC_CPDReqEnergyTransferMode_EVProcessing=Ongoing
wants "[V2G20-3150] [V2G20-3151] a vehicle that says it is not ready cannot go on" 1 \
    out 'ScheduleExchangeRes          FAILED_SequenceError'

# ---- what either side says of the other, and goes on ----

# SIDE, what is told, options, a line each
while IFS='|' read -r what told options; do
    # shellcheck disable=SC2086 # words
    of_20 --mode ac-der --set loops=5 ${options//SAE/$by_sae $us}
    both_pass "told: $what" out "$told"
done <<END
a function that the vehicle has not declared is enabled|enables OverVoltageMayTripCurve, which the vehicle has not declared|SAE --with ${response}_DERControlCPDRes_VoltageTrip_OverVoltageMayTripCurve_Enable=true
a unit that no such curve has|VoltVar has xUnit Hz; expected V or PercentageV|SAE --with ${response}_DERControlCPDRes_ReactivePowerSupportCPDRes_VoltVar_xUnit=Hz
a percentage above 100|LimitMaxDischargePower has 101 %|SAE --with ${response}_DERControlCPDRes_ActivePowerSupportCPDRes_LimitMaxDischargePower_Enable=true --with ${response}_DERControlCPDRes_ActivePowerSupportCPDRes_LimitMaxDischargePower_PercentageValue=101
EnabledModes that lack what is enabled|EnabledModes lacks EnterService, which is enabled|SAE --set values.AC_ChargeLoopReq.DER_Scheduled_AC_CLReqControlMode_EnabledModes=0
EnabledModes that have what is not|EnabledModes has ConstantVar, which is not enabled|SAE --set values.AC_ChargeLoopReq.DER_Scheduled_AC_CLReqControlMode_EnabledModes=25774408
[V2G20-3366] a vehicle that serves the grid without permission|serves the grid, for which it has no permission any more|SAE --with permit_service=false --set values.AC_ChargeLoopReq.DER_Scheduled_AC_CLReqControlMode_EVPresentActivePower=-5000
[V2G20-1204] a limit above 0 in the charge loop|EVMaximumDischargePower 500 is above 0|--set values.AC_ChargeLoopReq.DER_Scheduled_AC_CLReqControlMode_EVMaximumDischargePower=500
[V2G20-3308] another time than a minute to pause|NotificationMaxDelay of a Pause is 10 s; expected 60|--with pause_after=1 --with notification_delay=10
[V2G20-3318] one that is not counted down|NotificationMaxDelay is 60 s; expected about 57|--time-scale 1 --set gaps.ChargingStatus=450 --with pause_after=1 --set after_stop_request=8 --with values.AC_ChargeLoopRes.EVSEStatus_NotificationMaxDelay=60
END
# shellcheck disable=SC2086 # words
for row in "Charge=3228 30000" "Discharge=3229 -30000"; do
    way=${row%=*} id=${row#*=}
    of_20 --mode ac-der $by_sae --with ${response}_EVSENominal${way}Power_L2=${id#* }
    wants "[V2G20-${id% *}] a nominal power of a phase that has no highest" 1 \
        out "there is EVSENominal${way}Power_L2 and no EVSEMaximum${way}Power_L2" out 'SessionStopReq'
done
# shellcheck disable=SC2086 # words
of_20 --mode ac-der $by_sae --set ${request}_SupportedModes=4
both_pass "bits that stand for nothing are no functions, and nothing is permitted" out 'PermitService false' \
    not-out 'which is not enabled'

# ---- names in scripts ----

cat >"$work/names.lua" <<'END'
Evcc.Protocol = 'ISO15118-20-AC-DER-SAE'
assert(Evcc.Protocol == 'ISO15118-20' and Evcc.FixedProtocol == 'ISO15118-20-AC-DER-SAE')
Evcc.Set_AC_ChargeLoopReq_DER_Dynamic_AC_CLReqControlMode_EVPresentFrequency(60)
assert(not pcall(function() return Evcc.Set_AC_ChargeLoopReq_DER_Dynamic_AC_CLReqControlMode_GridEventCondition end))
Evcc.Protocol = 'ISO15118-20-AC-DER-IEC'
Evcc.Set_AC_ChargeLoopReq_DER_Dynamic_AC_CLReqControlMode_GridEventCondition(7)
Evcc.Send_AC_ChargeLoopReq_001()
Evcc.Protocol = 'ISO15118-20'
assert(not pcall(function() return Evcc.Set_AC_ChargeLoopReq_DER_Dynamic_AC_CLReqControlMode_GridEventCondition end))
END
run run --print "$work/names.lua"
wants "names go by the namespace" 0 out 'Payload Type  0x8010' out '<s2:GridEventCondition>7</s2:GridEventCondition>'

# a station that was told the standard takes its namespaces, and has the names of the one agreed
cat >"$work/station.lua" <<'END'
Secc.Protocol = 'ISO15118-20'
Secc.Receive_SessionSetupReq_001()
Secc.Send_SessionSetupRes_001()
Secc.Receive_AC_ChargeLoopReq_001()
Log('condition ' .. Secc.Get_AC_ChargeLoopReq_DER_Dynamic_AC_CLReqControlMode_GridEventCondition())
Secc.Set_AC_ChargeLoopRes_DER_Dynamic_AC_CLResControlMode_DSOMaximumDischargePower(4200)
Secc.Send_AC_ChargeLoopRes_001()
Secc.Expect_Close()
END
cat >"$work/vehicle.lua" <<'END'
Evcc.Protocol = 'ISO15118-20-AC-DER-IEC'
Evcc.Send_SessionSetupReq_001()
Evcc.Receive_SessionSetupRes_001()
Evcc.Set_AC_ChargeLoopReq_DER_Dynamic_AC_CLReqControlMode_GridEventCondition(9)
Evcc.Send_AC_ChargeLoopReq_001()
Evcc.Receive_AC_ChargeLoopRes_001()
Log('power ' .. Evcc.Get_AC_ChargeLoopRes_DER_Dynamic_AC_CLResControlMode_DSOMaximumDischargePower())
Evcc.Disconnect()
END
run run --virtual-time --no-record --tls off "$work/vehicle.lua" "$work/station.lua"
wants "a station told ISO15118-20 follows what is agreed" 0 out 'condition 9' out 'power 4200' \
    out 'ProtocolNamespace urn:iso:std:iso:15118:-20:AC-DER-IEC'
sed 's/ISO15118-20/ISO15118-20-AC-DER-SAE/' "$work/station.lua" >"$work/sae.lua"
run run --virtual-time --no-record --tls off "$work/vehicle.lua" "$work/sae.lua"
wants "one told another namespace takes that alone" 1 out 'Failed_NoNegotiation'
