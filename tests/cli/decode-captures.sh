#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# v2glab decode of captures that do not tell all: without a beginning, with a namespace that nobody
# knows, with messages that do not belong there, with a clock that is set.
# shellcheck source=tests/cli/support-captures
. tests/cli/support-captures

# capture OPTION...: of $work/lines, as make-capture.lua has them, decoded with these options
capture() {
    lua5.4 tests/lua/make-capture.lua "$work/made.pcap" <"$work/lines"
    run decode "$@" "$work/made.pcap"
}

INSTALL_20=$(tr -d ' \n' <tests/data/certinstall-8001.hex)

# without a beginning
run decode tests/data/midstream-iso2.pcap
shows "ISO 15118-2 by its messages" 0 out 'read as ISO 15118-2:2013, by its messages' \
    out 'EVCC -> SECC ServiceDiscoveryReq' out 'EVCC <- SECC ServiceDiscoveryRes OK' \
    err '14 V2GTP frames: 0 not decoded, 0 violations'
run decode tests/data/mid-din-one-response.pcap
shows "DIN SPEC 70121 by one response" 0 out 'read as DIN SPEC 70121:2014' \
    out 'EVCC <- SECC CableCheckRes OK' err '1 V2GTP frames: 0 not decoded'
run decode tests/data/midstream-iso20-starts-with-response.pcap
shows "who is the vehicle by the names of messages, where the first one is a response" 0 \
    out 'TCP [fe80::7c12:1dff:fe04:e9c]:56274 to [fe80::78de:2bff:fe26:4d08]:50000' \
    out 'EVCC <- SECC ServiceDiscoveryRes OK' out 'EVCC -> SECC ServiceDetailReq' \
    out 'read as ISO 15118-20:2022' not-out 'EVCC -> SECC ServiceDiscoveryRes'
run decode --json tests/data/midstream-iso20-starts-with-response.pcap
wants "in JSON, too" 0 out '"from":"SECC","connection":1,' out '"grammar":"iso15118-20-common","name":"ServiceDiscoveryRes"'
{
    echo "1 evcc $(echo "$STOP_2" | cut -c 21-)"
    echo "2 evcc $STOP_2"
} >"$work/lines"
capture
shows "where the first packet is the rest of a frame, from the next one on" 0 \
    out '12 bytes of a frame that began before: not shown' out 'EVCC -> SECC SessionStopReq' \
    err '1 V2GTP frames: 0 not decoded'
echo "1 evcc 474554202F20485454502F312E310D0A" >"$work/lines"
capture
shows "what never has a V2GTP header is only counted" 0 err '0 V2GTP frames' \
    err '1 connections not V2GTP in the clear'

# JSON to its end: each message with its packet, the sessions, and the file
run decode --json tests/data/midstream-iso2.pcap
wants "what stands at the end is there in JSON, too" 0 out '"connection":1,"packet":21,' \
    out '"kind":"session","session":1,"protocol":"ISO15118-2","mode":"AC","session_id":"CC16406F7869F13B","resumed":false,"messages":14,' \
    out '{"name":"PowerDeliveryRes","from":"SECC","limit":"V2G_EVCC_Msg_Timeout_PowerDeliveryReq","limit_us":5000000,"worst_us":98511,"count":1,"late":0}'
tail -n 1 "$work/out" >"$work/last"
mv "$work/last" "$work/out"
wants "and the file as the last line" 0 out '"kind":"capture","packets":21,"connections":1,"frames":14,"undecoded":0,'

# a grammar that is named
run decode -g iso15118-2 tests/data/midstream-iso2.pcap
shows "-g reads a capture" 0 out 'EVCC -> SECC ServiceDiscoveryReq' err '0 not decoded'
run decode -g din70121 tests/data/midstream-iso2.pcap
shows "and only that grammar" 1 out 'not decoded' not-out 'ServiceDiscoveryReq' err '14 not decoded'
run decode -g DIN70121 tests/data/din-under-iso.pcap
shows "also where another one was agreed" 0 out 'SessionSetupReq' not-out 'does not belong' \
    out 'supportedAppProtocolRes' err '0 not decoded, 0 violations'

