#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Certificates and keys in scripts: the global Pki, and signatures made with its values.
# shellcheck source=tests/cli/support
. tests/cli/support
export V2GLAB_PKI="$work/pki"

run pki make "$V2GLAB_PKI"
wants "a tree" 0
cp tests/lua/certificates.lua "$work"
cp "$V2GLAB_PKI/iso15118-2/contract-leaf.chain.pem" "$work/contract.pem"
cp "$V2GLAB_PKI/iso15118-2/contract-leaf.key" "$work/contract.key"
run run --print "$work/certificates.lua"
wants "certificates, keys, checks and signatures as values" 0 out 'all of it'
