-- Messages as values.

local m = Evcc.Message('CurrentDemandReq')
assert(m:name() == 'CurrentDemandReq')
m.EVTargetVoltage.Value = 3900
m.EVTargetVoltage.Multiplier = -1
assert(m.EVTargetVoltage:si() == 390)
m.EVTargetCurrent = 12.5
assert(m.EVTargetCurrent.Value == 125 and m.EVTargetCurrent.Multiplier == -1)
assert(m.EVTargetCurrent.Unit == UnitSymbolType.Unit_A)
assert(m.EVMaximumPowerLimit == nil)
m.EVMaximumPowerLimit = { Value = 50, Multiplier = 3, Unit = 'W' }
assert(m.EVMaximumPowerLimit:si() == 50000)
m.EVMaximumPowerLimit = nil
assert(m.EVMaximumPowerLimit == nil)
m.DC_EVStatus = { EVRESSSOC = 80 }
assert(m.DC_EVStatus.EVRESSSOC == 80 and m.DC_EVStatus.EVReady == true)

assert(tostring(m):find('<?xml version="1.0" ?>', 1, true) == 1)
assert(m:json():find('"CurrentDemandReq"', 1, true))
assert(m:exi():byte(1) == 0x80)

local copy = m:copy()
copy.DC_EVStatus.EVRESSSOC = 81
assert(m.DC_EVStatus.EVRESSSOC == 80)
copy.EVTargetVoltage = m.EVTargetCurrent
assert(copy.EVTargetVoltage.Unit == 'A')

local again = Evcc.Message(m:xml())
assert(again:exi() == m:exi())

local names = {}
for name in pairs(m) do names[name] = true end
assert(names.EVTargetVoltage and not names.EVMaximumPowerLimit)

