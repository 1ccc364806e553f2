-- SPDX-License-Identifier: Apache-2.0
-- What cases say and expect on the power line, and of the control pilot (ISO 15118-3); laid over
-- `it` of case.lua. What a good message has is known (matching.lua): fields are more.
--
--   it:gets(name, fields, within)   a good message, within TT_match_response unless said otherwise
--   it:asks_for(answer, name, fields, wanted)   the request, as often as a vehicle may repeat it,
--                                   until a good answer comes
--   it:sounds{ start =, count = }   CM_START_ATTEN_CHAR.IND with these fields, and so many sounds;
--                                   what is expected then runs from the first on
--   it:lures(name, fields)          a message that the device may not take, by these fields
--   it:sets_pilot({ … }, ends)      as Pilot.Set; ends: it is by that that the device must stop
--   it:waits_out(timer, since)      until the device's time is over: what comes then is too late
--   it:hears_no(within)             nothing comes from the other side
--   it:gets_again(name, fields, how)   the message comes again, how.every apart, how.times times;
--                                   how.each(): after each but the last
--   it:counts_toggles(ms, least, most)   so often does a vehicle toggle, each state long enough
--   it:reaches(given, why)          as the way to a case; why: what came in between
--   it:wants_choice()               the case is about which station is chosen
--   it:as_node(node, function)      as another node of the tester's side: matching.besides()
--   it:toggles(fields)              the second CM_VALIDATE.REQ, and the toggles that it announces:
--                                   how many; what is expected then runs from the end of their time
--   it:pilot_is(state, within, lasts, percent)   the device brings the pilot there in time ('B2'),
--                                   with that duty cycle, and leaves it so for a while
--   it:pilot_stays(state, lasts, percent)   it is so all that time
--   it:wants_count(name), it:wants_longer(name)   a counter; a time that may not be shorter
--   it:wants_link_seen()            the case is about what a device does that has a link
--   it:follows_attempts(soon, lasts)   a vehicle begins matching after matching
--   it:wants_pilot(state)           the case is about a pilot that is not in that state
--   it:listens_for_sdp(listens)     from now on; listens: the tester does not so far
--   it:hears_sdp(within), it:hears_no_sdp(within)   SECCDiscoveryReq comes, or not
--   it:waits_for_end()              the vehicle closes the connection, as it should
--   it:lets_see()                   until the device has looked at its modem, too
--   it:ends_session()               as the ready-made side does it after SessionStop
--   it:link_is(up, within, since)   the own modem says so in time; since: from when on the device
--                                   sees to that
--   it:is_member(is, within, since)   the other side's modem is in the own one's network, or is not

local mutant = require 'test.mutant'
local slac = require 'v2g.slac'

local line = {}

local GLANCE <const> = 5 -- ms between looks
local FOR_EVER <const> = 0x7FFFFFFF
local RETRIES <const> = slac.counters.C_EV_match_retry
local MARGIN <const> = 'par_CMN_Transmission_Delay'

-- What is wanted, for rule mutants (breach_line.lua). from: when the rule is broken; nil: now.
local function want(self, kind, what, from)
    what.kind, what.from = kind, from or Now()
    self:wants(what)
end

-- A message of the device, once for each name; a vehicle may have sent it before it was waited for.
local function want_frame(self, name)
    for _, wanted in ipairs(self.wanted) do
        if wanted.message == name then
            return
        end
    end
    want(self, 'frame', { message = name }, self.c.sut == 'EVCC' and self.tester.begun or self.from)
end

function line:gets(name, fields, within)
    want_frame(self, name)
    return self:expects(name, self.tester.merged(self.tester:good(name), fields or {}),
        { within = within or 'TT_match_response' })
end

function line:asks_for(answer, name, fields, wanted)
    want_frame(self, answer)
    self:asks(name, fields, answer, self.tester.merged(self.tester:good(answer), wanted or {}),
        { times = RETRIES + 1, within = 'TT_match_response' })
    return self.m
end

-- That a device takes a message all the same, as if these fields of it were good.
local function lures(self, name, fields)
    local good, taken = self.tester:good(name), {}
    for path, value in pairs(fields or {}) do
        local is_wrong = path ~= 'Timer' and good[path] ~= value -- it tells two requests apart
        taken[path] = is_wrong and (good[path] or path == 'AMLEN' and 1) or nil
    end
    taken.AAG = taken.NumGroups and self.tester:groups()
    local known = self.lured
    self.lured = true -- what is lured again is the same
    if next(taken) and not known then
        want(self, 'frame taken', { message = name, fields = taken })
    end
