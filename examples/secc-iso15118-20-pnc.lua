-- A station of ISO 15118-20 that takes contracts over TLS 1.3 and hands out contract certificates.
-- It checks every chain and signature, and asks for a confirmation of each second meter reading.
--   v2glab run examples/evcc-iso15118-20-pnc.lua examples/secc-iso15118-20-pnc.lua
--   v2glab run examples/evcc-iso15118-20-install.lua examples/secc-iso15118-20-pnc.lua
-- What a real station asks its operator for (contracts, provisioning) the tree of certificates has.
local certificates = require 'certificates'

local AC <const> = 1
local Code <const> = ResponseCodeType

Secc.Protocol = 'ISO15118-20'
local energy = 12000 -- Wh, the meter's reading
local readings = 0
local asked = false  -- the vehicle has asked for its contracts before
local vehicle = {}   -- contract: its leaf; challenge

-- The response code that a chain's fault calls for: the vehicle may try another contract.
local FAULTS <const> = {
  expired = Code.WARNING_CertificateExpired,
  ['not yet valid'] = Code.WARNING_CertificateNotYetValid,
  revoked = Code.WARNING_CertificateRevoked,
}

local function judge_chain(chain, role)
  local good, why, kind = Pki.Check(chain, { role = role, edition = 'ISO15118-20' })
  if good then
    return Code.OK
  end
  Log(why)
  return FAULTS[kind] or Code.WARNING_CertificateValidationError
end

local answers = {}

function answers.SessionSetupReq()
  Secc.Set_SessionSetupRes_EVSEID('KR*TC1*ISO20*001')
  Secc.Set_SessionSetupRes_ResponseCode(Code.OK_NewSessionEstablished)
end

function answers.AuthorizationSetupReq()
  vehicle.challenge = Pki.Random(16)
  Secc.Set_AuthorizationSetupRes_AuthorizationServices(0, AuthorizationType.PnC)
  Secc.Set_AuthorizationSetupRes_CertificateInstallationService(true)
  Secc.Set_AuthorizationSetupRes_PnC_ASResAuthorizationMode_GenChallenge(vehicle.challenge)
end

-- The first answer says that the operator is being asked.
function answers.CertificateInstallationReq()
  local request = Secc.Get_CertificateInstallationReq_OEMProvisioningCertificateChain()
  local chain = certificates.received(request)
  local code = judge_chain(chain, 'oem-leaf')
  if code == Code.OK then
    local good, why = Secc.Verify_CertificateInstallationReq(Pki.Certificate(chain[1]))
    code = good and Code.OK or Code.FAILED_SignatureError
    Log(good and 'the request is signed by ' .. Pki.Certificate(chain[1]).common_name or why)
  end
  Secc.Set_CertificateInstallationRes_ResponseCode(code)
  local is_first = not asked
  asked = true
  Secc.Set_CertificateInstallationRes_EVSEProcessing(
    is_first and ProcessingType.Ongoing or ProcessingType.Finished)
  if code ~= Code.OK or is_first then
    return
  end
  local receiver = Pki.Certificate(chain[1])
  local contract, sender = Pki.Identity('contract-leaf'), Pki.Identity('cps-leaf')
  local is_448 = receiver.curve == 'ED448'
  local public, wrapped = Pki.Wrap(receiver, contract.key,
    { pcid = receiver.common_name, certificate = contract.chain[1] })
  Secc.Set_CertificateInstallationRes_CPSCertificateChain(certificates.element(sender.chain))
  Secc.Set_CertificateInstallationRes_SignedInstallationData({
    Id = 'contract',
    ContractCertificateChain = certificates.element(contract.chain),
    ECDHCurve = is_448 and EcdhCurveType.X448 or EcdhCurveType.SECP521,
    DHPublicKey = public,
    [is_448 and 'X448_EncryptedPrivateKey' or 'SECP521_EncryptedPrivateKey'] = wrapped,
  })
  Secc.Set_CertificateInstallationRes_RemainingContractCertificateChains(0)
  Secc.Sign_CertificateInstallationRes(sender)
end

function answers.AuthorizationReq()
  local request = Secc.Get_AuthorizationReq_PnC_AReqAuthorizationMode()
  local code = Code.WARNING_AuthorizationSelectionInvalid
  if request then
    local chain = certificates.received(request.ContractCertificateChain)
    code = judge_chain(chain, 'contract-leaf')
    vehicle.contract = Pki.Certificate(chain[1])
  end
  if code == Code.OK then
    local good, why, kind = Secc.Verify_AuthorizationReq(vehicle.contract)
    if not good then
      code = Code.FAILED_SignatureError
      Log(kind, why)
    elseif request.GenChallenge ~= vehicle.challenge then
      code = Code.WARNING_ChallengeInvalid
    else
      Log('the contract is', vehicle.contract.common_name)
    end
  end
  Secc.Set_AuthorizationRes_ResponseCode(code)
end

function answers.ServiceDiscoveryReq()
  Secc.Set_ServiceDiscoveryRes_EnergyTransferServiceList_ServiceID(0, AC)
end

function answers.ServiceDetailReq()
  Secc.Set_ServiceDetailRes_ServiceID(Secc.Get_ServiceDetailReq_ServiceID())
end

function answers.AC_ChargeLoopReq()
  energy = energy + 5
  readings = readings + 1
  Secc.Set_AC_ChargeLoopRes_MeterInfo({ MeterID = 'METER1', ChargedEnergyReadingWh = energy })
  if readings % 2 == 0 then
    Secc.Set_AC_ChargeLoopRes_EVSEStatus_EVSENotification(EvseNotificationType.MeteringConfirmation)
  else
    Secc.Set_AC_ChargeLoopRes_EVSEStatusSpecified(false)
  end
end

function answers.MeteringConfirmationReq()
  local good, why = Secc.Verify_MeteringConfirmationReq(vehicle.contract)
  local reading = Secc.Get_MeteringConfirmationReq_SignedMeteringData_MeterInfo_ChargedEnergyReadingWh()
  Log(good and 'confirmed: ' .. reading .. ' Wh' or why)
  Secc.Set_MeteringConfirmationRes_ResponseCode(
    good and reading == energy and Code.OK or Code.FAILED_MeteringSignatureNotValid)
end

Secc.Listen { tls = '1.3' }
repeat
  local request = assert(Secc.Receive_Any_001())
  if answers[request] then
    answers[request]()
  end
  Secc['Send_' .. request:gsub('Req$', 'Res') .. '_001']()
until request == 'SessionStopReq'
