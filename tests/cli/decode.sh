#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# v2glab decode: forms of input and output, several grammars, errors.
# shellcheck source=tests/cli/support
. tests/cli/support

cat >"$work/stop.xml" <<'END'
<?xml version="1.0" ?>
<s3:V2G_Message xmlns:xml="http://www.w3.org/XML/1998/namespace" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:s0="http://www.w3.org/2000/09/xmldsig#" xmlns:s1="urn:iso:15118:2:2013:MsgBody" xmlns:s2="urn:iso:15118:2:2013:MsgDataTypes" xmlns:s3="urn:iso:15118:2:2013:MsgDef" xmlns:s4="urn:iso:15118:2:2013:MsgHeader">
  <s3:Header>
    <s4:SessionID>B9D3FD12ABB3E0F8</s4:SessionID>
  </s3:Header>
  <s3:Body>
    <s1:SessionStopReq>
      <s1:ChargingSession>Terminate</s1:ChargingSession>
    </s1:SessionStopReq>
  </s3:Body>
</s3:V2G_Message>
END

# forms of input
run decode "$STOP"
same "hex as an argument gives the XML of the reference page" "$work/stop.xml"
run decode 80 98 02 2e:74:ff:44 aaecf83e11f000
same "hex in several arguments, with colons, in small letters" "$work/stop.xml"
run decode 0x$STOP
same "hex that begins with 0x" "$work/stop.xml"
run decode "01FE80010000000E$STOP"
same "a V2GTP frame" "$work/stop.xml"
printf '80 98 02 2E 74 FF 44\n  AA EC F8 3E\t11 F0 00\n' >"$work/text"
run decode "$work/text"
same "hex in a file, on several lines" "$work/stop.xml"
feed "$work/text" decode -
same "hex on standard input" "$work/stop.xml"
printf '\200\230\002\056\164\377\104\252\354\370\076\021\360\000' >"$work/stop.exi"
run decode "$work/stop.exi"
same "bytes in a file" "$work/stop.xml"
{ printf '\001\376\200\001\000\000\000\016' && cat "$work/stop.exi"; } >"$work/stop.frame"
feed "$work/stop.frame" decode -
same "a V2GTP frame as bytes on standard input" "$work/stop.xml"
run decode "$STOP" --grammar ISO15118-2
same "a protocol as the grammar, behind the argument" "$work/stop.xml"
run decode --grammar=din70121,iso15118-2 "$STOP"
same "several grammars" "$work/stop.xml"

# forms of output
run decode -f json "$STOP"
wants "JSON" 0 out '      "SessionStopReq": {' out '        "ChargingSession": "Terminate"'
run decode --json "01FE80010000000E$STOP"
wants "--json is the same" 0 out '        "ChargingSession": "Terminate"'
echo "$STOP" >"$work/hex"
run decode --format hex "$STOP"
same "hex: written again" "$work/hex"
run decode --fragment --grammar xmldsig 8081 -f json
wants "a fragment that ends too soon" 1 err 'error: ' err 'bit '

# several grammars fit
run decode 80 4F 00
wants "two grammars fit: both are named and shown, and the exit code tells" 2 \
    out '<!-- din70121 -->' out '<!-- iso15118-2 -->' out 'urn:iso:15118:2:2013:MsgDef' \
    err 'warning: 2 grammars fit: din70121, iso15118-2; choose one with --grammar' \
    err 'warning: no grammar reads it as a message; MgmtData is an element of din70121'
run decode 80 4F 00 --grammar iso15118-2
wants "one of them chosen" 0 out 'urn:iso:15118:2:2013:MsgDef' not-out '<!--' not-err 'fit'
run decode 80 4F 00 --json
wants "two as JSON are a list" 2 out '[{"grammar": "din70121", "message": {' \
    out '{"grammar": "iso15118-2", "message": {'
run decode 01FE800100000003804080 --grammar ISO15118-20
wants "the payload type rules grammars out" 1 err 'payload type 0x8001' err 'no message of all grammars has it'
run decode 01FE900000000002 1000
wants "SDP is no EXI, but a message like all others" 0 out '<Security>16<' not-err 'warning'
run decode 01FE900000000002 0102 --json
wants "its reserved values are kept, with a warning" 0 out '"Security": 1,' \
    err 'warning: SECCDiscoveryReq/Security, bit 0: 1; expected one of 0, 16' err 'TransportProtocol, bit 8: 2; expected 0'
run decode 01FE900000000001 00
wants "a message that is cut off is refused with its place" 1 \
    err 'SECCDiscoveryReq/TransportProtocol, bit 8: the input ends here'
run decode -g sdp 1000
wants "without a header, where it is asked for" 0 out '<s0:SECCDiscoveryReq '

# violations
"$V2GLAB" encode -g iso15118-2 -c '{"V2G_Message": {"Body": {"PowerDeliveryReq": {"ChargingProfile":
    {"ProfileEntry": [{"ChargingProfileEntryMaxNumberOfPhasesInUse": 4}]}}}}}' >"$work/phases" 2>"$work/err"
