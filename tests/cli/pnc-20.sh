#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Plug & Charge of the ready-made vehicle and station in ISO 15118-20: complete sessions, each
# response code in its case and what the vehicle makes of it, and every fault of a certificate, both
# ways. A fault is proved to be in the message before what follows from it counts.
# shellcheck source=tests/cli/support
. tests/cli/support
# shellcheck source=tests/cli/support-ev
. tests/cli/support-ev
# shellcheck source=tests/cli/support-pnc
. tests/cli/support-pnc

edition=iso15118-20
export V2GLAB_PKI="$work/good"
two="--emaid DEABCC00000001 --emaid DE8AAC00000002"
# shellcheck disable=SC2086 # words
{
    run pki make --for $edition $two "$work/good"
    result $status "a tree with two contracts"
    run pki make --for $edition --ed448 $two "$work/ed448"
    result $status "one of Ed448"
}

# secure OPTION...: a vehicle with a contract, and its station, quick, over TLS 1.3
secure() {
    # shellcheck disable=SC2086 # words
    run ev $fast --protocol ISO15118-20 --mode ac --payment Contract "$@"
}

# ev OPTION...: the same without TLS
ev() {
    secure --tls off --set contract_without_tls=true --with contract_without_tls=true "$@"
}

all_well() {
    both_pass "$1" not-out 'is not signed' not-out 'ignored' not-out WARNING "${@:2}"
}

# ---- complete sessions ----

installs='--set contract=install'
two_of="contracts={'contract-leaf','contract-leaf-2'}"
for keys in good ed448; do
    V2GLAB_PKI=$work/$keys
    [ $keys = good ] && curve=SECP521 || curve=X448
    [ $keys = good ] && method=ecdsa-sha512 || method=xmldsig#Ed448
    for mode in ac dc; do
        prefix=${mode^^}
        between='' end=SessionStop
        [ $mode = ac ] || { between='DC_CableCheck DC_PreCharge'; end='DC_WeldingDetection SessionStop'; }
        rest="Authorization ServiceDiscovery ServiceDetail ServiceSelection"
        rest="$rest ${prefix}_ChargeParameterDiscovery ScheduleExchange $between"
        rest="$rest PowerDelivery ${prefix}_ChargeLoop"
        # shellcheck disable=SC2086 # words
        for control in scheduled dynamic; do
            secure --mode $mode --set control=$control -v
            all_well "$keys, $mode, $control: paid by contract" out 'TLS is established: TLS 1.3' \
                out 'SelectedAuthorizationService>PnC<' out "SignatureMethod Algorithm=\"" \
                out "$method\"" out 'AuthorizationServices>PnC<'
            order "its order" SessionSetup AuthorizationSetup $rest PowerDelivery $end
            secure --mode $mode --set control=$control $installs -v
            all_well "[V2G20-2221] $keys, $mode, $control: with a contract that is installed" \
                out "ECDHCurve>$curve<" out "${curve}_EncryptedPrivateKey>" \
                out 'the contract of DEABCC000000013 is installed'
            order "its order" SessionSetup AuthorizationSetup CertificateInstallation $rest \
                PowerDelivery $end
        done
    done
    # shellcheck disable=SC2086 # words
    secure $installs --set max_contracts=2 --with "$two_of" -v
    all_well "$keys: two contracts are installed" out 'MaximumContractCertificateChains>2<' \
        out 'RemainingContractCertificateChains>1<' out 'RemainingContractCertificateChains>0<' \
        out 'the contract of DEABCC000000013 is installed' \
        out 'the contract of DE8AAC00000002H is installed'
    times "$keys: in two exchanges" 2 'CertificateInstallationRes   OK'
    awk '/OEMProvisioningCertificateChain / { getline; print; n++ } END { exit n != 2 }' "$work/out" |
        sort -u >"$work/oem"
    [ "${PIPESTATUS[0]}" = 0 ] && [ "$(wc -l <"$work/oem")" = 1 ] && shown CertificateInstallationReq oem-leaf
    result $? "[V2G20-2342] $keys: for both of them with the one provisioning certificate of the vehicle"
    secure --mode dc --with receipt_every=1
    all_well "$keys: meter readings are confirmed" out 'MeteringConfirmationRes      OK'
    times "$keys: each of them" 3 'EVCC -> SECC  MeteringConfirmationReq'
    ev --with ongoing.Authorization=2 --with ongoing.CertificateInstallation=2 --set contract=install -v
    all_well "$keys: a station that takes its time"
    # both sides show a message in one run: once each
    for message in AuthorizationReq CertificateInstallationReq; do
        awk "/ -> .* $message /, /<\/.*:$message>/" "$work/out" | grep -c 'SignatureValue' >"$work/n"
        awk "/ -> .* $message /, /<\/.*:$message>/" "$work/out" | grep SignatureValue | sort -u | wc -l \
            >>"$work/n"
        [ "$(tr '\n' ' ' <"$work/n")" = '3 1 ' ]
        result $? "[V2G20-1582] $keys: three times the same $message"
    done
