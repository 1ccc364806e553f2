#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Cases that are wrong as they stand, and campaigns that are ended: what is said of them, and what
# remains of the others.
. tests/cli/support

head="suite 'own' { sut = 'SECC', protocol = 'ISO15118-2' }"
good="cases 'own_good' { given = 'ServiceDiscoveryRes', sends = 'ServiceDiscoveryReq',
    code = 'FAILED_SequenceError', then_ = behaviour.refuses }"

# says NAME WORDS TEXT: cases that the user wrote so end the run, before any is played
says() {
    printf '%s\n%s\n' "$head" "$3" >"$work/own.lua"
    rm -rf "$work/results"
    run test -o "$work/results" --no-record --file "$work/own.lua" 'own_*'
    wrong=0
    [ "$status" -eq 3 ] && in_order "$2" "$work/out" "$work/err" || wrong=1
    grep -q traceback "$work/out" "$work/err" && wrong=1
    result "$wrong" "$1"
}

says "no then_" "own.lua:2: no then_; expected a function" "cases 'own_a' { given = 'ServiceDiscoveryRes' }"
says "no given" "own.lua:2: no given; expected a row" "cases 'own_a' { then_ = behaviour.refuses }"
says "no such behaviour" "own.lua:2: there is no behaviour 'refuse' refuses" \
    "cases 'own_a' { given = 'ServiceDiscoveryRes', then_ = behaviour.refuse }"
says "no rows" "own.lua:2: no rows; expected at least one" \
    "cases 'own_a' { given = 'ServiceDiscoveryRes', rows = {}, then_ = behaviour.refuses }"
says "one name for two cases" "own.lua:2: the case own_1 is at own.lua:2, too; expected a name of its own" \
    "cases 'own' { given = 'ServiceDiscoveryRes', rows = { { id = 'own_1' }, { id = 'own_1' } },
    then_ = behaviour.refuses }"
says "what is to be a text" "own.lua:2: own_a: about: expected a text, found a table" \
    "cases 'own_a' { about = {}, given = 'ServiceDiscoveryRes', then_ = behaviour.refuses }"
says "a name that leads out of the folder of records" "own.lua:2: ../own_a: its record is a folder expected letters" \
    "cases '../own_a' { given = 'ServiceDiscoveryRes', then_ = behaviour.refuses }"
says "pairs of nothing, at its line" "own.lua:2: bad argument table expected, got nil" "for _ in pairs(nil) do end"
says "another sut" "own.lua:2: sut 'EV'; expected SECC or EVCC" \
    "cases 'own_a' { sut = 'EV', given = 'ServiceDiscoveryRes', then_ = behaviour.refuses }"
says "another protocol" "own.lua:2: protocol 'ISO15118-3'; the nearest is ISO15118-2" \
    "cases 'own_a' { protocol = 'ISO15118-3', given = 'ServiceDiscoveryRes', then_ = behaviour.refuses }"
says "no Lua" "own.lua:3: unexpected symbol near" "cases 'own_a' {"
says "a row of no sequence" "error own_a own.lua:2: given: NoSuchRes is no step" \
    "cases 'own_a' { given = 'NoSuchRes', then_ = behaviour.refuses }"
says "a message that is none, at the line of the case" "error own_a own.lua:3: ServiceDiscoveryRek nearest" \
    "cases 'own_a' { given = 'ServiceDiscoveryRes', then_ = function(it)
    it:sends 'ServiceDiscoveryRek' end }"

says "a verb that is none, with the nearest" \
    "error own_a own.lua:3: attempt to call a nil value (method 'expect'); of \`it\` the nearest is it:expects" \
    "cases 'own_a' { given = 'ServiceDiscoveryRes', then_ = function(it)
    it:expect 'ServiceDiscoveryRes' end }"
says "a key that a verb has not" "error own_a own.lua:3: it:expects: 'witin' means nothing here; the nearest is 'within'" \
    "cases 'own_a' { given = 'ServiceDiscoveryRes', then_ = function(it)
    it:expects('ServiceDiscoveryRes', {}, { witin = 5 }) end }"
