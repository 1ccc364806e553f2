-- SPDX-License-Identifier: Apache-2.0
-- A vehicle: goes the way of sequence.lua step by step, and ends as the standard wants when the
-- station answers FAILED, something else, too late or not at all.
--
-- A protocol's file returns functions by step. Each sets the fields of requests, exchanges them,
-- and returns the outcome (nil: the usual one; else a word that the way's row has under `on`).

local battery = require 'v2g.battery'
local common = require 'v2g.common'
local contract = require 'v2g.contract'
local energy = require 'v2g.energy'
local judge = require 'v2g.judge'
local once = require 'v2g.once'
local opening = require 'v2g.opening'
local quirks = require 'v2g.quirks'
local sequence = require 'v2g.sequence'
local steps = require 'v2g.steps'
local version_of = require('v2g.check').version
local wire = require 'v2g.wire'

local evcc = {}

evcc.files = { ['DIN70121'] = 'v2g.evcc_iso15118_2', ['ISO15118-2'] = 'v2g.evcc_iso15118_2',
               ['ISO15118-20'] = 'v2g.evcc_iso15118_20' }

local SDP_TRIES <const> = 50 -- [V2G2-161]

-- Steps before charging, at which Ctrl-C ends the session with SessionStopReq.
local SETTING_UP <const> = { ServiceDiscovery = true, ServiceDetail = true, Authorization = true,
                             AuthorizationSetup = true, PaymentServiceSelection = true,
                             CertificateInstallation = true, CertificateUpdate = true,
                             PaymentDetails = true,
                             ChargeParameterDiscovery = true, ScheduleExchange = true,
                             CableCheck = true, PreCharge = true }

-- Steps after whose response SessionStopReq is out of turn: PowerDeliveryReq(Stop) comes before it.
local CHARGING <const> = { CurrentDemand = true, ChargingStatus = true, MeteringReceipt = true }

local ev = {}
ev.__index = ev

-- ---- the end ----

-- Leaves the session: raised through all steps. how: 'fin', 'reset', 'stop' (SessionStopReq first;
-- from the charge loop by the ordinary end of charging, unless something failed, or who deviates
-- wants it otherwise), 'gone' (there is no connection). after: 'Failed', 'Timeout', 'Ongoing', nil:
-- the last step; with that the gap is found: 'Timeout>Close', 'ServiceDiscovery>SessionStop'.
local function leave(self, how, ok, why, after)
    local on_purpose = self.watch and self.watch.name == 'stopping'
    local charging = how == 'stop' and not after and not on_purpose and CHARGING[self.last]
    self.leaving = Now()
    if how ~= 'gone' and not charging then
        after = after or self.last or 'TCP'
        common.pause(self, self.p.gaps[after .. (how == 'stop' and '>SessionStop' or '>Close')])
    end
    error({ how = how, ok = ok, why = why, ev = self, charging = charging }, 0)
end

function ev:leave(how, ok, why)
    leave(self, how, ok, why)
end

-- What is judged is over: leaves with what was found.
local function leave_judged(self, how, good, why)
    self.watch.judged, self.leaving = why, Now()
    error({ how = how, ok = good, why = why, ev = self, judged = true }, 0)
end

-- Closes its side of the connection, and looks whether the station does so, too. late: the response
-- that may still come.
function ev:depart(why, after, late)
    judge.begin(self, 'leaving', { late = late })
    common.pause(self, self.p.gaps[(after or self.last or 'TCP') .. '>Close'])
    self.watch.from = Now()
    self.role.Disconnect('half')
    local good, text = judge.follow(self)
    self.role.Disconnect(true) -- if it is still open
    leave_judged(self, 'gone', good, why .. ': ' .. text)
end

-- Says that it deviates now from what the standard wants, as that row of judgements.lua has it
-- (nil: that of `deviates`): the station is judged by what it makes of it.
function ev:deviate(name)
    judge.begin(self, name)
end

-- What a vehicle may not take, as the standard has it: it leaves; in profile `field` it says so,
-- once, and goes on.
function ev:object(how, why)
    if Profile() ~= 'field' then
        leave(self, how, false, why)
    end
    self:remark(why .. ': put up with, by profile field')
end

ev.remark = common.remark

-- ---- electrical time ----

function ev:seconds()
    local now = Now()
    local seconds = (now - self.advanced) / 1000 * self.scale
    self.advanced = now
    self.charged_for = (self.charged_for or 0) + seconds
    return seconds
end

-- ---- the cable ----

local WIRED <const> = { PowerDelivery = true, CurrentDemand = true, ChargingStatus = true }

local function unplug(self)
    for what in pairs(self.felt or {}) do
        wire.put(self.plugged, what, nil)
    end
    self.felt, self.plugged = false, false
end

local function feel(self, what, value)
    if self.felt[what] ~= value then
        wire.put(self.plugged, what, value)
        self.felt[what] = value
    end
end

-- What a station that this program plays, too, feels of the vehicle: told where it has changed.
local function plug(self)
    local b = self.battery
    if self.id ~= self.plugged then
        unplug(self)
        self.felt, self.plugged = { rest = false, resistance = false, drawn = false }, self.id
    end
    feel(self, 'rest', b:rest_voltage())
    feel(self, 'resistance', b.resistance)
    feel(self, 'drawn', self.mode == 'ac' and (self.flowing or 0))
end

-- AC: amperes per phase that the control pilot allows.
function ev:pilot_limit()
    local duty = self.p.pilot or wire.get(self.id, 'pilot')
    return duty and wire.amperes(duty) or math.huge
end

-- ---- one request and its response ----

function ev:name(step)
    return self.course[step].name
end

function ev:set(step, path, value)
    return self.role[self.course[step].set[path]](value)
end

-- What the response has there; one without it cannot be used (common.blame).
function ev:get(step, path)
    local at = self.course[step]
    local value = self.role[at.get[path]]()
    if value == nil then
        common.blame(('%s has no %s'):format(at.response, path))
    end
    return value
end

function ev:has(step, path)
    return self.role[self.course[step].is_specified[path]]()
end

-- Whether what the station asks for (with a NotificationMaxDelay, in seconds) can be put off for
-- one more round of the charge loop. By default never; by `reaction` for no longer than the station
-- allows.
function ev:puts_off(seconds)
    local n = self.noticed or { at = self.role.Came(), limit = (seconds or 0) * 1000, rounds = 0 }
    self.noticed = n
    n.rounds = n.rounds + 1
    if n.rounds <= self.p.after_stop_request then
        return true
    end
    local round = Now() - (n.last or self.sent)
    n.last = Now()
    return n.last + round - n.at < math.min(self.p.reaction, n.limit)
end

local LOOPS <const> = { CurrentDemand = true, ChargingStatus = true, MeteringReceipt = true }

-- What the hook on.NAME says, or, before it, the one that stands for parameters (quirks.lua).
local function ask(self, name, what)
    local answer = common.own(quirks[name], what, self)
    if answer == nil and self.p.on[name] then
        answer = common.own(self.p.on[name], what, self)
    end
    return answer
end

-- Before the pause that comes before a step's request: asks who may have a say. For them, too,
-- requests are counted.
local function begin_step(self, step)
    ask(self, 'step', step)
    self.counts[step] = (self.counts[step] or 0) + 1
end

-- The station has gone: that is an outcome, not the end of the script.
local function leave_closed(self, request)
    local _, why = self.role.State()
    leave(self, 'gone', false, ('the connection was closed before %s%s'):format(request,
        why and why ~= '' and ': ' .. why or ''))
end

-- Sends the request, which has been set, with what hooks make of it. False: a hook has dropped it.
function ev:send(request, signer)
    local role = self.role
    if role.State() == 'closed' then
        leave_closed(self, request)
    end
    local good, sent = pcall(common.send, self, request, signer)
    if good then
        return sent
    end
    if type(sent) ~= 'table' or sent.ev ~= self then -- not what a hook left with
        Sleep(1) -- a reset that came meanwhile is heard of now
        if role.State() == 'closed' then
            leave_closed(self, request)
        end
    end
    return error(common.mark(sent), 0)
end

-- Waits for the response; leaves where there is none.
local function await(self, step, request)
    local p, role = self.p, self.role
    local patience = p.patience[step] or p.patience.default
    local name, why, detail = role.Receive_Any_001(patience)
    while not name and why == 'timeout' and ask(self, 'late', request) do
        name, why, detail = role.Receive_Any_001(patience)
    end
    if patience and (name or why == 'timeout') then -- the standard's time is measured all the same
        role.Measured(self.protocol, 'V2G_EVCC_Msg_Timeout', request,
            name and common.since(role, self.sent) or Now() - self.sent)
    end
    if name then
        return name, why
    end
    if why == 'timeout' then
        common.timed_out(self, patience and 'patience' or 'V2G_EVCC_Msg_Timeout')
        if p.deviates == 'leaving' then
            self:depart('no ' .. request:gsub('Req$', 'Res') .. (' after %d ms'):format(
                math.floor(Now() - self.sent)), 'Timeout', (request:gsub('Req$', 'Res')))
        end
        local how = p.on_timeout == 'stop' and 'stop' or p.on_timeout == 'reset' and 'reset' or 'fin'
        leave(self, how, false, ('no response to %s in time'):format(request), 'Timeout')
    end
    leave(self, 'gone', false, ('the station closed the connection instead of answering %s%s')
        :format(request, detail and detail ~= '' and ': ' .. detail or ''))
end

-- What is judged by the answer to this request: the response that the session goes on with, or nil:
-- it is not judged.
local function judge_answer(self, request, response)
    if not judge.is_due(self) then
        return nil
    end
    local w = self.watch
    w.from, w.request, w.response = self.sent or Now(), request, response
    local good, text, name = judge.follow(self)
    if not name then
        common.pause(self, self.p.gaps['Failed>Close'])
        leave_judged(self, 'fin', good, text)
    end
    w.judged = text
    return name
end

-- By ResponseCode: whether it says that the request failed.
local FAILED <const> = once(function(code)
    return code:find('^FAILED') ~= nil or code:find('^Failed') ~= nil
end)

-- found: the name of what came, '' where it cannot be decoded because of problem.
local function unexpected(response, found, problem)
    return found == '' and ('expected %s, found a frame that cannot be decoded: %s'):format(response, problem or '')
        or ('expected %s, found %s'):format(response, found)
end

-- Leaves where the response says that the request failed, unless that is ignored.
local function take_failed(self, step, response, code)
    local p = self.p
    if p.on_failed == 'ignore' then
        self.has_failed = p.deviates == 'after FAILED'
        return
    end
    leave(self, p.on_failed == 'stop' and step ~= 'SessionStop' and 'stop'
        or p.on_failed == 'reset' and 'reset' or 'fin', false,
        ('the station answered %s with %s'):format(response, code), 'Failed')
end

-- Responses are taken within the session only that this one begins.
local function begin_session(self)
    self.id = self.role.SessionID()
    local asked = (self.joining or self.p.session_id):upper()
    local id = self.role.Get_SessionSetupRes_Header_SessionID()
    if id:find('^0*$') then
        self:object('fin', 'SessionSetupRes has SessionID 0, which is that of no session [V2G2-750]')
    elseif self.code == 'OK_OldSessionJoined' and id ~= asked then
        self:object('fin', ('SessionSetupRes joins the session %s, and %s was asked for [V2G2-754]')
            :format(id, asked))
    end
end

local function check(self, step, response, found, problem)
    local p, role = self.p, self.role
    if found ~= response then
        leave(self, p.on_failed == 'reset' and 'reset' or 'fin', false, unexpected(response, found, problem))
    end
    local invalid = p.only_valid and role.Received():violations()[1]
    if invalid then
        leave(self, p.on_failed == 'reset' and 'reset' or 'fin', false, ('%s: %s'):format(response, invalid))
    end
    local code = tostring(self:get(step, 'ResponseCode'))
    self.code = code
    if FAILED[code] then
        take_failed(self, step, response, code)
    end
    if step == 'SessionSetup' then
        begin_session(self)
    elseif not role.Has_SessionID(self.id) then
        self:object('fin', ('%s has SessionID %s; expected %s, that of the session')
            :format(response, common.getter(role, response, 'Header_SessionID')(), self.id))
    end
    return code
end

-- Sends the step's request, whose fields are set, and takes the response. What its status asks for
-- is heeded by the protocol's own file, in whichever step it comes. signer: the identity that
-- signs the request, or nil. The ResponseCode.
function ev:exchange(step, signer)
    local p, role, at = self.p, self.role, self.course[step]
    local request, response = at.request, at.response
    if SETTING_UP[step] and Stop_Requested() then
        leave(self, 'stop', true, 'ended by the user')
    end
    if not self.is_quiet then
        begin_step(self, step)
    end
    common.pause(self, self.gap or p.gaps[at.after[self.last]] or p.gaps[step] or p.gaps.default)
    self.gap, self.step, self.resent = false, step, 0
    if not self.is_quiet then
        common.state(self, step)
        quirks.before(self, step, request)
    end
    if self.answered then
        role.Measured(self.protocol, 'V2G_EVCC_Sequence_Performance_Time', request, Now() - self.answered)
    end
    if WIRED[step] then
        plug(self)
    end
    if self.noticed and not LOOPS[step] then
        common.reacted(self)
    end
    if not self:send(request, signer) then
        leave(self, 'fin', true, 'a hook kept back ' .. request)
    end
    self.sent = Now()
    if self.plug and step == 'PowerDelivery' then
        self.plug.sent(self)
    end
    local found, problem = self.watch and judge_answer(self, request, response), nil
    if not found then
        found, problem = await(self, step, request)
    end
    while found ~= '' and not (self.is_quiet or common.received(self, found)) do
        found, problem = await(self, step, request)
    end
    self.last, self.answered = step, role.Came()
    if p.probe and p.probe.after == step and (p.probe.protocol or self.protocol) == self.protocol then
        role.Probe(p.probe.port, p.probe.first, p.probe.every)
    end
    local code = check(self, step, response, found, problem)
    local beyond = self.watch and judge.beyond(self, response)
    if beyond then
        leave(self, 'stop', false, beyond)
    end
    if self.does.heed then
        self.does.heed(self, step)
    end
    return code
end

-- DIN 70121: PowerDeliveryReq(Start) has to come in time.
local function check_ready(self)
    local name = 'V2G_EVCC_ReadyToCharge_Timeout'
    local limit = not self.is_ready and Timer(self.protocol, name)
    local taken = Now() - self.setup_from
    if limit and taken >= limit then
        self.role.Measured(self.protocol, name, nil, taken, false)
        common.timed_out(self, name)
        leave(self, self.p.on_ongoing == 'stop' and 'stop' or 'fin', false,
            ('%s: the vehicle is not ready after %d ms'):format(name, math.floor(taken)), 'Ongoing')
    end
end

-- PowerDeliveryReq(Start) was answered: the contactors are closed.
function ev:is_closed()
    self.is_ready = true
    self.role.Measured(self.protocol, 'V2G_EVCC_ReadyToCharge_Timeout', nil, self.sent - self.setup_from)
    if self.mode == 'ac' then
        self.role.Measured(self.protocol, 'EVSE_Contactor_Closing_Time', nil, common.since(self.role, self.sent))
    end
end

-- Exchanges until `is_over` says so, for as long as Ongoing is put up with. What is signed is
-- signed once: the request is repeated as it was [V2G20-1582].
function ev:repeat_until(step, parameter, is_over, signer)
    local p = self.p
    local limit = p.ongoing[step] or Timer(self.protocol, parameter)
    local from = nil -- its first request
    repeat
        self:exchange(step, not from and signer or nil)
        from = from or self.sent
        local taken = common.since(self.role, from)
        local over = is_over()
        check_ready(self)
        if over or Stop_Requested() then
            self.role.Measured(self.protocol, parameter, nil, taken)
            if Stop_Requested() and not over then
                leave(self, 'stop', true, 'ended by the user')
            end
            return
        end
        if limit and taken >= limit then
            self.role.Measured(self.protocol, parameter, nil, taken, false)
            common.timed_out(self, parameter)
            leave(self, (p.on_ongoing or p.on_failed) == 'stop' and 'stop' or 'fin', false,
                ('%s: %s is not over after %d ms'):format(parameter, step, math.floor(taken)),
                'Ongoing')
        end
    until false
end

-- ---- connecting ----

-- The offer of that protocol alone, whatever else there is.
local ALONE <const> = once(function(protocol)
    return { { protocol, priority = 1, schema = 1 } }
end)

local function offers(self)
    local p = self.p
    if self.role.FixedProtocol then
        return ALONE[self.role.FixedProtocol]
    end
    if p.protocols then
        return p.protocols
    end
    if energy.is_of_20(p.mode) then
        return ALONE['ISO15118-20']
    end
    local list = { { 'ISO15118-2', priority = 1, schema = 1 } }
    if p.mode == 'dc' then
        list[2] = { 'DIN70121', priority = 2, schema = 2 }
    end
    return list
end

-- Of the sets of a protocol, that of the mode: ISO 15118-20 has one each for AC and DC.
local function offer_entry(self, offer, i)
    local known = offer.uri and not offer.major and version_of(self.role, offer.uri) or {}
    for k, entry in ipairs(offer[1] and self.role.Offers(energy.protocol(self.p, offer[1])) or {}) do
        local is_mode = entry.ProtocolNamespace:match(':(%u+)$') == self.mode:upper()
        known = (k == 1 or is_mode) and entry or known
    end
    return { ProtocolNamespace = offer.uri or known.ProtocolNamespace,
             VersionNumberMajor = offer.major or known.VersionNumberMajor or 1,
             VersionNumberMinor = offer.minor or known.VersionNumberMinor or 0,
             SchemaID = offer.schema or i, Priority = offer.priority or i }
end

-- The offer of that protocol alone, whatever the connection is.
function evcc.offer(self, protocol)
    return { offer_entry(self, { protocol }, 1) }
end

-- ---- TLS ----

-- What is said of it: 'off', 'auto', '1.2', '1.3'; nil: nothing.
local function told_tls(p)
    local tls = p.tls
    if type(tls) == 'table' then
        tls = tls.version or 'auto'
    end
    return tls == true and 'auto' or tls == false and 'off' or tls and tostring(tls)
end

-- The same, with what the standards want where nothing is said; and what Connect is told of it.
local function wanted_tls(self)
    local p = self.p
    local told = told_tls(p)
    if told then
        return told, type(p.tls) == 'table' and p.tls or told
    end
    local needs, others, contracts = false, false, false
    for _, offer in ipairs(offers(self)) do
        needs = needs or offer[1] == 'ISO15118-20'
        others = others or offer[1] ~= 'ISO15118-20'
        contracts = contracts or offer[1] ~= 'DIN70121'
    end
    if p.payment == 'Contract' and contracts and not needs then
        return 'auto', { version = '1.2', plain = true } -- ISO 15118-2 knows no other
    end
    local name = needs and not others and '1.3' or needs and 'auto' or 'off'
    return name, name
end

-- nil, or what the protocol needs that the connection has not: ISO 15118-20 is spoken over TLS 1.3
-- only, unless all was told to be without, and DIN 70121 never over TLS [V2G-DC-868].
local function misses(self, protocol)
    if protocol == 'ISO15118-20' and self.tls ~= '1.3' and told_tls(self.p) ~= 'off' then
        return 'ISO 15118-20 needs TLS 1.3'
    end
    return protocol == 'DIN70121' and self.tls and 'DIN 70121 needs to be without TLS' or nil
end

-- The offers that fit the connection.
local function fitting_offers(self)
    local list, why = {}, nil
    for _, offer in ipairs(offers(self)) do
        local missing = misses(self, offer[1])
        list[#list + 1] = not missing and offer or nil
        why = why or missing
    end
    if #list == 0 then
        leave(self, 'fin', false, ('%s, and the connection has %s'):format(why,
            self.tls and 'TLS ' .. self.tls or 'none'))
    end
    return list
end

-- Whether it goes on where the answer is no TLS.
local function may_be_plain(tls, settings)
    if type(settings) == 'table' and settings.plain ~= nil then
        return settings.plain
    end
    return tls == 'off' or tls == 'auto'
end

-- SDP message by message, for the pause before TCP.
local function discover(self, tls, settings)
    local p = self.p
    local standard <const> = Timer('SDP', 'V2G_EVCC_Msg_Timeout', 'SECCDiscoveryReq') -- [V2G2-159]
    common.pause(self, p.gaps.SDP)
    for _ = 1, SDP_TRIES do
        local from, wait = Now(), p.gaps['SDP>SDP'] and common.pick(self, p.gaps['SDP>SDP']) or standard
        self.role.Set_SECCDiscoveryReq_Security(tls == 'off' and 0x10 or 0x00)
        common.own(common.send, self, 'SECCDiscoveryReq')
        local name = self.role.Receive_Any_001(wait)
        self.role.Measured('SDP', 'V2G_EVCC_Msg_Timeout', 'SECCDiscoveryReq',
            name and common.since(self.role, from) or Now() - from, name ~= nil)
        if name == 'SECCDiscoveryRes' and common.received(self, name) then
            if not may_be_plain(tls, settings) and self.role.Get_SECCDiscoveryRes_Security() ~= 0x00 then
                leave(self, 'gone', false, 'the station answered SDP with no TLS, and TLS is wanted')
            end
            common.pause(self, p.gaps['SDP>TCP'])
            return
        end
    end
    self.missing = true
    leave(self, 'gone', false, 'no station answered SECCDiscoveryReq')
end

-- [V2G2-169]
local function check_schema(self, list)
    local schema = self.role.Get_supportedAppProtocolRes_SchemaIDSpecified()
        and self.role.Get_supportedAppProtocolRes_SchemaID() or nil
    for _, offer in ipairs(list) do
        if offer.SchemaID == schema or not schema and #list == 1 then
            return
        end
    end
    leave(self, 'fin', false, ('supportedAppProtocolRes names the SchemaID %s, which was not offered')
        :format(schema or 'of none of several'))
end

local function agree(self)
    local p = self.p
    local list = {}
    for i, offer in ipairs(fitting_offers(self)) do
        list[i] = offer_entry(self, offer, i)
    end
    common.pause(self, p.gaps['TCP>AppProtocol'])
    begin_step(self, 'AppProtocol')
    common.set_list(self.role, 'supportedAppProtocolReq', 'AppProtocol', list)
    quirks.before(self, 'AppProtocol', 'supportedAppProtocolReq')
    if not self:send('supportedAppProtocolReq') then
        leave(self, 'fin', true, 'a hook kept back supportedAppProtocolReq')
    end
    self.sent = Now()
    if not (self.watch and self.watch.row.anew) then
        judge_answer(self, 'supportedAppProtocolReq', 'supportedAppProtocolRes')
    end
    local name, why, detail
    repeat
        name, why, detail = self.role.Receive_Any_001(p.patience.AppProtocol)
    until name ~= 'supportedAppProtocolRes' or common.received(self, name)
    if name ~= 'supportedAppProtocolRes' then
        leave(self, name and 'fin' or 'gone', false, unexpected('supportedAppProtocolRes',
            name or 'nothing: ' .. (why == 'timeout' and 'no response in time'
                or detail and detail ~= '' and detail or 'closed by the station'), why))
    end
    local code = self.role.Get_supportedAppProtocolRes_ResponseCode()
    if code:find('^Failed') then
        leave(self, 'fin', false, 'no protocol was agreed: ' .. code, 'Failed')
    end
    check_schema(self, list)
    self.last = 'AppProtocol'
    self.protocol, self.id = self.role.Protocol, self.role.SessionID()
    self.course = steps.course[self.protocol][self.mode]
end

-- V2G roots: so many that nobody knows, and last those of the tree.
function evcc.roots(more, edition)
    local list = {}
    for i = 1, more do
        list[i] = Pki.Make('v2g-root', { foreign = true, edition = edition }).chain[1]
    end
    for _, root in ipairs(Pki.Roots(edition)) do
        list[#list + 1] = root.domain == 'V2G' and root or nil
    end
    return list
end

-- SDP, TCP, and TLS where that is wanted.
function evcc.reach(self)
    local p = self.p
    self.last, self.answered, self.counts = nil, nil, {}
    local tls, settings = wanted_tls(self)
    if p.more_roots > 0 then
        self.roots = self.roots or common.own(evcc.roots, p.more_roots, self.role.FixedProtocol)
    end
    if (p.gaps['SDP>TCP'] or p.gaps['SDP>SDP'] or opening.has_discovery(p)) and not self.role.Address then
        discover(self, tls, settings)
    else
        common.pause(self, p.gaps.SDP)
    end
    local is_open, why, missing = common.own(self.role.Connect,
        { manual = true, tls = settings, source_port = p.source_port, may_fail = true,
          cert = self.shown, roots = self.roots })
    self.missing = missing
    if not is_open then
        leave(self, 'gone', false, 'the station cannot be reached: ' .. why)
    end
    self.tls = self.role.Get_Tls_Version() -- nil: none
end

local function connect_once(self)
    evcc.reach(self)
    agree(self)
end

-- Connects; where it is refused (TCP, or its protocols) it may try again, from SDP on.
local function connect(self)
    local from = Now()
    for _ = 2, self.p.tries do
        local good, why = pcall(connect_once, self)
        if good then
            return from
        end
        if type(why) ~= 'table' or why.ev ~= self or Stop_Requested() then
            error(why, 0)
        end
        Log('refused: ' .. why.why)
        self.role.Disconnect(why.how == 'reset')
        common.pause(self, self.p.gaps['Refused>SDP'])
    end
    connect_once(self)
    return from
end

-- ---- the way ----

local function close(self, how)
    local p = self.p
    unplug(self)
    if how == 'none' then
        self.role.Receive_Any_001(Timer(self.protocol or 'ISO15118-2',
            'TCP_Connection_Termination_Timeout') * 2)
        how = 'fin'
    end
    self.role.Disconnect(how == 'reset')
    if self.protocol and self.leaving then
        self.role.Measured(self.protocol, 'TCP_Connection_Termination_Timeout', nil, Now() - self.leaving)
    end
    if p.on.state then
        common.state(self, 'closed')
    end
end

-- Through the steps, from one on, up to that before another (nil: to the end). 'done' or 'resume'.
local function walk(self, from, before)
    local way = sequence.evcc[self.protocol][self.mode]
    if not way or energy.is_of_20(self.p.mode) and self.protocol ~= 'ISO15118-20' then
        leave(self, 'fin', false, ('%s has no %s charging'):format(self.protocol, self.p.mode:upper()))
    end
    local p, show, i = self.p, self.plug and self.plug.show, sequence.index(way, from)
    local row = way[i]
    while row and row[1] ~= before do
        local step, outcome, to = row[1], nil, row.to
        if show then
            show(self, step)
        end
        if not p.skip[step] then
            outcome = self.does[step](self)
        end
        if outcome then
            to = row.on and row.on[outcome]
            if outcome == 'resume' or outcome == 'done' then
                return outcome
            end
        end
        i = to and sequence.index(way, to) or i + 1
        row = way[i]
    end
    return 'done'
end

-- Connects and agrees on a protocol, up to where the steps begin.
function evcc.open(self)
    self.watch, self.has_failed = false, false
    local from = connect(self)
    self.does = require(evcc.files[self.protocol])
    self.loops = 0
    self.noticed, self.is_ready = false, false
    self.setup_from = from
end

-- After a reset: whether the station takes the vehicle again, in a session of its own. Nobody says
-- how soon it has to listen.
local function come_back(self, left)
    self.joining = self.protocol ~= 'DIN70121' and self.watch.lost or nil -- [V2G-DC-241]
    local good, why = pcall(connect_once, self)
    if good then
        why = select(2, pcall(self.does.SessionSetup, self))
    end
    if type(why) ~= 'table' or why.ev ~= self then
        error(why, 0)
    end
    self.role.Disconnect()
    left.ok = why.ok
    if not why.judged then
        left.ok = 'inconclusive'
    end
    left.why = left.why .. ': ' .. why.why
end

-- Through the steps, from the first on, of a vehicle that has connected. 'done' or 'resume'.
function evcc.walk(self)
    local outcome = walk(self, 'SessionSetup')
    if self.p.deviates == 'leaving' and self.last ~= 'SessionStop' then
        self:depart('left after ' .. self.last)
    end
    return outcome
end

local function hold_session(self)
    evcc.open(self)
    return evcc.walk(self)
end

-- How a session was left, by what `common.reading` returns; nil: it was not.
local function left_by(self, good, result, blame)
    if good then
        return nil
    elseif blame then
        return { how = 'fin', ok = false, why = 'the last response cannot be used: ' .. blame, ev = self }
    elseif type(result) ~= 'table' or result.ev ~= self then
        error(result, 0)
    end
    return result
end

-- Ends the charging of a session that was left in the charge loop; what is met on that way, too, is
-- added to how it was left.
local function end_charging(self, left)
    local more = left_by(self, common.reading(self.role, walk, self, 'PowerDeliveryStop', 'SessionStop'))
    if more then
        left.how, left.ok, left.why = more.how, left.ok and more.ok, left.why .. ': ' .. more.why
        return
    end
    self.leaving = Now()
    common.pause(self, self.p.gaps[self.last .. '>SessionStop'])
end

-- The end of a session that was left on the way.
local function wind_up(self, left)
    if left.charging then
        end_charging(self, left)
    end
    if self.plug then
        self.plug.show(self, 'SessionStop') -- however it ends [V2G2-526] [V2G2-728]
    end
    if left.how == 'gone' then
        return
    end
    if left.how == 'stop' and self.protocol and self.role.State() == 'ready' then
        pcall(function()
            self.role.Set_SessionStopReq_ChargingSession('Terminate')
        end)
        self.role.Send_SessionStopReq_001()
        if self.watch and self.watch.name == 'stopping' then
            local w = self.watch
            w.from, w.request, w.response = Now(), 'SessionStopReq', 'SessionStopRes'
            local good, text = judge.follow(self)
            left.ok, left.why = good, left.why .. ': ' .. text
            return close(self, 'fin')
        end
        local name = self.role.Receive_Any_001(Timer(self.protocol, 'V2G_EVCC_Msg_Timeout',
            'SessionStopReq'))
        local found = name == 'SessionStopRes' and tostring(self.role.Get_SessionStopRes_ResponseCode())
            or name or 'nothing'
        if left.ok and found ~= 'OK' then
            left.ok = false
            left.why = ('%s: expected SessionStopRes with OK, found %s'):format(left.why, found)
        end
    elseif left.ok and left.how ~= 'stop' and not left.judged then
        left.ok = 'inconclusive' -- it has gone, and so sees nothing of what the station does
    end
    close(self, left.how == 'reset' and 'reset' or 'fin')
    if left.how == 'reset' and self.watch and self.watch.row.anew then
        come_back(self, left)
    end
end

-- One session. Outcome ('done', 'resume'), whether all was well, and why not.
function evcc.attempt(self)
    local unfilter, no_headers = quirks.filter(self), opening.headers(self)
    local good, result, blame = common.reading(self.role, hold_session, self)
    unfilter()
    no_headers()
    if good then
        self.leaving = self.answered
        common.pause(self, self.p.gaps[(self.last or 'SessionStop') .. '>Close'])
        close(self, self.p.close == 'reset' and 'reset' or self.p.close == 'none' and 'none' or 'fin')
        return result, judge.close(self, true, self.watch and self.watch.judged or '')
    end
    local left = left_by(self, good, result, blame)
    wind_up(self, left)
    self.how = left.how
    if self.unlinked then
        return 'done', judge.close(self, false, self.unlinked)
    end
    return 'done', judge.close(self, left.ok, left.why)
end

local function check_payment(p, protocol)
    if p.payment == 'Contract' and protocol == 'DIN70121' then
        common.refuse('DIN 70121 knows no payment by contract (Plug & Charge); expected '
            .. 'ISO15118-2 or ISO15118-20 as protocol, or ExternalPayment')
    end
end

-- A vehicle that plays the role, by the options.
function evcc.new(role, options)
    local self = common.new('ev', role, options, setmetatable({
        advanced = Now(), pauses = 0, loops = 0, did = {}, -- what is done but once
        -- what there is not yet; where it were absent, each look at it would go on to the functions
        plug = false, felt = false, plugged = false, gap = false, step = false, noticed = false,
        watch = false, has_failed = false, is_ready = false, halted = false, asked = false,
        stopping = false, renegotiating = false, own_renegotiation = false,
    }, ev))
    local p = self.p
    check_payment(p, role.FixedProtocol)
    self.tolerated = contract.tolerated(p)
    self.mode, self.battery = energy.messages[p.mode], battery.new(p.battery)
    self.plug = role.SlacFirst and require 'v2g.plugging' or false
    return self
end

-- For who watches: how long it is going to be, if the station gives all that is taken.
local function announce(self)
    local p, b = self.p, self.battery
    if p.loops > 0 then
        return
    end
    local power = p.mode:find '^ac' and 230 * p.ac.max_current * p.ac.phases or nil
    local seconds = math.ceil(b:time_to(b.target, power) / self.scale)
    Log(('it charges from %d to %d percent, for %s at least; Ctrl-C ends it as the protocol wants; sooner '
        .. 'with --set loops=20 or --time-scale 100'):format(b:percent(), math.floor(b.target),
        seconds < 120 and ('%d s'):format(seconds) or ('%d min'):format(seconds // 60)))
end

local function charge(self)
    while true do
        local outcome, ok, why = evcc.attempt(self)
        local goes_on = ok and outcome == 'resume' and self.p.resume and not Stop_Requested()
        local ms = self.wakes_at and math.max(0, self.wakes_at - Now()) or self.p.pause_ms / self.scale
        if goes_on and self.link then
            self.plug.sleep(self)
            self.plug.doze(self, ms)
            ok, why = self.plug.wake(self)
        elseif goes_on then
            Sleep(ms, true)
        end
        if not ok or not goes_on then
            return { ok = ok or false, why = why, how = self.how or 'done', missing = self.missing,
                     code = self.code, protocol = self.protocol, soc = self.battery.soc }
        end
    end
end

-- Charges, with pauses and all. The outcome: ok ('inconclusive': it has left in a way that lets it
-- judge nothing; 'error': what it should have judged never happened), why (not, or what ended it
-- early), how ('done', or how the session was left), missing (there was no station at all), code
-- (of the last response), protocol, soc (percent) of the battery.
function evcc.charge(role, options)
    local self = evcc.new(role, options)
    if options.hints then
        announce(self)
    end
    return self.plug and self.plug.charge(self, charge) or charge(self)
end

return evcc
