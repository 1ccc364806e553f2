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
local names = require 'v2g.names'
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
local SETUP <const> = 'V2G_SECC_CommunicationSetup_Performance_Time'
-- DC: states of the control pilot in which these requests may come, and whether they are waited for
-- [V2G-DC-547] [V2G-DC-668] [V2G-DC-988] [V2G2-917] [V2G2-920] [V2G20-1617].
local PILOT <const> = { CableCheck = { 'CD', true }, CurrentDemand = { 'CD', false },
                        WeldingDetection = { 'B', true }, SessionStop = { 'B', true } }

-- ---- what is known of a request, by protocol ----

local function variants(base)
    return once(function(word) return base .. '(' .. word .. ')' end)
end

-- Whether the parameters have nothing to say of a request and its response: no hook, no answer, no
-- values, no time of theirs.
local function is_plain(p, r)
    local on, delay = p.on, p.delays[r.step] or p.delays.default
    return not (on.receive or on[r.name] or on.step or on.state or p.silent_at or p.close_at or p.answers[r.step])
        and (not delay or delay == 0) and common.is_plain(p, r.response)
end

-- What a place for a vehicle knows of a protocol: made for its first session, and kept, for all
-- places of a station.
local function prepare(at, protocol)
    local file, requests = require(secc.files[protocol]), {}
    for name, answer in pairs(file.answers) do
        local response = name:gsub('Req$', 'Res')
        local r = {
            answer = answer, name = name, response = response, step = steps.of(name),
            code = names.set[response].ResponseCode, send = names.send[response],
            case = file.case[name], asked = variants(name), answered = variants(response),
        }
        r.pilot = PILOT[r.step]
        r.is_plain = at.is_shared and is_plain(at.p, r) -- else a hook may change the parameters
        requests[name] = r
    end
    at.known[protocol] = { requests = requests, allowed = {} }
    return at.known[protocol]
end

local function allowed(s, mode)
    local all = s.at.known[s.protocol].allowed
    mode = mode or 'dc'
    all[mode] = all[mode] or sequence.allowed(s.protocol, mode)
    return all[mode]
end

-- ---- a session ----

local session = {}
session.__index = session

