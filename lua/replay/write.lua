-- SPDX-License-Identifier: Apache-2.0
-- Writes a recorded session as a Lua script that plays one of its sides again (lua/v2g/replay.lua):
-- a block for each message of the capture, loops folded. Every message is made again from what the
-- script says of it, and compared with the recorded octets before it is written.

local blocks = require 'replay.blocks'
local fields = require 'replay.fields'
local figures = require 'replay.figures'
local made = require 'replay.made'
local read = require 'replay.read'

local write = {}

local ROUNDS_TOLD <const> = 6 -- in a comment

-- ---- values as Lua ----

local literal, key = made.literal, made.key

-- Values by round, of which only those that differ from the one before are written: one text, or
-- the parts of a curve.
local function curve(texts)
    local parts, last, at = {}, nil, 0
    for i, text in ipairs(texts) do
        if text ~= last then
            parts[#parts + 1] = i == at + 1 and text or ('[%d] = %s'):format(i, text)
            at = i == at + 1 and i or at
            last = text
        end
    end
    return parts
end

-- ---- one message ----

-- Lines of a table, with the class of each behind it, wrapped where they are long.
local function add_table(out, indent, rows)
    for _, row in ipairs(rows) do
        local before, after = ('%s    %s = %s'):format(indent, key(row.path), row.before or ''), row.after or ''
        local parts = row.parts or { row.text }
        local line = before .. table.concat(parts, ', ') .. after .. ','
        if #line > 88 and #parts > 1 then
            line = before .. figures.wrap(parts, indent .. '        ') .. after .. ','
        end
        local last = #line:match('[^\n]*$')
        out[#out + 1] = line .. (' '):rep(math.max(1, 60 - last)) .. '-- ' .. row.class
    end
end

-- A row of a table: what stands there in each round.
local function row_of(path, texts, class)
    local parts = curve(texts)
    if #parts == 1 then
        return { path = path, text = parts[1], class = class }
    end
    return { path = path, parts = parts, before = 'curve{ ', after = ' }', class = class }
end

-- The same of factors of what was asked for.
local function asked_row(path, target, factors)
    local row = row_of(path, factors, 'bound')
    row.before = ("asked('%s', %s"):format(target, row.before or '')
    row.after = (row.after or '') .. ')'
    row.parts = row.parts or { row.text }
    return row
end

-- What is sent: a row for each path, in the order of the wire.
local function sent_rows(events)
    local rows = {}
    for _, path in ipairs(blocks.paths(events)) do
        local texts, factors, class, target = {}, {}, nil, nil
        for i, event in ipairs(events) do
            local one = event.sent[path]
            local value = one and one.value
            class = one and (not class or class == 'fixed') and one.class or class
            target = target or type(value) == 'table' and value.asked
            texts[i] = value == nil and 'absent'
                or type(value) == 'table' and value.asked and '' or literal(value)
            factors[i] = literal(type(value) == 'table' and value.factor
                or tonumber(factors[i - 1] or 1))
        end
        rows[#rows + 1] = target and asked_row(path, target, factors) or row_of(path, texts, class)
    end
    return rows
end

local function received_rows(events)
    local rows = {}
    for _, path in ipairs(blocks.paths(events)) do
        local text, class = blocks.expected(events, path)
        if text then
            rows[#rows + 1] = { path = path, text = text, class = class }
        end
    end
    return rows
end

local function add_call(out, indent, what, name, rows, note)
    if note then
        out[#out + 1] = ('%s-- %s'):format(indent, note)
    end
    if #rows == 0 then
        out[#out + 1] = ("%ss.%s('%s', {})"):format(indent, what, name)
        return
    end
    out[#out + 1] = ("%ss.%s('%s', {"):format(indent, what, name)
    add_table(out, indent, rows)
    out[#out + 1] = indent .. '})'
end

-- ---- blocks ----

-- What of the recorded octets the script does not give again.
local function note_of(events)
    for _, event in ipairs(events) do
        if event.note then
            return event.note
        end
    end
    return nil
end

local function pause(out, indent, gaps)
    local median, least, most = figures.spread(gaps)
    if not median then
        return
    end
    if #gaps == 1 or least == most then
        out[#out + 1] = ('%ss.pause(%s)'):format(indent, figures.ms(median))
    else
        out[#out + 1] = ('%ss.pause(%s, %s, %s)'):format(indent, figures.ms(median),
            figures.ms(least), figures.ms(most))
    end
end

local function title(block)
    local first = block.list[1].request or block.list[1].odd
    local numbers = ('message %d'):format(block.first)
    if block.last > block.first then
        numbers = ('messages %d to %d'):format(block.first, block.last)
    end
    return ('%s, %s'):format(first.name:gsub('Req$', ''), numbers)
end

-- Returns by how much what is in it is indented.
local function add_head(out, block, is_vehicle, indent)
    out[#out + 1] = indent == '' and '' or nil
    out[#out + 1] = indent .. '-- ' .. title(block)
    if not block.loop then
        return indent
    end
    if block.gaps[1] and is_vehicle then
        out[#out + 1] = ('%ss.pause(%s)'):format(indent, figures.ms(block.gaps[1]))
    end
    out[#out + 1] = ("%sfor _ in s.%s('%s', %d%s) do"):format(indent, block.loop, block.name, #block.list,
        block.flag and ', true' or '')
    return indent .. '    '
end

-- When what stands beside the rounds of a loop has its turn: of a vehicle as the station wishes, or
-- after the rounds that it did in the capture; of a station when the vehicle comes with it.
local function turn(plan, one, indent)
    local first, rounds = one.blocks[1], {}
    for i, round in ipairs(one.after) do
        rounds[i] = tostring(round)
    end
    local told = table.concat(rounds, ', ', 1, math.min(#rounds, ROUNDS_TOLD))
    told = ('in the capture after %s %s%s'):format(#rounds == 1 and 'round' or 'rounds', told,
        #rounds > ROUNDS_TOLD and (' … (%d of them)'):format(#rounds) or '')
    if plan.side == 'SECC' then
        local path = fields.turns[first.name]
        local values = path and blocks.expected(first.requests, path)
        return ("s.comes('%s'%s)"):format(first.name, values and (", '%s', %s"):format(path, values) or ''), told
    elseif one.wish then
        return ("s.wished('%s', %s)"):format(one.wish.path, literal(one.wish.value)), told
    end
    return ('s.after(%s)'):format(figures.wrap(rounds, indent .. '    ')), nil
end

local function add_beside(out, plan, block, indent, add)
    for _, one in ipairs(block.beside) do
        local condition, told = turn(plan, one, indent)
        out[#out + 1] = ('%sif %s then%s'):format(indent, condition, told and ' -- ' .. told or '')
        for _, inner in ipairs(one.blocks) do
            add(out, plan, inner, indent .. '    ')
        end
        out[#out + 1] = indent .. 'end'
    end
end

local function add_odd(out, plan, block)
    local event = block.list[1].odd
    out[#out + 1] = ''
    out[#out + 1] = ('-- %s, message %d, out of turn'):format(event.name, block.first)
    if event.from == plan.side then
        add_call(out, '', 'send', event.name, sent_rows({ event }))
    else
        out[#out + 1] = "s.await('" .. event.name .. "')"
    end
end

-- Of a vehicle: pause, request, response.
local function add_asked(out, plan, block, before)
    local indent = add_head(out, block, true, before)
    local gaps = block.loop and table.move(block.gaps, 2, #block.gaps, 1, {}) or block.gaps
    pause(out, indent, gaps)
    add_call(out, indent, 'request', block.name .. 'Req', sent_rows(block.requests),
        note_of(block.requests))
    if #block.responses > 0 then
        add_call(out, indent, 'response', block.name .. 'Res',
            received_rows(block.responses))
    else
        out[#out + 1] = indent .. ("s.unanswered('%sRes')"):format(block.name)
    end
    add_beside(out, plan, block, indent, add_asked)
    out[#out + 1] = block.loop and before .. 'end' or nil
end

-- Of a station: request, pause, response. What is not the request that comes is passed by.
local function add_served(out, plan, block, before)
    local indent = add_head(out, block, false, before)
    add_call(out, indent, 'await', block.name .. 'Req', received_rows(block.requests))
    if #block.responses > 0 then
        pause(out, indent, block.delays)
        add_call(out, indent, 'answer', block.name .. 'Res',
            sent_rows(block.responses), note_of(block.responses))
    else
        out[#out + 1] = indent .. 's.silence()'
    end
    add_beside(out, plan, block, indent, add_served)
    out[#out + 1] = block.loop and before .. 'end' or nil
end

-- ---- the whole ----

local HOW_TO <const> = [[
-- How to change it. A block is a message of the capture and what came back. What is sent has a value
-- for each element, and a word on what becomes of it:
--
--   fixed    sent as it was recorded; a curve has a value by round, and keeps the last one:
--            curve{ 50, [20] = 51 } is 50, from the 20th round on 51
--   bound    taken from what the other side says in this session: peer('MESSAGE.PATH', recorded), or
--            asked(PATH, factor) of its last request; the recorded value where it says nothing there
--   own      made anew: own('EVCCID', recorded), times, certificates, signatures; evccid = 'new' below
--            gives another EVCCID
--
-- Any of these may be replaced by a value, absent leaves the element out. SessionID and TimeStamp of
-- the header are filled in by themselves. What is received is held against what is named:
--
--   exact    a value, any{ … };  range    between(least, most);  what is not named is ignored
--
-- What differs is told (with strict = true it fails), and the session goes on. A FAILED that the
-- capture has not, another message, or another end is the verdict fail. A loop goes on for as long
-- as it must: ongoing and reaching until the other side is ready, rounds so often, or until it ends
-- it. What came between two rounds stands beside them, and comes again when it is wished for
-- (wished: by that value of the response), after the same rounds (after), or when the vehicle comes
-- with it (comes). Values beyond the other side's limits are clipped, and that is told.]]

local function add_settings(out, plan, session, option)
    out[#out + 1] = ("local s = replay.%s {"):format(plan.side == 'EVCC' and 'vehicle' or 'station')
    local function set(name, value, why)
        local line = ('    %s = %s,'):format(name, value)
        out[#out + 1] = line .. (' '):rep(math.max(1, 34 - #line)) .. '-- ' .. why
    end
    if session.protocol then
        set('protocol', literal(session.protocol), 'what is spoken')
        set('namespace', literal(session.namespace), 'what supportedAppProtocol agreed on')
    end
    set('tls', literal(session.tls and 'auto' or 'off'), 'off, auto, 1.2 or 1.3')
    set('time', tonumber(option.time) or literal(option.time or 'exact'),
        'pauses: exact, none, or a factor by which they are shorter')
    set('clips', 'true', "values keep to the other side's limits")
    set('strict', 'false', 'true: what differs from the capture fails')
    set('ends', literal(session.outcome), 'how the capture ended; another end fails')
    if plan.side == 'SECC' then
        set('stops', 'true', "the vehicle is asked to stop after the capture's rounds")
        set('patience', '30000', 'ms that it may go on beyond what the capture has')
        out[#out + 1] = '    order = { ' .. figures.wrap(blocks.order(plan, literal), '              ') .. ' },'
    end
    out[#out + 1] = '}'
    out[#out + 1] = 'local curve, peer, own, asked, between = s.curve, s.peer, s.own, s.asked, s.between'
end

local function add_end(out, plan, session)
    local closed = session.closed
    local last = session.messages[#session.messages]
    local mine = closed and closed.from == plan.side and closed.how ~= 'refused'
    out[#out + 1] = ''
    if mine then
        out[#out + 1] = ("s.close('%s', %s)"):format(closed.how == 'RST' and 'reset' or 'fin',
            figures.ms((closed.us - last.us) / 1000))
    elseif closed then
        out[#out + 1] = ('s.await_close(%s)'):format(figures.ms((closed.us - last.us) / 1000))
    else
        out[#out + 1] = 's.leave() -- the capture does not show how it was closed'
    end
end

local function script(session, option, name)
    local out = {}
    local plan = blocks.plan(session, option.role == 'secc' and 'SECC' or 'EVCC')
    out[#out + 1] = ('-- %s of %s, session %d of %d: %s.'):format(
        plan.side == 'EVCC' and 'The vehicle' or 'The station', name,
        session.number, session.of, read.line(session))
    out[#out + 1] = '--'
    out[#out + 1] = HOW_TO
    for _, line in ipairs(blocks.warnings(session, plan.side)) do
        out[#out + 1] = '--\n-- ' .. line
    end
    out[#out + 1] = ''
    out[#out + 1] = "local replay = require 'v2g.replay'"
    out[#out + 1] = ''
    add_settings(out, plan, session, option)
    out[#out + 1] = ''
    if plan.side == 'EVCC' then
        local ms = session.found_us and session.connected_us
            and (session.connected_us - session.found_us) / 1000
        out[#out + 1] = ms and ('s.connect(%s)'):format(figures.ms(ms)) or 's.connect()'
    else
        out[#out + 1] = 's.listen()'
    end
    for _, block in ipairs(plan.blocks) do
        if block.list[1].odd then
            add_odd(out, plan, block)
        elseif plan.side == 'EVCC' then
            add_asked(out, plan, block, '')
        else
            add_served(out, plan, block, '')
        end
    end
    add_end(out, plan, session)
    return table.concat(out, '\n')
end

-- The command: prints the script.
function write.main(recorded, option, tell, choose)
    local session = read.choose(recorded[1], tonumber(option.session), tell)
    local numbers = {}
    for i, event in ipairs(session.messages) do
        numbers[i] = event.number
    end
    choose(numbers, session.protocol)
    for _, line in ipairs(blocks.warnings(session, option.role == 'secc' and 'SECC' or 'EVCC')) do
        tell(line)
    end
    print(script(session, option, read.name(recorded[1])))
end

return write
