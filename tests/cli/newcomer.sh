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

# ---- an option that is another command's ----

run load --virtual-time
wants "load in virtual time: what there is instead" 3 err 'unknown option --virtual-time: how long the other side takes' \
    err 'v2glab ev --count N --virtual-time'
run evse --count 2
wants "many vehicles at a station" 3 err '--sessions N' err 'v2glab ev --count N'
for option in --set --persona --mode --script; do
    run run "$option" x x.lua
    wants "run $option: of whom it is" 3 err "unknown option $option: a script says itself" err '--with-persona'
done
echo "return { role = 'ev', about = 'x', sure = 'no', silent_at = 'CableChek', loops = 2 }" >"$work/steps.lua"
# shellcheck disable=SC2086 # words
run ev $quick --persona "$work/steps.lua"
wants "a step in a persona of one's own" 3 err "silent_at: there is no step 'CableChek'; the nearest is 'CableCheck'" \
    not-out SessionSetup
run ev --virtual-time --record-json never -o "$work/session" --set loops=2 -q
run replay "$work/session" --virtual-time --no-record
wants "a replay in virtual time, where nobody else is" 3 err 'expected --against ev or evse with it'
run replay "$work/session" --virtual-time --no-record --against evse -q
wants "which it has then" 0 out 'places in their order'

# ---- in Korean ----

# in_korean ARGUMENT...: no line of it has three English words in a row, but names, titles of certificates and file names
in_korean() {
    run "$@" --lang ko
    cat "$work/out" "$work/err" | grep -v 'TLS: .*Hello: ' |
        grep -nP '(^|[^A-Za-z`/._-])[a-z]{2,}[,;:]? [a-z]+[,;:]? [a-z]{2,}' |
        grep -vE '(^[0-9]+:|`|사용법: ) *v2glab|v2glab [a-z]+ (--[a-z]+|list|참조)|[A-Za-z]+, [a-z0-9]+(, [A-Za-z0-9]+)* 가운데|닿지 못한 것: ' >"$work/english"
    sed 's/^/# /' "$work/english"
    check "in Korean: $*" test ! -s "$work/english"
}
cp "$work/early.lua" .
# shellcheck disable=SC2086 # words
{
    in_korean ev $quick --set loops=2 --mode dc
    in_korean ev $quick --set loops=2 --protocol ISO15118-20 --tls 1.3
    in_korean ev $quick --alone
    in_korean ev $quick --bench pair --set loops=2
    in_korean ev $quick --fault 'ServerHello: alert handshake_failure' --tls 1.3
    in_korean ev $quick --with stop_after=1
    in_korean ev $quick --fault 'PowerDeliveryRes: drop'
    in_korean ev --fault 'PowerDeliveryRes: dro'
    in_korean ev --set battery.soc=300 $quick
    in_korean ev --set batery.soc=30 $quick
    in_korean ev --sessions 2
    in_korean relay $quick --mode dc --ev-with loops=2
    in_korean run early.lua --against evse $quick
    in_korean replay "$work/session" --against evse $quick -q
    in_korean decode "$work/session"
    in_korean diff "$work/session" "$work/session"
    in_korean diff nope nope
    in_korean persona list
    in_korean load --sessions 1 --total 1 --time-scale 1000 --set loops=1 --no-record
    in_korean fuzz --sut secc --count 2 -o "$work/fuzz"
    in_korean test --sut secc TC_SECC_AC_VTB_ServiceDiscovery_001 --no-record -o "$work/results"
}
rm -f early.lua

# ---- --lang before a command of a command ----

run --lang ko pki list
wants "pki list behind --lang" 0 out 'V2G root CA'

# ---- where to begin ----

run --help
wants "the help says where to begin" 0 out 'first steps: docs/getting-started.md' out 'v2glab ev --set loops=20'
run --help --lang ko
wants "in Korean" 0 out '처음 다섯 걸음: docs/ko/getting-started.md' out 'v2glab ev --set loops=20'

# ---- how long it is going to be ----

# watched SECONDS COMMAND ARGUMENT...: on a terminal, until Ctrl-C after so long; what was shown, in the file watched
watched() {
    seconds=$1
    shift
    script -qec "stty cols 200; timeout -s INT $seconds $V2GLAB $* --no-record --ladder" /dev/null </dev/null |
        sed 's/\x1b\[[0-9;]*[A-Za-z]//g; s/\r//g' >"$work/watched"
}

# shown NAME TEXT...: the file has them
shown() {
    name=$1 bad=0
    shift
    for text in "$@"; do
        grep -aqF -e "$text" "$work/watched" || { bad=1; echo "# not there: $text"; }
    done
    result $bad "$name"
}

if has_terminal; then
    port=$(("$$" % 20000 + 30000))
    watched 1 ev --mode dc
    shown "a vehicle tells whoever watches how long it charges, and how it ends" 'EVCC it charges from 20 to 100 percent, for 58 min at least; Ctrl-C' \
        'sooner with --set loops=20 or --time-scale 100' 'ending as the protocol wants; Ctrl-C again ends at once'
    watched 1 ev --mode ac --lang ko
    shown "in Korean" '20에서 100 퍼센트까지 적어도 139분 동안 충전한다; Ctrl-C' '프로토콜대로 끝낸다; Ctrl-C를 한 번 더'
    watched 20 ev --mode dc --time-scale 1000 --set battery.soc=99
    shown "by its own pace" 'it charges from 99 to 100 percent, for ' ' s at least'
    watched 20 ev --mode dc --set loops=2
    check "not where it is told" sh -c "! grep -aq 'charges from' '$work/watched' && grep -aq 'EVCC verdict: pass' '$work/watched'"
    watched 1 evse --peer "[::1]:$port"
    shown "a station says that it goes on" 'vehicles are waited for until Ctrl-C; --sessions N ends it after so many'
else
    echo "ok - hints on a terminal # SKIP there is no terminal to be had"
fi
