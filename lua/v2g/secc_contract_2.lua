-- SPDX-License-Identifier: Apache-2.0
-- Plug & Charge of a station in ISO 15118-2: payment options and the certificate service on offer,
-- the contract that a vehicle shows, signatures, receipts, and certificates that are handed out.

local common = require 'v2g.common'
local contract = require 'v2g.contract'

local pnc = { answers = {} }
local answers = pnc.answers

local EDITION <const> = 'ISO15118-2'
local CHAIN <const> = 'ContractSignatureCertChain'

local CERTIFICATES <const> = {
    id = 2, name = 'Certificate', category = 'ContractCertificate', free = true,
    parameters = { { id = 1, { 'Service', 'Installation' } }, { id = 2, { 'Service', 'Update' } } },
}

-- ---- what is on offer ----

-- The payment options: a contract pays over TLS only; a session that is resumed is paid as before
-- [V2G2-740].
function pnc.options(s)
    local p, list, before = s.p, {}, s.paused and s.paused.payment
    for _, option in ipairs(p.payment) do
        if option ~= 'Contract' or s.role.Get_Tls_Version() or p.contract_without_tls then
            if option == before then
                return { before }
            end
            list[#list + 1] = option
        end
    end
    return list
end

function pnc.is_offered(s, wanted)
    for _, option in ipairs(pnc.options(s)) do
        if option == wanted then
            return true
        end
    end
    return false
end

-- The value-added services, over TLS only [V2G2-422], that for certificates among them.
function pnc.services(s)
    local list = (s.role.Get_Tls_Version() or s.p.services_without_tls) and s.p.services or {}
    if s.p.certificates and pnc.is_offered(s, 'Contract') then
        return { CERTIFICATES, table.unpack(list) }
    end
    return list
end

-- What the sequence table tells apart of a contract: which requests for certificates the selected
-- services allow [V2G2-432]; without a ParameterSetID (EVerest's vehicle) the service allows both.
function pnc.case_of(selected)
    local sets = {}
    for _, service in ipairs(selected) do
        if service.ServiceID == CERTIFICATES.id then
            sets[service.ParameterSetID or 'any'] = true
        end
    end
    if sets.any or sets[1] and sets[2] then
        return 'Certificates'
    end
    return sets[1] and 'Installation' or sets[2] and 'Update' or 'Contract'
end

-- ---- what a vehicle sent ----

local function check_emaid(s, message, chain)
    return contract.check_emaid(s, s.role['Get_' .. message .. '_eMAID'](), chain[1])
end

local function check_challenge(s)
    if s.role.Get_AuthorizationReq_GenChallenge() ~= s.challenge then
        return 'challenge', 'GenChallenge is not that of PaymentDetailsRes'
    end
    return nil
end

-- Whether there is what the certificate service needs.
local function check_service()
    for _, role in ipairs { 'contract-leaf', 'cps-leaf' } do
        local good, why = pcall(Pki.Identity, role, EDITION)
        if not good then
            return 'unknown', why
        end
    end
    return nil
end

-- ---- the contract ----

function answers.PaymentDetailsReq(s)
    local chain = contract.get_chain(s.role, 'PaymentDetailsReq', CHAIN)
    s.contract, s.challenge, s.is_authorized = chain, contract.challenge(s.p), false
    s.role.Set_PaymentDetailsRes_GenChallenge(s.challenge)
    s.role.Set_PaymentDetailsRes_EVSETimeStamp(math.floor(Now() / 1000))
    local code = contract.make_checks(s, 'PaymentDetails', {
        { contract.check, s, chain, 'contract-leaf', EDITION },
        { check_emaid, s, 'PaymentDetailsReq', chain },
    })
    if not code and contract.ends_soon(chain[1], s.p.expires_soon, EDITION) then
        return 'OK_CertificateExpiresSoon'
    end
    return code
end

-- The response code for an AuthorizationReq that is not right; nil: it is. One that was changed
-- after it was signed has a wrong signature, whatever its challenge. Only the first has to have
-- them [V2G2-684]; what a later one has must be right all the same.
function pnc.check_authorization(s)
    if s.paying ~= 'Contract' then
        return nil
    end
    local first, checks = not s.is_authorized, {}
    if first or s.role.Get_AuthorizationReq_Header_SignatureSpecified() then
        checks[1] = { contract.check_signature, s, 'AuthorizationReq', s.contract[1] }
    end
    if first or s.role.Get_AuthorizationReq_GenChallengeSpecified() then
        checks[#checks + 1] = { check_challenge, s }
    end
    local code = contract.make_checks(s, 'Authorization', checks)
    s.is_authorized = code == nil
    return code
end

-- ---- receipts ----

-- The response code for a MeteringReceiptReq that is not right; nil: it is.
function pnc.check_receipt(s, message)
    local problem, why = nil, nil
    if s.role.Get_MeteringReceiptReq_SessionID() ~= s.id then
        s.why = 'SessionID is not that of the session'
        return 'FAILED_UnknownSession' -- [V2G2-909]
    end
    if s.role.Get_MeteringReceiptReq_SAScheduleTupleIDSpecified()
        and s.role.Get_MeteringReceiptReq_SAScheduleTupleID() ~= s.schedule then
        problem, why = 'receipt', 'SAScheduleTupleID is not that of the schedule in force'
    end
    if not problem and s.paying == 'Contract' then
        problem, why = contract.check_signature(s, 'MeteringReceiptReq', s.contract[1])
    end
    for _, element in ipairs { 'MeterID', 'MeterReading' } do
        local path = '_MeterInfo_' .. element
        if not problem
            and s.role['Get_MeteringReceiptReq' .. path]() ~= s.role['Get_' .. message .. path]() then
            problem, why = 'receipt', ('%s is not that of %s'):format(element, message)
        end
    end
    s.why = why
    return problem and 'FAILED_MeteringSignatureNotValid' or nil
end

-- ---- tariffs ----

-- Who signs ChargeParameterDiscoveryRes: where a contract pays, the mobility operator its tariffs.
function pnc.sign_tariffs(s, tuples)
    s.role.Set_ChargeParameterDiscoveryRes_Header_SignatureSpecified(false)
    local has_tariff = false
    for i, tuple in ipairs(tuples) do
        if tuple.SalesTariff and s.paying == 'Contract' then
            tuple.SalesTariff.Id = 'id' .. i
            has_tariff = true
        end
    end
    if not has_tariff then
        return
    end
    local good, identity = pcall(Pki.Identity, 'mo-sub2', EDITION)
    if good then
        s.signer = identity
    else
        Log('tariffs are not signed: ' .. identity)
    end
end

-- ---- certificates ----

-- Hands out the contract of the tree, for the holder of a certificate.
local function hand_out(s, message, receiver)
    local set = function(path, value)
        common.set(s.role, message, path, value)
    end
    local given = Pki.Identity('contract-leaf', EDITION)
    local service = Pki.Identity('cps-leaf', EDITION)
    local public, wrapped = Pki.Wrap(Pki.Certificate(receiver), given.key)
    if not public then -- of another curve: a vehicle is to refuse that certificate
        Log('the key of the contract is not handed out: ' .. wrapped)
        public, wrapped = '\0', '\0'
    end
    contract.set_chain(s.role, message, 'SAProvisioningCertificateChain', service)
    contract.set_chain(s.role, message, 'ContractSignatureCertChain', given)
    set('ContractSignatureEncryptedPrivateKey', wrapped)
    set('DHpublickey', public)
    set('eMAID', contract.emaid(given))
    set('SAProvisioningCertificateChain_IdSpecified', false)
    set('ContractSignatureCertChain_Id', 'id1')
    set('ContractSignatureEncryptedPrivateKey_Id', 'id2')
    set('DHpublickey_Id', 'id3')
    set('eMAID_Id', 'id4')
    s.signer = service
end

-- Nothing is handed out: what the response must have is empty.
local function hand_out_nothing(s, message)
    for _, path in ipairs { 'SAProvisioningCertificateChain', 'ContractSignatureCertChain' } do
        common.set(s.role, message, path .. '_Certificate', '\0')
        common.set(s.role, message, path .. '_SubCertificatesSpecified', false)
    end
    common.set(s.role, message, 'ContractSignatureEncryptedPrivateKey', '\0')
    common.set(s.role, message, 'DHpublickey', '\0')
    common.set(s.role, message, 'Header_SignatureSpecified', false)
end

-- The answer to a request for certificates of the holder of the chain.
local function provide(s, step, chain, checks)
    local message = step .. 'Res'
    hand_out_nothing(s, message)
    local code = contract.make_checks(s, step, checks)
    if not code then
        hand_out(s, message, chain[1])
    end
    return code
end

function answers.CertificateInstallationReq(s)
    local der = s.role.Get_CertificateInstallationReq_OEMProvisioningCert()
    local chain = contract.provisioning_chain(der, EDITION)
    return provide(s, 'CertificateInstallation', chain, {
        { check_service },
        { contract.check, s, chain, 'oem-leaf', EDITION },
        { contract.check_signature, s, 'CertificateInstallationReq', der },
        { contract.check_known, s, der },
    })
end

function answers.CertificateUpdateReq(s)
    local chain = contract.get_chain(s.role, 'CertificateUpdateReq', CHAIN)
    local code = provide(s, 'CertificateUpdate', chain, {
        { check_service },
        { contract.check, s, chain, 'contract-leaf', EDITION },
        { contract.check_signature, s, 'CertificateUpdateReq', chain[1] },
        { check_emaid, s, 'CertificateUpdateReq', chain },
    })
    -- where it failed the vehicle may try again at once [V2G2-928]
    s.role.Set_CertificateUpdateRes_RetryCounter(0)
    s.role.Set_CertificateUpdateRes_RetryCounterSpecified(code ~= nil)
    return code
end

return pnc
