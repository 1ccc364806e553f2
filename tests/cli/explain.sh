#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# v2glab explain: the table, errors in it, colours.
# shellcheck source=tests/cli/support
. tests/cli/support

cat >"$work/stop" <<'END'
grammar iso15118-2
offset  bits  event    path                                             value  meaning
     0     8  header                                                      128  EXI 1.0, no options
     8     7  SE                                                           76  V2G_Message
    15     1  SE       V2G_Message                                          0  Header
    16     1  SE       V2G_Message/Header                                   0  SessionID
    17     1  CH       V2G_Message/Header/SessionID                         0  SessionID
    18     8  length   V2G_Message/Header/SessionID                         8  8 octets
    26    64  value    V2G_Message/Header/SessionID                            B9D3FD12ABB3E0F8
    90     1  EE       V2G_Message/Header/SessionID                         0  SessionID
    91     2  EE       V2G_Message/Header                                   2
    93     1  SE       V2G_Message                                          0  Body
    94     6  SE       V2G_Message/Body                                    31  SessionStopReq
   100     1  SE       V2G_Message/Body/SessionStopReq                      0  ChargingSession
   101     1  CH       V2G_Message/Body/SessionStopReq/ChargingSession      0  ChargingSession
   102     1  value    V2G_Message/Body/SessionStopReq/ChargingSession      0  Terminate
   103     1  EE       V2G_Message/Body/SessionStopReq/ChargingSession      0  ChargingSession
   104     1  EE       V2G_Message/Body/SessionStopReq                      0
   105     1  EE       V2G_Message/Body                                     0
   106     1  EE       V2G_Message                                          0
   107     5  padding                                                       0
END
run explain "$STOP"
same "SessionStopReq, field by field" "$work/stop"
run explain --grammar iso15118-2 "01FE80010000000E$STOP"
wants "a V2GTP header comes first" 0 out 'payload type 0x8001' out 'length 14' \
    out '   107     5  padding'
bad=0
awk '
    $1 ~ /^[0-9]+$/ { if ($1 != at) exit 1; at += $2 }
    END { if (at != 112) exit 1 }' "$work/out" || bad=1
result $bad "the fields join without a gap, up to the last bit"