-- lists count from 1
local s = Evcc.Message('PaymentServiceSelectionReq')
local list = s.SelectedServiceList.SelectedService
assert(#list == 1)
list[1].ServiceID = 5
list[2] = { ServiceID = 6, ParameterSetID = 1 }
assert(#list == 2 and list[2].ServiceID == 6 and list[3] == nil)
for i, one in ipairs(list) do assert(one.ServiceID == 4 + i) end
s.SelectedServiceList.SelectedService = { { ServiceID = 1 } }
assert(#list == 1)
assert(not pcall(function() list[3] = { ServiceID = 1 } end))

-- an empty list, also where there has to be an entry: what follows in the element cannot be sent
local offers = Evcc.Message('supportedAppProtocolReq')
offers.AppProtocol = {}
assert(offers.AppProtocol == nil and not offers:xml():find('ProtocolNamespace'))
assert(#offers:exi() > 0)
local none = Evcc.Message('PaymentServiceSelectionReq')
none:set('SelectedServiceList.SelectedService', {})
assert(none:get('SelectedServiceList.SelectedService') == nil)
assert(not none:is('SelectedServiceList.SelectedService[1].ServiceID', 1))

-- by path
local by = Evcc.Message('PaymentServiceSelectionReq')
by:set('SelectedServiceList.SelectedService[2].ParameterSetID', 7)
assert(#by.SelectedServiceList.SelectedService == 2)
by:set('SelectedServiceList.SelectedService[1].ServiceID', 300)
by:set('Header.SessionID', '0102')
local values, order = {}, {}
for path, value in by:values() do
  values[path] = value
  order[#order + 1] = path
  assert(by:is(path, value), path)
end
assert(order[1] == 'Header.SessionID' and values['Header.SessionID'] == '0102')
assert(values['SelectedServiceList.SelectedService[2].ParameterSetID'] == 7)
assert(values['SelectedServiceList.SelectedService[1].ServiceID'] == 300)
assert(values['SelectedServiceList.SelectedService[1].ParameterSetID'] == nil)
assert(by:kind('SelectedServiceList.SelectedService') == 'list')
assert(by:kind('SelectedServiceList.SelectedService[9].ServiceID') == 'number')
assert(by:get('SelectedServiceList.SelectedService[9].ServiceID') == nil)
assert(by:frame() == nil and by:time() == nil and #by:violations() == 0)
local far = Evcc.Message('CurrentDemandReq')
far:set('EVMaximumPowerLimit', 50000)
assert(far:get('EVMaximumPowerLimit'):si() == 50000 and far:kind('EVMaximumPowerLimit') == 'quantity')

-- the header, and lying: a vehicle sends a response
s.Header.SessionID = '0102030405060708'
assert(s.Header.SessionID == '0102030405060708')
assert(s:xml():find('<s4:SessionID>0102030405060708', 1, true))
Evcc.Message('SessionSetupRes'):send()
s:send()

-- misuse
local function refused(f, text)
  local ok, message = pcall(f)
  assert(not ok and tostring(message):find(text, 1, true), message)
end
refused(function() return m.EVTargetVolt end, 'the nearest name is EVTargetVoltage')
refused(function() m.EVTargetVoltage.Value = 'many' end, 'is no integer')
refused(function() return Evcc.Message('CurrentDemandRequest') end, 'CurrentDemandReq')
refused(function() m.DC_EVStatus = 5 end, 'expected a table')

-- left out on purpose: a mandatory element, where nothing follows in the element around it
m.EVTargetCurrent = nil
assert(m.EVTargetCurrent == nil)
refused(function() m:send() end, 'where a mandatory element is absent')
s = Evcc.Message('SessionStopReq')
s.ChargingSession = nil
assert(not s:xml():find('ChargingSession'))
s:send()
Evcc.Set_SessionStopReq_ChargingSessionSpecified(false)
assert(not Evcc.Get_SessionStopReq_ChargingSessionSpecified())
Evcc.Send_SessionStopReq_001()
refused(function() return Evcc.Message('<a/>') end, 'a')

-- received ones
assert(Secc.Received() == nil)
Secc.Receive_SessionSetupReq_001()
assert(Secc.Received():name() == 'SessionSetupReq')
assert(Secc.Received('SessionSetupReq').EVCCID == '000000000000')
assert(Secc.Has_SessionID('0000000000000000') and not Secc.Has_SessionID('00'))
assert(not Secc.Has_SessionID('000000000000000F') and not Secc.Has_SessionID('F000000000000000'))
assert(not Evcc.Has_SessionID('0000000000000000')) -- nothing has come

-- a filter tells what it is and how often it has happened, also once it is removed
local dropped <const> = Evcc.Filter { on = 'SessionStopReq', fault = 'drop' }
assert(tostring(dropped) == "filter 'SessionStopReq: drop'")
assert(dropped:seen() == 0 and dropped:happened() == 0)
dropped:remove()
dropped:remove()
assert(tostring(dropped) == "filter 'removed'" and dropped:seen() == 0 and dropped:happened() == 0)

-- where nothing is connected TLS has no facts
for _, name in ipairs { 'Version', 'Suite', 'Group', 'Schemes', 'Resumed', 'Handshake_Time', 'Offer',
                        'Answer', 'Request', 'PeerCertificate', 'PeerChain', 'OwnChain', 'Ocsp',
                        'Problem', 'Alert' } do
  assert(Evcc['Get_Tls_' .. name]() == nil, name)
end
assert(Evcc.Box() == nil and Evcc.Box_Send('x') == nil)

-- a comparison looks at each element that is named
local e <const> = Evcc.Message('PaymentServiceSelectionReq')
e:set('SelectedServiceList.SelectedService[2].ParameterSetID', 7)
assert(e:is('SelectedServiceList.SelectedService[2]', { ParameterSetID = 7 }))
assert(not e:is('SelectedServiceList.SelectedService[2]', { ParameterSetID = 8 }))
assert(not e:is('SelectedServiceList.SelectedService[1]', { ParameterSetID = 7 }))
assert(not e:is('SelectedServiceList.SelectedService[2]', { 7 }))
assert(not e:is('SelectedServiceList.SelectedService[2]', { Nothing = 7 }))
local d <const> = Evcc.Message('CurrentDemandReq')
d.EVTargetVoltage = 400
assert(d:is('EVTargetVoltage', 400) and not d:is('EVTargetVoltage', 401))
assert(d:is('DC_EVStatus.EVErrorCode', 0) and not d:is('DC_EVStatus.EVErrorCode', 1))
assert(d:is('DC_EVStatus', { EVReady = true }))
local h <const> = Evcc.Message('SessionSetupReq')
h.EVCCID = '0a0b0c0d0e0f'
assert(h:is('EVCCID', '0A0B0C0D0E0F') and h:is('EVCCID', '0a0b0c0d0e0f'))
assert(not h:is('EVCCID', '0A0B') and not h:is('EVCCID', 'xyz') and not h:is('EVCCID', 5))

-- waiting inside a coroutine of the script's own
local co = coroutine.wrap(function()
  Sleep(1)
  coroutine.yield(1)
  Sleep(1)
  return 2
end)
assert(co() == 1 and co() == 2)
assert(Now() > 1.6e12)

-- a list taken over from one message into another, and all its values as a table
local from, to = Evcc.Message('PaymentServiceSelectionReq'), Evcc.Message('PaymentServiceSelectionReq')
from.SelectedServiceList = { SelectedService = { { ServiceID = 1 },
                                                 { ServiceID = 9, ParameterSetID = 3 } } }
to.SelectedServiceList.SelectedService = from.SelectedServiceList.SelectedService
from.SelectedServiceList.SelectedService[2].ServiceID = 8
assert(#to.SelectedServiceList.SelectedService == 2)
assert(to:table().SelectedServiceList.SelectedService[2].ServiceID == 9)

-- a message that begins with what was set, and is a value of its own all the same
Evcc.Set_PreChargeReq_EVTargetVoltage(321)
local given = Evcc.Message('PreChargeReq', true)
assert(given.EVTargetVoltage:si() == 321 and Evcc.Message('PreChargeReq').EVTargetVoltage:si() ~= 321)
given.EVTargetVoltage = 99
assert(Evcc.Get_PreChargeReq_EVTargetVoltage() == 321)
