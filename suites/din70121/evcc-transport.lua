-- SPDX-License-Identifier: Apache-2.0
-- Vehicles of DIN 70121 below the messages: SDP and supportedAppProtocol.
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

cases 'DRV_DIN_EVCC_SAP_tls' {
    about = 'Over TLS a vehicle does not offer DIN 70121.',
    given = 'supportedAppProtocolReq', session = 'any', cites = 'V2G-DC-868',
    station = { tls = '1.2', protocol = false },
    vehicle = { protocol = false, tls = '1.2', protocols = { { 'ISO15118-2' }, { 'DIN70121' } } },
    then_ = function(it)
        it:looks_at('supportedAppProtocolReq', {
            text = 'offers without DIN 70121',
            find = function(m)
                for _, entry in ipairs(m.AppProtocol) do
                    if entry.ProtocolNamespace:find('din:70121', 1, true) then
                        return entry.ProtocolNamespace
                    end
                end
                return nil
            end,
            negations = { 'set AppProtocol[1].ProtocolNamespace urn:din:70121:2012:MsgDef' },
        })
    end,
}
