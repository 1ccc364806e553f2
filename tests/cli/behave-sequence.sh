#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The station's sequence tables (lua/v2g/sequence.lua), row by row: tests/lua/sequence.lua.
# shellcheck source=tests/cli/support
. tests/cli/support

export V2GLAB_PKI="$work/pki"
services='services={{id=3,name="Internet",parameters={{id=1,{"Port",80}}}}}'
rows() {
    what=$1
    shift
    run ev --no-record --ladder --tls off --script tests/lua/sequence.lua --set "about=$what" \
        --with ongoing.Authorization=1 --with ongoing.ChargeParameterDiscovery=1 \
        --with ongoing.ScheduleExchange=1 --with ongoing.CableCheck=1 --with "$services" \
        --with contract_without_tls=true --with services_without_tls=true "$@"
    sed -n 's/.*EVCC tests\/lua\/sequence.lua:[0-9]*: \(.* after .* requests tried .*\)/ok - \1/p' "$work/out"
    # 2: Ctrl-C; 1: the station's verdicts on what the vehicle did
    grep -q 'EVCC verdict: pass' "$work/out"
    result $? "[V2G2-459] [V2G2-538] [V2G2-539] $what: $(sed -n 's/.*\(rows [0-9]* of [0-9]*\).*/\1/p' "$work/out")"
}

rows "DIN70121 dc"
rows "ISO15118-2 ac"
rows "ISO15118-2 dc"
rows "ISO15118-2 ac receipts" --with receipt_every=1 --with receipts_without_contract=true
rows "ISO15118-2 dc receipts" --with receipt_every=1 --with receipts_without_contract=true
rows "ISO15118-2 ac contract"
rows "ISO15118-2 dc contract"
rows "ISO15118-20 ac"
rows "ISO15118-20 dc"
rows "ISO15118-20 ac-der" --with modes.ac-der=true
rows "ISO15118-20 ac refusals" --with standby=false
rows "ISO15118-20 dc refusals" --with standby=false
for mode in ac dc; do
    rows "ISO15118-20 $mode contract" --with receipt_every=1 --with expires_soon=99999 \
        --with ongoing.CertificateInstallation=1 --with "contracts={'contract-leaf','contract-leaf'}"
done
