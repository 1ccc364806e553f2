#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Personas that deviate on purpose judge the other side: pass at our own, which keeps to the rule,
# naming what was looked for and found; fail at one that is made to break it; error where the
# deviation never happened. Every row of lua/v2g/judgements.lua has its cases here.
# shellcheck disable=SC2086 # words without blanks
. tests/cli/support

run persona judgements
wants "persona judgements prints the table" 0 out 'a vehicle that' out 'a station that' \
    out 'V2G2-443' out 'FAILED_UnknownSession' out 'V2G_EVCC_CableCheck_Timeout (40000 ms)'
for file in lua/personas/*.lua; do
    if grep -q "about = 'deliberate" "$file" && ! grep -q 'deviates = ' "$file"; then echo "$file"; fi
done >"$work/bare"
[ ! -s "$work/bare" ]
result $? "every deliberate persona says what it deviates from"
printf "return { role = 'ev', about = 'x', sure = 'x', deviates = 'silense' }\n" >"$work/p.lua"
run persona check "$work/p.lua"
wants "persona check: an unknown judgement" 1 err "no judgement of 'silense'; the nearest is 'silence'"

# judges PERSONA PROTOCOL/MODE VERDICT [HOOKS [OPTION...]]: the persona ends with a verdict like
# that; HOOKS are Lua of the other side
judges() {
    name=$1 protocol=${2%/*} mode=${2#*/} verdict=$3
    printf '%s\n' "${4-}" >"$work/hooks.lua"
    if [ $# -le 4 ]; then shift $#; else shift 4; fi
    side=EVCC persona=--persona
    grep -q "role = 'station'" "lua/personas/$name.lua" && side=SECC persona=--with-persona
    if [ $side = EVCC ]; then set -- --with-script "$work/hooks.lua" "$@"; else set -- --script "$work/hooks.lua" "$@"; fi
    [ "$protocol" = any ] || set -- -P "$protocol" "$@"
    run ev --virtual-time --no-record --ladder --mode "$mode" --set loops=6 "$persona" "$name" "$@"
    grep "$side verdict: " "$work/out" | tail -n 1 | grep -q "verdict: $verdict"
    found=$?
    result $found "$ids$name, $protocol $mode: $verdict"
    ids=
}

ids=
din=DIN70121/dc two=ISO15118-2 twenty=ISO15118-20

# ---- the rule is kept ----

ended='found the connection ended after'
twice='found F[A-Za-z_]* after [0-9]* ms, and the connection ended after'
for to in $din $two/dc $two/ac $twenty/dc $twenty/ac; do
    judges silent-in-charge-loop $to "pass.*V2G_SECC_Sequence_Timeout ([0-9]* ms) \[V2G.*$ended [0-9]*00 ms"
    judges leaves-without-stop $to "pass.*TCP_Connection_Termination_Timeout (5000 ms) \[V2G.*$ended"
    judges gives-up-after-400ms $to "pass.*no ServiceDiscoveryRes after 400 ms.*$ended" '' \
        --with delays.ServiceDiscovery=700
    judges resets-in-charge-loop $to 'pass.*another SessionID.*found OK_NewSessionEstablished'
    judges wrong-session-id $to "pass.*with FAILED_UnknownSession.*\[V2G.*$twice"
    judges zero-session-id $to "pass.*with FAILED_UnknownSession.*$twice"
    judges goes-on-after-failed $to "pass.*with FAILED.*$ended" '' \
        --with answers.ChargeParameterDiscovery=FAILED
    judges repeats-handshake $to 'pass.*refused, or passed over, found ServiceDiscoveryRes with OK'
    judges trailing-bytes $to 'pass.*found the session held, with [3-9] of them'
    judges answers-too-late $to "pass.*V2G_EVCC_Msg_Timeout ([0-9]* ms).*$ended [0-9]*[05]0 ms"
    judges closes-in-charge-loop $to "pass.*TCP_Connection_Termination_Timeout.*$ended"
    judges contactor-error $to 'pass.*SessionStopReq, or the end.*found SessionStopReq after'
    judges foreign-session-id $to "pass.*$ended"
