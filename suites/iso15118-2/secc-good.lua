-- SPDX-License-Identifier: Apache-2.0
-- Stations of ISO 15118-2 and what they have to answer to good requests.
-- @author the v2glab authors
-- @needs nothing

suite 'ISO 15118-4:2018' {
    sut = 'SECC', protocol = 'ISO15118-2', beside = 'pair',
}

local ONGOING <const> = 'V2G_EVCC_Ongoing_Timeout'
local WAITING <const> = any { 'Ongoing_WaitingForCustomerInteraction', 'Finished' }

-- EVSEID in the syntax of ISO 15118-2, or what says that it is not supported.
local function is_evse_id(id)
    return id == 'ZZ00000' or type(id) == 'string' and #id >= 7 and #id <= 37
        and id:find '^%a%a%*?%w%w%w%*?[Ee][%w%*]+$' ~= nil
end

local function is_volts(value)
    return value >= 0 and value <= 1000
end

local function is_amperes(value)
    return value >= 0 and value <= 300
end

cases 'TC_SECC_CMN_VTB_Authorization' {
    about = 'Authorization is Ongoing for a while, and then finished.',
    cites = 'V2G2-562 V2G2-475 V2G2-476 V2G2-684 V2G2-697 V2G2-854 V2G2-855 V2G2-856',
    rows = {
        [1] = { given = 'PaymentServiceSelectionRes(ExternalPayment)', paying = 'ExternalPayment',
                meanwhile = { ResponseCode = 'OK', EVSEProcessing = WAITING },
                if_ = 'PIXIT_SECC_CMN_AuthorizationOngoing == unknown',
                about = 'by external means: meanwhile it waits for the customer' },
        [2] = { given = 'PaymentDetailsRes', paying = 'Contract', about = 'by a contract' },
        [12] = { given = 'PaymentDetailsRes after CertificateInstallationRes', paying = 'Contract',
                 contract = 'install', about = 'by a contract that was installed before' },
        [13] = { given = 'PaymentDetailsRes after CertificateUpdateRes', paying = 'Contract',
                 contract = 'update', about = 'by a contract that was updated before' },
    },
    then_ = function(it, row)
        it:repeats('AuthorizationReq', { within = ONGOING, ends = { EVSEProcessing = 'Finished' },
                                         meanwhile = row.meanwhile })
        it:expects_nothing 'par_CMN_Transmission_Delay'
    end,
}

cases 'TC_SECC_DC_VTB_CableCheck' {
    about = 'The isolation test is Ongoing for a while, and then finished.',
    given = 'ChargeParameterDiscoveryRes(Finished)', mode = 'dc',
    cites = 'V2G2-583 V2G2-585 V2G2-916 V2G2-917 V2G2-918',
    if_ = 'PIXIT_SECC_DC_CableCheckOngoing == unknown',
    rows = {
        [1] = { if_ = 'PICS_SECC_CMN_EvStateInChargeProgress == C', about = 'with CP state C' },
        [2] = { if_ = 'PICS_SECC_CMN_EvStateInChargeProgress == D', charging = 'D',
                about = 'with CP state D' },
    },
    then_ = function(it)
        it:repeats('CableCheckReq', { within = 'V2G_EVCC_CableCheck_Timeout',
                                      ends = { EVSEProcessing = 'Finished' } })
        it:expects_nothing 'par_CMN_Transmission_Delay'
    end,
}

-- ---- parameters and schedules ----

for _, mode in ipairs { 'ac', 'dc' } do
    cases('TC_SECC_' .. mode:upper() .. '_VTB_ChargeParameterDiscovery') {
        about = 'Schedules cover the time until departure, within the power of the station.',
        given = 'AuthorizationRes(Finished)', mode = mode, then_ = behaviour.offers,
        rows = schedule_rows({ 1, 6, 8, 10, 12, 13, 15, 16 },
            'V2G2-565 V2G2-477 V2G2-476 V2G2-736 V2G2-773 V2G2-303 V2G2-293'),
    }
end

-- ---- the charge loop ----

local UNSIGNED <const> = { ReceiptRequired = any { absent, false } }
local SIGNED <const> = { ReceiptRequired = true }
local METER <const> = { MeterInfo = present }

local function reading(value)
    return value >= 0 and value <= 0xFFFFFFFF
end

