#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What `v2glab test` writes of its results, and `v2glab report` makes of them, whatever ended the run.
. tests/cli/support
set -u
unset GITLAB_CI

# One case of each verdict, texts that XML, TAP, YAML and commands have to escape, two rounds apart.
{ own_suite 'own & "hard" <suite>'; cat <<'END'; } >"$work/cases.lua"
cases 'own_good' { given = 'ServiceDiscoveryRes', about = 'it # is \\ good', then_ = refused 'FAILED_SequenceError' }
cases 'own_bad' { given = 'ServiceDiscoveryRes', rows = { {}, {}, {} }, then_ = refused 'OK' }
cases 'own_field' { given = 'ServiceDiscoveryRes', field = 'many do', then_ = refused 'OK' }
cases 'own_unclear' { given = 'ServiceDiscoveryRes', station = { silent_at = 'SessionSetup' },
    then_ = function() end }
cases 'own_error' { given = 'ServiceDiscoveryRes', then_ = function()
    error('50 % <no>\n"yes", \1 & [done]') end }
cases 'many' { given = 'ServiceDiscoveryRes', rows = (function()
    local rows = {}
    for i = 1, 120 do rows[i] = {} end
    return rows
end)(), then_ = refused 'FAILED_SequenceError' }
cases 'own_never' { given = 'ServiceDiscoveryRes', cannot = 'it needs a <pilot>', then_ = function() end }
END
with="--file $work/cases.lua"
few="$with many_00? many_01? many_02?"

# shellcheck disable=SC2086
run test -o "$work/r" $with --junit "$work/r.xml" --tap "$work/r.tap" --json "$work/r.json" \
    --metrics "$work/r.prom" 'own_*'
wants "one error makes the run one" 3 out "1 passed, 4 failed, 1 inconclusive, 1 errors, 1 not applicable" \
    out "in the field: 2 passed, 3 failed, 1 inconclusive, 1 errors"
in_order "failed,_by_cause: 4_x_expected_ServiceDiscoveryRes.ResponseCode_=_'OK' own_bad_001,_own_bad_002,_own_bad_003_and_1_more_(1_of_them_would_charge_in_the_field)
    not_applicable,_by_reason: 1_x_it_needs_a_<pilot> to_see_the_first_of_them: v2glab_test_-v_--file v2glab_decode_$work/r/own_bad_001/session.pcapng" \
    <(tr ' ' _ <"$work/out")
result $? "the summary groups by cause, and says what to do next"

is_junit() { xmllint --noout --schema tests/data/junit.xsd "$1" 2>"$work/xmllint" || { cat "$work/xmllint"; false; }; }
check "JUnit XML is what Jenkins and GitLab read" is_junit "$work/r.xml"
cat >"$work/pilot.lua" <<'END'
suite 'of no protocol' { sut = 'SECC' }
cases 'pilot_1' { given = 'link', cannot = 'there is no pilot', then_ = function() end }
END
run test -q -o "$work/pilot" --file "$work/pilot.lua" --junit "$work/pilot.xml" pilot_1
check "cases of no protocol are in JUnit XML by their suite" is_junit "$work/pilot.xml"
count() { xmllint --xpath "count($1)" "$work/r.xml"; }
check "it has each case once, with its outcome" [ "$(count //testcase) $(count //failure) \
$(count //error) $(count //skipped)" = "8 4 1 2" ]
check "its sums are those of its cases" [ "$(xmllint --xpath \
    'concat(/testsuites/@tests, /testsuites/@failures, /testsuites/@errors, /testsuites/@skipped)' "$work/r.xml")" = 8412 ]
check "a failure says requirement and line" \
    grep -q "requirements: V2G2-465 V2G2-467&#10;at: $work/cases.lua:6&#10;" "$work/r.xml"

