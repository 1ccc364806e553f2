-- SPDX-License-Identifier: Apache-2.0
-- Stations of ISO 15118-20 that warn, and those that take too much time.
-- @author the v2glab authors
-- @needs a tree of certificates whose CAs have their keys

suite 'derived ISO 15118-20' {
    sut = 'SECC', protocol = 'ISO15118-20',
}

cases 'DRV_20_SECC_Authorization_ongo' {
    about = 'An authorization without end is ended by the station.', given = 'AuthorizationSetupRes',
    endless = 'Authorization', after = 'V2G_SECC_Ongoing_Performance_Time - par_CMN_Transmission_Delay',
    doubt = 'external means may take up to V2G_SECC_EIM_Ongoing_Timeout: until then it may stay Ongoing',
    then_ = function(it, row)
        it:repeats_until_end('AuthorizationReq', { after = row.after, pause = 500,
            within = 'V2G_SECC_EIM_Ongoing_Timeout + par_CMN_TCP_Connection_Termination_Timeout' })
    end,
}

cases 'DRV_20_SECC_Authorization_eim' {
    about = 'External means that do not authorize are a warning; the vehicle may ask again.',
    given = 'AuthorizationSetupRes', station = { authorized = false }, cites = 'V2G20-2219 V2G20-2230',
    then_ = function(it)
        for _ = 1, 2 do
            it:sends 'AuthorizationReq'
            it:expects('AuthorizationRes', { ResponseCode = 'WARNING_EIMAuthorizationFailure',
                                             EVSEProcessing = 'Finished' })
        end
    end,
}

cases 'DRV_20_SECC_Authorization_sel' {
    about = 'A service that was not offered cannot be selected.', given = 'AuthorizationSetupRes',
    sends = 'AuthorizationReq', fields = { SelectedAuthorizationService = 'PnC' },
    code = 'WARNING_AuthorizationSelectionInvalid', cites = 'V2G20-2209 V2G20-2226',
    then_ = behaviour.answers,
}

cases 'DRV_20_SECC_PowerDelivery_standby' {
    about = 'Where standby is not allowed, it is a warning.', given = 'DC_ChargeLoopRes', mode = 'dc',
    station = { standby = false }, sends = 'PowerDeliveryReq', ChargeProgress = 'Standby',
    code = 'WARNING_StandbyNotAllowed', then_ = behaviour.answers,
}

cases 'DRV_20_SECC' {
    about = 'A reading is confirmed that the station has asked for.', mode = 'dc', paying = 'Contract',
    receipts = true, given = 'DC_ChargeLoopRes', sends = 'MeteringConfirmationReq',
    cites = 'V2G20-1083', then_ = behaviour.answers,
    rows = { MeteringConfirmation_good = {}, ChargeLoop_mconf = { about = 'within the charge loop' } },
}

cases 'DRV_20_SECC_Authorization_chal' {
    about = 'A challenge that is not that of the station is warned of; the vehicle may try again.',
    given = 'AuthorizationSetupRes', paying = 'Contract', sends = 'AuthorizationReq',
    fields = { ['PnC_AReqAuthorizationMode.GenChallenge'] = ('\x5A'):rep(16) },
    code = 'WARNING_ChallengeInvalid', cites = 'V2G20-2565', then_ = behaviour.answers,
}

cases 'DRV_20_SECC_Authorization_rev' {
    about = 'A contract that cannot be taken is warned of; the vehicle may try another one.',
    given = 'AuthorizationSetupRes', paying = 'Contract', sends = 'AuthorizationReq',
    rows = {
        expired = { bears = { 'contract-leaf', faults = { 'contract-leaf=expired' } },
                    code = 'WARNING_CertificateExpired', about = 'it has expired' },
        early = { bears = { 'contract-leaf', faults = { 'contract-leaf=not-yet-valid' } },
                  code = 'WARNING_CertificateNotYetValid', about = 'it is not valid yet' },
        provider = { bears = { 'contract-leaf', name = 'ZZXXXC00000001' }, code = 'WARNING_eMSPUnknown',
                     station = { providers = { 'DE' } }, vehicle = { fall_back = false },
                     about = 'nobody knows its provider' },
        revoked = { bears = { 'contract-leaf', faults = { 'contract-leaf=revoked' } },
                    code = 'WARNING_CertificateRevoked', about = 'its issuer has revoked it',
                    doubt = 'known to who has the revocation lists of the tree that issues it' },
        broken = { bears = { 'contract-leaf', foreign = 'leaf sub2 sub1' },
                   code = 'WARNING_CertificateValidationError', about = 'its chain leads to no known root' },
    },
    then_ = behaviour.answers,
}

cases 'DRV_20_SECC_ChargeLoop_viol' {
    about = 'Power above the profile is warned of, and refused where it goes on.',
    cites = 'V2G20-1864',
    station = { schedules = { { id = 1, tolerance = 10, entries = { { start = 0, power = 5000 } } } } },
    doubt = 'how often it is warned before is not said; DC power flows as the station gives it',
    rows = {
        ac = { mode = 'ac', given = 'AC_ChargeLoopRes',
               fields = { ['Scheduled_AC_CLReqControlMode.EVPresentActivePower'] = 20000 } },
        dc = { mode = 'dc', given = 'DC_ChargeLoopRes',
               fields = { ['Scheduled_DC_CLReqControlMode.EVTargetCurrent'] = 100 } },
    },
    then_ = function(it, row)
        local request = row.given:gsub('Res$', 'Req')
        it:repeats(request, { within = 'V2G_EVCC_Ongoing_Timeout', fields = row.fields,
                              meanwhile = { ResponseCode = any { 'OK', 'WARNING_EVPowerProfileViolation' } },
                              ends = { ResponseCode = 'WARNING_EVPowerProfileViolation' } })
        it:repeats(request, { within = 'V2G_EVCC_Ongoing_Timeout', fields = row.fields,
                              meanwhile = { ResponseCode = any { 'WARNING_EVPowerProfileViolation',
                                                                 'FAILED_EVPowerProfileViolation' } },
                              ends = { ResponseCode = 'FAILED_EVPowerProfileViolation' } })
        it:expects_end { within = 'par_CMN_TCP_Connection_Termination_Timeout' }
    end,
}
