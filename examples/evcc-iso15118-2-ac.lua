-- A vehicle that charges with three-phase AC by ISO 15118-2, paid for externally.
-- Run it against examples/secc-iso15118-2-ac.lua:
--   v2glab run examples/evcc-iso15118-2-ac.lua examples/secc-iso15118-2-ac.lua
-- or against a real station:
--   v2glab run examples/evcc-iso15118-2-ac.lua --interface eth1

local vehicle = require 'iso15118-2'

local loops <const> = 5

Evcc.Set_SessionSetupReq_EVCCID('02AA00000001')
Evcc.Send_SessionSetupReq_001()
Evcc.Receive_SessionSetupRes_001()
vehicle.is_ok(Evcc.Get_SessionSetupRes_ResponseCode())
Log('the station is', Evcc.Get_SessionSetupRes_EVSEID())

Evcc.Send_ServiceDiscoveryReq_001()
Evcc.Receive_ServiceDiscoveryRes_001()
vehicle.is_ok(Evcc.Get_ServiceDiscoveryRes_ResponseCode())

Evcc.Set_PaymentServiceSelectionReq_SelectedPaymentOption(PaymentOptionType.ExternalPayment)
Evcc.Set_PaymentServiceSelectionReq_SelectedServiceList_Count(1)
Evcc.Set_PaymentServiceSelectionReq_SelectedServiceList_ServiceID(
  0, Evcc.Get_ServiceDiscoveryRes_ChargeService_ServiceID())
Evcc.Send_PaymentServiceSelectionReq_001()
Evcc.Receive_PaymentServiceSelectionRes_001()
vehicle.is_ok(Evcc.Get_PaymentServiceSelectionRes_ResponseCode())

vehicle.authorize()

Evcc.Set_ChargeParameterDiscoveryReq_RequestedEnergyTransferMode(
  EnergyTransferModeType.AC_three_phase_core)
Evcc.Set_ChargeParameterDiscoveryReq_AC_EVChargeParameter_EAmount(22000)    -- Wh
Evcc.Set_ChargeParameterDiscoveryReq_AC_EVChargeParameter_EVMaxVoltage(400) -- V
Evcc.Set_ChargeParameterDiscoveryReq_AC_EVChargeParameter_EVMaxCurrent(32)  -- A
Evcc.Set_ChargeParameterDiscoveryReq_AC_EVChargeParameter_EVMinCurrent(6)   -- A
vehicle.discover_parameters()
Log('the station allows',
  Evcc.Get_ChargeParameterDiscoveryRes_AC_EVSEChargeParameter_EVSEMaxCurrent(), 'A per phase')

vehicle.start()

for _ = 1, loops do
  Sleep(100)
  Evcc.Send_ChargingStatusReq_001()
  Evcc.Receive_ChargingStatusRes_001()
  vehicle.is_ok(Evcc.Get_ChargingStatusRes_ResponseCode())
end
Log('the meter reads', Evcc.Get_ChargingStatusRes_MeterInfo_MeterReading(), 'Wh')

vehicle.stop()

local chargingSession = ChargingSessionType.Terminate
Evcc.Set_SessionStopReq_ChargingSession(chargingSession)
Evcc.Send_SessionStopReq_001()
Evcc.Receive_SessionStopRes_001()
vehicle.is_ok(Evcc.Get_SessionStopRes_ResponseCode())
