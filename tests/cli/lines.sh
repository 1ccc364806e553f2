#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# --lines of decode and encode: all vectors of three protocols there and back, errors in their
# place, speed.
# shellcheck source=tests/cli/support
. tests/cli/support

round_trip() {
    local set=$1 kind=$2 options=(--grammar "$1" --lines)
    [ "$kind" = fragment ] && options+=(--fragment)
    vectors "$set" "$kind" exi | tr a-f A-F >"$work/exi"
    vectors "$set" "$kind" xml >"$work/given.xml"
    local n
    n=$(wc -l <"$work/exi")
    [ "$n" -gt 50 ] || echo "not ok - $set: only $n vectors"

    feed "$work/exi" decode "${options[@]}"
    cp "$work/out" "$work/xml"
    feed "$work/xml" encode "${options[@]}"
    same "$set, $n ${kind}s: EXI to XML and back" "$work/exi"
    feed "$work/exi" decode "${options[@]}" --format json
    cp "$work/out" "$work/json"
    feed "$work/json" encode "${options[@]}"
    same "$set, $n ${kind}s: EXI to JSON and back" "$work/exi"
    feed "$work/given.xml" encode "${options[@]}"
    same "$set, $n ${kind}s: the vectors' XML to EXI" "$work/exi"
    feed "$work/exi" decode "${options[@]}" --format hex
    same "$set, $n ${kind}s: EXI read and written again" "$work/exi"
}
round_trip appprotocol document
round_trip din70121 document
round_trip din70121 fragment
round_trip iso15118-2 document
round_trip iso15118-2 fragment
round_trip xmldsig fragment

# every grammar tried, with the V2GTP header to say what may come
vectors iso15118-2 document exi | head -n 200 | tr a-f A-F >"$work/exi"
feed "$work/exi" decode --lines
cp "$work/out" "$work/xml"
feed "$work/xml" encode --lines --format v2gtp
cp "$work/out" "$work/framed"
feed "$work/framed" decode --lines --format hex
same "200 messages without --grammar, as V2GTP frames" "$work/exi"

# errors
printf '%s\n%s\r\n\nzz\n80\n%s' "$STOP" "$STOP" "$STOP" >"$work/mixed"
feed "$work/mixed" decode --lines --grammar iso15118-2 -
wants "a line that fails is an error, in its place, and in the exit code" 1 not-err error
awk '{ print (/^ERROR / ? "E" : /Terminate<.*<\/V2G_Message>$/ ? "M" : "?") }' "$work/out" |
    tr -d '\n' >"$work/pattern"
[ "$(cat "$work/pattern")" = MMEEEM ]
result $? "the other lines are there, in order"
grep -q "^ERROR 'z' among hex digits" "$work/out"
result $? "the error says why"
grep -q "^ERROR bit 8: the input ends here" "$work/out"
result $? "and where"
echo 804F00 >"$work/one"
feed "$work/one" decode --lines
wants "a line that several grammars fit is an error that names them" 1 \
    out 'ERROR several grammars fit, choose one with --grammar: din70121, iso15118-2'
echo "${STOP}00" >"$work/one"
feed "$work/one" decode --lines
wants "violations are warnings with the line's number" 0 err 'warning: line 1: bit 112: 1 bytes after'
printf '<a>\n{"a"\n\nfoo\n' >"$work/one"
feed "$work/one" encode --lines --grammar iso15118-2
wants "errors of encode" 1 not-err error
[ "$(grep -c '^ERROR ' "$work/out")" -eq 4 ]
result $? "one for each line"
head -c 300000 /dev/urandom >"$work/noise"
feed "$work/noise" decode --lines
[ "$status" -le 1 ]
result $? "noise of 300 kB to decode"
feed "$work/noise" encode --lines --grammar din70121
[ "$status" -le 1 ]
result $? "noise of 300 kB to encode"
[ "$(wc -l <"$work/out")" -ge "$(wc -l <"$work/noise")" ]
result $? "an answer for each line"
: >"$work/one"
feed "$work/one" decode --lines
wants "no line in, no line out" 0
run decode --lines nofile
wants "a file that is not there" 3 err 'nofile: cannot be opened: No such file'
run decode --lines a b
wants "two files" 3 err '2 files; expected one'

# a program that asks line by line gets its answers
coproc { "$V2GLAB" decode --lines --grammar iso15118-2; }
echo "$STOP" >&"${COPROC[1]}"
read -r -t 10 answer <&"${COPROC[0]}"
[[ $answer = *Terminate* ]] && echo "$STOP" >&"${COPROC[1]}" && read -r -t 10 answer <&"${COPROC[0]}"
result $? "answers come before the next line is asked for"
eval "exec ${COPROC[1]}>&-"
wait

# speed; instrumented programs are slower
if [ "${BUILD-build/gcc}" = build/gcc ]; then
    yes "$STOP" | head -n 100000 >"$work/many"
    start=${EPOCHREALTIME/[.,]/}
    feed "$work/many" decode --lines --grammar iso15118-2
    took=$((${EPOCHREALTIME/[.,]/} - start))
    [ "$status" -eq 0 ] && [ "$(wc -l <"$work/out")" -eq 100000 ] && [ $took -lt 2000000 ]
    result $? "100,000 lines in less than 2 s"
fi
