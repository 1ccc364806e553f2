-- SPDX-License-Identifier: Apache-2.0
-- What `v2glab fuzz` tries: trial after trial, each a case of its own (suite.lua): the way to a row
-- of the sequence tables, one message that is not as it should be, what the device makes of it
-- (endures.lua), and a good session. A trial follows from the seed and its number alone.
--
--   { id =, number =, kind =, sut =, protocol =, mode =, given =, row = { … }, file =, text = }
--   row: sends, fields, fault, code, hello, answers, waits: what the case says; text: all of it

local inputs = require 'test.fuzz_inputs'
local sequence = require 'v2g.sequence'
local steps = require 'v2g.steps'
local way = require 'test.way'

local fuzz = {}

local PROTOCOLS <const> = { 'DIN70121', 'ISO15118-2', 'ISO15118-20' }

-- ---- states ----

-- Rows that no parameter brings about for sure.
local RARE <const> = { Warning = true, ExpiresSoon = true, More = true, Certificates = true,
                       StandbyNotAllowed = true, Renegotiated = true, Installation = true,
                       Update = true }

-- What a case has to say to come by a row, besides what way.lua finds.
local NEEDS <const> = {
    ReceiptRequired = { receipts = true }, MeteringReceipt = { receipts = true },
    Contract = { paying = 'Contract' }, PaymentDetails = { paying = 'Contract' },
    ServiceDetail = { services = true },
    CertificateInstallation = { paying = 'Contract', contract = 'install' },
    CertificateUpdate = { paying = 'Contract', contract = 'update' },
}

local function needs_of(protocol, message, word)
    local step, needs = steps.of(message), {}
    for key, value in pairs(NEEDS[word] or NEEDS[step] or {}) do
        needs[key] = value
    end
    needs.services = protocol == 'ISO15118-2' and needs.services or nil
    if word == 'Ongoing' then
        needs.station = { ongoing = { [step] = 2 } }
        -- with external means ISO 15118-2 has another word for it
        needs.paying = protocol == 'ISO15118-2' and step == 'Authorization' and 'Contract' or nil
    end
    return needs
end

