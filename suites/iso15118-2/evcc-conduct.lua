-- SPDX-License-Identifier: Apache-2.0
-- Vehicles of ISO 15118-2: what they make of what a station offers, limits and asks for, and of a
-- pause. No public suite has these cases.
-- @author the v2glab authors
-- @needs nothing

suite 'derived (ISO 15118-2)' {
    sut = 'EVCC', protocol = 'ISO15118-2', beside = 'pair',
}

local LOOP <const> = 'CurrentDemandReq'
local NO_DUTY <const> = 'no source obliges the vehicle to look at it; vehicles in use go on'

-- ---- setting up ----

cases 'session' {
    about = 'A session that cannot be one is not gone on with.',
    given = 'SessionSetupReq', field = NO_DUTY,
    rows = {
        { id = 'DRV_2_EVCC_SessionSetup_sid0', code = 'OK_NewSessionEstablished', SessionID = 'zero',
          cites = 'V2G2-750', about = 'a new session with SessionID 0' },
        { id = 'DRV_2_EVCC_SessionSetup_oldnew', code = 'OK_OldSessionJoined',
          cites = 'V2G2-753 V2G2-754', about = 'an old session, and none was asked for' },
    },
    then_ = behaviour.leaves,
}

cases 'offer' {
    about = 'The vehicle selects what was offered, as it was offered.',
    given = 'ServiceDiscoveryReq', expects = 'PaymentServiceSelectionReq',
    rows = {
        { id = 'DRV_2_EVCC_PaymentServiceSelection_id', fields = { ['ChargeService.ServiceID'] = 7 },
          request = { ['SelectedServiceList.SelectedService[1].ServiceID'] = 7 },
          cites = 'V2G2-433 V2G2-804 DRV-2-ChargeServiceID', about = 'a ChargeService with another id' },
        { id = 'DRV_2_EVCC_ServiceDetail_plain', tls = 'off', services = true,
          station = { services_without_tls = true },
          cites = 'V2G2-422', about = 'without TLS there are no further services' },
    },
    then_ = behaviour.goes_on,
}

-- ---- parameters ----

cases 'parameters' {
    about = 'What the station can give leaves no way to charge: the vehicle ends the session.',
    given = 'ChargeParameterDiscoveryReq', mode = 'dc',
    rows = {
        { id = 'DRV_2_EVCC_ChargeParameterDiscovery_nosched', fields = { SAScheduleList = absent },
          cites = 'V2G2-286 V2G2-905', about = 'Finished, without a schedule' },
        { id = 'DRV_2_EVCC_ChargeParameterDiscovery_volt', cites = 'V2G2-373',
          fields = { ['DC_EVSEChargeParameter.EVSEMinimumVoltageLimit'] = 500 },
          advice = 'no text obliges the vehicle', about = 'no voltage as low as the battery has' },
    },
    then_ = behaviour.leaves,
}

-- 24 entries of 11 kW, and six of 3 kW: more than a profile can have.
local THIRTY <const> = { id = 1, entries = {} }
for i = 1, 30 do
    THIRTY.entries[i] = { start = (i - 1) * 600, power = i <= 24 and 11000 or 3000 }
end

cases 'DRV_2_EVCC_PowerDelivery_24' {
    about = 'A profile of 24 entries at most keeps below a schedule of 30.',
    given = 'ChargeParameterDiscoveryReq', mode = 'ac', station = { schedules = { THIRTY } },
    expects = 'PowerDeliveryReq', request = { ChargeProgress = 'Start' }, checks = { profile },
    cites = 'V2G2-225',
    then_ = behaviour.goes_on,
}

-- ---- before charging ----

local STATUS <const> = 'DC_EVSEStatus.'

cases 'isolation' {
    about = 'The isolation test is over and not well: there is no pre-charge.',
    given = 'CableCheckReq', mode = 'dc',
    rows = {
        { id = 'DRV_2_EVCC_CableCheck_iso', cites = 'DRV-2-IsolationFault-EVCC', about = 'Invalid',
          fields = { EVSEProcessing = 'Finished', [STATUS .. 'EVSEIsolationStatus'] = 'Invalid' } },
        { id = 'DRV_2_EVCC_CableCheck_iso_fault', cites = 'DRV-2-IsolationFault-EVCC', about = 'Fault',
          fields = { EVSEProcessing = 'Finished', [STATUS .. 'EVSEIsolationStatus'] = 'Fault' } },
        { id = 'DRV_2_EVCC_CableCheck_status', cites = 'DRV-2-CableCheckStatus',
          fields = { EVSEProcessing = 'Finished', [STATUS .. 'EVSEStatusCode'] = 'EVSE_Malfunction' },
          about = 'EVSE_Malfunction' },
    },
    then_ = behaviour.leaves,
}

