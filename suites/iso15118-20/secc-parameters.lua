-- SPDX-License-Identifier: Apache-2.0
-- Stations of ISO 15118-20 and requests in time, whose content they have to refuse.
-- @author the v2glab authors
-- @needs nothing

suite 'derived (ISO 15118-20)' {
    sut = 'SECC', protocol = 'ISO15118-20', if_ = 'PICS_CMN_CMN_FailedResponseCodes',
}

-- One entry of twice the power that the schedule offers.
local function twice_too_much(it)
    local mode = it:last 'ScheduleExchangeRes'.Scheduled_SEResControlMode
    local schedule = mode.ScheduleTuple[1].ChargingSchedule.PowerSchedule
    local most = 0
    for _, entry in ipairs(schedule.PowerScheduleEntries.PowerScheduleEntry) do
        most = math.max(most, entry.Power:si())
    end
    return { ['EVPowerProfile.EVPowerProfileEntries.EVPowerProfileEntry'] = {
        { Duration = 3600, Power = 2 * most } } }
end

local DC <const> = 'DC_CPDReqEnergyTransferMode'

cases 'DRV_20_SECC' {
    about = 'What was not offered, and what does not fit it, is refused.',
    rows = {
        ServiceDetail_det = { given = 'ServiceDiscoveryRes', sends = 'ServiceDetailReq',
            fields = { ServiceID = 60999 }, code = 'FAILED_ServiceIDInvalid',
            about = 'details of a service that was not offered', cites = 'V2G20-464' },
        ServiceSelection_selinv = { given = 'ServiceDetailRes', sends = 'ServiceSelectionReq',
            fields = { ['SelectedEnergyTransferService.ServiceID'] = 60999 },
            code = any { 'FAILED_NoEnergyTransferServiceSelected', 'FAILED_ServiceSelectionInvalid' },
            about = 'a service that was not offered', cites = 'V2G20-467 V2G20-1618',
            doubt = 'either code is sensible' },
        ServiceSelection_selps = { given = 'ServiceDetailRes', sends = 'ServiceSelectionReq',
            runs = { { fields = { ['SelectedEnergyTransferService.ParameterSetID'] = 999 } },
                     { fields = { ['SelectedVASList.SelectedService'] = {
                         { ServiceID = 60999, ParameterSetID = 999 } } } } },
            code = 'FAILED_ServiceSelectionInvalid', about = 'parameter sets that were not offered',
            cites = 'V2G20-433' },
        ServiceSelection_selnd = { given = 'ServiceDiscoveryRes', sends = 'ServiceSelectionReq',
            fields = { ['SelectedEnergyTransferService.ParameterSetID'] = 1 },
            code = 'FAILED_SequenceError', about = 'a parameter set that was never asked for',
            doubt = 'the sequence knows no selection without details; no source names the code' },
        ChargeParameterDiscovery_bpt = { given = 'ServiceSelectionRes', mode = 'dc',
            sends = 'DC_ChargeParameterDiscoveryReq', code = 'FAILED_WrongChargeParameter',
            runs = { { fields = { [DC] = absent, ['BPT_' .. DC] = {} } },
                     { vehicle = { bpt = true }, fields = { ['BPT_' .. DC] = absent, [DC] = {} } } },
            about = 'limits of another service than the one selected',
            cites = 'V2G20-2272 V2G20-1619',
            doubt = 'the second run needs a station that offers DC_BPT' },
        ChargeParameterDiscovery_fit = { given = 'ServiceSelectionRes', mode = 'dc',
            sends = 'DC_ChargeParameterDiscoveryReq', fields = { [DC .. '.EVMaximumVoltage'] = 1 },
            code = 'FAILED_WrongChargeParameter', about = 'less voltage than the station has at least',
            cites = 'V2G20-2272 V2G20-1619',
            doubt = 'a station whose EVSEMinimumVoltage is 1 V or less has nothing to refuse' },
        ScheduleExchange_mode = { given = 'DC_ChargeParameterDiscoveryRes', mode = 'dc',
            sends = 'ScheduleExchangeReq', fields = { Scheduled_SEReqControlMode = absent,
                Dynamic_SEReqControlMode = { DepartureTime = 3600, EVTargetEnergyRequest = 10000,
                    EVMaximumEnergyRequest = 20000, EVMinimumEnergyRequest = 5000 } },
            code = any { 'FAILED', 'FAILED_WrongChargeParameter' },
            about = 'dynamic control mode, where scheduled was selected', cites = 'V2G20-1600' },
        PowerDelivery_prof = { given = 'DC_PreChargeRes(Finished)', mode = 'dc',
            sends = 'PowerDeliveryReq', ChargeProgress = 'Start', fields = twice_too_much,
            code = 'FAILED_EVPowerProfileInvalid', about = 'a profile of twice the power' },
        PowerDelivery_tuple = { given = 'DC_PreChargeRes(Finished)', mode = 'dc',
            sends = 'PowerDeliveryReq', ChargeProgress = 'Start', fields = {
                ['EVPowerProfile.Scheduled_EVPPTControlMode.SelectedScheduleTupleID'] = 4294967295 },
            code = 'FAILED_ScheduleSelectionInvalid', about = 'a schedule that was not offered' },
        SessionStop_renearly = { given = 'SessionSetupRes', sends = 'SessionStopReq',
            fields = { ChargingSession = 'ServiceRenegotiation' },
            code = any { 'FAILED', 'FAILED_SequenceError', 'FAILED_NoServiceRenegotiationSupported' },
            about = 'renegotiation of a service before authorization' },
    },
    then_ = behaviour.refuses,
}

cases 'DRV_20_SECC_SessionStop_pause' {
    about = 'A pause that is not allowed is refused.', given = 'PowerDeliveryRes(Stop)', mode = 'dc',
    sends = 'SessionStopReq', fields = { ChargingSession = 'Pause' }, code = 'FAILED_PauseNotAllowed',
    if_ = 'not PICS_SECC_CMN_Pause', station = { pausing = false }, then_ = behaviour.refuses,
}

cases 'DRV_20_SECC_SAP_acdc' {
    about = 'A station for DC does not agree to the messages of AC.', given = 'connected',
    mode = 'dc', tls = true, station = { modes = { ac = false } }, session = 'any',
    sends = 'supportedAppProtocolReq', code = 'Failed_NoNegotiation', cites = 'V2G20-169',
    fields = { ['AppProtocol[1].ProtocolNamespace'] = 'urn:iso:std:iso:15118:-20:AC' },
    doubt = 'a station for AC and DC, too, agrees', then_ = behaviour.refuses,
}
