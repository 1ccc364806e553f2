#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `make install` into a folder, a program built against what is there, `make uninstall`.
set -eu

[ "$BUILD" = build/gcc ] || exit 77
unset MAKEFLAGS MAKELEVEL MFLAGS
root=$TMPDIR/root

result() {
    if [ "$1" -eq 0 ]; then echo "ok - $2"; else echo "not ok - $2"; fi
}

make install DESTDIR="$root" PREFIX=/usr >/dev/null
status=0
[ "$("$root/usr/bin/v2glab" --version)" = "$("$V2GLAB" --version)" ] || status=1
result $status "the installed program runs"

cat >"$TMPDIR/user.c" <<'END'
#include <codec/exi.h>
#include <codec/xml.h>
#include <schema/library.h>
#include <stdio.h>
int main(void)
{
    static const unsigned char exi[] = {0x80, 0x98, 0x02, 0x2E, 0x74, 0xFF, 0x44,
                                        0xAA, 0xEC, 0xF8, 0x3E, 0x11, 0xF0, 0x00};
    struct library library;
    struct arena arena;
    struct message m;
    struct buf xml = {0};
    struct err e = ERR_INIT;
    library_open(&library);
    arena_open(&arena, NULL, 0, 65536);
    const struct schema *s = library_get(&library, "iso15118-2", &e);
    if (s == NULL || exi_decode(s, exi, sizeof exi, &EXI_OPTIONS, &arena, &m, &e) != 0)
        return 1;
    xml_print(&m, XML_PAGES, &xml);
    puts(buf_string(&xml));
    buf_close(&xml);
    arena_close(&arena);
    library_close(&library);
    return 0;
}
END
export PKG_CONFIG_PATH="$root/usr/lib/pkgconfig"
flags=$(pkg-config --define-variable=prefix="$root/usr" --define-variable=libdir="$root/usr/lib" \
    --define-variable=includedir="$root/usr/include" --cflags --libs libv2g)
# shellcheck disable=SC2086 # one word a flag
gcc -o "$TMPDIR/user" "$TMPDIR/user.c" $flags
message=$("$V2GLAB" decode 8098022E74FF44AAECF83E11F000)
status=0
[ "$(LD_LIBRARY_PATH=$root/usr/lib "$TMPDIR/user")" = "$message" ] || status=1
result $status "a program decodes a message with headers and shared library through pkg-config"

# shellcheck disable=SC2086,SC2046
gcc -o "$TMPDIR/static" "$TMPDIR/user.c" $(echo "$flags" | sed "s|-lv2g|$root/usr/lib/libv2g.a|")
status=0
[ "$("$TMPDIR/static")" = "$message" ] || status=1
result $status "and the static library"

status=0
for header in $(cd "$root/usr/include/v2g" && ls -- */*.h); do
    # shellcheck disable=SC2086
    echo "#include <$header>" | gcc -std=c11 -fsyntax-only -x c - $flags || status=1
done
result $status "every installed header can be included"

make uninstall DESTDIR="$root" PREFIX=/usr >/dev/null
left=$(find "$root" -not -type d)
status=0
[ -z "$left" ] || status=1
result $status "uninstall leaves nothing: $left"
