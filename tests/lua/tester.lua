-- SPDX-License-Identifier: Apache-2.0
-- A vehicle that asks the ready-made station what it wants, request by request, for tables of cases
-- (rules-*.lua). A case is
--
--     { 'what holds', way = 'ac', after = 'Authorization', station = { … },
--       { 'ChargeParameterDiscovery', { fields }, { expected } }, … }
--
-- The station has the parameters `station`. The vehicle goes its way up to the step `after` (each
-- answered with OK), then sends the requests of the case: a step's, with fields laid over it by
-- path (or a function of the last response that gives them). Expected are values by path, or
-- functions of them; ResponseCode is OK where none is expected. A function in place of a request is
-- called with the last response. tls: '1.2' instead of none. sessions: that the station holds.
-- Ways of ISO 15118-20 are in ways-20.lua.

local tester = {}

local LONGEST <const> = 4600 -- ms, what a station may take for a response, and a little more
local READY <const> = { ['DC_EVStatus.EVReady'] = true, ['DC_EVStatus.EVErrorCode'] = 'NO_ERROR',
                        ['DC_EVStatus.EVRESSSOC'] = 50 }

local function with_status(fields)
    for path, value in pairs(READY) do
        fields[path] = value
    end
    return fields
end

local function dc_parameters()
    return { DC_EVStatus = { EVReady = false, EVErrorCode = 'NO_ERROR', EVRESSSOC = 50 },
             EVMaximumCurrentLimit = 200, EVMaximumVoltageLimit = 450 }
end

local function progress_of(word)
    return { ChargeProgress = word, SAScheduleTupleID = 1 }
end

local in_loop = with_status { EVTargetVoltage = 410, EVTargetCurrent = 10, ChargingComplete = false }
local pre_charge = with_status { EVTargetVoltage = 400, EVTargetCurrent = 2 }

local function open(payment)
    return { 'SessionSetup' }, { 'ServiceDiscovery' },
        { 'PaymentServiceSelection', { SelectedPaymentOption = payment or 'ExternalPayment',
            SelectedServiceList = { SelectedService = { { ServiceID = 1 } } } } }
end

local AC <const> = {
    { 'Authorization' },
    { 'ChargeParameterDiscovery', { RequestedEnergyTransferMode = 'AC_three_phase_core',
        AC_EVChargeParameter = { EAmount = 10000, EVMaxVoltage = 400, EVMaxCurrent = 32,
                                 EVMinCurrent = 6 } } },
    { 'Start', progress_of 'Start' }, { 'ChargingStatus' }, { 'Stop', progress_of 'Stop' },
    { 'SessionStop' }, { 'Renegotiate', progress_of 'Renegotiate' },
}

local DC <const> = {
    { 'Authorization' },
    { 'ChargeParameterDiscovery', { RequestedEnergyTransferMode = 'DC_extended',
                                    DC_EVChargeParameter = dc_parameters() } },
    { 'CableCheck', READY }, { 'PreCharge', pre_charge }, { 'Start', progress_of 'Start' },
    { 'CurrentDemand', in_loop }, { 'Stop', progress_of 'Stop' }, { 'WeldingDetection', READY },
    { 'SessionStop' }, { 'Renegotiate', progress_of 'Renegotiate' },
}

