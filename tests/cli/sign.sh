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

# ---- what is signed as it is sent ----

# expects NAME ROLE PROTOCOL: reads messages of ROLE's peer, and wants of each what the lines of
# standard input say: MESSAGE, and the kind of fault (none: valid).
expects() {
    {
        echo "local expected = {"
        sed "s/\([^ ]*\) *\(.*\)/  {'\1', '\2'},/"
        cat <<END
}
$2.Protocol = '$3'
for i, e in ipairs(expected) do
  local name = $2.Receive_Any_001(5000)
  assert(name == e[1], ('%d: expected %s, found %s'):format(i, e[1], name))
  local valid, why, kind = $2['Verify_' .. name]()
  assert((kind or '') == e[2], ('%d: %s: expected %s, found %s: %s'):format(i, name, e[2], kind, why))
  assert((valid == true) == (e[2] == ''))
end
Log('as expected')
END
    } | script "$1"
}

script auto <<'END'
Evcc.Protocol = 'ISO15118-2'
Evcc.Connect()
assert(Evcc.Signing == true)
Evcc.Set_AuthorizationReq_GenChallenge(Pki.Random(16))
Evcc.Send_AuthorizationReq_001() -- as with external payment
Evcc.Set_AuthorizationReq_Id('id1')
Evcc.Send_AuthorizationReq_001()
Evcc.Set_AuthorizationReq_GenChallenge(Pki.Random(16))
Evcc.Send_AuthorizationReq_001() -- signed anew
Evcc.Outgoing('AuthorizationReq'):copy():send()
Evcc.Set_AuthorizationReq_IdSpecified(false)
Evcc.Send_AuthorizationReq_001() -- and the old signature is gone
Evcc.Set_AuthorizationReq_Id('id1')
Evcc.Signing = false
Evcc.Send_AuthorizationReq_001()
Evcc.Signing = true
Evcc.Send_MeteringReceiptReq_001()
Evcc.Set_MeteringReceiptReq_Id('id1')
Evcc.Send_MeteringReceiptReq_001()
Evcc.Set_MeteringReceiptReq_Header_SignatureSpecified(false)
Evcc.Send_MeteringReceiptReq_001() -- the script does not want it
Evcc.Send_CertificateUpdateReq_001()
Evcc.Set_CertificateUpdateReq_Header_Signature_SignatureValue(('x'):rep(64))
Evcc.Send_CertificateUpdateReq_001() -- what the script has broken stays broken
local m = Evcc.Message('CertificateInstallationReq')
m.ListOfRootCertificateIDs.RootCertificateID[1].X509IssuerName = 'CN=somebody'
m:send()
m.OEMProvisioningCert = 'leaf'
m:send()
m.Header.Signature.SignatureValue.content = ('x'):rep(64)
m:send()
m:copy():send()
m:sign()
m:send()
m.OEMProvisioningCert = 'other'
m:send()
m.Header.Signature = nil
m:send()
Evcc.Message(Evcc.Message('CertificateInstallationReq'):xml()):send() -- XML is sent as it is
Evcc.Sign_AuthorizationReq()
Evcc.Set_AuthorizationReq_GenChallenge(Pki.Random(16))
Evcc.Send_AuthorizationReq_001() -- what was signed by hand is not signed again
END
expects auto-peer Secc ISO15118-2 <<'END'
AuthorizationReq absent
AuthorizationReq
AuthorizationReq
AuthorizationReq
AuthorizationReq absent
AuthorizationReq absent
MeteringReceiptReq absent
MeteringReceiptReq
MeteringReceiptReq absent
CertificateUpdateReq
CertificateUpdateReq wrong value
CertificateInstallationReq
CertificateInstallationReq
CertificateInstallationReq wrong value
CertificateInstallationReq wrong value
CertificateInstallationReq
CertificateInstallationReq wrong digest
CertificateInstallationReq absent
CertificateInstallationReq absent
AuthorizationReq wrong digest
END
try 0 "a vehicle's messages of ISO 15118-2 are signed where the standard wants it" "as expected" \
    "$TMPDIR/auto.lua" "$TMPDIR/auto-peer.lua"

script auto <<'END'
Secc.Protocol = 'ISO15118-2'
Secc.Receive_AuthorizationReq_001()
assert(Secc.Verify_AuthorizationReq())
local received = Secc.Received('AuthorizationReq')
received.GenChallenge = 'changed'
received:send() -- a received message is handed on as it is
Secc.Send_CertificateInstallationRes_001()
Secc.Send_CertificateUpdateRes_001()
Secc.Set_CertificateUpdateRes_ResponseCode(ResponseCodeType.FAILED_NoCertificateAvailable)
Secc.Send_CertificateUpdateRes_001()
END
{
    printf '%s\n' "Evcc.Protocol = 'ISO15118-2'" "Evcc.Set_AuthorizationReq_Id('id1')" \
        "Evcc.Send_AuthorizationReq_001()"
    expects auto-peer Evcc ISO15118-2 <<'END'
AuthorizationReq wrong digest
CertificateInstallationRes
CertificateUpdateRes
CertificateUpdateRes absent
END
    cat "$TMPDIR/auto-peer.lua"
} >"$TMPDIR/auto-evcc.lua"
try 0 "and a station's, unless it refuses" "as expected" "$TMPDIR/auto-evcc.lua" "$TMPDIR/auto.lua"

script auto <<'END'
Evcc.Protocol = 'ISO15118-20'
Evcc.Connect()
Evcc.Set_AuthorizationReq_SelectedAuthorizationService(AuthorizationType.EIM)
Evcc.Send_AuthorizationReq_001()
Evcc.Set_AuthorizationReq_SelectedAuthorizationService(AuthorizationType.PnC)
Evcc.Set_AuthorizationReq_PnC_AReqAuthorizationMode_GenChallenge(Pki.Random(16))
Evcc.Set_AuthorizationReq_PnC_AReqAuthorizationMode_ContractCertificateChain_Certificate('leaf')
Evcc.Send_AuthorizationReq_001()
Evcc.Send_MeteringConfirmationReq_001()
Evcc.Send_CertificateInstallationReq_001()
Evcc.Message('CertificateInstallationRes'):send()
END
expects auto-peer Secc ISO15118-20 <<'END'
AuthorizationReq absent
AuthorizationReq
MeteringConfirmationReq
CertificateInstallationReq
CertificateInstallationRes
END
try 0 "those of ISO 15118-20 likewise" "as expected" "$TMPDIR/auto.lua" "$TMPDIR/auto-peer.lua"

"$V2GLAB" pki make --for iso15118-20 "$TMPDIR/part" >/dev/null
echo "Evcc.Connect() Evcc.Send_CertificateInstallationReq_001()" | script wrong
echo "Secc.Receive_Any_001(2000)" | script waits
try 3 "a tree that lacks the key" "there is no oem-leaf for ISO15118-2" --pki "$TMPDIR/part" \
    --protocol ISO15118-2 "$TMPDIR/wrong.lua" "$TMPDIR/waits.lua"
echo "Evcc.Signing = 'no'" | script wrong
try 3 "Signing is true or false" "boolean expected" "$TMPDIR/wrong.lua"

# ---- what is refused ----

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
try 3 "a message that is never signed" \
    "wrong.lua:1: there is no Evcc.Sign_SessionSetupReq; expected Sign_ or Verify_ and one of Auth" \
    "$TMPDIR/wrong.lua"
echo "Secc.Verify_AuthorizationReq()" | script wrong
try 3 "nothing was received" "no AuthorizationReq was received" "$TMPDIR/wrong.lua"
