-- SPDX-License-Identifier: Apache-2.0
-- The steps of a vehicle in ISO 15118-20: AC and DC, charging only or bidirectional, scheduled or
-- dynamic control mode. Those of authorization and Plug & Charge are in evcc_contract_20.lua.

local common = require 'v2g.common'
local energy = require 'v2g.energy'
local pnc = require 'v2g.evcc_contract_20'

-- Only who serves the grid needs it.
local function der()
    return require 'v2g.evcc_der_20'
end

local steps = {}
for name, step in pairs(pnc.steps) do
    steps[name] = step
end

local EVCC_ID <const> = 'WMIV1234567890ABCDEX'
local CONTROL <const> = { scheduled = 1, dynamic = 2 } -- ControlMode
-- Limits of what the station takes back, which are positive; with AC-DER either sign is met.
local DISCHARGE <const> = { ac = { '_EVSEMaximumDischargePower' },
                            dc = { '_EVSEMaximumDischargePower', '_EVSEMaximumDischargeCurrent' } }
local NEAR <const> = 20 -- V between battery and output
local SAFE <const> = 60 -- V at which the welding check is over
local EASING_MOST <const> = 5 -- charge-loop messages until the power is down, before standby

-- 'Scheduled' or 'Dynamic', and before it what the service's elements begin with.
local function control(self)
    return self.p.control == 'dynamic' and 'Dynamic' or 'Scheduled'
end

local function prefix(self)
    return self.transfer.prefix
end

local function is_discharging(self)
    return self.transfer.bpt and self.p.discharge_to > 0
end

-- ---- setting up ----

-- What tells one station from another: its certificate; nil without TLS.
local function station(self)
    local _, pem = self.role.Get_Tls_PeerCertificate(0)
    return pem
end

function steps.SessionSetup(self)
    local p = self.p
    local id = self.joining or p.session_id
    self.role.Set_SessionSetupReq_Header_SessionID(id == '00' and '0000000000000000' or id)
    self.role.Set_SessionSetupReq_EVCCID(p.evcc_id:match('^02AA0000') and EVCC_ID or p.evcc_id)
    self:exchange('SessionSetup')
    self.role.Measured(self.protocol, 'V2G_EVCC_CommunicationSetup_Timeout', nil, Now() - self.setup_from)
    local joined = self.joining and self.code == 'OK_OldSessionJoined'
    if self.joining and not joined then
        Log('the paused session was not joined: ' .. self.code)
    end
    if joined and self.station ~= station(self) then -- [V2G20-2539] [V2G20-2613] [V2G20-2614]
        self:leave('stop', false, 'the station that joins the paused session has another certificate '
            .. 'than the one that it was paused at')
    end
    self.joining = nil
    return joined and 'joined' or nil
end

function steps.ServiceDiscovery(self)
    self:exchange('ServiceDiscovery')
    self.renegotiable = self.role.Get_ServiceDiscoveryRes_ServiceRenegotiationSupported()
    self.service, self.transfer = energy.wanted(self.p)
    self.services = {}
    local offered = {}
    for _, one in ipairs(common.get_list(self.role, 'ServiceDiscoveryRes',
        'EnergyTransferServiceList_Service')) do
        offered[one.ServiceID] = true
    end
    if not offered[self.service] then
        self:leave('stop', false, ('the station does not offer service %d (%s%s)')
            :format(self.service, self.p.mode:upper(), self.p.bpt and ', bidirectional' or ''))
    end
    if self.role.Get_ServiceDiscoveryRes_VASListSpecified() then
        self.services = common.get_list(self.role, 'ServiceDiscoveryRes', 'VASList_Service')
    end
end

-- Whether what a parameter set says besides is what the vehicle can do with.
local function fits(self, value)
    local own = energy.MCS.connectors[self.p.mcs_connector]
    if self.transfer.kind == 'mcs' and value.Connector ~= own then
        self.unsuited_set = ('the station has Connector %s; the vehicle has %d (%s)'):format(
            value.Connector, own, self.p.mcs_connector)
        return false
    end
    return not self.transfer.der or der().suits(self, value)
end

