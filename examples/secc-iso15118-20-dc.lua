-- A station that charges one vehicle with DC by ISO 15118-20: scheduled or dynamic control mode,
-- charging only or bidirectional, as the vehicle chooses.
local session = require 'iso15118-20'

Secc.Protocol = 'ISO15118-20'

local DC <const>, DC_BPT <const> = 2, 6
local voltage = 0 -- V at the output
local checks = 0  -- cable checks so far

local answers = {}

function answers.SessionSetupReq()
  Secc.Set_SessionSetupRes_EVSEID('KR*TC1*ISO20*002')
  Secc.Set_SessionSetupRes_ResponseCode(ResponseCodeType.OK_NewSessionEstablished)
end

function answers.ServiceDiscoveryReq()
  Secc.Set_ServiceDiscoveryRes_EnergyTransferServiceList_Count(2)
  Secc.Set_ServiceDiscoveryRes_EnergyTransferServiceList_ServiceID(0, DC)
  Secc.Set_ServiceDiscoveryRes_EnergyTransferServiceList_ServiceID(1, DC_BPT)
end

function answers.ServiceDetailReq()
  Secc.Set_ServiceDetailRes_ServiceID(Secc.Get_ServiceDetailReq_ServiceID())
  for control = 1, 2 do -- scheduled, dynamic
    Secc.Set_ServiceDetailRes_ServiceParameterList_ParameterSet(control - 1, {
      ParameterSetID = control,
      Parameter = { { Name = 'Connector', intValue = 2 },
                    { Name = 'ControlMode', intValue = control },
                    { Name = 'MobilityNeedsMode', intValue = 1 },
                    { Name = 'Pricing', intValue = 0 } },
    })
  end
end

function answers.DC_ChargeParameterDiscoveryReq()
  if Secc.Get_DC_ChargeParameterDiscoveryReq_BPT_DC_CPDReqEnergyTransferModeSpecified() then
    Secc.Set_DC_ChargeParameterDiscoveryRes_BPT_DC_CPDResEnergyTransferMode_EVSEMaximumDischargePower(9000)
  end
end

function answers.ScheduleExchangeReq()
  session.offer_schedules(50000)
end

function answers.DC_CableCheckReq()
  checks = checks + 1
  Secc.Set_DC_CableCheckRes_EVSEProcessing(
    checks < 3 and ProcessingType.Ongoing or ProcessingType.Finished)
end

function answers.DC_PreChargeReq()
  voltage = math.min(Secc.Get_DC_PreChargeReq_EVTargetVoltage(), voltage + 200)
  Secc.Set_DC_PreChargeRes_EVSEPresentVoltage(voltage)
end

function answers.DC_ChargeLoopReq()
  local current = 60
  if Secc.Get_DC_ChargeLoopReq_Dynamic_DC_CLReqControlModeSpecified() then
    Secc.Set_DC_ChargeLoopRes_Dynamic_DC_CLResControlMode_EVSEMaximumChargePower(25000)
  elseif Secc.Get_DC_ChargeLoopReq_BPT_Scheduled_DC_CLReqControlModeSpecified() then
    current = Secc.Get_DC_ChargeLoopReq_BPT_Scheduled_DC_CLReqControlMode_EVTargetCurrent()
    Secc.Set_DC_ChargeLoopRes_BPT_Scheduled_DC_CLResControlModeSpecified(true)
  else
    current = Secc.Get_DC_ChargeLoopReq_Scheduled_DC_CLReqControlMode_EVTargetCurrent()
  end
  Secc.Set_DC_ChargeLoopRes_EVSEPresentCurrent(current)
  Secc.Set_DC_ChargeLoopRes_EVSEPresentVoltage(voltage)
end

repeat
  local request = assert(Secc.Receive_Any_001())
  if answers[request] then
    answers[request]()
  end
  Secc['Send_' .. request:gsub('Req$', 'Res') .. '_001']()
until request == 'SessionStopReq'
