-- SPDX-License-Identifier: Apache-2.0
-- For `v2glab run --virtual-time`: rules of ISO 15118-20 that the ready-made station keeps, by id.

local tester = require 'tester'

local FOREIGN <const> = { ['Header.SessionID'] = '0102030405060708' }
local MODES <const> = { ac = 'AC', dc = 'DC' }

local function code(text)
    return { ResponseCode = '^' .. text .. '$' }
end

local function is_absent(value)
    return value == nil
end

local function is_there(value)
    return value ~= nil
end

local function si(m, path)
    for part in path:gmatch('[^.]+') do
        m = m[part]
    end
    return m:si()
end

local cases = {}
local function case(row)
    cases[#cases + 1] = row
end

-- Each of the two control modes, with its name in a way and in messages.
local function controls()
    return pairs { [''] = 'Scheduled', [' dynamic'] = 'Dynamic' }
end

-- ---- any message ----

for _, after in ipairs { 'SessionSetup', 'AuthorizationSetup', 'ServiceDetail', 'DC_PreCharge', 'DC_ChargeLoop',
                         'DC_WeldingDetection' } do
    for _, step in ipairs { 'SessionStop', 'DC_ChargeLoop' } do
        case { ('[V2G20-460] a foreign SessionID after %s: %s'):format(after, step), way = 'dc20', after = after,
            { step, FOREIGN, code 'FAILED_UnknownSession' } }
    end
end
-- the response is of its own type and has all that is mandatory: the ladder tells what has not
for name in ('AuthorizationSetup Authorization CertificateInstallation ServiceDiscovery ServiceDetail '
    .. 'ServiceSelection ScheduleExchange PowerDelivery MeteringConfirmation SessionStop SessionSetup '
    .. 'DC_ChargeParameterDiscovery DC_CableCheck DC_PreCharge DC_ChargeLoop DC_WeldingDetection '
    .. 'AC_ChargeParameterDiscovery AC_ChargeLoop VehicleCheckIn VehicleCheckOut'):gmatch('%S+') do
    local after = name:find('^Auth') and 'DC_CableCheck' or name == 'SessionStop' and 'Start' or 'SessionSetup'
    case { '[V2G20-736] a FAILED response is complete: ' .. name, way = 'dc20', after = after,
        { name, nil, code 'FAILED_SequenceError' } }
end
case { '[DRV-20-Header] after FAILED SessionStopReq is answered, and nothing else is to follow', way = 'dc20',
    after = 'AuthorizationSetup', { 'ServiceDetail', nil, code 'FAILED_SequenceError' }, { 'SessionStop' },
    function()
        local found, why = Evcc.Receive_Any_001(3000)
        assert(not found and why == 'closed', found or why)
    end }
for _, step in ipairs { 'Authorization', 'ServiceDiscovery', 'DC_ChargeLoop' } do
    case { ('[DRV-20-Header] after FAILED %sReq ends it, whatever was in order before'):format(step),
        way = 'dc20', after = 'AuthorizationSetup', { 'ServiceDetail', nil, code 'FAILED_SequenceError' },
        { step, nil, code 'FAILED_SequenceError' }, function()
            local found, why = Evcc.Receive_Any_001(3000)
            assert(not found and why == 'closed', found or why)
        end }
end
case { '[DRV-20-Header] after FAILED the station closes where the vehicle does nothing', way = 'dc20',
    after = 'DC_PreCharge', { 'ServiceDetail', nil, code 'FAILED_SequenceError' }, function()
        local from = Now()
        local found, why = Evcc.Receive_Any_001(9000)
        assert(not found and why == 'closed' and Now() - from < 2010, found or why)
    end }
for after, limit in pairs { SessionSetup = 60000, AuthorizationSetup = 60000, ServiceSelection = 60000,
                            DC_PreCharge = 60000, DC_ChargeLoop = 500, Stop = 60000 } do
    case { ('[V2G20-441] [V2G20-443] [V2G20-445] [V2G20-1500] [V2G20-1502] after %sRes the station waits %d ms')
        :format(after, limit), way = 'dc20', after = after, function()
            local from = Now()
            local found, why = Evcc.Receive_Any_001(70000)
            assert(not found and why == 'closed' and math.abs(Now() - from - limit) < 10, Now() - from)
        end }
end
case { '[V2G20-441] its time runs anew from each response', way = 'dc20', after = 'ServiceDiscovery',
    function() Sleep(59000) end, { 'ServiceDetail', { ServiceID = 2 } }, function() Sleep(59000) end,
    { 'ServiceDetail', { ServiceID = 2 } }, { 'ServiceSelection' } }

-- ---- authorization ----

local function offers(...)
    local wanted = table.concat({ ... }, ' ')
    return function(list)
        local found = {}
        for i, one in ipairs(list) do
            found[i] = tostring(one)
        end
        return table.concat(found, ' ') == wanted
    end
end
case { '[V2G20-1219] [V2G20-2568] [V2G20-2566] where Plug and Charge is offered its mode comes, not that of EIM',
    way = 'ac20', tls = '1.3', after = 'SessionSetup', { 'AuthorizationSetup', nil, {
        AuthorizationServices = offers('EIM', 'PnC'), PnC_ASResAuthorizationMode = is_there,
        EIM_ASResAuthorizationMode = is_absent } } }
case { '[V2G20-1219] [V2G20-2568] [V2G20-2566] likewise where nothing else is', way = 'ac20', tls = '1.3',
    after = 'SessionSetup', station = { payment = { 'Contract' } }, { 'AuthorizationSetup', nil, {
        AuthorizationServices = offers 'PnC', PnC_ASResAuthorizationMode = is_there,
        EIM_ASResAuthorizationMode = is_absent } } }
for tls, payment in pairs { off = { 'ExternalPayment', 'Contract' }, ['1.3'] = { 'ExternalPayment' } } do
    case { ('[V2G20-1220] [V2G20-2567] [V2G20-2566] the mode of EIM where it is alone: TLS %s'):format(tls),
        way = 'ac20', tls = tls, after = 'SessionSetup', station = { payment = payment }, {
            'AuthorizationSetup', nil, { AuthorizationServices = offers 'EIM', EIM_ASResAuthorizationMode = is_there,
                PnC_ASResAuthorizationMode = is_absent } } }
end

-- ---- services ----

-- The parameters of a set by name.
local function parameters_of(set)
    local found = {}
    for _, parameter in ipairs(set.Parameter) do
        found[parameter.Name] = parameter.intValue
    end
    return found
end
local function sets_of(m)
    local found = {}
    for i, set in ipairs(m.ServiceParameterList.ParameterSet) do
        found[i] = parameters_of(set)
    end
    return found
end
local NEEDS <const> = { departure = 3600, minimum_soc = 30, target_soc = 80 }
for way, id in pairs { ac20 = 1, dc20 = 2, ['ac20 bpt'] = 5, ['dc20 bpt'] = 6 } do
    case { ('[V2G20-2656] a station offers scheduled and dynamic control mode: %s'):format(way), way = way,
        after = 'ServiceDiscovery', { 'ServiceDetail', { ServiceID = id } }, function(m)
            local sets = sets_of(m)
            assert(#sets == 2 and sets[1].ControlMode == 1 and sets[2].ControlMode == 2)
        end }
    for needs, mode in pairs { [false] = 1, [NEEDS] = 2 } do
        case { ('[V2G20-2663] MobilityNeedsMode is 1, in dynamic control mode %d: %s'):format(mode, way), way = way,
            after = 'ServiceDiscovery', station = { needs = needs or nil },
            { 'ServiceDetail', { ServiceID = id } }, function(m)
                local sets = sets_of(m)
                assert(sets[1].MobilityNeedsMode == 1 and sets[2].MobilityNeedsMode == mode)
            end }
    end
end
case { '[V2G20-1248] without SupportedServiceIDs all services are offered', way = 'dc20',
    after = 'AuthorizationSetup', station = { services = { { id = 65 }, { id = 66 } } }, { 'Authorization' },
    { 'ServiceDiscovery', { SupportedServiceIDs = tester.none }, {
        ['EnergyTransferServiceList.Service'] = function(list)
            return #list == 2 and list[1].ServiceID == 2 and list[2].ServiceID == 6
        end,
        ['VASList.Service'] = function(list) return #list == 2 end } } }

-- ---- control modes ----

local NEEDED <const> = { DepartureTime = 7200, EVTargetEnergyRequest = 20000, EVMaximumEnergyRequest = 30000,
                         EVMinimumEnergyRequest = 5000 }
for behind, control in controls() do
    local other = control == 'Dynamic' and 'Scheduled' or 'Dynamic'
    for mode, name in pairs(MODES) do
        local way = mode .. '20' .. behind
        local loop = name .. '_ChargeLoop'
        local key = '%s_' .. name .. '_CLReqControlMode'
        case { ('[V2G20-1600] %s: schedules of that control mode'):format(way), way = way,
            after = name .. '_ChargeParameterDiscovery', { 'ScheduleExchange', nil, {
                [control .. '_SEResControlMode'] = is_there, [other .. '_SEResControlMode'] = is_absent } } }
        case { ('[V2G20-1600] %s: others are FAILED'):format(way), way = way,
            after = name .. '_ChargeParameterDiscovery', { 'ScheduleExchange', {
                [control .. '_SEReqControlMode'] = tester.none,
                [other .. '_SEReqControlMode'] = other == 'Dynamic' and NEEDED or {} },
                code 'FAILED_WrongChargeParameter' } }
        case { ('[V2G20-1600] %s: the loop is of that control mode'):format(way), way = way, after = 'Start',
            { loop, nil, { [control .. '_' .. name .. '_CLResControlMode'] = is_there } } }
        case { ('[V2G20-1600] %s: another one in the loop is FAILED'):format(way), way = way, after = loop,
            function(m)
                local request = Evcc.Message(loop .. 'Req')
                request[key:format(control)] = nil
                request[key:format(other)] = tester.fields(mode .. '20' .. (behind == '' and ' dynamic' or ''), loop)
                    [key:format(other)]
                request.Header.SessionID = m.Header.SessionID
                request:send()
                Evcc.Receive_Any_001(3000)
                assert(tostring(Evcc.Received().ResponseCode) == 'FAILED_WrongChargeParameter')
            end }
        if control == 'Dynamic' then
            case { ('[V2G20-1640] [V2G20-1290] [V2G20-1366] %s: the station\'s needs, MinimumSOC below TargetSOC')
                :format(way), way = way, station = { needs = NEEDS }, after = name .. '_ChargeParameterDiscovery',
                { 'ScheduleExchange', nil, { ['Dynamic_SEResControlMode.MinimumSOC'] = 30,
                    ['Dynamic_SEResControlMode.TargetSOC'] = 80 } } }
            local response = 'Dynamic_' .. name .. '_CLResControlMode'
            case { ('[V2G20-1640] [V2G20-1290] [V2G20-1366] %s: and in the loop'):format(way), way = way,
                station = { needs = NEEDS }, after = 'Start', { loop, nil, {
                    [response .. '.MinimumSOC'] = 30, [response .. '.TargetSOC'] = 80 } } }
        end
    end
end
for _, one in ipairs { 'EVMaximumV2XEnergyRequest', 'EVMinimumV2XEnergyRequest' } do
    case { '[V2G20-2681] a station refuses one of the two V2X energy requests: ' .. one, way = 'dc20 bpt dynamic',
        after = 'DC_ChargeParameterDiscovery', { 'ScheduleExchange', {
            ['Dynamic_SEReqControlMode.' .. one] = 1000 }, code 'FAILED_WrongChargeParameter' } }
end
case { '[V2G20-2681] it takes both', way = 'dc20 bpt dynamic', after = 'DC_ChargeParameterDiscovery',
    { 'ScheduleExchange', { ['Dynamic_SEReqControlMode.EVMaximumV2XEnergyRequest'] = 2000,
        ['Dynamic_SEReqControlMode.EVMinimumV2XEnergyRequest'] = 1000 } } }

-- ---- schedules ----

local ENTRIES <const> = { { start = 0, power = 9000 } }
for what, schedules in pairs {
    ['none given'] = false, ['levels'] = { { id = 1, entries = ENTRIES }, { id = 2, entries = ENTRIES,
        tariff = { levels = 2, entries = { { start = 0, level = 1 }, { start = 60, level = 2 } } } } },
    ['prices'] = { { id = 1, entries = ENTRIES, prices = { entries = { { start = 0, price = 0.3 } } } } },
    ['both'] = { { id = 1, entries = ENTRIES }, { id = 2, entries = ENTRIES,
        prices = { entries = { { start = 0, price = 0.3 } } } }, { id = 3, entries = ENTRIES } },
} do
    case { '[V2G20-2176] each schedule has prices or price levels: ' .. what, way = 'ac20',
        after = 'AC_ChargeParameterDiscovery', station = { schedules = schedules or nil },
        { 'ScheduleExchange' }, function(m)
            local tuples = m.Scheduled_SEResControlMode.ScheduleTuple
            assert(#tuples == (schedules and #schedules or 1))
            for _, tuple in ipairs(tuples) do
                local schedule = tuple.ChargingSchedule
                assert((schedule.AbsolutePriceSchedule ~= nil) ~= (schedule.PriceLevelSchedule ~= nil))
            end
        end }
end

-- ---- power tolerance ----

local TOLERANT <const> = { { id = 1, tolerance = 100, entries = ENTRIES } }
local ACCEPTANCE <const> = 'EVPowerProfile.Scheduled_EVPPTControlMode.PowerToleranceAcceptance'
local DECLINED <const> = { [ACCEPTANCE] = 'PowerToleranceNotConfirmed' }
for mode, name in pairs(MODES) do
    local way, loop = mode .. '20', name .. '_ChargeLoop'
    local before = mode == 'dc' and 'DC_PreCharge' or 'ScheduleExchange'
    local fields = mode == 'dc' and { ['Scheduled_DC_CLReqControlMode.EVTargetCurrent'] = 20 } or nil
    case { '[V2G20-1944] a tolerance that is confirmed: ' .. way, way = way, after = before,
        station = { schedules = TOLERANT }, { 'Start', { [ACCEPTANCE] = 'PowerToleranceConfirmed' },
            code 'OK_PowerToleranceConfirmed' }, { loop, fields, { EVSEStatus = is_absent } } }
    case { '[DRV-20-Tolerance] none is offered: none is confirmed, ' .. way, way = way, after = before,
        { 'Start', { [ACCEPTANCE] = 'PowerToleranceConfirmed' }, code 'OK' } }
    case { '[DRV-20-Tolerance] nor warned of, ' .. way, way = way, after = before, { 'Start', DECLINED, code 'OK' },
        { loop, fields, { EVSEStatus = is_absent } } }
    case { '[V2G20-1946] one that is declined is warned of, and the station asks to renegotiate: ' .. way, way = way,
        after = before, station = { schedules = TOLERANT },
        { 'Start', DECLINED, code 'WARNING_PowerToleranceNotConfirmed' },
        { loop, fields, { ['EVSEStatus.EVSENotification'] = 'ScheduleRenegotiation' } }, { 'Renegotiate' },
        { 'ScheduleExchange' }, function(m)
            local schedule = m.Scheduled_SEResControlMode.ScheduleTuple[1].ChargingSchedule.PowerSchedule
            assert(schedule.PowerTolerance == nil)
        end, { 'Start', DECLINED },
        { loop, fields, { EVSEStatus = is_absent } } }
end

-- ---- the output ----

local DC <const> = 'Scheduled_DC_CLReqControlMode.'
local BPT <const> = 'BPT_Scheduled_DC_CLReqControlMode.'
local function wait(ms)
    return function() Sleep(ms) end
end
-- Asks for that until all has settled; then the response has to be as `check` wants it.
local function output_case(name, way, fields, check, station)
    local ask = { 'DC_ChargeLoop', fields }
    case { name, way = way, after = 'DC_ChargeLoop', station = station, ask, wait(300), ask, wait(300), ask,
           wait(300), ask, check }
end

case { '[V2G20-2187] the output follows as fast as the ramp lets it', way = 'dc20', after = 'DC_PreCharge',
    station = { dc = { ramp_current = 100 } }, { 'Start' }, { 'DC_ChargeLoop' }, function(m)
        assert(si(m, 'EVSEPresentCurrent') == 10) -- what it does in 0.1 s, the least
    end, wait(200), { 'DC_ChargeLoop' }, function(m)
        assert(math.abs(si(m, 'EVSEPresentCurrent') - 30) < 1)
    end, wait(400), { 'DC_ChargeLoop' }, function(m)
        assert(si(m, 'EVSEPresentCurrent') == 50)
    end, wait(300), { 'DC_ChargeLoop', { [DC .. 'EVTargetCurrent'] = 20 } }, wait(200),
    { 'DC_ChargeLoop', { [DC .. 'EVTargetCurrent'] = 20 } }, function(m)
        assert(math.abs(si(m, 'EVSEPresentCurrent') - 30) < 1, 'down, likewise')
    end }
output_case('[V2G20-2188] no more current than its limit', 'dc20', { [DC .. 'EVTargetCurrent'] = 1000 },
    function(m)
        local key = 'Scheduled_DC_CLResControlMode.EVSEMaximumChargeCurrent'
        assert(si(m, 'EVSEPresentCurrent') == 55 and si(m, key) == 55)
        assert(m.EVSECurrentLimitAchieved)
    end, { dc = { max_current = 55 } })
output_case('[V2G20-2188] no more power', 'dc20', { [DC .. 'EVTargetCurrent'] = 200 }, function(m)
    local power = si(m, 'EVSEPresentCurrent') * si(m, 'EVSEPresentVoltage')
    assert(power > 19500 and power <= 20001, power)
    assert(m.EVSEPowerLimitAchieved)
end, { dc = { max_power = 20000 } })
output_case('[V2G20-2188] no more voltage', 'dc20', { [DC .. 'EVTargetVoltage'] = 1000 }, function(m)
    assert(si(m, 'EVSEPresentVoltage') <= 402 and m.EVSEVoltageLimitAchieved)
end, { dc = { max_voltage = 402 } })
output_case('[V2G20-2188] where it takes nothing back nothing is', 'dc20', { [DC .. 'EVTargetCurrent'] = -50 },
    function(m) assert(si(m, 'EVSEPresentCurrent') == 0) end)
output_case('[V2G20-2188] no more than it takes back', 'dc20 bpt', { [BPT .. 'EVTargetCurrent'] = -200 },
    function(m)
        local key = 'BPT_Scheduled_DC_CLResControlMode.EVSEMaximumDischargeCurrent'
        assert(si(m, 'EVSEPresentCurrent') == -40 and si(m, key) == 40)
        assert(m.EVSECurrentLimitAchieved)
    end, { dc = { max_current = 80 } })
output_case('[V2G20-2188] nor more power', 'dc20 bpt', { [BPT .. 'EVTargetCurrent'] = -100 }, function(m)
    local power = si(m, 'EVSEPresentCurrent') * si(m, 'EVSEPresentVoltage')
    assert(power >= -10001 and power < -9500, power)
end, { dc = { max_power = 20000 } })
output_case('[V2G20-2188] in dynamic control mode no more than the vehicle takes, either', 'dc20 dynamic', nil,
    function(m) assert(si(m, 'EVSEPresentCurrent') * si(m, 'EVSEPresentVoltage') <= 9001) end)
output_case('[V2G20-1034] [V2G20-1035] a current below zero comes from the vehicle', 'dc20 bpt',
    { [BPT .. 'EVTargetCurrent'] = -20 }, function(m)
        assert(si(m, 'EVSEPresentCurrent') == -20)
        assert(m.MeterInfo.BPT_DischargedEnergyReadingWh > 0 and m.MeterInfo.ChargedEnergyReadingWh < 2)
    end)
for way, prefix in pairs { ['dc20'] = 'Scheduled', ['dc20 dynamic'] = 'Dynamic',
                           ['dc20 bpt'] = 'BPT_Scheduled', ['dc20 bpt dynamic'] = 'BPT_Dynamic' } do
    local bpt = prefix:match('^BPT_') or ''
    local first
    case { '[V2G20-2654] [V2G20-2655] limits in the loop are those of before: ' .. way, way = way,
        after = 'ServiceSelection', { 'DC_ChargeParameterDiscovery' }, function(m)
            first = m[bpt .. 'DC_CPDResEnergyTransferMode']:table()
        end, { 'ScheduleExchange' }, { 'DC_CableCheck' }, { 'DC_CableCheck' }, { 'DC_CableCheck' },
        { 'DC_PreCharge' }, { 'Start' }, { 'DC_ChargeLoop' }, function(m)
            local n = 0
            for name, value in pairs(m[prefix .. '_DC_CLResControlMode']:table()) do
                local least = name:find('Minimum') ~= nil
                assert(not first[name] or (least and value >= first[name] or not least and value <= first[name]),
                    name)
                n = n + (first[name] and 1 or 0)
            end
            assert(n == (bpt == '' and 4 or 8), n)
        end }
end

for mode, name in pairs(MODES) do
    for behind, control in controls() do
        local way = mode .. '20 bpt' .. behind
        local function positive(m, key)
            local n = 0
            for limit, value in pairs(m[key]:table()) do
                n = n + (limit:find('MaximumDischarge') and 1 or 0)
                assert(not limit:find('MaximumDischarge') or value > 0, limit)
            end
            return n
        end
        case { '[DRV-20-Limits] a station tells what it takes back as positive limits: ' .. way, way = way,
            after = 'ServiceSelection', { name .. '_ChargeParameterDiscovery' }, function(m)
                assert(positive(m, 'BPT_' .. name .. '_CPDResEnergyTransferMode') == (mode == 'dc' and 2 or 1))
            end }
        if mode == 'dc' then
            case { '[DRV-20-Limits] in the loop, too: ' .. way, way = way, after = 'DC_ChargeLoop', function(m)
                assert(positive(m, 'BPT_' .. control .. '_DC_CLResControlMode') == 2)
            end }
        end
    end
end

-- ---- the meter ----

local function reading(check)
    return function(m)
        local found = m.MeterInfo.ChargedEnergyReadingWh
        assert(check(found), found)
    end
end
for mode, name in pairs(MODES) do
    local loop, power = name .. '_ChargeLoop', mode == 'ac' and 9000 or 50 * 403
    local after_pause = mode == 'ac' and { } or { { 'DC_CableCheck' }, { 'DC_CableCheck' }, { 'DC_CableCheck' },
        { 'PreCharging' }, { 'PreCharging' }, { 'PreCharging' }, { 'PreCharging' }, { 'DC_PreCharge' } }
    local row = { '[V2G20-902] the meter counts the energy of the session, over a pause: ' .. mode, way = mode .. '20',
        after = 'Start', sessions = 2, { loop }, reading(function(wh) return wh == 0 end) }
    local function add(...)
        table.move({ ... }, 1, select('#', ...), #row + 1, row)
    end
    local function charge()
        for _ = 1, 90 do
            add(wait(400), { loop })
        end
    end
    local function about(seconds)
        local wh = power * seconds / 3600
        return reading(function(found) return math.abs(found - wh) < wh / 50 + 2 end)
    end
    charge()
    add(about(36), { 'Stop' })
    if mode == 'dc' then
        add { 'DC_WeldingDetection' }
    end
    add({ 'SessionStop', { ChargingSession = 'Pause' } }, function(m)
        local joined = tester.connect({ way = mode .. '20' }, m.Header.SessionID)
        assert(tostring(joined.ResponseCode) == 'OK_OldSessionJoined', joined.ResponseCode)
    end, { name .. '_ChargeParameterDiscovery' }, { 'ScheduleExchange' }, table.unpack(after_pause))
    add({ 'Start' }, { loop }, about(36))
    charge()
    add(about(72))
    case(row)
end

-- ---- the end ----

for after, answer in pairs { DC_CableCheck = 'FAILED_PauseNotAllowed', PreCharging = 'FAILED_PauseNotAllowed',
                             DC_PreCharge = 'FAILED_PauseNotAllowed', Start = 'FAILED_SequenceError',
                             DC_ChargeLoop = 'FAILED_SequenceError' } do
    case { '[DRV-20-Pause] no pause while the cable is live: after ' .. after, way = 'dc20', after = after,
        { 'SessionStop', { ChargingSession = 'Pause' }, code(answer) } }
end
for _, after in ipairs { 'ScheduleExchange', 'Stop', 'DC_WeldingDetection' } do
    case { '[DRV-20-Pause] a pause where it is not: after ' .. after, way = 'dc20', after = after,
        { 'SessionStop', { ChargingSession = 'Pause' } } }
end
case { '[DRV-20-Pause] nor in standby', way = 'dc20', after = 'DC_ChargeLoop', { 'Standby' },
    { 'SessionStop', { ChargingSession = 'Pause' }, code 'FAILED_SequenceError' } }
for mode in pairs(MODES) do
    case { '[V2G20-1643] after the end the station waits 5 s for the vehicle to close: ' .. mode, way = mode .. '20',
        after = 'SessionStop', function()
            local from = Now()
            local found, why = Evcc.Receive_Any_001(9000)
            assert(not found and why == 'closed' and Now() - from > 4500 and Now() - from < 5001, Now() - from)
        end }
end
case { '[V2G20-1623] [V2G20-3210] AC: after Stop SessionStopReq follows', way = 'ac20', after = 'Stop',
    { 'SessionStop' } }
for _, step in ipairs { 'DC_WeldingDetection', 'AC_ChargeLoop', 'Start', 'ScheduleExchange' } do
    case { '[V2G20-1623] [V2G20-3210] AC: and not ' .. step, way = 'ac20', after = 'Stop',
        { step, nil, code 'FAILED_SequenceError' } }
end

tester.run(cases)
