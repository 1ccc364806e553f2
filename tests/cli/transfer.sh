#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# AC or DC: what a script has not set follows the energy transfer that it, or the other side, has
# asked for; what it mixes on purpose goes out, and is told.
# shellcheck source=tests/cli/support
. tests/cli/support

# pair: $work/evcc.lua and $work/secc.lua against each other
pair() {
    run run --virtual-time --no-record -v "$work/evcc.lua" "$work/secc.lua"
}

cat >"$work/head.lua" <<'END'
Evcc.Protocol = PROTOCOL
Evcc.Send_SessionSetupReq_001()
Evcc.Receive_SessionSetupRes_001()
END
cat >"$work/secc.lua" <<'END'
local n = 0
for _, name in ipairs { 'SessionSetup', 'ChargeParameterDiscovery', 'PowerDelivery' } do
    Secc['Receive_' .. name .. 'Req_001']()
    Secc['Send_' .. name .. 'Res_001']()
end
assert(Secc.Get_ChargeParameterDiscoveryRes_AC_EVSEChargeParameterSpecified())
assert(not Secc.Get_ChargeParameterDiscoveryRes_DC_EVSEChargeParameterSpecified())
assert(Secc.Get_PowerDeliveryRes_AC_EVSEStatusSpecified())
Secc.Receive_Any_001(100)
END

# evcc PROTOCOL LINES
evcc() {
    { echo "PROTOCOL = '$1'" && cat "$work/head.lua" && cat; } >"$work/evcc.lua"
}

REST="Evcc.Receive_ChargeParameterDiscoveryRes_001()
Evcc.Send_PowerDeliveryReq_001()
Evcc.Receive_PowerDeliveryRes_001()
assert(Evcc.Get_PowerDeliveryRes_AC_EVSEStatusSpecified())"

evcc ISO15118-2 <<END
Evcc.Set_ChargeParameterDiscoveryReq_RequestedEnergyTransferMode('AC_three_phase_core')
Evcc.Send_ChargeParameterDiscoveryReq_001()
assert(Evcc.Get_ChargeParameterDiscoveryReq_AC_EVChargeParameterSpecified())
$REST
END
pair
wants "AC brings the parameters and the status of AC, on both sides" 0 not-out violation \
    not-out DC_EV
sed -i 's/RequestedEnergyTransferMode/EVRequestedEnergyTransferType/; s/ISO15118-2/DIN70121/' "$work/evcc.lua"
pair
wants "in DIN 70121, too" 0 not-out violation not-out DC_EV
evcc ISO15118-2 <<END
local m = Evcc.Message('ChargeParameterDiscoveryReq')
m.RequestedEnergyTransferMode = 'AC_single_phase_core'
assert(m.AC_EVChargeParameter and not m.DC_EVChargeParameter)
m:send()
$REST
END
pair
wants "and of a message as a value" 0 not-out violation not-out DC_EV
evcc ISO15118-2 <<END
Evcc.Set_ChargeParameterDiscoveryReq_RequestedEnergyTransferMode('AC_three_phase_core')
Evcc.Set_ChargeParameterDiscoveryReq_RequestedEnergyTransferMode('DC_core')
Evcc.Send_ChargeParameterDiscoveryReq_001()
assert(Evcc.Get_ChargeParameterDiscoveryReq_DC_EVChargeParameterSpecified())
END
pair
wants "the last one counts" 1 not-out violation out 'RequestedEnergyTransferMode DC_core'

# ---- on purpose ----

evcc ISO15118-2 <<END
Evcc.Set_ChargeParameterDiscoveryReq_DC_EVChargeParameter_DC_EVStatus_EVRESSSOC(33)
Evcc.Set_ChargeParameterDiscoveryReq_RequestedEnergyTransferMode('AC_three_phase_core')
Evcc.Send_ChargeParameterDiscoveryReq_001()
assert(Evcc.Get_ChargeParameterDiscoveryReq_DC_EVChargeParameterSpecified())
$REST
END
pair
wants "what was set before stays, and is a violation" 0 \
    out 'violation: ChargeParameterDiscoveryReq/DC_EVChargeParameter: does not go with AC_three_phase_core; expected AC_EVChargeParameter'
evcc ISO15118-2 <<END
Evcc.Set_ChargeParameterDiscoveryReq_RequestedEnergyTransferMode('AC_three_phase_core')
Evcc.Send_ChargeParameterDiscoveryReq_001()
Evcc.Set_PowerDeliveryReq_DC_EVPowerDeliveryParameterSpecified(true)
$REST
END
pair
wants "in later messages as well" 0 \
    out 'PowerDeliveryReq/DC_EVPowerDeliveryParameter: does not go with AC; expected none'

