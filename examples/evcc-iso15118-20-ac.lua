-- A vehicle that charges with AC by ISO 15118-20 and follows a schedule.
--   v2glab run examples/evcc-iso15118-20-ac.lua examples/secc-iso15118-20-ac.lua
Evcc.Protocol = 'ISO15118-20'
local vehicle = require 'iso15118-20'

local AC <const>, SCHEDULED <const> = 1, 1

vehicle.open(AC, SCHEDULED)

Evcc.Set_AC_ChargeParameterDiscoveryReq_AC_CPDReqEnergyTransferMode_EVMaximumChargePower(11000)
Evcc.Send_AC_ChargeParameterDiscoveryReq_001()
Evcc.Receive_AC_ChargeParameterDiscoveryRes_001()
vehicle.is_ok(Evcc.Get_AC_ChargeParameterDiscoveryRes_ResponseCode())

vehicle.exchange_schedules()
vehicle.deliver_power(ChargeProgressType.Start)

for power = 2000, 10000, 2000 do
  Evcc.Set_AC_ChargeLoopReq_Scheduled_AC_CLReqControlMode_EVPresentActivePower(power)
  Evcc.Send_AC_ChargeLoopReq_001()
  Evcc.Receive_AC_ChargeLoopRes_001()
  vehicle.is_ok(Evcc.Get_AC_ChargeLoopRes_ResponseCode())
  Sleep(50)
end

vehicle.deliver_power(ChargeProgressType.Stop)
vehicle.close()
