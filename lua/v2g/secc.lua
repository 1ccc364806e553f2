-- SPDX-License-Identifier: Apache-2.0
-- A station: answers each request by the sequence table (sequence.lua) with what its protocol's
-- file says, and closes where the standard wants that.
--
-- A protocol's file returns a table of functions by request name. Each sets the fields of the
-- response and returns its ResponseCode (nil: the usual OK) and the case of the response that the
-- sequence table tells apart ('Ongoing', 'Start'). It may set s.why, what the verdict says of a
-- FAILED, and s.signer, the identity that signs the response.

local common = require 'v2g.common'
local contract = require 'v2g.contract'
local energy = require 'v2g.energy'
local hex = require 'v2g.hex'
local judge = require 'v2g.judge'
local once = require 'v2g.once'
local opening = require 'v2g.opening'
local output = require 'v2g.output'
local quirks = require 'v2g.quirks'
local sequence = require 'v2g.sequence'
local steps = require 'v2g.steps'
local wire = require 'v2g.wire'

local secc = {}

secc.files = { ['DIN70121'] = 'v2g.secc_din70121', ['ISO15118-2'] = 'v2g.secc_iso15118_2',
               ['ISO15118-20'] = 'v2g.secc_iso15118_20' }
local OF_20 <const> = 'urn:iso:std:iso:15118:-20:' -- and the message set, as energy.sets has it
local BAD_MOST <const> = 20       -- frames in a row that cannot be decoded
local LOOPS <const> = { CurrentDemand = true, ChargingStatus = true, MeteringReceipt = true }
-- For the first request of the charge loop: the sources do not agree whether its time holds for it
local FIRST_LOOP <const> = 'V2G_SECC_FirstLoopReq_Timeout'
local AFTER_FAILED <const> = 2000 -- ms that the vehicle has for closing after a FAILED response

-- ---- what is known of a request, by protocol ----

local function variants(base)
    return once(function(word) return base .. '(' .. word .. ')' end)
end

-- What a place for a vehicle knows of a protocol: made for its first session, and kept, for all
-- places of a station.
local function prepare(at, protocol)
    local file, requests = require(secc.files[protocol]), {}
    for name, answer in pairs(file.answers) do
        local response = name:gsub('Req$', 'Res')
        requests[name] = {
            answer = answer, name = name, response = response, step = steps.of(name),
            code = 'Set_' .. response .. '_ResponseCode', case = file.case[name],
            asked = variants(name), answered = variants(response),
        }
    end
    at.known[protocol] = { requests = requests, allowed = {} }
    return at.known[protocol]
end

local function allowed(s, mode)
    local all = s.known[s.protocol].allowed
    mode = mode or 'dc'
    all[mode] = all[mode] or sequence.allowed(s.protocol, mode)
    return all[mode]
end

-- ---- a session ----

local session = {}
session.__index = session

-- at: the place where it is held, one of secc.new.
local function new_session(at)
    local now = Now()
    at.is_paused = false
    return setmetatable({
        p = at.p, role = at.role, scale = at.scale, tolerated = at.tolerated, at = at,
        known = at.known, side = at.side, state = 'supportedAppProtocolRes',
        counts = {}, since = {}, begun = {}, loops = 0,
        output = output.new(at.p.dc, at.p.ac), started = now, advanced = now,
        -- what there is not yet; where it were absent, each look at it would go on to the functions
        limit = false, watch = false, signer = false, why = false,
        noticed = false, is_wired = false, led = false,
    }, session)
end

-- Says that it deviates now from what the standard wants, as that row of judgements.lua has it
-- (nil: that of `deviates`): the vehicle is judged by what it makes of it. known: as of
-- judge.begin.
function session:deviate(name, known)
    judge.begin(self, name, known)
end

-- Electrical time goes on; seconds of it since the last call.
function session:advance()
    local now = Now()
    local seconds = (now - self.advanced) / 1000 * self.scale
    self.advanced = now
    if self.is_wired and self.mode ~= 'ac' then
        self.output:feel(wire.get(self.id, 'rest'), wire.get(self.id, 'resistance'))
    end
    return seconds
