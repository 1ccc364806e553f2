-- What every vehicle of ISO 15118-20 does before and after the charge loop, and what stations
-- offer, for the examples.
local M = {}

function M.is_ok(code)
  assert(code:sub(1, 2) == 'OK', 'the station answered ' .. code)
end

-- Before it connects: the message set of 'AC' or 'DC' alone, since the station offers services of
-- the one that it agrees to.
function M.offer(mode)
  Evcc.Set_supportedAppProtocolReq_AppProtocol(0, {
    ProtocolNamespace = 'urn:iso:std:iso:15118:-20:' .. mode, VersionNumberMajor = 1,
    VersionNumberMinor = 0, SchemaID = 1, Priority = 1,
  })
end

-- SessionSetup and AuthorizationSetup.
function M.start()
  Evcc.Set_SessionSetupReq_EVCCID('WMIV1234567890ABCDEX')
  Evcc.Send_SessionSetupReq_001()
  Evcc.Receive_SessionSetupRes_001()
  M.is_ok(Evcc.Get_SessionSetupRes_ResponseCode())

  Evcc.Send_AuthorizationSetupReq_001()
  Evcc.Receive_AuthorizationSetupRes_001()
  M.is_ok(Evcc.Get_AuthorizationSetupRes_ResponseCode())
end

-- AuthorizationReq as it is set: by external means, unless it says otherwise.
function M.authorize()
  repeat
    Evcc.Send_AuthorizationReq_001()
    Evcc.Receive_AuthorizationRes_001()
    M.is_ok(Evcc.Get_AuthorizationRes_ResponseCode())
  until Evcc.Get_AuthorizationRes_EVSEProcessing() == ProcessingType.Finished
end

-- The parameter set of ServiceDetailRes that has that ControlMode: 1 scheduled, 2 dynamic.
local function set_of(control)
  for i = 0, Evcc.Get_ServiceDetailRes_ServiceParameterList_ParameterSet_Count() - 1 do
    local set = Evcc.Get_ServiceDetailRes_ServiceParameterList_ParameterSet(i)
    for _, parameter in ipairs(set.Parameter) do
      if parameter.Name == 'ControlMode' and parameter.intValue == control then
        return set.ParameterSetID
      end
    end
  end
  error(('the station offers no parameter set with ControlMode %d'):format(control))
end

-- From ServiceDiscovery to ServiceSelection: service 1 is AC, 2 DC, 5 AC_BPT, 6 DC_BPT.
function M.select(service, control)
  Evcc.Send_ServiceDiscoveryReq_001()
  Evcc.Receive_ServiceDiscoveryRes_001()
  M.is_ok(Evcc.Get_ServiceDiscoveryRes_ResponseCode())

  Evcc.Set_ServiceDetailReq_ServiceID(service)
  Evcc.Send_ServiceDetailReq_001()
  Evcc.Receive_ServiceDetailRes_001()
  M.is_ok(Evcc.Get_ServiceDetailRes_ResponseCode())

  Evcc.Set_ServiceSelectionReq_SelectedEnergyTransferService_ServiceID(service)
  Evcc.Set_ServiceSelectionReq_SelectedEnergyTransferService_ParameterSetID(set_of(control))
  Evcc.Send_ServiceSelectionReq_001()
  Evcc.Receive_ServiceSelectionRes_001()
  M.is_ok(Evcc.Get_ServiceSelectionRes_ResponseCode())
end

function M.open(service, control)
  if Evcc.State() == 'idle' then
    M.offer((service == 1 or service == 5) and 'AC' or 'DC')
  end
  M.start()
  M.authorize()
  M.select(service, control)
end

function M.exchange_schedules()
  repeat
    Evcc.Send_ScheduleExchangeReq_001()
    Evcc.Receive_ScheduleExchangeRes_001()
    M.is_ok(Evcc.Get_ScheduleExchangeRes_ResponseCode())
  until Evcc.Get_ScheduleExchangeRes_EVSEProcessing() == ProcessingType.Finished
end

local function pre_charge()
  Evcc.Send_DC_PreChargeReq_001()
  Evcc.Receive_DC_PreChargeRes_001()
  M.is_ok(Evcc.Get_DC_PreChargeRes_ResponseCode())
end

