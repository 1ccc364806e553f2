-- SPDX-License-Identifier: Apache-2.0
-- Stations of DIN 70121 and requests in time, whose content they have to refuse.
-- @author the v2glab authors
-- @needs nothing

suite 'derived (DIN SPEC 70121)' {
    sut = 'SECC', protocol = 'DIN70121', if_ = 'PICS_CMN_CMN_FailedResponseCodes',
}

-- One entry of twice the most that the schedule offers.
local function twice_too_much(it)
    local most = 0
    for _, entry in ipairs(it:last 'ChargeParameterDiscoveryRes'.SAScheduleList.SAScheduleTuple[1]
        .PMaxSchedule.PMaxScheduleEntry) do
        most = math.max(most, entry.PMax)
    end
    it:needs(most < 32767, 'a schedule whose power can be exceeded in 16 bits', 'one of 32767 W')
    return { ['ChargingProfile.ProfileEntry'] = { { ChargingProfileEntryStart = 0,
        ChargingProfileEntryMaxPower = math.min(2 * most, 32767) } } }
end

cases 'DRV_DIN_SECC' {
    about = 'What was not offered, and what cannot be, is refused.',
    rows = {
        ServicePaymentSelection_inv = { given = 'ServiceDiscoveryRes',
            sends = 'ServicePaymentSelectionReq', code = 'FAILED_ServiceSelectionInvalid',
            fields = { ['SelectedServiceList.SelectedService'] = { { ServiceID = 1 },
                                                                   { ServiceID = 65535 } } },
            about = 'a service that was not offered', cites = 'V2G-DC-396 V2G-DC-635' },
        ServicePaymentSelection_pay = { given = 'ServiceDiscoveryRes',
            sends = 'ServicePaymentSelectionReq', fields = { SelectedPaymentOption = 'Contract' },
            code = 'FAILED_PaymentSelectionInvalid', about = 'a contract',
            cites = 'V2G-DC-395 V2G-DC-252' },
        ChargeParameterDiscovery_mode = { given = 'ContractAuthenticationRes(Finished)',
            sends = 'ChargeParameterDiscoveryReq', code = 'FAILED_WrongEnergyTransferType',
            fields = { EVRequestedEnergyTransferType = 'AC_three_phase_core' }, about = 'AC',
            cites = 'V2G-DC-397' },
        ChargeParameterDiscovery_lim = { given = 'ContractAuthenticationRes(Finished)',
            sends = 'ChargeParameterDiscoveryReq', code = 'FAILED_WrongChargeParameter',
            runs = { { fields = { ['DC_EVChargeParameter.EVMaximumCurrentLimit'] = -100 } },
                     { fields = { ['DC_EVChargeParameter.EVMaximumVoltageLimit'] = 0 } } },
            about = 'less than no current, no voltage', cites = 'V2G-DC-398' },
        PowerDelivery_profile = { given = 'PreChargeRes', sends = 'PowerDeliveryReq',
            ReadyToChargeState = true, fields = twice_too_much,
            station = { dc = { max_power = 15000 } }, code = 'FAILED_ChargingProfileInvalid',
            about = 'a profile of twice the power', cites = 'V2G-DC-399' },
        PowerDelivery_tuple = { given = 'PreChargeRes', sends = 'PowerDeliveryReq',
            ReadyToChargeState = true, fields = { ['ChargingProfile.SAScheduleTupleID'] = 32767 },
            code = 'FAILED_TariffSelectionInvalid', about = 'a schedule that was not offered',
            cites = 'V2G-DC-400' },
    },
    then_ = behaviour.refuses,
}

cases 'DRV_DIN_SECC_SAP_tls' {
    about = 'DIN 70121 is not agreed to over TLS.', given = 'connected', session = 'any',
    vehicle = { tls = '1.2' }, station = { tls = 'auto' }, sends = 'supportedAppProtocolReq',
    code = 'Failed_NoNegotiation', if_ = 'PIXIT_SECC_CMN_TLS == true',
    cites = 'V2G-DC-868 V2G-DC-869 V2G-DC-618', then_ = behaviour.refuses,
}
