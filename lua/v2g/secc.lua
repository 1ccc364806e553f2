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
local output = require 'v2g.output'
local sequence = require 'v2g.sequence'
local steps = require 'v2g.steps'
local wire = require 'v2g.wire'

local secc = {}
local p -- the parameters

local FILES <const> = { ['DIN70121'] = 'v2g.secc_din70121', ['ISO15118-2'] = 'v2g.secc_iso15118_2',
                        ['ISO15118-20'] = 'v2g.secc_iso15118_20' }
local BAD_MOST <const> = 20       -- frames in a row that cannot be decoded
local LOOPS <const> = { CurrentDemand = true, ChargingStatus = true, MeteringReceipt = true }
local AFTER_FAILED <const> = 2000 -- ms that the vehicle has for closing after a FAILED response

-- ---- a session ----

local session = {}
session.__index = session

local function new_session()
    local s = setmetatable({}, session)
    s.p = p
    s.state = 'supportedAppProtocolRes'
    s.counts = {}
    s.since = {}
    s.begun = {}
    s.loops = 0
    s.output = output.new(p.dc, p.ac)
    s.started = Now()
    s.advanced = s.started
    return s
end

-- Electrical time goes on; seconds of it since the last call.
function session:advance()
    local now = Now()
    local seconds = (now - self.advanced) / 1000 * common.scale
    self.advanced = now
    if self.is_wired then
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
        Measured(self.protocol, parameter, nil, Now() - self.pre_charge)
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
    return math.min(self.p.ac.max_current, self.pilot and wire.amperes(self.pilot) or math.huge)
end

function session:ac_drawn()
    local limit = math.min(self:ac_limit(), self.ev_current or math.huge)
    local drawn = self.is_wired and wire.get(self.id, 'drawn')
    return drawn or limit * self.p.ac.voltage * (self.phases or self.p.ac.phases)
end

-- Whether a step that may answer Ongoing is over.
function session:is_finished(step)
    local ongoing = self.p.ongoing[step] or 0
    if type(ongoing) == 'table' then
        self.since[step] = self.since[step] or Now()
        return (Now() - self.since[step]) * common.scale >= ongoing.ms
    end
    local n = self.counts[step] or 0
    self.counts[step] = n + 1
    return n >= ongoing
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
    local meant = type(given) == 'table' and given.ms / common.scale >= limit
    local late = taken >= limit and not meant
    if not finished and not late then
        return false
    end
    Measured(self.protocol, parameter, nil, taken)
    self:again(step)
    return true, late and 'FAILED' or nil
end

function session:set_mode(mode)
    if self.mode ~= mode then
        self.mode = mode
        self.allowed = secc.allowed(self.protocol, mode)
    end
end

-- What the station asks of the vehicle in this charge-loop response: nil, 'stop', 'renegotiate',
-- 'shutdown'.
function session:wish()
    local n = self.loops + 1
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
-- left since the first that did.
function session:notice(wish)
    if not wish then
        return 0
    end
    local n = self.noticed or { at = Now(), limit = p.notification_delay * 1000, rounds = 0 }
    n.rounds = n.rounds + 1
    self.noticed = n
    return math.max(0, math.floor((n.limit - (Now() - n.at)) / 1000 + 0.5))
end

-- Of those that pay by contract alone [V2G2-691].
function session:wants_receipt()
    return (self.paying == 'Contract' or p.receipts_without_contract)
        and p.receipt_every > 0 and self.loops % p.receipt_every == 0
end

-- ---- paused sessions ----

local function hex(octets)
    return (octets:gsub('.', function(octet)
        return ('%02X'):format(octet:byte())
    end))
end

local function octets(digits)
    return (digits:gsub('..', function(two)
        return string.char(tonumber(two, 16))
    end))
end

-- The certificate that the vehicle came with, as text; '' without one. It tells vehicles apart:
-- only the one that paused a session joins it [V2G20-2545] [V2G20-2626].
local function vehicle()
    local _, pem = Secc.Get_Tls_PeerCertificate(0)
    return pem and pem:gsub('%-%-%-%-%-[^\n]*', ''):gsub('%s', '') or ''
end

-- The SessionID and response code for a SessionSetupReq: an id of zeros or one that no paused
-- session has never joins.
function session:set_up(asked)
    Measured(self.protocol, 'V2G_SECC_CommunicationSetup_Performance_Time', nil,
        Now() - self.started)
    local paused = p.resume and asked ~= '' and not asked:match('^0+$') and Recall(asked)
    local known = {}
    for key, value in (paused or ''):gmatch('(%w+)=([^;]*);') do
        known[key] = value
    end
    if known.protocol == self.protocol and known.vehicle == vehicle() then
        Remember(asked)
        self.id, self.paused = asked, known
        self.output.energy = tonumber(known.energy) or 0
        self:ac_limit()
        return 'OK_OldSessionJoined', 'Joined'
    end
    repeat
        self.id = hex(Pki.Random(8))
    until self.id ~= asked and not self.id:match('^0+$')
    self:ac_limit()
    return 'OK_NewSessionEstablished'
