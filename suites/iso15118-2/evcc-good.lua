-- SPDX-License-Identifier: Apache-2.0
-- Vehicles of ISO 15118-2 and how they go on after good responses.
-- @author the v2glab authors
-- @needs nothing

suite 'ISO 15118-4:2018' {
    sut = 'EVCC', protocol = 'ISO15118-2', beside = 'pair',
}

local GUESS <const> = 'the standard has a case of this kind, whose number is not known'
local CLOSES <const> = 'par_CMN_TCP_Connection_Termination_Timeout'

-- Whether the services that were selected have the charge service that was offered.
local function has_charge_service(list)
    for _, service in ipairs(list) do
        if service.ServiceID == 1 then
            return true
        end
    end
    return false
end

cases 'good' {
    about = 'After a good response the vehicle sends the request that is due.',
    rows = {
        { id = 'TC_EVCC_CMN_VTB_ServiceDiscovery_001', given = 'SessionSetupReq',
          expects = 'ServiceDiscoveryReq', cites = 'V2G2-544', about = 'EV asks for services' },
        { id = 'TC_EVCC_CMN_VTB_V2GTPSessionSetup_001', given = 'SessionSetupReq',
          expects = 'ServiceDiscoveryReq', cites = 'V2G2-800', about = 'the header is the right one',
          doubt = 'official number inferred from that of stations' },
        { id = 'TC_EVCC_CMN_VTB_ServiceDetailAndPaymentSelection_001', given = 'ServiceDiscoveryReq',
          expects = 'PaymentServiceSelectionReq', meanwhile = { 'ServiceDetailReq' },
          request = { SelectedPaymentOption = any { 'ExternalPayment', 'Contract' },
                      ['SelectedServiceList.SelectedService'] = has_charge_service },
          cites = 'V2G2-547 V2G2-550', about = 'EV selects what is offered, charging among it' },
        { id = 'TC_EVCC_CMN_VTB_Authorization_001', given = 'PaymentServiceSelectionReq',
          expects = 'AuthorizationReq', paying = 'ExternalPayment',
          request = { Id = absent, GenChallenge = absent, ['Header.Signature'] = absent },
          cites = 'V2G2-562', about = 'EV has itself authorized by external means' },
        { id = 'DRV_2_EVCC_Authorization_g2', given = 'AuthorizationReq',
          fields = { EVSEProcessing = 'Ongoing' }, expects = 'AuthorizationReq',
          cites = 'V2G2-684', about = 'EV asks again while it is Ongoing', doubt = GUESS },
        { id = 'TC_EVCC_CMN_VTB_ChargeParameterDiscovery_001', given = 'AuthorizationReq',
          expects = 'ChargeParameterDiscoveryReq',
          request = { RequestedEnergyTransferMode = any { 'AC_single_phase_core',
              'AC_three_phase_core', 'DC_extended', 'DC_core' } },
          cites = 'V2G2-565', about = 'EV asks for a transfer that is offered' },
        { id = 'TC_EVCC_AC_VTB_PowerDelivery_001', given = 'ChargeParameterDiscoveryReq',
          mode = 'ac', expects = 'PowerDeliveryReq', checks = { profile },
          request = { ChargeProgress = 'Start', SAScheduleTupleID = 1 },
          cites = 'V2G2-589 V2G2-224 V2G2-225', about = 'EV starts within the schedule offered' },
        { id = 'TC_EVCC_AC_VTB_ChargingStatus_001', given = 'PowerDeliveryReq(Start)',
          mode = 'ac', expects = 'ChargingStatusReq', cites = 'V2G2-577',
          about = 'EV goes round in the charge loop' },
        { id = 'DRV_2_EVCC_PowerDelivery_g2', given = 'ChargingStatusReq', mode = 'ac',
          fields = { ['AC_EVSEStatus.EVSENotification'] = 'ReNegotiation' },
          expects = 'PowerDeliveryReq', request = { ChargeProgress = 'Renegotiate' },
          cites = 'V2G2-589', about = 'EV renegotiates where it is asked to', doubt = GUESS },
        { id = 'DRV_2_EVCC_PowerDelivery_g3', given = 'ChargingStatusReq', mode = 'ac',
          fields = { ['AC_EVSEStatus.EVSENotification'] = 'StopCharging' },
          expects = 'PowerDeliveryReq', request = { ChargeProgress = 'Stop' },
          cites = 'V2G2-589', about = 'EV stops where it is asked to', doubt = GUESS },
    },
    then_ = behaviour.goes_on,
}