awk '/^1\.\.8$/ { plan = 1 } /^(not )?ok [0-9]+ - / { n++; if ($1 == "ok" && $2 != n || $1 == "not" && $3 != n) bad = 1 }
    /^not ok .* # TODO inconclusive: on the way/ { todo++ } /^ok .*own_never # SKIP it needs a <pilot>/ { skip++ }
    /^ok .*own_good: it \\# is \\\\ good$/ { plain++ }
    /^  ---$/ { open++ } /^  \.\.\.$/ { shut++ }
    END { exit !(NR > 0 && plan && n == 8 && !bad && todo == 1 && skip == 1 && plain == 1 && open == 6 && shut == 6) }' "$work/r.tap"
result $? "TAP 14 has plan, points, directives and diagnoses"
check "TAP names its version first" [ "$(head -n 1 "$work/r.tap")" = "TAP version 14" ]

jq() { python3 -c 'import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
print(eval(sys.argv[2]))' "$@"; }
if command -v python3 >/dev/null; then
    check "JSON has a line for each case, with its cause" [ "$(jq "$work/r.json" \
        '[len(rows), sum(r["verdict"] == "fail" for r in rows), sum("cause" in r for r in rows)]')" = "[8, 4, 7]" ]
    check "each step has expected, found, frame, time, requirement and line" [ "$(jq "$work/r.json" \
        'all(s.get(k) not in (None, "") for r in rows if r["verdict"] == "fail" for s in r["steps"]
            for k in ("kind", "verdict", "field", "expected", "found", "frame", "us", "cites", "where", "n"))')" = True ]
    check "the frame is that of the record" [ "$(python3 - "$work/r" <<'END'
import json, sys
r = [json.loads(l) for l in open(sys.argv[1] + "/results.jsonl")]
r = [x for x in r if x["id"] == "own_bad_001"][0]
events = {e["number"]: e for e in map(json.loads, open(sys.argv[1] + "/" + r["record"] + "/events.jsonl"))}
print([events[s["frame"]]["name"] for s in r["steps"]])
END
)" = "['ServiceDiscoveryRes', 'ServiceDiscoveryRes']" ]
fi

awk '/^# TYPE / { type[$3] = 1 } /^[^#]/ { name = $1; sub(/[{].*/, "", name); base = name; sub(/_info$/, "", base)
    if (!(name in type) && !(base in type)) bad = 1; if (last && last != name) done[last] = 1; if (name in done) bad = 1; last = name }
    /^v2glab_cases.judged="conformance",outcome="fail". 4$/ { failed = 1 }
    /^v2glab_case_passed.case="own_good",suite="own & ."hard." <suite>",protocol="ISO15118-2". 1$/ { good = 1 }
    END { exit !($0 == "# EOF" && !bad && failed && good) }' "$work/r.prom"
result $? "OpenMetrics text has families, escaped labels and an end"

run report "$work/r" --tap -
cmp -s "$work/out" "$work/r.tap"
result $? "- is standard output, and people read on the other"
grep -q '1 passed, 4 failed' "$work/err"
result $? "the summary is there then, too"
run report "$work/r" --tap - --junit -
wants "only one of them is standard output" 3 err "only once"
run report "$work/r" --junit "$work/none/x.xml"
wants "a file that cannot be written is an error" 3 err "none/x.xml cannot be written"
run report "$work"
wants "a folder that is no run is refused" 3 err "expected the folder of a run"

# ---- remarks ----

run report "$work/r" --ci
wants "GitHub gets commands, escaped" 3 \
    out "::error file=$work/cases.lua,line=6,title=own_bad_001 (fail)::expected ServiceDiscoveryRes.ResponseCode = 'OK'" \
    out "cases.lua:16: 50 %25 <no>\\n\"yes\", \\x01 &" out "::warning file=$work/cases.lua,line=13,title=own_unclear (inconclusive)::"
GITLAB_CI=1 run report "$work/r" --ci
check "GitLab gets a report of code quality" grep -q '"fingerprint": "[0-9a-f]\{16\}"' "$work/r/gl-code-quality-report.json"

# ---- runs that were ended ----

# shellcheck disable=SC2086
run test -q -o "$work/whole" $few
all=$(wc -l <"$work/whole/results.jsonl")
cp -r "$work/whole" "$work/cut"
head -c $(($(wc -c <"$work/whole/results.jsonl") / 2)) "$work/whole/results.jsonl" >"$work/cut/results.jsonl"
left=$((all - $(wc -l <"$work/cut/results.jsonl")))
run report "$work/cut" --junit "$work/cut.xml"
wants "a run that was cut off is readable" 2 out "$((all - left)) passed" out ", $left not reached" \
    out "v2glab test --resume $work/cut"
