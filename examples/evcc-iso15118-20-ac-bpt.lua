-- A vehicle that charges and feeds back with AC by ISO 15118-20 (bidirectional power transfer).
--   v2glab run examples/evcc-iso15118-20-ac-bpt.lua examples/secc-iso15118-20-ac.lua
Evcc.Protocol = 'ISO15118-20'
local vehicle = require 'iso15118-20'

local AC_BPT <const>, SCHEDULED <const> = 5, 1

vehicle.open(AC_BPT, SCHEDULED)

Evcc.Set_AC_ChargeParameterDiscoveryReq_BPT_AC_CPDReqEnergyTransferMode_EVMaximumDischargePower(7000)
Evcc.Send_AC_ChargeParameterDiscoveryReq_001()
Evcc.Receive_AC_ChargeParameterDiscoveryRes_001()
vehicle.is_ok(Evcc.Get_AC_ChargeParameterDiscoveryRes_ResponseCode())
assert(Evcc.Get_AC_ChargeParameterDiscoveryRes_BPT_AC_CPDResEnergyTransferModeSpecified(),
  'the station gives no limits of discharging')

vehicle.exchange_schedules()
vehicle.deliver_power(ChargeProgressType.Start)

-- a positive power charges, a negative one feeds back
for _, power in ipairs { 7000, 3000, 0, -3000, -7000 } do
  Evcc.Set_AC_ChargeLoopReq_BPT_Scheduled_AC_CLReqControlMode_EVPresentActivePower(power)
  Evcc.Send_AC_ChargeLoopReq_001()
  Evcc.Receive_AC_ChargeLoopRes_001()
  vehicle.is_ok(Evcc.Get_AC_ChargeLoopRes_ResponseCode())
  Sleep(50)
end

vehicle.deliver_power(ChargeProgressType.Stop)
vehicle.close()
