#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A station and vehicles that do everything wrong: tests/lua/hostile.lua.
# shellcheck source=tests/cli/support
. tests/cli/support

export V2GLAB_PKI="$work/pki"
hostile() {
    run ev --virtual-time --no-record --ladder --tls off --script tests/lua/hostile.lua --set "about=$1" \
        --with linger_ms=100 --timer V2G_SECC_Sequence_Timeout=3s "${@:2}"
    sed -n 's/.*: done: /ok - /p' "$work/out"
    grep -q 'EVCC verdict: pass' "$work/out" && ! grep -q 'verdict: error' "$work/out"
    result $? "$1: $(sed -n 's/.*: \([0-9]* kinds\)/\1/p' "$work/out")"
    grep 'EVCC verdict' "$work/out" | cut -c 1-300 | sed 's/^/# /'
}

hostile "DIN70121 dc"
hostile "ISO15118-2 ac"
hostile "ISO15118-2 dc"
hostile "ISO15118-2 ac contract" --with contract_without_tls=true --with receipt_every=1
hostile "ISO15118-20 dc"
