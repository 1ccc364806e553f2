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

cases 'DRV_20A_SECC_ready' {
    about = 'A vehicle that has taken over what the station wants goes on, or looks for another service.',
    given = 'ServiceSelectionRes', mode = 'ac',
    rows = {
        iec = { energy = IEC, sends = AC, fields = { [DER .. '.EVProcessing'] = 'Finished' },
            cites = 'V2G20-3151', about = 'it is ready, by IEC rules' },
        sae = { energy = SAE, sends = AC, fields = { [DER .. '.EVProcessing'] = 'Finished' },
            response = { ['DER_AC_CPDResEnergyTransferMode.EVSEProcessing'] = 'Finished' },
            checks = { nominal 'Charge', nominal 'Discharge' }, cites = 'V2G20-3151 V2G20-3228 V2G20-3229',
            about = 'it is ready, by SAE rules' },
        another = { energy = IEC, sends = 'ServiceDiscoveryReq', cites = 'V2G20-3154',
            about = 'it looks for another service' },
    },
    then_ = function(it, row)
        declare(it)
        behaviour.answers(it, row)
    end,
}
