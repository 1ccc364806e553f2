#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The second verdict: what devices in use do, and the other side lives with, is a pass in the field,
# with its source (lua/test/field.lua).
. tests/cli/support

# told NAME VERDICT FIELD WORDS CASES: what the result of the case own_x says
told() {
    printf "suite 'own' { sut = 'SECC', protocol = 'ISO15118-2' }\n%s\n" "$5" >"$work/cases.lua"
    rm -rf "$work/run"
    run test --no-record -q -o "$work/run" --file "$work/cases.lua" own_x
    good=0
    grep -q "\"field\":\"$3\"" "$work/run/results.jsonl" || good=1
    grep -q "\"verdict\":\"$2\"" "$work/run/results.jsonl" || good=1
    in_order "$4" "$work/run/results.jsonl" || good=1
    [ "$good" -eq 0 ] || cat "$work/run/results.jsonl"
    result "$good" "$1"
}

told "another FAILED code ends the session as well" fail pass "vehicles end after any FAILED Renault Zoe" \
    "cases 'own_x' { given = 'SessionSetupRes', station = { answers = { ServiceDiscovery = 'FAILED' } },
    then_ = function(it)
        it:sends 'ServiceDiscoveryReq'
        it:expects('ServiceDiscoveryRes', { ResponseCode = 'FAILED_SequenceError' })
    end }"
told "what is taken that no vehicle sends" fail pass "vehicles keep to the sequence CVE-2026-24003" \
    "cases 'own_x' { given = 'SessionSetupRes', station = { answers = { ServiceDiscovery = 'OK' } },
    then_ = function(it)
        it:sends 'ServiceDiscoveryReq'
        it:expects('ServiceDiscoveryRes', { ResponseCode = 'FAILED_SequenceError' })
    end }"
told "a connection that is left to the vehicle" fail pass "vehicles close themselves Tesla" \
    "cases 'own_x' { given = 'SessionSetupRes', then_ = function(it)
        it:sends 'ServiceDiscoveryReq'
        it:expects 'ServiceDiscoveryRes'
        it:expects_end { within = 'par_CMN_TCP_Connection_Termination_Timeout' }
    end }"
told "another deviation fails in the field, too" fail fail "ServiceDiscoveryRes.ResponseCode" \
    "cases 'own_x' { given = 'SessionSetupRes', station = { answers = { ServiceDiscovery = 'FAILED' } },
    then_ = function(it)
        it:sends 'ServiceDiscoveryReq'
        it:expects('ServiceDiscoveryRes', { ResponseCode = 'OK' })
    end }"
told "what keeps to the rules passes both" pass pass "ServiceDiscoveryRes" \
    "cases 'own_x' { given = 'SessionSetupRes', then_ = function(it)
        it:sends 'ServiceDiscoveryReq'
        it:expects('ServiceDiscoveryRes', { ResponseCode = 'OK' })
    end }"
