-- A vehicle that sets up a session of ISO 15118-20 over TLS 1.3, both sides with certificates, and
-- looks at what was agreed. Certificates of its own stand beside the script; where none are named,
-- as here, they come from the demo tree (`v2glab pki list`).
--   v2glab run examples/evcc-tls.lua examples/secc-tls.lua
Evcc.Protocol = 'ISO15118-20'
Evcc.Connect { tls = '1.3' } -- , cert = 'vehicle.pem', key = 'vehicle.key', roots = 'roots.pem'

assert(Evcc.Get_Tls_Version() == '1.3')
assert(Evcc.Get_Tls_Suite() == 'TLS_AES_256_GCM_SHA384'
  or Evcc.Get_Tls_Suite() == 'TLS_CHACHA20_POLY1305_SHA256')
assert(Evcc.Get_Tls_Group() == 'secp521r1' or Evcc.Get_Tls_Group() == 'x448')

local subject, pem = Evcc.Get_Tls_PeerCertificate()
assert(subject:find('DC=CPO', 1, true), 'the station is not of a charge point operator')
assert(pem:find('BEGIN CERTIFICATE', 1, true))
Log('the station shows', subject)

Evcc.Send_SessionSetupReq_001()
Evcc.Receive_SessionSetupRes_001()
assert(Evcc.Get_SessionSetupRes_ResponseCode() == ResponseCodeType.OK_NewSessionEstablished)

Evcc.Set_SessionStopReq_ChargingSession(ChargingSessionType.Terminate)
Evcc.Send_SessionStopReq_001()
Evcc.Receive_SessionStopRes_001()
assert(Evcc.Get_Tls_Alert() == nil)
