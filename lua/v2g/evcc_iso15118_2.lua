-- SPDX-License-Identifier: Apache-2.0
-- The steps of a vehicle in ISO 15118-2 (AC and DC; those of Plug & Charge are in
-- evcc_contract_2.lua) and in DIN SPEC 70121 (DC).

local common = require 'v2g.common'
local pnc = require 'v2g.evcc_contract_2'
local once = require 'v2g.once'

local steps = {}
for name, step in pairs(pnc.steps) do
    steps[name] = step
end

local DIN <const> = 'DIN70121'
local TRANSFERS <const> = {
    ac = { 'AC_three_phase_core', 'AC_single_phase_core' },
    dc = { 'DC_extended', 'DC_core', 'DC_combo_core', 'DC_unique' },
    din = { 'DC_extended', 'DC_core' }, -- the request knows no other [V2G-DC-625]
}
-- Status codes that stop the vehicle; in DIN 70121 the others are information only [V2G-DC-637]
-- [V2G-DC-650].
local SHUTDOWN <const> = {
    [DIN] = { EVSE_Shutdown = true, EVSE_EmergencyShutdown = true },
    ['ISO15118-2'] = { EVSE_Shutdown = true, EVSE_UtilityInterruptEvent = true,
                       EVSE_EmergencyShutdown = true, EVSE_Malfunction = true },
}
-- Where a response has its EVSEStatus, by mode; those in the charge loop are looked at there.
local STATUS <const> = {
    ac = { ChargeParameterDiscovery = 'AC_EVSEChargeParameter_AC_EVSEStatus', PowerDelivery = 'AC_EVSEStatus' },
    dc = { ChargeParameterDiscovery = 'DC_EVSEChargeParameter_DC_EVSEStatus', PowerDelivery = 'DC_EVSEStatus',
           CableCheck = 'DC_EVSEStatus', PreCharge = 'DC_EVSEStatus', WeldingDetection = 'DC_EVSEStatus' },
}
local SOUND <const> = { Valid = true, Warning = true, No_IMD = true } -- EVSEIsolationStatus
local MOST_ENTRIES <const> = 24 -- of a ChargingProfile
local SAFE <const> = 60  -- V at which the welding check is over
local NEAR <const> = 20  -- V between battery and output at which the contactors may close

-- ---- what the station's status asks for ----

-- The fields of an EVSEStatus, by its path, and what it is in of a response.
local fields = once(function(path)
    return { within = path:match('^.C_EVSE%a+'), code = path .. '_EVSEStatusCode', rcd = path .. '_RCD',
             delay = path .. '_NotificationMaxDelay', notification = path .. '_EVSENotification' }
end)

-- 'stop', 'renegotiate' or nil; the seconds that are left for it; what of the status says so.
local function wish_of(self, step, path)
    local field = fields[path]
    local code = self.mode == 'dc' and self:get(step, field.code) or nil
    if self.mode == 'ac' and self:get(step, field.rcd) then
        return 'stop', self:get(step, field.delay), 'RCD'
    elseif SHUTDOWN[self.protocol][code] then
        return 'stop', self:get(step, field.delay), code
    end
    -- DIN 70121 says None always [V2G-DC-500]; before charging some stations mean it
    local notification = self:get(step, field.notification)
    if notification == 'StopCharging' and (self.protocol ~= DIN or step == 'ChargeParameterDiscovery') then
        return 'stop', self:get(step, field.delay), notification
    elseif notification == 'ReNegotiation' and self.protocol ~= DIN then
        return 'renegotiate', self:get(step, field.delay), notification
    end
    return nil
end

-- A stop that is asked for outside the charge loop [V2G2-679]: before there is any voltage with
-- SessionStopReq, from PreChargeRes on by PowerDeliveryReq(Stop). ReNegotiation is for the loop
-- [V2G2-680]. Whoever stops already does not hear it again.
function steps.heed(self, step)
    local path = STATUS[self.mode][step]
    if not path or self.halted or self.asked or self.stopping and step == 'PowerDelivery'
        or not self:has(step, fields[path].within) then
        return
    end
    local wish, _, what = wish_of(self, step, path)
    if wish ~= 'stop' then
        return
    end
    local why = ('%sRes says %s: the vehicle stops'):format(self:name(step), what)
    if step == 'ChargeParameterDiscovery' or step == 'CableCheck' or self.renegotiating then
        self:leave('stop', true, why)
    end
    self.halted = step
    Log(why)
