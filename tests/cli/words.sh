#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What is said twice, in English and in Korean: nothing is missing, nothing is said of what is gone.
# shellcheck source=tests/cli/support
. tests/cli/support

# found NAME LINES: fails where there are lines, and shows them
found() {
    if [ -z "$2" ]; then echo "ok - $1"; else
        echo "not ok - $1"
        echo "$2" | head -n 10 | sed 's/^/# /'
    fi
}

# ---- the reference ----

found "the reference has the same entries in both languages, in the same order" \
    "$(diff <(heads en) <(heads ko))"

# Key and places of each word: "header {1}"
places() {
    awk -F '\t' 'NF == 2 && !/^[# >]/ {
        printf "%s", $1
        for (i = 1; i <= 2; i++) if (index($2, "{" i "}")) printf " {%d}", i
        print ""
    }' "reference/$1.txt"
}
found "its words have the same places to be filled in" "$(diff <(places en) <(places ko))"

# ---- doc lines ----

found "no doc line is told twice" "$(for file in schema/ko/*.txt; do
    cut -f 1 "$file" | grep -v '^#' | grep . | sort | uniq -d | sed "s|^|$file: |"
done)"
found "doc lines in Korean are Korean" "$(LC_ALL=C grep -nP '^[^#\t]+\t[\x00-\x7F]*$' schema/ko/*.txt)"
