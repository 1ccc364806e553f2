-- SPDX-License-Identifier: Apache-2.0
-- Drives a device that is not ours through a case: what has to be done to it (needs.actions), by
-- its drivers (device.lua). What nobody can do makes the case inconclusive.

local needs = require 'test.needs'
local pics = require 'test.pics'
local steps = require 'v2g.steps'

local driving = {}
driving.__index = driving

local PATIENCE <const> = 60 -- seconds that a driver may take
local OUTPUT_MOST <const> = 200

local LOOPS <const> = { CurrentDemand = true, ChargingStatus = true }

-- c: the case. given: { device = of device.lua, drive = of src/suite/drive.h, asks = the operator
-- is asked for what no driver does, reset = of the plan }.
function driving.new(c, tester, given)
    local self = setmetatable({ c = c, tester = tester, given = given, tasks = {}, done = {} },
                              driving)
    self.drivers = given.device and given.device.drivers or {}
    return self
end

-- Whether somebody has said who drives the device; else all happens by itself.
function driving:is_driven()
    return self.given.device ~= nil or self.given.asks
end

-- ---- what there is to set ----

local function literal(value)
    if type(value) ~= 'table' then
        return type(value) == 'string' and ('%q'):format(value) or tostring(value)
    end
    local parts = {}
    for key, one in pairs(value) do
        parts[#parts + 1] = type(key) == 'number' and literal(one) or key .. ' = ' .. literal(one)
    end
    table.sort(parts)
    return '{ ' .. table.concat(parts, ', ') .. ' }'
end

-- Parameters of our own device that the case has itself.
local function parameters_of(c)
    local side = c.sut == 'SECC' and 'station' or 'vehicle'
    return c[side] or {}
end

-- 'dc.max_power=15000' and the like, a blank between; '': nothing is to be set.
function driving.settings(c)
    local stands, list = {}, {}
    for _, action in ipairs(needs.actions) do
        if action.parameter and (not action.sut or action.sut == c.sut) then
            stands[action.parameter] = true
        end
    end
    for key, value in pairs(parameters_of(c)) do
        if type(value) == 'table' and #value == 0 then
            for inner, one in pairs(value) do
                list[#list + 1] = ('%s.%s=%s'):format(key, inner, literal(one))
            end
        elseif not stands[key] then
            list[#list + 1] = ('%s=%s'):format(key, literal(value))
        end
    end
    table.sort(list)
    return table.concat(list, ' ')
end

-- ---- one action ----

-- What drivers are told.
local function told(self, action)
    local c = self.c
    return { action = action, case = c.id, sut = c.sut, protocol = c.protocol, mode = c.mode or '',
             set = action == 'set' and driving.settings(c) or '' }
end

-- The end of what a program has printed, on one line.
local function last_words(text)
    text = text:gsub('%s+', ' '):gsub('^ ', ''):gsub(' $', '')
    return #text > OUTPUT_MOST and '…' .. text:sub(-OUTPUT_MOST) or text
end

local function run(self, words, with, seconds)
    local names = {}
    for key, value in pairs(with) do
        names['V2GLAB_' .. key:upper()] = tostring(value)
    end
    local code, output = self.given.drive.run(words, names, (seconds or PATIENCE) * 1000)
    if code == 0 then
        return true, output
    end
    return false, code < 0 and output or ('exit code %d%s'):format(code,
        output ~= '' and ': ' .. last_words(output) or '')
end

local does = {}

function does.command(self, driver, with)
    return run(self, { '/bin/sh', '-c', 'exec 2>&1\n' .. driver.text }, with, driver.timeout)
end

-- By the program curl: it knows all of HTTP, TLS and proxies, is kept well by others, and can be
-- ended when its time is over.
function does.http(self, driver, with)
    local function filled(text)
        return (text:gsub('{(%a+)}', function(word) return with[word] end))
    end
    local words = { 'curl', '--silent', '--show-error', '--fail', '--stderr', '-', '--globoff',
                    '--request', driver.method }
    for _, header in ipairs(driver.headers or {}) do
        table.move({ '--header', filled(header) }, 1, 2, #words + 1, words)
    end
    if driver.body then
        table.move({ '--data-raw', filled(driver.body) }, 1, 2, #words + 1, words)
    end
    table.move({ '--url', filled(driver.url) }, 1, 2, #words + 1, words)
    return run(self, words, with, driver.timeout)
end

-- A line of the operator: Enter says that it is done, anything else that it is not.
function does.ask(self, driver, with)
    local drive, from = self.given.drive, Now()
    local seconds = driver.timeout or PATIENCE
    repeat
        local left = math.ceil(seconds - (Now() - from) / 1000)
        drive.tell(('\r\27[K%s: %s (Enter: done, n: it cannot be; %d s) '):format(with.case,
            driver.text, left))
        local line = drive.line(math.min(1000, seconds * 1000 - (Now() - from)))
        if line == false then
            return false, 'there is no operator: standard input has ended'
        elseif line then
            drive.tell '\r\27[K'
            local said_no = line:find '%S'
            return not said_no, said_no and ('the operator said: %s'):format(line) or nil
        end
    until Now() - from >= seconds * 1000
    drive.tell '\n'
    return false, ('the operator did not answer within %d s'):format(seconds)
end

local QUESTIONS <const> = {
    plug = 'plug the vehicle in', unplug = 'unplug the vehicle', reset = 'reset the device',
    authorize = 'authorize (show the card, use the app)', stop = 'stop charging at the device',
}

local function called(self, driver, with)
    local it = {}
    for key, value in pairs(with) do
        it[key] = value
    end
    function it.command(text, timeout)
        return does.command(self, { text = text, timeout = timeout }, with)
    end
    local words = require 'test.device'.words
    function it.http(what)
        return does.http(self, words.http(what), with)
    end
    function it.ask(what)
        return does.ask(self, words.ask(what), with)
    end
    local good, why = driver(it)
    return good ~= false, why and tostring(why) or 'its function returned false'
end

-- What does it; nil: nobody.
local function driver_of(self, action)
    local driver = self.drivers[action]
    if driver == nil and self.given.asks then
        local text = QUESTIONS[action] or 'set the device: ' .. driving.settings(self.c)
        return { kind = 'ask', text = text }
    end
    return driver
end

-- Nil, or why it was not done.
local function perform(self, action)
    local driver = driver_of(self, action)
    if driver == nil then
        return 'no driver for ' .. action
    elseif driver == true then
        return nil
    end
    local from, with = Now(), told(self, action)
    local good, why
    if type(driver) == 'function' then
        good, why = called(self, driver, with)
    else
        good, why = does[driver.kind](self, driver, with)
    end
    Log(('driver for %s%s: %s, after %d ms'):format(action, with.set ~= '' and ' ' .. with.set or '',
        good and 'done' or why, math.floor(Now() - from)))
    return not good and ('the driver for %s: %s'):format(action, why) or nil
end

-- ---- in a case ----

-- When an action is to be done in this case: nil: not at all.
local function time_of(self, action)
    local c, name = self.c, action[1]
    if action.sut and action.sut ~= c.sut
        or action.paying and (self.tester.parameters.payment or 'ExternalPayment') ~= action.paying
        or action.parameter and parameters_of(c)[action.parameter] == nil
        or name == 'set' and driving.settings(c) == ''
        or name == 'reset' and not self.given.reset then
        return nil
    end
    if action.by_itself and driver_of(self, name) == nil
        or action.by_itself and self.drivers[name] == nil and name ~= 'plug' then
        return nil -- the operator is not asked for what can be left
    end
    local claims = self.given.device and self.given.device.claims
    if action.early and claims and pics.holds(action.early, claims) then
        return 'begin'
    end
    return action[2]
end

-- What was not done makes the case inconclusive, and ends it.
local function insist(it, action, problem)
    local was = it.arriving
    it.arriving = true
    it:step { kind = 'driver', expected = action, found = problem or action, ok = not problem }
    it.arriving = was
end

-- All that belongs to that moment: 'begin', 'end'.
function driving:at(it, moment)
    if not self:is_driven() then
        return
    end
    for _, action in ipairs(needs.actions) do
        if time_of(self, action) == moment then
            local problem = perform(self, action[1])
            if moment ~= 'end' then
                insist(it, action[1], problem)
            end
        end
    end
end

-- A vehicle is to come once more, which it does when it is plugged in anew.
function driving:again(it)
    if self.c.sut == 'EVCC' then
        self.done = {}
        self:at(it, 'end')
        self:at(it, 'begin')
    end
end

-- The device did not come along to where the case begins: who can resets it for the next one.
function driving:recover()
    if self.drivers.reset ~= nil then
        perform(self, 'reset')
    end
end

-- The tester's request of that name is about to go out: what has to be done then is begun beside
-- the session.
function driving:before(it, request)
    local step = steps.of(request)
    step = LOOPS[step] and 'ChargeLoop' or step
    if not self:is_driven() or self.done[step] then
        return
    end
    self.done[step] = true
    for _, action in ipairs(needs.actions) do
        if time_of(self, action) == step then
            local name = action[1]
            if driver_of(self, name) == nil then
                insist(it, name, 'no driver for ' .. name)
            end
            self.tasks[#self.tasks + 1] = Start(function()
                self.problem = perform(self, name) or self.problem
            end)
        end
    end
end

-- Waits for what is still going on. Nil, or what was not done.
function driving:finish()
    for _, task in ipairs(self.tasks) do
        Wait_For(task)
    end
    return self.problem
end

return driving