# namespaces
for uri in urn:iso:15118:2:2010:MsgDef urn:iso:15118:2:2016:MsgDef urn:maker:din:2018:MsgDef; do
    {
        echo "1 evcc $(frame 8001 "$(offer $uri)")"
        echo "1.1 secc $AGREED"
        echo "1.2 evcc $STOP_2"
    } >"$work/lines"
    capture
    shows "$uri is not known: the protocol by the messages" 0 out "ProtocolNamespace $uri" \
        out 'read as ISO 15118-2:2013, by its messages' out 'EVCC -> SECC SessionStopReq' \
        err '3 V2GTP frames: 0 not decoded'
done
{
    echo "1 evcc $(frame 8001 "$(offer urn:iso:15118:2:2013:MsgDef)")"
    echo "1.2 evcc $STOP_2"
} >"$work/lines"
capture
shows "one direction: what was offered is there, not what was agreed" 0 \
    out 'EVCC -> SECC SessionStopReq' err '2 V2GTP frames: 0 not decoded'

# what does not belong there
run decode tests/data/din-under-iso.pcap
shows "a message of another protocol is named as what it is" 0 out 'EVCC -> SECC SessionSetupReq' \
    out 'violation: SessionSetupReq: a message of DIN70121; it does not belong into a session of ISO15118-2' \
    not-out 'WeldingDetectionReq' not-out 'bit '
{
    echo "1 evcc $(frame 8001 "$(offer urn:iso:std:iso:15118:-20:DC)")"
    echo "1.1 secc $AGREED"
    echo "1.2 evcc $INSTALL_20"
} >"$work/lines"
capture
shows "and so is one under a wrong payload type" 0 out 'EVCC -> SECC CertificateInstallationReq' \
    out 'violation: CertificateInstallationReq: it came under the V2GTP payload type 0x8001' \
    out 'belongs under 0x8002' err '0 not decoded, 1 violations'
{
    echo "1 evcc $STOP_2"
    echo "1.1 evcc $(frame 8001 8098022E74FF44AAECF83E)"
    echo "1.2 evcc $STOP_2"
} >"$work/lines"
capture
shows "a message that is cut stays one of the session, and is not decoded" 1 \
    out 'not decoded V2G_Message/' out 'the input ends here (11 bytes)' err '1 not decoded'

# the clock
{
    echo "100 evcc $STOP_2"
    echo "97.5 secc $STOP_2"
    echo "97.6 evcc $STOP_2"
    echo "97.599 evcc $STOP_2"
} >"$work/lines"
capture --json
wants "times of a clock that steps back are shown as they are, and the step is said" 0 \
    out '"us":97500000,"kind":"log"' out 'the clock of the capture steps back by 2.500000 s' \
    out '"us":97500000,"kind":"frame"' out '"us":97600000,"kind":"frame"' not-out 'steps back by 0'
check "and said once" [ "$(grep -c 'steps back' "$work/out")" -eq 1 ]

# packed by gzip, as records of cases that pass are
lua5.4 tests/lua/make-capture.lua "$work/made.pcap" <"$work/lines"
run decode "$work/made.pcap"
cp "$work/out" "$work/plain"
gzip -f "$work/made.pcap"
run decode "$work/made.pcap.gz"
bad=0
{ [ -s "$work/plain" ] && cmp -s "$work/plain" "$work/out"; } || bad=1
result $bad "a capture that is packed is read as it is"
run report "$work/made.pcap.gz" -o "$work/page.html"
wants "its page, too" "$status" not-err 'error:'
head -c 60 "$work/made.pcap.gz" >"$work/cut.pcap.gz"
run decode "$work/cut.pcap.gz"
wants "cut off, it says so" 3 err 'cut.pcap.gz'
run encode -g iso15118-2 "$STOP_XML"
gzip -c "$work/out" >"$work/stop.gz"
run decode "$work/stop.gz"
wants "a message that is packed, too" 0 out SessionStopReq

# what happened on the wire
{
    echo "1 evcc udp:$ASK"
    echo "1.01 secc udp:$SAID"
    echo "1.1 evcc syn port=50286"
    echo "1.2 secc rst+ack port=50286"
    echo "1.3 evcc syn port=50287"
    echo "2.3 evcc syn port=50287 back=1"
    echo "4.3 evcc syn port=50287 back=1"
    echo "5 evcc syn"
    echo "5.5 evcc syn back=1"
    echo "5.6 secc syn+ack"
    echo "5.7 evcc $STOP_2"
    echo "5.9 evcc $STOP_2 back=$((${#STOP_2} / 2))"
    echo "6 secc ack window=0"
    echo "6.25 secc ack"
    echo "6.5 secc fin+ack"
    echo "6.6 evcc $STOP_2"
    echo "6.7 evcc fin+ack"
    echo "6.75 secc rst"
} >"$work/lines"
capture
shows "refused connections are shown" 0 \
    out '0.200000 TCP [fe80::1]:50286 to [fe80::2]:61341: refused by RST'
