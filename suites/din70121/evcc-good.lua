-- SPDX-License-Identifier: Apache-2.0
-- Vehicles of DIN SPEC 70121 and how they go on after good responses.
-- @author the v2glab authors
-- @needs nothing

suite 'derived (DIN SPEC 70121)' {
    sut = 'EVCC', protocol = 'DIN70121', mode = 'dc', beside = 'pair',
}

-- Status codes that tell a vehicle nothing in DIN SPEC 70121, and a row for each.
local SILENT_CODES <const> = { 'EVSE_NotReady', 'EVSE_Ready', 'EVSE_UtilityInterruptEvent',
                               'EVSE_IsolationMonitoringActive', 'EVSE_Malfunction', 'Reserved_8',
                               'Reserved_9', 'Reserved_A', 'Reserved_B', 'Reserved_C' }

local function codes(fields)
    local rows = {}
    for _, code in ipairs(SILENT_CODES) do
        rows[code] = { about = code, fields = { ['DC_EVSEStatus.EVSEStatusCode'] = code } }
        for path, value in pairs(fields or {}) do
            rows[code].fields[path] = value
        end
    end
    return rows
end

cases 'DRV_DIN_EVCC_CableCheck_stat' {
    about = 'A status code other than a shutdown does not keep the vehicle from pre-charge.',
    given = 'CableCheckReq', expects = 'PreChargeReq', cites = 'V2G-DC-637 V2G-DC-893 V2G-DC-894',
    rows = codes { EVSEProcessing = 'Finished' },
    then_ = behaviour.goes_on,
}

cases 'DRV_DIN_EVCC_CurrentDemand_stat' {
    about = 'A status code other than a shutdown does not end charging.',
    given = 'CurrentDemandReq', expects = 'CurrentDemandReq', cites = 'V2G-DC-637 V2G-DC-650',
    rows = codes(),
    then_ = behaviour.goes_on,
}

cases 'DRV_DIN_EVCC_SessionStop_close' {
    about = 'After SessionStopRes the vehicle closes the connection first.',
    given = 'SessionStopReq', cites = 'V2G-DC-937',
    then_ = behaviour.leaves,
}

cases 'DRV_DIN_EVCC_ServicePaymentSelection_id' {
    about = 'The charge service is selected by the ServiceID that was offered.',
    given = 'ServiceDiscoveryReq', cites = 'DRV-DIN-ChargeServiceID',
    fields = { ['ChargeService.ServiceTag.ServiceID'] = 4660 },
    expects = 'ServicePaymentSelectionReq',
    request = { ['SelectedServiceList.SelectedService[1].ServiceID'] = 4660 },
    then_ = behaviour.goes_on,
}

cases 'DRV_DIN_EVCC_CurrentDemand_limits' {
    about = 'What the vehicle asks for stays within limits that come in the charge loop.',
    given = 'CurrentDemandReq', cites = 'DRV-DIN-Limits',
    fields = { EVSEMaximumVoltageLimit = 380, EVSEMaximumCurrentLimit = 20,
               EVSEMaximumPowerLimit = 5000 },
    then_ = behaviour.keeps_limits,
}

cases 'DRV_DIN_EVCC_ChargeParameterDiscovery_stop' {
    about = 'A station without energy asks to stop before charging: the vehicle ends the session.',
    given = 'ChargeParameterDiscoveryReq', cites = 'DRV-DIN-StopCharging',
    advice = 'DIN SPEC 70121 knows no notification but None; some stations mean it',
    fields = { EVSEProcessing = 'Finished',
               ['DC_EVSEChargeParameter.DC_EVSEStatus.EVSENotification'] = 'StopCharging' },
    then_ = behaviour.leaves,
}

cases 'DRV_DIN_EVCC_ChargeParameterDiscovery_type' {
    about = 'The transfer asked for is DC_core or DC_extended, whatever was offered.',
    given = 'ServiceDiscoveryReq', cites = 'V2G-DC-625',
    fields = { ['ChargeService.EnergyTransferType'] = 'DC_combo_core' },
    expects = { { 'ChargeParameterDiscoveryReq',
                  { EVRequestedEnergyTransferType = any { 'DC_core', 'DC_extended' } } },
                { 'SessionStopReq' }, 'end' },
    meanwhile = { 'ServicePaymentSelectionReq', 'ContractAuthenticationReq' },
    then_ = behaviour.goes_on,
}

