-- SPDX-License-Identifier: Apache-2.0
-- Stations of ISO 15118-2 and requests in time, whose content they have to refuse.
-- @author the v2glab authors
-- @needs nothing

suite 'ISO 15118-4:2018' {
    sut = 'SECC', protocol = 'ISO15118-2', beside = 'pair',
    if_ = 'PICS_CMN_CMN_FailedResponseCodes',
}

local DEMANDED <const> = 'where ServiceDetail is demanded ServiceDetailRes comes before it'

cases 'TC_SECC_CMN_VTB_Authorization' {
    about = 'Another challenge than the one it gave is refused, rightly signed or not.',
    given = 'PaymentDetailsRes', paying = 'Contract', cites = 'V2G2-475 V2G2-697',
    sends = 'AuthorizationReq', rows = {
        [7] = { fields = { GenChallenge = ('\x5A'):rep(16) }, code = 'FAILED_ChallengeInvalid' },
    },
    then_ = behaviour.refuses,
}

-- ---- services ----

local function options(option)
    return { ServiceDiscoveryRes = { ['PaymentOptionList.PaymentOption'] = { option } } }
end

cases 'TC_SECC_CMN_VTB_PaymentServiceSelection' {
    about = 'What was not offered cannot be selected.', given = 'ServiceDiscoveryRes',
    sends = 'PaymentServiceSelectionReq', doubt = DEMANDED,
    rows = {
        [6] = { fields = { ['SelectedServiceList.SelectedService'] = { { ServiceID = 1 },
                                                                       { ServiceID = 65535 } } },
                code = 'FAILED_ServiceSelectionInvalid', about = 'a service that was not offered',
                cites = 'V2G2-467 V2G2-550 V2G2-433' },
        [7] = { fields = { ['SelectedServiceList.SelectedService'] = { { ServiceID = 2 } } },
                code = 'FAILED_NoChargeServiceSelected', about = 'no charge service',
                cites = 'V2G2-804 V2G2-550' },
        [9] = { paying = 'ExternalPayment', station = { payment = { 'ExternalPayment' } },
                if_ = 'PIXIT_SECC_CMN_PaymentOption == externalPayment',
                offered = options 'ExternalPayment', fields = { SelectedPaymentOption = 'Contract' },
                code = 'FAILED_PaymentSelectionInvalid', cites = 'V2G2-465 V2G2-135',
                about = 'a contract, of a station that takes none' },
        [10] = { paying = 'Contract', station = { payment = { 'Contract' } },
                 if_ = 'PIXIT_SECC_CMN_PaymentOption == contract',
                 offered = options 'Contract', fields = { SelectedPaymentOption = 'ExternalPayment' },
                 code = 'FAILED_PaymentSelectionInvalid', cites = 'V2G2-465 V2G2-135',
                 about = 'external payment, of a station that takes contracts alone' },
    },
    then_ = behaviour.refuses,
}

local function without_65535(list)
    for _, service in ipairs(list) do
        if service.ServiceID == 65535 then
            return false
        end
    end
    return #list > 0
end

cases 'TC_SECC_CMN_VTB_ServiceDetail' {
    about = 'Of a service that is not offered there are no details.', given = 'ServiceDiscoveryRes',
    services = true, sends = 'ServiceDetailReq', fields = { ServiceID = 65535 },
    offered = { ServiceDiscoveryRes = { ['ServiceList.Service'] = without_65535 } },
    code = 'FAILED_ServiceIDInvalid', cites = 'V2G2-464 V2G2-549',
    rows = {
        [7] = { paying = 'ExternalPayment', tls = true, about = 'by external means' },
        [8] = { paying = 'Contract', about = 'by a contract' },
    },
    then_ = behaviour.refuses,
}

-- ---- limits ----

