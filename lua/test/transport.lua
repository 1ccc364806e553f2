-- SPDX-License-Identifier: Apache-2.0
-- What cases say of what lies below and around messages; laid over `it` of case.lua.
--
--   it:sends(name, fields, fault)   likewise it:answers(fields, name, fault): with that fault on
--                                   its way (docs/faults.md): 'split 1', or a function; or a
--                                   header, { version =, inverse =, type =, length = }
--   it:sends_bytes(bytes)           any bytes
--   it:discovers(fields, wanted, security)   SECCDiscoveryReq, up to five times, until the answer
--                                   has come; inconclusive where its Security is another one
--   it:hears{ times =, within = }   SECCDiscoveryReq again and again, as far apart as is allowed,
--                                   and not more often: so many times, or until that time is over;
--                                   no connection meanwhile
--   it:connects{ tls =, cert =, has = }      TLS with these settings, as Connect takes them, is
--                                   established, and has that: version, suite, group, request
--                                   (CertificateRequest), chain, ocsp, problem, response (of OCSP),
--                                   pair (group and signature scheme of the station), extensions
--                                   (of its answer); roots = a function that gives them
--   it:hears_hello(has)             ClientHello of a vehicle comes, and has that: status (an OCSP
--                                   response is asked for), trusted_ca_keys,
--                                   certificate_authorities, extensions
--   it:is_refused{ tls =, cert =, has = }    it is not, or ends before anything is answered
--   it:looks_at(name, check)        as it:checks does, a message that came on the way
--   it:connects_besides(n)          so many further connections, which stay open
--   it:tries(list, forms, within, pause)   one after another, { name, fields, fault }: to each one
--                                   of the forms of expects_any; where the session is over,
--                                   another one
--   it:plugs()                      the link comes up, which `link` of a case begins with
--   it:fails_to_connect(time)       nobody takes a connection there any more
--   it:waits(time)                  until so long after the link came up, with nothing to be heard
--   it:lives(is_control)            a short good session, which `liveness` of a case wants before
--                                   it (inconclusive) and after it

local expect = require 'v2g.expect'
local mutant = require 'test.mutant'

local transport = {}

local CLOSES <const> = 'par_CMN_TCP_Connection_Termination_Timeout'
local ASKS_MOST <const> = 5 -- a datagram may be lost

-- ---- faults ----