done
V2GLAB_PKI=$work/good
# shellcheck disable=SC2086 # words
{
    secure $installs --set max_contracts=1 --with "$two_of" -v
    all_well "a vehicle that has room for one" out 'RemainingContractCertificateChains>0<' \
        not-out DE8AAC00000002H
    secure $installs --set max_contracts=1 --with "$two_of" \
        --set "prioritized={'DE8AAC00000002H','DEABCC000000013'}" -v
    all_well "and prefers another than the first" out 'EMAID>DE8AAC00000002H<' \
        out 'the contract of DE8AAC00000002H is installed' not-out 'DEABCC000000013 is installed'
    secure $installs --set pause=1 --set pause_ms=10
    all_well "a pause" out 'OK_OldSessionJoined'
}
# shellcheck disable=SC2086 # words
secure $installs --set pause=1 --set pause_ms=10 --with receipt_every=1
all_well "readings are confirmed after a pause, too" out 'OK_OldSessionJoined'
times "with the contract of before" 6 'EVCC <- SECC  MeteringConfirmationRes      OK'
times "nobody has to be authorized" 1 'EVCC -> SECC  AuthorizationReq'
times "nor is anything installed" 1 'EVCC -> SECC  CertificateInstallationReq'
secure --set renegotiate_services=1
all_well "a service that is renegotiated" out 'ChargingSession ServiceRenegotiation'
times "is not paid for anew" 1 'EVCC -> SECC  AuthorizationReq'
secure --mode dc --set standby=1 --set loops=9 --with receipt_every=2
all_well "meter readings in standby" out 'ChargeProgress Standby' out 'MeteringConfirmationRes      OK'

# ---- what is on offer, and chosen ----

external='SelectedAuthorizationService>EIM<'
ev --with contract_without_tls=false -v
wants "no contract without TLS 1.3: it is not offered, external means pay" 0 out "$external" \
    not-out 'AuthorizationServices>PnC<' out 'does not offer Plug & Charge: it is paid by external'
ev --set contract_without_tls=false -v
wants "where it is offered all the same, the vehicle does not take it" 0 out "$external" \
    out 'AuthorizationServices>PnC<' out 'over TLS 1.3 only'
ev --set contract_without_tls=false --set fall_back=false
wants "a vehicle that pays by contract only ends the session" 1 out 'over TLS 1.3 only' \
    out 'SessionStopReq' not-out 'EVCC -> SECC  AuthorizationReq'
ev --with 'payment={"Contract"}' --payment ExternalPayment
wants "a station that takes contracts only" 1 out 'offers no authorization by external means' \
    out 'SessionStopReq'
ev --with 'payment={"Contract"}' --with contract_without_tls=false
wants "one that has nothing to offer says so" 1 out 'AuthorizationSetupRes        FAILED' \
    out 'nothing else is offered'
ev --with 'payment={"ExternalPayment"}' --set fall_back=false
wants "one that takes external means only" 1 out 'does not offer Plug & Charge' out 'SessionStopReq'
ev --payment ExternalPayment -v
wants "external means: nothing is signed" 0 out 'AuthorizationServices>PnC<' not-out 'SignatureValue'
ev --with 'providers={"DEABC","DE8AA"}' -v
all_well "a provider that the station names" out 'ProviderID>DEABC<' out 'ProviderID>DE8AA<' \
    out 'SelectedAuthorizationService>PnC<'
ev --with 'providers={"DEXYZ"}' -v
wants "one that it does not name: external means pay" 0 out "$external" \
    not-out 'SelectedAuthorizationService>PnC<'
ev --with 'providers={"DE8AA"}' --set "$two_of" -v
all_well "of two contracts that of the provider" out 'SelectedAuthorizationService>PnC<'
shown AuthorizationReq contract-leaf-2
result $? "is shown"
ev --with certificates=false --set contract=install -v
wants "a station that installs nothing: external means pay" 0 out "$external" \
    out 'CertificateInstallationService>false<' out 'installs no certificates'
