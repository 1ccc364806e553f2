-- SPDX-License-Identifier: Apache-2.0
-- The station that tests a vehicle: the ready-made one serves it up to the request that a case is
-- about; then the case says what it answers. Answers are those that the ready-made one would give,
-- with what the case lays over them.

local listening = require 'test.listening'
local secc = require 'v2g.secc'
local way = require 'test.way'

local station = {}
station.__index = station

-- What a vehicle shows at the control pilot is judged beside the messages (beside.lua): it is not
-- refused for it.
secc.refuse.pilot = function() end

function station.new(role, parameters)
    local p = { keep_on_failed = true }
    for key, value in pairs(parameters) do
        p[key] = value
    end
    return setmetatable({ role = role, at = secc.new(role, p), by = 'SECC', first = {},
                          parameters = p }, station)
end

-- Listens anew, with the other certificate that the case wants shown from now on.
local function show_another(self)
    self.role.Stop_Accepting()
    self.role.Accept { as = self.at.role } -- nobody: it has ended
    self.at.p.shows, self.shows = self.shows, nil
end

-- Serves until that request has come. Nil, or what came in between, as text, and whether there was
-- no vehicle at all.
function station:reach(given)
    if listening.BEGINS[given] then
        self.await, self.answer = listening.await, listening.answer
        return listening.reach(self, given)
    end
    local reached = {}
    local rows, passed = way.rows(given), 1
    self.at.p.on.receive = function(m, s)
        self.serving = s
        local name, word = way.row(rows[passed])
        self.first[m:name()] = self.first[m:name()] or { m = m:copy(), at = Now() }
        if m:name() == name and (not word or way.says(m, word)) then
            passed = passed + 1
            if passed > #rows then
                reached.s = s
                error(reached, 0)
            end
        end
    end
    local good, ok, why
    repeat
        if self.shows and passed > 1 and passed == #rows then
            show_another(self)
        end
        if not secc.accept(self.role, self.at, 'auto') then
            return 'no vehicle came', true
        end
        good, ok, why = pcall(secc.attend, self.at)
    until not good or not ok or passed > #rows
    self.at.p.on.receive = nil
    if good then
        local refused = self.serving and self.serving.refused
        why = why ~= '' and why or 'the session went by without ' .. rows[#rows]
        return refused and ('%s; %s'):format(refused, why) or why
    elseif ok ~= reached then
        error(ok, 0)
    end
    self.s, self.protocol, self.id = reached.s, reached.s.protocol, reached.s.id
    self.asked, self.since = way.row(rows[#rows]), self.role.Came()
    return nil
end

-- Answers the request that has come, with what `change` makes of the answer; nil: as is due.
function station:answer(change)
    local s, response = self.s, self.asked:gsub('Req$', 'Res')
    local before = s.p.before[response]
    s.led = true
    s.p.before[response] = function(m)
        m = change and change(m) or m
        self.answered = m
        return m
    end
    secc.take(s, self.asked)
    s.p.before[response] = before
    self.id, self.refused = s.id, s.refused
end

-- A whole session with a vehicle that comes, which the station stops in its first loop. Nil, or
-- what was wrong, as text.
function station:short_session()
    local p = { stop_after = 1 }
    for key, value in pairs(self.parameters) do
        p[key] = p[key] or value
    end
    self.at = secc.new(self.role, p)
    if not secc.accept(self.role, self.at, 'auto') then
        return 'no vehicle came'
    end
    local good, ok, why = pcall(secc.attend, self.at)
    return not good and tostring(ok) or ok ~= true and why or nil
end

-- Leaves the session; another vehicle may come.
function station:leave()
    self.at.role.Disconnect(true)
    self.at, self.serving, self.s = secc.new(self.role, self.parameters), nil, nil
end

-- The last message of that name that it has sent.
function station:said(name)
    return self.role.Outgoing(name)
end

-- The name of the time that the device has for its next message.
function station:patience()
    return self.protocol == 'ISO15118-2' and 'V2G_EVCC_Sequence_Performance_Time'
        or 'V2G_SECC_Sequence_Timeout_' .. self.asked:gsub('Req$', 'Res')
end

return station
