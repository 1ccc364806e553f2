-- SPDX-License-Identifier: Apache-2.0
-- What of a recorded session is played again, and how: its exchanges in blocks (a loop is one), and
-- what becomes of each field that is sent, by the marks of the descriptions and by fields.lua.

local fields = require 'replay.fields'
local made = require 'replay.made'

local blocks = {}

local FOLDED <const> = 3 -- rounds of a step that is no loop by its kind, from which on it is one

-- ---- blocks ----

local function is_ongoing(exchange)
    local m = exchange.response and exchange.response.message
    local ok, value = pcall(function() return m and m.EVSEProcessing end)
    return ok and value and fields.ongoing[tostring(value)] or false
end

local function quantity(event, path)
    local ok, value = pcall(function() return event.message:get(path):si() end)
    return ok and value or nil
end

local function is_reached(exchange)
    local target = quantity(exchange.request, 'EVTargetVoltage')
    local present = exchange.response and quantity(exchange.response, 'EVSEPresentVoltage')
    return target and present and math.abs(target - present) <= fields.near or false
end

local function processing(exchange)
    local ok, value = pcall(function() return exchange.request.message.EVProcessing end)
    return ok and value and tostring(value) or nil
end

-- The kind of loop that exchanges of one name are; nil: none. And what the player has to know of
-- it: an ongoing one was given up, a reaching one has a round more at its end.
local function loop_of(list, side)
    local name, last = list[1].name, list[#list]
    if fields.reaching[name] and (side == 'SECC' or is_reached(last)) then
        return 'reaching', processing(last) ~= processing(list[1])
    end
    for _, exchange in ipairs(list) do
        if is_ongoing(exchange) then
            return 'ongoing', is_ongoing(last)
        end
    end
    return (fields.charging[name] or #list >= FOLDED) and 'rounds' or nil
end

local function new_block(list, loop, flag)
    local block = { name = list[1].name, list = list, loop = loop, flag = flag, first = list[1].first,
                    last = list[#list].last, requests = {}, responses = {}, gaps = {}, delays = {}, beside = {} }
    for _, exchange in ipairs(list) do
        block.requests[#block.requests + 1] = exchange.request
        block.responses[#block.responses + 1] = exchange.response
        block.gaps[#block.gaps + 1] = exchange.gap
        if exchange.response then
            block.delays[#block.delays + 1] = (exchange.response.us - exchange.request.us) / 1000
        end
    end
    return block
end

-- The blocks of exchanges of one name in a row: one, where they are a loop.
local function add_blocks(to, list, side)
    local loop, flag = nil, nil
    if list[1].request then
        loop, flag = loop_of(list, side)
    end
    if #list == 1 or loop then
        to[#to + 1] = new_block(list, loop, flag)
        return
    end
    for _, exchange in ipairs(list) do
        to[#to + 1] = new_block({ exchange })
    end
end

-- Numbers and gaps of exchanges: from the message before to the request.
local function number(session)
    local n, before = 0, session.connected_us
    for _, exchange in ipairs(session.exchanges) do
        local event = exchange.request or exchange.odd
        exchange.first, n = n + 1, n + (exchange.response and 2 or 1)
        exchange.last = n
        exchange.gap = before and (event.us - before) / 1000
        before = (exchange.response or event).us
    end
end

-- Exchanges of one name that stand in a row.
local function runs_of(session)
    local runs = {}
    for _, exchange in ipairs(session.exchanges) do
        local open = runs[#runs]
        if not open or exchange.odd or open[1].odd or open[1].name ~= exchange.name then
            open = {}
            runs[#runs + 1] = open
        end
        open[#open + 1] = exchange
    end
    return runs
end

-- ---- what comes beside the rounds of a loop ----

-- Runs from..to as what comes after a round: those that stand alone, and what is left together.
local function pieces_of(runs, from, to)
    local pieces = {}
    for i = from, to do
        local name, open = runs[i][1].name, pieces[#pieces]
        local is_alone = fields.beside[name]
        if not open or is_alone or open.is_alone then
            open = { is_alone = is_alone }
            pieces[#pieces + 1] = open
        end
        open.name = open.name and open.name .. ' ' .. name or name
        open[#open + 1] = runs[i]
    end
    return pieces
end

-- Puts a piece beside the loop, after so many rounds. false: it is none that can stand there.
local function put_beside(beside, piece, round)
    local known = beside[piece.name]
    if not known then
        known = { name = piece.name, after = {}, lists = {} }
        beside[#beside + 1], beside[piece.name] = known, known
    end
    for i, run in ipairs(piece) do
        local list = known.lists[i] or {}
        if run[1].odd or #known.after > 0 and #run + #list > #known.after + 1 then
            return false -- loops within that are of several rounds would not be told apart
        end
        known.lists[i] = table.move(run, 1, #run, #list + 1, list)
    end
    known.after[#known.after + 1] = round
    return true
end

-- The last run of a charge loop that goes on after other exchanges; what stands alone may come
-- after its last round, too.
local function last_of_charging(runs, from)
    local name, last = runs[from][1].name, from
    for i = from + 1, #runs do
        last = runs[i][1].name == name and i or last
    end
    while last > from and runs[last + 1] and fields.beside[runs[last + 1][1].name] do
        last = last + 1
    end
    return last
end

-- The last run of two exchanges that alternate; from: they do not.
local function last_of_alternating(runs, from)
    local last = from
    for i = from + 2, #runs do
        local is_next = runs[i][1].name == runs[i - 2][1].name and not runs[i][1].odd
        if not is_next or #runs[i - 2] > 1 or #runs[i - 1] > 1 or #runs[i] > 1 then
            break
        end
        last = i
    end
    return last - from + 1 >= 2 * FOLDED and last or from
end

-- Of a loop that goes on after other exchanges, to its last run: all its rounds, and what comes
-- beside them. nil: it is none.
local function gather(runs, from, last)
    local name = runs[from][1].name
    local list, beside, at = {}, {}, from
    if last == from then
        return nil
    end
    while at <= last do
        table.move(runs[at], 1, #runs[at], #list + 1, list)
        local to = at
        while to < last and runs[to + 1][1].name ~= name do
            to = to + 1
        end
        for _, piece in ipairs(pieces_of(runs, at + 1, to)) do
            if not put_beside(beside, piece, #list) then
                return nil
            end
        end
        at = to + 1
    end
    return list, beside
end

-- What each response before it says, and no other: path and value; nil: there is no such.
local function wish_of(block, after)
    local is_after = {}
    for _, round in ipairs(after) do
        is_after[round] = true
    end
    local first = block.list[after[1]].response
    for _, path in ipairs(first and first.paths or {}) do
        local wish = fields.wishes[fields.name(path)] and first.received and first.received[path]
        for round, exchange in ipairs(wish ~= nil and wish ~= false and block.list or {}) do
            local response = exchange.response
            if not response or (response.received[path] == wish) ~= (is_after[round] or false) then
                wish = nil
            end
        end
        if wish then
            return { path = path, value = wish }
        end
    end
    return nil
end

-- The block of such a loop, to that last exchange.
local function loop_with(list, beside, last, side)
    local block = new_block(list, 'rounds')
    for _, one in ipairs(beside) do
        one.wish, one.blocks = wish_of(block, one.after), {}
        for _, step in ipairs(one.lists) do
            if #one.after == 1 then
                add_blocks(one.blocks, step, side)
            else
                one.blocks[#one.blocks + 1] = new_block(step)
            end
        end
    end
    block.beside, block.last = beside, last.last
    return block
end

local function fold(plan, session)
    local runs, i = runs_of(session), 1
    while i <= #runs do
        local run, last, list, beside = runs[i], i, nil, nil
        if run[1].request then
            last = fields.charging[run[1].name] and last_of_charging(runs, i) or last_of_alternating(runs, i)
            list, beside = gather(runs, i, last)
        end
        if list then
            plan.blocks[#plan.blocks + 1] = loop_with(list, beside, runs[last][#runs[last]], plan.side)
            i = last
        else
            add_blocks(plan.blocks, run, plan.side)
        end
        i = i + 1
    end
end

-- ---- what was said before ----

local function seen_name(path)
    return (fields.name(path):gsub('^Selected', ''))
end

-- Where the other side has said a value last: seen[NAME][VALUE] = 'MESSAGE.PATH'.
local function note(seen, event)
    for path, value in event.message:values() do
        local is_given = event.name == 'SessionSetupRes' and path == 'Header.SessionID'
        if event.message:marks(path).bound and (is_given or not path:find('^Header')) then
            local name = seen_name(path)
            seen[name] = seen[name] or {}
            seen[name][value] = event.name .. '.' .. path
        end
    end
end

-- ---- what is sent ----

-- A value that is a piece of Lua.
local function code(text)
    return { code = text }
end

local literal = made.literal

-- Path and value of what is made anew; certificates as a whole, by the element that holds them.
local function own(path, value)
    local name, at = fields.name(path), ''
    for step in path:gmatch('[^.]+') do
        at = at == '' and step or at .. '.' .. step
        if fields.chains[step] then
            return at, code(("own('%s')"):format(fields.chains[step]))
        elseif name == 'content' or step == name then
            name = (fields.keys[step] or fields.remade[step]) and step or name
        end
    end
    if fields.clocks[name] then
        return path, code("own('seconds')")
    elseif fields.remade[name] or fields.keys[name] then
        return path, code(("own('%s', %s)"):format(fields.keys[name] or name, literal(value)))
    end
    return path, value
end

-- The element of the request by which the response's value is told as a factor; nil: none.
local function asked(plan, event, path, value)
    local target = plan.side == 'SECC' and fields.follows[path]
    local request = target and event.request and event.request.message
    local ok, wanted = pcall(function() return request and request:get(target):si() end)
    if not ok or not wanted or wanted == 0 then
        return nil
    end
    return { asked = target, factor = tonumber(('%.3g'):format(value / wanted)) }
end

-- One value of a sent message: path, value, class; nil: it is left to the session.
local function classify(plan, seen, event, path, value)
    local name, marks = fields.name(path), event.message:marks(path)
    if path:find('^Header') then
        local is_first = path == 'Header.SessionID' and event.name == 'SessionSetupReq'
        if is_first or path == 'Header.SessionID' and plan.ids and not plan.ids[value] then
            return path, value, 'fixed'
        end
        return nil
    elseif marks.own then
        local at, v = own(path, value)
        return at, v, 'own'
    elseif event.name == 'supportedAppProtocolRes' and name == 'SchemaID' then
        return path, code(('s.offered(%s, %s)'):format(literal(plan.namespace or ''), literal(value))),
            'bound'
    elseif event.name == 'SessionSetupRes' and value == 'OK_OldSessionJoined' then
        return path, code('s.joined()'), 'bound'
    elseif marks.bound then
        local from = seen[seen_name(path)] and seen[seen_name(path)][value]
        if from then
            return path, code(("peer('%s', %s)"):format(from, literal(value))), 'bound'
        end
    end
    local follows = asked(plan, event, path, value)
    if follows then
        return path, follows, 'bound'
    end
    return path, value, 'fixed'
end

local function prepare(plan, seen, event)
    local list, at = {}, {}
    event.sent = at
    local values, note_of = made.values(plan.role, event)
    event.note = note_of
    for _, one in ipairs(values) do
        local path, value, class
        if one.plain then
            path, value, class = classify(plan, seen, event, one.path, one.value)
        else
            path, value, class = one.path, one.value, 'fixed'
        end
        if path and not at[path] then
            at[path] = { value = value, class = class }
            list[#list + 1] = path
        end
    end
    event.paths = list
end

-- Of received ones: all values that there are.
local function list_received(event)
    event.paths, event.received = {}, {}
    for path, value in event.message:values() do
        event.paths[#event.paths + 1] = path
        event.received[path] = value
    end
end

-- All paths of messages of a block, in the order in which they come first.
function blocks.paths(events)
    local list, at = {}, {}
    for _, event in ipairs(events) do
        local before = 0
        for _, path in ipairs(event.paths) do
            if not at[path] then
                table.insert(list, before + 1, path)
                for i = before + 1, #list do
                    at[list[i]] = i
                end
            end
            before = at[path]
        end
    end
    return list
end

-- ---- what is expected ----

local function between(values)
    local least, most = values[1], values[1]
    for _, value in ipairs(values) do
        least, most = math.min(least, value), math.max(most, value)
    end
    local room = math.max(math.abs(least), math.abs(most)) * 0.1
    local function rounded(value)
        return literal(tonumber(('%.4g'):format(value)))
    end
    return ('between(%s, %s)'):format(rounded(least - room), rounded(most + room))
end

local function any(values)
    local list, at = {}, {}
    for _, value in ipairs(values) do
        local text = literal(value)
        if not at[text] then
            list[#list + 1], at[text] = text, true
        end
    end
    table.sort(list)
    return #list == 1 and list[1] or 'any{ ' .. table.concat(list, ', ') .. ' }'
end

-- Text and class of what is expected at a path of received messages; nil: it is ignored.
function blocks.expected(events, path)
    local values, message = {}, events[1].message
    for _, event in ipairs(events) do
        local value = event.received[path]
        if value == nil then
            return nil
        end
        values[#values + 1], message = value, event.message
    end
    local marks, kind = message:marks(path), message:kind(path)
    if path:find('^Header') or marks.bound or marks.own or fields.told[fields.name(path)] then
        return nil
    elseif kind == 'enumeration' or kind == 'boolean' then
        return any(values), 'exact'
    elseif (kind == 'number' or kind == 'quantity') and type(values[1]) == 'number' then
        return between(values), 'range'
    end
    return nil
end

-- ---- the plan ----

local function ids_of(session)
    local ids = {}
    for _, event in ipairs(session.messages) do
        if event.name == 'SessionSetupRes' then
            ids[event.message:get('Header.SessionID')] = true
        end
    end
    return ids
end

-- side: 'EVCC' or 'SECC', who is played.
function blocks.plan(session, side)
    local plan = { side = side, blocks = {}, role = side == 'EVCC' and Evcc or Secc,
                   namespace = session.namespace, ids = ids_of(session) }
    if session.protocol then
        plan.role.Protocol = session.protocol
    end
    number(session)
    for _, exchange in ipairs(session.exchanges) do
        if exchange.response then
            exchange.response.request = exchange.request
        end
    end
    local seen = {}
    for _, event in ipairs(session.messages) do
        local ours = event.name:find(side == 'EVCC' and 'Req$' or 'Res$')
        if ours then
            prepare(plan, seen, event)
        else
            list_received(event)
            note(seen, event)
        end
    end
    fold(plan, session)
    return plan
end

-- Names of requests in the order of a station's blocks.
function blocks.order(plan, quoted)
    local list = {}
    local function add(of)
        for _, block in ipairs(of) do
            if not block.list[1].odd then
                list[#list + 1] = quoted(block.name .. 'Req')
            end
            for _, one in ipairs(block.beside) do
                add(one.blocks)
            end
        end
    end
    add(plan.blocks)
    return list
end

-- ---- what is to be said of it ----

-- What is made anew with whose key: names of the messages that this side signs, by who signs them.
local function signed_by(session, side)
    local by, order, seen = {}, {}, {}
    for _, event in ipairs(session.messages) do
        local ok, there = pcall(function() return event.message.Header.Signature ~= nil end)
        local signer = ok and there and event.name:find(side == 'EVCC' and 'Req$' or 'Res$')
            and not seen[event.name] and Pki.Signer(event.name)
        if signer then
            seen[event.name] = true
            by[signer] = by[signer] and by[signer] .. ', ' .. event.name or event.name
            order[#order + 1] = by[signer] == event.name and signer or nil
        end
    end
    return by, order
end

-- What the user has to know before it is played.
function blocks.warnings(session, side)
    local list = {}
    local by, order = signed_by(session, side)
    for _, signer in ipairs(order) do
        list[#list + 1] = ('%s: signed anew with the key of %s of the tree of certificates (--pki; `v2glab pki make` '
            .. 'makes one), whose certificate takes the place of the recorded one'):format(by[signer], signer)
    end
    if session.tls then
        list[#list + 1] = 'it was under TLS: the replay uses TLS with the tree of certificates (--pki); '
            .. 'the side of --against does with --tls auto'
    end
    if #session.messages > 0 and not session.closed and not session.outcome:find('^stopped') then
        list[#list + 1] = ('the capture ends before the session does, which is played up to there: %s')
            :format(session.outcome)
    end
    if side == 'SECC' and not session.exchanges[1].response then
        list[#list + 1] = 'there are no responses in it, so that a station of it is silent'
    end
    return list
end

return blocks
