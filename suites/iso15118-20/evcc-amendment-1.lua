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

local ENTER <const> = LIMITS .. 'DERControlCPDRes.EnterServiceCPDRes.'
local LOOP <const> = 'DER_Dynamic_AC_CLResControlMode.'
local SOC <const> = { [LOOP .. 'MinimumSOC'] = 90, [LOOP .. 'TargetSOC'] = 60 }

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
        Discovery_delay = { given = AC, energy = SAE, mode = 'ac', cites = 'V2G20-3364',
            fields = { [ENTER .. 'EnterServiceDelay'] = absent,
                       [ENTER .. 'EnterServiceRandomizedDelay'] = absent },
            about = 'EnterService has neither of the delays' },
        Discovery_ramp = { given = AC, energy = SAE, mode = 'ac', cites = 'V2G20-3365 V2G20-3367',
            fields = { [ENTER .. 'EnterServiceRampTime'] = absent },
            about = 'EnterService has a delay, and no time of the ramp' },
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

cases 'DRV_20A_EVCC_Loop_soc' {
    about = 'What a vehicle of Amendment 1 cannot follow while power flows ends charging, and the session.',
    given = 'AC_ChargeLoopReq', mode = 'ac', fields = SOC, vehicle = { control = 'dynamic' },
    then_ = behaviour.ends_charging, cites = 'V2G20-3155',
    rows = {
        iec = { energy = IEC, about = 'MinimumSOC above TargetSOC, by IEC rules' },
        sae = { energy = SAE, about = 'MinimumSOC above TargetSOC, by SAE rules' },
    },
}

cases 'DRV_20A_EVCC_sign' {
    about = 'Limits of what the vehicle feeds in are at most 0.',
    given = AC, mode = 'ac', expects = AC, cites = 'V2G20-1204',
    doubt = 'public code has both signs: the table of the amendment is known by a remark alone',
    request = { ['DER_AC_CPDReqEnergyTransferMode.EVMaximumDischargePower'] = at_most(0) },
    rows = { iec = { energy = IEC, about = 'limits of feeding in, by IEC rules' },
             sae = { energy = SAE, about = 'limits of feeding in, by SAE rules' } },
    then_ = behaviour.goes_on,
}

cases 'DRV_20A_EVCC_permission' {
    about = 'A vehicle that loses the permission to serve the grid says so, and goes on charging.',
    given = 'AC_ChargeLoopReq', mode = 'ac', energy = SAE, cites = 'V2G20-3366',
    vehicle = { control = 'dynamic', loops = 0 }, then_ = behaviour.goes_on, expects = 'AC_ChargeLoopReq',
    fields = { [LOOP .. 'DERControlCLRes.EnterServiceCLRes.PermitService'] = false },
    request = {
        ['DER_Dynamic_AC_CLReqControlMode.DEROperationalState'] = 'Off',
        ['DER_Dynamic_AC_CLReqControlMode.DERConnectionStatus'] = 'Disconnected',
        ['DER_Dynamic_AC_CLReqControlMode.EVPresentActivePower'] = at_least(0),
    },
    rows = { charging = { about = 'PermitService becomes false' } },
}
