-- SPDX-License-Identifier: Apache-2.0
-- Vehicles of ISO 15118-20 below the messages: TLS and supportedAppProtocol.
-- @author the v2glab authors
-- @needs nothing

suite 'derived (ISO 15118-20)' {
    sut = 'EVCC', protocol = 'ISO15118-20',
}

cases 'DRV_20_EVCC_SAP_offer' {
    about = 'Over TLS 1.2 a vehicle offers no namespace of ISO 15118-20.',
    given = 'supportedAppProtocolReq', cites = 'V2G20-1237 V2G20-1805 V2G20-2365',
    if_ = 'PICS_EVCC_CMN_ISO15118_2 == true', station = { tls = '1.2' },
    vehicle = { protocol = false, tls = 'auto', protocols = { { 'ISO15118-20' }, { 'ISO15118-2' } } },
    then_ = function(it)
        it:looks_at('supportedAppProtocolReq', {
            text = 'offers without ISO 15118-20',
            find = function(m)
                for _, entry in ipairs(m.AppProtocol) do
                    if entry.ProtocolNamespace:find('15118:-20', 1, true) then
                        return entry.ProtocolNamespace
                    end
                end
                return nil
            end,
            negations = { 'set AppProtocol[1].ProtocolNamespace urn:iso:std:iso:15118:-20:DC' },
        })
    end,
}

cases 'DRV_20_EVCC_SAP_schema' {
    about = 'A SchemaID that was not offered ends the connection.',
    given = 'supportedAppProtocolReq', code = 'OK_SuccessfulNegotiation', fields = { SchemaID = 99 },
    tls = '1.3', then_ = behaviour.leaves,
}
