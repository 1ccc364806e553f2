-- SPDX-License-Identifier: Apache-2.0
-- For `v2glab ev --script`: a vehicle that sends broken certificates, chains, eMAIDs and signatures
-- in every message of Plug & Charge. The station must answer each with FAILED (ISO 15118-20: or a
-- warning) in the right response, and after each kind still charge a vehicle that does nothing
-- wrong. --set about=ISO15118-20: of that edition.

local evcc = require 'v2g.evcc'

local PROTOCOL <const> = parameters.about == 'ISO15118-20' and 'ISO15118-20' or 'ISO15118-2'
local IS_20 <const> = PROTOCOL == 'ISO15118-20'

local LEAF <const> = Pki.Identity('contract-leaf', PROTOCOL).chain[1].der
local SUB <const> = Pki.Identity('contract-leaf', PROTOCOL).chain[2].der
local OEM <const> = Pki.Identity('oem-leaf', PROTOCOL).chain[1].der
local REFUSALS <const> = IS_20 and { '^FAILED_%a', '^WARNING_%a' } or { '^FAILED_%a' }

-- Holds a session in which change(m) is made to the message of that name. The code that it was
-- answered with; nil: it was not answered, and why the session ended.
local function session(message, contract, change)
    local self = evcc.new(Evcc, { protocol = PROTOCOL, mode = 'ac', time_scale = '1000000',
                            tls = parameters.tls })
    local p, sent, code = self.p, false, nil
    p.payment, p.contract, p.contract_without_tls, p.loops = 'Contract', contract, true, 1
    p.on_failed, p.fall_back = 'close', false
    if message then
        p.before[message] = function(m)
            sent = true
            change(m)
        end
        p.on[message:gsub('Req$', 'Res')] = function(m)
            code = code or tostring(m.ResponseCode)
        end
    end
    local _, ok, why = evcc.attempt(self)
    assert(sent or not message, ('%s was not sent: %s'):format(message or '', why))
    return code, ok, why
end

local tried, kinds = 0, 0

local function expect_failed(what, message, contract, change)
    local code, _, why = session(message, contract, change)
    local is_refused = false
    for _, form in ipairs(REFUSALS) do
        is_refused = is_refused or code ~= nil and code:find(form) ~= nil
    end
    assert(is_refused, ('%s in %s: found %s (%s)'):format(what, message,
        code or 'no response', why))
    tried = tried + 1
end

local function expect_good()
    local _, ok, why = session(nil, 'install')
    assert(ok, 'a vehicle that does nothing wrong is not served: ' .. why)
end

-- ---- certificates ----

local function octets(n)
    local list = {}
    for i = 1, n do
        list[i] = string.char(math.random(0, 255))
    end
    return table.concat(list)
end