check "its JUnit XML is whole" is_junit "$work/cut.xml"
run test --resume "$work/cut"
wants "it goes on where it was" 0 out "$all passed, 0 failed" not-out "not reached"
check "only what was missing is played" [ "$(grep -c '^pass' "$work/out")" -le "$left" ]
check "each case has one result then" [ "$(grep -c . "$work/cut/results.jsonl")" -eq "$all" ]

# shellcheck disable=SC2086
"$V2GLAB" test -o "$work/killed" $with --jobs 2 'many_*' >"$work/out" 2>&1 </dev/null &
pid=$!
for _ in $(seq 200); do
    [ -s "$work/killed/results.jsonl" ] && break
    sleep 0.05
done
{ kill -9 $pid; } 2>/dev/null
wait $pid 2>/dev/null
run report "$work/killed" --json "$work/killed.json"
[ "$status" -eq 0 ] || [ "$status" -eq 2 ]
result $? "a run killed with -9 is readable"
run test -q --resume "$work/killed"
wants "and goes on" 0 out " passed, 0 failed, 0 inconclusive, 0 errors"

# ---- shards ----

for i in 1 2 3; do
    # shellcheck disable=SC2086
    run test -q -o "$work/shard-$i" $few --shard $i/3 --no-record
done
run report merge "$work/shard-3" "$work/shard-1" "$work/shard-2" -o "$work/joined" --junit "$work/joined.xml"
wants "shards are joined" 0 out "$all passed, 0 failed"
check "as JUnit XML, too" is_junit "$work/joined.xml"
names() { sed 's/.*"id":"\([^"]*\)".*/\1/' "$1/results.jsonl"; }
check "in the order of the whole" [ "$(names "$work/joined")" = "$(names "$work/whole")" ]
run test --shard 4/3
wants "a shard that is none is refused" 3 err "expected I/N"

# ---- rounds, history ----

# shellcheck disable=SC2086
run test -q -o "$work/rounds" $with --repeat 2 'own_good' --junit "$work/rounds.xml"
check "rounds have names of their own" is_junit "$work/rounds.xml"
check "and records" [ -s "$work/rounds/own_good-2/events.jsonl.gz" ]

for code in FAILED_SequenceError OK FAILED_SequenceError; do
    cat >"$work/changing.lua" <<END
suite 'own' { sut = 'SECC', protocol = 'ISO15118-2' }
cases 'own_changing' { given = 'ServiceDiscoveryRes', then_ = function(it)
    it:sends 'ServiceDiscoveryReq'
    it:expects('ServiceDiscoveryRes', { ResponseCode = '$code' })
end }
END
    n=$((${n-0} + 1))
    run test -q -o "$work/day-$n" --file "$work/changing.lua" --file "$work/cases.lua" --db "$work/h.db" --no-record \
        own_changing own_good
done
run report "$work/day-1" --db "$work/h.db"
for i in 1 2 3; do
    "$V2GLAB" report "$work/day-$i" --db "$work/h.db" >/dev/null &
    added="${added-} $!"
done
for i in $added; do
    wait "$i" || [ $? -le 2 ] || echo "not ok - a process could not add its run"
done
run history --db "$work/h.db"
wants "history has a line for each case" 0 out "own_changing  flaky" out "own_good"
grep -q '^ *3  *67 %.*PFP  own_changing  flaky$' "$work/out" && grep -q '^ *3  *100 %.*PPP  own_good$' "$work/out"
result $? "with its verdicts over time; a run that is added again is one"
run report "$work/day-3" --db "$work/h.db" --html "$work/past.html"
sed -n 's/.*id="plan">\(.*\)\.<.*/\1/p' "$work/past.html" | base64 -d | gzip -dc >"$work/out"
wants "the page's plan says what cases have done in all other runs" 0 \
    out '"history":{"runs":2,"passed":1,"last":"PF","flaky":false}' \
    out '"history":{"runs":2,"passed":2,"last":"PP","flaky":false}'