end

-- Pre-charge goes on toward that voltage; the one that there is then. The time until it is reached
-- is measured.
function session:charge_up(target, parameter)
    local o = self.output
    self.pre_charge = self.pre_charge or Now()
    o:advance(self:advance())
    o:ask_voltage(target)
    o:advance(0.05) -- what the output does until the response goes out
    if math.abs(o.voltage - target) < 20 and not self.pre_charged then
        self.pre_charged = true
        self.role.Measured(self.protocol, parameter, nil, Now() - self.pre_charge)
    end
    return o.voltage
end

-- AC: the amperes per phase that the station gives, by its limit and its pilot; and the watts that
-- the vehicle draws: what it does where that is known, else what it may.
function session:ac_limit()
    if self.p.pilot ~= self.pilot then
        self.pilot = self.p.pilot
        wire.put(self.id, 'pilot', self.pilot)
    end
    local most = self.p.ac.max_current
    return self.pilot and math.min(most, wire.amperes(self.pilot)) or most
end

function session:ac_drawn()
    local limit, wanted, ac = self:ac_limit(), self.ev_current, self.p.ac
    local drawn = self.is_wired and wire.get(self.id, 'drawn')
    return drawn or (wanted and wanted < limit and wanted or limit) * ac.voltage * (self.phases or ac.phases)
end

-- Whether a step that may answer Ongoing is over.
function session:is_finished(step)
    local ongoing = self.p.ongoing[step] or 0
    if type(ongoing) == 'table' then
        self.since[step] = self.since[step] or Now()
        return (Now() - self.since[step]) * self.scale >= ongoing.ms
    end
    local n = self.counts[step] or 0
    self.counts[step] = n + 1
    return n >= ongoing
end

-- A timing parameter that runs besides V2G_SECC_Sequence_Timeout until a step is over: await() ends
-- the session by it.
function session:begin_limit(parameter)
    self.limit = self.limit or { parameter, Now() }
end

function session:end_limit()
    if self.limit then
        local parameter, since = table.unpack(self.limit)
        self.role.Measured(self.protocol, parameter, nil, Now() - since)
        self.limit = false
    end
end

-- The step begins anew, in a renegotiation.
function session:again(step)
    self.counts[step] = nil
    self.since[step] = nil
    self.begun[step] = nil
end

-- Whether a step that may answer Ongoing is over, and its response code (nil: OK): `wrong`, or
-- FAILED where it has been Ongoing for longer than the timing parameter allows. A time in `ongoing`
-- beyond that is meant, and stands.
function session:ongoing(step, parameter, wrong)
    if wrong then
        return true, wrong
    end
    self.begun[step] = self.begun[step] or Now()
    local finished = self:is_finished(step)
    local taken, limit = Now() - self.begun[step], Timer(self.protocol, parameter) or math.huge
    local given = self.p.ongoing[step]
    local meant = type(given) == 'table' and given.ms / self.scale >= limit
    local late = taken > limit and not meant
    local most = Timer(self.protocol, 'V2G_EVCC_CableCheck_Timeout')
    if step == 'CableCheck' and meant and not finished and given.ms / self.scale >= most then
        judge.begin(self, 'Ongoing too long', { from = self.begun[step] })
    end
    if not finished and not late then
        return false
    end
    self.role.Measured(self.protocol, parameter, nil, taken)
    self:again(step)
    return true, late and 'FAILED' or nil
end

-- mode: 'ac', 'dc', by whose messages it goes on. rows: those of the sequence table that allow
-- requests, where they are not those of the mode.
function session:set_mode(mode, rows)
    if self.mode ~= mode then
        self.mode = mode
        self.allowed = allowed(self, rows or mode)
    end
end

