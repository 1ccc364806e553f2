-- A station that charges one vehicle with AC by ISO 15118-20: scheduled or dynamic control mode,
-- charging only or bidirectional, as the vehicle chooses.
local session = require 'iso15118-20'

Secc.Protocol = 'ISO15118-20'

local AC <const>, AC_BPT <const> = 1, 5

local answers = {}

function answers.SessionSetupReq()
  Secc.Set_SessionSetupRes_EVSEID('KR*TC1*ISO20*001')
  Secc.Set_SessionSetupRes_ResponseCode(ResponseCodeType.OK_NewSessionEstablished)
end

function answers.ServiceDiscoveryReq()
  Secc.Set_ServiceDiscoveryRes_EnergyTransferServiceList_Count(2)
  Secc.Set_ServiceDiscoveryRes_EnergyTransferServiceList_ServiceID(0, AC)
  Secc.Set_ServiceDiscoveryRes_EnergyTransferServiceList_ServiceID(1, AC_BPT)
end

function answers.ServiceDetailReq()
  Secc.Set_ServiceDetailRes_ServiceID(Secc.Get_ServiceDetailReq_ServiceID())
  for control = 1, 2 do -- scheduled, dynamic
    Secc.Set_ServiceDetailRes_ServiceParameterList_ParameterSet(control - 1, {
      ParameterSetID = control,
      Parameter = { { Name = 'Connector', intValue = 2 },
                    { Name = 'ControlMode', intValue = control },
                    { Name = 'EVSENominalVoltage', intValue = 230 },
                    { Name = 'MobilityNeedsMode', intValue = 1 },
                    { Name = 'Pricing', intValue = 0 } },
    })
  end
end

function answers.AC_ChargeParameterDiscoveryReq()
  if Secc.Get_AC_ChargeParameterDiscoveryReq_BPT_AC_CPDReqEnergyTransferModeSpecified() then
    Secc.Set_AC_ChargeParameterDiscoveryRes_BPT_AC_CPDResEnergyTransferModeSpecified(true)
  end
end

function answers.ScheduleExchangeReq()
  session.offer_schedules(11000)
end

function answers.AC_ChargeLoopReq()
  if Secc.Get_AC_ChargeLoopReq_Dynamic_AC_CLReqControlModeSpecified() then
    Secc.Set_AC_ChargeLoopRes_Dynamic_AC_CLResControlMode_EVSETargetActivePower(7000)
  elseif Secc.Get_AC_ChargeLoopReq_BPT_Scheduled_AC_CLReqControlModeSpecified() then
    Secc.Set_AC_ChargeLoopRes_BPT_Scheduled_AC_CLResControlModeSpecified(true)
  end
end

repeat
  local request = assert(Secc.Receive_Any_001())
  if answers[request] then
    answers[request]()
  end
  Secc['Send_' .. request:gsub('Req$', 'Res') .. '_001']()
until request == 'SessionStopReq'
