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

-- ---- TLS ----

-- Whether each V2G root of the tree is among them.
local function has_all_roots(names)
    local known = {}
    for _, name in ipairs(names) do
        known[name] = true
    end
    for _, root in ipairs(Pki.Roots 'ISO15118-20') do
        if root.domain == 'V2G' and not known[root.subject] then
            return false
        end
    end
    return #names > 0
end

cases 'DRV_20_EVCC_TLS' {
    about = 'ClientHello of TLS 1.3 is as ISO 15118-20 has it.', given = 'connected', tls = true,
    rows = {
        status = { has = { status = true }, cites = 'V2G20-2372', about = 'an OCSP response is asked for' },
        ca = { has = { certificate_authorities = has_all_roots }, cites = 'V2G20-1006 V2G20-2368',
               about = 'certificate_authorities names all V2G roots' },
    },
    then_ = function(it, row)
        it:hears_hello(row.has)
    end,
}

cases 'DRV_20_EVCC_TLS_fragment' {
    about = 'Whether a vehicle asks for shorter fragments is reported.', given = 'connected', tls = true,
    cites = 'V2G20-2446', doubt = 'what is required is not said in public',
    then_ = function(it)
        local asks = 'it is not there'
        for _, name in ipairs(it:hears_hello {}:get 'extensions' or {}) do
            asks = name == 'max_fragment_length' and 'it is there' or asks
        end
        it:tells('max_fragment_length in ClientHello', asks)
    end,
}

cases 'DRV_20_EVCC_TLS_revoked' {
    about = 'A station whose certificate is revoked, by its OCSP response, is left before anything is said.',
    given = 'connected', tls = true, station = { tls = { version = '1.3', staple = 'revoked' } },
    cites = 'V2G20-1240',
    then_ = function(it)
        it:expects_end { within = 'par_CMN_TCP_Connection_Termination_Timeout' }
    end,
}

cases 'DRV_20_EVCC_TLS_cn' {
    about = 'The certificate of the vehicle has its EVCCID and the organization, no more.',
    given = 'SessionSetupReq', tls = true, session = 'any', cites = 'V2G20-2598',
    doubt = 'a tree that an older v2glab made has another name there: `v2glab pki make --replace`',
    then_ = function(it)
        it:looks_at('SessionSetupReq', {
            text = 'EVCCID as the common name of the certificate, and O beside it alone',
            find = function(m, case)
                local leaf = (case.role.Get_Tls_PeerChain() or {})[1]
                local rest = leaf and leaf.subject:gsub('CN ?= ?[^,/]+', ''):gsub('O ?= ?[^,/]+', '')
                return not leaf and 'no certificate' or leaf.common_name ~= m.EVCCID and leaf.common_name
                    or rest:find '%w' and leaf.subject or nil
            end,
            negations = { 'set EVCCID WMIZZZZZZZZZZZZZZZZ' },
        })
    end,
}

-- ---- paused sessions ----

cases 'DRV_20_EVCC_SessionSetup_other' {
    about = 'A vehicle does not go on with a paused session at a station of another certificate.',
    given = 'SessionSetupReq after SessionStopReq(Pause)', tls = true, pauses = true,
    station = { tls = { version = '1.3', staple = true } }, shows = { name = 'DE*ABC*E00002' },
    cites = 'V2G20-2539 V2G20-2613 V2G20-2614',
    doubt = 'that the next session has SessionID 0 is not waited for: no rule says when it comes',
    then_ = function(it)
        it:answers { ResponseCode = 'OK_OldSessionJoined' }
        it:expects_end { within = 'par_CMN_TCP_Connection_Termination_Timeout',
                         meanwhile = { 'SessionStopReq' } }
    end,
}
