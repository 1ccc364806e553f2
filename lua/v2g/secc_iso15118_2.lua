-- SPDX-License-Identifier: Apache-2.0
-- The answers of a station in ISO 15118-2, AC and DC, paid for by external means or by contract.

local common = require 'v2g.common'
local dc = require 'v2g.secc_dc'
local pnc = require 'v2g.secc_contract_2'

local iso = { answers = {}, case = {} }
local answers = iso.answers

local AC_MODES <const> = { 'AC_single_phase_core', 'AC_three_phase_core' }
local DC_MODES <const> = { 'DC_extended', 'DC_core' }

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

local function transfers(s)
    if s.p.transfers then
        return s.p.transfers
    end
    local list = {}
    if s.p.modes.ac then
        list[1] = AC_MODES[1]
        list[2] = s.p.ac.phases > 1 and AC_MODES[2] or nil
    end
    if s.p.modes.dc then
        table.move(DC_MODES, 1, #DC_MODES, #list + 1, list)
    end
    return list
end

local function set_services(s)
    local wanted = nil
    if s.role.Get_ServiceDiscoveryReq_ServiceCategorySpecified() then
        wanted = s.role.Get_ServiceDiscoveryReq_ServiceCategory()
    end
    local list = {}
    for _, service in ipairs(pnc.services(s)) do
        local category = service.category or 'OtherCustom'
        if not wanted or wanted == category then
            list[#list + 1] = { ServiceID = service.id, ServiceName = service.name,
                                ServiceCategory = category, ServiceScope = service.scope,
                                FreeService = service.free ~= false }
        end
    end
    if #list > 0 then
        common.set_list(s.role, 'ServiceDiscoveryRes', 'ServiceList_Service', list)
    else
        s.role.Set_ServiceDiscoveryRes_ServiceListSpecified(false)
    end
end

function answers.ServiceDiscoveryReq(s)
    local modes = transfers(s)
    local options = pnc.options(s)
    if #options == 0 then
        s.why = 'a contract pays over TLS only, and nothing else is on offer'
        options = s.p.payment
    end
    common.set_list(s.role, 'ServiceDiscoveryRes', 'PaymentOptionList', options)
    s.role.Set_ServiceDiscoveryRes_ChargeService_ServiceID(1)
    s.role.Set_ServiceDiscoveryRes_ChargeService_FreeService(s.p.free)
    common.set_list(s.role, 'ServiceDiscoveryRes', 'ChargeService_SupportedEnergyTransferMode', modes)
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
    local charge = false
    if not pnc.is_offered(s, option) then
        return 'FAILED_PaymentSelectionInvalid'
    end
    local list = common.get_list(s.role, 'PaymentServiceSelectionReq',
        'SelectedServiceList_SelectedService')
    for _, service in ipairs(list) do
        charge = charge or service.ServiceID == 1
        if service.ServiceID ~= 1
            and not has_service(s, service.ServiceID, service.ParameterSetID) then
            return 'FAILED_ServiceSelectionInvalid'
        end
    end
    if not charge then
        return 'FAILED_NoChargeServiceSelected'
    end
    s.paying = option
    return nil, option
end

function answers.AuthorizationReq(s)
    local wrong = pnc.check_authorization(s)
    if wrong then
        s.role.Set_AuthorizationRes_EVSEProcessing('Finished')
        return wrong
    end
    local finished, late = s:ongoing('Authorization', 'V2G_SECC_Ongoing_Performance_Time')
    s.role.Set_AuthorizationRes_EVSEProcessing(finished and 'Finished' or 'Ongoing')
    return late, finished and 'Finished' or 'Ongoing'
end

-- ---- parameters and schedules ----

local function station_power(s)
    if s.mode == 'dc' then
        return s.p.dc.max_power
    end
    return s.p.ac.voltage * s.p.ac.phases * s.p.ac.max_current
end

local function tariff_of(schedule)
    local tariff = schedule.tariff
    if not tariff then
        return nil
    end
    local entries = {}
    for i, entry in ipairs(tariff.entries) do
        entries[i] = { RelativeTimeInterval = { start = entry.start, duration = entry.duration },
                       EPriceLevel = entry.level }
    end
    return { SalesTariffID = tariff.id or schedule.id, SalesTariffDescription = tariff.description,
             NumEPriceLevels = tariff.levels, SalesTariffEntry = entries }
end

-- The schedules on offer; in a joined session the one that was chosen before comes again
-- [V2G2-741].
local function schedules_of(s)
    return s.p.schedules or
        { { id = tonumber(s.paused and s.paused.schedule) or 1,
            entries = { { start = 0, power = station_power(s), duration = 86400 } } } }
end

local function set_schedules(s)
    local tuples = {}
    s.schedules = {}
    for i, schedule in ipairs(schedules_of(s)) do
        local entries = {}
        for k, entry in ipairs(schedule.entries) do
            entries[k] = { RelativeTimeInterval = { start = entry.start, duration = entry.duration },
                           PMax = entry.power }
        end
        local id = schedule.id or i
        tuples[i] = { SAScheduleTupleID = id, PMaxSchedule = { PMaxScheduleEntry = entries },
                      SalesTariff = tariff_of(schedule) }
        s.schedules[id] = schedule.entries
    end
    pnc.sign_tariffs(s, tuples)
    common.set_list(s.role, 'ChargeParameterDiscoveryRes', 'SAScheduleList_SAScheduleTuple', tuples)
end

local function set_ac_limits(s)
    s.role.Set_ChargeParameterDiscoveryRes_AC_EVSEChargeParameter_EVSENominalVoltage(s.p.ac.voltage)
    s.role.Set_ChargeParameterDiscoveryRes_AC_EVSEChargeParameter_EVSEMaxCurrent(s.p.ac.max_current)
    s.role.Set_ChargeParameterDiscoveryRes_AC_EVSEChargeParameter_AC_EVSEStatus_EVSENotification('None')
    s.role.Set_ChargeParameterDiscoveryRes_AC_EVSEChargeParameter_AC_EVSEStatus_NotificationMaxDelay(0)
end

local function is_offered(s, transfer)
    for _, one in ipairs(transfers(s)) do
        if one == transfer then
            return true
        end
    end
    return false
end

-- nil, or what is wrong with the vehicle's wishes
local function check_parameters(s, transfer)
    local mode = transfer:sub(1, 2) == 'AC' and 'ac' or 'dc'
    if not is_offered(s, transfer) then
        return 'FAILED_WrongEnergyTransferMode'
    end
    if mode == 'ac' then
        if not s.role.Get_ChargeParameterDiscoveryReq_AC_EVChargeParameterSpecified() then
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
    set_schedules(s)
    s.pre_charge, s.pre_charged = nil, nil
    return code, 'Finished'
end

-- ---- charging ----

local function set_status(s, message, wish)
    if s.mode ~= 'ac' then
        return dc.set_status(s, message, wish)
    end
    local path = message .. '_AC_EVSEStatus_'
    s.role['Set_' .. path .. 'EVSENotification'](dc.NOTIFICATIONS[wish] or 'None')
    s.role['Set_' .. path .. 'NotificationMaxDelay'](s:notice(wish))
    s.role['Set_' .. path .. 'RCD'](wish == 'shutdown')
end

local function power_at(entries, start)
    local power = nil
    for _, entry in ipairs(entries) do
        if entry.start <= start then
            power = entry.power
        end
    end
    return power or math.huge
end

-- The vehicle's profile must keep within the schedule that it names.
local function check_profile(s)
    local entries = s.schedules[s.role.Get_PowerDeliveryReq_SAScheduleTupleID()]
    if not entries then
        return 'FAILED_TariffSelectionInvalid'
    end
    if not s.role.Get_PowerDeliveryReq_ChargingProfileSpecified() then
        return nil
    end
    local profile = common.get_list(s.role, 'PowerDeliveryReq', 'ChargingProfile_ProfileEntry')
    for _, entry in ipairs(profile) do
        local most = power_at(entries, entry.ChargingProfileEntryStart)
        -- multiplier and 16 bits round it
        if entry.ChargingProfileEntryMaxPower > most * 1.001 + 1 then
            return 'FAILED_ChargingProfileInvalid'
        end
    end
    return nil
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
    local wrong = check_profile(s)
    if not wrong then
        s.charging = true
        s.schedule = s.role.Get_PowerDeliveryReq_SAScheduleTupleID()
        s.output:close()
    end
    return wrong, progress
end

local function set_meter(s, message)
    s.role['Set_' .. message .. '_MeterInfo_MeterID']('METER1')
    s.role['Set_' .. message .. '_MeterInfo_MeterReading'](math.floor(s.output.energy))
    s.role['Set_' .. message .. '_EVSEID'](s.p.evse_id)
    s.role['Set_' .. message .. '_SAScheduleTupleID'](s.schedule or 1)
end

function answers.ChargingStatusReq(s)
    local seconds = s:advance()
    local wish = s:wish()
    local receipt = s:wants_receipt()
    s.output:count(s:ac_drawn(), seconds)
    set_status(s, 'ChargingStatusRes', wish)
    if s.loops == 1 then
        set_meter(s, 'ChargingStatusRes')
        s.role.Set_ChargingStatusRes_EVSEMaxCurrent(s.p.ac.max_current)
    end
    s.role.Set_ChargingStatusRes_MeterInfo_MeterReading(math.floor(s.output.energy))
    s.role.Set_ChargingStatusRes_ReceiptRequired(receipt)
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
    if s.role.Get_MeteringReceiptReq_SessionID() ~= s.id then
        s.why = 'SessionID is not that of the session'
        return 'FAILED_MeteringSignatureNotValid'
    end
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