end

-- ---- setting up ----

function steps.SessionSetup(self)
    local p = self.p
    self.halted, self.asked, self.stopping, self.renegotiating, self.wakes_at = false, false, false, false, nil
    self.role.Set_SessionSetupReq_Header_SessionID(self.joining or p.session_id)
    self.role.Set_SessionSetupReq_EVCCID(p.evcc_id)
    self:exchange('SessionSetup')
    self.role.Measured(self.protocol, 'V2G_EVCC_CommunicationSetup_Timeout', nil, Now() - self.setup_from)
    if self.joining and self.code ~= 'OK_OldSessionJoined' then
        Log('the paused session was not joined: ' .. self.code)
        self.schedule = nil
    end
    self.joining = nil
end

local function offered_transfers(self)
    local offered = {}
    if self.protocol == DIN then
        offered[self.role.Get_ServiceDiscoveryRes_ChargeService_EnergyTransferType()] = true
        return offered
    end
    for _, transfer in ipairs(common.get_list(self.role, 'ServiceDiscoveryRes',
        'ChargeService_SupportedEnergyTransferMode')) do
        offered[transfer] = true
    end
    return offered
end

-- The station offers nothing that suits: leaves now, or at a later step, or asks all the same.
local function be_unsuited(self, wanted, why)
    local how, step = self.p.unsuited[1], self.p.unsuited[2]
    if how == 'ignore' then
        return wanted
    end
    if how == 'silent' then
        common.change(self, 'silent_at', step or 'PaymentServiceSelection')
        return wanted
    end
    if step then
        common.change(self, how == 'stop' and 'stop_at' or 'leave_at', step)
        return wanted
    end
    return self:leave(how == 'close' and 'fin' or how, false, why)
end

local function choose_transfer(self)
    local p = self.p
    if p.transfer then
        return p.transfer
    end
    local offered = offered_transfers(self)
    local ranks = self.protocol == DIN and TRANSFERS.din or TRANSFERS[self.mode]
    if self.mode == 'ac' and p.ac.phases == 1 then
        ranks = { ranks[2] }
    end
    for _, transfer in ipairs(ranks) do
        if offered[transfer] then
            return transfer
        end
    end
    -- DIN's offer has the short list of the station, the request the vehicle's own
    if self.protocol == DIN then
        return 'DC_extended'
    end
    self.is_unsuited = true
    return be_unsuited(self, TRANSFERS[self.mode][1],
        ('the station offers no %s charging'):format(self.mode:upper()))
end

function steps.ServiceDiscovery(self)
    self:exchange('ServiceDiscovery')
    self.selected = { { ServiceID = self:get('ServiceDiscovery', self.protocol == DIN
        and 'ChargeService_ServiceTag_ServiceID' or 'ChargeService_ServiceID') } }
    self.transfer = choose_transfer(self)
    self.paying = pnc.choose(self, be_unsuited)
    self.services = {}
    if self.protocol ~= DIN and self:has('ServiceDiscovery', 'ServiceList') then
        self.services = common.get_list(self.role, 'ServiceDiscoveryRes', 'ServiceList_Service')
    end
    local why = pnc.no_certificates(self)
    if why then
        be_unsuited(self, nil, why)
    end
end

-- The details of each further service that is wanted, of which a parameter set is then selected.
-- Without TLS there are none [V2G2-422].
function steps.ServiceDetail(self)
    local has_services = self.tls or self.p.services_without_tls
    for _, service in ipairs(self.services) do
        if self.p.details and has_services or pnc.wants_details(self, service) then
            self.role.Set_ServiceDetailReq_ServiceID(service.ServiceID)
            self:exchange('ServiceDetail')
            local sets = {}
            if self:has('ServiceDetail', 'ServiceParameterList') then
                sets = common.get_list(self.role, 'ServiceDetailRes',
                    'ServiceParameterList_ParameterSet')
            end
            local set = pnc.parameter_set(self, service, sets)
            if set ~= false then
                self.selected[#self.selected + 1] = { ServiceID = service.ServiceID,
                    ParameterSetID = set or sets[1] and sets[1].ParameterSetID }
            end
        end
    end