-- at: the place where it is held, one of secc.new. linked: ms since the link came up [V2G2-032].
local function new_session(at, linked)
    local now = Now()
    at.is_paused = false
    return setmetatable({
        p = at.p, is_quiet = at.is_quiet, role = at.role, scale = at.scale, at = at, side = at.side,
        tolerated = at.tolerated, state = 'supportedAppProtocolRes',
        counts = {}, begun = {}, loops = 0, bad = 0,
        output = output.new(at.p.dc, at.p.ac), advanced = now, limit = { SETUP, now - linked },
        -- what there is not yet; where it were absent, each look at it would go on to the functions
        watch = false, signer = false, why = false,
        noticed = false, is_wired = false, led = false, is_ok = false, wants_nothing = false,
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
        self.begun[step] = self.begun[step] or Now()
        return (Now() - self.begun[step]) * self.scale >= ongoing.ms
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
    local limit = self.limit
    if limit then
        self.role.Measured(self.protocol, limit[1], nil, Now() - limit[2])
        self.limit = false
    end
end

-- The step begins anew, in a renegotiation.
function session:again(step)
    self.counts[step] = nil
    self.begun[step] = nil
end

-- Whether a step that may answer Ongoing is over, and its response code (nil: OK): `wrong`, or
-- FAILED where it has been Ongoing for longer than the timing parameter allows. A time in `ongoing`
-- beyond that is meant, and stands.
function session:ongoing(step, parameter, wrong)
    if wrong then
        return true, wrong
    end
    local begun, given = self.begun[step] or Now(), self.p.ongoing[step]
    self.begun[step] = begun
    local finished = self:is_finished(step)
    local taken, limit = Now() - begun, Timer(self.protocol, parameter) or math.huge
    local meant = type(given) == 'table' and given.ms / self.scale >= limit
    local late = taken > limit and not meant
    if meant and not finished and step == 'CableCheck'
        and given.ms / self.scale >= Timer(self.protocol, 'V2G_EVCC_CableCheck_Timeout') then
        judge.begin(self, 'Ongoing too long', { from = begun })
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
    local n, p = self.loops + 1, self.p
    self.loops = n
    if Stop_Requested() or (p.stop_after > 0 and n >= p.stop_after) then
        return 'stop'
    end
    if p.shutdown_after > 0 and n >= p.shutdown_after then
        return 'shutdown'
    end
    if p.renegotiate_after > 0 and n >= p.renegotiate_after and not self.renegotiated then
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
    local p = self.p
    return p.receipt_every > 0 and self.loops % p.receipt_every == 0
        and (self.paying == 'Contract' or p.receipts_without_contract)
end

-- ---- paused sessions ----

-- The certificate that the vehicle came with, as text; '' without one. It tells vehicles apart:
-- only the one that paused a session joins it [V2G20-2545] [V2G20-2626].
local function vehicle(s)
    local _, pem = s.role.Get_Tls_PeerCertificate(0)
    return pem and pem:gsub('%-%-%-%-%-[^\n]*', ''):gsub('%s', '') or ''
end

-- What was kept of a paused session; nil: there is none of that id.
local function recall(id)
    local text, known = Recall(id), {}
    for key, value in (text or ''):gmatch('(%w+)=([^;]*);') do
        known[key] = value
    end
    return text and known
end

-- The SessionID and response code for a SessionSetupReq: an id of zeros or one that no paused
-- session has never joins.
function session:set_up(asked)
    self:end_limit() -- of the setup
    local known = self.p.resume and asked ~= '' and not asked:match('^0+$') and recall(asked)
    if known and known.namespace == self.role.Namespace and known.vehicle == vehicle(self) then
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

-- Whether the pilot is in another state, in the time that it has.
local function has_wrong_pilot(s, wanted)
    local pilot = s.mode ~= 'ac' and s.role.SlacFirst and s.role.Pilot
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

-- What a request is refused with that is not as it should be, by what is wrong; nil: it is let
-- through.
secc.refuse = {
    session = function() return 'FAILED_UnknownSession' end,
    order = function() return 'FAILED_SequenceError' end,
    schema = function() return 'FAILED' end,
    pilot = function(s, r) return has_wrong_pilot(s, r.pilot) and 'FAILED' or nil end,
}

-- The code that the parameters say in place of what is due; nil: none.
local function lie(s, step)
    local p = s.p
    local code = p.answers[step]
    if code and code:find('^FAILED') and p.failed_close ~= 'reset' and not p.keep_on_failed then
        judge.begin(s, 'FAILED')
    end
    return code
end

-- The code and case of the answer, whose fields are set. A session that is led by a case (s.led)
-- leaves it to the case what is refused, and when the connection ends.
local function answer(s, r)
    local refuse, role, may = secc.refuse, s.role, s.allowed[s.state] or {}
    local asked = r.case and r.case(s) -- nil where the element is missing
    local refused = not s.led
        and (s.id and not role.Has_SessionID(s.id) and r.name ~= 'SessionSetupReq' and refuse.session(s, r)
            or not (may[r.name] or asked and may[r.asked[asked]]) and refuse.order(s, r)
            or r.pilot and refuse.pilot(s, r)
            or s.p.only_valid and role.Received():violations()[1] and refuse.schema(s, r))
    if refused then
        return refused
    end
    local good, wanted, case = xpcall(r.answer, common.mark_step, s)
    if good then
        return not r.is_plain and lie(s, r.step) or wanted, case
    end
    local fault = common.fault(role, wanted)
    if not fault then
        error(wanted, 0) -- a verdict, or an error of ours
    end
    s.why = ('it cannot be taken: %s'):format(fault)
    return 'FAILED'
end

-- What is measured once charging has begun.
local function has_started(s)
    if s.mode == 'ac' then
        s.role.Measured(s.protocol, 'EVSE_Contactor_Closing_Time', nil, Now() - s.role.Came())
    end
    s.is_wired = wire.get(s.id, 'rest') ~= nil
    if Timer(s.protocol, FIRST_LOOP) then
        s:begin_limit(FIRST_LOOP)
    end
end

-- What the parameters want of a request before it is answered: nil: that it is; else that is not,
-- and whether the session is over, and why.
local function heeded(s, r)
    local p, step = s.p, r.step
    local wish = quirks.serve(p, step)
    if wish == nil and p.on.step then
        wish = common.own(p.on.step, step, s)
    end
    if wish == nil then
        return nil
    elseif wish == false then
        if p.silent_at == step then
            judge.begin(s, 'silence', { message = r.name })
        end
        return false
    elseif wish == 'close' then
        judge.begin(s, 'leaving')
        s.role.Disconnect('half')
        return false
    end
    s.role.Disconnect(wish == 'reset') -- it has gone, and so sees nothing of what the vehicle does
    return true, 'inconclusive', 'the station closed at ' .. r.name
end

-- Sends the response, with that code; what there is to say of it.
local function reply(s, r, code)
    local signer, why = s.signer, s.why
    if code or s.is_ok ~= r then -- else it has said so before
        s.role[r.code](code or 'OK')
        s.is_ok = not code and r
    end
    s.signer, s.why = false, false
    if r.is_plain and not signer then
        s.role[r.send]()
    else
        common.pause(s, s.p.delays[r.step] or s.p.delays.default)
        common.send(s, r.response, signer)
        s.is_ok, s.wants_nothing = false, false -- a hook may have set all that there is
    end
    return why
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
            s.role[r.send]()
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
    local known = s.at.known[s.protocol] or prepare(s.at, s.protocol)
    s.requests = known.requests
    s.allowed = allowed(s, nil)
    s.state = 'supportedAppProtocolRes'
    return s.requests
end

-- A frame that is no request of the protocol cannot be answered; the time for the next one runs on.
local function no_request(s, name, problem)
    s.bad = s.bad + 1
    s.problem = problem or (name .. ' is no request of ' .. s.protocol)
    if s.bad < BAD_MOST then
        return false
    end
    s.role.Disconnect(true)
    return true, false, 'too many frames that are no request: ' .. s.problem
end

-- A request that has come, answered as the sequence table and the parameters want: whether the
-- session is over, whether well, and why.
function secc.take(s, name, problem)
    local r = (s.requests or begin(s))[name]
    if not r then
        return no_request(s, name, problem)
    end
    s.bad = 0
    if not r.is_plain and not common.received(s, name) then
        return false
    end
    if s.limit and s.limit[1] == FIRST_LOOP then
        s:end_limit()
    end
    if not r.is_plain then
        local over, ok, why = heeded(s, r)
        if over ~= nil then
            return over, ok, why
        end
    end
    local code, case = answer(s, r)
    local why = reply(s, r, code)
    if case == 'Start' then
        has_started(s)
    end
    if s.noticed and not LOOPS[r.step] then
        common.reacted(s)
    end
    if s.watch and not s.watch.row.repeats then
        s.watch.from = Now()
        return false -- what the vehicle makes of it is judged
    end
    local failed = code and code:sub(1, 6) == 'FAILED'
    if failed then
        s.refused = ('%s was answered with %s%s'):format(name, code, why and ': ' .. why or '')
        if not s.p.keep_on_failed then
            close_after_failed(s)
            return true, false, s.refused
        end
        Log(s.refused)
    elseif why then
        Log(('%s was answered with %s: %s'):format(name, code, why))
    end
    s.last = r.response
    local state = case and r.answered[case]
    if state and s.allowed[state] then
        s.state = state
    elseif not failed then
        s.state = r.response
    end
    if not r.is_plain then
        common.state(s, s.state)
    end
    if name == 'SessionStopReq' and s.state == 'SessionStopRes' and not s.led then
        linger(s, s.p.close, s.p.linger_ms)
        return true, true, ''
    end
    return false
end

-- Waits for a request where a timing parameter runs besides V2G_SECC_Sequence_Timeout: as
-- Receive_Any_001, and the one that ended the wait.
local function await(s)
    local parameter, since = table.unpack(s.limit)
    local protocol = s.protocol or 'ISO15118-2'
    local ms = math.max(0, Timer(protocol, parameter) - (Now() - since))
    if ms >= Timer(s.protocol or 'AppProtocol', 'V2G_SECC_Sequence_Timeout', s.last) then
        return s.role.Receive_Any_001()
    end
    local from = Now()
    local name, problem, detail = s.role.Receive_Any_001(ms)
    if name then
        s.role.Measured(s.protocol or 'AppProtocol', 'V2G_SECC_Sequence_Timeout', s.last,
            common.since(s.role, from))
    elseif problem == 'timeout' then
        s.role.Measured(protocol, parameter, nil, ms, false)
    end
    return name, problem, detail, parameter
end

local function play(s)
    while true do
        local name, problem, detail, parameter
        if s.limit then
            name, problem, detail, parameter = await(s)
        else
            name, problem, detail = s.role.Receive_Any_001()
        end
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
        local over, ok, why = secc.take(s, name, problem)
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
    at.unfilter = at.unfilter or opening.agreement(at)
    return station.Accept { as = at.role, tls = p.tls == nil and tls or p.tls, cert = shown(at),
                            namespaces = at.namespaces or served(p),
                            setup_ms = Profile() ~= 'field' and Timer('ISO15118-2', SETUP) or nil,
                            answer_ms = common.pick(at, p.delays.AppProtocol or 0) }
end

-- Holds a session with the vehicle that has connected: whether all was well, and why not. linked:
-- ms since the link came up, for the first vehicle since then.
function secc.attend(at, linked)
    local s = new_session(at, linked or 0)
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