shows "and those that nobody answers, with how often it was tried" 0 \
    out 'TCP [fe80::1]:50287 to [fe80::2]:61341: no answer to 3 SYN in 3.0 s' \
    err '1 connections, 2 V2GTP frames' err '2 connections refused or not answered'
shows "a connection that took several SYN" 0 \
    out '4.600000 network: the connection is open after 2 SYN of the EVCC, 600.0 ms after the first'
shows "data that are sent again, and how much later" 0 \
    out '4.900000 network: the EVCC sent 22 bytes again, 200.0 ms after it had sent them first'
shows "a window of 0, and when it opens again" 0 \
    out '5.000000 network: the SECC takes no more data: its window is 0' \
    out '5.250000 network: the SECC takes data again, 250.0 ms after its window was 0'
shows "both ends of a close: who, how, how long after what" 0 \
    out '5.500000 closed: FIN by the SECC, 800.0 ms after SessionStopReq' \
    out '5.700000 FIN by the EVCC, 200.0 ms after that'
shows "the summary of the session has all of it" 0 \
    err 'closed: FIN by the SECC, 800.0 ms after SessionStopReq; FIN by the EVCC, 200.0 ms after that' \
    err 'connections: 1 refused, 1 not answered' \
    err 'network: segments sent again of the EVCC: 1 (22 bytes), up to 200.0 ms' \
    err 'network: connections that took several SYN of the EVCC: 1, up to 600.0 ms' \
    err 'network: windows of 0 of the SECC: 1' \
    err 'network: windows opened again of the SECC: 1, up to 250.0 ms'
check "and they are one session" [ "$(grep -c '^session ' "$work/err")" -eq 1 ]
capture --json
wants "and so have the events" 0 out '"kind":"close","session":1,"from":"SECC","how":"refused"' \
    out '"from":"EVCC","network":"retransmission","connection":1,' out '"taken_us":200000,"octets":22,' \
    out '"how":"timeout",' out '"taken_us":3000000,"times":3,' \
    out '"network":"zero window"' out '"kind":"after","session":1,"from":"EVCC","how":"FIN"'
wants "and the session's line at the end" 0 out '"refused_connections":1,"unanswered_connections":1' \
    out '{"network":"retransmission","from":"EVCC","count":1,"octets":22,"longest_us":200000}' \
    out '"end":"closed: FIN by the SECC, 800.0 ms after SessionStopReq","after_end":"FIN by the EVCC' \
    out '"losses":0,"failed_connections":2,'
{
    echo "1 evcc syn"
    echo "1 secc syn+ack"
    echo "1.1 evcc $STOP_2"
    echo "1.11 secc ack"
    echo "1.2 evcc $STOP_2"
    echo "1.3 secc rst"
} >"$work/lines"
capture
shows "a reset, and what was lost by it" 0 \
    out 'network: the SECC has not acknowledged 22 bytes of the EVCC, sent 100.0 ms before' \
    out 'closed: RST by the SECC, 100.0 ms after SessionStopReq' \
    err 'network: data not acknowledged of the EVCC: 1 (22 bytes), up to 100.0 ms'

# the containers and link layers that there are: the same packets are the same session
{
    echo "1 evcc udp:$ASK"
    echo "1.01 secc udp:$SAID"
    echo "1.1 evcc syn"
    echo "1.101 secc syn+ack"
    echo "1.2 evcc $(frame 8001 "$(offer urn:iso:15118:2:2013:MsgDef)")"
    echo "1.3 secc $AGREED"
    echo "1.400123 evcc $STOP_2"
    echo "1.5 evcc fin+ack"
    echo "1.6 secc fin+ack"
} >"$work/lines"
made pcap raw
run decode "$work/made.pcap"
shows "a session as raw IP" 0 out '0.400123 EVCC -> SECC SessionStopReq' \
    out '0.500000 closed: FIN by the EVCC, 99.9 ms after SessionStopReq' \
    err '9 packets, 1 connections, 3 V2GTP frames: 0 not decoded, 0 violations, 0 losses'
