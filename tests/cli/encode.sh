#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# v2glab encode: forms of input and output, several grammars, errors.
# shellcheck source=tests/cli/support
. tests/cli/support

echo "$STOP" >"$work/hex"
echo "01FE80010000000E$STOP" >"$work/framed"
STOP_JSON='{"V2G_Message": {"Body": {"SessionStopReq": {"ChargingSession": "Terminate"}}, "Header": {"SessionID": "B9D3FD12ABB3E0F8"}}}'

run encode "$STOP_XML"
same "XML as an argument" "$work/hex"
run encode "  $STOP_JSON" --grammar iso15118-2
same "JSON as an argument, members in any order" "$work/hex"
"$V2GLAB" decode "$STOP" >"$work/stop.xml"
run encode "$work/stop.xml"
same "XML of the reference page, in a file" "$work/hex"
"$V2GLAB" decode --json "$STOP" >"$work/stop.json"
feed "$work/stop.json" encode -g iso15118-2 -
same "JSON on standard input" "$work/hex"
run encode --format v2gtp "$STOP_XML"
same "with a V2GTP header" "$work/framed"
NUL_SCOPE=8098022CBF6FEE4F43FCACD1B084000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000
echo "$NUL_SCOPE" >"$work/nul.hex"
"$V2GLAB" decode "$NUL_SCOPE" >"$work/nul.xml"
"$V2GLAB" decode --lines "$work/nul.hex" >"$work/nul.line"
for form in xml line; do
    bad=0
    xmllint --noout "$work/nul.$form" >"$work/log" 2>&1 || bad=1
    grep -q '<?v2glab octets="U+EF00"?>' "$work/nul.$form" || bad=1
    result $bad "a string of 64 NULs is XML that others read, and that says how ($form)"
    run encode "$work/nul.$form"
    same "it comes back ($form)" "$work/nul.hex"
done
printf '\200\230\002\056\164\377\104\252\354\370\076\021\360\000' >"$work/raw"
run encode -f raw "$STOP_XML"
same "as bytes" "$work/raw"
{ printf '\001\376\200\001\000\000\000\016' && cat "$work/raw"; } >"$work/frame"
run encode -fv2gtp-raw "$STOP_XML"
same "as bytes with a V2GTP header" "$work/frame"
run encode -f v2gtp -g ISO15118-20 -c '{"SessionSetupReq": {}}'
wants "the payload type is the message's" 0 out '01FE8002'
run encode -f v2gtp -g ISO15118-20 -c '{"MeteringConfirmationRes": {}}'
wants "also where it is the message's own" 0 out '01FE8102'
run encode -f v2gtp --fragment -g iso15118-2 '<SignedInfo xmlns="http://www.w3.org/2000/09/xmldsig#"/>' -c
wants "a fragment has no V2GTP frame" 1 err 'a fragment is never sent by itself'

run encode -g iso15118-2 -c '{"V2G_Message": {"Body": {"SessionStopReq": {}}}}'
wants "--complete puts defaults where something is missing" 0 out 80980200000000000000001 not-err warning
run encode -g iso15118-2 '{"V2G_Message": {"Header": {"SessionID": "00"}, "Body": {"SessionStopReq": {}}}}'
wants "without it, what is missing is a warning" 0 out 8098 err 'warning: V2G_Message/Body/SessionStopReq'
run encode -g iso15118-2 '{"V2G_Message": {"Header": {"SessionID": "0011223344556677889900"}, "Body": {}}}'
wants "what is beyond its limits is a warning" 0 out 8098 err 'warning: V2G_Message/Header/SessionID'

run encode '{"V2G_Message": {"Header": {"SessionID": "00"}, "Body": {"SessionStopRes": {"ResponseCode": "OK"}}}}'
wants "two grammars fit: both are named, and the exit code tells" 2 out 'din70121: 809A' \
    out 'iso15118-2: 8098' err '2 grammars fit: din70121, iso15118-2; choose one with --grammar'
run encode -f raw '{"V2G_Message": {"Header": {"SessionID": "00"}, "Body": {"SessionStopRes": {"ResponseCode": "OK"}}}}'
wants "as bytes, neither is written" 2 err '2 grammars fit: din70121, iso15118-2'
bad=0
[ -s "$work/out" ] && bad=1
result $bad "indeed nothing"

run encode "$(echo "$STOP_XML" | sed 's/Terminate/Terminated/')"
wants "a wrong value: line, path, what, expected" 1 err 'line 1: ' \
    err 'V2G_Message/Body/SessionStopReq/ChargingSession' err "'Terminated'" err 'Terminate, Pause'
run encode "$(echo "$STOP_XML" | sed 's/ChargingSession>/ChargingSessions>/g')"
wants "a wrong element" 1 err 'unknown element ChargingSessions' err 'ChargingSession'
run encode '<V2G_Message'
wants "XML that is cut is one error, not one for each grammar" 1 err 'no well-formed XML'
bad=0
[ "$(wc -l <"$work/err")" -eq 1 ] || bad=1
result $bad "one line"
run encode '{"V2G_Message": '
wants "JSON that is cut" 1 err 'error: '
run encode '{"Nonsense": {}}' -g iso15118-2
wants "an unknown root" 1 err 'Nonsense'
run encode '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'
wants "no entities" 1 err 'document type' not-err root:
run encode nofile
wants "neither text nor a file" 3 err "'nofile' is neither XML (begins with <), JSON (begins with {), nor a file"
run encode
wants "nothing to encode" 3 err '0 arguments; expected one'
run encode a b
wants "too much" 3 err '2 arguments; expected one'
run encode --lines --format raw
wants "lines cannot be bytes" 3 err '--lines with --format raw'
run encode -c --format v2gtp '{"SECCDiscoveryReq": {"Security": 0}}'
wants "SDP is no EXI, but a message like all others" 0 out '01FE9000000000020000'
run encode '{"SECCDiscoveryReq": {"Security": 3}}'
wants "it can be sent wrong, with a warning" 0 out '03' err 'warning: SECCDiscoveryReq/Security: 3; expected one of 0, 16' \
    err 'TransportProtocol: is absent; it is mandatory'
run encode '{"SECCDiscoveryReq": {"Security": 256}}'
wants "but for what an octet cannot hold" 1 err "'256' cannot be carried; expected a number in 0..255"