-- The whole way of a transfer, paid for like that.
local function way_of(transfer, payment)
    local way = { open(payment) }
    return table.move(transfer, 1, #transfer, #way + 1, way)
end

local ways = {
    ac = way_of(AC), dc = way_of(DC),
    contract = way_of(AC, 'Contract'),
    din = {
        { 'SessionSetup' }, { 'ServiceDiscovery' },
        { 'ServicePaymentSelection', { SelectedPaymentOption = 'ExternalPayment',
            SelectedServiceList = { SelectedService = { { ServiceID = 1 } } } } },
        { 'ContractAuthentication' },
        { 'ChargeParameterDiscovery', { EVRequestedEnergyTransferType = 'DC_extended',
                                        DC_EVChargeParameter = dc_parameters() } },
        { 'CableCheck', READY }, { 'PreCharge', pre_charge },
        { 'Start', { ReadyToChargeState = true } }, { 'CurrentDemand', in_loop },
        { 'Stop', { ReadyToChargeState = false } }, { 'WeldingDetection', READY }, { 'SessionStop' },
    },
}

for name, way in pairs(require 'ways-20') do
    ways[name] = way
end

-- ---- requests and responses ----

-- The element at a path, as a.b.1.c
local function at(m, path)
    for part in path:gmatch('[^.]+') do
        m = m[tonumber(part) or part]
    end
    return m
end

local function fill(m, fields)
    for path, value in pairs(fields or {}) do
        local parent, last = path:match('^(.*)%.([^.]+)$')
        if value == tester.none then
            value = nil
        end
        (parent and at(m, parent) or m)[last or path] = value
    end
end

tester.none = {} -- as a field: the element is absent

-- Steps whose message has another name.
local MESSAGES <const> = { Start = 'PowerDelivery', Stop = 'PowerDelivery', Standby = 'PowerDelivery',
                           Renegotiate = 'PowerDelivery', PreCharging = 'DC_PreCharge' }

local function message(step)
    return MESSAGES[step] or step
end

local function fields_of(way, step)
    for _, one in ipairs(ways[way]) do
        if one[1] == step then
            return one[2]
        end
    end
    return nil
end

tester.fields = fields_of -- of a way's step

local function ask(way, step, fields)
    local name = message(step)
    local m = Evcc.Message(name .. 'Req')
    fill(m, fields_of(way, step))
    fill(m, fields)
    m:send()
    local found, why = Evcc.Receive_Any_001(LONGEST)
    assert(found == name .. 'Res', ('%s: expected %sRes, found %s'):format(step, name,
        tostring(found or why)))
    return Evcc.Received()
end

local function compare(step, m, expected)
    expected = expected or {}
    local code = expected.ResponseCode or '^OK'
    local found = tostring(m.ResponseCode)
    assert(found:find(code), ('%s: expected ResponseCode %s, found %s'):format(step, code, found))
    for path, value in pairs(expected) do
        found = at(m, path)
        local good = path == 'ResponseCode'
        if not good and type(value) == 'function' then
            good = value(found)
        elseif not good then
            good = tostring(found) == tostring(value)
        end
        assert(good, ('%s: %s is %s'):format(step, path, tostring(found)))
    end
end

-- Asks again as long as the answer is Ongoing, or the voltage is not there.
local function go(way, step)
    for _ = 1, 50 do
        local m = ask(way, step)
        compare(step, m)
        local has, processing = pcall(at, m, 'EVSEProcessing')
        local voltage = step:find('^PreCharg') and m.EVSEPresentVoltage:si() or 400
        if not (has and tostring(processing):find('^Ongoing')) and math.abs(voltage - 400) < 20 then
            return
        end
    end
    error(step .. ' does not end')
end

-- Another session of the case: with that SessionID it joins one that was paused.
function tester.connect(case, id)
    Evcc.Disconnect()
    local mode = case.way:match('^(%a+)20')
    Evcc.Protocol = mode and 'ISO15118-20' or case.way == 'din' and 'DIN70121' or 'ISO15118-2'
    if mode then
        Evcc.Set_supportedAppProtocolReq_AppProtocol(0, { SchemaID = 1, Priority = 1,
            VersionNumberMajor = 1, VersionNumberMinor = 0,
            ProtocolNamespace = 'urn:iso:std:iso:15118:-20:' .. mode:upper() })
    end
    Evcc.Connect { tls = case.tls or 'off' }
    if id then
        return ask(case.way, 'SessionSetup', { ['Header.SessionID'] = id })
    end
    return nil
end

local function play(case)
    tester.connect(case)
    for _, step in ipairs(case.after and ways[case.way] or {}) do
        go(case.way, step[1])
        if step[1] == case.after then
            break
        end
    end
    local m = case.after and Evcc.Received()
    for _, request in ipairs(case) do
        if type(request) == 'function' then
            request(m)
        elseif type(request) == 'table' then
            local fields = request[2]
            m = ask(case.way, request[1], type(fields) == 'function' and fields(m) or fields)
            compare(request[1], m, request[3])
        end
    end
end

local function run(case)
    local station = Start(Station {}.Serve, case.station)
    local good, why = pcall(play, case)
    Evcc.Disconnect()
    Wait_For(station)
    Log(('%s - %s'):format(good and 'ok' or 'not ok', case[1]))
    if not good then
        Log('# ' .. tostring(why))
    end
end

-- Plays all cases, each with a station of its own.
function tester.run(cases)
    for _, case in ipairs(cases) do
        case.station = case.station or {}
        case.station.sessions, case.station.tls = case.sessions or 1, case.tls or 'off'
        run(case)
    end
    Pass()
end

return tester
