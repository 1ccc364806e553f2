-- A vehicle that has no contract yet: by ISO 15118-20 over TLS 1.3 it asks for those that belong to
-- its provisioning certificate, checks and decrypts each that it gets, and authorizes with the
-- first. It does not charge.
--   v2glab run examples/evcc-iso15118-20-install.lua examples/secc-iso15118-20-pnc.lua
local certificates = require 'certificates'
local pnc = require 'iso15118-20-pnc'
local vehicle = require 'iso15118-20'

local provisioning = Pki.Identity('oem-leaf', 'ISO15118-20')
local contracts = {}

-- What has come, as an identity to sign with.
local function take()
  local sender = certificates.received(Evcc.Get_CertificateInstallationRes_CPSCertificateChain())
  local data = Evcc.Get_CertificateInstallationRes_SignedInstallationData()
  local chain = certificates.received(data.ContractCertificateChain)
  assert(Pki.Check(sender, { role = 'cps-leaf', edition = 'ISO15118-20' }))
  assert(Evcc.Verify_CertificateInstallationRes(Pki.Certificate(sender[1])))
  assert(Pki.Check(chain, { role = 'contract-leaf', edition = 'ISO15118-20' }))

  local contract = { chain = certificates.values(chain) }
  contract.key = assert(Pki.Unwrap(provisioning.key, data.DHPublicKey,
    data.SECP521_EncryptedPrivateKey or data.X448_EncryptedPrivateKey,
    { pcid = provisioning.chain[1].common_name, certificate = contract.chain[1] }))
  Log('installed', contract.chain[1])
  return contract
end

pnc.open()
assert(Evcc.Get_AuthorizationSetupRes_CertificateInstallationService(),
  'the station hands out no certificates')

local chain = certificates.element(provisioning.chain)
chain.Id = 'provisioning'
Evcc.Set_CertificateInstallationReq_OEMProvisioningCertificateChain(chain)
for i, root in ipairs(Pki.Roots('ISO15118-20')) do
  Evcc.Set_CertificateInstallationReq_ListOfRootCertificateIDs_RootCertificateID(i - 1, {
    X509IssuerName = root.issuer_name, X509SerialNumber = root.serial })
end
Evcc.Set_CertificateInstallationReq_MaximumContractCertificateChains(2)
repeat
  Evcc.Sign_CertificateInstallationReq(provisioning)
  Evcc.Send_CertificateInstallationReq_001()
  Evcc.Receive_CertificateInstallationRes_001()
  vehicle.is_ok(Evcc.Get_CertificateInstallationRes_ResponseCode())
  if Evcc.Get_CertificateInstallationRes_EVSEProcessing() == ProcessingType.Finished then
    contracts[#contracts + 1] = take()
  end
until #contracts > 0 and Evcc.Get_CertificateInstallationRes_RemainingContractCertificateChains() == 0

pnc.authorize(contracts[1])
vehicle.close()
