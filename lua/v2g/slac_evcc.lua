-- SPDX-License-Identifier: Apache-2.0
-- The vehicle's side of the matching (ISO 15118-3, annex A): asks all stations, sounds the line,
-- takes the one that hears it best, and joins its network.

local slac = require 'v2g.slac'

local matching = {}

local TOGGLES <const> = 3
local function fail(why)
    error({ slac = why }, 0)
end

-- Waits so long for messages of that name, and hands each to `take`, until that returns something,
-- which is returned; all others to `other`, if there is such a function.
local function await(role, name, ms, take, other)
    local over = Now() + ms
    while true do
        local left = over - Now()
        if left <= 0 then
            return nil
        end
        local m, from = role.Slac_Receive(left)
        local taken = m and m:name() == name and take(m, from)
        if taken then
            return taken
        elseif m and other and m:name() ~= name then
            other(m, from)
        end
    end
end

-- Sends up to three times, until an answer is taken [V2G3-A09-94]. What came before nobody asked
-- for, so that it is no answer.
local function ask(role, request, to, name, take, other)
    while role.Slac_Receive(0) ~= nil do
    end
    for _ = 0, slac.counters.C_EV_match_retry do
        local from = Now()
        role.Slac_Send(request, to)
        local taken = await(role, name, slac.time 'TT_match_response', take, other)
        role.Measured('SLAC', 'TT_match_response', nil, Now() - from, taken ~= nil)
        if taken then
            return taken
        end
    end
end

