-- A vehicle that charges with three-phase AC by ISO 15118-2, paid for externally.
-- Run it against examples/secc-iso15118-2-ac.lua:
--   v2glab run examples/evcc-iso15118-2-ac.lua examples/secc-iso15118-2-ac.lua
-- or against a real station:
--   v2glab run examples/evcc-iso15118-2-ac.lua --interface eth1

local loops <const> = 5

Evcc.Set_SessionSetupReq_EVCCID('02AA00000001')
Evcc.Send_SessionSetupReq_001()
Evcc.Receive_SessionSetupRes_001()
assert(Evcc.Get_SessionSetupRes_ResponseCode() == ResponseCodeType.OK_NewSessionEstablished)
Log('the station is', Evcc.Get_SessionSetupRes_EVSEID())

Evcc.Send_ServiceDiscoveryReq_001()
Evcc.Receive_ServiceDiscoveryRes_001()
assert(Evcc.Get_ServiceDiscoveryRes_ResponseCode() == ResponseCodeType.OK)

Evcc.Set_PaymentServiceSelectionReq_SelectedPaymentOption(PaymentOptionType.ExternalPayment)
Evcc.Set_PaymentServiceSelectionReq_SelectedServiceList_Count(1)
Evcc.Set_PaymentServiceSelectionReq_SelectedServiceList_ServiceID(
  0, Evcc.Get_ServiceDiscoveryRes_ChargeService_ServiceID())
Evcc.Send_PaymentServiceSelectionReq_001()
Evcc.Receive_PaymentServiceSelectionRes_001()
assert(Evcc.Get_PaymentServiceSelectionRes_ResponseCode() == ResponseCodeType.OK)

repeat
  Evcc.Send_AuthorizationReq_001()
  Evcc.Receive_AuthorizationRes_001()
  assert(Evcc.Get_AuthorizationRes_ResponseCode() == ResponseCodeType.OK)
until Evcc.Get_AuthorizationRes_EVSEProcessing() == EVSEProcessingType.Finished

Evcc.Set_ChargeParameterDiscoveryReq_RequestedEnergyTransferMode(
  EnergyTransferModeType.AC_three_phase_core)
Evcc.Set_ChargeParameterDiscoveryReq_AC_EVChargeParameter_EAmount(22000)    -- Wh
Evcc.Set_ChargeParameterDiscoveryReq_AC_EVChargeParameter_EVMaxVoltage(400) -- V
Evcc.Set_ChargeParameterDiscoveryReq_AC_EVChargeParameter_EVMaxCurrent(32)  -- A
Evcc.Set_ChargeParameterDiscoveryReq_AC_EVChargeParameter_EVMinCurrent(6)   -- A
repeat
  Evcc.Send_ChargeParameterDiscoveryReq_001()
  Evcc.Receive_ChargeParameterDiscoveryRes_001()
  assert(Evcc.Get_ChargeParameterDiscoveryRes_ResponseCode() == ResponseCodeType.OK)
until Evcc.Get_ChargeParameterDiscoveryRes_EVSEProcessing() == EVSEProcessingType.Finished
Log('the station allows',
  Evcc.Get_ChargeParameterDiscoveryRes_AC_EVSEChargeParameter_EVSEMaxCurrent(), 'A per phase')

Evcc.Set_PowerDeliveryReq_ChargeProgress(ChargeProgressType.Start)
Evcc.Set_PowerDeliveryReq_SAScheduleTupleID(1)
Evcc.Send_PowerDeliveryReq_001()
Evcc.Receive_PowerDeliveryRes_001()
assert(Evcc.Get_PowerDeliveryRes_ResponseCode() == ResponseCodeType.OK)

for _ = 1, loops do
  Sleep(100)
  Evcc.Send_ChargingStatusReq_001()
  Evcc.Receive_ChargingStatusRes_001()
  assert(Evcc.Get_ChargingStatusRes_ResponseCode() == ResponseCodeType.OK)
end
Log('the meter reads', Evcc.Get_ChargingStatusRes_MeterInfo_MeterReading(), 'Wh')

Evcc.Set_PowerDeliveryReq_ChargeProgress(ChargeProgressType.Stop)
Evcc.Send_PowerDeliveryReq_001()
Evcc.Receive_PowerDeliveryRes_001()
assert(Evcc.Get_PowerDeliveryRes_ResponseCode() == ResponseCodeType.OK)

local chargingSession = ChargingSessionType.Terminate
Evcc.Set_SessionStopReq_ChargingSession(chargingSession)
Evcc.Send_SessionStopReq_001()
Evcc.Receive_SessionStopRes_001()
assert(Evcc.Get_SessionStopRes_ResponseCode() == ResponseCodeType.OK)
