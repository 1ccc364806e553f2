-- SPDX-License-Identifier: Apache-2.0
-- For `v2glab run --virtual-time`: rules of DIN 70121 that the ready-made station keeps, by id.

local tester = require 'tester'

local DC <const> = 'DC_EVChargeParameter.'

local function code(text)
    return { ResponseCode = '^' .. text .. '$' }
end

local function profile(tuple, ...)
    local entries = {}
    for i, entry in ipairs { ... } do
        entries[i] = { ChargingProfileEntryStart = entry[1], ChargingProfileEntryMaxPower = entry[2] }
    end
    return { ChargingProfile = { SAScheduleTupleID = tuple, ProfileEntry = entries } }
end

-- The station closes so many milliseconds from now, when nothing comes.
local function closes_after(ms)
    return function()
        local from = Now()
        local found, why = Evcc.Receive_Any_001(100000)
        assert(not found and why == 'closed', found or why)
        assert(math.abs(Now() - from - ms) < 20, ('closed after %.0f ms'):format(Now() - from))
    end
end

local cases = {}
local function case(row)
    row.way = 'din'
    cases[#cases + 1] = row
end

-- ---- setting up ----

local function is_fresh(id)
    return not tostring(id):match('^0*$') and tostring(id) ~= '0102030405060708'
end
case { '[V2G-DC-241] [V2G-DC-393] [V2G-DC-872] each session is a new one',
    { 'SessionSetup', { ['Header.SessionID'] = '0102030405060708' },
        { ResponseCode = '^OK_NewSessionEstablished$', ['Header.SessionID'] = is_fresh } } }
for id, octets in pairs { ['49*89*6360'] = '49A89A6360', ['49*8*6360'] = '49A8A6360',
                          ['49*1*2'] = '49A1A2', ['DE*V2G*E0001*1'] = '00' } do
    local padded = (#octets % 2 == 1 and '0' or '') .. octets
    case { ('[V2G-DC-620] [V2G-DC-621] [V2G-DC-876] EVSEID %s is %s'):format(id, padded),
        station = { evse_id = id }, { 'SessionSetup', nil, { EVSEID = function(value)
            return value:gsub('.', function(o) return ('%02X'):format(o:byte()) end) == padded
                or tostring(value) == padded
        end } } }
end
case { '[V2G-DC-391] a foreign SessionID', after = 'SessionSetup',
    { 'ServiceDiscovery', { ['Header.SessionID'] = '0102030405060708' }, code 'FAILED_UnknownSession' } }
case { '[V2G-DC-252] [V2G-DC-628] [V2G-DC-629] the charge service, without a name, for ExternalPayment',
    after = 'SessionSetup', { 'ServiceDiscovery', nil, {
        ['ChargeService.ServiceTag.ServiceCategory'] = 'EVCharging',
        ['ChargeService.ServiceTag.ServiceName'] = function(name) return name == nil end,
        ['ChargeService.ServiceTag.ServiceScope'] = function(scope) return scope == nil end,
        ['PaymentOptions.PaymentOption'] = function(list)
            return #list == 1 and list[1] == 'ExternalPayment'
        end } } }
case { '[V2G-DC-395] no payment by contract', after = 'ServiceDiscovery',
    { 'ServicePaymentSelection', { SelectedPaymentOption = 'Contract' },
        code 'FAILED_PaymentSelectionInvalid' } }
for what, services in pairs { ['two'] = { { ServiceID = 1 }, { ServiceID = 1 } },
                              ['another one'] = { { ServiceID = 2 } },
                              ['another one, too'] = { { ServiceID = 1 }, { ServiceID = 2 } } } do
    case { '[V2G-DC-396] [V2G-DC-635] the charge service, and not ' .. what, after = 'ServiceDiscovery',
        { 'ServicePaymentSelection', { SelectedServiceList = { SelectedService = services } },
            code 'FAILED_ServiceSelectionInvalid' } }
end

-- ---- parameters ----

for transfer, good in pairs { DC_core = true, DC_extended = true, DC_combo_core = false,
                              DC_unique = false, AC_single_phase_core = false } do
    case { ('[V2G-DC-397] %s is %s'):format(transfer, good and 'taken' or 'refused'),
        after = 'ContractAuthentication',
        { 'ChargeParameterDiscovery', { EVRequestedEnergyTransferType = transfer },
            code(good and 'OK' or 'FAILED_WrongEnergyTransferType') } }
end
for element, value in pairs { EVMaximumPowerLimit = -100, EVMaximumCurrentLimit = -1,
                              EVMaximumVoltageLimit = -1, EVEnergyRequest = -1, EVEnergyCapacity = -1 } do
    case { ('[V2G-DC-398] %s %d'):format(element, value), after = 'ContractAuthentication',
        { 'ChargeParameterDiscovery', { [DC .. element] = value }, code 'FAILED_WrongChargeParameter' } }
end
case { '[V2G-DC-556] [V2G-DC-554] [V2G-DC-329] one schedule of 24 h, without a tariff',
    after = 'ContractAuthentication', { 'ChargeParameterDiscovery', nil, {
        ['SAScheduleList.SAScheduleTuple'] = function(list)
            local entries = list[1].PMaxSchedule.PMaxScheduleEntry
            return #list == 1 and not list[1].SalesTariff and #entries == 1
                and entries[1].RelativeTimeInterval.duration == 86400
        end } } }

case { '[V2G-DC-388] where all is well the response code is OK',
    { 'SessionSetup', nil, code 'OK_NewSessionEstablished' }, { 'ServiceDiscovery', nil, code 'OK' },
    { 'ServicePaymentSelection', nil, code 'OK' }, { 'ContractAuthentication', nil, code 'OK' },
    { 'ChargeParameterDiscovery', nil, code 'OK' }, { 'CableCheck', nil, code 'OK' },
    { 'PreCharge', nil, code 'OK' }, { 'Start', nil, code 'OK' }, { 'CurrentDemand', nil, code 'OK' },
    { 'Stop', nil, code 'OK' }, { 'WeldingDetection', nil, code 'OK' },
    { 'SessionStop', nil, code 'OK' }, station = { ongoing = { CableCheck = 0 } } }

-- ---- isolation ----

for _, fault in ipairs { 'Fault', 'Invalid' } do
    case { '[V2G-DC-890] isolation ' .. fault, after = 'ChargeParameterDiscovery',
        station = { isolation = fault, ongoing = { CableCheck = 0 } },
        { 'CableCheck', nil, { ResponseCode = '^FAILED$',
            ['DC_EVSEStatus.EVSEStatusCode'] = 'EVSE_Malfunction',
            ['DC_EVSEStatus.EVSEIsolationStatus'] = fault } } }
end
for _, good in ipairs { 'Valid', 'Warning' } do
    case { '[V2G-DC-499] [V2G-DC-500] isolation ' .. good, after = 'ChargeParameterDiscovery',
        station = { isolation = good, ongoing = { CableCheck = 0 } },
        { 'CableCheck', nil, { EVSEProcessing = 'Finished',
            ['DC_EVSEStatus.EVSEStatusCode'] = 'EVSE_Ready',
            ['DC_EVSEStatus.EVSENotification'] = 'None',
            ['DC_EVSEStatus.EVSEIsolationStatus'] = good } }, { 'PreCharge' } }
end

-- ---- charging ----

case { '[V2G-DC-458] [V2G-DC-462] PowerDeliveryReq false after PreCharge, then WeldingDetection',
    after = 'PreCharge', { 'Stop' }, { 'WeldingDetection' }, { 'SessionStop' } }
case { '[V2G-DC-458] [V2G-DC-462] PowerDeliveryReq false after PreCharge, then SessionStop',
    after = 'PreCharge', { 'Stop' }, { 'SessionStop' } }
for what, fields in pairs { ['more than PMax'] = profile(1, { 0, 20000 }),
                            ['on beyond the schedule'] = profile(1, { 0, 5000 }, { 90000, 5000 }) } do
    case { ('[V2G-DC-399] a profile that goes %s'):format(what), after = 'PreCharge',
        station = { dc = { max_power = 10000 } },
        { 'Start', fields, code 'FAILED_ChargingProfileInvalid' } }
end
case { '[V2G-DC-399] one that does not', after = 'PreCharge', station = { dc = { max_power = 10000 } },
    { 'Start', profile(1, { 0, 10000 }, { 86399, 5000 }) } }
case { '[V2G-DC-400] one of a schedule that was not offered', after = 'PreCharge',
    { 'Start', profile(9, { 0, 5000 }), code 'FAILED_TariffSelectionInvalid' } }
case { '[V2G-DC-401] a station that cannot deliver', after = 'PreCharge',
    station = { answers = { PowerDelivery = 'FAILED_PowerDeliveryNotApplied' } },
    { 'Start', nil, code 'FAILED_PowerDeliveryNotApplied' } }
case { '[V2G-DC-500] a stop is said by the status code', after = 'Start', station = { stop_after = 1 },
    { 'CurrentDemand', nil, { ['DC_EVSEStatus.EVSEStatusCode'] = 'EVSE_Shutdown',
        ['DC_EVSEStatus.EVSENotification'] = 'None' } } }
case { '[DRV-2-SessionStopInLoop] SessionStop in the loop is out of sequence', after = 'CurrentDemand',
    { 'SessionStop', nil, code 'FAILED_SequenceError' } }
case { '[V2G-DC-390] [V2G-DC-539] [V2G-DC-665] [V2G-DC-116] [V2G-DC-940] what is out of sequence, and the close',
    after = 'ServiceDiscovery', { 'CableCheck', nil, code 'FAILED_SequenceError' }, closes_after(1) }

-- ---- times ----

case { '[V2G-DC-432] 60 s without a request', after = 'SessionSetup', closes_after(60000) }
case { '[V2G-DC-957] 5 s without one after CurrentDemandRes', after = 'CurrentDemand', closes_after(5000) }
case { '[V2G-DC-957] the first one has 60 s, or, by the profile test, 5 s', after = 'Start',
    closes_after(Timer('DIN70121', 'V2G_SECC_FirstLoopReq_Timeout')) }
case { '[V2G-DC-969] [V2G-DC-989] 20 s from the first PreChargeReq to PowerDeliveryReq', after = 'CableCheck',
    { 'PreCharge' }, function() Sleep(4000) end, { 'PreCharge' }, closes_after(15996) }
case { '[V2G-DC-925] [V2G-DC-926] 20 s from the first WeldingDetectionReq to the end', after = 'Stop',
    { 'WeldingDetection' }, function() Sleep(9000) end, { 'WeldingDetection' }, closes_after(10996) }
case { '[V2G-DC-925] [V2G-DC-926] in time it ends well', after = 'Stop',
    { 'WeldingDetection' }, function() Sleep(19000) end, { 'WeldingDetection' }, { 'SessionStop' } }

tester.run(cases)
