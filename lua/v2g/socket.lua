-- SPDX-License-Identifier: Apache-2.0
-- The socket of a station: what it says on the control pilot around the matching (ISO 15118-3). It
-- is a task of its own, which sees what the vehicle says there; the matching (slac_secc.lua) tells
-- it how far that is.

local slac = require 'v2g.slac'

local socket = {}

local DUTY <const> = 5     -- percent: communication by messages
local STEADY <const> = 100
local NOMINAL <const> = 53 -- the limit of 32 A

local plug = {}
plug.__index = plug

local function is_there(self)
    local state = self.pilot.State()
    return state == 'B' or state == 'C' or state == 'D'
end

-- ---- ways over other states ----

-- What is set, one after another: { what, ms until the next }.
local function go(self, steps)
    self.steps = steps
    self.due = Now()
end

local function over_error(duty)
    return { { { state = 'E' }, slac.time 'T_step_EF' }, { { duty = duty }, 0 } }
end

local function over_steady(duty)
    return { { { duty = STEADY }, slac.time 'T_step_X1' }, { { duty = duty }, 0 } }
end

local function next_step(self)
    local step = table.remove(self.steps, 1)
    self.steps = self.steps[1] and self.steps or nil
    self.duty = step[1].duty or self.duty
    self.due = self.steps and Now() + step[2] or nil
    self.pilot.Set(step[1])
    if not self.steps then
        self:wait_for_slac()
    end
end

-- Another duty cycle: over X1 where a matching goes on or is done, else over E
-- [V2G3-M06-05] [V2G3-M06-06].
function plug:change_duty(duty)
    go(self, self.station:is_idle() and over_error(duty) or over_steady(duty))
    self.poke()
end

