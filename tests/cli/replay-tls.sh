#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `v2glab script` of sessions under TLS that were paid by contract: opened by the secrets in the
# capture, signed anew with the certificates of another tree.
# shellcheck source=tests/cli/support
. tests/cli/support

"$V2GLAB" pki make "$work/pki" >/dev/null 2>&1
"$V2GLAB" pki make "$work/other" --emaid DEXYZC00000009 >/dev/null 2>&1
for protocol in ISO15118-2 ISO15118-20; do
    "$V2GLAB" ev --virtual-time --quiet --protocol $protocol --mode ac --payment Contract \
        --pki "$work/pki" --set loops=3 --record "$work/contract" >/dev/null 2>&1
    run script "$work/contract/session.pcapng" -o "$work/contract.lua"
    wants "$protocol by contract: what is signed anew is said" 0 \
        err 'AuthorizationReq: signed anew with the key of contract-leaf of the tree' \
        err 'it was under TLS'
    # the other side has a tree of its own: nothing of the recorded certificates is sent
    run run "$work/contract.lua" --virtual-time --no-record --tls auto --pki "$work/other" --against evse
    wants "$protocol by contract: another tree's contract pays, with signatures made anew" 0 \
        out 'EVCC verdict: pass' out 'TLS is established' out 'signed'
    "$V2GLAB" ev --virtual-time --quiet --protocol $protocol --mode ac --payment Contract \
        --set contract=install --pki "$work/pki" --set loops=3 --record "$work/install" >/dev/null 2>&1
    run replay "$work/install" --virtual-time --no-record --tls auto --pki "$work/other" --against evse
    wants "$protocol: a contract is installed with another tree's provisioning certificate" 0 \
        out 'EVCC verdict: pass' out 'CertificateInstallationRes   OK'
    run script "$work/install" --role secc -o "$work/install.lua"
    wants "$protocol: what the station signs anew is said, too" 0 \
        err 'CertificateInstallationRes: signed anew with the key of cps-leaf'
    run run "$work/install.lua" --virtual-time --no-record --tls auto --pki "$work/other" --against ev \
        --with payment=Contract --with contract=install --with mode=ac --protocol $protocol
    wants "$protocol: a replayed station hands out the other tree's contract, encrypted for the vehicle" 0 \
        out 'EVCC verdict: pass' out 'SECC verdict: pass'
    run replay "$work/install" --virtual-time --no-record --tls auto --pki "$work/other" --against evse \
        --with "payment={'ExternalPayment'}"
    wants "$protocol: a station that takes no contract is paid by external means, and that is told" 0 \
        out 'EVCC verdict: pass' out 'CertificateInstallationReq is left out' \
        out 'the capture paid by contract, and this station takes none: external means pay' not-out 'AuthorizationReq             signed'
    rm -rf "$work/install"
    run run "$work/contract.lua" --virtual-time --no-record --against evse --pki "$work/other"
    wants "$protocol without TLS at the other side: told, and external means pay" 0 out 'the station has no TLS' \
        out 'this station takes none: external means pay'
    lua5.4 tests/lua/packets.lua "$work/contract/session.pcapng" two "$work/closed.pcapng"
    run script "$work/closed.pcapng"
    wants "$protocol without secrets: what could open it is named" 1 \
        err 'under TLS, and there are no secrets' err '--keylog FILE'
    rm -rf "$work/contract"
done
