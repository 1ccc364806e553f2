-- SPDX-License-Identifier: Apache-2.0
-- The answers of a station in ISO 15118-20: AC and DC, charging only or bidirectional, scheduled or
-- dynamic control mode. Those of authorization and Plug & Charge are in secc_contract_20.lua;
-- schedules, prices and power profiles in secc_schedules_20.lua.

local common = require 'v2g.common'
local energy = require 'v2g.energy'
local once = require 'v2g.once'
local pnc = require 'v2g.secc_contract_20'
local schedules = require 'v2g.secc_schedules_20'

-- Only who serves the grid needs it.
local function der()
    return require 'v2g.secc_der_20'
end

local iso = { answers = pnc.answers, case = {} }
local answers = iso.answers

local SERVICES <const> = energy.services
local CONTROLS <const> = { 'Scheduled', 'Dynamic' } -- by number of the parameter set
local NOTIFICATIONS <const> = { stop = 'Terminate', renegotiate = 'ScheduleRenegotiation',
                                shutdown = 'Terminate', pause = 'Pause',
                                services = 'ServiceRenegotiation', charge = 'ExitStandby',
                                receipt = 'MeteringConfirmation' }
-- Parameter sets of further services that are given none.
local FURTHER <const> = {
    [65] = { { id = 3, { 'Protocol', 'http' }, { 'Port', 80 } },
             { id = 4, { 'Protocol', 'https' }, { 'Port', 443 } } },
    [66] = { { id = 1, { 'IntendedService', 1 }, { 'ParkingStatusType', 1 } } },
}
local PAUSE_DELAY <const> = 60 -- s, NotificationMaxDelay [V2G20-3308]
local BPT_SHARE <const> = 0.5 -- of the power that is taken back

function iso.case.PowerDeliveryReq(s)
    return s.role.Get_PowerDeliveryReq_ChargeProgress()
end

-- ---- setting up ----

local function select_service(s, id, set)
    local service = SERVICES[id]
    s.service, s.set, s.bpt, s.transfer = id, set, service.bpt, service
    s.control, s.loop_mode = CONTROLS[set], nil
    s:set_mode(service.mode, service.der and service.kind)
    local share = service.bpt and BPT_SHARE or 0
    s.output:take_back(s.p.dc.max_current * share, s.p.dc.max_power * share)
end

function answers.SessionSetupReq(s)
    local code, case = s:set_up(s.role.Get_SessionSetupReq_Header_SessionID())
    s.role.Set_SessionSetupRes_Header_SessionID(s.id)
    s.role.Set_SessionSetupRes_EVSEID(s.p.evse_id)
    local paused = s.paused
    if paused and SERVICES[tonumber(paused.service)] then
        select_service(s, tonumber(paused.service), tonumber(paused.set))
        s:pays_as_before()
        return code, case
    end
    return code
end

-- What was agreed is the message set of one mode: services of that alone [V2G20-169].
local function is_offered(s, id)
    local service = SERVICES[id]
    return service ~= nil and s.role.Namespace:match('[%u-]+$') == service.set
        and s.p.modes[service.kind] == true and (s.p.bpt or not service.bpt)
end

