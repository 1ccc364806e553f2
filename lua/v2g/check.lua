-- SPDX-License-Identifier: Apache-2.0
-- What is wrong with parameters: kinds of values, names of steps, messages, elements and hooks,
-- which would else go unnoticed, since what nobody asks for does nothing.

local judgements = require 'v2g.judgements'
local parameters = require 'v2g.parameters'

local check = {}

local PROTOCOLS <const> = { 'DIN70121', 'ISO15118-2', 'ISO15118-20', 'ISO15118-20-AC-DER-IEC',
                            'ISO15118-20-AC-DER-SAE' }
local HOOKS <const> = { send = 'before', receive = 'on', state = 'on', timeout = 'on', step = 'on',
                        late = 'on' }

local CONNECTORS <const> = 'Mcs Chaoji UltraChaoji rMcs xMcs Aviation Marine'

-- Words between which a parameter chooses.
local WORDS <const> = {
    ev = { mode = 'ac dc ac-der mcs', der = 'iec sae', mcs_connector = CONNECTORS,
           control = 'scheduled dynamic',
           on_timeout = 'close reset stop resend',
           on_failed = 'stop close reset ignore', on_ongoing = 'stop close', leave = 'fin reset',
           close = 'fin reset none', payment = 'ExternalPayment Contract',
           contract = 'present install update auto' },
    station = { der = 'iec sae', mcs_connector = CONNECTORS,
                close = 'wait fin reset', failed_close = 'fin reset none' },
}

-- Tables whose entries are all known by name.
local CLOSED <const> = { ev = { 'battery', 'ac', 'grid' },
                         station = { 'ac', 'dc', 'modes', 'grid', 'enter_service' } }

-- Of the battery, in percent.
local PERCENT <const> = { 'soc', 'bulk', 'full', 'target' }

-- Tables by step, and what an entry may be.
local TIMES <const> = { number = true, table = true, ['function'] = true }
local STEPS <const> = {
    gaps = TIMES, delays = TIMES, patience = TIMES, ongoing = TIMES,
    answers = { string = true }, skip = { boolean = true },
}

local known_steps = {}
for name in ([[AppProtocol SessionSetup AuthorizationSetup ServiceDiscovery ServiceDetail
    PaymentServiceSelection CertificateInstallation CertificateUpdate PaymentDetails Authorization
    ChargeParameterDiscovery ScheduleExchange CableCheck PreCharge PowerDelivery CurrentDemand
    ChargingStatus ChargeLoop MeteringReceipt WeldingDetection SessionStop]]):gmatch('%a+') do
    known_steps[name] = true
end

-- Parameters that name a step, or are { step, n }.
local AT <const> = { 'stop_at', 'leave_at', 'silent_at', 'close_at' }

-- What a gap may begin or end with besides steps.
local known_ends = { SDP = true, TCP = true, Close = true, Stop = true, Failed = true,
                     Timeout = true, Ongoing = true, Refused = true, default = true }

-- ---- names ----

