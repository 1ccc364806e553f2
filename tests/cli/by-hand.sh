#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A connection by hand: what its functions say before there is one, while it lasts, once each side
# has closed its half, and where nobody listens.
# shellcheck source=tests/cli/support
. tests/cli/support

cat >"$work/ev.lua" <<'END'
local function says(text, f, ...)
    local good, why = pcall(f, ...)
    assert(not good and tostring(why):find(text, 1, true), tostring(why))
end
says("expected true (RST) or 'half'", Evcc.Disconnect, 'quarter')
says('there is no connection that could be closed', Evcc.Disconnect, 'half')
says('there is no connection whose other side could be probed', Evcc.Probe, 15118)
Evcc.Connect { manual = true, tls = 'off' }
assert(Evcc.State() == 'ready')
for _, name in ipairs { 'Version', 'Suite', 'Group', 'Schemes', 'Resumed', 'Handshake_Time', 'Offer', 'Answer',
                        'Request', 'PeerCertificate', 'PeerChain', 'OwnChain', 'Ocsp', 'Problem', 'Alert' } do
    assert(Evcc['Get_Tls_' .. name]() == nil, name)
end
says('Evcc is ready already; Disconnect() comes before another connection', Evcc.Connect, { manual = true })
Evcc.Send_Raw('\x01\xFE\x80\x01\0\0\0\x04\0\0\0\0')
says('expected SessionSetupRes, found a frame that cannot be decoded: ', Evcc.Receive_SessionSetupRes_001)
Evcc.Check_Received_SessionSetupRes()
Evcc.Send_supportedAppProtocolReq_001()
assert(Wait_Any({ Evcc }, 1e13) == Evcc and Evcc.Receive_Any(1e13) == 'supportedAppProtocolRes')
assert(Wait_Any({ Evcc }, 5) == nil)
says('within 0 ms (given by the script), found nothing', Evcc.Receive_SessionSetupRes_001, 0)
says('within 10 ms (given by the script), found nothing', Evcc.Receive_SessionSetupRes_001, 10)
Evcc.Disconnect('half')
says('nothing can be sent, this side has closed its half of the connection', Evcc.Send_Raw, 'x')
says('Send_SessionStopReq_001: nothing can be sent', Evcc.Send_SessionStopReq_001)
says('SessionStopReq: nothing can be sent', function() Evcc.Message('SessionStopReq'):send() end)
Evcc.Disconnect('half')
local _, how, why = Evcc.Receive_Any(1000)
assert(how == 'closed' and why:find('closed by peer'))
assert(Evcc.State() == 'closed' and Evcc.Expect_Close(10) == 0)
says('expected a connection, found it closed', Evcc.Send_Raw, 'x')
says('there is no connection whose other side could be probed', Evcc.Probe, 15118)
_, why = Evcc.Connect { address = '[::1]:1', may_fail = true, timeout = 100 }
assert(why:find('connection refused, nobody listens there'))
says('expected a connection, there is none: connecting to [::1]:1: ', Evcc.Send_Raw, 'x')
assert(select(2, Evcc.Receive_Any(10)) == 'failed')
Evcc.Measured('ISO15118-2', 'V2G_EVCC_Msg_Timeout', 'SessionSetupReq', -1)
Evcc.Measured('ISO15118-2', 'V2G_EVCC_Msg_Timeout', 'SessionSetupReq', 1e12)
Evcc.Measured('ISO15118-2', 'V2G_EVCC_Msg_Timeout', 'SessionSetupReq', 0 / 0)
Evcc.Measured('ISO15118-2', 'No_Such_Time', nil, 5)
Evcc.Measured('ISO15118-2', 'V2G_EVCC_Msg_Timeout', 'SessionSetupReq', 5, nil, 1e300)
Evcc.Measured('ISO15118-2', 'V2G_EVCC_Msg_Timeout', 'SessionSetupReq', 50, nil, 20)
Log 'the end is reached'
END
cat >"$work/secc.lua" <<'END'
Secc.Listen { tls = 'off', manual = true }
assert(Secc.Receive_Any(5000) == '')
Secc.Send_Raw('\x01\xFE\x80\x01\0\0\0\x04\0\0\0\0')
assert(Secc.Receive_Any(5000) == 'supportedAppProtocolReq')
Secc.Set_supportedAppProtocolRes_SchemaID(1)
Secc.Send_supportedAppProtocolRes_001()
assert(select(2, Secc.Receive_Any(5000)) == 'closed')
Secc.Disconnect()
assert(Secc.State() == 'closed')
END
run run --virtual-time --record-json end -o "$work/record" "$work/ev.lua" "$work/secc.lua"
wants "each function says what there is of a connection" 1 out 'the end is reached' out 'SECC verdict: pass' \
    out 'last received: expected SessionSetupRes, found a frame that is no message'
grep '"kind":"\(frame\|bytes\)","by":"EVCC".*"from":"EVCC"' "$work/record/events.jsonl" | grep -o '"name":"[^"]*"\|"kind":"bytes"' >"$work/sent"
check "what could not be sent is not recorded as sent" [ "$(tr '\n' ' ' <"$work/sent")" = \
    '"name":"SECCDiscoveryReq" "name":"supportedAppProtocolReq" ' ]
grep '"kind":"timer".*"session":2,' "$work/record/events.jsonl" | grep -o '"limit_us":.*' >"$work/times"
check "of times that a script has measured those are recorded that are some, with what they may take" in_order \
    '"limit_us":2147483647000,"taken_us":5000,"ok":true} "limit_us":20000,"taken_us":50000,"ok":false}' "$work/times"
check "and no other" [ "$(wc -l <"$work/times")" -eq 2 ]

cat >"$work/secc.lua" <<'END'
Secc.Relay(Evcc)
local good, why = pcall(Secc.Relay, Evcc)
assert(not good and why:find('Secc or Evcc is part of a relay already', 1, true), why)
END
run run --virtual-time --no-record "$work/secc.lua"
wants "a side is part of one relay" 0 out 'verdict'