end

-- Keeps what a session needs that goes on: the contract is that whose key signs.
function session:pause()
    local kept = {}
    for key, value in pairs {
        protocol = self.protocol, mode = self.mode, schedule = self.schedule or 1,
        energy = math.floor(self.output.energy), service = self.service, set = self.set,
        control = self.control, payment = self.paying, vehicle = vehicle(),
        contract = self.contract and hex(self.contract[1]),
    } do
        kept[#kept + 1] = ('%s=%s;'):format(key, value)
    end
    Remember(self.id, table.concat(kept))
end

-- What pays for a session that was joined.
function session:pays_as_before()
    local paused = self.paused
    self.paying = paused.payment
    self.contract = paused.contract and { octets(paused.contract) }
end

-- ---- what is known of a request, by protocol ----

local known = {}

local function variants(base)
    return setmetatable({}, { __index = function(t, word)
        local text = base .. '(' .. word .. ')'
        t[word] = text
        return text
    end })
end

local function prepare(protocol)
    local file = require(FILES[protocol])
    local requests = {}
    for name, answer in pairs(file.answers) do
        local response = name:gsub('Req$', 'Res')
        requests[name] = {
            answer = answer, name = name, response = response, step = steps.of(name),
            id = Secc['Get_' .. name .. '_Header_SessionID'],
            code = Secc['Set_' .. response .. '_ResponseCode'],
            case = file.case[name], asked = variants(name), answered = variants(response),
        }
    end
    known[protocol] = { requests = requests, allowed = {} }
    return known[protocol]
end

function secc.allowed(protocol, mode)
    local all = known[protocol].allowed
    mode = mode or 'dc'
    all[mode] = all[mode] or sequence.allowed(protocol, mode)
    return all[mode]
end

-- ---- answering ----

-- FAILED_SequenceError, FAILED_UnknownSession, or nil
local function refusal(s, r)
    local allowed = s.allowed[s.state] or {}
    local name = r.name
    if s.id and name ~= 'SessionSetupReq' and r.id() ~= s.id then
        return 'FAILED_UnknownSession'
    end
    local case = r.case and r.case() -- nil where the element is missing
    if allowed[name] or (case and allowed[r.asked[case]]) then
        return nil
    end
    return 'FAILED_SequenceError'
end

local function answer(s, r)
    local code = refusal(s, r)
    if code then
        return code
    end
    local good, wanted, case = pcall(r.answer, s)
    if not good then
        -- a value that no vehicle should send, as a code outside an enumeration
        Log(('%s cannot be taken: %s'):format(r.name, wanted))
        return 'FAILED'
    end
    return p.answers[r.step] or wanted, case
end

-- What is measured once a request has been answered.
local function measure(s, r, case)
    if s.mode == 'ac' and case == 'Start' then
        Measured(s.protocol, 'EVSE_Contactor_Closing_Time', nil, Now() - s.asked)
    end
    if case == 'Start' then
        s.is_wired = wire.get(s.id, 'rest') ~= nil
    end
    if s.noticed and not LOOPS[r.step] then
        common.reacted(s)
    end
end

-- Why the session is over, or nil: it goes on. ok: it has ended as it should.
local function serve(s, r)
    s.asked = Now()
    if p.silent_at == r.step then
        return nil
    end
    if p.close_at == r.step then
        return 'the station closed at ' .. r.name, true
    end
    local code, case = answer(s, r)
    local failed = code ~= nil and code:find('^FAILED') ~= nil
    r.code(code or 'OK')
    common.pause(p.delays[r.step] or p.delays.default)
    local signer, why = s.signer, s.why
    s.signer, s.why = nil, nil
    common.send(p, Secc, r.response, s, signer)
    measure(s, r, case)
    if failed then
        why = ('%s was answered with %s%s'):format(r.name, code, why and ': ' .. why or '')
        if not p.keep_on_failed then
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
    if p.on.state then
        common.state(p, s.state, s)
    end
    return nil
end

-- After the last response: the vehicle closes, else the station does.
local function linger(s, how, ms)
    local from = Now()
    while how ~= 'reset' and how ~= 'fin' do
        local left = ms - (Now() - from)
        local name = left > 0 and Secc.Receive_Any_001(left) or nil
        if not name then
            break
        end
        local r = s.requests and s.requests[name]
        if r and name == 'SessionStopReq' and s.failed then
            r.code('OK')
            Secc.Send_SessionStopRes_001()
            how = 'fin'
        elseif r then
            r.code('FAILED_SequenceError')
            Secc['Send_' .. r.response .. '_001']()
            how = 'fin'
        end
    end
    Secc.Disconnect(how == 'reset')
    if s.protocol then
        Measured(s.protocol, 'TCP_Connection_Termination_Timeout', nil, Now() - from)
    end
end

local function close_after_failed(s)
    s.failed = Now()
    if p.failed_close == 'reset' then
        return linger(s, 'reset', 0)
    end
    -- DIN 70121: at once [V2G-DC-940]
    local how = s.protocol == 'DIN70121' and 'fin' or 'wait'
    linger(s, how, math.min(AFTER_FAILED, p.linger_ms))
end

-- The connection is gone, or nothing came in time.
local function nothing_came(s, why, detail, parameter)
    if why == 'timeout' then
        parameter = parameter or 'V2G_SECC_Sequence_Timeout'
        common.timed_out(p, parameter, s)
        Secc.Disconnect(false)
        return false, ('%s after %s: the vehicle sent nothing'):format(parameter, s.state)
    end
    if why == 'failed' then
        return false, 'no session was set up: ' .. (detail or '')
    end
    return false, ('the vehicle closed the connection after %s%s'):format(s.state,
        detail and detail ~= '' and ': ' .. detail or '')
end

local function begin(s)
    s.protocol = Secc.Protocol
    local k = known[s.protocol] or prepare(s.protocol)
    s.requests = k.requests
    s.allowed = secc.allowed(s.protocol, nil)
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
        Secc.Disconnect(true)
        return true, false, 'too many frames that are no request: ' .. s.problem
    end
    s.bad = 0
    if (p.on.receive or p.on[name]) and not common.received(p, Secc, name, s) then
        return false
    end
    local why, ok = serve(s, r)
    if why then
        if not ok then
            close_after_failed(s)
        else
            Secc.Disconnect(false)
        end
        return true, ok, why
    end
    if name == 'SessionStopReq' and s.state == 'SessionStopRes' then
        linger(s, p.close, p.linger_ms)
        return true, true, ''
    end
    return false
end

-- Times that run besides V2G_SECC_Sequence_Timeout: what is left of them, in milliseconds, and the
-- parameter.
local function other_limit(s)
    local protocol = s.protocol or 'ISO15118-2'
    if not s.id then
        local name = 'V2G_SECC_CommunicationSetup_Performance_Time'
        return math.max(0, Timer(protocol, name) - (Now() - s.started)), name
    end
    if s.pre_charge and protocol == 'DIN70121' then
        local name = 'V2G_SECC_PowerDelivery_Timeout'
        return math.max(0, Timer(protocol, name) - (Now() - s.pre_charge)), name
    end
    return nil
end

-- Waits for a request: as Receive_Any_001, and the timing parameter that ended the wait.
local function await(s)
    local ms, parameter = other_limit(s)
    if not ms or ms >= Timer(s.protocol or 'AppProtocol', 'V2G_SECC_Sequence_Timeout', s.last) then
        return Secc.Receive_Any_001()
    end
    local from = Now()
    local name, problem, detail = Secc.Receive_Any_001(ms)
    if name then
        Measured(s.protocol or 'AppProtocol', 'V2G_SECC_Sequence_Timeout', s.last, Now() - from)
    elseif problem == 'timeout' then
        Measured(s.protocol or 'ISO15118-2', parameter, nil, ms, false)
    end
    return name, problem, detail, parameter
end

local function play(s)
    while true do
        local name, problem, detail, parameter = await(s)
        if not name then
            return nothing_came(s, problem, detail, parameter)
        end
        local over, ok, why = take(s, name, problem)
        if over then
            return ok, why
        end
    end
end

-- ---- all vehicles, one after another ----

-- DIN 70121 knows external payment only.
local function check_payment(protocol)
    local has_external = false
    for _, option in ipairs(p.payment) do
        has_external = has_external or option == 'ExternalPayment'
    end
    if protocol == 'DIN70121' and not has_external then
        common.refuse('DIN 70121 knows no payment by contract (Plug & Charge); expected '
            .. 'ExternalPayment among `payment`')
    end
end

function secc.run(options)
    p = common.parameters('station', options)
    check_payment(options.protocol)
    contract.set_up(p)
    math.randomseed()
    if options.protocol then
        Secc.Protocol = options.protocol
        prepare(options.protocol) -- before a vehicle has to wait for it
    end
    secc.last = nil
    while true do
        Accept { tls = p.tls, answer_ms = common.pick(p.delays.AppProtocol or 0) }
        local s = new_session()
        common.forget_hooks()
        local ok, why = play(s)
        if s.id then
            wire.cut(s.id)
        end
        Secc.Disconnect(false)
        Session_Over(ok, why)
    end
end

return secc
