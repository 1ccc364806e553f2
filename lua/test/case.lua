-- SPDX-License-Identifier: Apache-2.0
-- What a case says and expects: the `it` of its function. Every expectation leaves a step: what was
-- looked for and what was found. The first that fails ends the case.
--
--   it:sends(name, fields)       a good request, with these fields (by path) laid over it; or a
--                                message that the case has made, with it:message(name, fields)
--   it:answers(fields, name)     likewise the request that has come, with `name` in place of what
--                                is due
--   it:expects(name, fields)     waits as long as the standard lets this message take
--   it:expects_any({ form, … }, more)   one of several: { name, fields }, 'end' or 'nothing'
--   it:expects_end{ after =, within =, meanwhile =, since = }   the connection ends; since =
--                                'link': its times run from when the link came up
--     meanwhile, as of it:expects and it:expects_any: rows ('PowerDeliveryReq(Stop)') that a
--     vehicle may come by first; they are answered as they should be
--   it:keeps_answering(name, { fields =, each =, finds =, lasts = | ends = | next = |
--                              after =, within = })
--                                the request that has come, and each like it: for so long, until
--                                one has the fields `ends`, until one of the forms `next` comes, or
--                                until the vehicle gives up
--   it:tells(what, found)        what no rule judges: a step that is ok
--   it:expects_nothing(time)     nothing comes, and the connection stays
--   it:repeats(name, { fields =, meanwhile =, ends =, response =, within = })   the request, until
--                                its response has the fields `ends`; then also those of `response`
--   it:checks(check)             { text =, find = function(m, it) … end, negations = }: of the
--                                message that came last; what find gives back is what is wrong
--   it:goes_to(given)            on, as it should be, to another row of the sequence
--   it:starts_again(given, more)   another session, to that row, of a tester with more parameters
--   it:needs(has, what, instead)   inconclusive where the device has not what the case needs
--   it:comes_as(identity)        after a pause: connects once more, with that vehicle certificate
--   it:paused()                  the SessionID of the session that was paused before, or nil
--   it:sends_bytes, it:discovers, it:tries, it:waits, …   below messages: transport.lua
--   it:last(name)                the message of that name that has come last
--   it:first(name)               the first one of a vehicle, { m =, at = }
--   it:found(path)               a value of the message that has come last
--
-- Times are sums of names of lua/timers.lua:
-- 'V2G_SECC_Sequence_Timeout - par_CMN_Transmission_Delay'; milliseconds where a row has them, as
-- those of a schedule.

local expect = require 'v2g.expect'
local field = require 'test.field'
local on_line = require 'test.line'
local mutant = require 'test.mutant'
local spelling = require 'test.spelling'
local timers = require 'timers'
local transport = require 'test.transport'
local way = require 'test.way'

local case = {}
case.__index = case
for _, verbs in ipairs { transport, on_line } do
    for name, verb in pairs(verbs) do
        case[name] = verb
    end
end

-- The end of a case: raised through its function.
local over = setmetatable({}, { __tostring = function() return 'the case is over' end })
case.over = over

-- c: the case (suite.lua). tester: vehicle.lua or station.lua. mutation: of mutant.lua, or nil.
function case.new(c, tester, mutation)
    return setmetatable({ c = c, tester = tester, role = tester.role, steps = {}, seen = {},
                          wanted = {}, asked = {}, mutation = mutation, n = 0, began = Now() }, case)
end

-- ---- times ----

local OF_MESSAGES <const> = { 'Msg_Timeout', 'Sequence_Timeout', 'Sequence_Performance_Time' }