-- Its six forms: with or without receipts; with MeterInfo, with a reading.
local function loops(mode, request, first, second, wanted, cited)
    local rows = {}
    for i, key in ipairs { first, second, 6, 7, 8, 9 } do
        local with_receipt, row = i % 2 == 0, { response = {} }
        row.receipts, row.paying = with_receipt or nil, with_receipt and 'Contract' or nil
        row.meters = i > 2 or nil
        for _, part in ipairs { wanted, with_receipt and SIGNED or UNSIGNED, i > 2 and METER or {},
                                i > 4 and { ['MeterInfo.MeterReading'] = reading } or {} } do
            for path, value in pairs(part) do
                row.response[path] = value
            end
        end
        row.if_ = i > 2 and 'PIXIT_CMN_CMN_MeterReading == ' .. (i > 4 and 'meterReading' or 'unknown')
            or 'PIXIT_SECC_CMN_MeterInfo == unknown'
        row.if_ = with_receipt and row.if_ or 'PIXIT_SECC_CMN_ReceiptRequired == false and ' .. row.if_
        row.about = (with_receipt and 'a receipt is wanted' or 'no receipt is wanted')
            .. (i > 4 and ', the meter is read' or i > 2 and ', with MeterInfo' or '')
        rows[key] = row
    end
    cases('TC_SECC_' .. mode:upper() .. '_VTB_' .. request:gsub('Req$', '')) {
        about = 'The charge loop tells what the station gives.',
        given = 'PowerDeliveryRes(Start)', mode = mode, cites = cited,
        sends = request, rows = rows, then_ = behaviour.answers,
    }
end

loops('ac', 'ChargingStatusReq', 1, 2, { EVSEID = is_evse_id, SAScheduleTupleID = present },
      'V2G2-577 V2G2-575 V2G2-691 V2G2-902')
loops('dc', 'CurrentDemandReq', 1, 2, { EVSEID = is_evse_id, SAScheduleTupleID = present,
        EVSEPresentVoltage = is_volts, EVSEPresentCurrent = is_amperes }, 'V2G2-592 V2G2-580')

cases 'MeteringReceipt' {
    about = 'A signed receipt is taken.', sends = 'MeteringReceiptReq',
    cites = 'V2G2-796 V2G2-797 V2G2-577 V2G2-795 V2G2-903',
    receipts = true, paying = 'Contract',
    rows = {
        { id = 'TC_SECC_AC_VTB_MeteringReceipt_001', given = 'ChargingStatusRes(ReceiptRequired)',
          mode = 'ac', response = { AC_EVSEStatus = present } },
        { id = 'TC_SECC_DC_VTB_MeteringReceipt_001', given = 'CurrentDemandRes(ReceiptRequired)',
          mode = 'dc', response = { DC_EVSEStatus = present } },
    },
    then_ = behaviour.answers,
}

-- ---- paying ----

