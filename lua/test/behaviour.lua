-- SPDX-License-Identifier: Apache-2.0
-- What many cases test: functions for `then_`, by what the device has to do. Their rows say:
--
--   sends, fields   a request, and what of it is not as a good one: by path, nil by absent; a
--                   function(it) that gives them, where they depend on what came before
--   runs            { { fields =, vehicle = }, … }: one session after another, with these fields,
--                   and parameters of the tester
--   bears           the certificates that the vehicle comes with instead (test.bearer)
--   signer          a role of the tree that signs the request, instead of who has to
--   changes         what of the request is changed after it was signed, as `fields`
--   offered         { ServiceDiscoveryRes = fields }: what the device must have said before; else
--                   the case is inconclusive
--   answers         of a tester that is a station: another response than the one due
--   ChargeProgress, ReadyToChargeState   of PowerDeliveryReq
--   SessionID       of its header: 'another' that is no session's, 'zero'
--   header          of V2GTP: { version =, inverse =, type =, length = }; or fault, as
--                   docs/faults.md has it, on the way of the message
--   code            the ResponseCode, expected of a station or answered to a vehicle
--   response        what else its response has, by path; or a function(it) that gives it
--   ends            what the last of several responses has (EVSEProcessing Finished)
--   checks          what is asked of the last one besides: of schedules.lua
--   after, within   times by their names
--   expects, request, meanwhile   what a vehicle goes on with, what that says, what may come before
--   hello, waits   of what `v2glab fuzz` has found: octets in place of ClientHello; whether it is
--                   waited for the end where nothing is answered (endures.lua)
--   aim, beyond     of a pair: what would have to be seen, and why it is not

local bearer = require 'test.bearer'
local chance = require 'test.chance'
local endures = require 'test.endures'
local expect = require 'v2g.expect'
local hex = require 'v2g.hex'
local matched = require 'test.matched'
local schedules = require 'test.schedules'

local behaviour = {}
for name, of_matching in pairs(matched) do
    behaviour[name] = of_matching
end

local CLOSES <const> = 'par_CMN_TCP_Connection_Termination_Timeout'

-- run: one of the row's, or the row itself.
local function fields_of(row, it, run)
    local fields = { ChargeProgress = row.ChargeProgress, ReadyToChargeState = row.ReadyToChargeState }
    local own = (run or row).fields
    for path, value in pairs(type(own) == 'function' and own(it) or own or {}) do
        fields[path] = value
    end
    if row.SessionID then
        fields['Header.SessionID'] = row.SessionID == 'zero' and ('00'):rep(8)
            or row.SessionID == 'another' and hex.of(Pki.Random(8)) or row.SessionID
    end
    return fields
end

local function fault_of(row)
    return row.header or row.fault
end

local function response_to(request)
    return (request:gsub('Req$', 'Res'))
end

-- ---- of a station ----

-- Inconclusive where it has not offered what the row is about.
local function needs_offer(it, row)
    for name, fields in pairs(row.offered or {}) do
        local wrong = expect.compare(it:last(name), fields)[1]
        it:needs(not wrong, ('%s as this case needs it'):format(name), wrong
            and ('%s = %s; expected %s'):format(wrong.path, wrong.found, wrong.expected))
    end
end

-- The request of a row, signed as the row says.
local function send(it, row, fields)
    if row.bears then
        bearer.give(it, row.bears)
    end
    local m, signer = it:message(row.sends, fields)
    signer = row.signer and Pki.Identity(row.signer) or signer
    if signer then
        m:sign(signer)
    end
    for path, value in pairs(type(row.changes) == 'function' and row.changes(it) or row.changes or {}) do
        m:set(path, value)
    end
    it:sends(m, nil, fault_of(row))
end

-- It refuses the request with that code, and ends the connection.
function behaviour.refuses(it, row)
    for i, run in ipairs(row.runs or { row }) do
        if i > 1 then
            it:starts_again(row.given, run.vehicle)
        end
        needs_offer(it, row)
        send(it, row, fields_of(row, it, run))
        it:expects(row.expects or response_to(row.sends), { ResponseCode = row.code })
        it:expects_end { within = row.within or CLOSES }
    end
end

local function response_of(row, it)
    local wanted, own = { ResponseCode = row.code or 'OK' }, row.response
    for path, value in pairs(type(own) == 'function' and own(it) or own or {}) do
        wanted[path] = value
    end
    return wanted
end

-- It answers as the row says, and the session goes on; the tester closes it after SessionStopRes.
function behaviour.answers(it, row)
    needs_offer(it, row)
    send(it, row, fields_of(row, it))
    it:expects(row.expects or response_to(row.sends), response_of(row, it), { checks = row.checks })
    if row.sends ~= 'SessionStopReq' then
        it:expects_nothing 'par_CMN_Transmission_Delay'
    end
end

-- It may answer Ongoing for a while, and then as the row says.
function behaviour.finishes(it, row)
    it:repeats(row.sends, { fields = fields_of(row, it), ends = row.ends or { EVSEProcessing = 'Finished' },
                            meanwhile = row.meanwhile, response = response_of(row, it),
                            within = row.within, checks = row.checks })
    it:expects_nothing 'par_CMN_Transmission_Delay'
end

-- What it does is told, and whatever it is, it is no fail: no rule says what it has to be.
function behaviour.reports(it, row)
    it:sends(row.sends, fields_of(row, it))
    it:reports()
end

-- It leaves a value of its answers to chance: what the row says is that of chance.collects.
function behaviour.varies(it, row)
    chance.collects(it, row)
