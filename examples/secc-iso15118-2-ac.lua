-- A station that charges one vehicle with AC by ISO 15118-2, paid for externally.
-- Run it with examples/evcc-iso15118-2-ac.lua, or against a real vehicle:
--   v2glab run examples/secc-iso15118-2-ac.lua --interface eth1

local current <const> = 32 -- A per phase
local energy = 12000       -- Wh, the meter's reading

Secc.Receive_SessionSetupReq_001()
Log('the vehicle is', Secc.Get_SessionSetupReq_EVCCID())
Secc.Set_SessionSetupRes_EVSEID('KR*TC1*ISO1*001')
Secc.Send_SessionSetupRes_001()

Secc.Receive_ServiceDiscoveryReq_001()
Secc.Set_ServiceDiscoveryRes_PaymentOptionList_Count(1)
Secc.Set_ServiceDiscoveryRes_PaymentOptionList_PaymentOption(0, PaymentOptionType.ExternalPayment)
Secc.Set_ServiceDiscoveryRes_ChargeService_SupportedEnergyTransferMode_EnergyTransferMode(
  0, EnergyTransferModeType.AC_three_phase_core)
Secc.Send_ServiceDiscoveryRes_001()

Secc.Receive_PaymentServiceSelectionReq_001()
Secc.Send_PaymentServiceSelectionRes_001()

-- the first answer asks for patience, the second one is final
for _, processing in ipairs { EVSEProcessingType.Ongoing, EVSEProcessingType.Finished } do
  Secc.Receive_AuthorizationReq_001()
  Secc.Set_AuthorizationRes_EVSEProcessing(processing)
  Secc.Send_AuthorizationRes_001()
end

Secc.Receive_ChargeParameterDiscoveryReq_001()
Secc.Set_ChargeParameterDiscoveryRes_SAScheduleListSpecified(true)
Secc.Set_ChargeParameterDiscoveryRes_AC_EVSEChargeParameter_EVSENominalVoltage(230)
Secc.Set_ChargeParameterDiscoveryRes_AC_EVSEChargeParameter_EVSEMaxCurrent(current)
Secc.Send_ChargeParameterDiscoveryRes_001()

Secc.Set_PowerDeliveryRes_AC_EVSEStatus_EVSENotification(EVSENotificationType.None)
Secc.Receive_PowerDeliveryReq_001()
Secc.Send_PowerDeliveryRes_001()

Secc.Set_ChargingStatusRes_EVSEID('KR*TC1*ISO1*001')
Secc.Set_ChargingStatusRes_EVSEMaxCurrent(current)
Secc.Set_ChargingStatusRes_MeterInfo_MeterID('METER1')
local stops = false
repeat
  local request = assert(Secc.Receive_Any_001())
  if request == 'ChargingStatusReq' then
    energy = energy + 5
    Secc.Set_ChargingStatusRes_MeterInfo_MeterReading(energy)
    Secc.Send_ChargingStatusRes_001()
  elseif request == 'PowerDeliveryReq' then
    stops = Secc.Get_PowerDeliveryReq_ChargeProgress() == ChargeProgressType.Stop
    Secc.Send_PowerDeliveryRes_001()
  elseif request == 'ChargeParameterDiscoveryReq' then -- the vehicle renegotiates
    Secc.Send_ChargeParameterDiscoveryRes_001()
  else
    error('a ' .. request .. ' is not expected while charging')
  end
until stops

Secc.Receive_SessionStopReq_001()
Secc.Send_SessionStopRes_001()