cases 'good-end' {
    about = 'The vehicle ends the session in order, and closes the connection.',
    given = 'PowerDeliveryReq(Stop)',
    rows = {
        { id = 'DRV_2_EVCC_SessionStop_g1', cites = 'V2G2-025', about = 'EV ends a session',
          doubt = GUESS },
    },
    then_ = function(it)
        it:answers()
        it:expects('SessionStopReq', nil, { meanwhile = { 'WeldingDetectionReq' } })
        it:answers()
        it:expects_end { within = CLOSES }
    end,
}

suite 'ISO 15118-4:2018 / CharIN (DIN 70121 + ISO 15118-2)' {
    sut = 'EVCC', protocol = 'ISO15118-2', beside = 'pair',
}

cases 'good-end' {
    about = 'The vehicle ends the session in order, and closes the connection.',
    given = 'PowerDeliveryReq(Stop)', mode = 'dc',
    rows = {
        { id = 'TC_EVCC_DC_VTB_WeldingDetectionOrSessionStop_001',
          about = 'StopCharging in PowerDeliveryRes(Stop) changes nothing' },
    },
    then_ = function(it)
        it:answers { ['DC_EVSEStatus.EVSENotification'] = 'StopCharging' }
        it:expects('SessionStopReq', nil, { meanwhile = { 'WeldingDetectionReq' } })
        it:answers()
        it:expects_end { within = CLOSES }
    end,
}

-- ---- schedules ----

suite 'ISO 15118-4:2018 / CharIN (DIN 70121 + ISO 15118-2)' {
    sut = 'EVCC', protocol = 'ISO15118-2', beside = 'pair',
}

local STEP <const> = 60 -- s

local function steps_of(...)
    local entries = {}
    for i, power in ipairs { ... } do
        entries[i] = { start = (i - 1) * STEP, power = power }
    end
    return { schedules = { { id = 1, entries = entries } } }
end

local GRACE <const> = 5 -- s after a step in which either power may still be asked for

-- The power that is offered that many seconds after the first request of the loop, which comes a
-- bit later than PowerDeliveryRes(Start): least and most of it around that time.
local function offered(list, seconds)
    local least, most = math.huge, 0
    for i, entry in ipairs(list) do
        local ends = list[i + 1] and list[i + 1].start or math.huge
        if seconds + 1 >= entry.start and seconds < ends + GRACE then
            least, most = math.min(least, entry.power), math.max(most, entry.power)
        end
    end
    return least, most
end

-- Why what CurrentDemandReq asks for does not follow the schedule.
local function departs_from(list, from)
    return function(m, it)
        local seconds = (Now() - from) / 1000
        local least, most = offered(list, seconds)
        local power = m.EVTargetCurrent:si() * it.tester.answered.EVSEPresentVoltage:si()
        local text = ('%.0f W asked for after %.0f s, of %g W offered'):format(power, seconds, most)
        return (power > most * 1.05 + 100 or least > 0 and power <= 0) and text or nil
    end
end

cases 'V2GT_TC_CHX_SmartChargingScheduling' {
    about = 'What the vehicle asks for follows each step of the schedule that it was offered.',
    given = 'CurrentDemandReq', mode = 'dc', charges = 'on',
    doubt = 'how far off still follows is in no source: 5 % and 100 W here, and 5 s for a step',
    rows = {
        [1] = { station = steps_of(50000, 20000, 35000, 10000), about = 'four steps, none of 0 W' },
        [2] = { station = steps_of(50000, 20000, 0, 10000), cites = 'DRV-2-PMaxZero',
                about = 'a step of 0 W for 60 s' },
        [3] = { station = steps_of(0, 20000, 35000, 10000), cites = 'DRV-2-PMaxZero',
                about = 'first a step of 0 W for 60 s' },
    },
    then_ = function(it, row)
        local entries = row.station.schedules[1].entries
        it:keeps_answering('CurrentDemandReq', {
            lasts = #entries * STEP * 1000, text = 'a current that follows PMax',
            finds = departs_from(entries, it.from), negations = { 'set EVTargetCurrent 1000' },
        })
    end,
}

-- ---- Ongoing for too long ----

cases 'ongoing-timeout' {
    about = 'A vehicle that is put off for too long ends the session when its time is over.',
    mode = 'dc',
    rows = {
        { id = 'TC_EVCC_DC_VTB_CableCheck_006', given = 'CableCheckReq',
          fields = { EVSEProcessing = 'Ongoing',
                     ['DC_EVSEStatus.EVSEStatusCode'] = 'EVSE_IsolationMonitoringActive' },
          after = 'V2G_EVCC_CableCheck_Timeout', cites = 'V2G2-700', about = 'endless cable check' },
        { id = 'TC_EVCC_DC_VTB_PreCharge_006', given = 'PreChargeReq',
          fields = { EVSEPresentVoltage = 0 }, after = 'V2G_EVCC_PreCharge_Timeout',
          about = 'a voltage that is never reached' },
    },
    then_ = behaviour.loses_patience,
}