ev --with certificates=false --set contract=install --set fall_back=false
wants "or nothing does" 1 out 'nothing is left to be authorized with' out 'SessionStopReq'
hook ask <<'END'
function before.AuthorizationReq() return Evcc.Message('CertificateInstallationReq') end
END
ev --with certificates=false --script "$work/ask.lua"
wants "an installation that is not offered" 1 \
    out 'CertificateInstallationRes   FAILED_SequenceError'
ev --with challenge=000102030405060708090A0B0C0D0E0F -v
all_well "a fixed challenge" out 'GenChallenge>AAECAwQFBgcICQoLDA0ODw==<'
ev -v
grep 'GenChallenge>' "$work/out" | sort -u >"$work/challenge"
ev -v
grep 'GenChallenge>' "$work/out" | sort -u | cat - "$work/challenge" | sort -u | wc -l >"$work/n"
[ "$(cat "$work/n")" = 2 ]
result $? "else it is another one each time"

# ---- response codes, and what the vehicle does then ----

# warns NAME RESPONSE CODE TEXT OPTION...: the station answers so and says why; after a warning
# external means pay, where nothing else can the vehicle ends the session
warns() {
    what=$1 response=$2 expected=$3 text=$4
    shift 4
    ev -v --set fall_back_after_warning=true "$@"
    wants "$what: $expected, then external means pay" 0 out "$response" out "$expected" out "$text" \
        out "$external" out 'SECC verdict: pass'
    grep -qE -- "$response +$expected(,|\$)" "$work/out"
    result $? "$what: that code, in $response"
    ev --set fall_back=false "$@"
    wants "$what: without these the vehicle ends the session" 1 out "$expected" \
        out 'nothing is left to be authorized with' out 'SessionStopReq' out 'SECC verdict: pass'
}

# fails NAME RESPONSE CODE TEXT OPTION...: the station answers so, with the reason in its verdict,
# and the session is over
fails() {
    what=$1 response=$2 expected=$3 text=$4
    shift 4
    ev "$@"
    wants "$what: $expected" 1 out "was answered with $expected: " out "$text" out 'SessionStopReq' \
        not-out 'SECC verdict: pass'
    grep -qE -- "$response +$expected(,|\$)" "$work/out"
    result $? "$what: that code, in $response"
}

# broken_so warns|fails NAME RESPONSE CODE TEXT 'MESSAGE, SIGNER, FAULT, CHANGE' OPTION...
broken_so() {
    breaking "$6"
    broken_what=$2
    "$1" "$2" "$3" "$4" "$5" --script "$work/hook.lua" "${@:7}"
    grep -q "EVCC .*$broken" "$work/out"
    result $? "$broken_what: $broken"
}

warns "[V2G20-2210] a contract that is canceled" AuthorizationRes WARNING_GeneralPnCAuthorizationError \
    "'DEABCC000000013' is canceled" --with 'canceled={"DE-ABC-C00000001-3"}'
ev --with 'providers={"DEXYZ"}' --set fall_back=false
wants "[V2G20-2211] a provider that may not charge here" 1 out 'AuthorizationRes             WARNING_eMSPUnknown' \
    out 'of no provider that the station takes' out 'nothing is left to be authorized with'
ev --with expires_soon=100000
wants "[V2G20-2218] a contract that expires soon" 0 out 'AuthorizationRes             OK_CertificateExpiresSoon' \
    out 'ServiceDiscoveryReq'
ev --with authorized=false --payment ExternalPayment
wants "[V2G20-2219] [V2G20-2230] external means that do not authorize" 1 \
    out 'AuthorizationRes             WARNING_EIMAuthorizationFailure' \
    out 'nothing is left to be authorized with' out 'SessionStopReq' out 'SECC verdict: pass'
ev --with authorized=false --payment ExternalPayment --set on_failed=close -v
wants "the answer is Finished" 1 out 'EVSEProcessing>Finished<' not-out 'EVSEProcessing>Ongoing<'
hook external <<'END'
function before.AuthorizationReq()
    local m = Evcc.Message('AuthorizationReq')
    m.SelectedAuthorizationService = 'EIM'
    return m
end
END
ev --with 'payment={"Contract"}' --script "$work/external.lua"
wants "one that is" 1 out 'AuthorizationRes             WARNING_AuthorizationSelectionInvalid' \
    out 'EIM was not offered'
