-- A vehicle that charges with DC by ISO 15118-20 and leaves the power to the station.
--   v2glab run examples/evcc-iso15118-20-dc-dynamic.lua examples/secc-iso15118-20-dc.lua
Evcc.Protocol = 'ISO15118-20'
local vehicle = require 'iso15118-20'

local DC <const>, DYNAMIC <const> = 2, 2

vehicle.open(DC, DYNAMIC)

Evcc.Send_DC_ChargeParameterDiscoveryReq_001()
Evcc.Receive_DC_ChargeParameterDiscoveryRes_001()
vehicle.is_ok(Evcc.Get_DC_ChargeParameterDiscoveryRes_ResponseCode())

Evcc.Set_ScheduleExchangeReq_Dynamic_SEReqControlMode_DepartureTime(7200) -- s
Evcc.Set_ScheduleExchangeReq_Dynamic_SEReqControlMode_EVTargetEnergyRequest(30000)
vehicle.exchange_schedules()
vehicle.cable_check_and_pre_charge(390)
vehicle.deliver_power(ChargeProgressType.Start)

Evcc.Set_DC_ChargeLoopReq_EVPresentVoltage(390)
Evcc.Set_DC_ChargeLoopReq_Dynamic_DC_CLReqControlMode_EVTargetEnergyRequest(30000)
Evcc.Set_DC_ChargeLoopReq_Dynamic_DC_CLReqControlMode_EVMaximumChargeCurrent(125)
for _ = 1, 8 do
  Evcc.Send_DC_ChargeLoopReq_001()
  Evcc.Receive_DC_ChargeLoopRes_001()
  vehicle.is_ok(Evcc.Get_DC_ChargeLoopRes_ResponseCode())
  Sleep(50)
end
Log('the station set',
  Evcc.Get_DC_ChargeLoopRes_Dynamic_DC_CLResControlMode_EVSEMaximumChargePower(), 'W')

vehicle.deliver_power(ChargeProgressType.Stop)
vehicle.check_welding()
vehicle.close()
