-- SPDX-License-Identifier: Apache-2.0
-- Stations of ISO 15118-20: rules by their id that no public suite has a case for.
-- @author the v2glab authors
-- @needs nothing

suite 'derived ISO 15118-20' {
    sut = 'SECC', protocol = 'ISO15118-20',
}

cases 'DRV_20_SECC' {
    about = 'A refusal that only a rule asks for.',
    rows = {
        DC_PreCharge_ongoing = { given = 'DC_PreChargeRes(Ongoing)', mode = 'dc', cites = 'V2G20-2005',
            sends = 'PowerDeliveryReq', ChargeProgress = 'Start', code = 'FAILED_SequenceError',
            about = 'power, and the pre-charge is not finished' },
        DC_PreCharge_again = { given = 'DC_PreChargeRes(Finished)', mode = 'dc', cites = 'V2G20-2006',
            sends = 'DC_PreChargeReq', code = 'FAILED_SequenceError',
            about = 'another pre-charge, when it is finished' },
        DC_WeldingDetection_ongoing = { given = 'DC_WeldingDetectionRes(Ongoing)', mode = 'dc',
            sends = 'SessionStopReq', code = 'FAILED_SequenceError', cites = 'V2G20-1630',
            field = 'stations in use take it', about = 'the end, and the welding detection is not finished' },
        DC_WeldingDetection_again = { given = 'DC_WeldingDetectionRes(Finished)', mode = 'dc',
            sends = 'DC_WeldingDetectionReq', code = 'FAILED_SequenceError', cites = 'V2G20-1631',
            about = 'another welding detection, when it is finished' },
        ServiceDetail_filtered = { given = 'AuthorizationRes(Finished)', mode = 'dc',
            cites = 'V2G20-425 V2G20-464', about = 'a service that was filtered out',
            then_ = function(it)
                it:sends('ServiceDiscoveryReq', { ['SupportedServiceIDs.ServiceID'] = { 2 } })
                it:expects('ServiceDiscoveryRes', { ResponseCode = 'OK' })
                it:sends('ServiceDetailReq', { ServiceID = 6 })
                it:expects('ServiceDetailRes', { ResponseCode = 'FAILED_ServiceIDInvalid' })
                it:expects_end { within = 'par_CMN_TCP_Connection_Termination_Timeout' }
            end },
        MeteringConfirmation_unasked = { given = 'DC_ChargeLoopRes', mode = 'dc', cites = 'V2G20-1083',
            sends = 'MeteringConfirmationReq', about = 'a confirmation that was not asked for',
            code = function(code) return tostring(code):find '^FAILED' ~= nil end },
        PowerDelivery_noprof = { given = 'DC_PreChargeRes(Finished)', mode = 'dc',
            sends = 'PowerDeliveryReq', ChargeProgress = 'Start', fields = { EVPowerProfile = absent },
            code = any { 'FAILED_EVPowerProfileInvalid', 'FAILED' },
            field = 'vehicles in use leave it out', about = 'no EVPowerProfile' },
    },
    then_ = behaviour.refuses,
}

cases 'DRV_20_SECC_ServiceDiscovery_set' {
    about = 'Only services of the message set that was agreed are offered.',
    given = 'AuthorizationRes(Finished)', cites = 'V2G20-169',
    rows = { ac = { mode = 'ac', own = { [1] = true, [5] = true } },
             dc = { mode = 'dc', own = { [2] = true, [3] = true, [4] = true, [6] = true, [7] = true } } },
    then_ = function(it, row)
        it:sends 'ServiceDiscoveryReq'
        it:expects('ServiceDiscoveryRes', { ResponseCode = 'OK',
            ['EnergyTransferServiceList.Service'] = function(list)
                for _, service in ipairs(list) do
                    if not row.own[service.ServiceID] then
                        return false
                    end
                end
                return #list > 0
            end })
    end,
}

cases 'DRV_20_SECC_ChargeLoop_meterfirst' {
    about = 'The first response of the loop has a reading, also where none is asked for.',
    given = 'PowerDeliveryRes(Start)', cites = 'V2G20-1833', fields = { MeterInfoRequested = false },
    response = { MeterInfo = present },
    rows = { ac = { mode = 'ac', sends = 'AC_ChargeLoopReq' }, dc = { mode = 'dc', sends = 'DC_ChargeLoopReq' } },
    then_ = behaviour.answers,
}

cases 'DRV_20_SECC' {
    about = 'What sources do not agree on, reported.',
    rows = {
        ScheduleExchange_standby = { given = 'ScheduleExchangeRes(Finished)', mode = 'dc',
            sends = 'PowerDeliveryReq', ChargeProgress = 'Standby', cites = 'V2G20-2122',
            about = 'standby before charging' },
        PowerDelivery_notol = { given = 'DC_PreChargeRes(Finished)', mode = 'dc', sends = 'PowerDeliveryReq',
            ChargeProgress = 'Start', about = 'a tolerance is accepted, and none was offered',
            fields = { ['EVPowerProfile.Scheduled_EVPPTControlMode.PowerToleranceAcceptance']
                = 'PowerToleranceConfirmed' } },
        ScheduleRenegotiation_cpd = { given = 'PowerDeliveryRes(ScheduleRenegotiation)', mode = 'dc',
            sends = 'DC_ChargeParameterDiscoveryReq', about = 'parameters again in a renegotiation' },
        PowerDelivery_stopatonce = { given = 'PowerDeliveryRes(Start)', mode = 'dc',
            sends = 'PowerDeliveryReq', ChargeProgress = 'Stop', about = 'stop right after start' },
        ChargeLoop_sessionstop = { given = 'DC_ChargeLoopRes', mode = 'dc', sends = 'SessionStopReq',
            about = 'SessionStopReq in the charge loop' },
        ScheduleExchange_points = { given = 'DC_ChargeParameterDiscoveryRes', mode = 'dc',
            sends = 'ScheduleExchangeReq', fields = { MaximumSupportingPoints = 12 },
            about = 'schedules of 12 points at most' },
    },
    then_ = behaviour.reports,
}
