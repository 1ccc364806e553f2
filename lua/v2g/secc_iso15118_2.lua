-- SPDX-License-Identifier: Apache-2.0
-- The answers of a station in ISO 15118-2, AC and DC, paid for by external means or by contract.

local common = require 'v2g.common'
local once = require 'v2g.once'
local dc = require 'v2g.secc_dc'
local pnc = require 'v2g.secc_contract_2'
local schedules = require 'v2g.secc_schedules_2'

local iso = { answers = {}, case = {} }
local answers = iso.answers

local AC_MODES <const> = { 'AC_single_phase_core', 'AC_three_phase_core' }

for _, file in ipairs { dc, pnc } do
    for name, answer in pairs(file.answers) do
        answers[name] = answer
    end
end

function iso.case.PowerDeliveryReq(s)
    return s.role.Get_PowerDeliveryReq_ChargeProgress()
end

-- ---- setting up ----

function answers.SessionSetupReq(s)
    local code, case = s:set_up(s.role.Get_SessionSetupReq_Header_SessionID())
    s.role.Set_SessionSetupRes_Header_SessionID(s.id)
    s.role.Set_SessionSetupRes_EVSEID(s.p.evse_id)
    s.role.Set_SessionSetupRes_EVSETimeStamp(math.floor(Now() / 1000))
    return code, case
end