end

function steps.PaymentServiceSelection(self)
    self:set('PaymentServiceSelection', 'SelectedPaymentOption', self.paying)
    common.set_list(self.role, self:name('PaymentServiceSelection') .. 'Req',
        'SelectedServiceList_SelectedService', self.selected)
    self:exchange('PaymentServiceSelection')
end

function steps.Authorization(self)
    local signer = pnc.set_authorization(self)
    self:repeat_until('Authorization', 'V2G_EVCC_Ongoing_Timeout', function()
        pnc.clear_authorization(self)
        return self:get('Authorization', 'EVSEProcessing') == 'Finished'
    end, signer)
end

-- ---- parameters and schedules ----

local function set_status(self, step, path, is_ready)
    if self.mode ~= 'dc' then
        return
    end
    path = path .. 'DC_EVStatus_'
    self:set(step, path .. 'EVReady', is_ready)
    self:set(step, path .. 'EVRESSSOC', self.battery:percent())
end

local function wanted_energy(self)
    local b = self.battery
    local energy = self.p.energy and self.p.energy - b.energy or b:missing(b.target) -- [V2G2-743]
    return math.floor(math.max(0, energy) + 0.5)
end

local function set_dc_limits(self)
    local b, role = self.battery, self.role
    set_status(self, 'ChargeParameterDiscovery', 'DC_EVChargeParameter_', false)
    role.Set_ChargeParameterDiscoveryReq_DC_EVChargeParameter_EVMaximumCurrentLimit(b.max_current)
    role.Set_ChargeParameterDiscoveryReq_DC_EVChargeParameter_EVMaximumPowerLimit(b.max_power)
    role.Set_ChargeParameterDiscoveryReq_DC_EVChargeParameter_EVMaximumVoltageLimit(b.max_voltage)
    role.Set_ChargeParameterDiscoveryReq_DC_EVChargeParameter_EVEnergyCapacity(b.capacity)
    role.Set_ChargeParameterDiscoveryReq_DC_EVChargeParameter_EVEnergyRequest(wanted_energy(self))
    role.Set_ChargeParameterDiscoveryReq_DC_EVChargeParameter_FullSOC(b.full)
    role.Set_ChargeParameterDiscoveryReq_DC_EVChargeParameter_BulkSOC(b.bulk)
end

local function set_ac_limits(self)
    local ac, role = self.p.ac, self.role
    role.Set_ChargeParameterDiscoveryReq_AC_EVChargeParameter_EAmount(wanted_energy(self))
    role.Set_ChargeParameterDiscoveryReq_AC_EVChargeParameter_EVMaxVoltage(ac.voltage)
    role.Set_ChargeParameterDiscoveryReq_AC_EVChargeParameter_EVMaxCurrent(ac.max_current)
    role.Set_ChargeParameterDiscoveryReq_AC_EVChargeParameter_EVMinCurrent(ac.min_current)
end

local function level_of(tuple)
    local sum, n = 0, 0
    for _, entry in ipairs(tuple.SalesTariff and tuple.SalesTariff.SalesTariffEntry or {}) do
        sum, n = sum + (entry.EPriceLevel or 0), n + 1
    end
    return n > 0 and sum / n or math.huge
end

