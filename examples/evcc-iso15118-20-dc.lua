-- A vehicle that charges with DC by ISO 15118-20 and follows a schedule.
--   v2glab run examples/evcc-iso15118-20-dc.lua examples/secc-iso15118-20-dc.lua
Evcc.Protocol = 'ISO15118-20'
local vehicle = require 'iso15118-20'

local DC <const>, SCHEDULED <const> = 2, 1
local battery <const> = 390 -- V

vehicle.open(DC, SCHEDULED)

Evcc.Set_DC_ChargeParameterDiscoveryReq_DC_CPDReqEnergyTransferMode_EVMaximumChargeCurrent(200)
Evcc.Set_DC_ChargeParameterDiscoveryReq_DC_CPDReqEnergyTransferMode_EVMaximumChargePower(80000)
Evcc.Send_DC_ChargeParameterDiscoveryReq_001()
Evcc.Receive_DC_ChargeParameterDiscoveryRes_001()
vehicle.is_ok(Evcc.Get_DC_ChargeParameterDiscoveryRes_ResponseCode())

Evcc.Set_ScheduleExchangeReq_Scheduled_SEReqControlMode_EVTargetEnergyRequest(30000) -- Wh
vehicle.exchange_schedules()
vehicle.cable_check_and_pre_charge(battery)
vehicle.deliver_power(ChargeProgressType.Start)

Evcc.Set_DC_ChargeLoopReq_EVPresentVoltage(battery)
Evcc.Set_DC_ChargeLoopReq_Scheduled_DC_CLReqControlMode_EVTargetVoltage(battery + 10)
Evcc.Set_DC_ChargeLoopReq_Scheduled_DC_CLReqControlMode_EVTargetCurrent(120)
for _ = 1, 8 do
  Evcc.Send_DC_ChargeLoopReq_001()
  Evcc.Receive_DC_ChargeLoopRes_001()
  vehicle.is_ok(Evcc.Get_DC_ChargeLoopRes_ResponseCode())
  Sleep(50)
end
Log('charged with', Evcc.Get_DC_ChargeLoopRes_EVSEPresentCurrent(), 'A')

vehicle.deliver_power(ChargeProgressType.Stop)
vehicle.check_welding()
vehicle.close()
