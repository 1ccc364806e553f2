#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Rules of ISO 15118-2 about payment by contract, by id: what either side sends, looked at by the
# other, and what it makes of what may not be sent.
# shellcheck source=tests/cli/support
. tests/cli/support
# shellcheck source=tests/cli/support-ev
. tests/cli/support-ev
# shellcheck source=tests/cli/support-pnc
. tests/cli/support-pnc

# shellcheck disable=SC2034 # for support-pnc
edition=iso15118-2
export V2GLAB_PKI="$work/good"
run pki make "$V2GLAB_PKI"
result $status "a tree of certificates"

# go EV STATION [OPTION]...: a session in virtual time, each side with hooks
go() {
    printf '%s\n' "$1" >"$work/ev.lua"
    printf '%s\n' "$2" >"$work/station.lua"
    ev --protocol ISO15118-2 --mode ac --payment Contract --tls off \
        --set contract_without_tls=true --with contract_without_tls=true \
        --script "$work/ev.lua" --with-script "$work/station.lua" "${@:3}"
}

# sees NAME COUNT TEXT EV STATION [OPTION]...: the hooks print it so many times
sees() {
    go "${@:4}"
    times "$1" "$2" "$3"
}

# refused NAME MESSAGE CODE TEXT EV STATION [OPTION]...: the station answers so, and says why
refused() {
    go "${@:5}"
    grep -qE -- "$2 +$3(,|\$)" "$work/out"
    wants "$1: $3" $((1 + $? * 99)) out "$4"
}

# ends NAME TEXT EV STATION [OPTION]...: the vehicle ends the session, and says why
ends() {
    go "${@:3}"
    wants "$1" 1 out "$2" out 'SessionStopReq' out 'EVCC verdict: fail'
}

# ---- what is handed out ----

