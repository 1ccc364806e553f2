-- SPDX-License-Identifier: Apache-2.0
-- Vehicles of ISO 15118-2 below the messages: SDP, TCP, TLS, V2GTP and supportedAppProtocol.
-- @author the v2glab authors
-- @needs nothing

suite 'ISO 15118-4:2018' {
    sut = 'EVCC', protocol = 'ISO15118-2',
}

local CLOSES <const> = 'par_CMN_TCP_Connection_Termination_Timeout'
local SETUP <const> = 'V2G_EVCC_CommunicationSetup_Timeout'
local CONNECTION <const> = 'a TCP connection'

local function is_zero(id)
    return id:find '^0+$' ~= nil
end

local function is_mac(id)
    return #id == 12
end

cases 'TC_EVCC_CMN_VTB_SessionSetup_001' {
    about = 'A vehicle that has agreed on the protocol begins a session.',
    given = 'supportedAppProtocolReq', session = 'any', cites = 'V2G2-542',
    doubt = 'the suite in public wants 8 octets of 0; the rule wants 0, and cars send fewer, too',
    then_ = function(it)
        it:answers()
        it:expects('SessionSetupReq', { ['Header.SessionID'] = is_zero, EVCCID = is_mac })
    end,
}

cases 'TC_EVCC_CMN_VTB_V2GTPSessionSetup' {
    about = 'A response with a wrong V2GTP header is none: the vehicle ends the session by its time.',
    given = 'SessionSetupReq', after = 'V2G_EVCC_Msg_Timeout', cites = 'V2G2-800',
    if_ = 'PICS_CMN_CMN_V2gtpV2g == true and PICS_CMN_CMN_InvalidV2gtpDataFields', liveness = true,
    rows = {
        [2] = { header = { length = 0 }, about = 'a length of 0, and a payload',
                doubt = 'this official number is inferred from its twin for stations' },
        [3] = { header = { type = 0x7001 }, about = 'payload type 0x7001' },
        [4] = { header = { version = 0xFF }, about = 'version 0xFF',
                doubt = 'this official number is inferred from its twin for stations' },
        [5] = { header = { inverse = 0xFF }, about = 'inverse version 0xFF',
                doubt = 'this official number is inferred from its twin for stations' },
    },
    then_ = behaviour.gives_up,
}

suite 'derived (ISO 15118-2 EVCC matrix)' {
    sut = 'EVCC', protocol = 'ISO15118-2',
}

-- ---- supportedAppProtocol ----

cases 'DRV_2_EVCC' {
    about = 'Without a protocol agreed on the vehicle ends the connection.',
    given = 'supportedAppProtocolReq',
    rows = {
        SupportedAppProtocol_fail = { code = 'Failed_NoNegotiation', cites = 'V2G2-735',
                                      about = 'Failed_NoNegotiation' },
        Conn_03 = { code = 'Failed_NoNegotiation', about = 'Failed_NoNegotiation, likewise' },
        Conn_04 = { code = 'OK_SuccessfulNegotiation', fields = { SchemaID = 99 }, cites = 'V2G2-169',
                    about = 'a SchemaID that was not offered' },
        SupportedAppProtocol_wrong = { answers = 'SessionSetupRes', code = 'OK_NewSessionEstablished',
                                       about = 'SessionSetupRes in place of supportedAppProtocolRes' },
    },
    then_ = behaviour.leaves,
}

cases 'DRV_2_EVCC' {
    about = 'Where supportedAppProtocolReq is not answered the vehicle ends the connection by its time.',
    given = 'supportedAppProtocolReq', after = 'V2G_EVCC_Msg_Timeout_supportedAppProtocolReq',
    rows = {
        SupportedAppProtocol_to = { about = 'no supportedAppProtocolRes' },
        Conn_02 = { about = 'TCP, and then silence' },
    },
    then_ = behaviour.gives_up,
}

-- ---- TLS ----

cases 'DRV_2_EVCC' {
    about = 'A station whose certificate is not to be trusted is left before anything is said.',
    given = 'connected', tls = true,
    station = { tls = { version = '1.2', staple = true } },
    rows = {
        Conn_05 = { shows = { faults = { 'secc-leaf=expired' } }, about = 'an expired one' },
        Conn_05_name = { shows = { faults = { 'secc-leaf=wrong-domain-component' } },
                         about = 'one of another domain component' },
        Conn_05_root = { shows = { foreign = true }, about = 'one of a root that nobody knows',
                         station = { tls = { version = '1.2', staple = false } },
                         doubt = 'there is no OCSP response of a root that nobody knows' },
        Conn_06 = { station = { tls = { version = '1.2', staple = false } },
                    about = 'one without an OCSP response', cites = 'V2G2-873 V2G2-875' },
    },
    then_ = function(it)
        it:expects_end { within = CLOSES }
    end,
}

local function is_any(list)
    return #list > 0
end

cases 'DRV_2_EVCC_TLS' {
    about = 'ClientHello of TLS 1.2 is as ISO 15118-2 has it.', given = 'connected', tls = true,
    rows = {
        status = { has = { status = true }, cites = 'V2G2-070', about = 'an OCSP response is asked for' },
        tck = { has = { trusted_ca_keys = is_any }, cites = 'V2G2-651',
                about = 'trusted_ca_keys names V2G roots' },
    },
    then_ = function(it, row)
        it:hears_hello(row.has)
    end,
}

