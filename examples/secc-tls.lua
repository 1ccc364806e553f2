-- A station that takes a session of ISO 15118-20 over TLS 1.3 from vehicles with a certificate.
--   v2glab run examples/evcc-tls.lua examples/secc-tls.lua
Secc.Protocol = 'ISO15118-20'
Secc.Listen { tls = '1.3' } -- , cert = 'station.pem', key = 'station.key', roots = 'roots.pem'

Secc.Receive_SessionSetupReq_001()
Log('the vehicle shows', (Secc.Get_Tls_PeerCertificate()))
Secc.Set_SessionSetupRes_ResponseCode(ResponseCodeType.OK_NewSessionEstablished)
Secc.Set_SessionSetupRes_EVSEID('KR*TC1*ISO20*002')
Secc.Send_SessionSetupRes_001()

Secc.Receive_SessionStopReq_001()
Secc.Send_SessionStopRes_001()