ev --with 'payment={"ExternalPayment"}' --script <(echo "
function before.AuthorizationReq()
    local m = Evcc.Message('AuthorizationReq')
    m.SelectedAuthorizationService = 'PnC'
    m.PnC_AReqAuthorizationMode = { Id = 'id1', GenChallenge = ('x'):rep(16), ContractCertificateChain = {
        Certificate = 'x', SubCertificates = { Certificate = { 'x' } } } }
    return m
end") --payment ExternalPayment
wants "[V2G20-2209] [V2G20-2226] nor is a contract" 1 out 'AuthorizationRes             WARNING_AuthorizationSelectionInvalid' \
    out 'PnC was not offered'

path=PnC_AReqAuthorizationMode
other="function(m) m.$path.GenChallenge = ('x'):rep(16) end"
a="'AuthorizationReq', 'contract-leaf'"
by_contract="function(m) return m.$path end" # what goes on with external means is left as it is
broken_so warns "[V2G20-2565] [V2G20-2216] another challenge, signed" AuthorizationRes WARNING_ChallengeInvalid \
    'GenChallenge is not that of AuthorizationSetupRes' "$a, 'signed', $other, $by_contract"
broken_so fails "[V2G20-461] another challenge, changed after signing" AuthorizationRes FAILED_SignatureError \
    digest "$a, 'altered', $other"
broken_so fails "[V2G20-461] AuthorizationReq of another key" AuthorizationRes FAILED_SignatureError SignatureValue \
    "$a, 'foreign'"
broken_so fails "[V2G20-461] AuthorizationReq without a signature" AuthorizationRes FAILED_SignatureError \
    'no Signature' "$a, 'unsigned'"
broken_so fails "the contract of somebody else" AuthorizationRes FAILED_SignatureError SignatureValue \
    "$a, 'altered', function(m)
        local chain = Pki.Identity('contract-leaf-2').chain
        m.$path.ContractCertificateChain.Certificate = chain[1].der
        m:sign(Pki.Identity('contract-leaf'))
        assert(m:verify(Pki.Identity('contract-leaf').chain[1]))
        m.$path.GenChallenge = m.$path.GenChallenge .. ''
        m.Header.Signature.SignatureValue.content = m.Header.Signature.SignatureValue.content:reverse()
    end"

hook change <<'END'
local n = 0
function before.AuthorizationReq()
    n = n + 1
    local m = Evcc.Message('AuthorizationReq')
    return n == 2 and m or nil
end
END
fails "[V2G20-1582] [V2G20-1977] another AuthorizationReq while the first one is Ongoing" AuthorizationRes FAILED_SequenceError \
    'another one than the one before' --with ongoing.Authorization=3 --script "$work/change.lua"

# ---- a warning, and another contract ----

tree2() {
    V2GLAB_PKI="$work/two-$1"
    # shellcheck disable=SC2086 # words
    "$V2GLAB" pki make --for $edition $two --fault "contract-leaf=$1" "$V2GLAB_PKI" >/dev/null
}
tree2 expired
ev --set "$two_of" -v
wants "after a warning the vehicle shows its other contract" 0 \
    out 'AuthorizationRes             WARNING_CertificateExpired' not-out "$external" \
    out 'authorization by DEABCC000000013: WARNING_CertificateExpired' out 'SECC verdict: pass'
times "with which it is authorized" 2 'EVCC -> SECC  AuthorizationReq'
shown AuthorizationReq contract-leaf && shown AuthorizationReq contract-leaf-2
result $? "both were shown"
V2GLAB_PKI=$work/good
ev --set "$two_of" --with 'canceled={"DEABCC000000013","DE8AAC00000002H"}' -v
wants "after two of them the session ends, and its verdict names them" 1 \
    not-out "$external" out 'EVCC verdict: fail' \
    out 'DEABCC000000013: WARNING_GeneralPnCAuthorizationError, DE8AAC00000002H: WARNING_General'
ev --set "$two_of" --with 'canceled={"DEABCC000000013","DE8AAC00000002H"}' \
    --set fall_back_after_warning=true -v
wants "and after two of them external means pay where that is asked for" 0 out "$external" out 'SECC verdict: pass'
times "after two warnings, indeed" 2 'EVCC <- SECC  AuthorizationRes             WARNING_General'

# ---- installation: response codes ----

# after a warning the vehicle has no contract: external means pay
# shellcheck disable=SC2086 # words
{
    warns "a provisioning certificate without a contract" CertificateInstallationRes \
        WARNING_NoContractMatchingPCIDFound "no contract is known for PCID 'V2GLABPROV0000001X'" \
        $installs --with 'provisioned={"V2GLABPROV0000002X"}'
    warns "preferred contracts of unknown providers" CertificateInstallationRes WARNING_eMSPUnknown \
        'no provider of the eMAIDs preferred' $installs --with 'providers={"DEXYZ"}' \
        --set 'prioritized={"DEABCC000000013"}'
    warns "a vehicle that wants none" CertificateInstallationRes WARNING_NoContractMatchingPCIDFound \
        'MaximumContractCertificateChains is 0' $installs --set max_contracts=0
    warns "[V2G20-2207] no contract in time" CertificateInstallationRes WARNING_NoCertificateAvailable \
        'no contract came within 1 ms' $installs --with ongoing.CertificateInstallation=999999 \
        --timer V2G_SECC_Ongoing_Performance_Time=1ms
    o="'CertificateInstallationReq', 'oem-leaf'"
    broken_so fails "CertificateInstallationReq of another key" CertificateInstallationRes \
        FAILED_SignatureError SignatureValue "$o, 'foreign'" $installs
    broken_so fails "CertificateInstallationReq without a signature" CertificateInstallationRes \
        FAILED_SignatureError 'no Signature' "$o, 'unsigned'" $installs
    broken_so fails "CertificateInstallationReq changed after signing" CertificateInstallationRes \
        FAILED_SignatureError digest "$o, 'altered', function(m)
            m.OEMProvisioningCertificateChain.Id = 'id1'
            m.OEMProvisioningCertificateChain.SubCertificates.Certificate =
                { Pki.Identity('oem-leaf').chain[2].der } end" $installs
}

# shellcheck disable=SC2086 # words
ev -v $installs --set fall_back=false --with ongoing.CertificateInstallation=999999 \
    --timer V2G_SECC_Ongoing_Performance_Time=200ms
wants "[V2G20-2202] Ongoing, then a warning: no response lacks anything" 1 not-out violation \
    out 'EVSEProcessing Ongoing' out WARNING_NoCertificateAvailable
awk '/ <- .* CertificateInstallationRes /, /<\/.*:CertificateInstallationRes>/ {
    if (/:Certificate>/) { n++; if (!/>AA==</) bad = 1 }
    if (/:DHPublicKey>|EncryptedPrivateKey>/) { n++; if (!/>A*=*</) bad = 1 }
    if (/:RemainingContractCertificateChains>/) { n++; if (!/>0</) bad = 1 }
    if (/:Signature>/) bad = 1
} END { exit bad || n < 12 || n % 6 }' "$work/out"
result $? "[V2G20-2202] and each of them has the smallest content"

