-- A station that charges one vehicle with DC by ISO 15118-2, paid for externally.
-- One loop answers whatever comes, so that the vehicle decides how often it asks.

local limit <const> = 150 -- A
local voltage = 0         -- V at the output
local checks = 0          -- cable checks so far

local answers = {}

function answers.SessionSetupReq()
  Secc.Set_SessionSetupRes_EVSEID('KR*TC1*ISO1*002')
end

function answers.ServiceDiscoveryReq()
  Secc.Set_ServiceDiscoveryRes_PaymentOptionList_PaymentOption(0, PaymentOptionType.ExternalPayment)
end

function answers.ChargeParameterDiscoveryReq()
  Secc.Set_ChargeParameterDiscoveryRes_SAScheduleListSpecified(true)
  Secc.Set_ChargeParameterDiscoveryRes_DC_EVSEChargeParameter_EVSEMaximumCurrentLimit(limit)
end

function answers.CableCheckReq()
  checks = checks + 1
  local done = checks >= 3
  Secc.Set_CableCheckRes_DC_EVSEStatus_EVSEIsolationStatus(
    done and IsolationLevelType.Valid or IsolationLevelType.Invalid)
  Secc.Set_CableCheckRes_EVSEProcessing(
    done and EVSEProcessingType.Finished or EVSEProcessingType.Ongoing)
end

function answers.PreChargeReq()
  local target = Secc.Get_PreChargeReq_EVTargetVoltage()
  voltage = math.min(target, voltage + 200)
  Secc.Set_PreChargeRes_EVSEPresentVoltage(voltage)
end

function answers.CurrentDemandReq()
  voltage = Secc.Get_CurrentDemandReq_EVTargetVoltage() - 5
  local current = math.min(limit, Secc.Get_CurrentDemandReq_EVTargetCurrent())
  Secc.Set_CurrentDemandRes_EVSEPresentVoltage(voltage)
  Secc.Set_CurrentDemandRes_EVSEPresentCurrent(current)
  Secc.Set_CurrentDemandRes_EVSECurrentLimitAchieved(current == limit)
end

function answers.WeldingDetectionReq()
  voltage = 12
  Secc.Set_WeldingDetectionRes_EVSEPresentVoltage(voltage)
end

repeat
  local request = assert(Secc.Receive_Any_001())
  if answers[request] then
    answers[request]()
  end
  Secc['Send_' .. request:gsub('Req$', 'Res') .. '_001']()
until request == 'SessionStopReq'
