-- SPDX-License-Identifier: Apache-2.0
-- Rule mutants: our own device with one of its rules edited. As data, { rule =, text =, … }: a case
-- has those that are about what it expects (breach.of), and has to fail by each. An edit that
-- nothing has used proves nothing: the device answers with { happened = true } when it is.

local breach_line = require 'test.breach_line'
local common = require 'v2g.common'
local evcc = require 'v2g.evcc'
local secc = require 'v2g.secc'
local sequence = require 'v2g.sequence'
local steps = require 'v2g.steps'
local timers = require 'timers'

local breach = {}

-- ---- which ----

local SHORTER <const>, LONGER <const> = 0.3, 2
local STAYS <const> = 600000 -- ms

-- Times that end the same wait: one that is longer shows only where the other is, too.
local TOGETHER <const> = { V2G_SECC_FirstLoopReq_Timeout = 'V2G_SECC_Sequence_Timeout' }

-- Whether the codes that are expected refuse; nil: none is expected, or some do.
local function refuses(code)
    local codes = type(code) == 'table' and code.list or { code }
    local result
    for _, one in ipairs(codes) do
        if type(one) ~= 'string' then
            return nil
        end
        local is_bad = one:find '^FAILED' ~= nil or one:find '^WARNING' ~= nil
        if result ~= nil and result ~= is_bad then
            return nil
        end
        result = is_bad
    end
    return result
end

-- Whether the sequence tables have the request.
local function has_row(request)
    return request and request ~= 'supportedAppProtocolReq' and request ~= 'SECCDiscoveryReq'
end

-- Of a station: by the code of the response that is expected.
local function of_code(want)
    local code, m = want.code, { at = want.at, request = want.request, word = want.word }
    local bad = refuses(code)
    if bad == nil then
        return nil
    elseif not bad then
        m.rule, m.text = 'row closed', ('%s not allowed after %s'):format(m.word or m.request, m.at)
    elseif code == 'FAILED_SequenceError' then
        m.rule, m.text = 'row opened', ('%s allowed after %s'):format(m.word or m.request, m.at)
    elseif code == 'FAILED_UnknownSession' then
        m.rule, m.check = 'check left out', code
        m.text = ('no %s for %s'):format(code, m.request)
    else
        m.rule, m.text = 'input accepted', m.request .. ' accepted, whatever it holds'
    end
    return m
end

-- Of times that are measured: shorter, and so much longer that it is not within the limit.
local function of_times(list, want)
    for name in (want.after or ''):gmatch '%S+' do
        if not name:find '^par_' and not name:find '^PI[CX]' and #name > 1 then
            local longer = math.max(LONGER, math.ceil(want.limit / want.least) + 1)
            for _, by in ipairs { SHORTER, longer } do
                list[#list + 1] = { rule = 'time', name = name, by = by,
                                    text = ('%s x %g'):format(name, by) }
            end
        end
    end
end