end

-- It may think for a while, and then offers schedules by the form of the request (schedules.rows).
function behaviour.offers(it, row)
    local checks = { schedules.schedules }
    checks[2] = row.tariffs and schedules.tariff or nil
    checks[#checks + 1] = it:paused() and schedules.joined or nil
    it:repeats('ChargeParameterDiscoveryReq', { within = 'V2G_EVCC_Ongoing_Timeout',
        fields = schedules.requests[row.mode], ends = { EVSEProcessing = 'Finished' },
        response = schedules.responses[row.mode], checks = checks })
    it:expects_nothing 'par_CMN_Transmission_Delay'
end

-- It hears nothing, and ends the connection when its time is over, not before.
function behaviour.times_out(it, row)
    it:expects_end { after = row.after, within = row.within or CLOSES, since = row.since }
end

-- It ignores the message, which has a wrong header.
function behaviour.ignores(it, row)
    it:sends(row.sends, fields_of(row, it), fault_of(row))
    it:expects_nothing(row.within)
end

-- In the charge loop, by that request, it asks the vehicle to pause, and tells what is left of the
-- time for that.
function behaviour.counts_down(it, row)
    it:repeats(row.sends, { within = 'V2G_EVCC_Ongoing_Timeout',
        ends = { ['EVSEStatus.EVSENotification'] = 'Pause' },
        response = { ['EVSEStatus.NotificationMaxDelay'] = expect.any { 60, 0 } } })
    local first = it:found 'EVSEStatus.NotificationMaxDelay'
    local from = Now()
    it:repeats(row.sends, { within = 'V2G_EVCC_Ongoing_Timeout',
        ends = { ['EVSEStatus.NotificationMaxDelay'] = expect.at_most(math.max(0, first - 2)) },
        checks = { {
            text = 'NotificationMaxDelay less by the time gone by',
            find = function(m)
                local delay, due = m.EVSEStatus.NotificationMaxDelay, first - (Now() - from) / 1000
                return math.abs(delay - math.max(0, due)) > 1.5 and ('%d s, %.1f s after %d s'):format(
                    delay, (Now() - from) / 1000, first) or nil
            end,
            negations = { 'set EVSEStatus.NotificationMaxDelay 7' } } } })
end

-- ---- of a vehicle ----

-- What a vehicle that ends charging may still send.
local ENDING <const> = { 'PowerDeliveryReq(Stop)', 'WeldingDetectionReq', 'DC_WeldingDetectionReq',
                         'SessionStopReq' }

local function answer_of(row, it)
    local fields = fields_of(row, it)
    fields.ResponseCode = row.code
    return fields
end

-- It gets a response that it may not go on after, and ends the session.
function behaviour.leaves(it, row)
    it:answers(answer_of(row, it), row.answers)
    local stops = not row.given:find '^SessionStopReq'
    it:expects_end { within = row.within or CLOSES, meanwhile = stops and { 'SessionStopReq' } or nil }
end

-- It gets a response after which it may not charge (any more), and ends charging and the session in
-- order.
function behaviour.ends_charging(it, row)
    it:answers(answer_of(row, it))
    it:expects_end { within = row.within or CLOSES, meanwhile = ENDING }
end

-- It gets no response, or one that is none, and ends the session when its time is over, not before.
function behaviour.gives_up(it, row)
    if fault_of(row) then
        local from = it.from
        it:answers(answer_of(row, it), nil, fault_of(row))
        it.from = from -- its time runs since the request
    end
    it:expects_end { after = row.after, within = row.within or CLOSES }
end

-- It gets a response, and goes on with that request (`expects`, a name or a list of forms), perhaps
-- after others (`meanwhile`). What it says: `request`, by path; `checks`.
function behaviour.goes_on(it, row)
    it:answers(answer_of(row, it))
    if type(row.expects) == 'table' then
        it:expects_any(row.expects, { meanwhile = row.meanwhile, within = row.within })
    else
        it:expects(row.expects, row.request, { meanwhile = row.meanwhile, within = row.within,
                                               checks = row.checks })
    end
end

-- It gets limits in the charge loop, and has one more request to follow them by.
function behaviour.keeps_limits(it, row)
    local limits = row.fields
    it:answers(limits)
    it:expects(row.given)
    it:answers(limits)
    -- with less current the voltage becomes less, too
    local voltage = math.max(1, it.tester.answered.EVSEPresentVoltage:si() * 0.95)
    local power = limits.EVSEMaximumPowerLimit / voltage
    it:expects(row.given, { EVTargetVoltage = expect.at_most(limits.EVSEMaximumVoltageLimit),
        EVTargetCurrent = expect.at_most(math.min(limits.EVSEMaximumCurrentLimit, power)) })
end

-- Its request gets that response again and again, and it ends the session when its time is over,
-- not before.
function behaviour.loses_patience(it, row)
    it:keeps_answering(row.given, { fields = answer_of(row, it), after = row.after,
                                    within = row.within or CLOSES })
end

-- ---- of either ----

-- It refuses or answers in time what is not as it should be, and holds a good session then.
function behaviour.endures(it, row)
    endures.plays(it, row)
end

-- ---- of a pair of devices ----

-- A good session up to here; the rest is not for a test system that plays one of both. No fault of
-- the device: reports count it apart, as `beyond`.
function behaviour.goes_no_further(it, row)
    it.arriving = true
    it:step { kind = 'beyond', expected = row.aim, found = row.beyond, ok = false }
end

return behaviour