-- Number of edits between two words.
local function distance(a, b)
    local row = {}
    for k = 0, #b do
        row[k] = k
    end
    for i = 1, #a do
        local before = row[0]
        row[0] = i
        for k = 1, #b do
            local cost = a:byte(i) == b:byte(k) and 0 or 1
            before, row[k] = row[k], math.min(row[k] + 1, row[k - 1] + 1, before + cost)
        end
    end
    return row[#b]
end

-- The name among the keys of `known` that is most like that one; nil: there is none.
function check.nearest(name, known)
    local best, least = nil, math.huge
    for other in pairs(known) do
        local edits = distance(tostring(name), tostring(other))
        if edits < least or edits == least and tostring(other) < tostring(best) then
            best, least = other, edits
        end
    end
    return best
end

local function complain(found, ...)
    found[#found + 1] = string.format(...)
end

-- ---- kinds ----

local function check_kinds(found, name, given, defaults)
    for key, value in pairs(given) do
        local default = defaults[key]
        if default ~= nil and type(default) ~= type(value) then
            complain(found, "%s%s: expected %s, found the %s '%s'", name, key,
                type(default) == 'boolean' and 'true or false' or 'a ' .. type(default), type(value),
                tostring(value))
        end
    end
end

local function check_words(found, role, p)
    for key, words in pairs(WORDS[role]) do
        if type(p[key]) == 'string' and not (' ' .. words .. ' '):find(' ' .. p[key] .. ' ', 1, true) then
            complain(found, "%s: expected %s, found '%s'", key, words:gsub(' ', ', '):gsub(', (%a+)$',
                ' or %1'), p[key])
        end
    end
end

local function check_closed(found, name, given, defaults)
    if type(given) ~= 'table' then
        return
    end
    for key in pairs(given) do
        if defaults[key] == nil then
            complain(found, "%s.%s: there is no such parameter; the nearest is '%s.%s'", name,
                tostring(key), name, check.nearest(key, defaults))
        end
    end
    for key in pairs(defaults) do
        if given[key] == nil and name ~= 'modes' then
            complain(found, "%s.%s: expected a %s, found none", name, key, type(defaults[key]))
        end
    end
    check_kinds(found, name .. '.', given, defaults)
end

local PROTOCOLS_MOST <const> = 20 -- that supportedAppProtocolReq can offer [V2G20-167]

local function check_protocols(found, protocols)
    local n = type(protocols) == 'table' and #protocols or 0
    if n > PROTOCOLS_MOST then
        complain(found, 'protocols: expected %d of them at most, found %d', PROTOCOLS_MOST, n)
    end
end

local function check_percent(found, battery)
    for _, key in ipairs(type(battery) == 'table' and PERCENT or {}) do
        local value = battery[key]
        if type(value) == 'number' and not (value >= 0 and value <= 100) then
            complain(found, "battery.%s: expected 0 to 100 percent, found %s", key, value)
        end
    end
end

-- ---- steps, messages, elements ----

local function check_steps(found, name, entries)
    for key, entry in pairs(type(entries) == 'table' and entries or {}) do
        for step in tostring(key):gmatch('[^>]+') do
            if not known_steps[step] and not known_ends[step] then
                complain(found, "%s['%s']: there is no step '%s'; the nearest is '%s'", name, key,
                    step, check.nearest(step, known_steps))
            end
        end
        if not STEPS[name][type(entry)] then
            complain(found, "%s['%s']: expected %s, found '%s'", name, key, STEPS[name] == TIMES
                and 'milliseconds, or { from, to }' or next(STEPS[name]), tostring(entry))
        end
    end
end

local function check_at(found, p)
    for _, key in ipairs(AT) do
        local step = p[key]
        step = type(step) == 'table' and step[1] or step
        if step ~= nil and not known_steps[step] then
            complain(found, "%s: there is no step '%s'; the nearest is '%s'", key, tostring(step),
                check.nearest(step, known_steps))
        end
    end
end

-- Calls f with the role's API in each protocol; whether a result was not nil.
local function in_a_protocol(api, f)
    for _, protocol in ipairs(PROTOCOLS) do
        api.Protocol = protocol
        local ok, result = pcall(f)
        if ok and result then
            return true
        end
    end
    return false
end

local function is_message(api, name)
    return name == 'supportedAppProtocolReq' or name == 'supportedAppProtocolRes'
        or in_a_protocol(api, function() return api.Message(name) end)
end

local function is_element(api, message, path)
    return in_a_protocol(api, function() return api['Set_' .. message .. '_' .. path] end)
end

local function check_values(found, api, values)
    for message, elements in pairs(values or {}) do
        if not is_message(api, message) then
            complain(found, "values.%s: there is no such message", message)
        elseif type(elements) ~= 'table' then
            complain(found, "values.%s: expected a table of elements", message)
        else
            for path in pairs(elements) do
                if not is_element(api, message, path) then
                    complain(found, "values.%s.%s: no protocol has that element", message, path)
                end
            end
        end
    end
end

local function check_messages(found, api, name, entries, kind)
    for message, entry in pairs(entries or {}) do
        if HOOKS[message] ~= name and not is_message(api, message) then
            complain(found, "%s.%s: there is no such message", name, message)
        elseif type(entry) ~= kind then
            complain(found, "%s.%s: expected a %s", name, message, kind)
        end
    end
end

-- The sorted list of what is wrong with the parameters p of a side ('ev', 'station'); empty:
-- nothing is. api: a role of that side, which knows the names of messages.
function check.problems(role, p, api)
    local found, defaults = {}, parameters[role]
    check_kinds(found, '', p, defaults)
    check_words(found, role, p)
    for _, key in ipairs(CLOSED[role]) do
        check_closed(found, key, p[key], defaults[key])
    end
    check_percent(found, p.battery)
    check_protocols(found, p.protocols)
    if p.deviates and not judgements[role][p.deviates] then
        complain(found, "deviates: there is no judgement of '%s'; the nearest is '%s'",
            tostring(p.deviates), check.nearest(p.deviates, judgements[role]))
    end
    for name in pairs(STEPS) do
        check_steps(found, name, p[name])
    end
    check_at(found, p)
    if #found == 0 then
        local protocol = api.FixedProtocol
        check_values(found, api, p.values)
        check_messages(found, api, 'trailing', p.trailing, 'string')
        check_messages(found, api, 'before', p.before, 'function')
        check_messages(found, api, 'on', p.on, 'function')
        api.Protocol = protocol
    end
    table.sort(found)
    return found
end

return check
