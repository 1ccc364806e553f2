-- SPDX-License-Identifier: Apache-2.0
-- Vehicles of DIN SPEC 70121 and what they have to refuse, or to give up.
-- @author the v2glab authors
-- @needs nothing

suite 'derived (DIN SPEC 70121)' {
    sut = 'EVCC', protocol = 'DIN70121', beside = 'pair',
}

cases 'msg-timeout' {
    about = 'A vehicle that gets no response ends the session when its time is over, not before.',
    rows = {
        { id = 'DRV_DIN_EVCC_CurrentDemand_to', given = 'CurrentDemandReq', mode = 'dc',
          after = 'V2G_EVCC_Msg_Timeout_CurrentDemandReq', about = 'no CurrentDemandRes' },
    },
    then_ = behaviour.gives_up,
}

