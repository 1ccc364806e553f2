-- SPDX-License-Identifier: Apache-2.0
-- Looks at what a device offers: protocols, TLS versions, payment, services, energy transfer modes,
-- schedules. What it sees goes, half filled in, into the file of the device (device.lua).

local device = require 'test.device'
local station = require 'test.station'
local vehicle = require 'test.vehicle'

local probe = {}

-- Which messages say what, at which path; lists are read as a whole.
local SAYS <const> = {
    { 'payment', 'ServiceDiscoveryRes', 'PaymentOptionList.PaymentOption' },
    { 'payment', 'ServiceDiscoveryRes', 'PaymentOptions.PaymentOption' },
    { 'payment', 'AuthorizationSetupRes', 'AuthorizationServices' },
    { 'modes', 'ServiceDiscoveryRes', 'ChargeService.SupportedEnergyTransferMode.EnergyTransferMode' },
    { 'modes', 'ServiceDiscoveryRes', 'ChargeService.EnergyTransferType' },
    { 'services', 'ServiceDiscoveryRes', 'ServiceList.Service', 'ServiceName' },
    { 'service ids', 'ServiceDiscoveryRes', 'ServiceList.Service', 'ServiceID' },
    { 'energy services', 'ServiceDiscoveryRes', 'EnergyTransferServiceList.Service', 'ServiceID' },
    { 'schedules', 'ChargeParameterDiscoveryRes', 'SAScheduleList.SAScheduleTuple', 'SAScheduleTupleID' },
    { 'schedules', 'ScheduleExchangeRes', 'Scheduled_SEResControlMode.ScheduleTuple', 'ScheduleTupleID' },
    { 'tariffs', 'ChargeParameterDiscoveryRes', 'SAScheduleList.SAScheduleTuple',
      'SalesTariff.SalesTariffID' },
    { 'modes', 'ChargeParameterDiscoveryReq', 'RequestedEnergyTransferMode' },
    { 'modes', 'ChargeParameterDiscoveryReq', 'EVRequestedEnergyTransferType' },
    { 'departure', 'ChargeParameterDiscoveryReq', 'DC_EVChargeParameter.DepartureTime' },
    { 'departure', 'ChargeParameterDiscoveryReq', 'AC_EVChargeParameter.DepartureTime' },
    { 'max entries', 'ChargeParameterDiscoveryReq', 'MaxEntriesSAScheduleTuple' },
    { 'selected payment', 'PaymentServiceSelectionReq', 'SelectedPaymentOption' },
    { 'selected payment', 'ServicePaymentSelectionReq', 'SelectedPaymentOption' },
    { 'selected payment', 'AuthorizationReq', 'SelectedAuthorizationService' },
    { 'EVCCID', 'SessionSetupReq', 'EVCCID' },
    { 'EVSEID', 'SessionSetupRes', 'EVSEID' },
}

-- ---- reading ----

local function at(m, path)
    for part in path:gmatch '[^.]+' do
        local good, value = pcall(function() return m[part] end)
        if not good or value == nil then
            return nil
        end
        m = value
    end
    return m
end

