-- SPDX-License-Identifier: Apache-2.0
-- Stations of ISO 15118-20 below the messages: TLS, V2GTP, and what no vehicle should send.
-- @author the v2glab authors
-- @needs nothing

suite 'derived (ISO 15118-20)' {
    sut = 'SECC', protocol = 'ISO15118-20',
}

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
