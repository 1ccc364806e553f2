-- A vehicle that charges with AC by ISO 15118-20 and leaves the power to the station.
--   v2glab run examples/evcc-iso15118-20-ac-dynamic.lua examples/secc-iso15118-20-ac.lua
Evcc.Protocol = 'ISO15118-20'
local vehicle = require 'iso15118-20'

local AC <const>, DYNAMIC <const> = 1, 2

vehicle.open(AC, DYNAMIC)

Evcc.Send_AC_ChargeParameterDiscoveryReq_001()
Evcc.Receive_AC_ChargeParameterDiscoveryRes_001()
vehicle.is_ok(Evcc.Get_AC_ChargeParameterDiscoveryRes_ResponseCode())

Evcc.Set_ScheduleExchangeReq_Dynamic_SEReqControlMode_EVTargetEnergyRequest(20000)
vehicle.exchange_schedules()
vehicle.deliver_power(ChargeProgressType.Start)

local power = 6000
for _ = 1, 5 do
  Evcc.Set_AC_ChargeLoopReq_Dynamic_AC_CLReqControlMode_EVPresentActivePower(power)
  Evcc.Send_AC_ChargeLoopReq_001()
  Evcc.Receive_AC_ChargeLoopRes_001()
  vehicle.is_ok(Evcc.Get_AC_ChargeLoopRes_ResponseCode())
  power = Evcc.Get_AC_ChargeLoopRes_Dynamic_AC_CLResControlMode_EVSETargetActivePower()
  Sleep(50)
end
assert(power > 0, 'the station lets nothing flow')

vehicle.deliver_power(ChargeProgressType.Stop)
vehicle.close()
