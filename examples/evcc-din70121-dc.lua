-- A vehicle that charges with DC by DIN SPEC 70121.
--   v2glab run examples/evcc-din70121-dc.lua examples/secc-din70121-dc.lua
Evcc.Protocol = 'DIN70121'

local battery <const> = 355 -- V

local function is_ok(code)
  assert(code == ResponseCodeType.OK, 'the station answered ' .. code)
end

Evcc.Set_SessionSetupReq_EVCCID('02AA00000003')
Evcc.Send_SessionSetupReq_001()
Evcc.Receive_SessionSetupRes_001()
assert(Evcc.Get_SessionSetupRes_ResponseCode() == ResponseCodeType.OK_NewSessionEstablished,
  'expected a new session')

Evcc.Send_ServiceDiscoveryReq_001()
Evcc.Receive_ServiceDiscoveryRes_001()
is_ok(Evcc.Get_ServiceDiscoveryRes_ResponseCode())

Evcc.Set_ServicePaymentSelectionReq_SelectedPaymentOption(PaymentOptionType.ExternalPayment)
Evcc.Send_ServicePaymentSelectionReq_001()
Evcc.Receive_ServicePaymentSelectionRes_001()
is_ok(Evcc.Get_ServicePaymentSelectionRes_ResponseCode())

repeat
  Evcc.Send_ContractAuthenticationReq_001()
  Evcc.Receive_ContractAuthenticationRes_001()
  is_ok(Evcc.Get_ContractAuthenticationRes_ResponseCode())
until Evcc.Get_ContractAuthenticationRes_EVSEProcessing() == EVSEProcessingType.Finished

Evcc.Set_ChargeParameterDiscoveryReq_DC_EVChargeParameter_EVMaximumCurrentLimit(125)
Evcc.Set_ChargeParameterDiscoveryReq_DC_EVChargeParameter_EVMaximumVoltageLimit(420)
repeat
  Evcc.Send_ChargeParameterDiscoveryReq_001()
  Evcc.Receive_ChargeParameterDiscoveryRes_001()
  is_ok(Evcc.Get_ChargeParameterDiscoveryRes_ResponseCode())
until Evcc.Get_ChargeParameterDiscoveryRes_EVSEProcessing() == EVSEProcessingType.Finished

repeat
  Evcc.Send_CableCheckReq_001()
  Evcc.Receive_CableCheckRes_001()
  is_ok(Evcc.Get_CableCheckRes_ResponseCode())
until Evcc.Get_CableCheckRes_EVSEProcessing() == EVSEProcessingType.Finished

Evcc.Set_PreChargeReq_EVTargetVoltage(battery)
local begun = Now()
repeat
  Evcc.Send_PreChargeReq_001()
  Evcc.Receive_PreChargeRes_001()
  is_ok(Evcc.Get_PreChargeRes_ResponseCode())
  local present = Evcc.Get_PreChargeRes_EVSEPresentVoltage()
  assert(Now() - begun < 7000, ('expected %g V within 7 s, found %g V'):format(battery, present))
until math.abs(present - battery) < 20

Evcc.Set_PowerDeliveryReq_ReadyToChargeState(true)
Evcc.Send_PowerDeliveryReq_001()
Evcc.Receive_PowerDeliveryRes_001()
is_ok(Evcc.Get_PowerDeliveryRes_ResponseCode())

Evcc.Set_CurrentDemandReq_EVTargetVoltage(battery + 10)
Evcc.Set_CurrentDemandReq_EVTargetCurrent(80)
for _ = 1, 8 do
  Evcc.Send_CurrentDemandReq_001()
  Evcc.Receive_CurrentDemandRes_001()
  is_ok(Evcc.Get_CurrentDemandRes_ResponseCode())
  Sleep(50)
end

Evcc.Set_PowerDeliveryReq_ReadyToChargeState(false)
Evcc.Send_PowerDeliveryReq_001()
Evcc.Receive_PowerDeliveryRes_001()
is_ok(Evcc.Get_PowerDeliveryRes_ResponseCode())

Evcc.Send_SessionStopReq_001()
Evcc.Receive_SessionStopRes_001()
is_ok(Evcc.Get_SessionStopRes_ResponseCode())
