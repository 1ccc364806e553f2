#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every timing parameter of lua/timers.lua is measured in sessions of `v2glab ev` and `v2glab evse`,
# and in the record with its limit and what was taken; those that cannot be here are named.
# shellcheck source=tests/cli/support
. tests/cli/support

# what needs a contract, a control pilot, wireless power, or stands behind another row
absent='_CertificateInstallationReq$|_CertificateUpdateReq$|_PaymentDetailsReq$|WPT_ChargeLoop'
absent="$absent|CPState_Detection|CPOscillator_Retain|EVSENotificationMaxDelay|^AppProtocol V2G_SECC"
absent="$absent|^SDP |^ISO15118-20 V2G_SECC_CommunicationSetup|^ISO15118-20 V2G_SECC_Ongoing"

session() {
    protocol=$1
    shift
    run ev -q --record "$work/record" --time-scale 1000 --set loops=3 --protocol "$protocol" "$@"
    sed -n 's/.*"timer": *"\([^"]*\)".*/\1/p; s/.*"text": *"\(V2G_[^"]*\|TCP_[^"]*\)".*/\1/p' \
        "$work/record/events.jsonl" | sort -u | sed "s/^/$protocol /" >>"$work/measured"
    rm -rf "$work/record"
}

: >"$work/measured"
services='services={{id=3,name="Internet",parameters={{id=1,{"Port",80}}}}}'
session DIN70121 --mode dc
session ISO15118-2 --mode dc
session ISO15118-2 --mode ac --set details=true --with "$services"
session ISO15118-20 --mode ac
session ISO15118-20 --mode dc
run ev --no-record --ladder --script tests/lua/timers.lua --set leave_at=AppProtocol
sed -n 's/.*: row \(.*\)/\1/p' "$work/out" | sort -u >"$work/rows"
[ "$(wc -l <"$work/rows")" -gt 60 ]
result $? "the table has its rows"
while read -r protocol name; do
    if echo "$protocol $name" | grep -qE "$absent"; then
        continue
    elif [ "$protocol" = AppProtocol ]; then
        grep -q " $name\$" "$work/measured"
    else
        grep -qx "$protocol $name" "$work/measured"
    fi
    result $? "$protocol $name is measured"
done <"$work/rows"

# --timer and --profile
run ev -q --no-record --protocol ISO15118-2 --mode dc --set silent_at=CableCheck --profile strict \
    --timer V2G_SECC_Sequence_Timeout=60ms
wants "--timer sets one by its name" 1 err 'V2G_SECC_Sequence_Timeout after'
run ev -q --no-record --mode dc --protocol DIN70121 --with delays.CurrentDemand=300 --set loops=2 \
    --profile strict
wants "--profile strict: 300 ms are too long for CurrentDemand" 1 err 'no response to CurrentDemandReq'
run ev -q --no-record --mode dc --protocol DIN70121 --with delays.CurrentDemand=300 --set loops=2 \
    --profile field
wants "--profile field: they are not" 0 out 'EVCC: pass'
