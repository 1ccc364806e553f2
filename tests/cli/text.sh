#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# v2glab decode of texts: logs, dumps and arrays as people have them, what of them is no message, and
# what costs time.
# shellcheck source=tests/cli/support
. tests/cli/support
logs=tests/data/logs

FRAME=01FE80010000000E$STOP

# messages [LINE NAME]...: the last run showed these messages and no others, in these lines
messages() {
    printf '%s %s\n' "$@" >"$work/wanted"
    awk '/ EVCC (->|<-|--) SECC / {
        name = $0; sub(/.*SECC +/, "", name); sub(/ .*/, "", name); print $2, name }' \
        "$work/out" >"$work/messages"
    [ $# -gt 0 ] || : >"$work/wanted"
    cmp -s "$work/wanted" "$work/messages"
}

# ---- forms: what tests/c/test_hextext.c reads is found to be messages ----

# shows FILE [LINE NAME]...
shows() {
    local file=$1
    shift
    run decode "$file"
    [ "$status" -eq 0 ] && messages "$@"
    result $? "${file##*/}: every message in its line"
    feed "$file" decode -
    [ "$status" -eq 0 ] && messages "$@"
    result $? "${file##*/} on standard input"
}
shows $logs/b64.txt 1 CableCheckReq
shows $logs/carray.txt 1 CableCheckReq
shows $logs/hex0x.txt 1 CableCheckReq
shows $logs/hexdump.txt 1 CableCheckReq
shows $logs/od.txt 1 CableCheckReq
shows $logs/xxd.txt 1 CableCheckReq
shows $logs/everest.log 1 CableCheckReq
shows $logs/josev.log 1 CableCheckReq 2 SECCDiscoveryReq
shows $logs/pyplc.log 1 supportedAppProtocolRes 2 SessionSetupReq 3 CableCheckReq
shows $logs/ethernet-frame.hex 1 CableCheckRes
shows $logs/tshark-x.txt 19 CableCheckRes
shows $logs/two-frames.hex 1 SessionSetupReq 1 SessionSetupReq

run decode $logs/josev.log
wants "the log's own time is there" 0 out 'line 1      2026-01-01 00:00:01,000  EVCC -> SECC  CableCheckReq' \
    err '2 lines: 2 messages, 0 not decoded, 0 violations; 0 runs of hex not understood'
run decode $logs/pyplc.log --json
wants "as JSON: line, time as it stands there and as a number, message" 0 \
    out '"us":1050000,"kind":"frame","line":2,"time":"[1050ms]","from":"EVCC"' \
    out '"grammar":"din70121"' out '"SessionSetupReq":{"EVCCID":"0011223344AA"}'
run decode -v $logs/b64.txt
wants "-v shows the XML" 0 out 'EVRESSSOC>50<'
run decode $logs/ethernet-frame.hex --json
wants "of a packet with its addresses" 0 out '"source":"[fe80::ff:fe00:e2]:15118"'

# ---- however its lines end, and whatever it is written in ----

bad=0
for file in "$logs"/*; do
    "$V2GLAB" decode "$file" >"$work/plain" 2>/dev/null
    for form in crlf mixed cr utf-16le utf-16be marked; do
        case $form in
        crlf) sed 's/$/\r/' "$file" ;;
        mixed) sed '2~2s/$/\r/' "$file" ;;
        cr) tr '\n' '\r' <"$file" ;;
        marked) printf '\357\273\277' && cat "$file" ;;
        *) iconv -f UTF-8 -t "$form" "$file" ;;
        esac >"$work/formed"
        run decode "$work/formed"
        [ "$status" -eq 0 ] && cmp -s "$work/plain" "$work/out" && continue
        bad=1
        echo "# ${file##*/} as $form"
    done
done
[ "$(wc -l <"$work/plain")" -gt 0 ] || bad=1
result $bad "every log with ends of lines of every kind, and as UTF-16"

# ---- cut anywhere ----

# Each byte of digits, cut off one by one, is missed, until the first frame is whole alone.
bad=0
for n in $(seq 46 2 86); do
    head -c "$n" $logs/two-frames.hex >"$work/cut"
    run decode "$work/cut"
    [ "$status" -eq 1 ] || { bad=1; echo "# $n digits: $status"; }
done
result $bad "two frames, cut in the second one, are never all right"
head -c 54 $logs/two-frames.hex >"$work/cut"
run decode "$work/cut"
wants "within its header" 1 out 'SessionSetupReq' out 'not decoded' out 'a V2GTP header has 8 bytes; 5 are here'
head -c 60 $logs/two-frames.hex >"$work/cut"
run decode "$work/cut"
wants "behind its header" 1 out 'SessionSetupReq' out 'the V2GTP header says 14 bytes of payload; 0 are here'

