-- A station of ISO 15118-2 that takes contracts over TLS 1.2 and hands out contract certificates.
-- It checks every chain and signature, and asks for a receipt after each second reading of the
-- meter.
--   v2glab run examples/evcc-iso15118-2-pnc.lua examples/secc-iso15118-2-pnc.lua
--   v2glab run examples/evcc-iso15118-2-install.lua examples/secc-iso15118-2-pnc.lua
-- What a real station asks its operator for (contracts, provisioning) the tree of certificates has.
local certificates = require 'certificates'

local CERTIFICATES <const> = 2
local Code <const> = ResponseCodeType

Secc.Protocol = 'ISO15118-2'
local energy = 12000 -- Wh, the meter's reading
local readings = 0
local vehicle = {}   -- contract: its leaf; challenge

-- The response code that a chain's fault calls for; others are FAILED_CertChainError.
local FAULTS <const> = {
  expired = Code.FAILED_CertificateExpired,
  ['not yet valid'] = Code.FAILED_CertificateExpired,
  revoked = Code.FAILED_CertificateRevoked,
}

local function judge_chain(chain, role)
  local good, why, kind = Pki.Check(chain, { role = role, edition = 'ISO15118-2' })
  if good then
    return Code.OK
  end
  Log(why)
  return FAULTS[kind] or Code.FAILED_CertChainError
end

local answers = {}

function answers.SessionSetupReq()
  Secc.Set_SessionSetupRes_EVSEID('KR*TC1*ISO1*001')
end

function answers.ServiceDiscoveryReq()
  Secc.Set_ServiceDiscoveryRes_PaymentOptionList_PaymentOption(0, PaymentOptionType.Contract)
  Secc.Set_ServiceDiscoveryRes_PaymentOptionList_PaymentOption(1, PaymentOptionType.ExternalPayment)
  Secc.Set_ServiceDiscoveryRes_ChargeService_SupportedEnergyTransferMode_EnergyTransferMode(
    0, EnergyTransferModeType.AC_three_phase_core)
  Secc.Set_ServiceDiscoveryRes_ServiceList_Service(0, {
    ServiceID = CERTIFICATES, ServiceName = 'Certificate',
    ServiceCategory = ServiceCategoryType.ContractCertificate, FreeService = true })
end

function answers.CertificateInstallationReq()
  local leaf = Secc.Get_CertificateInstallationReq_OEMProvisioningCert()
  -- the vehicle sends its leaf alone: the operator knows the sub-CAs
  local chain, sender = Pki.Identity('oem-leaf').chain, Pki.Identity('cps-leaf')
  chain[1] = leaf
  local code = judge_chain(chain, 'oem-leaf')
  if code == Code.OK then
    local good, why = Secc.Verify_CertificateInstallationReq(Pki.Certificate(leaf))
    code = good and Code.OK or Code.FAILED_SignatureError
    Log(good and 'the request is signed by ' .. Pki.Certificate(leaf).common_name or why)
  end
  Secc.Set_CertificateInstallationRes_ResponseCode(code)
  if code ~= Code.OK then
    return
  end
  local contract = Pki.Identity('contract-leaf')
  local public, wrapped = Pki.Wrap(Pki.Certificate(leaf), contract.key)
  Secc.Set_CertificateInstallationRes_SAProvisioningCertificateChain(certificates.element(sender.chain))
  Secc.Set_CertificateInstallationRes_ContractSignatureCertChain(certificates.element(contract.chain))
  Secc.Set_CertificateInstallationRes_ContractSignatureEncryptedPrivateKey(wrapped)
  Secc.Set_CertificateInstallationRes_DHpublickey(public)
  Secc.Set_CertificateInstallationRes_eMAID(contract.chain[1].common_name)
  Secc.Sign_CertificateInstallationRes(sender) -- four elements, over each of which goes a digest
end

function answers.ServiceDetailReq()
  Secc.Set_ServiceDetailRes_ServiceID(Secc.Get_ServiceDetailReq_ServiceID())
  for i, use in ipairs { 'Installation', 'Update' } do
    Secc.Set_ServiceDetailRes_ServiceParameterList_ParameterSet(i - 1, {
      ParameterSetID = i, Parameter = { { Name = 'Service', stringValue = use } } })
  end
end

function answers.PaymentDetailsReq()
  local chain = certificates.received(Secc.Get_PaymentDetailsReq_ContractSignatureCertChain())
  local code = judge_chain(chain, 'contract-leaf')
  if code == Code.OK then
    vehicle.contract = Pki.Certificate(chain[1])
    vehicle.challenge = Pki.Random(16)
    local emaid = Pki.Emaid(Secc.Get_PaymentDetailsReq_eMAID())
    if emaid ~= Pki.Emaid(vehicle.contract.common_name) then
      code = Code.FAILED_NoCertificateAvailable
    end
  end
  Secc.Set_PaymentDetailsRes_ResponseCode(code)
  Secc.Set_PaymentDetailsRes_GenChallenge(vehicle.challenge or Pki.Random(16))
  Secc.Set_PaymentDetailsRes_EVSETimeStamp(math.floor(Now() / 1000))
end

function answers.AuthorizationReq()
  local code = Code.OK
  local good, why, kind = Secc.Verify_AuthorizationReq(vehicle.contract)
  if not good then
    code = Code.FAILED_SignatureError
    Log(kind, why)
  elseif Secc.Get_AuthorizationReq_GenChallenge() ~= vehicle.challenge then
    code = Code.FAILED_ChallengeInvalid
  else
    Log('the contract is', vehicle.contract.common_name)
  end
  Secc.Set_AuthorizationRes_ResponseCode(code)
  Secc.Set_AuthorizationRes_EVSEProcessing(EVSEProcessingType.Finished)
end

function answers.ChargeParameterDiscoveryReq()
  Secc.Set_ChargeParameterDiscoveryRes_SAScheduleListSpecified(true)
  Secc.Set_ChargeParameterDiscoveryRes_AC_EVSEChargeParameterSpecified(true)
end

function answers.PowerDeliveryReq()
  Secc.Set_PowerDeliveryRes_AC_EVSEStatusSpecified(true)
end

function answers.ChargingStatusReq()
  energy = energy + 5
  readings = readings + 1
  Secc.Set_ChargingStatusRes_MeterInfo_MeterID('METER1')
  Secc.Set_ChargingStatusRes_MeterInfo_MeterReading(energy)
  Secc.Set_ChargingStatusRes_ReceiptRequired(readings % 2 == 0)
end

function answers.MeteringReceiptReq()
  local good, why = Secc.Verify_MeteringReceiptReq(vehicle.contract)
  local same = Secc.Get_MeteringReceiptReq_MeterInfo_MeterReading() == energy
  Log(good and 'a receipt over ' .. energy .. ' Wh' or why)
  Secc.Set_MeteringReceiptRes_ResponseCode(
    good and same and Code.OK or Code.FAILED_MeteringSignatureNotValid)
  Secc.Set_MeteringReceiptRes_AC_EVSEStatusSpecified(true)
end

Secc.Listen { tls = '1.2' }
repeat
  local request = assert(Secc.Receive_Any_001())
  if answers[request] then
    answers[request]()
  end
  Secc['Send_' .. request:gsub('Req$', 'Res') .. '_001']()
until request == 'SessionStopReq'
