-- SPDX-License-Identifier: Apache-2.0
-- Stations of DIN SPEC 70121 and what they have to answer to good requests.
-- @author the v2glab authors
-- @needs nothing

suite 'derived DIN 70121' {
    sut = 'SECC', protocol = 'DIN70121', mode = 'dc', beside = 'pair',
}

local ONGOING <const> = 'V2G_EVCC_Ongoing_Timeout'

local function is_new(id)
    return not id:find '^0*$'
end

cases 'DRV_DIN_SECC' {
    about = 'A good request is answered with OK.',
    rows = {
        SessionSetup_good = { given = 'supportedAppProtocolRes', sends = 'SessionSetupReq',
            session = 'new', code = 'OK_NewSessionEstablished',
            response = { ['Header.SessionID'] = is_new },
            cites = 'V2G-DC-388 V2G-DC-436 V2G-DC-437 V2G-DC-393' },
        ServiceDiscovery_good = { given = 'SessionSetupRes', sends = 'ServiceDiscoveryReq',
            cites = 'V2G-DC-388 V2G-DC-438 V2G-DC-439 V2G-DC-440' },
        ServicePaymentSelection_good = { given = 'ServiceDiscoveryRes',
            sends = 'ServicePaymentSelectionReq', cites = 'V2G-DC-388 V2G-DC-441 V2G-DC-443' },
        PowerDeliveryStart_good = { given = 'PreChargeRes', sends = 'PowerDeliveryReq',
            ReadyToChargeState = true, cites = 'V2G-DC-388 V2G-DC-458 V2G-DC-461' },
        CurrentDemand_good = { given = 'PowerDeliveryRes(Start)', sends = 'CurrentDemandReq',
            cites = 'V2G-DC-388 V2G-DC-462 V2G-DC-464 V2G-DC-465' },
        PowerDeliveryStop_good = { given = 'CurrentDemandRes', sends = 'PowerDeliveryReq',
            ReadyToChargeState = false, cites = 'V2G-DC-388 V2G-DC-465 V2G-DC-461' },
        WeldingDetection_good = { given = 'PowerDeliveryRes(Stop)', sends = 'WeldingDetectionReq',
            cites = 'V2G-DC-388 V2G-DC-459 V2G-DC-468' },
        SessionStop_good = { given = 'PowerDeliveryRes(Stop)', sends = 'SessionStopReq',
            cites = 'V2G-DC-388 V2G-DC-469 V2G-DC-450 V2G-DC-451' },
        EVSEID_hex = { given = 'supportedAppProtocolRes', sends = 'SessionSetupReq', session = 'new',
            code = 'OK_NewSessionEstablished', about = 'EVSEID by DIN SPEC 91286, or 00',
            fields = { ['Header.SessionID'] = ('00'):rep(8) }, cites = 'V2G-DC-620 V2G-DC-621 V2G-DC-876',
            response = { EVSEID = function(octets)
                return octets == '\0' or #octets >= 1 and #octets <= 32
            end } },
    },
    then_ = behaviour.answers,
}

cases 'DRV_DIN_SECC' {
    about = 'A good request may be answered with Ongoing for a while.',
    rows = {
        ContractAuthentication_good = { given = 'ServicePaymentSelectionRes', within = ONGOING,
            sends = 'ContractAuthenticationReq',
            cites = 'V2G-DC-388 V2G-DC-444 V2G-DC-494 V2G-DC-497' },
        ChargeParameterDiscovery_good = { given = 'ContractAuthenticationRes(Finished)',
            sends = 'ChargeParameterDiscoveryReq', within = ONGOING,
            cites = 'V2G-DC-388 V2G-DC-445 V2G-DC-495 V2G-DC-498' },
        ChargeParameterDiscovery_cover = { given = 'ContractAuthenticationRes(Finished)',
            sends = 'ChargeParameterDiscoveryReq', within = ONGOING, checks = { schedules },
            about = 'one schedule that covers a day, without a tariff',
            response = { ['SAScheduleList.SAScheduleTuple'] = function(list) return #list == 1 end,
                         ['SAScheduleList.SAScheduleTuple[1].SalesTariff'] = absent },
            cites = 'V2G-DC-554 V2G-DC-556 V2G-DC-329' },
        CableCheck_good = { given = 'ChargeParameterDiscoveryRes(Finished)', sends = 'CableCheckReq',
            within = 'V2G_EVCC_CableCheck_Timeout',
            cites = 'V2G-DC-388 V2G-DC-453 V2G-DC-454 V2G-DC-455' },
        PreCharge_good = { given = 'CableCheckRes(Finished)', sends = 'PreChargeReq',
            within = 'V2G_EVCC_PreCharge_Timeout', fields = { EVTargetVoltage = 350 },
            ends = { EVSEPresentVoltage = at_least(350 * 0.95) },
            cites = 'V2G-DC-388 V2G-DC-457 V2G-DC-499' },
    },
    then_ = behaviour.finishes,
}

cases 'DRV_DIN_SECC_CurrentDemand_notif' {
    about = 'A stop is asked for by the status code; EVSENotification stays None.',
    given = 'CurrentDemandRes', station = { shutdown_after = 3 }, cites = 'V2G-DC-500 V2G-DC-637 V2G-DC-650',
    then_ = function(it)
        local quiet = { ResponseCode = 'OK', ['DC_EVSEStatus.EVSENotification'] = 'None' }
        it:repeats('CurrentDemandReq', { within = ONGOING, meanwhile = quiet,
            ends = { ['DC_EVSEStatus.EVSEStatusCode'] = any { 'EVSE_Shutdown', 'EVSE_EmergencyShutdown' } },
            response = quiet })
    end,
}

local stops = {}
for _, given in ipairs { 'SessionSetupRes', 'ServiceDiscoveryRes', 'ServicePaymentSelectionRes',
                         'ContractAuthenticationRes(Finished)', 'ChargeParameterDiscoveryRes(Finished)',
                         'CableCheckRes(Finished)', 'PreChargeRes', 'PowerDeliveryRes(Stop)',
                         'WeldingDetectionRes' } do
    stops[given:match '^%a+'] = { given = given, sends = 'SessionStopReq' }
end

cases 'DRV_DIN_SECC_SessionStop_any' {
    about = 'The vehicle may stop the session in every state before and after charging.',
    cites = 'V2G-DC-450', rows = stops, then_ = behaviour.answers,
}
