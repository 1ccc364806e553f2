#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# v2glab decode CAPTURE -o FILE.pcapng: the packets as they were, with what is in them as comments.
# shellcheck source=tests/cli/support
. tests/cli/support
HOME=$work
export HOME

# packets FILE: as tests/lua/packets.lua has them, but without comments
packets() {
    lua5.4 tests/lua/packets.lua "$1" | grep -v ' blocks of secrets$' | cut -f 1
}

# comments FILE: the number of each packet that has some, and these
comments() {
    lua5.4 tests/lua/packets.lua "$1" | sed -n 's/^\([0-9]*\) [^	]*	\(..*\)/\1 \2/p'
}

# copied NAME FILE: the copy of FILE has its packets, in order and time
copied() {
    rm -f "$work/copy.pcapng"
    run decode "$2" -o "$work/copy.pcapng"
    packets "$2" >"$work/before"
    packets "$work/copy.pcapng" >"$work/after"
    [ "$status" -eq 0 ] && [ -s "$work/before" ] && cmp -s "$work/before" "$work/after"
    result $? "$1: packets, times and their order are the same"
}

source=tests/data/midstream-iso2.pcap
copied "pcap" $source
wants "it is told how many packets have comments; the ladder is not shown" 0 \
    err "copy.pcapng: 21 packets, 14 of them with comments" not-out ServiceDiscovery
comments "$work/copy.pcapng" >"$work/wanted"
check "each message is at the packet that ends it" test "$(cut -d ' ' -f 1 "$work/wanted" | tr '\n' ' ')" = \
    "1 3 4 6 7 9 10 12 13 15 16 18 19 21 "
check "with names and values" grep -q \
    '^21 SECC -> EVCC  ChargingStatusRes (iso15118-2) .*"EVSEMaxCurrent": { "Multiplier": -1, "Unit": "A", "Value": 320 }' \
    "$work/wanted"
"$V2GLAB" decode --json $source 2>/dev/null | sed 's/"number":[0-9]*//' >"$work/events"
"$V2GLAB" decode --json "$work/copy.pcapng" 2>/dev/null | sed 's/"number":[0-9]*//' >"$work/again"
check "the copy decodes to the same events" cmp -s "$work/events" "$work/again"
gzip -c $source >"$work/packed.gz"
run decode "$work/packed.gz" -o "$work/other.pcapng"
cmp -s "$work/copy.pcapng" "$work/other.pcapng"
result $? "of a packed capture the same"
gzip -c $source >"$work/later.pcap.gz"
rm -f "$work/other.pcapng"
run decode "$work/later.pcap" -o "$work/other.pcapng"
cmp -s "$work/copy.pcapng" "$work/other.pcapng"
result $? "of one that was packed since, named as before, too"
run decode "$work/later.pcap" -o "$work/later.pcap.gz"
wants "which must not be the copy" 3 err 'later.pcap: -o names the capture itself'

for form in pcap-big pcap-ns pcapng pcapng-big; do
    lua5.4 tests/lua/packets.lua $source $form "$work/$form"
    copied "$form" "$work/$form"
    comments "$work/copy.pcapng" | sed 's/	mine$//' | grep -v ' mine$' >"$work/found"
    cmp -s "$work/wanted" "$work/found"
    result $? "$form: the same comments"
done
check "its own comments stay" test "$(comments "$work/copy.pcapng" | grep -c 'mine$')" -eq 11
check "secrets do not" grep -q '^0 blocks of secrets' <<END_OF_LIST
$(lua5.4 tests/lua/packets.lua "$work/copy.pcapng")
END_OF_LIST
run decode "$work/pcapng-big" -o "$work/copy.pcapng" --with-secrets
wants "unless they are asked for" 0
check "then they are there" grep -q '^1 blocks of secrets' <<END_OF_LIST
$(lua5.4 tests/lua/packets.lua "$work/copy.pcapng")
END_OF_LIST
lua5.4 tests/lua/packets.lua $source simple "$work/simple"
copied "simple packet blocks" "$work/simple"
wants "which have no room for comments" 0 err '14 packets are in simple packet blocks'

# TLS: what is within it is shown without its keys
"$V2GLAB" ev --virtual-time -q --protocol ISO15118-20 --mode dc --set loops=2 --record "$work/record" \
    >"$work/out" 2>&1
copied "a record with TLS" "$work/record/session.pcapng"
comments "$work/copy.pcapng" >"$work/found"
check "what was within TLS is told" grep -q 'SessionSetupReq (iso15118-20-common, within TLS)' "$work/found"
check "as is what came by UDP" grep -q 'SECCDiscoveryReq (sdp)' "$work/found"
run decode "$work/copy.pcapng"
wants "and the copy has no keys" 0 not-out SessionSetupReq
"$V2GLAB" decode "$work/record/session.pcapng" -o "$work/copy.pcapng" --with-secrets 2>/dev/null
run decode "$work/copy.pcapng"
wants "unless they are asked for, in a record, too" 0 out SessionSetupReq

# what is wrong is told, too
run decode tests/data/din-under-iso.pcap -o "$work/copy.pcapng"
comments "$work/copy.pcapng" >"$work/found"
check "violations are comments" grep -q 'violation: .*does not belong' "$work/found"
head -c 1500 $source >"$work/cut.pcap"
run decode "$work/cut.pcap" -o "$work/copy.pcapng"
wants "a capture that is cut" 3 err 'the copy ends there'
packets $source | head -n "$(packets "$work/copy.pcapng" | wc -l)" >"$work/before"
packets "$work/copy.pcapng" >"$work/after"
[ -s "$work/after" ] && cmp -s "$work/before" "$work/after"
result $? "the copy has its packets up to there"
cp $source "$work/same.pcap"
run decode "$work/same.pcap" -o "$work/same.pcap"
wants "the capture itself is not overwritten" 3 err 'expected another file'
check "and is as it was" cmp -s $source "$work/same.pcap"
run decode $STOP -o "$work/none.pcapng"
wants "a message is no capture" 3 err 'no capture'
run decode $source --with-secrets
wants "secrets of nothing" 3 err 'without -o'
run decode $source -o "$work/no/such/folder.pcapng"
wants "a file that cannot be written" 3 err 'cannot be written'
if [ -w /dev/full ]; then
    run decode $source -o /dev/full
    wants "a disk that is full" 3 err 'No space left'
fi

# a reader that knows nothing of V2G
if command -v tshark >/dev/null; then
    "$V2GLAB" decode $source -o "$work/copy.pcapng" 2>/dev/null
    tshark -r "$work/copy.pcapng" -T fields -e frame.comment 2>/dev/null >"$work/out"
    check "tshark shows 14 packets with comments" test "$(grep -c . "$work/out")" -eq 14
    check "with names and values, by tshark" grep -q 'ChargingStatusRes (iso15118-2).*"Value": 320' "$work/out"
    for file in $source "$work/copy.pcapng"; do
        tshark -r "$file" -T fields -e frame.time_epoch -e frame.len -e tcp.seq_raw -e tcp.payload 2>/dev/null
    done >"$work/both"
    half=$(($(wc -l <"$work/both") / 2))
    head -n $half "$work/both" >"$work/before"
    tail -n $half "$work/both" >"$work/after"
    [ $half -eq 21 ] && cmp -s "$work/before" "$work/after"
    result $? "tshark sees the same packets"
    tshark -r "$work/copy.pcapng" -q -z expert 2>/dev/null >"$work/out"
    check "and finds no error in the file" sh -c "! grep -q Errors '$work/out'"
else
    echo "ok - packets by tshark # SKIP there is none"
fi
