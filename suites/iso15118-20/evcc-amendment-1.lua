-- SPDX-License-Identifier: Apache-2.0
-- Vehicles of Amendment 1 of ISO 15118-20, and what they do not take: megawatt charging (MCS), and
-- AC charging that serves the grid (AC-DER).
-- @author the v2glab authors
-- @needs nothing

suite 'derived (ISO 15118-20)' {
    sut = 'EVCC', protocol = 'ISO15118-20',
}

local IEC <const>, SAE <const> = 'der-iec', 'der-sae'
local LIMITS <const> = 'DER_AC_CPDResEnergyTransferMode.'
local AC <const> = 'AC_ChargeParameterDiscoveryReq'

local function service(id)
    return { ['EnergyTransferServiceList.Service'] = { { ServiceID = id, FreeService = false } } }
end

-- A parameter set of AC charging that lacks what service 10 has besides.
local PLAIN <const> = { ['ServiceParameterList.ParameterSet'] = { { ParameterSetID = 1, Parameter = {
    { Name = 'Connector', intValue = 2 }, { Name = 'ControlMode', intValue = 1 },
    { Name = 'EVSENominalVoltage', intValue = 230 }, { Name = 'MobilityNeedsMode', intValue = 1 },
    { Name = 'Pricing', intValue = 0 } } } } }

cases 'DRV_20A_EVCC' {
    about = 'After a response that a vehicle of Amendment 1 cannot go on with it ends the session.',
    then_ = behaviour.leaves, cites = 'DRV-20-Header',
    rows = {
        Discovery_fail_iec = { given = AC, energy = IEC, mode = 'ac',
            code = 'FAILED_WrongChargeParameter', about = 'the limits are rejected, by IEC rules' },
        Discovery_fail_sae = { given = AC, energy = SAE, mode = 'ac',
            code = 'FAILED_WrongChargeParameter', about = 'the limits are rejected, by SAE rules' },
        Loop_fail_iec = { given = 'AC_ChargeLoopReq', energy = IEC, mode = 'ac', code = 'FAILED',
            about = 'the charge loop is rejected, by IEC rules' },
        Loop_fail_sae = { given = 'AC_ChargeLoopReq', energy = SAE, mode = 'ac', code = 'FAILED',
            about = 'the charge loop is rejected, by SAE rules' },
        Discovery_curve = { given = AC, energy = IEC, mode = 'ac',
            fields = { [LIMITS .. 'DERControl.ReactivePowerSupport'] = absent },
            about = 'a curve that the parameter set wants is not there' },
        Discovery_nominal = { given = AC, energy = SAE, mode = 'ac', cites = 'V2G20-3229',
            fields = { [LIMITS .. 'EVSENominalDischargePower'] = 30000 },
            about = 'the nominal power of discharging is beyond the highest' },
        Discovery_nominal_charge = { given = AC, energy = SAE, mode = 'ac', cites = 'V2G20-3228',
            fields = { [LIMITS .. 'EVSENominalChargePower'] = 30000 },
            about = 'the nominal power of charging is beyond the highest' },
        Detail_functions = { given = 'ServiceDetailReq', energy = IEC, fields = PLAIN,
            about = 'service 10 without DERControlFunctions' },
        Service_iec = { given = 'ServiceDiscoveryReq', energy = IEC, fields = service(1),
            about = 'plain AC is offered to a vehicle that asks for AC-DER' },
        Service_sae = { given = 'ServiceDiscoveryReq', energy = SAE, fields = service(10),
            about = 'service 10 is offered under the namespace of SAE' },
        Service_mcs = { given = 'ServiceDiscoveryReq', mode = 'dc', fields = service(8),
            about = 'MCS is offered to a vehicle that asks for DC' },
        Service_dc = { given = 'ServiceDiscoveryReq', energy = 'mcs', fields = service(2),
            about = 'DC is offered to a vehicle that asks for MCS' },
        Discovery_volts = { given = 'DC_ChargeParameterDiscoveryReq', energy = 'mcs', mode = 'dc',
            fields = { ['DC_CPDResEnergyTransferMode.EVSEMaximumVoltage'] = 1300 },
            about = 'more volts than the MCS connector carries',
            doubt = 'the limit of 1,250 V is assumed (docs/amendment-1.md)' },
        Discovery_amperes = { given = 'DC_ChargeParameterDiscoveryReq', energy = 'mcs', mode = 'dc',
            fields = { ['DC_CPDResEnergyTransferMode.EVSEMaximumChargeCurrent'] = 3200 },
            about = 'more amperes than the MCS connector carries',
            doubt = 'the limit of 3,000 A is assumed (docs/amendment-1.md)' },
    },
}