local SHUTDOWN <const> = { [STATUS .. 'EVSEStatusCode'] = 'EVSE_Shutdown' }
local EMERGENCY <const> = { [STATUS .. 'EVSEStatusCode'] = 'EVSE_EmergencyShutdown' }

cases 'DRV_X_EVCC_any_shutdown' {
    about = 'A shutdown outside the charge loop: no charging request follows.',
    cites = 'DRV-Shutdown', mode = 'dc',
    rows = {
        CableCheck = { given = 'CableCheckReq', fields = SHUTDOWN, about = 'EVSE_Shutdown' },
        CableCheck_emergency = { given = 'CableCheckReq', fields = EMERGENCY,
                                 about = 'EVSE_EmergencyShutdown' },
        PreCharge = { given = 'PreChargeReq', fields = SHUTDOWN, about = 'EVSE_Shutdown' },
        PreCharge_emergency = { given = 'PreChargeReq', fields = EMERGENCY,
                                about = 'EVSE_EmergencyShutdown' },
        PowerDelivery = { given = 'PowerDeliveryReq(Start)', fields = SHUTDOWN,
                          about = 'EVSE_Shutdown' },
        PowerDelivery_emergency = { given = 'PowerDeliveryReq(Start)', fields = EMERGENCY,
                                    about = 'EVSE_EmergencyShutdown' },
    },
    then_ = behaviour.ends_charging,
}

local STOP <const> = { [STATUS .. 'EVSENotification'] = 'StopCharging' }
local STOP_AC <const> = { ['AC_EVSEStatus.EVSENotification'] = 'StopCharging' }

cases 'DRV_2_EVCC_any_stop' {
    about = 'StopCharging outside the charge loop: no charging request follows.',
    cites = 'V2G2-679', mode = 'dc',
    rows = {
        ChargeParameterDiscovery = {
            given = 'ChargeParameterDiscoveryReq', about = 'ChargeParameterDiscovery',
            fields = { ['DC_EVSEChargeParameter.DC_EVSEStatus.EVSENotification'] = 'StopCharging' } },
        ChargeParameterDiscovery_ac = {
            given = 'ChargeParameterDiscoveryReq', mode = 'ac', about = 'ChargeParameterDiscovery, AC',
            fields = { ['AC_EVSEChargeParameter.AC_EVSEStatus.EVSENotification'] = 'StopCharging' } },
        CableCheck = { given = 'CableCheckReq', fields = STOP, about = 'CableCheck' },
        PreCharge = { given = 'PreChargeReq', fields = STOP, about = 'PreCharge' },
        PowerDelivery = { given = 'PowerDeliveryReq(Start)', fields = STOP, about = 'PowerDelivery' },
        PowerDelivery_ac = { given = 'PowerDeliveryReq(Start)', mode = 'ac', fields = STOP_AC,
                             about = 'PowerDelivery, AC' },
        WeldingDetection = { given = 'WeldingDetectionReq', fields = STOP, about = 'WeldingDetection' },
    },
    then_ = behaviour.ends_charging,
}

-- ---- the charge loop ----

local STOPS <const> = { ChargeProgress = 'Stop' }
local RENEGOTIATES <const> = { ChargeProgress = 'Renegotiate' }
local AGAIN <const> = { [STATUS .. 'EVSENotification'] = 'ReNegotiation' }

cases 'DRV_2_EVCC_MeteringReceipt_notice' {
    about = 'What MeteringReceiptRes asks for is done as well.',
    given = 'MeteringReceiptReq', mode = 'dc', paying = 'Contract', receipts = true,
    expects = 'PowerDeliveryReq', cites = 'V2G2-679 V2G2-841',
    rows = {
        stop = { fields = STOP, request = STOPS, about = 'StopCharging' },
        renegotiate = { fields = AGAIN, request = RENEGOTIATES, about = 'ReNegotiation' },
    },
    then_ = behaviour.goes_on,
}

cases 'DRV_2_EVCC_loop_renegtwice' {
    about = 'A second renegotiation is followed, too; to decline it is reported.',
    given = 'CurrentDemandReq after PowerDeliveryReq(Renegotiate)', mode = 'dc', cites = 'V2G2-841',
    station = { renegotiate_after = 1 }, fields = AGAIN,
    then_ = function(it, row)
        it:answers(row.fields)
        local came = it:expects_any { { 'PowerDeliveryReq', RENEGOTIATES }, { LOOP } }
        it:tells('PowerDeliveryReq with Renegotiate', came.name)
    end,
}

