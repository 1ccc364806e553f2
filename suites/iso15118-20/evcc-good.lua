-- SPDX-License-Identifier: Apache-2.0
-- Vehicles of ISO 15118-20 and how they go on after good responses, warnings among them.
-- @author the v2glab authors
-- @needs nothing

suite 'derived (ISO 15118-20)' {
    sut = 'EVCC', protocol = 'ISO15118-20', beside = 'pair',
}

local BPT <const> = { bpt = true, discharge_to = 10 }

-- ---- warnings ----

-- After a warning about authorization: another try, another certificate, or an orderly end.
local AGAIN <const> = { { 'AuthorizationReq' }, { 'CertificateInstallationReq' }, { 'SessionStopReq' } }
local INSTALLED <const> = { { 'AuthorizationReq' }, { 'CertificateInstallationReq' }, { 'SessionStopReq' } }
local RENEGOTIATED <const> = { { 'ScheduleExchangeReq' }, { 'DC_ChargeLoopReq' }, { 'PowerDeliveryReq' } }

cases 'DRV_20_EVCC_any_warn' {
    about = 'A WARNING code is not the end of the session.',
    rows = {
        Authorization_eim = { given = 'AuthorizationReq', code = 'WARNING_EIMAuthorizationFailure',
                              expects = AGAIN, about = 'external means do not authorize' },
        Authorization_selection = { given = 'AuthorizationReq', paying = 'Contract',
                                    code = 'WARNING_AuthorizationSelectionInvalid', expects = AGAIN,
                                    about = 'the service was not offered' },
        Authorization_challenge = { given = 'AuthorizationReq', paying = 'Contract',
                                    code = 'WARNING_ChallengeInvalid', expects = AGAIN,
                                    about = 'another challenge' },
        Authorization_expired = { given = 'AuthorizationReq', paying = 'Contract',
                                  code = 'WARNING_CertificateExpired', expects = AGAIN,
                                  about = 'the contract is over' },
        Authorization_early = { given = 'AuthorizationReq', paying = 'Contract',
                                code = 'WARNING_CertificateNotYetValid', expects = AGAIN,
                                about = 'the contract has not begun' },
        Authorization_revoked = { given = 'AuthorizationReq', paying = 'Contract',
                                  code = 'WARNING_CertificateRevoked', expects = AGAIN,
                                  about = 'the contract is revoked' },
        Authorization_chain = { given = 'AuthorizationReq', paying = 'Contract',
                                code = 'WARNING_CertificateValidationError', expects = AGAIN,
                                about = 'the chain is broken' },
        Authorization_provider = { given = 'AuthorizationReq', paying = 'Contract',
                                   code = 'WARNING_eMSPUnknown', expects = AGAIN,
                                   about = 'the provider is unknown' },
        Authorization_general = { given = 'AuthorizationReq', paying = 'Contract',
                                  code = 'WARNING_GeneralPnCAuthorizationError', expects = AGAIN,
                                  about = 'another reason' },
        CertificateInstallation_contract = {
            given = 'CertificateInstallationReq', paying = 'Contract', contract = 'install',
            code = 'WARNING_NoContractMatchingPCIDFound', expects = INSTALLED,
            about = 'there is no contract' },
        CertificateInstallation_none = {
            given = 'CertificateInstallationReq', paying = 'Contract', contract = 'install',
            code = 'WARNING_NoCertificateAvailable', expects = INSTALLED,
            about = 'there is no certificate' },
        PowerDelivery_tolerance = { given = 'PowerDeliveryReq(Start)', mode = 'dc',
                                    code = 'WARNING_PowerToleranceNotConfirmed',
                                    expects = 'DC_ChargeLoopReq', about = 'no tolerance' },
        PowerDelivery_tolerance_ac = { given = 'PowerDeliveryReq(Start)', mode = 'ac',
                                       code = 'WARNING_PowerToleranceNotConfirmed',
                                       expects = 'AC_ChargeLoopReq', about = 'no tolerance, in AC' },
        PowerDelivery_standby = { given = 'PowerDeliveryReq(Standby)', mode = 'dc',
                                  vehicle = { standby = 2 }, charges = 'on',
                                  code = 'WARNING_StandbyNotAllowed', expects = 'DC_ChargeLoopReq',
                                  about = 'no standby: charging goes on' },
        PowerDelivery_schedule = { given = 'PowerDeliveryReq(ScheduleRenegotiation)', mode = 'dc',
                                   vehicle = { renegotiate = 2 }, expects = RENEGOTIATED,
                                   code = 'WARNING_ScheduleRenegotiationFailed',
                                   about = 'no new schedule' },
        ChargeLoop = { given = 'DC_ChargeLoopReq', mode = 'dc', expects = 'DC_ChargeLoopReq',
                       code = 'WARNING_EVPowerProfileViolation', about = 'beside its profile' },
        ChargeLoop_ac = { given = 'AC_ChargeLoopReq', mode = 'ac', expects = 'AC_ChargeLoopReq',
                          code = 'WARNING_EVPowerProfileViolation',
                          about = 'beside its profile, in AC' },
    },
    then_ = behaviour.goes_on,
}

