#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What docs/getting-started.md tells to type does what it says, in both languages.
# shellcheck source=tests/cli/support
. tests/cli/support
root=$PWD
mkdir "$work/bin"
ln -s "$(realpath "$V2GLAB")" "$work/bin/v2glab"
PATH=$work/bin:$PATH

# blocks PAGE: puts the files of the page into the folder; prints the commands, but those of C
blocks() {
    awk '/^```lua / { file = $2; next }
        /^```sh$/ { typed = 1; next }
        /^```/ { file = ""; typed = 0; next }
        file != "" { print >file }
        typed { print }' "$1"
}

for page in docs/getting-started.md docs/ko/getting-started.md; do
    folder=$work/${page//\//-}
    mkdir "$folder"
    cd "$folder" || exit 1
    blocks "$root/$page" >commands
    n=0
    while read -r command; do
        n=$((n + 1))
        status=0 ran=$command
        bash -c "$command" >"$work/out" 2>"$work/err" </dev/null || status=$?
        wants "$page, $n: ${command:0:60}" 0 not-err 'traceback'
        case $command in
        *answers.SessionStop=FAILED*) grep -q "expected 'OK', found 'FAILED'" "$work/out" ;;
        *"run first.lua --against evse") grep -q 'DC_extended\|AC_' "$work/out" ;;
        *drop*) grep -q 'verdict: fail' "$work/out" ;;
        *--mutate*) grep -q 'killed\|mutant' "$work/out" && [ -s early.html ] ;;
        *) ;;
        esac
        result $? "and shows what it says"
    done <commands
    check "all of it was tried" test "$n" -ge 9
    cd "$root" || exit 1
done
# shellcheck disable=SC2016 # marks of Markdown
diff <(sed -n '/^```/,/^```$/p' docs/getting-started.md | sed "s/print(.*, Evcc/print(Evcc/; s/--lang ko //") \
    <(sed -n '/^```/,/^```$/p' docs/ko/getting-started.md | sed "s/print(.*, Evcc/print(Evcc/; s/--lang ko //") >"$work/out"
result $? "both languages say the same"
