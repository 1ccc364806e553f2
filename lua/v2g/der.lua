-- SPDX-License-Identifier: Apache-2.0
-- What a grid operator asks of a vehicle that feeds in (AC-DER of ISO 15118-20 Amendment 1): the
-- functions by their bits, what a station asks for unless told otherwise, and a model of what a
-- vehicle makes of it. Powers are those that the vehicle draws: below 0 it feeds in. The model
-- answers at once: time constants are told, and not played.

local enter_service = require 'v2g.enter_service'

local der = {}

local MOST_VAR <const> = 5000 -- of the curves below

-- ---- IEC: functions of DERControlFunctions, and where each stands in DERControl ----

-- In the order of their bits, from bit 0 on. A function without a place is asked for in the charge
-- loop alone.
der.FUNCTIONS = {
    { 'OverFrequencyWatt', 'ActivePowerSupport', 'OverFrequencyWatt' },
    { 'UnderFrequencyWatt', 'ActivePowerSupport', 'UnderFrequencyWatt' },
    { 'VoltWatt', 'ActivePowerSupport', 'VoltWatt' },
    { 'VoltVar', 'ReactivePowerSupport', 'VoltVar' },
    { 'WattVar', 'ReactivePowerSupport', 'WattVar' },
    { 'WattCosPhi', 'ReactivePowerSupport', 'WattCosPhi' },
    { 'DSOQSetpointProvision' }, { 'DSOCosPhiSetpointProvision' },
    { 'DCInjectionRestriction', 'MaximumLevelDCInjection' },
    { 'ZeroCurrent', 'ZeroCurrent' },
    { 'OverVoltageFRT', 'OvervoltageFaultRideThrough' },
    { 'UnderVoltageFRT', 'UndervoltageFaultRideThrough' },
}

-- The bits of a list of names; what is none raises an error.
function der.bits(names)
    local bits = 0
    for _, name in ipairs(names) do
        local bit
        for i, row in ipairs(der.FUNCTIONS) do
            bit = row[1] == name and i - 1 or bit
        end
        if not bit then
            error(("there is no DER control function '%s'"):format(name), 0)
        end
        bits = bits | 1 << bit
    end
    return bits
end

