-- A vehicle that charges and feeds back with DC by ISO 15118-20 (bidirectional power transfer).
--   v2glab run examples/evcc-iso15118-20-dc-bpt.lua examples/secc-iso15118-20-dc.lua
Evcc.Protocol = 'ISO15118-20'
local vehicle = require 'iso15118-20'

local DC_BPT <const>, SCHEDULED <const> = 6, 1
local battery <const> = 390 -- V

vehicle.open(DC_BPT, SCHEDULED)

Evcc.Set_DC_ChargeParameterDiscoveryReq_BPT_DC_CPDReqEnergyTransferMode_EVMaximumDischargePower(10000)
Evcc.Set_DC_ChargeParameterDiscoveryReq_BPT_DC_CPDReqEnergyTransferMode_EVMaximumDischargeCurrent(25)
Evcc.Send_DC_ChargeParameterDiscoveryReq_001()
Evcc.Receive_DC_ChargeParameterDiscoveryRes_001()
vehicle.is_ok(Evcc.Get_DC_ChargeParameterDiscoveryRes_ResponseCode())
Log('the station takes back',
  Evcc.Get_DC_ChargeParameterDiscoveryRes_BPT_DC_CPDResEnergyTransferMode_EVSEMaximumDischargePower(),
  'W')

vehicle.exchange_schedules()
vehicle.cable_check_and_pre_charge(battery)
vehicle.deliver_power(ChargeProgressType.Start)

-- a positive current charges, a negative one feeds back
Evcc.Set_DC_ChargeLoopReq_EVPresentVoltage(battery)
Evcc.Set_DC_ChargeLoopReq_BPT_Scheduled_DC_CLReqControlMode_EVTargetVoltage(battery)
for _, current in ipairs { 50, 20, 0, -10, -20, -20, -20 } do
  Evcc.Set_DC_ChargeLoopReq_BPT_Scheduled_DC_CLReqControlMode_EVTargetCurrent(current)
  Evcc.Send_DC_ChargeLoopReq_001()
  Evcc.Receive_DC_ChargeLoopRes_001()
  vehicle.is_ok(Evcc.Get_DC_ChargeLoopRes_ResponseCode())
  Sleep(50)
end
local flows = Evcc.Get_DC_ChargeLoopRes_EVSEPresentCurrent()
assert(flows < 0, ('expected a current below 0 at last, found %g A'):format(flows))

vehicle.deliver_power(ChargeProgressType.Stop)
vehicle.check_welding()
vehicle.close()
