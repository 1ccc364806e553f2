-- SPDX-License-Identifier: Apache-2.0
-- Negations of expectations: what a tester would have received from a device that does otherwise.
-- A case that passes all the same tests nothing.

local hex = require 'v2g.hex'

local mutant = {}

-- The negations of a kind of expectation, as far as they say something of it: of a message what
-- fields are looked at, of an end its times, of several forms what came.
function mutant.of(kind, what, session)
    if kind == 'message' then
        local list = { 'drop', 'other', 'late' }
        if what and what.ResponseCode then
            list[#list + 1] = 'code'
        end
        for path in pairs(what or {}) do
            if path ~= 'ResponseCode' then
                list[#list + 1] = 'value ' .. path
            end
        end
        if session == nil or session == 'running' then
            list[#list + 1] = 'session'
        end
        return list
    elseif kind == 'end' then
        return what.after and { 'open', 'talk', 'early' } or { 'open', 'talk' }
    elseif kind == 'any' then
        return { 'other' }
    end
    return { 'talk', 'close' }
end

local does = {}

function does.drop(came, at)
    came.name, came.m, came.at = nil, nil, at
end

function does.other(came)
    came.name = came.name == 'SessionStopRes' and 'SessionSetupRes' or 'SessionStopRes'
    came.closed = nil
end

-- Later than the standard allows, also where devices in use take longer.
function does.late(came, _, expected, from)
    came.at = from + expected.limit + 1
end

function does.code(came)
    came.m.ResponseCode = tostring(came.m.ResponseCode) == 'FAILED' and 'OK' or 'FAILED'
end

function does.session(came)
    came.m.Header.SessionID = hex.of(Pki.Random(8))
end

-- Another value of that kind, or none.
function does.value(came, _, _, _, path)
    local value = came.m:get(path)
    local good = false
    if type(value) == 'number' then
        good = pcall(came.m.set, came.m, path, value + 1)
    elseif type(value) == 'boolean' then
        good = pcall(came.m.set, came.m, path, not value)
    end
    if not good and not pcall(came.m.set, came.m, path, nil) then
        came.m.ResponseCode = 'FAILED'
    end
end

function does.open(came, at)
    came.closed, came.at = nil, at
end

function does.talk(came)
    came.closed, came.name, came.m = nil, 'SessionStopRes', nil
end

function does.early(came, _, expected, from)
    came.at = from + expected.after - 1
end

function does.close(came)
    came.closed = 'FIN'
end

-- Makes of what came what the mutation of that case wants.
function mutant.negate(it, came, ms, expected)
    local kind, path = it.mutation.kind:match '^(%S+) ?(.*)$'
    it.mutation.happened = true
    does[kind](came, Now() + math.max(0, ms), expected, it.from or Now(), path)
end

return mutant
