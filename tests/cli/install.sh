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

export PKG_CONFIG_PATH="$root/usr/lib/pkgconfig"
flags() { # NAME WHAT...
    pkg-config --define-variable=prefix="$root/usr" --define-variable=libdir="$root/usr/lib" \
        --define-variable=includedir="$root/usr/include" "$@"
}
message=$("$V2GLAB" decode 8098022E74FF44AAECF83E11F000)
# Each library: the example in C is built as its first lines say, shared and static, and decodes.
for library in libv2g libv2gcodec; do
    # shellcheck disable=SC2046 # one word a flag
    gcc -o "$TMPDIR/shared" examples/c/decode.c $(flags --cflags --libs $library)
    status=0
    [ "$(LD_LIBRARY_PATH=$root/usr/lib "$TMPDIR/shared" 8098022E74FF44AAECF83E11F000)" = "$message" ] ||
        status=1
    result $status "the example in C decodes a message with the shared $library"
    # shellcheck disable=SC2046
    gcc -o "$TMPDIR/static" examples/c/decode.c $(flags --cflags $library) \
        "$root/usr/lib/$library.a" $(pkg-config --libs $(flags --print-requires-private $library)) \
        -lm -lpthread
    status=0
    [ "$("$TMPDIR/static" 8098022E74FF44AAECF83E11F000)" = "$message" ] || status=1
    result $status "and with the static one"
done
LD_LIBRARY_PATH=$root/usr/lib "$TMPDIR/shared" 8098 >"$TMPDIR/out" 2>"$TMPDIR/err" && status=1 || status=0
[ -s "$TMPDIR/err" ] || status=1
result $status "and says what is wrong with one that is cut"
LD_LIBRARY_PATH=$root/usr/lib "$TMPDIR/shared" >"$TMPDIR/out" 2>"$TMPDIR/err" && status=1 || status=0
grep -q '^usage: .*HEX' "$TMPDIR/err" || status=1
result $status "and without a message how it is called"
status=0
ldd "$root/usr/lib/libv2gcodec.so" | grep -E 'lua|libuv|ssl|crypto|pcap|sqlite' && status=1
result $status "the codec alone needs neither Lua, libuv nor OpenSSL"

status=0
for header in $(cd "$root/usr/include" && find v2g -name '*.h'); do
    # shellcheck disable=SC2046
    echo "#include <$header>" | gcc -std=c11 -Werror -fsyntax-only -x c - $(flags --cflags libv2g) || status=1
    # shellcheck disable=SC2046
    echo "#include <$header>" | g++ -std=c++17 -Werror -fsyntax-only -x c++ - $(flags --cflags libv2g) || status=1
done
result $status "every installed header can be included, in C and in C++"
status=0
for library in libv2g libv2gcodec; do
    nm -D --defined-only "$root/usr/lib/$library.so" | grep -v ' v2g_' && status=1
done
result $status "no library has a symbol without the prefix v2g_"

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

# every page that a page points at, in both languages
status=0
for page in "$root"/usr/share/doc/v2glab/*.md "$root"/usr/share/doc/v2glab/docs/*.md "$root"/usr/share/doc/v2glab/docs/ko/*.md; do
    # shellcheck disable=SC2013 # one word a line
    for to in $(grep -ohE '\]\((docs/|\.\./|ko/)?(ko/)?[a-z0-9-]+\.md' "$page" | cut -c 3-); do
        [ -e "$(dirname "$page")/$to" ] || { echo "# ${page##*/} points at $to"; status=1; }
    done
done
[ -s "$root/usr/share/doc/v2glab/docs/ko/getting-started.md" ] || status=1
result $status "pages are installed in both languages, with those that they point at"

make uninstall DESTDIR="$root" PREFIX=/usr >/dev/null
left=$(find "$root/usr" -mindepth 1)
status=0
[ -z "$left" ] || status=1
result $status "uninstall leaves nothing: $left"