-- Those of a case that has passed. wanted: what it has expected, in order: { kind = 'message', at =
-- (the row), request =, word = 'PowerDeliveryReq(Stop)', from =, code =, is_repeated = }, { kind =
-- 'end', after =, least =, limit =, answered = (of a vehicle) { code =, is_wrong =, from = } }.
function breach.of(wanted, sut)
    local list, last = {}, {}
    local function add(m, want)
        if m then
            m.from = m.from or want.from
            list[#list + 1] = m
        end
    end
    for _, want in ipairs(wanted) do
        local answered = want.answered
        if want.kind == 'end' and want.after then
            of_times(list, want)
        elseif want.kind == 'end' and sut == 'SECC' and refuses(last.code) then
            add({ rule = 'session goes on', text = 'goes on after FAILED' }, last)
        elseif want.kind == 'end' and answered and has_row(answered.request) then
            local leaves = answered.is_wrong or refuses(answered.code)
            add(leaves and { rule = 'response ignored', text = 'does the step again that it has to leave' }
                or { rule = 'stays', text = 'leaves the end to the other side' }, answered)
        elseif want.kind == 'message' and sut == 'SECC' and has_row(want.request) then
            add(of_code(want), want)
            if want.is_repeated then
                add({ rule = 'never over', step = steps.of(want.request),
                      text = want.request .. ' answered with Ongoing for ever' }, want)
            end
        end
        for _, m in ipairs(breach_line.of(want)) do
            add(m, want)
        end
        last = want.kind == 'message' and want or last
    end
    return list
end

-- ---- edits ----

local from -- when the rule is edited: the way to there is that of a good device

local function is_time()
    return Now() >= from
end

local function used()
    Answer { happened = true }
end

-- The table has these values from then on; to ask for one is to use it.
local function lay_under(t, values)
    local before = {}
    for key in pairs(values) do
        before[key], t[key] = t[key], nil
    end
    setmetatable(t, { __index = function(_, key)
        if values[key] == nil or not is_time() then
            return before[key]
        end
        used()
        return values[key]
    end })
end

local function scale(value, by)
    if type(value) == 'number' then
        return value * by
    end
    local scaled = {}
    for profile, ms in pairs(value) do
        scaled[profile] = ms * by
    end
    return scaled
end

-- A time by a factor, also where it is that of a message.
local function scale_time(name, c, by)
    local protocol, key = breach.timer(name, c.protocol)
    local scaled = {}
    for of, value in pairs(timers[protocol]) do
        if of == key or of:find('^' .. key .. '_[%w_]+Re[qs]$') then
            scaled[of] = scale(value, by)
        end
    end
    return timers[protocol], scaled
end

-- Parameters of either side; of: of a table among them.
local function lay_under_parameters(values, of)
    local new = common.new
    common.new = function(...)
        local at = new(...)
        lay_under(of and at.p[of] or at.p, values)
        at.is_shared, at.is_quiet = false, false -- they change with the time
        return at
    end
end

-- What answers that request; without one that errs: what was let in may lack what it stands on.
local function edit_answer(c, request, change)
    local answers = require(secc.files[c.protocol]).answers
    local answer = answers[request]
    answers[request] = function(...)
        if not is_time() then
            return answer(...)
        end
        local good, code, word = pcall(answer, ...)
        return change(good and code or nil), good and word or nil
    end
end

-- The row of that message, in each of its forms: whether a request is in it, by what was in it.
local function edit_row(m, c, change)
    local allowed = sequence.allowed
    local has_words = require(secc.files[c.protocol]).case[m.request] ~= nil
    local function edited(set)
        return setmetatable({}, { __index = function(_, request)
            local is_it = request == m.request and not has_words or request == m.word
                or not m.word and request:find(m.request .. '(', 1, true) == 1
            if is_it and is_time() then
                return change(set[request])
            end
            return set[request]
        end })
    end
    sequence.allowed = function(...)
        local sets = allowed(...)
        for row, set in pairs(sets) do
            sets[row] = row:match '^[%w_]+' == m.at and edited(set) or set
        end
        return sets
    end
end

local function edit_check(name, request)
    for of, refuse in pairs(secc.refuse) do
        secc.refuse[of] = function(s, r)
            local code = refuse(s, r)
            if code and is_time() and r.name == request and (not name or code == name) then
                used()
                return nil
            end
            return code
        end
    end
end

local edits = {}

edits['row opened'] = function(m, c)
    edit_answer(c, m.request, function() return nil end)
    edit_row(m, c, function(was)
        if not was then
            used()
        end
        return true
    end)
end

edits['row closed'] = function(m, c)
    edit_row(m, c, function(was)
        if was then
            used()
        end
        return nil
    end)
end

edits['check left out'] = function(m, c)
    edit_check(m.check, m.request)
    edit_answer(c, m.request, function(code)
        if code == m.check then -- of what its body says
            used()
            return nil
        end
        return code
    end)
end

edits['input accepted'] = function(m, c)
    edit_check(nil, m.request)
    edit_answer(c, m.request, function(code)
        if not refuses(code) then
            return code
        end
        used()
        return nil
    end)
end

edits['session goes on'] = function(_, c)
    lay_under_parameters { keep_on_failed = true }
    local protocol, longer = scale_time('V2G_SECC_Sequence_Timeout', c, 100) -- nor by its time
    for name, value in pairs(longer) do
        protocol[name] = value
    end
end

edits.stays = function(_, c)
    local role = c.sut == 'SECC' and Secc or Evcc
    local disconnect = role.Disconnect
    role.Disconnect = function(...)
        if is_time() then
            used()
            Sleep(STAYS)
        end
        return disconnect(...)
    end
end

edits['never over'] = function(m)
    lay_under_parameters({ [m.step] = { ms = 1e9 } }, 'ongoing')
end

-- The vehicle that a response drives out of a step does that step again.
edits['response ignored'] = function(_, c)
    local does = require(evcc.files[c.protocol])
    local has_happened = false
    for step, act in pairs(does) do
        does[step] = function(ev, ...)
            local result = table.pack(pcall(act, ev, ...))
            if result[1] then
                return table.unpack(result, 2, result.n)
            elseif has_happened or not is_time() then
                error(result[2], 0)
            end
            has_happened = true
            used()
            return act(ev, ...)
        end
    end
end

edits.time = function(m, c)
    for _, name in ipairs { m.name, TOGETHER[m.name] } do
        lay_under(scale_time(name, c, m.by))
    end
end

-- The table and the key of a time that a case names: that of its message, if there is one.
function breach.timer(name, protocol)
    local base, message = name:match '^(V2G_%u+_Msg_Timeout)_([%w_]+)$'
    if name:find '^T[TP]?_' or name:find '^C_' then
        return 'SLAC', name
    end
    protocol = (message or name):find 'supportedAppProtocol' and 'AppProtocol' or protocol
    return protocol, timers[protocol][name] and name or base or name
end

-- Edits the device that this script is about to play.
function breach.make(m, c)
    from = m.from or 0
    local on_line = breach_line.edits[m.rule]
    if on_line then
        on_line(m, { is_time = is_time, used = used, lay_under = lay_under,
                     role = c.sut == 'SECC' and Secc or Evcc })
    else
        edits[m.rule](m, c)
    end
end

return breach
