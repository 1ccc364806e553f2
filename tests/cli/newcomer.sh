#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What is said to who begins: whose verdict an exit code is, and what to do.
# shellcheck source=tests/cli/support
. tests/cli/support

# last NAME STATUS TEXT...: the last lines of what the last run printed have each text
last() {
    name=$1 wanted=$2 bad=0
    shift 2
    cat "$work/out" "$work/err" | tail -n 2 >"$work/last"
    [ "$status" -eq "$wanted" ] || bad=1
    for text in "$@"; do
        grep -qF -e "$text" "$work/last" || { bad=1; echo "# not there: $text"; }
    done
    result $bad "$name"
}

# ---- whose verdict it is ----

quick='--virtual-time --no-record'
# shellcheck disable=SC2086 # words
{
    whose='exit code 1 is the verdict of SECC (session 1, 2.009 s): fail: ServiceDiscoveryReq was answered with FAILED'
    run ev $quick --persona wrong-session-id
    last "a vehicle that passes, and a station that does not: the last line says whose the exit code is" 1 "$whose"
    run ev $quick --persona wrong-session-id -q
    last "also with -q" 1 'exit code 1 is the verdict of SECC (' 'fail: ServiceDiscoveryReq was answered'
    run ev $quick --persona wrong-session-id -n 3
    last "of several sessions it is the first, and how many there are" 1 "$whose" '2 more have that verdict'
    run ev $quick --persona wrong-session-id --lang ko
    last "in Korean" 1 '종료 코드 1은 SECC의 판정이다(세션 1, 2.009초): 불합격: ServiceDiscoveryReq'
    run ev $quick --set loops=3
    wants "where all pass there is nothing to say" 0 not-err 'exit code' out 'SECC verdict: pass'
    run ev $quick --alone
    wants "nor where one side alone is played" 3 out 'EVCC verdict: ' not-err 'exit code'
    printf "Evcc.Send_SessionSetupReq_001()\nEvcc.Receive_SessionSetupRes_001()\n" >"$work/early.lua"
    run run $quick -q "$work/early.lua" --against evse
    last "a script that passes, and the side that it is played against" 1 'exit code 1 is the verdict of SECC' \
        'fail: the vehicle closed the connection after SessionSetupRes'
    wants "which has no verdict besides that of its session" 1 err 'early.lua: ' not-err 'evse: '
    run ev $quick --persona contactor-error
    # shellcheck disable=SC2016 # backquotes
    wants "a persona of the other side: how it is played" 3 err "this persona is a station's, not a vehicle's" \
        err '`v2glab evse --persona` plays it'
}
