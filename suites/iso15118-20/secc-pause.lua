-- SPDX-License-Identifier: Apache-2.0
-- Stations of ISO 15118-20 and the end of sessions: pauses, and who closes the connection.
-- @author the v2glab authors
-- @needs nothing

suite 'derived (ISO 15118-20)' {
    sut = 'SECC', protocol = 'ISO15118-20', mode = 'dc', beside = 'pair',
}

local CLOSES <const> = 'par_CMN_TCP_Connection_Termination_Timeout'

cases 'DRV_20_SECC_SessionSetup_resume' {
    about = 'The vehicle that paused a session joins it, and goes on with its parameters.',
    given = 'supportedAppProtocolRes after SessionStopRes(Pause)', tls = true, session = 'any',
    if_ = 'PICS_SECC_CMN_Pause == true',
    cites = 'V2G20-1032 V2G20-2545 V2G20-2097 V2G20-2098 V2G20-2622 V2G20-2623',
    then_ = function(it)
        it:sends 'SessionSetupReq'
        it:expects('SessionSetupRes', { ResponseCode = 'OK_OldSessionJoined',
                                        ['Header.SessionID'] = it:paused() })
        it:sends 'DC_ChargeParameterDiscoveryReq'
        it:expects('DC_ChargeParameterDiscoveryRes', { ResponseCode = 'OK',
                                                       ['Header.SessionID'] = it:paused() })
    end,
}

cases 'DRV_20_SECC_SessionSetup_resumex' {
    about = 'Another vehicle does not join the session of the one that paused it.',
    beside = false, -- the pilot is that of the vehicle which has paused
    given = 'SessionStopRes(Pause)', tls = true, session = 'any', if_ = 'PICS_SECC_CMN_Pause == true',
    cites = 'V2G20-2545 V2G20-2626 V2G20-2627 V2G20-2677',
    then_ = function(it)
        it:comes_as(issued(it, 'vehicle-leaf', { edition = 'ISO15118-20' }))
        it:sends 'SessionSetupReq'
        it:expects('SessionSetupRes', { ResponseCode = 'OK_NewSessionEstablished',
            ['Header.SessionID'] = function(id) return not id:find '^0*$' and id ~= it:paused() end })
    end,
}

cases 'DRV_20_SECC_SessionStop_close' {
    about = 'After SessionStopRes the vehicle may close first: the station waits for it.',
    given = 'PowerDeliveryRes(Stop)', cites = 'V2G20-1633 V2G20-1643',
    then_ = function(it)
        it:sends('SessionStopReq', { ChargingSession = 'Terminate' })
        it:expects('SessionStopRes', { ResponseCode = 'OK' })
        it:expects_end { after = CLOSES .. ' - par_CMN_Transmission_Delay', within = CLOSES }
    end,
}