# ---- receipts ----

reading='function(m)
    local info = m.SignedMeteringData.MeterInfo
    info.ChargedEnergyReadingWh = info.ChargedEnergyReadingWh + 1 end'
for mode in ac dc; do
    m="'MeteringConfirmationReq', 'contract-leaf'"
    for case in foreign unsigned altered signed; do
        broken_so fails "receipt, $mode, $case" MeteringConfirmationRes \
            FAILED_MeteringSignatureNotValid 'MeteringConfirmationReq was answered with' \
            "$m, '$case', $reading" --with receipt_every=2 --mode $mode
    done
    grep -q 'ChargedEnergyReadingWh is .*; expected that of the charge loop' "$work/out"
    result $? "a reading that the station did not send is told of"
done
ev --with receipt_every=1 --set receipts=false
wants "a vehicle that confirms none" 0 not-out MeteringConfirmationReq out 'MeteringConfirmation'
ev --payment ExternalPayment --with receipt_every=1
wants "external means: there is nothing to sign with, and none is asked for" 0 \
    not-out MeteringConfirmation

# ---- prices ----

prices='schedules={{id=1,entries={{start=0,power=11000,duration=86400}},prices={entries={{start=0,price=0.45}}}},{id=5,entries={{start=0,power=3700,duration=86400}},prices={currency="CHF",description="night",entries={{start=0,price=0.45},{start=3600,price=0.15}}}}}'
ev --with "$prices" -v
all_well "prices are signed by the mobility operator" out 'URI="#id1"' out 'URI="#id5"' \
    out 'Currency>CHF<' out 'PriceScheduleDescription>night<' out 'SelectedScheduleTupleID>5<'
