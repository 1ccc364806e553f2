-- SPDX-License-Identifier: Apache-2.0
-- What is wrong with parameters: kinds of values, names of steps, messages, elements and hooks,
-- which would else go unnoticed, since what nobody asks for does nothing.

local judgements = require 'v2g.judgements'
local parameters = require 'v2g.parameters'
local steps = require 'v2g.steps'
local words = require 'v2g.words'

local check = {}

local PROTOCOLS <const> = { ['DIN70121'] = true, ['ISO15118-2'] = true, ['ISO15118-20'] = true,
                            ['ISO15118-20-AC-DER-IEC'] = true, ['ISO15118-20-AC-DER-SAE'] = true }
local HOOKS <const> = { send = 'before', header = 'before', receive = 'on', state = 'on', timeout = 'on',
                        step = 'on', late = 'on' }

-- Tables whose entries are all known by name.
local CLOSED <const> = { ev = { 'battery', 'ac', 'grid', 'slac' },
                         station = { 'ac', 'dc', 'modes', 'grid', 'enter_service', 'slac' } }

-- What numbers have to be that are not just 0 or more: parameters by kind, entries of tables with a
-- point. Of a list it holds for each entry.
local MOST <const> = 1e15
local USUAL <const> = { words = '0 or more', least = 0 }
local COUNT <const> = { words = 'a whole number, 0 or more', least = 0, is_whole = true }
local SOME <const> = { words = 'a whole number, 1 or more', least = 1, is_whole = true }
local PERCENT <const> = { words = '0 to 100 percent', least = 0, most = 100 }
local KINDS <const> = {}
for names, kind in pairs {
    ['more_roots resends precharges welding loops after_stop_request pause renegotiate max_schedules '
        .. 'renegotiate_services standby standby_loops source_port leave_at stop_at silent_at '
        .. 'receipt_every stop_after renegotiate_after renegotiate_services_after pause_after '
        .. 'exit_standby_after shutdown_after max_contracts slac.again slac.adjustment'] = COUNT,
    ['tries ac.phases'] = SOME,
    ['battery.soc battery.bulk battery.full battery.target discharge_to pilot slac.duty'] = PERCENT,
    ['battery.capacity'] = { words = '1 or more', least = 1 },
} do
    for name in names:gmatch('%S+') do
        KINDS[name] = kind
    end
end

-- Tables whose numbers may be any: they are what messages say, or of another form.
local FREE <const> = { values = true, services = true, schedules = true, protocols = true, tls = true,
                       shows = true }

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

local SHORT <const> = 8 -- words that are all named

local function check_word(found, key, word, list)
    local known = {}
    for _, each in ipairs(list) do
        known[each] = true
    end
    if known[word] then
        return
    elseif #list > SHORT then
        complain(found, "%s: there is no '%s'; the nearest is '%s'", key, word,
            check.nearest(word, known))
    else
        complain(found, "%s: expected %s, found '%s'", key, table.concat(list, ', '):gsub(
            ', ([%w_-]+)$', ' or %1'), word)
    end
end

local function check_words(found, side, p)
    words.each(side, p, function(key, of, name)
        local list, value = words.of(side, key), of[name]
        for _, word in ipairs(type(value) == 'table' and value or { value }) do
            if type(word) == 'string' then
                check_word(found, key, word, list)
            end
        end
    end)
    if type(p.expects) == 'table' and type(p.expects.code) == 'string' then
        check_word(found, 'expects.code', p.expects.code, words.of(side, 'expects'))
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

-- An offer is of a protocol, or of a namespace with its version, which that of a protocol has.
local function check_offer(found, name, offer, api)
    if type(offer) ~= 'table' then
        complain(found, "%s: expected { 'ISO15118-2' } or { uri = … }, found '%s'", name, tostring(offer))
    elseif offer.uri == nil and not PROTOCOLS[offer[1]] then
        complain(found, "%s: there is no protocol '%s'; the nearest is '%s'", name, tostring(offer[1]),
            check.nearest(offer[1], PROTOCOLS))
    elseif offer.uri and not offer.major and not check.version(api, offer.uri) then
        complain(found, "%s: '%s' is the namespace of no protocol known here; expected its version, "
            .. 'as in { uri = …, major = 2, minor = 0 }', name, offer.uri)
    end
end

