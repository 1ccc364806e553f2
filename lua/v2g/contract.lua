-- SPDX-License-Identifier: Apache-2.0
-- Plug & Charge, as far as ISO 15118-2 and ISO 15118-20 have it in common: which response code a
-- chain of certificates or an eMAID calls for, what a vehicle checks before it takes a contract into
-- use, and how a station hands one out. Chains are lists of DER, leaf first, as they were received.

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
}

-- The response code of a message (by step) for a problem.
function contract.code(protocol, step, problem)
    local codes = contract.codes[protocol]
    return codes[step] and codes[step][problem] or codes[problem]
end

-- nil, or what is wrong with a chain and the sentence that says it. role: of the leaf.
function contract.check(chain, role, edition)
    local ok, why, kind = Pki.Check(chain, { role = role, edition = edition })
    if ok then
        return nil
    end
    local problem = MEANS[kind] or 'content'
    if kind == 'expired' or kind == 'not yet valid' then
        -- only the leaf's own time has codes of its own
        local leaf, now = Pki.Certificate(chain[1]), Now() / 1000
        if leaf and kind == 'expired' and leaf.not_after < now then
            problem = 'expired'
        elseif leaf and kind ~= 'expired' and leaf.not_before > now then
            problem = 'early'
        end
    end
    return problem, why
end

-- Whether a certificate ends within so many days.
function contract.ends_soon(der, days)
    local leaf = Pki.Certificate(der)
    return leaf ~= nil and leaf.not_after - Now() / 1000 < days * 86400
end

-- An eMAID as it stands in a certificate or a message, without separators, in capitals.
local function plain(emaid)
    return (emaid:gsub('[%s%-*]', ''):upper())
end
contract.plain = plain

local function begins_with_one_of(text, list)
    for _, start in ipairs(list) do
        if text:sub(1, #plain(start)) == plain(start) then
            return true
        end
    end
    return false
end

-- nil, or what is wrong with an eMAID and the sentence that says it; p: the station's parameters.
function contract.check_emaid(emaid, leaf, p)
    local good, why = Pki.Emaid(emaid)
    if not good then
        return 'emaid', ("eMAID '%s': %s"):format(emaid, why)
    end
    local name = Pki.Certificate(leaf).common_name
    if plain(name) ~= plain(good) then
        return 'emaid', ("eMAID '%s' is not that of the contract certificate, whose common name "
            .. "is '%s'"):format(emaid, name)
    end
    for _, one in ipairs(p.canceled) do
        if plain(one) == plain(good) then
            return 'canceled', ("the contract of eMAID '%s' is canceled"):format(emaid)
        end
    end
    if p.providers and not begins_with_one_of(plain(good), p.providers) then
        return 'refused', ("eMAID '%s' is of no provider that the station takes"):format(emaid)
    end
    return nil
end

-- ---- handing out a contract ----

-- 16 octets: those of parameter `challenge` (hex digits), else random ones.
function contract.challenge(p)
    if not p.challenge then
        return Pki.Random(16)
    end
    return (tostring(p.challenge):gsub('%x%x', function(digits)
        return string.char(tonumber(digits, 16))
    end))
end

-- DER of an identity's certificates: the leaf, and the list of the others.
function contract.bytes(identity)
    local others = {}
    for i = 2, #identity.chain do
        others[i - 1] = identity.chain[i].der
    end
    return identity.chain[1].der, others
end

-- The provisioning certificate that a vehicle sent, with the sub-CAs above it, which only a back end
-- knows: those of the tree.
function contract.provisioning_chain(der, edition)
    local known = Pki.Identity('oem-leaf', edition)
    local _, others = contract.bytes(known)
    return { der, table.unpack(others) }
end

-- ---- taking a contract into use ----

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
function contract.receive(sent, receiver, edition, verify)
    local _, why = contract.check(sent.service, 'cps-leaf', edition)
    if why then
        return nil, 'SAProvisioningCertificateChain, ' .. why
    end
    local ok
    ok, why = verify(sent.service[1])
    if not ok then
        return nil, 'the signature is not that of the provisioning service: ' .. why
    end
    _, why = contract.check(sent.contract, 'contract-leaf', edition)
    if why then
        return nil, 'ContractSignatureCertChain, ' .. why
    end
    local chain = parsed(sent.contract)
    _, why = contract.check_emaid(sent.emaid or chain[1].common_name, sent.contract[1],
        { canceled = {} })
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
