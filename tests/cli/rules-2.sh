#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Rules of ISO 15118-2 about the way to a session, by id: SDP, ports, the protocol that is agreed on,
# and what has to be random.
# shellcheck source=tests/cli/support
. tests/cli/support
# shellcheck source=tests/cli/support-ev
. tests/cli/support-ev

record=$work/record

# recorded OPTION...: sessions of 20 vehicles, of which there is a record
recorded() {
    rm -rf "$record"
    run ev --time-scale 1000 --set loops=3 --record "$record" --protocol ISO15118-2 --mode ac --count 20 "$@"
}

# every COUNT KIND TEXT PATTERN: the events of that kind with TEXT are COUNT, and have PATTERN each
every() {
    grep -F "\"kind\":\"$2\"" "$record/events.jsonl" | grep -v '"echo"' | grep -F -e "$3" >"$work/out"
    [ "$(wc -l <"$work/out")" -ge "$1" ] && ! grep -vqE -e "$4" "$work/out"
}

# how the network is called, and its options
while read -r network options; do
    # shellcheck disable=SC2086 # words
    recorded $options
    every 20 frame SECCDiscoveryReq '"destination":"\[ff02::1%[a-z0-9]+\]:15118"'
    result $? "[V2G2-139] $network: SDP requests go to ff02::1, UDP port 15118"
    # 49152 to 65535
    ports='(49(1(5[2-9]|[6-9][0-9])|[2-9][0-9]{2})|5[0-9]{4}|6[0-4][0-9]{3}|65([0-4][0-9]{2}|5([0-2][0-9]|3[0-5])))'
    every 20 connect '"by":"EVCC"' "\"source\":\"\[[^\"]*\]:$ports\""
    result $? "[V2G2-077] [V2G2-124] $network: the vehicle's TCP ports are within 49152 to 65535"
    every 20 frame SECCDiscoveryReq "\"source\":\"\[[^\"]*\]:$ports\""
    result $? "[V2G2-124] $network: so are its UDP ports"
done <<END
virtual --virtual-time
real
END

grep -F '"name":"SessionSetupRes"' "$record/events.jsonl" |
    grep -oE '"SessionID":"[0-9A-Fa-f]+"' | sort -u >"$work/out"
[ "$(wc -l <"$work/out")" -eq 20 ] && ! grep -qE '"0+"' "$work/out" &&
    ! grep -qvE '"[0-9A-Fa-f]{16}"' "$work/out"
result $? "[V2G2-835] 20 SessionIDs of 8 octets, none twice and none 0"

# agrees NAME OFFERS TEXT: what the station makes of the vehicle's offers
agrees() {
    ev --mode dc --set "protocols={$2}"
    grep 'SECC  supportedAppProtocolRes' "$work/out" >"$work/answer"
    grep -qE "$3" "$work/answer"
    result $? "$1"
}
iso='"ISO15118-2"' din='"DIN70121"'
agrees "[V2G2-167] [V2G2-169] the protocol of the best Priority, though it is offered last" \
    "{$din,priority=2,schema=7},{$iso,priority=1,schema=9}" 'OK_SuccessfulNegotiation, SchemaID 9'
agrees "[V2G2-167] [V2G2-169] whichever that is" \
    "{$din,priority=1,schema=7},{$iso,priority=2,schema=9}" 'OK_SuccessfulNegotiation, SchemaID 7'
agrees "[V2G2-167] [V2G2-169] Priority 20 is the last of all" \
    "{$din,priority=20,schema=7},{$iso,priority=19,schema=9}" 'OK_SuccessfulNegotiation, SchemaID 9'
agrees "[V2G2-167] [V2G2-169] what the station does not speak does not count, be its Priority 1" \
    "{uri=\"urn:none\",major=1,priority=1,schema=1},{$iso,priority=20,schema=9}" \
    'OK_SuccessfulNegotiation, SchemaID 9'
for minor in 1 77; do
    agrees "[V2G2-098] the same major version and the minor one $minor" \
        "{$iso,priority=1,schema=9,major=2,minor=$minor}" \
        'OK_SuccessfulNegotiationWithMinorDeviation, SchemaID 9'
done
agrees "[V2G2-098] another major version is another protocol" \
    "{$iso,priority=1,schema=9,major=3,minor=0}" 'Failed_NoNegotiation'
