-- SPDX-License-Identifier: Apache-2.0
-- Stations of ISO 15118-2 below the messages: SDP, V2GTP, TCP, supportedAppProtocol, and what no
-- vehicle should send.
-- @author the v2glab authors
-- @needs nothing

suite 'ISO 15118-4:2018' {
    sut = 'SECC', protocol = 'ISO15118-2',
}

local CLOSES <const> = 'par_CMN_TCP_Connection_Termination_Timeout'
local SETUP <const> = 'V2G_SECC_CommunicationSetup_Performance_Time'
local SDP_WAIT <const> = 'par_EVCC_SDP_Timeout'
local EIM <const> = 'PICS_CMN_CMN_IdentificationMode == eIM'
local TLS <const>, NO_TLS <const> = 0x00, 0x10

-- ---- SDP ----

local PORTS <const> = at_least(49152)

cases 'TC_SECC_CMN_VTB' {
    about = 'SECCDiscoveryReq is answered with address, port and the security that the station has.',
    given = 'link', session = 'any',
    cites = 'V2G2-144 V2G2-151 V2G2-159 V2G2-161 V2G2-625 V2G2-626 V2G2-627 V2G2-628',
    rows = {
        SDP_001 = { wish = NO_TLS, security = NO_TLS, if_ = EIM .. ' and PIXIT_SECC_CMN_TLS == false',
                    about = 'without TLS' },
        SDP_002 = { wish = TLS, security = TLS, tls = true, if_ = EIM,
                    about = 'with TLS, for external payment' },
        SDP_003 = { wish = TLS, security = TLS, paying = 'Contract', about = 'with TLS, for contracts' },
        SDP_007 = { wish = TLS, security = NO_TLS, if_ = EIM .. ' and PIXIT_SECC_CMN_TLS == false',
                    about = 'a station without TLS says so, whatever is asked for' },
        V2GTPSDP_001 = { wish = NO_TLS, security = NO_TLS, if_ = 'PICS_CMN_CMN_V2gtpSdp == true',
                         cites = 'V2G2-800 V2G2-144', about = 'the V2GTP header of the answer' },
    },
    then_ = function(it, row)
        it:discovers({ Security = row.wish, TransportProtocol = 0 },
            { TransportProtocol = 0, SECCIPAddress = present, SECCPort = PORTS }, row.security)
    end,
}

cases 'TC_SECC_CMN_VTB' {
    about = 'Where nobody comes within the time for the set-up, the station no longer listens.',
    given = 'link', link = true, cites = 'V2G2-714 V2G2-716 V2G2-723 V2G2-029 V2G2-032',
    if_ = 'PICS_CMN_CMN_SDPTimeoutsAndInvalidData',
    rows = {
        SDP_004 = { wish = NO_TLS, if_ = EIM .. ' and PIXIT_SECC_CMN_TLS == false',
                    about = 'to SECCDiscoveryReq, without TLS' },
        SDP_005 = { wish = TLS, tls = true, if_ = EIM,
                    about = 'to SECCDiscoveryReq, with TLS for external payment' },
        SDP_006 = { wish = TLS, paying = 'Contract',
                    about = 'to SECCDiscoveryReq, with TLS for contracts' },
    },
    then_ = function(it, row)
        it:waits(SETUP)
        it:sends('SECCDiscoveryReq', { Security = row.wish })
        it:expects_nothing(SDP_WAIT)
    end,
}

cases 'TC_SECC_CMN_VTB_SupportedAppProtocol_005' {
    about = 'Where nobody comes within the time for the set-up, the station takes no connection.',
    given = 'link', link = true, session = 'any', if_ = 'PICS_CMN_CMN_V2gTimeouts',
    cites = 'V2G2-714 V2G2-716 V2G2-723 V2G2-029 V2G2-032',
    then_ = function(it)
        it:discovers({}, { SECCPort = PORTS })
        it:waits(SETUP)
        it:fails_to_connect(CLOSES)
    end,
}

