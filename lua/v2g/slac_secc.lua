-- SPDX-License-Identifier: Apache-2.0
-- The station's side of the matching (ISO 15118-3, annex A), for any number of vehicles side by
-- side: tells each how well it is heard, and gives that which chooses it the key of its network.

local box = require 'v2g.pilot_box'
local slac = require 'v2g.slac'
local socket = require 'v2g.socket'

local matching = {}

local MOST <const> = 256       -- matchings at once; CM_SLAC_PARM.REQ of more are not answered
local FINISH <const> = 45      -- ms after the time for sounds, for profiles that are on their way
local VALIDATE_AGAIN <const> = 400 -- ms until the first CM_VALIDATE.CNF is repeated
local LOOK <const> = 200       -- ms between looks at the link that is to come up

-- ---- one matching ----

local function send(s, name, fields)
    s.at.role.Slac_Send(slac.message(s.at.role, name, fields), s.mac)
end

-- Others may be validated again: one that is over, or begun anew, would have them wait for ever.
local function validates_no_more(s)
    if s.at.validating == s then
        s.at.validating = nil
    end
end

local function drop(s, why)
    validates_no_more(s)
    s.at.matchings[s.key] = nil
    s.at.plug:failed()
    Log(('SLAC: matching with %s ends: %s'):format(s.mac, why))
end

local function wait(s, state, ms, late)
    s.state, s.due, s.late = state, Now() + ms, late
end

local function parameters(s)
    return { RunID = s.run_id, FORWARDING_STA = s.mac }
end

local function start_again(s)
    validates_no_more(s)
    s.profiles, s.sounds, s.sum, s.repeated, s.is_free = 0, 0, {}, 0, false
    send(s, 'CM_SLAC_PARM_CNF', parameters(s))
    wait(s, 'started', slac.time 'TT_match_sequence', function()
        drop(s, 'no CM_START_ATTEN_CHAR.IND in time')
    end)
end

local function tell_attenuation(s)
    local groups = {}
    for i = 1, slac.GROUPS do
        local mean = s.profiles > 0 and s.sum[i] // s.profiles or 0
        groups[i] = math.min(255, mean + s.at.adjustment)
    end
    send(s, 'CM_ATTEN_CHAR_IND', { SOURCE_ADDRESS = s.mac, RunID = s.run_id,
        NUM_SOUNDS = s.profiles, AAG = groups })
    wait(s, 'told', slac.time 'TT_match_response', function()
        s.repeated = s.repeated + 1
        if s.repeated > slac.counters.C_EV_match_retry then
            return drop(s, 'no CM_ATTEN_CHAR.RSP in time') -- [V2G3-A09-46]
        end
        tell_attenuation(s)
    end)
end

local function session_over(s)
    drop(s, 'no CM_SLAC_MATCH.REQ in time')
end

-- ---- validation ----

local function say_ready(s)
    send(s, 'CM_VALIDATE_CNF', { ToggleNum = 0, Result = 1 })
    wait(s, 'validating', VALIDATE_AGAIN, function()
        s.repeated = s.repeated + 1
        if s.repeated > slac.counters.C_EV_match_retry then
            return drop(s, 'no second CM_VALIDATE.REQ in time')
        end
        say_ready(s)
    end)
end

local function say_toggles(s)
    send(s, 'CM_VALIDATE_CNF',
        { ToggleNum = math.min(255, s.at.pilot.Toggles() - s.toggles), Result = 2 })
    wait(s, 'heard', slac.time 'TT_match_sequence', session_over)
end

-- Results of a station that does not look at the pilot [V2G3-A09-51], or need not.
local DECLINES <const> = { none = 3, not_required = 4 }

local function validate(at, m, from)
    local s = at.validating or at:heard_by(from)
    local declines = s and DECLINES[at.p.validation]
    if m.SignalType ~= 0 or not s then
        return -- no answer
    elseif declines and m.Timer == 0 then
        s.toggles, s.is_free = at.pilot.Toggles(), declines == DECLINES.not_required
        return send(s, 'CM_VALIDATE_CNF', { ToggleNum = 0, Result = declines })
    elseif s.mac ~= from then
        at.role.Slac_Send(slac.message(at.role, 'CM_VALIDATE_CNF', { Result = 0 }), from)
    elseif m.Timer == 0 and (s.state == 'heard' or s.state == 'validating') then
        s.toggles, s.repeated, at.validating = at.pilot.Toggles(), 0, s
        say_ready(s)
    elseif m.Timer ~= 0 and (s.state == 'validating' or s.is_free) and m.Result == 1 then
        at.validating = nil
        wait(s, 'counting', (m.Timer + 1) * 100, say_toggles)
    elseif m.Timer ~= 0 and s.state == 'validating' then
        drop(s, 'the vehicle gives the validation up')
    end
end

-- ---- what comes ----

local ANSWERS <const> = {}

