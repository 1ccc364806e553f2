#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# v2glab schema: list, show, check; --schema of all commands.
# shellcheck source=tests/cli/support
. tests/cli/support

run schema list
wants "list" 0 out 'appprotocol' out 'iso15118-2           ISO15118-2   0x8001         34' \
    out 'din70121             DIN70121     0x8001         34' out 'xmldsig'
run schema show ISO15118-2
wants "the messages of a protocol, with direction and payload type" 0 \
    out 'EVCC -> SECC  0x8001  SessionStopReq' out 'SECC -> EVCC  0x8001  ChargingStatusRes'
run schema show ISO15118-20
wants "of all its message sets" 0 out 'iso15118-20-common' out 'DC_ChargeLoopReq' out 'ACDP_ConnectReq'
run schema show xmldsig
wants "a set without messages shows its elements" 0 out '  Signature '
run schema show ISO15118-2 ChargingStatusRes
wants "a message: types, limits, units, defaults, what they are" 0 \
    out 'ChargingStatusRes  SECC -> EVCC, payload 0x8001  [iso15118-2]' out 'string 7..37 characters' \
    out 'unsignedByte 1..255' out 'EVSEMaxCurrent ?' out '[A]' out '= OK' out '    RCD ' \
    out 'responseCodeType: 0 OK, 1 OK_NewSessionEstablished'
run schema show iso15118-2 ChargeParameterDiscoveryRes
wants "choices and lists" 0 out '| AC_EVSEChargeParameter' out '?| SAScheduleList' \
    out 'SAScheduleTuple {1,3}' out '= 50000 W'
run schema show iso15118-2 PhysicalValueType
wants "a type" 0 out 'PhysicalValueType quantity' out 'Multiplier' out 'byte -3..3'
run schema show iso15118-2 unitSymbolType
wants "an enumeration" 0 out '0 h, 1 m, 2 s, 3 A, 4 V, 5 W, 6 Wh' out 'Unit_'
run schema show xmldsig Signature
wants "attributes, wildcards, content" 0 out '@Algorithm' out '(any element) {0,}' out 'content'
bad=0
for set in din70121 iso15118-2; do
    for message in $("$V2GLAB" schema show $set | awk '/0x8001/ { print $5 }'); do
        run schema show $set "$message"
        [ "$status" -eq 0 ] && [ -s "$work/out" ] || bad=1
    done
done
result $bad "every message of DIN 70121 and ISO 15118-2 is shown"

# layouts of octets
run schema list
wants "SDP is a set like all others" 0 out 'sdp                  SDP          0x9000          2'
run schema show sdp SECCDiscoveryRes
wants "fields of octets have their widths" 0 out '16 octets' out '0..65535, 16 bits' out '0,16, 8 bits'
run schema check tests/octets/features.schema schema/slac.schema
wants "layouts are checked" 0 out 'features, 3 messages' out 'slac, 46 messages'
printf 'schema x\nlayout octets big\nnamespace n u\nmessage M from evcc\n  A {0,3} byte\n  B byte\n' >"$work/bad.schema"
run schema check "$work/bad.schema"
wants "and refused with their line" 1 err 'bad.schema:4: A of MType goes on to the end of the message, and B comes behind it'
run schema --schema tests/octets/features.schema show features All
wants "counts, conditions and padding are shown" 0 out 'counted by StationCount' out 'if Mode=2' \
    out 'padding to the octet' out '2 octets, padding'
run decode --schema schema/slac.schema -g slac \
    01646000000000010203040506070800000000000000000000000000000000000000000000000000000000000000
wants "a description of the user's own is decoded" 0 out '<s0:CM_SLAC_PARM_REQ' out '<RunID>0102030405060708<'

run schema show ISO15118-2 ChargingStatusRez
wants "an unknown message" 3 err "no message or type 'ChargingStatusRez'; the nearest is ChargingStatus"
run schema show ISO15118-3
wants "an unknown protocol" 3 err "'ISO15118-3'; the nearest is ISO15118-2"
run schema show
wants "nothing to show" 3 err 'expected PROTOCOL or GRAMMAR'
run schema
wants "no verb" 3 err 'expected list, show or check'
run schema chek
wants "a wrong verb" 3 err 'schema chek: expected list, show or check'

# checking
run schema check schema/*.schema
wants "all descriptions of the program are right" 0 out 'schema/iso15118-2.schema: ok: iso15118-2, 34 messages' \
    not-err error
cat >"$work/good.schema" <<'END'
schema mine Mine payload 0xA001 -- messages of my own
namespace a urn:a
message FooReq anonymous from evcc -- asks for something
  Bar unsignedByte 1..9 = 3 -- how many
  Baz ? string 1..4
END
run schema check "$work/good.schema"
wants "a right one" 0 out "$work/good.schema: ok: mine, 1 messages, 1 elements"

# broken NAME FROM TO TEXT...: the good one with FROM replaced by TO is refused so
broken() {
    name=$1
    sed "s/$2/$3/" "$work/good.schema" >"$work/bad.schema"
    shift 3
    run schema check "$work/bad.schema"
    wants "$name" 1 err "$@"
}
broken "an unknown type" unsignedByte unsigndByte "bad.schema:4: unknown type 'unsigndByte' of Bar; expected"
broken "a default outside its range" '= 3' '= 30' 'bad.schema:4: default 30 of Bar; expected a number in 1..9'
broken "a bad range" '1\.\.9' '9..1' 'bad.schema:4: range 9..1; expected'
broken "an unknown statement" '^message' 'massage' 'bad.schema:3: '
broken "a tab" '  Baz' '	Baz' 'bad.schema:5: a tab stands here; expected blanks'
broken "a bad occurrence" '? string' '{3,1} string' 'bad.schema:5: occurrence {3,1}; expected'
broken "no name" '^schema.*' '' 'bad.schema:1: '
broken "an unknown file in use" '^namespace' 'use nothing\nnamespace' "there is no schema 'nothing'"
: >"$work/empty.schema"
run schema check "$work/good.schema" "$work/empty.schema" "$work/good.schema"
wants "of several, the right ones are still told" 1 err 'empty.schema:1: ' out 'good.schema: ok'
bad=0
[ "$(wc -l <"$work/out")" -eq 2 ] || bad=1
result $bad "both of them"
run schema check nofile
wants "a file that is not there" 3 err 'nofile cannot be read: No such file'
head -c 3000 /dev/urandom >"$work/noise.schema"
run schema check "$work/noise.schema"
wants "noise" 1 err 'noise.schema:'

# --schema
for place in before behind; do
    if [ $place = before ]; then
        run --schema "$work/good.schema" schema show mine FooReq
    else
        run schema show Mine FooReq --schema="$work/good.schema"
    fi
    wants "--schema $place the command" 0 out 'FooReq  EVCC -> SECC, payload 0xA001' out '1..9'
done
run --schema "$work/good.schema" encode -f v2gtp '{"FooReq": {"Bar": 4, "Baz": "xyz"}}'
wants "encode with a description of one's own" 0 out 01FEA001
run --schema "$work/good.schema" decode "$(cat "$work/out")" --json
wants "and decode: the payload type leads to it" 0 out '"Bar": 4' out '"Baz": "xyz"'
sed 's/Byte/Bite/' "$work/good.schema" >"$work/bad.schema"
run --schema "$work/bad.schema" decode 80
wants "a broken one" 3 err 'bad.schema:4: '
run --schema
wants "--schema without a file" 3 err 'error: '
