-- SPDX-License-Identifier: Apache-2.0
-- Whoever deviates on purpose judges: looks for what the standard wants of the other side then, by
-- the rows of judgements.lua. A judgement is a verdict (true, false, 'inconclusive', 'error') and a
-- line that names what was looked for and what was found.
--
-- s is a session of either side: s.side ('ev', 'station'), s.role, s.p, s.protocol; s.watch is what
-- is being looked for: { name =, row =, from = ms }, and what the session knows besides: `response`
-- to the request that deviates, `message` whose timing parameter runs.

local judgements = require 'v2g.judgements'

local judge = {}

local EARLY <const> = 100   -- ms: the other side's time began before this side saw that
local CLOSING <const> = 5000 -- ms from the end of its time to that of the connection
local LATE <const> = 1000   -- ms: a station that keeps the connection for all of the 5 s
local TOLERANCE <const> = 1.05 -- readings are not exact

-- ---- what is looked for ----

function judge.row(side, name)
    return judgements[side][name]
end

local function time_of(s, parameter, message)
    local protocol = s.watch.protocol or s.protocol or 'AppProtocol'
    return Timer(protocol, parameter, message) or Timer('ISO15118-2', parameter, message)
end

-- The session deviates now, as that row (nil: the one that its persona names) says. What is known
-- besides: { from =, response =, message =, protocol =, least = }.
function judge.begin(s, name, known)
    name = name or s.p.deviates
    local row = judgements[s.side][name]
    if not row then
        error(("deviate: there is no judgement of '%s'; see v2glab persona judgements")
            :format(tostring(name)), 0)
    end
    if s.watch and s.watch.name == name then
        s.watch.times = s.watch.times + 1
        return
    end
    s.watch = { name = name, row = row, from = Now(), times = 1 }
    for key, value in pairs(known or {}) do
        s.watch[key] = value
    end
end

-- From this request on responses must have that code.
function judge.expect(s, code)
    s.watch = { name = 'expects', from = Now(), times = 1,
                row = { does = 'lies', code = '^' .. code .. '$', shows = code, rules = {} } }
end

-- Whether what comes after the request that goes out now is judged.
function judge.is_due(s)
    local w = s.watch
    return w and not w.judged and (w.row.code or w.row.refuses) and true or false
end

-- The end of the connection, of that row, in words.
local function end_of(row, limit)
    local ms = limit and (' (%d ms)'):format(math.floor(limit)) or ''
    return ('%s %s %s%s'):format(row.stop and 'SessionStopReq, or the end of the connection,'
        or 'the end of the connection', row.least and 'after' or 'within', row.ends, ms)
end

