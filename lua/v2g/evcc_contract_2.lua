-- SPDX-License-Identifier: Apache-2.0
-- Plug & Charge of a vehicle in ISO 15118-2: which payment option it chooses, certificates that it
-- has installed or updated, the contract that it shows, and what it signs.

local common = require 'v2g.common'
local contract = require 'v2g.contract'

local pnc = { steps = {} }
local steps = pnc.steps

local EDITION <const> = 'ISO15118-2'
local CERTIFICATES <const> = 2 -- ServiceID of the certificate service
-- Parameter set of that service by parameter `contract`: its number, and what its parameter says.
local SETS <const> = { install = { 1, 'Installation' }, update = { 2, 'Update' } }

-- ---- the payment option ----

local function offered_options(self)
    local offered = {}
    if self.protocol ~= EDITION then
        return { ExternalPayment = true } -- DIN 70121 knows no other [V2G-DC-252]
    end
    for _, option in ipairs(common.get_list(self.role, 'ServiceDiscoveryRes', 'PaymentOptionList')) do
        offered[option] = true
    end
    return offered
end

-- nil, or why a contract cannot pay here.
local function no_contract(self, offered)
    if self.protocol ~= EDITION then
        return 'DIN 70121 knows no payment by contract'
    end
    if not offered.Contract then
        return 'the station does not offer payment by contract'
    end
    if not (self.role.Get_Tls_Version() or self.p.contract_without_tls) then
        return 'a contract pays over TLS only, and this connection has none'
    end
    return nil
end

-- The option that it selects. be_unsuited(self, option, why) leaves, or gives the option back.
function pnc.choose(self, be_unsuited)
    local offered = offered_options(self)
    if self.p.payment == 'Contract' then
        local why = no_contract(self, offered)
        if not why then
            return 'Contract'
        end
        if not (self.p.fall_back and offered.ExternalPayment) then
            return be_unsuited(self, 'Contract', why)
        end
        Log(why .. ': it is paid by external means')
    end
    if not offered.ExternalPayment then
        return be_unsuited(self, 'ExternalPayment', 'the station takes no external payment')
    end
    return 'ExternalPayment'
end

-- ---- the certificate service ----

-- Whether the present contract has to be replaced first, and how: 'install', 'update', nil.
local function wanted(self)
    if self.paying ~= 'Contract' or self.is_provided then
        return nil
    end
    self.wish = self.wish or contract.wish(self.p, EDITION)
    return SETS[self.wish] and self.wish or nil
end

-- Whether the details of a service are needed for that.
function pnc.wants_details(self, service)
    return service.ServiceID == CERTIFICATES and wanted(self) ~= nil
end

-- The parameter set to be selected of a service whose details were received: its number; nil: the
-- first one; false: the service is not wanted.
function pnc.parameter_set(self, service, sets)
    if service.ServiceID ~= CERTIFICATES then
        return nil
    end
    local set = SETS[wanted(self)]
    if not set then
        return false
    end
    for _, one in ipairs(sets) do
        for _, parameter in ipairs(one.Parameter) do
            if parameter.stringValue == set[2] then
                return one.ParameterSetID
            end
        end
    end
    return set[1]
end

-- Why certificates cannot be had here, or nil.
function pnc.no_certificates(self)
    if not wanted(self) then
        return nil
    end
    for _, service in ipairs(self.services) do
        if service.ServiceID == CERTIFICATES then
            return nil
        end
    end
    return 'the station offers no certificate service'
end

-- ---- certificates ----

local function set_roots(self, message)
    common.set_list(self.role, message, 'ListOfRootCertificateIDs_RootCertificateID',
        contract.roots(EDITION))
end

-- The contract in use.
local function identity_of(self)
    self.identity = self.identity or contract.identity('contract-leaf', EDITION)
    return self.identity
end

