-- SPDX-License-Identifier: Apache-2.0
-- The plugs of a relay (relay.lua): towards the vehicle it plays the station's part of the
-- matching, towards the station the vehicle's. The station is matched with first, and until then
-- the vehicle sees no oscillator. Whatever either pilot says is carried to the other one; where a
-- link is lost, or the plug is out, both legs end.

local box = require 'v2g.pilot_box'
local common = require 'v2g.common'
local slac = require 'v2g.slac'
local slac_evcc = require 'v2g.slac_evcc'
local slac_secc = require 'v2g.slac_secc'

local plugs = {}
plugs.__index = plugs

local DUTY <const>, STEADY <const> = 5, 100 -- percent
local UNPLUG <const> = 2000 -- ms that the vehicle has, after the last session, to take the plug out
local FOREVER <const> = 0x7FFFFFFF -- ms

-- ---- what is carried across ----

local function is_error(state)
    return state == 'E' or state == 'F'
end

local function is_plugged(self)
    return not self.has_pilot or self.to_vehicle.State() ~= 'A'
end

-- Both legs have their links.
local function is_linked(self)
    return self.link and not self.over and self.vehicle.linked
end

-- What the station is shown of the vehicle: B until both are linked. In E nobody sees the vehicle.
local function state_of_vehicle(self)
    local state = self.to_vehicle.State()
    if is_error(state) then
        state = self.state
    end
    return state == 'A' and 'A' or is_linked(self) and state or 'B'
end

-- What the vehicle is shown of the station: no oscillator until that is matched.
local function shown_by_station(self)
    local state, _, duty = self.to_station.State()
    if is_error(state) then
        return state
    end
    local is_ready = self.link and not self.over and is_plugged(self)
    return not is_ready and STEADY or self.has_pilot and duty or DUTY
end

local function carry(self)
    local state = self.has_pilot and state_of_vehicle(self)
    if state and state ~= self.state then
        self.state = state
        self.to_station.Set { state = state }
    end
    self.vehicle.plug:follow(shown_by_station(self))
end

-- Notes when the station's pilot has come back to 5 %: a matching may begin anew [V2G3-A09-123].
local function watch_station(self)
    while true do
        self.to_station.Notice()
        local name = self.to_station.Name()
        self.was_off = self.was_off or name ~= 'B2' and name ~= 'C2'
        self.is_triggered = self.is_triggered or self.was_off and name == 'B2'
        self.to_vehicle.Poke()
        self.to_station.Change()
    end
end

-- ---- the end of a leg ----

-- Ends both, once: that leg has no link any more, or the session is over.
local function ends(self, from, why)
    if self.over then
        return
    end
    if from and not is_plugged(self) then -- whoever has noticed it first
        from, why = 'vehicle', 'the plug is out'
    end
    self.over = from and ("the %s's side: %s"):format(from, why) or why
    self.is_lost = from ~= nil and is_plugged(self)
    if from then
        Log('SLAC: ' .. self.over)
        self.joined:give_up()
        Secc.Disconnect(true)
        Evcc.Disconnect(true)
    end
    if from == 'station' then
        self.vehicle:give_up(self.over)
    end
    self.to_vehicle.Poke()
end

local function watch_vehicle(self)
    local was_linked = nil
    while true do
        local is_linked_now = self.vehicle.linked
        if was_linked and not is_linked_now then -- where nobody knows its pilot nothing else tells
            ends(self, 'vehicle', 'it has left the network')
        end
        was_linked = is_linked_now
        self.to_vehicle.Notice()
        carry(self)
        self.to_vehicle.Change()
    end
end

-- Leaves the station's network.
local function leave(self)
    local link = self.link
    self.link = nil
    if link then
        link:stop()
        if not link.is_lost then -- else it has left already
            slac_evcc.leave(Evcc)
        end
    end
end

-- ---- a plug, from in to out ----

-- Waits for what is_so() says, for so many milliseconds, or until the user ends the relay.
local function wait(self, ms, is_so)
    local over = Now() + ms
    while not is_so() and Now() < over and not Stop_Requested() do
        self.to_vehicle.Change(over - Now())
    end
end

