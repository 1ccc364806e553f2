-- SPDX-License-Identifier: Apache-2.0
-- Stations of ISO 15118-20 below the messages: TLS, V2GTP, and what no vehicle should send.
-- @author the v2glab authors
-- @needs nothing

suite 'derived (ISO 15118-20)' {
    sut = 'SECC', protocol = 'ISO15118-20',
}

-- ---- TLS ----

cases 'DRV_20_SECC_SAP_tls12' {
    about = 'ISO 15118-20 is agreed to over TLS 1.3 only.',
    given = 'connected', session = 'any', sends = 'supportedAppProtocolReq',
    code = 'Failed_NoNegotiation', cites = 'V2G20-2356 V2G20-1805', station = { tls = 'auto' },
    rows = {
        { id = 'DRV_20_SECC_SAP_tls12', vehicle = { tls = '1.2' }, about = 'not over TLS 1.2' },
        { id = 'DRV_20_SECC_SAP_tcp', vehicle = { tls = 'off' }, about = 'not without TLS' },
    },
    then_ = behaviour.refuses,
}

cases 'DRV_20_SECC_SAP_prio' {
    about = 'The priority of the vehicle decides, not the order of what it offers.',
    given = 'connected', session = 'any', tls = '1.3', station = { protocol = false },
    sends = 'supportedAppProtocolReq', cites = 'V2G20-167 V2G20-169',
    fields = { AppProtocol = {
        { ProtocolNamespace = 'urn:iso:15118:2:2013:MsgDef', VersionNumberMajor = 2,
          VersionNumberMinor = 0, SchemaID = 10, Priority = 2 },
        { ProtocolNamespace = 'urn:iso:std:iso:15118:-20:DC', VersionNumberMajor = 1,
          VersionNumberMinor = 0, SchemaID = 20, Priority = 1 } } },
    code = 'OK_SuccessfulNegotiation', response = { SchemaID = 20 }, then_ = behaviour.answers,
}

-- Whether the first n of a list are these, in this order.
local function begins(list, wanted)
    for i, name in ipairs(wanted) do
        if not list[i] or list[i]:lower() ~= name then
            return false
        end
    end
    return true
end

local function asks_by_table(request)
    return begins(request.schemes or {}, { 'ecdsa_secp521r1_sha512', 'ed448' })
end

-- Whether CertificateRequest names a root of the tree.
local function names_a_root(request)
    for _, name in ipairs(request.certificate_authorities or {}) do
        for _, root in ipairs(Pki.Roots 'ISO15118-20') do
            if name == root.subject then
                return true
            end
        end
    end
    return false
end

-- Whether an OCSP response has the OID of ecdsa-with-SHA512, or of Ed448, for its signature.
local function is_of_profile(response)
    return response:find('\x06\x08\x2A\x86\x48\xCE\x3D\x04\x03\x04', 1, true) ~= nil
        or response:find('\x06\x03\x2B\x65\x71', 1, true) ~= nil
end

local GOOD_CHAIN <const> = { problem = absent, chain = present }

