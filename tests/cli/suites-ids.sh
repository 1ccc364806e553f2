#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The suites themselves: every file tells what it is, every case has a name of its own, cites rules
# that there are, and has something to expect or the reason why it is not played.
. tests/cli/support

# none NAME: nothing is wrong: $work/wrong is empty
none() {
    good=0
    [ ! -s "$work/wrong" ] || { good=1; sed 's/^/# /' "$work/wrong"; }
    result "$good" "$1"
}

# told NAME WORDS: each file says that
told() {
    find suites -name '*.lua' -exec grep -L -e "$2" {} + >"$work/wrong"
    none "$1"
}

told "every file says its licence" '^-- SPDX-License-Identifier: Apache-2.0$'
told "every file says its author" '^-- @author .'
told "every file says what it needs" '^-- @needs .'
told "every file has a suite" "^suite '"

# the list is refused where two cases have one name
run test --list
awk '$1 ~ /_/ && $1 !~ /:$/ { print $1 }' "$work/out" >"$work/ids"
sort "$work/ids" | uniq -d >"$work/wrong"
[ "$status" -eq 0 ] || echo "exit $status" >>"$work/wrong"
[ "$(wc -l <"$work/ids")" -gt 900 ] || echo "fewer than 900 cases" >>"$work/wrong"
none "every case has a name of its own"

id='\(V2G2-\|V2G20-\|V2G-DC-\|DRV-[0-9A-Z]*-\)[-0-9A-Za-z]\+'
sed -n 's/\t.*//p' requirements/*.tsv | tr ' ' '\n' | sort -u >"$work/known"
find suites -name '*.lua' -exec grep -ho -e "$id" {} + | sort -u | comm -23 - "$work/known" >"$work/wrong"
none "every rule that is cited is in requirements/"

# a block begins and ends in the first column, but within a loop
find suites -name '*.lua' -exec awk '
    function over() { if (open && !has) print open; open = "" }
    /^ *cases[ (]/ { over(); open = FILENAME ":" FNR; has = 0 }
    /then_ *=|cannot *=/ { has = 1 }
    /^suite / { over() }
    END { over() }' {} \; >"$work/wrong"
none "every block of cases has something to expect, or says why it is not played"

# A line for each case: its name, tab, what it is about; and one, with why, for what does not apply.
# $1: language
abouts() {
    run test --list --lang "$1" --format md
    sed 's/\\\(.\)/\1/g' "$work/out" | sed -n 's/^| \([A-Za-z0-9_-]*[_-][A-Za-z0-9_-]*\) | \(.*\) |$/\1\t\2/p' |
        awk -F '\t' '{
            applies = split($2, cell, / \| /) > 2
            print $1 "\t" cell[applies ? 2 : 1]
            if (!applies) print $1 ", why\t" cell[2]
        }'
}
abouts en >"$work/en"
abouts ko >"$work/ko"

# where there is none the English text stands in its place
paste "$work/en" "$work/ko" | awk -F '\t' '
    NF != 4 || $1 != $3 { print "not a pair: " $0 }
    $2 == $4 && $2 ~ /[a-z]/ && $2 ~ / / && $2 !~ /, (AC|DC)$/ { print $1 ": " $2 }' >"$work/wrong"
[ "$(wc -l <"$work/ko")" -gt 900 ] || echo "fewer than 900 cases" >>"$work/wrong"
none "what each case is about, and why it does not apply, is there in Korean: suites/ko/"

# What cases say besides: a line each, as the files have it.
find suites -name '*.lua' -exec tools/messages lua {} + >"$work/said"

cat suites/ko/*.txt | awk -F '\t' '
    FILENAME != "-" { about[FILENAME ~ /said$/ ? $0 : $2] = 1; next }
    /^#/ || NF < 2 || $1 in about || $1 == "not claimed: {}" { next } # {}: what a device says
    $1 == "needs a modem: --slac INTERFACE" { next }                  # of devices that are there
    {
        form = $1
        gsub(/[][.*+?^$()\\|]/, "\\\\&", form)
        if (gsub(/{}/, "[^ ]+", form)) for (text in about) if (text ~ "^" form "$") next
        print $1
    }' "$work/en" "$work/said" - >"$work/wrong"
none "every Korean text is that of a case"

# What is in doubt, what would have to be seen of a pair, and why it is not: texts that `..` joins are one.
find suites -name '*.lua' -exec cat {} + | tr '\n' ' ' | sed "s/' *\.\. *'//g" |
    grep -oE "(doubt|aim|beyond) = '([^'\\\\]|\\\\.)+'" | sed "s/^[^']*'//; s/'\$//; s/\\\\'/'/g" | sort -u >"$work/steps"
cut -f 1 suites/ko/*.txt | sort -u | comm -23 "$work/steps" - | grep ' ' >"$work/wrong"
[ "$(wc -l <"$work/steps")" -gt 80 ] || echo "fewer than 80 of them" >>"$work/wrong"
none "what cases doubt, and what they cannot see, is there in Korean: suites/ko/steps.txt"
