-- What vehicles of ISO 15118-2 that pay by contract have in common, for the examples.
local certificates = require 'certificates'
local vehicle = require 'iso15118-2'
local M = { is_ok = vehicle.is_ok }

-- Connects over TLS, up to ServiceDiscovery.
function M.open()
  Evcc.Protocol = 'ISO15118-2'
  Evcc.Connect { tls = '1.2' }
  Evcc.Set_SessionSetupReq_EVCCID('02AA00000001')
  Evcc.Send_SessionSetupReq_001()
  Evcc.Receive_SessionSetupRes_001()
  M.is_ok(Evcc.Get_SessionSetupRes_ResponseCode())

  Evcc.Send_ServiceDiscoveryReq_001()
  Evcc.Receive_ServiceDiscoveryRes_001()
  M.is_ok(Evcc.Get_ServiceDiscoveryRes_ResponseCode())
  assert(Evcc.Exist_ServiceDiscoveryRes_PaymentOptionList_PaymentOption(PaymentOptionType.Contract),
    'the station does not take contracts')
end

-- PaymentDetails with the contract's chain, then Authorization with the challenge, signed.
function M.authorize(emaid, contract)
  Evcc.Set_PaymentDetailsReq_eMAID(emaid)
  Evcc.Set_PaymentDetailsReq_ContractSignatureCertChain(certificates.element(contract.chain))
  Evcc.Send_PaymentDetailsReq_001()
  Evcc.Receive_PaymentDetailsRes_001()
  M.is_ok(Evcc.Get_PaymentDetailsRes_ResponseCode())

  Evcc.Set_AuthorizationReq_Id('authorization')
  Evcc.Set_AuthorizationReq_GenChallenge(Evcc.Get_PaymentDetailsRes_GenChallenge())
  Evcc.Sign_AuthorizationReq(contract)
  vehicle.authorize()
end

function M.close()
  Evcc.Set_SessionStopReq_ChargingSession(ChargingSessionType.Terminate)
  Evcc.Send_SessionStopReq_001()
  Evcc.Receive_SessionStopRes_001()
  M.is_ok(Evcc.Get_SessionStopRes_ResponseCode())
end

return M