-- ---- times ----

cases 'DRV_20_EVCC_ChargeLoop_pace' {
    about = 'In the charge loop the next request comes within 0.25 s; 0.5 s are the end of it.',
    cites = 'V2G20-1499 V2G20-1501',
    rows = {
        ac = { given = 'AC_ChargeLoopReq', mode = 'ac', about = 'AC' },
        dc = { given = 'DC_ChargeLoopReq', mode = 'dc', about = 'DC' },
    },
    then_ = function(it, row)
        local allowed = it:time('V2G_EVCC_Sequence_Performance_Time_' .. row.given)
        it:answers()
        local from = it.from
        it:expects(row.given)
        it:tells(('%s within %d ms'):format(row.given, allowed),
            ('after %d ms'):format(math.floor(it.from - from)))
    end,
}

cases 'DRV_20_EVCC_any_ongo' {
    about = 'A vehicle that is put off for too long ends the session when its time is over.',
    fields = { EVSEProcessing = 'Ongoing' },
    rows = {
        Authorization = { given = 'AuthorizationReq', after = 'V2G_SECC_EIM_Ongoing_Timeout',
                          paying = 'ExternalPayment', about = 'authorization by external means' },
        Authorization_pnc = { given = 'AuthorizationReq', after = 'V2G_EVCC_Ongoing_Timeout',
                              paying = 'Contract', about = 'authorization by contract' },
        ScheduleExchange = { given = 'ScheduleExchangeReq', after = 'V2G_EVCC_Ongoing_Timeout',
                             about = 'schedules' },
        CableCheck = { given = 'DC_CableCheckReq', mode = 'dc', about = 'the isolation test',
                       after = 'V2G_EVCC_CableCheck_Timeout' },
    },
    then_ = behaviour.loses_patience,
}

cases 'DRV_20_EVCC_Authorization_eimwait' {
    about = 'External authorization may take long, and the vehicle waits.',
    given = 'AuthorizationReq', paying = 'ExternalPayment', cites = 'DRV-20-EIM-Ongoing',
    then_ = function(it)
        it:keeps_answering('AuthorizationReq', { fields = { EVSEProcessing = 'Ongoing' },
            lasts = 'V2G_SECC_EIM_Ongoing_Timeout - V2G_EVCC_PreCharge_Timeout' }) -- 170 s
        it:answers()
        it:expects 'ServiceDiscoveryReq'
    end,
}

-- ---- what is offered ----

cases 'good' {
    about = 'What the vehicle cannot use is no reason to select what was not offered.',
    rows = {
        { id = 'DRV_20_EVCC_AuthorizationSetup_pnconly', given = 'AuthorizationSetupReq',
          paying = 'ExternalPayment',
          fields = { AuthorizationServices = { 'PnC' }, EIM_ASResAuthorizationMode = absent,
                     ['PnC_ASResAuthorizationMode.GenChallenge'] = ('x'):rep(16) },
          about = 'only contracts pay, and the vehicle has none' },
        { id = 'DRV_20_EVCC_ServiceSelection_catalog', given = 'ServiceDiscoveryReq',
          fields = { ['EnergyTransferServiceList.Service'] = { { ServiceID = 3, FreeService = false } } },
          about = 'only wireless charging is offered' },
    },
    then_ = behaviour.leaves,
}

cases 'DRV_20_EVCC_ScheduleExchange_mode' {
    about = 'Only Scheduled is offered: a vehicle for Dynamic takes it, or ends the session.',
    given = 'ServiceDetailReq', station = { dynamic = false }, vehicle = { control = 'dynamic' },
    then_ = function(it)
        it:answers()
        local list = it.tester:said('ServiceDetailRes').ServiceParameterList.ParameterSet
        local ids = {}
        for i, set in ipairs(list) do
            ids[i] = set.ParameterSetID
        end
        it:expects_any({ { 'ServiceSelectionReq',
                           { ['SelectedEnergyTransferService.ParameterSetID'] = any(ids) } },
                         { 'SessionStopReq' }, 'end' })
    end,
}

-- ---- pause ----

