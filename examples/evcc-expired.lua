-- A vehicle that refuses a station whose certificate has expired; the counterpart of
-- secc-expired.lua.
Evcc.Connect { tls = '1.2', may_fail = true }
Log(Evcc.Expect_Tls_Refusal_001('certificate_expired'))