function ANSWERS.CM_SLAC_PARM_REQ(at, m, from)
    local key = from .. m.RunID
    local is_closed = at.linked or at.is_shut or at.plug:is_busy()
    if m.ApplicationType ~= 0 or m.SecurityType ~= 0 or is_closed then
        return
    end
    local s = at.matchings[key]
    if s and s.state == 'joining' then
        return -- it has its key: one that comes late, or again, ends nothing [V2G3-A09-77]
    end
    at.plug:begun()
    if not s then
        local n = 0
        for _ in pairs(at.matchings) do
            n = n + 1
        end
        if n >= MOST then
            return
        end
        s = { at = at, key = key, mac = from, run_id = m.RunID }
        at.matchings[key] = s
    end
    start_again(s) -- also one that goes on already [V2G3-A09-16]
end

function ANSWERS.CM_START_ATTEN_CHAR_IND(at, m, from)
    local s = at.matchings[from .. m.RunID]
    local is_good = s and m.NUM_SOUNDS > 0 and m.Time_Out > 0 and slac.is(m,
        { ApplicationType = 0, SecurityType = 0, RESP_TYPE = 1, FORWARDING_STA = s.mac })
    if not is_good or s.state ~= 'started' then
        return
    end
    wait(s, 'sounding', slac.time 'TT_EVSE_match_MNBC' + FINISH, tell_attenuation)
end

function ANSWERS.CM_MNBC_SOUND_IND(at, m, from)
    local s = at.matchings[from .. m.RunID]
    if s and s.state == 'sounding' then
        s.sounds = s.sounds + 1
    end
end

local function take_profile(s, m)
    s.profiles = s.profiles + 1
    for i = 1, slac.GROUPS do
        s.sum[i] = (s.sum[i] or 0) + m.AAG[i]
    end
    if s.profiles == slac.counters.C_EV_match_MNBC then
        tell_attenuation(s)
    end
end

-- The own modem's word. The RunID is not in it: it counts for all matchings of that address which
-- sound now. From another address it is nobody's, since whoever is on the line could say it.
function ANSWERS.CM_ATTEN_PROFILE_IND(at, m, from)
    local counts = m.NumGroups == slac.GROUPS and slac.is_own_modem(at.role, from)
    for _, s in pairs(counts and at.matchings or {}) do
        if s.mac == m.PEV_MAC and s.state == 'sounding' then
            take_profile(s, m)
        end
    end
end

function ANSWERS.CM_ATTEN_CHAR_RSP(at, m, from)
    local s = at.matchings[from .. m.RunID]
    if s and s.state == 'told' and slac.is(m, { ApplicationType = 0, SecurityType = 0, Result = 0,
            SOURCE_ADDRESS = s.mac, SOURCE_ID = slac.NOBODY, RESP_ID = slac.NOBODY }) then
        wait(s, 'heard', slac.time 'TT_EVSE_match_session', session_over)
    end
end

ANSWERS.CM_VALIDATE_REQ = validate

local function confirm(s)
    send(s, 'CM_SLAC_MATCH_CNF', { PEVMAC = s.mac, EVSEMAC = s.at.mac, RunID = s.run_id,
        NID = s.at.nid, NMK = s.at.nmk })
end

function ANSWERS.CM_SLAC_MATCH_REQ(at, m, from)
    local s = at.matchings[from .. m.RunID]
    local is_good = s and slac.is(m, { ApplicationType = 0, SecurityType = 0, MVFLength = 62,
        PEVID = slac.NOBODY, EVSEID = slac.NOBODY, PEVMAC = s.mac, EVSEMAC = at.mac })
    if not is_good or (s.state ~= 'heard' and s.state ~= 'joining') then
        return
    end
    confirm(s)
    if s.state == 'joining' then
        return -- the answer was lost
    end
    for _, other in pairs(at.matchings) do
        if other ~= s and other.mac == from and other.state == 'joining' then
            drop(other, 'the vehicle is matched anew') -- else its end would take the key away
        end
    end
    s.matched = Now()
    wait(s, 'joining', slac.time 'TT_match_join', function()
        at.role.Measured('SLAC', 'TT_match_join', nil, Now() - s.matched, false)
        at.looks = nil
        drop(s, 'the link did not come up')
        at:renew()
    end)
    at.looks, at.leaves = Now(), nil
end

-- ---- the link ----

-- Leaves the network of a vehicle, within TP_match_leave [V2G3-A09-121]: a key that nobody has.
local function leave(at, why)
    Log(('SLAC: the network with %s is left: %s'):format(at.linked or 'a vehicle', why))
    at.linked, at.looks, at.amp_map, at.leaves = nil, nil, nil, nil
    at.plug.poke()
    at:renew()
end

local function joined(at, s)
    at.role.Measured('SLAC', 'TT_match_join', nil, Now() - s.matched, true)
    Log(('SLAC: matched with %s, %.0f ms after CM_SLAC_MATCH.CNF'):format(s.mac, Now() - s.matched))
    at.linked = s.mac
    at.matchings[s.key] = nil
    at.plug:matched()
    at.amp_map = at.p.amp_map and slac.begin_amp_map(at.role, s.mac) or nil
end