cases 'TC_SECC_CMN_VTB_V2GTPSDP' {
    about = 'A SECCDiscoveryReq with a wrong V2GTP header is ignored.',
    given = 'link', cites = 'V2G2-800 V2G2-144', liveness = true,
    if_ = 'PICS_CMN_CMN_V2gtpSdp == true and PICS_CMN_CMN_InvalidV2gtpDataFields',
    sends = 'SECCDiscoveryReq', fields = { Security = NO_TLS }, within = SDP_WAIT,
    rows = {
        [2] = { header = { length = 0 }, about = 'a length of 0, and a payload' },
        [3] = { header = { type = 0x7000 }, about = 'payload type 0x7000' },
        [4] = { header = { version = 0xFF }, about = 'version 0xFF' },
        [5] = { header = { inverse = 0xFF }, about = 'inverse version 0xFF' },
    },
    then_ = behaviour.ignores,
}

-- ---- supportedAppProtocol ----

local AGREED <const> = any { 'OK_SuccessfulNegotiation', 'OK_SuccessfulNegotiationWithMinorDeviation' }

local function entry(minor)
    return { ['AppProtocol[1].ProtocolNamespace'] = 'urn:iso:15118:2:2013:MsgDef',
             ['AppProtocol[1].VersionNumberMajor'] = 2, ['AppProtocol[1].VersionNumberMinor'] = minor,
             ['AppProtocol[1].SchemaID'] = 10, ['AppProtocol[1].Priority'] = 2 }
end

cases 'TC_SECC_CMN_VTB_SupportedAppProtocol' {
    about = 'The station agrees to a protocol that it speaks, and to no other.',
    given = 'connected', session = 'any', sends = 'supportedAppProtocolReq', fields = entry(0),
    cites = 'V2G2-098 V2G2-170 V2G2-172 V2G2-540 V2G2-541 V2G2-536',
    response = { SchemaID = 10 },
    rows = {
        [1] = { code = AGREED, tls = true, about = 'over TLS' },
        [4] = { code = AGREED, if_ = EIM .. ' and PIXIT_SECC_CMN_TLS == false', about = 'without TLS' },
        [6] = { code = 'OK_SuccessfulNegotiationWithMinorDeviation', fields = entry(1),
                if_ = 'PIXIT_SECC_CMN_VersionNumberMinor < 1', about = 'another minor version',
                doubt = 'the suite in public has no minor version below the major one to test with' },
    },
    then_ = behaviour.answers,
}

cases 'TC_SECC_CMN_VTB_SupportedAppProtocol_002' {
    about = 'Where no offer is one that it speaks, it says so and ends the connection.',
    given = 'connected', session = 'any', sends = 'supportedAppProtocolReq', liveness = true,
    fields = { ['AppProtocol[1].ProtocolNamespace'] = 'urn:iso:15118:2:2014:MsgDef',
               ['AppProtocol[1].VersionNumberMajor'] = 3 },
    code = 'Failed_NoNegotiation', if_ = 'PICS_CMN_CMN_FailedResponseCodes',
    cites = 'V2G2-098 V2G2-170 V2G2-172 V2G2-540 V2G2-541 V2G2-536',
    then_ = behaviour.refuses,
}

-- ---- silence before there is a session ----

cases 'TC_SECC_CMN_VTB' {
    about = 'Who connects and says nothing is left when the time for the set-up is over.',
    cites = 'V2G2-443 V2G2-537 V2G2-025', if_ = 'PICS_CMN_CMN_V2gTimeouts', liveness = true,
    within = SETUP .. ' + ' .. CLOSES,
    doubt = 'no lower limit: the time runs from the link on, which was before',
    rows = {
        SupportedAppProtocol_003 = { given = 'connected', about = 'before supportedAppProtocolReq' },
        SessionSetup_003 = { given = 'supportedAppProtocolRes', about = 'before SessionSetupReq' },
        SessionSetup_004 = { given = 'supportedAppProtocolRes', link = true, since = 'link',
                             about = 'before SessionSetupReq, in the time since the link came up',
                             cites = 'V2G2-714 V2G2-716 V2G2-723 V2G2-029 V2G2-032 V2G2-025' },
    },
    then_ = behaviour.times_out,
}

-- ---- V2GTP ----