cases 'DRV_X_EVCC_any_shutdown_DIN' {
    about = 'A shutdown outside the charge loop: no charging request follows.',
    cites = 'DRV-Shutdown',
    rows = {
        CableCheck = { given = 'CableCheckReq', about = 'EVSE_Shutdown',
                       fields = { ['DC_EVSEStatus.EVSEStatusCode'] = 'EVSE_Shutdown' } },
        CableCheck_emergency = { given = 'CableCheckReq', about = 'EVSE_EmergencyShutdown',
                                 fields = { ['DC_EVSEStatus.EVSEStatusCode'] = 'EVSE_EmergencyShutdown' } },
        PreCharge = { given = 'PreChargeReq', about = 'EVSE_Shutdown',
                      fields = { ['DC_EVSEStatus.EVSEStatusCode'] = 'EVSE_Shutdown' } },
        PreCharge_emergency = { given = 'PreChargeReq', about = 'EVSE_EmergencyShutdown',
                                fields = { ['DC_EVSEStatus.EVSEStatusCode'] = 'EVSE_EmergencyShutdown' } },
        PowerDelivery = { given = 'PowerDeliveryReq(Start)', about = 'EVSE_Shutdown',
                          fields = { ['DC_EVSEStatus.EVSEStatusCode'] = 'EVSE_Shutdown' } },
        PowerDelivery_emergency = { given = 'PowerDeliveryReq(Start)', about = 'EVSE_EmergencyShutdown',
                                    fields = { ['DC_EVSEStatus.EVSEStatusCode'] = 'EVSE_EmergencyShutdown' } },
    },
    then_ = behaviour.ends_charging,
}

cases 'DRV_DIN_EVCC_any_sid' {
    about = 'A response with the SessionID of no session of the vehicle ends the session.',
    SessionID = 'another', cites = 'DRV-SessionID', liveness = true,
    rows = {
        ServiceDiscovery = { given = 'ServiceDiscoveryReq', about = 'ServiceDiscovery' },
        ServicePaymentSelection = { given = 'ServicePaymentSelectionReq', about = 'ServicePaymentSelection' },
        ContractAuthentication = { given = 'ContractAuthenticationReq', about = 'ContractAuthentication' },
        ChargeParameterDiscovery = { given = 'ChargeParameterDiscoveryReq', about = 'ChargeParameterDiscovery' },
        CableCheck = { given = 'CableCheckReq', about = 'CableCheck' },
        PreCharge = { given = 'PreChargeReq', about = 'PreCharge' },
        PowerDelivery = { given = 'PowerDeliveryReq', about = 'PowerDelivery' },
        CurrentDemand = { given = 'CurrentDemandReq', about = 'CurrentDemand' },
        WeldingDetection = { given = 'WeldingDetectionReq', about = 'WeldingDetection' },
        SessionStop = { given = 'SessionStopReq', about = 'SessionStop' },
    },
    then_ = behaviour.leaves,
}

suite 'ISO 15118-4:2018 / CharIN (DIN 70121 + ISO 15118-2)' {
    sut = 'EVCC', protocol = 'DIN70121', mode = 'dc',
}

cases 'ongoing-timeout' {
    about = 'A vehicle that is put off for too long ends the session when its time is over.',
    rows = {
        { id = 'TC_EVCC_CMN_VTB_Authorization_009', given = 'ContractAuthenticationReq',
          fields = { EVSEProcessing = 'Ongoing' }, after = 'V2G_EVCC_Ongoing_Timeout',
          cites = 'V2G-DC-CharIN-123', about = 'endless authorization' },
        { id = 'TC_EVCC_DC_VTB_CableCheck_006_DIN', given = 'CableCheckReq',
          fields = { EVSEProcessing = 'Ongoing',
                     ['DC_EVSEStatus.EVSEStatusCode'] = 'EVSE_IsolationMonitoringActive' },
          after = 'V2G_EVCC_CableCheck_Timeout', cites = 'V2G-DC-377', about = 'endless cable check' },
        { id = 'TC_EVCC_DC_VTB_PreCharge_006_DIN', given = 'PreChargeReq',
          fields = { EVSEPresentVoltage = 0 }, after = 'V2G_EVCC_PreCharge_Timeout',
          about = 'a voltage that is never reached' },
    },
    then_ = behaviour.loses_patience,
}
