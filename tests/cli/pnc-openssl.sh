#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What goes over the wire in Plug & Charge, recomputed with the openssl program and xmllint: digests
# and signatures over the fragments that v2glab makes of what it shows, and the private key of a
# contract out of the message that carries it.
# shellcheck source=tests/cli/support
. tests/cli/support
export V2GLAB_PKI="$work/pki"
run pki make "$V2GLAB_PKI"

octets() { # hex digits -> octets
    printf '%b' "$(sed 's/../\\x&/g')"
}
hex() { # octets -> hex digits
    od -An -v -tx1 | tr -d ' \n'
}

# frame NAME: the last message of that name in the record, as XML on one line
frame() {
    sed -n "s/.*\"name\":\"$1\",\"bytes\":\"\([0-9a-f]*\)\".*/\1/p" "$work/record/events.jsonl" |
        tail -n 1 >"$work/hex"
    "$V2GLAB" decode --grammar "$protocol" "$(cat "$work/hex")" | tr -d '\n' | sed 's/> *</></g' \
        >"$work/frame.xml"
}

# part XPATH: an element of the frame, with the namespaces of the root, as XML
part() {
    spaces=$(grep -o ' xmlns:s[0-9]*="[^"]*"' "$work/frame.xml" | tr -d '\n')
    xmllint --xpath "$1" "$work/frame.xml" 2>"$work/err" | sed "1s|^<\([^ />]*\)|<\1$spaces|"
}

value() { # XPATH: text of an element of the frame
    xmllint --xpath "string($1)" "$work/frame.xml"
}

# signed MESSAGE SIGNER ELEMENT...: digest of each element, and the signature, of the frame
signed() {
    message=$1 signer=$2
    shift 2
    ran="$message"
    status=0
    frame "$message"
    value "//*[local-name()='SignatureValue']" | openssl base64 -d -A >"$work/raw"
    half=$(($(wc -c <"$work/raw") / 2))
    r=$(head -c $half "$work/raw" | hex) s=$(tail -c $half "$work/raw" | hex)
    printf 'asn1=SEQUENCE:x\n[x]\nr=INTEGER:0x%s\ns=INTEGER:0x%s\n' "$r" "$s" >"$work/asn1"
    openssl asn1parse -genconf "$work/asn1" -noout -out "$work/der"
    openssl x509 -in "$V2GLAB_PKI/$protocol/$signer.pem" -pubkey -noout >"$work/public"
    part "//*[local-name()='SignedInfo']" >"$work/info.xml"
    "$V2GLAB" encode --grammar xmldsig --fragment --format raw "$work/info.xml" >"$work/info"
    openssl dgst "-$hash" -verify "$work/public" -signature "$work/der" "$work/info" \
        >"$work/out" 2>"$work/err"
    result $? "$protocol: $message is signed by $signer, as openssl sees it"
    for element in "$@"; do
        path="//*[local-name()='$element' and @*[local-name()='Id']]"
        id=$(value "$path/@*[local-name()='Id']")
        part "$path" >"$work/part.xml"
        "$V2GLAB" encode --grammar "$set" --fragment --format raw "$work/part.xml" >"$work/part" 2>"$work/err"
        openssl dgst "-$hash" -binary "$work/part" | openssl base64 -A >"$work/out"
        stated=$(value "//*[local-name()='Reference' and @URI='#$id']/*[local-name()='DigestValue']")
        [ -n "$stated" ] && [ "$stated" = "$(cat "$work/out")" ]
        result $? "$protocol: and the digest of $element is right"
    done
}

# session VEHICLE: a session of the examples, recorded
session() {
    rm -rf "$work/record"
    run run -o "$work/record" "examples/evcc-$protocol-$1.lua" "examples/secc-$protocol-pnc.lua"
    wants "$protocol: a session to look at ($1)" 0
}