-- The cheapest schedule by its tariff, else the first; in a joined session the one chosen before.
local function choose_schedule(self)
    local tuples = { { SAScheduleTupleID = 1 } }
    if self:has('ChargeParameterDiscovery', 'SAScheduleList') then
        tuples = common.get_list(self.role, 'ChargeParameterDiscoveryRes',
            'SAScheduleList_SAScheduleTuple')
    elseif self.protocol ~= DIN then
        self:object('stop', 'ChargeParameterDiscoveryRes is Finished, and has no SAScheduleList [V2G2-286]')
    end
    pnc.check_tariffs(self, tuples)
    local best = tuples[1]
    for _, tuple in ipairs(tuples) do
        if tuple.SAScheduleTupleID == self.schedule then
            best = tuple
            break
        end
        if level_of(tuple) < level_of(best) then
            best = tuple
        end
    end
    self.schedule = best.SAScheduleTupleID
    self.powers = best.PMaxSchedule and best.PMaxSchedule.PMaxScheduleEntry or {}
    self.powers_from = Now()
end

local function read_limits(self)
    local role, is_ac = self.role, self.mode == 'ac'
    if not self:has('ChargeParameterDiscovery', is_ac and 'AC_EVSEChargeParameter' or 'DC_EVSEChargeParameter') then
        return self:leave('stop', false,
            ('the station sent no parameters for %s charging'):format(self.mode:upper()))
    end
    if is_ac then
        self.voltage = role.Get_ChargeParameterDiscoveryRes_AC_EVSEChargeParameter_EVSENominalVoltage()
        self.limit = role.Get_ChargeParameterDiscoveryRes_AC_EVSEChargeParameter_EVSEMaxCurrent()
        return nil
    end
    self.limit = role.Get_ChargeParameterDiscoveryRes_DC_EVSEChargeParameter_EVSEMaximumCurrentLimit()
    self.power_limit = role.Get_ChargeParameterDiscoveryRes_DC_EVSEChargeParameter_EVSEMaximumPowerLimit()
    self.voltage_limit = role.Get_ChargeParameterDiscoveryRes_DC_EVSEChargeParameter_EVSEMaximumVoltageLimit()
    local least = role.Get_ChargeParameterDiscoveryRes_DC_EVSEChargeParameter_EVSEMinimumVoltageLimit()
    local rest = self.battery:rest_voltage()
    if rest > self.voltage_limit or rest < least then
        return self:leave('stop', false, ('the station gives %g to %g V; the battery has %g V')
            :format(least, self.voltage_limit, rest))
    end
    return nil
end

-- DepartureTime counts from the message that says it [V2G2-742].
local function set_departure(self)
    local p = self.p
    if self.protocol == DIN or p.departure <= 0 then
        return
    end
    self.departs = self.departs or Now() + p.departure * 1000 / self.scale
    self:set('ChargeParameterDiscovery', self.mode:upper() .. '_EVChargeParameter_DepartureTime',
        math.max(0, math.floor((self.departs - Now()) / 1000 * self.scale + 0.5)))
end

function steps.ChargeParameterDiscovery(self)
    local p = self.p
    self:set('ChargeParameterDiscovery', self.protocol == DIN and 'EVRequestedEnergyTransferType'
        or 'RequestedEnergyTransferMode', self.transfer)
    if self.mode == 'dc' then
        set_dc_limits(self)
    else
        set_ac_limits(self)
    end
    if self.protocol ~= DIN and p.max_schedules then
        self.role.Set_ChargeParameterDiscoveryReq_MaxEntriesSAScheduleTuple(p.max_schedules)
    end
    set_departure(self)
    self:repeat_until('ChargeParameterDiscovery', 'V2G_EVCC_Ongoing_Timeout', function()
        set_departure(self)
        return self:get('ChargeParameterDiscovery', 'EVSEProcessing') == 'Finished'
    end)
    choose_schedule(self)
    read_limits(self)
end

-- ---- before DC ----

-- No voltage on a cable whose isolation is not sound, nor from a station that is not ready.
local function check_isolation(self)
    local path = 'DC_EVSEStatus_EVSEIsolationStatus'
    local status = self:has('CableCheck', path) and self:get('CableCheck', path) or 'Valid'
    if not SOUND[status] then
        self:leave('stop', false, 'CableCheckRes is Finished, and EVSEIsolationStatus is ' .. status)
    end
    local code = self:get('CableCheck', 'DC_EVSEStatus_EVSEStatusCode')
    if code ~= 'EVSE_Ready' then
        self:object('stop', 'CableCheckRes is Finished, and EVSEStatusCode is ' .. code)
    end