cases 'DRV_20_EVCC_SessionSetup_idback' {
    about = 'A session that is not joined is begun anew, with its authorization.',
    given = 'SessionSetupReq after SessionStopReq(Pause)', pauses = true,
    station = { resume = false }, cites = 'V2G20-2615 V2G20-2616 V2G20-2617',
    code = 'OK_NewSessionEstablished', expects = 'AuthorizationSetupReq',
    then_ = behaviour.goes_on,
}

cases 'DRV_20_EVCC_ScheduleExchange_gotopause' {
    about = 'GoToPause: what the vehicle does is reported, there is no public rule.',
    given = 'ScheduleExchangeReq', mode = 'dc', cites = 'DRV-20-GoToPause',
    fields = { GoToPause = true },
    then_ = function(it, row)
        it:answers(row.fields)
        local came = it:expects_any { { 'SessionStopReq' }, { 'DC_CableCheckReq' }, { 'PowerDeliveryReq' },
                                      'end' }
        it:tells('SessionStopReq with Pause', came.name == 'SessionStopReq'
            and it:found 'ChargingSession' or came.name or 'the end of the connection')
    end,
}

-- ---- charging ----

cases 'good-next' {
    about = 'The vehicle sends the request that is due.',
    rows = {
        { id = 'DRV_20_EVCC_PowerDelivery_terminate', given = 'PowerDeliveryReq(Start)', mode = 'dc',
          fields = { EVSEStatus = { NotificationMaxDelay = 0, EVSENotification = 'Terminate' } },
          expects = 'PowerDeliveryReq', request = { ChargeProgress = 'Stop' },
          cites = 'DRV-20-Terminate', about = 'Terminate before the charge loop: it does not begin' },
        { id = 'DRV_20_EVCC_PowerDelivery_terminate_ac', given = 'PowerDeliveryReq(Start)', mode = 'ac',
          fields = { EVSEStatus = { NotificationMaxDelay = 0, EVSENotification = 'Terminate' } },
          expects = 'PowerDeliveryReq', request = { ChargeProgress = 'Stop' },
          cites = 'DRV-20-Terminate', about = 'the same in AC' },
    },
    then_ = behaviour.goes_on,
}

cases 'good-last' {
    about = 'The last of several requests says Finished, and only then comes the next.',
    mode = 'dc',
    rows = {
        { id = 'DRV_20_EVCC_DC_PreCharge_finished', given = 'DC_PreChargeReq(Ongoing)',
          expects = 'PowerDeliveryReq', request = { ChargeProgress = 'Start' }, cites = 'V2G20-2005',
          about = 'pre-charge' },
        { id = 'DRV_20_EVCC_DC_WeldingDetection_finished', given = 'DC_WeldingDetectionReq(Ongoing)',
          expects = 'SessionStopReq', cites = 'V2G20-1630', about = 'the welding detection' },
    },
    then_ = function(it, row)
        it:keeps_answering(row.given:match '^[%w_]+', { ends = { EVProcessing = 'Finished' } })
        it:answers()
        it:expects(row.expects, row.request)
    end,
}

cases 'DRV_20_EVCC_DC_ChargeLoop_targets' {
    about = 'The loop has both targets; which of them is 0 is reported, sources disagree.',
    given = 'DC_ChargeLoopReq', mode = 'dc', cites = 'V2G20-2183',
    then_ = function(it)
        local path = 'Scheduled_DC_CLReqControlMode.'
        it:answers()
        it:expects('DC_ChargeLoopReq', { [path .. 'EVTargetVoltage'] = present,
                                         [path .. 'EVTargetCurrent'] = present })
        it:tells('EVTargetVoltage and EVTargetCurrent', ('%g V, %g A'):format(
            it:found(path .. 'EVTargetVoltage'):si(), it:found(path .. 'EVTargetCurrent'):si()))
    end,
}

cases 'DRV_20_EVCC_PowerDelivery_discharge' {
    about = 'The power profile of a discharge is negative, as its current is.',
    given = 'ScheduleExchangeReq', mode = 'dc', vehicle = BPT, cites = 'DRV-20-Discharge',
    then_ = function(it)
        it:answers()
        it:expects('PowerDeliveryReq',
            { ['EVPowerProfile.EVPowerProfileEntries.EVPowerProfileEntry[1].Power'] = at_most(-1) },
            { meanwhile = { 'DC_CableCheckReq', 'DC_PreChargeReq' } })
        it:answers()
        it:expects('DC_ChargeLoopReq', { ['BPT_Scheduled_DC_CLReqControlMode.EVTargetCurrent'] = at_most(-0.1) })
    end,
}
