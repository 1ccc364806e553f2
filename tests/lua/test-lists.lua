-- Lists: counts, entries by index, Add_, Exist_; and what the other role receives.

local prefix <const> = 'PaymentServiceSelectionReq_SelectedServiceList'

Evcc['Set_' .. prefix .. '_Count'](3)
assert(Evcc['Get_' .. prefix .. '_Count']() == 3)
Evcc['Set_' .. prefix .. '_ServiceID'](0, 1)
Evcc['Set_' .. prefix .. '_ServiceID'](1, 3)
Evcc['Set_' .. prefix .. '_SelectedService_ServiceID'](2, 4)
Evcc['Set_' .. prefix .. '_ParameterSetID'](1, 9)
assert(Evcc['Get_' .. prefix .. '_ServiceID'](2) == 4)
assert(Evcc['Get_' .. prefix .. '_ServiceID']() == 1)
assert(Evcc['Get_' .. prefix .. '_ParameterSetID'](0) == nil)
assert(Evcc['Get_' .. prefix .. '_ServiceID'](7) == nil)
Evcc.Send_PaymentServiceSelectionReq_001()

Secc.Receive_PaymentServiceSelectionReq_001()
assert(Secc.Check_Received_PaymentServiceSelectionReq())
assert(not Secc.Check_Received_SessionStopReq())
assert(Secc.Exist_PaymentServiceSelection_SelectedService(3, 9))
assert(Secc.Exist_PaymentServiceSelection_SelectedService(4))
assert(Secc.Exist_PaymentServiceSelection_SelectedService(nil, 9))
assert(not Secc.Exist_PaymentServiceSelection_SelectedService(1, 9))
assert(not Secc.Exist_PaymentServiceSelection_SelectedService(5))
assert(Secc.Exist_PaymentServiceSelectionReq_SelectedServiceList_SelectedService(3, 9))
assert(Secc['Check_' .. prefix .. '_ServiceID'](2, 4))
assert(not Secc['Check_' .. prefix .. '_ServiceID'](2, 5))
local payment <const> = PaymentOptionType.ExternalPayment
assert(Secc.Check_PaymentServiceSelectionReq_SelectedPaymentOption(payment))
assert(#Secc.Get_PaymentServiceSelectionReq_SelectedServiceList().SelectedService == 3)

-- counts and what is there are compared, and entries as tables
assert(Secc['Check_' .. prefix .. '_Count'](3) and not Secc['Check_' .. prefix .. '_Count'](2))
assert(Secc['Check_' .. prefix .. '_ParameterSetIDSpecified'](1, true))
assert(Secc['Check_' .. prefix .. '_ParameterSetIDSpecified'](0, false))
assert(Secc['Check_' .. prefix .. '_ParameterSetID'](0, nil))
assert(not Secc['Check_' .. prefix .. '_ParameterSetID'](0, 9))
local exist <const> = Secc['Exist_' .. prefix .. '_SelectedService']
assert(exist() and exist(nil) and exist { ServiceID = 3 } and exist { ServiceID = 3, ParameterSetID = 9 })
assert(not exist { ServiceID = 5 } and not exist { ServiceID = 1, ParameterSetID = 9 })
assert(not exist(1, 9) and not exist { Nothing = 1 })

-- what is absent is taken away once more, also where its element is absent
Evcc.Set_CurrentDemandReq_RemainingTimeToFullSoC_UnitSpecified(false)
assert(not Evcc.Get_CurrentDemandReq_RemainingTimeToFullSoCSpecified())
Evcc.Set_CurrentDemandReq_RemainingTimeToFullSoCSpecified(false)
assert(not Evcc.Get_CurrentDemandReq_RemainingTimeToFullSoCSpecified())

-- a list in an element that is absent: the entry is made with all that is around it
local level <const> =
  'ChargeParameterDiscoveryRes_SAScheduleList_SAScheduleTuple_SalesTariff_SalesTariffEntry_EPriceLevel'
Secc['Add_' .. level](4)
assert(Secc['Get_' .. level]() == 4)

-- repeated groups: a signature's keys
local key <const> = 'AuthorizationReq_Header_Signature_KeyInfo'
for _, n in ipairs { 1, 3, 2, 0 } do
  Evcc['Set_' .. key .. '_KeyName_Count'](n)
  assert(Evcc['Get_' .. key .. '_KeyName_Count']() == n)
end
local signed <const> = Evcc.Message('AuthorizationReq')
signed.Header.Signature = {}
signed.Header.Signature.KeyInfo = { KeyName = { 'a', 'b', 'c' } }
assert(#signed.Header.Signature.KeyInfo.KeyName == 3)
signed.Header.Signature.KeyInfo.KeyName[3] = nil
assert(#signed.Header.Signature.KeyInfo.KeyName == 2)
signed.Header.Signature.KeyInfo.KeyName = { 'd' }
assert(signed.Header.Signature.KeyInfo.KeyName == 'd')

-- Add_ fills the entry that a fresh message has, then appends
Evcc.Protocol = 'DIN70121'
Evcc.Add_ServicePaymentSelectionReq_SelectedServiceList_ServiceID(7)
Evcc.Add_ServicePaymentSelectionReq_SelectedServiceList_ServiceID(8)
Evcc.Add_ServicePaymentSelectionReq_SelectedServiceList_ParameterSetID(70)
assert(Evcc.Get_ServicePaymentSelectionReq_SelectedServiceList_Count() == 2)
assert(Evcc.Get_ServicePaymentSelectionReq_SelectedServiceList_ServiceID(0) == 7)
assert(Evcc.Get_ServicePaymentSelectionReq_SelectedServiceList_ServiceID(1) == 8)
assert(Evcc.Get_ServicePaymentSelectionReq_SelectedServiceList_ParameterSetID(0) == 70)
Evcc.Set_ServicePaymentSelectionReq_SelectedServiceList_Count(1)
Evcc.Add_ServicePaymentSelectionReq_SelectedServiceList_ServiceID(9)
assert(Evcc.Get_ServicePaymentSelectionReq_SelectedServiceList_ServiceID(1) == 9)
Evcc.Send_ServicePaymentSelectionReq_001()

-- lists within lists: Add_ goes to the last outer entry
local entry <const> = 'ServiceDetailRes_ServiceParameterList_ParameterSet'
Secc['Set_' .. entry .. '_ParameterSetID'](0, 1)
Secc['Set_' .. entry .. '_ParameterSetID'](1, 2)
Secc['Add_' .. entry .. '_Parameter_Name']('Port')
Secc['Add_' .. entry .. '_Parameter_Name']('Protocol')
Secc['Add_' .. entry .. '_Parameter_Name'](0, 'First')
Secc['Set_' .. entry .. '_Parameter_intValue'](1, 1, 80)
assert(Secc['Get_' .. entry .. '_Parameter_Name'](1, 0) == 'Port')
assert(Secc['Get_' .. entry .. '_Parameter_Name'](1, 1) == 'Protocol')
assert(Secc['Get_' .. entry .. '_Parameter_Name'](0, 0) == 'First')
assert(Secc['Get_' .. entry .. '_Parameter_intValue'](1, 1) == 80)
assert(Secc['Get_' .. entry .. '_Parameter_Count'](1) == 2)
Secc.Send_ServiceDetailRes_001()

-- many entries
local schedule <const> = 'ChargeParameterDiscoveryRes_SAScheduleList_SAScheduleTuple_PMaxSchedule_'
local power = Secc['Set_' .. schedule .. 'PMaxScheduleEntry_PMax']
for i = 0, 1023 do power(0, i, 1000 + i) end
assert(not pcall(power, 0, 1024, 1))
Secc.Send_ChargeParameterDiscoveryRes_001()

-- a table whose metamethods set the same list
local offers <const> = Evcc.Message('supportedAppProtocolReq')
local offer <const> = { ProtocolNamespace = 'x', VersionNumberMajor = 1, VersionNumberMinor = 0,
                        SchemaID = 1, Priority = 1 }
offers.AppProtocol = setmetatable({}, { __len = function() return 3 end, __index = function(_, i)
    if i == 2 then offers.AppProtocol = { offer } end
    return offer
end })
assert(#offers.AppProtocol == 3 and offers.AppProtocol[3].ProtocolNamespace == 'x')

-- offers of supportedAppProtocol
Evcc.Protocol = 'ISO15118-2'
Evcc.Add_supportedAppProtocolReq_ProtocolNamespace('urn:din:70121:2012:MsgDef')
Evcc.Add_supportedAppProtocolReq_ProtocolNamespace('urn:iso:15118:2:2013:MsgDef')
Evcc.Set_supportedAppProtocolReq_SchemaID(1, 2)
Evcc.Set_supportedAppProtocolReq_Priority(1, 2)
assert(Evcc.Get_supportedAppProtocolReq_AppProtocol_Count() == 2)
Evcc.Send_supportedAppProtocolReq_001()
Evcc.Set_SECCDiscoveryReq_Security(0)
Evcc.Send_SECCDiscoveryReq_001()
Evcc.Receive_SECCDiscoveryRes_001()
assert(Evcc.Get_SECCDiscoveryRes_SECCPort() == 0)

-- the time of the header is the script's from now on
Evcc.Protocol = 'ISO15118-20'
Evcc.Set_SessionSetupReq_Header_TimeStamp(5)
Evcc.Send_SessionSetupReq_001()
assert(Evcc.Get_SessionSetupReq_Header_TimeStamp() == 5)
assert(Timer('ISO15118-2', 'V2G_EVCC_Msg_Timeout', 'SessionSetupReq') == 2000)
assert(Timer('x', 'y') == nil and Profile() == 'strict')
