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
