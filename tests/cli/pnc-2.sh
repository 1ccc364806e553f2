#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Plug & Charge of the ready-made vehicle and station in ISO 15118-2: complete sessions, each
# response code in its case, and every fault of a certificate, both ways. A fault is proved to be in
# the message before what follows from it counts.
# shellcheck source=tests/cli/support
. tests/cli/support
# shellcheck source=tests/cli/support-ev
. tests/cli/support-ev
# shellcheck source=tests/cli/support-pnc
. tests/cli/support-pnc

edition=iso15118-2
export V2GLAB_PKI="$work/good"
run pki make "$work/good"
result $status "a tree of certificates"

# secure OPTION...: a vehicle with a contract, and its station, quick
secure() {
    # shellcheck disable=SC2086 # words
    run ev $fast --protocol ISO15118-2 --mode ac --payment Contract "$@"
}

# ev OPTION...: the same without TLS
ev() {
    secure --tls off --set contract_without_tls=true --with contract_without_tls=true "$@"
}

both_pass() {
    wants "$1" 0 out 'EVCC verdict: pass' out 'SECC verdict: pass' not-out ' fail' \
        not-out 'is not signed' not-out 'ignored' "${@:2}"
}

# code NAME RESPONSE CODE TEXT OPTION...: the station answers so, with the reason in its verdict
code() {
    what=$1 response=$2 expected=$3 text=$4
    shift 4
    ev "$@"
    fits=$(grep -c -E -- "$response +$expected(,|\$)" "$work/out")
    wants "$what: $expected" "$([ "$expected" = OK ] && echo 0 || echo 1)" out "$text"
    [ "$fits" -ge 1 ]
    result $? "$what: that code, in $response"
}

# ---- complete sessions ----

begin='SessionSetup ServiceDiscovery PaymentServiceSelection PaymentDetails Authorization'
provided='SessionSetup ServiceDiscovery ServiceDetail PaymentServiceSelection'
ac='PowerDelivery ChargingStatus PowerDelivery SessionStop'
dc='CableCheck PreCharge PowerDelivery CurrentDemand PowerDelivery WeldingDetection SessionStop'
# shellcheck disable=SC2086 # words
{
    secure -v
    both_pass "AC, paid by contract" out 'TLS is established' \
        out 'AuthorizationReq             signed' out 'PaymentDetailsReq            eMAID DE' \
        out 'PaymentOption ExternalPayment, PaymentOption Contract' \
        out 'eMAID>DEABCC000000013<'
    order "its order" $begin ChargeParameterDiscovery $ac
    secure --mode dc
    both_pass "DC, paid by contract"
    order "its order" $begin ChargeParameterDiscovery $dc
    secure --set contract=install -v
    both_pass "AC, with a certificate that is installed first" \
        out 'ServiceCategory>ContractCertificate<' out 'stringValue>Installation<' \
        out 'ParameterSetID>1<' out 'the contract of DEABCC000000013 is in use'
    order "its order" $provided CertificateInstallation PaymentDetails Authorization \
        ChargeParameterDiscovery $ac
    secure --set contract=update --mode dc -v
    both_pass "DC, with a certificate that is updated first" out 'ParameterSetID>2<' \
        out 'the contract of DEABCC000000013 is in use'
    order "its order" $provided CertificateUpdate PaymentDetails Authorization \
        ChargeParameterDiscovery $dc
}
ev --set contract=auto
both_pass "contract=auto: a contract that is valid for long" not-out 'Certificate'
ev --set contract=auto --set expires_soon=100000
both_pass "one that ends soon is updated" out 'CertificateUpdateRes         OK' \
    not-out 'CertificateInstallationReq'
tree contract-leaf expired
ev --set contract=auto
wants "for one that has expired there is a CertificateInstallationReq" 1 \
    out 'CertificateInstallationRes   OK' not-out 'PaymentDetailsReq'
V2GLAB_PKI="$work/good"
secure --set contract=update --mode dc -v
awk '/CertificateUpdateRes /, /<\/.*V2G_Message>/' "$work/out" >"$work/message"
for id in id1 id2 id3 id4; do
    [ "$(grep -c "URI=\"#$id\"" "$work/message")" = 1 ] && [ "$(grep -c "Id=\"$id\"" "$work/message")" = 1 ]
    result $? "the service signs the element $id"
