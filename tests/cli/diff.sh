#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# v2glab diff: two runs, two sessions; and v2glab bundle: a case as an archive.
. tests/cli/support
set -u

setup=TC_SECC_CMN_VTB_SessionSetup_001
discovery=TC_SECC_CMN_VTB_ServiceDiscovery_001
run test -o "$work/a" $setup $discovery
wants "a run" 0 out '2 passed'
run test -o "$work/b" $setup $discovery TC_SECC_CMN_VTB_SessionSetup_002 --fault 'SessionSetupRes#1: code FAILED'
wants "the same with a fault, and a case more" 3 out "found 'FAILED'"

run diff "$work/a" "$work/a"
wants "a run is the same as itself" 0 out '0 cases changed, 0 times, 0 only in A, 0 only in B; 2 the same'
run diff "$work/a" "$work/b"
wants "what became worse is told with its cause, what is new with its name" 1 \
    out "$setup: fail, was pass; in the field fail, was pass" \
    out "now: expected SessionSetupRes.ResponseCode = 'OK_NewSessionEstablished', found 'FAILED'" \
    out 'TC_SECC_CMN_VTB_SessionSetup_002: only in B' out '1 only in B;'
run diff --json "$work/a" "$work/b"
wants "as JSON" 1 out '"kind":"runs"' out "\"id\":\"$setup\",\"verdict\":[\"pass\",\"fail\"]"
run diff "$work/a" "$work/b" --html "$work/d.html"
wants "as a page" 1 out 'cases changed'
bad=0
sed -n 's/.*id="plan">\(.*\)\.<.*/\1/p' "$work/d.html" | base64 -d | gzip -dc >"$work/plan" 2>"$work/log" || bad=1
grep -q '"before": *{[^}]*"verdict": *"pass"' "$work/plan" || bad=1
result $bad "the page's plan says what each case was before"

run test -o "$work/slow" $setup --fault 'SessionSetupRes#1: delay 300'
wants "a run whose answer is late, but in time" 0 out '1 passed'
run diff "$work/a/$setup" "$work/slow/$setup"
wants "two sessions: the answer that became slower, and nothing else" 1 \
    out 'SessionSetupRes: slowest answer 30' out '0 places in their order, 0 fields, 1 times differ'
run diff "$work/a" "$work/slow"
wants "two runs: the step, and its timer" 1 \
    out "$setup: step 1 (SessionSetupRes) took 30" out 'V2G_EVCC_Msg_Timeout_SessionSetupReq' \
    out "$discovery: only in A"
for soc in 55 75; do
    "$V2GLAB" ev --virtual-time -q -m dc -P ISO15118-2 --set loops=3 --set battery.soc=$soc -o "$work/s$soc" >"$work/log" 2>&1
done
"$V2GLAB" ev --virtual-time -q -m ac -P ISO15118-2 --set loops=3 -o "$work/ac" >"$work/log" 2>&1
run diff "$work/s55" "$work/s55"
wants "a session is the same as itself" 0 out '0 places in their order, 0 fields, 0 times differ'
run diff "$work/s55" "$work/s75"
wants "fields that differ, with both values, and in how many" 1 \
    out 'CurrentDemandReq DC_EVStatus/EVRESSSOC: 75, was 55 (differs in 3 of 3; this is message ' \
    out '0 places in their order'
for limit in 200 200.5; do
    "$V2GLAB" evse --virtual-time -q -m dc -P ISO15118-2 --with loops=3 --set dc.max_current=$limit -o "$work/l$limit" >"$work/log" 2>&1
done
run diff "$work/l200" "$work/l200.5"
wants "a physical value is one number, in whatever form it was sent" 1 \
    out 'EVSEMaximumCurrentLimit: 200.5 A, was 200 A'
result "$(grep -c 'Multiplier' "$work/out")" "and nothing is told of its parts"
run diff "$work/ac" "$work/s55"
wants "messages that only one has, by their number" 1 out '+ CableCheckReq (message ' \
    out '- ChargingStatusRes (message '
run diff "$work/s55" "$work/s75" --json
wants "as JSON" 1 out '"kind":"sessions"' out '"path":"DC_EVStatus/EVRESSSOC"'

run diff "$work/s55" "$work/s75" --html "$work/s.html"
wants "as a page" 1 out 'fields'
sed -n 's/^<script type="text.plain" class="c"[^>]*>\(.*\)\.<.*/\1/p' "$work/s.html" | base64 -d | gzip -dc >"$work/out"
wants "that says what differs" 1 out '"diff":{' out '"path":"DC_EVStatus/EVRESSSOC"' out '"kind":"sessions"'

run diff "$work/a" "$work/a/$setup"
wants "a run and a session" 3 err 'one is a run and the other a session'
run diff "$work/a" "$work/none"
wants "what is neither" 3 err "none is neither the folder of a run"
run diff "$work/a"
wants "one alone" 3 err 'expected two folders'

run bundle "$work/b" $setup -o "$work/bundle.tar.gz"
wants "a case is packed" 0 out 'bundle.tar.gz'
mkdir "$work/un" && tar xzf "$work/bundle.tar.gz" -C "$work/un"
(cd "$work/un/$setup" && echo ./* >"$work/out")
wants "with all that belongs to it" 0 \
    out './README.md ./case.lua ./events.jsonl ./report.html ./result.json ./session.pcapng'
cp "$work/un/$setup/README.md" "$work/out"
wants "it says how to play it again" 0 out "v2glab test --fault 'SessionSetupRes#1: code FAILED' $setup" \
    out 'Verdict: fail'
tls=DRV_20_SECC_TLS_cipher
"$V2GLAB" test -o "$work/tls" $tls >"$work/log" 2>&1
for secrets in '' --with-secrets; do
    # shellcheck disable=SC2086
    "$V2GLAB" bundle $secrets "$work/tls" "$tls" -o "$work/tls.tar.gz" >"$work/log" 2>&1
    rm -rf "$work/un" && mkdir "$work/un" && tar xzf "$work/tls.tar.gz" -C "$work/un"
    found=$(grep -c 'CLIENT_RANDOM\|CLIENT_TRAFFIC' "$work/un/$tls/session.pcapng")
    bad=0
    if [ -z "$secrets" ]; then [ "$found" -eq 0 ] || bad=1; else [ "$found" -gt 0 ] || bad=1; fi
    tshark -r "$work/un/$tls/session.pcapng" >"$work/log" 2>&1 || bad=1
    result $bad "keys of TLS are in the capture${secrets:+ with }${secrets:- only where asked for}"
done
run bundle "$work/b" TC_SECC_CMN_VTB_SessionSetup_00
wants "a case that there is not" 3 err 'the nearest is TC_SECC_CMN_VTB_SessionSetup_001'
