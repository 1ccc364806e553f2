-- SPDX-License-Identifier: Apache-2.0
-- Negations of expectations: what a tester would have received from a device that does otherwise.
-- A case that passes all the same tests nothing.

local expect = require 'v2g.expect'
local hex = require 'v2g.hex'

local mutant = {}

-- ms by which a time that is kept to may look too short: what lies between both sides is not always
-- the same.
mutant.JITTER = 5

-- Adds what checks of a message say of their own.
function mutant.with(list, checks)
    for _, check in ipairs(checks or {}) do
        table.move(check.negations or {}, 1, #(check.negations or {}), #list + 1, list)
    end
    return list
end

-- The negations of a kind of expectation, as far as they say something of it: of a message what
-- fields are looked at, of an end its times, of several forms what came.
function mutant.of(kind, what, session)
    if kind == 'message' or kind == 'value' then -- of the latter no time is measured
        local list = { 'drop', 'other', kind == 'message' and 'late' or nil }
        for path in pairs(what or {}) do
            list[#list + 1] = 'value ' .. path
        end
        if session == nil or session == 'running' then
            list[#list + 1] = 'session'
        end
        return list
    elseif kind == 'end' then
        return what.after and { 'open', 'talk', 'early' } or { 'open', 'talk' }
    elseif kind == 'any' then
        return { 'other', what.refuses and 'accepted' or nil }
    end
    return { 'talk', 'close' }
end

local does = {}

function does.drop(came, at)
    came.name, came.m, came.at = nil, nil, at
end

function does.other(came)
    came.name = came.name == 'SessionStopRes' and 'SessionSetupRes' or 'SessionStopRes'
    came.closed, came.m = nil, nil
end

-- Sooner after the one before than is allowed.
function does.soon(came, _, expected)
    came.at = expected.last and came.at and expected.last + expected.least - mutant.JITTER - 1
    return came.at and true or false
end

-- Once more, where it is over.
function does.again(came, _, expected)
    local is_over = not came.name and not came.closed
    came.name = is_over and expected.name or came.name
    return is_over
end

function does.accepted(came)
    if not came.m then
        return false
    end
    came.m.ResponseCode = 'OK'
    return true
end

-- Later than the standard allows, also where devices in use take longer.
function does.late(came, _, expected, from)
    came.at = from + expected.limit + 1
end

function does.session(came)
    came.m.Header.SessionID = hex.of(Pki.Random(8))
end

-- Values that an element could have instead, by the type of the one it has.
local OTHERS <const> = {
    number = function(value) return { value + 1, value - 1, value + 1000, 0 } end,
    boolean = function(value) return { not value } end,
    string = function(value) return { 'FAILED', 'OK', value .. '0', 'x' } end, -- codes among them
    ['nil'] = function() return { true, 1, 'x', {} } end,
    userdata = function() return {} end,
    table = function() return {} end,
}

-- The first other value, or none at all, that is not what is expected of it.
function does.value(came, _, expected, _, path)
    local m, wanted = came.m, expected.fields[path]
    local value = m:get(path)
    for _, other in ipairs(OTHERS[type(value)](value)) do
        if pcall(m.set, m, path, other) and #expect.compare(m, { [path] = wanted }) > 0 then
            return true
        end
    end
    return pcall(m.set, m, path, nil) and #expect.compare(m, { [path] = wanted }) > 0
end

-- A value that no device should send: 'PATH VALUE', or the element is absent.
function does.set(came, _, _, _, what)
    local path, value = what:match '^(%S+) (%S+)$'
    if value == 'true' or value == 'false' then
        came.m:set(path, value == 'true')
    else
        came.m:set(path, tonumber(value) or value)
    end
end

function does.without(came, _, _, _, path)
    came.m:set(path, nil)
end

-- Of many answers: each has the value of the first; each has two octets without chance.
function does.same(came, _, expected, _, path)
    came.m:set(path, expected.first or came.m:get(path))
end

function does.poor(came, _, _, _, path)
    local value = came.m:get(path)
    came.m:set(path, path == 'Header.SessionID' and '0000' .. value:sub(5) or '\0\0' .. value:sub(3))
end

-- It stays open for as long as is waited, and from then on.
function does.open(came, at)
    Sleep(math.max(0, at - Now()))
    came.closed, came.at = nil, at
end

function does.talk(came)
    came.closed, came.name, came.m = nil, 'SessionStopRes', nil
end

function does.early(came, _, expected, from)
    came.at = from + expected.after - mutant.JITTER - 1
end

function does.close(came)
    came.closed = 'FIN'
end

local STAYS <const> = { open = true, same = true, poor = true } -- from then on

-- Makes of what came what the mutation of that case wants.
function mutant.negate(it, came, ms, expected)
    local kind, path = it.mutation.kind:match '^(%S+) ?(.*)$'
    local done = does[kind](came, Now() + math.max(0, ms), expected, expected.from or it.from or Now(), path)
    it.mutation.happened = done ~= false
    it.mutation.stays = STAYS[kind]
end

return mutant
