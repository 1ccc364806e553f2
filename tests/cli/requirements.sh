#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tools/requirements, tools/check-requirements and tests/requirements, on a small tree of their own.
# shellcheck source=tests/cli/support
. tests/cli/support
tree=$work/tree
mkdir -p "$tree"/{requirements,schema,lua,src,docs,reference,examples,tools,tests/cli,tests/c,tests/lua,results}
cp tools/requirements tools/check-requirements "$tree/tools/"
cp tests/requirements "$tree/tests/"
cd "$tree" || exit 1
export BUILD=.

# Ids of no standard, put together here, so that none of them is cited.
two=V2G2 twenty=V2G20
A=$two-90001 B=$two-90002 C=$twenty-90003 D=$twenty-90004 # the last one has no row

head=$'id\tside\tmessages\trule\trule_ko\tdisagree\tdisagree_ko\treason\treason_ko'
{
    echo "$head"
    printf '%s\tEVCC\tFirstReq\tthe first rule\t첫 규칙\t\t\t\t\n' "$A"
    printf '%s\tSECC\tFirstRes TLS\tthe second rule\t둘째 규칙\tthe order\t순서\t\t\n' "$A $B"
} >requirements/iso15118-2.tsv
{
    echo "$head"
    printf '%s\tboth\tany\tthe third rule\t셋째 규칙\t\t\tno wire\t선 없음\n' "$C"
} >requirements/iso15118-20.tsv
echo "$head" | tee requirements/din70121.tsv >requirements/iso15118-3.tsv
printf 'message FirstReq from evcc\nmessage FirstRes from secc\n' >schema/one.schema
printf 'echo "ok - [%s] a case"\n# [%s] in a comment\n' "$A" "$C" >tests/cli/one.sh
printf '/* [%s] */\nstatic void second(void **state)\n{\n}\nstatic void other(void **state)\n{\n}\n' \
    "$B" >tests/c/test_two.c
mkdir lua/v2g
: >tests/lua/rules-none.lua
: >lua/v2g/sequence.lua
figures='3 rules: 2 proven, 1 with a reason why not, 0 open'
echo "$figures" >README.md

# tool COMMAND [ARGUMENT]...
tool() {
    ran=$*
    status=0
    "$@" >"$work/out" 2>"$work/err" || status=$?
}

tool tools/requirements rows
wants "what proves a rule is read off scripts and C tests, not off comments of scripts" 0 \
    out "$A=tests/cli/one.sh" out "$B=tests/c/test_two.c" not-out "$C=" not-out "$A=tests/c/"
[ "$(grep -c "$A=" "$work/out")" -eq 1 ]
result $? "an id of several rows does not prove the one that has an id of its own"
mkdir -p suites/iso
echo "cases 'x' { cites = '$A $B $C' } -- ours" >suites/iso/secc-good.lua
tool tools/requirements rows
wants "suites prove what they cite of their side, unless there is a reason why nothing can" 0 \
    out "$B=suites/iso/secc-good.lua" not-out "$C=" not-out "$A=suites"
rm -r suites
tool tools/requirements figures
wants "figures" 0 out "$figures"
tools/requirements page >docs/requirements.md
tool tools/check-requirements
wants "a tree that is in order" 0 out "$figures"

echo "-- [$D]" >lua/x.lua
tool tools/check-requirements
wants "an id that is cited and in no table" 1 out "lua/x.lua: $D is in no table"
rm lua/x.lua
echo >>README.md "[DRV-$two]"
tool tools/check-requirements
wants "of our own, too" 1 out "README.md: DRV-$two is in no table"
echo "$figures" >README.md
echo 'echo "ok - nothing"' >tests/cli/one.sh
tool tools/check-requirements
wants "a page of rules that is old" 1 out "docs/requirements.md or README.md is old"
printf 'echo "ok - [%s] a case"\n' "$A" >tests/cli/one.sh
for row in "wrong side|$D\tCAR\tFirstReq\tx\tx\t\t\t\t|side CAR; expected" \
    "a message that there is not|$D\tEVCC\tLastReq\tx\tx\t\t\t\t|no message and no subject: LastReq" \
    "a language that is missing|$D\tEVCC\tany\tx\tx\ty\t\t\t|missing in a language" \
    "a column that is missing|$D\tEVCC\tany\tx\tx|5 columns; expected 9" \
    "a row that is there twice|$C\tboth\tany\tthe third rule\tx\t\t\t\t|the same rule as before"; do
    IFS='|' read -r name line text <<<"$row"
    cp requirements/iso15118-20.tsv "$work/saved"
    printf '%b\n' "$line" >>requirements/iso15118-20.tsv
    tool tools/check-requirements
    wants "$name" 1 out "$text"
    cp "$work/saved" requirements/iso15118-20.tsv
done

tool tests/requirements
wants "before any test ran" 0 out "not run   $A" out "0 hold, 0 fail, 0 skipped, 2 not run, 1 without"
echo "ok - [$A] a case" >results/one.log
printf 'ok 1 - second\nnot ok 2 - other\n' >results/test_two.log
tool tests/requirements
wants "which case proves a rule tells whether it holds" 0 out "holds     $A  EVCC" \
    out "holds     $A $B" out "no proof  $C  both  the third rule  (no wire)" out "2 hold, 0 fail"
echo "not ok - [$A] a case" >results/one.log
tool tests/requirements
wants "a case that fails: so does its rule" 1 out "FAILS     $A  EVCC" out "1 hold, 1 fail"
echo "ok - [$A] a case # SKIP why" >results/one.log
tool tests/requirements "$A  EVCC"
wants "and one that was skipped" 0 out "skipped   $A  EVCC"
tool tests/requirements "second"
wants "only those that have a word" 0 out "the second rule" not-out "the first rule"
