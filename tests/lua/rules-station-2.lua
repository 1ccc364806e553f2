-- SPDX-License-Identifier: Apache-2.0
-- For `v2glab run --virtual-time`: rules of ISO 15118-2 that the ready-made station keeps, by id.

local tester = require 'tester'

local WAITING <const> = 'Ongoing_WaitingForCustomerInteraction'
local FOREIGN <const> = { ['Header.SessionID'] = '0102030405060708' }
local AC <const>, DC <const> = 'AC_EVChargeParameter.', 'DC_EVChargeParameter.'
local INTERNET <const> = { id = 3, name = 'Internet', category = 'Internet', scope = 'a',
                           parameters = { { id = 1, { 'Port', 80 } } } }
local STEPS <const> = { { id = 1, entries = { { start = 0, power = 11000 },
                                              { start = 3600, power = 3000 } } } }

-- 20 entries, the least of which after the 11th is 5000 W
local many = {}
for i = 1, 20 do
    many[i] = { start = (i - 1) * 600, power = i == 15 and 5000 or 10000 }
end

local function code(text)
    return { ResponseCode = '^' .. text .. '$' }
end

local function schedule(m, tuple)
    return m.SAScheduleList.SAScheduleTuple[tuple or 1].PMaxSchedule.PMaxScheduleEntry
end