cases 'DRV_20_SECC_TLS' {
    about = 'TLS 1.3 is as ISO 15118-20 has it.',
    given = 'link', tls = true, session = 'any',
    rows = {
        cipher = { about = 'with one of the two suites, where others are offered, too',
                   settings = { suites = { 'TLS_AES_128_GCM_SHA256', 'TLS_CHACHA20_POLY1305_SHA256',
                                           'TLS_AES_256_GCM_SHA384' } },
                   has = { suite = any { 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256' } },
                   cites = 'V2G20-2458 V2G20-1856 V2G20-1858' },
        group = { about = 'with one of the two groups, where others are offered, too',
                  settings = { groups = { 'x25519', 'secp256r1', 'secp521r1', 'x448' } },
                  has = { group = any { 'secp521r1', 'x448' } },
                  cites = 'V2G20-1634 V2G20-1637 V2G20-2460' },
        sig = { about = 'CertificateRequest names the signature schemes in their order',
                has = { request = asks_by_table }, cites = 'V2G20-1667 V2G20-1668' },
        ca = { about = 'CertificateRequest names V2G or OEM roots', has = { request = names_a_root },
               cites = 'V2G20-2401 V2G20-2402 V2G20-2403 V2G20-2404' },
        anchor = { about = 'a vehicle certificate is taken', has = GOOD_CHAIN,
                   cites = 'V2G20-2331 V2G20-2339 V2G20-2401' },
        chain = { about = 'a chain under the root that certificate_authorities names', has = GOOD_CHAIN,
                  settings = { certificate_authorities = true }, cites = 'V2G20-1007 V2G20-2378 V2G20-2379',
                  doubt = 'of several roots only where the tree of --pki has them' },
        chain_none = { about = 'a chain where certificate_authorities is not there', has = GOOD_CHAIN,
                       settings = { certificate_authorities = false }, cites = 'V2G20-1007' },
        grouporder = { about = 'with secp521r1, also where the vehicle has x448 first',
                       settings = { groups = 'x448:secp521r1' }, has = { group = 'secp521r1' },
                       cites = 'V2G20-2460',
                       doubt = 'a station whose key is Ed448 alone has x448 first' },
        sigorder = { about = 'with group and signature of one row of the table',
                     settings = { schemes = 'ed448:ecdsa_secp521r1_sha512' },
                     has = { pair = any { 'secp521r1 ecdsa_secp521r1_sha512', 'x448 ed448' } },
                     cites = 'V2G20-1668 V2G20-2461',
                     doubt = 'a station with one key has no choice' },
        signer = { about = 'an OCSP response is signed with the algorithm of a profile',
                   settings = { ocsp = 'required' }, has = { response = is_of_profile },
                   cites = 'V2G20-2389 V2G20-2390 V2G20-2392 V2G20-2393 V2G20-2327 V2G20-2330 '
                       .. 'V2G20-2332 V2G20-2334',
                   doubt = 'what else the certificate of the signer has is not looked at: a CA may '
                       .. 'sign itself' },
        ocsp = { about = 'an OCSP response is stapled', settings = { ocsp = 'required' },
                 has = { ocsp = 'good' }, cites = 'V2G20-2388 V2G20-2391 V2G20-2398 V2G20-1021',
                 doubt = 'of the leaf alone: OpenSSL 3.0 shows no other' },
    },
    then_ = function(it, row)
        local settings = { version = '1.3' }
        for key, value in pairs(row.settings or {}) do
            settings[key] = value
        end
        it:connects { tls = settings, has = row.has }
    end,
}

-- A root that no station has anything of.
local function foreign_root(edition)
    return { Pki.Make('v2g-root', { foreign = true, edition = edition }).chain[1] }
end

cases 'DRV_20_SECC_TLS_empty' {
    about = 'Where certificate_authorities has none of its roots, the station chooses a chain.',
    given = 'link', tls = true, session = 'any', has = { chain = present },
    doubt = 'an empty list is against RFC 8446, 4.2.4, and OpenSSL sends none',
    rows = {
        { id = 'DRV_20_SECC_TLS_empty', about = 'a chain where certificate_authorities has a foreign root',
          cites = 'V2G20-2382 V2G20-2384' },
        { id = 'DRV_20_SECC_TLS_empty_private', station = { shows = { foreign = true, root = true } },
          about = 'a chain of a private station where certificate_authorities has a foreign root',
          cites = 'V2G20-2383 V2G20-2385' },
    },
    then_ = function(it, row)
        it:connects { tls = { version = '1.3', check = 'any' }, roots = foreign_root, has = row.has }
    end,
}

-- Whether max_fragment_length is among the extensions, for the report.
local function fragment_text(extensions)
    for _, name in ipairs(extensions or {}) do
        if name == 'max_fragment_length' then
            return 'it is there'
        end
    end
    return 'it is not there'
end

cases 'DRV_20_SECC_TLS_fragment' {
    about = 'Where the vehicle asks for shorter fragments, what the station answers is reported.',
    given = 'link', tls = true, session = 'any', cites = 'V2G20-2446',
    doubt = 'what is required is not said in public',
    then_ = function(it)
        local m = it:connects { tls = { version = '1.3', max_fragment_length = 2048 }, has = GOOD_CHAIN }
        it:tells('max_fragment_length in EncryptedExtensions', fragment_text(m:get 'extensions'))
    end,
}

cases 'DRV_20_SECC_TLS_caform' {
    about = 'How a station names the roots of vehicles is reported.',
    given = 'link', tls = true, session = 'any', cites = 'V2G20-2405',
    doubt = 'what one without roots (CPM4PE) sends cannot be seen at one that has some',
    then_ = function(it)
        local m = it:connects { tls = { version = '1.3' }, has = { request = present } }
        it:tells('certificate_authorities of CertificateRequest',
            ('%d names'):format(#(m:get 'request'.certificate_authorities or {})))
    end,
}

cases 'DRV_20_SECC_TLS' {
    about = 'Who has no vehicle certificate is asked for one, and refused.',
    given = 'link', tls = true, session = 'any', liveness = true, has = { request = present },
    rows = {
        mtls = { cert = false, about = 'without a certificate', cites = 'V2G20-2400 V2G20-1264' },
        anchor_contract = { about = 'with a contract certificate',
                            cert = function() return Pki.Identity('contract-leaf', 'ISO15118-20') end,
                            cites = 'V2G20-2331 V2G20-2339 V2G20-2401' },
    },
    then_ = function(it, row)
        it:is_refused { tls = { version = '1.3' }, cert = row.cert, has = row.has }
    end,
}

-- ---- V2GTP ----

cases 'DRV_20_SECC_SessionSetup_to' {
    about = 'Who falls silent before SessionSetupReq is left when the time for the set-up is over.',
    given = 'supportedAppProtocolRes', cites = 'V2G20-441 V2G20-443', liveness = true,
    within = 'V2G_SECC_CommunicationSetup_Performance_Time + '
        .. 'par_CMN_TCP_Connection_Termination_Timeout',
    doubt = 'no lower limit: the time runs from the link on, which was before',
    then_ = behaviour.times_out,
}

cases 'DRV_20_SECC_V2GTP_pt' {
    about = 'A message with the payload type of another set of messages is ignored.',
    given = 'supportedAppProtocolRes', sends = 'SessionSetupReq', header = { type = 0x8001 },
    within = 'V2G_EVCC_Msg_Timeout', cites = 'V2G2-800', liveness = true, then_ = behaviour.ignores,
}

cases 'DRV_20_SECC_V2GTP_pt' {
    about = 'A message with the payload type of another set of messages is not what it was.',
    given = 'AC_ChargeLoopRes', mode = 'ac', session = 'any', cites = 'V2G2-800', liveness = true,
    doubt = 'its octets may be another message of the other set, which is refused, not ignored',
    rows = { common = { type = 0x8002, about = 'AC_ChargeLoopReq as a common one' },
             dc = { type = 0x8004, about = 'AC_ChargeLoopReq as one of DC' } },
    then_ = function(it, row)
        it:sends('AC_ChargeLoopReq', {}, 'header type=' .. row.type)
        it:expects_any({ 'nothing', 'refusal' }, { within = 'par_CMN_Transmission_Delay' })
    end,
}

cases 'DRV_X' {
    about = 'What no vehicle should send is refused, or not heard.',
    session = 'any', liveness = true,
    rows = {
        RESP_to_SECC = { given = 'SessionSetupRes', mode = 'dc', sends = 'DC_ChargeLoopRes',
                         about = 'a response, with receipt and tax costs',
                         fields = { ['Receipt.TimeAnchor'] = 1, ['Receipt.TaxCosts[1].TaxRuleID'] = 1 } },
        LOOP_nomode = { given = 'PowerDeliveryRes(Start)', mode = 'dc', sends = 'DC_ChargeLoopReq',
                        about = 'a request of the charge loop without a control mode',
                        fields = { Scheduled_DC_CLReqControlMode = absent } },
    },
    then_ = function(it, row)
        it:sends(row.sends, row.fields)
        it:expects_any({ 'nothing', 'end', 'refusal' }, { within = 'par_CMN_Transmission_Delay' })
    end,
}
