-- A station that charges one vehicle with AC by ISO 15118-2 over TLS 1.2.
--   v2glab run examples/evcc-iso15118-2-ac-tls.lua examples/secc-iso15118-2-ac-tls.lua
Secc.Protocol = 'ISO15118-2'
Secc.Listen { tls = { version = '1.2', staple = true } } -- an OCSP response, if asked for

require 'secc-iso15118-2-ac' -- charges as the example without TLS does
