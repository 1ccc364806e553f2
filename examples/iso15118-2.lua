-- What vehicles of ISO 15118-2 do with any station, for the examples.
local M = {}

function M.is_ok(code)
  assert(code:sub(1, 2) == 'OK', 'the station answered ' .. code)
end

-- AuthorizationReq as it is set, until the station has decided.
function M.authorize()
  repeat
    Evcc.Send_AuthorizationReq_001()
    Evcc.Receive_AuthorizationRes_001()
    M.is_ok(Evcc.Get_AuthorizationRes_ResponseCode())
  until Evcc.Get_AuthorizationRes_EVSEProcessing() == EVSEProcessingType.Finished
end

-- ChargeParameterDiscoveryReq as it is set, until the station knows its schedules.
function M.discover_parameters()
  repeat
    Evcc.Send_ChargeParameterDiscoveryReq_001()
    Evcc.Receive_ChargeParameterDiscoveryRes_001()
    M.is_ok(Evcc.Get_ChargeParameterDiscoveryRes_ResponseCode())
  until Evcc.Get_ChargeParameterDiscoveryRes_EVSEProcessing() == EVSEProcessingType.Finished
end

-- Starts with all that the first schedule allows: stations in use refuse a start without a profile.
function M.start()
  local schedule = Evcc.Get_ChargeParameterDiscoveryRes_SAScheduleList_SAScheduleTuple(0)
  Evcc.Set_PowerDeliveryReq_ChargeProgress(ChargeProgressType.Start)
  Evcc.Set_PowerDeliveryReq_SAScheduleTupleID(schedule.SAScheduleTupleID)
  for i, entry in ipairs(schedule.PMaxSchedule.PMaxScheduleEntry) do
    Evcc.Set_PowerDeliveryReq_ChargingProfile_ProfileEntry(i - 1, {
      ChargingProfileEntryStart = entry.RelativeTimeInterval.start,
      ChargingProfileEntryMaxPower = entry.PMax,
    })
  end
  Evcc.Send_PowerDeliveryReq_001()
  Evcc.Receive_PowerDeliveryRes_001()
  M.is_ok(Evcc.Get_PowerDeliveryRes_ResponseCode())
end

-- Stops; what comes to its end has no profile any more.
function M.stop()
  Evcc.Set_PowerDeliveryReq_ChargingProfileSpecified(false)
  Evcc.Set_PowerDeliveryReq_ChargeProgress(ChargeProgressType.Stop)
  Evcc.Send_PowerDeliveryReq_001()
  Evcc.Receive_PowerDeliveryRes_001()
  M.is_ok(Evcc.Get_PowerDeliveryRes_ResponseCode())
end

return M