ev --with "$prices" --set control=dynamic -v
all_well "in dynamic control mode, too" out 'URI="#id1"' out 'Currency>EUR<'
ev --with "$prices" -v --payment ExternalPayment
wants "external means: prices are not signed, and count" 0 not-out SignatureValue \
    out 'SelectedScheduleTupleID>5<'
# price NAME CHANGE: what the station changes makes the vehicle pass over the prices
price() {
    for control in scheduled dynamic; do
        hook price <<END
function before.ScheduleExchangeRes(m)
    local list = m.Scheduled_SEResControlMode and m.Scheduled_SEResControlMode.ScheduleTuple
    local prices = list and list[2].ChargingSchedule.AbsolutePriceSchedule
        or m.Dynamic_SEResControlMode.AbsolutePriceSchedule
    $2
    assert(not m:verify(Pki.Identity('mo-sub2').chain[1]), '$broken')
    Log('$broken')
end
END
        ev --with "$prices" --with-script "$work/price.lua" --set control=$control -v
        wants "prices, $control, $1: they are ignored" 0 out "$broken" \
            out 'AbsolutePriceSchedule is ignored: ' not-out 'SelectedScheduleTupleID>5<'
    done
}
price "not signed" 'm.Header.Signature = nil'
price "signed by another key" "m:sign(Pki.Identity('contract-leaf'))"
price "changed after signing" 'prices.PriceRuleStacks.PriceRuleStack[1].PriceRule[1].EnergyFee = 0.01'

# ---- what the vehicle refuses ----

# refuses NAME TEXT CHANGE: the station changes CertificateInstallationRes; the vehicle ends the
# session
refuses() {
    hook station <<END
local function sign(m) m:sign(Pki.Identity('cps-leaf')) end
local function is_valid(m) return m:verify(Pki.Identity('cps-leaf').chain[1]) == true end
function before.CertificateInstallationRes(m)
    local data = m.SignedInstallationData
    $3
    Log('$broken')
end
END
    ev --with-script "$work/station.lua" --set contract=install
    wants "$1: the vehicle refuses it" 1 out "$broken" \
        out "CertificateInstallationRes is refused: $2" out 'SessionStopReq' out 'SECC verdict: pass'
}
signature='the signature is not that of the provisioning service: '
key='the private key of the contract: '
changed='assert(not is_valid(m))' good='sign(m) assert(is_valid(m))'
refuses "a response that is not signed" "$signature" "m.Header.Signature = nil $changed"
refuses "one signed by another key" "$signature" "m:sign(Pki.Identity('contract-leaf')) $changed"
refuses "a key that was changed after signing" "$signature" \
    "data.SECP521_EncryptedPrivateKey = ('k'):rep(94) $changed"
refuses "another contract, put in after signing" "$signature" \
    "data.ContractCertificateChain.Certificate = Pki.Identity('contract-leaf-2').chain[1].der $changed"
refuses "another key, signed" "$key" "data.SECP521_EncryptedPrivateKey = ('k'):rep(94) $good"
refuses "a public key that is none, signed" "$key" "data.DHPublicKey = ('\\4'):rep(133) $good"
refuses "another contract, signed" "$key" \
    "data.ContractCertificateChain.Certificate = Pki.Identity('contract-leaf-2').chain[1].der $good"
refuses "a key for another vehicle, signed" "$key" \
    "data.DHPublicKey, data.SECP521_EncryptedPrivateKey = Pki.Wrap(Pki.Identity('cps-leaf').chain[1],
        Pki.Identity('contract-leaf').key, { pcid = 'V2GLABPROV0000001X',
        certificate = Pki.Identity('contract-leaf').chain[1] }) $good"
refuses "a key for another PCID, signed" "$key" \
    "data.DHPublicKey, data.SECP521_EncryptedPrivateKey = Pki.Wrap(Pki.Identity('oem-leaf').chain[1],
        Pki.Identity('contract-leaf').key, { pcid = 'V2GLABPROV0000002X',
        certificate = Pki.Identity('contract-leaf').chain[1] }) $good"
refuses "a key for a TPM, signed" 'it has no private key but that for a TPM' \
    "data.TPM_EncryptedPrivateKey = ('k'):rep(206) $good"
for octets in 3 15 17; do
    hook challenge <<END
function before.AuthorizationSetupRes(m)
    m.PnC_ASResAuthorizationMode.GenChallenge = ('x'):rep($octets)
    Log('$broken')
end
END
    ev --with-script "$work/challenge.lua"
    wants "a challenge of $octets octets: the vehicle refuses it" 1 out "$broken" \
        out "is refused: GenChallenge has $octets octets; expected 16" out 'SessionStopReq'
