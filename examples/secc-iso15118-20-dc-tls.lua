-- A station that charges one vehicle with DC by ISO 15118-20 over TLS 1.3.
--   v2glab run examples/evcc-iso15118-20-dc-tls.lua examples/secc-iso15118-20-dc-tls.lua
Secc.Protocol = 'ISO15118-20'
Secc.Listen {
  tls = {
    version = '1.3',
    staple = true,                  -- an OCSP response where it is asked for
    certificate_authorities = true, -- says of which roots it wants the vehicle's certificate
  },
}

require 'secc-iso15118-20-dc' -- charges as the example without TLS does