-- The names of bits, in their order; what no bit stands for is 'bit N'.
function der.names(bits)
    local names = {}
    for bit = 0, 31 do
        if bits >> bit & 1 == 1 then
            names[#names + 1] = der.FUNCTIONS[bit + 1] and der.FUNCTIONS[bit + 1][1] or 'bit ' .. bit
        end
    end
    return names
end

local function at(control, row)
    local found = control[row[2]]
    if row[3] then
        found = found and found[row[3]]
    end
    return found
end

-- The first function of those bits that DERControl should have and has not, or nil.
function der.missing(control, bits)
    for i, row in ipairs(der.FUNCTIONS) do
        if row[2] and bits >> i - 1 & 1 == 1 and at(control, row) == nil then
            return row[1]
        end
    end
    return nil
end

local function frequency_watt(from, to)
    return { Fstart = from, Fstop = to, Slope = 5, PowerReference = 'MaximumDischargePower',
             HysteresisControl = false, PT1ResponseActivePower = true,
             StepResponseTimeConstantActivePower = 3 }
end

local function curve(x, y, points)
    local list = {}
    for i, point in ipairs(points) do
        list[i] = { xValue = point[1], yValue = { SetpointValue = point[2], Excitation = point[3] } }
    end
    return { xUnit = x, yUnit = y, CurveDataPoints = { CurveDataPoint = list },
             PT1ResponseReactivePower = true, StepResponseTimeConstantReactivePower = 10 }
end

local function ride_through(from)
    return { VoltageLimitStartFRT = from, PT1ResponseActivePower = true,
             StepResponseTimeConstantActivePower = 1, PT1ResponseReactivePower = true,
             StepResponseTimeConstantReactivePower = 1 }
end

-- What a station asks for by IEC rules: like EN 50549-1, at 230 V and 50 Hz.
der.iec = {
    OverFrequencyWatt = frequency_watt(50.2, 51.5),
    UnderFrequencyWatt = frequency_watt(49.8, 47.5),
    VoltWatt = { PowerReference = 'MaximumDischargePower', UStart = 253, UStop = 264.5,
                 PT1ResponseActivePower = true, StepResponseTimeConstantActivePower = 3 },
    VoltVar = curve('V', 'var', { { 207, MOST_VAR, 'OverExcited' }, { 218.5, 0 }, { 241.5, 0 },
                                  { 253, MOST_VAR, 'UnderExcited' } }),
    WattVar = curve('W', 'var', { { 0, 0 }, { 11000, MOST_VAR, 'UnderExcited' } }),
    WattCosPhi = curve('W', 'W', { { 5500, 1 }, { 11000, 0.9, 'UnderExcited' } }),
    DCInjectionRestriction = 0.02,
    ZeroCurrent = { OverVoltageLimit = 276, UnderVoltageLimit = 115, PT1ResponseActivePower = false,
                    StepResponseTimeConstantActivePower = 0, PT1ResponseReactivePower = false,
                    StepResponseTimeConstantReactivePower = 0 },
    OverVoltageFRT = ride_through(264.5), UnderVoltageFRT = ride_through(195.5),
}

-- DERControl with the functions of those names.
function der.control(names)
    local control = {}
    for _, row in ipairs(der.FUNCTIONS) do
        for _, name in ipairs(names) do
            if row[1] == name and row[3] then
                control[row[2]] = control[row[2]] or {}
                control[row[2]][row[3]] = der.iec[name]
            elseif row[1] == name and row[2] then
                control[row[2]] = der.iec[name]
            end
        end
    end
    return control
end

local function times(values, unit)
    local list = {}
    for i, value in ipairs(values) do
        list[i] = { xValue = value[1], yValue = value[2] }
    end
    return { Enable = true, xUnit = 's', yUnit = unit, CurveDataPoints = { CurveDataPoint = list } }
end

local function sae_curve(x, y, enable, points)
    local list = {}
    for i, point in ipairs(points) do
        list[i] = { xValue = point[1], yValue = point[2] }
    end
    return { Enable = enable, xUnit = x, yUnit = y, CurveDataPoints = { CurveDataPoint = list },
             OpenLoopResponseTime = 5 }
end

-- By SAE rules: what the station says again in the charge loop once it has changed, and then alone
-- [V2G20-3358] [V2G20-3359] [V2G20-3360] [V2G20-3361]; and what of its `grid` it is.
der.TOLD_AGAIN = { { 'RequiredDEROperatingMode', 'operating_mode' },
                   { 'GridConnectionMode', 'connection' } }

-- What a station asks for by SAE rules: like category B and III of IEEE 1547, for its own nominal
-- voltage and frequency. most: var; enter: delay, randomized_delay, ramp (s).
function der.sae(grid, most, enter)
    local u, f = grid.voltage, grid.frequency
    local volt_var = sae_curve('V', 'var', true, { { 0.92 * u, -most }, { 0.98 * u, 0 },
                                                   { 1.02 * u, 0 }, { 1.08 * u, most } })
    volt_var.ReferenceVoltage, volt_var.AutonomousReferenceVoltageAdjustmentEnable = u, false
    volt_var.ReferenceVoltageAdjustmentTimeConstant = 300
    local settings = { db = 0.036, DroopFactor = 0.05, PowerReference = 'MaximumActivePower',
                       OpenLoopResponseTime = 5 }
    return {
        VoltageTrip = { OverVoltageMustTripCurve = times({ { 0.16, 1.2 * u }, { 13, 1.1 * u } }, 'V'),
                        UnderVoltageMustTripCurve = times({ { 2, 0.5 * u }, { 21, 0.88 * u } }, 'V') },
        FrequencyTrip = { OverFrequencyMustTripCurve = times({ { 0.16, f + 2 }, { 300, f + 1.2 } }, 'Hz'),
                          UnderFrequencyMustTripCurve =
                              times({ { 0.16, f - 3.5 }, { 300, f - 1.5 } }, 'Hz') },
        EnterServiceCPDRes = { PermitService = true, EnterServiceVoltageHigh = 1.05 * u,
                               EnterServiceVoltageLow = 0.917 * u, EnterServiceFrequencyHigh = f + 0.1,
                               EnterServiceFrequencyLow = f - 0.5,
                               EnterServiceDelay = enter.delay,
                               EnterServiceRandomizedDelay = enter.randomized_delay,
                               EnterServiceRampTime = enter.ramp },
        ReactivePowerSupportCPDRes = {
            ConstantPowerFactor = { Enable = false, PowerFactorValue = 1,
                                    PowerFactorExcitation = 'OverExcited' },
            VoltVar = volt_var,
            WattVar = sae_curve('W', 'var', false, { { 0, 0 }, { 11000, most } }),
            ConstantVar = { Enable = false, VarSetpoint = 0, Unit = 'var' } },
        ActivePowerSupportCPDRes = {
            FrequencyDroop = { Enable = true, OverFrequencyDroop = settings,
                               UnderFrequencyDroop = settings },
            VoltWatt = sae_curve('V', 'W', true, { { 1.06 * u, 11000 }, { 1.1 * u, 0 } }),
            ConstantWatt = { Enable = false, WattSetpoint = 0, Unit = 'W' },
            LimitMaxDischargePower = { Enable = false, PercentageValue = 100 } },
    }
end

-- ---- SAE: SupportedModes and EnabledModes ----

-- Bit, its function's place in DERControlCPDRes, and the side that it is for. A bit without a place
-- is enabled by nothing. 2, 9, 25 and all above 26 stand for nothing.
local MODES <const> = {
    { 0, nil, 'Charge' }, { 1, nil, 'Discharge' },
    { 3, 'EnterServiceCPDRes' },
    { 4, 'ReactivePowerSupportCPDRes', 'ConstantPowerFactor', 'UnderExcited' },
    { 5, 'ReactivePowerSupportCPDRes', 'ConstantPowerFactor', 'OverExcited' },
    { 6, 'ReactivePowerSupportCPDRes', 'ConstantVar' },
    { 7, 'ActivePowerSupportCPDRes', 'ConstantWatt' },
    { 8, 'ActivePowerSupportCPDRes', 'FrequencyDroop' },
    { 10, 'FrequencyTrip', 'OverFrequencyMayTripCurve' },
    { 11, 'FrequencyTrip', 'OverFrequencyMustTripCurve' },
    { 12, 'VoltageTrip', 'OverVoltageMayTripCurve' },
    { 13, 'VoltageTrip', 'OverVoltageMomentaryCessationTripCurve' },
    { 14, 'VoltageTrip', 'OverVoltageMustTripCurve' },
    { 15, 'FrequencyTrip', 'UnderFrequencyMayTripCurve' },
    { 16, 'FrequencyTrip', 'UnderFrequencyMustTripCurve' },
    { 17, 'VoltageTrip', 'UnderVoltageMayTripCurve' },
    { 18, 'VoltageTrip', 'UnderVoltageMomentaryCessationTripCurve' },
    { 19, 'VoltageTrip', 'UnderVoltageMustTripCurve' },
    { 20, 'ActivePowerSupportCPDRes', 'LimitMaxDischargePower' },
    { 21, nil, 'EVSETargetReactivePower' }, { 22, nil, 'EVSETargetActivePower' },
    { 23, 'ReactivePowerSupportCPDRes', 'VoltVar' },
    { 24, 'ActivePowerSupportCPDRes', 'VoltWatt' },
    { 26, 'ReactivePowerSupportCPDRes', 'WattVar' },
}

-- SupportedModes of a vehicle that follows the model below: no curve by which it may trip or pause,
-- no target of reactive power.
der.SUPPORTED = 0
for _, row in ipairs(MODES) do
    local name = row[3] or ''
    if not name:find 'MayTrip' and not name:find 'Cessation' and name ~= 'EVSETargetReactivePower' then
        der.SUPPORTED = der.SUPPORTED | 1 << row[1]
    end
end

-- Calls visit(bit, element, key) for each function that DERControlCPDRes enables: element[key] is
-- its Enable, or PermitService.
local function each_enabled(control, visit)
    for _, row in ipairs(MODES) do
        local one = row[2] and control[row[2]]
        one = one and row[3] and one[row[3]] or not row[3] and one
        local key = row[3] and 'Enable' or 'PermitService'
        if one and one[key] and (not row[4] or one.PowerFactorExcitation == row[4]) then
            visit(1 << row[1], one, key)
        end
    end
end

-- EnabledModes of a DERControlCPDRes.
function der.modes(control)
    local bits = 0
    each_enabled(control, function(bit) bits = bits | bit end)
    return bits
end

-- The bits of EnabledModes that DERControlCPDRes enables or not; the others say nothing of it.
der.COMPARED = 0
for _, row in ipairs(MODES) do
    der.COMPARED = der.COMPARED | (row[2] and 1 << row[1] or 0)
end

-- The names of the functions of SupportedModes and EnabledModes, in the order of their bits.
function der.mode_names(bits)
    local names = {}
    for _, row in ipairs(MODES) do
        if bits >> row[1] & 1 == 1 then
            names[#names + 1] = (row[3] or row[2]:gsub('CPDRes$', '')) .. (row[4] and ' ' .. row[4] or '')
        end
    end
    return names
end

-- Takes back what a vehicle with those SupportedModes cannot follow; returns control.
function der.only(control, supported)
    each_enabled(control, function(bit, one, key) one[key] = supported & bit ~= 0 end)
    return control
end

-- ---- the model ----

-- A curve's value between its points; outside it is that of the nearest end. points: { x, y }.
local function on_curve(points, x)
    local before = points[1]
    if x <= before[1] then
        return before[2]
    end
    for _, point in ipairs(points) do
        if x <= point[1] then
            local share = point[1] > before[1] and (x - before[1]) / (point[1] - before[1]) or 1
            return before[2] + (point[2] - before[2]) * share
        end
        before = point
    end
    return before[2]
end

-- Units of SAE that are percentages, and what of.
local SHARES <const> = {
    PercentageV = 'nominal_voltage',
    PercentageEVMaximumConfiguredActivePower = 'feed_most',
    PercentageEVMaximumConfiguredApparentPower = 'feed_most',
    PercentageEVMaximumAvailableActivePower = 'feed_most',
    PercentageEVMaximumConfiguredReactivePower = 'var_most',
    PercentageEVMaximumAvailableReactivePower = 'var_most',
}

local function in_unit(s, value, unit)
    local of = SHARES[unit]
    return of and value / 100 * s[of] or value
end

-- Points of a curve as { x, y }; of IEC the sign of y is that of the side: overexcited feeds, and
-- so is below 0.
local function points_of(s, control)
    local list = {}
    for i, point in ipairs(control.CurveDataPoints.CurveDataPoint) do
        local y = point.yValue
        if type(y) == 'table' then
            y = y.Excitation == 'OverExcited' and -y.SetpointValue or y.SetpointValue
        end
        list[i] = { in_unit(s, point.xValue, control.xUnit), in_unit(s, y, control.yUnit) }
    end
    return list
end

-- The power factor of a curve at x, and on which side of the reactive power it lies: that of the
-- next point that has one, else of the last.
local function factor_on_curve(control, x)
    local points, side = {}, nil
    for i, point in ipairs(control.CurveDataPoints.CurveDataPoint) do
        points[i] = { point.xValue, point.yValue.SetpointValue }
        local is_passed = side ~= nil and i > 1 and points[i - 1][1] >= x
        side = not is_passed and point.yValue.Excitation or side
    end
    return on_curve(points, x), side
end

-- s: what the vehicle is about to do, which each function changes: p and q (W, var), with the
-- grid's voltage and frequency, and the most that it can feed. Each says whether it did.
local function droop(s, deviation, share, reference)
    local change = deviation / s.nominal / share * reference
    local before = s.p
    s.p = math.max(-s.feed_most, math.min(s.draw_most, s.p + change))
    return s.p ~= before
end

local function reference(s, control)
    return control.PowerReference == 'MomentaryPower' and math.abs(s.p) or s.feed_most
end

local function reactive_factor(s, factor, excitation)
    local cosine = math.max(0.01, math.min(1, math.abs(factor)))
    local q = math.abs(s.p) * math.sqrt(1 - cosine * cosine) / cosine
    s.q = excitation == 'OverExcited' and -q or q
    return q > 0
end

local function limit_feed(s, most)
    local before = s.p
    s.p = math.max(s.p, -math.max(0, most))
    return s.p ~= before
end

local function no_current(s)
    local was = s.p ~= 0 or s.q ~= 0
    s.p, s.q = 0, 0
    return was
end

local function follow_points(s, control, x)
    s.q = on_curve(points_of(s, control), x)
    return s.q ~= 0
end

-- The order is that in which they act: reactive power by what is drawn, the limits last.
local IEC <const> = {
    { 'OverFrequencyWatt', function(s, c)
        local over = math.min(s.frequency, math.max(c.Fstop, c.Fstart)) - c.Fstart
        return over > 0 and droop(s, over, c.Slope / 100, reference(s, c))
    end },
    { 'UnderFrequencyWatt', function(s, c)
        local under = math.max(s.frequency, math.min(c.Fstop, c.Fstart)) - c.Fstart
        return under < 0 and droop(s, under, c.Slope / 100, reference(s, c))
    end },
    { 'VoltWatt', function(s, c)
        local share = on_curve({ { c.UStart, 1 }, { c.UStop, 0 } }, s.voltage)
        return limit_feed(s, reference(s, c) * share)
    end },
    { 'VoltVar', function(s, c) return follow_points(s, c, s.voltage) end },
    { 'WattVar', function(s, c) return follow_points(s, c, math.abs(s.p)) end },
    { 'WattCosPhi', function(s, c)
        return reactive_factor(s, factor_on_curve(c, math.abs(s.p)))
    end },
    -- what the charge loop asks for goes before curves
    { 'DSOMaximumDischargePower', function(s, most) return limit_feed(s, math.abs(most)) end },
    { 'DSOCosPhiSetpoint', function(s, c)
        return reactive_factor(s, c.DSOCosPhiSetpointValue, c.Excitation)
    end },
    { 'DSOQSetpoint', function(s, c)
        s.q = c.DSOQSetpointValue
        return true
    end },
    { 'ZeroCurrent', function(s, c)
        return (s.voltage > (c.OverVoltageLimit or math.huge)
            or s.voltage < (c.UnderVoltageLimit or -math.huge)) and no_current(s)
    end },
}

-- Times after which a vehicle has to disconnect are not played: beyond the outermost of the curve's
-- values it does so at once.
local function trips(s, c, unit, value, is_over)
    local found
    local function has_unit(name)
        return name == unit or unit == 'V' and name == 'PercentageV'
    end
    for _, point in ipairs(c.Enable and points_of(s, c) or {}) do
        local threshold = has_unit(c.xUnit) and point[1] or has_unit(c.yUnit) and point[2] or nil
        if threshold then
            found = is_over and math.max(found or threshold, threshold)
                or not is_over and math.min(found or threshold, threshold) or found
        end
    end
    return found ~= nil and (is_over and value > found or not is_over and value < found)
end

local SAE <const> = {
    { 'FrequencyDroop', function(s, c)
        local off = s.frequency - s.nominal
        local settings = off > 0 and c.OverFrequencyDroop or c.UnderFrequencyDroop
        local beyond = settings and math.abs(off) - settings.db or 0
        return beyond > 0 and droop(s, off > 0 and beyond or -beyond, settings.DroopFactor,
            reference(s, settings))
    end },
    { 'VoltWatt', function(s, c)
        return limit_feed(s, on_curve(points_of(s, c), s.voltage))
    end },
    { 'ConstantWatt', function(s, c)
        local before = s.p
        s.p = -math.max(-s.draw_most, math.min(s.feed_most, in_unit(s, c.WattSetpoint, c.Unit)))
        return s.p ~= before
    end },
    { 'LimitMaxDischargePower', function(s, c)
        return limit_feed(s, s.feed_most * c.PercentageValue / 100)
    end },
    { 'ConstantPowerFactor', function(s, c)
        return reactive_factor(s, c.PowerFactorValue, c.PowerFactorExcitation)
    end },
    { 'VoltVar', function(s, c) return follow_points(s, c, s.voltage) end },
    { 'WattVar', function(s, c) return follow_points(s, c, math.abs(s.p)) end },
    { 'ConstantVar', function(s, c)
        s.q = in_unit(s, c.VarSetpoint, c.Unit)
        return s.q ~= 0
    end },
}

-- The functions of a DERControlCPDRes or DERControlCLRes by name, those that are enabled.
local function enabled(control)
    local found = {}
    for key, group in pairs(control) do
        if key:find 'PowerSupport' then
            for name, one in pairs(group) do
                found[name] = one.Enable and one or nil
            end
        end
    end
    return found
end

-- Why the grid trips a vehicle by SAE rules, or nil.
local function tripped(s, control)
    local voltage, frequency = control.VoltageTrip, control.FrequencyTrip
    if voltage and (trips(s, voltage.OverVoltageMustTripCurve, 'V', s.voltage, true)
        or trips(s, voltage.UnderVoltageMustTripCurve, 'V', s.voltage, false)) then
        return 'the voltage trips it'
    end
    if frequency and (trips(s, frequency.OverFrequencyMustTripCurve, 'Hz', s.frequency, true)
        or trips(s, frequency.UnderFrequencyMustTripCurve, 'Hz', s.frequency, false)) then
        return 'the frequency trips it'
    end
    return nil
end

-- What of a charge loop's DERControlCLRes has changed, laid over what was told before charging.
function der.merge(control, changed)
    local all = {}
    for key, value in pairs(control) do
        all[key] = value
    end
    for key, value in pairs(changed) do
        local known = key:gsub('CLRes$', 'CPDRes')
        local group = {}
        for name, one in pairs(all[known] or {}) do
            group[name] = one
        end
        for name, one in pairs(value) do
            group[name] = one
        end
        all[known] = group
    end
    return all
end

-- The rules of that kind, and what the station asks of each by its name.
local function asked(flavour, control, orders)
    if flavour == 'sae' then
        return SAE, enabled(control)
    end
    local by_name = {}
    for name, order in pairs(orders) do
        by_name[name] = order
    end
    for _, row in ipairs(der.FUNCTIONS) do
        by_name[row[1]] = row[2] and at(control, row)
    end
    return IEC, by_name
end

-- What the vehicle does at the grid. wanted: W that it would draw; flavour: 'iec', 'sae'; control:
-- DERControl, DERControlCPDRes; grid: voltage, frequency, nominal (Hz), nominal_voltage; most: draw
-- and feed (W), var; orders: what the charge loop asks for besides by IEC rules, by its element;
-- service, now: by SAE rules, as enter_service.advance has them.
-- Returns p, q, whether it is connected, and a list of what has changed something.
function der.follow(wanted, flavour, control, grid, most, orders, service, now)
    local s = { p = math.max(wanted, -most.feed), q = 0, voltage = grid.voltage, frequency = grid.frequency,
                nominal = grid.nominal, nominal_voltage = grid.nominal_voltage,
                draw_most = most.draw, feed_most = most.feed, var_most = most.var }
    local did = { s.p ~= wanted and 'EVSEMaximumDischargePower' or nil }
    local share, connected, why = 1, true, nil
    if flavour == 'sae' then
        local trip = tripped(s, control)
        share, connected, why = enter_service.advance(service, control, grid, now, trip)
        if not connected then
            return trip and 0 or math.max(0, wanted), 0, false, { why }
        end
    end
    local rules, by_name = asked(flavour, control, orders)
    for _, rule in ipairs(rules) do
        local c = by_name[rule[1]]
        if c and rule[2](s, c) then
            did[#did + 1] = rule[1]
        end
    end
    limit_feed(s, most.feed * share)
    did[#did + 1] = why
    return s.p, s.q, connected, did
end

return der
