-- A test of vehicles: the station shows a certificate that has expired, and the vehicle must refuse
-- it with the right alert.
--   v2glab pki make --fault secc-leaf=expired expired
--   v2glab run --pki expired examples/secc-expired.lua --interface eth1
-- `v2glab pki make --help` has further faults. Against a vehicle that does as it should:
--   v2glab run --pki expired examples/evcc-expired.lua examples/secc-expired.lua
Secc.Listen { tls = '1.2' }
Secc.Expect_Tls_Alert_001('certificate_expired')
Log('the vehicle offered', table.concat(Secc.Get_Tls_Offer().suites, ', '))
