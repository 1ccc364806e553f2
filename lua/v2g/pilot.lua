-- SPDX-License-Identifier: Apache-2.0
-- The control pilots of the virtual bench (IEC 61851-1, annex A), one a cable: what the vehicle's
-- resistors and the station's oscillator make of it. Both sides see the same line; where this
-- program plays both, they find here what the other has set. Pilot is that of the cable which the
-- script's role is at, Evcc.Pilot and Secc.Pilot that of a role, Pilot.Of(name) that of any cable.

-- Volt: the station's supply and its resistor, the drop of the vehicle's diode.
local SUPPLY <const>, SOURCE <const>, DIODE <const> = 12, 1000, 0.7
-- Ohm, of the vehicle's resistors in each state: B alone, C and D with a second one beside it.
local RESISTANCE <const> = { B = 2740, C = 882, D = 246 }
-- Ohm between proximity and earth, and the amperes that such a cable carries (annex B).
local PROXIMITY <const> = { [1500] = 13, [680] = 20, [220] = 32, [100] = 63 }
-- Highest positive voltages that are still of a state, from the lowest on.
local LEVELS <const> = { { 1, 'E' }, { 4, 'D' }, { 7, 'C' }, { 10, 'B' }, { 13, 'A' } }

local OF_VEHICLE <const> = { state = true, resistance = true, diode = true, proximity = true }
local OF_STATION <const> = { duty = true, oscillator = true, supply = true }

local MAIN <const> = 'main' -- the cable that has no name