done
for mode in ac dc; do
    secure --tls 1.2 --mode $mode --with receipt_every=1
    both_pass "receipts, $mode, over TLS 1.2" out 'MeteringReceiptRes           OK' \
        out 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256'
    [ "$(grep -c 'MeteringReceiptReq' "$work/out")" = 3 ]
    result $? "one for each reading"
done
ev --with ongoing.Authorization=3 -v
both_pass "several AuthorizationReqs"
[ "$(grep -c '> SECC  AuthorizationReq' "$work/out")" = 4 ] &&
    [ "$(grep -c '<s1:AuthorizationReq/>' "$work/out")" = 3 ] &&
    [ "$(grep -c 'SignatureValue' "$work/out")" = 1 ]
result $? "the first is signed, the others are empty [V2G2-684]"
hook again <<'END'
local first
function before.AuthorizationReq(m)
    first = first or m:copy()
    return first:copy()
end
END
ev --with ongoing.Authorization=2 --script "$work/again.lua" -v
both_pass "or all of them are signed"
[ "$(grep -c 'SignatureValue' "$work/out")" = 3 ]
result $? "three of them"
secure --set pause=1 --set contract=install
both_pass "a pause" out 'OK_OldSessionJoined'
[ "$(grep -c 'CertificateInstallationReq' "$work/out")" = 1 ] && [ "$(grep -c PaymentDetailsReq "$work/out")" = 2 ] &&
    [ "$(grep -c 'PaymentOption ExternalPayment' "$work/out")" = 1 ]
result $? "after it the option is the same, the only one on offer, and the certificate there"
ev --set renegotiate=1 --mode dc
both_pass "a renegotiation" out 'ChargeProgress Renegotiate'
hook other <<'END'
function on.state(name, ev)
    if name == 'closed' then ev.p.payment = 'ExternalPayment' end
end
END
ev --set pause=1 --with resume=false --with receipt_every=1 --with receipts_without_contract=true \
    --script "$work/other.lua" -v
both_pass "after a pause a new session, paid otherwise" out 'SelectedPaymentOption ExternalPayment'
sed -n '/SelectedPaymentOption ExternalPayment/,$p' "$work/out" >"$work/second"
grep -q MeteringReceiptReq "$work/second" && ! grep -q 'SignatureValue\|Req Id=\|GenChallenge' "$work/second"
result $? "nothing is left of the contract in it"

secure --count 6 --set contract=install --with receipt_every=1
[ "$status" -eq 0 ] && [ "$(grep -c 'SECC verdict: pass' "$work/out")" = 6 ] &&
    [ "$(grep -c 'EVCC verdict: pass' "$work/out")" = 6 ]
result $? "six vehicles at once at one station"

# ---- the end, at each of its steps ----

for step in CertificateInstallation:install CertificateUpdate:update PaymentDetails:present; do
    how="--set contract=${step#*:}" step=${step%:*}
    # shellcheck disable=SC2086 # words
    {
        ev $how --with silent_at=$step --timer V2G_EVCC_Msg_Timeout_${step}Req=60
        wants "no response to ${step}Req: the vehicle closes" 1 out "no response to ${step}Req in time"
        ev $how --set silent_at=$step --timer V2G_SECC_Sequence_Timeout=100ms
        wants "no ${step}Req: V2G_SECC_Sequence_Timeout" 1 \
            out 'SECC verdict: fail: V2G_SECC_Sequence_Timeout'
        ev $how --with answers.$step=FAILED
        wants "$step is FAILED: the vehicle ends the session" 1 out 'SessionStopReq' \
            out "the station answered ${step}Res with FAILED"
        ev $how --set stop_at=$step
        wants "the vehicle stops at $step" 0 out 'SessionStopRes               OK' not-out "${step}Req"
    }
    echo "function before.${step}Req(m) m.Header.SessionID = '0123456789ABCDEF' end" >"$work/hook.lua"
    code "$step with another SessionID" "${step}Res" FAILED_UnknownSession "${step}Req" \
        --set "contract=${how#*=}" --script "$work/hook.lua"
    echo "function before.${step}Res() return Secc.Message('SessionStopRes') end" >"$work/hook.lua"
    # shellcheck disable=SC2086 # words
    ev $how --with-script "$work/hook.lua"
    wants "another response than ${step}Res: the vehicle closes" 1 \
        out "expected ${step}Res, found SessionStopRes"
done

# ---- what is on offer, and chosen ----

