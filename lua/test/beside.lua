-- SPDX-License-Identifier: Apache-2.0
-- What the control pilot and the link of a device have to be beside the messages of a case. A table
-- of conditions, and one loop: while the case is played its messages and each change of the pilot
-- are noted, with their times; once it is over each condition whose message there was is judged by
-- what was noted. A case that ended before that message, or in a state of the pilot that the tester
-- has set, tells nothing of it.
--
-- A condition of a vehicle or a station (sut) says:
--
--   at        the row whose first message it begins with; 'end': the end of the connection; 'link':
--             the link comes up; 'failure': a response that fails, or an end without SessionStop;
--             'pause': SessionStopRes of a session that is paused
--   wired     'dc', 'ac': only where there was a cable check before, or none
--   goes_on   the message that shows that it went on, where the session was over before that time
--   pilot     the states that the vehicle has to be in (by a pattern), within that time
--   holds     from then on, until the row `till`: the states of the vehicle, or what of the
--             oscillator (of OSCILLATOR)
--   ends      the oscillator is on for that time, and off soon after it
--   sleeps    of a station the time in which its oscillator is off, until it wakes (within
--             `wakes`); of a vehicle the states in which it sleeps
--   sets_up   SessionSetupReq comes within that time
--   link      true: there still is one; false: the network is left, within that time
--   cites     ids of rules, by protocol

local listening = require 'test.listening'
local mutant = require 'test.mutant'
local steps = require 'v2g.steps'
local way = require 'test.way'

local beside = {}

local MARGIN <const> = 'par_CMN_Transmission_Delay'
local DETECTION <const> = 'V2G_SECC_CPState_Detection_Timeout'
local LEAVE <const> = 'TP_match_leave + ' .. MARGIN
local AC_CHANGE <const> = 250 -- ms after PowerDeliveryReq, AC
local OFF <const> = 100       -- percent: steady
local FIVE <const>, AROUND <const> = 5, 2 -- percent: communication by messages

-- What has to hold of the duty cycle; spares: so long it may be otherwise.
local OSCILLATOR <const> = {
    dc = { text = 'duty cycle 3 to 7 %',
           is = function(duty) return math.abs(duty - FIVE) <= AROUND end },
    -- another duty cycle is reached over X1
    ac = { text = 'oscillator on', spares = 'T_step_X1',
           is = function(duty) return duty < OFF end },
}