done
for to in $din $two/dc $twenty/dc; do
    judges skips-cable-check $to "pass.*with FAILED_SequenceError.*$twice"
    judges stops-in-cable-check $to 'pass.*SessionStopRes with OK.*found OK after'
    judges wants-too-much $to 'pass.*EVSEPresentCurrent at most [0-9.]* of 300, EVSEPresentVoltage at most'
    judges ongoing-for-50s $to 'pass.*V2G_EVCC_CableCheck_Timeout (40000 ms).*found SessionStopReq after 400[0-9][0-9]'
done
ids='[V2G20-460] ' && judges wrong-session-id $twenty/dc 'pass.*V2G20-460'
ids='[V2G20-436 V2G20-440] ' && judges answers-too-late $twenty/dc 'pass.*V2G20-436 V2G20-440'
ids='[DRV-20-Header] ' && judges contactor-error $twenty/dc 'pass.*DRV-20-Header'
ids='[DRV-20-Header] ' && judges goes-on-after-failed $twenty/ac 'pass.*DRV-20-Header' '' \
    --with answers.ServiceDiscovery=FAILED
ids='[V2G20-2188] ' && judges wants-too-much $twenty/dc 'pass.*V2G20-2188.*EVSEPresentCurrent at most 300 of 300' \
    '' --set loops=60
judges unknown-protocols any/dc "pass.*with Failed_NoNegotiation.*$twice"

# ---- it is broken ----

judges silent-in-charge-loop $two/dc 'fail.*found CurrentDemandRes' \
    "Secc.Filter 'CurrentDemandRes#5: duplicate'"
judges silent-in-charge-loop $two/dc 'fail.*found the connection ended after 2[0-9][0-9] ms' \
    "function on.CurrentDemandReq(_, s) if s.loops == 4 then Start(function() Sleep(250) s.role.Disconnect() end) end end"
judges leaves-without-stop $two/dc 'fail.*found PowerDeliveryRes' \
    "Secc.Filter 'PowerDeliveryRes#2: duplicate'"
judges gives-up-after-400ms $two/dc 'fail.*found ServiceDetailRes' \
    "Secc.Filter { on = 'ServiceDiscoveryRes', fault = 'message ServiceDetailRes' }
     function before.ServiceDiscoveryRes(m, s) Sleep(300) s.role.Message('ServiceDetailRes'):send() end" \
    --with delays.ServiceDiscovery=100 --set gaps.ServiceDiscovery=0
judges resets-in-charge-loop $two/dc 'fail.*found OK_OldSessionJoined' \
    "function before.SessionSetupRes(m, s)
         if not s.role.Get_SessionSetupReq_Header_SessionID():find('^0*$') then
             m.ResponseCode = 'OK_OldSessionJoined'
         end
     end"
judges resets-in-charge-loop $two/dc 'fail.*found the SessionID that was lost' \
    "function before.SessionSetupRes(m, s)
         local asked = s.role.Get_SessionSetupReq_Header_SessionID()
         if not asked:find('^0*$') then m.Header.SessionID = asked end
     end"
judges resets-in-charge-loop $two/dc 'inconclusive.*cannot be reached' \
    "function on.SessionSetupReq(_, s) s.role.Stop_Accepting() end"
judges stops-in-cable-check $two/dc 'fail.*found FAILED after' \
    "function before.SessionStopRes(m) m.ResponseCode = 'FAILED' end"
judges wrong-session-id $two/dc 'fail.*with FAILED_UnknownSession.*found OK after' \
    "function before.ServiceDiscoveryRes(m) m.ResponseCode = 'OK' end"
judges wrong-session-id $two/dc 'fail.*found FAILED_UnknownSession after 2 ms, and the connection is still open' \
    '' --with keep_on_failed=true
