-- SPDX-License-Identifier: Apache-2.0
-- The answers of a station in DIN SPEC 70121: DC, paid for by external means, no pause, no
-- renegotiation.

local common = require 'v2g.common'
local dc = require 'v2g.secc_dc'
local hex = require 'v2g.hex'
local schedules = require 'v2g.secc_schedules_2'

local TRANSFERS <const> = { DC_core = true, DC_extended = true } -- [V2G-DC-397]
local DAY <const> = 86400

local din = { answers = {}, case = {} }
local answers = din.answers

for name, answer in pairs(dc.answers) do
    answers[name] = answer
end

function din.case.PowerDeliveryReq(s)
    return s.role.Get_PowerDeliveryReq_ReadyToChargeState() and 'Start' or 'Stop'
end

-- An EVSEID of DIN SPEC 91286, a nibble a character, '*' as A, and a 0 in front where they are odd;
-- any other one is sent as 00 [V2G-DC-620] [V2G-DC-621] [V2G-DC-876].
local function octets_of(id)
    if not id:find('^[%d*]+$') or #id > 64 then
        return '\0'
    end
    return hex.octets((#id % 2 == 1 and '0' or '') .. id:gsub('%*', 'A'))
end

function answers.SessionSetupReq(s)
    s:set_up('') -- there is no pause: every session is new [V2G-DC-241]
    s.role.Set_SessionSetupRes_Header_SessionID(s.id)
    s.role.Set_SessionSetupRes_EVSEID(octets_of(s.p.evse_id))
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
    -- the charge service, and no other [V2G-DC-396] [V2G-DC-635]
    if #list ~= 1 or list[1].ServiceID ~= 1 then
        return 'FAILED_ServiceSelectionInvalid'
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
    if not TRANSFERS[transfer] then
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
    local power = math.min(32767, math.floor(s.p.dc.max_power))
    s.schedules = { { { start = 0, ends = DAY, power = power } } }
    common.set_list(s.role, 'ChargeParameterDiscoveryRes', 'SAScheduleList_SAScheduleTuple', {
        { SAScheduleTupleID = 1, PMaxSchedule = { PMaxScheduleID = 1, PMaxScheduleEntry = {
            { RelativeTimeInterval = { start = 0, duration = DAY }, PMax = power } } } } })
    return code, finished and 'Finished' or 'Ongoing'
end

-- Both the profile and its schedule's number are optional together.
local function check_profile(s)
    if not s.role.Get_PowerDeliveryReq_ChargingProfileSpecified() then
        return nil
    end
    return schedules.check_profile(s, s.role.Get_PowerDeliveryReq_ChargingProfile_SAScheduleTupleID(),
        'ChargingProfile_ProfileEntry')
end

function answers.PowerDeliveryReq(s)
    s:advance()
    dc.set_status(s, 'PowerDeliveryRes')
    s:end_limit()
    if s.role.Get_PowerDeliveryReq_ReadyToChargeState() then
        local wrong = check_profile(s)
        if not wrong then
            s.charging = true
            s.output:close()
        end
        return wrong, 'Start'
    end
    s.charging = false
    s.output:open()
    return nil, 'Stop'
end

-- PowerDeliveryReq has to come in time after the first PreChargeReq [V2G-DC-969].
function answers.PreChargeReq(s)
    s:begin_limit 'V2G_SECC_PowerDelivery_Timeout'
    return dc.answers.PreChargeReq(s)
end

-- The end has to come in time after the first WeldingDetectionReq [V2G-DC-925] [V2G-DC-926].
function answers.WeldingDetectionReq(s)
    s:begin_limit 'V2G_SECC_WeldingDetection_Timeout'
    return dc.answers.WeldingDetectionReq(s)
end

function answers.SessionStopReq(s)
    s:end_limit()
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
