#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Standard output that cannot be written, of every command: a full disk, a pipe that nobody reads.
# shellcheck source=tests/cli/support
. tests/cli/support
[ -w /dev/full ] || { echo "ok - output that is lost # SKIP there is no /dev/full"; exit 0; }
HOME=$work
export HOME

printf '%s\n' "$STOP_XML" >"$work/stop.xml"
i=0
while [ $((i += 1)) -le 300 ]; do echo "12:00:00.$((i + 100)) EVCC sent: 01FE80010000000E$STOP"; done \
    >"$work/log"
while [ $((i += 1)) -le 3000 ]; do echo $STOP; done >"$work/lines"
"$V2GLAB" run --virtual-time -q --record "$work/record" examples/both-sides.lua >"$work/out" 2>&1
"$V2GLAB" test -q -o "$work/run" --db "$work/db" 'TC_SECC_CMN_VTB_SessionSetup_00*' >>"$work/out" 2>&1
"$V2GLAB" pki make "$work/pki" >>"$work/out" 2>&1
chain=$(find "$work/pki" -name 'secc-leaf.chain.pem' | head -n 1)
check "what the commands work on is there" test -s "$work/record/session.pcapng" -a -s "$work/db" \
    -a -n "$chain"

# a pipe without a reader
mkfifo "$work/pipe"
exec 8<>"$work/pipe"
exec 9>"$work/pipe"
exec 8>&-

while read -r command; do
    ran="v2glab $command"
    eval "set -- $command"
    "$V2GLAB" "$@" >/dev/full 2>"$work/err" </dev/null
    status=$?
    bad=0
    [ $status -ne 0 ] && grep -qE 'cannot be written|ends here' "$work/err" || bad=1
    result $bad "full: $command"
    "$V2GLAB" "$@" >&9 2>"$work/err" </dev/null
    status=$?
    bad=0
    [ $status -ne 0 ] && ! grep -q '^error: standard output' "$work/err" || bad=1
    result $bad "closed: $command"
done <<'END_OF_COMMANDS'
--version
--help
help decode
decode --help
decode $STOP
decode --json $STOP
decode "$work/record/session.pcapng"
decode --json "$work/record/session.pcapng"
decode "$work/log"
decode --json "$work/log"
decode --lines "$work/lines"
encode "$work/stop.xml"
explain $STOP
explain --json $STOP
schema list
schema show ISO15118-2
docs
docs V2G2-459
persona list
persona show mg4
persona judgements
test --list
test --no-record 'TC_SECC_CMN_VTB_SessionSetup_001'
report "$work/run"
report "$work/run" --junit -
report "$work/run" --json -
diff "$work/record" "$work/record"
diff --json "$work/run" "$work/run"
history --db "$work/db"
pki show "$chain"
pki list "$work/pki"
run --virtual-time --no-record examples/both-sides.lua
run --print examples/evcc-iso15118-2-ac.lua
ev --virtual-time --no-record --ladder --set loops=3
END_OF_COMMANDS
