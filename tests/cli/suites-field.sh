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
told "limits that it has not looked at" fail pass "vehicles tell right limits EVerest" \
    "cases 'own_x' { given = 'SessionSetupRes', station = { answers = { ServiceDiscovery = 'OK' } },
    then_ = function(it)
        it:sends 'ServiceDiscoveryReq'
        it:expects('ServiceDiscoveryRes', { ResponseCode = 'FAILED_WrongChargeParameter' })
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

# ---- the exit code ----

# decides NAME WITHOUT WITH CASES: exit codes of own_x without and with --profile field
decides() {
    told "$1" "$4" "$5" "" "$6"
    [ "$status" -eq "$2" ]
    result $? "$1: exit code $2 by conformance"
    rm -rf "$work/run"
    run test --no-record -q -o "$work/run" --file "$work/cases.lua" --profile field own_x
    wants "$1: exit code $3 with --profile field" "$3" out "in the field: " out "(--profile field)"
}
LEAVES="cases 'own_x' { given = 'SessionSetupRes', then_ = function(it)
        it:sends 'ServiceDiscoveryReq'
        it:expects 'ServiceDiscoveryRes'
        it:expects_end { within = 'par_CMN_TCP_Connection_Termination_Timeout' }
    end }"
decides "what the field lives with" 1 0 fail pass "$LEAVES"
wants "conformance is shown there, too" 0 out "0 passed, 1 failed" out "in the field: 1 passed, 0 failed"
run report "$work/run"
wants "report goes by the profile of the run" 0 out "in the field: 1 passed, 0 failed"
run test --no-record -q -o "$work/strict" --file "$work/cases.lua" own_x
run report merge "$work/run" "$work/strict" -o "$work/all"
wants "of shards of several profiles conformance decides" 1 out "1 failed"
decides "what no text obliges to, and the field needs" 0 1 pass fail \
    "cases 'own_x' { given = 'ServiceDiscoveryRes', advice = 'vehicles wait for it', then_ = function(it)
        it:sends 'ServiceDiscoveryReq'
        it:expects('ServiceDiscoveryRes', { ResponseCode = 'OK' })
    end }"
printf "suite 'own' { sut = 'SECC', protocol = 'ISO15118-2' }\n%s\n" \
    "$(for i in 1 2; do echo "$LEAVES" | sed "s/own_x/own_$i/"; done)" >"$work/cases.lua"
rm -rf "$work/run"
run test --no-record -q -o "$work/run" --file "$work/cases.lua" --profile field --fail-fast 'own_*'
wants "--fail-fast goes on after what the field lives with" 0 out "in the field: 2 passed"
