-- SPDX-License-Identifier: Apache-2.0
-- Which message may follow which: one table for each role, protocol and mode.
--
-- sequence.secc[protocol][mode] has a row for each response of the station: the requests that may
-- follow it, and the requirements that say so. A response or request with a word in brackets stands
-- for that case only: PowerDeliveryReq(Stop), AuthorizationRes(Ongoing). Any other request is
-- answered with FAILED_SequenceError. SessionStopReq stands in each row where it is allowed.
--
-- sequence.evcc[protocol][mode] is the vehicle's way: its steps in order. `on` says where it goes
-- on after an outcome other than the usual one.

local sequence = { secc = {}, evcc = {} }

local function join(...)
    local all = {}
    for _, rows in ipairs { ... } do
        for _, row in ipairs(rows) do
            all[#all + 1] = row
        end
    end
    return all
end

-- ---- DIN SPEC 70121 ----

sequence.secc['DIN70121'] = {
    dc = {
        { 'supportedAppProtocolRes', 'SessionSetupReq', 'V2G-DC-436 V2G-DC-437' },
        { 'SessionSetupRes', 'ServiceDiscoveryReq SessionStopReq', 'V2G-DC-438 V2G-DC-439' },
        { 'ServiceDiscoveryRes', 'ServicePaymentSelectionReq SessionStopReq',
            'V2G-DC-440 V2G-DC-441' },
        { 'ServicePaymentSelectionRes', 'ContractAuthenticationReq SessionStopReq',
            'V2G-DC-443 V2G-DC-444' },
        { 'ContractAuthenticationRes(Ongoing)', 'ContractAuthenticationReq SessionStopReq',
            'V2G-DC-494 V2G-DC-495' },
        { 'ContractAuthenticationRes(Finished)', 'ChargeParameterDiscoveryReq SessionStopReq',
            'V2G-DC-495 V2G-DC-497' },
        { 'ChargeParameterDiscoveryRes(Ongoing)', 'ChargeParameterDiscoveryReq SessionStopReq',
            'V2G-DC-445 V2G-DC-498' },
        { 'ChargeParameterDiscoveryRes(Finished)', 'CableCheckReq SessionStopReq',
            'V2G-DC-453 V2G-DC-498' },
        { 'CableCheckRes(Ongoing)', 'CableCheckReq SessionStopReq', 'V2G-DC-454 V2G-DC-455' },
        { 'CableCheckRes(Finished)', 'PreChargeReq SessionStopReq', 'V2G-DC-455 V2G-DC-499' },
        { 'PreChargeRes',
            'PreChargeReq PowerDeliveryReq(Start) PowerDeliveryReq(Stop) SessionStopReq',
            'V2G-DC-457 V2G-DC-458 V2G-DC-462' },
        -- Stop: what PowerDeliveryRes asks for is obeyed at once
        { 'PowerDeliveryRes(Start)', 'CurrentDemandReq PowerDeliveryReq(Stop)',
            'V2G-DC-461 V2G-DC-462' },
        { 'CurrentDemandRes', 'CurrentDemandReq PowerDeliveryReq(Stop)', 'V2G-DC-464 V2G-DC-465' },
        { 'PowerDeliveryRes(Stop)', 'WeldingDetectionReq SessionStopReq', 'V2G-DC-459' },
        { 'WeldingDetectionRes', 'WeldingDetectionReq SessionStopReq', 'V2G-DC-468 V2G-DC-469' },
        { 'SessionStopRes', '', 'V2G-DC-450 V2G-DC-451' },
    },
}

-- ---- ISO 15118-2 ----

local common_2 = {
    { 'supportedAppProtocolRes', 'SessionSetupReq', 'V2G2-540 V2G2-541 V2G2-542' },
    { 'SessionSetupRes', 'ServiceDiscoveryReq SessionStopReq', 'V2G2-543' },
    { 'ServiceDiscoveryRes', 'ServiceDetailReq PaymentServiceSelectionReq SessionStopReq',
        'V2G2-545 V2G2-550' },
    { 'ServiceDetailRes', 'ServiceDetailReq PaymentServiceSelectionReq SessionStopReq',
        'V2G2-548' },
    { 'PaymentServiceSelectionRes(ExternalPayment)', 'AuthorizationReq SessionStopReq', 'V2G2-551' },
    { 'PaymentServiceSelectionRes(Contract)', 'PaymentDetailsReq SessionStopReq', 'V2G2-551' },
    -- with the parameter sets of the certificate service that were selected
    { 'PaymentServiceSelectionRes(Installation)',
        'PaymentDetailsReq CertificateInstallationReq SessionStopReq', 'V2G2-432 V2G2-551' },
    { 'PaymentServiceSelectionRes(Update)',
        'PaymentDetailsReq CertificateUpdateReq SessionStopReq', 'V2G2-432 V2G2-551' },
    { 'PaymentServiceSelectionRes(Certificates)',
        'PaymentDetailsReq CertificateInstallationReq CertificateUpdateReq SessionStopReq',
        'V2G2-432 V2G2-551' },
    { 'CertificateInstallationRes', 'PaymentDetailsReq SessionStopReq',
        'V2G2-554 V2G2-555 V2G2-557 V2G2-558' },
    { 'CertificateUpdateRes', 'PaymentDetailsReq SessionStopReq', 'V2G2-555 V2G2-557 V2G2-558' },
    { 'PaymentDetailsRes', 'AuthorizationReq SessionStopReq', 'V2G2-560' },
    { 'AuthorizationRes(Ongoing)', 'AuthorizationReq SessionStopReq', 'V2G2-562 V2G2-687' },
    { 'AuthorizationRes(Finished)', 'ChargeParameterDiscoveryReq SessionStopReq', 'V2G2-562' },
    { 'ChargeParameterDiscoveryRes(Ongoing)', 'ChargeParameterDiscoveryReq SessionStopReq',
        'V2G2-688' },
    -- charging is renegotiated with the message that began it
    { 'PowerDeliveryRes(Renegotiate)', 'ChargeParameterDiscoveryReq SessionStopReq',
        'V2G2-813 V2G2-841' },
    { 'SessionStopRes', '', 'V2G2-571' },
}

sequence.secc['ISO15118-2'] = {
    ac = join(common_2, {
        -- Renegotiate before the first Start is a matter of its response code [V2G2-812]
        { 'ChargeParameterDiscoveryRes(Finished)', 'PowerDeliveryReq(Start) '
            .. 'PowerDeliveryReq(Stop) PowerDeliveryReq(Renegotiate) SessionStopReq',
            'V2G2-565 V2G2-812' },
        -- Stop: what PowerDeliveryRes asks for is obeyed at once
        { 'PowerDeliveryRes(Start)', 'ChargingStatusReq PowerDeliveryReq(Stop)',
            'V2G2-577 V2G2-679' },
        { 'ChargingStatusRes',
            'ChargingStatusReq PowerDeliveryReq(Stop) PowerDeliveryReq(Renegotiate)',
            'V2G2-575 V2G2-577' },
        { 'ChargingStatusRes(ReceiptRequired)', 'MeteringReceiptReq',
            'V2G2-691 V2G2-795 V2G2-796' },
        { 'MeteringReceiptRes',
            'ChargingStatusReq PowerDeliveryReq(Stop) PowerDeliveryReq(Renegotiate)', 'V2G2-797' },
        { 'PowerDeliveryRes(Stop)', 'SessionStopReq', 'V2G2-601' },
    }),
    dc = join(common_2, {
        { 'ChargeParameterDiscoveryRes(Finished)', 'CableCheckReq SessionStopReq', 'V2G2-565' },
        { 'CableCheckRes(Ongoing)', 'CableCheckReq SessionStopReq', 'V2G2-582' },
        { 'CableCheckRes(Finished)', 'PreChargeReq SessionStopReq', 'V2G2-582' },
        { 'PreChargeRes',
            'PreChargeReq PowerDeliveryReq(Start) PowerDeliveryReq(Stop) '
            .. 'PowerDeliveryReq(Renegotiate) SessionStopReq', 'V2G2-582 V2G2-586 V2G2-812' },
        { 'PowerDeliveryRes(Start)', 'CurrentDemandReq PowerDeliveryReq(Stop)',
            'V2G2-592 V2G2-679' },
        { 'CurrentDemandRes',
            'CurrentDemandReq PowerDeliveryReq(Stop) PowerDeliveryReq(Renegotiate)', 'V2G2-592' },
        { 'CurrentDemandRes(ReceiptRequired)', 'MeteringReceiptReq',
            'V2G2-691 V2G2-795 V2G2-796' },
        { 'MeteringReceiptRes',
            'CurrentDemandReq PowerDeliveryReq(Stop) PowerDeliveryReq(Renegotiate)', 'V2G2-797' },
        { 'PowerDeliveryRes(Stop)',
            'WeldingDetectionReq SessionStopReq ChargeParameterDiscoveryReq', 'V2G2-601' },
        { 'WeldingDetectionRes',
            'WeldingDetectionReq SessionStopReq ChargeParameterDiscoveryReq', 'V2G2-596 V2G2-601' },
    }),
}

-- ---- ISO 15118-20 ----

-- V2G20-459 is the rule for all rows: what is not foreseen is answered with FAILED_SequenceError.
-- Rows have it alone where no requirement of their own is known.
local FROM_PAUSE <const> = { AC = 'V2G20-2097', DC = 'V2G20-2098' }
local IN_LOOP <const> = { AC = 'V2G20-1499 V2G20-1500', DC = 'V2G20-1501 V2G20-1502' }

-- services: '', or what a vehicle may ask that cannot take over what the station wants.
local function common_20(mode, services)
    local discovery = mode .. '_ChargeParameterDiscovery'
    local loop = mode .. '_ChargeLoop'
    local timed = IN_LOOP[mode]
    local leaves = 'PowerDeliveryReq(Stop) PowerDeliveryReq(ScheduleRenegotiation) '
    local stops = leaves .. 'PowerDeliveryReq(Standby)'
    return {
        { 'supportedAppProtocolRes', 'SessionSetupReq', 'V2G20-750' },
        { 'SessionSetupRes', 'AuthorizationSetupReq SessionStopReq', 'V2G20-459' },
        { 'SessionSetupRes(Joined)', discovery .. 'Req SessionStopReq',
            'V2G20-1032 V2G20-1843 ' .. FROM_PAUSE[mode] },
        -- CertificateInstallationReq where the station offers that service
        { 'AuthorizationSetupRes', 'AuthorizationReq CertificateInstallationReq SessionStopReq',
            'V2G20-2221' },
        { 'CertificateInstallationRes(Ongoing)', 'CertificateInstallationReq SessionStopReq',
            'V2G20-1972' },
        { 'CertificateInstallationRes(More)',
            'CertificateInstallationReq AuthorizationReq SessionStopReq', 'V2G20-1973 V2G20-2224' },
        { 'CertificateInstallationRes', 'AuthorizationReq SessionStopReq', 'V2G20-1975' },
        { 'AuthorizationRes(Ongoing)', 'AuthorizationReq SessionStopReq', 'V2G20-1582 V2G20-1977' },
        { 'AuthorizationRes(Warning)',
            'AuthorizationReq CertificateInstallationReq SessionStopReq',
            'V2G20-1583 V2G20-1978 V2G20-2226 V2G20-2230' },
        { 'AuthorizationRes(Finished)', 'ServiceDiscoveryReq SessionStopReq', 'V2G20-1979' },
        { 'AuthorizationRes(ExpiresSoon)',
            'ServiceDiscoveryReq CertificateInstallationReq SessionStopReq',
            'V2G20-1979 V2G20-2218' },
        { 'ServiceDiscoveryRes', 'ServiceDetailReq SessionStopReq', 'V2G20-459' },
        { 'ServiceDetailRes', 'ServiceDetailReq ServiceSelectionReq SessionStopReq', 'V2G20-459' },
        { 'ServiceSelectionRes', discovery .. 'Req SessionStopReq', 'V2G20-459' },
        { discovery .. 'Res', services .. discovery .. 'Req ScheduleExchangeReq SessionStopReq',
            'V2G20-459' },
        { 'ScheduleExchangeRes(Ongoing)', 'ScheduleExchangeReq SessionStopReq', 'V2G20-459' },
        -- contactors stayed closed: no isolation test, no pre-charge
        { 'ScheduleExchangeRes(Renegotiated)',
            'PowerDeliveryReq(Start) PowerDeliveryReq(Stop) SessionStopReq', 'V2G20-459' },
        { 'PowerDeliveryRes(Ongoing)', 'PowerDeliveryReq(Start) SessionStopReq', 'V2G20-459' },
        { 'PowerDeliveryRes(Start)', loop .. 'Req PowerDeliveryReq(Stop)', timed },
        { loop .. 'Res', loop .. 'Req MeteringConfirmationReq ' .. stops, timed },
        { 'MeteringConfirmationRes', loop .. 'Req MeteringConfirmationReq ' .. stops,
            'V2G20-1083' },
        { 'PowerDeliveryRes(ScheduleRenegotiation)', 'ScheduleExchangeReq SessionStopReq',
            'V2G20-459' },
        -- the loop goes on in standby, without power
        { 'PowerDeliveryRes(Standby)',
            loop .. 'Req PowerDeliveryReq(Start) PowerDeliveryReq(Stop)', 'V2G20-2113' },
        { loop .. 'Res(Standby)',
            loop .. 'Req MeteringConfirmationReq PowerDeliveryReq(Start) ' .. leaves,
            'V2G20-1393 V2G20-2113' },
        { 'MeteringConfirmationRes(Standby)',
            loop .. 'Req MeteringConfirmationReq PowerDeliveryReq(Start) ' .. leaves,
            'V2G20-1083 V2G20-2113' },
        { 'PowerDeliveryRes(StandbyNotAllowed)', loop .. 'Req ' .. leaves, 'V2G20-1391' },
        { 'SessionStopRes', '', 'V2G20-1633 V2G20-1643' },
        { 'SessionStopRes(ServiceRenegotiation)', 'ServiceDiscoveryReq SessionStopReq',
            'V2G20-1476 V2G20-1477' },
    }
end

local function ac_20(services)
    return join(common_20('AC', services), {
        { 'ScheduleExchangeRes(Finished)', 'PowerDeliveryReq(Start) SessionStopReq', 'V2G20-459' },
        { 'PowerDeliveryRes(Stop)', 'SessionStopReq', 'V2G20-459' },
    })
end

sequence.secc['ISO15118-20'] = {
    ac = ac_20 '',
    -- a vehicle that serves the grid says when it has taken over what the station wants; it may
    -- look for another service where it cannot, before it says so or after (sources differ)
    ['ac-der'] = join(ac_20 'ServiceDiscoveryReq ', {
        { 'AC_ChargeParameterDiscoveryRes(Ongoing)',
            'AC_ChargeParameterDiscoveryReq ServiceDiscoveryReq SessionStopReq',
            'V2G20-3150 V2G20-3151 V2G20-3154' },
    }),
    dc = join(common_20('DC', ''), {
        { 'ScheduleExchangeRes(Finished)', 'DC_CableCheckReq SessionStopReq', 'V2G20-1418' },
        { 'DC_CableCheckRes(Ongoing)', 'DC_CableCheckReq SessionStopReq', 'V2G20-1418' },
        { 'DC_CableCheckRes(Finished)', 'DC_PreChargeReq SessionStopReq', 'V2G20-2005' },
        { 'DC_PreChargeRes(Ongoing)', 'DC_PreChargeReq SessionStopReq', 'V2G20-2005' },
        { 'DC_PreChargeRes(Finished)', 'PowerDeliveryReq(Start) SessionStopReq', 'V2G20-2006' },
        { 'PowerDeliveryRes(Stop)', 'DC_WeldingDetectionReq SessionStopReq',
            'V2G20-459' },
        { 'DC_WeldingDetectionRes(Ongoing)', 'DC_WeldingDetectionReq', 'V2G20-1630' },
        { 'DC_WeldingDetectionRes(Finished)', 'SessionStopReq', 'V2G20-1631' },
    }),
}

-- ---- the vehicle's way ----

-- the station asks to stop outside the charge loop
local halts = { halt = 'PowerDeliveryStop' }
local stop = { 'SessionStop', on = { resume = 'Connect', services = 'ServiceDiscovery' } }

sequence.evcc['DIN70121'] = {
    dc = {
        { 'SessionSetup' }, { 'ServiceDiscovery' }, { 'PaymentServiceSelection' },
        { 'Authorization' }, { 'ChargeParameterDiscovery' }, { 'CableCheck' },
        { 'PreCharge', on = halts }, { 'PowerDeliveryStart', on = halts }, { 'CurrentDemand' },
        { 'PowerDeliveryStop' }, { 'WeldingDetection' }, stop,
    },
}

-- the three before Authorization: where a contract pays, certificates where they are wanted
local open_2 = {
    { 'SessionSetup' }, { 'ServiceDiscovery' }, { 'ServiceDetail' },
    { 'PaymentServiceSelection' }, { 'CertificateInstallation' }, { 'CertificateUpdate' },
    { 'PaymentDetails' }, { 'Authorization' }, { 'ChargeParameterDiscovery' },
}

sequence.evcc['ISO15118-2'] = {
    ac = join(open_2, {
        { 'PowerDeliveryStart', on = halts },
        { 'ChargingStatus', on = { renegotiate = 'PowerDeliveryRenegotiate' } },
        { 'PowerDeliveryStop', on = {} }, stop,
        { 'PowerDeliveryRenegotiate', to = 'ChargeParameterDiscovery' },
    }),
    dc = join(open_2, {
        { 'CableCheck' }, { 'PreCharge', on = halts }, { 'PowerDeliveryStart', on = halts },
        { 'CurrentDemand', on = { renegotiate = 'PowerDeliveryRenegotiate' } },
        { 'PowerDeliveryStop' }, { 'WeldingDetection' }, stop,
        -- the isolation test and pre-charge come again [V2G2-565] [V2G2-582]
        { 'PowerDeliveryRenegotiate', to = 'ChargeParameterDiscovery' },
    }),
}

local open_20 = {
    { 'SessionSetup', on = { joined = 'ChargeParameterDiscovery' } }, { 'AuthorizationSetup' },
    { 'CertificateInstallation' }, { 'Authorization' }, { 'ServiceDiscovery' }, { 'ServiceDetail' },
    { 'PaymentServiceSelection' }, { 'ChargeParameterDiscovery' },
}

local in_loop_20 = { renegotiate = 'PowerDeliveryRenegotiate', standby = 'PowerDeliveryStandby',
                     charge = 'PowerDeliveryStart' }

local renegotiated_20 = { renegotiated = 'PowerDeliveryStart', halt = 'PowerDeliveryStop' }

sequence.evcc['ISO15118-20'] = {
    ac = join(open_20, {
        { 'ScheduleExchange', on = renegotiated_20 }, { 'PowerDeliveryStart', on = halts },
        { 'ChargingStatus', on = in_loop_20 },
        { 'PowerDeliveryStop' }, stop,
        { 'PowerDeliveryRenegotiate', to = 'ScheduleExchange' },
        { 'PowerDeliveryStandby', to = 'ChargingStatus', on = halts },
    }),
    dc = join(open_20, {
        { 'ScheduleExchange', on = renegotiated_20 }, { 'CableCheck' }, { 'PreCharge' },
        { 'PowerDeliveryStart', on = halts }, { 'CurrentDemand', on = in_loop_20 },
        { 'PowerDeliveryStop' }, { 'WeldingDetection' }, stop,
        { 'PowerDeliveryRenegotiate', to = 'ScheduleExchange' },
        { 'PowerDeliveryStandby', to = 'CurrentDemand', on = halts },
    }),
}

-- Rows by response: sets of the requests allowed.
function sequence.allowed(protocol, mode)
    local modes = sequence.secc[protocol]
    local sets = {}
    for _, row in ipairs(modes[mode] or modes.dc) do
        local set = {}
        for request in row[2]:gmatch('%S+') do
            set[request] = true
        end
        sets[row[1]] = set
    end
    return sets
end

-- Index of a step in the vehicle's way.
function sequence.index(way, step)
    for i, row in ipairs(way) do
        if row[1] == step then
            return i
        end
    end
    error('the way has no step ' .. step)
end

return sequence
