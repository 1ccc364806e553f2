-- SPDX-License-Identifier: Apache-2.0
-- Stations of ISO 15118-2 that take their time, and those that take too much of it.
-- @author the v2glab authors
-- @needs nothing

suite 'ISO 15118-4:2018' {
    sut = 'SECC', protocol = 'ISO15118-2',
}

local DELAY <const> = 'par_CMN_Transmission_Delay'

cases 'TC_SECC_DC_VTB_CableCheck' {
    about = 'The isolation test is Ongoing first, and then finished.', mode = 'dc',
    given = 'ChargeParameterDiscoveryRes(Finished)',
    cites = 'V2G2-583 V2G2-585 V2G2-916 V2G2-917 V2G2-918 V2G2-700 V2G2-701 V2G2-702 V2G2-703',
    slow = 'CableCheck',
    rows = {
        [6] = { if_ = 'PICS_SECC_CMN_EvStateInChargeProgress == C', about = 'with CP state C' },
        [7] = { if_ = 'PICS_SECC_CMN_EvStateInChargeProgress == D', about = 'with CP state D' },
    },
    then_ = function(it)
        it:sends 'CableCheckReq'
        it:expects('CableCheckRes', { ResponseCode = 'OK', EVSEProcessing = 'Ongoing' })
        it:repeats('CableCheckReq', { within = 'V2G_EVCC_CableCheck_Timeout',
                                      ends = { EVSEProcessing = 'Finished' } })
    end,
}

-- The station stays Ongoing, and ends the session when its own time for that is over; a last
-- response to the outstanding request, FAILED or not, is none of the case's business.
local function ends_by_itself(it, row)
    it:repeats_until_end(row.sends, { after = row.after, within = 'par_CMN_TCP_Connection_Termination_Timeout',
                                      pause = 500 })
end

cases 'TC_SECC_CMN_VTB_Authorization' {
    about = 'An authorization without end is ended by the station.', sends = 'AuthorizationReq',
    after = 'V2G_SECC_Ongoing_Performance_Time - ' .. DELAY,
    cites = 'V2G2-712 V2G2-713 V2G2-854 V2G2-855 V2G2-856',
    rows = {
        [14] = { given = 'PaymentServiceSelectionRes(ExternalPayment)', paying = 'ExternalPayment',
                 station = { ongoing = { Authorization = 1e6 } }, about = 'nobody authorizes',
                 if_ = 'PICS_SECC_CMN_EIMDone == v2gAuthorization',
                 doubt = 'whether 55 s hold for what a customer has to do is open' },
        [15] = { given = 'PaymentDetailsRes', paying = 'Contract', endless = 'Authorization',
                 about = 'the back end is silent' },
        [16] = { given = 'PaymentDetailsRes after CertificateInstallationRes', paying = 'Contract',
                 contract = 'install', endless = 'Authorization', about = 'the same with a contract just installed' },
        [17] = { given = 'PaymentDetailsRes after CertificateUpdateRes', paying = 'Contract',
                 contract = 'update', endless = 'Authorization', about = 'the same with a contract just updated' },
    },
    then_ = ends_by_itself,
}

cases 'ChargeParameterDiscovery without end' {
    about = 'A schedule that never comes ends the session.', given = 'AuthorizationRes(Finished)',
    sends = 'ChargeParameterDiscoveryReq', endless = 'ChargeParameterDiscovery',
    after = 'V2G_SECC_Ongoing_Performance_Time - ' .. DELAY, cites = 'V2G2-565 V2G2-712 V2G2-713',
    rows = {
        { id = 'TC_SECC_AC_VTB_ChargeParameterDiscovery_014', mode = 'ac' },
        { id = 'TC_SECC_DC_VTB_ChargeParameterDiscovery_014', mode = 'dc' },
    },
    then_ = ends_by_itself,
}
