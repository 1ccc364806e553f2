-- A vehicle that signs its AuthorizationReq (ISO 15118-2) with the contract's key of the demo tree,
-- and then sends another challenge with the signature of the first.
--   v2glab run examples/evcc-signed.lua examples/secc-signed.lua --tls 1.2
Evcc.Connect()
Evcc.Set_AuthorizationReq_GenChallenge('0123456789ABCDEF')
Evcc.Sign_AuthorizationReq()
Evcc.Send_AuthorizationReq_001()
Evcc.Receive_AuthorizationRes_001()
assert(Evcc.Get_AuthorizationRes_ResponseCode() == ResponseCodeType.OK)

Evcc.Set_AuthorizationReq_GenChallenge('FEDCBA9876543210')
Evcc.Send_AuthorizationReq_001()
Evcc.Receive_AuthorizationRes_001()
assert(Evcc.Get_AuthorizationRes_ResponseCode() == ResponseCodeType.FAILED_SignatureError)