-- The text of a fault for a header: { version =, inverse =, type =, length = }.
local function header(fields)
    local words = {}
    for key, value in pairs(fields) do
        words[#words + 1] = ('%s=%s'):format(key, value)
    end
    table.sort(words)
    return 'header ' .. table.concat(words, ' ')
end

-- What was meant to go wrong has to have gone wrong.
function transport:proves_fault()
    local fault = self.fault
    self.fault = nil
    if fault and fault.filter:happened() == 0 then
        error(('%s: %s never happened'):format(fault.name, tostring(fault.text)), 0)
    elseif fault then
        fault.filter:remove()
    end
end

-- The fault on the way of the next message of that name (of all answers of SDP); nil: none.
function transport:sets_fault(name, text)
    if text then
        self:proves_fault()
        text = type(text) == 'table' and header(text) or text
        self.fault = { name = name, text = text, filter = self.role.Filter {
            on = name, occurrence = name == 'SECCDiscoveryRes' and '1+' or 1, direction = 'out',
            fault = text } }
    end
end

function transport:sends_bytes(bytes)
    self.role.Send_Raw(bytes)
    self.from = Now()
end

-- ---- SDP ----

-- A request, up to so many times, until its answer comes, each time for so long.
function transport:asks(request, fields, answer, wanted, how)
    local limit = self:time(how.within)
    local came
    self.n = self.n + 1
    local step = self.n
    for _ = 1, how.times do
        self.n = step - 1 -- one step, however often it is asked
        self:sends(request, fields)
        came = self:take(limit, { kind = 'message', limit = limit, fields = wanted })
        if came.name then
            break
        end
    end
    local what = self:differs(came, answer, wanted)
    local is_late = not what and came.at - self.from > limit
    self.m, self.from = came.m, came.at
    self:step { kind = 'message', ok = not what and not is_late, path = what and what.path,
                expected = what and what.expected or answer, limit = limit,
                found = what and what.found or is_late and 'it came later' or answer,
                timer = how.within, negations = mutant.of('message', wanted, 'any') }
end

function transport:discovers(fields, wanted, security)
    self:asks('SECCDiscoveryReq', fields, 'SECCDiscoveryRes', wanted,
        { times = ASKS_MOST, within = 'par_EVCC_SDP_Timeout' })
    local given = self.m:get 'Security'
    local text <const> = 'an answer with Security 0x%02X'
    self:needs(not security or given == security, text:format(security or given), text:format(given))
end

local ASKS_WITHIN <const>, ASKS_AT_MOST <const> = 'V2G_EVCC_Msg_Timeout_SECCDiscoveryReq', 50

-- What is wrong with the next thing that came, where only SECCDiscoveryReq should; whether it is
-- over.
local function wrong_request(self, came, known)
    if came.name ~= 'SECCDiscoveryReq' then
        return came.name or came.closed and self.found_text(came) or nil, true
    elseif known.last and came.at - known.last < known.least - mutant.JITTER then
        return ('the next one after %d ms'):format(math.floor(came.at - known.last))
    end
    known.count, known.last = known.count + 1, came.at
    return known.count > ASKS_AT_MOST and ('%d of them'):format(known.count) or nil
end

function transport:hears(what)
    local known = { kind = 'nothing', count = 1, least = self:time(ASKS_WITHIN),
                    name = 'SECCDiscoveryReq' }
    local limit, step, from = self:time(what.within), self.n + 1, self.from
    local problem, is_over
    repeat
        self.n = step - 1 -- one step, however many there are
        known.last = known.last or from
        local came = self:take(from + limit - Now(), known)
        problem, is_over = wrong_request(self, came, known)
    until problem or is_over or known.count == what.times
    problem = problem or what.times and known.count < what.times and ('%d of them'):format(known.count)
    self.from = known.last
    self:step { kind = 'nothing', ok = not problem, limit = limit, found = problem or 'that',
                expected = ('SECCDiscoveryReq every %d ms or less often, %s, and nothing else'):format(
                    known.least, what.times and what.times .. ' times' or ASKS_AT_MOST .. ' at most'),
                negations = { 'other', known.count > 1 and 'soon' or nil,
                              known.count == ASKS_AT_MOST and not what.times and 'again' or nil } }
end

function transport:looks_at(name, check)
    self.n = self.n + 1
    local came = self:mutated({ name = name, m = self.role.Received(name):copy(), at = Now() }, 0, {})
    local problem = check.find(came.m, self)
    self:step { kind = 'check', expected = check.text, found = problem or check.text,
                ok = not problem, negations = check.negations }
end

-- ---- TLS ----

-- What is known of a handshake, as expect.compare looks at messages.
local facts = {}
facts.__index = facts

local function known_of(role)
    local state, response = role.Get_Tls_Ocsp()
    local group, scheme = role.Get_Tls_Group(), role.Get_Tls_Schemes()
    return setmetatable({ values = {
        version = role.Get_Tls_Version(), suite = role.Get_Tls_Suite(), group = role.Get_Tls_Group(),
        request = role.Get_Tls_Request(), chain = role.Get_Tls_PeerChain(),
        ocsp = state, response = response, problem = role.Get_Tls_Problem(),
        pair = group and scheme and group .. ' ' .. scheme,
        extensions = (role.Get_Tls_Answer() or {}).extensions } }, facts)
end

function facts:get(path)
    return self.values[path]
end

function facts:is(path, value)
    return self.values[path] == value
end

function facts.kind()
    return 'element'
end

function facts.name()
    return 'TLS'
end

function facts:set(path, value)
    self.values[path] = value
end

-- One more vehicle tries it: what has come of it; stays: how long it looks whether it ends.
local function handshake(self, how, stays)
    local role, limit = Vehicle(), self:time 'V2G_EVCC_CommunicationSetup_Timeout'
    local cert = how.cert
    if type(cert) == 'function' then
        cert = cert()
    end
    local good, why = role.Connect { manual = true, may_fail = true, tls = how.tls, cert = cert,
                                     roots = how.roots and how.roots(self.c.protocol), timeout = limit }
    local is_open, came = good, { at = Now(), name = good and 'TLS' or nil }
    if good and stays then
        local name, end_ = role.Receive_Any_001(self:time(stays))
        is_open, why = name ~= nil or end_ == 'timeout', end_
    end
    came.m, came.closed = known_of(role), not is_open and (why or 'the end of the connection') or nil
    self.n = self.n + 1
    self:mutated(came, 0, { fields = how.has })
    role.Disconnect()
    return came
end

local function of_values(first, has)
    local list = { first }
    for path in pairs(has or {}) do
        list[#list + 1] = 'value ' .. path
    end
    return list
end

-- What of the handshake is not as it should be; nil: nothing.
local function wrong_handshake(came, how)
    local first = came.m and expect.compare(came.m, how.has or {})[1]
    return first and ('%s %s; expected %s'):format(first.path, first.found, first.expected)
end

function transport:connects(how)
    local came = handshake(self, how)
    local problem = not came.name and 'no TLS: ' .. tostring(came.closed) or wrong_handshake(came, how)
    self:step { kind = 'connection', expected = how.about or 'TLS is established', ok = not problem,
                found = problem or 'TLS is established', negations = of_values('drop', how.has) }
    return came.m
end

local POLL <const> = 5 -- ms between two looks whether ClientHello has come

function transport:hears_hello(has)
    local limit, role = self:time 'V2G_EVCC_CommunicationSetup_Timeout', self.role
    local from = Now()
    local offer
    repeat
        offer = role.Get_Tls_Offer()
        Sleep(offer and 0 or POLL)
    until offer or Now() - from > limit
    local came = { at = Now(), name = offer and 'ClientHello' or nil }
    came.m = offer and setmetatable({ values = {
        status = offer.ocsp or offer.ocsp_v2, trusted_ca_keys = offer.trusted_ca_keys,
        certificate_authorities = offer.certificate_authorities, extensions = offer.extensions } }, facts)
    self.n = self.n + 1
    self:mutated(came, 0, { fields = has })
    local problem = not came.name and 'no ClientHello' or wrong_handshake(came, { has = has })
    self:step { kind = 'connection', expected = 'ClientHello as it should be', ok = not problem,
                found = problem or 'such a ClientHello', negations = of_values('drop', has) }
    return came.m
end

function transport:is_refused(how)
    local came = handshake(self, how, CLOSES)
    local problem = not came.closed and 'it is open' or wrong_handshake(came, how)
    self:step { kind = 'connection', expected = how.about or 'TLS is refused', ok = not problem,
                found = problem or 'TLS is refused: ' .. came.closed,
                negations = of_values('open', how.has) }
end

-- ---- many inputs ----

-- Whether one of the forms is that message, whatever its code.
local function takes(forms, name)
    for _, form in ipairs(forms) do
        if type(form) == 'table' and form[1] == name then
            return true
        end
    end
    return false
end

function transport:tries(list, forms, within, pause)
    local limit, step = self:time(within), self.n + 1
    local problem, came, negations
    for i, one in ipairs(list) do
        if came and came.closed then
            self:starts_again(self.c.given)
        elseif pause then
            Sleep(pause)
        end
        self.n = step - 1 -- one step, however many there are
        self:sends(table.unpack(one, 1, 3))
        came = self:take(limit, { kind = 'any', limit = limit })
        problem = not self:is_one_of(came, forms)
            and ('%s to no. %d'):format(self.found_text(came), i) or nil
        came.refuses = came.refuses and not takes(forms, came.name)
        negations = mutant.of('any', came)
        if problem then
            break
        end
    end
    self.from, self.m = came.at, came.m
    self:step { kind = 'any', expected = self.forms_text(forms) .. ' to each of ' .. #list,
                found = problem or 'that', ok = not problem, limit = limit, negations = negations }
end

function transport:connects_besides(n)
    for _ = 1, n do
        Vehicle().Connect { manual = true, may_fail = true, tls = self.tester.parameters.tls }
    end
    self.from = Now()
end

-- ---- the link, and time ----

function transport:plugs()
    local is_plugged = Plug(false) and Plug(true)
    self.began = Now()
    self:needs(is_plugged, 'a link that comes up now', 'no driver for it')
end

function transport:fails_to_connect(time)
    local limit, from = self:time(time), Now()
    self.n = self.n + 1
    local good, why = self.tester:connects(limit)
    if self.mutation and self.mutation.step == self.n then
        good, self.mutation.happened = true, true
    end
    self:step { kind = 'connection', ok = not good, expected = 'no connection',
                taken = Now() - from, found = good and 'a connection' or why, limit = limit, negations = { 'open' } }
end

function transport:waits(time)
    local limit = self:time(time)
    local came = self:take(self.began + limit - Now(), { kind = 'nothing', limit = limit })
    self:step { kind = 'nothing', expected = 'nothing', ok = not came.name and not came.closed,
                found = self.found_text(came), limit = limit, timer = time,
                negations = mutant.of 'nothing' }
end

-- ---- liveness ----

function transport:lives(is_control)
    self.tester:leave()
    if not is_control then
        self.driving:again(self)
    end
    local problem = self.tester:short_session()
    self.n = self.n + 1
    if self.mutation and self.mutation.step == self.n then
        problem, self.mutation.happened = 'nobody answers', true
    end
    self.arriving = is_control
    self:step { kind = is_control and 'given' or 'liveness', ok = not problem,
                expected = 'a session from SDP to SessionStopRes',
                found = problem or 'such a session',
                negations = not is_control and { 'dead' } or nil }
    self.arriving = false
    self.tester:leave()
    if is_control then
        self.driving:again(self)
    end
end

return transport
