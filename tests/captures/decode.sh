#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every V2GTP frame of every capture in CAPTURES decodes, and encodes to the same bytes again.
for file in "$CAPTURES"/*.pcap "$CAPTURES"/*/*.pcap "$CAPTURES"/*.pcapng; do
    [ -f "$file" ] || continue
    name=${file#"$CAPTURES"/}
    if summary=$("$V2GLAB" decode --verify "$file" 2>&1 >"$TMPDIR/ladder"); then
        echo "ok - $name: $summary" | tr '\n' ' '
        echo
    else
        echo "not ok - $name: $summary"
        grep -E 'not decoded|violation|encodes to other' "$TMPDIR/ladder" | head -20
    fi
done
