#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The report as a page (docs/report-format.md): its blocks, whatever ended the run.
. tests/cli/support
# shellcheck source=tests/cli/support-page
. tests/cli/support-page
set -u

# A case of each verdict, one that waits in vain, and a name that would end a script element.
mkdir "$work/<script>"
cases="$work/<script>/&'.lua"
{ own_suite 'own'; cat <<'END'; } >"$cases"
cases 'own_good' { given = 'ServiceDiscoveryRes', then_ = refused 'FAILED_SequenceError' }
cases 'own_bad' { given = 'ServiceDiscoveryRes', then_ = refused 'OK' }
cases 'own_unclear' { given = 'ServiceDiscoveryRes', station = { silent_at = 'SessionSetup' },
    then_ = function() end }
cases 'own_error' { given = 'ServiceDiscoveryRes', then_ = function() error('</script><!--') end }
cases 'own_never' { given = 'ServiceDiscoveryRes', cannot = 'it needs a <pilot>', then_ = function() end }
END

run test -q --record "$work/r" --html "$work/live.html" --record-keep all --virtual-time --file "$cases" 'own_*'
wants "a run writes its report as it goes on" 3 out "1 passed"
page=$work/live.html
holds "it has the plan, and a block for each case that was played" "$page" \
    '(len(plan["cases"]), len(plan["skipped"]), len(cases), ended, meta["v"], meta["kind"])' "(4, 1, 4, True, 1, 'run')"
holds "its index has verdict, field and cause" "$page" \
    '[by_id[c][0][1] for c in sorted(by_id)] + by_id["own_bad"][0][5]' \
    "['fail', 'error', 'pass', 'inconclusive', 'ServiceDiscoveryRes', 'ResponseCode', \"ServiceDiscoveryRes.ResponseCode = 'OK'\", \"'FAILED_SequenceError'\", None, None]"
holds "the steps lead to their frames" "$page" \
    '[names[by_id["own_bad"][1]["entries"][s["entry"]][2]] for s in by_id["own_bad"][1]["steps"]]' \
    "['ServiceDiscoveryRes', 'ServiceDiscoveryRes']"
holds "each frame is there once" "$page" \
    'sorted(set(len(frames(c)) - len(set((e[0], e[3]) for e in frames(c))) for i, c in cases))' "[0]"
holds "all rows, bits, values and doc lines are those of explain --json" "$page" \
    'all(list(rows_of(f)) == list(explained(f)) for f in {f[3]: f for i, c in cases for f in frames(c)}.values())' True
holds "every bit of a frame is in one row" "$page" \
    'all(sum(r[3] for r in rows_of(f)) == 4 * len(f[3]) - 64 for i, c in cases for f in frames(c))' True
holds "times are those of the side under test, as the tester has them" "$page" \
    'sorted(set(names[t[0]][:20] for i, c in cases for f in frames(c) for t in f[6] or []))' \
    "['V2G_EVCC_Communicati', 'V2G_EVCC_Msg_Timeout']"
holds "a time that ran out is an entry of its own" "$page" \
    '[(e[1], e[3], e[4], e[5]["limit_us"]) for e in by_id["own_unclear"][1]["entries"] if e[1] == "timer"]' \
    "[('timer', 0, 'V2G_EVCC_Msg_Timeout', 2000000)]"
holds "the case's own lines are there, and the command that plays it again" "$page" \
    '(by_id["own_good"][1]["source"][1:], by_id["own_good"][1]["command"].split(" --file ")[0])' \
    "([10, \"cases 'own_good' { given = 'ServiceDiscoveryRes', then_ = refused 'FAILED_SequenceError' }\"], 'v2glab test --virtual-time')"
check "the record is found from the page" [ -d "$work/$(read_page "$page" 'by_id["own_bad"][1]["record"]' 2>/dev/null || echo r)" ]
check "what is not packed has no < that is none of the page's" \
    [ "$(grep -c 'id="meta">[^<]*u003cscript[^<]*</script>$' "$page")" = 1 ]
check "nothing can be fetched" grep -q "Content-Security-Policy\" content=\"default-src 'none'" "$page"

run report "$work/r" -o "$work/again.html"
wants "a run folder gives the report, too" 3 out "1 passed"
holds "with the same cases" "$work/again.html" \
    '[len(c["entries"]) for i, c in sorted(cases, key=lambda c: c[0][0])]' \
    "$(read_page "$page" '[len(c["entries"]) for i, c in sorted(cases, key=lambda c: c[0][0])]')"

