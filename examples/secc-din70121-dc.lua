-- A station that charges one vehicle with DC by DIN SPEC 70121.
-- One loop answers whatever comes, so that the vehicle decides how often it asks.
Secc.Protocol = 'DIN70121'

local voltage = 0 -- V at the output
local waits = 2   -- answers that ask for patience, per phase

local function processing(n)
  return n < waits and EVSEProcessingType.Ongoing or EVSEProcessingType.Finished
end

local answers, asked = {}, {}

function answers.SessionSetupReq()
  Secc.Set_SessionSetupRes_EVSEID('KR*TC1*DIN*001')
end

function answers.ContractAuthenticationReq(n)
  Secc.Set_ContractAuthenticationRes_EVSEProcessing(processing(n))
end

function answers.ChargeParameterDiscoveryReq()
  Secc.Set_ChargeParameterDiscoveryRes_DC_EVSEChargeParameter_EVSEMaximumPowerLimit(30000) -- W
end

function answers.CableCheckReq(n)
  Secc.Set_CableCheckRes_DC_EVSEStatus_EVSEIsolationStatus(IsolationLevelType.Valid)
  Secc.Set_CableCheckRes_EVSEProcessing(processing(n))
end

function answers.PreChargeReq()
  voltage = math.min(Secc.Get_PreChargeReq_EVTargetVoltage(), voltage + 200)
  Secc.Set_PreChargeRes_EVSEPresentVoltage(voltage)
end

function answers.CurrentDemandReq()
  Secc.Set_CurrentDemandRes_EVSEPresentVoltage(Secc.Get_CurrentDemandReq_EVTargetVoltage() - 5)
  Secc.Set_CurrentDemandRes_EVSEPresentCurrent(Secc.Get_CurrentDemandReq_EVTargetCurrent())
end

repeat
  local request = assert(Secc.Receive_Any_001())
  asked[request] = (asked[request] or 0) + 1
  if answers[request] then
    answers[request](asked[request])
  end
  Secc['Send_' .. request:gsub('Req$', 'Res') .. '_001']()
until request == 'SessionStopReq'
