#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Rules of ISO 15118-20 by their ids: what our vehicle and our station do, and what they refuse of
# each other. Hooks make the side lie that the rule is not about.
# shellcheck source=tests/cli/support
. tests/cli/support
# shellcheck source=tests/cli/support-ev
. tests/cli/support-ev

# play [ev LUA | evse LUA | OPTION...]...: a session with those hooks of vehicle and station
play() {
    options=()
    while [ $# -gt 0 ]; do
        case $1 in
        ev | evse)
            printf '%s\n' "$2" >"$work/$1.lua"
            [ "$1" = ev ] && options+=(--script "$work/ev.lua") || options+=(--with-script "$work/evse.lua")
            shift 2
            ;;
        *)
            options+=("$1")
            shift
            ;;
        esac
    done
    run ev --virtual-time --no-record --ladder -v --time-scale 1000 --set loops=3 --protocol ISO15118-20 \
        "${options[@]}"
}

plain() {
    play --tls off "$@"
}

# passes RULE [out|not-out TEXT]...: both sides pass
passes() {
    both_pass "$@"
}

# refused RULE REQUEST CODE: the station answered that with the code, and both know that it failed
refused() {
    wants "$1" 1 out "$2 was answered with $3" out 'EVCC verdict: fail'
}

# says RULE MESSAGE PATTERN...: the last run's messages of that name show these in the ladder, in order
says() {
    rule=$1
    shown=$2
    shift 2
    awk -v name="$shown" '$5 == name { $1 = $2 = $3 = $4 = $5 = ""; print }' "$work/out" >"$work/shown"
    printf '%s\n' "$@" >"$work/wanted"
    paste -d '\n' "$work/wanted" "$work/shown" |
        awk 'NR % 2 { want = $0; next } { n++; if ($0 !~ want) bad = 1 } END { exit bad || n == 0 }' &&
        [ "$(wc -l <"$work/shown")" -eq $# ]
    bad=$?
    result $bad "$rule"
    [ $bad -eq 0 ] || sed 's/^/# /' "$work/shown" | cut -c 1-120
}

# What the vehicle would say, made otherwise: of its n-th request of that name.
nth() {
    echo "local n = 0 function before.$1(m) n = n + 1 if n == $2 then $3 end end"
}

# ---- before and after the charge loop ----

plain --mode dc --set precharges='{4,0}' --set welding='{3,9}'
passes "a vehicle that takes its time in pre-charge and welding detection"
says "[V2G20-2005] [V2G20-2006] its last DC_PreChargeReq says Finished, those before it Ongoing" \
    DC_PreChargeReq Ongoing Ongoing Ongoing Finished
says "[V2G20-1630] [V2G20-1631] its last DC_WeldingDetectionReq says Finished, those before it Ongoing" \
    DC_WeldingDetectionReq Ongoing Ongoing Finished
plain --mode dc --set precharges='{1,1}' --set welding='{1,1}'
passes "a vehicle that sends one of each"
says "[V2G20-2005] whose only DC_PreChargeReq says Finished" DC_PreChargeReq Finished
says "[V2G20-1630] whose only DC_WeldingDetectionReq says Finished" DC_WeldingDetectionReq Finished

plain --mode dc ev "function before.DC_PreChargeReq(m) m.EVProcessing = 'Ongoing' end"
refused "[V2G20-2005] PowerDeliveryReq after an Ongoing DC_PreChargeReq" PowerDeliveryReq \
    FAILED_SequenceError
plain --mode dc ev "function before.DC_PreChargeReq(m) m.EVProcessing = 'Finished' end"
refused "[V2G20-2006] DC_PreChargeReq after a Finished one" DC_PreChargeReq FAILED_SequenceError
plain --mode dc ev "function before.DC_WeldingDetectionReq(m) m.EVProcessing = 'Ongoing' end"
refused "[V2G20-1630] SessionStopReq after an Ongoing DC_WeldingDetectionReq" SessionStopReq \
    FAILED_SequenceError
plain --mode dc ev "function before.DC_WeldingDetectionReq(m) m.EVProcessing = 'Finished' end"
refused "[V2G20-1631] DC_WeldingDetectionReq after a Finished one" DC_WeldingDetectionReq \
    FAILED_SequenceError

# ---- what is agreed, and offered ----

plain --mode ac --with modes.ac=false
wants "[V2G20-169] a station for DC alone does not agree to AC" 1 \
    out 'supportedAppProtocolRes      Failed_NoNegotiation' out 'EVCC verdict: fail'
# a vehicle that prefers AC, WPT and ACDP to DC
offers='protocols={{uri="urn:iso:std:iso:15118:-20:WPT",priority=1,schema=1},
    {uri="urn:iso:std:iso:15118:-20:AC",priority=2,schema=2},
    {uri="urn:iso:std:iso:15118:-20:ACDP",priority=3,schema=3},
    {uri="urn:iso:std:iso:15118:-20:DC",priority=4,schema=4}}'
agree() {
    run ev --virtual-time --no-record --ladder -v --time-scale 1000 --set loops=3 --tls off --set "$offers" "$@"
}
agree --mode dc --with modes.ac=false
passes "[V2G20-169] of the protocols that it serves the one of the best priority is taken" \
    out 'supportedAppProtocolRes      OK_SuccessfulNegotiation, SchemaID 4'
agree --mode ac
passes "[V2G20-169] the best of several that it serves" \
    out 'supportedAppProtocolRes      OK_SuccessfulNegotiation, SchemaID 2'
offered() {
    found=$(awk '/EnergyTransferServiceList>/ { on = !on } on && /ServiceID>/' "$work/out" |
        sed 's/.*ServiceID>\([0-9]*\)<.*/\1/' | tr '\n' ' ')
    [ "$found" = "$2 " ]
    result $? "$1: $found"
}
offered "[V2G20-169] after AC was agreed only its services are offered" "1 5"
plain --mode dc
offered "[V2G20-169] after DC was agreed only its services are offered" "2 6"
run ev --virtual-time --no-record --ladder --mode ac --protocol ISO15118-2 --set loops=2 --with modes.dc=false
passes "[V2G2-170] ISO 15118-2 is agreed with either mode"
run ev --virtual-time --no-record --ladder --mode dc --protocol DIN70121 --set loops=2 --with modes.dc=false
wants "[V2G20-169] DIN 70121 by a station for AC alone is not" 1 out 'Failed_NoNegotiation'
run ev --virtual-time --no-record --ladder --mode dc --protocol DIN70121 --tls 1.2
wants "[V2G-DC-868] a vehicle does not offer DIN 70121 over TLS" 1 \
    out 'DIN 70121 needs to be without TLS, and the connection has TLS 1.2' not-out supportedAppProtocolReq
run ev --virtual-time --no-record --ladder --mode dc --tls 1.2 \
    --set 'protocols={{uri="urn:din:70121:2012:MsgDef",major=2}}'
wants "[V2G-DC-868] [V2G-DC-869] [V2G-DC-618] a station does not agree to it there" 1 out 'TLS: established' \
    out 'supportedAppProtocolRes      Failed_NoNegotiation'