cases 'TC_SECC_CMN_VTB_V2GTPSessionSetup' {
    about = 'A request with a wrong V2GTP header is ignored, and the connection stays.',
    given = 'supportedAppProtocolRes', cites = 'V2G2-800', liveness = true,
    if_ = 'PICS_CMN_CMN_V2gtpV2g == true and PICS_CMN_CMN_InvalidV2gtpDataFields',
    sends = 'SessionSetupReq', within = 'V2G_EVCC_Msg_Timeout',
    rows = {
        [2] = { header = { length = 0 }, about = 'a length of 0, and a payload' },
        [3] = { header = { type = 0x7001 }, about = 'payload type 0x7001' },
        [4] = { header = { version = 0xFF }, about = 'version 0xFF' },
        [5] = { header = { inverse = 0xFF }, about = 'inverse version 0xFF' },
    },
    then_ = behaviour.ignores,
}

-- ---- what no vehicle should send ----

suite 'derived (robustness, ISO 15118-2)' {
    sut = 'SECC', protocol = 'ISO15118-2',
}

cases 'DRV_X_SDP_multi' {
    about = 'A hundred SECCDiscoveryReq in a second are answered, each, for a minute.',
    given = 'link', session = 'any', cites = 'V2G2-144', liveness = true,
    then_ = function(it)
        local list = {}
        for i = 1, 6000 do
            list[i] = { 'SECCDiscoveryReq', { Security = NO_TLS } }
        end
        it:tries(list, { { 'SECCDiscoveryRes', { TransportProtocol = 0 } } }, SDP_WAIT, 10)
    end,
}

cases 'DRV_X_LEN_huge' {
    about = 'A length that no memory holds is waited for, or ends the connection.',
    given = 'connected', cites = 'V2G2-800', liveness = true,
    doubt = '[V2G2-800] has it ignored: to end the connection at once is not wrong',
    then_ = function(it)
        for last = 0xF8, 0xFF do
            it:sends_bytes('\x01\xFE\x80\x01\xFF\xFF\xFF' .. string.char(last))
            it:expects_end { within = 'V2G_SECC_Sequence_Timeout + ' .. CLOSES }
            it:starts_again 'connected'
        end
    end,
}

-- ---- TLS ----

local SUITES <const> = any { 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256',
                             'TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA256' }