run history --db "$work/h.db" --flaky
wants "only those that are flaky" 0 out "own_changing" not-out "own_good"
run history --db "$work/h.db" 'own_ch*'
wants "and of one case each run, with the cause" 0 out "expected ServiceDiscoveryRes.ResponseCode = 'OK', found" out "$work/day-2"
run history --db "$work/h.db" --lang ko
wants "a table in Korean is one" 0 out ' 횟수    합격     중앙값  가장 느림  최근                 판정                  시험' out 'own_changing  결과가 바뀜'
run history --db "$work/h.db" --lang ko 'own_ch*'
wants "and so are the runs of a case" 0 out ' s  불합격  ' not-out ' fail '
run history --db "$work/h.db" --since 2999
wants "since a day" 0 err "no such result"
run history --db "$work/h.db" --since yesterday
wants "a day that is none is refused" 3 err "expected a date"
run history --db "$work/none.db"
wants "a history that is not there is an error" 3 err "none.db"

# ---- a disk that is full, a terminal ----

run test --resume "$work/cut" -o "$work/other"
wants "a run goes on in its own folder" 3 err "expected it without -o and CASE"
run test --resume "$work/none"
wants "what is not there cannot go on" 3 err "none/plan.json"
# shellcheck disable=SC2086
(ulimit -f $(($(wc -c <"$work/whole/plan.json") / 1024 + 8)) && exec "$V2GLAB" test -q -o "$work/full" $few --no-record) >"$work/out" 2>"$work/err"
status=$?
wants "results that cannot be written end the run" 3 err "results.jsonl: File too large" out " not reached"
run report "$work/full" --tap "$work/full.tap"
wants "what was written is whole" 2 out " passed, 0 failed"

if command -v script >/dev/null; then
    script -qec "$V2GLAB test -q -o $work/tty --no-record $few" /dev/null </dev/null >"$work/out"
    grep -q ' of [0-9]*  0:0[0-9] left  ' "$work/out"
    result $? "on a terminal it tells how far it is, and how long it will take"
    rm -r "$work/tty"
    (sleep 0.3; echo; sleep 2) | script -qec "$V2GLAB test -q -o $work/tty $with many_*" /dev/null >"$work/out"
    grep -q 'supportedAppProtocolRes' "$work/out" && grep -q ' passed, 0 failed' "$work/out"
    result $? "there Enter shows the ladder of what is played"
fi
run test -q -v --tap - -o "$work/tap" DRV_DIN_SECC_SessionSetup_seq
check "-v shows the ladder, and where people read" grep -q ServiceDiscoveryRes "$work/err"
check "a report on standard output stays alone" [ "$(head -n 1 "$work/out")" = "TAP version 14" ]

# ---- files that somebody else has written ----

mkdir "$work/odd"
echo '{"run":[],"cases":[{"id":"a"},7,{"id":"c","suite":5}],"skipped":[null,{"id":"<x>"}]}' >"$work/odd/plan.json"
odd() { # STATUS LINE
    printf '%s\n' "$2" >"$work/odd/results.jsonl"
    run report "$work/odd" --junit "$work/odd.xml" --tap "$work/odd.tap" --json "$work/odd.json" --metrics \
        "$work/odd.prom" --db "$work/odd.db" --ci
    [ "$status" -eq "$1" ] && return
    echo "# exit $status, not $1: $2"
    odds=1
}
odds=0
odd 2 '{"number":1,"verdict":"pass"}'
odd 3 '{"number":1,"verdict":5,"steps":"x","us":"a","taken_us":-5,"mutants":5}'
odd 1 '{"number":2,"verdict":"fail","steps":[5,null,{"ok":false,"expected":[],"found":"x","where":"a:b:7","frame":1e30}]}'
odd 3 '{"number":99}'
odd 3 '[1]'
odd 3 'x'
echo '{"cases":5}' >"$work/odd/plan.json"
odd 3 '{}'
result $odds "odd plans and results are read or refused"