-- Who answers, and what they want, of the stations that are near; and what takes the answer of one
-- that comes once the sounds have begun. Fields that are fixed have to be right [V2G3-A09-09]
-- [V2G3-A09-10].
local function find_stations(s)
    local role, stations, list = s.role, {}, {}
    local fixed = { ApplicationType = 0, SecurityType = 0, RESP_TYPE = 1, NUM_SOUNDS = 10,
                    Time_Out = 6, M_SOUND_TARGET = slac.ALL, FORWARDING_STA = s.mac,
                    RunID = s.run_id }
    local function take(m, from)
        if not slac.is(m, fixed) then
            return nil
        end
        if not stations[from] then
            stations[from] = { mac = from }
            list[#list + 1] = stations[from]
        end
        return true
    end
    local request = slac.message(role, 'CM_SLAC_PARM_REQ', { RunID = s.run_id })
    if not ask(role, request, slac.ALL, 'CM_SLAC_PARM_CNF', take) then
        fail('no station answered CM_SLAC_PARM.REQ')
    end
    await(role, 'CM_SLAC_PARM_CNF', s.p.start, function(m, from) -- others may answer, too
        take(m, from)
    end)
    return stations, list, take
end

-- The plug has been pulled out meanwhile.
local function is_out(s)
    return s.is_plugged and s.role.Pilot.State() == 'A'
end

-- The pilot lets a matching go on: no error state, and an oscillator where there was one.
local function insist_on_pilot(s)
    local state, _, duty = s.role.Pilot.State()
    if state == 'E' or state == 'F' then
        fail('the control pilot is in state ' .. state)
    elseif is_out(s) then
        fail('the plug is out')
    elseif s.oscillates and duty == 100 then
        fail('the station has stopped its oscillator')
    end
end

local OSCILLATOR <const> = 1000 -- ms that it waits for a station's oscillator; it may also be X1

-- An error state is over, before it begins.
local function wait_for_pilot(s)
    local pilot = s.role.Pilot
    pilot.Expect('B2', OSCILLATOR, true)
    local state, _, duty = pilot.State()
    while (state == 'E' or state == 'F') and not Stop_Requested() do
        pilot.Change()
        state, _, duty = pilot.State()
    end
    s.oscillates = duty < 100
end

local function sound(s)
    insist_on_pilot(s)
    local role, pause = s.role, s.p.interval
    pause = pause > 0 and pause or slac.time 'TP_EV_batch_msg_interval'
    local start = slac.message(role, 'CM_START_ATTEN_CHAR_IND',
        { FORWARDING_STA = s.mac, RunID = s.run_id })
    for _ = 1, slac.counters.C_EV_start_atten_char_inds do
        role.Slac_Send(start, slac.ALL)
        Sleep(pause)
    end
    for left = slac.counters.C_EV_match_MNBC - 1, 0, -1 do
        role.Slac_Send(slac.message(role, 'CM_MNBC_SOUND_IND',
            { Cnt = left, RunID = s.run_id, Rnd = slac.random(16) }), slac.ALL)
        if left > 0 then
            Sleep(pause)
        end
    end
end

local function respond(s, to)
    s.role.Slac_Send(slac.message(s.role, 'CM_ATTEN_CHAR_RSP',
        { SOURCE_ADDRESS = s.mac, RunID = s.run_id }), to)
end

-- What the stations have heard: each is answered, also again, since the answer may be lost.
local function collect(s, stations, list, take_station, from)
    local heard = 0
    local fixed = { ApplicationType = 0, SecurityType = 0, SOURCE_ADDRESS = s.mac, RunID = s.run_id,
                    SOURCE_ID = slac.NOBODY, RESP_ID = slac.NOBODY, NumGroups = slac.GROUPS }
    await(s.role, 'CM_ATTEN_CHAR_IND', from + slac.time 'TT_EV_atten_results' - Now(),
        function(m, sender)
            local station = stations[sender]
            if not station or not slac.is(m, fixed) or m.NUM_SOUNDS == 0 then
                return nil
            end
            Sleep(s.p.response)
            respond(s, sender)
            heard = heard + (station.attenuation and 0 or 1)
            station.attenuation = slac.mean(m.AAG)
            return heard == #list or nil
        end, function(m, sender)
            if m:name() == 'CM_SLAC_PARM_CNF' then
                take_station(m, sender)
            end
        end)
    if heard == 0 then
        fail('no station sent CM_ATTEN_CHAR.IND')
    end
    table.sort(list, function(a, b)
        return (a.attenuation or math.huge) < (b.attenuation or math.huge)
    end)
    for _, station in ipairs(list) do
        Log(('SLAC: station %s hears us at %.1f dB'):format(station.mac,
            station.attenuation or math.huge))
    end
end

-- What the first CM_VALIDATE.CNF of a station says, by its result.
local FIRST <const> = { [0] = 'not_ready', 'ready', [3] = 'failed', [4] = 'not_required' }

-- Asks a station whether it is ready to look at the control pilot: what it says; 'silent'.
local function ask_ready(s, station, request)
    local answer = ask(s.role, request, station.mac, 'CM_VALIDATE_CNF', function(m, from)
        return from == station.mac and m.SignalType == 0 and m.ToggleNum == 0 and m or nil
    end)
    return answer and (FIRST[answer.Result] or 'failed') or 'silent'
end

-- Whether the station sees the toggles of this vehicle's pilot: 'seen', or what came instead.
local function validate(s, station)
    local function request(timer)
        return slac.message(s.role, 'CM_VALIDATE_REQ', { Timer = timer, Result = 1 })
    end
    local said = ask_ready(s, station, request(0))
    for _ = 1, slac.counters.C_EV_match_retry do
        if said == 'not_ready' and s.p.not_ready == 'again' then
            Sleep(slac.time 'TT_matching_rate')
            said = ask_ready(s, station, request(0))
        end
    end
    if said ~= 'ready' and not (said == 'not_required' and s.p.not_required == 'toggle') then
        return said
    end
    insist_on_pilot(s)
    local level = slac.time 'TP_EV_vald_state_duration' // 2
    local window = TOGGLES * 2 * level + level
    s.role.Slac_Send(request(math.ceil(window / 100) - 1), station.mac)
    s.role.Pilot.Toggle(TOGGLES, level)
    local answer = await(s.role, 'CM_VALIDATE_CNF', window + slac.time 'TT_match_response',
        function(m, from)
            return from == station.mac and m.Result ~= 1 and m or nil
        end)
    return answer and answer.Result == 2 and answer.ToggleNum == TOGGLES and 'seen' or 'unseen'
end

-- The best one; where another is nearly as good, that which sees the pilot's toggles.
local function choose(s, list)
    local best, second, p = list[1], list[2], s.p
    local is_unsure = second and second.attenuation
        and second.attenuation - best.attenuation < p.near
    if p.validates == 'never' or not is_unsure and p.validates ~= 'always' then
        return best
    end
    for _, station in ipairs(list) do
        local is_near = (station.attenuation or math.huge) - best.attenuation < p.near
        local said = is_near and validate(s, station)
        if said then
            Log(('SLAC: validation with station %s: %s'):format(station.mac, said))
        end
        if said == 'seen' or p[said] == 'skip' then
            return station
        elseif p[said] == 'end' then
            break
        end
    end
    return p.validates == 'near' and best or fail('no station has seen the toggles of the pilot')
end

-- Gives the own modem that key: whether there is a link with it before that time.
local function take_key(s, key, over, other)
    if not slac.set_key(s.role, key.NMK, key.NID, other) then
        fail('the own modem did not answer CM_SET_KEY.REQ')
    end
    return slac.wait_for_link(s.role, over - Now(), other)
end

local function match(s, station)
    Sleep(s.p.match)
    local ids = { PEVMAC = s.mac, EVSEMAC = station.mac, RunID = s.run_id }
    local request = slac.message(s.role, 'CM_SLAC_MATCH_REQ', ids)
    local function is_answer(m, from)
        return from == station.mac and slac.is(m, ids) and slac.is(m,
            { ApplicationType = 0, SecurityType = 0, MVFLength = 86, PEVID = slac.NOBODY,
              EVSEID = slac.NOBODY }) and m or nil
    end
    local answer = ask(s.role, request, station.mac, 'CM_SLAC_MATCH_CNF', is_answer, function(m, from)
        if m:name() == 'CM_ATTEN_CHAR_IND' and from == station.mac and m.RunID == s.run_id then
            respond(s, from) -- the answer was lost
        end
    end)
    if not answer then
        fail('the station did not answer CM_SLAC_MATCH.REQ')
    end
    insist_on_pilot(s)
    local others = {}
    local function other(m, from) -- the same station gives another key: one of them is forged
        if m and m:name() == 'CM_SLAC_MATCH_CNF' and is_answer(m, from) and m.NMK ~= answer.NMK then
            others[1] = { NMK = m.NMK, NID = m.NID }
        end
    end
    local from, join = Now(), slac.time 'TT_match_join'
    local up = take_key(s, answer, from + join // 2, other)
    if not up and others[1] then
        Log('SLAC: the station has given another key, too')
        up = take_key(s, others[1], from + join)
    end
    up = up or slac.wait_for_link(s.role, from + join - Now())
    s.role.Measured('SLAC', 'TT_match_join', nil, Now() - from, up)
    if not up then
        fail('the link did not come up')
    end
end

local function attempt(s)
    s.run_id = slac.random(8)
    local stations, list, take_station = find_stations(s)
    local from = Now()
    sound(s)
    collect(s, stations, list, take_station, from)
    local station = choose(s, list)
    match(s, station)
    return station
end

-- What `slac` of the parameters says where nothing is given.
local DEFAULTS <const> = require('v2g.parameters').ev.slac

-- Until it is matched, for TT_matching_repetition [V2G3-A09-122]. p: `slac` of the vehicle's
-- parameters, or nil. The station that it is matched with ({mac, attenuation}); or nil, and why
-- not.
function matching.match(role, p)
    local s = { role = role, mac = role.Slac(), p = p or DEFAULTS,
                is_plugged = role.Pilot.State() ~= 'A' }
    wait_for_pilot(s)
    local from = Now()
    local why
    repeat
        local good, result = pcall(attempt, s)
        if good then
            Log(('SLAC: matched with %s after %.0f ms'):format(result.mac, Now() - from))
            return result
        elseif type(result) ~= 'table' or not result.slac then
            error(result, 0)
        end
        why = result.slac
        Log('SLAC: ' .. why)
        Sleep(slac.time 'TT_matching_rate')
        wait_for_pilot(s)
    until Now() - from >= slac.time 'TT_matching_repetition' or Stop_Requested() or is_out(s)
    return nil, why
end

-- ---- while it is matched ----

-- Leaves the network: a key that nobody else has [V2G3-A09-121].
function matching.leave(role)
    slac.set_key(role, slac.random(16), slac.random(6) .. '0' .. slac.random(1):sub(1, 1))
end

local watch = {}
watch.__index = watch

-- What ends the network besides the vehicle's own wish; nil: nothing.
local function ends_by(w, m, from)
    local state, _, duty = w.role.Pilot.State()
    if state == 'E' or state == 'F' then
        return ('the control pilot is in state %s [V2G3-M09-19]'):format(state)
    end
    local is_off = duty == 100 and w.oscillates and w.is_awake()
    w.off = is_off and (w.off or Now()) or nil -- X1, on a station's way to another duty cycle
    if w.off and Now() - w.off > slac.time 'T_step_X1' then
        return 'the station has stopped its oscillator'
    end
    return m and slac.link_of(w.role, m, from) == false and 'the link is lost [V2G3-M07-34]' or nil
end

-- Whether it has, which is told once. m, from: what has come; nil: nothing.
local function has_ended(w, m, from)
    local why = not w.is_over and ends_by(w, m, from)
    if why then
        w.is_over, w.is_lost = true, true
        w.lost(why)
    end
    return w.is_over
end

local function watch_pilot(w)
    while not has_ended(w) do
        w.role.Pilot.Change()
    end
end

local function go_on(w)
    local next_look = Now()
    while not w.is_over do
        if next_look <= Now() then
            slac.ask_link(w.role)
            next_look = Now() + slac.LOOK
        end
        local m, from = w.role.Slac_Receive(next_look - Now())
        if has_ended(w, m, from) then
            break
        elseif m and not slac.answer_amp_map(w.role, m, from) then
            slac.take_amp_map(w.amp_map, m, from)
        end
        if w.amp_map then
            slac.go_on_amp_map(w.amp_map)
            next_look = math.min(next_look, w.amp_map.due or math.huge)
        end
    end
    if w.is_lost then
        matching.leave(w.role) -- at once: within TP_match_leave
    end
end

-- Looks after the link beside the session, as a task: calls lost(why) once, when it is gone, or the
-- station says so on the pilot. station: as of match. begins: sends CM_AMP_MAP.REQ of its own.
-- is_awake(): the station may not stop its oscillator now.
function matching.watch(role, station, begins, lost, is_awake)
    local w = setmetatable({ role = role, lost = lost, is_awake = is_awake }, watch)
    w.oscillates = select(3, role.Pilot.State()) < 100
    w.amp_map = begins and slac.begin_amp_map(role, station.mac) or nil
    w.task = Start(go_on, w)
    Start(watch_pilot, w)
    return w
end

-- Waits until it looks no more, so that others may take frames.
function watch:stop()
    self.is_over = true
    Wait_For(self.task)
end

return matching