cp "$work/out" "$work/plain"
cp "$work/err" "$work/end"
# same NAME: as that session
same() {
    [ -s "$work/plain" ] && cmp -s "$work/plain" "$work/once" && cmp -s "$work/end" "$work/err"
    result $? "$1"
}
for link in ethernet vlan sll sll2 null wifi radiotap ppi; do
    made pcap $link
    run decode "$work/made.pcap"
    tr -s ' ' <"$work/out" >"$work/once"
    same "the same over $link"
done
for container in pcap-ns pcap-be pcapng pcapng-be pcapng-two; do
    for link in ethernet sll; do
        made $container $link
        run decode "$work/made.pcap"
        tr -s ' ' <"$work/out" >"$work/once"
        same "the same as $container, $link"
    done
    "$V2GLAB" decode - <"$work/made.pcap" 2>"$work/err" | tr -s ' ' >"$work/once"
    same "and on standard input"
    gzip -c "$work/made.pcap" | "$V2GLAB" decode - 2>"$work/err" | tr -s ' ' >"$work/once"
    same "packed by gzip, too"
done
mkfifo "$work/fifo"
cat "$work/made.pcap" >"$work/fifo" &
run decode "$work/fifo"
tr -s ' ' <"$work/out" >"$work/once"
same "and by a named pipe"
if command -v tshark >/dev/null; then
    for link in vlan sll2 radiotap; do
        made pcapng-two $link
        tshark -r "$work/made.pcap" -d tcp.port==61341,data -T fields -e frame.time_epoch -e data.data \
            -Y 'tcp.len > 0' 2>/dev/null >"$work/seen"
        check "tshark has the same packets over $link" [ "$(grep -c -i "$STOP_2" "$work/seen")" -eq 1 ]
        check "and their times" grep -q '^1.4001230*	' "$work/seen"
    done
else
    echo "ok - tshark has the same packets # SKIP there is no tshark"
fi

# a copy of each packet at another interface does not count
made pcapng-twice ethernet
run decode "$work/made.pcap"
tr -s ' ' <"$work/out" >"$work/once"
sed -i 's/^18 packets/9 packets/' "$work/err"
same "what two interfaces have captured is there once"

# as others have written them
run decode tests/data/tcp-refused.pcap
shows "a vehicle that was refused four times" 0 \
    out '2.700000 TCP [fe80::ff:fe00:e1]:50286 to [fe80::ff:fe00:e2]:51111: refused by RST' \
    err '0 V2GTP frames: 0 not decoded' err '4 connections refused or not answered' \
    err 'session 1: 2 messages in 2.700 s, not connected' err 'connections: 4 refused, 0 not answered'
run decode tests/data/gzipped.pcap.gz
shows "a packed capture that begins with the charging loop" 0 out 'EVCC -> SECC ChargingStatusReq' \
    err '21 packets, 1 connections, 14 V2GTP frames: 0 not decoded, 0 violations, 0 losses' \
    err 'session 1: ISO15118-2 AC SessionID CC16406F7869F13B, 14 messages in 0.715 s, not closed'

# a part of a file
made pcap ethernet
head -c $(($(wc -c <"$work/made.pcap") - 30)) "$work/made.pcap" >"$work/cut.pcap"
run decode "$work/cut.pcap"
shows "a file that is cut keeps what is whole" 1 out 'closed: FIN by the EVCC' \
    err 'the capture ends in the middle, behind packet 8: truncated' err '3 V2GTP frames: 0 not decoded'
made pcapng-two ethernet
head -c $(($(wc -c <"$work/made.pcap") - 30)) "$work/made.pcap" >"$work/cut.pcap"
run decode "$work/cut.pcap"
shows "a pcapng file, too" 1 out 'closed: FIN by the EVCC' err 'behind packet 8: truncated'
made pcap ethernet
head -c 4096 /dev/zero >>"$work/made.pcap"
run decode "$work/made.pcap"
shows "a file that ends with zeros, where its writer was killed" 1 out 'closed: FIN by the EVCC' \
    err 'damaged behind packet 9: where the next one should begin are zeros' err '3 V2GTP frames: 0 not decoded'
gzip -c tests/data/midstream-iso2.pcap >"$work/packed.gz"
head -c $(($(wc -c <"$work/packed.gz") - 40)) "$work/packed.gz" >"$work/cut.gz"
run decode "$work/cut.gz"
shows "one that was packed, and is cut, is shown as far as it goes" 1 \
    out 'EVCC -> SECC ServiceDiscoveryReq' err 'cut.gz: gzip data ends in the middle' \
    err 'the capture ends in the middle'