done

# ---- faults of certificates ----

# rule MESSAGE CODE: what says that the station answers so
rule() {
    case $1$2 in
    AuthorizationWARNING_CertificateExpired) echo '[V2G20-2212]' ;;
    AuthorizationWARNING_CertificateNotYetValid) echo '[V2G20-2213]' ;;
    AuthorizationWARNING_CertificateRevoked) echo '[V2G20-2214]' ;;
    AuthorizationWARNING_CertificateValidationError) echo '[V2G20-2215]' ;;
    CertificateInstallationWARNING_CertificateExpired) echo '[V2G20-2203]' ;;
    CertificateInstallationWARNING_CertificateNotYetValid) echo '[V2G20-2204]' ;;
    CertificateInstallation*) echo '[V2G20-2202]' ;;
    esac
}

# station MESSAGE ROLE FAULT CODE TEXT: the station warns of a certificate in MESSAGEReq
station() {
    tree "$2" "$3"
    how=present
    [ "$1" = CertificateInstallation ] && how=install
    ev -v --set contract=$how --set fall_back=false
    wants "$(rule "$1" "$4") $1: $2 $3: $4" 1 not-out violation out "${1}Res" out "${1}Req was answered with $4: certificate" out "$5" \
        out 'nothing is left to be authorized with' out 'SECC verdict: pass'
    shown "${1}Req" "$2"
    result $? "$1: $2 $3: the certificate was sent"
}

# vehicle ROLE FAULT FIELD TEXT: the vehicle refuses one in CertificateInstallationRes
vehicle() {
    tree "$1" "$2"
    ev -v --set contract=install
    wants "CertificateInstallation: $1 $2: the vehicle refuses it" 1 \
        out "CertificateInstallationRes is refused: $3, certificate" out "$4" out 'SessionStopReq' \
        out 'SECC verdict: pass'
    shown CertificateInstallationRes "$1"
    result $? "CertificateInstallation: $1 $2: the certificate was sent"
}

error=WARNING_CertificateValidationError
while read -r role fault expected text; do
    station Authorization "$role" "$fault" "$expected" "$text"
    [ "$role" != contract-leaf ] || vehicle "$role" "$fault" ContractCertificateChain "$text"
done <<END
contract-leaf expired WARNING_CertificateExpired 1 (contract-leaf): expired on
contract-leaf not-yet-valid WARNING_CertificateNotYetValid 1 (contract-leaf): not valid before
contract-leaf revoked WARNING_CertificateRevoked 1 (contract-leaf): revoked
contract-leaf wrong-domain-component $error 1 (contract-leaf): domain component OEM; expected MO
contract-leaf wrong-key-usage $error 1 (contract-leaf): key usage is keyEncipherment; expected
contract-leaf wrong-emaid $error 1 (contract-leaf): eMAID DEABCC000000010 has the check digit 0
contract-leaf self-signed $error 1 (contract-leaf): signed by itself
contract-leaf bad-signature $error 1 (contract-leaf): its signature is not that
contract-leaf unparseable $error 1: 
contract-leaf missing-intermediate $error 1 (contract-leaf): its issuer
contract-leaf swapped-sub-ca $error 3 (mo-sub2): MO sub-CA 2 stands at place 3
contract-leaf path-length-exceeded $error 3 (mo-sub2): 1 sub-CA below it
contract-leaf foreign-sub-ca $error 2 (mo-sub2): domain component V2G; expected MO
mo-sub2 expired WARNING_CertificateExpired 2 (mo-sub2): expired on
mo-sub1 expired WARNING_CertificateExpired 3 (mo-sub1): expired on
mo-sub2 not-yet-valid WARNING_CertificateNotYetValid 2 (mo-sub2): not valid before
mo-sub1 not-yet-valid WARNING_CertificateNotYetValid 3 (mo-sub1): not valid before
mo-sub2 revoked WARNING_CertificateRevoked 2 (mo-sub2): revoked
mo-sub1 revoked WARNING_CertificateRevoked 3 (mo-sub1): revoked
mo-sub2 wrong-domain-component $error 2 (mo-sub2): domain component OEM; expected MO
mo-sub1 wrong-domain-component $error 3 (mo-sub1): domain component OEM; expected MO
mo-sub2 wrong-key-usage $error 2 (mo-sub2): key usage
mo-sub1 wrong-key-usage $error 3 (mo-sub1): key usage
mo-sub2 wrong-curve $error 2 (mo-sub2): a key of secp384r1
mo-sub1 wrong-curve $error 3 (mo-sub1): a key of secp384r1
mo-sub2 self-signed $error 2 (mo-sub2): signed by itself
mo-sub1 self-signed $error 3 (mo-sub1): signed by itself
mo-sub2 bad-signature $error 2 (mo-sub2): its signature is not that
mo-sub1 bad-signature $error 3 (mo-sub1): its issuer
mo-sub2 unparseable $error 2: 
mo-sub1 unparseable $error 3: 
mo-sub1 path-length-exceeded $error 3 (mo-sub1): 1 sub-CA below it
END