-- What the station asks of the vehicle in this charge-loop response: nil, 'stop', 'renegotiate',
-- 'shutdown'.
function session:wish()
    local n = self.loops + 1
    self.loops = n
    if Stop_Requested() or (self.p.stop_after > 0 and n >= self.p.stop_after) then
        return 'stop'
    end
    if self.p.shutdown_after > 0 and n >= self.p.shutdown_after then
        return 'shutdown'
    end
    if self.p.renegotiate_after > 0 and n >= self.p.renegotiate_after and not self.renegotiated then
        return 'renegotiate'
    end
    return nil
end

-- NotificationMaxDelay of a response that says so (nil: that wants nothing): the seconds that are
-- left since the first that did, of `notification_delay` or else `usual` (nil: 0).
function session:notice(wish, usual)
    if not wish then
        return 0
    end
    local n = self.noticed or { at = Now(), limit = (self.p.notification_delay or usual or 0) * 1000,
                                rounds = 0, wish = wish }
    n.rounds = n.rounds + 1
    self.noticed = n
    common.in_time(self, Now() - n.at)
    return math.max(0, math.floor((n.limit - (Now() - n.at)) / 1000 + 0.5))
end

-- Of those that pay by contract alone [V2G2-691].
function session:wants_receipt()
    return (self.paying == 'Contract' or self.p.receipts_without_contract)
        and self.p.receipt_every > 0 and self.loops % self.p.receipt_every == 0
end

-- ---- paused sessions ----

-- The certificate that the vehicle came with, as text; '' without one. It tells vehicles apart:
-- only the one that paused a session joins it [V2G20-2545] [V2G20-2626].
local function vehicle(s)
    local _, pem = s.role.Get_Tls_PeerCertificate(0)
    return pem and pem:gsub('%-%-%-%-%-[^\n]*', ''):gsub('%s', '') or ''
end

-- The SessionID and response code for a SessionSetupReq: an id of zeros or one that no paused
-- session has never joins.
function session:set_up(asked)
    self.role.Measured(self.protocol, 'V2G_SECC_CommunicationSetup_Performance_Time', nil,
        Now() - self.started)
    local paused = self.p.resume and asked ~= '' and not asked:match('^0+$') and Recall(asked)
    local known = {}
    for key, value in (paused or ''):gmatch('(%w+)=([^;]*);') do
        known[key] = value
    end
    if known.namespace == self.role.Namespace and known.vehicle == vehicle(self) then
        Remember(asked)
        self.id, self.paused = asked, known
        self.output.energy = tonumber(known.energy) or 0
        self:ac_limit()
        return 'OK_OldSessionJoined', 'Joined'
    end
    repeat
        self.id = hex.of(Pki.Random(8))
    until self.id ~= asked and not self.id:match('^0+$')
    self:ac_limit()
    return 'OK_NewSessionEstablished'
end

