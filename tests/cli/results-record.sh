#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What becomes of the records of `v2glab test` once cases have their verdicts.
. tests/cli/support
set -u

cases() { # CODE: what the second of them expects; its device says FAILED_SequenceError
    { own_suite own; cat <<END; } >"$work/cases.lua"
cases 'own_good' { given = 'ServiceDiscoveryRes', then_ = refused 'FAILED_SequenceError' }
cases 'own_other' { given = 'ServiceDiscoveryRes', then_ = refused '$1' }
cases 'own_field' { given = 'ServiceDiscoveryRes', field = 'many do', then_ = refused 'OK' }
END
}
play() { rm -rf "$work/r" && run test -q -o "$work/r" --file "$work/cases.lua" "${@:-own_*}"; }
has() { # CASE FILE...: its record is exactly these
    case=$1
    shift
    [ "$(cd "$work/r/$case" && echo *)" = "$*" ]
}
packed="events.jsonl.gz session.pcapng.gz"
plain="events.jsonl session.pcapng"
whole() { python3 - "$1" <<'END'
import gzip, json, sys
lines = [json.loads(line) for line in gzip.open(sys.argv[1], "rt")]
sys.exit(not (len(lines) > 20 and any(e.get("name") == "ServiceDiscoveryRes" for e in lines)))
END
}
frames() { tshark -r "$1" -Y tcp.len 2>/dev/null | wc -l; }
files() { (cd "$work/r" && echo *); }

cases OK
play
# shellcheck disable=SC2086
{
check "the record of a case that passes is packed" has own_good $packed
check "that of one that fails is not" has own_other $plain
check "nor that of one that only the field lets pass" has own_field $plain
}
check "packed lines of events are whole" whole "$work/r/own_good/events.jsonl.gz"
check "tshark reads the packed capture as it is" \
    [ "$(frames "$work/r/own_good/session.pcapng.gz")" = "$(frames "$work/r/own_other/session.pcapng")" ]
check "which is not empty" [ "$(frames "$work/r/own_good/session.pcapng.gz")" -gt 4 ]
run report "$work/r/own_good" -o "$work/good.html"
wants "a packed record is one of a session that the report shows" 0
check "with its messages" [ "$(sed -n 's/.*class="c" data-i="\([^"]*\)".*/\1/p' "$work/good.html" | cut -d , -f 5)" -gt 4 ]
run decode "$work/r/own_good/session.pcapng"
wants "decode finds it by its name from before it was packed" 0 out "ServiceDiscoveryRes"

# shellcheck disable=SC2086
{
cases FAILED_SequenceError
play --record-keep failed 'own_*'
check "--record-keep failed: passed cases have none" \
    [ "$(files)" = "own_field plan.json results.jsonl" ]
check "others have theirs" has own_field $plain
check "results name only what is there" [ "$(grep -c '"record":' "$work/r/results.jsonl")" = 1 ]
}

play --record-keep none 'own_*'
check "--record-keep none: nobody has one" [ "$(files)" = "plan.json results.jsonl" ]
rm -r "$work/r"
run test -q -o "$work/r" ITP-01-01-009 --record-keep failed
wants "a case beyond one device is played" 0 out "1 beyond one device"
check "and is as it should be" [ "$(files)" = "plan.json results.jsonl" ]
play --record-keep some
wants "what else is no choice" 3 err "--record-keep" err "all"
