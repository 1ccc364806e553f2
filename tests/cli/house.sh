#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tools/check-calls and tools/check-sizes, on a small house of their own.
# shellcheck source=tests/cli/support
. tests/cli/support
tools=$PWD/tools

mkdir -p "$work/house/src/one" "$work/house/src/two" "$work/house/tools"
cd "$work/house" || exit 1
: >tools/house-exceptions

# check TOOL [ARGUMENT]
check() {
    ran=$1
    status=0
    "$tools/$1" "${@:2}" >"$work/out" 2>"$work/err" || status=$?
}

# calls FILE CALLED...: an object whose function calls those
calls() {
    name=$1
    shift
    {
        printf 'void %s(void);\n' "$@"
        echo "void $name(void);"
        echo "void $name(void) {"
        [ $# -eq 0 ] || printf '%s();\n' "$@"
        echo "}"
    } | sed '/void (void);/d' | "${CC:-cc}" -O0 -x c -c -o "src/one/$name.o" -
}

if ! command -v "${CC:-cc}" >/dev/null || ! command -v nm >/dev/null; then
    echo "ok - circles # SKIP there is no compiler"
else
    calls a b
    calls b c
    calls c
    check check-calls .
    wants "calls in one direction are no circle" 0
    calls c a
    check check-calls .
    wants "a circle of three files is named, with the calls" 1 out 'src/one/c.c calls src/one/a.c: a' \
        out 'src/one/a.c calls src/one/b.c: b'
    printf 'calls src/one/a.c src/one/b.c src/one/c.c\n' >tools/house-exceptions
    check check-calls .
    wants "an exception needs a reason" 1 out 'call each other in a circle'
    printf 'calls src/one/*.c\n    Because.\n' >tools/house-exceptions
    check check-calls .
    wants "with one it is put up with" 0
    calls c
    check check-calls .
    wants "and has to go when it is not needed" 1 out 'no circle needs "calls src/one/*.c" any more'
fi

: >tools/house-exceptions
seq 1000 >src/one/long.c
check check-sizes
wants "a file of 1,000 lines" 0
echo >>src/one/long.c
check check-sizes
wants "one of 1,001 lines" 1 out 'src/one/long.c has 1001 lines'
printf 'lines src/one/long.c\n    Because.\n' >tools/house-exceptions
check check-sizes
wants "with a reason" 0
rm src/one/long.c
check check-sizes
wants "which has to go, too" 1 out 'lines src/one/long.c" is not needed any more'
: >tools/house-exceptions
for i in {1..21}; do : >"src/two/m$i.c"; done
check check-sizes
wants "a floor of 21 modules" 1 out 'src/two has 21 modules'

cd "${tools%/tools}" || exit 1
check house
wants "the picture has every floor and room" 0 out '<svg ' out '>base<tspan' out '>app<tspan' \
    out '<title>src/base/arena: ' out 'Lua'
if command -v xmllint >/dev/null; then
    xmllint --noout "$work/out" 2>"$work/err"
    result $? "and is well-formed"
else
    echo "ok - and is well-formed # SKIP there is no xmllint"
fi

bad=0
while read -r file; do
    [ -e "$file" ] || { bad=1; echo "# there is no $file"; }
done < <(grep -ohE 'src/[a-z]+/[a-z_0-9]+\.[ch]' docs/*.md CONTRIBUTING.md README.md | sort -u)
result $bad "files that the documentation names are there"

# ---- tests/run ----

# tests_run: of a build that has nothing to test
tests_run() {
    ran=tests/run
    status=0
    BUILD=$work/build "$tools/../tests/run" no-such-test >"$work/out" 2>"$work/err" || status=$?
}
mkdir "$work/build"
exec 8>"$work/build/tests.lock"
flock 8
tests_run
wants "a second run of the tests of a build is refused" 1 err "tests run in $work/build already" not-out 'passed'
exec 8>&-
tests_run
wants "once the first is over it is not" 1 out '0 passed, 0 failed' not-err 'already'
