#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Manual pages, and what the shells complete: by the program, and by a shell that is asked.
# shellcheck source=tests/cli/support
. tests/cli/support

completes() { # WHAT WANTED WORD...
    local what=$1 wanted=$2
    shift 2
    run help --complete -- "$@"
    cut -f 1 "$work/out" | grep -qxF -- "$wanted"
    result $? "$what: $wanted"
}
completes "a command" test ''
completes "an option" --sut test --s
completes "values of an option with a list" SECC test --sut ''
completes "by its letter" ISO15118-20 ev -P ''
completes "an interface" lo evse -i ''
completes "a persona" mg4 ev --persona ''
completes "a parameter of the vehicle" battery.soc= ev --set b
completes "of the other side" stop_after= ev --with s
completes "a timing parameter" V2G_SECC_Sequence_Timeout= test --timer ''
completes "a setting of TLS" suites= ev --tls-set ''
completes "a subcommand" make pki ''
completes "an option of a subcommand" --emaid pki make --
completes "files" files decode ''
completes "folders" folders ev --record ''
completes "a case" 'TC_SECC_CMN_VTB_SessionSetup_001' test ''
run help --complete -- nosuch ''
wants "nothing for a command that does not exist" 0
[ ! -s "$work/out" ]
result $? "and no word"

cd "$work" || exit 1
PATH=$work:$PATH
ln -sf "$V2GLAB" v2glab
mkdir -p folder
root=$OLDPWD

# Sets COMPREPLY as bash would for the words of a line.
ask_bash() {
    # shellcheck disable=SC2016
    bash -c 'compopt() { :; }; . "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _v2glab; printf "%s\n" "${COMPREPLY[@]}"' \
        "$root/completion/v2glab.bash" "$@" >out 2>err
    status=$?
}
ask_bash v2glab test --su
[ "$(sort out | tr '\n' ' ')" = '--suite --sut ' ]
result $? "bash completes an option"
ask_bash v2glab ev --set battery.so
grep -qxF 'battery.soc=' out && ! grep -qv '^battery.so' out
result $? "and a parameter"
ask_bash v2glab ev --record fol
grep -qxF folder out
result $? "and a folder"
if command -v fish >/dev/null; then
    fish -c "source $root/completion/v2glab.fish; complete -C 'v2glab test --su'" >out 2>err
    [ "$(cut -f 1 out | sort | tr '\n' ' ')" = '--suite --sut ' ]
    result $? "fish completes an option"
else
    echo "ok - fish completes an option # SKIP no fish"
fi
if command -v zsh >/dev/null; then
    zsh -n "$root/completion/_v2glab"
    result $? "the file for zsh is zsh"
else
    echo "ok - the file for zsh is zsh # SKIP no zsh"
fi

"$root/tools/manual" ./v2glab man
for page in man/v2glab.1 man/v2glab-test.1 man/v2glab-pki-make.1; do
    LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -l "$page" >out 2>err
    [ ! -s err ] && grep -q 'SYNOPSIS' out && grep -q 'EXAMPLES\|COMMANDS' out
    result $? "$page is a manual page without warnings"
done
"$V2GLAB" help test | sed -n 's/^ .*--\([a-z-]*\) .*/\1/p' | sort -u >options
while read -r option; do
    sed 's/\\-/-/g' man/v2glab-test.1 | grep -q -- "--$option" || echo "$option"
done <options >missing
[ -s options ] && [ ! -s missing ]
result $? "each option of the help is in the page"
