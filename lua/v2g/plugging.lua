-- SPDX-License-Identifier: Apache-2.0
-- The plug of a vehicle on a bench, or behind a modem: the control pilot, the matching before SDP,
-- and what becomes of the session when the link is lost, or sleeps.

local box = require 'v2g.pilot_box'
local modem = require 'v2g.slac'
local slac = require 'v2g.slac_evcc'

local plugging = {}

local function time(name)
    return Timer('SLAC', name)
end

-- ---- steps of a session ----

-- What the control pilot says in a step: C while the vehicle wants power.
local PILOT <const> = { CableCheck = 'C', PreCharge = 'C', CurrentDemand = 'C',
                        ChargingStatus = 'C', WeldingDetection = 'B', SessionStop = 'B' }
-- AC: and once PowerDeliveryReq has gone out, by its ChargeProgress [V2G2-847] [V2G2-861].
local SENT <const> = { Start = 'C', Stop = 'B' }

local function set(self, state)
    state = state == 'C' and self.charging or state
    if self.pilot ~= state then
        self.pilot = state
        self.role.Pilot.Set { state = state }
    end
end

-- Before that step.
function plugging.show(self, step)
    if self.pilot and PILOT[step] then
        set(self, PILOT[step])
    end
end

-- After PowerDeliveryReq.
function plugging.sent(self)
    local state = self.pilot and self.mode == 'ac'
        and SENT[self.role.Outgoing('PowerDeliveryReq').ChargeProgress]
    if state then
        set(self, state)
    end
end

-- ---- the link ----

-- Is matched with a station, and watches the link: true, or nil and why not.
local function join(self)
    local p, role = self.p.slac, self.role
    local station, why = slac.match(role, p)
    if not station then
        return nil, why
    end
    self.unlinked, self.advanced = nil, Now() -- nothing was charged meanwhile
    self.link = slac.watch(role, station, p.amp_map, function(reason)
        self.unlinked = ('SLAC: %s, at %s'):format(reason, self.step or 'SDP')
        Log(self.unlinked)
        set(self, 'B') -- no power without a link
        role.Disconnect(true)
    end, function() return self.step ~= 'SessionStop' end)
    return true
end

-- Leaves the network; who is still plugged in stays so.
local function leave(self)
    if self.link then
        self.link:stop()
        self.link = nil
        slac.leave(self.role)
    end
end

-- What a matching begins anew by, once one has failed or the link is lost: the station goes over E,
-- F or X1 back to 5 % [V2G3-A09-123]; or, where it does not, so many milliseconds (0: never).
-- False: by nothing.
local function is_triggered(pilot, resetup)
    local from, over = Now(), Now() + time 'TT_EVSE_SLAC_init' + time 'T_step_EF' + time 'T_step_X1'
    local name = pilot.Name()
    local had = name ~= 'B2' and name ~= 'C2'
    while Now() < over and not Stop_Requested() do
        if had and pilot.Name() == 'B2' then
            return true
        end
        if resetup > 0 and not had and Now() >= from + resetup then
            return true
        end
        pilot.Change((resetup > 0 and not had and from + resetup or over) - Now())
        had = had or pilot.Name() ~= 'B2'
    end
    return false
end

-- ---- sleep ----

-- The session is paused: the link may sleep, and the station may stop the oscillator.
function plugging.sleep(self)
    if self.link then
        set(self, 'B')
    end
end

-- Goes on: wakes a station that sleeps (B1) by going to C and back to B, and waits for its
-- oscillator and the link, T_conn_resume at most; then it is matched anew. True, or nil and why
-- not.
function plugging.wake(self)
    if not self.link then
        return true
    end
    local from, pilot = Now(), self.role.Pilot
    if pilot.Name() == 'B1' then
        pilot.Toggle(1, time 'TP_EV_vald_state_duration' // 2)
        pilot.Expect('B2', time 'T_conn_resume', true)
    end
    local is_up = not self.unlinked and pilot.Name() == 'B2'
    self.role.Measured('SLAC', 'T_conn_resume', nil, Now() - from, is_up)
    if is_up then
        return true
    end
    Log('SLAC: the station does not wake up: it is matched anew')
    leave(self)
    return join(self)
end

-- Pauses for so many milliseconds, or until the station starts its oscillator again (B1 to B2).
function plugging.doze(self, ms)
    local over, slept, pilot = Now() + ms, false, self.role.Pilot
    while self.link and Now() < over and not Stop_Requested()
        and not (slept and pilot.Name() == 'B2') do
        slept = slept or pilot.Name() == 'B1'
        pilot.Change(over - Now())
    end
end

-- ---- the whole ----

-- Plugs in, is matched, has charge(self) hold the sessions, and unplugs; where the link is lost or
-- the matching fails it begins anew, `slac.again` times, once the station says so on the pilot. The
-- outcome of `charge`, or that there was none.
function plugging.charge(self, charge)
    local outcome
    modem.meet_modem(self.role, self.p.slac.modem)
    box.begin(self.role, self.role.Pilot, 'ev')
    set(self, 'B')
    for left = self.p.slac.again, 0, -1 do
        local good, why = join(self)
        outcome = good and charge(self)
            or { ok = false, why = 'SLAC: ' .. tostring(why), how = 'gone', soc = self.battery.soc }
        local is_lost = not good or self.unlinked
        if not is_lost then
            break
        end
        set(self, 'B')
        leave(self)
        if left == 0 or not is_triggered(self.role.Pilot, self.p.slac.resetup) then
            break
        end
    end
    set(self, 'A')
    leave(self)
    return outcome
end

return plugging