-- Keeps what a session needs that goes on: the contract is that whose key signs.
function session:pause()
    self.at.is_paused = true
    local kept = {}
    for key, value in pairs {
        namespace = self.role.Namespace, mode = self.mode, schedule = self.schedule or 1,
        energy = math.floor(self.output.energy), service = self.service, set = self.set,
        control = self.control, payment = self.paying, vehicle = vehicle(self),
        contract = self.contract and hex.of(self.contract[1]),
        transfer = self.transfer, offered = self.schedule_from, ends = self.schedule_ends,
    } do
        kept[#kept + 1] = ('%s=%s;'):format(key, value)
    end
    Remember(self.id, table.concat(kept))
end

-- What pays for a session that was joined.
function session:pays_as_before()
    local paused = self.paused
    self.paying = paused.payment
    self.contract = paused.contract and { hex.octets(paused.contract) }
end

-- ---- answering ----

-- DC: states of the control pilot in which these requests may come, and whether they are waited for
-- [V2G-DC-547] [V2G-DC-668] [V2G-DC-988] [V2G2-917] [V2G2-920] [V2G20-1617].
local PILOT <const> = { CableCheck = { 'CD', true }, CurrentDemand = { 'CD', false },
                        WeldingDetection = { 'B', true }, SessionStop = { 'B', true } }

-- Whether the pilot is in another state, in the time that it has.
local function has_wrong_pilot(s, step)
    local wanted = PILOT[step]
    local pilot = wanted and s.mode ~= 'ac' and s.role.SlacFirst and s.role.Pilot
    if not pilot or not pilot.IsKnown() then
        return false
    end
    local over = Now() + (wanted[2] and Timer(s.protocol, 'V2G_SECC_CPState_Detection_Timeout') or 0)
    while not wanted[1]:find(pilot.State(), 1, true) and Now() < over do
        pilot.Change(over - Now())
    end
    local is_wrong = not wanted[1]:find(pilot.State(), 1, true)
    s.why = is_wrong and ('the control pilot is in state %s'):format(pilot.State()) or s.why
    return is_wrong
end

-- What each request is asked before it is answered, in this order.
secc.checks = {
    { of = 'session', code = 'FAILED_UnknownSession', refused = function(s, r)
        return s.id and r.name ~= 'SessionSetupReq' and not s.role.Has_SessionID(s.id)
    end },
    { of = 'order', code = 'FAILED_SequenceError', refused = function(s, r)
        local may = s.allowed[s.state] or {}
        local case = r.case and r.case(s) -- nil where the element is missing
        return not (may[r.name] or case and may[r.asked[case]])
    end },
    { of = 'pilot', code = 'FAILED', refused = function(s, r)
        return has_wrong_pilot(s, r.step)
    end },
    { of = 'schema', code = 'FAILED', refused = function(s)
        return s.p.only_valid and s.role.Received():violations()[1] ~= nil
    end },
}

-- The check of that name.
function secc.check(name)
    for _, check in ipairs(secc.checks) do
        if check.of == name then
            return check
        end
    end
end

-- The code of what is not so, or nil. A session that is led by a case (s.led) leaves it to the case
-- what is refused, and when the connection ends.
local function refusal(s, r)
    local checks = secc.checks
    for i = 1, s.led and 0 or #checks do
        if checks[i].refused(s, r) then
            return checks[i].code
        end
    end
    return nil
end

local function answer(s, r)
    local code = refusal(s, r)
    if code then
        return code
    end
    local good, wanted, case = common.reading(s.role, r.answer, s)
    if not good then
        if not case then
            error(wanted, 0) -- a verdict, or an error of ours
        end
        s.why = ('it cannot be taken: %s'):format(case)
        return 'FAILED'
    end
    local lie = s.p.answers[r.step]
    if lie and lie:find('^FAILED') and s.p.failed_close ~= 'reset' and not s.p.keep_on_failed then
        judge.begin(s, 'FAILED')
    end
    return lie or wanted, case
end

-- What is measured once a request has been answered.
local function measure(s, r, case)
    if s.mode == 'ac' and case == 'Start' then
        s.role.Measured(s.protocol, 'EVSE_Contactor_Closing_Time', nil, Now() - s.role.Came())
    end
    if case == 'Start' then
        s.is_wired = wire.get(s.id, 'rest') ~= nil
        if Timer(s.protocol, FIRST_LOOP) then
            s:begin_limit(FIRST_LOOP)
        end
    end
    if s.noticed and not LOOPS[r.step] then
        common.reacted(s)
    end
end

-- Why the session is over, or nil: it goes on. ok: it has ended as it should; how: 'reset', if not
-- by FIN.
local function serve(s, r)
    if s.limit and s.limit[1] == FIRST_LOOP then
        s:end_limit()
    end
    local p, step, wish = s.p, r.step, nil
    if p.silent_at or p.close_at then
        wish = quirks.serve(p, step)
    end
    if wish == nil and p.on.step then
        wish = common.own(p.on.step, step, s)
    end
    if wish == false then
        if p.silent_at == step then
            judge.begin(s, 'silence', { message = r.name })
        end
        return nil
    elseif wish == 'close' then
        judge.begin(s, 'leaving')
        s.role.Disconnect('half')
        return nil
    elseif wish then -- it has gone, and so sees nothing of what the vehicle does
        return 'the station closed at ' .. r.name, 'inconclusive', wish
    end
    local code, case = answer(s, r)
    local failed = code ~= nil and code:sub(1, 6) == 'FAILED'
    s.role[r.code](code or 'OK')
    common.pause(s, p.delays[step] or p.delays.default)
    local signer, why = s.signer, s.why
    s.signer, s.why = false, false
    common.send(s, r.response, signer)
    measure(s, r, case)
    if s.watch and not s.watch.row.repeats then
        s.watch.from = Now()
        return nil -- what the vehicle makes of it is judged
    end
    if failed then
        why = ('%s was answered with %s%s'):format(r.name, code, why and ': ' .. why or '')
        s.refused = why
        if not s.p.keep_on_failed then
            return why, false
        end
        Log(why)
    elseif why then
        Log(('%s was answered with %s: %s'):format(r.name, code, why))
    end
    s.last = r.response
    if case and s.allowed[r.answered[case]] then
        s.state = r.answered[case]
    elseif not failed then
        s.state = r.response
    end
    if s.p.on.state then
        common.state(s, s.state)
    end
    return nil
end

-- After the last response: the vehicle closes, else the station does.
local function linger(s, how, ms)
    local from = Now()
    while how ~= 'reset' and how ~= 'fin' do
        local rest = ms - (Now() - from)
        local name = rest > 0 and s.role.Receive_Any_001(rest)
        if not name then
            break
        end
        local r = s.requests and s.requests[name]
        if r and name == 'SessionStopReq' and s.failed then
            s.role[r.code]('OK')
            s.role.Send_SessionStopRes_001()
            how = 'fin'
        elseif r then
            s.role[r.code]('FAILED_SequenceError')
            s.role['Send_' .. r.response .. '_001']()
            how = 'fin'
        end
    end
    s.role.Disconnect(how == 'reset')
    if s.protocol then
        s.role.Measured(s.protocol, 'TCP_Connection_Termination_Timeout', nil, Now() - from)
    end
end

local function close_after_failed(s)
    s.failed = Now()
    if s.p.failed_close == 'reset' then
        linger(s, 'reset', 0)
        return
    end
    -- DIN 70121: at once [V2G-DC-940]
    local how = s.protocol == 'DIN70121' and 'fin' or 'wait'
    linger(s, how, math.min(AFTER_FAILED, s.p.linger_ms))
end

-- The connection is gone, or nothing came in time.
local function nothing_came(s, why, detail, parameter)
    if why == 'timeout' then
        parameter = parameter or 'V2G_SECC_Sequence_Timeout'
        common.timed_out(s, parameter)
        s.role.Disconnect(false)
        return false, ('%s after %s: the vehicle sent nothing'):format(parameter, s.state)
    end
    if why == 'failed' then
        return false, 'no session was set up: ' .. (detail or '')
    end
    return false, ('the vehicle closed the connection after %s%s'):format(s.state,
        detail and detail ~= '' and ': ' .. detail or '')
end

local function begin(s)
    s.protocol = s.role.Protocol
    local known = s.known[s.protocol] or prepare(s, s.protocol)
    s.requests = known.requests
    s.allowed = allowed(s, nil)
    s.state = 'supportedAppProtocolRes'
end

-- One frame. Returns whether the session is over, whether well, and why.
local function take(s, name, problem)
    if not s.requests then
        begin(s)
    end
    local r = s.requests[name]
    if not r then
        -- what is no request of the protocol cannot be answered; the time for the next one runs on
        s.bad = (s.bad or 0) + 1
        s.problem = problem or (name .. ' is no request of ' .. s.protocol)
        if s.bad < BAD_MOST then
            return false
        end
        s.role.Disconnect(true)
        return true, false, 'too many frames that are no request: ' .. s.problem
    end
    s.bad = 0
    if (s.p.on.receive or s.p.on[name]) and not common.received(s, name) then
        return false
    end
    local why, ok, how = serve(s, r)
    if why then
        if not ok then
            close_after_failed(s)
        else
            s.role.Disconnect(how == 'reset')
        end
        return true, ok, why
    end
    if name == 'SessionStopReq' and s.state == 'SessionStopRes' and not s.led then
        linger(s, s.p.close, s.p.linger_ms)
        return true, true, ''
    end
    return false
end

-- A request that has come, answered as the sequence table and the parameters want: whether the
-- session is over, whether well, and why.
secc.take = take

-- Times that run besides V2G_SECC_Sequence_Timeout: what is left of them, in milliseconds, and the
-- parameter.
local function other_limit(s)
    local protocol = s.protocol or 'ISO15118-2'
    if not s.id then
        local name = 'V2G_SECC_CommunicationSetup_Performance_Time'
        return math.max(0, Timer(protocol, name) - (Now() - s.started)), name
    end
    if s.limit then
        local name, since = table.unpack(s.limit)
        return math.max(0, math.ceil(Timer(protocol, name) - (Now() - since))), name
    end
    return nil
end

-- Waits for a request: as Receive_Any_001, and the timing parameter that ended the wait.
local function await(s)
    local ms, parameter = other_limit(s)
    if not ms or ms >= Timer(s.protocol or 'AppProtocol', 'V2G_SECC_Sequence_Timeout', s.last) then
        return s.role.Receive_Any_001()
    end
    local from = Now()
    local name, problem, detail = s.role.Receive_Any_001(ms)
    if name then
        s.role.Measured(s.protocol or 'AppProtocol', 'V2G_SECC_Sequence_Timeout', s.last,
            common.since(s.role, from))
    elseif problem == 'timeout' then
        s.role.Measured(s.protocol or 'ISO15118-2', parameter, nil, ms, false)
    end
    return name, problem, detail, parameter
end

local function play(s)
    while true do
        local name, problem, detail, parameter = await(s)
        if s.watch then
            local ok, why = judge.repeated(s, name, problem,
                steps.name(s.protocol, s.mode, s.watch.row.repeats) .. 'Req')
            if ok ~= nil then
                return ok, why
            end
        end
        if not name then
            return nothing_came(s, problem, detail, parameter)
        end
        local over, ok, why = take(s, name, problem)
        if over then
            return ok, why
        end
        if s.watch and not s.watch.row.repeats then
            return judge.follow(s)
        end
    end
end

-- ---- all vehicles, one after another ----

-- DIN 70121 knows external payment only.
local function check_payment(p, protocol)
    local has_external = false
    for _, option in ipairs(p.payment) do
        has_external = has_external or option == 'ExternalPayment'
    end
    if protocol == 'DIN70121' and not has_external then
        common.refuse('DIN 70121 knows no payment by contract (Plug & Charge); expected '
            .. 'ExternalPayment among `payment`')
    end
end

-- The namespaces of what it serves: no other is agreed to [V2G20-169].
local function served(p)
    local list = { 'urn:iso:15118:2:2013:MsgDef' }
    for set in pairs(energy.sets(p)) do
        list[#list + 1] = OF_20 .. set
    end
    table.sort(list)
    if p.modes.dc then
        list[#list + 1] = 'urn:din:70121:2012:MsgDef'
    end
    return list
end

-- A place for a vehicle at the station, by the options; one session after another can be held there
-- by the role. known: what other places of the station know of protocols; nil: there are none.
function secc.new(role, options, known)
    local at = common.new('station', role, options)
    check_payment(at.p, role.FixedProtocol)
    at.tolerated, at.known = contract.tolerated(at.p), known or {}
    at.namespaces = at.is_shared and served(at.p) or nil -- else a hook may change the parameters
    if role.FixedProtocol and not at.known[role.FixedProtocol] then
        prepare(at, role.FixedProtocol) -- before a vehicle has to wait for it
    end
    return at
end

-- The certificate that the parameters say, made once; nil: that of the tree.
local function shown(at)
    local wish = at.p.shows
    if not wish or at.shown_by == wish then
        return wish and at.shown
    end
    local options = { edition = at.role.FixedProtocol }
    for key, value in pairs(wish) do
        options[key] = value
    end
    at.shown, at.shown_by = common.own(Pki.Make, 'secc-leaf', options), wish
    return at.shown
end

-- Waits until a vehicle has connected to the place and agreed on a protocol: as Accept of `station`
-- does. tls: what is listened for where the parameters do not say.
function secc.accept(station, at, tls)
    local p = at.p
    local setup <const> = 'V2G_SECC_CommunicationSetup_Performance_Time'
    at.unfilter = at.unfilter or opening.agreement(at)
    return station.Accept { as = at.role, tls = p.tls == nil and tls or p.tls, cert = shown(at),
                            namespaces = at.namespaces or served(p),
                            setup_ms = Profile() ~= 'field' and Timer('ISO15118-2', setup) or nil,
                            answer_ms = common.pick(at, p.delays.AppProtocol or 0) }
end

-- Holds a session with the vehicle that has connected: whether all was well, and why not. linked:
-- ms since the link came up, for the first vehicle since then.
function secc.attend(at, linked)
    local s = new_session(at)
    s.started = s.started - (linked or 0) -- [V2G2-032]
    local unfilter = quirks.filter(s)
    local ok, why = judge.close(s, play(s))
    unfilter()
    if at.unfilter then
        at.unfilter = at.unfilter()
    end
    if s.id then
        wire.cut(s.id)
    end
    at.role.Disconnect(false)
    if at.cut then
        ok, why, at.cut = false, ('%s, after %s'):format(at.cut, s.state), nil
    end
    if ok and s.overdue and Profile() ~= 'field' then
        return false, s.overdue
    end
    return ok, why
end

-- Places that wait for the next vehicle; those that are more are given back.
local FREE_MOST <const> = 64

-- Serves vehicles, at once and one after another, until as many sessions are over as the options
-- say, or the user wants to end: how many sessions there were, and how many failed. tls: what the
-- station listens for where the parameters do not say. all: of several that do so side by side
-- their roles, and how many sessions they have held; nil: there is but this one.
function secc.serve(role, options, tls, all)
    all = all or { held = 0, roles = { role } }
    local first = secc.new(role, options)
    local free, tasks, undiscover = { first }, {}, opening.discovery(first)
    local link = role.SlacFirst and require('v2g.slac_secc').begin(role, first.p.slac, function(why)
        for at in pairs(tasks) do
            at.cut = 'SLAC: ' .. why
            at.role.Disconnect(true)
        end
    end)
    local outcome = { ok = true, sessions = 0, failed = 0 }
    local function attend(at, linked)
        local good, ok, why = Guard(secc.attend, at, linked)
        if not good then
            at.role.Disconnect(true)
        end
        local leaves = at ~= first and #free >= FREE_MOST
        tasks[at] = nil
        if not leaves then
            free[#free + 1] = at
        end
        if link then
            local retain = 'V2G_SECC_CPOscillator_Retain_Time' -- in DIN 70121 [V2G-DC-968]
            link:session_over(at.is_paused, good and ok == true,
                Timer(at.role.Protocol or 'ISO15118-2', retain))
        end
        outcome.sessions = outcome.sessions + 1
        if not (good and ok) or ok == 'error' then
            outcome.failed, outcome.ok = outcome.failed + 1, false
        end
        at.role.Session_Over(ok, why, leaves)
        all.held = all.held + 1
        for _, one in ipairs(all.held == options.sessions and all.roles or {}) do
            one.Stop_Accepting()
        end
    end
    while true do
        local at = table.remove(free) or secc.new(role.Place(), options, first.known)
        local came, linked = secc.accept(role, at, tls)
        if not came then
            break
        end
        tasks[at] = Start(attend, at, linked)
    end
    for _, task in pairs(tasks) do
        Wait_For(task)
    end
    undiscover()
    return outcome
end

return secc