-- Is matched with the station as a vehicle: true, or nil and why not.
local function match_station(self)
    self.over, self.is_lost, self.is_stopped = nil, false, false
    self.held = 0
    local p = self.ev
    local station, why = slac_evcc.match(Evcc, p)
    if not station then
        return nil, why
    end
    local function lost(reason)
        ends(self, 'station', reason)
    end
    -- whether it may stop its oscillator is for the vehicle to say, which sees that, too
    self.link = slac_evcc.watch(Evcc, station, p.amp_map, lost, function() return false end)
    self.vehicle.is_shut = false
    carry(self)
    return true
end

-- After a plug's sessions: until it is out, or the station has it matched anew.
local function wait_for_end(self, is_last)
    self.is_triggered, self.was_off = false, self.to_station.Name() ~= 'B2'
    if not self.has_pilot then
        Sleep(slac.time 'TT_matching_rate', true)
        return
    end
    wait(self, is_last and UNPLUG or FOREVER, function()
        return not is_plugged(self) or not is_last and self.is_triggered
    end)
end

-- Holds sessions by hold(), a session each, for as long as goes_on() and the plug is in; what
-- failed before there was one is told by failed(verdict, why).
function plugs:run(goes_on, hold, failed)
    while goes_on() do
        wait(self, FOREVER, function() return is_plugged(self) end)
        local good, why
        if not Stop_Requested() then
            good, why = match_station(self)
        end
        if good then
            repeat
                hold()
            until self.over or not goes_on()
        elseif why then
            failed(is_plugged(self) and 'fail' or 'inconclusive', 'SLAC: the station: ' .. why)
        end
        self.over, self.vehicle.is_shut = self.over or 'the relay has ended', true
        carry(self)
        leave(self)
        wait_for_end(self, not goes_on())
    end
    if self.has_pilot then
        self.state = 'A'
        self.to_station.Set { state = 'A' }
    end
end

-- ---- what sessions tell, and ask ----

-- A message of the session: the vehicle's SessionStopReq, the station's response.
function plugs:stops(m)
    local has, how = pcall(function() return tostring(m.ChargingSession) end)
    self.is_stopped = not (has and how == 'Pause')
end

-- A session was held: where SessionStop has ended it the vehicle may leave the network.
function plugs:session_over()
    self.held = self.held + 1
    if self.is_stopped then
        self.vehicle:session_over(false, true)
        ends(self, nil, 'the session is over')
    end
end

-- Whether both legs were ended by what is below IP: the verdict and why; nil: they were not. A plug
-- without any session has nothing to tell once there was one.
function plugs:verdict(was_joined)
    if not self.over then
        return nil
    elseif not was_joined then
        return self.held == 0 and 'inconclusive' or nil, self.over
    end
    return self.is_lost and 'fail' or 'pass', self.over
end

-- Parameters of a matching: those of a side, and over them a list of "KEY=VALUE".
local function matching(side, role, list)
    local set = {}
    for i, text in ipairs(list) do
        local key, value = text:match('^([^=]*)=(.*)$')
        set[i] = { 'slac.' .. key, value }
    end
    return common.new(side, role, { set = #set > 0 and set or nil }).p.slac
end

-- The plugs of a relay (Secc.Relay), by its options: interfaces, and has_pilot: what both pilots
-- say is known.
function plugs.new(joined, o)
    local to_vehicle, to_station = Pilot.Of('main'), Pilot
    Secc.Slac { interface = o.vehicle.slac }
    Evcc.Slac { interface = o.station.slac }
    if o.has_pilot then
        to_vehicle.TellAs(Secc)
        to_station.TellAs(Evcc)
    end
    local self = setmetatable({ joined = joined, to_vehicle = to_vehicle, to_station = to_station,
                                ev = matching('ev', Evcc, o.station.matching),
                                has_pilot = o.has_pilot, held = 0, over = 'not begun' }, plugs)
    local p = setmetatable({ duty = STEADY },
        { __index = matching('station', Secc, o.vehicle.matching) })
    self.vehicle = slac_secc.new(Secc, to_vehicle, p, function(why)
        ends(self, 'vehicle', why)
    end)
    self.vehicle.is_shut = true
    box.begin(Secc, to_vehicle, 'station')
    box.begin(Evcc, to_station, 'ev')
    slac.meet_modem(Evcc, self.ev.modem)
    Start(self.vehicle.serve, self.vehicle)
    Start(watch_vehicle, self)
    Start(watch_station, self)
    Start(function() -- whoever waits has to look
        Sleep(FOREVER, true)
        to_vehicle.Poke()
    end)
    return self
end

return plugs
