-- SPDX-License-Identifier: Apache-2.0
-- Stations of Amendment 1 of ISO 15118-20: megawatt charging (MCS), and AC charging that serves the
-- grid (AC-DER).
-- @author the v2glab authors
-- @needs nothing

suite 'derived (ISO 15118-20)' {
    sut = 'SECC', protocol = 'ISO15118-20',
}

local IEC <const>, SAE <const> = 'der-iec', 'der-sae'
local PLAIN <const>, DER <const> = 'AC_CPDReqEnergyTransferMode', 'DER_AC_CPDReqEnergyTransferMode'
local AC <const> = 'AC_ChargeParameterDiscoveryReq'
local SELECTED <const> = 'SelectedEnergyTransferService.ServiceID'
local NO_SERVICE <const> = any { 'FAILED_NoEnergyTransferServiceSelected',
                                 'FAILED_ServiceSelectionInvalid' }

-- What nominal powers have to be; that of discharging is compared without its sign.
local function nominal(way)
    return {
        text = ('EVSENominal%sPower at most EVSEMaximum%sPower'):format(way, way),
        find = function(m)
            local limits = m.DER_AC_CPDResEnergyTransferMode
            local told = limits[('EVSENominal%sPower'):format(way)]
            local most = limits[('EVSEMaximum%sPower'):format(way)]:si()
            if told and math.abs(told:si()) > math.abs(most) then
                return ('%g W, beyond %g W'):format(told:si(), most)
            end
            return nil
        end,
        negations = { ('set DER_AC_CPDResEnergyTransferMode.EVSENominal%sPower 30000'):format(way) },
    }
end

-- A limit of what the vehicle feeds in.
local function below(name)
    local path = 'DER_AC_CPDResEnergyTransferMode.' .. name
    return {
        text = name .. ' at most 0',
        find = function(m)
            local limit = m:get(path)
            return limit and limit:si() > 0 and ('%g W'):format(limit:si()) or nil
        end,
        negations = { ('set %s 11000'):format(path) },
    }
end

local ENTER <const> = 'DER_AC_CPDResEnergyTransferMode.DERControlCPDRes.EnterServiceCPDRes.'

-- The times of EnterService by SAE rules.
local DELAYS <const> = {
    text = 'EnterServiceDelay or EnterServiceRandomizedDelay, the former with EnterServiceRampTime',
    find = function(m)
        local delay, ramp = m:get(ENTER .. 'EnterServiceDelay'), m:get(ENTER .. 'EnterServiceRampTime')
        if not delay and not m:get(ENTER .. 'EnterServiceRandomizedDelay') then
            return 'neither of the delays'
        end
        return delay and not ramp and 'EnterServiceDelay alone' or nil
    end,
    negations = { ('without %sEnterServiceRampTime'):format(ENTER) },
}

cases 'DRV_20A_SECC' {
    about = 'What is not of the service, or of the namespace, is refused.',
    if_ = 'PICS_CMN_CMN_FailedResponseCodes', then_ = behaviour.refuses,
    rows = {
        Detail_dc = { given = 'ServiceDiscoveryRes', energy = 'mcs', sends = 'ServiceDetailReq',
            fields = { ServiceID = 2 }, code = 'FAILED_ServiceIDInvalid', cites = 'V2G20-464',
            about = 'details of DC at a station of MCS' },
        Selection_dc = { given = 'ServiceDetailRes', energy = 'mcs', sends = 'ServiceSelectionReq',
            fields = { [SELECTED] = 2 }, code = NO_SERVICE, cites = 'V2G20-467 V2G20-1618',
            about = 'DC is selected at a station of MCS' },
        Selection_sae = { given = 'ServiceDetailRes', energy = IEC, sends = 'ServiceSelectionReq',
            fields = { [SELECTED] = 11 }, code = NO_SERVICE, cites = 'V2G20-467 V2G20-1618',
            about = 'service 11 is selected under the namespace of IEC' },
        Selection_iec = { given = 'ServiceDetailRes', energy = SAE, sends = 'ServiceSelectionReq',
            fields = { [SELECTED] = 10 }, code = NO_SERVICE, cites = 'V2G20-467 V2G20-1618',
            about = 'service 10 is selected under the namespace of SAE' },
        Discovery_plain_iec = { given = 'ServiceSelectionRes', energy = IEC, mode = 'ac',
            sends = AC, fields = { [DER] = absent, [PLAIN] = {} },
            code = 'FAILED_WrongChargeParameter', cites = 'V2G20-2272 V2G20-1619',
            about = 'limits of plain AC, by IEC rules' },
        Discovery_plain_sae = { given = 'ServiceSelectionRes', energy = SAE, mode = 'ac',
            sends = AC, fields = { [DER] = absent, [PLAIN] = {} },
            code = 'FAILED_WrongChargeParameter', cites = 'V2G20-2272 V2G20-1619',
            about = 'limits of plain AC, by SAE rules' },
    },
}

-- The vehicle has told its limits, and has not yet taken over what the station wants.
local function declare(it)
    it:sends(AC, { [DER .. '.EVProcessing'] = 'Ongoing' })
    it:expects('AC_ChargeParameterDiscoveryRes', { ResponseCode = 'OK' })
end

