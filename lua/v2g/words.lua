-- SPDX-License-Identifier: Apache-2.0
-- The words between which parameters choose: those of the program, and members of the standard's
-- enumerations. They are taken in any case, and kept as they are spelled here.

local parameters = require 'v2g.parameters'

local words = {}

local CONNECTORS <const> = 'Mcs Chaoji UltraChaoji rMcs xMcs Aviation Marine'

-- Of a list, or a table by step, each entry is one.
local CHOICES <const> = {
    ev = { mode = 'ac dc ac-der mcs', der = 'iec sae', mcs_connector = CONNECTORS,
           control = 'scheduled dynamic',
           on_timeout = 'close reset stop resend',
           on_failed = 'stop close reset ignore', on_ongoing = 'stop close', leave = 'fin reset',
           close = 'fin reset none', payment = 'ExternalPayment Contract',
           contract = 'present install update auto' },
    station = { der = 'iec sae', mcs_connector = CONNECTORS, payment = 'ExternalPayment Contract',
                close = 'wait fin reset', failed_close = 'fin reset none' },
}

-- Likewise, by the names of enumerations.
local TYPES <const> = {
    ev = { transfer = 'EnergyTransferModeType', expects = 'ResponseCodeType' },
    station = { transfers = 'EnergyTransferModeType EVSESupportedEnergyTransferType',
                isolation = 'IsolationLevelType', answers = 'ResponseCodeType' },
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

-- f(key): each parameter of that side that chooses, and is not as it is by default.
function words.each(side, p, f)
    for _, all in ipairs { CHOICES[side], TYPES[side] } do
        for key in pairs(all) do
            if p[key] ~= nil and p[key] ~= parameters[side][key]
                and (type(p[key]) ~= 'table' or next(p[key]) ~= nil) then
                f(key)
            end
        end
    end
end

local function spelled(value, by_lower)
    if type(value) == 'string' then
        return by_lower[value:lower()] or value
    end
    for key, entry in pairs(type(value) == 'table' and value or {}) do
        value[key] = spelled(entry, by_lower)
    end
    return value
end

-- Spells the parameters p of a side as the standard does.
function words.mend(side, p)
    words.each(side, p, function(key)
        local by_lower = {}
        for _, word in ipairs(words.of(side, key)) do
            by_lower[word:lower()] = word
        end
        p[key] = spelled(p[key], by_lower)
    end)
end

return words