cases 'ChargeParameterDiscovery' {
    about = 'A transfer that is not offered, and limits that cannot be, are refused.',
    given = 'AuthorizationRes(Finished)', sends = 'ChargeParameterDiscoveryReq',
    rows = {
        { id = 'TC_SECC_AC_VTB_ChargeParameterDiscovery_004', mode = 'ac',
          station = { modes = { dc = false } }, fields = { RequestedEnergyTransferMode = 'DC_extended' },
          code = 'FAILED_WrongEnergyTransferMode', about = 'DC, of a station for AC',
          cites = 'V2G2-565 V2G2-477 V2G2-773 V2G2-476' },
        { id = 'TC_SECC_DC_VTB_ChargeParameterDiscovery_003', mode = 'dc',
          station = { modes = { ac = false } },
          fields = { RequestedEnergyTransferMode = 'AC_three_phase_core' },
          code = 'FAILED_WrongEnergyTransferMode', about = 'AC, of a station for DC',
          cites = 'V2G2-565 V2G2-477 V2G2-773 V2G2-476' },
        { id = 'TC_SECC_AC_VTB_ChargeParameterDiscovery_005', mode = 'ac',
          fields = { ['AC_EVChargeParameter.EVMaxCurrent'] = -100,
                     ['AC_EVChargeParameter.EVMinCurrent'] = 500,
                     ['AC_EVChargeParameter.EVMaxVoltage'] = 400,
                     ['AC_EVChargeParameter.EAmount'] = 100,
                     ['AC_EVChargeParameter.DepartureTime'] = absent,
                     MaxEntriesSAScheduleTuple = absent },
          code = 'FAILED_WrongChargeParameter', about = 'less than no current, more at least than at most',
          cites = 'V2G2-565 V2G2-477' },
        { id = 'TC_SECC_DC_VTB_ChargeParameterDiscovery_004', mode = 'dc',
          fields = { ['DC_EVChargeParameter.EVMaximumCurrentLimit'] = -100,
                     ['DC_EVChargeParameter.EVMaximumVoltageLimit'] = 400,
                     ['DC_EVChargeParameter.DC_EVStatus.EVReady'] = false,
                     ['DC_EVChargeParameter.DC_EVStatus.EVRESSSOC'] = 50,
                     ['DC_EVChargeParameter.DepartureTime'] = absent,
                     MaxEntriesSAScheduleTuple = absent },
          code = 'FAILED_WrongChargeParameter', about = 'less than no current',
          cites = 'V2G2-565 V2G2-477' },
    },
    then_ = behaviour.refuses,
}

-- ---- PowerDeliveryReq ----

local function schedule(it)
    return it:last 'ChargeParameterDiscoveryRes'.SAScheduleList.SAScheduleTuple[1]
end

-- One entry of twice the most that the schedule offers.
local function twice_too_much(it)
    local most = 0
    for _, entry in ipairs(schedule(it).PMaxSchedule.PMaxScheduleEntry) do
        most = math.max(most, entry.PMax:si())
    end
    return { ChargeProgress = 'Start', ['ChargingProfile.ProfileEntry'] = {
        { ChargingProfileEntryStart = 0, ChargingProfileEntryMaxPower = 2 * most } } }
end

local function without_255(list)
    for _, tuple in ipairs(list) do
        if tuple.SAScheduleTupleID == 255 then
            return false
        end
    end
    return true
end

local rows = {}
for mode, numbers in pairs { ac = { 10, 11, 14 }, dc = { 7, 8, 13 } } do
    local given = mode == 'ac' and 'ChargeParameterDiscoveryRes(Finished)' or 'PreChargeRes'
    local wrong = {
        { fields = twice_too_much, code = 'FAILED_ChargingProfileInvalid',
          about = 'a profile of twice the power', cites = 'V2G2-224 V2G2-225 V2G2-478' },
        { fields = { ChargeProgress = 'Start', SAScheduleTupleID = 255 },
          code = 'FAILED_TariffSelectionInvalid', about = 'a schedule that was not offered',
          offered = { ChargeParameterDiscoveryRes = {
              ['SAScheduleList.SAScheduleTuple'] = without_255 } }, cites = 'V2G2-479' },
        -- FAILED, not FAILED_SequenceError
        { fields = { ChargeProgress = 'Renegotiate', ChargingProfile = absent }, code = 'FAILED',
          about = 'a renegotiation of what has not begun', cites = 'V2G2-813 V2G2-812' },
    }
    for i, row in ipairs(wrong) do
        row.id = ('TC_SECC_%s_VTB_PowerDelivery_%03d'):format(mode:upper(), numbers[i])
        row.mode, row.given, rows[#rows + 1] = mode, given, row
    end
end

cases 'PowerDelivery' {
    about = 'Power is delivered only as it was offered.', sends = 'PowerDeliveryReq', rows = rows,
    then_ = behaviour.refuses,
}