feed "$work/cut.gz" decode --json -
wants "on standard input, too" 1 out '"name":"ServiceDiscoveryReq"' err 'standard input: gzip data ends'
run decode "$work/cut.gz" -o "$work/copy.pcapng"
wants "it is not copied" 3 err 'cut.gz: gzip data ends in the middle'
printf '\012\015\015\012\034\000\000\000\115\074\053\032' >"$work/cut.pcap"
run decode "$work/cut.pcap"
wants "one that is nothing but a beginning" 3 err 'behind packet 0: truncated'

# as it grows
made pcap ethernet
head -c 400 "$work/made.pcap" >"$work/grows.pcap"
forget
"$V2GLAB" decode --follow "$work/grows.pcap" >"$work/out" 2>"$work/err" </dev/null &
following=$!
# comes TEXT [N]: in so many lines, within 10 s
comes() {
    for _ in $(seq 100); do
        [ "$(grep -c "$1" "$work/out")" -ge "${2:-1}" ] && return
        sleep 0.1
    done
    return 1
}
check "--follow shows what is there" comes SECCDiscoveryRes
check "and nothing of what is not" sh -c "! grep -q SessionStopReq '$work/out'"
tail -c +401 "$work/made.pcap" | head -c 500 >>"$work/grows.pcap" # ends within a packet
check "and what comes, as it comes" comes supportedAppProtocolReq
tail -c +901 "$work/made.pcap" >>"$work/grows.pcap"
check "up to the last packet" comes 'FIN by the SECC'
kill -INT $following
wait $following
status=$?
tr -s ' ' <"$work/out" >"$work/once"
same "Ctrl-C ends it with the summary, and it is the whole session"
check "without an error" [ $status -eq 0 ]
head -c 400 "$work/made.pcap" >"$work/grows.pcap"
forget
"$V2GLAB" decode --follow "$work/grows.pcap" >"$work/out" 2>"$work/err" </dev/null &
following=$!
check "another one is followed" comes SECCDiscoveryRes
head -c 100 "$work/made.pcap" >"$work/shorter.pcap"
cat "$work/shorter.pcap" >"$work/grows.pcap"
check "that it became shorter is said" comes 'the file has become shorter, from 400 bytes to [0-9]*: it is read anew'
tail -c +101 "$work/made.pcap" >>"$work/grows.pcap"
check "and what it holds now is shown" comes 'FIN by the SECC'
cp "$work/made.pcap" "$work/other.pcap"
head -c 900 "$work/made.pcap" >"$work/part.pcap"
mv "$work/part.pcap" "$work/grows.pcap" # ends within a packet
check "that another file is in its place, too" comes 'another file is in its place: that is read now'
check "and that is read" comes SECCDiscoveryRes 3
rm "$work/grows.pcap"
mv "$work/other.pcap" "$work/grows.pcap"
check "the rest of a packet is named, if it is lost" comes 'that is read now; [0-9]* bytes of a packet that was not whole are lost'
check "and the last file is read to its end" comes 'FIN by the SECC' 2
kill -INT $following
wait $following
status=$?
wants "Ctrl-C ends it as ever: connections and messages of all are counted" 0 \
    err '4 connections, 9 V2GTP frames: 0 not decoded, 0 violations, 0 losses' not-out 'clock of the capture'
exec 3<>"$work/fifo"
"$V2GLAB" decode - >"$work/out" 2>"$work/err" <"$work/fifo" &
piped=$!
cat "$work/made.pcap" >&3
check "of a pipe messages are shown before it ends" comes 'FIN by the SECC'
while kill -INT $piped 2>"$work/gone"; do sleep 0.2; done # two that come as one are one
wait $piped
exec 3>&-
check "and the second Ctrl-C ends it with the summary" grep -q '^session 1: ISO15118-2' "$work/err"
run decode --follow "$work/nowhere.pcap"
wants "--follow of no file" 3 err 'nowhere.pcap cannot be followed: No such file'

