-- SPDX-License-Identifier: Apache-2.0
-- Plays a case: the way to where it begins, what it tests, and its clean-up; and, in the lab, the
-- device of our own that it is about.

local beside = require 'test.beside'
local breach = require 'test.breach'
local case = require 'test.case'
local device = require 'test.device'
local driving = require 'test.driving'
local energy = require 'v2g.energy'
local matching = require 'test.matching'
local needs = require 'test.needs'
local sequence = require 'v2g.sequence'
local spelling = require 'test.spelling'
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
    -- where the case leaves it open, the energy transfer that the device claims
    local is_ac = c.claims and c.claims.PICS_CMN_CMN_ChargingMode == 'aC'
    local p, has_tls = { protocol = sequence.secc[c.protocol] and c.protocol or 'ISO15118-2',
                         mode = is_ac and 'ac' or 'dc', tls = 'off',
                         loops = side == 'vehicle' and 3 or nil }, c.tls
    for _, need in ipairs(needs) do
        if c[need[1]] == need[2] then
            p = with(p, need[side])
            has_tls = has_tls or need.tls
        end
    end
    if c.sut == 'SECC' and side == 'vehicle' and not way.BEFORE[c.given]
        and not way.is_matching(c.given) then
        local there, why = way.parameters(p.protocol, energy.messages[p.mode], c.given)
        p = with(p, there or error(('%s:%d: %s: given: %s'):format(c.file, c.line, c.id, why), 0))
    end
    if has_tls or p.payment == 'Contract' then
        p.tls = type(has_tls) == 'string' and has_tls or c.protocol == 'ISO15118-20' and '1.3' or '1.2'
    end
    return with(p, c[side])
end

-- Those of the tester, of a device that is not ours: it speaks TLS as the user says, where the case
-- does not, and what a case says of the device is no business of its own.
local function parameters_of_tester(c, side, given)
    local p = parameters_of(c, side)
    if not given.is_real or p.tls ~= 'off' or c[side] and c[side].tls then
        return p
    end
    p.tls = given.tls or (side == 'vehicle' and c.protocol ~= 'ISO15118-20' and 'off' or nil)
    return p
end

-- The case that a part was given, and what is to be known of the device.
local function case_of(given)
    local c = suite.find(suite.read(given.file, given.text), given.id)
    c.claims = given.device and device.read(given.device.name, given.device.text).claims
    return c
end

-- The device of our own.
function play.device(given)
    local c = case_of(given)
    if given.mutation and given.mutation.rule then
        breach.make(given.mutation, c)
    end
    if c.sut == 'SECC' then
        Secc.Serve(parameters_of(c, 'station'))
        return
    end
    local vehicle = parameters_of(c, 'vehicle')
    if not c.liveness then
        Evcc.Charge(vehicle)
        return
    end
    for _ = 1, 3 do -- it comes before the case, too, and after it, whatever became of it
        pcall(Evcc.Charge, vehicle)
    end
end

local function tester_of(c, given)
    local tester
    if c.sut == 'SECC' then
        tester = require('test.vehicle').new(Evcc, parameters_of_tester(c, 'vehicle', given))
    else
        tester = require('test.station').new(Secc, parameters_of_tester(c, 'station', given))
        tester.shows = c.row.shows
    end
    if c.bench then
        return matching.new(tester, c.row)
    elseif c.beside and tester.role.SlacFirst then
        return matching.new(tester, {}):charges_at(c.row.charging, c.wakes)
    end
    return tester
end

-- The way to where the case begins, and what it tests.
local function go(it, c)
    it.driving:at(it, 'begin')
    if c.liveness == true then
        it:lives(true)
    end
    if c.link then
        it:plugs()
    end
    function it.tester.before(request)
        it.driving:before(it, request)
    end
    beside.begin(it)
    it.arriving = true
    local between, missing = it.tester:reach(c.given)
    it.missing = missing
    local last = it.role.Received()
    it.frame = last and last:frame()
    it:step { kind = 'given', expected = c.given, found = between or c.given, ok = not between }
    it.arriving, it.from, it.at = false, it.tester.since or Now(), way.last(c.given)
    c.then_(it, c.row)
    local word, nearest = it.unread()
    if word then
        error(("the row says '%s', which nothing in the case asks for%s"):format(word,
            nearest and (": the nearest is '%s'"):format(nearest) or ''), 0)
    end
    it:proves_fault()
    if c.liveness then
        it:lives(false)
    end
end

