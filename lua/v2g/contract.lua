-- SPDX-License-Identifier: Apache-2.0
-- Plug & Charge, as far as ISO 15118-2 and ISO 15118-20 have it in common: which response code a
-- chain of certificates or an eMAID calls for, what a vehicle checks before it takes a contract
-- into use, and how a station hands one out. Chains are lists of DER, leaf first, as they were
-- received.

local common = require 'v2g.common'
local hex = require 'v2g.hex'

local contract = {}

-- ---- chains ----

-- What Pki.Check finds, as what it means for the leaf: 'chain' (it does not lead to a root that is
-- trusted), 'content' (a certificate that is not as its profile wants it).
local MEANS <const> = {
    ['unparseable'] = 'chain', ['no issuer'] = 'chain', ['order'] = 'chain',
    ['self-signed'] = 'chain', ['signature'] = 'chain', ['path length'] = 'chain', ['CA'] = 'chain',
    ['revoked'] = 'revoked',
}

-- Response codes by what is wrong. `content` and `refused` have their own in PaymentDetailsRes.
contract.codes = {
    ['ISO15118-2'] = {
        chain = 'FAILED_CertChainError', expired = 'FAILED_CertificateExpired',
        early = 'FAILED_CertificateExpired', revoked = 'FAILED_CertificateRevoked',
        content = 'FAILED_NoCertificateAvailable', emaid = 'FAILED_NoCertificateAvailable',
        unknown = 'FAILED_NoCertificateAvailable', canceled = 'FAILED_ContractCanceled',
        refused = 'FAILED_NoCertificateAvailable', signature = 'FAILED_SignatureError',
        challenge = 'FAILED_ChallengeInvalid',
        PaymentDetails = { content = 'FAILED_CertificateNotAllowedAtThisEVSE',
                           refused = 'FAILED_CertificateNotAllowedAtThisEVSE' },
    },
    -- AuthorizationRes: [V2G20-2210] to [V2G20-2216]; CertificateInstallationRes: [V2G20-2203] ff.
    -- A signature that is wrong ends the session [V2G20-461], all else can be tried another way.
    ['ISO15118-20'] = {
        chain = 'WARNING_CertificateValidationError', expired = 'WARNING_CertificateExpired',
        early = 'WARNING_CertificateNotYetValid', revoked = 'WARNING_CertificateRevoked',
        content = 'WARNING_CertificateValidationError',
        emaid = 'WARNING_CertificateValidationError', refused = 'WARNING_eMSPUnknown',
        canceled = 'WARNING_GeneralPnCAuthorizationError',
        unknown = 'WARNING_NoContractMatchingPCIDFound', signature = 'FAILED_SignatureError',
        challenge = 'WARNING_ChallengeInvalid', late = 'WARNING_NoCertificateAvailable',
        selection = 'WARNING_AuthorizationSelectionInvalid',
        external = 'WARNING_EIMAuthorizationFailure',
        receipt = 'FAILED_MeteringSignatureNotValid',
        MeteringReceipt = { signature = 'FAILED_MeteringSignatureNotValid' },
    },
}

-- Days before its end at which a contract expires soon.
local SOON <const> = { ['ISO15118-2'] = 21, ['ISO15118-20'] = 14 } -- [V2G2-690] [V2G20-2218]

-- The response code of a message (by step) for a problem.
function contract.code(protocol, step, problem)
    local codes = contract.codes[protocol]
    return codes[step] and codes[step][problem] or codes[problem]
end

-- What a certificate outside its time means: in ISO 15118-2 only the leaf's own time has codes of
-- its own, in ISO 15118-20 that of each certificate [V2G20-2212] [V2G20-2213]. about: as of the
-- whole chain; the leaf alone has the same fault, if it is its own.
local function problem_of_time(chain, kind, about)
    if about.edition ~= 'ISO15118-20' then
        local _, _, own = Pki.Check({ chain[1] }, about)
        if own ~= kind then
            return 'content'
        end
    end
    return kind == 'expired' and 'expired' or 'early'
end

local OF_SIGNATURES <const> = ' absent malformed wrong_algorithm dangling uncovered wrong_digest '
    .. 'wrong_value '