-- Protocol, name and message of a timing parameter: those of one message have its name behind them.
local function parts_of(self, name)
    if name:find '^par_' or name:find '^PI[CX]' then
        return 'Tester', name
    elseif name:find '^T[TP]?_' or name:find '^C_' then
        return 'SLAC', name
    elseif name:find 'SECCDiscovery' then
        return 'SDP', name:match '^(.*)_(%w+)$'
    end
    local base, message
    for _, kind in ipairs(OF_MESSAGES) do
        base, message = name:match('^(V2G_%u+_' .. kind .. ')_([%w_]+)$')
        if base then
            break
        end
    end
    local is_first = (message or name):find 'supportedAppProtocol'
    return is_first and 'AppProtocol' or self.tester.protocol or self.c.protocol, base or name, message
end

local function strict_time(self, name)
    local protocol, base, message = parts_of(self, name)
    return Timer(protocol, base, message)
        or error(('%s: there is no such time in %s'):format(name, protocol), 0)
end

-- What devices in use need or grant of it.
local function field_time(self, name)
    local protocol, base, message = parts_of(self, name)
    local list = timers[protocol]
    local value = list[message and base .. '_' .. message or base]
    return type(value) == 'table' and value.field or strict_time(self, name)
end

local function sum(self, text, time)
    if type(text) == 'number' then
        return text
    end
    local total, sign = 0, 1
    for word in text:gmatch '%S+' do
        if word == '-' or word == '+' then
            sign = word == '-' and -1 or 1
        else
            total = total + sign * time(self, word)
        end
    end
    return total
end

-- Milliseconds of a sum of names.
function case:time(text)
    return sum(self, text, strict_time)
end

-- ---- steps ----