end

function steps.CableCheck(self)
    set_status(self, 'CableCheck', '', true)
    self:repeat_until('CableCheck', 'V2G_EVCC_CableCheck_Timeout', function()
        return self:get('CableCheck', 'EVSEProcessing') == 'Finished'
    end)
    if self.protocol ~= DIN then -- there the rest is disregarded [V2G-DC-893] [V2G-DC-894]
        check_isolation(self)
    end
end

function steps.PreCharge(self)
    local p, b = self.p, self.battery
    local target, n = p.target_voltage or b:rest_voltage(), 0
    set_status(self, 'PreCharge', '', true)
    self:set('PreCharge', 'EVTargetVoltage', target)
    self:set('PreCharge', 'EVTargetCurrent', p.precharge_current)
    self:repeat_until('PreCharge', 'V2G_EVCC_PreCharge_Timeout', function()
        n = n + 1
        local reached = math.abs(self:get('PreCharge', 'EVSEPresentVoltage') - target) <= NEAR
        return self.halted or n >= p.precharges[1] and (reached or n == p.precharges[2])
    end)
    return self.halted and 'halt' or nil
end

-- ---- power delivery ----

local function phases(self)
    return self.transfer == 'AC_single_phase_core' and 1 or self.p.ac.phases
end

local function start_of(entry)
    return entry.RelativeTimeInterval and entry.RelativeTimeInterval.start or 0
end

-- Watts that the schedule allows now. (Its 16 bits cannot say all that there is in DIN 70121.)
local function scheduled_power(self)
    local powers = self.protocol ~= DIN and self.powers or {}
    local power = #powers > 0 and 0 or math.huge -- before the first entry begins there is none
    for _, entry in ipairs(powers) do
        if start_of(entry) <= self.charged_for then
            power = entry.PMax
        end
    end
    return power
end

-- When the schedule gives power again, where it gives none now and for at least as long as the
-- vehicle then pauses for; nil: it is worth no pause, or there is none ever again.
local function powerless_until(self)
    local least, power = self.p.pause_without_power, 0
    local gone = (Now() - self.powers_from) / 1000 * self.scale
    for _, entry in ipairs(least > 0 and self.powers or {}) do
        local left = start_of(entry) - gone
        if left <= 0 then
            power = entry.PMax
        elseif power > 0 then
            return nil
        elseif entry.PMax > 0 then
            return left >= least and Now() + left * 1000 / self.scale or nil
        end
    end
end

local function power_wanted(self)
    if self.mode == 'dc' then
        return math.min(self.battery.max_power, self.power_limit or math.huge)
    end
    return (self.voltage or 230) * phases(self) * math.min(self.limit, self.p.ac.max_current)
end

-- The profile: what it wants, within each entry of the schedule; its last entry within all that it
-- has no entries for [V2G2-225].
local function profile(self)
    local entries = {}
    local wanted = power_wanted(self)
    for i, entry in ipairs(self.powers) do
        local power = math.floor(math.min(wanted, entry.PMax))
        local last = entries[MOST_ENTRIES]
        if last then
            last.ChargingProfileEntryMaxPower = math.min(last.ChargingProfileEntryMaxPower, power)
        else
            entries[i] = { ChargingProfileEntryStart = start_of(entry), ChargingProfileEntryMaxPower = power }
        end
    end
    return #entries > 0 and entries or nil
end

local function deliver(self, progress, is_ready)
    local role = self.role
    if self.protocol == DIN then
        role.Set_PowerDeliveryReq_ReadyToChargeState(progress == 'Start')
    else
        role.Set_PowerDeliveryReq_ChargeProgress(progress)
        role.Set_PowerDeliveryReq_SAScheduleTupleID(self.schedule)
        local entries = progress == 'Start' and profile(self)
        if entries then
            common.set_list(role, 'PowerDeliveryReq', 'ChargingProfile_ProfileEntry', entries)
        else
            role.Set_PowerDeliveryReq_ChargingProfileSpecified(false)
        end
    end
    if self.mode == 'dc' then
        local path = 'DC_EVPowerDeliveryParameter_'
        set_status(self, 'PowerDelivery', path, is_ready)
        self:set('PowerDelivery', path .. 'ChargingComplete', self.is_full == true)
        self:set('PowerDelivery', path .. 'BulkChargingComplete',
            self.battery.soc >= self.battery.bulk)
    end
    self:exchange('PowerDelivery')
