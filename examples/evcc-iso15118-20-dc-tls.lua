-- A vehicle that charges with DC by ISO 15118-20 over TLS 1.3, paid for externally: both sides have
-- certificates.
--   v2glab run examples/evcc-iso15118-20-dc-tls.lua examples/secc-iso15118-20-dc-tls.lua
-- Roots and certificates are those of the demo tree, or of another one: --pki DIR.
Evcc.Protocol = 'ISO15118-20'
Evcc.Connect {
  tls = {
    version = '1.3',
    suites = { 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256' }, -- best first
    certificate_authorities = true, -- says which roots it knows
    ocsp = 'required',              -- goes on with a stapled OCSP response only
  },
}

assert(Evcc.Get_Tls_Version() == '1.3')
assert(Evcc.Get_Tls_Suite() == 'TLS_AES_256_GCM_SHA384')
assert(Evcc.Get_Tls_Group() == 'secp521r1' or Evcc.Get_Tls_Group() == 'x448')
assert(Evcc.Get_Tls_Ocsp() == 'good')
assert(Evcc.Get_Tls_Request(), 'the station asks for no certificate')
Log('the station shows', Evcc.Get_Tls_PeerChain()[1], 'of', #Evcc.Get_Tls_PeerChain())
Log('this vehicle shows', Evcc.Get_Tls_OwnChain()[1])

require 'evcc-iso15118-20-dc' -- charges as the example without TLS does
