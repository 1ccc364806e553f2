-- SPDX-License-Identifier: Apache-2.0
-- For `v2glab ev --script`: tries the station's sequence tables row by row. In each state that a
-- session gets to, every request that its row does not have must be answered with the response of
-- its own type and FAILED_SequenceError, and then the connection is closed; every request that the
-- row has must be answered otherwise. Prints the rows, one line each, and at the end "rows N of N".

local evcc = require 'v2g.evcc'
local sequence = require 'v2g.sequence'

local FILES <const> = { ['DIN70121'] = 'v2g.secc_din70121', ['ISO15118-2'] = 'v2g.secc_iso15118_2',
                        ['ISO15118-20'] = 'v2g.secc_iso15118_20' }
-- Rows that need a station of their own, by the word that their run has.
local OWN_RUN <const> = {
    receipts = { 'ReceiptRequired', 'MeteringReceipt' }, refusals = { 'NotAllowed' },
    contract = { 'CertificateInstallationRes', 'Warning', 'ExpiresSoon', 'MeteringConfirmation',
                 '%(Contract%)', '%(Installation%)', '%(Update%)', '%(Certificates%)',
                 'CertificateUpdate', 'PaymentDetails' },
}
-- Parameters of the vehicle that lead to a row.
local WAYS <const> = {
    ['PowerDeliveryRes(Standby)'] = { standby = 1, loops = 9 },
    ['AC_ChargeLoopRes(Standby)'] = { standby = 1, loops = 9 },
    ['DC_ChargeLoopRes(Standby)'] = { standby = 1, loops = 9 },
    ['PowerDeliveryRes(StandbyNotAllowed)'] = { standby = 1, loops = 9 },
    ['PowerDeliveryRes(Ongoing)'] = { values = { PowerDeliveryReq = { EVProcessing = 'Ongoing' } } },
    ['SessionStopRes(ServiceRenegotiation)'] = { renegotiate_services = 1 },
    ['SessionSetupRes(Joined)'] = { pause = 1, pause_ms = 0 },
    ['CertificateInstallationRes(Ongoing)'] = { contract = 'install' },
    ['CertificateInstallationRes(More)'] = { contract = 'install', max_contracts = 2 },
    ['PaymentServiceSelectionRes(Installation)'] = { contract = 'install' },
    ['PaymentServiceSelectionRes(Update)'] = { contract = 'update' },
    ['PaymentServiceSelectionRes(Certificates)'] = { contract = 'update', before = {
        PaymentServiceSelectionReq = function(m)
            m.SelectedServiceList.SelectedService[3] = { ServiceID = 2, ParameterSetID = 1 }
        end } },
    CertificateInstallationRes = { contract = 'install' },
    CertificateUpdateRes = { contract = 'update' },
    ['AuthorizationRes(Warning)'] = { values = { AuthorizationReq = {
        PnC_AReqAuthorizationMode_GenChallenge = ('x'):rep(16) } } },
    ['MeteringConfirmationRes(Standby)'] = { standby = 1, loops = 9 },
}

local only = parameters.about -- "PROTOCOL mode [receipts]"
local protocol, mode, own = only:match('^(%S+) (%S+) ?(%S*)$')

-- ---- where the station is, seen from its responses ----

local asked, standing -- the last request that has cases, as a message; whether it is standby
local processing -- EVProcessing of the last request that has it for itself
local selected -- the PaymentServiceSelectionReq

local cases = {}

function cases.PowerDeliveryRes(m)
    if protocol == 'DIN70121' then
        return asked.ReadyToChargeState and 'Start' or 'Stop'
    end
    local code = tostring(m.ResponseCode)
    local case = asked.ChargeProgress
    standing = case == 'Standby' and code == 'OK'
    if code == 'WARNING_StandbyNotAllowed' then
        return 'StandbyNotAllowed'
    end
    local ongoing = protocol == 'ISO15118-20' and asked.EVProcessing == 'Ongoing'
    return ongoing and 'Ongoing' or case
end

function cases.PaymentServiceSelectionRes()
    local sets = {}
    for _, service in ipairs(selected.SelectedServiceList.SelectedService) do
        sets[service.ServiceID == 2 and service.ParameterSetID or 0] = true
    end
    return sets[1] and sets[2] and 'Certificates' or sets[1] and 'Installation'
        or sets[2] and 'Update' or tostring(selected.SelectedPaymentOption)
end

function cases.SessionStopRes()
    return protocol == 'ISO15118-20' and asked.ChargingSession == 'ServiceRenegotiation'
        and 'ServiceRenegotiation' or nil
end

function cases.SessionSetupRes(m)
    return protocol == 'ISO15118-20' and tostring(m.ResponseCode) == 'OK_OldSessionJoined'
        and 'Joined' or nil
end

