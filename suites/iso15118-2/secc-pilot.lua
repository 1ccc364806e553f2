-- SPDX-License-Identifier: Apache-2.0
-- Stations of ISO 15118-2 and a control pilot that is not in the state that goes with a request.
-- @author the v2glab authors
-- @needs a bench, or a modem and a control pilot

suite 'ISO 15118-4:2018' {
    sut = 'SECC', protocol = 'ISO15118-2', mode = 'dc', bench = 'pair',
}

cases 'TC_SECC_DC_VTB' {
    about = 'A station refuses what the control pilot does not go with.',
    then_ = behaviour.refuses_pilot,
    rows = {
        CableCheck_008 = { given = 'ChargeParameterDiscoveryRes', sends = 'CableCheckReq', pilot = { state = 'B' },
            cites = 'V2G2-916 V2G2-917 V2G2-918', about = 'cable check without CP C/D' },
        SessionStop_006 = { given = 'PowerDeliveryRes(Stop)', sends = 'SessionStopReq',
            if_ = 'PICS_SECC_DC_WeldingDetection == false',
            cites = 'V2G2-920 V2G2-921 V2G2-922 V2G2-570', about = 'session stop without CP B' },
        WeldingDetection_005 = { given = 'PowerDeliveryRes(Stop)', sends = 'WeldingDetectionReq',
            if_ = 'PICS_SECC_DC_WeldingDetection == true',
            cites = 'V2G2-920 V2G2-921 V2G2-922', about = 'welding detection without CP B' },
    },
}
