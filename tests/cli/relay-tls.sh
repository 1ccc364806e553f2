#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# TLS that ends at v2glab relay on both sides; Plug & Charge through it; signatures made anew.
# shellcheck source=tests/cli/support
. tests/cli/support
. tests/cli/support-relay

signed_ok="the signature is valid: 1 signed element, and its value by the certificate 'DEABCC000000013'"

relay "TLS 1.2" 0 --tls 1.2 -m dc --secc-with stop_after=2
all_equal "each frame within TLS 1.2 went as it came"
wants "both legs" 0 out "joined: TLS to the vehicle 1.2, to the station 1.2"

relay "TLS 1.2 to the vehicle, none to the station" 0 --tls 1.2 --station-tls off -m dc \
    --secc-with stop_after=2 --secc-with tls=off
wants "each leg has its own" 0 out "joined: TLS to the vehicle 1.2, to the station none"

relay "a contract (ISO 15118-2)" 0 --tls 1.2 -m ac --ev-with payment=Contract --ev-with loops=3 \
    --secc-with "payment={'Contract'}" --secc-with receipt_every=2
all_equal "what is signed went as it came"
wants "its signatures are told" 0 out "AuthorizationReq: $signed_ok" \
    out "MeteringReceiptReq: $signed_ok" not-out broken: \
    out "signatures: 2 valid, 0 broken, 0 that cannot be told"

relay "a contract (ISO 15118-20)" 0 --tls 1.3 -m dc --ev-with "protocols={{'ISO15118-20'}}" \
    --ev-with payment=Contract --secc-with "payment={'Contract'}" --secc-with stop_after=2
all_equal "what is signed in ISO 15118-20 went as it came"
wants "its signature is told, too" 0 out "AuthorizationReq: $signed_ok"

relay "a contract that is installed" 0 --tls 1.2 -m ac --ev-with payment=Contract \
    --ev-with contract=install --ev-with loops=3 --secc-with "payment={'Contract'}"
wants "who signs is read off what the session shows" 0 \
    out "CertificateInstallationReq: the signature is valid: 1 signed element, and its value by the certificate 'V2GLABPROV0000001X'" \
    out "CertificateInstallationRes: the signature is valid: 4 signed elements" not-out broken:

contract="--tls 1.2 -m ac --ev-with payment=Contract --ev-with loops=3 --secc-with receipt_every=2"
# shellcheck disable=SC2086
relay "a signed value by --set" 1 $contract --secc-with "payment={'Contract'}" \
    --set MeteringReceiptReq.MeterInfo.MeterReading=7
wants "is signed anew where the tree has the key: the station minds the value alone" 1 \
    out "changed, and signed anew" not-out broken: err "MeterReading is not that of ChargingStatusRes"
all_equal_but "and nothing else is changed" EVCC MeteringReceiptReq

# shellcheck disable=SC2086
relay "a signed value by a fault" 1 $contract --secc-with "payment={'Contract'}" \
    --fault 'MeteringReceiptReq: set MeterInfo.MeterReading=7'
wants "breaks the signature, and that is told" 1 \
    out "MeteringReceiptReq: the signature is broken, as it is handed on" \
    not-err "MeterReading is not"

# shellcheck disable=SC2086
relay "a bit of a signature's value" 1 $contract --secc-with "payment={'Contract'}" \
    --fault 'MeteringReceiptReq: flip 2050'
wants "is seen by the key, not by the digests" 1 \
    out "as it is handed on: the SignatureValue is not that of SignedInfo and the key"

tariff='schedules={{id=1,entries={{start=0,power=11000}},tariff={levels=2,entries={{start=0,level=1}}}}}'
# shellcheck disable=SC2086
relay "a tariff that the mobility operator has signed" 0 $contract --secc-with "payment={'Contract'}" \
    --secc-with "$tariff"
wants "by the sub-CA that the vehicle has shown" 0 \
    out "ChargeParameterDiscoveryRes: the signature is valid: 1 signed element, and its value by the certificate 'MO sub-CA 2" \
    out "14 messages of the station, signatures: 1 valid, 0 broken, 0 that cannot be told"
echo "function on.PaymentDetailsReq(m) m.ContractSignatureCertChain.SubCertificates = nil end" >"$work/hook.lua"
# shellcheck disable=SC2086
relay "a session that does not show that sub-CA" 0 $contract --secc-with "payment={'Contract'}" \
    --secc-with "$tariff" --secc-with answers.PaymentDetails=OK --script "$work/hook.lua"
wants "the value cannot be told, and why" 0 \
    out "whether the signature's value is cannot be told: this session has not shown the MO sub-CA 2" \
    out "signatures: 0 valid, 0 broken, 1 that cannot be told"

"$V2GLAB" pki make "$work/other" >/dev/null 2>&1
# shellcheck disable=SC2086
relay "a tree of its own for all" 0 $contract --secc-with "payment={'Contract'}" --pki "$work/other"

relay "TLS is taken from the vehicle" 0 -m dc --attack tls-downgrade --secc-with stop_after=2
wants "that asks for it, and goes on without" 0 out "EVCC -> relay          SECCDiscoveryReq             TLS" \
    out "EVCC <- relay          SECCDiscoveryRes             [fe80::ff:fe00:e2]" out "joined: TLS to the vehicle none, to the station 1.3"
relay "a vehicle that insists" 1 -m dc --attack tls-downgrade --tls 1.2 --secc-with stop_after=2
wants "does not come" 1 err "where this side wants"

"$V2GLAB" pki make "$work/unknown" >/dev/null 2>&1
relay "a vehicle that does not trust our root" 1 -m dc --tls 1.3 \
    --cert "$work/unknown/iso15118-20/secc-leaf.pem" --key "$work/unknown/iso15118-20/secc-leaf.key"
wants "its alert is the reason" 1 out "unknown_ca" out "--pki"