-- Where the file of a case calls what is running; where none of its lines does, as under
-- `then_ = behaviour.refuses`: where its block is.
local function where(c)
    for level = 4, 20 do -- below: the function, pcall, this one
        local _, at = pcall(function() error('', level) end)
        local name, line = at:match '^%.*(.*):(%d+): $' -- Lua cuts long names at their left
        if name and name ~= '' and c.file:sub(-#name) == name then
            return c.file .. ':' .. line
        end
    end
    return c.line and ('%s:%d'):format(c.file, c.line) or c.file
end

-- what: { kind =, expected =, found =, ok =, path =, taken =, limit =, tolerated =, negations = },
-- as docs/results.md tells. Raises where it is not ok. On the way to where the case begins that is
-- inconclusive. tolerated: why a device that does so charges in the field all the same. What no
-- text obliges a device to (`advice` of the case) fails in the field alone; for a mutant it is as
-- any other.
function case:step(what)
    what.verdict = what.ok and 'pass' or self.arriving and 'inconclusive' or 'fail'
    local lived_with = what.verdict == 'fail'
        and (what.tolerated or self.c.field or field.why(self.c, what)) or nil
    what.field, what.tolerated = lived_with and 'pass' or what.verdict, lived_with
    if what.verdict == 'fail' and self.c.advice and not self.is_mutant then
        what.verdict, what.field, what.advice = 'pass', 'fail', self.c.advice
    end
    what.cites, what.n = what.cites or self.citing or self.c.cites, what.n or self.n
    what.us, what.where = math.floor(Now() * 1000), where(self.c)
    what.frame = what.frame or self.frame
    self.steps[#self.steps + 1] = what
    if not what.ok then
        error(over, 0)
    end
    return what
end

-- What was expected, for the rules of the device that it is about (breach.of).
function case:wants(want)
    self.wanted[#self.wanted + 1] = want
end

function case:wants_response(name, code, is_repeated)
    local asked = self.asked[name:gsub('Res$', 'Req')] or self.request and self.asked[self.request:name()]
    local want = { kind = 'message', code = code, is_repeated = is_repeated }
    for key, value in pairs(asked or {}) do
        want[key] = value
    end
    self:wants(want)
end

-- ---- what comes ----

-- What a mutation makes of what has come; one that stays does so from then on.
function case:mutated(came, ms, expected)
    if self.mutation and (self.mutation.step == self.n or self.mutation.stays) then
        mutant.negate(self, came, ms, expected)
    end
    return came
end

-- Whether a message that came is one of the protocol and set that were agreed: elements of other
-- names, and messages of that name of another set (another payload type), can be decoded, too.
local function is_agreed(role, m, name)
    local is_name, of_name = pcall(role.Received, name)
    return is_name and of_name ~= nil and of_name:frame() == m:frame()
end

-- Whatever comes next, within ms: { name =, m =, at = }, { closed = how, at = } or { at = }
-- (nothing); what a mutation makes of it.
function case:take(ms, expected)
    self.n = self.n + 1
    local early = self.tester.await and self.tester:await(math.max(0, ms))
    if early then -- before there is a connection
        return self:mutated(early, ms, expected)
    end
    local name, why, detail
    if self.tester.is_deaf then -- nothing is open yet that something could come by
        why = Sleep(math.max(0, ms)) or 'timeout'
    else
        name, why, detail = self.role.Receive_Any_001(math.max(0, ms))
    end
    local came = { at = Now(), name = name ~= '' and name or nil }
    if name == '' then
        came.name = 'a frame that cannot be decoded'
    elseif name then
        came.m = self.role.Received()
        self.frame = came.m:frame() or self.frame
        if not is_agreed(self.role, came.m, name) then
            came.name = ('%s, which is no message of what was agreed'):format(name)
        end
    elseif why ~= 'timeout' then
        came.closed = detail ~= '' and detail or why
        if self.noted then
            self.noted.ended = came.at
        end
    end
    return self:mutated(came, ms, expected)
end

function case.found_text(came)
    return came.name or came.closed and 'the end of the connection' or 'nothing'
end

-- What holds in every case of a message.
local function always(self, m, wrong)
    local wanted = self.c.session or 'running'
    if wanted ~= 'running' or not self.tester.id or self.arriving then
        return
    end
    local good, id = pcall(function() return m.Header.SessionID end)
    if good and id ~= self.tester.id then
        wrong[#wrong + 1] = { path = 'Header.SessionID', expected = self.tester.id, found = id }
    end
end

-- ---- what cases say ----

local function lay_over(m, fields)
    for path, value in pairs(fields or {}) do
        if value == expect.absent then
            value = nil
        end
        m:set(path, value)
    end
    return m
end

-- A good request with these fields laid over it, not sent; and the identity that has to sign it, or
-- nil.
function case:message(name, fields)
    local m, signer = self.tester:message(name, fields or {})
    return lay_over(m, fields), signer
end

-- Whether a response refuses: its code begins with FAILED.
local function is_refusal(m)
    local good, code = pcall(function() return m.ResponseCode end)
    return good and tostring(code):upper():find '^FAILED' ~= nil
end

function case:sends(name, fields, fault)
    local m, signer = name, nil
    if name == 'SECCDiscoveryReq' then
        self:needs(not self.role.Address, 'a device that is found by SDP', 'its address was given')
    end
    if name == nil then
        error("it:sends: expected a message, or the name of one, found nothing (does the row say 'sends'?)", 0)
    elseif type(name) == 'string' then
        m, signer = self:message(name, fields)
    end
    if signer then
        m:sign(signer)
    end
    if self.driving and self.tester.by == 'EVCC' then
        self.driving:before(self, m:name())
    end
    self.request = m
    self:sets_fault(m:name(), fault)
    self.asked[m:name()] = { request = m:name(), at = self.pending or self.at, word = way.form(m),
                             from = Now() }
    self.pending = m:name():gsub('Req$', 'Res')
    if self.tester.says then
        self.tester:says(m)
    else
        m:send()
    end
    self.frame = m:frame() or self.frame
    self.tester.asked, self.tester.is_deaf, self.from = m:name(), false, Now()
end

-- What the tester had to refuse of a vehicle, where the case wants a good answer: what it was to
-- see cannot be seen then.
local function insist_on_good(self, fields, name)
    local m = self.tester.answered
    if m and not name and not (fields and fields.ResponseCode) and is_refusal(m) then
        self:needs(false, 'a request that can be answered with OK', self.tester.refused
            or ('%s with %s'):format(m:name(), m.ResponseCode))
    end
end

function case:answers(fields, name, fault)
    local answer, from = name or self.tester.asked:gsub('Req$', 'Res'), Now()
    self:sets_fault(answer, fault)
    self.tester.answered = nil
    self.tester:answer(function(m)
        if not name and not fields then
            return m
        elseif name then
            local id = way.element(m, 'Header') and m.Header.SessionID
            m = self.role.Message(name)
            m.Header.SessionID = id or m.Header.SessionID
        end
        return lay_over(m, fields)
    end)
    if self.tester.asked ~= 'SECCDiscoveryReq' then -- that is answered from the next one on
        self.from = Now()
    end
    local has_id = fields ~= nil and fields['Header.SessionID'] ~= nil
    self.answered = { from = from, request = self.tester.asked, is_wrong = name ~= nil or has_id,
                      code = fields and fields.ResponseCode or 'OK' }
    insist_on_good(self, fields, name)
end

function case:found(path)
    return self.m:get(path)
end

-- The message of that name that came last.
function case:last(name)
    return self.role.Received(name)
end

-- The SessionID of the session that was paused before; nil: there was none.
function case:paused()
    return self.tester.paused
end

-- What a case needs of the device, found on the way: what it lacks makes it inconclusive.
function case:needs(has, what, instead)
    self.arriving = true
    self:step { kind = 'given', expected = what, found = has and what or instead, ok = has }
    self.arriving = false
end

function case:first(name)
    return self.tester.first[name]
end

-- Another session, to the row that the case begins with; more: parameters of the tester.
function case:starts_again(given, more)
    self.tester:leave(more)
    self:goes_to(given)
end

-- After a pause: another vehicle comes with the session, by its certificate.
function case:comes_as(identity)
    self.tester:go_away(identity)
    self:goes_to 'supportedAppProtocolRes'
end

-- On, as the ready-made side does it.
function case:goes_to(given)
    self.arriving = true
    local between = self.tester:reach(given)
    self:step { kind = 'given', expected = given, found = between or given, ok = not between }
    self.arriving, self.from, self.at = false, Now(), way.last(given)
end

-- ---- what cases expect ----

local function merged(list)
    local all = {}
    for _, fields in ipairs(list) do
        for path, value in pairs(fields) do
            all[path] = value
        end
    end
    return all
end

-- That a message took longer than it may, as case:differs tells what is wrong; nil: it did not.
local function too_late(name, taken, limit)
    return taken > limit and { path = name .. ': time', expected = ('%s within %d ms'):format(name, limit),
                               found = ('%d ms'):format(math.floor(taken)) } or nil
end

local function end_text(what, after, limit)
    return ('the end of the %s after %d to %d ms'):format(what, after, limit)
end

-- Why such a message is not the one that is expected: the first difference; nil: it is.
function case:differs(came, name, fields)
    if came.name ~= name or not came.m then
        return { expected = name, found = case.found_text(came) }
    end
    local wrong = expect.compare(came.m, fields or {}, self.seen)
    always(self, came.m, wrong)
    local first = wrong[1]
    return first and { path = name .. '.' .. first.path, found = first.found,
                       expected = ('%s.%s = %s'):format(name, first.path, first.expected) }
end

-- Whether what came is one of the rows that a vehicle may come by in between: it is answered then.
local function is_between(self, came, rows)
    for _, row in ipairs(came.m and rows or {}) do
        local name, word = way.row(row)
        if came.name == name and (not word or way.says(came.m, word)) then
            self.tester.asked = name
            self.tester:answer()
            self.from = Now()
            return true
        end
    end
    return false
end

-- more: { within = another time, checks = what is then asked of it, meanwhile = }
function case:expects(name, fields, more)
    local patience, limit, from, came
    repeat
        patience = more and more.within or self.tester:patience()
        limit, from = self:time(patience), self.from or Now()
        came = self:take(from + sum(self, patience, field_time) - Now(),
            { kind = 'message', limit = limit, fields = fields })
    until not is_between(self, came, more and more.meanwhile)
    local taken = came.at - from
    local wrong, late = self:differs(came, name, fields), too_late(name, taken, limit)
    local what = wrong or late or {}
    what.ok = not what.expected
    what.tolerated = not wrong and late and taken <= sum(self, patience, field_time)
        and 'devices in use take so long' or nil
    what.kind, what.taken, what.limit, what.timer = 'message', taken, limit, patience
    what.expected, what.found = what.expected or name, what.found or name
    what.negations = mutant.with(mutant.of('message', fields, self.c.session), more and more.checks)
    self:wants_response(name, fields and fields.ResponseCode)
    self.from, self.m, self.at, self.pending = came.at, came.m, came.name, nil
    self.tester.asked = self.tester.by == 'SECC' and name or self.tester.asked
    self:step(what)
    for _, check in ipairs(more and more.checks or {}) do
        self:checks(check)
    end
    return came.m
end

-- Whether what came is of that form.
local function is_form(self, came, form)
    if form == 'end' then
        return came.closed ~= nil
    elseif form == 'refusal' then
        came.refuses = came.m ~= nil and is_refusal(came.m)
        return came.refuses
    elseif form == 'nothing' then
        return not came.closed and not came.name
    end
    return self:differs(came, form[1], form[2]) == nil
end

local function form_text(form)
    if type(form) == 'string' then
        return form == 'end' and 'the end of the connection' or form == 'refusal'
            and 'a response with FAILED' or form
    end
    local code = form[2] and form[2].ResponseCode
    return code and ('%s with %s'):format(form[1], code) or form[1]
end

function case:is_one_of(came, forms)
    for _, form in ipairs(forms) do
        if is_form(self, came, form) then
            return true
        end
    end
    return false
end

function case.forms_text(forms)
    local texts = {}
    for i, form in ipairs(forms) do
        texts[i] = form_text(form)
    end
    return table.concat(texts, ', or ')
end

-- more: { within = another time, meanwhile = }
function case:expects_any(forms, more)
    local limit, from, came
    repeat
        limit = self:time(more and more.within or self.tester:patience())
        from = self.from or Now()
        came = self:take(from + limit - Now(), { kind = 'any', limit = limit })
    until not is_between(self, came, more and more.meanwhile)
    self.from, self.m = came.at, came.m
    self.tester.asked = self.tester.by == 'SECC' and came.name or self.tester.asked
    local ok = self:is_one_of(came, forms)
    self:step { kind = 'any', expected = case.forms_text(forms), found = case.found_text(came),
                ok = ok, taken = came.at - from, limit = limit, negations = mutant.of('any', came) }
    return came
end

-- So much later is it seen: a station of ISO 15118 leaves it to the vehicle to close the connection
-- first [V2G2-025], for 5 s, and only then closes it [V2G20-1643].
local function seen_later(self, after)
    local delay = self:time 'par_CMN_Transmission_Delay'
    local protocol = self.tester.protocol or self.c.protocol
    local keeps = self.tester.by == 'EVCC' and protocol ~= 'DIN70121'
    return keeps and (after > 0 and 2 or 1) * delay or 0, delay
end

function case:expects_end(times)
    local after = times.after and self:time(times.after) or 0
    local later, delay = seen_later(self, after)
    local limit = after + self:time(times.within) + later
    local from, came, taken
    repeat
        from = times.since == 'link' and self.began or self.from or Now()
        came = self:take(from + limit - Now(), { kind = 'end', after = after, limit = limit })
        taken = came.at - from
    until not is_between(self, came, times.meanwhile)
    local expected = after > 0 and end_text('connection', after, limit)
        or ('the end of the connection within %d ms'):format(limit)
    self:wants { kind = 'end', after = times.after, least = after, limit = limit, answered = self.answered }
    self:step { kind = 'end', expected = expected, taken = taken, limit = limit, timer = times.after,
                ok = came.closed ~= nil and taken >= after - mutant.JITTER and taken <= limit,
                tolerated = came.closed and taken < after and taken >= after - delay
                    and 'its time runs from before its message goes out' or nil,
                found = came.closed and ('it ended after %d ms'):format(math.floor(taken))
                    or came.name or 'it is still open', negations = mutant.of('end', times) }
end

function case:expects_nothing(time)
    local limit = self:time(time)
    local came = self:take(limit, { kind = 'nothing', limit = limit })
    self:step { kind = 'nothing', expected = 'nothing', ok = not came.name and not came.closed,
                found = case.found_text(came), limit = limit, negations = mutant.of 'nothing' }
end

-- The same request again and again, until the connection ends: times as of expects_end, from the
-- first on.
function case:repeats_until_end(name, times)
    local after = times.after and self:time(times.after) or 0
    local limit, from = after + self:time(times.within), Now()
    local came
    repeat
        self:sends(name, times.fields)
        local next_one = Now() + (times.pause or 50)
        repeat
            came = self:take(next_one - Now(), { kind = 'end', after = after, limit = limit })
        until came.closed or Now() >= next_one
    until came.closed or Now() - from > limit or self.role.State() ~= 'ready'
    local taken = Now() - from
    self:step { kind = 'end', expected = end_text('connection', after, limit), taken = taken, limit = limit,
                ok = came.closed ~= nil and taken >= after - mutant.JITTER,
                found = came.closed and ('it ended after %d ms'):format(math.floor(taken))
                    or 'it is still open', negations = { 'open' } }
end

-- Whatever comes is told.
function case:reports()
    local limit = self:time(self.tester:patience())
    local came = self:take(limit, { kind = 'report', limit = limit })
    local good, code = pcall(function() return tostring(came.m.ResponseCode) end)
    self:step { kind = 'report', expected = 'what it does', ok = true, taken = came.at - self.from,
                found = good and ('%s with %s'):format(came.name, code) or case.found_text(came) }
end

function case:checks(check)
    local problem = check.find(self.m, self)
    self:step { kind = 'check', expected = check.text, found = problem or check.text, ok = not problem }
end

-- One request of those that are repeated, and its response: whether it has the fields `ends`, and
-- what is wrong with it.
local function once(self, name, response, how)
    self:sends(name, how.fields)
    local limit = self:time(self.tester:patience())
    local came = self:take(limit, { kind = 'message', limit = limit, fields = how.fields_of_last })
    local wrong = self:differs(came, response, how.meanwhile)
        or too_late(response, came.at - self.from, limit)
    self.m = came.m
    local is_last = not wrong and #expect.compare(came.m, how.ends, self.seen) == 0
    if is_last and how.response then
        wrong = self:differs(came, response, how.response)
    end
    return is_last, wrong
end

function case:repeats(name, how)
    how.meanwhile = how.meanwhile or { ResponseCode = 'OK' }
    how.fields_of_last = merged { how.meanwhile, how.response or {} }
    local limit, from, response = self:time(how.within), Now(), (name:gsub('Req$', 'Res'))
    local first
    local is_last, wrong
    repeat
        is_last, wrong = once(self, name, response, how)
        first = first or self.asked[name]
        if not (is_last or wrong) then
            wrong = Now() - from > limit and { expected = ('the last %s within %d ms'):format(response,
                limit), found = ('none after %d ms'):format(math.floor(Now() - from)) } or nil
            Sleep(how.pause or 50)
        end
    until is_last or wrong
    self.from = Now()
    self.asked[name], self.at, self.pending = first, response, nil
    self:wants_response(response, how.ends.ResponseCode or how.fields_of_last.ResponseCode,
        how.ends.EVSEProcessing == 'Finished')
    local negations = mutant.of('message', how.fields_of_last, self.c.session)
    self:step { kind = 'message', ok = not wrong, path = wrong and wrong.path, limit = limit,
                expected = wrong and wrong.expected or response, timer = how.within,
                found = wrong and wrong.found or response, taken = Now() - from,
                negations = mutant.with(negations, how.checks) }
    for _, check in ipairs(how.checks or {}) do
        self:checks(check)
    end
    return self.m
end

function case:tells(what, text)
    self:step { kind = 'report', expected = what, found = text, ok = true }
end

-- ---- what comes again and again from a vehicle ----

-- One more answer, and what comes then: that, and what is wrong with it where it is the request.
local function answer_once(self, name, how, expected)
    self:answers(how.fields)
    local limit = self:time(self.tester:patience())
    local came = self:take(expected.after and expected.from + expected.limit - Now() or limit,
        expected.after and expected or { limit = limit, fields = expected.fields })
    self.m = came.m
    if came.name ~= name and not (how.lasts or how.ends) then
        return came
    end
    local wrong = self:differs(came, name, how.each)
    local problem = not wrong and how.finds and how.finds(came.m, self)
    if problem then
        wrong = { path = name, expected = how.text, found = problem }
    end
    return came, wrong or too_late(name, came.at - self.from, limit), self.n
end

-- The vehicle has given up, after its time and not before: it says SessionStopReq first, or closes.
local function expects_giving_up(self, came, how, expected)
    local taken = came.at - expected.from
    local stops = came.name == 'SessionStopReq' and came.m
    local ok = (came.closed or stops) and taken >= expected.after and taken <= expected.limit
    self:step { kind = 'end', ok = ok and true or false, taken = taken, limit = expected.limit,
                timer = how.after, negations = { 'early', 'late', 'other' },
                expected = end_text('session', expected.after, expected.limit),
                found = ('%s after %d ms'):format(case.found_text(came), math.floor(taken)) }
    self:wants { kind = 'end', after = how.after, least = expected.after, limit = expected.limit }
    if stops then
        self.tester.asked = 'SessionStopReq'
        self:answers()
        self.answered = nil
        self:expects_end { within = how.within }
    end
end

local function expects_next(self, came, forms)
    local ok = self:is_one_of(came, forms)
    local only = #forms == 1 and forms[1]
    local wrong = not ok and type(only) == 'table' and self:differs(came, only[1], only[2]) or {}
    self:step { kind = 'message', ok = ok, path = wrong.path, found = wrong.found or case.found_text(came),
                expected = wrong.expected or case.forms_text(forms),
                negations = only and mutant.of('value', only[2], self.c.session) or { 'other' } }
    self.tester.asked = came.name or self.tester.asked
end

function case:keeps_answering(name, how)
    local after, within = how.after and self:time(how.after) or nil, how.within and self:time(how.within)
    local expected = { from = self.from, after = after, limit = how.lasts and self:time(how.lasts)
        or within and (after or 0) + within or math.huge }
    -- what can be negated
    expected.fields = merged { how.each or {}, how.ends or {}, how.next and how.next[1][2] or {} }
    local came, wrong, n, seen
    repeat
        came, wrong, n = answer_once(self, name, how, expected)
        seen, self.from = n or seen, came.at
        local is_last = how.ends and not wrong and #expect.compare(came.m, how.ends, self.seen) == 0
    until wrong or is_last or came.name ~= name or came.at - expected.from >= expected.limit
    if seen and (how.each or how.finds or wrong) or how.lasts or how.ends then
        self:step { kind = 'message', ok = not wrong, path = wrong and wrong.path, n = seen,
                    expected = wrong and wrong.expected or name, found = wrong and wrong.found or name,
                    negations = mutant.with(mutant.of('value', how.ends or how.each, self.c.session),
                                            { how }) }
    end
    if how.after then
        expects_giving_up(self, came, how, expected)
    elseif how.next then
        expects_next(self, came, how.next)
    end
end

spelling.guard(case)

return case
