-- SPDX-License-Identifier: Apache-2.0
-- The tester on a power line, where a case begins before there is IP (ISO 15118-3): what a good
-- message has, and the way to where the case begins, of either side. It stands in front of the
-- tester of messages over IP (vehicle.lua, station.lua), which goes on once there is a link.

local expect = require 'v2g.expect'
local plugging = require 'v2g.plugging'
local slac = require 'v2g.slac'
local steps = require 'v2g.steps'
local way = require 'test.way'

local matching = {}

matching.ALL, matching.NOBODY = slac.ALL, slac.NOBODY
local ATTENUATION <const> = 20 -- dB that a tester says as a station

-- ---- good messages ----

local FREE <const> = { ApplicationType = 0, SecurityType = 0 }
local SOUNDS <const> = slac.counters.C_EV_match_MNBC

-- What a good one has: values, and by name what both sides of this matching know.
local GOOD <const> = {
    CM_SLAC_PARM_REQ = { FREE, 'RunID' },
    CM_SLAC_PARM_CNF = { FREE, 'RunID', 'FORWARDING_STA',
                         { M_SOUND_TARGET = slac.ALL, NUM_SOUNDS = SOUNDS, Time_Out = 6, RESP_TYPE = 1 } },
    CM_START_ATTEN_CHAR_IND = { FREE, 'RunID', 'FORWARDING_STA',
                                { NUM_SOUNDS = SOUNDS, Time_Out = 6, RESP_TYPE = 1 } },
    CM_MNBC_SOUND_IND = { FREE, 'RunID' },
    CM_ATTEN_CHAR_IND = { FREE, 'RunID', 'SOURCE_ADDRESS',
                          { SOURCE_ID = slac.NOBODY, RESP_ID = slac.NOBODY, NumGroups = slac.GROUPS } },
    CM_ATTEN_CHAR_RSP = { FREE, 'RunID', 'SOURCE_ADDRESS',
                          { SOURCE_ID = slac.NOBODY, RESP_ID = slac.NOBODY, Result = 0 } },
    CM_VALIDATE_REQ = { { SignalType = 0, Timer = 0, Result = 1 } },
    CM_VALIDATE_CNF = { { SignalType = 0, ToggleNum = 0, Result = 1 } },
    CM_SLAC_MATCH_REQ = { FREE, 'RunID', 'PEVMAC', 'EVSEMAC',
                          { MVFLength = 62, PEVID = slac.NOBODY, EVSEID = slac.NOBODY } },
    CM_SLAC_MATCH_CNF = { FREE, 'RunID', 'PEVMAC', 'EVSEMAC', 'NID', 'NMK',
                          { MVFLength = 86, PEVID = slac.NOBODY, EVSEID = slac.NOBODY } },
    CM_AMP_MAP_REQ = {},
    CM_AMP_MAP_CNF = { { Result = 0 } },
}

-- Which side's address a field has.
local SIDES <const> = { FORWARDING_STA = 'EVCC', SOURCE_ADDRESS = 'EVCC', PEVMAC = 'EVCC',
                        EVSEMAC = 'SECC' }

local function known(self, field)
    local side = SIDES[field]
    if side then
        return side == self.by and self.mac or self.other
    end
    return ({ RunID = self.run_id, NID = self.nid, NMK = self.nmk })[field]
end

-- The fields of a good message of that name, as it is sent, or has to come.
function matching:good(name)
    local fields = {}
    for _, part in ipairs(GOOD[name] or error(name .. ': no message of the matching', 0)) do
        if type(part) == 'table' then
            for field, value in pairs(part) do
                fields[field] = value
            end
        else
            fields[part] = known(self, part) or expect.present
        end
    end
    return fields
end

-- What a station says that it has heard.
function matching:groups()
    local groups = {}
    for i = 1, slac.GROUPS do
        groups[i] = self.attenuation or ATTENUATION
    end
    return groups
end

-- Those that are sent: what the other side is not held to is there, too.
local function fill(self, name, m)
    for field, value in pairs(self:good(name)) do
        if value ~= expect.present then
            m[field] = value
        end
    end
    if name == 'CM_MNBC_SOUND_IND' then
        m.Rnd = slac.random(16)
    elseif name == 'CM_ATTEN_CHAR_IND' then
        m.NUM_SOUNDS, m.AAG = SOUNDS, self:groups()
    elseif name == 'CM_AMP_MAP_REQ' then
        m.AMDATA = { 15, 15, 15 }
    end
    return m
end

function matching:message(name, fields)
    if not GOOD[name] then
        return self.tester.message(self, name, fields)
    end
    return fill(self, name, self.role.Message(name))
end

local TO_ALL <const> = { CM_SLAC_PARM_REQ = true, CM_START_ATTEN_CHAR_IND = true, CM_MNBC_SOUND_IND = true }

