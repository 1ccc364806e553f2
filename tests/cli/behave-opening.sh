#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Hooks and values of the messages before a session, of both sides, and of V2GTP headers; datagrams
# of any bytes.
# shellcheck source=tests/cli/support
. tests/cli/support
# shellcheck source=tests/cli/support-ev
. tests/cli/support-ev

hook() {
    cat >"$work/hook.lua"
}

hook <<'END'
local function tell(name) return function(m) Log(name, m:name()) end end
before.SECCDiscoveryReq, on.SECCDiscoveryReq = tell 'asks', tell 'is asked'
before.SECCDiscoveryRes, on.SECCDiscoveryRes = tell 'answers', tell 'is answered'
before.supportedAppProtocolReq, on.supportedAppProtocolReq = tell 'offers', tell 'is offered'
before.supportedAppProtocolRes, on.supportedAppProtocolRes = tell 'agrees', tell 'has agreed'
END
ev --protocol ISO15118-2 --mode dc --script "$work/hook.lua" --with-script "$work/hook.lua"
both_pass "hooks of SDP and supportedAppProtocol run, those of both sides"
for line in 'EVCC asks' 'SECC is asked' 'SECC answers' 'EVCC is answered' 'EVCC offers' \
    'SECC is offered' 'SECC agrees' 'EVCC has agreed'; do
    times "$line" 1 "hook.lua:1: ${line#* } "
done

hook <<'END'
function before.supportedAppProtocolRes(m) m.ResponseCode, m.SchemaID = 'Failed_NoNegotiation', nil end
END
ev --protocol ISO15118-2 --mode dc --with-script "$work/hook.lua"
wants "what the station answers can be changed" 1 out 'no protocol was agreed: Failed_NoNegotiation'
ev --protocol ISO15118-2 --mode dc --with answers.AppProtocol=Failed_NoNegotiation
wants "also by a parameter" 1 out 'no protocol was agreed: Failed_NoNegotiation'
ev --protocol ISO15118-2 --mode dc --with values.supportedAppProtocolRes.SchemaID=77
wants "and by a value" 1 out 'names the SchemaID 77, which was not offered'
ev --protocol ISO15118-2 --mode dc --set values.SECCDiscoveryReq.Security=0
wants "the vehicle's values of SDP" 1 out 'SECCDiscoveryReq             TLS'
ev --protocol ISO15118-2 --mode dc --with values.SECCDiscoveryRes.SECCPort=7
wants "those of the station's answer" 1 out ']:7: connection refused'

hook <<'END'
function before.SECCDiscoveryRes(m)
    local wrong = m:copy()
    wrong.SECCPort = 7
    return { wrong, m }
end
END
ev --protocol ISO15118-2 --mode dc --with-script "$work/hook.lua"
wants "a second answer" 1 out ']:7: connection refused'
check "both have gone out" test "$(grep -c 'EVCC <- SECC  SECCDiscoveryRes' "$work/out")" = 2
hook <<'END'
function before.SECCDiscoveryReq() return '\x01\xFE\x90\x00\0\0\0\x01\x10' end
END
ev --protocol ISO15118-2 --mode dc --script "$work/hook.lua"
wants "bytes in place of a request of SDP" 3 out 'the input ends here' \
    out 'no station answered SECCDiscoveryReq'

# ---- headers ----

hook <<'END'
function before.header(header, m)
    if m:name() == 'SessionSetupReq' then header.type = 0x8002 end
end
END
ev --protocol ISO15118-2 --mode dc --script "$work/hook.lua"
wants "a header can be changed: the station has nothing to answer" 1 out 'payload type' \
    out 'no response to SessionSetupReq in time'
hook <<'END'
local seen = 0
function before.header(header, m)
    if m:name() == 'SECCDiscoveryRes' then
        seen = seen + 1
        if seen == 1 then header.length = 3 end
    end
end
END
ev --protocol ISO15118-2 --mode dc --set 'gaps.SDP>TCP=0' --with-script "$work/hook.lua"
both_pass "that of SDP, too: the second answer is taken" out 'expected 20 as the datagram has, found 3'
hook <<'END'
function before.header(header) header.kind = 4 end
END
ev --protocol ISO15118-2 --mode dc --script "$work/hook.lua"
wants "a field that there is not" 3 out "there is no option 'kind'"
hook <<'END'
function before.header(header) header.version = 256 end
END
ev --protocol ISO15118-2 --mode dc --script "$work/hook.lua"
wants "a value that does not fit" 3 out 'version'

# ---- by hand ----

cat >"$work/evcc.lua" <<'END'
Evcc.Send_Datagram('\x01\xFE\x90\x00\0\0\0\x02\x10\x00')
Evcc.Receive_SECCDiscoveryRes_001()
Evcc.Receive_SECCDiscoveryRes_001()
assert(Evcc.Get_SECCDiscoveryRes_SECCPort() == 9)
END
cat >"$work/secc.lua" <<'END'
Secc.Receive_SECCDiscoveryReq_001()
Secc.Send_SECCDiscoveryRes_001()
Secc.Send_Datagram('\x01\xFE\x90\x01\0\0\0\x14\xFE\x80' .. ('\0'):rep(14) .. '\0\x09\x10\0')
END
run run --virtual-time --no-record "$work/evcc.lua" "$work/secc.lua"
wants "datagrams of any bytes, of both sides, and a second answer" 0 out ':9, no TLS'
cat >"$work/alone.lua" <<'END'
Secc.Send_Datagram('\1')
END
run run --virtual-time --no-record "$work/alone.lua"
wants "an answer to nobody" 3 out 'nobody has asked yet'
