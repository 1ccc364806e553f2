#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The examples of Plug & Charge, with whole and with broken certificates.
# shellcheck source=tests/cli/support
. tests/cli/support
export V2GLAB_PKI="$work/pki"
run pki make "$V2GLAB_PKI"

# pair EDITION VEHICLE OPTION...: the vehicle's script against the station's
pair() {
    edition=$1 vehicle=$2
    shift 2
    run run --no-record "$@" "examples/evcc-iso15118-$edition-$vehicle.lua" \
        "examples/secc-iso15118-$edition-pnc.lua"
}

pair 2 pnc
wants "ISO 15118-2: a contract, a signed challenge, receipts" 0 out 'TLS is established: TLS 1.2' \
    out 'the contract is DEABCC000000013' out 'a receipt over 12020 Wh' not-out violation
pair 2 install
wants "ISO 15118-2: a contract is installed and used" 0 out 'the request is signed by V2GLABPROV' \
    out 'installed CN=DEABCC000000013' out 'the contract is DEABCC000000013' not-out violation
pair 20 pnc
wants "ISO 15118-20: a contract, a signed challenge, confirmations" 0 \
    out 'TLS is established: TLS 1.3' out 'the contract is DEABCC000000013' \
    out 'confirmed: 12020 Wh' not-out violation
pair 20 install
wants "ISO 15118-20: a contract is installed and used" 0 out 'EVSEProcessing Ongoing' \
    out 'installed CN=DEABCC000000013' out 'the contract is DEABCC000000013' not-out violation
run pki make --ed448 --for iso15118-20 "$work/448"
for vehicle in pnc install; do
    pair 20 $vehicle --pki "$work/448"
    wants "ISO 15118-20 with Ed448 and X448: $vehicle" 0 out 'the contract is DEABCC000000013' \
        not-out violation
done

# the script in the documentation
awk '/^```/ { is_lua = $0 == "```lua"; next } is_lua' docs/plug-and-charge.md >"$work/break.lua"
run run --no-record "$work/break.lua" examples/secc-iso15118-2-pnc.lua
wants "signatures broken and made again, as docs/plug-and-charge.md has it" 0 \
    out 'wrong digest the digest of' out 'FAILED_ChallengeInvalid' out 'wrong value' out 'absent' \
    out 'the contract is DEABCC000000013' not-out violation

# broken EDITION VEHICLE FAULT CODE TEXT: who finds what of a tree with that fault, and says so
broken() {
    run pki make --replace --fault "$3" "$work/broken"
    pair "$1" "$2" --pki "$work/broken"
    wants "ISO 15118-$1: $3 in $2" 1 out "$4" out "$5"
}

broken 2 pnc contract-leaf=expired FAILED_CertificateExpired 'certificate 1 (contract-leaf): expired'
broken 2 pnc contract-leaf=revoked FAILED_CertificateRevoked 'revoked by its issuer'
broken 2 pnc contract-leaf=bad-signature FAILED_CertChainError 'its signature is not that of'
broken 2 pnc mo-sub2=unparseable FAILED_CertChainError 'no X.509 certificate in DER'
broken 2 pnc mo-sub2=self-signed FAILED_CertChainError 'certificate 2 (mo-sub2): signed by itself'
broken 2 install oem-leaf=not-yet-valid FAILED_CertificateExpired 'not valid before'
broken 2 install cps-leaf=wrong-domain-component 'CertificateInstallationRes   OK' 'expected CPS'
broken 2 install contract-leaf=wrong-key-usage 'CertificateInstallationRes   OK' 'key usage is'
broken 20 pnc contract-leaf=expired WARNING_CertificateExpired 'certificate 1 (contract-leaf): expired'
broken 20 pnc mo-sub1=revoked WARNING_CertificateRevoked 'certificate 3 (mo-sub1): revoked'
broken 20 pnc contract-leaf=missing-intermediate WARNING_CertificateValidationError 'neither in the'
broken 20 install oem-sub2=wrong-curve WARNING_CertificateValidationError 'a key of secp384r1'
broken 20 install cps-leaf=expired 'CertificateInstallationRes   OK' 'certificate 1 (cps-leaf): expired'