-- Whether each time in an OCSP response but the first, when it was made, is a week ago at most:
-- thisUpdate of the certificates that it is about.
local function is_fresh(response)
    local times, now = {}, os.date('!%Y%m%d%H%M%S', Now() // 1000 - 7 * 86400 | 0)
    for time in response:gmatch '\x18\x0F(%d+)Z' do
        times[#times + 1] = time
    end
    return #times > 1 and times[2] >= now
end

-- The chain ends with its root, which has issued itself.
local function ends_with_root(chain)
    local last = chain[#chain]
    return last ~= nil and last.subject == last.issuer
end

local PRIVATE <const> = { tls = '1.2', shows = { foreign = true, root = true } }

cases 'DRV_X_TLS2' {
    about = 'TLS 1.2 is as ISO 15118-2 has it.',
    given = 'link', tls = true, session = 'any',
    rows = {
        suites = { settings = { version = '1.2', suites = 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256' },
                   has = { suite = SUITES }, about = 'with a suite of the standard, where no other is offered',
                   cites = 'V2G2-602 V2G2-603',
                   doubt = 'OpenSSL no longer has the other suite: it is not offered' },
        tck = { settings = { version = '1.2', trusted_ca_keys = 'key' }, has = { problem = absent, chain = present },
                about = 'with a chain under the root that trusted_ca_keys names',
                cites = 'V2G2-651 V2G2-871 V2G2-923',
                doubt = 'of several roots only where the tree of --pki has them' },
        ocsp = { settings = { version = '1.2', ocsp = 'required' }, has = { ocsp = 'good' },
                 about = 'with an OCSP response, asked for by status_request',
                 cites = 'V2G2-871 V2G2-873 V2G2-875',
                 doubt = 'of the leaf alone: OpenSSL reads no answer to status_request_v2' },
        ocspage = { settings = { version = '1.2', ocsp = 'required' }, has = { response = is_fresh },
                    about = 'with an OCSP response of this week', cites = 'V2G2-649 V2G2-876',
                    doubt = 'of the leaf alone' },
        roots10 = { settings = { version = '1.2' }, has = { problem = absent, chain = present },
                    from = function(edition) return roots(9, edition) end,
                    about = 'with ten roots that the vehicle names, the tenth of which is the right one',
                    cites = 'V2G2-878' },
        private = { settings = { version = '1.2', check = 'any', ocsp = true, trusted_ca_keys = 'key' },
                    station = PRIVATE, has = { chain = ends_with_root, response = absent },
                    about = 'with the root of a private environment, and without an OCSP response',
                    cites = 'V2G2-872',
                    doubt = 'asked by status_request: OpenSSL reads no answer to status_request_v2' },
    },
    then_ = function(it, row)
        it:connects { tls = row.settings, has = row.has, roots = row.from }
    end,
}

cases 'DRV_X_TCP_frag' {
    about = 'A frame may come octet by octet.',
    given = 'connected', session = 'any', sends = 'supportedAppProtocolReq', fault = 'split 1',
    code = AGREED, cites = 'V2G2-170', then_ = behaviour.answers,
}

cases 'DRV_X_TCP_pipe' {
    about = 'Two requests may come in one piece.',
    given = 'supportedAppProtocolRes', session = 'any',
    doubt = 'the SessionID of the second request is not known when it is sent',
    then_ = function(it)
        local second = it:message('ServiceDiscoveryReq', { ['Header.SessionID'] = ('00'):rep(8) })
        it:sends('SessionSetupReq', {}, 'glue')
        it:sends(second)
        it:expects('SessionSetupRes', { ResponseCode = 'OK_NewSessionEstablished' })
        it:expects('ServiceDiscoveryRes', { ResponseCode = any { 'OK', 'FAILED_SequenceError',
                                                                 'FAILED_UnknownSession' } })
    end,
}

cases 'DRV_X_TCP_conn' {
    about = 'Two hundred further connections do not disturb the session that runs.',
    liveness = true,
    rows = {
        { id = 'DRV_X_TCP_conn', given = 'CurrentDemandRes', mode = 'dc', sends = 'CurrentDemandReq' },
        { id = 'DRV_X_TCP_conn_ac', given = 'ChargingStatusRes', mode = 'ac',
          sends = 'ChargingStatusReq' },
    },
    then_ = function(it, row)
        it:connects_besides(200)
        behaviour.answers(it, row)
    end,
}

-- ---- sessions that are none ----

cases 'DRV_X' {
    about = 'Whoever goes on as it should not is refused, or not heard.',
    session = 'any', liveness = true,
    rows = {
        SAP_again = { given = 'SessionSetupRes', sends = 'supportedAppProtocolReq',
                      about = 'supportedAppProtocolReq again',
                      doubt = 'no public rule says that the connection has to end' },
        FAIL_go = { given = 'ServiceDiscoveryRes', first = 'ServiceDiscoveryReq',
                    sends = 'PaymentServiceSelectionReq', about = 'the next request after FAILED' },
    },
    then_ = function(it, row)
        local next_one = it:message(row.sends)
        if row.first then
            it:sends(row.first)
            it:expects('ServiceDiscoveryRes', { ResponseCode = 'FAILED_SequenceError' })
        end
        it:sends(next_one)
        it:expects_any({ 'nothing', 'end', 'refusal' }, { within = CLOSES })
    end,
}

cases 'DRV_X_SEQ_skip' {
    about = 'A request that leaves authorization out is refused.',
    given = 'ServiceDiscoveryRes', sends = 'ChargeParameterDiscoveryReq', code = 'FAILED_SequenceError',
    cites = 'V2G2-459 V2G2-538 V2G2-539', liveness = true, then_ = behaviour.refuses,
}

-- Rows of the sequence, and the request that is due there.
local DUE <const> = {
    { 'SessionSetupRes', 'ServiceDiscoveryReq' },
    { 'ServiceDiscoveryRes', 'PaymentServiceSelectionReq' },
    { 'PaymentServiceSelectionRes(ExternalPayment)', 'AuthorizationReq' },
    { 'AuthorizationRes(Finished)', 'ChargeParameterDiscoveryReq', mode = 'dc' },
    { 'ChargeParameterDiscoveryRes(Finished)', 'CableCheckReq', mode = 'dc' },
    { 'CableCheckRes(Finished)', 'PreChargeReq', mode = 'dc' },
    { 'PreChargeRes', 'PowerDeliveryReq', mode = 'dc', ChargeProgress = 'Start' },
    { 'PowerDeliveryRes(Start)', 'CurrentDemandReq', mode = 'dc' },
    { 'CurrentDemandRes', 'PowerDeliveryReq', mode = 'dc', ChargeProgress = 'Stop' },
    { 'PowerDeliveryRes(Start)', 'ChargingStatusReq', mode = 'ac', id = 'PowerDeliveryRes_ac' },
    { 'ChargingStatusRes', 'PowerDeliveryReq', mode = 'ac', ChargeProgress = 'Stop' },
    { 'PowerDeliveryRes(Stop)', 'WeldingDetectionReq', mode = 'dc', id = 'PowerDeliveryRes_stop' },
    { 'WeldingDetectionRes', 'SessionStopReq', mode = 'dc' },
}

local function due(name)
    local rows = {}
    for i, row in ipairs(DUE) do
        local own = name .. '_' .. (row.id or row[1]:match '^%w+')
        rows[i] = { id = i == 1 and name or own, given = row[1], sends = row[2],
                    mode = row.mode, ChargeProgress = row.ChargeProgress, about = row[2] }
    end
    return rows
end

cases 'DRV_X_SID_zero' {
    about = 'SessionID 0 is no session: it is refused within one.',
    SessionID = 'zero', code = 'FAILED_UnknownSession', session = 'any', cites = 'V2G2-460',
    liveness = true, rows = due 'DRV_X_SID_zero', then_ = behaviour.refuses,
}

cases 'DRV_X_EXI_trunc' {
    about = 'A request that is cut off or has wrong bits is refused, or not heard; no more.',
    session = 'any', liveness = true, rows = due 'DRV_X_EXI_trunc',
    then_ = function(it, row)
        local fields <const> = { ChargeProgress = row.ChargeProgress }
        local cut, flipped, octets = {}, {}, #it:message(row.sends, fields):exi()
        for n = 1, octets - 1 do
            cut[n] = { row.sends, fields, 'truncate ' .. n }
        end
        for bit = 0, 8 * octets - 1, 7 do
            flipped[#flipped + 1] = { row.sends, fields, 'flip ' .. bit }
        end
        it:tries(cut, { 'nothing', 'end', 'refusal' }, 'par_CMN_Transmission_Delay')
        it:starts_again(row.given)
        it:tries(flipped, { 'nothing', 'end', 'refusal', { (row.sends:gsub('Req$', 'Res')) } },
            'par_CMN_Transmission_Delay')
    end,
}

-- ---- certificates and signatures ----

local function fails(code)
    return code:find '^FAILED' ~= nil
end

cases 'DRV_X_CERT_bad' {
    about = 'Random octets in place of a certificate are refused.',
    given = 'PaymentServiceSelectionRes(Contract)', paying = 'Contract', sends = 'PaymentDetailsReq',
    code = fails, liveness = true,
    then_ = function(it, row)
        it:sends(row.sends, { ['ContractSignatureCertChain.Certificate'] = Pki.Random(400) })
        it:expects('PaymentDetailsRes', { ResponseCode = row.code })
        it:expects_end { within = CLOSES }
    end,
}

cases 'DRV_X_EXI_sig5' {
    about = 'A signature has four references at most.',
    given = 'PaymentDetailsRes', paying = 'Contract', session = 'any', cites = 'V2G2-771',
    liveness = true,
    then_ = function(it)
        local m, signer = it:message('AuthorizationReq')
        m:sign(signer)
        local first <const> = 'Header.Signature.SignedInfo.Reference[1]'
        for i = 2, 5 do
            m:set(('Header.Signature.SignedInfo.Reference[%d]'):format(i), m:get(first))
        end
        it:sends(m)
        it:expects_any { 'end', 'refusal' }
    end,
}