end

function steps.PowerDeliveryStart(self)
    self.flowing, self.charged_for = 0, 0
    self.renegotiating = false
    deliver(self, 'Start', true)
    self:is_closed()
    self:seconds()
    return self.halted and 'halt' or nil
end

function steps.PowerDeliveryStop(self)
    self.flowing, self.stopping = 0, true
    deliver(self, 'Stop', false)
end

function steps.PowerDeliveryRenegotiate(self)
    self.renegotiating = true -- from here on SessionStopReq ends charging
    deliver(self, 'Renegotiate', true)
end

-- ---- charge loops ----

-- Whether the loop ends, and with what outcome: true: stop; 'renegotiate'.
local function look_at_wishes(self, step)
    local p, b = self.p, self.battery
    self.loops = self.loops + 1
    local status = STATUS[self.mode].PowerDelivery
    local wish, seconds = wish_of(self, step, status)
    if self.last == 'MeteringReceipt' and not wish and self:has('MeteringReceipt', status) then
        wish, seconds = wish_of(self, 'MeteringReceipt', status)
    end
    if wish == 'stop' then
        self.asked = (self.asked or 0) + 1
        if not self:puts_off(seconds) then
            self.gap = p.gaps['Stop>PowerDelivery']
            return true
        end
        return false
    end
    if wish == 'renegotiate' and not self:puts_off(seconds) then
        return 'renegotiate'
    end
    if p.renegotiate > 0 and self.loops >= p.renegotiate and not self.own_renegotiation
        and self.protocol ~= DIN then
        self.own_renegotiation = true
        return 'renegotiate'
    end
    self.is_full = b.soc >= b.full
    if b.soc >= b.target or Stop_Requested() or (p.loops > 0 and self.loops >= p.loops) then
        return true
    end
    self.wakes_at = self.protocol ~= DIN and powerless_until(self) or nil
    return self.wakes_at ~= nil
end

local function send_receipt(self, response)
    local p = self.p
    if not p.receipts or self.protocol == DIN then
        return
    end
    if not (common.is_specified(self.role, response, 'ReceiptRequired')
        and common.getter(self.role, response, 'ReceiptRequired')()) then
        return
    end
    if not common.is_specified(self.role, response, 'MeterInfo') then
        self:leave('stop', false, response .. ' wants a receipt of a reading that it has not: '
            .. 'expected MeterInfo beside ReceiptRequired [V2G2-902]')
    end
    self.role.Set_MeteringReceiptReq_SessionID(self.role.SessionID())
    self.role.Set_MeteringReceiptReq_SAScheduleTupleID(self.schedule)
    self.role.Set_MeteringReceiptReq_MeterInfo(common.getter(self.role, response, 'MeterInfo')())
    self:exchange('MeteringReceipt', pnc.set_signer(self, 'MeteringReceiptReq'))
end

local function set_demand(self)
    local p, b = self.p, self.battery
    local voltage = p.target_voltage or math.min(b.max_voltage, self.voltage_limit)
    local power = math.min(self.power_limit or math.huge, scheduled_power(self))
    local current = math.min(b:current_limit(), self.limit,
        power < math.huge and b:current_for(power) or math.huge)
    if self.asked then
        current = 0
    end
    set_status(self, 'CurrentDemand', '', true)
    self.role.Set_CurrentDemandReq_EVTargetVoltage(voltage)
    self.role.Set_CurrentDemandReq_EVTargetCurrent(current)
    self.role.Set_CurrentDemandReq_EVMaximumVoltageLimit(b.max_voltage)
    self.role.Set_CurrentDemandReq_EVMaximumCurrentLimit(b.max_current)
    self.role.Set_CurrentDemandReq_EVMaximumPowerLimit(b.max_power)
    self.role.Set_CurrentDemandReq_BulkChargingComplete(b.soc >= b.bulk)
    self.role.Set_CurrentDemandReq_ChargingComplete(b.soc >= b.full)
    self.role.Set_CurrentDemandReq_RemainingTimeToFullSoC(
        b:time_to(b.full, self.power_limit, self.limit))
    self.role.Set_CurrentDemandReq_RemainingTimeToBulkSoC(
        b:time_to(b.bulk, self.power_limit, self.limit))
