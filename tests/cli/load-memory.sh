#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What hundreds of sessions have taken goes back once they are over, though their players are there
# still: vehicles that rest, and the station that waits for them.
# shellcheck source=tests/cli/support
. tests/cli/support

port=$((20000 + $$ % 10000))
"$V2GLAB" load --role secc --peer "[::1]:$port" --no-record -q --openmetrics "$work/station.txt" \
    >"$work/station" 2>&1 &
station=$!
"$V2GLAB" load -n 400 --ramp 3s --rest 1h --duration 1h --peer "[::1]:$port" --mode ac --protocol ISO15118-2 --no-record -q \
    --set loops=5 --set gaps.ChargingStatus=1000 --set tries=40 --set 'gaps.Refused>SDP=100' \
    --openmetrics "$work/vehicle.txt" >"$work/vehicle" 2>&1 &
vehicles=$!
trap 'kill "$vehicles" "$station" 2>/dev/null; rm -rf "$work"' EXIT

# metric SIDE NAME: its value, or 0
metric() {
    awk -v name="$2" '$1 == name { n = $2 } END { print n + 0 }' "$work/$1.txt" 2>/dev/null || echo 0
}

# Until all have gone, and then until a side has no more than half of what it had at most.
touch "$work/out" "$work/err"
declare -A most=([vehicle]=0 [station]=0)
left=2 begun=$SECONDS
while [ $left -gt 0 ] && [ $((SECONDS - begun)) -lt 120 ]; do
    left=0
    for side in vehicle station; do
        now=$(metric $side v2glab_load_lua_bytes)
        [ "$now" -le "${most[$side]}" ] || most[$side]=$now
        open=$(metric $side v2glab_load_open_sessions)
        [ "${most[$side]}" -gt 0 ] && [ "$open" -eq 0 ] && [ "$now" -lt $((${most[$side]} / 2)) ] || left=$((left + 1))
    done
    sleep 0.3
done
for side in vehicle station; do
    status=0 ran="load, $side: $(metric $side v2glab_load_lua_bytes) of ${most[$side]} bytes"
    [ "${most[$side]}" -gt 0 ] && [ "$(metric $side v2glab_load_lua_bytes)" -lt $((${most[$side]} / 2)) ]
    result $? "memory of sessions that are over goes back: $side"
done
kill "$vehicles" "$station"
wait "$vehicles" "$station" || true # they were asked to end before their time