-- What it shows is another's to say, until the plug is out: a duty cycle, in percent, 'E' or 'F'. A
-- way over an error state ends with that duty cycle.
function plug:follow(shown)
    if shown == self.followed then
        return
    end
    self.followed = shown
    if self.steps and type(shown) == 'number' then
        self.steps[#self.steps] = { { duty = shown }, 0 }
    elseif type(shown) == 'number' then
        self.duty = shown
        self.pilot.Set { duty = shown }
        self:wait_for_slac()
    else
        self.steps, self.due = nil, nil
        self.pilot.Set { state = shown }
    end
    self.poke()
end

-- No session can go on here, for a reason that lies elsewhere: over E, to what it begins with.
function plug:fail()
    self.is_expected, self.followed, self.waits = true, nil, nil
    if is_there(self) then
        go(self, over_error(self.station.p.duty))
        self.poke()
    end
end

-- ---- what the matching tells ----

-- It goes over another state, or the plug was pulled out: nobody is matched then.
function plug:is_busy()
    return self.steps ~= nil or self.is_out
end

function plug:begun()
    self.waits = nil
end

function plug:failed()
    self:wait_for_slac()
end

function plug:matched()
    self.waits, self.retries, self.is_expected, self.cuts = nil, 0, false, nil
    self.poke()
end

-- The vehicle has TT_EVSE_SLAC_init for its first CM_SLAC_PARM.REQ.
function plug:wait_for_slac()
    if is_there(self) and self.duty == DUTY and self.station:is_idle() then
        self.waits = Now() + slac.time 'TT_EVSE_SLAC_init'
        self.poke()
    end
end

-- The link is down. Whether that was not to be: then it goes over E, and a matching may begin
-- anew.
function plug:lost()
    if self.is_expected or not is_there(self) then
        return false
    elseif self.station.p.on_loss == 'stay' and self.duty ~= DUTY then
        return true
    end
    local is_asleep = self.toggles or self.wakes -- it is no longer: there is nothing to wake up to
    self.toggles, self.wakes, self.followed = nil, nil, nil
    go(self, over_error(is_asleep and DUTY or self.duty))
    self.poke()
    self.on_lost('the link is lost')
    return true
end

-- A session was ended: the oscillator stays for so many milliseconds.
function plug:keep_oscillator(ms)
    self.stops = Now() + ms
    self.poke()
end

-- ---- sleep ----

-- The session is paused: no oscillator until the vehicle goes to C and back (B-C-B), or so many
-- milliseconds are over (0: never); for T_step_X1 at least.
function plug:sleep(ms)
    self.toggles, self.slept = self.pilot.Toggles(), Now()
    self.wakes = ms > 0 and Now() + ms or nil
    self.duty = STEADY
    self.pilot.Set { duty = STEADY }
    self.poke()
end

local function wake(self)
    self.toggles, self.wakes, self.duty = nil, nil, DUTY
    self.pilot.Set { duty = DUTY }
end

-- ---- what the vehicle says ----

-- No vehicle has begun to match: over E, C_sequ_retry times, and then it charges as IEC 61851-1 has
-- it, over X1 [V2G3-M06-07].
local function nobody_matches(self)
    self.waits = nil
    if self.retries < slac.counters.C_sequ_retry then
        self.retries = self.retries + 1
        Log('SLAC: no CM_SLAC_PARM.REQ in TT_EVSE_SLAC_init: over E and again')
        return go(self, over_error(DUTY))
    end
    Log('SLAC: no CM_SLAC_PARM.REQ in TT_EVSE_SLAC_init: no communication (X1)')
    self.duty = STEADY
    self.pilot.Set { duty = STEADY }
end

local function unplugged(self)
    self.was_there, self.is_expected, self.is_out, self.retries = false, true, true, 0
    self.waits, self.toggles, self.wakes, self.stops, self.followed = nil, nil, nil, nil, nil
    self.authorizes, self.steps, self.due = nil, nil, nil -- none of it is for the next vehicle
    self.cuts = Now() + slac.time 'TP_match_leave'
    self.station:part('the plug is out')
    if self.duty ~= self.station.p.duty then
        self.duty = self.station.p.duty
        self.pilot.Set { duty = self.duty }
    end
end

local function look(self)
    local there = is_there(self)
    if there and not self.was_there then
        self.was_there, self.is_out = true, false
        self:wait_for_slac()
        local ms = self.station.p.authorized
        self.authorizes = ms > 0 and Now() + ms or nil
    elseif self.pilot.State() == 'A' and self.was_there then
        unplugged(self)
    elseif self.toggles and self.pilot.Toggles() > self.toggles then
        local earliest = math.max(Now(), self.slept + slac.time 'T_step_X1')
        self.wakes = math.min(self.wakes or math.huge, earliest)
        self.toggles = math.huge
    end
    if self.wakes and self.wakes <= Now() then
        wake(self)
    end
end

-- What is due now; ms until the next thing is, or nil.
local function work(self)
    while self.steps and self.due <= Now() do
        next_step(self)
    end
    look(self) -- behind the steps: in E nobody sees that the plug is out
    if self.waits and self.waits <= Now() then
        nobody_matches(self)
        return 0
    end
    if self.cuts and self.cuts <= Now() then -- what has not ended by itself
        self.cuts = nil
        self.on_lost('the plug is out')
    end
    if self.authorizes and self.authorizes <= Now() and not self.steps then
        self.authorizes = nil
        self:change_duty(NOMINAL) -- [V2G3-M06-08]
        return 0
    end
    if self.stops and self.stops <= Now() then
        self.stops, self.duty = nil, STEADY
        self.pilot.Set { duty = STEADY }
    end
    local first = math.min(self.due or math.huge, self.stops or math.huge,
        self.authorizes or math.huge, self.waits or math.huge, self.wakes or math.huge,
        self.cuts or math.huge)
    return first < math.huge and math.max(0, first - Now()) or nil
end

local function run(self)
    while true do
        self.pilot.Change(work(self))
    end
end

-- From the first key of the modem on.
function plug:begin()
    self.duty = self.station.p.duty
    self.pilot.Set { duty = self.duty }
    Start(run, self)
end

local function nothing()
end

-- One of a station (slac_secc.lua), with its control pilot. lost(why): called when sessions cannot
-- go on; nil: nobody cares.
function socket.new(station, pilot, lost)
    return setmetatable({ station = station, pilot = pilot, on_lost = lost or nothing, duty = DUTY,
                          retries = 0, was_there = false, poke = pilot.Poke }, plug)
end

return socket