run test -q -o "$work/n" --no-record --html "$work/n.html" --file "$cases" 'own_*'
holds "the page has all messages also where no record stays" "$work/n.html" \
    '(len(frames(by_id["own_good"][1])) > 4, "record" in by_id["own_good"][1])' "(True, False)"
check "and none does" [ "$(ls "$work/n")" = "plan.json
results.jsonl" ]

# ---- runs that were ended, files that were cut off ----

third=$(grep -ab 'class="c"' "$page" | sed -n '3s/:.*//p')
head -c $((third + 500)) "$page" >"$work/cut.html"
holds "a page cut off in the middle of a block has all that is whole" "$work/cut.html" \
    '(len(cases), ended)' "(2, False)"
head -n 2 "$work/r/results.jsonl" >"$work/some" && cp "$work/some" "$work/r/results.jsonl" && printf '{"number":3,' >>"$work/r/results.jsonl"
run report "$work/r" --html "$work/killed.html"
wants "of a run that was killed, too" 1 out "2 not reached"
holds "the page has what it had found, and says that it is not all" "$work/killed.html" '(len(cases), ended)' "(2, False)"

# ---- a session, and what a peer sends ----

hostile='</script><img src=x onerror=alert(1)>'
cat >"$work/hostile.lua" <<END
Evcc.Protocol = 'ISO15118-20'
Evcc.Set_SessionSetupReq_EVCCID('$hostile')
Evcc.Send_SessionSetupReq_001()
Log('</script><!--')
END
run run -o "$work/s" "$work/hostile.lua" examples/secc-iso15118-20-dc.lua
run report "$work/s" -o "$work/s.html"
wants "the record of a session gives a report" 0
holds "a session is a case without verdict" "$work/s.html" '(meta["kind"], cases[0][0][:3], ended)' "('session', [1, None, None], True)"
run ev --virtual-time -q -m dc -P ISO15118-20 --set loops=3 -o "$work/ev"
run report "$work/ev" -o "$work/ev.html"
holds "its protocol is known, and how long a side took is told of the frame that it sent then" "$work/ev.html" \
    '(plan["cases"][0]["protocol"], sorted(set(names[f[2]] for f in frames(cases[0][1]) for t in f[6] or [] if "EVCC_Sequence_Perf" in names[t[0]])))' \
    "('ISO15118-20', ['DC_ChargeLoopReq'])"
holds "what came from the wire is in it as it is" "$work/s.html" \
    '[f[5][-1] for f in frames(cases[0][1]) if names[f[2]] == "SessionSetupReq"]' "['$hostile']"
check "and ends no element" [ "$(grep -c 'onerror' "$work/s.html")" = 0 ]
mkdir "$work/odd"
sed -e '3s/"us":[0-9]*/"us":-1/' -e '4s/"us":[0-9]*/"us":9223372036854775807/' \
    -e '5s/"bytes":"[0-9a-f]*"/"bytes":"01fe80"/' -e '6s/"kind":"[a-z]*"/"kind":"slac"/' \
    -e '$s/...$//' "$work/s/events.jsonl" | tee "$work/odd/events.jsonl" | tail -c 10 >/dev/null
run report "$work/odd" -o "$work/odd.html"
holds "a line that is no event ends the record, and is told" "$work/odd.html" \
    '"events.jsonl:" in cases[0][1]["problem"] and "expected an event" in cases[0][1]["problem"]' True
sed -i '$d' "$work/odd/events.jsonl"
sed -i 's/\("message":.*\),"text":"[^"]*","ok":[a-z]*}$/\1}/' "$work/odd/events.jsonl"
printf '{"number":99,"us"' >>"$work/odd/events.jsonl"
run report "$work/odd" -o "$work/odd.html"
wants "odd times, bytes and kinds are no trouble, nor is a last line that was cut off" 0
holds "nor a message that is the last member of its line" "$work/odd.html" '"problem" in cases[0][1]' False
run report "$work/s"
wants "without a page to write a session is refused" 3 err "is the record of a session; expected -o FILE.html"
run report "$work/s" -o "$work/s.htm"
wants "so is another name behind -o" 3 err "expected FILE.html"

# ---- a capture ----

cat >"$work/vehicle.lua" <<'END'
Evcc.Protocol = 'ISO15118-2'
Evcc.Send_SessionSetupReq_001()
Evcc.Receive_SessionSetupRes_001()
Sleep(300)
Evcc.Send_ServiceDiscoveryReq_001()
Evcc.Receive_ServiceDiscoveryRes_001()
END
cat >"$work/station.lua" <<'END'
Secc.Receive_SessionSetupReq_001()
Sleep(1700)
Secc.Send_SessionSetupRes_001()
Secc.Receive_ServiceDiscoveryReq_001()
Secc.Send_ServiceDiscoveryRes_001()
END
run run --virtual-time -o "$work/late" "$work/vehicle.lua" "$work/station.lua"
run report "$work/late/session.pcapng" -o "$work/capture.html"
wants "a capture gives a report" 0 err "0 not decoded"
holds "its session is a case, with protocol and SessionID" "$work/capture.html" \
    '(meta["kind"], len(cases), plan["cases"][0]["id"], plan["cases"][0]["protocol"], len(plan["cases"][0]["session_id"]), cases[0][1]["files"])' \
    "('capture', 1, 'session-1', 'ISO15118-2', 16, ['session.pcapng'])"
holds "each answer and each pause is held against the standard's time" "$work/capture.html" \
    '[(names[f[2]], names[t[0]], t[1] // 100000, t[2]) for f in frames(cases[0][1]) for t in f[6] or [] if t[1] > 100000]' \
    "[('SessionSetupRes', 'V2G_EVCC_Msg_Timeout', 17, 2000000), \
('SessionSetupRes', 'V2G_SECC_Msg_Performance_Time', 17, 1500000), \
('ServiceDiscoveryReq', 'V2G_SECC_Sequence_Timeout', 3, 60000000), \
('ServiceDiscoveryReq', 'V2G_EVCC_Sequence_Performance_Time', 3, 40000000)]"
holds "the index has what came nearest to its limit, or was beyond it" "$work/capture.html" 'cases[0][0][6]' 113
# a capture of one frame of a modem, CM_SLAC_PARM.REQ, which is before any session
python3 - "$work/modem.pcap" <<'END'
import struct, sys
frame = bytes.fromhex("ffffffffffff02000000000188e1016460000000000102030405060708").ljust(60, b"\0")
open(sys.argv[1], "wb").write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1) +
                              struct.pack("<IIII", 1, 0, len(frame), len(frame)) + frame)
