-- SPDX-License-Identifier: Apache-2.0
-- Stations of ISO 15118-20 and what they have to answer to good requests.
-- @author the v2glab authors
-- @needs nothing

suite 'derived ISO 15118-20' {
    sut = 'SECC', protocol = 'ISO15118-20', beside = 'pair',
}

local ONGOING <const> = 'V2G_EVCC_Ongoing_Timeout'

cases 'DRV_20_SECC' {
    about = 'A good request is answered with OK.',
    rows = {
        SessionSetup_good = { given = 'supportedAppProtocolRes', sends = 'SessionSetupReq',
            session = 'new', code = 'OK_NewSessionEstablished', cites = 'V2G20-750',
            response = { ['Header.SessionID'] = function(id) return not id:find '^0*$' end } },
        AuthorizationSetup_good = { given = 'SessionSetupRes', sends = 'AuthorizationSetupReq' },
        ServiceDiscovery_good = { given = 'AuthorizationRes(Finished)', sends = 'ServiceDiscoveryReq',
            cites = 'V2G20-1979' },
        ServiceDetail_good = { given = 'ServiceDiscoveryRes', sends = 'ServiceDetailReq' },
        ServiceSelection_good = { given = 'ServiceDetailRes', sends = 'ServiceSelectionReq' },
        AC_ChargeParameterDiscovery_good = { given = 'ServiceSelectionRes', mode = 'ac',
            sends = 'AC_ChargeParameterDiscoveryReq' },
        DC_ChargeParameterDiscovery_good = { given = 'ServiceSelectionRes', mode = 'dc',
            sends = 'DC_ChargeParameterDiscoveryReq' },
        PowerDelivery_good = { given = 'DC_PreChargeRes(Finished)', mode = 'dc',
            sends = 'PowerDeliveryReq', ChargeProgress = 'Start', cites = 'V2G20-2006' },
        AC_ChargeLoop_good = { given = 'PowerDeliveryRes(Start)', mode = 'ac',
            sends = 'AC_ChargeLoopReq', cites = 'V2G20-1499 V2G20-1500' },
        DC_ChargeLoop_good = { given = 'PowerDeliveryRes(Start)', mode = 'dc',
            sends = 'DC_ChargeLoopReq', cites = 'V2G20-1501 V2G20-1502' },
        SessionStop_good = { given = 'DC_WeldingDetectionRes(Finished)', mode = 'dc',
            sends = 'SessionStopReq', cites = 'V2G20-1633' },
        ChargeLoop_meter = { given = 'PowerDeliveryRes(Start)', mode = 'dc', sends = 'DC_ChargeLoopReq',
            fields = { MeterInfoRequested = true }, response = { MeterInfo = present },
            about = 'MeterInfo comes where it is asked for', cites = 'V2G20-1081' },
    },
    then_ = behaviour.answers,
}

cases 'DRV_20_SECC' {
    about = 'A good request may be answered with Ongoing for a while.',
    rows = {
        Authorization_good = { given = 'AuthorizationSetupRes', sends = 'AuthorizationReq',
            within = ONGOING, cites = 'V2G20-1582 V2G20-1977' },
        ScheduleExchange_good = { given = 'DC_ChargeParameterDiscoveryRes', mode = 'dc',
            sends = 'ScheduleExchangeReq', within = ONGOING },
        DC_CableCheck_good = { given = 'ScheduleExchangeRes(Finished)', mode = 'dc',
            sends = 'DC_CableCheckReq', within = 'V2G_EVCC_CableCheck_Timeout', cites = 'V2G20-1418' },
        CableCheck_iso = { given = 'ScheduleExchangeRes(Finished)', mode = 'dc',
            sends = 'DC_CableCheckReq', within = 'V2G_EVCC_CableCheck_Timeout',
            about = 'Ongoing, then Finished', cites = 'V2G20-1418' },
        DC_PreCharge_good = { given = 'DC_CableCheckRes(Finished)', mode = 'dc',
            sends = 'DC_PreChargeReq', within = 'V2G_EVCC_PreCharge_Timeout',
            fields = { EVTargetVoltage = 350, EVProcessing = 'Ongoing' },
            ends = { EVSEPresentVoltage = at_least(350 * 0.95) }, cites = 'V2G20-2005' },
        PreCharge_volt = { given = 'DC_CableCheckRes(Finished)', mode = 'dc',
            sends = 'DC_PreChargeReq', within = 'V2G_EVCC_PreCharge_Timeout',
            fields = { EVTargetVoltage = 400, EVProcessing = 'Ongoing' },
            ends = { EVSEPresentVoltage = near(400, 20) }, about = 'as near as 20 V' },
        CertificateInstallation_good = { given = 'AuthorizationSetupRes', paying = 'Contract',
            contract = 'install', sends = 'CertificateInstallationReq', within = ONGOING,
            cites = 'V2G20-1972 V2G20-1975' },
        ScheduleExchange_price = { given = 'DC_ChargeParameterDiscoveryRes', mode = 'dc',
            sends = 'ScheduleExchangeReq', within = ONGOING, about = 'each schedule has prices',
            field = 'charging goes on without prices', cites = 'V2G20-2176',
            checks = { {
                text = 'AbsolutePriceSchedule or PriceLevelSchedule with each charging schedule',
                find = function(m)
                    local mode = m.Scheduled_SEResControlMode
                    for i, tuple in ipairs(mode and mode.ScheduleTuple or {}) do
                        local schedule = tuple.ChargingSchedule
                        if not (schedule.AbsolutePriceSchedule or schedule.PriceLevelSchedule) then
                            return ('ScheduleTuple[%d] with neither'):format(i)
                        end
                    end
                    return not mode and 'no Scheduled_SEResControlMode' or nil
                end,
                negations = { 'without Scheduled_SEResControlMode' },
            } } },
    },
    then_ = behaviour.finishes,
}