given='Log("given", m:verify(Pki.Identity("cps-leaf").chain[1]) == true,
    #m.Header.Signature.SignedInfo.Reference, #m.DHpublickey.content,
    #m.ContractSignatureEncryptedPrivateKey.content, m.eMAID.content,
    Pki.Certificate(m.ContractSignatureCertChain.Certificate).common_name)
    for _, chain in ipairs { "SAProvisioningCertificateChain", "ContractSignatureCertChain" } do
        Log("subs", #m[chain].SubCertificates.Certificate) end
    for _, r in ipairs(m.Header.Signature.SignedInfo.Reference) do
        Log("transforms", #r.Transforms.Transform) end'
for how in Installation:install Update:update; do
    IFS=: read -r name contract <<<"$how"
    sees "[V2G2-553] [V2G2-554] [V2G2-235] [V2G2-236] Certificate${name}Res has signature, keys, chains and eMAID" 1 \
        "given true 4 65 48 DEABCC000000013 DEABCC000000013" \
        "function on.Certificate${name}Res(m) $given end" '' --set "contract=$contract"
    times "[V2G2-656] Certificate${name}Res has two sub-certificates in a chain" 2 'subs 2'
    times "[V2G2-767] Certificate${name}Res has one Transform in each reference" 4 'transforms 1'
done
for how in CertificateInstallation:install:oem-leaf CertificateUpdate:update:contract-leaf; do
    IFS=: read -r name contract leaf <<<"$how"
    breaking "'${name}Req', '$leaf', 'foreign'"
    refused "[V2G2-553] [V2G2-554] [V2G2-893] [V2G2-894] the signature of ${name}Req is checked" \
        "${name}Res" FAILED_SignatureError FAILED_SignatureError "$(cat "$work/hook.lua")" '' \
        --set "contract=$contract"
done
tree oem-leaf wrong-domain-component
refused "[V2G2-235] [V2G2-236] and so is the provisioning certificate" CertificateInstallationRes \
    FAILED_NoCertificateAvailable 'domain component MO; expected OEM' '' '' --set contract=install
V2GLAB_PKI="$work/good"

counter='function on.CertificateUpdateRes(m) Log("retry", m.RetryCounter) end'
sees "[V2G2-696] an update that went well has no RetryCounter" 1 'retry nil' "$counter" '' \
    --set contract=update
go "$counter function before.CertificateUpdateReq(m) m.eMAID = 'DEABCC00000002'
    m:sign(Pki.Identity('contract-leaf')) end" '' --set contract=update
times "[V2G2-696] [V2G2-928] where it failed, RetryCounter is 0" 1 'retry 0'
breaking "'CertificateUpdateReq', 'contract-leaf', 'unsigned'"
go "$counter $(cat "$work/hook.lua")" '' --set contract=update
times "[V2G2-696] [V2G2-928] however it failed" 1 'retry 0'

# ---- the contract, and who may show it ----

sees "[V2G2-205] [V2G2-206] [V2G2-559] PaymentDetailsRes has GenChallenge of 16 octets, and the time" \
    1 'details OK 16 true' 'function on.PaymentDetailsRes(m)
        Log("details", m.ResponseCode, #m.GenChallenge, math.abs(m.EVSETimeStamp - Now() / 1000) < 2)
    end' ''
refused "[V2G2-205] [V2G2-559] [V2G2-275] an eMAID that is not that of the leaf" PaymentDetailsRes \
    FAILED_NoCertificateAvailable "eMAID 'DEABCC00000002'" \
    "function before.PaymentDetailsReq(m) m.eMAID = 'DEABCC00000002' end" ''
refused "[V2G2-205] [V2G2-206] [V2G2-559] a chain without its sub-CAs" PaymentDetailsRes \
    FAILED_CertChainError 'certificate 1 (contract-leaf): its issuer' \
    'function before.PaymentDetailsReq(m) m.ContractSignatureCertChain.SubCertificates = nil end' ''
for days in 22:OK 20:OK_CertificateExpiresSoon; do
    sees "[V2G2-690] a leaf that is good for ${days%:*} days: ${days#*:}" 1 "code ${days#*:}." \
        "function before.PaymentDetailsReq(m)
            local made = Pki.Make('contract-leaf', { days = ${days%:*} })
            m.ContractSignatureCertChain.Certificate = made.chain[1].der
        end
        function on.PaymentDetailsRes(m) Log('code ' .. tostring(m.ResponseCode) .. '.') end" ''
done
tree contract-leaf not-yet-valid
refused "[V2G2-824] a leaf that is not valid yet" PaymentDetailsRes FAILED_CertificateExpired \
    '(contract-leaf): not valid before' '' ''
tree contract-leaf expired
refused "[V2G2-931] a station that looks at the chain itself" PaymentDetailsRes \
    FAILED_CertificateExpired '(contract-leaf): expired on' '' ''
sees "[V2G2-931] one that does not" 1 'PaymentDetailsRes            OK' '' '' --with 'tolerate={"expired"}'
tree contract-leaf wrong-domain-component
refused "[V2G2-925] a contract leaf with the domain component of another use" PaymentDetailsRes \
    FAILED_CertificateNotAllowedAtThisEVSE 'domain component OEM; expected MO' '' ''
tree cps-leaf wrong-domain-component
ends "[V2G2-925] the vehicle: a leaf of the provisioning service with that of another use" \
    'domain component OEM; expected CPS' '' '' --set contract=install
tree contract-leaf path-length-exceeded
subs='Log("subs", #m.ContractSignatureCertChain.SubCertificates.Certificate)'
for how in PaymentDetails:present CertificateUpdate:update; do
    refused "[V2G2-656] the station: three sub-certificates in ${how%:*}Req" "${how%:*}Res" \
        FAILED_CertChainError 'subs 3' '' "function on.${how%:*}Req(m) $subs end" \
        --set "contract=${how#*:}"
done
ends "[V2G2-656] the vehicle: three sub-certificates in CertificateInstallationRes" 'subs 3' \
    "function on.CertificateInstallationRes(m) $subs end" '' --set contract=install
V2GLAB_PKI="$work/good"

# ---- authorization ----

for processing in Ongoing:2 Finished:1; do
    sees "[V2G2-855] a contract that is not authorized yet is Ongoing, later Finished" \
        "${processing#*:}" "processing ${processing%:*}" \
        'function on.AuthorizationRes(m) Log("processing", m.EVSEProcessing) end' '' \
        --with ongoing.Authorization=2
done
for fault in "('x'):rep(16)" nil; do
    breaking "'AuthorizationReq', 'contract-leaf', 'signed', function(m) m.GenChallenge = $fault end"
    refused "[V2G2-475] GenChallenge is $fault, and signed" AuthorizationRes FAILED_ChallengeInvalid \
        'GenChallenge is not that of PaymentDetailsRes' "$(cat "$work/hook.lua")" ''
done
breaking "'AuthorizationReq', 'contract-leaf', 'unsigned'"
refused "[V2G2-684] the station wants the first AuthorizationReq signed" AuthorizationRes \
    FAILED_SignatureError FAILED_SignatureError "$(cat "$work/hook.lua")" ''
go '' '' --with ongoing.Authorization=2
both_pass "[V2G2-684] and the later ones not"

# ---- signatures with one Transform ----

two="m:verify() local t = m.Header.Signature.SignedInfo.Reference[1].Transforms
    t.Transform = { t.Transform[1]:table(), t.Transform[1]:table() }"
for how in Authorization:present:SignatureError MeteringReceipt:present:MeteringSignatureNotValid \
    CertificateInstallation:install:SignatureError CertificateUpdate:update:SignatureError; do
    IFS=: read -r name contract code <<<"$how"
    refused "[V2G2-767] the station: two Transforms in ${name}Req" "${name}Res" "FAILED_$code" \
        '2 transforms; expected 1' "function before.${name}Req(m) $two end" '' \
        --set "contract=$contract" --with receipt_every=1
done
for how in Installation:install Update:update; do
    ends "[V2G2-767] the vehicle: two Transforms in Certificate${how%:*}Res" \
        '2 transforms; expected 1' '' "function before.Certificate${how%:*}Res(m) $two end" \
        --set "contract=${how#*:}"
done

# ---- tariffs ----

tariffs='schedules={{id=1,entries={{start=0,power=11000,duration=86400}},tariff={levels=2,entries={{start=0,level=2}}}},{id=5,entries={{start=0,power=3700,duration=86400}},tariff={levels=2,entries={{start=0,level=1}}}}}'
signed='function on.ChargeParameterDiscoveryRes(m) Log("tariffs",
    m.Header.Signature and m:verify(Pki.Identity("mo-sub2").chain[1])) end
    function before.PowerDeliveryReq(m) Log("takes", m.ChargeProgress, m.SAScheduleTupleID) end'
sees "[V2G2-905] the station's tariffs are signed by the mobility operator's sub-CA" 1 'tariffs true' \
    "$signed" '' --with "$tariffs"
times "[V2G2-905] and count" 1 'takes Start 5'
sees "[V2G2-905] the vehicle ignores tariffs that are not signed" 1 'takes Start 1' "$signed" \
    'function before.ChargeParameterDiscoveryRes(m) m.Header.Signature = nil end' --with "$tariffs"

# ---- what has to be random ----

# Not in virtual time, which draws from its seed.
printf '%s\n' 'function on.PaymentDetailsRes(m) Log("challenge " .. (m.GenChallenge:gsub(".",
    function(c) return ("%02X"):format(c:byte()) end))) end' >"$work/ev.lua"
# shellcheck disable=SC2086 # words
run ev $fast --protocol ISO15118-2 --mode ac --payment Contract --tls off --count 20 \
    --set contract_without_tls=true --with contract_without_tls=true --script "$work/ev.lua"
grep -o 'challenge [0-9A-F]*' "$work/out" | sort -u >"$work/challenges"
[ "$(wc -l <"$work/challenges")" -eq 20 ] && ! grep -qvE ' [0-9A-F]{32}$' "$work/challenges"
result $? "[V2G2-826] [V2G2-697] [V2G2-698] [V2G2-825] 20 GenChallenges of 16 octets, none twice"
# of each octet: 20 random ones have 19 different values, or so
cut -d ' ' -f 2 "$work/challenges" | awk '
    { for (i = 1; i <= 32; i += 2) if (!seen[i, substr($0, i, 2)]++) n[i]++ }
    END { for (i = 1; i <= 32; i += 2) if (n[i] < 12) bad = 1; exit bad }'
result $? "[V2G2-826] [V2G2-698] each octet of them is another one"