# secret CURVE-PREFIX: agreed between the public key in $work/point and the vehicle's, in $work/key
secret() {
    { printf %s "$1" | octets; cat "$work/point"; } |
        openssl pkey -pubin -inform DER -out "$work/peer.pem"
    openssl pkeyutl -derive -inkey "$V2GLAB_PKI/$protocol/oem-leaf.key" -peerkey "$work/peer.pem" \
        -out "$work/agreed"
    # ConcatKDF with AlgorithmID 1, sender U, receiver V
    openssl kdf -keylen "$2" -kdfopt "digest:$3" -kdfopt "hexkey:$(hex <"$work/agreed")" \
        -kdfopt hexinfo:015556 -binary SSKDF >"$work/key"
}

# The private number is nowhere in what a run leaves, neither as octets nor in words.
no_secret() {
    secret=$(contract_key)
    [ ${#secret} -ge 64 ] && ! cat "$work/record"/* "$work/out" | hex | grep -q "$secret" &&
        ! cat "$work/record"/* "$work/out" | grep -qaiF -e "$secret"
    result $? "$protocol: what the run leaves does not have it"
}

contract_key() { # the private number of the tree's contract, as hex digits
    openssl pkey -in "$V2GLAB_PKI/$protocol/contract-leaf.key" -noout -text |
        sed -n '/^priv/,/^pub/p' | grep '^ ' | tr -d ' :\n'
}

# ---- the example of ISO 15118-2, J.2 ----

# AuthorizationReq with Id ID1 and the challenge "Some Random Data": the published fragment, its
# digest, and the SHA-256 of the 209 octets published for SignedInfo.
protocol=iso15118-2 set=iso15118-2 hash=sha256
cat >"$work/example.lua" <<'END'
Evcc.Protocol = 'ISO15118-2'
local m = Evcc.Message('AuthorizationReq')
m.Id, m.GenChallenge = 'ID1', 'Some Random Data'
m:sign()
Log(m:xml())
END
run run --print "$work/example.lua"
tr -d '\n' <"$work/out" | sed 's/> *</></g' >"$work/frame.xml"
part "//*[local-name()='AuthorizationReq']" >"$work/part.xml"
[ "$("$V2GLAB" encode --grammar "$set" --fragment "$work/part.xml")" = \
    80040152510C40829B7B6B2902930B73237B6902230BA309E8 ]
result $? "the fragment of the standard's example"
[ "$(value "//*[local-name()='DigestValue']")" = 0bXgPQBlvuVrMXmERTBR61TKGPwOCRYXT4s8d6mPSqk= ]
result $? "and its digest"
part "//*[local-name()='SignedInfo']" >"$work/info.xml"
[ "$("$V2GLAB" encode --grammar xmldsig --fragment --format raw "$work/info.xml" | sha256sum)" = \
    "a4e903e18243041b554e11647e101ed25fc9f2152af4674014fe2adeac1e1cf7  -" ]
result $? "and SignedInfo, as it is signed"

# ---- ISO 15118-2 ----

session pnc
signed AuthorizationReq contract-leaf AuthorizationReq
signed MeteringReceiptReq contract-leaf MeteringReceiptReq
session install
signed CertificateInstallationReq oem-leaf CertificateInstallationReq
signed CertificateInstallationRes cps-leaf ContractSignatureCertChain \
    ContractSignatureEncryptedPrivateKey DHpublickey eMAID
ran="the key of $protocol"
value "//*[local-name()='DHpublickey']" | openssl base64 -d -A >"$work/point"
value "//*[local-name()='ContractSignatureEncryptedPrivateKey']" | openssl base64 -d -A >"$work/wrapped"
secret 3059301306072a8648ce3d020106082a8648ce3d030107034200 16 SHA256
found=$(tail -c 32 "$work/wrapped" | openssl enc -d -aes-128-cbc -nopad -K "$(hex <"$work/key")" \
    -iv "$(head -c 16 "$work/wrapped" | hex)" | hex)
[ -n "$found" ] && [ "$found" = "$(contract_key)" ]
result $? "$protocol: openssl decrypts the contract's private key"
no_secret

# ---- ISO 15118-20 ----

# ghash H BLOCKS: GHASH of hex digits, whole blocks, with the hash key H (NIST SP 800-38D, 6.3, 6.4)
ghash() {
    awk -v h="$1" -v text="$2" '
        function bits(hex, out,   i, k, d) {
            for (i = 1; i <= 32; i++) {
                d = index("0123456789abcdef", substr(hex, i, 1)) - 1
                for (k = 3; k >= 0; k--) { out[i * 4 - k] = int(d / 2 ^ k) % 2 }
            }
        }
        BEGIN {
            bits(h, key)
            bits("e1000000000000000000000000000000", reduction)
            for (at = 1; at <= length(text); at += 32) {
                bits(substr(text, at, 32), block)
                for (i = 1; i <= 128; i++) { x[i] = (y[i] + block[i]) % 2; v[i] = key[i]; z[i] = 0 }
                for (i = 1; i <= 128; i++) {
                    if (x[i]) for (k = 1; k <= 128; k++) z[k] = (z[k] + v[k]) % 2
                    low = v[128]
                    for (k = 128; k > 1; k--) v[k] = v[k - 1]
                    v[1] = 0
                    if (low) for (k = 1; k <= 128; k++) v[k] = (v[k] + reduction[k]) % 2
                }
                for (i = 1; i <= 128; i++) y[i] = z[i]
            }
            for (i = 1; i <= 128; i += 4)
                printf "%x", y[i] * 8 + y[i + 1] * 4 + y[i + 2] * 2 + y[i + 3]
        }' </dev/null
}

padded() { # hex digits, with zeros up to a whole block
    text=$1
    while [ $((${#text} % 32)) -ne 0 ]; do text=${text}00; done
    printf %s "$text"
}

block_cipher() { # KEY BLOCK: one block of AES-256, hex digits
    printf %s "$2" | octets | openssl enc -aes-256-ecb -nopad -K "$1" | hex
}

xor() { # two numbers of 32 hex digits
    for i in 0 8 16 24; do printf '%08x' $((0x${1:i:8} ^ 0x${2:i:8})); done
}

protocol=iso15118-20 set=iso15118-20-common hash=sha512
session pnc
signed AuthorizationReq contract-leaf PnC_AReqAuthorizationMode
signed MeteringConfirmationReq contract-leaf SignedMeteringData
session install
signed CertificateInstallationReq oem-leaf OEMProvisioningCertificateChain
signed CertificateInstallationRes cps-leaf SignedInstallationData
ran="the key of $protocol"
value "//*[local-name()='DHPublicKey']" | openssl base64 -d -A >"$work/point"
value "//*[local-name()='SECP521_EncryptedPrivateKey']" | openssl base64 -d -A >"$work/wrapped"
secret 30819b301006072a8648ce3d020106052b8104002303818600 32 SHA512
key=$(hex <"$work/key") wrapped=$(hex <"$work/wrapped")
iv=${wrapped:0:24} text=${wrapped:24:132} tag=${wrapped:156:32}
# GCM encrypts as CTR does whose counter begins at 2
found=$(printf %s "$text" | octets | openssl enc -d -aes-256-ctr -K "$key" -iv "${iv}00000002" | hex)
[ -n "$found" ] && [ "$found" = "$(contract_key)" ]
result $? "$protocol: openssl decrypts the contract's private key"
no_secret
pcid=$(openssl x509 -in "$V2GLAB_PKI/$protocol/oem-leaf.pem" -noout -subject -nameopt multiline |
    sed -n 's/ *commonName *= //p')
identifier=$(openssl x509 -in "$V2GLAB_PKI/$protocol/contract-leaf.pem" -noout \
    -ext subjectKeyIdentifier | tail -n 1 | tr -d ' :')
aad=$(printf '%s%s' "$pcid" "$identifier" | hex)
lengths=$(printf '%016x%016x' $((${#aad} * 4)) $((${#text} * 4)))
mac=$(ghash "$(block_cipher "$key" 00000000000000000000000000000000)" \
    "$(padded "$aad")$(padded "$text")$lengths")
[ "$tag" = "$(xor "$mac" "$(block_cipher "$key" "${iv}00000001")")" ]
result $? "$protocol: the tag over PCID, key identifier and encrypted key is right"
