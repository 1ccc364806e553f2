-- SPDX-License-Identifier: Apache-2.0
-- Stations of DIN 70121 below the messages: supportedAppProtocol, and silence before a session.
-- @author the v2glab authors
-- @needs nothing

suite 'DIN 70122:2018-11' {
    sut = 'SECC', protocol = 'DIN70121',
}

cases 'TC_SECC_VTB_SupportedAppProtocol_002' {
    about = 'Where no offer is one that it speaks, it says so and ends the connection.',
    given = 'connected', session = 'any', sends = 'supportedAppProtocolReq', liveness = true,
    fields = { ['AppProtocol[1].ProtocolNamespace'] = 'urn:din:70121:2014:MsgDef' },
    code = 'Failed_NoNegotiation', cites = 'V2G-DC-942 V2G-DC-940',
    then_ = behaviour.refuses,
}

suite 'derived (DIN SPEC 70121)' {
    sut = 'SECC', protocol = 'DIN70121',
}

cases 'DRV_DIN_SECC_SessionSetup_to' {
    about = 'Who falls silent before SessionSetupReq is left when the time for the set-up is over.',
    given = 'supportedAppProtocolRes', cites = 'V2G-DC-432 V2G-DC-665 V2G-DC-942', liveness = true,
    within = 'V2G_SECC_CommunicationSetup_Performance_Time + '
        .. 'par_CMN_TCP_Connection_Termination_Timeout',
    doubt = 'no lower limit: the time runs from the link on, which was before',
    then_ = behaviour.times_out,
}