run decode "$(cat "$work/phases")"
wants "a value that the bits can carry but the limits cannot is kept, with a warning" 0 \
    out 'PhasesInUse>4<' err 'warning: V2G_Message/Body/PowerDeliveryReq/ChargingProfile' \
    err ', bit ' err '4 is outside 1..3'
run decode --format hex "$(cat "$work/phases")"
wants "and written again" 0 out "$(cat "$work/phases")"
run decode "${STOP}00"
wants "bytes behind the document are a warning" 0 out 'Terminate' \
    err 'warning: ' err 'bit 112' err '1 bytes after the end of the document'
run decode "01FE80010000000E${STOP}77"
wants "and so are bytes behind the frame" 0 out 'Terminate' \
    err 'warning: 1 bytes behind the V2GTP frame were not read'

# an element that may stand in a message, but whose type is abstract: read, written and told alike
ABSTRACT=809A02004080C1014181C211400800 # DIN 70121: PowerDeliveryRes with EVSEStatus
run decode --grammar din70121 $ABSTRACT
wants "an element of an abstract type is kept, with a warning" 0 out '<s2:EVSEStatus/>' \
    err 'PowerDeliveryRes/EVSEStatus, bit 110: is of the abstract type EVSEStatusType'
cp "$work/out" "$work/abstract.xml"
run encode --grammar din70121 "$work/abstract.xml"
wants "and written from XML, with the same warning" 0 out $ABSTRACT \
    err 'PowerDeliveryRes/EVSEStatus: is of the abstract type EVSEStatusType'
run decode --grammar din70121 --json $ABSTRACT
cp "$work/out" "$work/abstract.json"
run encode --grammar din70121 "$work/abstract.json"
wants "and from JSON" 0 out $ABSTRACT err 'is of the abstract type EVSEStatusType'
run decode 804080
wants "what is no message is not worth a word beside one that is" 0 out 'supportedAppProtocolRes' \
    not-err 'fit'

# which message it is, where no grammar is named
run decode 80400040
wants "a message comes before elements that are none" 0 out '<s0:supportedAppProtocolRes ' not-out '<!--'
run decode -g iso15118-20-wpt 80400040
wants "which a grammar that is named still reads" 0 out '<s0:SPKIData '
run decode 809a020a90e5737f5ff75e90b800
wants "the grammar with the fewest bytes left over" 0 out 'ContractAuthenticationReq' not-out '<!--' \
    err 'bit 104: 1 bytes after the end'
run decode 8098022E74FF44AAECF83E11
wants "a message that is cut: the likeliest, and where it ends" 1 err 'error: iso15118-2: V2G_Message/Body' \
    err ', bit 96: the input ends here' not-out '<'
run decode 809A020040808C105181C21140
wants "also where another grammar reads it to an end" 1 err 'error: din70121: V2G_Message'
feed tests/data/certinstall-8001.hex decode -
wants "a message under a wrong payload type is named as what it is" 0 out '<s1:CertificateInstallationReq ' \
    err 'under the V2GTP payload type 0x8001' err 'a message of iso15118-20-common belongs under 0x8002'
feed tests/data/certinstall-8001.hex decode --grammar iso15118-20-common -
wants "a grammar that is named is taken in spite of the payload type" 0 \
    out '<s1:CertificateInstallationReq ' err 'belongs under 0x8002'
feed tests/data/certinstall-8001.hex explain -
wants "explain, too" 0 out 'grammar iso15118-20-common' out 'belongs under 0x8002'