-- The schedule's last second, told by its last entry.
local function lasts(seconds, tuple)
    return function(m)
        local entries = schedule(m, tuple)
        local last = entries[#entries].RelativeTimeInterval
        assert(last.start + last.duration == seconds, ('it lasts %s s'):format(last.start + last.duration))
    end
end

local function profile(...)
    local entries = {}
    for i, entry in ipairs { ... } do
        entries[i] = { ChargingProfileEntryStart = entry[1], ChargingProfileEntryMaxPower = entry[2] }
    end
    return { ChargingProfile = { ProfileEntry = entries } }
end

local function selected(...)
    local list = {}
    for i, service in ipairs { ... } do
        list[i] = { ServiceID = service[1], ParameterSetID = service[2] }
    end
    return { SelectedServiceList = { SelectedService = list } }
end

local asked = 0 -- when it was, for how long an answer takes

local cases = {}
local function case(row)
    cases[#cases + 1] = row
end

-- ---- setting up ----

case { '[V2G2-190] [V2G2-191] [V2G2-748] [V2G2-756] SessionSetupRes has a new SessionID, EVSEID and time',
    way = 'ac', { 'SessionSetup', nil, { ResponseCode = '^OK_NewSessionEstablished$',
        EVSEID = 'DE*V2G*E0001*1', EVSETimeStamp = function(t) return t >= 1767225600 end,
        ['Header.SessionID'] = function(id) return not tostring(id):match('^0*$') end } } }
case { '[V2G2-754] a SessionID that was not paused gets another one', way = 'ac',
    { 'SessionSetup', FOREIGN, { ResponseCode = '^OK_NewSessionEstablished$',
        ['Header.SessionID'] = function(id) return tostring(id) ~= '0102030405060708' end } } }
for _, id in ipairs { '0102030405060708', '00', '0000000000000000' } do
    case { '[V2G2-388] [V2G2-390] [V2G2-460] SessionID ' .. id .. ' is foreign', way = 'ac',
        after = 'SessionSetup',
        { 'ServiceDiscovery', { ['Header.SessionID'] = id }, code 'FAILED_UnknownSession' } }
end
case { '[V2G2-544] [V2G2-195] [V2G2-196] [V2G2-417] ServiceDiscoveryRes has payment and charge service',
    way = 'ac', after = 'SessionSetup',
    { 'ServiceDiscovery', nil, { ['ChargeService.ServiceCategory'] = 'EVCharging',
        ['PaymentOptionList.PaymentOption'] = function(list)
            return #list == 1 and list[1] == 'ExternalPayment'
        end,
        ['ChargeService.SupportedEnergyTransferMode.EnergyTransferMode'] = function(list)
            return #list == 4
        end } } }
case { '[V2G2-632] [V2G2-634] [V2G2-828] [V2G2-135] [V2G2-465] a contract does not pay without TLS',
    way = 'ac', after = 'ServiceDiscovery',
    { 'PaymentServiceSelection', { SelectedPaymentOption = 'Contract' },
        code 'FAILED_PaymentSelectionInvalid' } }
case { '[V2G2-422] without TLS there are no value-added services', way = 'ac', after = 'SessionSetup',
    station = { services = { INTERNET } },
    { 'ServiceDiscovery', nil, { ServiceList = function(list) return list == nil end } },
    { 'ServiceDetail', { ServiceID = 3 }, code 'FAILED_ServiceIDInvalid' } }
case { '[V2G2-422] [V2G2-410] [V2G2-416] over TLS there are, that for certificates among them',
    way = 'ac', tls = '1.2', after = 'SessionSetup', station = { services = { INTERNET } },
    { 'ServiceDiscovery', nil, { ['ServiceList.Service'] = function(list)
        return #list == 2 and list[1].ServiceID == 2
            and list[1].ServiceCategory == 'ContractCertificate' and list[2].ServiceID == 3
    end } } }
case { '[DRV-2-ServiceScope] a ServiceScope limits the list', way = 'ac', after = 'SessionSetup',
    station = { services_without_tls = true, services = { INTERNET,
        { id = 4, name = 'Other', scope = 'b' } } },
    { 'ServiceDiscovery', { ServiceScope = 'b' }, { ['ServiceList.Service'] = function(list)
        return #list == 1 and list[1].ServiceID == 4
    end } } }
case { '[V2G2-425] [V2G2-464] details of a service that was not offered', way = 'ac',
    after = 'ServiceDiscovery', { 'ServiceDetail', { ServiceID = 9 }, code 'FAILED_ServiceIDInvalid' } }
case { '[V2G2-547] [V2G2-549] [V2G2-548] [V2G2-197] [V2G2-198] [V2G2-199] [V2G2-200] details of a service',
    way = 'ac', after = 'ServiceDiscovery',
    station = { services_without_tls = true, services = { INTERNET } },
    { 'ServiceDetail', { ServiceID = 3 }, { ServiceID = 3,
        ['ServiceParameterList.ParameterSet.1.ParameterSetID'] = 1 } }, { 'PaymentServiceSelection' } }
case { '[V2G2-428] the certificate service installs and updates', way = 'ac', tls = '1.2',
    after = 'ServiceDiscovery', { 'ServiceDetail', { ServiceID = 2 }, {
        ['ServiceParameterList.ParameterSet.1.Parameter.1.stringValue'] = 'Installation',
        ['ServiceParameterList.ParameterSet.2.Parameter.1.stringValue'] = 'Update' } } }
for what, fields in pairs { ['service'] = selected({ 1 }, { 9 }), ['set'] = selected({ 1 }, { 3, 9 }) } do
    case { ('[V2G2-433] [V2G2-467] a %s that was not offered'):format(what), way = 'ac',
        after = 'ServiceDiscovery', station = { services_without_tls = true, services = { INTERNET } },
        { 'PaymentServiceSelection', fields, code 'FAILED_ServiceSelectionInvalid' } }
end
for _, fields in ipairs { selected { 2 }, selected { 9 } } do
    case { '[V2G2-804] no charge service, whatever else is selected', way = 'ac',
        after = 'ServiceDiscovery', { 'PaymentServiceSelection', fields,
            code 'FAILED_NoChargeServiceSelected' } }
end

-- ---- authorization ----

case { '[V2G2-854] [V2G2-687] [V2G2-856] external payment is waited for', way = 'ac',
    after = 'PaymentServiceSelection', station = { ongoing = { Authorization = 2 } },
    { 'Authorization', nil, { EVSEProcessing = WAITING } },
    { 'Authorization', nil, { EVSEProcessing = WAITING } },
    { 'Authorization', nil, { EVSEProcessing = 'Finished' } } }
case { '[V2G2-712] [V2G2-713] what is Ongoing for more than 55 s has failed', way = 'ac',
    after = 'PaymentServiceSelection', station = { ongoing = { Authorization = 1000 } },
    { 'Authorization', nil, { EVSEProcessing = WAITING } }, function() Sleep(54000) end,
    { 'Authorization', nil, { EVSEProcessing = WAITING } }, function() Sleep(2000) end,
    { 'Authorization', nil, code 'FAILED' } }

-- ---- parameters ----

case { '[V2G2-476] a transfer mode that is not offered', way = 'ac', after = 'Authorization',
    { 'ChargeParameterDiscovery', { RequestedEnergyTransferMode = 'DC_unique' },
        code 'FAILED_WrongEnergyTransferMode' } }
case { '[V2G2-477] parameters of the other mode', way = 'ac', after = 'Authorization',
    { 'ChargeParameterDiscovery', { RequestedEnergyTransferMode = 'DC_extended' },
        code 'FAILED_WrongChargeParameter' } }
for _, wrong in ipairs {
    { 'ac', AC .. 'EVMaxCurrent', -16 }, { 'ac', AC .. 'EVMaxVoltage', -400 },
    { 'ac', AC .. 'EVMinCurrent', -6 }, { 'ac', AC .. 'EAmount', -1000 },
    { 'ac', AC .. 'EVMinCurrent', 33 }, { 'dc', DC .. 'EVMaximumCurrentLimit', -1 },
    { 'dc', DC .. 'EVMaximumVoltageLimit', -400 }, { 'dc', DC .. 'EVMaximumPowerLimit', -10 },
    { 'dc', DC .. 'EVEnergyCapacity', -10 }, { 'dc', DC .. 'EVEnergyRequest', -10 },
    { 'dc', DC .. 'EVMaximumVoltageLimit', 100 },
} do
    case { ('[V2G2-477] %s %d'):format(wrong[2]:match('%a+$'), wrong[3]), way = wrong[1],
        after = 'Authorization', { 'ChargeParameterDiscovery', { [wrong[2]] = wrong[3] },
            code 'FAILED_WrongChargeParameter' } }
end
case { '[DRV-2-EnergyMode] AC does not become DC in a renegotiation', way = 'ac', after = 'ChargingStatus',
    { 'Renegotiate' },
    { 'ChargeParameterDiscovery', { RequestedEnergyTransferMode = 'DC_extended',
        AC_EVChargeParameter = tester.none, DC_EVChargeParameter = {
            DC_EVStatus = { EVReady = false, EVErrorCode = 'NO_ERROR', EVRESSSOC = 50 },
            EVMaximumCurrentLimit = 200, EVMaximumVoltageLimit = 450 } },
        code 'FAILED_WrongEnergyTransferMode' } }

-- ---- schedules ----

case { '[V2G2-304] [V2G2-761] without DepartureTime a schedule is for 24 h, from now on', way = 'ac',
    after = 'Authorization', { 'ChargeParameterDiscovery' }, lasts(86400), function(m)
        assert(schedule(m)[1].RelativeTimeInterval.start == 0)
    end }
for mode, path in pairs { ac = AC, dc = DC } do
    for _, seconds in ipairs { 1, 3600, 86400, 200000 } do
        case { ('[V2G2-303] %s: a schedule is as long as DepartureTime %d'):format(mode, seconds),
            way = mode, after = 'Authorization',
            { 'ChargeParameterDiscovery', { [path .. 'DepartureTime'] = seconds } }, lasts(seconds) }
    end
end
case { '[V2G2-303] a DepartureTime beyond all that intervals can say has a schedule as long as they can', way = 'ac',
    after = 'Authorization',
    { 'ChargeParameterDiscovery', { [AC .. 'DepartureTime'] = 4294967295 } }, lasts(16777214) }
case { '[V2G2-303] entries after DepartureTime are left out', way = 'ac', after = 'Authorization',
    station = { schedules = STEPS },
    { 'ChargeParameterDiscovery', { [AC .. 'DepartureTime'] = 3000 } }, lasts(3000), function(m)
        assert(#schedule(m) == 1)
    end }
case { '[V2G2-303] [V2G2-905] a tariff, too', way = 'ac', after = 'Authorization',
    station = { schedules = { { id = 1, entries = STEPS[1].entries, tariff = { levels = 2, entries = {
        { start = 0, level = 1 }, { start = 3600, level = 2 } } } } } },
    { 'ChargeParameterDiscovery', { [AC .. 'DepartureTime'] = 5000 } }, lasts(5000), function(m)
        local list = m.SAScheduleList.SAScheduleTuple[1].SalesTariff.SalesTariffEntry
        assert(#list == 2 and list[2].RelativeTimeInterval.duration == 1400)
        assert(not m.Header.Signature) -- external payment
    end }
case { '[V2G2-310] [V2G2-610] no more entries than MaxEntriesSAScheduleTuple, and no more power',
    way = 'ac', after = 'Authorization', station = { schedules = { { id = 1, entries = many,
        tariff = { levels = 3, entries = { { start = 0, level = 1 }, { start = 600, level = 3 },
                                           { start = 1200, level = 2 } } } },
        { id = 2, entries = STEPS[1].entries }, { id = 3, entries = STEPS[1].entries } } },
    { 'ChargeParameterDiscovery', { MaxEntriesSAScheduleTuple = 12 } }, lasts(86400 + 6600), function(m)
        local entries = schedule(m)
        assert(#entries == 12 and entries[11].PMax:si() == 10000 and entries[12].PMax:si() == 5000)
        assert(#m.SAScheduleList.SAScheduleTuple == 3) -- it is no number of tuples
    end }
case { '[V2G2-310] [V2G2-610] as few as two', way = 'ac', after = 'Authorization',
    station = { schedules = { { id = 1, entries = many, tariff = { levels = 3, entries = {
        { start = 0, level = 1 }, { start = 600, level = 3 }, { start = 1200, level = 2 } } } } } },
    { 'ChargeParameterDiscovery', { MaxEntriesSAScheduleTuple = 2 } }, function(m)
        local tariff = m.SAScheduleList.SAScheduleTuple[1].SalesTariff.SalesTariffEntry
        assert(#schedule(m) == 2 and #tariff == 2 and tariff[2].EPriceLevel == 3)
    end }

for _, id in ipairs { 1, 255 } do
    case { '[V2G2-773] a schedule has the id ' .. id, way = 'ac', after = 'Authorization',
        station = { schedules = { { id = id, entries = STEPS[1].entries } } },
        { 'ChargeParameterDiscovery', nil,
            { ['SAScheduleList.SAScheduleTuple.1.SAScheduleTupleID'] = id } } }
end
for _, id in ipairs { 0, 300 } do
    case { '[V2G2-773] no schedule has the id ' .. id, way = 'ac', after = 'Authorization',
        station = { schedules = { { id = id, entries = STEPS[1].entries } } },
        { 'ChargeParameterDiscovery', nil, code 'FAILED' } }
end

-- ---- charging profiles ----

for what, wrong in pairs {
    ['more than PMax at its start [V2G2-224] [V2G2-478]'] = profile { 0, 12000 },
    ['on across a lower entry'] = profile { 0, 11000 },
    ['on across a lower entry, not the last one'] = profile({ 0, 3000 }, { 1800, 11000 }, { 7200, 0 }),
    ['late [DRV-2-ChargingProfileForm]'] = profile { 600, 3000 },
    ['backward [DRV-2-ChargingProfileForm]'] = profile({ 0, 3000 }, { 5000, 2000 }, { 4000, 1000 }),
    ['beyond the schedule [DRV-2-ChargingProfileForm]'] = profile({ 0, 3000 }, { 90001, 1000 }),
    ['below zero [DRV-2-ChargingProfileForm]'] = profile { 0, -3000 },
} do
    case { '[V2G2-225] [V2G2-293] a profile that goes ' .. what, way = 'ac',
        after = 'ChargeParameterDiscovery', station = { schedules = STEPS },
        { 'Start', wrong, code 'FAILED_ChargingProfileInvalid' } }
end
case { '[V2G2-225] [V2G2-293] one that keeps within the schedule', way = 'ac',
    after = 'ChargeParameterDiscovery', station = { schedules = STEPS },
    { 'Start', profile({ 0, 11000 }, { 3600, 3000 }, { 7200, 0 }) } }
case { '[V2G2-225] [V2G2-293] one that says that nothing is taken once the schedule ends',
    way = 'ac', after = 'ChargeParameterDiscovery', station = { schedules = STEPS },
    { 'Start', profile({ 0, 3000 }, { 90000, 0 }) } }
case { '[V2G2-225] [V2G2-293] one that takes power from when the schedule ends', way = 'ac',
    after = 'ChargeParameterDiscovery', station = { schedules = STEPS },
    { 'Start', profile({ 0, 3000 }, { 90000, 1000 }), code 'FAILED_ChargingProfileInvalid' } }
case { '[DRV-2-ChargingProfileAbsent] none is taken: the element is optional', way = 'ac',
    after = 'ChargeParameterDiscovery', { 'Start' } }
case { '[V2G2-479] a schedule that was not offered', way = 'ac', after = 'ChargeParameterDiscovery',
    { 'Start', { SAScheduleTupleID = 9 }, code 'FAILED_TariffSelectionInvalid' } }
case { '[V2G2-480] a station that cannot deliver', way = 'ac', after = 'ChargeParameterDiscovery',
    station = { answers = { PowerDelivery = 'FAILED_PowerDeliveryNotApplied' } },
    { 'Start', nil, code 'FAILED_PowerDeliveryNotApplied' } }

-- How long PowerDeliveryRes takes.
local function begin()
    asked = Now()
end
local function took(from, to)
    return function()
        local ms = Now() - asked
        assert(ms >= from and ms <= to, ('it took %s ms'):format(ms))
    end
end
for _, ms in ipairs { 0, 1000, 2900 } do
    case { ('[V2G2-860] [V2G2-862] the contactor closes within %d ms, and then there is an answer'):format(ms),
        way = 'ac', after = 'ChargeParameterDiscovery', station = { contactor = ms }, begin,
        { 'Start' }, took(ms, ms + 100), { 'ChargingStatus' } }
end
case { '[V2G2-860] [V2G2-865] one that does not within 3 s has failed, and that is said within 4.5 s',
    way = 'ac', after = 'ChargeParameterDiscovery', station = { contactor = 60000 }, begin,
    { 'Start', nil, code 'FAILED_ContactorError' }, took(3000, 4500) }
case { '[V2G2-860] there is no contactor of the station in DC', way = 'dc', after = 'PreCharge',
    station = { contactor = 60000 }, begin, { 'Start' }, took(0, 100) }

-- ---- the way through the session ----

for _, step in ipairs { 'ServiceDetail', 'PaymentDetails', 'CertificateInstallation',
                        'CertificateUpdate', 'ChargingStatus', 'CurrentDemand', 'MeteringReceipt',
                        'CableCheck', 'PreCharge', 'WeldingDetection', 'Stop', 'Authorization',
                        'ChargeParameterDiscovery' } do
    case { '[V2G2-736] FAILED with all elements: ' .. step, way = 'dc', after = 'SessionSetup',
        { step, nil, code 'FAILED_SequenceError' } }
end

case { '[DRV-2-StopBeforeStart] AC: Stop before Start', way = 'ac', after = 'ChargeParameterDiscovery',
    { 'Stop' }, { 'SessionStop' } }
case { '[DRV-2-StopBeforeStart] AC: Stop after a renegotiated schedule', way = 'ac',
    after = 'ChargingStatus', { 'Renegotiate' }, { 'ChargeParameterDiscovery' }, { 'Stop' },
    { 'SessionStop' } }
case { '[DRV-2-StopBeforeStart] DC: Stop before Start', way = 'dc', after = 'PreCharge', { 'Stop' },
    { 'WeldingDetection' }, { 'SessionStop' } }
case { '[DRV-2-StopBeforeStart] DC: without WeldingDetection', way = 'dc', after = 'PreCharge',
    { 'Stop' }, { 'SessionStop' } }
case { '[V2G2-601] [V2G2-568] [V2G2-913] DC begins anew after WeldingDetection', way = 'dc',
    after = 'WeldingDetection', { 'ChargeParameterDiscovery' }, { 'CableCheck' } }
case { '[V2G2-601] DC begins anew after Stop', way = 'dc', after = 'Stop', { 'ChargeParameterDiscovery' } }
case { '[V2G2-601] AC does not', way = 'ac', after = 'Stop',
    { 'ChargeParameterDiscovery', nil, code 'FAILED_SequenceError' } }
case { '[V2G2-812] Renegotiate before any Start', way = 'ac', after = 'ChargeParameterDiscovery',
    { 'Renegotiate', nil, code 'FAILED' } }
case { '[V2G2-813] [V2G2-841] [V2G2-842] a renegotiation', way = 'ac', after = 'ChargingStatus',
    { 'Renegotiate' }, { 'ChargeParameterDiscovery' }, { 'Start' }, { 'ChargingStatus' } }
case { '[V2G2-565] in DC it has CableCheck again', way = 'dc', after = 'CurrentDemand',
    { 'Renegotiate' }, { 'ChargeParameterDiscovery' },
    { 'PreCharge', nil, code 'FAILED_SequenceError' } }
for mode, loop in pairs { ac = 'ChargingStatus', dc = 'CurrentDemand' } do
    case { ('[DRV-2-SessionStopInLoop] %s: SessionStop in the loop is out of sequence'):format(mode),
        way = mode, after = loop, { 'SessionStop', nil, code 'FAILED_SequenceError' } }
end
for _, step in ipairs { 'SessionSetup', 'Authorization', 'ChargeParameterDiscovery', 'CableCheck',
                        'PreCharge' } do
    case { '[DRV-2-SessionStopEarly] [V2G2-570] SessionStop after ' .. step, way = 'dc', after = step,
        { 'SessionStop' } }
end
case { '[DRV-2-PauseEarly] a pause before charging has stopped', way = 'ac',
    after = 'ChargeParameterDiscovery', { 'SessionStop', { ChargingSession = 'Pause' }, code 'FAILED' } }
case { '[V2G2-706] [V2G2-707] PreCharge of more than 5 s fails nothing', way = 'dc', after = 'PreCharge',
    function() Sleep(30000) end, { 'PreCharge' }, { 'Start' } }
case { '[V2G2-025] after SessionStopRes the vehicle closes: the station waits for it', way = 'ac',
    after = 'SessionStop', function()
        local found, why = Evcc.Receive_Any_001(4000)
        assert(not found and why ~= 'closed', why)
    end }
case { '[DRV-2-WeldingTimer] [V2G2-620] WeldingDetection has no time of its own', way = 'dc',
    after = 'WeldingDetection', function() Sleep(30000) end, { 'WeldingDetection' }, { 'SessionStop' } }
case { '[V2G2-443] [V2G2-536] [V2G2-537] after 60 s without a request the station closes', way = 'ac',
    after = 'SessionSetup', function()
        local from = Now()
        local found, why = Evcc.Receive_Any_001(70000)
        assert(not found and why == 'closed' and math.abs(Now() - from - 60000) < 10)
    end }
case { '[V2G2-029] [V2G2-032] [V2G2-714] [V2G2-716] no SessionSetupReq within 18 s: it closes', way = 'ac',
    function()
        local from = Now()
        local found, why = Evcc.Receive_Any_001(70000)
        assert(not found and why == 'closed' and math.abs(Now() - from - 18000) < 10)
    end }
for _, fault in ipairs { 'Fault', 'Invalid' } do
    case { '[DRV-2-IsolationFault-SECC] isolation ' .. fault, way = 'dc',
        after = 'ChargeParameterDiscovery', station = { isolation = fault, ongoing = { CableCheck = 0 } },
        { 'CableCheck', nil, { ResponseCode = '^FAILED$', EVSEProcessing = 'Finished',
            ['DC_EVSEStatus.EVSEStatusCode'] = 'EVSE_Malfunction',
            ['DC_EVSEStatus.EVSEIsolationStatus'] = fault } } }
end
case { '[V2G2-582] [V2G2-583] [V2G2-585] CableCheck is Ongoing, then Finished and Valid', way = 'dc',
    after = 'ChargeParameterDiscovery', station = { ongoing = { CableCheck = 1 } },
    { 'CableCheck', nil, { EVSEProcessing = 'Ongoing' } },
    { 'CableCheck', nil, { EVSEProcessing = 'Finished',
        ['DC_EVSEStatus.EVSEIsolationStatus'] = 'Valid' } } }
case { '[V2G2-702] [V2G2-703] CableCheck of more than 38 s has failed', way = 'dc',
    after = 'ChargeParameterDiscovery', station = { ongoing = { CableCheck = 1000 } },
    { 'CableCheck' }, function() Sleep(37000) end, { 'CableCheck' }, function() Sleep(2000) end,
    { 'CableCheck', nil, code 'FAILED' } }
case { '[DRV-2-NegativeCurrent] nothing is fed back', way = 'dc', after = 'CurrentDemand',
    { 'CurrentDemand', { EVTargetCurrent = -50 } }, function() Sleep(1000) end,
    { 'CurrentDemand', { EVTargetCurrent = -50 }, { EVSEPresentCurrent = function(value)
        return value:si() == 0
    end } } }
case { '[V2G2-691] with ExternalPayment ReceiptRequired is there, and false', way = 'ac', after = 'Start',
    station = { receipt_every = 1 }, { 'ChargingStatus', nil, { ReceiptRequired = false } } }
case { '[V2G2-902] MeterInfo has the meter and its reading', way = 'ac', after = 'Start',
    { 'ChargingStatus', nil, { ['MeterInfo.MeterID'] = 'METER1', ['MeterInfo.MeterReading'] = 0 } } }

-- ---- receipts ----

local receipts = { receipt_every = 1, receipts_without_contract = true }
local function receipt(fields)
    local all = { MeterInfo = { MeterID = 'METER1', MeterReading = 0 } }
    for path, value in pairs(fields) do
        all[path] = value
    end
    return all
end

-- The request is made when the session has its id.
local function asks_receipt(fields, expected)
    return { 'MeteringReceipt', function(m)
        local all = receipt(fields)
        all.SessionID = all.SessionID or m.Header.SessionID
        return all
    end, expected }
end

for name, row in pairs {
    ['[V2G2-795] [V2G2-796] [V2G2-797] a receipt that is right'] = { {} },
    ['[V2G2-909] a foreign SessionID in a receipt'] = { { SessionID = '0102030405060708' },
        code 'FAILED_UnknownSession' },
    ['[DRV-2-ReceiptTuple] a schedule that is not in force'] = { { SAScheduleTupleID = 9 },
        code 'FAILED_MeteringSignatureNotValid' },
    ['[DRV-2-ReceiptTuple] the schedule that is'] = { { SAScheduleTupleID = 1 } },
    ['[V2G2-904] another reading'] = { { MeterInfo = { MeterID = 'METER1', MeterReading = 7 } },
        code 'FAILED_MeteringSignatureNotValid' },
} do
    case { name, way = 'ac', after = 'ChargingStatus', station = receipts,
        asks_receipt(row[1], row[2]) }
end
case { '[V2G2-795] instead of a receipt that was asked for', way = 'ac', after = 'ChargingStatus',
    station = receipts, { 'ChargingStatus', nil, code 'FAILED_SequenceError' } }

-- ---- after a pause ----

-- Pauses, and joins the session after so many seconds, as far as Authorization.
local function pause(seconds)
    return { 'SessionStop', { ChargingSession = 'Pause' } }, function(m)
        Evcc.Disconnect()
        Sleep(seconds * 1000)
        local joined = tester.connect({ way = 'ac' }, m.Header.SessionID)
        assert(tostring(joined.ResponseCode) == 'OK_OldSessionJoined', joined.ResponseCode)
        assert(joined.Header.SessionID == m.Header.SessionID)
    end
end
local function resumed(name, station, ...)
    local stop, again = pause(100)
    case { name, way = 'ac', after = 'Stop', sessions = 2, station = station, stop, again, ... }
end
resumed('[V2G2-741] [V2G2-739] [V2G2-463] [V2G2-753] a joined session has the payment and transfer it had', {},
    { 'ServiceDiscovery', nil, {
        ['PaymentOptionList.PaymentOption'] = function(list) return #list == 1 end,
        ['ChargeService.SupportedEnergyTransferMode.EnergyTransferMode'] = function(list)
            return #list == 1 and list[1] == 'AC_three_phase_core'
        end } },
    { 'PaymentServiceSelection' }, { 'Authorization' },
    { 'ChargeParameterDiscovery', { RequestedEnergyTransferMode = 'AC_single_phase_core' },
        code 'FAILED_WrongEnergyTransferMode' })
resumed('[V2G2-741] and its schedule, without the time gone by', {},
    { 'ServiceDiscovery' }, { 'PaymentServiceSelection' }, { 'Authorization' },
    { 'ChargeParameterDiscovery' }, lasts(86300), { 'Start' })
resumed('[V2G2-741] and none of the others', { schedules = { STEPS[1], { id = 2, entries = many } } },
    { 'ServiceDiscovery' }, { 'PaymentServiceSelection' }, { 'Authorization' },
    { 'ChargeParameterDiscovery' }, lasts(3500 + 86400), function(m)
        assert(#m.SAScheduleList.SAScheduleTuple == 1 and #schedule(m) == 2)
        assert(schedule(m)[2].RelativeTimeInterval.start == 3500)
    end)

tester.run(cases)