function cases.DC_PreChargeRes()
    return asked.EVProcessing
end

cases.DC_WeldingDetectionRes = cases.DC_PreChargeRes

function cases.AC_ChargeParameterDiscoveryRes()
    return mode == 'ac-der' and processing == 'Ongoing' and 'Ongoing' or nil
end

function cases.DC_ChargeLoopRes()
    return standing and 'Standby' or nil
end

cases.AC_ChargeLoopRes = cases.DC_ChargeLoopRes

function cases.ScheduleExchangeRes(m)
    local renegotiates = asked and asked:name() == 'PowerDeliveryReq'
        and asked.ChargeProgress == 'ScheduleRenegotiation'
    return renegotiates and m.EVSEProcessing == 'Finished' and 'Renegotiated' or m.EVSEProcessing
end

function cases.AuthorizationRes(m)
    local code = tostring(m.ResponseCode)
    return code:find('^WARNING') and 'Warning' or code == 'OK_CertificateExpiresSoon'
        and 'ExpiresSoon' or m.EVSEProcessing:gsub('_.*', '')
end

function cases.CertificateInstallationRes(m)
    return protocol == 'ISO15118-20' and (m.EVSEProcessing == 'Ongoing' and 'Ongoing'
        or m.RemainingContractCertificateChains > 0 and 'More') or nil
end

cases.MeteringConfirmationRes = cases.DC_ChargeLoopRes

-- What may come after these depends on what their request said.
function cases.DC_PreChargeRes()
    return processing
end

cases.DC_WeldingDetectionRes = cases.DC_PreChargeRes

local function state_after(m)
    local name, case = m:name(), nil
    local has, station_processing = pcall(function() return m.EVSEProcessing end)
    local asks, receipt = pcall(function() return m.ReceiptRequired end)
    if cases[name] then
        case = cases[name](m)
    elseif has and station_processing and not name:find('DC_ChargeP') then
        case = station_processing:gsub('_.*', '') -- of any kind
    end
    if asks and receipt then
        case = 'ReceiptRequired'
    end
    return case and ('%s(%s)'):format(name, case) or name
end

local TOLD_APART <const> = { PowerDeliveryReq = true, SessionStopReq = true, DC_PreChargeReq = true,
                             DC_WeldingDetectionReq = true }

local function note_request(m)
    if TOLD_APART[m:name()] then
        asked = m
    elseif m:name() == 'PaymentServiceSelectionReq' then
        selected = m
    end
    if m:name() == 'AC_ChargeParameterDiscoveryReq' and mode == 'ac-der' then
        processing = m.DER_AC_CPDReqEnergyTransferMode.EVProcessing
    elseif m:name() == 'DC_PreChargeReq' or m:name() == 'DC_WeldingDetectionReq' then
        processing = m.EVProcessing
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
    local self = evcc.new(Evcc, { protocol = protocol, mode = mode, time_scale = '1000000',
                            tls = parameters.tls })
    self.battery.capacity = 3e7 -- not full, however fast time goes
    local reached, found, code = state == 'supportedAppProtocolRes', nil, nil
    asked, standing = nil, nil
    for key, value in pairs { loops = 2, renegotiate = 1, on_failed = 'close', details = true,
                              services_without_tls = true,
                              values = { PowerDeliveryReq = { EVProcessing = 'Finished' } },
                              payment = own == 'contract' and 'Contract' or 'ExternalPayment',
                              contract_without_tls = true, fall_back_after_warning = true } do
        self.p[key] = value
    end
    for key, value in pairs(WAYS[state] or {}) do
        self.p[key] = value
    end
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
        self:leave('gone', true, '')
        return nil
    end
    if state == 'SessionStopRes' then
        self.p.gaps['SessionStop>Close'] = nil
    end
    local outcome, ok, why
    repeat
        outcome, ok, why = evcc.attempt(self)
    until outcome ~= 'resume' or found
    if reached and not found and state == 'SessionStopRes' then
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
    local words = protocol == 'DIN70121' and { 'Start', 'Stop' }
        or protocol == 'ISO15118-2' and { 'Start', 'Stop', 'Renegotiate' }
        or { 'Start', 'Stop', 'Standby', 'ScheduleRenegotiation' }
    for _, case in ipairs(words) do
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

local function has_word(row, words)
    for _, word in ipairs(words) do
        if row[1]:find(word) then
            return true
        end
    end
    return false
end

-- Whether this run tries the row.
local function is_wanted(row)
    if own ~= '' then
        return has_word(row, OWN_RUN[own])
    end
    for _, words in pairs(OWN_RUN) do
        if has_word(row, words) then
            return false
        end
    end
    return true
end

local rows, reached = 0, 0
for _, row in ipairs(sequence.secc[protocol][mode]) do
    if is_wanted(row) then
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
assert(reached == rows and rows > 0)
Pass()