-- The last DC_PreChargeReq says Finished: only then PowerDeliveryReq may follow.
function M.cable_check_and_pre_charge(voltage)
  repeat
    Evcc.Send_DC_CableCheckReq_001()
    Evcc.Receive_DC_CableCheckRes_001()
    M.is_ok(Evcc.Get_DC_CableCheckRes_ResponseCode())
  until Evcc.Get_DC_CableCheckRes_EVSEProcessing() == ProcessingType.Finished

  Evcc.Set_DC_PreChargeReq_EVTargetVoltage(voltage)
  Evcc.Set_DC_PreChargeReq_EVPresentVoltage(voltage)
  Evcc.Set_DC_PreChargeReq_EVProcessing(ProcessingType.Ongoing)
  local begun = Now()
  repeat
    pre_charge()
    local present = Evcc.Get_DC_PreChargeRes_EVSEPresentVoltage()
    assert(Now() - begun < 10000, ('expected %g V within 10 s, found %g V'):format(voltage, present))
  until math.abs(present - voltage) < 20
  Evcc.Set_DC_PreChargeReq_EVProcessing(ProcessingType.Finished)
  pre_charge()
end

-- What the vehicle means to draw: all that the first schedule allows, or, where the station sets
-- the power, what it can take.
local function set_profile()
  local entries = { { Duration = 7200, Power = 11000 } }
  if Evcc.Get_ScheduleExchangeRes_Dynamic_SEResControlModeSpecified() then
    Evcc.Set_PowerDeliveryReq_EVPowerProfile_Dynamic_EVPPTControlModeSpecified(true)
  else
    local tuple = Evcc.Get_ScheduleExchangeRes_Scheduled_SEResControlMode_ScheduleTuple(0)
    local schedule = tuple.ChargingSchedule.PowerSchedule
    Evcc.Set_PowerDeliveryReq_EVPowerProfile_TimeAnchor(schedule.TimeAnchor)
    Evcc.Set_PowerDeliveryReq_EVPowerProfile_Scheduled_EVPPTControlMode_SelectedScheduleTupleID(
      tuple.ScheduleTupleID)
    -- optional, but there are stations that cannot do without
    Evcc.Set_PowerDeliveryReq_EVPowerProfile_Scheduled_EVPPTControlMode_PowerToleranceAcceptance(
      PowerToleranceAcceptanceType.PowerToleranceConfirmed)
    entries = schedule.PowerScheduleEntries.PowerScheduleEntry
  end
  for i, entry in ipairs(entries) do
    Evcc.Set_PowerDeliveryReq_EVPowerProfile_EVPowerProfileEntries_EVPowerProfileEntry(i - 1,
      { Duration = entry.Duration, Power = entry.Power })
  end
end

-- A start comes with a power profile, nothing else does.
function M.deliver_power(progress)
  if progress == ChargeProgressType.Start then
    set_profile()
  else
    Evcc.Set_PowerDeliveryReq_EVPowerProfileSpecified(false)
  end
  Evcc.Set_PowerDeliveryReq_ChargeProgress(progress)
  Evcc.Send_PowerDeliveryReq_001()
  Evcc.Receive_PowerDeliveryRes_001()
  M.is_ok(Evcc.Get_PowerDeliveryRes_ResponseCode())
end

-- One DC_WeldingDetectionReq alone says Finished; with several only the last one would.
function M.check_welding()
  Evcc.Set_DC_WeldingDetectionReq_EVProcessing(ProcessingType.Finished)
  Evcc.Send_DC_WeldingDetectionReq_001()
  Evcc.Receive_DC_WeldingDetectionRes_001()
  M.is_ok(Evcc.Get_DC_WeldingDetectionRes_ResponseCode())
end

function M.close()
  Evcc.Send_SessionStopReq_001()
  Evcc.Receive_SessionStopRes_001()
  M.is_ok(Evcc.Get_SessionStopRes_ResponseCode())
end

-- ---- of a station ----

-- ScheduleExchangeRes: that power for a day, with its price [V2G20-2176]; or no schedule at all
-- where the vehicle wants dynamic control mode.
function M.offer_schedules(power)
  if Secc.Get_ScheduleExchangeReq_Dynamic_SEReqControlModeSpecified() then
    Secc.Set_ScheduleExchangeRes_Dynamic_SEResControlModeSpecified(true)
    return
  end
  local now <const>, day <const> = Now() // 1000, 86400
  Secc.Set_ScheduleExchangeRes_Scheduled_SEResControlMode_ScheduleTuple(0, {
    ScheduleTupleID = 1,
    ChargingSchedule = {
      PowerSchedule = { TimeAnchor = now, PowerScheduleEntries = {
        PowerScheduleEntry = { { Duration = day, Power = power } } } },
      PriceLevelSchedule = { TimeAnchor = now, PriceScheduleID = 1, NumberOfPriceLevels = 1,
        PriceLevelScheduleEntries = {
          PriceLevelScheduleEntry = { { Duration = day, PriceLevel = 0 } } } },
    },
  })
end

return M