secure --tls off
wants "no contract without TLS: neither offered nor asked for" 0 not-out 'PaymentOption Contract' \
    out 'paid by external means' out 'SelectedPaymentOption ExternalPayment'
ev --with contract_without_tls=false --set fall_back=false
wants "a vehicle that pays by contract only" 1 not-out 'PaymentOption Contract' \
    out 'fail: the station does not offer payment by contract' out 'SessionStopReq'
ev --set contract_without_tls=false
wants "a station that offers a contract without TLS: the vehicle does not take it" 0 \
    out 'PaymentOption Contract' out 'over TLS only' out 'SelectedPaymentOption ExternalPayment'
ev --with contract_without_tls=false --set values.PaymentServiceSelectionReq.SelectedPaymentOption=Contract
wants "a contract where none is on offer" 1 out 'SelectedPaymentOption Contract' \
    out 'PaymentServiceSelectionRes   FAILED_PaymentSelectionInvalid'
ev --payment ExternalPayment --with 'payment={"Contract"}'
wants "a station that takes contracts only: the vehicle stops" 1 out 'takes no external payment' \
    not-out 'PaymentServiceSelectionReq'
ev --payment ExternalPayment --with 'payment={"Contract"}' --set 'unsuited={"ignore"}'
wants "or asks for it all the same" 1 out 'SelectedPaymentOption ExternalPayment' \
    out 'PaymentServiceSelectionRes   FAILED_PaymentSelectionInvalid'
ev --with 'payment={"Contract"}' --with contract_without_tls=false
wants "a station that has nothing to offer says so" 1 out 'ServiceDiscoveryRes          FAILED' \
    out 'nothing else is on offer'
ev --with certificates=false --set contract=install
wants "no certificate service: the vehicle stops" 1 out 'offers no certificate service' \
    out 'SessionStopReq' not-out 'CertificateInstallationReq'
ev --with certificates=false --set contract=install --set 'unsuited={"ignore"}'
wants "[V2G2-432] or asks for a certificate all the same" 1 \
    out 'CertificateInstallationRes   FAILED_SequenceError'
ev --payment ExternalPayment -v
wants "external payment: nothing is signed" 0 out '</s1:ChargeParameterDiscoveryRes>' \
    not-out 'SignatureValue' not-out 'GenChallenge'
hook set <<'END'
function before.PaymentServiceSelectionReq(m)
    m.SelectedServiceList.SelectedService[2].ParameterSetID = 9
end
END
ev --set contract=install --script "$work/set.lua" -v
wants "a parameter set that the certificate service does not have" 1 out 'ParameterSetID>9<' \
    out 'PaymentServiceSelectionRes   FAILED_ServiceSelectionInvalid'
hook set <<'END'
function before.PaymentServiceSelectionReq(m)
    m.SelectedServiceList.SelectedService[2].ParameterSetID = nil
end
END
for contract in install update; do
    ev --set contract=$contract --script "$work/set.lua" -v
    both_pass "[V2G2-432] the certificate service without a parameter set: $contract" not-out FAILED
    times "those of ServiceDetailRes are all" 2 ':ParameterSetID>'
done
run ev --no-record --mode dc --protocol DIN70121 --payment Contract
wants "DIN 70121 knows no contract" 3 err 'DIN 70121 knows no payment by contract'
run evse --no-record --protocol DIN70121 --payment contract
wants "nor does its station" 3 err 'DIN 70121 knows no payment by contract'
run evse --no-record --ladder --time-scale 1000 --sessions 1 --protocol ISO15118-2 --mode ac \
    --payment Contract --with payment=Contract --with loops=1
both_pass "evse --payment Contract offers nothing else" out 'TLS is established' \
    not-out 'PaymentOption ExternalPayment'
run ev --no-record --mode dc --ladder --time-scale 1000 --set loops=1 --payment Contract \
    --set 'protocols={{"DIN70121",priority=1,schema=1}}'
wants "nor where DIN 70121 is agreed upon" 0 out 'knows no payment by contract' \
    out 'ServicePaymentSelectionReq   SelectedPaymentOption ExternalPayment'
ev --set payment=cash
wants "an option that there is not" 3 err "payment: expected ExternalPayment or Contract, found 'cash'"

# ---- response codes ----

code "a contract that is canceled" PaymentDetailsRes FAILED_ContractCanceled \
    "'DEABCC000000013' is canceled" --with 'canceled={"DE-ABC-C00000001-3"}'
