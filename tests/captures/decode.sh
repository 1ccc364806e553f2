#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every V2GTP frame of every capture in CAPTURES decodes, and encodes to the same bytes again. A key
# log beside a capture (NAME.keys) opens what is under TLS.
for file in "$CAPTURES"/*.pcap "$CAPTURES"/*/*.pcap "$CAPTURES"/*.pcapng; do
    [ -f "$file" ] || continue
    name=${file#"$CAPTURES"/}
    keys=${file%.*}.keys
    set -- --verify
    [ ! -f "$keys" ] || set -- "$@" --keylog "$keys"
    if summary=$("$V2GLAB" decode "$@" "$file" 2>&1 >"$TMPDIR/ladder") &&
        ! grep -q 'TLS: what is inside is not shown' "$TMPDIR/ladder"; then
        echo "ok - $name: $summary" | tr '\n' ' '
        echo
    else
        echo "not ok - $name: $summary"
        grep -E 'not decoded|violation|encodes to other' "$TMPDIR/ladder" | head -20
    fi
done
