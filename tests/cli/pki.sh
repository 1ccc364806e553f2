#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `v2glab pki`: the tree, what openssl says of it, faults, the OCSP responder.
set -u

tree=$TMPDIR/tree
export V2GLAB_PKI="$TMPDIR/demo"

result() {
    if [ "$1" -eq 0 ]; then echo "ok - $2"; else echo "not ok - $2"; fi
}

# Passes where a command ends with the wanted exit code, and its output has the wanted words.
expect() {
    code=$1 words=$2 what=$3
    shift 3
    "$@" >"$TMPDIR/out" 2>&1
    got=$?
    status=0
    [ $got -eq "$code" ] || status=1
    grep -q -e "$words" "$TMPDIR/out" || status=1
    [ $status -eq 0 ] || sed 's/^/# /' "$TMPDIR/out"
    result $status "$what"
}

expect 0 "ISO 15118-2 and ISO 15118-20" "one command makes the tree" "$V2GLAB" pki make "$tree"
expect 3 "say --replace" "a tree is not overwritten" "$V2GLAB" pki make "$tree"
expect 0 "" "unless it is to be" "$V2GLAB" pki make --replace "$tree"

status=0
for key in "$tree"/*/*.key; do
    [ "$(stat -c %a "$key")" = 600 ] || status=1
done
result $status "private keys have mode 0600"

status=0
for chain in "$tree"/*/*-leaf.chain.pem; do
    folder=$(dirname "$chain")
    leaf=$(basename "$chain" .chain.pem)
    case $leaf in
    oem-*) root=oem-root ;;
    contract-*) root=mo-root ;;
    *) root=v2g-root ;;
    esac
    openssl verify -x509_strict -CAfile "$folder/$root.pem" -untrusted "$chain" \
        "$folder/$leaf.pem" >"$TMPDIR/out" 2>&1 || { status=1; cat "$TMPDIR/out"; }
    openssl x509 -in "$folder/$leaf.pem" -noout -pubkey >"$TMPDIR/certified"
    openssl pkey -in "$folder/$leaf.key" -pubout >"$TMPDIR/own"
    cmp -s "$TMPDIR/certified" "$TMPDIR/own" || status=1
    "$V2GLAB" pki show "$chain" >"$TMPDIR/out" || { status=1; cat "$TMPDIR/out"; }
done
result $status "openssl verifies every chain, keys fit, and the profiles are met"

expect 0 "contract-leaf .*DEABCC000000013" "list shows the tree" "$V2GLAB" pki list "$tree"
expect 0 "table F.2" "list --roles shows where profiles stand" "$V2GLAB" pki list --roles
expect 0 "DE8AA1A2B3C4D5" "an eMAID gets its check digit" sh -c \
    "'$V2GLAB' pki make --emaid DE8AA1A2B3C4D5 '$TMPDIR/emaid' && '$V2GLAB' pki list '$TMPDIR/emaid'"
expect 3 "check digit" "a wrong check digit is refused" \
    "$V2GLAB" pki make --emaid DE8AA1A2B3C4D5X "$TMPDIR/no"

two=$TMPDIR/two/iso15118-20
expect 0 "" "a tree with two contracts" "$V2GLAB" pki make --emaid DEABCC00000001 \
    --emaid DE8AAC00000002 --fault contract-leaf=expired "$TMPDIR/two"
expect 1 "expired" "of which the first has a fault" "$V2GLAB" pki show "$two/contract-leaf.chain.pem"
expect 0 "DE8AAC00000002H" "and the other none" "$V2GLAB" pki show "$two/contract-leaf-2.chain.pem"
expect 3 "at most 9" "ten are too many" "$V2GLAB" pki make --emaid DE8AAC00000001 \
    --emaid DE8AAC00000002 --emaid DE8AAC00000003 --emaid DE8AAC00000004 --emaid DE8AAC00000005 \
    --emaid DE8AAC00000006 --emaid DE8AAC00000007 --emaid DE8AAC00000008 --emaid DE8AAC00000009 \
    --emaid DE8AAC00000010 "$TMPDIR/ten"

