#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Text as editors and terminals of all systems leave it: UTF-8 with a mark, UTF-16 in either byte
# order, with a mark and without.
# shellcheck source=tests/cli/support
. tests/cli/support

# in_encoding NAME FILE: FILE in it, to standard output
in_encoding() {
    case $1 in
    utf-8-mark) printf '\357\273\277' && cat "$2" ;;
    utf-16le-mark) printf '\377\376' && iconv -f UTF-8 -t UTF-16LE "$2" ;;
    utf-16be-mark) printf '\376\377' && iconv -f UTF-8 -t UTF-16BE "$2" ;;
    utf-16le) iconv -f UTF-8 -t UTF-16LE "$2" ;;
    utf-16be) iconv -f UTF-8 -t UTF-16BE "$2" ;;
    esac
}

{
    echo "Ladesäule 7 – Prüfstand €"
    echo "12:00:00.100 EVCC sent: 01FE80010000000E$STOP 😀"
    printf '12:00:00.200 data: '
    echo "$STOP" | sed 's/../0x&, /g'
} >"$work/log"
echo "$STOP" >"$work/hex"
cat >"$work/xml" <<'END_OF_XML'
<?xml version="1.0" encoding="ENCODING"?>
<!-- größer > -->
<supportedAppProtocolReq xmlns="urn:iso:15118:2:2010:AppProtocol"><AppProtocol xmlns=""><ProtocolNamespace>urn:ü€😀</ProtocolNamespace><VersionNumberMajor>2</VersionNumberMajor><VersionNumberMinor>0</VersionNumberMinor><SchemaID>1</SchemaID><Priority>1</Priority></AppProtocol></supportedAppProtocolReq>
END_OF_XML
sed 's/ENCODING/UTF-8/' "$work/xml" >"$work/plain"
run encode -g appprotocol "$work/plain"
wants "XML in UTF-8" 0
cp "$work/out" "$work/exi"
"$V2GLAB" decode -g appprotocol --json "$work/exi" >"$work/json"
check "which holds characters of two, three and four octets" grep -q 'urn:ü€😀' "$work/json"
run decode "$work/log"
cp "$work/out" "$work/ladder"
wants "a log in UTF-8" 0 err '3 lines: 2 messages, 0 not decoded'
run decode "$work/hex"
cp "$work/out" "$work/shown"
run explain "$work/hex"
cp "$work/out" "$work/explained"

for encoding in utf-8-mark utf-16le-mark utf-16be-mark utf-16le utf-16be; do
    in_encoding $encoding "$work/log" >"$work/in"
    cmp -s "$work/in" "$work/log" && echo "not ok - $encoding is another encoding"
    run decode "$work/in"
    same "$encoding: a log" "$work/ladder"
    feed "$work/in" decode -
    same "$encoding: on standard input" "$work/ladder"
    gzip -c "$work/in" >"$work/in.gz"
    run decode "$work/in.gz"
    same "$encoding: packed" "$work/ladder"
    in_encoding $encoding "$work/hex" >"$work/in"
    run decode "$work/in"
    same "$encoding: hex digits" "$work/shown"
    run explain "$work/in"
    same "$encoding: hex digits to explain" "$work/explained"
    case $encoding in utf-8*) name=UTF-8 ;; *) name=UTF-16 ;; esac
    sed "s/ENCODING/$name/" "$work/xml" >"$work/said"
    in_encoding $encoding "$work/said" >"$work/in"
    run encode -g appprotocol "$work/in"
    same "$encoding: XML that says so" "$work/exi"
    sed 1d "$work/xml" >"$work/silent"
    in_encoding $encoding "$work/silent" >"$work/in"
    run encode -g appprotocol "$work/in"
    same "$encoding: XML that does not say so" "$work/exi"
    in_encoding $encoding "$work/json" >"$work/in"
    run encode -g appprotocol "$work/in"
    same "$encoding: JSON" "$work/exi"
done
in_encoding utf-8-mark "$work/hex" >"$work/in"
run decode --lines --format hex "$work/in"
same "lines with the mark of UTF-8" "$work/hex"
printf '\377\376\0\330\076\330' >"$work/in"
run decode "$work/in"
wants "half a character is no crash" 1 err 'error: '