# ---- more than one ----

run decode "$FRAME$FRAME"
messages 1 SessionStopReq 1 SessionStopReq
result $? "two frames as an argument"
{ printf '\001\376\200\001\000\000\000\004\200\100\000\000\001\376\200\001\000\000\000\004\200\100\000\000'; } >"$work/raw"
run decode "$work/raw"
[ "$status" -eq 0 ] && [ "$(grep -c 'EVCC <- SECC  supportedAppProtocolRes' "$work/out")" -eq 2 ]
result $? "two frames as bytes"
printf '%s\n' "$STOP" "$FRAME" "$STOP" >"$work/lines"
run decode "$work/lines"
messages 1 SessionStopReq 2 SessionStopReq 3 SessionStopReq
result $? "a message a line, without --lines"
echo "rx ${FRAME:0:20} ${FRAME:20} tx $FRAME, then $STOP" >"$work/one"
run decode "$work/one"
messages 1 SessionStopReq 1 SessionStopReq 1 SessionStopReq
result $? "three in one line, with words between"
sed 's/../& /g' "$work/lines" | tr '\n' ' ' | fold -w 48 >"$work/folded"
run decode "$work/folded"
[ "$status" -eq 0 ]
result $? "one message after the other, folded without regard to where they end: the first is read"
feed "$work/lines" decode --lines
wants "--lines stays strict" 0 not-out 'line 1'
feed $logs/everest.log decode --lines
wants "and takes no log" 1 out "ERROR '-' among hex digits"

# a frame that comes in two packets, the first of them twice, and one that was sent again
packet() { # SEQ PAYLOAD
    local n=$((${#2} / 2 + 20))
    printf '02000000000202000000000186dd60000000%04x0640fe80000000000000000000fffe0000e1fe80000000000000000000fffe0000e2c3503b0e%08x000000015018fde800000000%s\n' \
        $n "$1" "$2"
}
{
    packet 1000 "${FRAME:0:20}"
    packet 1000 "${FRAME:0:20}"
    packet 1010 "${FRAME:20}"
    packet 1000 "$FRAME"
    packet 1022 "$FRAME"
} >"$work/packets"
run decode "$work/packets"
messages 3 SessionStopReq 5 SessionStopReq
result $? "packets: a frame in two of them, and what was sent again"

# ---- which message, and which protocol ----

run decode -g din70121 $logs/josev.log
wants "--grammar leaves others out" 0 out CableCheckReq
run decode -g iso15118-2 $logs/b64.txt
wants "and then they are no messages" 1 err 'error: '
{
    "$V2GLAB" encode -c -f v2gtp -g appprotocol '{"supportedAppProtocolReq": {"AppProtocol": [
        {"ProtocolNamespace": "urn:iso:std:iso:15118:-20:AC", "VersionNumberMajor": 1,
         "VersionNumberMinor": 0, "SchemaID": 7, "Priority": 1}]}}'
    echo "EXI: 80400380"
    "$V2GLAB" encode -c -g iso15118-20-ac '{"AC_ChargeLoopRes": {}}'
} >"$work/agreed" 2>"$work/err"
run decode "$work/agreed"
messages 1 supportedAppProtocolReq 2 supportedAppProtocolRes 3 AC_ChargeLoopRes
result $? "what supportedAppProtocol agrees decides where several protocols fit"

# ---- what is damaged, and what is none ----

{
    echo "00:00:01 V2G sent $FRAME"
    echo "00:00:02 EVCC sent 01FE80010000000E80980202"
    echo "00:00:03 EXI ${STOP:0:26}"
    echo "00:00:04 EXI ${STOP}07"
    echo "00:00:05 commit 2fd4e1c67a2d28fced849ee1bb76e7391b93eb12"
} >"$work/damaged"
run decode "$work/damaged"
wants "what is cut or has too much is named, and the exit code tells" 1 \
    out 'line 1      00:00:01  EVCC -> SECC  SessionStopReq' \
    out 'line 2      00:00:02  EVCC -> SECC  not decoded                  the V2GTP header says 14 bytes of payload; 4 are here' \
    out 'V2G_Message/Body' out 'line 3      00:00:03  EVCC -- SECC  not decoded' \
    out 'SessionStopReq of iso15118-2, and 1 bytes more' \
    out 'line 5      00:00:05  not understood: 20 bytes of hex, 2fd4e1c67a2d28fced849ee1bb76e739…' \
    err '5 lines: 1 messages, 3 not decoded, 0 violations; 1 runs of hex not understood'
