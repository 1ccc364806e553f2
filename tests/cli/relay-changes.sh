#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What v2glab relay changes, and that it changes nothing else: --set, hooks, faults, --offer, --hold.
# shellcheck source=tests/cli/support
. tests/cli/support
. tests/cli/support-relay

dc="-m dc --secc-with stop_after=4"

# shellcheck disable=SC2086
relay "one value by --set" 0 $dc --set 'CurrentDemandRes.EVSEPresentVoltage=+5%'
all_equal_but "that value went otherwise, and each other frame as it came" SECC CurrentDemandRes
in_order "relay<- CurrentDemandRes 360V fault relay CurrentDemandRes 378V" /dev/stdin <<END
$(tr -d ' ' <"$work/out" | sed 's/relay<-SECC/relay<- /; s/EVCC<-relay/ relay /; s/Res/Res /; s/EVSEPresentVoltage/ /')
END
result $? "the ladder has the value as it came, and as it went"

# shellcheck disable=SC2086
relay "one message of many by its occurrence" 0 $dc --set 'CurrentDemandRes#2.EVSEPresentVoltage=401'
both SECC
[ "$(diff "$work/came" "$work/went" | grep -c '^>')" -eq 1 ]
result $? "one frame alone is another"

cat >"$work/hooks.lua" <<'END'
function on.station(m, relay)
    assert(relay.from == 'station')
    if m:name() == 'SessionSetupRes' then
        m.EVSEID = 'DE*CHANGED*1'
    end
end
function on.PaymentServiceSelectionReq(m, relay)
    relay:delay(700)
end
function on.AuthorizationReq(m, relay)
    local res = Secc.Message('AuthorizationRes')
    res.ResponseCode = 'FAILED'
    relay:send(res)
    return false
end
END
# shellcheck disable=SC2086
relay "hooks" 1 $dc --script "$work/hooks.lua"
in_order "SessionSetupRes DE*V2G EVCC<-relay SessionSetupRes DE*CHANGED PaymentServiceSelectionReq 0.7 PaymentServiceSelectionReq AuthorizationReq dropped AuthorizationRes FAILED" /dev/stdin <<END
$(sed 's/ <- relay/<-relay/' "$work/out")
END
result $? "they change, delay, drop, and answer themselves"
[ "$(grep -c 'relay -> SECC  AuthorizationReq' "$work/out")" -eq 0 ]
result $? "what is dropped does not go"

echo "function on.SessionSetupReq(m) error('wrong on purpose') end" >"$work/bad.lua"
# shellcheck disable=SC2086
relay "an error in a hook ends it" 3 $dc --script "$work/bad.lua"
wants "and says where" 3 err "bad.lua:1: wrong on purpose"
echo "function on.SessionSetupRec(m) end" >"$work/bad.lua"
# shellcheck disable=SC2086
relay "a hook of no message" 3 $dc --script "$work/bad.lua"
wants "and the nearest" 3 err "SessionSetupReq"
# shellcheck disable=SC2086
relay "no file of hooks" 3 $dc --script "$work/none.lua"
wants "and which" 3 err "none.lua"
# shellcheck disable=SC2086
relay "--set that says nothing" 3 $dc --set nothing
wants "and what it has to be" 3 err "expected MESSAGE.FIELD=VALUE"
run relay --no-record -q --set 'CurrentDemandRes.EVSEPresentVoltag=+5%'
wants "a field that there is not is refused at once, with the nearest" 3 \
    err "--set CurrentDemandRes.EVSEPresentVoltag=+5%: CurrentDemandRes has no element 'EVSEPresentVoltag'; the nearest name is EVSEPresentVoltage"

# shellcheck disable=SC2086
relay "a fault is done once, where it goes out" 1 $dc --fault 'CableCheckRes#1: duplicate'
grep -c 'fault: CableCheckRes' "$work/out" | grep -qx 1
result $? "once"
# shellcheck disable=SC2086
relay "a fault that never happens" 3 $dc --fault 'CableCheckRes#99: drop'

# shellcheck disable=SC2086
relay "a message that only the relay makes late" 0 $dc --fault 'CableCheckRes#1: delay 1800'
wants "is its doing" 0 out "CableCheckRes: the relay was late: 1.8" out "the relay made 1 late"
# shellcheck disable=SC2086
relay "a station that is late" 0 $dc --secc-with delays.CableCheck=1700
wants "is the station" 0 out "the station was late"

# shellcheck disable=SC2086
relay "another choice of protocol" 0 $dc --offer DIN70121
wants "only that is offered" 0 out 'relay -> SECC  supportedAppProtocolReq      ProtocolNamespace urn:din:70121' \
    out "OK_SuccessfulNegotiation, SchemaID 2"
grep -q '"grammar":"din70121"' "$work/record/events.jsonl"
result $? "and both legs read it"
all_equal_but "nothing else is changed" EVCC supportedAppProtocolReq
# shellcheck disable=SC2086
relay "an unknown protocol" 3 $dc --offer DIN70122
wants "is told" 3 err "DIN70122 is no protocol"

# what is held before the station is there stays so
cat >"$work/both.lua" <<'END'
function on.PaymentServiceSelectionReq(m, relay)
    relay:hold()
    relay:delay(200)
    Start(function() Sleep(1100) relay:release() end)
end
END
# shellcheck disable=SC2086
relay "a delay that is over" 0 $dc --script "$work/both.lua"
awk '/EVCC -> relay +PaymentServiceSelectionReq/ { came = $1 }
    /relay -> SECC +PaymentServiceSelectionReq/ { exit !($1 - came >= 1.1) }
    END { if (!came) exit 1 }' "$work/out"
result $? "releases nothing that is held besides"

cat >"$work/hold.lua" <<'END'
function on.supportedAppProtocolReq(m, relay) relay:delay(900) end
END
# shellcheck disable=SC2086
relay "the first message is held, too" 0 $dc --script "$work/hold.lua"
wants "until its time" 0 out "   0.905000          relay -> SECC  supportedAppProtocolReq"

# a key lets go on what is held: real time, since keys are typed in it
mkfifo "$work/keys"
exec 3<>"$work/keys"
flags() { grep flags "/proc/$$/fdinfo/3"; }
before=$(flags)
(until grep -qs "waits: a key" "$work/out" || [ -e "$work/over" ]; do sleep 0.05; done
 echo >&3) &
"$V2GLAB" relay -m dc --secc-with stop_after=1 --hold ServiceDiscoveryReq -o "$work/held" \
    >"$work/out" 2>"$work/err" <&3
status=$?
after=$(flags)
touch "$work/over"
exec 3>&-
wait
if grep -q 'lab: ' "$work/err"; then
    echo "ok - a key lets go on # SKIP no namespaces here"
else
    wants "a key lets go on what is held" 0 out "ServiceDiscoveryReq waits: a key (Enter) lets it go on" \
        out "2 waited"
    [ "$before" = "$after" ]
    result $? "what it was typed at waits for the next reader as it did before"
    : | "$V2GLAB" relay -m dc --secc-with stop_after=1 --hold MeteringReceiptReq --no-record -q \
        >"$work/out" 2>"$work/err"
    status=$?
    wants "who can type no more is told" 0 err 'standard input has ended: what waits for a key waits for ever'
fi