local function forms_of(text)
    local list = {}
    for form in text:gmatch '%S+' do
        list[#list + 1] = form
    end
    return list
end

-- Rows of a station: after this response these requests are due.
local function states_of_station(list, protocol, mode, rows)
    for _, row in ipairs(rows) do
        local message, word = way.row(row[1])
        local known, there = pcall(way.parameters, protocol, mode, row[1])
        local is_delivery = message == 'PowerDeliveryRes'
        local is_rare = RARE[word] or is_delivery and word == 'Ongoing' or not is_delivery and word == 'Standby'
        if known and there and not is_rare and row[2] ~= '' then
            list[#list + 1] = { protocol = protocol, mode = mode, given = row[1], due = forms_of(row[2]),
                                needs = needs_of(protocol, message, word) }
        end
    end
end

-- Rows of a vehicle: requests that a station has to answer.
local function states_of_vehicle(list, protocol, mode, rows)
    local seen = {}
    for _, row in ipairs(rows) do
        for _, form in ipairs(forms_of(row[2])) do
            local message, word = way.row(form)
            if not seen[form] and (not word or word == 'Start' or word == 'Stop')
                and not NEEDS[steps.of(message)] and message ~= 'MeteringConfirmationReq'
                and not (protocol == 'ISO15118-2' and message == 'ServiceDetailReq') then
                seen[form] = true
                list[#list + 1] = { protocol = protocol, mode = mode, given = form,
                                    due = { (message:gsub('Req$', 'Res')) }, needs = {} }
            end
        end
    end
end

-- Whether a device that is not ours can be brought there: contracts want TLS, SDP an interface.
local function is_possible(given, state)
    return not given.is_real or (given.tls or not state.needs.paying)
        and (given.has_sdp or state.given ~= 'link') and not state.needs.receipts
end

-- All states of that side, but for those that the user has left out, or that cannot be reached:
-- { protocol =, mode =, given =, due =, needs = }
function fuzz.states(given)
    local list = {}
    for _, protocol in ipairs(PROTOCOLS) do
        for _, mode in ipairs { 'ac', 'dc' } do
            local rows = sequence.secc[protocol][mode]
            local is_wanted = (not given.protocol or given.protocol == protocol)
                and (not given.mode or given.mode == mode)
            if rows and is_wanted then
                if given.sut == 'SECC' then
                    list[#list + 1] = { protocol = protocol, mode = mode, given = 'link',
                                        due = { 'SECCDiscoveryReq' }, needs = {} }
                    list[#list + 1] = { protocol = protocol, mode = mode, given = 'connected',
                                        due = { 'supportedAppProtocolReq' }, needs = {} }
                    states_of_station(list, protocol, mode, rows)
                else
                    states_of_vehicle(list, protocol, mode, rows)
                end
            end
        end
    end
    local possible = {}
    for _, state in ipairs(list) do
        possible[#possible + 1] = is_possible(given, state) and state or nil
    end
    return possible
end

-- Every request of a protocol, in either energy transfer, in its forms.
local function requests_of(protocol)
    local list, seen = {}, {}
    for _, mode in ipairs { 'ac', 'dc' } do
        for _, row in ipairs(sequence.secc[protocol][mode] or {}) do
            for _, form in ipairs(forms_of(row[2])) do
                if not seen[form] then
                    seen[form] = true
                    list[#list + 1] = form
                end
            end
        end
    end
    return list
end

-- ---- a case, as text ----

local ORDER <const> = { 'given', 'mode', 'paying', 'contract', 'receipts', 'services', 'tls', 'station',
                        'vehicle', 'sends', 'answers', 'fields', 'code', 'fault', 'hello', 'waits', 'session' }

local function literal(value)
    if type(value) ~= 'table' then
        return type(value) == 'string' and ('%q'):format(value) or tostring(value)
    end
    local keys, parts = {}, {}
    for key in pairs(value) do
        keys[#keys + 1] = key
    end
    table.sort(keys)
    for _, key in ipairs(keys) do
        parts[#parts + 1] = ('[%q] = %s'):format(key, literal(value[key]))
    end
    return '{ ' .. table.concat(parts, ', ') .. ' }'
end

local function about(t)
    local row = t.row
    local what = row.answers or row.sends or row.hello and 'a ClientHello' or 'octets'
    return ('%s: %s, at %s'):format(what, row.fault or row.code and 'where it is not due'
        or row.hello and 'that are none' or 'another message', t.given)
end

-- The file of a trial, which `v2glab test --file` plays.
function fuzz.text(t)
    local lines = {
        '-- SPDX-License-Identifier: Apache-2.0',
        ('-- Found by v2glab fuzz --sut %s --seed %d, trial %d.'):format(t.sut:lower(), t.seed, t.number),
        '-- @needs nothing', '',
        ('suite %q { sut = %q, protocol = %q }'):format('v2glab fuzz', t.sut, t.protocol), '',
        ('cases %q {'):format(t.id),
        ('    about = %q,'):format(about(t)),
    }
    local said = { given = t.given, mode = t.mode }
    for _, part in ipairs { t.needs, t.row } do
        for key, value in pairs(part) do
            said[key] = value
        end
    end
    for _, key in ipairs(ORDER) do
        if said[key] ~= nil then
            lines[#lines + 1] = ('    %s = %s,'):format(key, literal(said[key]))
        end
    end
    lines[#lines + 1] = "    liveness = 'after', then_ = behaviour.endures,"
    lines[#lines + 1] = '}'
    return table.concat(lines, '\n') .. '\n'
end

-- ---- trials ----

local function finish(t)
    t.file = t.id .. '.lua'
    t.about, t.text = about(t), fuzz.text(t)
    return t
end

local function make(given, states, number)
    local random = inputs.random(given.seed, number)
    local state = random.of(states)
    local t = { seed = given.seed, number = number, sut = given.sut, protocol = state.protocol,
                mode = state.mode, given = state.given, needs = {},
                id = ('FUZZ_%s_%d_%d'):format(given.sut, given.seed, number) }
    for key, value in pairs(state.needs) do
        t.needs[key] = value
    end
    if not given.is_real and given.sut == 'SECC' and state.protocol ~= 'DIN70121' and random(4) == 1 then
        t.needs.tls = true
    end
    if not given.is_real then -- no tester is as strict on its own
        local side = given.sut == 'SECC' and 'station' or 'vehicle'
        t.needs[side] = t.needs[side] or {}
        t.needs[side].only_valid = true
    end
    t.kind, t.row = inputs.choose(random, state, {
        sut = given.sut, kinds = given.kinds, has_tls = t.needs.tls or given.is_real and given.tls,
        requests = requests_of(state.protocol), protocols = PROTOCOLS })
    if state.given == 'connected' or state.given == 'link' then
        t.row.session = 'any'
    end
    if given.sut == 'SECC' and state.given ~= 'link' and (not given.is_real or random(8) == 1) then
        t.row.waits = true
    end
    return finish(t)
end

-- given: { sut =, seed =, from = (number), count =, protocol =, mode =, kinds =, tls = (as the user
-- says), is_real = (not our own), has_sdp = }
function fuzz.plan(given)
    local states, list, all = fuzz.states(given), {}, {}
    for i = 1, given.count do
        list[i] = make(given, states, given.from + i - 1)
    end
    for i, state in ipairs(states) do
        all[i] = { protocol = state.protocol, mode = state.mode, given = state.given }
    end
    Answer { cases = list, states = all }
end

-- Trials that do less than that one, the least first.
function fuzz.smaller(t)
    local list = {}
    for i, row in ipairs(inputs.smaller(t.row)) do
        local one = { id = ('%s_%d'):format(t.id, i) }
        for key, value in pairs(t) do
            one[key] = one[key] or value
        end
        one.row = row
        list[i] = finish(one)
    end
    Answer { cases = list }
end

-- The device of our own, as that file makes it where there is one: { name =, text = }.
function fuzz.device(given)
    if given.breaks then
        local chunk, why = load(given.breaks.text, '@' .. given.breaks.name, 't')
        if not chunk then
            error(why, 0)
        end
        chunk()
    end
    require('test.play').device(given)
end

return fuzz