run decode "$work/damaged" --json
wants "as JSON, too" 1 out '"kind":"log","line":5,"time":"00:00:05","text":"not understood: 20 bytes'
printf 'one\ntwo 2fd4e1c67a2d28fced849ee1bb76e739\n' >"$work/none"
run decode "$work/none"
wants "where there is no message that is said, and what was expected" 1 \
    err "$work/none: there is no message in 2 lines (1 runs of hex are none); expected EXI, V2GTP"

# ---- no text is taken for a message ----

# 10,000 lines of prose, code and other hex; most of the hex begins as a message does
LC_ALL=C awk 'BEGIN {
    srand(15118)
    split("the vehicle asks station for a schedule before it charges and EXI be added decade facade 80 98", word, " ")
    for (line = 0; line < 10000; line++) {
        kind = line % 10
        if (kind == 0) print "commit " hex(20, "")
        else if (kind == 1) print "id " hex(4, "") "-" hex(2, "") "-" hex(2, "") "-" hex(2, "") "-" hex(6, "")
        else if (kind == 2) print "link/ether " hex(6, ":") " brd ff:ff:ff:ff:ff:ff"
        else if (kind == 3) print "key: 80" hex(31, "")
        else if (kind == 4) print "inet6 fe80::" hex(2, "") ":" hex(2, "") "/64 scope link"
        else if (kind == 5) print "static const int t[] = { 128, " dec(12) " };"
        else if (kind == 6) print "  80 " hex(1 + int(rand() * 40), " ")
        else if (kind == 7) print "#define MASK UINT64_C(0x80" hex(7, "") ") /* line " line " */"
        else if (kind == 8) print "cookie=gJ" b64(22) "=="
        else prose()
    }
}
function hex(n, between,    s, i) {
    for (i = 0; i < n; i++) s = s (i ? between : "") sprintf("%02x", int(rand() * 256))
    return s
}
function dec(n,    s, i) {
    for (i = 0; i < n; i++) s = s (i ? ", " : "") int(rand() * 256)
    return s
}
function b64(n,    s, i) {
    for (i = 0; i < n; i++)
        s = s substr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 1 + int(rand() * 64), 1)
    return s
}
function prose(    i) {
    for (i = 0; i < 12; i++) printf "%s ", word[1 + int(rand() * 18)]
    print ""
}' >"$work/others"
run decode "$work/others"
wants "none in 10,000 lines of other hex, prose and code" 1 err 'there is no message in 10000 lines' not-out 'line'

# this repository's own texts: all that is found are the examples that they really have
cat docs/*.md docs/ko/*.md schema/*.schema src/*/*.[ch] lua/*/*.lua suites/*/*.lua >"$work/ours" 2>/dev/null
n=$(grep -o "$STOP" "$work/ours" | wc -l)
run decode "$work/ours"
[ "$n" -gt 0 ] && [ "$(grep -c ' EVCC .. SECC ' "$work/out")" -eq "$n" ] &&
    [ "$(grep -c 'EVCC -> SECC  SessionStopReq  ' "$work/out")" -eq "$n" ]
result $? "in $(wc -l <"$work/ours") lines of this repository, only the $n messages that are there"

# ---- what costs time: each byte of these is looked at more than once where a rule is careless ----

# repeated TEXT: a megabyte of it
repeated() {
    echo begin
    yes "$1" | tr -d '\n' | head -c 1000000
}
slow=
while read -r text; do
    repeated "$text" >"$work/much"
    timeout 20 "$V2GLAB" decode "$work/much" >"$work/out" 2>"$work/err"
    [ $? -le 3 ] || slow="$slow $text"
done <<'TEXTS'
"
\"
<a
80
01FE
80:80-
gAAA
0x80,
0x80, /*
"\x80
00:00:01
0000
TEXTS
for text in 80 8098 '"\x80"' gAAAgAAA; do
    yes "$text" | head -c 300000 >"$work/much"
    timeout 20 "$V2GLAB" decode "$work/much" >"$work/out" 2>"$work/err"
    [ $? -le 3 ] || slow="$slow $text, a line"
done
[ -z "$slow" ]
result $? "a megabyte of the same is read in time${slow:+:$slow}"
yes 0001FE8001000F4240 | head -c 50000 >"$work/much"
run decode "$work/much" --json
[ "$status" -eq 1 ] && [ "$(wc -c <"$work/out")" -lt 500000 ]
result $? "what is cut is told once, also where each line behind it has a header that ends nowhere"
yes "$(printf '0000 80 80\n*\n10000')" | head -c 200000 >"$work/much"
# the shadow memory of a sanitizer has no place in such a limit
most=400000
case $V2GLAB in */asan/*) most=unlimited ;; esac
(ulimit -v $most && timeout 20 "$V2GLAB" decode "$work/much" >"$work/out" 2>"$work/err")
[ $? -eq 1 ]
result $? "a dump cannot repeat its lines without end"