says "a key that nothing of the case asks for" "error own_a the row says 'cite' the nearest is 'cites'" \
    "$(echo "$good" | sed "s/own_good' {/own_a' { cite = 'V2G2-459',/")"
none="V2G2-459"0
says "a rule that there is not" "own.lua:2: own_a: cites: there is no rule '$none'; the nearest id is V2G2-459" \
    "$(echo "$good" | sed "s/own_good' {/own_a' { cites = 'V2G2-459 $none',/")"
says "such a rule in a case that is not played" "own.lua:2: own_a: cites: there is no rule 'V2G_2-459'" \
    "$(echo "$good" | sed "s/own_good' {/own_a' { cannot = 'no', cites = 'V2G_2-459',/")"
head="suite 'own' { sut = 'SECC', protcol = 'ISO15118-2' }"
says "a key that a suite has not" "own.lua:1: suite 'own': 'protcol' means nothing here; the nearest is 'protocol'" "$good"
head="suite 'own' 'SECC'"
says "a suite that is no table" "own.lua:1: suite 'own': expected { … }, found a string" "$good"
head="suite 'own' { sut = 'SECC', protocol = 'ISO15118-2', cites = 'ACME-7 V2G2-459' }"
printf '%s\n%s\n' "$head" "$good" >"$work/own.lua"
rm -rf "$work/results"
run test -o "$work/results" --no-record --file "$work/own.lua" 'own_*'
wants "an id of somebody's own is no rule" 0 out "1 passed"

cat >>"$work/own.lua" <<'END'
cases 'own_pairs' { given = 'ServiceDiscoveryRes', then_ = function(it)
    it:sends 'AuthorizationReq'
    local names = ''
    for name in pairs(it:expects 'AuthorizationRes') do names = names .. name .. ' ' end
    it:tells('elements', names) end }
END
rm -rf "$work/results"
run test -o "$work/results" --no-record --file "$work/own.lua" own_pairs
[ "$status" -eq 0 ] && grep -q 'EVSEProcessing ResponseCode' "$work/results/results.jsonl"
result $? "pairs of a message goes by its elements, in order"

# ---- what cannot work in any case ----

# never NAME WORDS OPTION...: it is said once, before any case is played
never() {
    name=$1
    words=$2
    shift 2
    printf '%s\n%s\n' "$head" "$good" >"$work/own.lua"
    rm -rf "$work/never"
    run test -o "$work/never" --file "$work/own.lua" "$@" own_good
    [ "$status" -eq 3 ] && [ ! -s "$work/out" ] && [ ! -e "$work/never" ] &&
        [ "$(wc -l <"$work/err")" -eq 1 ] && in_order "$words" "$work/err"
    result $? "$name"
}

never "an interface that is none, with the nearest" \
    'interface: expected one of lo found "l0"; the nearest is lo' --interface l0
never "also of an address" 'interface: expected one of found "l0"; the nearest is lo' --peer '[fe80::1%l0]:15118'
never "an address that is none" 'address: expected a form like found "station"' --peer station
never "virtual time over a network" '--virtual-time expected it without --interface' --virtual-time -i lo
never "a tree without certificates" "no certificates in $work" --pki "$work"
never "a chain that is not there" "$work/nothing.pem cannot be opened" --cert "$work/nothing.pem"
never "a key without a chain" "expected a chain that belongs to it" --key "$work/nothing.key"
run test --list -q -i l0 --file "$work/own.lua" own_good
wants "a list needs no network" 0 out own_good

# ---- what one of them costs ----

printf '%s\n%s\n' "$head" "$good
cases 'own_loop' { given = 'ServiceDiscoveryRes', then_ = function() while true do end end }" >"$work/own.lua"
rm -rf "$work/results"
run test -o "$work/results" --no-record --jobs 2 --file "$work/own.lua" 'own_*'
[ "$status" -eq 3 ] && in_order "own.lua:4: without waiting 1 passed 1 errors" "$work/out"
result $? "a case that loops for ever is an error at its line, and the other one passes"

cat >>"$work/own.lua" <<'END'
cases 'own_sits' { given = 'ServiceDiscoveryRes', then_ = function()
    local from = Now()
    while Now() - from < 1e9 do Sleep(1) end end }
END
"$V2GLAB" test -q -o "$work/hurt" --no-record --jobs 2 --timeout 10000 --file "$work/own.lua" own_good own_sits \
    >"$work/out" 2>"$work/err" </dev/null &
campaign=$!
sleep 1
for worker in $(ps -o pid= --ppid $campaign); do
    kill -KILL "$worker"
done
status=0
wait $campaign || status=$?
ran="v2glab test, its workers killed"
[ "$status" -eq 3 ] && in_order "own_sits signal 9 1 passed 1 errors" "$work/out"
result $? "a process that is killed costs the case that it played"

"$V2GLAB" test -q -o "$work/twice" --no-record --timeout 10000 --file "$work/own.lua" own_good own_sits \
    >"$work/out" 2>"$work/err" </dev/null &
campaign=$!
sleep 1
worker=$(ps -o pid= --ppid $campaign)
kill -INT $campaign
sleep 0.2
kill -INT $campaign
status=0
ran="v2glab test, interrupted twice"
wait $campaign || status=$?
sleep 0.2
# shellcheck disable=SC2086 # ps puts spaces before a number
[ "$status" -eq 2 ] && [ -n "$worker" ] && case $(ps -o stat= -p $worker) in '' | Z*) ;; *) false ;; esac
result $? "interrupted twice it ends, and with it the case that was played"
run report "$work/twice"
in_order "1 passed not reached" "$work/out"
result $? "what had its result before that is there"

# ---- what is no message of what was agreed ----

# strange NAME CASE FAULT TEXT: that case fails by it, with what was expected and what came
strange() {
    run test --sut secc "$2" --no-record -o "$work/strange-$2" --fault "$3"
    wants "$1" 1 out "fail         $2" out "$4, which is no message of what was agreed"
}
strange "an element of the schema that is no message" TC_SECC_AC_VTB_SessionStop_001 \
    'SessionStopRes: raw 01FE80010000000D80010000000000000000000000' 'expected SessionStopRes, found AC_EVChargeParameter'
strange "a message of that name under the payload type of another set" DRV_20A_SECC_ready_iec \
    'AC_ChargeParameterDiscoveryRes: header type=0x8003' \
    'expected AC_ChargeParameterDiscoveryRes, found AC_ChargeParameterDiscoveryRes'
