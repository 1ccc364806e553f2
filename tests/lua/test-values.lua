-- Values of all kinds: set, read back, sent with what was set.

-- integers stay integers; enumerations are strings
Evcc.Set_PreChargeReq_EVTargetVoltage_Value(3905)
Evcc.Set_PreChargeReq_EVTargetVoltage_Multiplier(-1)
assert(math.type(Evcc.Get_PreChargeReq_EVTargetVoltage_Value()) == 'integer')
assert(Evcc.Get_PreChargeReq_EVTargetVoltage() == 390.5)
assert(UnitSymbolType.Unit_A == 'A' and UnitSymbolType.Unit_W_s == 'W/s')
assert(ResponseCodeType.OK == 'OK' and ResponseCodeType.WARNING_NoCertificateAvailable ~= nil)
assert(EVSENotificationType.None == 'None')

-- physical values in SI units
Evcc.Set_PreChargeReq_EVTargetVoltage(390.5)
assert(Evcc.Get_PreChargeReq_EVTargetVoltage_Value() == 3905)
assert(Evcc.Get_PreChargeReq_EVTargetVoltage_Multiplier() == -1)
assert(Evcc.Get_PreChargeReq_EVTargetVoltage_Unit() == UnitSymbolType.Unit_V)
Evcc.Set_PreChargeReq_EVTargetCurrent({ Value = 7, Multiplier = 1 })
assert(Evcc.Get_PreChargeReq_EVTargetCurrent() == 70)

-- octets
Evcc.Set_SessionSetupReq_EVCCID('02aa00ff0001')
assert(Evcc.Get_SessionSetupReq_EVCCID() == '02AA00FF0001')
Evcc.Set_AuthorizationReq_GenChallenge('\0\1\255binary')
assert(Evcc.Get_AuthorizationReq_GenChallenge() == '\0\1\255binary')

-- optional elements
assert(Evcc.Get_ServiceDiscoveryReq_ServiceScope() == nil)
assert(Evcc.Get_ServiceDiscoveryReq_ServiceScopeSpecified() == false)
Evcc.Set_ServiceDiscoveryReq_ServiceScope('here')
assert(Evcc.Get_ServiceDiscoveryReq_ServiceScopeSpecified() == true)
Evcc.Set_ServiceDiscoveryReq_ServiceScopeSpecified(false)
assert(Evcc.Get_ServiceDiscoveryReq_ServiceScope() == nil)
Evcc.Set_PreChargeReq_EVTargetVoltageSpecified(false) -- mandatory: left out on purpose
assert(Evcc.Get_PreChargeReq_EVTargetVoltage() == nil)
Evcc.Set_PreChargeReq_EVTargetVoltage(400)

-- 64 bits
Secc.Set_ChargingStatusRes_MeterInfo_MeterReading(math.maxinteger)
assert(Secc.Get_ChargingStatusRes_MeterInfo_MeterReading() == math.maxinteger)
Secc.Set_ChargingStatusRes_MeterInfo_MeterReading('18446744073709551615')
assert(Secc.Get_ChargingStatusRes_MeterInfo_MeterReading() == '18446744073709551615')
assert(not pcall(Secc.Set_ChargingStatusRes_MeterInfo_MeterReading, -1))
assert(not pcall(Secc.Set_ChargingStatusRes_MeterInfo_MeterReading, '18446744073709551616'))

-- enumerations by code
Secc.Set_SessionStopRes_ResponseCode(31)
assert(Secc.Get_SessionStopRes_ResponseCode() == 31)
assert(not pcall(Secc.Set_SessionStopRes_ResponseCode, 32))

-- what a script sets stays for the next send; alternatives exclude each other
Secc.Send_SessionStopRes_001()
assert(Secc.Get_SessionStopRes_ResponseCode() == 31)
Secc.Set_PowerDeliveryRes_AC_EVSEStatus_RCD(true)
assert(Secc.Get_PowerDeliveryRes_DC_EVSEStatus_EVSEStatusCode() == nil)
assert(Secc.Get_PowerDeliveryRes_AC_EVSEStatus_RCD() == true)
Secc.Send_PowerDeliveryRes_001()
assert(EVCC == Evcc and SECC == Secc)
