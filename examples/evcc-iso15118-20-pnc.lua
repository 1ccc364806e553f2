-- A vehicle that charges with AC by ISO 15118-20 over TLS 1.3 and pays by contract (Plug & Charge):
-- it signs the station's challenge with its contract's key, and confirms meter readings with it.
--   v2glab run examples/evcc-iso15118-20-pnc.lua examples/secc-iso15118-20-pnc.lua
-- The certificates are those of the demo tree, or of the one that --pki names.
local pnc = require 'iso15118-20-pnc'
local vehicle = require 'iso15118-20'

local AC <const>, SCHEDULED <const> = 1, 1

local contract = Pki.Identity('contract-leaf', 'ISO15118-20')

vehicle.offer('AC')
pnc.open()
pnc.authorize(contract)
vehicle.select(AC, SCHEDULED)

Evcc.Send_AC_ChargeParameterDiscoveryReq_001()
Evcc.Receive_AC_ChargeParameterDiscoveryRes_001()
vehicle.is_ok(Evcc.Get_AC_ChargeParameterDiscoveryRes_ResponseCode())
vehicle.exchange_schedules()
vehicle.deliver_power(ChargeProgressType.Start)

local confirmations = 0
Evcc.Set_AC_ChargeLoopReq_MeterInfoRequested(true)
for power = 2000, 8000, 2000 do
  Evcc.Set_AC_ChargeLoopReq_Scheduled_AC_CLReqControlMode_EVPresentActivePower(power)
  Evcc.Send_AC_ChargeLoopReq_001()
  Evcc.Receive_AC_ChargeLoopRes_001()
  vehicle.is_ok(Evcc.Get_AC_ChargeLoopRes_ResponseCode())
  if Evcc.Get_AC_ChargeLoopRes_EVSEStatusSpecified()
    and Evcc.Get_AC_ChargeLoopRes_EVSEStatus_EVSENotification()
      == EvseNotificationType.MeteringConfirmation then
    Evcc.Set_MeteringConfirmationReq_SignedMeteringData({
      Id = 'reading',
      SessionID = Evcc.SessionID(),
      MeterInfo = Evcc.Get_AC_ChargeLoopRes_MeterInfo(),
      Scheduled_SMDTControlMode = { SelectedScheduleTupleID = 1 },
    })
    Evcc.Sign_MeteringConfirmationReq(contract)
    Evcc.Send_MeteringConfirmationReq_001()
    Evcc.Receive_MeteringConfirmationRes_001()
    vehicle.is_ok(Evcc.Get_MeteringConfirmationRes_ResponseCode())
    confirmations = confirmations + 1
  end
end
Log(confirmations, 'confirmations, as often as the station has asked')

vehicle.deliver_power(ChargeProgressType.Stop)
vehicle.close()
