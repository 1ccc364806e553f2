-- SPDX-License-Identifier: Apache-2.0
-- Stations of ISO 15118-20 and renegotiations of schedules and services.
-- @author the v2glab authors
-- @needs nothing

suite 'derived (ISO 15118-20)' {
    sut = 'SECC', protocol = 'ISO15118-20', mode = 'dc',
}

local GOES_ON <const> = { ResponseCode = 'OK' }

cases 'DRV_20_SECC_ChargeLoop_resched' {
    about = 'A schedule is renegotiated without isolation test and pre-charge.',
    given = 'DC_ChargeLoopRes', cites = 'V2G20-459',
    then_ = function(it)
        it:sends('PowerDeliveryReq', { ChargeProgress = 'ScheduleRenegotiation' })
        it:expects('PowerDeliveryRes', GOES_ON)
        it:repeats('ScheduleExchangeReq', { within = 'V2G_EVCC_Ongoing_Timeout',
                                            ends = { EVSEProcessing = 'Finished' }, response = GOES_ON })
        it:sends('PowerDeliveryReq', { ChargeProgress = 'Start' })
        it:expects('PowerDeliveryRes', GOES_ON)
        it:sends 'DC_ChargeLoopReq'
        it:expects('DC_ChargeLoopRes', GOES_ON)
    end,
}

cases 'DRV_20_SECC_SessionStop_reneg' {
    about = 'A service is renegotiated where the station has said that it can be.',
    given = 'PowerDeliveryRes(Stop)', cites = 'V2G20-1477 V2G20-1644 V2G20-1956',
    then_ = function(it)
        local can = it:last 'ServiceDiscoveryRes'.ServiceRenegotiationSupported
        it:sends('SessionStopReq', { ChargingSession = 'ServiceRenegotiation' })
        it:expects('SessionStopRes', { ResponseCode = can and 'OK'
            or 'FAILED_NoServiceRenegotiationSupported' })
        if can then
            it:sends 'ServiceDiscoveryReq'
            it:expects('ServiceDiscoveryRes', GOES_ON)
        else
            it:expects_end { within = 'par_CMN_TCP_Connection_Termination_Timeout' }
        end
    end,
}
