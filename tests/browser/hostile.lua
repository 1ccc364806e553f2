-- SPDX-License-Identifier: Apache-2.0
-- A station whose texts are markup, line separators, text turned round, and much too long.

local EVIL <const> = '</script><img src=x onerror="evil()">&amp;"\'\u{2028}\u{202E}gpj.exe<!--'

local station = Start(function()
    Secc.Receive_SessionSetupReq_001()
    Secc.Set_SessionSetupRes_EVSEID(EVIL)
    Secc.Send_SessionSetupRes_001()
    Secc.Receive_ServiceDiscoveryReq_001()
    Secc.Set_ServiceDiscoveryRes_ChargeService_ServiceName(EVIL:rep(1600)) -- 100 kB
    Secc.Send_ServiceDiscoveryRes_001()
    Secc.Receive_SessionStopReq_001()
    Secc.Send_SessionStopRes_001()
end)

Evcc.Send_SessionSetupReq_001()
Evcc.Receive_SessionSetupRes_001()
Log(EVIL)
Evcc.Send_ServiceDiscoveryReq_001()
Evcc.Receive_ServiceDiscoveryRes_001()
Evcc.Send_SessionStopReq_001()
Evcc.Receive_SessionStopRes_001()
Wait_For(station)