-- Broken forms of a certificate: nothing, truncations, single octets changed, and what is none.
local function broken(der)
    local list = { '', '\0', '\x30', '\x30\x80', '\x30\x84\xFF\xFF\xFF\xFF', der .. '\0', der .. der,
                   octets(800), ('\x30\x80'):rep(400), (der:gsub('\x2A\x86\x48', '\x2A\x86\x49')) }
    for _ = 1, 25 do
        list[#list + 1] = der:sub(1, math.random(2, #der - 1))
        local at = math.random(1, #der - 80) -- within what is signed
        list[#list + 1] = der:sub(1, at - 1) .. string.char(der:byte(at) ~ (1 << math.random(0, 7)))
            .. der:sub(at + 1)
    end
    return list
end

-- What is broken of each kind: the message, parameter `contract`, the certificate, and how to put
-- it in.
local certificates = IS_20 and {
    ['the contract certificate'] = { 'AuthorizationReq', 'present', LEAF, function(m, der)
        m.PnC_AReqAuthorizationMode.ContractCertificateChain.Certificate = der
        m:sign(Pki.Identity('contract-leaf'))
    end },
    ['its sub-CA'] = { 'AuthorizationReq', 'present', SUB, function(m, der)
        m.PnC_AReqAuthorizationMode.ContractCertificateChain.SubCertificates.Certificate[1] = der
        m:sign(Pki.Identity('contract-leaf'))
    end },
    ['the provisioning certificate'] = { 'CertificateInstallationReq', 'install', OEM,
        function(m, der)
            m.OEMProvisioningCertificateChain.Certificate = der
            m:sign(Pki.Identity('oem-leaf'))
        end },
} or {
    ['the contract certificate'] = { 'PaymentDetailsReq', 'present', LEAF, function(m, der)
        m.ContractSignatureCertChain.Certificate = der
    end },
    ['its sub-CA'] = { 'PaymentDetailsReq', 'present', SUB, function(m, der)
        m.ContractSignatureCertChain.SubCertificates.Certificate[1] = der
    end },
    ['the certificate to update'] = { 'CertificateUpdateReq', 'update', LEAF, function(m, der)
        m.ContractSignatureCertChain.Certificate = der
        m:sign(Pki.Identity('contract-leaf'))
    end },
    ['the provisioning certificate'] = { 'CertificateInstallationReq', 'install', OEM,
        function(m, der)
            m.OEMProvisioningCert = der
            m:sign(Pki.Identity('oem-leaf'))
        end },
}

math.randomseed(15118)
for what, case in pairs(certificates) do
    for i, der in ipairs(broken(case[3])) do
        expect_failed(('%s, form %d'):format(what, i), case[1], case[2], function(m)
            case[4](m, der)
        end)
    end
    expect_good()
    kinds = kinds + 1
end

-- ---- chains ----

for what, subs in pairs {
    ['no sub-CA'] = {}, ['the leaf as its sub-CA'] = { LEAF }, ['one sub-CA twice'] = { SUB, SUB },
    ['as many as may be'] = { SUB, SUB, SUB, not IS_20 and SUB or nil },
} do
    expect_failed(what, IS_20 and 'AuthorizationReq' or 'PaymentDetailsReq', 'present', function(m)
        local list = #subs > 0 and { Certificate = subs } or nil
        if IS_20 then
            m.PnC_AReqAuthorizationMode.ContractCertificateChain.SubCertificates = list
            m:sign(Pki.Identity('contract-leaf'))
        else
            m.ContractSignatureCertChain.SubCertificates = list
        end
    end)
end
for _, emaid in ipairs(IS_20 and {} or { '', '-', 'DE', ('A'):rep(200), '\u{2126}EABCC0000001',
                               'DEABCC0000001' }) do
    expect_failed(('eMAID "%s"'):format(emaid), 'PaymentDetailsReq', 'present', function(m)
        m.eMAID = emaid
    end)
end
expect_good()
kinds = kinds + 1

-- ---- signatures ----

local SIGNED <const> = IS_20 and {
    AuthorizationReq = 'present', CertificateInstallationReq = 'install',
    MeteringConfirmationReq = 'present',
} or { AuthorizationReq = 'present', CertificateInstallationReq = 'install',
       CertificateUpdateReq = 'update', MeteringReceiptReq = 'present' }

local SIZE <const> = IS_20 and 132 or 64 -- octets of a signature

local function reference(change)
    return function(m)
        change(m.Header.Signature.SignedInfo.Reference[1])
    end
end

local wrong = {
    ['no value'] = function(m) m.Header.Signature.SignatureValue.content = '' end,
    ['a value of zeros'] = function(m) m.Header.Signature.SignatureValue.content = ('\0'):rep(SIZE) end,
    ['a value that is too short'] = function(m)
        m.Header.Signature.SignatureValue.content = ('x'):rep(SIZE - 1)
    end,
    ['a value of 3000 octets'] = function(m) m.Header.Signature.SignatureValue.content = octets(3000) end,
    ['ones everywhere'] = function(m) m.Header.Signature.SignatureValue.content = ('\xFF'):rep(SIZE) end,
    ['no digest'] = reference(function(r) r.DigestValue = '' end),
    ['another digest'] = reference(function(r) r.DigestValue = ('d'):rep(32) end),
    ['a long digest'] = reference(function(r) r.DigestValue = octets(500) end),
    ['a reference to nothing'] = reference(function(r) r.URI = '#nothing' end),
    ['an empty reference'] = reference(function(r) r.URI = '' end),
    ['a foreign algorithm'] = reference(function(r) r.DigestMethod.Algorithm = 'urn:x' end),
    ['another method'] = function(m)
        m.Header.Signature.SignedInfo.SignatureMethod.Algorithm = 'urn:x'
    end,
    ['another canonical form'] = function(m)
        m.Header.Signature.SignedInfo.CanonicalizationMethod.Algorithm = 'urn:x'
    end,
    ['five references'] = function(m)
        local list, one = {}, m.Header.Signature.SignedInfo.Reference[1]:table()
        for i = 1, 5 do
            list[i] = one
        end
        m.Header.Signature.SignedInfo.Reference = list
    end,
}
for message, contract in pairs(SIGNED) do
    for what, change in pairs(wrong) do
        expect_failed(what, message, contract, change)
    end
    expect_good()
    kinds = kinds + 1
end
Log(('broken: %d messages of %d kinds'):format(tried, kinds))
Pass()
