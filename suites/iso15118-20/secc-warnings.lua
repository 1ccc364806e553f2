-- SPDX-License-Identifier: Apache-2.0
-- Stations of ISO 15118-20 that warn, and those that take too much time.
-- @author the v2glab authors
-- @needs nothing

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
