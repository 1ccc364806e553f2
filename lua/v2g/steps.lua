-- SPDX-License-Identifier: Apache-2.0
-- The steps of a session and the messages that stand for them in each protocol.

local once = require 'v2g.once'

local steps = {}

local names = {
    ['DIN70121'] = {
        dc = { PaymentServiceSelection = 'ServicePaymentSelection',
               Authorization = 'ContractAuthentication' },
    },
    ['ISO15118-2'] = { ac = {}, dc = {} },
    ['ISO15118-20'] = {
        ac = { PaymentServiceSelection = 'ServiceSelection',
               ChargeParameterDiscovery = 'AC_ChargeParameterDiscovery',
               ChargingStatus = 'AC_ChargeLoop', MeteringReceipt = 'MeteringConfirmation' },
        dc = { PaymentServiceSelection = 'ServiceSelection',
               ChargeParameterDiscovery = 'DC_ChargeParameterDiscovery',
               CableCheck = 'DC_CableCheck', PreCharge = 'DC_PreCharge',
               CurrentDemand = 'DC_ChargeLoop', WeldingDetection = 'DC_WeldingDetection',
               MeteringReceipt = 'MeteringConfirmation' },
    },
}

-- 'CableCheck' -> 'DC_CableCheck': the message without Req or Res.
function steps.name(protocol, mode, step)
    if step == 'AppProtocol' then
        return 'supportedAppProtocol'
    end
    local modes = names[protocol]
    return (modes[mode] or modes.dc)[step] or step
end

-- 'DC_CableCheck' -> 'DC_CableCheckReq', 'DC_CableCheckRes'; put together once.
local function ending(suffix)
    return once(function(name) return name .. suffix end)
end
steps.request, steps.response = ending 'Req', ending 'Res'

local of = {}
for _, modes in pairs(names) do
    for _, mode in pairs(modes) do
        for step, name in pairs(mode) do
            of[name] = step
        end
    end
end
of.supportedAppProtocol = 'AppProtocol'

-- 'DC_CableCheckReq' -> 'CableCheck'
function steps.of(message)
    local name = message:gsub('Re[qs]$', '')
    return of[name] or name
end

return steps