judges zero-session-id $two/dc 'fail.*found FAILED_SequenceError' \
    "function before.ServiceDiscoveryRes(m) m.ResponseCode = 'FAILED_SequenceError' end"
judges skips-cable-check $two/dc 'fail.*with FAILED_SequenceError.*found OK' \
    "function before.PreChargeRes(m) m.ResponseCode = 'OK' end"
judges goes-on-after-failed $two/dc 'fail.*found OK after' \
    "function before.CableCheckRes(m) m.ResponseCode = 'OK' end" \
    --with answers.ChargeParameterDiscovery=FAILED --with keep_on_failed=true
judges unknown-protocols any/dc 'fail.*found OK_SuccessfulNegotiation' \
    "Secc.Filter 'supportedAppProtocolRes: code OK_SuccessfulNegotiation'"
judges repeats-handshake $two/dc 'fail.*found OK_SuccessfulNegotiation' \
    "Secc.Filter { on = 'ServiceDiscoveryRes', fault = function(m)
         return { Secc.Message('supportedAppProtocolRes'), m }
     end }"
judges trailing-bytes $two/dc 'fail.*with FAILED' \
    "function before.AuthorizationRes(m) m.ResponseCode = 'FAILED' end"
judges wants-too-much $two/dc 'fail.*EVSEPresentVoltage at most 999 of 920' \
    "function before.CurrentDemandRes(m) m.EVSEPresentVoltage = 999 end"
judges wants-too-much $twenty/dc 'fail.*EVSEPresentCurrent at most 400 of 300' \
    "function before.DC_ChargeLoopRes(m) m.EVSEPresentCurrent = 400 end"

judges answers-too-late $two/dc 'fail.*found CurrentDemandReq after 3' '' --set patience.CurrentDemand=4000
judges answers-too-late $two/dc 'fail.*ended after 100 ms' '' --set patience.CurrentDemand=100
judges closes-in-charge-loop $two/dc 'fail.*found CurrentDemandReq' \
    "Evcc.Filter 'CurrentDemandReq#1: duplicate'"
judges contactor-error $two/dc 'fail.*found CurrentDemandReq' '' --set on_failed=ignore
judges foreign-session-id $two/dc 'fail.*found PaymentServiceSelectionReq' '' --profile field
judges ongoing-for-50s $two/dc 'fail.*found CableCheckReq after 42' '' --set ongoing.CableCheck=60000
judges ongoing-for-50s $two/dc 'fail.*found SessionStopReq after 100[0-9][0-9] ms' '' \
    --set ongoing.CableCheck=10000

# ---- it never happened ----

for name in skips-cable-check stops-in-cable-check wants-too-much ongoing-for-50s; do
    judges $name $two/ac 'error.*it never happened'
done
judges gives-up-after-400ms $two/dc 'error.*it never happened'
judges goes-on-after-failed $two/dc 'error.*it never happened'
judges unknown-protocols $two/dc 'error.*it never happened'
run ev --virtual-time --no-record -q --mode dc -P ISO15118-2 --set loops=3 --persona goes-on-after-failed
wants "… which is exit code 3" 3 err 'it never happened'

# ---- hooks of one's own ----

cat >"$work/mine.lua" <<'END'
function before.ServiceDiscoveryReq(m, ev)
    m.Header.SessionID = '0102030405060708'
    ev:deviate('foreign SessionID')
end
END
run ev --virtual-time --no-record -q --mode dc -P ISO15118-2 --script "$work/mine.lua"
wants "a hook says session:deviate(NAME)" 1 out 'EVCC: pass' out 'found FAILED_UnknownSession'
sed -i "s/'foreign SessionID'/'foreign'/" "$work/mine.lua"
run ev --virtual-time --no-record -q --mode dc -P ISO15118-2 --script "$work/mine.lua"
wants "of which there is no row" 3 err "there is no judgement of 'foreign'"