local CONDITIONS <const> = {
    { sut = 'EVCC', at = 'CableCheckReq', goes_on = 'PreChargeReq', pilot = '[CD]',
      within = DETECTION, text = 'C or D',
      cites = { ['DIN70121'] = 'V2G-DC-547 V2G-DC-967',
                ['ISO15118-2'] = 'V2G2-916 V2G2-917 V2G2-918',
                ['ISO15118-20'] = 'V2G20-1418 V2G20-912 V2G20-917 V2G20-918' } },
    { sut = 'EVCC', at = 'CurrentDemandReq', till = 'PowerDeliveryReq(Stop)', holds = '[CD]',
      text = 'C or D', cites = { ['DIN70121'] = 'V2G-DC-668' } },
    { sut = 'EVCC', at = 'WeldingDetectionReq', goes_on = 'SessionStopReq', pilot = 'B',
      within = DETECTION, text = 'B',
      cites = { ['DIN70121'] = 'V2G-DC-988', ['ISO15118-2'] = 'V2G2-920 V2G2-921 V2G2-922',
                ['ISO15118-20'] = 'V2G20-1617 V2G20-919 V2G20-921 V2G20-922' } },
    { sut = 'EVCC', at = 'SessionStopReq', wired = 'dc', pilot = 'B', within = DETECTION,
      text = 'B',
      cites = { ['DIN70121'] = 'V2G-DC-988', ['ISO15118-2'] = 'V2G2-920 V2G2-921 V2G2-922',
                ['ISO15118-20'] = 'V2G20-1617' } },
    { sut = 'EVCC', at = 'PowerDeliveryReq(Start)', goes_on = 'ChargingStatusReq', wired = 'ac',
      pilot = '[CD]', within = AC_CHANGE, text = 'C or D',
      cites = { ['ISO15118-2'] = 'V2G2-847 V2G2-848', ['ISO15118-20'] = 'V2G20-847' } },
    { sut = 'EVCC', at = 'PowerDeliveryReq(Stop)', wired = 'ac', pilot = 'B', within = AC_CHANGE,
      text = 'B', cites = { ['ISO15118-2'] = 'V2G2-861 V2G2-863 V2G2-864' } },
    { sut = 'EVCC', at = 'end', pilot = '[AB]', within = 'par_CMN_HAL_Timeout', text = 'B or A',
      cites = { ['ISO15118-2'] = 'V2G2-526 V2G2-728' } },
    { sut = 'SECC', at = 'SessionSetupReq', till = 'SessionStopRes', holds = OSCILLATOR,
      cites = 'DRV-3-Oscillator' },
    { sut = 'SECC', at = 'SessionStopRes', ends = 'V2G_SECC_CPOscillator_Retain_Time',
      cites = { ['DIN70121'] = 'V2G-DC-968' } },
    { sut = 'SECC', at = 'failure', ends = 0, cites = { ['DIN70121'] = 'V2G-DC-942' } },
    { sut = 'EVCC', at = 'link', sets_up = 'V2G_EVCC_CommunicationSetup_Timeout',
      cites = 'DRV-3-Setup' },
    { sut = 'SECC', at = 'pause', sleeps = 'par_SECC_B1_B2_Timeout', wakes = 'T_conn_max_comm',
      cites = 'DRV-3-Sleep' },
    { sut = 'EVCC', at = 'pause', sleeps = '[BC]', text = 'B, but for the toggle that wakes',
      cites = 'DRV-3-Pause' },
    { sut = 'both', at = 'SessionSetupReq', till = 'SessionStopRes', link = true,
      within = 'par_CMN_Intern_PTC_Timeout', cites = 'DRV-3-Link' },
    { sut = 'EVCC', at = 'failure', link = false, within = LEAVE,
      cites = 'V2G3-M07-13 V2G3-A09-121' },
    { sut = 'both', at = 'SessionStopRes', link = false, within = LEAVE,
      cites = 'V2G3-M09-17 V2G3-A09-121' },
}

-- ---- what is noted ----

-- 'DC_CableCheckReq' is CableCheckReq in all protocols.
local function row_of(m)
    local end_of_it = m:name():match 'Re[qs]$'
    return steps.of(m:name()) .. end_of_it, way.form(m)
end