-- The entries whose ServiceID the vehicle supports, as far as it says; all of them where that would
-- leave none and `whole` is set.
local function supported(s, list, whole)
    if not s.role.Get_ServiceDiscoveryReq_SupportedServiceIDsSpecified() then
        return list
    end
    local ids, kept = {}, {}
    for _, id in ipairs(common.get_list(s.role, 'ServiceDiscoveryReq',
        'SupportedServiceIDs_ServiceID')) do
        ids[id] = true
    end
    for _, entry in ipairs(list) do
        kept[#kept + 1] = ids[entry.ServiceID] and entry or nil
    end
    return whole and #kept == 0 and list or kept
end

function answers.ServiceDiscoveryReq(s)
    local list, further = {}, {}
    for _, id in ipairs(energy.order) do
        if is_offered(s, id) then
            list[#list + 1] = { ServiceID = id, FreeService = s.p.free }
        end
    end
    for i, service in ipairs(s.p.services) do
        further[i] = { ServiceID = service.id, FreeService = service.free ~= false }
    end
    -- a filter that names no energy service is one of the further services alone [V2G20-1249]
    list, further = supported(s, list, true), supported(s, further)
    s.listed, s.details = {}, {}
    for _, entries in ipairs { list, further } do
        for _, entry in ipairs(entries) do
            s.listed[entry.ServiceID] = true
        end
    end
    s.role.Set_ServiceDiscoveryRes_ServiceRenegotiationSupported(s.p.service_renegotiation)
    if #list == 0 then
        return 'FAILED'
    end
    common.set_list(s.role, 'ServiceDiscoveryRes', 'EnergyTransferServiceList_Service', list)
    if #further > 0 then
        common.set_list(s.role, 'ServiceDiscoveryRes', 'VASList_Service', further)
    else
        s.role.Set_ServiceDiscoveryRes_VASListSpecified(false)
    end
    return nil
end

local function int(name, value)
    return { Name = name, intValue = value }
end

-- The parameters of an energy transfer service with that control mode (1 scheduled, 2 dynamic).
local function energy_parameters(s, service, control)
    local connector = service.kind == 'mcs' and energy.MCS.connectors[s.p.mcs_connector]
        or service.mode == 'ac' and s.p.ac.phases == 1 and 1 or 2
    local list = { int('Connector', connector),
                   int('ControlMode', control),
                   -- the station has needs of its own in dynamic control mode alone [V2G20-2663]
                   int('MobilityNeedsMode', control == 2 and s.p.needs and 2 or 1),
                   int('Pricing', schedules.pricing(s, CONTROLS[control])) }
    if service.mode == 'ac' then
        list[#list + 1] = int('EVSENominalVoltage', s.p.ac.voltage)
    end
    if service.der then
        return der().add_parameters(s, service, list)
    end
    if service.bpt then
        list[#list + 1] = int('BPTChannel', 1)
        list[#list + 1] = int('GeneratorMode', 1)
    end
    if service.bpt and service.mode == 'ac' then
        list[#list + 1] = int('GridCodeIslandingDetectionMethod', 1)
    end
    return list
end

local function further_service(s, id)
    return common.find_id(s.p.services, id)
end

local function further_parameters(set)
    local list = {}
    for i, entry in ipairs(set) do
        local value = entry[2]
        local kind = type(value) == 'boolean' and 'boolValue' or math.type(value) == 'integer'
            and 'intValue' or 'finiteString'
        list[i] = { Name = entry[1], [kind] = value }
    end
    return list
end

function answers.ServiceDetailReq(s)
    local id, sets = s.role.Get_ServiceDetailReq_ServiceID(), {}
    local service, further = SERVICES[id], further_service(s, id)
    s.role.Set_ServiceDetailRes_ServiceID(id)
    if not s.listed[id] then
        return 'FAILED_ServiceIDInvalid' -- [V2G20-425] [V2G20-464]
    end
    if further then
        -- the message needs a parameter, also where there is none to tell
        for i, set in ipairs(further.parameters or FURTHER[id] or { { { 'Service', id } } }) do
            sets[i] = { ParameterSetID = set.id or i, Parameter = further_parameters(set) }
        end
    else
        for control = 1, s.p.dynamic and 2 or 1 do
            sets[control] = { ParameterSetID = control,
                              Parameter = energy_parameters(s, service, control) }
        end
    end
    common.set_list(s.role, 'ServiceDetailRes', 'ServiceParameterList_ParameterSet', sets)
    s.details[id] = {}
    for _, set in ipairs(sets) do
        s.details[id][set.ParameterSetID] = true
    end
    return nil
end

-- Whether the details of the service had that parameter set.
local function is_known(s, id, set)
    local sets = s.details[id]
    return sets ~= nil and sets[set] == true
end

function answers.ServiceSelectionReq(s)
    local path = 'Get_ServiceSelectionReq_SelectedEnergyTransferService_'
    local id, set = s.role[path .. 'ServiceID'](), s.role[path .. 'ParameterSetID']()
    if not SERVICES[id] or not s.listed[id] then
        return 'FAILED_NoEnergyTransferServiceSelected'
    end
    if not is_known(s, id, set) then
        return 'FAILED_ServiceSelectionInvalid'
    end
    if s.role.Get_ServiceSelectionReq_SelectedVASListSpecified() then
        for _, one in ipairs(common.get_list(s.role, 'ServiceSelectionReq',
            'SelectedVASList_SelectedService')) do
            if not further_service(s, one.ServiceID)
                or not is_known(s, one.ServiceID, one.ParameterSetID) then
                return 'FAILED_ServiceSelectionInvalid'
            end
        end
    end
    select_service(s, id, set)
    return nil
end

-- ---- parameters ----

local function setter(s, message, element)
    return function(path, value)
        common.set(s.role, message, element .. '_' .. path, value)
    end
end

-- Whether the request has the element that goes with the service selected.
local function has(s, message, element)
    return s.role['Get_' .. message .. '_' .. element .. 'Specified']()
end

local function ac_power(s)
    return s.p.ac.voltage * s.p.ac.phases * s:ac_limit()
end

-- nil, or FAILED_WrongChargeParameter: a maximum of the vehicle is below the station's minimum, or
-- a minimum above its maximum [V2G20-1619] [V2G20-2272].
local function fits(s, message, element, least, most)
    local get = 'Get_' .. message .. '_' .. element .. '_'
    for _, limit in ipairs(least) do
        if s.role[get .. limit[1]]() < limit[2] then
            return 'FAILED_WrongChargeParameter'
        end
    end
    for _, limit in ipairs(most) do
        if s.role[get .. limit[1]]() > limit[2] then
            return 'FAILED_WrongChargeParameter'
        end
    end
    return nil
end

-- What a bidirectional vehicle gives back is told as a positive limit; with AC-DER either sign is
-- met.
local DISCHARGE <const> = { { 'EVMaximumDischargePower', 0 }, { 'EVMaximumDischargeCurrent', 0 } }
local AC_DISCHARGE <const> = DISCHARGE[1]

-- What the service's elements begin with; as long as none is selected, those of charging alone.
local function prefix_of(s)
    return s.transfer and s.transfer.prefix or ''
end

function answers.DC_ChargeParameterDiscoveryReq(s)
    local prefix, d = prefix_of(s), s.p.dc
    local request = prefix .. 'DC_CPDReqEnergyTransferMode'
    local set = setter(s, 'DC_ChargeParameterDiscoveryRes', prefix .. 'DC_CPDResEnergyTransferMode')
    set('EVSEMaximumChargePower', d.max_power)
    set('EVSEMinimumChargePower', 0)
    set('EVSEMaximumChargeCurrent', d.max_current)
    set('EVSEMinimumChargeCurrent', d.min_current)
    set('EVSEMaximumVoltage', d.max_voltage)
    set('EVSEMinimumVoltage', d.min_voltage)
    if s.bpt then
        set('EVSEMaximumDischargePower', d.max_power * BPT_SHARE)
        set('EVSEMinimumDischargePower', 0)
        set('EVSEMaximumDischargeCurrent', d.max_current * BPT_SHARE)
        set('EVSEMinimumDischargeCurrent', 0)
    end
    if s.mode ~= 'dc' or not has(s, 'DC_ChargeParameterDiscoveryReq', request) then
        return 'FAILED_WrongChargeParameter'
    end
    return fits(s, 'DC_ChargeParameterDiscoveryReq', request, {
        { 'EVMaximumVoltage', d.min_voltage }, { 'EVMaximumChargeCurrent', d.min_current },
        { 'EVMaximumChargePower', 0 }, table.unpack(s.bpt and DISCHARGE or {}),
    }, {
        { 'EVMinimumVoltage', d.max_voltage }, { 'EVMinimumChargeCurrent', d.max_current },
        { 'EVMinimumChargePower', d.max_power },
    })
end

function answers.AC_ChargeParameterDiscoveryReq(s)
    local prefix = prefix_of(s)
    local set = setter(s, 'AC_ChargeParameterDiscoveryRes', prefix .. 'AC_CPDResEnergyTransferMode')
    set('EVSEMaximumChargePower', ac_power(s))
    set('EVSEMinimumChargePower', 0)
    set('EVSENominalFrequency', 50)
    if s.bpt then
        set('EVSEMaximumDischargePower', ac_power(s) * BPT_SHARE)
    end
    if prefix == 'BPT_' then
        set('EVSEMinimumDischargePower', 0)
    end
    local request = prefix .. 'AC_CPDReqEnergyTransferMode'
    if s.mode ~= 'ac' or not has(s, 'AC_ChargeParameterDiscoveryReq', request) then
        return 'FAILED_WrongChargeParameter'
    end
    local case = s.transfer.der and der().discover(s, ac_power(s), ac_power(s) * BPT_SHARE) or nil
    return fits(s, 'AC_ChargeParameterDiscoveryReq', request,
        { { 'EVMaximumChargePower', 0 }, s.bpt and not s.transfer.der and AC_DISCHARGE or nil },
        { { 'EVMinimumChargePower', ac_power(s) } }), case
end

function answers.ScheduleExchangeReq(s)
    local finished, late = s:ongoing('ScheduleExchange', 'V2G_SECC_Ongoing_Performance_Time')
    local control = s.control or 'Scheduled'
    s.role.Set_ScheduleExchangeRes_EVSEProcessing(finished and 'Finished' or 'Ongoing')
    schedules.offer(s, control, s.mode == 'dc' and s.p.dc.max_power or ac_power(s))
    pnc.sign_prices(s, schedules.has_prices(s))
    local asked = 'Get_ScheduleExchangeReq_' .. control .. '_SEReqControlMode'
    if not s.role[asked .. 'Specified']() then
        return 'FAILED_WrongChargeParameter'
    end
    if control == 'Dynamic' and s.role[asked .. '_EVMaximumV2XEnergyRequestSpecified']()
        ~= s.role[asked .. '_EVMinimumV2XEnergyRequestSpecified']() then
        s.why = 'of the two V2X energy requests there is one only' -- [V2G20-2681]
        return 'FAILED_WrongChargeParameter'
    end
    if not finished then
        return nil, 'Ongoing'
    end
    s.pre_charge, s.pre_charged = nil, nil
    return late, s.charging and 'Renegotiated' or 'Finished'
end

-- ---- before charging ----

function answers.DC_CableCheckReq(s)
    local finished, late = s:ongoing('CableCheck', 'V2G_EVCC_CableCheck_Timeout')
    s.role.Set_DC_CableCheckRes_EVSEProcessing(finished and 'Finished' or 'Ongoing')
    if not finished then
        return nil, 'Ongoing'
    end
    local bad = s.p.isolation == 'Fault' or s.p.isolation == 'Invalid'
    return bad and 'FAILED' or late, 'Finished'
end

function answers.DC_PreChargeReq(s)
    s.role.Set_DC_PreChargeRes_EVSEPresentVoltage(
        s:charge_up(s.role.Get_DC_PreChargeReq_EVTargetVoltage(), 'V2G_EVCC_PreCharge_Timeout'))
    return nil, s.role.Get_DC_PreChargeReq_EVProcessing()
end

local function set_status(s, message, wish)
    if not wish then
        common.set(s.role, message, 'EVSEStatusSpecified', false)
        return
    end
    common.set(s.role, message, 'EVSEStatus_EVSENotification', NOTIFICATIONS[wish])
    -- a reading is confirmed within the loop: nothing is put off
    common.set(s.role, message, 'EVSEStatus_NotificationMaxDelay',
        wish == 'receipt' and 0 or s:notice(wish, wish == 'pause' and PAUSE_DELAY or 0))
end

local progress = {}

function progress.Start(s)
    if s.role.Get_PowerDeliveryReq_EVProcessing() ~= 'Finished' then
        return nil, 'Ongoing'
    end
    local code = schedules.select(s)
    if not code or not code:find('^FAILED') then
        s.charging, s.standing_by = true, nil
        s.output:close()
    end
    return code, 'Start'
end

function progress.Stop(s)
    s.charging, s.standing_by = false, nil
    s.output:open()
    return nil, 'Stop'
end

-- The contactors stay closed, and the loop goes on.
function progress.Standby(s)
    if not s.p.standby then
        return 'WARNING_StandbyNotAllowed', 'StandbyNotAllowed'
    end
    s.standing_by = 0
    return nil, 'Standby'
end

function progress.ScheduleRenegotiation(s)
    s.renegotiated = true
    return not s.charging and 'FAILED_ScheduleRenegotiation' or nil, 'ScheduleRenegotiation'
end

function answers.PowerDeliveryReq(s)
    set_status(s, 'PowerDeliveryRes', nil)
    s:advance()
    return progress[s.role.Get_PowerDeliveryReq_ChargeProgress()](s)
end

-- ---- charging ----

-- The meter's reading, where it is asked for [V2G20-1082] or has to be confirmed [V2G20-1083], and
-- in the first response [V2G20-1833].
local function set_meter(s, message, is_asked, wish)
    local role, output = s.role, s.output
    if wish == 'receipt' or s.loops == 1 or is_asked then
        common.set(role, message, 'MeterInfo_MeterID', 'METER1')
        common.set(role, message, 'MeterInfo_ChargedEnergyReadingWh', math.floor(output.energy))
        if s.bpt then
            common.set(role, message, 'MeterInfo_BPT_DischargedEnergyReadingWh', math.floor(output.back))
        end
    else
        common.set(role, message, 'MeterInfoSpecified', false)
    end
end

-- Names of the control mode's element in request and response of a loop, by service and control.
local modes = once(function(key)
    local loop = key:sub(-2) .. '_ChargeLoop'
    local request = 'Get_' .. loop .. 'Req_' .. key .. '_CLReqControlMode'
    return {
        asked = request .. 'Specified',
        request = once(function(element) return request .. '_' .. element end),
        response = 'Set_' .. loop .. 'Res_' .. key .. '_CLResControlMode',
    }
end)

local function control_mode(s)
    return modes[prefix_of(s) .. (s.control or 'Scheduled') .. '_' .. s.mode:upper()]
end

local function is_due(s, n)
    return n > 0 and s.loops >= n
end

-- What the station wants of the vehicle in this response, and the case of it.
local function wish_of(s)
    local p, wish = s.p, s:wish()
    if s.standing_by then
        s.standing_by = s.standing_by + 1
    end
    if wish then
        return wish
    end
    if is_due(s, p.pause_after) and not s.paused then
        return 'pause'
    end
    if s.declined == 'now' then
        return 'renegotiate'
    end
    if is_due(s, p.renegotiate_services_after) and not s.service_renegotiated then
        return 'services'
    end
    if s.standing_by and p.exit_standby_after > 0 and s.standing_by >= p.exit_standby_after then
        return 'charge'
    end
    return pnc.wants_receipt(s) and 'receipt' or nil
end

-- What the station gives where it sets the power itself.
local function dynamic_current(s, m)
    local d = s.p.dc
    local power = math.min(d.max_power, s.role[m.request.EVMaximumChargePower]())
    return math.min(d.max_current, s.role[m.request.EVMaximumChargeCurrent](),
        power / math.max(s.output.voltage, 1))
end

local function set_dc_limits(s, m)
    local d = s.p.dc
    schedules.set_needs(s, m.response)
    s.role[m.response .. '_EVSEMaximumChargePower'](d.max_power)
    s.role[m.response .. '_EVSEMinimumChargePower'](0)
    s.role[m.response .. '_EVSEMaximumChargeCurrent'](d.max_current)
    s.role[m.response .. '_EVSEMaximumVoltage'](d.max_voltage)
    if s.bpt then
        s.role[m.response .. '_EVSEMaximumDischargePower'](d.max_power * BPT_SHARE)
        s.role[m.response .. '_EVSEMinimumDischargePower'](0)
        s.role[m.response .. '_EVSEMaximumDischargeCurrent'](d.max_current * BPT_SHARE)
        s.role[m.response .. '_EVSEMinimumVoltage'](d.min_voltage)
    end
end

function answers.DC_ChargeLoopReq(s)
    local o, m = s.output, s.loop_mode
    if not m then
        m = control_mode(s)
        s.loop_mode = m
        set_dc_limits(s, m)
    end
    o:advance(s:advance())
    local wish = wish_of(s)
    if wish or not s.wants_nothing then -- else the last one has said so
        set_status(s, 'DC_ChargeLoopRes', wish)
        s.wants_nothing = not wish
    end
    set_meter(s, 'DC_ChargeLoopRes', s.role.Get_DC_ChargeLoopReq_MeterInfoRequested(), wish)
    if not s.role[m.asked]() then
        return 'FAILED_WrongChargeParameter'
    end
    if wish == 'shutdown' then
        o:open()
    elseif s.control == 'Dynamic' then
        o:ask(s.role[m.request.EVMaximumVoltage](), dynamic_current(s, m),
            s.role[m.request.EVMaximumChargePower]())
    else
        o:ask(s.role[m.request.EVTargetVoltage](), s.role[m.request.EVTargetCurrent]())
    end
    if s.loops == 1 then
        o:advance(0.1)
    end
    s.role.Set_DC_ChargeLoopRes_EVSEPresentCurrent(o.current)
    s.role.Set_DC_ChargeLoopRes_EVSEPresentVoltage(o.voltage)
    s.role.Set_DC_ChargeLoopRes_EVSECurrentLimitAchieved(o.current_limited == true)
    s.role.Set_DC_ChargeLoopRes_EVSEVoltageLimitAchieved(o.voltage_limited == true)
    s.role.Set_DC_ChargeLoopRes_EVSEPowerLimitAchieved(o.power_limited == true)
    return schedules.violation(s, o.current * o.voltage), s.standing_by and 'Standby' or nil
end

function answers.AC_ChargeLoopReq(s)
    local m = s.loop_mode
    if not m then
        m = control_mode(s)
        s.loop_mode = m
        s.role[m.response .. 'Specified'](true)
        schedules.set_needs(s, m.response)
        s.role[m.response .. '_EVSETargetActivePower'](ac_power(s))
    end
    local seconds = s:advance()
    local wish = wish_of(s)
    if wish or not s.wants_nothing then -- else the last one has said so
        set_status(s, 'AC_ChargeLoopRes', wish)
        s.wants_nothing = not wish
    end
    set_meter(s, 'AC_ChargeLoopRes', s.role.Get_AC_ChargeLoopReq_MeterInfoRequested(), wish)
    if not s.role[m.asked]() then
        return 'FAILED_WrongChargeParameter'
    end
    if s.transfer.der then
        der().answer(s, m, ac_power(s), ac_power(s) * BPT_SHARE)
    end
    local power = s.role[m.request.EVPresentActivePower]()
    s.output:count(power, seconds)
    return schedules.violation(s, power), s.standing_by and 'Standby' or nil
end

-- ---- the end ----

function answers.DC_WeldingDetectionReq(s)
    local o = s.output
    o:ask_voltage(0)
    o:advance(s:advance() + 0.2)
    s.role.Set_DC_WeldingDetectionRes_EVSEPresentVoltage(o.voltage)
    return nil, s.role.Get_DC_WeldingDetectionReq_EVProcessing()
end

-- Whether the vehicle is not charging: after the end, or before the begin.
local function is_stopped(s)
    return s.state == 'PowerDeliveryRes(Stop)' or s.state == 'DC_WeldingDetectionRes(Finished)'
        or s.state == 'ScheduleExchangeRes(Finished)'
end

local ends = {}

function ends.Terminate()
    return nil
end

function ends.Pause(s)
    if not is_stopped(s) or not s.p.pausing then
        return 'FAILED_PauseNotAllowed'
    end
    s:pause()
    return nil
end

-- Goes on with ServiceDiscovery [V2G20-1477]. Before a service was selected it would be a way round
-- authorization.
function ends.ServiceRenegotiation(s)
    if not s.p.service_renegotiation or not s.service then
        return 'FAILED_NoServiceRenegotiationSupported'
    end
    s.service_renegotiated = true
    for _, step in ipairs { 'ScheduleExchange', 'CableCheck' } do
        s:again(step)
    end
    return nil, 'ServiceRenegotiation'
end

function answers.SessionStopReq(s)
    return ends[s.role.Get_SessionStopReq_ChargingSession()](s)
end

-- With AC and DC these never come in order; they are answered all the same.
for name in ('VehicleCheckIn VehicleCheckOut WPT_FinePositioningSetup '
    .. 'WPT_FinePositioning WPT_Pairing WPT_ChargeParameterDiscovery WPT_AlignmentCheck '
    .. 'WPT_ChargeLoop ACDP_VehiclePositioning ACDP_Connect ACDP_Disconnect ACDP_SystemStatus')
    :gmatch('%S+') do
    answers[name .. 'Req'] = function()
        return 'FAILED'
    end
end

return iso
