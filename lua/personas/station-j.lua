-- SPDX-License-Identifier: Apache-2.0
-- Charging stations of another make of software, J, written in Python. Sure: some of the recorded
-- sessions, DC. It is slow: 0.4 to 0.74 s for supportedAppProtocol, up to 0.96 s for SessionSetup,
-- then 0.3 to 0.6 s. It leaves the closing to the vehicle and closes 5.0 s later. With
-- FAILED_SequenceError it sends a Notification (ParsingError and a text).

local habits = require 'v2g.habits'

local requests = { 'SessionSetup', 'ServiceDiscovery', 'ServicePaymentSelection',
    'PaymentServiceSelection', 'ContractAuthentication', 'Authorization',
    'ChargeParameterDiscovery', 'CableCheck', 'PreCharge', 'PowerDelivery', 'CurrentDemand',
    'ChargingStatus', 'WeldingDetection', 'SessionStop' }

local before = {}
for _, name in ipairs(requests) do
    before[name .. 'Res'] = function(m)
        if m.ResponseCode == 'FAILED_SequenceError' then
            m.Header.Notification = { FaultCode = 'ParsingError',
                                      FaultMsg = name .. 'Req is not expected here' }
        end
    end
end

return {
    role = 'station',
    about = 'station software J: answers in 0.3 to 0.9 s, leaves the closing to the vehicle',
    sure = 'some of the recorded sessions',
    evse_id = 'DE*PNX*E12345*1',
    close = 'wait', linger_ms = 5000,
    delays = { default = { 300, 580 }, AppProtocol = { 400, 740 }, SessionSetup = { 700, 960 },
               CableCheck = { 271, 552 }, CurrentDemand = { 329, 356 } },
    ongoing = { Authorization = 1, CableCheck = 8 },
    dc = { max_voltage = 1250, min_voltage = 180, max_current = 25, max_power = 10000 },
    values = {
        SessionSetupRes = { EVSEID = habits.ascii_evse_id },
        CableCheckRes = {
            DC_EVSEStatus_EVSEIsolationStatus = function(s)
                if (s.counts.CableCheck or 0) > 1 then return 'Valid' end
            end,
        },
    },
    before = before,
}