-- The first parameter set whose ControlMode is the one wanted, and that fits.
local function choose_set(self)
    local sets = common.get_list(self.role, 'ServiceDetailRes', 'ServiceParameterList_ParameterSet')
    for _, set in ipairs(sets) do
        local value = {}
        for _, parameter in ipairs(set.Parameter) do
            value[parameter.Name] = parameter.intValue
        end
        self.voltage = value.EVSENominalVoltage or self.voltage
        if value.ControlMode == CONTROL[self.p.control] and fits(self, value) then
            self.is_told_needs = value.MobilityNeedsMode == 2
            return set.ParameterSetID
        end
    end
    return self:leave('stop', false, self.unsuited_set
        or ('the station offers no %s control mode'):format(self.p.control))
end

function steps.ServiceDetail(self)
    self.role.Set_ServiceDetailReq_ServiceID(self.service)
    self:exchange('ServiceDetail')
    self.parameter_set = choose_set(self)
    self.selected = {}
    if not self.p.details then
        return
    end
    for _, service in ipairs(self.services) do
        self.role.Set_ServiceDetailReq_ServiceID(service.ServiceID)
        self:exchange('ServiceDetail')
        local set = self.role.Get_ServiceDetailRes_ServiceParameterList_ParameterSet(0)
        self.selected[#self.selected + 1] =
            { ServiceID = service.ServiceID, ParameterSetID = set.ParameterSetID }
    end
end

function steps.PaymentServiceSelection(self)
    local path = 'Set_ServiceSelectionReq_SelectedEnergyTransferService_'
    self.role[path .. 'ServiceID'](self.service)
    self.role[path .. 'ParameterSetID'](self.parameter_set)
    if #self.selected > 0 then
        common.set_list(self.role, 'ServiceSelectionReq', 'SelectedVASList_SelectedService',
            self.selected)
    end
    self:exchange('PaymentServiceSelection')
end

-- ---- parameters and schedules ----

local function ac_power(self)
    local ac = self.p.ac
    return math.min(ac.max_current, self:pilot_limit()) * ac.phases * (self.voltage or 230)
end

local function set_dc_limits(self)
    local b, path = self.battery, prefix(self) .. 'DC_CPDReqEnergyTransferMode_'
    local function set(name, value)
        self:set('ChargeParameterDiscovery', path .. name, value)
    end
    set('EVMaximumChargePower', b.max_power)
    set('EVMinimumChargePower', 0)
    set('EVMaximumChargeCurrent', b.max_current)
    set('EVMinimumChargeCurrent', b.min_current)
    set('EVMaximumVoltage', b.max_voltage)
    set('EVMinimumVoltage', b.empty_voltage)
    set('TargetSOC', b.target)
    if self.p.bpt then
        set('EVMaximumDischargePower', b.discharge_power)
        set('EVMinimumDischargePower', 0)
        set('EVMaximumDischargeCurrent', b.discharge_power / b.empty_voltage)
        set('EVMinimumDischargeCurrent', 0)
    end
end

local function set_ac_limits(self)
    local ac, path = self.p.ac, prefix(self) .. 'AC_CPDReqEnergyTransferMode_'
    local function set(name, value)
        self:set('ChargeParameterDiscovery', path .. name, value)
    end
    set('EVMaximumChargePower', ac_power(self))
    set('EVMinimumChargePower', ac.min_current * ac.phases * (self.voltage or 230))
    if self.transfer.bpt then
        set('EVMaximumDischargePower', self.battery.discharge_power)
        set('EVMinimumDischargePower', 0)
    end
end

-- What the connector can carry is not exceeded by what the station says it gives.
local function check_connector(self, path)
    local most = energy.MCS
    for name, limit in pairs { EVSEMaximumVoltage = most.voltage, EVSEMaximumChargeCurrent = most.current } do
        local value = self:get('ChargeParameterDiscovery', path .. '_' .. name)
        if value > limit then
            self:object('stop', ('%s of %g is above what the MCS connector carries, %g'):format(name,
                value, limit))
        end
    end
end

function steps.ChargeParameterDiscovery(self)
    local path = prefix(self) .. self.mode:upper() .. '_CPDResEnergyTransferMode'
    if self.mode == 'dc' then
        set_dc_limits(self)
    else
        set_ac_limits(self)
    end
    if self.transfer.der then
        der().discover(self, path)
    else
        self:exchange('ChargeParameterDiscovery')
    end
    if not self:has('ChargeParameterDiscovery', path) then
        self:leave('stop', false, 'the station sent no ' .. path)
    end
    if self.transfer.kind == 'mcs' then
        check_connector(self, path)
    end
    for _, name in ipairs(self.transfer.bpt and not self.transfer.der and DISCHARGE[self.mode] or {}) do
        local limit = self:get('ChargeParameterDiscovery', path .. name)
        if limit < 0 then
            self:object('stop', ('%s of %d is below 0'):format(name:sub(2), limit))
        end
    end
    self.power_limit = self:get('ChargeParameterDiscovery', path .. '_EVSEMaximumChargePower')
    if self.mode == 'dc' then
        self.limit = self:get('ChargeParameterDiscovery', path .. '_EVSEMaximumChargeCurrent')
    end
end

local function set_needs(self)
    local p, b = self.p, self.battery
    local path = control(self) .. '_SEReqControlMode_'
    local wanted = p.energy or math.floor(b:missing(b.target) + 0.5)
    self:set('ScheduleExchange', path .. 'EVTargetEnergyRequest', wanted)
    self:set('ScheduleExchange', path .. 'EVMaximumEnergyRequest', math.floor(b:missing(100)))
    self:set('ScheduleExchange', path .. 'EVMinimumEnergyRequest', 0)
    if p.departure > 0 then
        self:set('ScheduleExchange', path .. 'DepartureTime', p.departure)
    end
end

-- The mean price of a schedule: of a kilowatt-hour, or as a level.
local function price_of(tuple)
    local prices, levels = tuple.ChargingSchedule.AbsolutePriceSchedule,
        tuple.ChargingSchedule.PriceLevelSchedule
    local sum, n = 0, 0
    for _, stack in ipairs(prices and prices.PriceRuleStacks.PriceRuleStack or {}) do
        sum, n = sum + stack.PriceRule[1].EnergyFee, n + 1
    end
    for _, entry in ipairs(levels and levels.PriceLevelScheduleEntries.PriceLevelScheduleEntry
        or {}) do
        sum, n = sum + entry.PriceLevel, n + 1
    end
    return n > 0 and sum / n or math.huge
end

-- The cheapest schedule by its prices, else the first.
local function choose_schedule(self)
    local tuples = common.get_list(self.role, 'ScheduleExchangeRes',
        'Scheduled_SEResControlMode_ScheduleTuple')
    local best, holders = tuples[1], {}
    for i, tuple in ipairs(tuples) do
        holders[i] = tuple.ChargingSchedule
    end
    pnc.check_prices(self, holders)
    for _, tuple in ipairs(tuples) do
        if price_of(tuple) == math.huge then -- that it should end for this no source says
            Log(('ScheduleTupleID %d has neither prices nor price levels [V2G20-2176]; it is taken all the same')
                :format(tuple.ScheduleTupleID))
        end
        if price_of(tuple) < price_of(best) then
            best = tuple
        end
    end
    self.schedule = best.ScheduleTupleID
    self.entries = best.ChargingSchedule.PowerSchedule.PowerScheduleEntries.PowerScheduleEntry
    self.anchor = best.ChargingSchedule.PowerSchedule.TimeAnchor
end

-- What the station wants, in dynamic control mode: with MobilityNeedsMode 2 the battery is charged
-- as far as it says.
local function take_needs(self, step, path)
    local least = self:has(step, path .. 'MinimumSOC') and self:get(step, path .. 'MinimumSOC')
    local target = self:has(step, path .. 'TargetSOC') and self:get(step, path .. 'TargetSOC')
    if least and target and least > target then
        self:object('stop', ('%sRes has MinimumSOC %d above TargetSOC %d [V2G20-1640]')
            :format(self:name(step), least, target))
    elseif target and self.is_told_needs then
        self.battery.target = target
    end
end

function steps.ScheduleExchange(self)
    set_needs(self)
    self:repeat_until('ScheduleExchange', 'V2G_EVCC_Ongoing_Timeout', function()
        return self.role.Get_ScheduleExchangeRes_EVSEProcessing() == 'Finished'
    end)
    self.schedule, self.entries, self.anchor = nil, nil, nil
    if control(self) == 'Scheduled' then
        choose_schedule(self)
    else
        pnc.check_prices(self, { self.role.Get_ScheduleExchangeRes_Dynamic_SEResControlMode() })
        take_needs(self, 'ScheduleExchange', 'Dynamic_SEResControlMode_')
    end
    local outcome = self.is_charging and (self.halted or 'renegotiated') or nil
    self.halted = nil
    return outcome
end

-- ---- before DC ----

function steps.CableCheck(self)
    self:repeat_until('CableCheck', 'V2G_EVCC_CableCheck_Timeout', function()
        return self.role.Get_DC_CableCheckRes_EVSEProcessing() == 'Finished'
    end)
end

-- Repeats a request with EVProcessing Ongoing, at least and at most as often as `limits` say, until
-- that is reached; the last one says Finished [V2G20-2005] [V2G20-1630].
local function repeat_to_finished(self, step, parameter, limits, is_reached)
    local n, last = 1, limits[2] == 1 or Stop_Requested()
    self:set(step, 'EVProcessing', last and 'Finished' or 'Ongoing')
    self:repeat_until(step, parameter, function()
        if last then
            return true
        end
        n = n + 1
        local reached, stopped = is_reached(), Stop_Requested()
        last = stopped or n == limits[2] or reached and n >= limits[1]
        self:set(step, 'EVProcessing', last and 'Finished' or 'Ongoing')
        if stopped then
            self:exchange(step)
        end
        return stopped
    end)
end

function steps.PreCharge(self)
    local target = self.p.target_voltage or self.battery:rest_voltage()
    self.role.Set_DC_PreChargeReq_EVTargetVoltage(target)
    self.role.Set_DC_PreChargeReq_EVPresentVoltage(0)
    repeat_to_finished(self, 'PreCharge', 'V2G_EVCC_PreCharge_Timeout', self.p.precharges, function()
        local voltage = self.role.Get_DC_PreChargeRes_EVSEPresentVoltage()
        self.role.Set_DC_PreChargeReq_EVPresentVoltage(voltage)
        return math.abs(voltage - target) <= NEAR
    end)
end

-- ---- power delivery ----

local function set_profile(self)
    local path = 'Set_PowerDeliveryReq_EVPowerProfile_'
    local wanted = is_discharging(self) and -self.battery.discharge_power
        or self.mode == 'dc' and self.battery.max_power or ac_power(self)
    local entries = {}
    for i, entry in ipairs(self.entries or { { Duration = 86400, Power = wanted } }) do
        entries[i] = { Duration = entry.Duration,
                       Power = math.floor(math.min(entry.Power, wanted, self.power_limit)) }
    end
    self.profile = control(self) == 'Scheduled' and { entries = entries, from = Now() } or nil
    self.role[path .. 'TimeAnchor'](self.anchor or math.floor(Now() / 1000))
    if control(self) == 'Dynamic' then
        self.role[path .. 'Dynamic_EVPPTControlModeSpecified'](true)
    else
        self.role[path .. 'Scheduled_EVPPTControlMode_SelectedScheduleTupleID'](self.schedule)
        -- optional, but there are stations that cannot do without
        self.role[path .. 'Scheduled_EVPPTControlMode_PowerToleranceAcceptance']('PowerToleranceConfirmed')
    end
    common.set_list(self.role, 'PowerDeliveryReq', 'EVPowerProfile_EVPowerProfileEntries_EVPowerProfileEntry',
        entries)
end

-- 'halt' where the response asks for the end, or for a pause: no loop begins, or none goes on.
local function deliver(self, progress)
    self.role.Set_PowerDeliveryReq_ChargeProgress(progress)
    if progress == 'Start' then
        set_profile(self)
    else
        self.role.Set_PowerDeliveryReq_EVPowerProfileSpecified(false)
    end
    self:exchange('PowerDelivery')
    local wish = self:has('PowerDelivery', 'EVSEStatus')
        and self:get('PowerDelivery', 'EVSEStatus_EVSENotification')
    if wish ~= 'Terminate' and wish ~= 'Pause' then
        return nil
    end
    self.session_end = wish == 'Pause' and 'Pause' or nil
    return 'halt'
end

function steps.PowerDeliveryStart(self)
    local outcome = deliver(self, 'Start')
    self:is_closed()
    self.is_charging, self.standing_by = true, nil
    self:seconds()
    return outcome
end

function steps.PowerDeliveryStop(self)
    deliver(self, 'Stop')
    self.is_charging, self.standing_by = false, nil
end

-- The contactors stay closed and the loop goes on without power; where the station does not let it
-- stand by, charging goes on.
function steps.PowerDeliveryStandby(self)
    local outcome = deliver(self, 'Standby')
    if self.code ~= 'WARNING_StandbyNotAllowed' then
        self.standing_by = 0
    end
    self:seconds()
    return outcome
end

-- ScheduleExchangeReq has to follow, also where the end is asked for.
function steps.PowerDeliveryRenegotiate(self)
    self.halted = deliver(self, 'ScheduleRenegotiation')
end

-- ---- charge loops ----

local function notification(self)
    if not self:has(self.mode == 'dc' and 'CurrentDemand' or 'ChargingStatus', 'EVSEStatus') then
        return nil
    end
    return self:get(self.mode == 'dc' and 'CurrentDemand' or 'ChargingStatus',
        'EVSEStatus_EVSENotification')
end

local function is_done(self)
    local b, p = self.battery, self.p
    if is_discharging(self) then
        return b.soc <= p.discharge_to
    end
    return b.soc >= b.target
end

-- Whether no power is wanted although the contactors are closed.
local function is_idle(self)
    return self.asked or self.easing or self.standing_by
end

-- Seconds that the station allows for what it asks.
local function max_delay(self)
    return self:get(self.mode == 'dc' and 'CurrentDemand' or 'ChargingStatus',
        'EVSEStatus_NotificationMaxDelay')
end

-- A station that asks to pause gives a minute, or nothing in scheduled control mode (sources
-- differ), and counts down.
local function check_delay(self)
    local delay, n = max_delay(self), self.noticed
    local due = n and n.limit / 1000 - (Now() - n.at) / 1000
    if not n and delay ~= 60 and (delay ~= 0 or control(self) == 'Dynamic') then
        self:remark(('NotificationMaxDelay of a Pause is %d s; expected 60 [V2G20-3308]'):format(delay))
    elseif n and math.abs(delay - math.max(0, due)) > 2 then
        self:remark(('NotificationMaxDelay is %d s; expected about %.0f [V2G20-3318]'):format(delay, due))
    end
end

-- The station asked for the end, or for a pause.
local function asked_to_stop(self, wish)
    if wish == 'Pause' then
        check_delay(self)
    end
    self.asked = (self.asked or 0) + 1
    self.gap = self.p.gaps['Stop>PowerDelivery']
    self.session_end = wish == 'Pause' and 'Pause' or nil
    return not self:puts_off(max_delay(self)) and 'stop' or nil
end

local function once(self, what, is_due)
    if not is_due or self.did[what] then
        return false
    end
    self.did[what] = true
    return true
end

local function is_after(self, n)
    return n > 0 and self.loops >= n
end

-- Another service is asked for at the end of this one, if the station lets vehicles do so
-- [V2G20-1476].
local function wants_services(self, wish)
    local due = once(self, 'asked_services', wish == 'ServiceRenegotiation')
        or once(self, 'services', is_after(self, self.p.renegotiate_services))
    if due and not self.renegotiable then
        Log('the station does not let the service be renegotiated; charging goes on')
        return false
    end
    self.session_end = due and 'ServiceRenegotiation' or nil
    return due
end

-- In standby the loop goes on without power until the vehicle has had enough of it, or the station.
local function look_at_standby(self, wish)
    self.standing_by = self.standing_by + 1
    local over = wish == 'ExitStandby' or self.standing_by >= self.p.standby_loops
    return over and 'charge' or nil
end

-- No power may flow when standby is asked for [V2G20-2116]: first comes a message or more without
-- any.
local function look_at_schedule(self, wish)
    local p = self.p
    if once(self, 'asked_schedule', wish == 'ScheduleRenegotiation')
        or once(self, 'schedule', is_after(self, p.renegotiate)) then
        return 'renegotiate'
    end
    if not self.easing and once(self, 'standby', is_after(self, p.standby)) then
        self.easing = 0
    elseif self.easing and (math.abs(self.flowing) < 1 or self.easing == EASING_MOST) then
        self.easing = nil
        return 'standby'
    elseif self.easing then
        self.easing = self.easing + 1
    end
    return nil
end

-- Whether the loop ends: nil: no; else 'stop' or the outcome that the way has a step for.
local function look_at_wishes(self, wish)
    self.loops = self.loops + 1
    if wish == 'Terminate' or wish == 'Pause' then
        return asked_to_stop(self, wish)
    end
    if wish and wish ~= 'None' and self:puts_off(max_delay(self)) then
        wish = nil
    end
    if is_done(self) or Stop_Requested() or is_after(self, self.p.loops)
        or wants_services(self, wish) then
        return 'stop'
    end
    if self.standing_by then
        return look_at_standby(self, wish)
    end
    return look_at_schedule(self, wish)
end

-- The charge loop: sends what `ask` sets, takes in what `take` reads, until something else is due.
local function go_round(self, step, ask, take)
    self.asked = false
    local ends
    repeat
        ask(self)
        self:exchange(step)
        take(self)
        local wish = notification(self)
        pnc.confirm(self, wish)
        ends = look_at_wishes(self, wish)
    until ends
    return ends ~= 'stop' and ends or nil
end

-- power, current: limits of the station.
local function set_display(self, step, power, current)
    local b = self.battery
    self:set(step, 'DisplayParameters_PresentSOC', b:percent())
    self:set(step, 'DisplayParameters_TargetSOC', b.target)
    self:set(step, 'DisplayParameters_RemainingTimeToTargetSOC', b:time_to(b.target, power, current))
    self:set(step, 'DisplayParameters_ChargingComplete', b.soc >= b.target)
    self:set(step, 'MeterInfoRequested', true)
end

local function set_energy(self, step, path)
    local b = self.battery
    self:set(step, path .. 'EVTargetEnergyRequest', math.floor(b:missing(b.target)))
    self:set(step, path .. 'EVMaximumEnergyRequest', math.floor(b:missing(100)))
    self:set(step, path .. 'EVMinimumEnergyRequest', 0)
end

-- The power that its profile has for now, in W.
local function profile_power(self)
    if not self.profile then
        return math.huge
    end
    local left = (Now() - self.profile.from) / 1000 * self.scale
    local power = math.huge
    for _, entry in ipairs(self.profile.entries) do
        power, left = entry.Power, left - entry.Duration
        if left < 0 then
            break
        end
    end
    return power
end

local function wanted_current(self)
    local b = self.battery
    if is_idle(self) then
        return 0
    end
    if is_discharging(self) then
        return -b.discharge_power / b:rest_voltage()
    end
    return math.min(b:current_limit(), self.limit,
        b:current_for(math.min(self.power_limit, profile_power(self))))
end

local function set_demand(self)
    local b = self.battery
    local path = prefix(self) .. control(self) .. '_DC_CLReqControlMode_'
    local current = wanted_current(self)
    set_display(self, 'CurrentDemand', self.power_limit, self.limit)
    self.role.Set_DC_ChargeLoopReq_EVPresentVoltage(self.present or b:rest_voltage())
    set_energy(self, 'CurrentDemand', path)
    if control(self) == 'Scheduled' then
        self:set('CurrentDemand', path .. 'EVTargetCurrent', current)
        self:set('CurrentDemand', path .. 'EVTargetVoltage', self.p.target_voltage or b.max_voltage)
        return
    end
    self:set('CurrentDemand', path .. 'EVMaximumChargePower', is_idle(self) and 0 or b.max_power)
    self:set('CurrentDemand', path .. 'EVMinimumChargePower', 0)
    self:set('CurrentDemand', path .. 'EVMaximumChargeCurrent',
        is_idle(self) and 0 or math.max(0, b:current_limit()))
    self:set('CurrentDemand', path .. 'EVMaximumVoltage', b.max_voltage)
    self:set('CurrentDemand', path .. 'EVMinimumVoltage', b.empty_voltage)
    if self.p.bpt then
        self:set('CurrentDemand', path .. 'EVMaximumDischargePower', b.discharge_power)
        self:set('CurrentDemand', path .. 'EVMinimumDischargePower', 0)
        self:set('CurrentDemand', path .. 'EVMaximumDischargeCurrent',
            b.discharge_power / b.empty_voltage)
    end
end

local function take_dc(self)
    self.present = self.role.Get_DC_ChargeLoopRes_EVSEPresentVoltage()
    self.flowing = self.present * self.role.Get_DC_ChargeLoopRes_EVSEPresentCurrent()
    self.battery:advance(self.flowing, self:seconds())
    if control(self) == 'Dynamic' then
        take_needs(self, 'CurrentDemand', prefix(self) .. 'Dynamic_DC_CLResControlMode_')
    end
end

function steps.CurrentDemand(self)
    return go_round(self, 'CurrentDemand', set_demand, take_dc)
end

local function wanted_power(self)
    if is_idle(self) then
        return 0
    end
    if is_discharging(self) then
        return -self.battery.discharge_power
    end
    return math.min(ac_power(self), self.power_limit, self.target_power or math.huge,
        profile_power(self), self.battery:power_limit())
end

local function set_status(self)
    local path = prefix(self) .. control(self) .. '_AC_CLReqControlMode_'
    self.flowing = wanted_power(self)
    if self.transfer.der then
        der().act(self, path, ac_power(self), is_idle(self))
    end
    set_display(self, 'ChargingStatus', math.min(ac_power(self), self.power_limit))
    set_energy(self, 'ChargingStatus', path)
    self:set('ChargingStatus', path .. 'EVPresentActivePower', self.flowing)
    if control(self) == 'Dynamic' then
        self:set('ChargingStatus', path .. 'EVMaximumChargePower', ac_power(self))
        self:set('ChargingStatus', path .. 'EVMinimumChargePower', 0)
        self:set('ChargingStatus', path .. 'EVPresentReactivePower', self.reactive or 0)
    end
    if control(self) == 'Dynamic' and self.transfer.bpt and not self.transfer.der then
        self:set('ChargingStatus', path .. 'EVMaximumDischargePower', self.battery.discharge_power)
        self:set('ChargingStatus', path .. 'EVMinimumDischargePower', 0)
    end
end

local function take_ac(self)
    local answer = prefix(self) .. control(self) .. '_AC_CLResControlMode_EVSETargetActivePower'
    if self:has('ChargingStatus', answer) then
        self.target_power = self:get('ChargingStatus', answer)
    end
    if self.transfer.der then
        der().take(self, prefix(self) .. control(self) .. '_AC_CLResControlMode')
    end
    self.battery:advance(self.flowing, self:seconds())
    if control(self) == 'Dynamic' then
        take_needs(self, 'ChargingStatus', prefix(self) .. 'Dynamic_AC_CLResControlMode_')
    end
end

function steps.ChargingStatus(self)
    return go_round(self, 'ChargingStatus', set_status, take_ac)
end

-- ---- the end ----

function steps.WeldingDetection(self)
    if self.p.welding[2] > 0 then
        repeat_to_finished(self, 'WeldingDetection', 'V2G_EVCC_WeldingDetection_Timeout',
            self.p.welding, function()
                return self.role.Get_DC_WeldingDetectionRes_EVSEPresentVoltage() < SAFE
            end)
    end
end

-- How the session ends: as the station asked, else as the parameters say.
local function end_of_session(self)
    local how = self.session_end
    self.session_end = nil
    if not how and self.pauses < self.p.pause then
        how = 'Pause'
    end
    return Stop_Requested() and 'Terminate' or how or 'Terminate'
end

function steps.SessionStop(self)
    local p = self.p
    if not p.session_stop then
        return 'done'
    end
    local how = end_of_session(self)
    self.role.Set_SessionStopReq_ChargingSession(how)
    self.joining = how == 'Pause' and self.role.SessionID() or nil
    self.station = station(self)
    self:exchange('SessionStop')
    if how == 'ServiceRenegotiation' then
        for key, value in pairs(p.service_change) do
            common.change(self, key, value)
        end
        return 'services'
    end
    if how == 'Terminate' then
        return 'done'
    end
    self.pauses = self.pauses + 1
    return 'resume'
end

return steps
