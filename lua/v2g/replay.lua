-- SPDX-License-Identifier: Apache-2.0
-- What scripts made by `v2glab script` stand on: one side of a recorded session that is played
-- again, against a peer that may answer otherwise. docs/replay.md tells what its functions do.

local expect = require 'v2g.expect'
local fields = require 'replay.fields'
local outcome = require 'replay.outcome'
local own = require 'replay.own'
local paying = require 'replay.paying'

local replay = {}

local player = {}
player.__index = player

local LOOP_LIMITS <const> = { CableCheck = 'V2G_EVCC_CableCheck_Timeout',
                              DC_CableCheck = 'V2G_EVCC_CableCheck_Timeout',
                              PreCharge = 'V2G_EVCC_PreCharge_Timeout',
                              DC_PreCharge = 'V2G_EVCC_PreCharge_Timeout' }
local ONGOING_MS <const> = 60000   -- V2G_EVCC_Ongoing_Timeout
local CLOSING_MS <const> = 7000    -- beyond the capture's time, until the other side has closed
local SDP_TRIES <const> = 50        -- [V2G2-161]
local TOLD_MOST <const> = 200      -- differences that are told one by one
local PATIENCE_MS <const> = 30000  -- of a station, with a vehicle that goes on and on
local STOPS <const> = { StopCharging = true, Terminate = true }

-- ---- what is told ----

local function tell(self, key, text)
    if self.told[key] then
        return
    end
    self.told[key] = true
    self.tellings = self.tellings + 1
    if self.tellings <= TOLD_MOST then
        Log(text)
    end
end

local function differs(self, key, text)
    if not self.told[key] then
        self.differences = self.differences + 1
    end
    tell(self, key, text)
    if self.strict then
        self.wrong = self.wrong or text
    end
end

