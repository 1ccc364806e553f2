#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `v2glab test`: cases judge, negations judge the cases, and what goes wrong costs one case.
. tests/cli/support
. tests/cli/support-suites

head="suite 'own' { sut = 'SECC', protocol = 'ISO15118-2' }"
refused="$head
cases 'own_refused' { given = 'ServiceDiscoveryRes', then_ = function(it)
    it:sends 'ServiceDiscoveryReq'
    it:expects('ServiceDiscoveryRes', { ResponseCode = 'FAILED_SequenceError' })
end }"

judged "a case passes by what it has looked for" 0 "pass own_refused 1 passed" "$refused"
grep -q '"expected":"ServiceDiscoveryRes"' "$work/results/results.jsonl"
result $? "its result has what was expected and found"

judged "each expectation, negated, is not passed" 0 "1 passed 5 of 5 negations killed, 1 of 1 rule" "$refused" --mutate

timed="cases 'own_timed' { given = 'ServiceDiscoveryRes', then_ = function(it)
    it:expects_end { after = 'TIME - par_CMN_Transmission_Delay', within = 'par_CMN_HAL_Timeout' }
end }"
judged "a time that is measured is that of the device: shorter or longer, the case fails" 0 \
    "3 of 3 negations killed, 2 of 2 rule mutants killed" \
    "$head $(printf %s "$timed" | sed s/TIME/V2G_SECC_Sequence_Timeout/)" --mutate
judged "an edited rule of the device that nothing has used kills nothing" 1 \
    "survives own_timed V2G_EVCC_Ongoing_Timeout x 0.3: error: the device has not used 0 of 2 rule" \
    "$head $(printf %s "$timed" | sed s/TIME/V2G_EVCC_Ongoing_Timeout/)" --mutate

judged "an expectation that is not met fails" 1 "fail own_other FAILED_SequenceError" "$head
cases 'own_other' { given = 'ServiceDiscoveryRes', then_ = function(it)
    it:sends 'ServiceDiscoveryReq'
    it:expects('ServiceDiscoveryRes', { ResponseCode = 'OK' })
end }"

judged "a case that does not get to where it begins is inconclusive" 2 "inconclusive own_given" "$head
cases 'own_given' { given = 'ServiceDiscoveryRes', station = { silent_at = 'SessionSetup' },
    then_ = function(it) it:expects_end { within = 'par_CMN_TCP_Connection_Termination_Timeout' } end }"

judged "a case that tests nothing is inconclusive" 2 "inconclusive own_nothing" "$head
cases 'own_nothing' { given = 'ServiceDiscoveryRes', then_ = function() end }"

judged "an error in a case is its own, with the line" 3 "error own_error cases.lua:3 pass own_refused" "$head
cases 'own_error' { given = 'ServiceDiscoveryRes', then_ = function()
    error('no') end }
$refused"

judged "a fault that never happened is an error of the case" 3 "error own_fault ServiceScope never happened" "$head
cases 'own_fault' { given = 'ServiceDiscoveryRes', then_ = function(it)
    it:sends('ServiceDiscoveryReq', {}, 'without ServiceScope')
    it:expects_nothing 'par_CMN_Transmission_Delay' end }"

judged "a device that no longer serves after a case fails it" 1 "fail own_dead found no station answered" "$head
cases 'own_dead' { given = 'ServiceDiscoveryRes', liveness = true, station = { sessions = 2 },
    then_ = function(it)
        it:sends 'ServiceDiscoveryReq'
        it:expects('ServiceDiscoveryRes', { ResponseCode = 'FAILED_SequenceError' }) end }"

judged "a case may begin before anything was sent, or with a connection alone" 0 \
    "pass own_connected pass own_link 7 of 7 negations killed" "$head
cases 'own' { session = 'any', rows = { connected = { given = 'connected' }, link = { given = 'link' } },
    then_ = function(it, row)
        if row.given == 'link' then it:discovers({}, { TransportProtocol = 0 }, 0x10) return end
        it:sends('supportedAppProtocolReq')
        it:expects('supportedAppProtocolRes', {}) end }" --mutate

linked="$head
cases 'own_link' { given = 'link', link = true, then_ = function(it)
    it:waits 'V2G_SECC_CommunicationSetup_Performance_Time'
    it:sends('SECCDiscoveryReq')
    it:expects_nothing 'par_EVCC_SDP_Timeout' end }"
judged "a case may begin with the link that comes up" 0 "pass own_link" "$linked"
judged "a device that answers SDP for ever fails it" 1 "fail own_link found SECCDiscoveryRes" "$linked" \
    --profile field

judged "cases side by side have the results of all" 0 "pass 3 passed" "$head
cases 'own' { given = 'ServiceDiscoveryRes', rows = { {}, {}, {} }, then_ = function(it)
    it:sends('ServiceDiscoveryReq')
    it:expects('ServiceDiscoveryRes', { ResponseCode = 'FAILED_SequenceError' })
end }" --jobs 3

