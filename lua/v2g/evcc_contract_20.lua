-- SPDX-License-Identifier: Apache-2.0
-- Plug & Charge of a vehicle in ISO 15118-20: how it is authorized, contracts that it has
-- installed, what it does after a warning, and what it signs.

local common = require 'v2g.common'
local contract = require 'v2g.contract'

local pnc = { steps = {} }
local steps = pnc.steps

local EDITION <const> = 'ISO15118-20'

-- ---- how it is authorized ----

-- nil, or why a contract cannot pay here.
local function no_contract(self, offered)
    if not offered.PnC then
        return 'the station does not offer Plug & Charge'
    end
    if self.role.Get_Tls_Version() ~= '1.3' and not self.p.contract_without_tls then
        return 'a contract pays over TLS 1.3 only, and this connection has none'
    end
    return nil
end

-- By contract, or by external means where that cannot be and may be; leaves where neither can.
local function choose(self, offered)
    if self.p.payment == 'Contract' then
        local why = no_contract(self, offered)
        if not why then
            return 'Contract'
        end
        if not (self.p.fall_back and offered.EIM) then
            return self:leave('stop', false, why)
        end
        Log(why .. ': it is paid by external means')
    end
    if not offered.EIM then
        self:leave('stop', false, 'the station offers no authorization by external means')
    end
    return 'ExternalPayment'
end

