-- SPDX-License-Identifier: Apache-2.0
-- What a vehicle has to want so that its way (sequence.evcc) leads past a row of the sequence
-- tables: `given` of a case is a response with the words that tell it apart, and the rows it
-- comes by: 'PaymentServiceSelectionRes(Contract)', 'PaymentDetailsRes after CertificateUpdateRes'.

local sequence = require 'v2g.sequence'
local steps = require 'v2g.steps'

local way = {}

-- Outcomes of steps that are not the usual one (sequence.evcc has them under `on`), and the
-- parameters of the vehicle (v2g/parameters.lua) that bring them about.
local OUTCOMES <const> = {
    renegotiate = { renegotiate = 2 }, standby = { standby = 2 },
    resume = { pause = 1 }, joined = { pause = 1 },
    services = { renegotiate_services = 2 },
}

-- Steps that a vehicle leaves out unless it wants them.
local WANTED <const> = {
    ServiceDetail = { details = true },
    CertificateInstallation = { payment = 'Contract', contract = 'install' },
    CertificateUpdate = { payment = 'Contract', contract = 'update' },
    PaymentDetails = { payment = 'Contract' },
}

-- Words of a row, likewise.
local WORDS <const> = {
    Contract = { payment = 'Contract' }, Pause = { pause = 1 }, Joined = { pause = 1 },
    Renegotiate = { renegotiate = 2 }, ScheduleRenegotiation = { renegotiate = 2 },
    ServiceRenegotiation = { renegotiate_services = 2 }, Standby = { standby = 2 },
    Installation = { payment = 'Contract', contract = 'install' },
    Update = { payment = 'Contract', contract = 'update' },
}

-- Where a case can begin before there is a protocol: nothing was sent yet; SDP, TCP and TLS are
-- through.
way.BEFORE = { link = true, connected = true }

-- Whether a case begins with the matching (test/matching.lua), before there is IP.
function way.is_matching(given)
    return given:find '^CM_' ~= nil or given == 'plugged' or given == 'linked'
end

-- 'PowerDeliveryRes(Stop)' -> 'PowerDeliveryRes', 'Stop'
function way.row(text)
    local name, word = text:match('^([%w_]+)%((%w+)%)$')
    return name or text, word
end

-- The rows of a `given`, in the order in which they are passed: the last is where the case begins.
function way.rows(given)
    local rows = {}
    for text in (given .. ' after '):gmatch('(.-) after ') do
        table.insert(rows, 1, text)
    end
    return rows
end

-- The message of the row that a `given` leads to.
function way.last(given)
    local rows = way.rows(given)
    return (way.row(rows[#rows]))
end

local function lay(onto, more)
    for key, value in pairs(more or {}) do
        onto[key] = value
    end
end

-- Steps from the first on to each step of the way, and the outcomes on it: a search in breadth.
local function paths(protocol, mode)
    local rows = sequence.evcc[protocol][mode]
    local found, queue = { [rows[1][1]] = {} }, { 1 }
    while #queue > 0 do
        local i = table.remove(queue, 1)
        local row = rows[i]
        local function reach(step, outcome)
            if found[step] or step == 'Connect' then
                return
            end
            found[step] = { from = row[1], outcome = outcome }
            queue[#queue + 1] = sequence.index(rows, step)
        end
        for outcome, step in pairs(row.on or {}) do
            if OUTCOMES[outcome] then
                reach(step, outcome)
            end
        end
        if row.to then
            reach(row.to)
        elseif rows[i + 1] then
            reach(rows[i + 1][1])
        end
    end
    return found
end

-- 'PowerDeliveryRes', 'Start' -> 'PowerDeliveryStart'; a receipt is part of the charge loop
local function step_of(message, word, mode)
    local step = steps.of(message)
    if step == 'MeteringReceipt' then
        return mode == 'ac' and 'ChargingStatus' or 'CurrentDemand'
    end
    if step ~= 'PowerDelivery' then
        return step
    end
    local name = { ScheduleRenegotiation = 'Renegotiate', StandbyNotAllowed = 'Standby',
                   Ongoing = 'Start' }
    return step .. (name[word] or word or 'Start')
end

-- The parameters of a vehicle that comes to `given`; nil, and why: there is no way to it.
function way.parameters(protocol, mode, given)
    local p = {}
    for _, text in ipairs(way.rows(given)) do
        local message, word = way.row(text)
        local step = step_of(message, word, mode)
        local found = paths(protocol, mode)
        if message ~= 'supportedAppProtocolRes' and not found[step] then
            return nil, ('%s is no step of %s in %s'):format(text, protocol, mode:upper())
        end
        lay(p, WANTED[step])
        lay(p, WORDS[word])
        local at = found[step]
        while at and at.from do
            lay(p, OUTCOMES[at.outcome])
            at = found[at.from]
        end
    end
    return p
end

-- Elements that say a word of a row.
local SAYS <const> = { 'EVSEProcessing', 'ChargeProgress', 'ChargingSession', 'SelectedPaymentOption',
                       'EVProcessing' }

-- The value of an element; nil also where that message has none of that name.
function way.element(m, name)
    local good, value = pcall(function() return m[name] end)
    return good and value or nil
end

-- Whether a request or a response says that word of a row: 'Start', 'Ongoing', 'Joined'.
function way.says(m, word)
    for _, name in ipairs(SAYS) do
        if way.element(m, name) == word then
            return true
        end
    end
    if word == 'Start' or word == 'Stop' then -- in DIN 70121
        local good, ready = pcall(function() return m.ReadyToChargeState end)
        return good and ready == (word == 'Start')
    end
    if word == 'ReceiptRequired' then
        return way.element(m, word) == true
    end
    return word == 'Joined' and way.element(m, 'ResponseCode') == 'OK_OldSessionJoined'
end

-- 'PowerDeliveryReq(Stop)', as the sequence tables have it; nil: they know no forms of it.
function way.form(m)
    if m:name() ~= 'PowerDeliveryReq' then
        return nil
    end
    local progress = way.element(m, 'ChargeProgress') or way.says(m, 'Start') and 'Start' or 'Stop'
    return ('%s(%s)'):format(m:name(), progress)
end

return way
