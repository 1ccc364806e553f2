-- A vehicle that charges with AC by ISO 15118-2 over TLS 1.2, paid for externally: only the station
-- has a certificate, and the vehicle looks whether it is still good.
--   v2glab run examples/evcc-iso15118-2-ac-tls.lua examples/secc-iso15118-2-ac-tls.lua
-- Roots, and the station's certificate, are those of the demo tree, or of another one: --pki DIR.
Evcc.Protocol = 'ISO15118-2'
Evcc.Connect {
  tls = {
    version = '1.2',
    trusted_ca_keys = true, -- says which roots it knows
    ocsp = 'required',      -- goes on with a stapled OCSP response only
  },
}

assert(Evcc.Get_Tls_Version() == '1.2')
assert(Evcc.Get_Tls_Suite() == 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256')
assert(Evcc.Get_Tls_Group() == 'secp256r1')
assert(Evcc.Get_Tls_Ocsp() == 'good')
assert(Evcc.Get_Tls_Request() == nil, 'the station asks for a certificate, which there is none of in ISO 15118-2')
local chain = Evcc.Get_Tls_PeerChain()
assert(chain[1].domain == 'CPO', 'the station is not of a charge point operator')
Log('the station shows', chain[1], 'after', Evcc.Get_Tls_Handshake_Time(), 'ms')

require 'evcc-iso15118-2-ac' -- charges as the example without TLS does