# What the command says of each fault, and whether openssl refuses it too (yes, no).
while read -r fault words by_openssl; do
    rm -rf "$TMPDIR/broken"
    "$V2GLAB" pki make --for iso15118-2 --fault "$fault" "$TMPDIR/broken" >/dev/null || echo "not ok"
    folder=$TMPDIR/broken/iso15118-2
    expect 1 "$(echo "$words" | tr _ ' ')" "$fault is found" \
        "$V2GLAB" pki show "$folder/secc-leaf.chain.pem"
    found=yes
    openssl verify -x509_strict -CAfile "$folder/v2g-root.pem" \
        -untrusted "$folder/secc-leaf.chain.pem" "$folder/secc-leaf.pem" >"$TMPDIR/out" 2>&1 &&
        found=no
    status=0
    [ $found = "$by_openssl" ] || status=1
    result $status "$fault: openssl refuses: $by_openssl"
done <<'END'
secc-leaf=expired expired_on yes
secc-leaf=not-yet-valid not_valid_before yes
secc-leaf=wrong-domain-component component_OEM;_expected_CPO no
secc-leaf=wrong-key-usage expected_digitalSignature no
secc-leaf=wrong-curve secp384r1;_expected_secp256r1 no
secc-leaf=missing-intermediate neither_in_the_chain yes
secc-leaf=path-length-exceeded path_length_constraint_is_0 yes
secc-leaf=self-signed signed_by_itself yes
secc-leaf=bad-signature not_that_of_its_issuer yes
secc-leaf=unparseable no_X.509_certificate yes
secc-leaf=swapped-sub-ca stands_at_place_3 no
cpo-sub2=wrong-key-usage expected_keyCertSign yes
cpo-sub2=bad-signature not_that_of_its_issuer yes
v2g-root=expired v2g-root:_expired yes
END

expect 1 "V2G2-925" "the clause is said" sh -c "'$V2GLAB' pki make --replace --for iso15118-2 \
    -f secc-leaf=wrong-domain-component '$TMPDIR/broken' >/dev/null; \
    '$V2GLAB' pki show '$TMPDIR/broken/iso15118-2/secc-leaf.chain.pem'"
openssl x509 -in "$tree/iso15118-2/secc-leaf.pem" -outform DER -out "$TMPDIR/leaf.der"
expect 0 "secc-leaf" "DER is read too" "$V2GLAB" pki show "$TMPDIR/leaf.der"
expect 1 "expired" "at another date" "$V2GLAB" pki show --at 2099-01-01 "$TMPDIR/leaf.der"
expect 3 "cannot be opened" "a missing file" "$V2GLAB" pki show "$TMPDIR/none.pem"
head -c 3000 /dev/urandom >"$TMPDIR/noise"
expect 1 "no X.509 certificate" "noise is no certificate" "$V2GLAB" pki show "$TMPDIR/noise"
expect 3 "is no role" "an unknown role" "$V2GLAB" pki make --fault me=expired "$TMPDIR/no"
expect 3 "is no fault" "an unknown fault" "$V2GLAB" pki make --fault secc-leaf=odd "$TMPDIR/no"
expect 3 "expected make, show, list or ocsp" "an unknown verb" "$V2GLAB" pki grow
expect 0 "examples:" "help" "$V2GLAB" pki make --help
expect 0 "demo certificates were made" "a demo tree is made on first use" "$V2GLAB" pki list
expect 0 "vehicle-leaf" "and used from then on" "$V2GLAB" pki list

# ---- trees of older versions ----

