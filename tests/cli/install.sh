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

status=0
for page in v2glab.1 v2glab-test.1 v2glab-pki-make.1; do
    [ -s "$root/usr/share/man/man1/$page" ] || status=1
done
[ -s "$root/usr/share/bash-completion/completions/v2glab" ] || status=1
[ -s "$root/usr/share/zsh/site-functions/_v2glab" ] || status=1
[ -s "$root/usr/share/fish/vendor_completions.d/v2glab.fish" ] || status=1
result $status "manual pages, and completion for three shells"

# every file that a help text or an error of the program names
status=0
for command in $("$V2GLAB" help --complete -- '' | sed -n 's/^\([a-z]*\)\t.*/\1/p'); do
    for file in $("$V2GLAB" "$command" --help | grep -oE '\b(docs|lua|examples)/[A-Za-z0-9_/.-]*[a-z]'); do
        [ -e "$root/usr/share/doc/v2glab/$file" ] || [ -e "$root/usr/share/v2glab/$file" ] || {
            echo "# $command names $file"
            status=1
        }
    done
done
result $status "the files that help texts name are installed"

make uninstall DESTDIR="$root" PREFIX=/usr >/dev/null
left=$(find "$root/usr" -mindepth 1)
status=0
[ -z "$left" ] || status=1
result $status "uninstall leaves nothing: $left"