-- What a role of the vehicle offers of the protocol that has the namespace; nil: it is unknown.
function check.version(api, uri)
    for protocol in pairs(PROTOCOLS) do
        for _, entry in ipairs(api.Offers(protocol)) do
            if entry.ProtocolNamespace == uri then
                return entry
            end
        end
    end
    return nil
end

local function check_protocols(found, protocols, api)
    local list = type(protocols) == 'table' and protocols or {}
    if #list > PROTOCOLS_MOST then
        complain(found, 'protocols: expected %d of them at most, found %d', PROTOCOLS_MOST, #list)
    end
    for i, offer in ipairs(list) do
        check_offer(found, ('protocols[%d]'):format(i), offer, api)
    end
end

local function check_number(found, name, n)
    local kind = KINDS[name] or USUAL
    local nearest = math.max(kind.least, math.min(n, kind.most or MOST))
    if kind.is_whole or nearest ~= n then
        nearest = math.floor(nearest)
    end
    if nearest ~= n then
        complain(found, '%s: expected %s, found %s; the nearest is %d', name, kind.words, n, nearest)
    end
end

-- The numbers in the table of that name ('': all parameters).
local function check_numbers(found, name, value)
    if type(value) == 'number' then
        return check_number(found, name, value)
    end
    for key, entry in pairs(type(value) == 'table' and not FREE[name] and value or {}) do
        check_numbers(found, type(key) == 'number' and name or name == '' and key
            or name .. '.' .. tostring(key), entry)
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

-- Calls f with the role's API in each protocol there is. Whether a result was not nil; if none was,
-- the name nearest to `name` of those that the errors have.
local function in_a_protocol(api, name, f)
    local nearest = {}
    for protocol in pairs(PROTOCOLS) do
        api.Protocol = protocol
        local ok, result = pcall(f)
        if ok and result then
            return true
        end
        local near = not ok and tostring(result):match('nearest [%a%d ]*is ([%w_.]+)')
        if near then
            nearest[near:gsub('^%u%l+%.Set_%w+_', '')] = true
        end
    end
    return false, check.nearest(name, nearest) or 'none'
end

local function has_message(api, name, others)
    local found, nearest = in_a_protocol(api, name, function() return api.Message(name) end)
    local near_other = not found and check.nearest(name, others)
    if near_other and distance(name, near_other) < distance(name, nearest) then
        nearest = near_other
    end
    return found, nearest
end

local function check_values(found, api, values)
    for message, elements in pairs(values or {}) do
        local is_message, nearest = has_message(api, message, {})
        if not is_message then
            complain(found, "values.%s: there is no such message; the nearest is '%s'", message, nearest)
        elseif type(elements) ~= 'table' then
            complain(found, "values.%s: expected a table of elements", message)
        else
            for path in pairs(elements) do
                local known, near = in_a_protocol(api, path, function()
                    return api['Set_' .. message .. '_' .. path]
                end)
                if not known then
                    complain(found, "values.%s.%s: no protocol has that element; the nearest is '%s'",
                        message, path, near)
                end
            end
        end
    end
end

local function check_messages(found, api, name, entries, kind)
    local others = {}
    for hook, of in pairs(HOOKS) do
        others[hook] = of == name or nil
    end
    for message, entry in pairs(entries or {}) do
        local known, nearest = others[message], nil
        if not known then
            known, nearest = has_message(api, message, others)
        end
        if not known then
            complain(found, "%s.%s: there is no such message; the nearest is '%s'", name, message, nearest)
        elseif type(entry) ~= kind then
            complain(found, "%s.%s: expected a %s", name, message, kind)
        end
    end
end

-- Each answer has to be a response code of the step's response.
local function check_answers(found, api, answers)
    for step, code in pairs(answers or {}) do
        local known, nearest = in_a_protocol(api, code, function()
            for _, mode in ipairs { 'ac', 'dc' } do
                local name = steps.name(api.Protocol, mode, step) .. 'Res'
                local is_there, m = pcall(api.Message, name)
                if is_there then
                    m.ResponseCode = code
                    return true
                end
            end
        end)
        if not known then
            complain(found, "answers.%s: there is no response code '%s'; the nearest is '%s'", step,
                code, nearest)
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
    check_numbers(found, '', p)
    check_protocols(found, p.protocols, api)
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
        check_answers(found, api, p.answers)
        check_messages(found, api, 'trailing', p.trailing, 'string')
        check_messages(found, api, 'before', p.before, 'function')
        check_messages(found, api, 'on', p.on, 'function')
        api.Protocol = protocol
    end
    table.sort(found)
    return found
end

return check
