-- SPDX-License-Identifier: Apache-2.0
-- Stations of ISO 15118-20 and what they have to leave to chance.
-- @author the v2glab authors
-- @needs nothing

suite 'derived (ISO 15118-20)' {
    sut = 'SECC', protocol = 'ISO15118-20', tags = 'long',
}

cases 'DRV_20_SECC' {
    about = 'What tells sessions apart is left to chance, and never comes again.', sessions = 200,
    rows = {
        SessionSetup_entropy = { given = 'supportedAppProtocolRes', sends = 'SessionSetupReq',
            fields = { ['Header.SessionID'] = ('00'):rep(8) }, session = 'new', path = 'Header.SessionID',
            wanted = { ResponseCode = 'OK_NewSessionEstablished',
                       ['Header.SessionID'] = function(id) return not id:find '^0*$' end },
            octets = 8, bits = 58, cites = 'V2G20-2621 V2G20-2106 V2G20-835' },
        AuthorizationSetup_entropy = { given = 'SessionSetupRes', sends = 'AuthorizationSetupReq',
            station = { contract_without_tls = true }, path = 'PnC_ASResAuthorizationMode.GenChallenge',
            wanted = { ResponseCode = 'OK', PnC_ASResAuthorizationMode = present },
            octets = 16, bits = 120, cites = 'V2G20-697 V2G20-698 V2G20-2110 V2G20-2108' },
    },
    doubt = 'thousands of sessions are asked for: 200 tell 58 bits from 50, and take minutes of a '
        .. 'real station',
    then_ = behaviour.varies,
}