-- What was raised through a case, unless it is the case's own end.
local function raised(e)
    return e == case.over and e or { text = tostring(e), trace = Traceback(tostring(e), 2) }
end

-- The same where Lua has called no handler: of a turn whose time is over.
local function unraised(text)
    return { text = tostring(text), trace = tostring(text) }
end

local TAIL <const> = 40 -- octets of a file's name that Lua shows of a long one, at least

-- What went wrong in a case, with the line of its file that called what raised it.
local function told(c, why)
    local text = why.text .. spelling.hint(case, why.text)
    local line = why.trace:match(c.file:sub(-TAIL):gsub('%p', '%%%0') .. ':(%d+)')
    local at = line and ('%s:%s: '):format(c.file, line)
    if not at or why.text:find(c.file:sub(-TAIL), 1, true) then
        return text
    end
    return at .. text:gsub('^lua/[%w_/]+%.lua:%d+: ', '')
end

-- The verdict of conformance (key 'verdict'), or that of the field (key 'field').
local function verdict_of(it, key)
    local verdict, tests = 'none', 0
    for _, step in ipairs(it.steps) do
        tests = tests + ((step.kind == 'given' or step.kind == 'driver') and 0 or 1)
        if (RANK[step[key]] or 0) > (RANK[verdict] or 0) then
            verdict = step[key]
        end
    end
    if it.missing or it.mutation and not it.mutation.happened then
        return 'error'
    end
    return verdict == 'pass' and tests == 0 and 'inconclusive' or verdict
end

-- Each way in which what was received could have been otherwise, and each rule of the device that
-- could be.
local function negations_of(it)
    local list = {}
    for _, step in ipairs(it.steps) do
        for _, kind in ipairs(step.negations or {}) do
            list[#list + 1] = { step = step.n, kind = kind,
                                text = ('%s, at %s: %s'):format(step.expected, step.where, kind) }
        end
    end
    local rules = breach.of(it.wanted, it.c.sut)
    return table.move(rules, 1, #rules, #list + 1, list)
end

-- On its way it ended by the device, not by whoever was to drive it.
local function is_stuck(it)
    local last = it.steps[#it.steps]
    return it.arriving and last ~= nil and last.kind ~= 'driver' and last.kind ~= 'error'
end

-- Lets go of the device; what of its driving failed beside the session.
local function let_go(it, _, given)
    local stuck = is_stuck(it)
    if given.is_real and it.tester.hangs_up then
        it.tester:hangs_up()
    end
    it.role.Disconnect()
    local problem = it.driving:finish()
    if problem then
        it.steps[#it.steps + 1] = { kind = 'driver', verdict = 'inconclusive', field = 'inconclusive',
                                    ok = false, expected = 'the device is driven', found = problem }
    end
    it.driving:at(it, 'end')
    if stuck then
        it.driving:recover()
    end
end

-- What drives the device of the case. In the lab it is ours, and needs nobody.
local function driving_of(c, tester, given, drive)
    local how = { drive = drive, asks = given.asks, reset = given.reset }
    how.device = given.device and device.read(given.device.name, given.device.text)
    return driving.new(c, tester, drive and how or {})
end

-- The tester of the case that it is given: answers with verdict and steps. drive: what drivers may
-- do (src/suite/drive.h); nil: the device is ours.
function play.tester(given, drive)
    local c = case_of(given)
    local unread = suite.watch(c)
    local negation = given.mutation and not given.mutation.rule and given.mutation or nil
    local good, tester = pcall(tester_of, c, given)
    if not good then -- what the case says of it cannot be
        return Answer { verdict = 'error', field = 'error', steps = {}, negations = {},
                        reason = tostring(tester) }
    end
    local it = case.new(c, tester, negation)
    it.unread = unread
    it.driving = driving_of(c, it.tester, given, drive)
    it.is_mutant = given.mutation ~= nil
    -- the others also where the case has failed
    for _, run in ipairs { go, beside.finish, it.proves_fault, let_go } do
        local whole, why = xpcall(run, raised, it, c, given)
        if not whole and why ~= case.over then
            why = type(why) == 'table' and why or unraised(why)
            it.steps[#it.steps + 1] = { kind = 'error', verdict = 'error', field = 'error', ok = false,
                                        found = told(c, why),
                                        expected = 'no error', trace = why.trace }
        end
    end
    Answer { verdict = verdict_of(it, 'verdict'), field = verdict_of(it, 'field'), steps = it.steps,
             negations = negations_of(it) }
end

return play