cases 'TC_SECC_CMN_VTB_PaymentDetails' {
    about = 'A contract is answered with a challenge.',
    cites = 'V2G2-559 V2G2-826', paying = 'Contract',
    rows = {
        [1] = { given = 'PaymentServiceSelectionRes(Contract)',
                if_ = 'PIXIT_SECC_CMN_CertificateHandling == none_', about = 'the own contract' },
        [2] = { given = 'CertificateInstallationRes', contract = 'install', about = 'the one installed' },
        [3] = { given = 'CertificateUpdateRes', contract = 'update', about = 'the one updated' },
    },
    then_ = function(it)
        it:sends 'PaymentDetailsReq'
        it:expects('PaymentDetailsRes', { ResponseCode = 'OK', EVSETimeStamp = present,
            GenChallenge = function(octets) return #octets == 16 end })
        it:expects_nothing 'par_CMN_Transmission_Delay'
    end,
}

cases 'TC_SECC_CMN_VTB_PaymentServiceSelection' {
    about = 'What was offered can be selected.',
    cites = 'V2G2-550 V2G2-465 V2G2-467 V2G2-804 V2G2-433',
    rows = {
        [1] = { given = 'ServiceDiscoveryRes', if_ = 'PIXIT_SECC_CMN_VAS == none_',
                about = 'charging alone' },
        [2] = { given = 'ServiceDetailRes', paying = 'ExternalPayment', services = true, tls = true,
                about = 'after the details of a service, by external means' },
        [3] = { given = 'ServiceDetailRes', paying = 'Contract', services = true,
                about = 'after the details of a service, by a contract' },
    },
    then_ = function(it)
        it:sends('PaymentServiceSelectionReq',
            { ['SelectedServiceList.SelectedService'] = { { ServiceID = 1 } } })
        it:expects('PaymentServiceSelectionRes', { ResponseCode = 'OK' })
        it:expects_nothing 'par_CMN_Transmission_Delay'
    end,
}

cases 'TC_SECC_CMN_VTB_ServiceDetail' {
    about = 'The details of each service that is offered can be had.', given = 'ServiceDiscoveryRes',
    cites = 'V2G2-548 V2G2-549', services = true,
    rows = {
        [1] = { paying = 'ExternalPayment', tls = true, if_ = 'PIXIT_SECC_CMN_InternetAccess == unknown' },
        [2] = { paying = 'Contract', if_ = 'PIXIT_SECC_CMN_InternetAccess == unknown' },
        [11] = { paying = 'ExternalPayment', tls = true, internet = true },
        [12] = { paying = 'Contract', internet = true },
    },
    then_ = function(it, row)
        local discovery = it:last 'ServiceDiscoveryRes'
        local list = discovery.ServiceList and discovery.ServiceList.Service or {}
        it:needs(#list > 0, 'a ServiceList', 'no ServiceList')
        local found = false
        for _, service in ipairs(list) do
            found = found or service.ServiceCategory == 'Internet'
            it:sends('ServiceDetailReq', { ServiceID = service.ServiceID })
            it:expects('ServiceDetailRes', { ResponseCode = 'OK', ServiceID = service.ServiceID,
                                             ServiceParameterList = present })
        end
        it:needs(found or not row.internet, 'a service of the category Internet', 'none')
    end,
}

-- ---- the others ----

cases 'good' {
    about = 'A good request is answered with OK.',
    rows = {
        { id = 'TC_SECC_CMN_VTB_ServiceDiscovery_001', given = 'SessionSetupRes',
          sends = 'ServiceDiscoveryReq', cites = 'V2G2-545 V2G2-550',
          response = { PaymentOptionList = present,
                       ['ChargeService.SupportedEnergyTransferMode'] = present } },
        { id = 'TC_SECC_CMN_VTB_SessionSetup_001', given = 'supportedAppProtocolRes',
          sends = 'SessionSetupReq', session = 'new', cites = 'V2G2-543 V2G2-750',
          fields = { ['Header.SessionID'] = ('00'):rep(8), EVCCID = '00018700001A' },
          code = 'OK_NewSessionEstablished', response = { EVSEID = is_evse_id,
          ['Header.SessionID'] = function(id) return not id:find '^0*$' end } },
        { id = 'TC_SECC_CMN_VTB_V2GTPSessionSetup_001', given = 'supportedAppProtocolRes',
          sends = 'SessionSetupReq', session = 'any', code = present,
          fields = { ['Header.SessionID'] = ('00'):rep(8) },
          if_ = 'PICS_CMN_CMN_V2gtpV2g == true', cites = 'V2G2-086' },
        { id = 'TC_SECC_AC_VTB_PowerDelivery_001', given = 'ChargeParameterDiscoveryRes(Finished)',
          mode = 'ac', sends = 'PowerDeliveryReq', ChargeProgress = 'Start',
          response = { AC_EVSEStatus = present },
          if_ = 'PICS_SECC_CMN_EvStateInChargeProgress == C', about = 'start, with CP state C',
          cites = 'V2G2-589 V2G2-480 V2G2-479 V2G2-478 V2G2-224 V2G2-225 '
              .. 'V2G2-847 V2G2-848 V2G2-860' },
        { id = 'TC_SECC_AC_VTB_PowerDelivery_002', given = 'ChargeParameterDiscoveryRes(Finished)',
          mode = 'ac', sends = 'PowerDeliveryReq', ChargeProgress = 'Start',
          response = { AC_EVSEStatus = present },
          if_ = 'PICS_SECC_CMN_EvStateInChargeProgress == D', about = 'start, with CP state D',
          cites = 'V2G2-589 V2G2-480 V2G2-479 V2G2-478 V2G2-224 V2G2-225 '
              .. 'V2G2-847 V2G2-848 V2G2-860' },
        { id = 'TC_SECC_AC_VTB_PowerDelivery_005', given = 'ChargingStatusRes', mode = 'ac',
          sends = 'PowerDeliveryReq', ChargeProgress = 'Stop', response = { AC_EVSEStatus = present },
          cites = 'V2G2-589 V2G2-480 V2G2-479 V2G2-478 V2G2-224 V2G2-225 V2G2-861 V2G2-863' },
        { id = 'TC_SECC_DC_VTB_PowerDelivery_001', given = 'PreChargeRes', mode = 'dc',
          sends = 'PowerDeliveryReq', ChargeProgress = 'Start', response = { DC_EVSEStatus = present },
          cites = 'V2G2-589 V2G2-480 V2G2-479 V2G2-478 V2G2-224 V2G2-225' },
        { id = 'TC_SECC_DC_VTB_PowerDelivery_002', given = 'CurrentDemandRes', mode = 'dc',
          sends = 'PowerDeliveryReq', ChargeProgress = 'Stop', response = { DC_EVSEStatus = present },
          fields = { ['DC_EVPowerDeliveryParameter.ChargingComplete'] = true },
          cites = 'V2G2-589 V2G2-480 V2G2-479 V2G2-478 V2G2-224 V2G2-225' },
        { id = 'TC_SECC_AC_VTB_SessionStop_001', given = 'PowerDeliveryRes(Stop)', mode = 'ac',
          sends = 'SessionStopReq', cites = 'V2G2-570 V2G2-571 V2G2-739 V2G2-025' },
        { id = 'TC_SECC_DC_VTB_SessionStop_001', given = 'PowerDeliveryRes(Stop)', mode = 'dc',
          sends = 'SessionStopReq', if_ = 'PICS_SECC_DC_WeldingDetection == false',
          cites = 'V2G2-570 V2G2-571 V2G2-739 V2G2-025' },
        { id = 'TC_SECC_DC_VTB_SessionStop_002', given = 'WeldingDetectionRes', mode = 'dc',
          sends = 'SessionStopReq', if_ = 'PICS_SECC_DC_WeldingDetection == true',
          cites = 'V2G2-570 V2G2-571 V2G2-739 V2G2-025' },
        { id = 'TC_SECC_DC_VTB_WeldingDetection_001', given = 'PowerDeliveryRes(Stop)', mode = 'dc',
          sends = 'WeldingDetectionReq', fields = { ['DC_EVStatus.EVReady'] = false },
          response = { DC_EVSEStatus = present, EVSEPresentVoltage = is_volts },
          if_ = 'PICS_SECC_DC_WeldingDetection == true',
          cites = 'V2G2-596 V2G2-601 V2G2-920 V2G2-921 V2G2-922' },
    },
    then_ = behaviour.answers,
}

local STOPS <const> = { [14] = 'FAILED_RESSTemperatureInhibit', [15] = 'FAILED_EVShiftPosition',
                        [16] = 'FAILED_ChargerConnectorLockFault', [17] = 'FAILED_EVRESSMalfunction',
                        [18] = 'FAILED_ChargingCurrentdifferential',
                        [19] = 'FAILED_ChargingVoltageOutOfRange',
                        [20] = 'FAILED_ChargingSystemIncompatibility', [21] = 'NoData' }
local stops = {}
for key, code in pairs(STOPS) do
    stops[key] = { about = 'a vehicle that stops for ' .. code, fields = {
        ['DC_EVPowerDeliveryParameter.ChargingComplete'] = true,
        ['DC_EVPowerDeliveryParameter.DC_EVStatus.EVErrorCode'] = code } }
end

cases 'TC_SECC_DC_VTB_PowerDelivery' {
    about = 'Whatever the vehicle stops for, the station lets it.', given = 'CurrentDemandRes',
    mode = 'dc', sends = 'PowerDeliveryReq', ChargeProgress = 'Stop', cites = 'V2G2-589',
    response = { DC_EVSEStatus = present }, rows = stops, then_ = behaviour.answers,
}

cases 'TC_SECC_DC_VTB_PreCharge' {
    about = 'The station comes to the voltage of the vehicle.', given = 'CableCheckRes(Finished)',
    mode = 'dc', cites = 'V2G2-586 V2G2-704 V2G2-705 V2G2-706 V2G2-707',
    rows = { [1] = {} },
    then_ = function(it)
        it:repeats('PreChargeReq', { within = 'V2G_EVCC_PreCharge_Timeout',
            fields = { EVTargetVoltage = 350 }, ends = { EVSEPresentVoltage = at_least(350 * 0.95) } })
        it:expects_nothing 'par_CMN_Transmission_Delay'
    end,
}

cases 'sessions' {
    about = 'One session after another ends as it should.', beside = false,
    cites = 'V2G2-570 V2G2-571',
    rows = {
        { id = 'TC_SECC_DC_VTB_SessionStop_010', given = 'WeldingDetectionRes', mode = 'dc',
          if_ = 'PICS_SECC_DC_WeldingDetection == true' },
        { id = 'TC_SECC_AC_VTB_SessionStop_011', given = 'PowerDeliveryRes(Stop)', mode = 'ac' },
    },
    then_ = function(it, row)
        for _ = 1, 3 do
            it:sends 'SessionStopReq'
            it:expects('SessionStopRes', { ResponseCode = 'OK' })
            it:starts_again(row.given)
        end
    end,
}

cases 'certificates' {
    about = 'Certificates are installed and updated.', given = 'PaymentServiceSelectionRes(Contract)',
    paying = 'Contract',
    rows = {
        { id = 'TC_SECC_CMN_VTB_CertificateInstallation_001', contract = 'install',
          sends = 'CertificateInstallationReq', cites = 'V2G2-553 V2G2-554 V2G2-771' },
        { id = 'TC_SECC_CMN_VTB_CertificateUpdate_001', contract = 'update',
          sends = 'CertificateUpdateReq', cites = 'V2G2-556 V2G2-557 V2G2-558 V2G2-551 V2G2-555' },
    },
    then_ = behaviour.answers,
}