# ---- ISO 15118-20: control mode and directions ----

printed() {
    { echo "Evcc.Protocol = 'ISO15118-20'" && cat; } >"$work/print.lua"
    run run --print "$work/print.lua"
}

CHOOSE="Evcc.Set_ServiceSelectionReq_SelectedEnergyTransferService_ServiceID(6)
Evcc.Send_ServiceSelectionReq_001()
Evcc.Send_DC_ChargeParameterDiscoveryReq_001()
Evcc.Set_ScheduleExchangeReq_Dynamic_SEReqControlMode_DepartureTime(7200)
Evcc.Send_ScheduleExchangeReq_001()"

printed <<END
$CHOOSE
Evcc.Set_PowerDeliveryReq_EVPowerProfile_TimeAnchor(5)
Evcc.Send_PowerDeliveryReq_001()
Evcc.Send_DC_ChargeLoopReq_001()
local m = Evcc.Message('PowerDeliveryReq')
m.EVPowerProfile = { TimeAnchor = 3 }
m:send()
END
wants "the service and the control mode that were chosen last are those of all that follows" 0 \
    out '<s2:BPT_DC_CPDReqEnergyTransferMode>' out '<s1:Dynamic_EVPPTControlMode/>' \
    out '<s2:BPT_Dynamic_DC_CLReqControlMode>' not-out '<s1:Scheduled' not-out '<s2:Scheduled' \
    not-out 'does not go with' not-err 'does not go with'
printed <<END
Evcc.Set_ScheduleExchangeReq_Dynamic_SEReqControlMode_DepartureTime(7200)
Evcc.Set_ScheduleExchangeReq_Scheduled_SEReqControlModeSpecified(true)
Evcc.Send_ScheduleExchangeReq_001()
local m = Evcc.Message('ServiceSelectionReq')
m.SelectedEnergyTransferService = { ServiceID = 5 }
m.SelectedEnergyTransferService = { ServiceID = 1 }
m:send()
Evcc.Send_AC_ChargeLoopReq_001()
END
wants "scheduled and one direction again, where they were chosen last" 0 \
    out 'Scheduled_AC_CLReqControlMode' not-out Dynamic_AC not-out BPT_Scheduled
printed <<END
$CHOOSE
Evcc.Set_PowerDeliveryReq_EVPowerProfile_Scheduled_EVPPTControlModeSpecified(true)
Evcc.Send_PowerDeliveryReq_001()
local m = Evcc.Message('DC_ChargeLoopReq')
m.Dynamic_DC_CLReqControlMode = {}
m:send()
END
cat "$work/out" "$work/err" >"$work/both" && mv "$work/both" "$work/out"
wants "what is mixed on purpose goes out, and is a violation" 0 out '<s1:Scheduled_EVPPTControlMode>' \
    out 'PowerDeliveryReq/EVPowerProfile/Scheduled_EVPPTControlMode: does not go with Dynamic; expected Dynamic_EVPPTControlMode' \
    out 'DC_ChargeLoopReq/Dynamic_DC_CLReqControlMode: does not go with BPT; expected BPT_Dynamic_DC_CLReqControlMode'
cat >"$work/evcc.lua" <<END
Evcc.Protocol = 'ISO15118-20'
Evcc.Send_SessionSetupReq_001()
Evcc.Receive_SessionSetupRes_001()
$CHOOSE
Evcc.Receive_ScheduleExchangeRes_001()
Evcc.Send_DC_ChargeLoopReq_001()
Evcc.Receive_DC_ChargeLoopRes_001()
END
cat >"$work/secc.lua" <<END
Secc.Receive_SessionSetupReq_001()
Secc.Send_SessionSetupRes_001()
Secc.Receive_ServiceSelectionReq_001()
Secc.Receive_DC_ChargeParameterDiscoveryReq_001()
Secc.Receive_ScheduleExchangeReq_001()
Secc.Send_ScheduleExchangeRes_001()
Secc.Receive_DC_ChargeLoopReq_001()
Secc.Send_DC_ChargeLoopRes_001()
assert(Secc.Get_ScheduleExchangeRes_Dynamic_SEResControlModeSpecified())
assert(Secc.Get_DC_ChargeLoopRes_BPT_Dynamic_DC_CLResControlModeSpecified())
END
pair
wants "the station follows what the vehicle has chosen" 0 not-out 'does not go with'
