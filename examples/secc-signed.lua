-- A station that checks the signature of AuthorizationReq (ISO 15118-2).
--   v2glab run examples/evcc-signed.lua examples/secc-signed.lua --tls 1.2
for _ = 1, 2 do
  Secc.Receive_AuthorizationReq_001()
  local valid, why = Secc.Verify_AuthorizationReq()
  Log(valid and 'the signature is valid' or why)
  Secc.Set_AuthorizationRes_ResponseCode(
    valid and ResponseCodeType.OK or ResponseCodeType.FAILED_SignatureError)
  Secc.Send_AuthorizationRes_001()
end
