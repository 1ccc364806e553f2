#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Plays each persona of which there is a capture in CAPTURES beside it, at a station like that of
# the capture, and compares messages and gaps. They mostly wait, so several run at a time.
set -u
here=tests/captures

one() {
    folder=$TMPDIR/${1/\#/-}
    mkdir -p "$folder"
    TMPDIR=$folder lua5.4 $here/personas.lua "$1" >"$folder/said" 2>&1 ||
        echo "not ok - $1: the comparison failed" >>"$folder/said"
    cat "$folder/said"
}

while read -r name; do
    if [ ! -f "$CAPTURES/${name%%#*}.pcap" ]; then
        echo "ok - $name # SKIP there is no such capture"
        continue
    fi
    while [ "$(jobs -rp | wc -l)" -ge 3 ]; do wait -n; done
    one "$name" &
done < <(lua5.4 $here/personas.lua list)
wait
