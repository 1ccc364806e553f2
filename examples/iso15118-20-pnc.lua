-- What vehicles of ISO 15118-20 that pay by contract have in common, for the examples.
local certificates = require 'certificates'
local vehicle = require 'iso15118-20'
local M = {}

-- Connects over TLS 1.3, with the vehicle's certificate, up to AuthorizationSetup.
function M.open()
  Evcc.Protocol = 'ISO15118-20'
  Evcc.Connect { tls = '1.3' }
  vehicle.start()
  assert(Evcc.Get_AuthorizationSetupRes_PnC_ASResAuthorizationModeSpecified(),
    'the station does not take contracts')
end

-- Authorization with the contract's chain and the challenge of AuthorizationSetup, signed.
function M.authorize(contract)
  Evcc.Set_AuthorizationReq_SelectedAuthorizationService(AuthorizationType.PnC)
  Evcc.Set_AuthorizationReq_PnC_AReqAuthorizationMode({
    Id = 'authorization',
    GenChallenge = Evcc.Get_AuthorizationSetupRes_PnC_ASResAuthorizationMode_GenChallenge(),
    ContractCertificateChain = certificates.element(contract.chain),
  })
  Evcc.Sign_AuthorizationReq(contract)
  vehicle.authorize()
end

return M