code "a contract that is canceled, before its update" CertificateUpdateRes FAILED_ContractCanceled \
    'is canceled' --with 'canceled={"DEABCC000000013"}' --set contract=update
code "a provider that may not charge here" PaymentDetailsRes FAILED_CertificateNotAllowedAtThisEVSE \
    'of no provider' --with 'providers={"DE8AA","DE*ABD"}'
ev --with 'providers={"DE*ABC"}'
both_pass "one that may"
code "a provisioning certificate without a contract" CertificateInstallationRes \
    FAILED_NoCertificateAvailable 'no contract is known for PCID' --with 'provisioned={}' \
    --set contract=install
ev --with expires_soon=100000
wants "a contract that expires soon" 0 out 'PaymentDetailsRes            OK_CertificateExpiresSoon' \
    out 'contract certificate expires soon'

# breaks NAME RESPONSE CODE TEXT 'MESSAGE, SIGNER, FAULT, CHANGE' OPTION...
breaks() {
    breaking "$5"
    breaks_what=$1
    code "$1" "$2" "$3" "$4" --script "$work/hook.lua" "${@:6}"
    grep -q "EVCC .*$broken" "$work/out"
    result $? "$breaks_what: $broken"
}

other="function(m) m.GenChallenge = ('x'):rep(16) end"
a="'AuthorizationReq', 'contract-leaf'"
breaks "another challenge, signed" AuthorizationRes FAILED_ChallengeInvalid \
    'GenChallenge is not that of PaymentDetailsRes' "$a, 'signed', $other"
breaks "no challenge, signed" AuthorizationRes FAILED_ChallengeInvalid \
    'GenChallenge is not that' "$a, 'signed', function(m) m.GenChallenge = nil end"
breaks "another challenge, changed after signing" AuthorizationRes FAILED_SignatureError \
    'digest' "$a, 'altered', $other"
breaks "AuthorizationReq of another key" AuthorizationRes FAILED_SignatureError \
    'AuthorizationReq was answered with FAILED_SignatureError: ' "$a, 'foreign'"
breaks "AuthorizationReq without a signature" AuthorizationRes FAILED_SignatureError \
    'FAILED_SignatureError: ' "$a, 'unsigned'"
second='(function() local n = 0 return function() n = n + 1 return n == 2 end end)()'
breaks "a second AuthorizationReq of another key" AuthorizationRes FAILED_SignatureError \
    'AuthorizationReq was answered with FAILED_SignatureError: ' "$a, 'foreign', nil, $second" \
    --with ongoing.Authorization=2
breaks "another challenge in the second" AuthorizationRes FAILED_ChallengeInvalid \
    'GenChallenge is not that of PaymentDetailsRes' "$a, 'altered', $other, $second" \
    --with ongoing.Authorization=2
hook off <<'END'
Evcc.Signing = false
END
code "Signing = false" AuthorizationRes FAILED_SignatureError \
    'AuthorizationReq is not signed: Signing = false' --script "$work/off.lua"
o="'CertificateInstallationReq', 'oem-leaf'"
serial='function(m) local id = m.ListOfRootCertificateIDs.RootCertificateID[1]
    id.X509IssuerName = id.X509IssuerName .. "x" end'
for case in foreign unsigned altered; do
    breaks "CertificateInstallationReq, $case" CertificateInstallationRes FAILED_SignatureError \
        'FAILED_SignatureError: ' "$o, '$case', $serial" --set contract=install
    breaks "CertificateUpdateReq, $case" CertificateUpdateRes FAILED_SignatureError \
        'FAILED_SignatureError: ' "'CertificateUpdateReq', 'contract-leaf', '$case', $serial" --set contract=update
done
u="'CertificateUpdateReq', 'contract-leaf', 'signed'"
breaks "an update with another eMAID" CertificateUpdateRes FAILED_NoCertificateAvailable \
    'is not that of the contract certificate' \
    "$u, function(m) m.eMAID = 'DEABCC00000002' end" --set contract=update
breaks "an update with something that is no eMAID" CertificateUpdateRes \
    FAILED_NoCertificateAvailable "eMAID 'DE_ABCC0000000'" \
    "$u, function(m) m.eMAID = 'DE_ABCC0000000' end" --set contract=update
