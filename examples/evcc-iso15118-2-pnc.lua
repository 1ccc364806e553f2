-- A vehicle that charges with AC by ISO 15118-2 over TLS 1.2 and pays by contract (Plug & Charge):
-- it shows its contract certificate, signs the station's challenge, and signs meter readings.
--   v2glab run examples/evcc-iso15118-2-pnc.lua examples/secc-iso15118-2-pnc.lua
-- The certificates are those of the demo tree, or of the one that --pki names.
local pnc = require 'iso15118-2-pnc'
local vehicle = require 'iso15118-2'

local contract = Pki.Identity('contract-leaf')
local emaid = contract.chain[1].common_name

pnc.open()

Evcc.Set_PaymentServiceSelectionReq_SelectedPaymentOption(PaymentOptionType.Contract)
Evcc.Set_PaymentServiceSelectionReq_SelectedServiceList_ServiceID(
  0, Evcc.Get_ServiceDiscoveryRes_ChargeService_ServiceID())
Evcc.Send_PaymentServiceSelectionReq_001()
Evcc.Receive_PaymentServiceSelectionRes_001()
pnc.is_ok(Evcc.Get_PaymentServiceSelectionRes_ResponseCode())

pnc.authorize(emaid, contract)

Evcc.Set_ChargeParameterDiscoveryReq_RequestedEnergyTransferMode(
  EnergyTransferModeType.AC_three_phase_core)
Evcc.Set_ChargeParameterDiscoveryReq_AC_EVChargeParameterSpecified(true)
vehicle.discover_parameters()
vehicle.start()

local receipts = 0
for _ = 1, 4 do
  Evcc.Send_ChargingStatusReq_001()
  Evcc.Receive_ChargingStatusRes_001()
  pnc.is_ok(Evcc.Get_ChargingStatusRes_ResponseCode())
  if Evcc.Get_ChargingStatusRes_ReceiptRequired() then
    -- The reading comes back as it was told, signed with the contract's key: having an Id, the
    -- message is signed as it is sent, but with the key of the tree, so the key is named here.
    Evcc.Set_MeteringReceiptReq_Id('receipt')
    Evcc.Set_MeteringReceiptReq_SessionID(Evcc.SessionID())
    Evcc.Set_MeteringReceiptReq_SAScheduleTupleID(Evcc.Get_ChargingStatusRes_SAScheduleTupleID())
    Evcc.Set_MeteringReceiptReq_MeterInfo(Evcc.Get_ChargingStatusRes_MeterInfo())
    Evcc.Sign_MeteringReceiptReq(contract)
    Evcc.Send_MeteringReceiptReq_001()
    Evcc.Receive_MeteringReceiptRes_001()
    pnc.is_ok(Evcc.Get_MeteringReceiptRes_ResponseCode())
    receipts = receipts + 1
  end
end
Log(receipts, 'receipts, as often as the station has asked')

vehicle.stop()
pnc.close()
