-- SPDX-License-Identifier: Apache-2.0
-- For `v2glab ev --script`: tries the station's sequence tables row by row. In each state that a
-- session gets to, every request that its row does not have must be answered with the response of its
-- own type and FAILED_SequenceError, and then the connection is closed; every request that the row
-- has must be answered otherwise. Prints the rows, one line each, and at the end "rows N of N".

local common = require 'v2g.common'
local evcc = require 'v2g.evcc'
local sequence = require 'v2g.sequence'

local FILES <const> = { ['DIN70121'] = 'v2g.secc_din70121', ['ISO15118-2'] = 'v2g.secc_iso15118_2',
                        ['ISO15118-20'] = 'v2g.secc_iso15118_20' }
-- Rows that need a contract, or what the station does not offer.
local NOT_HERE <const> = { ['PaymentServiceSelectionRes(Contract)'] = true,
                           CertificateInstallationRes = true, CertificateUpdateRes = true,
                           PaymentDetailsRes = true, MeteringConfirmationRes = true,
                           ['SessionStopRes(ServiceRenegotiation)'] = true,
                           ['SessionSetupRes(Joined)'] = true,
                           ['PowerDeliveryRes(Standby)'] = true,
                           ['PowerDeliveryRes(Ongoing)'] = true }

local only = parameters.about -- "PROTOCOL mode [receipts]"
local protocol, mode, receipts = only:match('^(%S+) (%S+) ?(%S*)$')

-- ---- where the station is, seen from its responses ----

local last_request
local function state_after(m)
    local name = m:name()
    if name:find('^PowerDelivery') then
        return ('%s(%s)'):format(name, last_request)
    end
    if name == 'PaymentServiceSelectionRes' then
        return name .. '(ExternalPayment)'
    end
    local has = pcall(function() return m.EVSEProcessing end)
    if has and not name:find('DC_ChargeP') and m.EVSEProcessing then
        local word = m.EVSEProcessing
        if name == 'ScheduleExchangeRes' and last_request == 'ScheduleRenegotiation'
            and word == 'Finished' then
            word = 'Renegotiated'
        end
        return ('%s(%s)'):format(name, word)
    end
    local asks = pcall(function() return m.ReceiptRequired end)
    if asks and m.ReceiptRequired then
        return name .. '(ReceiptRequired)'
    end
    return name
end

local function note_request(m)
    if m:name() ~= 'PowerDeliveryReq' then
        return
    end
    if protocol == 'DIN70121' then
        last_request = m.ReadyToChargeState and 'Start' or 'Stop'
    else
        last_request = m.ChargeProgress
    end
end

-- ---- one session that goes to a state and tries one request there ----

local function request(text)
    local name, case = text:match('^(%w+_?%w*)%(?(%w*)')
    local m = Evcc.Message(name)
    if case ~= '' and protocol == 'DIN70121' then
        m.ReadyToChargeState = case == 'Start'
    elseif case ~= '' then
        m.ChargeProgress = case
    end
    return m, name
end

-- The response's name and code; nil where the state was not reached.
local function try(state, text)
    local p = parameters
    local self = evcc.new { protocol = protocol, mode = mode, time_scale = '1000000' }
    local reached, found, code, closed = state == 'supportedAppProtocolRes', nil, nil, nil
    last_request = nil
    for key, value in pairs { loops = 2, renegotiate = 1, on_failed = 'close', details = true } do
        self.p[key] = value
    end
    _G.parameters = p
    self.p.on.receive = function(m)
        reached = reached or state_after(m) == state
    end
    self.p.before.send = function(m)
        if not reached then
            note_request(m)
            return nil
        end
        local wrong = request(text)
        wrong:send()
        found = Evcc.Receive_Any_001(2000)
        code = found and Evcc['Get_' .. found .. '_ResponseCode']()
        Evcc.Disconnect()
        closed = true
        self:leave('gone', true, '')
        return nil
    end
    if state == 'SessionStopRes' then
        self.p.gaps['SessionStop>Close'] = nil
        local close = self.p.close
        self.p.close = close
    end
    local _, ok, why = evcc.attempt(self)
    if reached and not closed and state == 'SessionStopRes' then
        return 'closed'
    end
    assert(reached or ok, why)
    return found, code
end

local function all_requests()
    local list = {}
    for name in pairs(require(FILES[protocol]).answers) do
        if not name:find('^ACDP') and not name:find('^WPT') then
            if name ~= 'PowerDeliveryReq' then
                list[#list + 1] = name
            end
        end
    end
    local cases = protocol == 'DIN70121' and { 'Start', 'Stop' }
        or protocol == 'ISO15118-2' and { 'Start', 'Stop', 'Renegotiate' }
        or { 'Start', 'Stop', 'Standby', 'ScheduleRenegotiation' }
    for _, case in ipairs(cases) do
        list[#list + 1] = ('PowerDeliveryReq(%s)'):format(case)
    end
    table.sort(list)
    return list
end

local function check_row(row)
    local state, tried = row[1], 0
    local allowed = sequence.allowed(protocol, mode)[state]
    for _, text in ipairs(all_requests()) do
        local found, code = try(state, text)
        if not found then
            return nil
        end
        if found == 'closed' then
            return 1
        end
        local response = text:gsub('%(.*', ''):gsub('Req$', 'Res')
        local refused = code == 'FAILED_SequenceError'
        assert(found == response, ('after %s, %s: expected %s, found %s'):format(state, text,
            response, found))
        assert(refused == not allowed[text], ('after %s, %s: found %s'):format(state, text, code))
        tried = tried + 1
    end
    return tried
end

local rows, reached = 0, 0
for _, row in ipairs(sequence.secc[protocol][mode]) do
    local wanted = receipts == '' or row[1]:find('Receipt')
    if receipts == '' and row[1]:find('Receipt') then
        wanted = false
    end
    if wanted and not NOT_HERE[row[1]] then
        rows = rows + 1
        local tried = check_row(row)
        if tried then
            reached = reached + 1
        end
        Log(('%s %s after %s: %s [%s]'):format(protocol, mode, row[1],
            tried and tried .. ' requests tried' or 'NOT REACHED', row[3]))
    end
end
Log(('%s %s rows %d of %d'):format(protocol, mode, reached, rows))
common.forget_hooks()
assert(reached == rows and rows > 0)
Pass()