end

function line:sounds(how)
    lures(self, 'CM_START_ATTEN_CHAR_IND', how.start)
    self.from = self.tester.sounds(function(name, fields)
        self:sends(name, fields)
    end, how)
end

function line:lures(name, fields)
    lures(self, name, fields)
    self:sends(name, fields)
end

function line:sets_pilot(settings, ends)
    if ends then
        want(self, 'pilot unseen', { state = Pilot.State(), duty = select(3, Pilot.State()) })
    end
    Pilot.Set(settings)
    Sleep(self:time 'par_CMN_Intern_PTC_Timeout' // 4)
    self.from = Now()
end

function line:waits_out(timer, since)
    want(self, 'late', { name = timer })
    Sleep(math.max(0, (since or Now()) + self:time(timer .. ' + ' .. MARGIN) - Now()))
end

function line:hears_no(within)
    self:expects_nothing(within or 'TT_match_response')
end

-- What is wrong with one that comes again; nil: nothing.
local function wrong_repetition(self, came, name, fields, since, every)
    local wrong = self:differs(came, name, fields)
    local margin, apart = self:time(MARGIN), came.at - since
    if not wrong and (apart < every - mutant.JITTER or apart > every + margin) then
        wrong = { path = name, expected = ('%s after %d to %d ms'):format(name, every, every + margin),
                  found = ('it after %d ms'):format(math.floor(apart)) }
    end
    return wrong
end

function line:gets_again(name, fields, how)
    local every = self:time(how.every)
    local good = self.tester.merged(self.tester:good(name), fields or {})
    local times = how.times or RETRIES
    want(self, 'count', { name = 'C_EV_match_retry' })
    for i = 1, times do
        local since = self.from
        local came = self:take(since + every + self:time(MARGIN) - Now(),
            { kind = 'message', limit = every + self:time(MARGIN), fields = good, from = since })
        local wrong = wrong_repetition(self, came, name, good, since, every)
        self.m, self.from = came.m, came.at
        self:step { kind = 'message', ok = not wrong, path = wrong and wrong.path, timer = how.every,
                    expected = wrong and wrong.expected or ('%s, no. %d'):format(name, i + 1),
                    found = wrong and wrong.found or name, limit = every + self:time(MARGIN),
                    taken = came.at - since, negations = mutant.of('message', fields, 'any') }
        if how.each and i < times then
            how.each()
            self.from = came.at
        end
    end
end

-- On the way, once more: why: what came in between; nil: nothing.
function line:reaches(given, why)
    self.arriving = true
    self:step { kind = 'given', expected = given, found = why or given, ok = not why }
    self.arriving, self.from = false, Now()
end

function line:wants_link_seen()
    want(self, 'link unseen', {}, 0)
end

-- Devices look at their modem now and then: until they have seen the link.
function line:lets_see()
    Sleep(self:time 'par_CMN_Intern_PTC_Timeout')
    self.from = Now()
end

function line:wants_count(name)
    want(self, 'count', { name = name })
end

function line:wants_longer(name)
    want(self, 'early', { name = name }, 0)
end

function line:ends_session()
    self.tester:hangs_up()
    self.from = Now()
end

function line:wants_choice()
    want(self, 'choice', {}, 0)
end

function line:wants_pilot(state)
    want(self, 'pilot unseen', { state = state, duty = 5 }, 0)
end

-- CM_SLAC_PARM.REQ again and again, for other matchings not later than `soon` after the last one of
-- the one before, until the time from the first on is over.
function line:follows_attempts(soon, lasts)
    want_frame(self, 'CM_SLAC_PARM_REQ')
    local limit, from, step = self:time(soon), self.from, self.n + 1
    local over, problem, attempts = nil, nil, 0
    repeat
        self.n = step - 1 -- one step, however many there are
        local came = self:take(from + limit - Now(), { kind = 'message', limit = limit })
        over = over or Now() + self:time(lasts)
        if came.name ~= 'CM_SLAC_PARM_REQ' then
            problem = came.name or ('none after %d ms'):format(math.floor(Now() - from))
        end
        attempts, from = attempts + 1, came.at
    until problem or Now() >= over - limit
    self.from = Now()
    self:step { kind = 'message', ok = not problem, limit = limit, found = problem or 'so it is',
                expected = 'CM_SLAC_PARM_REQ again and again, not more than that many ms apart',
                negations = { 'drop', 'other' } }
    self.tester.passes.CM_SLAC_PARM_REQ = true
    Sleep(math.max(0, over - Now()))
    self.tester.passes.CM_SLAC_PARM_REQ = nil
    self.tester:forgets()
end

-- ---- SDP and the end of a session, of a vehicle ----

-- SECCDiscoveryReq are noted from now on. listens: nobody does so far.
function line:listens_for_sdp(listens)
    self.searches = {}
    self.role.Filter { on = 'SECCDiscoveryReq', direction = 'in', fault = function()
        self.searches[#self.searches + 1] = Now()
    end }
    if listens then
        self.role.Listen { manual = true, tls = 'off', timeout = FOR_EVER }
    end
end

-- Whether one comes within ms.
local function sdp_comes(self, ms)
    local over = Now() + ms
    while #self.searches == 0 and Now() < over do
        Sleep(math.min(GLANCE, over - Now()))
    end
    return { name = #self.searches > 0 and 'SECCDiscoveryReq' or nil, at = Now() }
end

function line:hears_sdp(within)
    local limit, from = self:time(within), Now()
    self.n = self.n + 1
    local came = self:mutated(sdp_comes(self, limit), 0, { kind = 'value', limit = limit })
    self:step { kind = 'message', ok = came.name == 'SECCDiscoveryReq', expected = 'SECCDiscoveryReq',
                found = came.name or 'nothing', taken = Now() - from, limit = limit,
                negations = { 'drop', 'other' } }
end

function line:hears_no_sdp(within)
    local limit = self:time(within)
    self.n = self.n + 1
    local came = self:mutated(sdp_comes(self, limit), 0, { kind = 'nothing', limit = limit })
    self:step { kind = 'nothing', ok = not came.name, expected = 'nothing', found = came.name or 'nothing',
                limit = limit, negations = { 'talk' } }
end

function line:waits_for_end()
    local over = Now() + self:time 'par_CMN_TCP_Connection_Termination_Timeout'
    repeat
        local name, why = self.role.Receive_Any_001(math.max(0, over - Now()))
    until not name and why ~= 'timeout' or Now() >= over
    self.role.Disconnect()
    self.from = Now()
end

-- As another node of the tester's side (matching.besides): what it says and expects.
function line:as_node(node, say)
    local tester, role = self.tester, self.role
    self.tester, self.role = node, node.role
    say()
    self.tester, self.role = tester, role
end

-- The second request of a validation, and the toggles that it announces: how many.
function line:toggles(fields)
    local window
    local times = self.tester.toggles(function(timer)
        window = (timer + 1) * 100
        lures(self, 'CM_VALIDATE_REQ', fields)
        self:sends('CM_VALIDATE_REQ', self.tester.merged({ Timer = timer }, fields or {}))
    end)
    self.from = self.from + window
    return times
end

-- ---- the control pilot ----

-- What the device does with the pilot in that time, by looks that are so far apart: how often it
-- goes from B to C, and how long each state lasts but the last.
local function watch_pilot(ms)
    local over, seen = Now() + ms, { toggles = 0, least = math.huge, longest = 0 }
    local state, since = Pilot.State(), nil
    repeat
        Sleep(GLANCE)
        local now = Pilot.State()
        if now ~= state then
            seen.toggles = seen.toggles + (state == 'B' and now == 'C' and 1 or 0)
            seen.least = math.min(seen.least, since and Now() - since or math.huge)
            seen.longest = math.max(seen.longest, since and Now() - since or 0)
            state, since = now, Now()
        end
    until Now() >= over
    return seen
end

function line:counts_toggles(ms, least, most)
    want(self, 'pilot unset', {})
    self.n = self.n + 1
    local seen = watch_pilot(ms)
    local came = self:mutated({ name = 'toggles', at = Now() }, 0, { kind = 'value', limit = ms })
    local longest = self:time 'T_vald_state_duration_max'
    local count = came.name and seen.toggles or 0
    self.from = Now()
    self:step { kind = 'check', negations = { 'drop' }, ok = count >= least and count <= most
                    and seen.least >= longest / 2 - 2 * GLANCE and seen.longest <= longest + 2 * GLANCE,
                expected = ('%d to %d toggles, each state %d to %d ms'):format(least, most,
                    longest // 2, longest),
                found = ('%d, from %.0f to %.0f ms'):format(count, seen.least, seen.longest) }
end

-- As the pilot is, and as steps tell it.
local function pilot_text()
    local _, _, duty = Pilot.State()
    return ('%s, %g %%'):format(Pilot.Name(), duty)
end

local function is_pilot(state, percent)
    local _, _, duty = Pilot.State()
    return Pilot.Name() == state and (not percent or math.abs(duty - percent) < 1)
end

-- Judges the pilot, which is as it has to be, or not, since `from`.
local function judge_pilot(self, is, state, percent, from, limit)
    local came = self:mutated({ at = Now(), name = is and 'so' or nil }, 0, { kind = 'value', limit = limit })
    self.from = Now()
    self:step { kind = 'check', ok = came.name == 'so', taken = Now() - from, limit = limit,
                expected = ('control pilot %s%s, %d ms'):format(state, percent and (', %g %%'):format(percent)
                    or '', limit),
                found = 'control pilot ' .. pilot_text(), negations = { 'drop' } }
end

-- Whether it stays so.
local function stays(state, percent, ms)
    local over = Now() + ms
    while Now() < over and is_pilot(state, percent) do
        Pilot.Change(over - Now())
    end
    return is_pilot(state, percent) or Now() >= over
end

function line:pilot_is(state, within, lasts, percent)
    local limit, from = self:time(within), self.from or Now()
    want(self, 'pilot unset', { state = state }, Now() + 1) -- what has just been set stays
    self.n = self.n + 1
    while not is_pilot(state, percent) and Now() < from + limit do
        Pilot.Change(from + limit - Now())
    end
    local is = is_pilot(state, percent) and (not lasts or stays(state, percent, self:time(lasts)))
    judge_pilot(self, is, state, percent, from, limit)
end

function line:pilot_stays(state, lasts, percent)
    local from, limit = Now(), self:time(lasts)
    self.n = self.n + 1
    judge_pilot(self, stays(state, percent, limit), state, percent, from, limit)
end

-- ---- the link ----

local LOOK <const> = 100 -- ms between two questions to the own modem

-- Asks the own modem until it says what is expected, or the time is over: what it said last.
local function ask_modem(self, request, name, says, wanted, limit)
    local from, said = self.from or Now(), nil
    repeat
        self.role.Slac_Send(self.role.Message(request))
        local till = Now() + LOOK
        repeat
            local m, sender = self.role.Slac_Receive(math.max(0, till - Now()))
            if m and m:name() == name then
                said = says(m, sender)
            end
        until Now() >= till
    until said == wanted or Now() - from >= limit
    return said, Now() - from
end

local function modem_says(self, what, request, name, says, wanted, within)
    local limit = self:time(within)
    self.n = self.n + 1
    local said, taken = ask_modem(self, request, name, says, wanted, limit)
    local came = self:mutated({ name = tostring(said), at = Now() }, 0, { kind = 'value', limit = limit })
    self.from = Now()
    local ok = came.name == tostring(wanted)
    self:step { kind = 'check', ok = ok, taken = taken, limit = limit,
                expected = ('%s: %s, within %d ms'):format(what, tostring(wanted), limit),
                found = ('%s: %s'):format(what, came.name or 'unknown'), negations = { 'drop' } }
end

function line:link_is(up, within, since)
    if since then
        want(self, 'link', {}, since)
    end
    modem_says(self, 'link', 'VS_PL_LINK_STATUS_REQ', 'VS_PL_LINK_STATUS_CNF', function(m, sender)
        return slac.link_of(self.role, m, sender)
    end, up, within)
end

function line:is_member(is, within, since)
    want(self, 'link', {}, since)
    modem_says(self, 'in the network', 'CM_NW_STATS_REQ', 'CM_NW_STATS_CNF', function(m)
        return m.NumSTAs > 0
    end, is, within)
end

return line