-- A session that was joined is offered the transfer that it had [V2G2-741].
local function transfers(s)
    local p, list = s.p, {}
    if s.paused and s.paused.transfer then
        return { s.paused.transfer }
    end
    if p.transfers then
        return p.transfers
    end
    if p.modes.ac then
        list[1] = AC_MODES[1]
        list[2] = p.ac.phases > 1 and AC_MODES[2] or nil
    end
    if p.modes.dc then
        list[#list + 1] = 'DC_extended'
        list[#list + 1] = 'DC_core'
    end
    return list
end

local function set_services(s)
    local role, list = s.role, {}
    local only = role.Get_ServiceDiscoveryReq_ServiceCategorySpecified()
        and role.Get_ServiceDiscoveryReq_ServiceCategory()
    local scope = role.Get_ServiceDiscoveryReq_ServiceScopeSpecified()
        and role.Get_ServiceDiscoveryReq_ServiceScope()
    for _, service in ipairs(pnc.services(s)) do
        local category = service.category or 'OtherCustom'
        if (not only or only == category) and (not scope or scope == service.scope) then
            list[#list + 1] = { ServiceID = service.id, ServiceName = service.name,
                                ServiceCategory = category, ServiceScope = service.scope,
                                FreeService = service.free ~= false }
        end
    end
    if #list > 0 then
        common.set_list(role, 'ServiceDiscoveryRes', 'ServiceList_Service', list)
    else
        role.Set_ServiceDiscoveryRes_ServiceListSpecified(false)
    end
end

function answers.ServiceDiscoveryReq(s)
    local role, modes, options = s.role, transfers(s), pnc.options(s)
    if #options == 0 then
        s.why = 'a contract pays over TLS only, and nothing else is on offer'
        options = s.p.payment
    end
    common.set_list(role, 'ServiceDiscoveryRes', 'PaymentOptionList', options)
    role.Set_ServiceDiscoveryRes_ChargeService_ServiceID(1)
    role.Set_ServiceDiscoveryRes_ChargeService_FreeService(s.p.free)
    common.set_list(role, 'ServiceDiscoveryRes', 'ChargeService_SupportedEnergyTransferMode', modes)
    set_services(s)
    return s.why and 'FAILED' or nil
end

local function find_service(s, id)
    return common.find_id(pnc.services(s), id)
end

local function parameter(entry)
    local value = entry[2]
    local made = { Name = entry[1] }
    if type(value) == 'boolean' then
        made.boolValue = value
    elseif math.type(value) == 'integer' then
        made.intValue = value
    else
        made.stringValue = tostring(value)
    end
    return made
end

function answers.ServiceDetailReq(s)
    local id = s.role.Get_ServiceDetailReq_ServiceID()
    local service = find_service(s, id)
    s.role.Set_ServiceDetailRes_ServiceID(id)
    s.role.Set_ServiceDetailRes_ServiceParameterListSpecified(false)
    if not service then
        return id ~= 1 and 'FAILED_ServiceIDInvalid' or nil
    end
    local sets = {}
    for i, set in ipairs(service.parameters or {}) do
        local list = {}
        for k, entry in ipairs(set) do
            list[k] = parameter(entry)
        end
        sets[i] = { ParameterSetID = set.id or i, Parameter = list }
    end
    if #sets > 0 then
        common.set_list(s.role, 'ServiceDetailRes', 'ServiceParameterList_ParameterSet', sets)
    end
end

-- Whether there is such a service, with such a parameter set where one is named.
local function has_service(s, id, set_id)
    local service = find_service(s, id)
    local found = service ~= nil and (set_id == nil or #(service.parameters or {}) == 0)
    for i, set in ipairs(service and service.parameters or {}) do
        found = found or (set.id or i) == set_id
    end
    return found
end

function answers.PaymentServiceSelectionReq(s)
    local option = s.role.Get_PaymentServiceSelectionReq_SelectedPaymentOption()
    local charge, others = false, {}
    if not pnc.is_offered(s, option) then
        return 'FAILED_PaymentSelectionInvalid'
    end
    for _, service in ipairs(common.get_list(s.role, 'PaymentServiceSelectionReq',
        'SelectedServiceList_SelectedService')) do
        charge = charge or service.ServiceID == 1
        others[#others + 1] = service.ServiceID ~= 1 and service or nil
    end
    if not charge then -- whatever else it selects [V2G2-804]
        return 'FAILED_NoChargeServiceSelected'
    end
    for _, service in ipairs(others) do
        if not has_service(s, service.ServiceID, service.ParameterSetID) then
            return 'FAILED_ServiceSelectionInvalid'
        end
    end
    s.paying = option
    return nil, option == 'Contract' and pnc.case_of(others) or option
end

function answers.AuthorizationReq(s)
    local wrong = pnc.check_authorization(s)
    if wrong then
        s.role.Set_AuthorizationRes_EVSEProcessing('Finished')
        return wrong
    end
    local finished, late = s:ongoing('Authorization', 'V2G_SECC_Ongoing_Performance_Time')
    local ongoing = s.paying == 'Contract' and 'Ongoing'
        or 'Ongoing_WaitingForCustomerInteraction' -- [V2G2-854] [V2G2-855]
    s.role.Set_AuthorizationRes_EVSEProcessing(finished and 'Finished' or ongoing)
    return late, finished and 'Finished' or 'Ongoing'
end

-- ---- parameters ----

local function station_power(s)
    local ac, dc_limits = s.p.ac, s.p.dc
    return s.mode == 'dc' and dc_limits.max_power or ac.voltage * ac.phases * ac.max_current
end

local function set_ac_limits(s)
    local role, ac = s.role, s.p.ac
    role.Set_ChargeParameterDiscoveryRes_AC_EVSEChargeParameter_EVSENominalVoltage(ac.voltage)
    role.Set_ChargeParameterDiscoveryRes_AC_EVSEChargeParameter_EVSEMaxCurrent(ac.max_current)
    role.Set_ChargeParameterDiscoveryRes_AC_EVSEChargeParameter_AC_EVSEStatus_EVSENotification('None')
    role.Set_ChargeParameterDiscoveryRes_AC_EVSEChargeParameter_AC_EVSEStatus_NotificationMaxDelay(0)
end

local function is_offered(s, transfer)
    for _, one in ipairs(transfers(s)) do
        if one == transfer then
            return true
        end
    end
    return false
end

-- Whether its limits are missing, below zero, or a minimum above its maximum [V2G2-477].
local function has_wrong_ac_limits(s)
    local role = s.role
    if not role.Get_ChargeParameterDiscoveryReq_AC_EVChargeParameterSpecified() then
        return true
    end
    local least = role.Get_ChargeParameterDiscoveryReq_AC_EVChargeParameter_EVMinCurrent()
    local most = role.Get_ChargeParameterDiscoveryReq_AC_EVChargeParameter_EVMaxCurrent()
    return least < 0 or most < least
        or role.Get_ChargeParameterDiscoveryReq_AC_EVChargeParameter_EAmount() < 0
        or role.Get_ChargeParameterDiscoveryReq_AC_EVChargeParameter_EVMaxVoltage() < 0
end

-- nil, or what is wrong with the vehicle's wishes
local function check_parameters(s, transfer)
    local mode = transfer:sub(1, 2) == 'AC' and 'ac' or 'dc'
    -- a session that goes on keeps to AC, or DC
    if not is_offered(s, transfer) or s.is_discovered and mode ~= s.mode then
        return 'FAILED_WrongEnergyTransferMode'
    end
    s.transfer = transfer
    if mode == 'ac' then
        if has_wrong_ac_limits(s) then
            return 'FAILED_WrongChargeParameter', mode
        end
        s.ev_current = s.role.Get_ChargeParameterDiscoveryReq_AC_EVChargeParameter_EVMaxCurrent()
        s.phases = transfer == AC_MODES[1] and 1 or s.p.ac.phases
        return nil, mode
    end
    return dc.check_request(s), mode
end

function answers.ChargeParameterDiscoveryReq(s)
    local wrong, mode = check_parameters(s,
        s.role.Get_ChargeParameterDiscoveryReq_RequestedEnergyTransferMode())
    if mode then
        s:set_mode(mode)
    end
    if s.mode == 'ac' then
        set_ac_limits(s)
    else
        dc.set_limits(s)
    end
    local finished, code = s:ongoing('ChargeParameterDiscovery',
        'V2G_SECC_Ongoing_Performance_Time', wrong)
    s.role.Set_ChargeParameterDiscoveryRes_EVSEProcessing(finished and 'Finished' or 'Ongoing')
    if not finished then
        s.role.Set_ChargeParameterDiscoveryRes_SAScheduleListSpecified(false)
        pnc.sign_tariffs(s, {})
        return nil, 'Ongoing'
    end
    local tuples = schedules.offer(s, station_power(s))
    for _, tuple in ipairs(tuples) do
        if tuple.SAScheduleTupleID < 1 or tuple.SAScheduleTupleID > 255 then -- [V2G2-773]
            s.why = ('parameter schedules: id %s is none of 1 to 255'):format(tuple.SAScheduleTupleID)
            return 'FAILED'
        end
    end
    pnc.sign_tariffs(s, tuples)
    common.set_list(s.role, 'ChargeParameterDiscoveryRes', 'SAScheduleList_SAScheduleTuple', tuples)
    s.pre_charge, s.pre_charged = nil, nil
    s.is_discovered = not code
    return code, 'Finished'
end

-- ---- charging ----

-- The names of the setters of a message's AC_EVSEStatus, by message.
local names = once(function(message)
    local path = 'Set_' .. message .. '_AC_EVSEStatus_'
    return { notification = path .. 'EVSENotification', delay = path .. 'NotificationMaxDelay',
             rcd = path .. 'RCD' }
end)

local function set_status(s, message, wish)
    if s.mode ~= 'ac' then
        return dc.set_status(s, message, wish)
    end
    local set, role = names[message], s.role
    role[set.notification](wish and dc.NOTIFICATIONS[wish] or 'None')
    role[set.delay](wish and s:notice(wish) or 0)
    role[set.rcd](wish == 'shutdown')
end

-- In AC the station's contactor closes before it answers; one that does not within its time has
-- failed [V2G2-860] [V2G2-862] [V2G2-865].
local function close_contactor(s)
    if s.mode ~= 'ac' then
        return nil
    end
    local limit = (Timer(s.protocol, 'EVSE_Contactor_Closing_Time') or math.huge) * s.scale
    common.pause(s, math.min(s.p.contactor, limit))
    return s.p.contactor > limit and 'FAILED_ContactorError' or nil
end

function answers.PowerDeliveryReq(s)
    local progress = s.role.Get_PowerDeliveryReq_ChargeProgress()
    set_status(s, 'PowerDeliveryRes', nil)
    s:advance()
    if progress == 'Renegotiate' then
        s.renegotiated = true
        if not s.charging then
            return 'FAILED', progress
        end
        return nil, progress
    end
    if progress == 'Stop' then
        s.charging = false
        s.output:open()
        return nil, progress
    end
    local id = s.role.Get_PowerDeliveryReq_SAScheduleTupleID()
    local wrong = schedules.check_profile(s, id, 'ChargingProfile_ProfileEntry') or close_contactor(s)
    if not wrong then
        s.charging = true
        schedules.choose(s, id)
        s.output:close()
    end
    return wrong, progress
end

-- What the responses of a loop have besides their readings.
local function set_meter(s, message)
    common.set(s.role, message, 'MeterInfo_MeterID', 'METER1')
    common.set(s.role, message, 'EVSEID', s.p.evse_id)
    common.set(s.role, message, 'SAScheduleTupleID', s.schedule or 1)
end

function answers.ChargingStatusReq(s)
    local seconds, output, role = s:advance(), s.output, s.role
    local wish, receipt = s:wish(), s:wants_receipt()
    output:count(s:ac_drawn(), seconds)
    if wish or receipt or not s.wants_nothing then -- else the last one has said so
        set_status(s, 'ChargingStatusRes', wish)
        role.Set_ChargingStatusRes_ReceiptRequired(receipt)
        s.wants_nothing = not wish and not receipt
    end
    if s.loops == 1 then
        set_meter(s, 'ChargingStatusRes')
        role.Set_ChargingStatusRes_EVSEMaxCurrent(s.p.ac.max_current)
    end
    role.Set_ChargingStatusRes_MeterInfo_MeterReading(math.floor(output.energy))
    return nil, receipt and 'ReceiptRequired' or nil
end

function answers.CurrentDemandReq(s)
    dc.answers.CurrentDemandReq(s)
    local receipt = s:wants_receipt()
    if s.loops == 1 then
        set_meter(s, 'CurrentDemandRes')
    end
    s.role.Set_CurrentDemandRes_MeterInfo_MeterReading(math.floor(s.output.energy))
    s.role.Set_CurrentDemandRes_ReceiptRequired(receipt)
    return nil, receipt and 'ReceiptRequired' or nil
end

function answers.MeteringReceiptReq(s)
    set_status(s, 'MeteringReceiptRes', nil)
    return pnc.check_receipt(s, s.mode == 'ac' and 'ChargingStatusRes' or 'CurrentDemandRes')
end

-- Only what has stopped charging can pause.
function answers.SessionStopReq(s)
    if s.role.Get_SessionStopReq_ChargingSession() ~= 'Pause' then
        return nil
    end
    local stopped = s.state == 'PowerDeliveryRes(Stop)' or s.state == 'WeldingDetectionRes'
    if not stopped then
        return 'FAILED'
    end
    s:pause()
    return nil
end

return iso