-- Parameter `tolerate`, of either side, as the kinds of fault that are put up with: of chains and
-- of signatures.
function contract.tolerated(p)
    local tolerated = { chains = {}, signatures = {} }
    for _, kind in ipairs(p.tolerate) do
        local is_signature = OF_SIGNATURES:find(' ' .. tostring(kind):gsub(' ', '_') .. ' ', 1, true)
        local list = is_signature and tolerated.signatures or tolerated.chains
        list[#list + 1] = kind
    end
    if #tolerated.chains > 0 then -- raises where one is none
        Pki.Check({ '' }, { tolerate = tolerated.chains, roots = {}, revocation = false })
    end
    return tolerated
end

local function has(list, kind)
    for _, one in ipairs(list) do
        if one == kind then
            return true
        end
    end
    return false
end

-- Whether the signature of the last message of that name is that of the certificate's holder; nil
-- and why not. s: the session, of either side.
function contract.verify(s, message, ...)
    local good, why, kind = s.role['Verify_' .. message](...)
    if not good and has(s.tolerated.signatures, kind) then
        Log('put up with: ' .. why)
        return true
    end
    return good, why
end

-- nil, or what is wrong with a chain and the sentence that says it. role: of the leaf.
function contract.check(s, chain, role, edition)
    local about = { role = role, edition = edition, tolerate = s.tolerated.chains }
    local ok, why, kind = Pki.Check(chain, about)
    if ok then
        return nil
    end
    if kind == 'expired' or kind == 'not yet valid' then
        return problem_of_time(chain, kind, about), why
    end
    return MEANS[kind] or 'content', why
end

-- Whether a certificate ends within so many days; nil: those of the edition.
function contract.ends_soon(der, days, edition)
    local leaf = Pki.Certificate(der)
    days = days or SOON[edition] or SOON['ISO15118-20']
    return leaf ~= nil and leaf.not_after - Pki.Now() < days * 86400
end

-- An eMAID as it stands in a certificate or a message, without separators, in capitals.
local function plain(emaid)
    return (emaid:gsub('[%s%-*]', ''):upper())
end
contract.plain = plain

function contract.begins_with_one_of(text, list)
    for _, start in ipairs(list) do
        if text:sub(1, #plain(start)) == plain(start) then
            return true
        end
    end
    return false
end

-- nil, or what is wrong with an eMAID and the sentence that says it.
function contract.check_emaid(s, emaid, leaf)
    local p = s.p
    local good, why = Pki.Emaid(emaid)
    if not good and has(s.tolerated.chains, 'name') then
        good = emaid
    end
    if not good then
        return 'emaid', ("eMAID '%s': %s"):format(emaid, why)
    end
    local name = Pki.Certificate(leaf).common_name
    if plain(name) ~= plain(good) then
        return 'emaid', ("eMAID '%s' is not that of the contract certificate, whose common name "
            .. "is '%s'"):format(emaid, name)
    end
    for _, one in ipairs(p.canceled or {}) do
        if plain(one) == plain(good) then
            return 'canceled', ("the contract of eMAID '%s' is canceled"):format(emaid)
        end
    end
    if p.providers and not contract.begins_with_one_of(plain(good), p.providers) then
        return 'refused', ("eMAID '%s' is of no provider that the station takes"):format(emaid)
    end
    return nil
end

-- ---- chains in messages ----

-- Puts an identity's chain into the element at path of an outgoing message.
function contract.set_chain(role, message, path, identity)
    local leaf, others = contract.bytes(identity)
    common.set(role, message, path .. '_Certificate', leaf)
    if #others > 0 then
        common.set_list(role, message, path .. '_SubCertificates_Certificate', others)
    else
        common.set(role, message, path .. '_SubCertificatesSpecified', false)
    end
end

-- The chain in the element at path of the message received last.
function contract.get_chain(role, message, path)
    local chain = { role['Get_' .. message .. '_' .. path .. '_Certificate']() }
    local others = common.get_list(role, message, path .. '_SubCertificates_Certificate')
    return table.move(others, 1, #others, 2, chain)
end

-- ---- a station's checks: each gives nil, or what is wrong and the sentence that says it ----

-- Whether the last request of that name is signed by the holder of the certificate.
function contract.check_signature(s, message, der)
    local good, why = contract.verify(s, message, Pki.Certificate(der))
    if not good then
        return 'signature', why
    end
    return nil
end

-- Whether there is a contract for the holder of a provisioning certificate.
function contract.check_known(s, der)
    local name = Pki.Certificate(der).common_name
    for _, one in ipairs(s.p.provisioned or { name }) do
        if plain(one) == plain(name) then
            return nil
        end
    end
    return 'unknown', ("no contract is known for PCID '%s'"):format(name)
end

-- Makes checks in their order, { function, argument … } each. The response code for the first that
-- finds something, nil: none does. The verdict has the sentence, as s.why.
function contract.make_checks(s, step, checks)
    for _, check in ipairs(checks) do
        local problem, why = check[1](table.unpack(check, 2))
        if problem then
            s.why = why
            return contract.code(s.protocol, step, problem)
        end
    end
    return nil
end

-- A role's identity out of the tree. What is missing there is an error of the set-up, not of the
-- last response.
function contract.identity(role, edition)
    return common.own(Pki.Identity, role, edition)
end

-- ---- handing out a contract ----

-- 16 octets: those of parameter `challenge` (hex digits), else random ones.
function contract.challenge(p)
    if not p.challenge then
        return Pki.Random(16)
    end
    return hex.octets(tostring(p.challenge))
end

-- The eMAID of an identity; that of no contract where its certificate cannot be read.
function contract.emaid(identity)
    return plain(identity.chain[1].common_name or 'DEABCC00000001')
end

-- DER of an identity's certificates: the leaf, and the list of the others.
function contract.bytes(identity)
    local others = {}
    for i = 2, #identity.chain do
        others[i - 1] = identity.chain[i].der
    end
    return identity.chain[1].der, others
end

-- The provisioning certificate that a vehicle sent, with the sub-CAs above it, which only a back
-- end knows: those of the tree.
function contract.provisioning_chain(der, edition)
    local known = Pki.Identity('oem-leaf', edition)
    local _, others = contract.bytes(known)
    return { der, table.unpack(others) }
end

-- ---- taking a contract into use ----

-- What a vehicle does about its contract first: 'present', 'install' or 'update', as parameter
-- `contract` says; 'auto': what its certificate calls for.
function contract.wish(p, edition)
    if p.contract ~= 'auto' then
        return p.contract
    end
    local good, identity = pcall(Pki.Identity, 'contract-leaf', edition)
    local leaf, now = good and identity.chain[1], Pki.Now()
    if not leaf or leaf.problem or now < leaf.not_before or now > leaf.not_after then
        return 'install'
    end
    return contract.ends_soon(leaf.der, p.expires_soon, edition) and 'update' or 'present'
end

-- Root certificates as requests name them.
function contract.roots(edition)
    local list = {}
    for i, root in ipairs(Pki.Roots(edition)) do
        if i <= 20 then
            list[i] = { X509IssuerName = root.issuer_name, X509SerialNumber = root.serial }
        end
    end
    return list
end

-- The elements with the chains of the provisioning service and of the contract.
local CHAIN_NAMES <const> = {
    ['ISO15118-2'] = { 'SAProvisioningCertificateChain', 'ContractSignatureCertChain' },
    ['ISO15118-20'] = { 'CPSCertificateChain', 'ContractCertificateChain' },
}

local function parsed(chain)
    local list = {}
    for i, der in ipairs(chain) do
        list[i] = Pki.Certificate(der)
    end
    return list
end

-- The contract that a provisioning service sent, as an identity; or nil and what is wrong.
-- sent: { service =, contract = (chains), public =, wrapped =, emaid = }; receiver: the identity
-- whose key opens it; verify: whether the service's leaf has signed the message.
function contract.receive(s, sent, receiver, edition, verify)
    local names = CHAIN_NAMES[edition]
    local _, why = contract.check(s, sent.service, 'cps-leaf', edition)
    if why then
        return nil, names[1] .. ', ' .. why
    end
    local ok
    ok, why = verify(sent.service[1])
    if not ok then
        return nil, 'the signature is not that of the provisioning service: ' .. why
    end
    _, why = contract.check(s, sent.contract, 'contract-leaf', edition)
    if why then
        return nil, names[2] .. ', ' .. why
    end
    local chain = parsed(sent.contract)
    _, why = contract.check_emaid(s, sent.emaid or chain[1].common_name, sent.contract[1])
    if why then
        return nil, why
    end
    local key
    key, why = Pki.Unwrap(receiver.key, sent.public, sent.wrapped,
        { pcid = receiver.chain[1].common_name, certificate = chain[1] })
    if not key then
        return nil, 'the private key of the contract: ' .. why
    end
    return { chain = chain, key = key, role = 'contract-leaf', edition = edition }
end

return contract
