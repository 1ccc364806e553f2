-- SPDX-License-Identifier: Apache-2.0
-- Messages that are not as they should be, by kind: what a trial of fuzz.lua sends in place of a
-- good one, as rows of a case: { sends =, fields =, fault = (docs/faults.md), code =, … }.

local hex = require 'v2g.hex'
local way = require 'test.way'

local inputs = {}

-- ---- chance ----

-- A stream of numbers that follows from seed and number alone: random(n) is 1..n, random.of(list)
-- one of its entries, random.bytes(n) so many octets.
function inputs.random(seed, number)
    local state = seed * 0x2545F4914F6CDD1D + number * 0x9E3779B97F4A7C15
    local function next_bits()
        state = state + 0x9E3779B97F4A7C15
        local x = state
        x = (x ~ (x >> 30)) * 0xBF58476D1CE4E5B9
        x = (x ~ (x >> 27)) * 0x94D049BB133111EB
        return x ~ (x >> 31)
    end
    local random = {}
    function random.of(list)
        return list[random(#list)]
    end
    function random.bytes(n)
        local list = {}
        for i = 1, n do
            list[i] = string.char(next_bits() & 0xFF)
        end
        return table.concat(list)
    end
    return setmetatable(random, { __call = function(_, n)
        return (next_bits() >> 1) % n + 1
    end })
end

-- ---- values ----

local function text_of(length)
    return ('x'):rep(length)
end

-- Values that break programs, by what can stand at a path.
local VALUES <const> = {
    number = function(value)
        return { 0, 1, -1, value + 1, value - 1, 127, 128, 255, 256, 32767, 32768, 65535, 65536,
                 2147483647, 4294967295 }
    end,
    quantity = function()
        return { 0, -100, 1, 0.001, 32767, 1000000, 1000000000 }
    end,
    boolean = function(value) return { not value } end,
    string = function(value)
        return { '""', text_of(#value + 1), text_of(8), text_of(37), text_of(65), text_of(256), text_of(2000),
                 '%s%n', '0' }
    end,
    octets = function(value)
        return { '00', ('00'):rep(#value), ('FF'):rep(6), ('AB'):rep(7), ('AB'):rep(9), ('AB'):rep(21),
                 ('30'):rep(65), ('30'):rep(1500) }
    end,
}

local CODES <const> = { 'FAILED', 'FAILED_SequenceError', 'FAILED_UnknownSession' }

-- A default message of that protocol; nil: there is none of that name.
local function message_of(protocol, name)
    local role = Vehicle { protocol = protocol }
    local good, m = pcall(role.Message, name)
    return good and m or nil
end

-- { path =, value =, kind = } of what the message has, in the order of the wire.
local function leaves(m)
    local list = {}
    for path, value in m:values() do
        list[#list + 1] = { path = path, value = value, kind = m:kind(path) }
    end
    return list
end

-- ---- kinds ----

local kinds = {}

-- One element has another value, or is absent.
function kinds.field(random, row, m)
    local list = leaves(m)
    if #list == 0 then
        return nil
    end
    local leaf = random.of(list)
    if leaf.path == 'Header.SessionID' then
        row.fault = random.of { 'session', 'session 0000000000000000', 'session 00', 'session ABCDEF01020304' }
    elseif random(4) == 1 or not VALUES[leaf.kind] then
        row.fault = leaf.path == 'ResponseCode' and 'code ' .. random.of(CODES) or 'without ' .. leaf.path
    else
        row.fault = ('set %s=%s'):format(leaf.path, random.of(VALUES[leaf.kind](leaf.value)))
    end
    return row
end

-- Several elements at once.
function kinds.fields(random, row, m)
    local list, parts, seen = leaves(m), {}, {}
    for _ = 1, 2 + random(3) do
        local leaf = random.of(list)
        if leaf and not seen[leaf.path] and VALUES[leaf.kind] and leaf.path ~= 'Header.SessionID' then
            seen[leaf.path] = true
            parts[#parts + 1] = ('%s=%s'):format(leaf.path, random.of(VALUES[leaf.kind](leaf.value)))
        end
    end
    row.fault = #parts > 0 and 'set ' .. table.concat(parts, ' ') or nil
    return row.fault and row
end

-- EXI of another grammar, or another EXI header.
function kinds.grammar(random, row, m, of)
    local exi = m:exi()
    local which = random(4)
    if which == 1 then
        local name = random.of { 'SessionSetupReq', 'SessionStopReq', 'SessionSetupRes', 'SessionStopRes' }
        local other = message_of(random.of(of.protocols), name)
        row.fault = 'raw ' .. hex.of(other:exi())
    elseif which == 2 then
        local app = message_of('ISO15118-2', random.of { 'supportedAppProtocolReq', 'supportedAppProtocolRes' })
        row.fault = 'raw ' .. hex.of(app:exi())
    elseif which == 3 then
        row.fault = ('raw %02X%s'):format(random.of { 0x00, 0x40, 0x81, 0x90, 0xA0, 0xFF }, hex.of(exi:sub(2)))
    else
        row.fault = 'message ' .. (row.answers or row.sends):gsub('Re[qs]$', { Req = 'Res', Res = 'Req' })
    end
    return row
end

function kinds.bits(random, row, m)
    local n, list = #m:exi() * 8, {}
    for i = 1, random(4) do
        list[i] = tostring(random(n) - 1)
    end
    row.fault = 'flip ' .. table.concat(list, ',')
    return row
end

function kinds.bytes(random, row, m)
    local which = random(5)
    if which == 1 then
        row.fault = 'raw ' .. hex.of(random.bytes(random(64)))
    elseif which == 2 then
        row.fault = 'raw ' .. hex.of(random.bytes(random(2048)))
    elseif which == 3 then
        row.fault = 'append ' .. hex.of(random.bytes(random(64)))
    elseif which == 4 then
        row.fault = ('truncate %d'):format(random(#m:exi()) - 1)
    else
        row.fault = 'raw ' .. hex.of('\x80' .. random.bytes(random(40)))
    end
    return row
end

local TYPES <const> = { 0, 0x7000, 0x8000, 0x8001, 0x8002, 0x8003, 0x8004, 0x8101, 0x8102, 0x8104, 0x9000, 0x9001,
                        0xA000, 0xFFFF }
local LENGTHS <const> = { '0', '1', '+1', '-1', '0x7FFFFFFF', '0x80000000', '0xFFFFFFF7', '0xFFFFFFF8', '0xFFFFFFFF' }

function kinds.v2gtp(random, row)
    row.fault = random.of {
        'header version=' .. random.of { 0, 2, 255 }, 'header inverse=' .. random.of { 0, 1, 255 },
        'header type=' .. random.of(TYPES), 'header length=' .. random.of(LENGTHS) }
    return row
end

-- Pieces, repetitions and ends of the connection.
function kinds.transport(random, row)
    row.fault = random.of { 'split 1', 'split 64 pause=5', 'duplicate', 'duplicate 5', 'half-close', 'close', 'reset',
                            'close after', 'reset after', 'half-close after' }
    return row
end

-- The row says that form: 'PowerDeliveryReq(Stop)'.
local function say(row, form, protocol)
    local message, word = way.row(form)
    row.sends, row.fields = message, nil
    if message == 'PowerDeliveryReq' and word then
        row.fields = protocol == 'DIN70121' and { ReadyToChargeState = word == 'Start' }
            or { ChargeProgress = word }
    end
end

-- A message that is not due there.
function kinds.order(random, row, _, of)
    if of.sut == 'EVCC' then
        local due, name = row.answers
        repeat
            name = way.row(random.of(of.requests)):gsub('Req$', 'Res')
        until name ~= due
        row.answers = name
        return row
    end
    local due = {}
    for _, form in ipairs(of.state.due) do
        due[way.row(form)] = true
    end
    local form
    repeat
        form = random.of(of.requests)
    until not due[way.row(form)]
    say(row, form, of.state.protocol)
    row.code = 'FAILED_SequenceError'
    return row
end

-- Records of TLS: alerts in the session, and a ClientHello that is none.
function kinds.tls(random, row, _, of)
    if of.has_tls then
        row.fault = 'alert ' .. random.of { 'close_notify', 'bad_record_mac', 'internal_error', 'no_renegotiation',
                                            'user_canceled', '255' }
    else
        local body = random.bytes(random(300))
        local length = random.of { #body, #body + 1, 0, 0x4001, 0xFFFF }
        row.hello = hex.of(string.char(random.of { 20, 21, 22, 22, 22, 23, 0x80 }, 3, random.of { 0, 1, 3, 4 },
            length >> 8, length & 0xFF) .. '\1' .. body)
        row.sends = nil
    end
    return row
end

local ALL <const> = { 'field', 'fields', 'grammar', 'bits', 'bytes', 'v2gtp', 'transport', 'order', 'tls' }
inputs.kinds = ALL

-- What may be said of SDP and supportedAppProtocol; all else of every message.
local BEFORE <const> = { link = { 'field', 'bits', 'bytes', 'v2gtp', 'tls' },
                         connected = { 'field', 'fields', 'grammar', 'bits', 'bytes', 'v2gtp', 'transport' } }

local function both(list, wanted)
    local some = {}
    for _, kind in ipairs(list) do
        if not wanted or (' ' .. wanted .. ' '):find(' ' .. kind .. ' ', 1, true) then
            some[#some + 1] = kind
        end
    end
    return #some > 0 and some or list
end


-- Kind and row of a trial in that state. of: { sut =, kinds = (words; nil: all), has_tls =,
-- requests =, protocols = }
function inputs.choose(random, state, of)
    of.state = state
    local list = both(BEFORE[state.given] or ALL, of.kinds)
    for _ = 1, 20 do
        local kind, row = random.of(list), {}
        local form = random.of(state.due)
        local name
        if of.sut == 'EVCC' then
            row.answers, name = form, form
        else
            say(row, form, state.protocol)
            name = row.sends
        end
        local is_possible = kind ~= 'tls' or of.has_tls and state.given ~= 'link' or state.given == 'link'
        local m = message_of(state.protocol, name)
        local made = is_possible and m and kinds[kind](random, row, m, of)
        if made then
            return kind, made
        end
    end
    error(('nothing can be tried at %s of %s'):format(state.given, state.protocol), 0)
end

-- ---- less ----

local function with(row, fault)
    local one = {}
    for key, value in pairs(row) do
        one[key] = value
    end
    one.fault = fault
    return one
end

local less = {}

-- Each word alone, and all but each.
local function parts(row, verb, list, separator)
    local made = {}
    for i = 1, #list > 1 and #list or 0 do
        made[#made + 1] = with(row, verb .. ' ' .. list[i])
    end
    for i = 1, #list > 2 and #list or 0 do
        local rest = {}
        for j, word in ipairs(list) do
            rest[#rest + 1] = j ~= i and word or nil
        end
        made[#made + 1] = with(row, verb .. ' ' .. table.concat(rest, separator))
    end
    return made
end

local function words(text, pattern)
    local list = {}
    for word in text:gmatch(pattern) do
        list[#list + 1] = word
    end
    return list
end

function less.flip(row, rest)
    return parts(row, 'flip', words(rest, '%d+'), ',')
end

function less.set(row, rest)
    local list = words(rest, '%S+')
    local made = parts(row, 'set', list, ' ')
    if #list == 1 then -- half of a long value
        local path, value = rest:match '^(.-)=(.*)$'
        if #value > 8 then
            made[#made + 1] = with(row, ('set %s=%s'):format(path, value:sub(1, #value // 4 * 2)))
        end
    end
    return made
end

local function halves(row, verb, rest)
    local made, n = {}, #rest // 2
    for _, part in ipairs { n // 8, n // 2, n - 1 } do
        if part > 0 and part < n then
            made[#made + 1] = with(row, ('%s %s'):format(verb, rest:sub(1, part * 2)))
        end
    end
    return made
end

function less.raw(row, rest)
    return halves(row, 'raw', rest)
end

function less.append(row, rest)
    return halves(row, 'append', rest)
end

function less.duplicate(row, rest)
    return rest ~= '' and { with(row, 'duplicate') } or {}
end

-- Rows that do less than that one, the least first.
function inputs.smaller(row)
    local verb, rest = (row.fault or ''):match '^(%S+) ?(.*)$'
    return less[verb] and less[verb](row, rest) or {}
end

return inputs
