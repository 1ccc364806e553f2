#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every V2GTP frame of every capture in CAPTURES decodes, and encodes to the same bytes again (1 is the
# exit code where the file itself is cut). A key
# log beside a capture (NAME.keys) opens what is under TLS. What is not under TLS is also read without
# its beginning, without supportedAppProtocol, and one direction alone: the frames that are left are
# the same messages. So are all events where the capture is pcapng of two interfaces and sections, or
# comes on standard input, there also packed by gzip.
here=tests/captures

# The messages over TCP that were read: who sent them, their names and bytes.
messages() {
    "$V2GLAB" decode --json "$1" 2>"$TMPDIR/summary" | sed -n 's/^{[^{]*"kind":"frame"[^{]*"from":"\([A-Z]*\)"[^{]*"payload_type":"0x8[^{]*"name":"\([^"]*\)"[^{]*"bytes":"\([0-9a-f]*\)".*/\1 \2 \3/p'
}

# What of the whole capture's messages is in the part.
expected() {
    case $1 in
    late) tail -n +21 ;;
    evcc) grep '^EVCC ' ;;
    secc) grep '^SECC ' ;;
    agreed) grep -v ' supportedAppProtocolRe[qs] ' ;;
    esac <"$TMPDIR/whole" | sort
}

part() {
    lua5.4 $here/cut.lua "$2" "$3" "$TMPDIR/part.pcap" 2>/dev/null || return 0
    messages "$TMPDIR/part.pcap" | sort >"$TMPDIR/found"
    expected "$2" >"$TMPDIR/expected"
    comm -23 "$TMPDIR/expected" "$TMPDIR/found" >"$TMPDIR/missing"
    if [ ! -s "$TMPDIR/missing" ] && grep -q ' 0 not decoded' "$TMPDIR/summary"; then
        echo "ok - $1, $2: $(wc -l <"$TMPDIR/expected") messages"
    else
        echo "not ok - $1, $2: $(wc -l <"$TMPDIR/missing") of $(wc -l <"$TMPDIR/expected") messages are missing"
        head -3 "$TMPDIR/missing"
        cat "$TMPDIR/summary"
    fi
}

# contained NAME FILE OPTION...: with the options that decode got
contained() {
    contained=$1 whole=$2
    shift 2
    "$V2GLAB" decode --json "$@" "$whole" >"$TMPDIR/events" 2>/dev/null
    for way in two stdin gzip; do
        case $way in
        two)
            lua5.4 tests/lua/packets.lua "$whole" two "$TMPDIR/two.pcapng"
            "$V2GLAB" decode --json "$@" "$TMPDIR/two.pcapng"
            ;;
        stdin) "$V2GLAB" decode --json "$@" - <"$whole" ;;
        gzip) gzip -c "$whole" | "$V2GLAB" decode --json "$@" - ;;
        esac >"$TMPDIR/again" 2>/dev/null
        if [ -s "$TMPDIR/events" ] && cmp -s "$TMPDIR/events" "$TMPDIR/again"; then
            echo "ok - $contained, $way: $(wc -l <"$TMPDIR/events") events"
        else
            echo "not ok - $contained, $way: other events"
            diff "$TMPDIR/events" "$TMPDIR/again" | head -4 | cut -c 1-300
        fi
    done
}

for file in "$CAPTURES"/*.pcap "$CAPTURES"/*/*.pcap "$CAPTURES"/*.pcapng; do
    [ -f "$file" ] || continue
    name=${file#"$CAPTURES"/}
    keys=${file%.*}.keys
    set -- --verify
    [ ! -f "$keys" ] || set -- "$@" --keylog "$keys"
    status=0
    summary=$("$V2GLAB" decode "$@" "$file" 2>&1 >"$TMPDIR/ladder") || status=$?
    case $summary in
    *' 0 not decoded,'*' 0 losses'*' 0 differ'*'the capture ends in the middle'*) wanted=1 ;;
    *) wanted=0 ;;
    esac
    if [ $status -eq $wanted ] && ! grep -q 'TLS: what is inside is not shown' "$TMPDIR/ladder"; then
        echo "ok - $name: $summary" | tr '\n' ' '
        echo
    else
        echo "not ok - $name: $summary"
        grep -E 'not decoded|violation|encodes to other' "$TMPDIR/ladder" | head -20
    fi
    shift
    contained "$name" "$file" "$@"
    [ ! -f "$keys" ] || continue
    messages "$file" >"$TMPDIR/whole"
    for way in late evcc secc agreed; do
        part "$name" $way "$file"
    done
done