local function summary(self)
    local parts = { self.found }
    if self.differences > 0 then
        parts[#parts + 1] = ('%d values are not those of the capture'):format(self.differences)
    end
    if self.clipped > 0 then
        parts[#parts + 1] = ('%d values were clipped'):format(self.clipped)
    end
    return table.concat(parts, '; ')
end

-- The end of the script. from: who has closed; nil: nobody, before the capture ended.
local function finish(self, from)
    self.found = self.ending or outcome.of(self.said, from)
    local expected, is_station = self.settings.ends, self.side == 'SECC'
    if self.wrong then
        Fail(('%s (%s)'):format(self.wrong, summary(self)))
    elseif is_station and expected and expected:find('^stopped') and self.found:find('^stopped') then
        Pass('as the capture: ' .. summary(self))
    elseif expected and self.found ~= expected then
        -- how a session ends at a station that answers all the time is the vehicle's to say
        local judge = is_station and Inconclusive or Fail
        judge(('the capture: %s; this session: %s'):format(expected, summary(self)))
    end
    Pass('as the capture: ' .. summary(self))
end

local function other(self)
    return self.side == 'EVCC' and 'SECC' or 'EVCC'
end

-- The other side has closed in place of what is expected.
local function finish_gone(self, instead)
    self.role.Disconnect()
    tell(self, 'gone', ('the %s closed the connection: %s is left out'):format(
        self.side == 'EVCC' and 'station' or 'vehicle', instead))
    finish(self, other(self))
end

-- ---- time ----

local function factor(time)
    if time == 'none' then
        return 0
    end
    local by = time == 'exact' and 1 or tonumber(time)
    if not by or by <= 0 then
        error(("time: expected 'exact', 'none' or a factor above 0, found %s"):format(tostring(time)), 3)
    end
    return 1 / by
end

-- Before the next message, counted from the last one. least, most: between what eight of ten of the
-- capture's were. The first of several before one message holds.
function player:pause(median, least, most)
    if self.due then
        return
    end
    local ms = median
    if least and most and most > least then
        local low = math.random() < 0.5
        ms = low and least + (median - least) * math.random() or median + (most - median) * math.random()
    end
    self.due = (self.last or Now()) + ms * self.factor
end

local function wait_due(self)
    local ms = self.due and self.due - Now() or 0
    self.due = nil
    if ms > 0 then
        Sleep(ms)
    end
end

-- ---- values that are found as they are sent ----

local maker = {}
maker.__index = maker

local function make(kind, t)
    return setmetatable({ kind = kind, t = t }, maker)
end

local given = { between = expect.between }

-- By round of a loop: { first, [20] = from the 20th on }.
function given.curve(values)
    return make('curve', values)
end

-- What the other side said last there; recorded: where it has said nothing.
function given.peer(path, recorded)
    return make('peer', { path = path, recorded = recorded })
end

-- A factor of what the request has there.
function given.asked(path, by)
    return make('asked', { path = path, by = by })
end

-- Made anew.
function given.own(what, recorded)
    return make('own', { what = what, recorded = recorded })
end

-- Of a station: the SchemaID that the vehicle offers for the namespace.
function given.offered(namespace, recorded)
    return make('offered', { namespace = namespace, recorded = recorded })
end

-- Of a station: whether the vehicle comes back to a session or begins one.
function given.joined()
    return make('joined', {})
end

local value_of

local makers = {}

function makers.joined(self)
    local id = self.pending and self.pending.message:get('Header.SessionID') or ''
    return id:find('^0*$') and 'OK_NewSessionEstablished' or 'OK_OldSessionJoined'
end

function makers.curve(self, t)
    local round = self.loop and self.loop.round or 1
    if self.loop and self.loop.final then
        round = self.loop.n
    elseif self.loop and self.loop.has_final then
        round = math.min(round, self.loop.n - 1)
    end
    while round > 1 and t[round] == nil do
        round = round - 1
    end
    return value_of(self, t[round])
end

function makers.peer(self, t)
    local name, path = t.path:match('^([^.]+)%.(.*)$')
    local message = self.got[name]
    for _, at in ipairs { path, (path:gsub('%[%d+%]', '[1]')) } do
        local ok, value = pcall(function() return message and message:get(at) end)
        if ok and value ~= nil then
            if type(value) == 'userdata' then
                value = value:si()
            end
            return value
        end
    end
    tell(self, t.path, ('%s: the other side has not said it, the recorded value is sent'):format(t.path))
    return t.recorded
end

function makers.asked(self, t)
    local message = self.pending and self.pending.message
    local ok, wanted = pcall(function() return message:get(t.path):si() end)
    local loop = self.loop
    local is_beyond = loop and fields.reaching[loop.name] and loop.round > loop.n
    local by = is_beyond and 1 or value_of(self, t.by) -- who still asks gets what it asks for
    return ok and wanted * by or 0
end

function makers.offered(self, t)
    local message = self.got.supportedAppProtocolReq
    for _, entry in ipairs(message and message.AppProtocol or {}) do
        if entry.ProtocolNamespace == t.namespace then
            return entry.SchemaID
        end
    end
    self.wrong = self.wrong or ('the vehicle does not offer %s, which the capture agrees on'):format(
        t.namespace)
    return t.recorded
end

function makers.own(self, t)
    local f = own[t.what]
    if not f then
        error(("own: expected seconds, contract chain, provisioning chain, public key, private key, "
            .. "OEM certificate, OEM chain, EVCCID, eMAID or ContractID, found '%s'"):format(tostring(t.what)), 0)
    end
    return f(self, t.recorded, tell)
end

function value_of(self, value)
    if getmetatable(value) == maker then
        return makers[value.kind](self, value.t)
    end
    return value
end

-- ---- messages ----

-- A limit is the smallest that a message has under that name.
local function note_limits(self, message)
    local here = {}
    for path, value in message:values() do
        local name = fields.name(path)
        if self.limiting[name] and type(value) == 'number' then
            here[name] = math.min(here[name] or value, value)
        elseif name == 'EVSENotification' and STOPS[tostring(value)] then
            self.wants_stop = true
        end
    end
    for name, value in pairs(here) do
        self.limits[name] = value
    end
end

local function number_of(value)
    if type(value) == 'table' then
        return value.Value and value.Value * 10.0 ^ (value.Multiplier or value.Exponent or 0)
    end
    return type(value) == 'number' and value or nil
end

-- The value, or the limit that it is beyond.
local function clip(self, name, path, value)
    local limits, number = fields.clips[self.side][fields.name(path)], number_of(value)
    for _, limit in ipairs(self.clips and number and limits or {}) do
        local most = self.limits[limit]
        if most and most < number then
            self.clipped = self.clipped + 1
            tell(self, 'clip ' .. name .. path .. most, ('%s.%s: %.10g is beyond %s of the other side, %.10g is sent')
                :format(name, path, number, limit, most))
            return most
        end
    end
    return value
end

local function by_number(path)
    return (path:gsub('%d+', function(digits) return ('%06d'):format(tonumber(digits)) end))
end

-- Kinds of values that hang on what the other side says.
local OF_PEER <const> = { peer = true, asked = true }

-- What the other side leads to may be more than an element holds: that is no error of the script.
local function put(self, m, one)
    local value = clip(self, m:name(), one.path, one.value)
    if not one.is_of_peer then
        return m:set(one.path, value)
    end
    local good, why = pcall(m.set, m, one.path, value)
    if not good then
        tell(self, 'put ' .. m:name() .. one.path, ("%s.%s is left as it is by default, as the other "
            .. "side's value cannot be sent: %s"):format(m:name(), one.path, tostring(why)))
    end
end

-- What is absent, as a whole: the highest element of its path in which nothing is.
local function highest_absent(path, present)
    for at in path:gmatch('()%.') do
        local element = path:sub(1, at - 1)
        local has = element:find('%]$') -- entries of a list stay: the others keep their places
        for _, one in ipairs(present) do
            has = has or one.path:sub(1, at) == element .. '.' or one.path == element
        end
        if not has then
            return element
        end
    end
    return path
end

local function build(self, name, values)
    local m = self.role.Message(name)
    local paths, absent = {}, {}
    for path, source in pairs(values) do
        local value = value_of(self, source)
        local list = (value == nil or value == expect.absent) and absent or paths
        list[#list + 1] = { path = path, at = by_number(path), value = value,
                            is_of_peer = getmetatable(source) == maker and OF_PEER[source.kind] }
    end
    table.sort(paths, function(a, b) return a.at < b.at end)
    for _, one in ipairs(absent) do
        m:set(highest_absent(one.path, paths), nil)
    end
    for _, one in ipairs(paths) do
        put(self, m, one)
    end
    return m
end

-- Whoever has closed meanwhile ends the session, as one who closes at any other time.
local function deliver(self, m)
    wait_due(self)
    if self.role.State() == 'closed' then
        finish_gone(self, m:name())
    end
    local good, why = pcall(m.send, m)
    if not good then
        Sleep(1) -- a reset that came meanwhile is heard of now
        if self.role.State() == 'closed' then
            finish_gone(self, m:name())
        end
        error(why, 0)
    end
    self.last, self.sent = Now(), m
    outcome.said(self.said, m:name(), m)
    return m
end

local function send(self, name, values)
    return deliver(self, build(self, name, values))
end

local function compare(self, name, message, expected)
    local wanted = {}
    for path, value in pairs(expected or {}) do
        wanted[path] = value_of(self, value)
    end
    local ok, list = pcall(expect.compare, message, wanted)
    if not ok then
        error(list, 0)
    end
    for _, one in ipairs(list) do
        differs(self, name .. one.path, ('%s.%s: the capture has %s, found %s'):format(name, one.path,
            one.expected, one.found))
    end
end

-- The next message: its name and value; nil and why. ms: nil: the standard's time.
local function receive(self, ms)
    local name, why = self.role.Receive_Any_001(ms)
    if not name then
        return nil, why
    end
    self.last = self.role.Came()
    local message = self.role.Received()
    if not message then
        return name, nil, why
    end
    self.got[name] = message
    outcome.said(self.said, name, message)
    note_limits(self, message)
    return name, message
end

-- ---- a vehicle ----

-- SDP by itself, for the pause behind it. Where nobody answers Connect says so.
local function discover(self, ms)
    self.role.Set_SECCDiscoveryReq_Security(self.settings.tls == 'off' and 0x10 or 0x00)
    for _ = 1, SDP_TRIES do
        self.role.Send_SECCDiscoveryReq_001()
        if self.role.Receive_Any_001(Timer('SDP', 'V2G_EVCC_Msg_Timeout', 'SECCDiscoveryReq')) then
            Sleep(ms * self.factor)
            return
        end
    end
end

-- Finds the station; ms: from its answer to SDP to TCP, where the capture shows it.
function player:connect(ms)
    if ms and not self.role.Address then
        discover(self, ms)
    end
    local good, why = self.role.Connect { manual = true, may_fail = true,
        tls = self.settings.tls ~= 'off' and self.settings.tls or nil }
    if not good then
        Fail('the station cannot be reached: ' .. why)
    end
    if self.settings.tls ~= 'off' and not self.role.Get_Tls_Version() then
        differs(self, 'tls', 'the station has no TLS, which the capture was under: it goes on without')
    end
    self.last = Now()
end

-- As the standard wants after what cannot be gone on with.
local function leave(self, why)
    self.wrong = self.wrong or why
    if self.role.State() == 'ready' and self.settings.protocol and self.said.last ~= 'SessionStopRes' then
        local stop = self.role.Message('SessionStopReq')
        pcall(stop.send, stop)
        receive(self, nil)
    end
    self.role.Disconnect()
    finish(self, self.side)
end

-- Of the offers those of a namespace alone.
local function narrowed(values, namespace)
    local entry = {}
    for path, value in pairs(values) do
        local i, name = path:match('^AppProtocol%[(%d+)%]%.(.*)$')
        if i and values[('AppProtocol[%s].ProtocolNamespace'):format(i)] == namespace then
            entry['AppProtocol[1].' .. name] = value
        end
    end
    return entry
end

-- A station may agree on another one of the protocols that are offered; then the capture's is
-- offered alone, in a connection of its own.
local function insist(self, response)
    local namespace, offers = self.settings.namespace, self.offers
    if not namespace or not offers or self.insisted then
        return false
    end
    for i = 1, #self.sent.AppProtocol do
        local entry = self.sent.AppProtocol[i]
        if entry.SchemaID == response.SchemaID and entry.ProtocolNamespace == namespace then
            return false
        end
    end
    tell(self, 'insist', ('the station agrees on another protocol than the capture: it is asked again, '
        .. 'for %s alone'):format(namespace))
    self.insisted = true
    self.role.Disconnect()
    self:connect()
    send(self, 'supportedAppProtocolReq', narrowed(offers, namespace))
    return true
end

-- A station may take no contract: then external means pay. nil: the message is left out.
local function paid(self, name, values)
    local protocol = self.settings.protocol
    if not self.is_external and paying.is_by_contract(name, values, protocol)
        and paying.takes_contract(self.got) == false then
        self.is_external = true
        differs(self, 'paying', 'the capture paid by contract, and this station takes none: external means pay')
    end
    return not self.is_external and values or paying.external(name, values, protocol)
end

function player:request(name, values)
    if name == 'supportedAppProtocolReq' then
        self.offers = values
    end
    local said = paid(self, name, values)
    self.left_out = said == nil and name or nil
    if said then
        send(self, name, said)
    else
        self.due = nil
        tell(self, 'without ' .. name, ('%s is left out'):format(name))
    end
end

local function wanted_code(self, expected)
    local code = expected and value_of(self, expected.ResponseCode)
    return type(code) == 'string' and code or nil
end

local function is_failed(code)
    return code ~= nil and code:lower():find('^failed') ~= nil
end

function player:response(name, expected)
    if self.left_out then
        self.is_ongoing = false
        return nil
    end
    local found, message, problem = receive(self)
    if not found and message == 'timeout' then
        leave(self, ('no %s in time'):format(name))
    elseif not found then
        finish_gone(self, name)
    elseif found ~= name or not message then
        leave(self, ('expected %s, found %s'):format(name, message and found
            or 'a frame that cannot be decoded: ' .. tostring(problem)))
    end
    if name == 'supportedAppProtocolRes' and message.SchemaID and insist(self, message) then
        return self:response(name, expected)
    end
    local code, wanted = tostring(message.ResponseCode), wanted_code(self, expected)
    local ok, processing = pcall(function() return message.EVSEProcessing end)
    self.is_ongoing = ok and processing ~= nil and fields.ongoing[tostring(processing)] or false
    compare(self, name, message, expected)
    if is_failed(code) and not is_failed(wanted) then
        leave(self, ('the station answered %s with %s, which the capture has not'):format(name, code))
    elseif is_failed(wanted) and not is_failed(code) then
        self.wrong = self.wrong or ('%s: the capture has %s, found %s'):format(name, wanted, code)
    end
end

-- The capture has no response: nothing is waited for.
function player:unanswered(name)
    tell(self, name, ('%s is not waited for: the capture has none'):format(name))
end

-- ---- a station ----

function player:listen()
    self.role.Listen { manual = true, tls = self.settings.tls ~= 'off' and self.settings.tls or nil }
end

-- The request that is to be answered, which waits for its block.
local function peek(self)
    if self.pending then
        return self.pending
    end
    local name, message, problem = receive(self, not self.said.last and 600000 or nil)
    if not name and message ~= 'timeout' then
        return nil
    elseif not name then
        self.role.Disconnect()
        self.wrong = self.wrong or ('the vehicle says nothing more after ' .. tostring(self.said.last))
        finish(self, self.side)
    elseif not message then
        self.role.Disconnect()
        self.wrong = 'a frame that cannot be decoded: ' .. tostring(problem)
        finish(self, self.side)
    end
    self.pending = { name = name, message = message }
    return self.pending
end

-- The place of a request in the capture's order, from one on; nil: it does not come there.
local function place(self, name, from)
    for i = from, #self.order do
        if self.order[i] == name then
            return i
        end
    end
    return nil
end

local function refuse(self, request)
    pcall(function() -- not each message has an answer with that code
        local m = self.role.Message((request.name:gsub('Req$', 'Res')))
        m.ResponseCode = 'FAILED_SequenceError'
        m:send()
    end)
    self.role.Disconnect('half')
    self.wrong = ('%s is out of turn: the capture has %s there'):format(request.name,
        self.order[self.at] or 'the end')
    receive(self, CLOSING_MS)
    self.role.Disconnect()
    finish(self, self.side)
end

local function answer_stop(self)
    self.pending, self.due = nil, nil
    send(self, 'SessionStopRes', {})
    receive(self, CLOSING_MS)
    self.role.Disconnect()
    finish(self, other(self))
end

-- What the capture has no more: a vehicle that asks for it again and again is left in the end.
local function be_patient(self, name)
    local patience = self.settings.patience or PATIENCE_MS
    self.beyond = self.beyond or Now()
    if Now() - self.beyond < patience then
        return
    end
    self.role.Disconnect()
    self.ending = 'goes on: ' .. name
    tell(self, 'patience', ('the vehicle goes on with %s, %.0f s beyond what the capture has: it is left')
        :format(name, patience / 1000))
    finish(self, self.side)
end

-- Takes the request of this block; where another one has come the block is passed by, if that has
-- its own later, or the last answer is given again.
function player:await(name, expected)
    self.at = place(self, name, self.loop and self.loop.round > 1 and self.at or self.at + 1) or self.at
    self.matched = false
    while true do
        local request = peek(self)
        if not request then
            finish_gone(self, name)
        elseif request.name == name then
            self.matched = true
            self.beyond = self.loop and self.beyond
            compare(self, name, request.message, expected)
            return
        elseif place(self, request.name, self.at + 1) then
            tell(self, 'without ' .. name, ('the vehicle leaves %s out'):format(name))
            return
        elseif request.name == 'SessionStopReq' then
            answer_stop(self)
        elseif self.answered and self.answered.to == request.name then
            tell(self, 'again ' .. request.name, request.name
                .. ' comes again, and gets the last answer again')
            be_patient(self, request.name)
            self.pending, self.due = nil, nil
            deliver(self, self.answered.message:copy())
        else
            refuse(self, request)
        end
    end
end

-- Beyond the capture's rounds a station asks the vehicle to stop, where there is an element for it.
local function with_stop(self, values)
    local loop = self.loop
    if self.settings.stops == false or not loop or not fields.charging[loop.name]
        or loop.round <= loop.n then
        return values
    end
    tell(self, 'stops', ('%s goes on beyond the %d rounds of the capture: the vehicle is asked to stop')
        :format(loop.name, loop.n))
    local changed = {}
    for path, value in pairs(values) do
        changed[path] = fields.stops[fields.name(path)] or value
    end
    if self.settings.protocol == 'ISO15118-20' then
        changed['EVSEStatus.NotificationMaxDelay'] = 0
        changed['EVSEStatus.EVSENotification'] = 'Terminate'
    end
    return changed
end

function player:answer(name, values)
    if not self.matched then
        self.due = nil
        return
    end
    values = with_stop(self, values)
    local to = self.pending.name
    self.answered = { to = to, message = send(self, name, values) }
    self.pending, self.matched = nil, false
end

-- The capture has no answer.
function player:silence()
    self.pending, self.due = nil, nil
end

-- ---- either ----

-- A message out of turn.
player.send = send

-- ---- loops ----

local function loop_limit(self, name)
    local timer = LOOP_LIMITS[name]
    return timer and self.settings.protocol and Timer(self.settings.protocol, timer) or ONGOING_MS
end

-- An iterator of rounds. over(loop): whether no further one is needed; of a station the vehicle
-- tells.
local function rounds(self, name, n, over, has_final)
    local loop = { name = name, n = n, round = 0, from = Now(), has_final = has_final, around = self.loop }
    return function()
        local is_over
        self.loop = loop -- what stands beside it is over
        if self.side == 'SECC' then
            loop.at = loop.at or loop.round > 0 and self.at or nil
            self.at = loop.at or self.at
            local request = loop.round > 0 and peek(self)
            is_over = loop.round > 0 and not (request and request.name == name .. 'Req')
        else
            is_over = loop.round > 0 and over(loop)
        end
        if self.side == 'SECC' and not is_over and loop.round >= n then
            be_patient(self, name .. 'Req')
        end
        if is_over then
            self.loop, self.beyond = loop.around, nil
            if loop.round ~= n then
                tell(self, 'rounds of ' .. name, ('%s: %d rounds, %d in the capture'):format(name,
                    loop.round, n))
            end
            return nil
        end
        loop.round = loop.round + 1
        return loop.round
    end
end

local function in_time(self, loop)
    local limit = loop_limit(self, loop.name)
    if Now() - loop.from > limit then
        leave(self, ('%s is not over after %d ms'):format(loop.name, limit))
    end
    return false
end

-- Until the response says Ongoing no more. given_up: the capture has n rounds, and then no more.
function player:ongoing(name, n, given_up)
    return rounds(self, name, n, function(loop)
        return not self.is_ongoing or given_up and loop.round >= n or in_time(self, loop)
    end)
end

local function quantity(message, path)
    local ok, value = pcall(function() return message:get(path):si() end)
    return ok and value or nil
end

-- Until the station's voltage is near the one that is asked for; has_final: one more round follows,
-- with the last values of the curves.
function player:reaching(name, n, has_final)
    return rounds(self, name, n, function(loop)
        if loop.final then
            return true
        end
        local response = self.got[name .. 'Res']
        local present = response and quantity(response, 'EVSEPresentVoltage')
        local target = quantity(self.sent, 'EVTargetVoltage')
        if present and target and math.abs(present - target) <= fields.near then
            loop.final = has_final
            return not has_final
        end
        return in_time(self, loop)
    end, has_final)
end

-- So often, or until the station asks to stop.
function player:rounds(name, n)
    return rounds(self, name, n, function(loop)
        return loop.round >= n or self.wants_stop
    end)
end

-- ---- what stands beside a round ----

-- Its curves have a value for each time that it comes.
local function beside(self, key)
    local loop = self.loop.beside or self.loop
    loop.times = loop.times or {}
    loop.times[key] = (loop.times[key] or 0) + 1
    self.loop = { name = key, n = math.maxinteger, round = loop.times[key], beside = loop }
    return true
end

local function main_loop(self, what)
    if not self.loop then
        error(what .. ': expected it within `for _ in s.rounds(…) do`', 3)
    end
    return self.loop.beside or self.loop
end

-- Of a vehicle: after these rounds of the loop.
function player:after(...)
    local loop, rounds_of = main_loop(self, 'after'), { ... }
    for _, round in ipairs(rounds_of) do
        if loop.round == round then
            return beside(self, table.concat(rounds_of, ' '))
        end
    end
    return false
end

-- Of a vehicle: when the response of this round has that value.
function player:wished(path, value)
    local loop = main_loop(self, 'wished')
    local message = self.got[loop.name .. 'Res']
    local ok, found = pcall(function() return message:get(path) end)
    return ok and tostring(found) == tostring(value) and beside(self, path .. tostring(value)) or false
end

-- Of a station: when the next request is of that name, and has such a value.
function player:comes(name, path, values)
    local loop = main_loop(self, 'comes')
    local request = peek(self)
    self.at = loop.at or self.at
    if not request or request.name ~= name .. 'Req' then
        return false
    end
    return (not path or #expect.compare(request.message, { [path] = values }) == 0)
        and beside(self, name) or false
end

-- ---- the end ----

-- What a vehicle says beyond the capture's end.
local function goes_on(self, request)
    if request.name == 'SessionStopReq' then
        answer_stop(self)
    end
    self.role.Disconnect()
    self.pending = nil
    tell(self, 'beyond', ('the vehicle goes on with %s, where the capture ends'):format(request.name))
    finish(self, self.side)
end

-- Closes: 'fin' or 'reset', so many milliseconds after the last message.
function player:close(how, ms)
    if self.pending then
        goes_on(self, self.pending)
    end
    self:pause(ms)
    wait_due(self)
    self.role.Disconnect(how == 'reset')
    finish(self, self.side)
end

-- The other side closes, so long after the last message in the capture.
function player:await_close(ms)
    local from = Now()
    local request = self.pending
    local name = not request and receive(self, ms + CLOSING_MS)
    if self.side == 'SECC' and (request or name) then
        goes_on(self, request or { name = name })
    elseif name then
        self.wrong = self.wrong or ('%s came after the end of the capture'):format(name)
    elseif self.role.State() ~= 'closed' then
        tell(self, 'close', ('the other side has not closed after %d ms'):format((Now() - from) // 1))
    end
    self.role.Disconnect()
    finish(self, other(self))
end

-- The capture ends here, or does not show who closed.
function player:leave()
    if self.pending then
        goes_on(self, self.pending)
    end
    self.role.Disconnect()
    finish(self, nil)
end

-- ---- a side ----

local KEYS <const> = { protocol = true, namespace = true, tls = true, time = true, clips = true,
                       strict = true, ends = true, order = true, evccid = true, stops = true,
                       patience = true }

local function new(side, role, settings)
    for key in pairs(settings) do
        if not KEYS[key] then
            error(("there is no setting '%s'; expected protocol, namespace, tls, time, clips, strict, ends, order, "
                .. "stops, patience or evccid"):format(tostring(key)), 3)
        end
    end
    local self = setmetatable({ side = side, role = role, settings = settings, said = outcome.new(),
        told = {}, tellings = 0, differences = 0, clipped = 0, got = {}, limits = {}, limiting = {},
        order = settings.order or {}, at = 0, factor = factor(settings.time or 'exact'),
        clips = settings.clips ~= false, strict = settings.strict }, player)
    for _, limits in pairs(fields.clips[side]) do
        for _, name in ipairs(limits) do
            self.limiting[name] = true
        end
    end
    if settings.protocol then
        role.Protocol = settings.protocol
    end
    local bound = setmetatable({}, { __index = given })
    for name, method in pairs(player) do
        if name ~= '__index' then
            bound[name] = function(...) -- no tail call, so that errors have the script's line
                local first = method(self, ...)
                return first
            end
        end
    end
    return bound
end

function replay.vehicle(settings)
    return new('EVCC', Evcc, settings)
end

function replay.station(settings)
    return new('SECC', Secc, settings)
end

return replay
