#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# v2glab decode puts together what the network has taken apart: fragments of IPv6 and IPv4, fragments
# and aggregates (A-MSDU) of IEEE 802.11. tshark is a second reader of the same captures.
# shellcheck source=tests/cli/support-captures
. tests/cli/support-captures

OFFER=$(frame 8001 "$(offer urn:iso:15118:2:2013:MsgDef)")

# fragments LINK OPTION...: of the frame of the protocol's offer
fragments() {
    link=$1
    shift
    {
        echo "1 evcc udp:$ASK"
        echo "1.2 evcc $OFFER $*"
        echo "1.3 secc $AGREED"
        case $* in
        *wifi=*) echo "1.4 evcc $STOP_2 wifi=20" ;;
        *) echo "1.4 evcc $STOP_2 fragment=16" ;;
        esac
        echo "1.45 evcc ack"
    } >"$work/lines"
    made pcap "$link"
    run decode "$work/made.pcap"
}

# whole NAME: all of it is there
whole() {
    shows "$1" 0 out 'supportedAppProtocolReq ProtocolNamespace urn:iso:15118' \
        out 'EVCC -> SECC SessionStopReq' err '3 V2GTP frames: 0 not decoded, 0 violations, 0 losses' \
        not-out 'network:'
}

# void NAME FROM TO WHY: the offer is not shown, and that is said; what comes behind it is
void() {
    shows "$1" 0 out "network: fragments from $2 to $3 cannot be put together: $4" \
        not-out supportedAppProtocolReq out 'EVCC -> SECC SessionStopReq'
}

# second NAME FIELD: tshark has put the offer together, too
second() {
    if ! command -v tshark >/dev/null; then
        echo "ok - $1 # SKIP there is no tshark"
        return
    fi
    tshark -r "$work/made.pcap" -d tcp.port==61341,data -T fields -e data.data -Y "$2 && tcp.len > 0" \
        2>/dev/null >"$work/seen"
    check "$1" grep -qi "$OFFER" "$work/seen"
}

for version in 6 4; do
    ip="ip=$version"
    field=ip.reassembled.length from=192.0.2.1 to=192.0.2.2
    [ $version = 4 ] || { field=ipv6.reassembled.length; from='[fe80::1]'; to='[fe80::2]'; }
    fragments ethernet fragment=32 "$ip"
    whole "fragments of IPv$version are put together"
    second "as tshark does" $field
    fragments sll fragment=24 "$ip" swap=1
    whole "the last one comes first"
    second "as to tshark" $field
    fragments ethernet fragment=24 "$ip" again=1
    whole "each comes twice"
    fragments ethernet fragment=32 overlap=8 "$ip"
    void "those of IPv$version that overlap are refused" "$from" "$to" 'its fragments overlap'
    fragments ethernet fragment=16 lose=2 "$ip"
    void "one of IPv$version is missing" "$from" "$to" 'of a datagram'
    check "and how much came is told" grep -q 'of a datagram [1-9][0-9]* bytes came, and others not' "$work/out"
    fragments raw fragment=16 lose=1 "$ip"
    void "the first one is" "$from" "$to" 'of a datagram'
done

for link in wifi radiotap radiotap-fcs ppi; do
    fragments $link wifi=50
    whole "fragments of IEEE 802.11 ($link) are put together"
done
fragments wifi wifi=50
second "as tshark does" wlan.fragments
fragments radiotap-fcs wifi=50
second "as it leaves out checksums" wlan.fragments
fragments wifi wifi=34 again=1
whole "each is sent twice"
fragments wifi wifi=34 swap=1
whole "the last one comes first"
fragments wifi wifi=34 lose=2
void "one is missing" 02:00:00:00:00:01 02:00:00:00:00:09 'of a frame'
fragments wifi wifi=50 fragment=40
whole "fragments of IPv6 within fragments of IEEE 802.11"
fragments wifi wifi=50 fragment=40 ip=4
whole "and of IPv4"

# two frames with the same sequence number, a second and more from each other
{
    for second in 1 3; do
        echo "$second evcc frame:8805000002000000000902000000000102000000000200000000AAAA"
        echo "$second.1 evcc $STOP_2"
    done
} >"$work/lines"
made pcap wifi
run decode "$work/made.pcap"
shows "sequence numbers come again" 0 out 'cannot be put together: of a frame 2 bytes came' \
    out 'EVCC -> SECC SessionStopReq'
check "and each is told" [ "$(grep -c 'of a frame 2 bytes came, and others not' "$work/out")" -eq 2 ]

# aggregate LINK: three frames in one
aggregate() {
    {
        echo "1 evcc $OFFER"
        echo "1.1 secc $AGREED amsdu=1"
        echo "1.1 secc 01FE8001 amsdu=1"
        echo "1.1 secc 0000000480400040"
        echo "1.2 evcc $STOP_2"
    } >"$work/lines"
    made pcap "$1"
    run decode "$work/made.pcap"
}
for link in wifi radiotap radiotap-fcs ppi; do
    aggregate $link
    shows "the frames of an aggregate ($link)" 0 out 'EVCC -> SECC supportedAppProtocolReq' \
        out 'EVCC <- SECC supportedAppProtocolRes' out 'EVCC -> SECC SessionStopReq' \
        err '3 packets, 1 connections, 4 V2GTP frames: 0 not decoded' not-out 'network:'
    check "all of them" [ "$(grep -c supportedAppProtocolRes "$work/out")" -eq 2 ]
done
if command -v tshark >/dev/null; then
    check "as many as tshark has" [ "$(tshark -r "$work/made.pcap" -T fields -e tcp.len -Y wlan_aggregate \
        2>/dev/null | tr ',' '\n' | grep -c .)" -eq 3 ]
fi
echo "1 evcc frame:8801000002000000000902000000000102000000000200008000$(
    )02000000000202000000000100FFAAAA03" >"$work/lines"
echo "1.2 evcc $STOP_2" >>"$work/lines"
made pcap wifi
run decode "$work/made.pcap"
shows "a frame that is longer than its aggregate" 0 \
    out 'fragments from 02:00:00:00:00:01 to 02:00:00:00:00:02 cannot be put together: a frame is longer than the aggregate' \
    out 'EVCC -> SECC SessionStopReq'