own_evcc="suite 'own' { sut = 'EVCC', protocol = 'ISO15118-2' }"
late="$own_evcc
cases 'own_late' { given = 'SessionStopReq', vehicle = { close = 'none' }, then_ = function(it)
    it:answers()
    it:expects_end { within = 'par_CMN_TCP_Connection_Termination_Timeout' }
end }"
judged "the tester does not close for a vehicle that should" 1 "fail own_late still open" "$late"

judged "what no text obliges to fails in the field alone" 0 "pass own_late" \
    "$(printf '%s' "$late" | sed "s/vehicle =/advice = 'no text obliges', vehicle =/")"
grep -q '"field":"fail".*"advice":"no text obliges"' "$work/results/results.jsonl" ||
    grep -q '"advice":"no text obliges".*"field":"fail"' "$work/results/results.jsonl"
result $? "its result says so"

judged "requests that come again and again are each looked at, and until when" 0 \
    "3 passed 13 of 13 negations killed" "$own_evcc
cases 'own' { given = 'CurrentDemandReq', rows = {
    { lasts = 'V2G_EVCC_Msg_Timeout', each = { EVTargetCurrent = at_most(200) } },
    { next = { { 'PowerDeliveryReq', { ChargeProgress = 'Stop' } } } },
    { given = 'CableCheckReq', after = 'V2G_EVCC_CableCheck_Timeout', fields = { EVSEProcessing = 'Ongoing' },
      within = 'par_CMN_TCP_Connection_Termination_Timeout' } },
    vehicle = { loops = 100 },
    then_ = function(it, row) it:keeps_answering(row.given, row) end }" --mutate

judged "a case of a pair ends where one device is not enough, and says so; that is no flaw" 0 \
    "beyond own_pair there is one only 0 inconclusive 1 beyond one device" "$own_evcc
cases 'own_pair' { given = 'CurrentDemandReq', aim = 'power flows', beyond = 'there is one only',
    then_ = behaviour.goes_no_further }" --strict
judged "one that does not get to where it begins is inconclusive as any other" 2 \
    "inconclusive own_pair ServiceDiscoveryRes 0 passed 1 inconclusive" "$head
cases 'own_pair' { given = 'ServiceDiscoveryRes', aim = 'power flows', beyond = 'there is one only',
    station = { silent_at = 'SessionSetup' }, then_ = behaviour.goes_no_further }"
run report "$work/results" --strict
wants "with --strict that fails" 1 out "1 inconclusive"

judged "a word of a row that nobody asks for is told" 3 "error own_word rwo" "$head
cases 'own_word' { given = 'ServiceDiscoveryRes', rwo = 1, then_ = function(it)
    it:sends 'ServiceDiscoveryReq'
    it:expects('ServiceDiscoveryRes', { ResponseCode = 'FAILED_SequenceError' })
end }"

run test 'TC_SECC_CMN_VTB_Authorisation_001'
wants "a case that there is not is told with the nearest" 3 err 'TC_SECC_CMN_VTB_Authorization_0'

# ---- lists, and names that are none ----

run test --list --sut secc --by requirement --requirement V2G2-459
[ "$status" -eq 0 ] && in_order "V2G2-459 ( case mode about rules TC_SECC_" "$work/out" && ! grep -q TC_EVCC "$work/out"
result $? "--list is tables of cases, by suite, tag, requirement or claim"

run test --list --format md --tag not-played
[ "$status" -eq 0 ] && in_order "Not applicable ( | case | about | why not |" "$work/out"
result $? "--list tells why a case does not apply, in Markdown, too"

run test --list -q --protocol DIN70121
[ "$status" -eq 0 ] && grep -q '^DRV_DIN_SECC_' "$work/out" && ! grep -q ' ' "$work/out"
result $? "--list -q is the names alone"

# no_case WORDS OPTION...: refused, in one line
no_case() {
    words=$1
    shift
    run test --no-record "$@"
    [ "$status" -eq 3 ] && in_order "$words" "$work/err" && ! grep -q traceback "$work/err"
    result $? "refused: $*"
}
no_case "no case has the tag the nearest is good" --tag god
no_case "no case cites the nearest is V2G2-459" --requirement "V2G2""-45"
no_case "no suite is called the nearest is ISO 15118-4:2018" --suite ISO15118-4
no_case "none of all of them together" --sut evcc 'TC_SECC_*'

run docs V2G2-459
[ "$status" -eq 0 ] && in_order "Cases of v2glab test TC_SECC_" "$work/out" && ! grep -q TC_EVCC "$work/out"
result $? "a rule of the reference names the cases that test it"

# ---- the page that tells how a case is written, in both languages ----

for page in docs/writing-a-case.md docs/ko/writing-a-case.md; do
    awk '/^```lua/ { is_code = 1; next } /^```/ { is_code = 0 } is_code' "$page" >"$work/page.lua"
    run test --no-record --file "$work/page.lua" --mutate 'MY_*'
    [ "$status" -eq 0 ] && in_order "4 passed, 0 failed killed" "$work/out"
    result $? "$page: its cases pass, and their negations do not"
done