local function link_says(at, up)
    if up and not at.linked then
        for _, s in pairs(at.matchings) do
            if s.state == 'joining' then
                joined(at, s)
            end
        end
    elseif not up and at.linked then
        leave(at, at.plug:lost() and 'the link is lost [V2G3-M07-34]' or 'the vehicle has left it')
    end
end

-- ---- the station ----

local station = {}
station.__index = station

-- A matching of that address: one whose results were answered, if there is such.
function station:heard_by(mac)
    local found = nil
    for _, s in pairs(self.matchings) do
        if s.mac == mac and (not found or s.state == 'heard') then
            found = s
        end
    end
    return found
end

-- A key that nobody has: who was in the network is out of it.
function station:renew()
    self.nmk = slac.random(16)
    self.nid = self.role.Slac_Nid(self.nmk)
    if not slac.set_key(self.role, self.nmk, self.nid, function(m, from)
        self:take(m, from)
    end) then
        Log('SLAC: the own modem does not answer CM_SET_KEY.REQ')
    end
end

function station:take(m, from)
    local up = slac.link_of(self.role, m, from)
    if up ~= nil then
        return link_says(self, up)
    end
    slac.take_amp_map(self.amp_map, m, from)
    if (self.linked or self.looks) and slac.answer_amp_map(self.role, m, from) then
        return
    end
    local answer = ANSWERS[m:name()]
    if answer then
        answer(self, m, from)
    end
end

-- What is due is done; ms until the next thing is.
function station:work()
    local first = math.huge
    for _, s in pairs(self.matchings) do
        if s.due <= Now() then
            s.late(s)
        end
    end
    for _, s in pairs(self.matchings) do
        first = math.min(first, s.due)
    end
    if self.leaves then
        leave(self, self.leaves)
    end
    if self.looks and self.looks <= Now() then
        slac.ask_link(self.role)
        self.looks = Now() + (self.linked and slac.LOOK or LOOK)
    end
    if self.amp_map then
        slac.go_on_amp_map(self.amp_map)
        first = math.min(first, self.amp_map.due or math.huge)
    end
    return math.max(0, math.min(first, self.looks or math.huge) - Now())
end

-- From the plug's task: the network is to be left, and no matching goes on, for that reason.
function station:part(why)
    for _, s in pairs(self.matchings) do
        drop(s, why)
    end
    self.leaves, self.validating = (self.linked or self.looks) and why, nil
end

-- No session can go on, for a reason that lies elsewhere.
function station:give_up(why)
    self:part(why)
    self.plug:fail()
end

-- No vehicle is matched, or being so.
function station:is_idle()
    return not self.linked and not next(self.matchings)
end

-- A session is over, after which the vehicle pauses, or not [V2G3-M09-17]. retain: ms for which the
-- oscillator stays, none where the session has failed [V2G-DC-942]; nil: it stays on.
function station:session_over(is_paused, is_good, retain)
    if is_paused then
        self.plug:sleep(self.p.wake)
    elseif is_good then
        self.plug.is_expected = true
        self:part('the session is over [V2G3-M09-17]')
        if retain then
            self.plug:keep_oscillator(retain)
        end
    elseif retain then
        self.plug:keep_oscillator(0)
    end
end

-- What comes and is due, for ever; with 5 % on the pilot once the modem has its first key.
function station:serve()
    slac.meet_modem(self.role, self.p.modem)
    self:renew()
    self.plug:begin()
    while true do
        local ms = self:work()
        local m, from = self.role.Slac_Receive(ms < math.huge and ms or nil)
        if m then
            self:take(m, from)
        end
    end
end

-- One with that control pilot. p: `slac` of the station's parameters, or nil. lost(why): called
-- when no session can go on; nil: nobody cares.
function matching.new(role, pilot, p, lost)
    local self = setmetatable({ role = role, mac = role.Slac(), matchings = {}, pilot = pilot,
                                p = p or require('v2g.parameters').station.slac }, station)
    self.plug = socket.new(self, pilot, lost)
    self.adjustment = self.p.adjustment
    return self
end

-- One that goes on for ever: for tasks.
function matching.serve(role, pilot, p)
    matching.new(role, pilot, p):serve()
end

-- Roles at the further stations of the bench, evse1, evse2, …: those at a vehicle's cable, or those
-- at none. Whoever plays another station than evse0 has none.
function matching.further(role, are_plugged)
    local roles, n = {}, 1
    while role.Pilot.cable == 'main' and role.Slac_Has('evse' .. n) do
        local name = 'evse' .. n
        if are_plugged == (role.Slac_Other_End(name) ~= nil) then
            roles[#roles + 1] = Station { name = name, interface = name }
        end
        n = n + 1
    end
    return roles
end

-- Begins for a station, and for its neighbours that are at no vehicle's cable: these are matched
-- with nobody who has a choice. p, lost: as of new. That of the station.
function matching.begin(role, p, lost)
    local own = matching.new(role, role.Pilot, p, lost)
    box.begin(role, role.Pilot, 'station')
    Start(own.serve, own)
    for _, neighbour in ipairs(matching.further(role, false)) do
        Start(matching.serve, neighbour, neighbour.Pilot, p)
    end
    return own
end

return matching