end

-- Limits that a response may have, and where they are kept.
local LIMITS <const> = { EVSEMaximumVoltageLimit = 'voltage_limit',
                         EVSEMaximumCurrentLimit = 'limit', EVSEMaximumPowerLimit = 'power_limit' }

local function keep_limits(self)
    for name, key in pairs(LIMITS) do
        if self:has('CurrentDemand', name) then
            self[key] = self:get('CurrentDemand', name)
        end
    end
end

function steps.CurrentDemand(self)
    self.asked = false
    while true do
        set_demand(self)
        self:exchange('CurrentDemand')
        local power = self.role.Get_CurrentDemandRes_EVSEPresentVoltage()
            * self.role.Get_CurrentDemandRes_EVSEPresentCurrent()
        self.battery:advance(power, self:seconds())
        keep_limits(self)
        send_receipt(self, 'CurrentDemandRes')
        local outcome = look_at_wishes(self, 'CurrentDemand')
        if outcome then
            return outcome ~= true and outcome or nil
        end
    end
end

-- Watts that it draws: within the limits of the message, the pilot, its own, the schedule and the
-- battery.
local function ac_power(self)
    local ac = self.p.ac
    local current = math.min(self.limit, ac.max_current, self:pilot_limit())
    if current < ac.min_current then
        return 0
    end
    return math.min(current * (self.voltage or 230) * phases(self), scheduled_power(self),
        self.battery:power_limit())
end

function steps.ChargingStatus(self)
    self.asked = false
    while true do
        self.flowing = ac_power(self)
        self:exchange('ChargingStatus')
        if self.role.Get_ChargingStatusRes_EVSEMaxCurrentSpecified() then
            self.limit = self.role.Get_ChargingStatusRes_EVSEMaxCurrent()
        end
        self.battery:advance(self.flowing, self:seconds())
        send_receipt(self, 'ChargingStatusRes')
        local outcome = look_at_wishes(self, 'ChargingStatus')
        if outcome then
            return outcome ~= true and outcome or nil
        end
    end
end

-- ---- the end ----

-- Asks for the voltage behind the open contactors until it is safe, as often as `welding` says.
function steps.WeldingDetection(self)
    local least, most, n = self.p.welding[1], self.p.welding[2], 0
    if most == 0 then
        return
    end
    set_status(self, 'WeldingDetection', '', false)
    self:repeat_until('WeldingDetection', 'V2G_EVCC_WeldingDetection_Timeout', function()
        n = n + 1
        local over = self:get('WeldingDetection', 'EVSEPresentVoltage') < SAFE
            or self.halted == 'WeldingDetection'
        return n >= least and (over or n >= most)
    end)
end

function steps.SessionStop(self)
    local p = self.p
    if not p.session_stop then
        return 'done'
    end
    -- a station that shuts down once the vehicle has stopped can be paused at, as EvseV2G
    local halted = self.halted and self.halted ~= 'WeldingDetection'
    local pauses = self.protocol ~= DIN and (self.wakes_at or self.pauses < p.pause) and not halted
    if self.protocol ~= DIN then
        self.role.Set_SessionStopReq_ChargingSession(pauses and 'Pause' or 'Terminate')
    end
    self.joining = pauses and self.role.SessionID() or nil
    self:exchange('SessionStop')
    if not pauses then
        return 'done'
    end
    self.pauses = self.pauses + 1
    return 'resume'
end

return steps