# old FOLDER: as one that a version has made which did not say so yet
old() { rm "$1"/iso15118-2/made "$1"/iso15118-20/made; }
root() { openssl x509 -in "$1/v2g-root.pem" -noout -fingerprint; }
own="XDG_DATA_HOME=$TMPDIR/data"
demo=$TMPDIR/data/v2glab/pki
expect 0 "demo certificates were made" "a tree where the user has them" env -u V2GLAB_PKI "$own" "$V2GLAB" pki list
grep -q "^profile [0-9]* by v2glab [0-9]" "$demo/iso15118-20/made"
result $? "a tree says what has made it"
before=$(root "$demo/iso15118-20")
expect 0 "secc-leaf" "a tree of this version stays" env -u V2GLAB_PKI "$own" "$V2GLAB" pki list
[ "$before" = "$(root "$demo/iso15118-20")" ]
result $? "as it is"
old "$demo"
expect 0 "of an older version and are made anew" "an old demo tree is made anew" env -u V2GLAB_PKI "$own" "$V2GLAB" pki list
[ "$before" != "$(root "$demo/iso15118-20")" ] && [ "$before" = "$(root "$demo/iso15118-20.old")" ]
result $? "and the old one is beside it"
old "$demo"
expect 0 "made anew" "a second one, too" env -u V2GLAB_PKI "$own" "$V2GLAB" pki list
[ -d "$demo/iso15118-20.old-2" ]
result $? "has a place of its own"
before=$(root "$demo/iso15118-20")
old "$demo"
expect 0 "secc-leaf" "one that the user has named stays" env V2GLAB_PKI="$demo" "$V2GLAB" pki list
[ "$before" = "$(root "$demo/iso15118-20")" ]
result $? "however old"
for named in "--pki $demo" ""; do
    # shellcheck disable=SC2086
    expect 0 "warning: the certificates in $demo/iso15118-20 are of an older version.*--replace" \
        "v2glab test says that it is old ${named:+by --pki}" env V2GLAB_PKI="$demo" "$V2GLAB" test -q --no-record \
        -o "$TMPDIR/run${named:+-named}" $named TC_SECC_CMN_VTB_SessionSetup_001
done

# ---- the responder ----

rm -rf "$TMPDIR/broken"
"$V2GLAB" pki make --fault secc-leaf=revoked "$TMPDIR/broken" >/dev/null
"$V2GLAB" pki ocsp --listen ::1 "$TMPDIR/broken" >"$TMPDIR/ocsp.log" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null' EXIT
tries=0
while ! grep -q 'http:' "$TMPDIR/ocsp.log" && [ $tries -lt 100 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
url=$(sed -n 's/.*\(http:[^ ]*\) .*/\1/p' "$TMPDIR/ocsp.log")

ask() {
    (cd "$TMPDIR/broken/$1" && openssl ocsp -url "$url" -issuer "$2.pem" -cert "$3.pem" \
        -CAfile "$4.pem" -verify_other "$2.pem" -trust_other)
}
for edition in iso15118-2 iso15118-20; do
    expect 0 "secc-leaf.pem: revoked" "$edition: revoked" \
        ask $edition cpo-sub2 secc-leaf v2g-root
    expect 0 "contract-leaf.pem: good" "$edition: good" \
        ask $edition mo-sub2 contract-leaf mo-root
    expect 0 "Response verify OK" "$edition: openssl verifies the answer" \
        ask $edition cpo-sub2 secc-leaf v2g-root
done
ask_serial() {
    (cd "$TMPDIR/broken/iso15118-2" && openssl ocsp -url "$url" -issuer cpo-sub2.pem -serial 0x77 \
        -CAfile v2g-root.pem -verify_other cpo-sub2.pem -trust_other)
}
expect 0 "0x77: unknown" "a certificate that was never issued: unknown" ask_serial
expect 1 "unauthorized" "of a CA that is not in the tree: refused" \
    ask iso15118-2 cpo-sub2 oem-leaf v2g-root
kill $server
wait $server
result $? "the responder ends when told to"
trap - EXIT
