-- A vehicle that charges with DC by ISO 15118-2, paid for externally.
--   v2glab run examples/evcc-iso15118-2-dc.lua examples/secc-iso15118-2-dc.lua

local battery <const> = 390.5 -- V
local soc = 42                -- percent

local function is_ok(code)
  assert(code == ResponseCodeType.OK, 'the station answered ' .. code)
end

Evcc.Set_SessionSetupReq_EVCCID('02AA00000002')
Evcc.Send_SessionSetupReq_001()
Evcc.Receive_SessionSetupRes_001()
assert(Evcc.Get_SessionSetupRes_ResponseCode() == ResponseCodeType.OK_NewSessionEstablished)

Evcc.Send_ServiceDiscoveryReq_001()
Evcc.Receive_ServiceDiscoveryRes_001()
is_ok(Evcc.Get_ServiceDiscoveryRes_ResponseCode())

Evcc.Send_PaymentServiceSelectionReq_001()
Evcc.Receive_PaymentServiceSelectionRes_001()
is_ok(Evcc.Get_PaymentServiceSelectionRes_ResponseCode())

Evcc.Send_AuthorizationReq_001()
Evcc.Receive_AuthorizationRes_001()
is_ok(Evcc.Get_AuthorizationRes_ResponseCode())

Evcc.Set_ChargeParameterDiscoveryReq_RequestedEnergyTransferMode(EnergyTransferModeType.DC_extended)
Evcc.Set_ChargeParameterDiscoveryReq_DC_EVChargeParameter_DC_EVStatus_EVRESSSOC(soc)
Evcc.Set_ChargeParameterDiscoveryReq_DC_EVChargeParameter_EVMaximumCurrentLimit(200)
Evcc.Set_ChargeParameterDiscoveryReq_DC_EVChargeParameter_EVMaximumVoltageLimit(450)
Evcc.Send_ChargeParameterDiscoveryReq_001()
Evcc.Receive_ChargeParameterDiscoveryRes_001()
is_ok(Evcc.Get_ChargeParameterDiscoveryRes_ResponseCode())
local limit = Evcc.Get_ChargeParameterDiscoveryRes_DC_EVSEChargeParameter_EVSEMaximumCurrentLimit()
Log('the station can give', limit, 'A')

Evcc.Set_CableCheckReq_DC_EVStatus_EVRESSSOC(soc)
repeat
  Evcc.Send_CableCheckReq_001()
  Evcc.Receive_CableCheckRes_001()
  is_ok(Evcc.Get_CableCheckRes_ResponseCode())
until Evcc.Get_CableCheckRes_EVSEProcessing() == EVSEProcessingType.Finished

Evcc.Set_PreChargeReq_DC_EVStatus_EVRESSSOC(soc)
Evcc.Set_PreChargeReq_EVTargetVoltage(battery)
Evcc.Set_PreChargeReq_EVTargetCurrent(2)
repeat
  Evcc.Send_PreChargeReq_001()
  Evcc.Receive_PreChargeRes_001()
  is_ok(Evcc.Get_PreChargeRes_ResponseCode())
until math.abs(Evcc.Get_PreChargeRes_EVSEPresentVoltage() - battery) < 20

Evcc.Set_PowerDeliveryReq_ChargeProgress(ChargeProgressType.Start)
Evcc.Set_PowerDeliveryReq_DC_EVPowerDeliveryParameter_DC_EVStatus_EVRESSSOC(soc)
Evcc.Send_PowerDeliveryReq_001()
Evcc.Receive_PowerDeliveryRes_001()
is_ok(Evcc.Get_PowerDeliveryRes_ResponseCode())

Evcc.Set_CurrentDemandReq_EVTargetVoltage(battery + 10)
Evcc.Set_CurrentDemandReq_EVTargetCurrent(math.min(120, limit))
for _ = 1, 8 do
  Evcc.Set_CurrentDemandReq_DC_EVStatus_EVRESSSOC(soc)
  Evcc.Send_CurrentDemandReq_001()
  Evcc.Receive_CurrentDemandRes_001()
  is_ok(Evcc.Get_CurrentDemandRes_ResponseCode())
  soc = soc + 1
  Sleep(50)
end
Log('charged with', Evcc.Get_CurrentDemandRes_EVSEPresentVoltage(), 'V and',
  Evcc.Get_CurrentDemandRes_EVSEPresentCurrent(), 'A')

Evcc.Set_PowerDeliveryReq_ChargeProgress(ChargeProgressType.Stop)
Evcc.Send_PowerDeliveryReq_001()
Evcc.Receive_PowerDeliveryRes_001()
is_ok(Evcc.Get_PowerDeliveryRes_ResponseCode())

Evcc.Send_WeldingDetectionReq_001()
Evcc.Receive_WeldingDetectionRes_001()
is_ok(Evcc.Get_WeldingDetectionRes_ResponseCode())
assert(Evcc.Get_WeldingDetectionRes_EVSEPresentVoltage() < 60)

Evcc.Send_SessionStopReq_001()
Evcc.Receive_SessionStopRes_001()
is_ok(Evcc.Get_SessionStopRes_ResponseCode())
