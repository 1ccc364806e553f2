-- SPDX-License-Identifier: Apache-2.0
-- Authorization by a station in ISO 15118-20: by external means, or by the contract that a vehicle
-- shows (Plug & Charge); contracts that are installed; meter readings that are confirmed.

local common = require 'v2g.common'
local contract = require 'v2g.contract'

local pnc = { answers = {} }
local answers = pnc.answers

local EDITION <const> = 'ISO15118-20'
local WRAPPED <const> = { SECP521 = 94, X448 = 84 } -- octets of an encrypted private key
local SERVICES <const> = { ExternalPayment = 'EIM', Contract = 'PnC' }

-- ---- what is on offer ----

-- The authorization services; a contract pays over TLS 1.3 only.
local function offers(s)
    local list, p = {}, s.p
    for _, option in ipairs(p.payment) do
        if option ~= 'Contract' or p.contract_without_tls or s.role.Get_Tls_Version() == '1.3' then
            list[#list + 1] = SERVICES[option]
            list[SERVICES[option]] = true
        end
    end
    return list
end

function answers.AuthorizationSetupReq(s)
    local list, path = offers(s), 'Set_AuthorizationSetupRes_PnC_ASResAuthorizationMode_'
    s.offered = list
    s.installs = list.PnC and s.p.certificates or false
    s.role.Set_AuthorizationSetupRes_CertificateInstallationService(s.installs)
    if #list == 0 then
        s.why = 'a contract pays over TLS 1.3 only, and nothing else is offered'
        return 'FAILED'
    end
    common.set_list(s.role, 'AuthorizationSetupRes', 'AuthorizationServices', list)
    if not list.PnC then
        s.role.Set_AuthorizationSetupRes_EIM_ASResAuthorizationModeSpecified(true)
        return nil
    end
    s.challenge = contract.challenge(s.p)
    s.role[path .. 'GenChallenge'](s.challenge)
    if s.p.providers then
        common.set_list(s.role, 'AuthorizationSetupRes',
            'PnC_ASResAuthorizationMode_SupportedProviders_ProviderID', s.p.providers)
    else
        s.role[path .. 'SupportedProvidersSpecified'](false)
    end
    return nil
end

-- ---- checks: each gives nil, or what is wrong and the sentence that says it ----

local function check_selection(s, service)
    if not s.offered[service] then
        return 'selection', service .. ' was not offered'
    end
    return nil
end

local function check_external(s)
    if not s.p.authorized then
        return 'external', 'external means do not authorize this vehicle'
    end
    return nil
end

local function check_mode(s)
    if not s.role.Get_AuthorizationReq_PnC_AReqAuthorizationModeSpecified() then
        return 'selection', 'PnC was selected without PnC_AReqAuthorizationMode'
    end
    return nil
end

-- Without a leaf that can be read no signature can be looked at.
local function check_readable(s, chain, role)
    if Pki.Certificate(chain[1]) then
        return nil
    end
    return contract.check(s, chain, role, EDITION)
end

local function check_challenge(s)
    if s.role.Get_AuthorizationReq_PnC_AReqAuthorizationMode_GenChallenge() ~= s.challenge then
        return 'challenge', 'GenChallenge is not that of AuthorizationSetupRes'
    end
    return nil
end

local function check_emaid(s, chain)
    return contract.check_emaid(s, Pki.Certificate(chain[1]).common_name, chain[1])
end

-- ---- authorization ----

local services = {}

-- Checks of a request that selects external means.
function services.EIM(s)
    return { { check_external, s } }
end

-- Checks of one that selects Plug & Charge. What was changed after it was signed has a wrong
-- signature, whatever else is wrong with it.
function services.PnC(s)
    local chain = contract.get_chain(s.role, 'AuthorizationReq',
        'PnC_AReqAuthorizationMode_ContractCertificateChain')
    s.contract = chain
    return {
        { check_mode, s },
        { check_readable, s, chain, 'contract-leaf' },
        { contract.check_signature, s, 'AuthorizationReq', chain[1] },
        { check_challenge, s },
        { contract.check, s, chain, 'contract-leaf', EDITION },
        { check_emaid, s, chain },
    }
end

-- The code and case of a request that can be granted, now or later.
local function grant(s, service)
    local finished, late = s:ongoing('Authorization', service == 'EIM'
        and 'V2G_SECC_EIM_Ongoing_Timeout' or 'V2G_SECC_Ongoing_Performance_Time')
    s.role.Set_AuthorizationRes_EVSEProcessing(finished and 'Finished' or 'Ongoing')
    if late or not finished then
        return late, 'Ongoing'
    end
    s.paying = service == 'PnC' and 'Contract' or 'ExternalPayment'
    if service == 'PnC' and contract.ends_soon(s.contract[1], s.p.expires_soon) then
        return 'OK_CertificateExpiresSoon', 'ExpiresSoon'
    end
    return nil, 'Finished'
end

-- What is asked for, and with what: while it is Ongoing the same has to be asked for again
-- [V2G20-1977].
local function asked_for(s, service)
    local path = 'Get_AuthorizationReq_PnC_AReqAuthorizationMode'
    if not s.role[path .. 'Specified']() then
        return service
    end
    return table.concat({ service, s.role[path .. '_GenChallenge'](),
                          s.role[path .. '_ContractCertificateChain_Certificate']() }, ' ')
end

function answers.AuthorizationReq(s)
    local service = tostring(s.role.Get_AuthorizationReq_SelectedAuthorizationService())
    local asked = asked_for(s, service)
    s.role.Set_AuthorizationRes_EVSEProcessing('Finished')
    if s.state == 'AuthorizationRes(Ongoing)' and asked ~= s.wanted then
        s.why = 'it is another one than the one before, which is not decided upon'
        return 'FAILED_SequenceError'
    end
    s.wanted = asked
    local code = contract.make_checks(s, 'Authorization', { { check_selection, s, service } })
        or contract.make_checks(s, 'Authorization', services[service](s))
    if code then
        s:again('Authorization')
        return code, 'Warning'
    end
    return grant(s, service)
end

-- ---- installation ----

-- The contracts there are for a vehicle, those with the eMAIDs that it prefers first.
local function contracts_for(s)
    local list, rank = {}, {}
    local preferred = common.get_list(s.role, 'CertificateInstallationReq', 'PrioritizedEMAIDs_EMAID')
    for i, emaid in ipairs(preferred) do
        rank[contract.plain(emaid)] = i
    end
    for i, name in ipairs(s.p.contracts) do
        local identity = Pki.Identity(name, EDITION)
        local place = rank[contract.emaid(identity)]
        list[i] = { identity = identity, place = place or #preferred + i }
    end
    table.sort(list, function(a, b) return a.place < b.place end)
    return list
end

-- Contracts are asked for of the provider in their eMAIDs: at least one has to be known.
local function check_preferred(s)
    local preferred = common.get_list(s.role, 'CertificateInstallationReq', 'PrioritizedEMAIDs_EMAID')
    for _, emaid in ipairs(preferred) do
        if not s.p.providers or contract.begins_with_one_of(contract.plain(emaid), s.p.providers) then
            return nil
        end
    end
    if #preferred > 0 and s.p.providers then
        return 'refused', ("no provider of the eMAIDs preferred ('%s', …) is known"):format(
            preferred[1])
    end
    return nil
end

-- Whether the back end has taken its time; then nothing comes any more.
local function check_in_time(s)
    s.installation = s.installation or Now()
    local limit = Timer(s.protocol, 'V2G_SECC_Ongoing_Performance_Time')
    if Now() - s.installation > limit then
        return 'late', ('no contract came within %d ms'):format(limit)
    end
    return nil
end

-- What the response must have, where nothing is handed out [V2G20-2202].
local function hand_out_nothing(s)
    local path = 'Set_CertificateInstallationRes_'
    s.role[path .. 'CPSCertificateChain_Certificate']('\0')
    s.role[path .. 'CPSCertificateChain_SubCertificatesSpecified'](false)
    path = path .. 'SignedInstallationData_'
    s.role[path .. 'ContractCertificateChain_Certificate']('\0')
    common.set_list(s.role, 'CertificateInstallationRes',
        'SignedInstallationData_ContractCertificateChain_SubCertificates_Certificate', { '\0' })
    s.role[path .. 'ECDHCurve']('SECP521')
    s.role[path .. 'DHPublicKey'](('\0'):rep(133))
    s.role[path .. 'SECP521_EncryptedPrivateKey'](('\0'):rep(94))
    s.role.Set_CertificateInstallationRes_RemainingContractCertificateChains(0)
    s.role.Set_CertificateInstallationRes_Header_SignatureSpecified(false)
end

-- Hands out a contract, for the holder of a certificate.
local function hand_out(s, given, receiver)
    local message, path = 'CertificateInstallationRes', 'SignedInstallationData'
    local set = 'Set_' .. message .. '_' .. path .. '_'
    local service, holder = Pki.Identity('cps-leaf', EDITION), Pki.Certificate(receiver)
    local curve = holder.curve == 'secp521r1' and 'SECP521' or 'X448'
    local public, wrapped = Pki.Wrap(holder, given.key,
        { pcid = holder.common_name, certificate = given.chain[1] })
    if not public then -- unfit: a vehicle is to refuse that certificate
        Log('the key of the contract is not handed out: ' .. wrapped)
        public, wrapped = ('\0'):rep(133), ('\0'):rep(WRAPPED[curve])
    end
    contract.set_chain(s.role, message, 'CPSCertificateChain', service)
    contract.set_chain(s.role, message, path .. '_ContractCertificateChain', given)
    s.role[set .. 'Id']('id1')
    s.role[set .. 'ECDHCurve'](curve)
    s.role[set .. 'DHPublicKey'](public)
    s.role[set .. curve .. '_EncryptedPrivateKey'](wrapped)
    s.signer = service
end

-- One contract after another, as many as the vehicle wants.
local function next_contract(s, receiver)
    local left = s.contracts
    if not left then
        left = contracts_for(s)
        local most = s.role.Get_CertificateInstallationReq_MaximumContractCertificateChains()
        s.contracts = table.move(left, 1, math.min(#left, most), 1, {})
        left = s.contracts
    end
    local given = table.remove(left, 1)
    if not given then
        s.why = 'the vehicle asks for no contract: MaximumContractCertificateChains is 0'
        return contract.code(s.protocol, 'CertificateInstallation', 'unknown')
    end
    hand_out(s, given.identity, receiver)
    s.role.Set_CertificateInstallationRes_RemainingContractCertificateChains(#left)
    s:again('CertificateInstallation')
    s.installation = nil
    return nil, #left > 0 and 'More' or nil
end

function answers.CertificateInstallationReq(s)
    local chain = contract.get_chain(s.role, 'CertificateInstallationReq',
        'OEMProvisioningCertificateChain')
    s.role.Set_CertificateInstallationRes_EVSEProcessing('Finished')
    hand_out_nothing(s)
    if not s.installs then
        return 'FAILED_SequenceError'
    end
    local code = contract.make_checks(s, 'CertificateInstallation', {
        { check_readable, s, chain, 'oem-leaf' },
        { contract.check_signature, s, 'CertificateInstallationReq', chain[1] },
        { contract.check, s, chain, 'oem-leaf', EDITION },
        { contract.check_known, s, chain[1] },
        { check_preferred, s },
        { check_in_time, s },
    })
    if code then
        return code, code == 'WARNING_eMSPUnknown' and 'More' or nil
    end
    if not s:is_finished('CertificateInstallation') then
        s.role.Set_CertificateInstallationRes_EVSEProcessing('Ongoing')
        return nil, 'Ongoing'
    end
    return next_contract(s, chain[1])
end

-- ---- receipts ----

-- Whether the vehicle is asked to confirm the meter reading of this response of the charge loop:
-- one that pays by contract, which it signs with.
function pnc.wants_receipt(s)
    return s.paying == 'Contract' and s:wants_receipt()
end

local function check_reading(s)
    local got = 'Get_MeteringConfirmationReq_SignedMeteringData_'
    local sent = ('Get_%s_ChargeLoopRes_MeterInfo_'):format(s.mode:upper())
    if s.role[got .. 'SessionID']() ~= s.id then
        return 'receipt', 'SessionID is not that of this session'
    end
    if not s.role[sent:gsub('_$', 'Specified')]() then
        return 'receipt', 'the last response of the charge loop had no meter reading'
    end
    for _, element in ipairs { 'MeterID', 'ChargedEnergyReadingWh' } do
        local a, b = s.role[got .. 'MeterInfo_' .. element](), s.role[sent .. element]()
        if a ~= b then
            return 'receipt', ('%s is %s; expected that of the charge loop, %s'):format(element,
                a, b)
        end
    end
    return nil
end

function answers.MeteringConfirmationReq(s)
    local checks = { { check_reading, s } }
    if s.paying == 'Contract' then
        table.insert(checks, 1,
            { contract.check_signature, s, 'MeteringConfirmationReq', s.contract[1] })
    end
    return contract.make_checks(s, 'MeteringReceipt', checks), s.standing_by and 'Standby' or nil
end

-- ---- prices ----

-- Who signs ScheduleExchangeRes: where a contract pays, the mobility operator its prices.
function pnc.sign_prices(s, has_prices)
    s.role.Set_ScheduleExchangeRes_Header_SignatureSpecified(false)
    if s.paying == 'Contract' and has_prices then
        s.signer = Pki.Identity('mo-sub2', EDITION)
    end
end

return pnc
