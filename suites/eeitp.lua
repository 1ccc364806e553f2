-- SPDX-License-Identifier: Apache-2.0
-- Pairs of a vehicle and a station: a test system that plays one of both brings the other to where
-- such a case begins, by a good session; what it would have to show beyond that is inconclusive by
-- its nature, and counts apart.
-- @author the v2glab authors
-- @needs a real vehicle at a real station, beyond where the cases begin

suite 'ChargeX EEITP v2.0 (2025)' {
    sut = 'SECC', protocol = 'ISO15118-2', tags = 'pair',
}

-- entries { START, KILOWATTS } { … }: the schedule of a station, which is its parameters, too.
local function entries(first)
    local list = { { start = first[1], power = first[2] * 1000 } }
    return setmetatable({ schedules = { { id = 1, entries = list } } }, {
        __call = function(made, next_one)
            list[#list + 1] = { start = next_one[1], power = next_one[2] * 1000 }
            return made
        end,
    })
end

cases 'ITP' {
    sut = 'SECC', about = 'Plug & Charge.',
    beyond = 'power is not seen',
    rows = {
        { id = 'ITP-01-01-008', given = 'PowerDeliveryRes(Start)', paying = 'Contract',
          about = 'a start by contract', aim = 'power flows' },
    },
    then_ = behaviour.goes_no_further,
}

cases 'ITP' {
    sut = 'SECC', about = 'Which protocol a pair agrees on.',
    beyond = 'the order that the other device ranks protocols in is not known here',
    rows = {
        { id = 'ITP-01-01-009', given = 'supportedAppProtocolRes', protocol = 'DIN70121',
          about = 'EV ranks DIN 70121 first', aim = 'DIN 70121 with each order of the station' },
        { id = 'ITP-01-01-010', given = 'supportedAppProtocolRes', protocol = 'ISO15118-2',
          about = 'EV ranks ISO 15118-2 first',
          aim = 'ISO 15118-2 with each order of the station' },
        { id = 'ITP-01-01-011', given = 'supportedAppProtocolRes', protocol = 'ISO15118-2',
          about = 'EV offers ISO 15118-2 only',
          aim = 'ISO 15118-2, or no session where the station has it not' },
        { id = 'ITP-01-01-012', given = 'connected', protocol = 'ISO15118-2',
          about = 'EV offers ISO 15118-2 only, and the station has it not', aim = 'no session' },
        { id = 'ITP-01-01-013', given = 'connected', protocol = 'DIN70121',
          about = 'EV offers DIN 70121 only, and the station has it not', aim = 'no session' },
        { id = 'ITP-01-01-014', given = 'supportedAppProtocolRes', protocol = 'ISO15118-20',
          about = 'EV ranks ISO 15118-20 first',
          aim = 'ISO 15118-20 with each order of the station' },
        { id = 'ITP-01-01-015', given = 'supportedAppProtocolRes', protocol = 'ISO15118-20',
          about = 'EV offers ISO 15118-20 only',
          aim = 'ISO 15118-20, or no session where the station has it not' },
        { id = 'ITP-01-01-016', given = 'connected', protocol = 'ISO15118-20',
          about = 'EV offers ISO 15118-20 only, and the station has it not', aim = 'no session' },
    },
    then_ = behaviour.goes_no_further,
}

cases 'ITP' {
    sut = 'SECC', about = 'Whether the user can end a session before power flows.',
    beyond = 'nobody stops the device by hand',
    rows = {
        { id = 'ITP-01-03-001', given = 'ChargeParameterDiscoveryRes(Finished)',
          about = 'each way to stop by hand', aim = 'the session ends soon' },
        { id = 'ITP-01-03-002', given = 'ChargeParameterDiscoveryRes(Finished)',
          about = 'a stop in each phase', aim = 'the session ends in that phase' },
    },
    then_ = behaviour.goes_no_further,
}

cases 'ITP' {
    sut = 'SECC', about = 'Two vehicles at two ports.',
    beyond = 'there is one vehicle',
    rows = {
        { id = 'ITP-02-05-001', given = 'CurrentDemandRes', mode = 'dc',
          about = 'the second begins while the first charges', aim = 'both charge' },
        { id = 'ITP-02-05-003', given = 'CurrentDemandRes', mode = 'dc',
          about = 'batteries of different voltages', aim = 'both charge' },
    },
    then_ = behaviour.goes_no_further,
}

cases 'ITP' {
    sut = 'EVCC', about = 'Whether a pair tries again by itself.',
    beyond = 'the retry of a vehicle begins at the pilot',
    rows = {
        { id = 'ITP-02-06-002', given = 'ServiceDiscoveryReq', paying = 'ExternalPayment',
          about = 'after an error in the messages', aim = 'the second try charges' },
        { id = 'ITP-02-06-003', given = 'SessionSetupReq', paying = 'ExternalPayment',
          about = 'after an error in the handshake', aim = 'the second try charges' },
        { id = 'ITP-02-06-004', given = 'AuthorizationReq', paying = 'ExternalPayment',
          about = 'after a time-out', aim = 'the second try charges' },
        { id = 'ITP-02-06-005', given = 'AuthorizationReq', paying = 'ExternalPayment',
          about = 'for longer than TT_SR_session', aim = 'the session ends' },
    },
    then_ = behaviour.goes_no_further,
}

cases 'ITP' {
    sut = 'EVCC', about = 'Pause and resumption.',
    beyond = 'current and contactors are not seen, and nothing wakes the vehicle',
    rows = {
        { id = 'ITP-02-07-002', given = 'SessionStopReq(Pause)', pauses = true,
          about = 'a pause, then the end', aim = 'current falls, contactors open' },
        { id = 'ITP-02-07-003', given = 'SessionSetupReq after SessionStopReq(Pause)',
          pauses = true, about = 'a resumption by the SessionID', aim = 'the session goes on' },
        { id = 'ITP-02-07-004', given = 'SessionSetupReq after SessionStopReq(Pause)',
          pauses = true, about = 'another session after a pause', aim = 'a session begins' },
    },
    then_ = behaviour.goes_no_further,
}

cases 'ITP' {
    sut = 'SECC', about = 'Odd wishes of a vehicle.',
    beyond = 'that the session charges is not seen',
    rows = {
        { id = 'ITP-02-10-001', given = 'PowerDeliveryRes(Start)', vehicle = { departure = 60 },
          about = 'a very early DepartureTime', aim = 'a schedule, and the session charges' },
        { id = 'ITP-02-10-002', given = 'PowerDeliveryRes(Start)',
          mode = 'ac', vehicle = { energy = 1 }, about = 'a very small EAmount',
          aim = 'a schedule, and the session charges' },
        { id = 'ITP-02-10-003', given = 'PowerDeliveryRes(Start)',
          vehicle = { departure = 4294967295 }, about = 'a DepartureTime without bound',
          aim = 'a schedule, and the session charges' },
        { id = 'ITP-02-10-004', given = 'PowerDeliveryRes(Start)',
          mode = 'ac', vehicle = { energy = 32767000 }, about = 'an EAmount without bound',
          aim = 'a schedule, and the session charges' },
    },
    then_ = behaviour.goes_no_further,
}

cases 'ITP' {
    sut = 'EVCC', about = 'Schedules.',
    beyond = 'what flows is not seen; what the vehicle asks for is what V2GT_TC_CHX_SmartChargingScheduling looks at',
    rows = {
        { id = 'ITP-02-11-001', given = 'CurrentDemandReq',
          station = entries { 0, 50 } { 60, 20 } { 120, 35 }, about = 'steps, none of 0 W',
          aim = 'power follows' },
        { id = 'ITP-02-11-002', given = 'CurrentDemandReq',
          station = entries { 0, 50 } { 60, 0 } { 120, 35 }, about = '0 W in the middle',
          aim = 'it stops, and goes on' },
        { id = 'ITP-02-11-003', given = 'CurrentDemandReq', station = entries { 0, 0 } { 60, 50 },
          about = '0 W first', aim = 'it waits' },
        { id = 'ITP-02-11-004', given = 'CurrentDemandReq', station = entries { 60, 50 },
          about = 'the first step begins later', aim = 'it does what its maker says' },
        { id = 'ITP-02-11-005', given = 'ChargeParameterDiscoveryReq',
          about = 'two steps in a row that begin at 0', aim = 'it does what its maker says' },
        { id = 'ITP-02-11-006', given = 'ChargeParameterDiscoveryReq',
          about = 'two steps apart that begin at 0', aim = 'it does what its maker says' },
        { id = 'ITP-02-11-007', given = 'ChargeParameterDiscoveryReq',
          about = 'two steps in a row that begin together', aim = 'it does what its maker says' },
        { id = 'ITP-02-11-008', given = 'ChargeParameterDiscoveryReq',
          about = 'two steps apart that begin together', aim = 'it does what its maker says' },
        { id = 'ITP-02-11-009', given = 'CurrentDemandReq', station = entries { 0, 1 },
          about = 'too little power until the departure', aim = 'it charges, or says so' },
    },
    then_ = behaviour.goes_no_further,
}

cases 'ITP' {
    sut = 'EVCC', about = 'Feeding back.',
    protocol = 'ISO15118-20',
    beyond = 'power is not seen',
    rows = {
        { id = 'ITP-02-12-001', given = 'DC_ChargeLoopReq', mode = 'dc', vehicle = { bpt = true },
          about = 'a schedule with steps of both directions', aim = 'power follows' },
        { id = 'ITP-02-13-001', given = 'DC_ChargeLoopReq',
          mode = 'dc', vehicle = { bpt = true, control = 'dynamic' },
          about = '-5 A in dynamic control', aim = 'power flows back' },
        { id = 'ITP-02-13-002', given = 'DC_ChargeLoopReq',
          mode = 'dc', vehicle = { bpt = true, control = 'dynamic' },
          about = 'between -20 and 20 kW every 5 s', aim = 'power follows' },
        { id = 'ITP-02-13-003', given = 'DC_ChargeLoopReq',
          mode = 'dc', vehicle = { bpt = true, control = 'dynamic' },
          about = 'as much as it can give', aim = 'power flows back' },
    },
    then_ = behaviour.goes_no_further,
}

cases 'ITP' {
    sut = 'SECC', about = 'Certificates of contracts at a station.',
    beyond = 'the state of certificates and back end of the device is not known here',
    rows = {
        { id = 'ITP-03-14-001', given = 'AuthorizationRes(Finished)', paying = 'Contract',
          about = 'all are valid', aim = 'the session begins' },
        { id = 'ITP-03-14-002', given = 'PaymentServiceSelectionRes(Contract)',
          paying = 'Contract', contract = 'install',
          about = 'the provisioning certificate is not valid',
          aim = 'nothing is installed; external means are on offer' },
        { id = 'ITP-03-14-003', given = 'PaymentServiceSelectionRes(Contract)', paying = 'Contract',
          about = 'the contract certificate is not valid',
          aim = 'no session by contract; external means are on offer' },
        { id = 'ITP-03-14-006', given = 'PaymentServiceSelectionRes(Contract)', paying = 'Contract',
          about = 'all certificates as one chain', aim = 'they are taken' },
        { id = 'ITP-03-15-001', given = 'PaymentServiceSelectionRes(Contract)', paying = 'Contract',
          about = 'a CRL is fetched and looked at', aim = 'a valid chain is taken' },
        { id = 'ITP-03-15-002', given = 'PaymentServiceSelectionRes(Contract)', paying = 'Contract',
          about = 'an OCSP response is fetched and looked at', aim = 'a valid chain is taken' },
        { id = 'ITP-03-15-003', given = 'PaymentServiceSelectionRes(Contract)', paying = 'Contract',
          about = 'the contract certificate is revoked',
          aim = 'it is refused; external means are on offer' },
        { id = 'ITP-03-15-004', given = 'PaymentServiceSelectionRes(Contract)', paying = 'Contract',
          about = 'contract certificate and eMAID are valid', aim = 'they are taken' },
        { id = 'ITP-03-15-005', given = 'PaymentServiceSelectionRes(Contract)', paying = 'Contract',
          about = 'the CRL has a wrong signature, and there is no OCSP', aim = 'it is refused' },
        { id = 'ITP-03-15-009', given = 'PaymentServiceSelectionRes(Contract)', paying = 'Contract',
          about = 'neither CRL nor OCSP can be had', aim = 'no session by contract' },
        { id = 'ITP-03-16-001', given = 'PaymentServiceSelectionRes(Contract)', paying = 'Contract',
          about = 'sub-CA 2 of the operator is revoked',
          aim = 'no session; external means are on offer' },
        { id = 'ITP-03-16-002', given = 'PaymentServiceSelectionRes(Contract)', paying = 'Contract',
          about = 'sub-CA 2 of the vehicle is revoked',
          aim = 'no session; external means are on offer' },
        { id = 'ITP-03-16-006', given = 'PaymentServiceSelectionRes(Contract)', paying = 'Contract',
          about = 'both sub-CA 2 are revoked', aim = 'no session; external means are on offer' },
    },
    then_ = behaviour.goes_no_further,
}

cases 'ITP' {
    sut = 'EVCC', about = 'Certificates of a station at a vehicle.',
    beyond = 'what the pair does instead is not seen; TLS itself is in evcc-transport.lua',
    rows = {
        { id = 'ITP-03-14-004', given = 'SessionSetupReq', tls = true,
          about = 'the station\'s certificate is not valid',
          aim = 'the vehicle refuses; external means are on offer' },
        { id = 'ITP-03-14-005', given = 'CertificateInstallationReq',
          paying = 'Contract', contract = 'install',
          about = 'the provisioning service or its signature is not valid',
          aim = 'nothing is installed' },
        { id = 'ITP-03-15-006', given = 'SessionSetupReq', tls = true,
          about = 'the stapled response: the station\'s certificate is revoked',
          aim = 'the vehicle refuses' },
        { id = 'ITP-03-15-007', given = 'SessionSetupReq', tls = true,
          about = 'the stapled response: the station\'s certificate is good',
          aim = 'the vehicle goes on' },
        { id = 'ITP-03-15-008', given = 'SessionSetupReq', tls = true,
          about = 'the stapled response is signed under another root',
          aim = 'the vehicle refuses' },
        { id = 'ITP-03-16-005', given = 'SessionSetupReq', tls = true,
          about = 'the stapled response comes from a revoked sub-CA 2',
          aim = 'the vehicle refuses' },
    },
    then_ = behaviour.goes_no_further,
}
