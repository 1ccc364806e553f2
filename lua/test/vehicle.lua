-- SPDX-License-Identifier: Apache-2.0
-- The vehicle that tests a station: the ready-made one goes the way to the row that a case is
-- about, and stands there; then the case says what it sends. Requests are those that the ready-made
-- one would send, with what the case lays over them.

local evcc = require 'v2g.evcc'
local steps = require 'v2g.steps'
local way = require 'test.way'

local vehicle = {}
vehicle.__index = vehicle

local LOOPS <const> = { CurrentDemand = true, ChargingStatus = true }
-- Another session is searched for anew: where the last one was, some stations listen no more.
local SEARCHED <const> = { ['SDP>TCP'] = 0 }

-- Called with the name of each request on the way, before it goes out.
function vehicle.before() end

-- role: an EVCC. parameters: of the ready-made vehicle.
function vehicle.new(role, parameters)
    local self = setmetatable({ role = role, by = 'EVCC', parameters = parameters }, vehicle)
    self.ev = evcc.new(role, parameters)
    return self
end

-- ---- the way to the row ----

-- Whether the exchange that has just been made, with that request, is the one of that row.
local function is_row(self, step, request, message, word)
    if self.ev:name(step) .. 'Res' ~= message then
        return false
    end
    return not word or way.says(self.role.Received(message), word) or way.says(request, word)
end

-- Raises when the last row has been passed; a row whose response ends its step (without a word,
-- or Finished) is passed when the step is over and the vehicle has read what it said, in the
-- charge loop with its first response.
local function watch(self, rows)
    local reached, passed = {}, 1
    local exchange = self.ev.exchange
    local function arrived()
        passed = passed + 1
        return passed > #rows
    end
    local ready = false -- the row is passed, when the next step begins
    self.ev.exchange = function(ev, step, signer)
        if ready and step ~= ready then
            ready = false
            if arrived() then
                error(reached, 0)
            end
        end
        local request = self.role.Outgoing(ev:name(step) .. 'Req')
        self.asked = ev:name(step) .. 'Req'
        self.before(self.asked)
        local code = exchange(ev, step, signer)
        if step == 'ChargeParameterDiscovery' then
            self.offered = self.offered or Now() -- from when on the schedules run
        end
        local message, word = way.row(rows[passed])
        if is_row(self, step, request, message, word) then
            if word and word ~= 'Finished' or LOOPS[step] then
                if arrived() then
                    error(reached, 0)
                end
            else
                ready = step
            end
        end
        return code
    end
    return reached, function()
        self.ev.exchange = nil
        return passed > #rows or ready and passed == #rows
    end, function() return rows[passed] end
end

-- Connects, and raises where that is all that the row wants.
local function connect(self, reached, next_row)
    evcc.open(self.ev)
    self.protocol = self.ev.protocol
    if next_row() == 'supportedAppProtocolRes' then
        error(reached, 0)
    end
end

-- What came in between of the ready-made vehicle's way, and whether there is no device at all.
local function what_came(self, why)
    if type(why) == 'table' and why.ev == self.ev then
        return why.why, self.ev.missing
    end
    error(why, 0)
end

-- Closes the connection, and waits until the station has, too, and a moment longer: some take no
-- other one until then.
function vehicle:hangs_up()
    if self.role.State() == 'ready' then
        self.role.Disconnect 'half'
        local limit = Now() + Timer('Tester', 'par_SECC_waitForNextTC')
        repeat
            local name, why = self.role.Receive_Any_001(math.max(0, limit - Now()))
        until not name and why ~= 'timeout' or Now() >= limit
        self.role.Disconnect()
        Sleep(Timer('Tester', 'par_CMN_Transmission_Delay'))
    end
    self.role.Disconnect()
end

-- Until the session that it has paused goes on.
function vehicle:sleeps()
    Sleep(self.parameters.pause_ms or 0)
end