function steps.AuthorizationSetup(self)
    self:exchange('AuthorizationSetup')
    local offered = {}
    for _, one in ipairs(common.get_list(self.role, 'AuthorizationSetupRes', 'AuthorizationServices')) do
        offered[one] = true
    end
    self.offered, self.paying = offered, choose(self, offered)
    if self.paying ~= 'Contract' then
        return
    end
    local path = 'Get_AuthorizationSetupRes_PnC_ASResAuthorizationMode'
    if not self.role[path .. 'Specified']() then
        self:leave('stop', false, 'AuthorizationSetupRes is refused: it offers PnC without '
            .. 'PnC_ASResAuthorizationMode')
    end
    self.challenge = self.role[path .. '_GenChallenge']()
    if #self.challenge ~= 16 then
        self:leave('stop', false, ('AuthorizationSetupRes is refused: GenChallenge has %d octets; '
            .. 'expected 16'):format(#self.challenge))
    end
end

-- ---- installation ----

-- Takes the contract of the response into use; leaves where something is wrong with it.
local function receive(self, receiver)
    local path = 'SignedInstallationData_'
    local function get(name)
        return self.role['Get_CertificateInstallationRes_' .. path .. name]()
    end
    local function has(name)
        return self.role['Get_CertificateInstallationRes_' .. path .. name .. 'Specified']()
    end
    local key = has 'X448_EncryptedPrivateKey' and 'X448_EncryptedPrivateKey'
        or 'SECP521_EncryptedPrivateKey'
    if not has(key) then
        self:leave('stop', false, 'CertificateInstallationRes is refused: it has no private key but '
            .. 'that for a TPM')
    end
    local message = 'CertificateInstallationRes'
    local identity, why = contract.receive(self, {
        service = contract.get_chain(self.role, message, 'CPSCertificateChain'),
        contract = contract.get_chain(self.role, message, path .. 'ContractCertificateChain'),
        public = get 'DHPublicKey', wrapped = get(key),
    }, receiver, EDITION, function(leaf)
        return contract.verify(self, 'CertificateInstallationRes', Pki.Certificate(leaf))
    end)
    if not identity then
        return self:leave('stop', false, 'CertificateInstallationRes is refused: ' .. why)
    end
    Log(('the contract of %s is installed'):format(contract.emaid(identity)))
    return identity
end

local function set_installation(self, oem)
    local p, message = self.p, 'CertificateInstallationReq'
    contract.set_chain(self.role, message, 'OEMProvisioningCertificateChain', oem)
    self.role.Set_CertificateInstallationReq_OEMProvisioningCertificateChain_Id('id1')
    common.set_list(self.role, message, 'ListOfRootCertificateIDs_RootCertificateID',
        contract.roots(EDITION))
    self.role.Set_CertificateInstallationReq_MaximumContractCertificateChains(p.max_contracts)
    if #p.prioritized > 0 then
        common.set_list(self.role, message, 'PrioritizedEMAIDs_EMAID', p.prioritized)
    else
        self.role.Set_CertificateInstallationReq_PrioritizedEMAIDsSpecified(false)
    end
end

-- One contract, or nil: the station has none to give.
local function install_one(self, oem)
    self:repeat_until('CertificateInstallation', 'V2G_EVCC_Ongoing_Timeout', function()
        return self.role.Get_CertificateInstallationRes_EVSEProcessing() == 'Finished'
    end, oem)
    if not self.code:find('^OK') then
        Log('no contract is installed: ' .. self.code)
        return nil
    end
    return receive(self, oem)
end

-- As many contracts as it wants and the station has for it [V2G20-2221].
function steps.CertificateInstallation(self)
    if self.paying ~= 'Contract' or contract.wish(self.p, EDITION) == 'present' then
        return
    end
    self.identities = {}
    if not self.role.Get_AuthorizationSetupRes_CertificateInstallationService() then
        Log('the station installs no certificates')
        return
    end
    local oem, list = contract.identity('oem-leaf', EDITION), self.identities
    set_installation(self, oem)
    repeat
        list[#list + 1] = install_one(self, oem)
        local over = not self.code:find('^OK')
            or self.role.Get_CertificateInstallationRes_RemainingContractCertificateChains() == 0
    until over or #list >= self.p.max_contracts
end

-- ---- authorization ----

-- The contracts it has: those that were installed, else those of the tree.
local function identities_of(self)
    if not self.identities then
        self.identities = {}
        for i, name in ipairs(self.p.contracts) do
            self.identities[i] = contract.identity(name, EDITION)
        end
    end
    return self.identities
end

-- Whether the station takes a contract, as far as it names providers.
local function is_supported(self, identity)
    local path = 'PnC_ASResAuthorizationMode_SupportedProviders'
    if not self.role['Get_AuthorizationSetupRes_' .. path .. 'Specified']() then
        return true
    end
    return contract.begins_with_one_of(contract.emaid(identity),
        common.get_list(self.role, 'AuthorizationSetupRes', path .. '_ProviderID'))
end

-- What can be tried, one after another: contracts, those of the station's providers alone where it
-- may fall back; external means where there are none, or after a warning that is asked for. `false`
-- stands for these.
local function ways_of(self)
    local p, list = self.p, {}
    local may = self.offered.EIM and (p.fall_back or self.paying ~= 'Contract')
    for _, identity in ipairs(self.paying == 'Contract' and identities_of(self) or {}) do
        if not may or is_supported(self, identity) then
            list[#list + 1] = identity
        end
    end
    if may and (#list == 0 or p.fall_back_after_warning) then
        list[#list + 1] = false
    end
    return list
end

local function set_authorization(self, identity)
    local path = 'AuthorizationReq_PnC_AReqAuthorizationMode_'
    self.identity = identity or nil
    self.role.Set_AuthorizationReq_SelectedAuthorizationService(identity and 'PnC' or 'EIM')
    if not identity then
        self.role.Set_AuthorizationReq_EIM_AReqAuthorizationModeSpecified(true)
        self.role.Set_AuthorizationReq_Header_SignatureSpecified(false)
        return
    end
    self.role['Set_' .. path .. 'Id']('id1')
    self.role['Set_' .. path .. 'GenChallenge'](self.challenge)
    contract.set_chain(self.role, 'AuthorizationReq',
        'PnC_AReqAuthorizationMode_ContractCertificateChain', identity)
end

-- After a warning another contract may be tried, or external means [V2G20-1583].
function steps.Authorization(self)
    local tried = {}
    for _, identity in ipairs(ways_of(self)) do
        set_authorization(self, identity)
        -- external means may take as long as the station lets them
        local parameter = identity and 'V2G_EVCC_Ongoing_Timeout' or 'V2G_SECC_EIM_Ongoing_Timeout'
        self:repeat_until('Authorization', parameter, function()
            return self.role.Get_AuthorizationRes_EVSEProcessing() == 'Finished'
        end, identity or nil)
        if self.code:find('^OK') then
            self.paying = identity and 'Contract' or 'ExternalPayment'
            return
        end
        tried[#tried + 1] = ('%s: %s'):format(identity and contract.emaid(identity)
            or 'external means', self.code)
        Log('authorization by ' .. tried[#tried])
    end
    self:leave('stop', false, ('nothing is left to be authorized with (%s)')
        :format(#tried > 0 and table.concat(tried, ', ') or 'no contract, and no external means'))
end

-- Whose signature the messages of a session have that is paid by contract; nil: they have none.
function pnc.signer(self)
    return self.paying == 'Contract' and self.identity or nil
end

-- ---- receipts ----

-- Confirms the meter reading of the last response of the charge loop, if the station asks for that.
function pnc.confirm(self, wish)
    local loop = self:name(self.mode == 'dc' and 'CurrentDemand' or 'ChargingStatus')
    local path = 'Set_MeteringConfirmationReq_SignedMeteringData_'
    if wish ~= 'MeteringConfirmation' or not self.p.receipts or not pnc.signer(self)
        or not self.role['Get_' .. loop .. 'Res_MeterInfoSpecified']() then
        return
    end
    self.role[path .. 'Id']('id1')
    self.role[path .. 'SessionID'](self.role.SessionID())
    self.role[path .. 'MeterInfo'](self.role['Get_' .. loop .. 'Res_MeterInfo']())
    if self.schedule then
        self.role[path .. 'Scheduled_SMDTControlMode_SelectedScheduleTupleID'](self.schedule)
    else
        self.role[path .. 'Dynamic_SMDTControlModeSpecified'](true)
    end
    self:exchange('MeteringReceipt', pnc.signer(self))
end

-- ---- prices ----

-- Takes away prices in money that the mobility operator has not signed, where a contract pays.
-- holders: what may have an AbsolutePriceSchedule.
function pnc.check_prices(self, holders)
    local has_prices, signer = false, pnc.signer(self)
    for _, holder in ipairs(holders) do
        has_prices = has_prices or holder.AbsolutePriceSchedule ~= nil
    end
    if not has_prices or not signer then
        return
    end
    local operator, good = signer.chain[2], nil
    local why = 'the contract came without the sub-CA that signs prices'
    if operator then
        good, why = contract.verify(self, 'ScheduleExchangeRes', operator)
    end
    if good then
        return
    end
    Log('AbsolutePriceSchedule is ignored: ' .. why)
    for _, holder in ipairs(holders) do
        holder.AbsolutePriceSchedule = nil
    end
end

return pnc
