#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# --version, --help of the program and of every command, wrong use.
# shellcheck source=tests/cli/support
. tests/cli/support

run --version
wants "--version" 0 out 'v2glab '

run --help
wants "--help" 0 out 'usage: v2glab COMMAND' out '  decode ' out '  encode ' out '  explain ' \
    out '  schema ' out 'examples:' out 'exit codes: '
# shellcheck disable=SC2013 # one word a line
for command in $(awk '/^commands:/ { on = 1; next } /^$/ { on = 0 } on { print $1 }' "$work/out"); do
    run "$command" --help
    wants "$command --help: synopsis, options, examples, exit codes" 0 out "usage: v2glab $command" \
        out 'options:' out 'example' out 'exit code' out '--help'
    cp "$work/out" "$work/help"
    [ "$command" = help ] || run help "$command"
    [ "$command" = help ] || same "help $command is the same" "$work/help"
    awk 'length($0) > 100 { bad = 1 } END { exit bad }' "$work/help"
    result $? "$command --help fits 100 columns"
    run "$command" --nonsense
    wants "$command with an unknown option" 3 err 'unknown option --nonsense' err "v2glab $command --help"
done

run lab --side
wants "an option in front of lab's command" 3 err '--side needs a value'
run lab --side=nowhere echo --side
wants "the options behind it are the command's" 3 err '--side nowhere: expected ev or evse'

run
wants "no command" 3 err 'error: no command; see v2glab --help'
run decod
wants "an unknown command" 3 err "unknown command 'decod'; the nearest command is decode"
run qqqqqqqq
wants "one that is like none" 3 err "unknown command 'qqqqqqqq'; see v2glab --help"
run --versoin
wants "an unknown option" 3 err "unknown option '--versoin'"
"$V2GLAB" schema list >/dev/full 2>"$work/err"
status=$?
wants "output that cannot be written is an error" 3 err 'standard output cannot be written'

# the examples that need no file are right as they stand
for command in '' decode explain; do
    # shellcheck disable=SC2086 # no command: no word
    run $command --help
    # shellcheck disable=SC2046 # words
    run $(sed -n 's/^  v2glab \([a-z]* [0-9A-F]\{20,\}\)$/\1/p' "$work/out")
    wants "the example in the help of ${command:-the program}" 0 out 'SessionStopReq'
done