while read -r role fault expected text; do
    station CertificateInstallation "$role" "$fault" "$expected" "$text"
done <<END
oem-leaf expired WARNING_CertificateExpired 1 (oem-leaf): expired on
oem-leaf not-yet-valid WARNING_CertificateNotYetValid 1 (oem-leaf): not valid before
oem-leaf revoked WARNING_CertificateRevoked 1 (oem-leaf): revoked
oem-leaf wrong-domain-component $error 1 (oem-leaf): domain component MO; expected OEM
oem-leaf wrong-key-usage $error 1 (oem-leaf): key usage
oem-leaf self-signed $error 1 (oem-leaf): signed by itself
oem-leaf bad-signature $error 1 (oem-leaf): its signature is not that
oem-leaf unparseable $error 1: 
oem-leaf path-length-exceeded $error 3 (oem-sub2): 1 sub-CA below it
oem-leaf missing-intermediate $error 1 (oem-leaf): its issuer
oem-leaf swapped-sub-ca $error 3 (oem-sub2): OEM sub-CA 2 stands at place 3
oem-leaf foreign-sub-ca $error 2 (oem-sub2): domain component V2G; expected OEM
oem-sub2 expired WARNING_CertificateExpired 2 (oem-sub2): expired on
oem-sub1 not-yet-valid WARNING_CertificateNotYetValid 3 (oem-sub1): not valid before
oem-sub2 revoked WARNING_CertificateRevoked 2 (oem-sub2): revoked
oem-sub1 wrong-key-usage $error 3 (oem-sub1): key usage
oem-sub2 unparseable $error 2: 
END

# keys that make no signature of ISO 15118-20: what is not signed is refused
while read -r role message how; do
    tree "$role" wrong-curve
    ev -v --set contract="$how"
    wants "$message: $role wrong-curve: FAILED_SignatureError" 1 out "${message}Req is not signed: " \
        out 'secp384r1' out "${message}Res " \
        out "was answered with FAILED_SignatureError: ${message}Req has no Signature"
    shown "${message}Req" "$role"
    result $? "$message: $role wrong-curve: the certificate was sent"
done <<END
contract-leaf Authorization present
oem-leaf CertificateInstallation install
END
vehicle contract-leaf wrong-curve ContractCertificateChain '1 (contract-leaf): a key of secp384r1'

while read -r role fault text; do
    vehicle "$role" "$fault" CPSCertificateChain "$text"
done <<END
cps-leaf expired 1 (cps-leaf): expired on
cps-leaf not-yet-valid 1 (cps-leaf): not valid before
cps-leaf revoked 1 (cps-leaf): revoked
cps-leaf wrong-domain-component 1 (cps-leaf): domain component OEM; expected CPS
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

# ---- broken in every way ----

V2GLAB_PKI="$work/good"
ev --script tests/lua/contracts.lua --set about=ISO15118-20 --with receipt_every=1 --with linger_ms=50
wants "the station refuses every broken certificate and signature, and goes on" 1 \
    out 'EVCC verdict: pass' not-out 'verdict: error'
[ "$(sed -n 's/.*broken: \([0-9]*\) messages of 7 kinds.*/\1/p' "$work/out")" -gt 200 ]
result $? "$(sed -n 's/.*broken: //p' "$work/out")"
ev --script tests/lua/provisioning.lua --with-script tests/lua/provisioning.lua --with linger_ms=50 \
    --set about=ISO15118-20 --with about=ISO15118-20
wants "the vehicle refuses every broken contract, and takes a good one" 0 out 'EVCC verdict: pass'
[ "$(sed -n 's/.*refused: \([0-9]*\) forms.*/\1/p' "$work/out")" -gt 130 ]
result $? "$(sed -n 's/.*refused: \([0-9]* forms\)/\1/p' "$work/out")"