cases 'DRV_20_SECC_DC_WeldingDetection_good' {
    about = 'The voltage is told until the vehicle has seen enough.', given = 'PowerDeliveryRes(Stop)',
    mode = 'dc', cites = 'V2G20-1630 V2G20-1631',
    then_ = function(it)
        for _, processing in ipairs { 'Ongoing', 'Finished' } do
            it:sends('DC_WeldingDetectionReq', { EVProcessing = processing })
            it:expects('DC_WeldingDetectionRes', { ResponseCode = 'OK', EVSEPresentVoltage = present })
        end
    end,
}

cases 'DRV_20_SECC_ServiceDiscovery_filter' {
    about = 'What is asked for by SupportedServiceIDs, or all.', given = 'AuthorizationRes(Finished)',
    cites = 'V2G20-1248',
    rows = {
        absent = { fields = { SupportedServiceIDs = absent } },
        known = { fields = { ['SupportedServiceIDs.ServiceID'] = { 1, 2, 5, 6 } } },
        unknown = { fields = { ['SupportedServiceIDs.ServiceID'] = { 2, 60100 } } },
    },
    then_ = function(it, row)
        it:sends('ServiceDiscoveryReq', row.fields)
        it:expects('ServiceDiscoveryRes', { ResponseCode = 'OK',
            ['EnergyTransferServiceList.Service'] = function(list) return #list > 0 end })
    end,
}

cases 'DRV_20_SECC_PowerDelivery_tol' {
    about = 'A power tolerance that is confirmed is answered with a code of its own.',
    given = 'DC_PreChargeRes(Finished)', mode = 'dc', sends = 'PowerDeliveryReq',
    station = { schedules = { { id = 1, entries = { { start = 0, power = 50000 } }, tolerance = 1000 } } },
    ChargeProgress = 'Start', fields = { ['EVPowerProfile.Scheduled_EVPPTControlMode.PowerToleranceAcceptance']
        = 'PowerToleranceConfirmed' },
    code = any { 'OK_PowerToleranceConfirmed', 'WARNING_PowerToleranceNotConfirmed',
                 'FAILED_PowerToleranceNotConfirmed' },
    cites = 'V2G20-1944 V2G20-1946', then_ = behaviour.answers,
}

cases 'DRV_20_SECC_ChargeLoop_limit' {
    about = 'What is asked beyond the limits of the station is given up to them.',
    given = 'PowerDeliveryRes(Start)', mode = 'dc', cites = 'V2G20-2187 V2G20-2188 V2G20-2654',
    then_ = function(it)
        local limits = it:last 'DC_ChargeParameterDiscoveryRes'.DC_CPDResEnergyTransferMode
            or it:last 'DC_ChargeParameterDiscoveryRes'.BPT_DC_CPDResEnergyTransferMode
        local most = limits.EVSEMaximumChargeCurrent:si()
        it:sends('DC_ChargeLoopReq', { ['Scheduled_DC_CLReqControlMode.EVTargetCurrent'] = most + 50 })
        it:expects('DC_ChargeLoopRes', { ResponseCode = 'OK', EVSEPresentCurrent = at_most(most + 0.5) })
    end,
}
