-- SPDX-License-Identifier: Apache-2.0
-- Stations of DIN SPEC 70121 and a control pilot that is not in the state that goes with a request.
-- @author the v2glab authors
-- @needs a bench, or a modem and a control pilot

suite 'derived (DIN SPEC 70121)' {
    sut = 'SECC', protocol = 'DIN70121', mode = 'dc', bench = 'pair',
}

cases 'DRV_DIN_SECC' {
    about = 'A station refuses what the control pilot does not go with.',
    then_ = behaviour.refuses_pilot,
    rows = {
        CableCheck_cp = { given = 'ChargeParameterDiscoveryRes', sends = 'CableCheckReq', pilot = { state = 'B' },
            cites = 'V2G-DC-547 V2G-DC-967', about = 'no CP C/D' },
        WeldingDetection_cpb = { given = 'PowerDeliveryRes(Stop)', sends = 'WeldingDetectionReq',
            cites = 'V2G-DC-988', about = 'no CP B after PowerDelivery(false)' },
    },
}

cases 'DRV_DIN_SECC_CurrentDemand_cpb' {
    about = 'CP B in the loop',
    given = 'CurrentDemandRes', cites = 'V2G-DC-668', then_ = behaviour.refuses_pilot,
    pilot = { state = 'B' }, sends = 'CurrentDemandReq',
}

-- The link goes with the plug, so that nobody sees the end of TCP. That the oscillator is off, too,
-- is not looked at: ours shows the next vehicle 5 % at once.
cases 'DRV_DIN_SECC_Unplug_cpa' {
    about = 'unplug',
    given = 'CurrentDemandRes', cites = 'V2G-DC-962 V2G-DC-940', then_ = behaviour.leaves_network,
    pilot = { state = 'A' },
}

cases 'DRV_DIN_SECC_SessionStop_osc' {
    about = 'oscillator retain time',
    given = 'SessionStopRes', cites = 'V2G-DC-968 V2G-DC-937 V2G-DC-938 V2G-DC-940',
    then_ = behaviour.keeps_oscillator,
}
