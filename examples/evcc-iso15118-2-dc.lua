-- A vehicle that charges with DC by ISO 15118-2, paid for externally.
--   v2glab run examples/evcc-iso15118-2-dc.lua examples/secc-iso15118-2-dc.lua

local vehicle = require 'iso15118-2'
local is_ok = vehicle.is_ok

local battery <const> = 390.5 -- V
local soc = 42                -- percent

Evcc.Set_SessionSetupReq_EVCCID('02AA00000002')
Evcc.Send_SessionSetupReq_001()
Evcc.Receive_SessionSetupRes_001()
is_ok(Evcc.Get_SessionSetupRes_ResponseCode())

Evcc.Send_ServiceDiscoveryReq_001()
Evcc.Receive_ServiceDiscoveryRes_001()
is_ok(Evcc.Get_ServiceDiscoveryRes_ResponseCode())

Evcc.Set_PaymentServiceSelectionReq_SelectedServiceList_ServiceID(
  0, Evcc.Get_ServiceDiscoveryRes_ChargeService_ServiceID())
Evcc.Send_PaymentServiceSelectionReq_001()
Evcc.Receive_PaymentServiceSelectionRes_001()
is_ok(Evcc.Get_PaymentServiceSelectionRes_ResponseCode())

vehicle.authorize()

Evcc.Set_ChargeParameterDiscoveryReq_RequestedEnergyTransferMode(EnergyTransferModeType.DC_extended)
Evcc.Set_ChargeParameterDiscoveryReq_DC_EVChargeParameter_DC_EVStatus_EVRESSSOC(soc)
Evcc.Set_ChargeParameterDiscoveryReq_DC_EVChargeParameter_EVMaximumCurrentLimit(200)
Evcc.Set_ChargeParameterDiscoveryReq_DC_EVChargeParameter_EVMaximumVoltageLimit(450)
vehicle.discover_parameters()
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
local begun = Now()
repeat
  Evcc.Send_PreChargeReq_001()
  Evcc.Receive_PreChargeRes_001()
  is_ok(Evcc.Get_PreChargeRes_ResponseCode())
  local present = Evcc.Get_PreChargeRes_EVSEPresentVoltage()
  assert(Now() - begun < 7000, ('expected %g V within 7 s, found %g V'):format(battery, present))
until math.abs(present - battery) < 20

Evcc.Set_PowerDeliveryReq_DC_EVPowerDeliveryParameter_DC_EVStatus_EVRESSSOC(soc)
vehicle.start()

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

vehicle.stop()

Evcc.Send_WeldingDetectionReq_001()
Evcc.Receive_WeldingDetectionRes_001()
is_ok(Evcc.Get_WeldingDetectionRes_ResponseCode())
local left = Evcc.Get_WeldingDetectionRes_EVSEPresentVoltage()
Log(left < 60 and 'the contactors are open:' or 'a contactor may be welded:', left, 'V')

Evcc.Send_SessionStopReq_001()
Evcc.Receive_SessionStopRes_001()
is_ok(Evcc.Get_SessionStopRes_ResponseCode())
