-- SPDX-License-Identifier: Apache-2.0
-- The words between which parameters choose: those of the program, and members of the standard's
-- enumerations. They are taken in any case, and kept as they are spelled here.

local parameters = require 'v2g.parameters'

local words = {}

local MODEM <const> = 'auto ask reset'
local CONNECTORS <const> = 'Mcs Chaoji UltraChaoji rMcs xMcs Aviation Marine'

-- Of a list, or a table by step, each entry is one.
local CHOICES <const> = {
    ev = { mode = 'ac dc ac-der mcs', der = 'iec sae', mcs_connector = CONNECTORS,
           control = 'scheduled dynamic',
           on_timeout = 'close reset stop resend',
           on_failed = 'stop close reset ignore', on_ongoing = 'stop close', leave = 'fin reset',
           close = 'fin reset none', payment = 'ExternalPayment Contract',
           contract = 'present install update auto',
           ['slac.validates'] = 'near always never', ['slac.failed'] = 'next skip end',
           ['slac.not_required'] = 'skip toggle', ['slac.not_ready'] = 'next again',
           ['slac.modem'] = MODEM },
    station = { der = 'iec sae', mcs_connector = CONNECTORS, payment = 'ExternalPayment Contract',
                close = 'wait fin reset', failed_close = 'fin reset none',
                ['slac.validation'] = 'counts none not_required', ['slac.on_loss'] = 'E stay',
                ['slac.modem'] = MODEM },
}

-- Likewise, by the names of enumerations; grid.X is also of each of grid.events.
local TYPES <const> = {
    ev = { transfer = 'EnergyTransferModeType', expects = 'ResponseCodeType' },
    station = { transfers = 'EnergyTransferModeType EVSESupportedEnergyTransferType',
                isolation = 'IsolationLevelType', answers = 'ResponseCodeType',
                ['grid.operating_mode'] = 'RequiredDEROperatingModeType',
                ['grid.connection'] = 'GridConnectionModeType' },
}

-- The words of a parameter: a list of them in order, nil where it is none of these.
function words.of(side, key)
    local list, types = {}, TYPES[side][key]
    for name in (types or ''):gmatch('%S+') do
        for _, member in pairs(_G[name]) do
            list[#list + 1] = member
        end
    end
    table.sort(list)
    for word in (CHOICES[side][key] or ''):gmatch('%S+') do
        list[#list + 1] = word
    end
    return list[1] and list or nil
end

local function table_of(value)
    return type(value) == 'table' and value or {}
end

-- The tables of p that may have the parameter, its name in them, and what it is by default.
local function places(side, p, key)
    local group, name = key:match '^(%w+)%.(.*)'
    if not group then
        return { p }, key, parameters[side][key]
    end
    local all = { table_of(p[group]) }
    for _, event in ipairs(table_of(all[1].events)) do
        all[#all + 1] = table_of(event)
    end
    return all, name, parameters[side][group][name]
end

-- f(key, of, name): each parameter of that side that chooses, and is not as it is by default; its
-- value is of[name].
function words.each(side, p, f)
    for _, all in ipairs { CHOICES[side], TYPES[side] } do
        for key in pairs(all) do
            local tables, name, default = places(side, p, key)
            for _, of in ipairs(tables) do
                local value = of[name]
                if value ~= nil and value ~= default and (type(value) ~= 'table' or next(value) ~= nil) then
                    f(key, of, name)
                end
            end
        end
    end
end

local function spelled(value, by_lower)
    if type(value) == 'string' then
        return by_lower[value:lower()] or value
    end
    for key, entry in pairs(table_of(value)) do
        value[key] = spelled(entry, by_lower)
    end
    return value
end

-- Spells the parameters p of a side as the standard does.
function words.mend(side, p)
    words.each(side, p, function(key, of, name)
        local by_lower = {}
        for _, word in ipairs(words.of(side, key)) do
            by_lower[word:lower()] = word
        end
        of[name] = spelled(of[name], by_lower)
    end)
end

return words
