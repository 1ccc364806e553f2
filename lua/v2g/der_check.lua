-- SPDX-License-Identifier: Apache-2.0
-- What is wrong with what a vehicle that serves the grid and its station tell each other (AC-DER of
-- ISO 15118-20 Amendment 1), as far as public code says what is right. Each check gives a list of
-- texts, empty where nothing is wrong.

local der_check = {}

-- ---- signs ----

-- Limits of what a vehicle feeds in are at most 0, those of what it draws at least 0.
local SIGNS <const> = { { 'imumDischargePower', -1, 'above' }, { 'NominalDischargePower', -1, 'above' },
                        { 'imumVarInjection', -1, 'above' }, { 'imumVarAbsorption', 1, 'below' } }

local function add_signs(wrong, element)
    for name, value in pairs(element) do
        if type(value) == 'table' then
            add_signs(wrong, value)
        end
        for _, row in ipairs(type(value) == 'number' and SIGNS or {}) do
            if name:find(row[1]) and value * row[2] < 0 then
                wrong[#wrong + 1] = ('%s %g is %s 0 [V2G20-1204]'):format(name, value, row[3])
            end
        end
    end
    return wrong
end

-- Limits of an element, a table, that have the wrong sign, in the order of their names.
function der_check.signs(element)
    local wrong = add_signs({}, element)
    table.sort(wrong)
    return wrong
end

-- ---- nominal powers ----

-- By SAE rules no nominal power is beyond the highest, of each phase; discharging is compared
-- without its sign. element: a table.
function der_check.nominal(element)
    local wrong = {}
    for _, way in ipairs { { 'Charge', 'V2G20-3228' }, { 'Discharge', 'V2G20-3229' } } do
        for _, phase in ipairs { '', '_L2', '_L3' } do
            local name = ('EVSENominal%sPower%s'):format(way[1], phase)
            local limit = ('EVSEMaximum%sPower%s'):format(way[1], phase)
            local nominal, most = element[name], element[limit]
            if nominal and not most then
                wrong[#wrong + 1] = ('there is %s and no %s [%s]'):format(name, limit, way[2])
            elseif nominal and math.abs(nominal) > math.abs(most) then
                wrong[#wrong + 1] = ('%s of %g is beyond %s of %g [%s]'):format(name, nominal, limit, most,
                    way[2])
            end
        end
    end
    return wrong
end

-- ---- functions by SAE rules ----

local VOLTS <const>, TIME <const> = 'V PercentageV', 's'
local VARS <const> = 'var PercentageEVMaximumConfiguredReactivePower '
    .. 'PercentageEVMaximumAvailableReactivePower'
local WATTS <const> = 'W PercentageEVMaximumConfiguredActivePower '
    .. 'PercentageEVMaximumAvailableActivePower'

-- Units of the axes of curves, by a pattern of their names.
local CURVES <const> = {
    { 'Voltage%a*Trip', TIME, VOLTS }, { 'Frequency%a*Trip', TIME, 'Hz' },
    { '^VoltVar$', VOLTS, VARS }, { '^WattVar$', WATTS, VARS }, { '^VoltWatt$', VOLTS, WATTS },
}

local function has_word(words, word)
    return (' ' .. words .. ' '):find(' ' .. word .. ' ', 1, true) ~= nil
end

local function check_curve(wrong, name, curve)
    for _, row in ipairs(CURVES) do
        for axis, units in pairs(name:find(row[1]) and { xUnit = row[2], yUnit = row[3] } or {}) do
            if not has_word(units, curve[axis]) then
                wrong[#wrong + 1] = ('%s has %s %s; expected %s'):format(name, axis, curve[axis],
                    units:gsub(' ', ' or '))
            end
        end
    end
    local before = -math.huge
    for _, point in ipairs(curve.CurveDataPoints.CurveDataPoint) do
        if point.xValue < before then
            wrong[#wrong + 1] = ('%s goes back from %g to %g'):format(name, before, point.xValue)
        end
        before = point.xValue
    end
end

local function check_function(wrong, name, one)
    if one.CurveDataPoints then
        check_curve(wrong, name, one)
    end
    local factor, share = one.PowerFactorValue, one.PercentageValue
    if factor and (factor <= 0 or factor > 1) then
        wrong[#wrong + 1] = ('%s has a power factor of %g; expected above 0, at most 1'):format(name, factor)
    end
    if share and share > 100 then
        wrong[#wrong + 1] = ('%s has %g %%; expected at most 100'):format(name, share)
    end
end

-- What is enabled of a DERControlCPDRes or DERControlCLRes and cannot be followed as it is.
function der_check.functions(control)
    local wrong = {}
    for _, group in pairs(control) do
        for name, one in pairs(group) do
            if type(one) == 'table' and one.Enable then
                check_function(wrong, name, one)
            end
        end
    end
    table.sort(wrong)
    return wrong
end

return der_check
