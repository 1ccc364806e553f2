#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# v2glab decode of captures that do not tell all: without a beginning, with a namespace that nobody
# knows, with messages that do not belong there, with a clock that is set.
# shellcheck source=tests/cli/support
. tests/cli/support

# shows NAME STATUS [out|err|not-out|not-err TEXT]...: as wants, with the blanks of the ladder as one
shows() {
    tr -s ' ' <"$work/out" >"$work/once"
    mv "$work/once" "$work/out"
    wants "$@"
}

# frame PAYLOAD-TYPE HEX: behind a V2GTP header
frame() {
    printf '01FE%s%08X%s\n' "$1" $((${#2} / 2)) "$2"
}

# offer NAMESPACE: a supportedAppProtocolReq
offer() {
    "$V2GLAB" encode -g appprotocol "{\"supportedAppProtocolReq\": {\"AppProtocol\": [{
        \"ProtocolNamespace\": \"$1\", \"VersionNumberMajor\": 1, \"VersionNumberMinor\": 0,
        \"SchemaID\": 1, \"Priority\": 1}]}}"
}

# capture OPTION...: of $work/lines, as make-capture.lua has them, decoded with these options
capture() {
    lua5.4 tests/lua/make-capture.lua "$work/made.pcap" <"$work/lines"
    run decode "$@" "$work/made.pcap"
}

AGREED=$(frame 8001 80400040)
STOP_2=$(frame 8001 8098022E74FF44AAECF83E11F000)
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
