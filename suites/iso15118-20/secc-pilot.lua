-- SPDX-License-Identifier: Apache-2.0
-- Stations of ISO 15118-20 and a control pilot that is not in the state that goes with a request.
-- @author the v2glab authors
-- @needs a bench, or a modem and a control pilot

suite 'derived (ISO 15118-20)' {
    sut = 'SECC', protocol = 'ISO15118-20', mode = 'dc', bench = 'pair',
}

cases 'DRV_20_SECC' {
    about = 'A station refuses what the control pilot does not go with.',
    then_ = behaviour.refuses_pilot,
    rows = {
        CableCheck_cp = { given = 'ScheduleExchangeRes(Finished)', sends = 'DC_CableCheckReq', pilot = { state = 'B' },
            cites = 'V2G20-1418', about = 'CP C/D within 1.5 s' },
        WeldingDetection_welcp = { given = 'PowerDeliveryRes(Stop)', sends = 'DC_WeldingDetectionReq',
            cites = 'V2G20-1617 V2G20-1630 V2G20-1631', about = 'CP B missing' },
        SessionStop_stopcp = { given = 'PowerDeliveryRes(Stop)', sends = 'SessionStopReq',
            cites = 'V2G20-1617', about = 'CP B missing' },
    },
}
