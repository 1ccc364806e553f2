-- SPDX-License-Identifier: Apache-2.0
-- Stations of DIN SPEC 70121: rules by their id that no public suite has a case for.
-- @author the v2glab authors
-- @needs nothing

suite 'derived DIN 70121' {
    sut = 'SECC', protocol = 'DIN70121', mode = 'dc',
}

cases 'DRV_DIN_SECC' {
    about = 'A refusal that only a rule asks for.',
    rows = {
        ServicePaymentSelection_two = { given = 'ServiceDiscoveryRes', sends = 'ServicePaymentSelectionReq',
            fields = { ['SelectedServiceList.SelectedService'] = { { ServiceID = 1 }, { ServiceID = 1 } } },
            code = 'FAILED_ServiceSelectionInvalid', cites = 'V2G-DC-396 V2G-DC-635',
            about = 'the charge service twice' },
        ChargeParameterDiscovery_combo = { given = 'ContractAuthenticationRes(Finished)',
            sends = 'ChargeParameterDiscoveryReq', fields = { EVRequestedEnergyTransferType = 'DC_combo_core' },
            code = 'FAILED_WrongEnergyTransferType', cites = 'V2G-DC-397', about = 'DC_combo_core' },
        ChargeParameterDiscovery_unique = { given = 'ContractAuthenticationRes(Finished)',
            sends = 'ChargeParameterDiscoveryReq', fields = { EVRequestedEnergyTransferType = 'DC_unique' },
            code = 'FAILED_WrongEnergyTransferType', cites = 'V2G-DC-397', about = 'DC_unique' },
        ChargeParameterDiscovery_power = { given = 'ContractAuthenticationRes(Finished)',
            sends = 'ChargeParameterDiscoveryReq', code = 'FAILED_WrongChargeParameter',
            fields = { ['DC_EVChargeParameter.EVMaximumPowerLimit'] = -100 }, cites = 'V2G-DC-398',
            about = 'a power limit below 0' },
        PowerDelivery_beyond = { given = 'PreChargeRes', sends = 'PowerDeliveryReq',
            ReadyToChargeState = true, code = 'FAILED_ChargingProfileInvalid', cites = 'V2G-DC-399',
            fields = { ['ChargingProfile.SAScheduleTupleID'] = 1, ['ChargingProfile.ProfileEntry'] = {
                { ChargingProfileEntryStart = 0, ChargingProfileEntryMaxPower = 5000 },
                { ChargingProfileEntryStart = 200000, ChargingProfileEntryMaxPower = 5000 } } },
            about = 'a profile beyond the schedule' },
    },
    then_ = behaviour.refuses,
}

cases 'DRV_DIN_SECC_PowerDelivery_stop' {
    about = 'Charging can be stopped before it has begun.', given = 'PreChargeRes',
    cites = 'V2G-DC-458 V2G-DC-462',
    then_ = function(it)
        it:sends('PowerDeliveryReq', { ReadyToChargeState = false })
        it:expects('PowerDeliveryRes', { ResponseCode = 'OK' })
        it:sends 'SessionStopReq'
        it:expects('SessionStopRes', { ResponseCode = 'OK' })
    end,
}

cases 'DRV_DIN_SECC_WeldingDetection_long' {
    about = 'A welding detection without end is ended by the station.', given = 'PowerDeliveryRes(Stop)',
    cites = 'V2G-DC-925 V2G-DC-926',
    then_ = function(it)
        it:repeats_until_end('WeldingDetectionReq', { after = 'V2G_SECC_WeldingDetection_Timeout '
            .. '- par_CMN_Transmission_Delay', within = 'par_CMN_TCP_Connection_Termination_Timeout', pause = 1000 })
    end,
}

cases 'DRV_DIN_SECC_PowerDeliveryStart_to' {
    about = 'From the first PreChargeReq on there is a time until charging begins.',
    given = 'CableCheckRes(Finished)', cites = 'V2G-DC-969',
    then_ = function(it)
        it:sends 'PreChargeReq'
        it:expects('PreChargeRes', { ResponseCode = 'OK' })
        it:expects_end { after = 'V2G_SECC_PowerDelivery_Timeout - par_CMN_Transmission_Delay',
                         within = 'par_CMN_TCP_Connection_Termination_Timeout' }
    end,
}