for emaid in DEABCC00000002 DEABCC000000014 'DE ABCC 0000000'; do
    code "PaymentDetailsReq with eMAID $emaid" PaymentDetailsRes FAILED_NoCertificateAvailable \
        "eMAID '$emaid'" --set "values.PaymentDetailsReq.eMAID=$emaid"
done
for mode in ac dc; do
    m="'MeteringReceiptReq', 'contract-leaf'"
    reading='function(m) m.MeterInfo.MeterReading = m.MeterInfo.MeterReading + 1 end'
    for case in foreign unsigned altered signed; do
        breaks "receipt, $mode, $case" MeteringReceiptRes FAILED_MeteringSignatureNotValid \
            'FAILED_MeteringSignatureNotValid: ' "$m, '$case', $reading" --with receipt_every=2 --mode $mode
    done
done
grep -q 'MeterReading is not that of CurrentDemandRes' "$work/out"
result $? "a reading that the station did not send is told of"
code "a fixed challenge" PaymentDetailsRes OK 'GenChallenge>AAECAwQFBgcICQoLDA0ODw==<' \
    --with challenge=000102030405060708090A0B0C0D0E0F -v
ev -v
grep 'GenChallenge>' "$work/out" | sort -u >"$work/challenge"
ev -v
grep 'GenChallenge>' "$work/out" | sort -u | cat - "$work/challenge" | sort -u | wc -l >"$work/n"
[ "$(cat "$work/n")" = 2 ]
result $? "else it is another one each time"

# ---- tariffs ----

tariffs='schedules={{id=1,entries={{start=0,power=11000,duration=86400}},tariff={levels=2,entries={{start=0,level=2}}}},{id=5,entries={{start=0,power=3700,duration=86400}},tariff={levels=2,entries={{start=0,level=1}}}}}'
ev --with "$tariffs" -v
both_pass "tariffs are signed by the mobility operator" out 'URI="#id1"' out 'URI="#id2"' \
    out 'SAScheduleTupleID>5<'
grep -A 30 'PowerDeliveryReq ' "$work/out" | grep -q 'SAScheduleTupleID>5<'
result $? "and the cheaper one is chosen"
ev --with "$tariffs" -v --payment ExternalPayment
wants "external payment: tariffs are not signed, and count" 0 not-out 'SignatureValue'
grep -A 30 'PowerDeliveryReq ' "$work/out" | grep -q 'SAScheduleTupleID>5<'
result $? "the cheaper one, too"
# tariff NAME CHANGE: what the station changes makes the vehicle pass over the tariffs
tariff() {
    hook tariff <<END
function before.ChargeParameterDiscoveryRes(m)
    $2
    assert(not m:verify(Pki.Identity('mo-sub2').chain[1]), 'the fault is not in the message')
    Log('the fault is in the message')
end
END
    ev --with "$tariffs" --with-script "$work/tariff.lua" -v
    wants "tariffs, $1: they are ignored" 0 out "$broken" out 'SalesTariff is ignored: '
    grep -A 30 'PowerDeliveryReq ' "$work/out" | grep -q 'SAScheduleTupleID>1<'
    result $? "tariffs, $1: the first schedule it is"
}
tariff "not signed" 'm.Header.Signature = nil'
tariff "signed by another key" "m:sign(Pki.Identity('contract-leaf'))"
tariff "changed after signing" \
    'm.SAScheduleList.SAScheduleTuple[2].SalesTariff.SalesTariffEntry[1].EPriceLevel = 0'

# ---- what the vehicle refuses ----

# refuses NAME TEXT CHANGE OPTION...: the station changes its response; the vehicle ends the session
refuses() {
    what=$1 text=$2
    hook station <<END
local function sign(m) m:sign(Pki.Identity('cps-leaf')) end
local function is_valid(m) return m:verify(Pki.Identity('cps-leaf').chain[1]) == true end
$3
END
    ev --with-script "$work/station.lua" "${@:4}"
    wants "$what: the vehicle refuses it" 1 out "$broken" out "is refused: $text" \
        out 'SessionStopReq' out 'SECC verdict: pass'
}
res='function before.CertificateInstallationRes(m)'
done_it="assert(not is_valid(m)) Log('$broken') end"
signed_it="sign(m) assert(is_valid(m)) Log('$broken') end"
signature='the signature is not that of the provisioning service: '
refuses "a response that is not signed" "$signature" "$res m.Header.Signature = nil $done_it" \
    --set contract=install
