local chargingSession = ChargingSessionType.Terminate
Evcc.Set_SessionStopReq_ChargingSession(chargingSession)

Evcc.Send_SessionStopReq_001()
