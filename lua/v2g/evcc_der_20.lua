-- SPDX-License-Identifier: Apache-2.0
-- What a vehicle that serves the grid does besides in ISO 15118-20 (AC-DER): it chooses a parameter
-- set that it can follow, takes over what the station asks for, and follows it.

local der = require 'v2g.der'
local der_check = require 'v2g.der_check'
local enter_service = require 'v2g.enter_service'
local wire = require 'v2g.wire'

local vehicle = {}

local REACTIVE <const> = 5000 -- var, either way
local NOMINAL <const> = { iec = { voltage = 230, frequency = 50 },
                          sae = { voltage = 240, frequency = 60 } }

-- Whether a parameter set can be followed: by IEC rules it names the functions.
function vehicle.suits(self, value)
    if self.transfer.der ~= 'iec' then
        return true
    end
    local bits = value.DERControlFunctions
    if not bits then
        self.unsuited_set = 'the parameter set has no DERControlFunctions'
        return false
    end
    local own = self.p.grid_functions and der.bits(self.p.grid_functions) or (1 << #der.FUNCTIONS) - 1
    local beyond = der.names(bits & ~own)
    if #beyond > 0 then
        self.unsuited_set = ('the vehicle cannot follow %s, which the parameter set wants'):format(
            table.concat(beyond, ', '))
        return false
    end
    self.function_bits = bits
    Log(('DERControlFunctions %d: %s'):format(bits, table.concat(der.names(bits), ', ')))
    return true
end

-- What the grid is like, by what the station puts on the cable, else by the parameters.
local function grid_of(self)
    local id, nominal = self.role.SessionID(), NOMINAL[self.transfer.der]
    local function measured(what)
        local own = self.p.grid[what]
        return own > 0 and own or wire.get(id, what) or self.nominal[what] or nominal[what]
    end
    return { voltage = measured 'voltage', frequency = measured 'frequency',
             nominal = self.nominal.frequency or nominal.frequency,
             nominal_voltage = self.nominal.voltage or nominal.voltage }
end

local function set_limits(self, path, finished)
    local function set(name, value)
        self:set('ChargeParameterDiscovery', path .. name, value)
    end
    set('EVProcessing', finished and 'Finished' or 'Ongoing')
    set('EVMaximumDischargePower', -self.battery.discharge_power)
    set('EVSessionTotalDischargeEnergyAvailable', math.floor(self.battery.capacity))
    if self.transfer.der == 'iec' then
        set('EVReactivePowerLimits_EVMaximumChargeReactivePower', REACTIVE)
        set('EVReactivePowerLimits_EVMaximumDischargeReactivePower', REACTIVE)
        return
    end
    set('EVUseableWattHours', math.floor(self.battery.capacity))
    set('EVUpdateTime', math.floor(Now() / 1000))
    set('SupportedModes', der.SUPPORTED)
    self.supported = der.SUPPORTED
    set('EnabledModes', finished and der.modes(self.control) or 0)
end

-- What binds the station, and can be taken all the same.
local function remark(self, wrong, how)
    for _, what in ipairs(wrong) do
        self:remark(what .. how)
    end
end

local function check_signs(self, element)
    remark(self, der_check.signs(element), '; it is taken without its sign')
end

-- By SAE rules: the times of EnterService, what is enabled, and whether it was declared.
local function check_functions(self)
    local wrong = enter_service.wrong(self.control)
    if wrong then
        self:object('stop', wrong)
    end
    remark(self, der_check.functions(self.control), '; it is taken as it is')
    for _, name in ipairs(der.mode_names(der.modes(self.control) & ~self.supported)) do
        self:remark(('the station enables %s, which the vehicle has not declared; it is not followed')
            :format(name))
    end
    self.control = der.only(self.control, self.supported)
end

-- What the station asks for: kept, if it is all there.
local function take_over(self, path)
    local function get(name)
        return self:get('ChargeParameterDiscovery', path .. (name and '_' .. name or ''))
    end
    local element = get()
    for _, wrong in ipairs(self.transfer.der == 'sae' and der_check.nominal(element) or {}) do
        self:object('stop', wrong)
    end
    check_signs(self, element)
    self.feed_limit = math.abs(get 'EVSEMaximumDischargePower')
    self.nominal = { frequency = get 'EVSENominalFrequency',
                     voltage = self.transfer.der == 'sae' and get 'GridLimits_GridNominalVoltage'
                         or self.voltage }
    self.control = get(self.transfer.der == 'iec' and 'DERControl' or 'DERControlCPDRes')
    if self.transfer.der == 'sae' then
        check_functions(self)
        self.told = {}
        for _, row in ipairs(der.TOLD_AGAIN) do
            local name = row[1]
            self.told[name] = get(name)
        end
    end
    local missing = self.transfer.der == 'iec' and der.missing(self.control, self.function_bits)
    if missing then
        self:object('stop', ('DERControl has no %s, which the parameter set wants'):format(missing))
    end
end

-- The vehicle declares what it can do, takes over what the station wants, and says that it has
-- [V2G20-3150] [V2G20-3151]. path: of the response's element.
function vehicle.discover(self, path)
    local own = 'DER_AC_CPDReqEnergyTransferMode_'
    self.control, self.orders, self.did_last = nil, nil, nil -- of a session before a pause
    self.service = enter_service.new()
    set_limits(self, own, false)
    repeat
        self:exchange('ChargeParameterDiscovery')
        if not self:has('ChargeParameterDiscovery', path) then
            self:leave('stop', false, 'the station sent no ' .. path)
        end
        local ready = self.transfer.der == 'iec'
            or self:get('ChargeParameterDiscovery', path .. '_EVSEProcessing') == 'Finished'
        local acknowledged = self.control ~= nil
        take_over(self, path)
        set_limits(self, own, true)
    until ready and acknowledged
end

-- What the functions make of the power that the vehicle is about to draw. draw: the most that it
-- can.
function vehicle.act(self, path, draw, is_idle)
    local grid = grid_of(self)
    local p, q, connected, did = der.follow(self.flowing, self.transfer.der, self.control, grid,
        { draw = draw, feed = math.min(self.battery.discharge_power, self.feed_limit),
          var = REACTIVE },
        self.orders or {}, self.service, Now() / 1000 * self.scale)
    local text = ('grid %.1f V, %.2f Hz: %s: %.0f W wanted, %.0f W and %.0f var'):format(grid.voltage,
        grid.frequency, #did > 0 and table.concat(did, ', ') or 'as wanted', self.flowing, p, q)
    if is_idle then
        p, q = 0, 0
    end
    self.flowing, self.reactive = p, q
    local now = table.concat(did, ', ')
    if now ~= self.did_last then
        Log(text)
        self.did_last = now
    end
    local function set(name, value)
        self:set('ChargingStatus', path .. name, value)
    end
    set('EVMaximumDischargePower', -self.battery.discharge_power)
    set('EVPresentReactivePower', q)
    if self.transfer.der == 'iec' then
        set('EVMinimumDischargePower', 0)
        set('GridEventCondition', self.p.grid.condition)
        return
    end
    set('EnabledModes', der.modes(self.control))
    set('EVPresentVoltage', grid.voltage)
    set('EVPresentFrequency', grid.frequency)
    set('DERConnectionStatus', connected and 'Connected' or 'Disconnected')
    set('DEROperationalState', connected and 'On' or 'Off')
    set('EVUpdateTime', math.floor(Now() / 1000))
end

-- What a response changes by SAE rules. optional: the element of that name, or nil.
local function take_sae(self, optional)
    local changed = optional 'DERControlCLRes'
    self.control = changed and der.merge(self.control, changed) or self.control
    check_functions(self)
    for _, row in ipairs(der.TOLD_AGAIN) do
        local name = row[1]
        local now = optional(name)
        if now and now == self.told[name] then
            self:remark(('%s says %s again, which has not changed [V2G20-3358] [V2G20-3359] [V2G20-3360] '
                .. '[V2G20-3361]; it is taken all the same'):format(name, now))
        elseif now then
            Log(('the station wants %s %s, and no longer %s'):format(name, now, self.told[name]))
            self.told[name] = now
        end
    end
end

-- What a response of the charge loop changes. path: of its element.
function vehicle.take(self, path)
    local function optional(name)
        return self:has('ChargingStatus', path .. '_' .. name)
            and self:get('ChargingStatus', path .. '_' .. name) or nil
    end
    local most = optional 'EVSEMaximumDischargePower'
    self.feed_limit = most and math.abs(most) or self.feed_limit
    if self.transfer.der == 'iec' then
        self.orders = {}
        for _, name in ipairs { 'DSOQSetpoint', 'DSOCosPhiSetpoint', 'DSOMaximumDischargePower' } do
            self.orders[name] = optional(name)
        end
    else
        take_sae(self, optional)
    end
    check_signs(self, { EVSEMaximumDischargePower = most,
                        DSOMaximumDischargePower = (self.orders or {}).DSOMaximumDischargePower })
end

return vehicle