local function note_message(log, m)
    local name, form = row_of(m)
    local code = way.element(m, 'ResponseCode')
    local noted = { at = Now(), name = name, form = form, fails = code and tostring(code):find '^F' ~= nil }
    log.messages[#log.messages + 1] = noted
    log.is_paused = log.is_paused or name == 'SessionStopReq' and way.says(m, 'Pause')
    if log.is_paused and not log.pause and name == 'SessionStopRes' and not noted.fails then
        log.pause = #log.messages
    end
end

local function note_pilot(log)
    local state, _, duty = Pilot.State()
    local before = log.pilot[#log.pilot]
    if not before or before.state ~= state or before.duty ~= duty then
        log.pilot[#log.pilot + 1] = { at = Now(), state = state, duty = duty }
    end
end

local function follow(it, log)
    while true do
        note_pilot(log)
        if it.c.sut == 'EVCC' and log.pause and Pilot.State() == 'A' then
            log.has_left = true -- it does not come again
            it.role.Stop_Accepting()
        end
        Pilot.Change()
    end
end

-- From here on, of a case that begins with messages over IP. One that would be judged, and has no
-- pilot, says so.
function beside.begin(it)
    if way.is_matching(it.c.given) or it.c.protocol == 'ISO15118-3' then
        return
    elseif not it.tester.mac then
        if it.c.beside then
            it:tells('control pilot and link', 'not judged: there is no bench, and no modem')
        end
        return
    end
    local log = { messages = {}, pilot = {}, breaks = it.c.sut == 'SECC' and 'A' or '[EF]' }
    for _, on in ipairs { '*Req', '*Res' } do
        it.role.Filter { on = on, fault = function(m) note_message(log, m) end }
    end
    Start(follow, it, log)
    it.noted = log
end

-- ---- what was noted ----

-- The first message of that row.
local function first(log, row)
    for _, m in ipairs(log.messages) do
        if m.name == row or m.form == row then
            return m
        end
    end
    return nil
end

-- The energy transfer that the device is wired for, as far as it has shown.
local function wiring(log)
    return first(log, 'CableCheckReq') and 'dc' or 'ac'
end

-- Whether the station is to communicate by 5 %: from the beginning on, where the case is one of DC.
local function is_dc(it, log)
    return it.c.mode == 'dc' or it.c.protocol == 'DIN70121' or wiring(log) == 'dc'
end

local function last(log, row)
    local found
    for _, m in ipairs(log.messages) do
        found = m.name == row and m or found
    end
    return found
end

-- When it ended: what the condition is about, or what keeps it from being seen: a response that
-- fails, the end of the connection, a state of the pilot that the tester has set: a vehicle that is
-- not plugged in, a station in E or F.
local function over(log, from, till)
    local at = log.ended or math.huge
    for _, one in ipairs(log.pilot) do
        if one.at >= from and one.state:find(log.breaks) then
            at = math.min(at, one.at)
        end
    end
    for _, m in ipairs(log.messages) do
        if m.at >= from and (m.fails or till and (m.name == till or m.form == till)) then
            at = math.min(at, m.at)
        end
    end
    return at
end

-- The first entry of the pilot from `from` to `till` for which it is so, and the one before it. The
-- entry at `from` is the last one before.
local function entry(log, from, till, is)
    for i, one in ipairs(log.pilot) do
        local next_one = log.pilot[i + 1]
        if one.at <= till and (not next_one or next_one.at > from) and is(one) then
            return one, log.pilot[i - 1]
        end
    end
    return nil
end

local function is_masked(one)
    return one.state == 'E' or one.state == 'F'
end

local function wait_until(at)
    Sleep(math.max(0, at - Now()))
end

-- ---- judging ----

local function pilot_text(one)
    return ('control pilot %s, %g %%'):format(one.state, one.duty)
end

local function judge(it, c, ok, expected, found)
    it:step { kind = 'check', ok = ok, expected = expected, found = found, cites = c.ids }
end

-- What proves the condition (breach_line.lua), once.
local function wants(it, kind, what)
    for _, wanted in ipairs(it.wanted) do
        if wanted.kind == kind and wanted.from == what.from and wanted.name == what.name then
            return
        end
    end
    what.kind = kind
    it:wants(what)
end

-- The vehicle is in that state in time.
local function reaches(it, log, c, at)
    local limit = it:time(c.within)
    local deadline = at + limit + it:time(MARGIN)
    local function is(one) return one.state:find(c.pilot) ~= nil end
    local reached, before = entry(log, at, deadline, is)
    while not reached and Now() < deadline do
        Pilot.Change(deadline - Now())
        reached, before = entry(log, at, deadline, is)
    end
    local is_over = c.pilot == '[CD]' and over(log, at) < deadline -- it need not charge any more
    local went_on = c.goes_on and first(log, c.goes_on)
    if not went_on and (is_over or entry(log, at, deadline, is_masked)) then
        return -- whatever it shows, it could not be told that it is wrong
    end
    if reached and before and not is(before) and not log.is_paused then -- what sleeps wakes by it
        wants(it, 'pilot unset', { from = reached.at })
    end
    judge(it, c, reached ~= nil,
        ('control pilot %s within %d ms of %s'):format(c.text, limit, c.at),
        pilot_text(reached or log.pilot[#log.pilot]))
end

-- The first entry from `from` to `till` for which it is not so, for longer than `spares`, and since
-- when; nil: none.
local function otherwise(log, is, from, till, spares)
    local wrong, since
    for i, one in ipairs(log.pilot) do
        local ends_at = log.pilot[i + 1] and log.pilot[i + 1].at or math.huge
        if is(one) then
            wrong = nil
        elseif wrong or one.at < till - mutant.JITTER and ends_at > from then
            wrong, since = wrong or one, wrong and since or math.max(one.at, from)
            if ends_at - since > spares then
                return wrong, since
            end
        end
    end
    return nil
end

-- It stays so. what: of OSCILLATOR, or of the states of the vehicle.
local function holds(it, log, c, at)
    local till = math.min(over(log, at, c.till), Now())
    local of = c.holds == OSCILLATOR and OSCILLATOR[is_dc(it, log) and 'dc' or 'ac']
    local spares = of and of.spares and it:time(of.spares) or 0
    local function is(one)
        if of then
            return not is_masked(one) and of.is(one.duty)
        end
        return is_masked(one) or one.state:find(c.holds) ~= nil
    end
    if not of then -- who ends the session shows it there first
        till = math.min(till, last(log, c.at).at)
    end
    if till - at <= 2 * mutant.JITTER then
        return -- both sides see it at times of their own
    end
    local wrong, since = otherwise(log, is, at, till, spares)
    if wrong and Now() < since + spares then
        wait_until(since + spares)
        wrong = otherwise(log, is, at, till, spares)
    end
    wants(it, 'pilot moved', { from = at, settings = of and { duty = OFF } or { state = 'B' } })
    judge(it, c, not wrong, ('control pilot: %s until %s'):format(of and of.text or c.text, c.till),
        wrong and pilot_text(wrong) or 'so it is')
end

-- The oscillator is on for its time, and not longer.
local function ends(it, log, c, at)
    local limit, margin = it:time(c.ends), it:time(MARGIN)
    local fails = c.at == 'failure'
    if it.role.State() == 'ready' then
        it.role.Disconnect 'half' -- the vehicle closes first
    end
    wait_until(at + limit + margin)
    local function is_off(one) return one.duty == OFF end
    local off = entry(log, at, math.huge, is_off)
    local taken = off and off.at - at
    for _, by in ipairs(fails and {} or { 'early', 'late' }) do
        wants(it, by, { name = c.ends })
    end
    if fails and off then
        wants(it, 'pilot unset', { from = off.at })
    end
    judge(it, c, taken ~= nil and taken >= limit - margin and taken <= limit + margin,
        ('the oscillator off %d ms after %s'):format(limit, c.at),
        taken and ('off after %d ms'):format(math.max(0, math.floor(taken))) or 'on')
end

-- What is next: a message, or now.
local function goes_on_at(log)
    local one = log.messages[log.pause + 1]
    return one and one.at or Now()
end

-- A vehicle stays plugged in until the session goes on.
local function stays(it, log, c, at)
    local till = math.min(goes_on_at(log), over(log, at))
    local left = entry(log, at, till - mutant.JITTER, function(one)
        return one.at > at and not is_masked(one) and not one.state:find(c.sleeps)
    end)
    if till - at > 2 * mutant.JITTER then
        wants(it, 'pilot moved', { from = at + mutant.JITTER, settings = { state = 'A' } })
    end
    judge(it, c, not left, ('control pilot: %s while the session is paused'):format(c.text),
        pilot_text(left or log.pilot[#log.pilot]))
end

-- A station that has slept since then starts its oscillator again once the vehicle has toggled, or
-- by itself, where the case wants that.
local function wakes(it, log, c, since)
    local by_itself = it.c.wakes == 'station' and log.pause < #log.messages
    local toggled = entry(log, since, math.huge, function(one)
        return one.at > since and one.state == 'C'
    end)
    local from = by_itself and since or toggled and toggled.at
    if not from then
        return -- nobody had it wake
    end
    local limit = it:time(by_itself and 'PICS_CMN_CMN_WakeUp' or c.wakes)
    local on = entry(log, from, from + limit, function(one)
        return one.at >= from and one.duty < OFF and not is_masked(one)
    end)
    if on then
        wants(it, 'pilot unset', { from = on.at })
    end
    judge(it, c, on ~= nil, ('the oscillator on again within %d ms'):format(limit),
        pilot_text(on or log.pilot[#log.pilot]))
end

-- A station stops its oscillator, and starts it again.
local function sleeps(it, log, c, at)
    if it.c.sut == 'EVCC' then
        return stays(it, log, c, at)
    end
    local limit, margin = it:time(c.sleeps), it:time(MARGIN)
    local function is_off(one) return one.duty == OFF and not is_masked(one) end
    if log.pause == #log.messages then
        wait_until(at + limit)
    end
    local off = entry(log, at, at + limit + margin, is_off)
    if off then
        wants(it, 'pilot unset', { from = off.at })
    end
    judge(it, c, off ~= nil, ('no oscillator within %d ms of the pause'):format(limit),
        pilot_text(off or log.pilot[#log.pilot]))
    if off then
        wakes(it, log, c, off.at)
    end
end

-- The session is set up in time: not judged where the case begins before, and may keep it back.
local function sets_up(it, log, c, at)
    local m, limit = first(log, 'SessionSetupReq'), it:time(c.sets_up)
    if not m and listening.BEGINS[it.c.given] then
        return
    elseif not m then
        wait_until(at + limit)
    end
    wants(it, 'slow', { ms = limit + it:time(MARGIN) })
    judge(it, c, m ~= nil and m.at - at <= limit,
        ('SessionSetupReq within %d ms of the link'):format(limit),
        m and ('it after %d ms'):format(math.floor(m.at - at)) or 'none')
end

-- The other side is in the network, or has left it.
local function links(it, log, c, at)
    local over_at = over(log, at, c.till)
    if c.link and over_at < math.huge or not c.link and log.is_paused then
        return
    end
    if not c.link and it.c.sut == 'SECC' then
        it:ends_session()
    elseif not c.link then
        it:waits_for_end()
    end
    it.citing = c.ids
    if c.link then
        wants(it, 'link moved', { from = Now() })
        Sleep(it:time(MARGIN))
        it:link_is(true, c.within)
    else
        local broken = entry(log, at - it:time(c.within), at, function(one)
            return one.state:find(log.breaks) ~= nil
        end)
        it:is_member(false, c.within, broken and math.min(broken.at, at) or at)
    end
    it.citing = nil
end

-- Whether it is about this case; its ids then.
local function ids_of(it, log, c)
    if c.sut ~= 'both' and c.sut ~= it.c.sut or c.wired and c.wired ~= wiring(log) then
        return nil
    end
    return type(c.cites) == 'string' and c.cites or c.cites[it.tester.protocol or it.c.protocol]
end

-- When it failed: by a response, or as the session was not stopped; nil: it did not.
local function failed(log)
    for _, m in ipairs(log.messages) do
        if m.fails then
            return m.at
        end
    end
    return not first(log, 'SessionStopRes') and log.ended or nil
end

-- When a condition begins; nil: it does not.
local function when(it, log, at)
    if at == 'end' then
        return log.ended
    elseif at == 'link' then
        return it.tester.linked
    elseif at == 'failure' then
        return failed(log)
    end
    local m = at == 'pause' and log.messages[log.pause] or first(log, at)
    return m and not m.fails and m.at or nil
end

-- What judges it.
local function judge_of(c)
    return c.pilot and reaches or c.holds and holds or c.ends and ends or c.sleeps and sleeps
        or c.sets_up and sets_up or links
end

-- Judges what is due, once the case is over.
function beside.finish(it)
    local log = it.noted
    if not log then
        return
    end
    it.noted, it.arriving = nil, false
    it.missing = it.missing and not log.has_left
    for _, condition in ipairs(CONDITIONS) do
        local ids, at = ids_of(it, log, condition), when(it, log, condition.at)
        if ids and at then
            local c = setmetatable({ ids = ids }, { __index = condition })
            judge_of(c)(it, log, c, at)
        end
    end
end

return beside