refuses "[V2G2-891] a response signed by another key" "$signature" \
    "$res m:sign(Pki.Identity('contract-leaf')) $done_it" --set contract=install
refuses "an eMAID that was changed after signing" "$signature" \
    "$res m.eMAID.content = 'DEABCC00000002' $done_it" --set contract=install
refuses "a key that was changed after signing" "$signature" \
    "$res m.ContractSignatureEncryptedPrivateKey.content = ('k'):rep(48) $done_it" \
    --set contract=install
refuses "another eMAID, signed" "eMAID 'DEABCC00000002' is not that of the contract certificate" \
    "$res m.eMAID.content = 'DEABCC00000002' $signed_it" --set contract=install
refuses "[V2G2-823] another key, signed" 'the private key of the contract: ' \
    "$res m.ContractSignatureEncryptedPrivateKey.content = ('k'):rep(48) $signed_it" \
    --set contract=install
refuses "a key that is too short, signed" 'the private key of the contract: ' \
    "$res m.ContractSignatureEncryptedPrivateKey.content = 'k' $signed_it" --set contract=install
refuses "a public key that is none, signed" 'the private key of the contract: ' \
    "$res m.DHpublickey.content = ('\\4'):rep(65) $signed_it" --set contract=install
refuses "an update wrapped for the provisioning certificate" 'the private key of the contract: ' \
    "function before.CertificateUpdateRes(m)
        local key, wrapped = Pki.Wrap(Pki.Identity('oem-leaf').chain[1], Pki.Identity('contract-leaf').key)
        m.DHpublickey.content, m.ContractSignatureEncryptedPrivateKey.content = key, wrapped
        $signed_it" --set contract=update
refuses "a challenge of three octets" 'GenChallenge has 3 octets; expected 16' \
    "function before.PaymentDetailsRes(m) m.GenChallenge = 'abc' Log('$broken') end"

# ---- faults of certificates ----

# station MESSAGE HOW ROLE FAULT CODE TEXT: the station refuses a certificate in MESSAGEReq
station() {
    tree "$3" "$4"
    ev -v --set contract="$2"
    wants "$1: $3 $4: $5" 1 out "${1}Res" \
        out "${1}Req was answered with $5: certificate" out "$6" out 'EVCC verdict: fail'
    shown "${1}Req" "$3"
    result $? "$1: $3 $4: the certificate was sent"
}

# vehicle MESSAGE HOW ROLE FAULT FIELD TEXT: the vehicle refuses one in MESSAGERes
vehicle() {
    tree "$3" "$4"
    ev -v --set contract="$2"
    wants "$1: $3 $4: the vehicle refuses it" 1 out "${1}Res is refused: $5, certificate" out "$6" \
        out 'SessionStopReq' out 'SECC verdict: pass'
    shown "${1}Res" "$3"
    result $? "$1: $3 $4: the certificate was sent"
}

# Faults of a leaf that is shown with its chain; the code in PaymentDetailsRes, and in the other
# two.
chain=FAILED_CertChainError none=FAILED_NoCertificateAvailable
here=FAILED_CertificateNotAllowedAtThisEVSE
while read -r fault details others text; do
    station PaymentDetails present contract-leaf "$fault" "$details" "$text"
    station CertificateUpdate update contract-leaf "$fault" "$others" "$text"
    vehicle CertificateInstallation install contract-leaf "$fault" ContractSignatureCertChain "$text"
