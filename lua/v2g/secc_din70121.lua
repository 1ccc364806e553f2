-- SPDX-License-Identifier: Apache-2.0
-- The answers of a station in DIN SPEC 70121: DC, paid for by external means, no pause, no
-- renegotiation.

local common = require 'v2g.common'
local dc = require 'v2g.secc_dc'

local din = { answers = {}, case = {} }
local answers = din.answers

for name, answer in pairs(dc.answers) do
    answers[name] = answer
end

function din.case.PowerDeliveryReq(s)
    return s.role.Get_PowerDeliveryReq_ReadyToChargeState() and 'Start' or 'Stop'
end

function answers.SessionSetupReq(s)
    s:set_up('') -- there is no pause: every session is new [V2G-DC-241]
    s.role.Set_SessionSetupRes_Header_SessionID(s.id)
    s.role.Set_SessionSetupRes_EVSEID(s.p.evse_id)
    s.role.Set_SessionSetupRes_DateTimeNow(math.floor(Now() / 1000))
    return 'OK_NewSessionEstablished'
end

function answers.ServiceDiscoveryReq(s)
    s.role.Set_ServiceDiscoveryRes_ChargeService_ServiceTag_ServiceID(1)
    s.role.Set_ServiceDiscoveryRes_ChargeService_FreeService(s.p.free)
    s.role.Set_ServiceDiscoveryRes_ChargeService_EnergyTransferType('DC_extended')
end

function answers.ServicePaymentSelectionReq(s)
    if s.role.Get_ServicePaymentSelectionReq_SelectedPaymentOption() ~= 'ExternalPayment' then
        return 'FAILED_PaymentSelectionInvalid'
    end
    local list = common.get_list(s.role, 'ServicePaymentSelectionReq',
        'SelectedServiceList_SelectedService')
    for _, service in ipairs(list) do
        if service.ServiceID ~= 1 then
            return 'FAILED_ServiceSelectionInvalid'
        end
    end
    return nil
end

function answers.ContractAuthenticationReq(s)
    local finished, late = s:ongoing('Authorization', 'V2G_SECC_Ongoing_Performance_Time')
    s.role.Set_ContractAuthenticationRes_EVSEProcessing(finished and 'Finished' or 'Ongoing')
    return late, finished and 'Finished' or 'Ongoing'
end

local function check_parameters(s)
    local transfer = s.role.Get_ChargeParameterDiscoveryReq_EVRequestedEnergyTransferType()
    if transfer:sub(1, 2) ~= 'DC' then
        return 'FAILED_WrongEnergyTransferType'
    end
    return dc.check_request(s)
end

function answers.ChargeParameterDiscoveryReq(s)
    local wrong = check_parameters(s)
    s:set_mode('dc')
    dc.set_limits(s)
    local finished, code = s:ongoing('ChargeParameterDiscovery',
        'V2G_SECC_Ongoing_Performance_Time', wrong)
    s.role.Set_ChargeParameterDiscoveryRes_EVSEProcessing(finished and 'Finished' or 'Ongoing')
    -- PMax has 16 bits; 32767 also stands for more
    common.set_list(s.role, 'ChargeParameterDiscoveryRes', 'SAScheduleList_SAScheduleTuple', {
        { SAScheduleTupleID = 1, PMaxSchedule = { PMaxScheduleID = 1, PMaxScheduleEntry = {
            { RelativeTimeInterval = { start = 0, duration = 86400 },
              PMax = math.min(32767, math.floor(s.p.dc.max_power)) } } } } })
    return code, finished and 'Finished' or 'Ongoing'
end

function answers.PowerDeliveryReq(s)
    s:advance()
    dc.set_status(s, 'PowerDeliveryRes')
    if s.pre_charge then
        s.role.Measured(s.protocol, 'V2G_SECC_PowerDelivery_Timeout', nil, Now() - s.pre_charge)
        s.pre_charge = nil
    end
    if s.role.Get_PowerDeliveryReq_ReadyToChargeState() then
        s.charging = true
        s.output:close()
        return nil, 'Start'
    end
    s.charging = false
    s.output:open()
    return nil, 'Stop'
end

-- PowerDeliveryReq has to come in time after the first PreChargeReq [V2G-DC-969].
function answers.PreChargeReq(s)
    local wrong = dc.answers.PreChargeReq(s)
    if Now() - s.pre_charge > Timer(s.protocol, 'V2G_SECC_PowerDelivery_Timeout') then
        s.role.Measured(s.protocol, 'V2G_SECC_PowerDelivery_Timeout', nil, Now() - s.pre_charge)
        return 'FAILED'
    end
    return wrong
end

function answers.SessionStopReq()
    return nil
end

-- Messages that DIN 70121 has but does not use.
for name in ('ServiceDetail PaymentDetails CertificateInstallation CertificateUpdate ChargingStatus '
    .. 'MeteringReceipt'):gmatch('%S+') do
    answers[name .. 'Req'] = function()
        return 'FAILED'
    end
end

return din
