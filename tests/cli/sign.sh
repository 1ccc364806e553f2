#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Signatures that scripts make and check: Sign_…, Verify_….
set -u
export V2GLAB_PKI="$TMPDIR/pki"

# try CODE WHAT TEXT SCRIPT...: the run exits with CODE and its output has TEXT.
try() {
    wanted=$1 what=$2 text=$3
    shift 3
    timeout 60 "$V2GLAB" run --no-record "$@" >"$TMPDIR/out" 2>&1
    code=$?
    if [ $code -eq "$wanted" ] && grep -qF -e "$text" "$TMPDIR/out"; then
        echo "ok - $what"
    else
        echo "not ok - $what: exit $code, expected $wanted and: $text"
        sed 's/^/# /' "$TMPDIR/out"
    fi
}

# script NAME: text on standard input.
script() {
    cat >"$TMPDIR/$1.lua"
}

try 0 "AuthorizationReq of ISO 15118-2 is signed, and a changed one is refused" \
    "the signature is valid" examples/evcc-signed.lua examples/secc-signed.lua
if grep -q "violation" "$TMPDIR/out"; then
    echo "not ok - without any violation"
else
    echo "ok - without any violation"
fi
try 0 "the same within TLS" "FAILED_SignatureError" --tls 1.2 \
    examples/evcc-signed.lua examples/secc-signed.lua

cp "$V2GLAB_PKI/iso15118-2/secc-leaf.pem" "$TMPDIR/other.pem"
cp "$V2GLAB_PKI/iso15118-2/oem-leaf.key" "$TMPDIR/other.key"
script evcc <<'END'
Evcc.Connect()
Evcc.Set_AuthorizationReq_GenChallenge('0123456789ABCDEF')
Evcc.Send_AuthorizationReq_001()
Evcc.Receive_AuthorizationRes_001()
Evcc.Sign_AuthorizationReq()
Evcc.Send_AuthorizationReq_001()
Evcc.Receive_AuthorizationRes_001()
Evcc.Sign_AuthorizationReq('other.key')
Evcc.Send_AuthorizationReq_001()
Evcc.Receive_AuthorizationRes_001()
END
script secc <<'END'
local function expect(wanted, cert)
  local valid, why, fault = Secc.Verify_AuthorizationReq(cert)
  assert(valid == (wanted == nil or nil) and fault == wanted,
    ('expected %s, found %s: %s'):format(wanted, fault, why))
end
Secc.Receive_AuthorizationReq_001()
expect('absent')
Secc.Send_AuthorizationRes_001()
Secc.Receive_AuthorizationReq_001()
expect(nil)
expect('wrong value', 'other.pem')
Secc.Send_AuthorizationRes_001()
Secc.Receive_AuthorizationReq_001()
expect('wrong value')
Secc.Send_AuthorizationRes_001()
END
try 0 "none, the right and a wrong key are told apart" "verdict: pass" \
    "$TMPDIR/evcc.lua" "$TMPDIR/secc.lua"

script evcc-20 <<'END'
Evcc.Protocol = 'ISO15118-20'
Evcc.Connect()
Evcc.Set_AuthorizationReq_SelectedAuthorizationService(AuthorizationType.PnC)
Evcc.Set_AuthorizationReq_PnC_AReqAuthorizationMode_GenChallenge('0123456789ABCDEF')
Evcc.Set_AuthorizationReq_PnC_AReqAuthorizationMode_ContractCertificateChain_Certificate('leaf')
Evcc.Sign_AuthorizationReq()
Evcc.Send_AuthorizationReq_001()
Evcc.Receive_AuthorizationRes_001()
END
script secc-20 <<'END'
Secc.Protocol = 'ISO15118-20'
Secc.Receive_AuthorizationReq_001()
assert(Secc.Verify_AuthorizationReq())
Secc.Send_AuthorizationRes_001()
END
try 0 "AuthorizationReq of ISO 15118-20 is signed and checked" "verdict: pass" \
    "$TMPDIR/evcc-20.lua" "$TMPDIR/secc-20.lua"

cp "$V2GLAB_PKI/iso15118-20/contract-leaf.key" "$TMPDIR/curve.key"
openssl ec -in "$TMPDIR/other.key" -aes128 -passout pass:x -out "$TMPDIR/locked.key" 2>/dev/null
echo nothing >"$TMPDIR/nothing.key"
refuse() {
    echo "Evcc.Connect() Evcc.Sign_AuthorizationReq('$2')" | script wrong
    try 3 "$1" "$3" "$TMPDIR/wrong.lua" "$TMPDIR/waits.lua"
}
echo "Secc.Receive_Any_001(2000)" | script waits
refuse "a key of another curve" curve.key "secp521r1"
refuse "a key with a password, without asking" locked.key "without a password"
refuse "a file that is no key" nothing.key "no private key"
refuse "a file that is not there" none.key "cannot be opened"
refuse "a file elsewhere" ../x.key "is not beside the script"
echo "Evcc.Sign_SessionSetupReq()" | script wrong
try 3 "a message that is never signed" "wrong.lua:1" "$TMPDIR/wrong.lua"
echo "Secc.Verify_AuthorizationReq()" | script wrong
try 3 "nothing was received" "no AuthorizationReq was received" "$TMPDIR/wrong.lua"
