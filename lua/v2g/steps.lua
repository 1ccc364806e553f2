-- SPDX-License-Identifier: Apache-2.0
-- The steps of a session and the messages that stand for them in each protocol.

local names_of = require 'v2g.names'
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

-- What a step goes by, made once for all sessions: steps.course[protocol][mode].CableCheck is
-- { name = 'DC_CableCheck', request = 'DC_CableCheckReq', response = 'DC_CableCheckRes' }, the
-- names by path of the role's functions for them (names.lua), and what its gap is called by the
-- step before: after.ChargeParameterDiscovery = 'ChargeParameterDiscovery>CableCheck'.
steps.course = once(function(protocol)
    return once(function(mode)
        return once(function(step)
            local name = steps.name(protocol, mode, step)
            local request, response = name .. 'Req', name .. 'Res'
            return { name = name, request = request, response = response, set = names_of.set[request],
                     get = names_of.get[response], is_specified = names_of.is_specified[response],
                     after = once(function(last) return last .. '>' .. step end) }
        end)
    end)
end)

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