cases 'DRV_20A_SECC_early' {
    about = 'As long as a vehicle has not taken over what the station wants there are no schedules.',
    if_ = 'PICS_CMN_CMN_FailedResponseCodes', cites = 'V2G20-3150',
    given = 'ServiceSelectionRes', mode = 'ac', sends = 'ScheduleExchangeReq',
    code = 'FAILED_SequenceError',
    rows = {
        iec = { energy = IEC, about = 'schedules before the vehicle is ready, by IEC rules' },
        sae = { energy = SAE, about = 'schedules before the vehicle is ready, by SAE rules' },
    },
    then_ = function(it, row)
        declare(it)
        behaviour.refuses(it, row)
    end,
}

local WHEN <const> = 'public code has it only once the vehicle has said Finished, the rule does not say when'

cases 'DRV_20A_SECC_ready' {
    about = 'A vehicle that has taken over what the station wants goes on, or looks for another service.',
    given = 'ServiceSelectionRes', mode = 'ac',
    rows = {
        iec = { energy = IEC, sends = AC, fields = { [DER .. '.EVProcessing'] = 'Finished' },
            cites = 'V2G20-3151', about = 'it is ready, by IEC rules' },
        sae = { energy = SAE, sends = AC, fields = { [DER .. '.EVProcessing'] = 'Finished' },
            response = { ['DER_AC_CPDResEnergyTransferMode.EVSEProcessing'] = 'Finished' },
            checks = { nominal 'Charge', nominal 'Discharge', DELAYS },
            cites = 'V2G20-3151 V2G20-3228 V2G20-3229 V2G20-3364 V2G20-3365 V2G20-3367',
            about = 'it is ready, by SAE rules' },
        another = { energy = IEC, sends = 'ServiceDiscoveryReq', cites = 'V2G20-3154', doubt = WHEN,
            about = 'it looks for another service' },
        another_late = { energy = IEC, sends = 'ServiceDiscoveryReq', cites = 'V2G20-3154', doubt = WHEN,
            late = true, about = 'it looks for another service, having said that it is ready' },
    },
    then_ = function(it, row)
        declare(it)
        if row.late then
            it:sends(AC, { [DER .. '.EVProcessing'] = 'Finished' })
            it:expects('AC_ChargeParameterDiscoveryRes', { ResponseCode = 'OK' })
        end
        behaviour.answers(it, row)
    end,
}

cases 'DRV_20A_SECC_sign' {
    about = 'Limits of what the vehicle feeds in are at most 0.',
    given = 'ServiceSelectionRes', mode = 'ac', sends = AC, cites = 'V2G20-1204',
    checks = { below 'EVSEMaximumDischargePower', below 'EVSENominalDischargePower' },
    doubt = 'public code has both signs: the table of the amendment is known by a remark alone',
    rows = { iec = { energy = IEC, about = 'limits of feeding in, by IEC rules' },
             sae = { energy = SAE, about = 'limits of feeding in, by SAE rules' } },
    then_ = behaviour.answers,
}

cases 'DRV_20A_SECC_delay' {
    about = 'A vehicle has a minute until it has to pause, and is told what is left of it.',
    given = 'AC_ChargeLoopRes', mode = 'ac', sends = 'AC_ChargeLoopReq', station = { pause_after = 4 },
    cites = 'V2G20-3308 V2G20-1850 V2G20-3318',
    doubt = 'in scheduled control mode V2G20-1850 has 0: both are right there',
    rows = { iec = { energy = IEC, about = 'the time until a pause, by IEC rules' },
             sae = { energy = SAE, about = 'the time until a pause, by SAE rules' } },
    then_ = behaviour.counts_down,
}

local LOOP <const> = 'DER_Scheduled_AC_CLResControlMode.'
local MODE <const>, CONNECTION <const> = LOOP .. 'RequiredDEROperatingMode', LOOP .. 'GridConnectionMode'

-- A charge-loop response that says neither again.
local function says_neither(it)
    it:sends 'AC_ChargeLoopReq'
    it:expects('AC_ChargeLoopRes', { ResponseCode = 'OK', [MODE] = absent, [CONNECTION] = absent })
end

local function grid(event)
    return { grid = { voltage = 240, frequency = 60, operating_mode = 'GridFollowing',
                      connection = 'GridConnected', events = { event } } }
end

cases 'DRV_20A_SECC_modes' {
    about = 'How the vehicle is to behave at the grid is said again once it changes, and else not.',
    given = 'AC_ChargeLoopRes', mode = 'ac', energy = SAE,
    cites = 'V2G20-3358 V2G20-3359 V2G20-3360 V2G20-3361',
    rows = {
        same = { about = 'nothing has changed' },
        mode = { station = grid { after = 4, operating_mode = 'GridForming' }, path = MODE,
                 value = 'GridForming', other = CONNECTION, about = 'the vehicle is to form a grid' },
        connection = { station = grid { after = 4, connection = 'GridIslanded' }, path = CONNECTION,
                       value = 'GridIslanded', other = MODE, about = 'the station hangs on an island' },
    },
    then_ = function(it, row)
        if row.path then
            it:repeats('AC_ChargeLoopReq', { within = 'V2G_EVCC_Ongoing_Timeout',
                ends = { [row.path] = row.value }, response = { [row.other] = absent } })
        end
        says_neither(it)
        says_neither(it)
    end,
}
