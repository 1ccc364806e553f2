-- SPDX-License-Identifier: Apache-2.0
-- Plays a case: the way to where it begins, what it tests, and its clean-up; and, in the lab, the
-- device of our own that it is about.

local case = require 'test.case'
local needs = require 'test.needs'
local suite = require 'test.suite'
local way = require 'test.way'

local play = {}

-- ORDER: the worst wins
local RANK <const> = { pass = 1, inconclusive = 2, fail = 3, error = 4 }

local function with(given, more)
    local all = {}
    for key, value in pairs(given or {}) do
        all[key] = value
    end
    for key, value in pairs(more or {}) do
        all[key] = value
    end
    return all
end

-- Parameters of a side ('vehicle', 'station') that plays in that case: what the case needs, then
-- what it says itself.
local function parameters_of(c, side)
    local p, has_tls = { protocol = c.protocol, mode = 'dc', tls = 'off',
                         loops = side == 'vehicle' and 3 or nil }, c.tls
    for _, need in ipairs(needs) do
        if c[need[1]] == need[2] then
            p = with(p, need[side])
            has_tls = has_tls or need.tls
        end
    end
    local way_there = c.sut == 'SECC' and side == 'vehicle' and not way.BEFORE[c.given]
        and assert(way.parameters(c.protocol, p.mode, c.given))
    p = with(p, way_there or nil)
    if has_tls or p.payment == 'Contract' then
        p.tls = type(has_tls) == 'string' and has_tls or c.protocol == 'ISO15118-20' and '1.3' or '1.2'
    end
    return with(p, c[side])
end

-- The case that a part was given, and what is to be known of the device.
local function case_of(given)
    local c = suite.find(suite.read(given.file, given.text), given.id)
    c.claims = given.claims
    return c
end

-- The device of our own.
function play.device(given)
    local c = case_of(given)
    if c.sut == 'SECC' then
        Secc.Serve(parameters_of(c, 'station'))
    else
        Evcc.Charge(parameters_of(c, 'vehicle'))
    end
end

local function tester_of(c)
    if c.sut == 'SECC' then
        return require('test.vehicle').new(Evcc, parameters_of(c, 'vehicle'))
    end
    return require('test.station').new(Secc, parameters_of(c, 'station'))
end

-- The way to where the case begins, and what it tests.
local function go(it, c)
    if c.liveness then
        it:lives(true)
    end
    if c.link then
        it:plugs()
    end
    it.arriving = true
    local between, missing = it.tester:reach(c.given)
    it.missing = missing
    local last = it.role.Received()
    it.frame = last and last:frame()
    it:step { kind = 'given', expected = c.given, found = between or c.given, ok = not between }
    it.arriving, it.from = false, it.tester.since or Now()
    c.then_(it, c.row)
    it:proves_fault()
    if c.liveness then
        it:lives(false)
    end
end

-- What was raised through a case, unless it is the case's own end.
local function raised(e)
    return e == case.over and e or { text = tostring(e), trace = Traceback(tostring(e), 2) }
end

-- The verdict of conformance (key 'verdict'), or that of the field (key 'field').
local function verdict_of(it, key)
    local verdict, tests = 'none', 0
    for _, step in ipairs(it.steps) do
        tests = tests + (step.kind ~= 'given' and 1 or 0)
        if (RANK[step[key]] or 0) > (RANK[verdict] or 0) then
            verdict = step[key]
        end
    end
    if it.missing or it.mutation and not it.mutation.happened then
        return 'error'
    end
    return verdict == 'pass' and tests == 0 and 'inconclusive' or verdict
end

-- Each way in which what was received could have been otherwise.
local function negations_of(it)
    local list = {}
    for _, step in ipairs(it.steps) do
        for _, kind in ipairs(step.negations or {}) do
            list[#list + 1] = { step = step.n, kind = kind }
        end
    end
    return list
end

-- The tester of the case that it is given: answers with verdict and steps.
function play.tester(given)
    local c = case_of(given)
    local it = case.new(c, tester_of(c), given.mutation)
    for _, run in ipairs { go, it.proves_fault } do -- the latter also where the case has failed
        local good, why = xpcall(run, raised, it, c)
        if not good and why ~= case.over then
            it.steps[#it.steps + 1] = { kind = 'error', verdict = 'error', field = 'error', ok = false,
                                        found = why.text,
                                        expected = 'no error', trace = why.trace }
        end
    end
    it.role.Disconnect()
    Answer { verdict = verdict_of(it, 'verdict'), field = verdict_of(it, 'field'), steps = it.steps,
             negations = negations_of(it) }
end

return play
