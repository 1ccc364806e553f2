-- SPDX-License-Identifier: Apache-2.0
-- Vehicles of DIN 70121 below the messages: SDP.
-- @author the v2glab authors
-- @needs nothing

suite 'derived (DIN SPEC 70121)' {
    sut = 'EVCC', protocol = 'DIN70121',
}

cases 'DRV_DIN_EVCC_SDP_retry' {
    about = 'Where nobody answers the vehicle asks every 250 ms, 50 times at most.',
    given = 'SECCDiscoveryReq', session = 'any', cites = 'V2G-DC-849',
    then_ = function(it)
        it:hears { within = 'V2G_EVCC_CommunicationSetup_Timeout' }
    end,
}