local function of(cable)
    local pilot = { cable = cable }
    local behind = nil -- a box that is told what is set
    local teller, told = nil, nil
    local roles = {} -- that are at it: vehicle, station

    local function get(what)
        local text = Recall(('pilot %s %s'):format(cable, what))
        return text and (tonumber(text) or text)
    end

    local function put(what, value)
        Remember(('pilot %s %s'):format(cable, what), value ~= nil and tostring(value) or nil)
    end

    -- Volt of the positive half-wave, as the station measures it.
    local function volts()
        local supply = get('supply') or SUPPLY
        local ohm = get('resistance') or RESISTANCE[get('state')]
        if supply <= 0 or not ohm then
            return supply
        end
        return (supply - DIODE) * ohm / (SOURCE + ohm) + DIODE
    end

    -- Waits until something is set, by either side. False: nothing was in time (nil: for ever).
    function pilot.Change(ms)
        local n = get('changes')
        local key = ('pilot %s changes'):format(cable)
        return tonumber(Recall_Change(key, n and tostring(n), ms)) ~= n
    end

    -- Has those who wait in Change look again.
    function pilot.Poke()
        put('changes', (get('changes') or 0) + 1)
    end

    -- 'A' to 'F', volt, duty cycle in percent (100: steady), and whether the negative half-wave is
    -- as it should be (where there is one).
    function pilot.State()
        local v, duty = volts(), get('oscillator') == 'false' and 100 or get('duty') or 100
        if (get('supply') or SUPPLY) < 0 then
            return 'F', v, 0, true
        end
        for _, level in ipairs(LEVELS) do
            if v < level[1] then
                return level[2], v, duty, duty == 100 or get('diode') ~= 'false'
            end
        end
        return 'A', v, duty, true
    end

    -- Whether what vehicles say on pilots is known: one of them has said something on its own.
    function pilot.IsKnown()
        return Recall 'pilot known' ~= nil
    end

    -- 'B2': the state, and 2 where the oscillator runs, as IEC 61851-1 has it.
    function pilot.Name()
        local state, _, duty = pilot.State()
        return (state == 'E' or state == 'F') and state or state .. (duty < 100 and 2 or 1)
    end

    -- Amperes that the cable carries, by its proximity resistor; nil: it has none that is known.
    function pilot.Proximity()
        return PROXIMITY[get('proximity')]
    end

    -- "B2, 9.0 V, 5 %"
    local function text()
        local _, v, duty = pilot.State()
        return ('%s, %.1f V, %s'):format(pilot.Name(), v,
            duty < 100 and ('%g %%'):format(duty) or 'steady')
    end

    -- Who is at that side of it ('vehicle', 'station'), whose settings the record has by that role.
    function pilot.At(side, role)
        roles[side] = role
    end

    -- In the record it is that role's, whoever sets it (of a relay, which has two of them); else of
    -- who does.
    function pilot.TellAs(role)
        teller = role
    end

    -- What others have set, and nobody has told, is told now.
    function pilot.Notice()
        if teller and text() ~= told then
            told = text()
            teller.Pilot_Told(told)
        end
    end

    -- How often it has gone from B to C since it was plugged in.
    function pilot.Toggles()
        return get('toggles') or 0
    end

    -- The vehicle sets state ('A': unplugged, 'B', 'C', 'D'), resistance (ohm, in place of that of
    -- the state; false: that again), diode (false: shorted), proximity (ohm); the station sets duty
    -- (percent, 100: steady), oscillator (false: off) and state 'E' or 'F'.
    function pilot.Set(settings)
        local before, name = pilot.State(), pilot.Name()
        local is_vehicle = false
        for key, value in pairs(settings) do
            if key == 'state' and (value == 'E' or value == 'F') then
                put('supply', value == 'E' and 0 or -12)
            elseif key == 'state' and (RESISTANCE[value] or value == 'A') then
                is_vehicle = true
                put('state', value)
                Remember('pilot known', 'true')
                if value == 'A' then
                    put('toggles', nil)
                end
            elseif OF_STATION[key] then
                put('supply', nil)
                put(key, value)
            elseif OF_VEHICLE[key] and key ~= 'state' then
                is_vehicle = true
                put(key, value or key == 'diode' and 'false' or nil)
            else
                error(("Pilot.Set: %s = %s; expected state ('A' to 'F'), resistance, diode, "
                    .. 'proximity, duty or oscillator'):format(key, value), 2)
            end
        end
        pilot.Poke()
        for key, value in pairs(behind and settings or {}) do
            behind(key, value)
        end
        if before == 'B' and pilot.State() == 'C' then
            put('toggles', pilot.Toggles() + 1)
        end
        if teller then
            pilot.Notice()
        elseif pilot.Name() ~= name or settings.duty then
            local place = cable == MAIN and '' or cable .. ' '
            local role = is_vehicle and (roles.vehicle or Evcc) or roles.station or Secc
            role.Pilot_Told(place .. text())
        end
    end

    -- Says to say(what, value) what is set from here on, besides: of a box (pilot_box.lua).
    function pilot.Behind(say)
        behind = say
    end

    -- What such a box has measured on that side ('ev', 'station'): state and duty cycle, as far as
    -- they are the other side's, and can be.
    function pilot.Told(side, measured)
        local settings, state, duty = {}, measured.state, measured.duty
        if side == 'station' and (state == 'A' or RESISTANCE[state]) and get('state') ~= state then
            settings.state = state
        elseif side == 'ev' and (state == 'E' or state == 'F') then
            settings.state = pilot.State() ~= state and state or nil
        elseif side == 'ev' and type(duty) == 'number' and duty >= 0 and duty <= 100
            and ((get('duty') or 100) ~= duty or state and get('supply')) then
            settings.duty = duty -- which ends E and F, too
        end
        if next(settings) then
            local say = behind
            behind = nil
            pilot.Set(settings)
            behind = say
        end
    end

    -- Waits until it is in that state ('C', or 'C2'), or no longer: after how many milliseconds. In
    -- vain: the verdict fail; with `may_fail` nil.
    function pilot.Expect(state, ms, may_fail)
        local from = Now()
        while pilot.Name() ~= state and pilot.State() ~= state do
            local left = ms - (Now() - from)
            if left <= 0 or not pilot.Change(left) then
                if may_fail then
                    return nil
                end
                Fail(('control pilot: expected %s within %g ms, found %s'):format(state, ms,
                    pilot.Name()))
            end
        end
        return Now() - from
    end

    -- The vehicle goes to C and back to B so often, with so many milliseconds in each state.
    function pilot.Toggle(times, ms)
        for _ = 1, times do
            pilot.Set { state = 'C' }
            Sleep(ms)
            pilot.Set { state = 'B' }
            Sleep(ms)
        end
    end

    return pilot
end

local cables = {}

-- That of a cable, by its name (nil: that of evse0). side, role: who it is asked for, and is at it.
local function named(cable, side, role)
    cable = cable or MAIN
    local pilot = cables[cable] or of(cable)
    cables[cable], pilot.Of = pilot, named
    if role then
        pilot.At(side, role)
    end
    return pilot
end

return named(MAIN)
