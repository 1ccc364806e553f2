#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each session of each capture in CAPTURES as a script: as a vehicle at the ready-made station it ends
# as the capture does; as a station it serves the ready-made vehicle to SessionStop, where the
# capture's vehicle got there. Each capture's vehicle as a persona: it is well-formed, and its gaps,
# played and measured again, are those of the capture. In virtual time, so that it takes no time.
set -u
work=$TMPDIR/replay
mkdir -p "$work"

say() { # STATUS NAME [FILE]
    if [ "$1" -eq 0 ]; then
        echo "ok - $2"
    else
        echo "not ok - $2"
        [ ! -f "${3-}" ] || sed 's/^/#   /' "$3" | tail -n 5 | cut -c 1-300
    fi
}

# What the station has to be for what a capture of that name shows.
station() {
    case $1 in
    tesla-*) echo --with "modes={dc=false}" ;;
    *-pnc) echo --with "payment={'Contract'}" --with contract_without_tls=true ;;
    esac
}

as_vehicle() { # NAME FILE SESSION
    # shellcheck disable=SC2046 # words
    "$V2GLAB" replay "$2" --session "$3" --virtual-time --no-record --against evse $(station "$1") \
        >"$work/out" 2>&1
    grep -q 'EVCC verdict: pass' "$work/out"
    say $? "$1, session $3, as a vehicle: $(grep -o "ends = '.*'" "$work/script" | cut -d"'" -f2)" "$work/out"
}

# A vehicle that charges, in the capture's mode and protocol.
as_station() { # NAME FILE SESSION
    local mode=dc protocol
    grep -q 'AC_EVSEChargeParameter\.' "$work/script" && mode=ac
    protocol=$(sed -n "s/^    protocol = '\(.*\)',.*/\1/p" "$work/script")
    timeout 60 "$V2GLAB" replay "$2" --role secc --session "$3" --virtual-time --no-record \
        --against ev --with mode=$mode --with "protocols={{'$protocol',priority=1,schema=1}}" \
        >"$work/out" 2>&1
    grep -q "SECC verdict: pass" "$work/out" && grep -q 'EVCC verdict: pass' "$work/out"
    say $? "$1, session $3, as a station: a vehicle with other limits charges to SessionStop" "$work/out"
}

as_persona() { # NAME FILE
    "$V2GLAB" persona from "$2" -o "$work/measured.lua" 2>"$work/err" &&
        "$V2GLAB" persona check "$work/measured.lua" >"$work/out" 2>&1
    say $? "$1: its vehicle is a persona" "$work/out"
    rm -rf "$work/played"
    timeout 60 "$V2GLAB" ev --persona "$work/measured.lua" --virtual-time --quiet \
        --record "$work/played" >"$work/out" 2>&1
    "$V2GLAB" persona from "$work/played" -o "$work/again.lua" 2>>"$work/out"
    lua5.4 tests/captures/gaps.lua "$work/measured.lua" "$work/again.lua" >"$work/gaps"
    say $? "$1: played and measured again: $(tail -n 1 "$work/gaps")" "$work/gaps"
}

# Sessions of one car that are measured each for itself.
agree() { # NAME FILE SESSIONS
    local one other
    for one in $(seq "$3"); do
        for other in $(seq $((one + 1)) "$3"); do
            "$V2GLAB" persona from "$2" --session "$one" -o "$work/measured.lua" 2>"$work/err"
            "$V2GLAB" persona from "$2" --session "$other" -o "$work/again.lua" 2>"$work/err"
            lua5.4 tests/captures/gaps.lua "$work/measured.lua" "$work/again.lua" often >"$work/gaps"
            say $? "$1, sessions $one and $other: $(tail -n 1 "$work/gaps")" "$work/gaps"
        done
    done
}

for file in "$CAPTURES"/*.pcap; do
    [ -f "$file" ] || continue
    name=$(basename "$file" .pcap)
    session=1
    while "$V2GLAB" script "$file" --session $session -o "$work/script" >"$work/out" 2>&1; do
        as_vehicle "$name" "$file" $session
        if grep -q "ends = 'stopped" "$work/script"; then
            "$V2GLAB" script "$file" --role secc --session $session -o "$work/script" 2>"$work/err"
            as_station "$name" "$file" $session
        fi
        session=$((session + 1))
    done
    grep -q "there is no session $session" "$work/out"
    say $? "$name: $((session - 1)) sessions" "$work/out"
    as_persona "$name" "$file"
    [ $session -le 2 ] || [ "$name" = mercedes-eqe-iso2-ac ] || agree "$name" "$file" $((session - 1))
done