-- What a row wants, in words. response: the name of the one that is to come; limit: of `ends`.
function judge.wanted(row, response, limit)
    local parts = {}
    if row.code then
        parts[1] = ('%s with %s%s within V2G_EVCC_Msg_Timeout'):format(response or 'the response',
            row.shows, row.anew and ' and another SessionID' or '')
    elseif row.refuses then
        parts[1] = ('%s refused, or passed over'):format(row.refuses:gsub('Res$', 'Req'))
    elseif row.within then
        parts[1] = 'readings within the limits of the station, and the session to its end'
    elseif row.goes_on then
        parts[1] = 'the session to its end, as without them'
    end
    if row.ends and row.code then
        parts[#parts + 1] = (row.early and 'or ' or 'and then ') .. end_of(row, limit)
    elseif row.ends and not row.refuses then
        parts[#parts + 1] = end_of(row, limit)
    end
    return table.concat(parts, ', ')
end

local function rules_of(row, protocol)
    local ids = row.rules[protocol] or row.rules.AppProtocol or ''
    return ids ~= '' and ' [' .. ids .. ']' or ''
end

local function line(s, found, limit)
    local w = s.watch
    return ('%s: expected %s%s, found %s'):format(w.row.does, judge.wanted(w.row, w.response, limit),
        rules_of(w.row, s.protocol), found)
end

-- ---- what is found ----

local function after(ms)
    return ('after %d ms'):format(math.floor(ms + 0.5))
end

-- The response that a code is wanted of, or that refuses: whether it is as it must be, its code.
local function look_at_code(s, name)
    if s.watch.row.anew and s.role.SessionID() == s.watch.lost then
        return false, 'the SessionID that was lost'
    end
    local row, code = s.watch.row, tostring(s.role['Get_' .. name .. '_ResponseCode']())
    if row.refuses == name then
        return code:find('^F[Aa][Ii][Ll][Ee][Dd]') ~= nil, code
    end
    return code:find(row.code or '') ~= nil, code
end

-- How the connection has ended, or that it has not, as a judgement. seen: what came before.
local function ended(s, why, taken, limit, seen)
    local w, row = s.watch, s.watch.row
    local closed = why ~= 'timeout'
    local least = row.least and math.min(w.least or limit, limit) - EARLY or 0
    local may = row.ends ~= nil and (seen or row.early or not (row.code or row.refuses))
    local found = closed and 'the connection ended %s' or 'the connection is still open %s'
    if seen then -- whole sentences, which can be told in Korean
        found = closed and '%s, and the connection ended %s' or '%s, and the connection is still open %s'
    end
    return closed and may and taken >= least, found:format(seen or after(taken), after(taken))
end

local function stopped(s, taken, limit)
    s.role.Set_SessionStopRes_ResponseCode('OK')
    s.role.Send_SessionStopRes_001()
    local good = taken >= (s.watch.row.least and limit - EARLY or 0)
    return good, 'SessionStopReq ' .. after(taken)
end

local function measured(s, limit, taken, good)
    local w = s.watch
    if limit and w.row.ends then
        s.role.Measured(w.protocol or s.protocol or 'ISO15118-2', w.row.ends, w.message, taken, good)
    end
end

-- One thing that came: a judgement, or nil: it is not over; `seen` then: what was as it must be.
local function look(s, name, why, taken, limit, seen)
    local w, row = s.watch, s.watch.row
    if not name then
        return ended(s, why, taken, limit, seen)
    end
    local is_it = name == w.response and not seen
    if (row.code and is_it) or row.refuses == name or (row.refuses and is_it) then
        local good, code = look_at_code(s, name)
        local found = ('%s %s'):format(code, after(taken))
        if row.refuses and is_it then -- the request behind it is answered
            return true, good and not code:find('^FAILED') and name .. ' with ' .. found or found
        end
        if not good then
            return false, found
        elseif not row.ends then
            return true, found
        end
        return nil, found
    elseif row.stop and name == 'SessionStopReq' then
        return stopped(s, taken, limit)
    elseif row.late and name == w.late then
        return nil, seen
    end
    return false, ('%s%s %s'):format(seen and seen .. ', and ' or '',
        name ~= '' and name or 'a frame that cannot be decoded', after(taken))
end

-- Waits for what has to follow. The judgement; and the response that it goes on with, if it does.
function judge.follow(s)
    local w, row = s.watch, s.watch.row
    local seen, good, found, name, why
    while true do
        local limit = row.ends and time_of(s, row.ends, w.message) or nil
        local most = row.least and limit + CLOSING or limit and limit + LATE
        if not seen and row.code then
            most = time_of(s, 'V2G_EVCC_Msg_Timeout', w.request)
        end
        name, why = s.role.Receive_Any_001(math.max(0, w.from + most - Now()))
        local taken = Now() - w.from
        good, found = look(s, name, why, taken, limit or most, seen)
        if good ~= nil then
            measured(s, limit, taken, good)
            local goes_on = row.refuses and good and name == w.response
                and not found:find('^FAILED') and name or nil
            return good, line(s, found, limit), goes_on
        end
        if found ~= seen then
            seen, w.from = found, Now()
        end
    end
end

-- ---- rows that are judged beside the session ----

local function at_path(m, path)
    for name in path:gmatch('[^.]+') do
        m = m and m[name]
    end
    return m and m:si()
end

-- Whether a reading of that response is beyond the limit that the station has stated: nil, or why.
function judge.beyond(s, response)
    local w = s.watch
    local readings = w and w.row.within and w.row.within[response]
    if not readings then
        return nil
    end
    local prefix = s.protocol == 'ISO15118-20' and 'DC_' or ''
    local stated = s.role.Received(prefix .. 'ChargeParameterDiscoveryRes')
    local m, problem = s.role.Received(response), nil
    w.most = w.most or {}
    for reading, path in pairs(readings) do
        local found, limit = at_path(m, reading), at_path(stated, path)
        if found and limit then
            w.most[reading] = ('%s at most %g of %g'):format(reading,
                math.max(found, w.highest and w.highest[reading] or found), limit)
            w.highest = w.highest or {}
            w.highest[reading] = math.max(found, w.highest[reading] or found)
            if found > limit * TOLERANCE then
                problem = line(s, w.most[reading])
            end
        end
    end
    return problem
end

-- The station lets requests of that step come again until its parameter is over; what else it got
-- (name; nil: the connection is gone) as a judgement, or nil: it goes on.
function judge.repeated(s, name, why, request)
    local row, limit = s.watch.row, Timer(s.protocol, s.watch.row.ends)
    local taken = Now() - s.watch.from
    local most = limit + Timer(s.protocol, 'V2G_EVCC_Msg_Timeout', request)
    if name == request and taken <= most then
        return nil
    end
    local good, found
    if not name then
        good, found = ended(s, why, taken, limit)
    elseif row.stop and name == 'SessionStopReq' then
        good, found = stopped(s, taken, limit)
    else
        good, found = false, ('%s %s'):format(name, after(taken))
    end
    measured(s, limit, taken, good)
    return good, line(s, found, limit)
end

-- ---- the end of a session ----

-- The verdict and why of a session that has come to its end, with what deviated in it.
function judge.close(s, ok, why)
    local w, named = s.watch, s.p.deviates
    if ok and named and not w then
        return 'error', ("%s: it never happened, so there is nothing to judge%s"):format(
            judgements[s.side][named].does, why ~= '' and ' (' .. why .. ')' or '')
    end
    if ok == true and w and w.row.goes_on then
        local found = {}
        for _, text in pairs(w.most or {}) do
            found[#found + 1] = text
        end
        table.sort(found)
        found[#found + 1] = ('the session held, with %d of them'):format(w.times)
        return true, line(s, table.concat(found, ', '))
    end
    return ok, why
end

-- ---- the table ----

local ORDER <const> = { 'DIN70121', 'ISO15118-2', 'ISO15118-20' }

-- The rows as lines of text, those of vehicles first. personas: names by side and row.
function judge.table(personas)
    local lines = {}
    for _, side in ipairs { 'ev', 'station' } do
        local names = {}
        for name in pairs(judgements[side]) do
            names[#names + 1] = name
        end
        table.sort(names)
        lines[#lines + 1] = side == 'ev' and 'a vehicle that …' or 'a station that …'
        for _, name in ipairs(names) do
            local row, ids = judgements[side][name], {}
            for _, protocol in ipairs(ORDER) do
                local rules = row.rules[protocol] or row.rules.AppProtocol
                ids[#ids + 1] = rules ~= '' and rules ~= ids[#ids] and rules or nil
            end
            local limit = row.ends and Timer('ISO15118-2', row.ends, row.least
                and row.ends == 'V2G_EVCC_Msg_Timeout' and 'CurrentDemandReq' or nil)
            lines[#lines + 1] = ('  %s: %s\n      expects  %s\n      rules    %s\n      personas %s')
                :format(name, row.does, judge.wanted(row, nil, limit),
                    #ids > 0 and table.concat(ids, ' ') or 'none by an id',
                    table.concat(personas[side][name] or { 'none' }, ' '))
        end
    end
    return lines
end

return judge