# what cannot be read is said where it hits a message
{
    echo "1 evcc udp:$ASK cut=4"
    echo "1.1 evcc $STOP_2 cut=5"
    echo "1.2 evcc $STOP_2"
    echo "1.25 secc ack"
} >"$work/lines"
made pcap ethernet
run decode "$work/made.pcap"
shows "packets that were captured only in part" 1 \
    out 'packet 1, a datagram from [fe80::1]:50001, was captured only in part: 4 bytes of it' \
    out 'network: a packet of the EVCC was captured only in part: 5 bytes of it are missing' \
    out 'loss: 5 bytes from the EVCC are not in the capture' out 'EVCC -> SECC SessionStopReq'
{
    echo "1 evcc frame:8841000002000000000902000000000102000000000200000000AABBCCDDEEFF00112233"
    echo "1.1 evcc frame:8841000002000000000902000000000102000000000200000000AABBCCDDEEFF00112233"
    echo "1.2 evcc $STOP_2"
} >"$work/lines"
made pcap wifi
run decode "$work/made.pcap"
shows "frames that IEEE 802.11 has encrypted are said once, and counted" 0 \
    out 'network: from packet 1 on there are packets that IEEE 802.11 has encrypted: not shown' \
    err '2 packets encrypted by IEEE 802.11' out 'EVCC -> SECC SessionStopReq'
check "once" [ "$(grep -c encrypted "$work/out")" -eq 1 ]
{
    echo "1 evcc $STOP_2"
    echo "1.2 evcc $STOP_2"
} >"$work/lines"
made pcap null
{ head -c 20 "$work/made.pcap"; printf '\275\000\000\000'; tail -c +25 "$work/made.pcap"; } >"$work/usb.pcap"
run decode "$work/usb.pcap"
wants "a link layer that is not read" 3 err 'link layer is USB (189), expected Ethernet'

# lines of a key log that a program sends by UDP, one a datagram, as other programs log
# keys FILE RECORD: to $work/keys.pcapng, at the time of the record
keys() {
    second=$(($(sed -n '1s/.*"us":\([0-9]*\).*/\1/p' "$2/events.jsonl") / 1000000))
    while read -r line; do
        hex=$(printf '<14>station: %s\n' "$line" | od -An -v -tx1 | tr -d ' \n')
        echo "$second secc udp:$hex to=40000"
    done <"$1" >"$work/lines"
    lua5.4 tests/lua/make-capture.lua "$work/keys.pcapng" pcapng ethernet <"$work/lines"
}
HOME=$work
export HOME
for version in 1.2 1.3; do
    protocol=$([ $version = 1.2 ] && echo ISO15118-2 || echo ISO15118-20)
    rm -rf "$work/keys" "$work/record"
    SSLKEYLOGFILE=$work/keys "$V2GLAB" ev --virtual-time -q --protocol "$protocol" --mode dc \
        --tls $version --set loops=2 --record "$work/record" >"$work/log" 2>&1
    run decode "$work/record/session.pcapng" -o "$work/locked.pcapng"
    keys "$work/keys" "$work/record"
    run decode "$work/locked.pcapng"
    wants "$protocol within TLS is not shown without secrets" 0 out 'TLS: ServerHello' \
        not-out SessionSetupReq
    cat "$work/keys.pcapng" "$work/locked.pcapng" >"$work/before.pcapng"
    cat "$work/locked.pcapng" "$work/keys.pcapng" >"$work/behind.pcapng"
    run decode --json "$work/record/session.pcapng"
    messages() {
        sed -n 's/.*"kind":"frame".*"name":"\([A-Za-z_]*\)".*"bytes":"\([0-9a-f]*\)".*/\1 \2/p' "$work/out"
    }
    messages >"$work/wanted"
    for way in before behind; do
        run decode "$work/$way.pcapng"
        wants "$protocol: secrets came by UDP $way it, which is said" 0 \
            out 'TLS: 1 secret of a key log came by UDP from [fe80::2]:40000' out SessionStopRes
        check "once for each" [ "$(grep -c 'came by UDP' "$work/out")" -eq \
            "$(grep '^CLIENT_RANDOM\|^[CS].*_TRAFFIC_' "$work/keys" | sort -u | wc -l)" ]
        run decode --json "$work/$way.pcapng"
        messages >"$work/found"
        check "and all messages are shown" cmp -s "$work/wanted" "$work/found"
    done
    feed "$work/before.pcapng" decode --json -
    messages >"$work/found"
    check "on standard input, too" cmp -s "$work/wanted" "$work/found"
    check "of a whole session" grep -q '^SessionStopRes ' "$work/wanted"
done

# a private key
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$work/ec.pem" 2>/dev/null
run decode --key "$work/ec.pem" tests/data/midstream-iso2.pcap
wants "a key that can open nothing is refused, with the reason" 3 err 'ec.pem is no RSA key' \
    err 'use --keylog'