# Amendment 1 of ISO 15118-20: messages called like those of AC charging, told by the payload type
# framed TYPE HEX: a V2GTP frame
framed() {
    printf '01FE%s%08X%s' "$1" $((${#2} / 2)) "$2"
}
for flavour in iec sae; do
    type=$([ $flavour = iec ] && echo 8010 || echo 8011)
    plain=$("$V2GLAB" encode -c -g iso15118-20-ac '{"AC_ChargeParameterDiscoveryReq": {}}')
    own=$("$V2GLAB" encode -c -g iso15118-20-ac-der-$flavour \
        '{"AC_ChargeParameterDiscoveryReq": {"DER_AC_CPDReqEnergyTransferMode": {}}}')
    loop=$("$V2GLAB" encode -c -g iso15118-20-ac-der-$flavour \
        '{"AC_ChargeLoopReq": {"DER_Dynamic_AC_CLReqControlMode": {}}}')
    ac=$("$V2GLAB" encode -c -g iso15118-20-ac '{"AC_ChargeLoopReq": {}}')
    run decode "$(framed "$type" "$own")"
    wants "AC-DER under its payload type ($flavour)" 0 out "-20:AC-DER-" out '<s2:EVProcessing>Finished' \
        not-err 'belongs'
    run decode "$(framed "$type" "$plain")"
    wants "plain AC content under it: what it is, and where it belongs ($flavour)" 0 \
        out '<s1:AC_CPDReqEnergyTransferMode>' err "nothing in it is of iso15118-20-ac-der-$flavour" \
        err 'a message of iso15118-20-ac belongs under 0x8003'
    run decode "$(framed "$type" "$ac")"
    wants "an AC charge loop under it, which its grammar reads as something else ($flavour)" 0 \
        out '<s1:Scheduled_AC_CLReqControlMode>' err 'a message of iso15118-20-ac belongs under 0x8003'
    run decode "$(framed 8003 "$own")"
    wants "AC-DER under the payload type of AC ($flavour)" 0 out '<s2:EVProcessing>Finished' \
        err "a message of iso15118-20-ac-der-$flavour belongs under 0x$type"
    run decode "$(framed 8003 "$loop")"
    wants "its charge loop, too ($flavour)" 0 out '<s2:DER_Dynamic_AC_CLReqControlMode>' \
        err "a message of iso15118-20-ac-der-$flavour belongs under 0x$type"
done
run decode "$plain"
wants "AC content without a header is taken for plain AC" 0 not-out 'AC-DER' not-err 'grammars fit' \
    err 'less well: iso15118-20-ac-der-iec, iso15118-20-ac-der-sae'

# errors
run decode 8098022E74FF44AAEC
wants "a message that is cut: path, bit, what" 1 err 'V2G_Message/Header/SessionID, bit 72' \
    err 'in the middle of the document' not-out '<'
run decode 809
wants "an odd number of digits" 1 err 'an odd number of hex digits'
run decode 80zz
wants "neither hex nor a file" 3 err "'80zz' is neither hex digits nor a file"
run decode 80 zz
wants "not all of the arguments are hex" 3 err 'arguments that are not all hex digits'
echo '80 98 zz' >"$work/bad"
run decode "$work/bad"
wants "a file that is not all hex" 1 err "$work/bad: 'z' among hex digits"
: >"$work/empty"
run decode "$work/empty"
wants "an empty file" 1 err 'it is empty'
run decode "$work/stop.xml"
wants "XML in place of EXI" 1 err 'this is XML' err 'v2glab encode'
run decode /
wants "a folder" 3 err '/: cannot be read'
run decode /dev/zero
wants "a file without end" 3 err 'larger than 64 MiB'
run decode 01FE8001000000FF8098
wants "a V2GTP length beyond the input" 1 err '255 bytes of payload; 2 are here'
run decode 01FD800100000000
wants "a wrong inverse version" 1 err 'inverse 0xFD' err '0xFE'
run decode 01FE80
wants "a header that is cut" 1 err '3 bytes that begin like a V2GTP frame'
run decode A0
wants "no EXI header" 1 err 'error: bit 0: the header carries EXI options'
run decode
wants "nothing to decode" 3 err 'nothing to decode' err 'v2glab decode --help'
run decode --grammar iso15118-3 80
wants "an unknown grammar" 3 err "unknown grammar or protocol 'iso15118-3'; the nearest is iso15118-2"
run decode --format xmll 80
wants "an unknown format" 3 err '--format xmll: expected xml, json or hex'
run decode --grammer x 80
wants "an unknown option" 3 err 'unknown option --grammer; the nearest is --grammar'
run decode 80 --grammar
wants "an option without its value" 3 err '--grammar needs a value, NAME'
run decode --fragment=yes 80
wants "a value that is none" 3 err '--fragment takes no value'

# nothing that comes in can do harm
bad=0
i=0
while [ $i -lt 60 ]; do
    head -c $((i * 7 + 1)) /dev/urandom >"$work/noise"
    run decode "$work/noise"
    [ "$status" -le 3 ] || bad=1
    i=$((i + 1))
done
result $bad "random bytes never end the program"
printf '%s' "$STOP" | head -c 26 >"$work/cut"
while [ -s "$work/cut" ]; do
    run decode "$(cat "$work/cut")"
    [ "$status" -eq 1 ] || bad=1
    size=$(($(wc -c <"$work/cut") - 2))
    head -c $size "$work/cut" >"$work/cut2" && mv "$work/cut2" "$work/cut"
done
result $bad "a message cut anywhere is an error"
printf '\033[31m\007' >"$work/noise"
run decode "$work/noise"
bad=0
LC_ALL=C grep -q "$(printf '[\033\007]')" "$work/err" && bad=1
result $bad "control characters of the input do not get to the terminal"

# limit NAME TEXT MESSAGE: decoding ends at the limit, and says so
limit() {
    run decode --grammar iso15118-2 --limit "$1" "$3"
    wants "--limit $1" 1 err "$2"
}
limit size=13 '14 bytes of input; its limit is 13' $STOP
limit depth=2 'nested deeper than 2, their limit' $STOP
limit memory=100 'needs more memory than its limit allows' $STOP
run decode --limit size=14 --limit depth=4 $STOP
wants "what keeps within the limits is decoded" 0 out 'SessionStopReq'
run decode --limit lists=3 $STOP
wants "a limit that there is not" 3 err 'error: --limit lists=3: expected size=N' err 'list=N'
run decode --limit depth=300 $STOP
wants "a limit that is too high" 3 err 'at most 255'