vectors iso15118-2 document exi | head -n 150 >"$work/exi"
bad=0
while read -r exi; do
    run explain --grammar iso15118-2 "$exi"
    [ "$status" -eq 0 ] || bad=1
    awk -v all=$((${#exi} * 4)) '
        $1 ~ /^[0-9]+$/ && $2 ~ /^[0-9]+$/ { if ($1 != at) exit 1; at += $2 }
        END { if (at != all) exit 1 }' "$work/out" || { bad=1; echo "# gap: $exi"; }
done <"$work/exi"
result $bad "150 messages are explained to the last bit, each bit once"

# an element of a wildcard: its URI and name are new, and then known
run explain --grammar xmldsig --fragment "$(vectors xmldsig fragment exi | sed -n '/75726e3a782d74657374/p' | head -n 1)"
wants "the URI and the name of an unknown element" 0 out 'a new one' out 'urn:x-test'
awk '$1 ~ /^[0-9]+$/ && $2 ~ /^[0-9]+$/ { if ($1 != at) exit 1; at += $2 }' "$work/out"
result $? "in lines of their own, that join without a gap"

run explain 8098022E74FF44AAEC
wants "at an error, the fields up to it, and then the error" 1 out '    18     8  length' \
    out 'error: V2G_Message/Header/SessionID, bit 72: the input ends here' err 'error: V2G_Message'
bad=0
tail -n 1 "$work/out" | grep -q '^error: ' || bad=1
result $bad "the error is the last line"
run explain "${STOP}00"
wants "violations at the end" 0 out 'violation: bit 112: 1 bytes after the end'
run explain 804F00
wants "where two grammars fit, both are explained" 2 out 'grammar din70121' out 'grammar iso15118-2'
run explain --grammar appprotocol 8000DBAB9371D3234B71D1B981899189D191818991D26B9B3A232B30020000040040
wants "a string: its characters, and the length that is 2 more" 0 out 'characters (and 2)' \
    out 'urn:din:70121:2012:MsgDef'
run explain --grammar appprotocol 80001a20feffffff0f10100021144c0054455500040007f8800011000228c0c0109080
wants "a string that was seen before: its number, what it is, and where it stands" 0 \
    out "as this element's earlier string" out 'local hit' \
    out '1  DUP  (as at bit 132, supportedAppProtocolReq/AppProtocol/ProtocolNamespace)'
run explain --json --grammar appprotocol 80001a20feffffff0f10100021144c0054455500040007f8800011000228c0c0109080
wants "the same in JSON" 0 out '"value":1,"text":"DUP","seen":{"path":"supportedAppProtocolReq/AppProtocol/ProtocolNamespace","bit":132}'
NEGATIVE=809800f90f0641144840140050618408082801c8fa0c184080818a27e000
run explain -g iso15118-2 $NEGATIVE
wants "a negative number is negative" 0 out ' -64  -64' not-out 18446744
run explain -g iso15118-2 --json $NEGATIVE
wants "the same in JSON" 0 out '"value":-64,"text":"-64"' not-out '"value":18446744'
run explain 2445584980 98022E74FF44AAECF83E11F000
wants "the cookie of EXI has a line, too" 0 out '     0    32  cookie' out '    32     8  header'
vectors din70121 document exi | awk 'length($0) > 1000 { print; exit }' >"$work/long"
run explain --grammar din70121 "$work/long"
wants "long values are cut" 0 out ' in all)'
run explain --grammar din70121 --full "$work/long"
wants "unless --full" 0 not-out ' in all)'
run explain "$STOP"
bad=0
grep -q "$(printf '\033')" "$work/out" && bad=1
result $bad "no colours where it is no terminal"
if has_terminal; then
    script -qec "$V2GLAB explain $STOP" /dev/null </dev/null >"$work/out" 2>&1
    bad=0
    grep -q "$(printf '\033')\[36m" "$work/out" || bad=1
    result $bad "colours on a terminal"
    NO_COLOR=1 script -qec "$V2GLAB explain $STOP" /dev/null </dev/null >"$work/out" 2>&1
    bad=0
    grep -q "$(printf '\033')" "$work/out" && bad=1
    result $bad "not where NO_COLOR is set"
else
    echo "ok - colours on a terminal # SKIP there is no terminal to be had"
fi
run explain 01FE900100000014 FE8000000000000000000000000000FFD3471001
wants "octets are explained, too" 0 \
    out '     0   128  octets  SECCDiscoveryRes/SECCIPAddress             FE8000000000000000000000000000FF' \
    out '   128    16  field   SECCDiscoveryRes/SECCPort           54087  54087' \
    out 'violation: SECCDiscoveryRes/TransportProtocol, bit 152: 1; expected 0'
run explain -g iso15118-2 8098022E74FF44AAECF83E11
wants "a message that is cut: nothing is shown of what was not there" 1 \
    out 'error: V2G_Message/Body, bit 96: the input ends here (12 bytes)' not-out MeteringReceiptRes
bad=0
awk '$1 ~ /^[0-9]+$/ && $1 + $2 > 96 { found = 1 } END { exit !found }' "$work/out" && bad=1
result $bad "no line is of bits behind its end"
run explain -g iso15118-2 80980204488CD115599DE21031007021A98400
wants "untyped characters, and the end behind them: event codes of two parts" 0 \
    out '   113     4  CH ' out ' 1.6  untyped characters' \
    out '   141     3  EE ' out ' 1.0  EVRESSSOC' out 'EVRESSSOC, bit 117: written as untyped characters'

run explain -g iso15118-2 80980204488CD115599DE21031007021A98000
wants "an end of one bit there is none" 1 \
    err 'EVRESSSOC, bit 141: characters behind untyped characters in EVRESSSOC; expected its end'

# every event that any of these shows is told in the help
"$V2GLAB" explain --help >"$work/help"
{
    for vector in $(vectors xmldsig fragment exi | head -n 80); do
        "$V2GLAB" explain --grammar xmldsig --fragment --json "$vector"
    done
    for vector in $(vectors iso15118-2 document exi | head -n 80); do
        "$V2GLAB" explain --grammar iso15118-2 --json "$vector"
    done
    "$V2GLAB" explain --json 01FE900100000014 FE8000000000000000000000000000FFD3471000
    "$V2GLAB" explain --json 244558498098022E74FF44AAECF83E11F000
    "$V2GLAB" explain --json -g appprotocol \
        80001a20feffffff0f10100021144c0054455500040007f8800011000228c0c0109080
} 2>"$work/err" | grep -o '"event":"[^"]*"' | sort -u | sed 's/"event":"//; s/"$//' >"$work/events"
bad=0
[ "$(wc -l <"$work/events")" -ge 16 ] || bad=1
while read -r event; do
    grep -qE "(^|[ ,])$event([ ,]|\$)" "$work/help" || { bad=1; echo "# not in --help: $event"; }
done <"$work/events"
result $bad "--help says what each event is"
run explain
wants "nothing to explain" 3 err 'nothing to explain'
printf '\324\303\262\241' >"$work/capture"
run explain "$work/capture"
wants "a capture" 1 err 'this is a capture' err 'v2glab decode'