-- Takes the contract of the response into use; leaves where something is wrong with it.
local function receive(self, step, receiver)
    local message = step .. 'Res'
    local get = function(path)
        return self.role['Get_' .. message .. '_' .. path]()
    end
    local sent = {
        service = contract.get_chain(self.role, message, 'SAProvisioningCertificateChain'),
        contract = contract.get_chain(self.role, message, 'ContractSignatureCertChain'),
        public = get('DHpublickey'), wrapped = get('ContractSignatureEncryptedPrivateKey'),
        emaid = get('eMAID'),
    }
    local identity, why = contract.receive(self, sent, receiver, EDITION, function(leaf)
        return contract.verify(self, message, Pki.Certificate(leaf))
    end)
    if not identity then
        return self:leave('stop', false, ('%s is refused: %s'):format(message, why))
    end
    self.identity, self.is_provided = identity, true
    Log(('the contract of %s is in use'):format(sent.emaid))
    return nil
end

function steps.CertificateInstallation(self)
    if wanted(self) ~= 'install' then
        return
    end
    local oem = self.provisioning or contract.identity('oem-leaf', EDITION)
    self.role.Set_CertificateInstallationReq_OEMProvisioningCert(oem.chain[1].der)
    set_roots(self, 'CertificateInstallationReq')
    self:exchange('CertificateInstallation', oem)
    receive(self, 'CertificateInstallation', oem)
end

function steps.CertificateUpdate(self)
    if wanted(self) ~= 'update' then
        return
    end
    local present = identity_of(self)
    contract.set_chain(self.role, 'CertificateUpdateReq', 'ContractSignatureCertChain', present)
    self.role.Set_CertificateUpdateReq_eMAID(contract.emaid(present))
    set_roots(self, 'CertificateUpdateReq')
    self:exchange('CertificateUpdate', present)
    receive(self, 'CertificateUpdate', present)
end

-- ---- the contract ----

function steps.PaymentDetails(self)
    if self.paying ~= 'Contract' then
        return
    end
    local identity = identity_of(self)
    self.role.Set_PaymentDetailsReq_eMAID(contract.emaid(identity))
    contract.set_chain(self.role, 'PaymentDetailsReq', 'ContractSignatureCertChain', identity)
    self:exchange('PaymentDetails')
    if self.code == 'OK_CertificateExpiresSoon' then
        Log('the station says that the contract certificate expires soon')
    end
    self.challenge = self.role.Get_PaymentDetailsRes_GenChallenge()
    if #self.challenge ~= 16 then
        self:leave('stop', false, ('PaymentDetailsRes is refused: GenChallenge has %d octets; '
            .. 'expected 16'):format(#self.challenge))
    end
end

-- A request without the Id that a signature refers to, and without signature.
local function clear_signature(self, message)
    common.set(self.role, message, 'IdSpecified', false)
    common.set(self.role, message, 'Header_SignatureSpecified', false)
end

-- Who signs a request: the holder of the contract that pays; nil: nobody. An earlier session may
-- have been paid otherwise.
function pnc.set_signer(self, message)
    local signer = self.paying == 'Contract' and self.identity or nil
    if signer then
        common.set(self.role, message, 'Id', 'id1')
    else
        clear_signature(self, message)
    end
    return signer
end

-- Where a contract pays the first AuthorizationReq has the challenge and is signed. Those that
-- follow while the station is not ready are empty [V2G2-684], as all are with external payment.
function pnc.clear_authorization(self)
    if self.protocol == EDITION then
        clear_signature(self, 'AuthorizationReq')
        self.role.Set_AuthorizationReq_GenChallengeSpecified(false)
    end
end

-- Whoever signs the first AuthorizationReq.
function pnc.set_authorization(self)
    pnc.clear_authorization(self)
    if self.paying ~= 'Contract' then
        return nil
    end
    self.role.Set_AuthorizationReq_GenChallenge(self.challenge)
    return pnc.set_signer(self, 'AuthorizationReq')
end

-- Takes away the tariffs that the mobility operator has not signed: they are ignored.
function pnc.check_tariffs(self, tuples)
    local has_tariff = false
    for _, tuple in ipairs(tuples) do
        has_tariff = has_tariff or tuple.SalesTariff ~= nil
    end
    if self.paying ~= 'Contract' or not has_tariff then
        return
    end
    local operator = self.identity.chain[2]
    local good, why = nil, 'the contract came without the sub-CA that signs tariffs'
    if operator then
        good, why = contract.verify(self, 'ChargeParameterDiscoveryRes', operator)
    end
    if good then
        return
    end
    Log('SalesTariff is ignored: ' .. why)
    for _, tuple in ipairs(tuples) do
        tuple.SalesTariff = nil
    end
end

return pnc