-- Sends it to who it is for.
function matching:says(m)
    if GOOD[m:name()] then
        self.role.Slac_Send(m, TO_ALL[m:name()] and slac.ALL or self.other)
    elseif self.is_beside and self.ev then
        local step = steps.of(m:name())
        plugging.show(self.ev, step)
        m:send()
        if step == 'PowerDelivery' then
            plugging.sent(self.ev)
        end
    else
        m:send()
    end
end

-- Of a case that leaves the control pilot to a good vehicle: it shows there what goes with each
-- request, also with those of the case; state: C or D, in which it charges; wakes: who ends a
-- pause, 'vehicle' or 'station'. Itself.
function matching:charges_at(state, wakes)
    self.is_beside, self.wakes = true, wakes
    if self.ev then
        self.ev.charging = state
    end
    return self
end

-- A session is paused: once the station sleeps it is woken (B-C-B), or wakes the vehicle by itself;
-- the session goes on when there is an oscillator again.
function matching:sleeps()
    if not self.is_beside then
        return self.tester.sleeps(self)
    end
    Pilot.Expect('B1', Timer('Tester', 'par_SECC_B1_B2_Timeout'), true)
    if self.wakes ~= 'station' then
        Pilot.Toggle(1, slac.time 'TP_EV_vald_state_duration' // 2)
    end
    Pilot.Expect('B2', self.wakes == 'station' and Timer('Tester', 'PICS_CMN_CMN_WakeUp')
        or slac.time 'T_conn_max_comm', true)
end

-- ---- what comes ----

-- Whose word counts here: what modems say is no message of the other side.
local function is_modem(name)
    return name:find '^VS_' or name:find '^CG_' or name == 'CM_SET_KEY_CNF'
        or name == 'CM_ATTEN_PROFILE_IND' or name == 'CM_NW_STATS_CNF' or name == 'CM_GET_KEY_CNF'
end

-- Whose matching it is, by a vehicle's request: what comes and goes then is compared with that.
local function note(self, m, from)
    if self.by == 'SECC' and m:name() == 'CM_SLAC_PARM_REQ' then
        self.other, self.run_id = from, m.RunID
    elseif self.by == 'EVCC' and m:name() == 'CM_SLAC_PARM_CNF' then
        self.other = self.other or from
    elseif self.by == 'SECC' and m:name() == 'CM_START_ATTEN_CHAR_IND' and m.RunID ~= self.sounded_id then
        self.sounded, self.sounded_id = Now(), m.RunID
    end
end

-- What has come so far is over.
function matching:forgets()
    repeat until not self:await(0).name
end

-- The next frame within ms; one that has waited first.
local function next_frame(self, ms)
    local one = table.remove(self.waiting, 1)
    if one then
        return table.unpack(one)
    end
    local m, from = self.role.Slac_Receive(ms)
    return m, from
end

-- Whatever comes next within ms, as case:take wants it; nil: the link is there, and IP counts.
function matching:await(ms)
    if self.is_linked then
        return self.tester.await and self.tester.await(self, ms)
    end
    local over = Now() + ms
    repeat
        local m, from, at = next_frame(self, math.max(0, over - Now()))
        if m == false then
            return { name = 'a frame that cannot be decoded', at = Now(), from = from }
        elseif m and not is_modem(m:name()) and not self.passes[m:name()] then
            note(self, m, from)
            return { name = m:name(), m = m, at = at or Now(), from = from }
        end
    until Now() >= over
    return { at = Now() }
end

-- On the way: waits for a good message of that name, at most so long. It; or nil and what came.
local function wait_for(self, name, ms)
    local over, last = Now() + ms, nil
    repeat
        local came = self:await(over - Now())
        if came.name == name then
            local wrong = expect.compare(came.m, self:good(name))[1]
            if not wrong then
                return came
            end
            last = ('%s with %s = %s'):format(name, wrong.path, wrong.found)
        else
            last = came.name or last
        end
    until Now() >= over
    return nil, ('no %s%s'):format(name, last and ', but ' .. last or '')
end

local function send(self, name)
    self:says(self:message(name))
end

-- A request, up to three times, until its answer comes. Nil, or what came in between.
local function ask(self, name, answer)
    local why
    for _ = 0, slac.counters.C_EV_match_retry do
        send(self, name)
        local came
        came, why = wait_for(self, answer, slac.time 'TT_match_response')
        if came then
            self.m = came.m
            return nil
        end
    end
    return why
end

-- ---- the way of a vehicle ----

-- CM_START_ATTEN_CHAR.IND, with what the case lays over it, and sounds; by(name, fields) sends one.
-- When the first one was sent.
function matching.sounds(by, how)
    local pause, from = slac.time 'TP_EV_batch_msg_interval', nil
    for _ = 1, slac.counters.C_EV_start_atten_char_inds do
        by('CM_START_ATTEN_CHAR_IND', how.start)
        from = from or Now()
        Sleep(pause)
    end
    local count = how.count or SOUNDS
    for left = count - 1, 0, -1 do
        by('CM_MNBC_SOUND_IND', { Cnt = left })
        if left > 0 then
            Sleep(pause)
        end
    end
    return from
end

-- Toggles of the own pilot, behind a request that announces them; how many.
function matching.toggles(announce)
    local level = slac.time 'TP_EV_vald_state_duration' * 3 // 4
    local times = 2
    announce(math.ceil(times * 2 * level / 100) - 1)
    Pilot.Toggle(times, level)
    return times
end

local VEHICLE <const> = {}
local STATION <const> = {}

VEHICLE[1] = { 'plugged', function(self)
    Pilot.Set { state = self.state or 'B' }
    local name = (self.state or 'B') .. (self.is_steady and '1' or '2')
    return not Pilot.Expect(name, slac.time 'T_conn_max_comm', true)
        and ('the control pilot is %s'):format(Pilot.Name()) or nil
end }
VEHICLE[2] = { 'CM_SLAC_PARM_CNF', function(self)
    return ask(self, 'CM_SLAC_PARM_REQ', 'CM_SLAC_PARM_CNF')
end }
VEHICLE[3] = { 'CM_ATTEN_CHAR_IND', function(self)
    local from = self.sounds(function(name, fields)
        local m = self:message(name)
        for field, value in pairs(fields or {}) do
            m[field] = value
        end
        self:says(m)
    end, {})
    local came, why = wait_for(self, 'CM_ATTEN_CHAR_IND',
        from + slac.time 'TT_EV_atten_results' - Now())
    return not came and why or nil
end }
VEHICLE[4] = { 'CM_ATTEN_CHAR_RSP', function(self)
    send(self, 'CM_ATTEN_CHAR_RSP')
end }

-- Whether the station answers with that result within the time, and toggles.
local function is_validated(self, ms, result, toggles)
    local over = Now() + ms
    repeat
        local came = self:await(over - Now())
        if came.name == 'CM_VALIDATE_CNF' and came.m.Result == result and came.m.ToggleNum == toggles then
            return true
        end
    until Now() >= over
    return false
end

VEHICLE[5] = { 'CM_VALIDATE_CNF', function(self)
    send(self, 'CM_VALIDATE_REQ')
    if not is_validated(self, slac.time 'TT_match_response', 1, 0) then
        return 'no CM_VALIDATE.CNF that is ready'
    end
    local toggles = self.toggles(function(timer)
        local m = self:message 'CM_VALIDATE_REQ'
        m.Timer = timer
        self:says(m)
    end)
    return not is_validated(self, slac.time 'TT_match_sequence' * 2, 2, toggles)
        and 'no CM_VALIDATE.CNF with the toggles' or nil
end, is_choice = true }
VEHICLE[6] = { 'CM_SLAC_MATCH_CNF', function(self)
    local why = ask(self, 'CM_SLAC_MATCH_REQ', 'CM_SLAC_MATCH_CNF')
    if not why then
        self.nid, self.nmk = self.m.NID, self.m.NMK
    end
    return why
end }

-- What comes while the own modem is asked waits.
local function keep(self)
    return function(m, from)
        self.waiting[#self.waiting + 1] = { m, from, Now() }
    end
end

-- The own modem gets the key of the network, or another one.
function matching:takes_key(nmk)
    slac.set_key(self.role, nmk or self.nmk, nmk and self.role.Slac_Nid(nmk) or self.nid, keep(self))
end

-- A key that nobody has: the link is lost; and that of the network again.
function matching:changes_key()
    self:takes_key(slac.random(16))
end

matching.restores_key = matching.takes_key

-- The link is waited for. Nil, or what is wrong.
local function wait_for_link(self)
    return not slac.wait_for_link(self.role, slac.time 'TT_match_join', keep(self))
        and 'the link did not come up' or nil
end

VEHICLE[7] = { 'linked', function(self)
    self:takes_key()
    return wait_for_link(self)
end }

-- ---- the way of a station ----

STATION[1] = { 'plugged', function(self)
    self.nmk = slac.random(16)
    self.nid = self.role.Slac_Nid(self.nmk)
    slac.set_key(self.role, self.nmk, self.nid)
    if self.begins then
        Pilot.Set { state = self.begins }
        return nil
    end
    if not Pilot.Expect('B', slac.time 'T_conn_max_comm', true) then
        return ('the control pilot is %s'):format(Pilot.Name())
    end
    if self.delay then
        Sleep(self.delay)
        self:forgets()
    end
    Pilot.Set { duty = self.duty or 5 }
end }
STATION[2] = { 'CM_SLAC_PARM_REQ', function(self)
    local came, why = wait_for(self, 'CM_SLAC_PARM_REQ', slac.time 'TT_EVSE_SLAC_init')
    return not came and why or nil
end }
-- All sounds of the vehicle. Nil, or what came in between.
function matching:hears_sounds()
    local came, why = wait_for(self, 'CM_START_ATTEN_CHAR_IND', slac.time 'TT_match_sequence')
    while came and not (came.name == 'CM_MNBC_SOUND_IND' and came.m.Cnt == 0) do
        came, why = wait_for(self, 'CM_MNBC_SOUND_IND', slac.time 'TT_EVSE_match_MNBC')
    end
    return not came and why or nil
end

STATION[3] = { 'CM_MNBC_SOUND_IND', function(self)
    send(self, 'CM_SLAC_PARM_CNF')
    return self:hears_sounds()
end }
STATION[4] = { 'CM_ATTEN_CHAR_RSP', function(self)
    send(self, 'CM_ATTEN_CHAR_IND')
    local came, why = wait_for(self, 'CM_ATTEN_CHAR_RSP', slac.time 'TT_match_response')
    return not came and why or nil
end }
STATION[5] = { 'CM_VALIDATE_REQ', function(self)
    local came, why = wait_for(self, 'CM_VALIDATE_REQ', slac.time 'TT_EVSE_match_session')
    return not came and why or nil
end, is_choice = true }
STATION[6] = { 'CM_SLAC_MATCH_REQ', function(self)
    local came, why = wait_for(self, 'CM_SLAC_MATCH_REQ', slac.time 'TT_EVSE_match_session')
    return not came and why or nil
end }
STATION[7] = { 'linked', function(self)
    send(self, 'CM_SLAC_MATCH_CNF')
    return wait_for_link(self)
end }

local WAYS <const> = { EVCC = VEHICLE, SECC = STATION }

-- Goes there: to a row of these, or of a session over IP. Nil, or what came in between, as text.
function matching:reach(given)
    local rows, wanted = way.rows(given), {}
    for _, row in ipairs(rows) do
        wanted[row] = true
    end
    local goal = way.is_matching(given) and rows[#rows] or 'linked'
    for _, step in ipairs(WAYS[self.by]) do
        if not step.is_choice or wanted[step[1]] then
            self.begun = Now()
            local why = step[2](self)
            if why then
                return ('%s: %s'):format(step[1], why)
            end
        end
        self.since = Now()
        if step[1] == goal then
            break
        end
    end
    if way.is_matching(given) then
        return nil
    end
    self.is_linked, self.linked = true, Now()
    if self.ev then
        self.ev.pilot = 'B' -- it shows there what it wants
    end
    return self.tester.reach(self, given)
end

-- The name of the time that the device has for its next message.
function matching:patience()
    return self.is_linked and self.tester.patience(self) or 'TT_match_response'
end

function matching.merged(...)
    local all = {}
    for _, fields in ipairs { ... } do
        for key, value in pairs(fields) do
            all[key] = value
        end
    end
    return all
end

-- The next matching of this vehicle is another one.
function matching:renews()
    self.run_id = self.by == 'EVCC' and slac.random(8) or nil -- a vehicle's own is not known yet
end

-- Another node of the same side, on that interface of the bench, in this matching of a vehicle.
function matching:besides(interface)
    local role = (self.by == 'EVCC' and Vehicle or Station) { name = interface, interface = interface }
    local node = matching.new({ by = self.by, role = role }, {})
    node.other, node.run_id = self.other, self.by == 'SECC' and self.run_id or node.run_id
    node.begun = self.begun
    node.passes = { CM_SLAC_PARM_REQ = true, CM_START_ATTEN_CHAR_IND = true, CM_MNBC_SOUND_IND = true }
    return node
end

-- tester: of messages over IP. row: of the case: plug, the state that the vehicle is plugged in
-- with; steady: where the station has no oscillator on; duty: that the tester shows as a
-- station, after a delay in ms; begins: a state, in which the case begins.
function matching.new(tester, row)
    local self = { tester = tester, by = tester.by, role = tester.role, passes = {}, waiting = {},
                   protocol = tester.parameters and tester.parameters.protocol, state = row.plug,
                   duty = row.duty, is_steady = row.steady, begins = row.begins,
                   delay = row.delay, run_id = tester.by == 'EVCC' and slac.random(8) or nil }
    self.mac = self.role.Slac()
    return setmetatable(self, { __index = function(_, key)
        local own = matching[key]
        if own == nil then
            return tester[key]
        end
        return own
    end })
end

return matching
