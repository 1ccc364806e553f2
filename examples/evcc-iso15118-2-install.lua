-- A vehicle that has no contract yet: by ISO 15118-2 over TLS 1.2 it asks for one with its
-- provisioning certificate, checks what it gets, decrypts the contract's private key, and
-- authorizes with it. It does not charge.
--   v2glab run examples/evcc-iso15118-2-install.lua examples/secc-iso15118-2-pnc.lua
local certificates = require 'certificates'
local pnc = require 'iso15118-2-pnc'

local CERTIFICATES <const> = 2 -- the service's ServiceID

local provisioning = Pki.Identity('oem-leaf')

pnc.open()
assert(Evcc.Exist_ServiceDiscoveryRes_ServiceList_Service(CERTIFICATES),
  'the station has no certificate service')

-- Which parameter set installs, the station says.
Evcc.Set_ServiceDetailReq_ServiceID(CERTIFICATES)
Evcc.Send_ServiceDetailReq_001()
Evcc.Receive_ServiceDetailRes_001()
pnc.is_ok(Evcc.Get_ServiceDetailRes_ResponseCode())
local installation
for i = 0, Evcc.Get_ServiceDetailRes_ServiceParameterList_ParameterSet_Count() - 1 do
  local set = Evcc.Get_ServiceDetailRes_ServiceParameterList_ParameterSet(i)
  for _, parameter in ipairs(set.Parameter) do
    if parameter.stringValue == 'Installation' then
      installation = set.ParameterSetID
    end
  end
end
assert(installation, 'the station offers no parameter set for the installation')

Evcc.Set_PaymentServiceSelectionReq_SelectedPaymentOption(PaymentOptionType.Contract)
Evcc.Set_PaymentServiceSelectionReq_SelectedServiceList_SelectedService(0, {
  ServiceID = Evcc.Get_ServiceDiscoveryRes_ChargeService_ServiceID() })
Evcc.Set_PaymentServiceSelectionReq_SelectedServiceList_SelectedService(1, {
  ServiceID = CERTIFICATES, ParameterSetID = installation })
Evcc.Send_PaymentServiceSelectionReq_001()
Evcc.Receive_PaymentServiceSelectionRes_001()
pnc.is_ok(Evcc.Get_PaymentServiceSelectionRes_ResponseCode())

-- The request names the V2G roots that the vehicle trusts. It would be signed as it is sent, with
-- the same key.
for i, root in ipairs(Pki.Roots('ISO15118-2')) do
  Evcc.Set_CertificateInstallationReq_ListOfRootCertificateIDs_RootCertificateID(i - 1, {
    X509IssuerName = root.issuer_name, X509SerialNumber = root.serial })
end
Evcc.Set_CertificateInstallationReq_Id('installation')
Evcc.Set_CertificateInstallationReq_OEMProvisioningCert(provisioning.chain[1].der)
Evcc.Sign_CertificateInstallationReq(provisioning)
Evcc.Send_CertificateInstallationReq_001()
Evcc.Receive_CertificateInstallationRes_001()
pnc.is_ok(Evcc.Get_CertificateInstallationRes_ResponseCode())

-- Who has sent it, is it as it was sent, and is the contract's certificate good?
local sender = certificates.received(Evcc.Get_CertificateInstallationRes_SAProvisioningCertificateChain())
local chain = certificates.received(Evcc.Get_CertificateInstallationRes_ContractSignatureCertChain())
assert(Pki.Check(sender, { role = 'cps-leaf', edition = 'ISO15118-2' }))
assert(Evcc.Verify_CertificateInstallationRes(Pki.Certificate(sender[1])))
assert(Pki.Check(chain, { role = 'contract-leaf', edition = 'ISO15118-2' }))

-- The private key comes encrypted for the holder of the provisioning certificate.
local contract = { chain = certificates.values(chain) }
contract.key = assert(Pki.Unwrap(provisioning.key,
  Evcc.Get_CertificateInstallationRes_DHpublickey(),
  Evcc.Get_CertificateInstallationRes_ContractSignatureEncryptedPrivateKey(),
  { certificate = contract.chain[1] }))
local emaid = Evcc.Get_CertificateInstallationRes_eMAID()
assert(Pki.Emaid(emaid) == Pki.Emaid(contract.chain[1].common_name))
Log('installed', contract.chain[1])

pnc.authorize(emaid, contract)
pnc.close()