-- Goes there. Nil, or what came in between, as text.
function vehicle:reach(given)
    self.is_deaf = given == 'link'
    if self.is_deaf then
        return nil
    elseif given == 'connected' then
        local good, why = pcall(evcc.reach, self.ev)
        self.asked = 'supportedAppProtocolReq'
        return not good and what_came(self, why) or nil
    end
    local rows = way.rows(given)
    local reached, stop, next_row = watch(self, rows)
    local good, why = pcall(function()
        connect(self, reached, next_row)
        while evcc.walk(self.ev) == 'resume' do
            self.paused = self.ev.joining
            self:hangs_up()
            self:sleeps()
            connect(self, reached, next_row)
        end
    end)
    local there = stop()
    self.id = self.role.SessionID()
    if why == reached or good and there then
        return nil
    end
    if good then
        return ('the session went by without %s'):format(rows[#rows])
    end
    return what_came(self, why)
end

-- TCP, and TLS, to where SDP said. Nil, and why not.
function vehicle:connects(ms)
    local tls = self.parameters.tls
    local good, why = self.role.Connect { manual = true, tls = tls, may_fail = true, timeout = ms }
    return good, why
end

-- A session as short as can be, from SDP on. Nil, or what was wrong, as text. A station that
-- refuses to stop so early lives, too.
function vehicle:short_session()
    local p = { gaps = SEARCHED }
    for _, key in ipairs { 'protocol', 'mode', 'tls' } do
        p[key] = self.parameters[key]
    end
    self.ev = evcc.new(self.role, p)
    local good, why = pcall(function()
        evcc.open(self.ev)
        self.ev.does.SessionSetup(self.ev)
        self.ev.p.on_failed = 'ignore'
        self.ev.does.SessionStop(self.ev)
    end)
    return not good and what_came(self, why) or nil
end

-- Leaves the session; another one can be begun, with more parameters.
function vehicle:leave(more)
    self:hangs_up()
    local p = { gaps = SEARCHED }
    for _, part in ipairs { self.parameters, more } do
        for key, value in pairs(part) do
            p[key] = value
        end
    end
    self.ev = evcc.new(self.role, p)
    self.id, self.paused, self.offered = nil, nil, nil
end

-- Comes with this contract ('contract-leaf') or provisioning certificate from now on.
function vehicle:bear(role, identity)
    self.ev[role == 'oem-leaf' and 'provisioning' or 'identity'] = identity
    self.ev.identities = { identity } -- ISO 15118-20 knows several
end

-- Goes after SessionStopRes(Pause), to come back with that vehicle certificate.
function vehicle:go_away(identity)
    self.paused, self.ev.shown = self.ev.joining, identity
    self.role.Disconnect()
end

-- ---- requests ----

-- The ready-made vehicle's step for that request.
local function step_for(self, name, fields)
    local step = steps.of(name)
    if step == 'MeteringReceipt' then -- is part of the charge loop
        return self.ev.mode == 'ac' and 'ChargingStatus' or 'CurrentDemand'
    elseif step ~= 'PowerDelivery' then
        return step
    end
    local progress = fields.ChargeProgress
    if fields.ReadyToChargeState ~= nil then
        progress = fields.ReadyToChargeState and 'Start' or 'Stop'
    end
    progress = progress or (self.ev.is_ready and 'Stop' or 'Start')
    return step .. (progress == 'ScheduleRenegotiation' and 'Renegotiate' or progress)
end

-- Requests before there is a protocol.
local before = {}

function before.SECCDiscoveryReq(self)
    local m = self.role.Message('SECCDiscoveryReq')
    local tls = self.parameters.tls
    m.Security = (not tls or tls == 'off') and 0x10 or 0x00
    return m
end

function before.supportedAppProtocolReq(self)
    local m = self.role.Message('supportedAppProtocolReq')
    m.AppProtocol = evcc.offer(self.ev, self.parameters.protocol)
    return m
end

-- A good request at this place: what the ready-made vehicle would send. Also the identity that
-- signs it, or nil.
function vehicle:message(name, fields)
    if before[name] then
        return before[name](self)
    end
    local step, made = step_for(self, name, fields or {}), {}
    self.ev.exchange = function(ev, at, signer)
        made.signer = signer
        if ev:name(at) .. 'Req' == name or made.passed then
            error(made, 0)
        end
        made.passed = true -- the request of the loop, whose response is there
    end
    local good, why = pcall(self.ev.does[step] or error, self.ev)
    self.ev.exchange = nil
    if not good and why == made then
        return self.role.Outgoing(name), made.signer
    end
    local m = self.role.Message(name)
    m.Header.SessionID = self.role.SessionID()
    return m, nil
end

-- The name of the time that the device has for its next message.
function vehicle:patience()
    return 'V2G_EVCC_Msg_Timeout_' .. self.asked
end

return vehicle
