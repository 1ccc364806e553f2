#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A message of another protocol than the session's is told as what it is, received or named.
# shellcheck source=tests/cli/support
. tests/cli/support

cat >"$work/evcc.lua" <<'END'
Evcc.Send_SessionSetupReq_001()
Evcc.Receive_SessionSetupRes_001()
Evcc.Send_ServiceDiscoveryReq_001()
Evcc.Receive_ServiceDiscoveryRes_001()
END
for protocol in DIN70121 ISO15118-20; do
    cat >"$work/secc.lua" <<END
Secc.Receive_SessionSetupReq_001()
Secc.Send_SessionSetupRes_001()
Secc.Receive_ServiceDiscoveryReq_001()
Secc.Protocol = '$protocol'
Secc.Send_ServiceDiscoveryRes_001()
END
    run run --virtual-time --no-record "$work/evcc.lua" "$work/secc.lua"
    wants "a response of $protocol in a session of ISO 15118-2" 1 \
        out "not decoded                  ServiceDiscoveryRes is a message of $protocol; this session speaks ISO15118-2" \
        out "expected ServiceDiscoveryRes, found a frame that cannot be decoded: ServiceDiscoveryRes is a message of $protocol;"
done
cat >"$work/evcc.lua" <<'END'
Evcc.Send_SessionSetupReq_001()
Evcc.Receive_SessionSetupRes_001()
Evcc.Protocol = 'DIN70121'
Evcc.Send_SessionSetupReq_001()
Evcc.Receive_Any_001(1000)
END
cat >"$work/secc.lua" <<'END'
Secc.Receive_SessionSetupReq_001()
Secc.Send_SessionSetupRes_001()
Secc.Receive_Any_001(1000)
END
run run --virtual-time --no-record "$work/evcc.lua" "$work/secc.lua"
wants "one that can be read as another message, with violations, has one more" 0 \
    out 'SECC violation: SessionSetupReq: SessionSetupReq is a message of DIN70121; this session speaks ISO15118-2'
for call in "Evcc.Message('ContractAuthenticationReq')" "Evcc.Received('ContractAuthenticationRes')" \
    "Evcc.Send_ContractAuthenticationReq_001()"; do
    echo "$call" >"$work/named.lua"
    run run --print "$work/named.lua"
    wants "$call says whose it is" 3 err 'belongs to DIN70121; this session speaks ISO15118-2'
done
