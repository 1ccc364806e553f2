#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `v2glab script` of a charge loop that other exchanges interrupt: receipts and a renegotiation stand
# beside its rounds, and come again when the other side wishes for them.
# shellcheck source=tests/cli/support
. tests/cli/support
# shellcheck source=tests/cli/support-replay
. tests/cli/support-replay

# Blocks of a script, and what two scripts of one session have in common: all but time, what the
# other side has said, and where they come from.
blocks() { grep -c '^ *-- .*, messages\? [0-9]' "$1"; }
plain() {
    grep -v -e 's\.pause' -e 's\.connect' -e 's\.await_close' -e '^-- The ' -e '-- range' "$1" |
        sed "s/peer('\([^']*\)', '*[^)']*'*)/peer(\1)/g"
}

# others ROLE PROTOCOL N ROUND: the other side, a station with receipts every N rounds, that wishes
# to renegotiate after ROUND
others() {
    case $1 in
    evcc) echo evse --with "modes={ac=false,dc=true}" --with "receipt_every=$3" --with "renegotiate_after=$4" ;;
    secc) echo ev --with payment=Contract --with mode=dc --with loops=12 --protocol "$2" ;;
    esac
}

for spec in "ISO15118-2 CurrentDemand MeteringReceipt ReceiptRequired" \
    "ISO15118-20 DC_ChargeLoop MeteringConfirmation EVSEStatus.EVSENotification"; do
    read -r protocol loop receipt wish <<<"$spec"
    "$V2GLAB" ev --virtual-time --quiet --protocol "$protocol" --mode dc --payment Contract --set loops=12 \
        --with receipt_every=3 --with renegotiate_after=5 --record "$work/first" >/dev/null 2>&1
    for role in evcc secc; do
        run script --role $role "$work/first" -o "$work/first.lua"
        [ "$(grep -c "s.rounds('$loop', 12)" "$work/first.lua")" -eq 1 ] && [ "$(blocks "$work/first.lua")" -lt 23 ]
        result $? "$protocol, $role: the charge loop is one, with all its rounds"
        if [ $role = evcc ]; then
            grep -qF "if s.wished('$wish', " "$work/first.lua"
        else
            grep -qF "if s.comes('$receipt') then -- in the capture after rounds 3, 6, 9, 12" "$work/first.lua"
        fi
        result $? "$protocol, $role: the receipts stand beside it"
        # shellcheck disable=SC2046 # words
        comes_back "$protocol, $role" $role --tls auto --against $(others $role "$protocol" 3 5)
    done
    run script "$work/first" -o "$work/first.lua"
    # shellcheck disable=SC2046 # words
    run run "$work/first.lua" --virtual-time --no-record --tls auto --against $(others evcc "$protocol" 2 0)
    wants "$protocol: another station wishes for more receipts, and for no renegotiation" 0
    [ "$(grep -c "EVCC -> SECC  ${receipt}Req" "$work/out")" -eq 6 ] &&
        [ "$(grep -c 'EVCC -> SECC  PowerDeliveryReq' "$work/out")" -eq 2 ]
    result $? "$protocol: it gets these"
    rm -rf "$work/first"
done

# a renegotiation that nobody has wished for comes after the same round
"$V2GLAB" ev --virtual-time --quiet --protocol ISO15118-2 --mode ac --tls off --set loops=8 \
    --set renegotiate=4 --record "$work/first" >/dev/null 2>&1
run script "$work/first" -o "$work/first.lua"
grep -q "    if s.after(4) then" "$work/first.lua"
result $? "what the vehicle does by itself comes after the same round"
run run "$work/first.lua" --virtual-time --quiet --no-record --tls off --against evse
wants "and it passes" 0
sed 's/^for _ in s.rounds.*/do/' "$work/first.lua" >"$work/wrong.lua"
run run "$work/wrong.lua" --virtual-time --quiet --no-record --tls off --against evse
wants "outside of a loop: told, at the script's line" 3 err 'wrong.lua:' err 'after: expected it within'

# two exchanges that alternate are a loop, too: of a log that a device has written
"$V2GLAB" ev --virtual-time --quiet --protocol ISO15118-2 --mode dc --tls off --set loops=2 \
    --record "$work/dc" >/dev/null 2>&1
"$V2GLAB" decode --json "$work/dc" | grep -v '"echo":true' |
    sed -n 's/.*"kind":"frame".*"name":"\([^"]*\)","bytes":"\([0-9a-f]*\)".*/\1 \2/p' | grep -v SECCDiscovery >"$work/frames"
last_of() { grep "^$1" "$work/frames" | tail -n 1; }
{
    sed '/^CableCheckReq/,$d' "$work/frames"
    for _ in 1 2 3 4; do
        for name in CableCheckReq CableCheckRes PreChargeReq PreChargeRes; do
            last_of $name
        done
    done
    sed -n '/^PowerDeliveryReq/,$p' "$work/frames"
} | cut -d' ' -f2 >"$work/log"
for role in evcc secc; do
    run script --role $role "$work/log" -o "$work/$role.lua"
    [ "$(grep -c "s.rounds('CableCheck', 4)" "$work/$role.lua")" -eq 1 ] && [ "$(blocks "$work/$role.lua")" -lt 15 ]
    result $? "$role: two exchanges that alternate are one loop"
done
run run "$work/evcc.lua" "$work/secc.lua" --virtual-time --quiet --record "$work/again" --tls off
wants "both sides of it play it with each other" 0
for role in evcc secc; do
    run script --role $role "$work/again" -o "$work/again.lua"
    plain "$work/$role.lua" | grep -v -e 's\.leave' -e 's\.close' >"$work/a" # a log does not show that
    plain "$work/again.lua" | grep -v -e 's\.leave' -e 's\.close' | diff "$work/a" - >"$work/out"
    result $? "$role: and make the same script again"
done