-- The values there, as a list of texts.
local function values(m, path, inner)
    local value, list = at(m, path), {}
    if value == nil then
        return list
    end
    local is_list = type(value) == 'userdata' and pcall(function() return #value end)
    for i = 1, is_list and #value or 1 do
        local one = is_list and value[i] or value
        one = inner and at(one, inner) or not inner and one or nil
        list[#list + 1] = one ~= nil and tostring(one) or nil
    end
    return list
end

-- Adds what the newest messages of the role say.
local function look(found, protocol, role)
    local seen = found.seen[protocol] or {}
    found.seen[protocol] = seen
    for _, row in ipairs(SAYS) do
        local good, m = pcall(role.Received, row[2])
        local list = good and m and values(m, row[3], row[4]) or {}
        if #list > 0 then
            seen[row[1]] = table.concat(list, ' ')
        end
    end
    return seen
end

-- ---- a station ----

local TLS <const> = { 'off', '1.2', '1.3' }
local PROTOCOLS <const> = { 'DIN70121', 'ISO15118-2', 'ISO15118-20' }

-- How far the rows of a session are gone, each in the hope of the next.
local ROWS <const> = {
    ['DIN70121'] = { 'ServiceDiscoveryRes', 'ChargeParameterDiscoveryRes' },
    ['ISO15118-2'] = { 'ServiceDiscoveryRes', 'ChargeParameterDiscoveryRes' },
    ['ISO15118-20'] = { 'AuthorizationSetupRes', 'ServiceDiscoveryRes', 'ScheduleExchangeRes' },
}

local function stop(t)
    local good, m = pcall(t.message, t, 'SessionStopReq')
    if good and t.role.State() == 'ready' then
        m:send()
        t.role.Receive_Any_001(2000)
    end
    t.role.Disconnect()
end

-- One session for each row: what the one before has not come to may still be had.
local function visit(found, protocol, tls, mode)
    local reached, why = nil, nil
    for _, row in ipairs(ROWS[protocol]) do
        local t = vehicle.new(Evcc, { protocol = protocol, mode = mode, tls = tls })
        local missing
        why, missing = t:reach(row)
        if not why or t.id and t.id ~= '' then
            look(found, protocol, Evcc)
        end
        local many = t.ev.counts and (t.ev.counts.Authorization or 0) > 1
        found.ongoing = found.ongoing or many
        stop(t)
        if why or missing then
            break
        end
        reached = row
    end
    return reached, why
end

local function tls_versions(found)
    for _, version in ipairs(TLS) do
        local open, why = Evcc.Connect { manual = true, tls = version, may_fail = true }
        if open then
            found.tls[#found.tls + 1] = version
        end
        found.why[version] = why
        Evcc.Disconnect()
        Sleep(200)
    end
end

local function has(list, what)
    for _, one in ipairs(list) do
        if one == what then
            return true
        end
    end
    return false
end

function probe.of_station(given)
    local found = { seen = {}, tls = {}, why = {}, protocols = {} }
    tls_versions(found)
    for _, protocol in ipairs(#found.tls > 0 and PROTOCOLS or {}) do
        local tls = protocol == 'ISO15118-20' and has(found.tls, '1.3') and '1.3'
            or has(found.tls, 'off') and 'off' or '1.2'
        local mode = given.mode or 'dc'
        local reached, why = visit(found, protocol, tls, mode)
        if reached then
            found.protocols[#found.protocols + 1] = protocol
        end
        found.why[protocol] = why and ('%s: %s'):format(reached or 'no session', why)
    end
    return found
end

-- ---- a vehicle ----

function probe.of_vehicle()
    local found = { seen = {}, tls = {}, why = {}, protocols = {} }
    local t = station.new(Secc, { tls = 'auto' })
    Secc.Filter { on = 'supportedAppProtocolReq', direction = 'in', fault = function(m)
        found.protocols = values(m, 'AppProtocol', 'ProtocolNamespace')
    end }
    local why = t:reach 'ChargeParameterDiscoveryReq'
    found.tls[1] = Secc.Get_Tls_Version() or 'off'
    look(found, t.protocol or Secc.Protocol or '?', Secc)
    found.why.session = why
    Secc.Disconnect()
    return found
end

-- ---- what it means ----

-- Claims by what was seen.
local function claims_of(sut, found)
    local claims = {}
    local function claim(name, value)
        claims[(name:gsub('SUT', sut))] = value
    end
    local all = {}
    for _, seen in pairs(found.seen) do
        for key, text in pairs(seen) do
            all[key] = (all[key] and all[key] .. ' ' or '') .. text
        end
    end
    local modes = all.modes or ''
    if modes ~= '' then
        local is_dc = modes:find 'DC_' ~= nil
        claim('PICS_CMN_CMN_ChargingMode', is_dc and 'dC' or 'aC')
        claim('PICS_CMN_CMN_EnergyTransferModeAC', modes:match '%f[%w]AC_[%w_]+')
        claim('PICS_CMN_CMN_EnergyTransferModeDC', modes:match '%f[%w]DC_[%w_]+')
    end
    local payment = all['selected payment'] or all.payment
    if payment then
        local by_contract = payment:find 'Contract' or payment:find 'PnC'
        local outside = payment:find 'External' or payment:find 'EIM'
        claim('PICS_CMN_CMN_IdentificationMode', outside and 'eIM' or by_contract and 'pnC' or nil)
        claim('PIXIT_SUT_CMN_PaymentOption', outside and 'externalPayment' or 'contract')
    end
    if next(found.seen) then
        claim('PIXIT_SUT_CMN_VAS', all.services and 'serviceDetail' or 'none_')
        claim('PIXIT_SUT_CMN_SalesTariff', all.tariffs and 'salesTariff' or 'unknown')
        claim('PIXIT_SUT_CMN_AuthorizationOngoing', found.ongoing and 'ongoing' or 'unknown')
        if sut == 'EVCC' then
            claim('PICS_SUT_CMN_DepartureTime', all.departure ~= nil)
            claim('PICS_SUT_CMN_MaxEntriesSAScheduleTuple', all['max entries'] ~= nil)
        end
    end
    claim('PIXIT_SUT_CMN_TLS', has(found.tls, '1.2') or has(found.tls, '1.3'))
    return claims
end

local function line(label, list)
    return ('%-12s %s'):format(label, #list > 0 and table.concat(list, ', ') or 'none')
end

-- The same in words, a line each.
local function in_words(found)
    local lines = { line('TLS', found.tls), line('protocols', found.protocols) }
    local names = {}
    for name in pairs(found.seen) do
        names[#names + 1] = name
    end
    table.sort(names)
    for _, name in ipairs(names) do
        local keys = {}
        for key in pairs(found.seen[name]) do
            keys[#keys + 1] = key
        end
        table.sort(keys)
        for _, key in ipairs(keys) do
            lines[#lines + 1] = ('%-12s %s: %s'):format(name, key, found.seen[name][key])
        end
    end
    local whys = {}
    for what, why in pairs(found.why) do
        whys[#whys + 1] = ('%-12s %s'):format(what, why)
    end
    table.sort(whys)
    table.move(whys, 1, #whys, #lines + 1, lines)
    return lines
end

-- The part: given { sut =, mode = }. { lines = what was seen, text = of the file, nothing = nobody
-- was there }
function probe.play(given)
    local sut = given.sut or 'SECC'
    local found = sut == 'SECC' and probe.of_station(given) or probe.of_vehicle()
    local nothing = #found.tls == 0 or sut == 'EVCC' and #found.protocols == 0
    Answer { lines = in_words(found), text = device.template(sut, claims_of(sut, found)),
             nothing = nothing }
end

-- The device of our own that is looked at in the lab.
function probe.device(given)
    if given.sut == 'EVCC' then
        Evcc.Charge { mode = given.mode or 'dc', loops = 3 }
    else
        Secc.Serve {}
    end
end

-- A file with nothing seen: given { sut = }.
function probe.template(given)
    Answer { text = device.template(given.sut or 'SECC') }
end

return probe