cases 'DRV_X_TLS2_roots10_ev' {
    about = 'A vehicle that has ten V2G roots takes a chain under the tenth.',
    given = 'connected', tls = true, vehicle = { more_roots = 9 }, session = 'any', cites = 'V2G2-878',
    then_ = function(it)
        it:expects 'supportedAppProtocolReq'
    end,
}

-- ---- SDP ----

cases 'DRV_2_EVCC_SDP_01' {
    about = 'Where nobody answers the vehicle asks every 250 ms, 50 times at most.',
    given = 'SECCDiscoveryReq', session = 'any', cites = 'V2G2-159 V2G2-161',
    then_ = function(it)
        it:hears { within = SETUP }
    end,
}

cases 'DRV_2_EVCC_SDP' {
    about = 'A SECCDiscoveryRes with a wrong V2GTP header is none: the vehicle asks again.',
    given = 'SECCDiscoveryReq', session = 'any', cites = 'V2G2-159 V2G2-161 V2G2-152 V2G2-153',
    rows = {
        ['02'] = { header = { type = 0x7001 }, about = 'payload type 0x7001' },
        ['03'] = { header = { length = 0 }, about = 'length 0' },
        ['04'] = { header = { version = 0xFF }, about = 'version 0xFF' },
        ['05'] = { header = { inverse = 0xFF }, about = 'inverse version 0xFF' },
    },
    then_ = function(it, row)
        it:answers({}, nil, row.header)
        it:hears { times = 4, within = SETUP }
    end,
}

cases 'DRV_2_EVCC' {
    about = 'Where the answer leads nowhere the vehicle asks again, or no more; it does not connect.',
    given = 'SECCDiscoveryReq', session = 'any', cites = 'V2G2-159 V2G2-161',
    rows = {
        SDP_06 = { fields = { TransportProtocol = 0x10 }, about = 'TransportProtocol UDP',
                   cites = 'V2G2-159 V2G2-161 V2G2-152 V2G2-153' },
        SDP_09 = { fields = { SECCPort = 0 }, about = 'port 0' },
        SDP_10 = { fields = { SECCIPAddress = '20010DB8000000000000000000000001' },
                   about = 'an address that is not of the link',
                   doubt = 'a connection to that address cannot be seen from here' },
        Conn_01 = { fields = { SECCPort = 49151 }, about = 'a port at which nobody listens' },
    },
    then_ = function(it, row)
        it:answers(row.fields)
        it:hears { within = SETUP }
    end,
}

cases 'DRV_2_EVCC_SDP_08' {
    about = 'The answer to the 50th request is still one.',
    given = 'SECCDiscoveryReq', session = 'any', cites = 'V2G2-159 V2G2-161',
    then_ = function(it)
        it:hears { times = 49, within = SETUP }
        it:answers()
        it:hears { times = 2, within = SETUP }
        it:expects(CONNECTION, {}, { within = CLOSES })
    end,
}

local NO_TLS <const> = { Security = 0x10 }

cases 'DRV_2_EVCC_SDP_07' {
    about = 'A vehicle that asked for TLS and is offered none goes on without, or not at all.',
    given = 'SECCDiscoveryReq', session = 'any', cites = 'V2G2-159 V2G2-161',
    vehicle = { tls = 'auto' }, station = { tls = 'off' },
    rows = {
        { id = 'DRV_2_EVCC_SDP_07', if_ = 'PICS_CMN_CMN_IdentificationMode == eIM' },
        { id = 'DRV_X_SDP_down', if_ = 'PICS_CMN_CMN_IdentificationMode == eIM' },
    },
    then_ = function(it)
        it:answers(NO_TLS)
        it:expects_any({ { CONNECTION }, { 'SECCDiscoveryReq' }, 'nothing' }, { within = SETUP })
    end,
}

cases 'DRV_2_EVCC_SDP_11' {
    about = 'A vehicle that asked for no TLS, and is answered TLS, says nothing without it.',
    given = 'SECCDiscoveryReq', session = 'any', cites = 'DRV-2-SdpSecurity',
    vehicle = { tls = 'off' }, station = { tls = '1.2' },
    then_ = function(it)
        it:answers { Security = 0x00 }
        it:expects_any({ { CONNECTION }, { 'SECCDiscoveryReq' }, 'nothing' }, { within = SETUP })
        it:expects_any({ { 'SECCDiscoveryReq' }, 'end', 'nothing' }, { within = CLOSES })
    end,
}

cases 'DRV_2_EVCC_SDP_07_contract' {
    about = 'A vehicle that pays by contract does not connect where it is offered no TLS.',
    given = 'SECCDiscoveryReq', session = 'any', cites = 'V2G2-159 V2G2-161', paying = 'Contract',
    station = { tls = 'off' },
    rows = { { id = 'DRV_2_EVCC_SDP_07_contract' }, { id = 'DRV_X_SDP_down_contract' } },
    then_ = function(it)
        it:answers(NO_TLS)
        it:hears { within = SETUP }
    end,
}

cases 'DRV_X_SDP_spoof' {
    about = 'What a vehicle makes of two answers with different addresses is reported.',
    given = 'SECCDiscoveryReq', session = 'any',
    doubt = 'none taken, or the problem told: that cannot be seen from outside',
    then_ = function(it)
        it:answers({}, nil, function(m)
            local other = m:copy()
            other.SECCPort = m.SECCPort - 1
            return { other, m }
        end)
        it:hears { times = 2, within = SETUP }
        it:reports()
    end,
}