cases 'DRV_2_EVCC_CurrentDemand_limits' {
    about = 'What the vehicle asks for stays within limits that come in the charge loop.',
    given = LOOP, mode = 'dc', cites = 'V2G2-258 V2G2-260',
    fields = { EVSEMaximumVoltageLimit = 380, EVSEMaximumCurrentLimit = 20,
               EVSEMaximumPowerLimit = 5000 },
    then_ = behaviour.keeps_limits,
}

cases 'DRV_2_EVCC_CurrentDemand_complete' {
    about = 'ChargingComplete is false as long as EVRESSSOC is below 100.',
    given = LOOP, mode = 'dc', cites = 'V2G2-258 V2G2-375',
    charges = 'until full',
    then_ = function(it)
        it:keeps_answering(LOOP, {
            text = 'ChargingComplete false below 100 %', negations = { 'set ChargingComplete true' },
            finds = function(m)
                local percent = m.DC_EVStatus.EVRESSSOC
                return m.ChargingComplete and percent < 100 and ('true at %d %%'):format(percent) or nil
            end,
            next = { { 'PowerDeliveryReq', STOPS },
                     { 'PowerDeliveryReq', { ChargeProgress = 'Renegotiate' } } },
        })
    end,
}

cases 'DRV_2_EVCC_loop_start' {
    about = 'Nothing is drawn before the first entry of the schedule begins.',
    given = LOOP, mode = 'dc', cites = 'DRV-2-ScheduleStart', charges = 'on',
    station = { schedules = { { id = 1, entries = { { start = 60, power = 50000 } } } } },
    then_ = function(it)
        it:keeps_answering(LOOP, { lasts = 59000, each = { EVTargetCurrent = near(0, 0.1) } })
    end,
}

-- ---- the time and the energy gone by ----

local LIMITS <const> = { ac = 'AC_EVChargeParameter.', dc = 'DC_EVChargeParameter.' }

-- Expects DepartureTime to be as much smaller than in the first request as time has gone by.
local function counts_down(it, row, meanwhile)
    local path = LIMITS[row.mode] .. 'DepartureTime'
    local first = it:first 'ChargeParameterDiscoveryReq'
    it:expects('ChargeParameterDiscoveryReq', { [path] = function(value)
        return math.abs(first.m:get(path) - (Now() - first.at) / 1000 - value) <= 1
    end }, { meanwhile = meanwhile })
end

cases 'DRV_2_EVCC_ChargeParameterDiscovery_resdep' {
    about = 'In a resumed session DepartureTime is smaller by the time gone by.',
    given = 'AuthorizationReq after SessionStopReq(Pause)', pauses = true, cites = 'V2G2-742',
    mode = 'dc', departs = 86400,
    then_ = function(it, row)
        it:answers()
        counts_down(it, row)
    end,
}

cases 'DRV_2_EVCC_ChargeParameterDiscovery_renegdep' {
    about = 'In a renegotiation DepartureTime is smaller by the time gone by.',
    cites = 'V2G2-742', departs = 86400, charges = 'on',
    rows = {
        ac = { given = 'ChargingStatusReq', mode = 'ac', fields = { ['AC_EVSEStatus.EVSENotification'] =
               'ReNegotiation' }, about = 'AC' },
        dc = { given = LOOP, mode = 'dc', fields = AGAIN, about = 'DC' },
    },
    then_ = function(it, row)
        it:keeps_answering(row.given, { lasts = 60000 })
        it:answers(row.fields)
        counts_down(it, row, { 'PowerDeliveryReq(Renegotiate)' })
    end,
}

cases 'DRV_2_EVCC_ChargeParameterDiscovery_resam' {
    about = 'In a resumed session EAmount is smaller by what was charged before.',
    given = 'AuthorizationReq after SessionStopReq(Pause)', pauses = true, cites = 'V2G2-743',
    mode = 'ac', charges = 'for a while',
    then_ = function(it)
        local path = 'AC_EVChargeParameter.EAmount'
        local wanted = it:first('ChargeParameterDiscoveryReq').m:get(path):si()
        local charged = it.tester:said('ChargingStatusRes').MeterInfo.MeterReading
        it:needs(charged > 100, '100 Wh charged before the pause', charged .. ' Wh')
        it:answers()
        it:expects('ChargeParameterDiscoveryReq', { [path] = near(wanted - charged, charged * 0.2) })
    end,
}