END
run report "$work/modem.pcap" -o "$work/modem.html"
holds "what belongs to no session is session-0" "$work/modem.html" \
    '[(c["number"], c["id"], c["protocol"]) for c in plan["cases"]]' "[(0, 'session-0', 'HomePlug')]"
run decode "$work/late/session.pcapng"
wants "and decode says who was late" 0 err "session 1: ISO15118-2 SessionID " err ", 8 messages in 2." \
    err "closed: FIN by the SECC" \
    err "  late: SessionSetupRes, 1 of 1, up to 170" err "; V2G_SECC_Msg_Performance_Time is 1500 ms" not-err "late: ServiceDiscovery"
run report "$work/late/session.pcapng"
wants "without a page to write a capture is refused" 3 err "expected -o FILE.html for a capture"

# ---- the control pilot ----

"$V2GLAB" ev --bench pair --virtual-time -q --set loops=2 -o "$work/plug" >/dev/null 2>&1
run report "$work/plug" -o "$work/plug.html"
holds "the states of the control pilot are there for their lane" "$work/plug.html" \
    '[e[5]["state"] for e in cases[0][1]["entries"] if e[1] == "pilot"]' "['B', 'B', 'C', 'B', 'A']"
holds "and their duty cycles: 100 where there is no oscillator" "$work/plug.html" \
    '[e[5]["duty"] for e in cases[0][1]["entries"] if e[1] == "pilot"]' "[100, 5, 5, 5, 5]"
"$V2GLAB" ev --bench three-stations --virtual-time -q --set loops=2 -o "$work/three" >/dev/null 2>&1
run report "$work/three" -o "$work/three.html"
holds "what is on another cable has the name of that" "$work/three.html" \
    'sorted({e[5].get("cable", "") for e in cases[0][1]["entries"] if e[1] == "pilot"})' "['', 'evse1', 'evse2']"