done <<END
expired FAILED_CertificateExpired FAILED_CertificateExpired 1 (contract-leaf): expired on
not-yet-valid FAILED_CertificateExpired FAILED_CertificateExpired 1 (contract-leaf): not valid before
revoked FAILED_CertificateRevoked FAILED_CertificateRevoked 1 (contract-leaf): revoked
wrong-domain-component $here $none 1 (contract-leaf): domain component OEM; expected MO (ISO 15118-2
wrong-key-usage $here $none 1 (contract-leaf): key usage is keyEncipherment; expected
wrong-curve $here $none 1 (contract-leaf): a key of secp384r1
wrong-emaid $here $none 1 (contract-leaf): eMAID DEABCC000000010 has the check digit 0
self-signed $chain $chain 1 (contract-leaf): signed by itself
bad-signature $chain $chain 1 (contract-leaf): its signature is not that
unparseable $chain $chain 1: 
missing-intermediate $chain $chain 1 (contract-leaf): its issuer
swapped-sub-ca $chain $chain 3 (mo-sub2): MO sub-CA 2 stands at place 3; expected place 2
path-length-exceeded $chain $chain 3 (mo-sub2): 1 sub-CA below it
foreign-sub-ca $here $none 2 (mo-sub2): domain component V2G; expected MO
END

# Faults of the sub-CAs of a contract
while read -r role fault details text; do
    station PaymentDetails present "$role" "$fault" "$details" "$text"
done <<END
mo-sub2 expired $here 2 (mo-sub2): expired on
mo-sub1 expired $here 3 (mo-sub1): expired on
mo-sub2 not-yet-valid $here 2 (mo-sub2): not valid before
mo-sub1 not-yet-valid $here 3 (mo-sub1): not valid before
mo-sub2 revoked FAILED_CertificateRevoked 2 (mo-sub2): revoked
mo-sub1 revoked FAILED_CertificateRevoked 3 (mo-sub1): revoked
mo-sub2 wrong-domain-component $here 2 (mo-sub2): domain component OEM; expected MO
mo-sub1 wrong-domain-component $here 3 (mo-sub1): domain component OEM; expected MO
mo-sub2 wrong-key-usage $here 2 (mo-sub2): key usage
mo-sub1 wrong-key-usage $here 3 (mo-sub1): key usage
mo-sub2 wrong-curve $here 2 (mo-sub2): a key of secp384r1
mo-sub1 wrong-curve $here 3 (mo-sub1): a key of secp384r1
mo-sub2 self-signed $chain 2 (mo-sub2): signed by itself
mo-sub1 self-signed $chain 3 (mo-sub1): signed by itself
mo-sub2 bad-signature $chain 2 (mo-sub2): its signature is not that
mo-sub1 bad-signature $chain 3 (mo-sub1): its issuer
mo-sub2 unparseable $chain 2: 
mo-sub1 unparseable $chain 3: 
mo-sub1 path-length-exceeded $chain 3 (mo-sub1): 1 sub-CA below it
END

# Faults of the provisioning certificate, which comes without its sub-CAs
while read -r role fault expected text; do
    station CertificateInstallation install "$role" "$fault" "$expected" "$text"
done <<END
oem-leaf expired FAILED_CertificateExpired 1 (oem-leaf): expired on
oem-leaf not-yet-valid FAILED_CertificateExpired 1 (oem-leaf): not valid before
oem-leaf revoked FAILED_CertificateRevoked 1 (oem-leaf): revoked
oem-leaf wrong-domain-component $none 1 (oem-leaf): domain component MO; expected OEM
oem-leaf wrong-key-usage $none 1 (oem-leaf): key usage
oem-leaf wrong-curve $none 1 (oem-leaf): a key of secp384r1
oem-leaf self-signed $chain 1 (oem-leaf): signed by itself
oem-leaf bad-signature $chain 1 (oem-leaf): its signature is not that
oem-leaf unparseable $chain 1: 
END

# Faults of the provisioning service
while read -r role fault text; do
    vehicle CertificateInstallation install "$role" "$fault" SAProvisioningCertificateChain "$text"
    vehicle CertificateUpdate update "$role" "$fault" SAProvisioningCertificateChain "$text"
done <<END
cps-leaf expired 1 (cps-leaf): expired on
cps-leaf not-yet-valid 1 (cps-leaf): not valid before
cps-leaf revoked 1 (cps-leaf): revoked
cps-leaf wrong-domain-component 1 (cps-leaf): domain component OEM; expected CPS ([V2G2-925])
cps-leaf wrong-key-usage 1 (cps-leaf): key usage
cps-leaf wrong-curve 1 (cps-leaf): a key of secp384r1
cps-leaf self-signed 1 (cps-leaf): signed by itself
cps-leaf bad-signature 1 (cps-leaf): its signature is not that
cps-leaf unparseable 1: 
cps-leaf missing-intermediate 1 (cps-leaf): its issuer
cps-leaf swapped-sub-ca 3 (cps-sub2): CPS sub-CA 2 stands at place 3
cps-leaf path-length-exceeded 3 (cps-sub2): 1 sub-CA below it
cps-leaf foreign-sub-ca 2 (cps-sub2): domain component V2G
cps-sub2 expired 2 (cps-sub2): expired on
cps-sub1 revoked 3 (cps-sub1): revoked
END

# ---- trees that lack something ----

cp -r "$work/good" "$work/lacking"
rm "$work/lacking/iso15118-2/cps-leaf".*
V2GLAB_PKI="$work/lacking"
code "a station without a provisioning service" CertificateInstallationRes \
    FAILED_NoCertificateAvailable cps-leaf --set contract=install
rm "$work/lacking/iso15118-2/mo-sub2.key"
ev --with "$tariffs"
wants "a station without the mobility operator's key: tariffs are not signed, and ignored" 0 \
    out 'tariffs are not signed: ' out 'SalesTariff is ignored: '
rm "$work/lacking/iso15118-2/contract-leaf".*
ev
wants "a vehicle without a contract says what is missing" 3 out 'contract-leaf'

# ---- certificates of another tree, with the same names ----

V2GLAB_PKI="$work/good"
run pki make --for iso15118-2 "$work/other"
# stranger PLACES: in PaymentDetailsReq and CertificateUpdateReq the certificates at these places of
# the chain (1: the leaf) are of the other tree; who has the leaf's key signs
stranger() {
    hook stranger <<END
local foreign = Pki.Read('other/iso15118-2/contract-leaf.chain.pem')
local key = Pki.Key('other/iso15118-2/contract-leaf.key')
local function change(m)
    local chain = m.ContractSignatureCertChain
    for place in ('$1'):gmatch('%d') do
        local der = foreign[tonumber(place)].der
        if place == '1' then
            assert(chain.Certificate ~= der)
            chain.Certificate = der
        else
            assert(chain.SubCertificates.Certificate[place - 1] ~= der)
            chain.SubCertificates.Certificate[place - 1] = der
        end
    end
    Log('$broken')
end
before.PaymentDetailsReq = change
function before.CertificateUpdateReq(m)
    change(m)
    m:sign(('$1'):find('1') and key or nil)
end
END
    for how in PaymentDetails:present CertificateUpdate:update; do
        code "${how%:*}: of another tree: places $1 of the chain" "${how%:*}Res" FAILED_CertChainError \
            "$broken" --set contract="${how#*:}" --script "$work/stranger.lua"
    done
}
for places in 1 2 3 23 123; do
    stranger $places
done

# ---- faults that are put up with ----

tree contract-leaf wrong-emaid
ev --with 'tolerate={"name"}'
both_pass "a wrong check digit that is tolerated"
tree contract-leaf wrong-key-usage
ev --with 'tolerate={"name"}'
wants "another fault is not" 1 out 'FAILED_CertificateNotAllowedAtThisEVSE'
tree cps-leaf wrong-domain-component
ev --set 'tolerate={"domain"}' --set contract=install
both_pass "nor does the vehicle mind what it tolerates"
V2GLAB_PKI="$work/good"
breaking "$a, 'unsigned'"
ev --script "$work/hook.lua" --with 'tolerate={"absent"}'
both_pass "a missing signature that is tolerated" out "$broken" out 'put up with: '
breaking "$a, 'altered', function(m) m.Id = 'id7' m.Header.Signature.SignedInfo.Reference[1].URI = '#id7' end"
ev --script "$work/hook.lua" --with 'tolerate={"absent"}'
wants "a wrong one is not" 1 out "$broken" out 'AuthorizationRes             FAILED_SignatureError'
ev --with 'tolerate={"colour"}'
wants "a kind of fault that there is not" 3 out "'colour' is no kind of fault"

# ---- broken in every way ----

V2GLAB_PKI="$work/good"
ev --script tests/lua/contracts.lua --with receipt_every=1 --with linger_ms=50
wants "the station refuses every broken certificate and signature, and goes on" 1 \
    out 'EVCC verdict: pass' not-out 'verdict: error'
[ "$(sed -n 's/.*broken: \([0-9]*\) messages of 9 kinds.*/\1/p' "$work/out")" -gt 250 ]
result $? "$(sed -n 's/.*broken: //p' "$work/out")"
ev --script tests/lua/provisioning.lua --with-script tests/lua/provisioning.lua --with linger_ms=50
wants "the vehicle refuses every broken contract, and takes a good one" 0 out 'EVCC verdict: pass'
[ "$(sed -n 's/.*refused: \([0-9]*\) forms.*/\1/p' "$work/out")" -gt 140 ]
result $? "$(sed -n 's/.*refused: \([0-9]* forms\)/\1/p' "$work/out")"
