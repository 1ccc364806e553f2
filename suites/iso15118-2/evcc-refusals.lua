-- SPDX-License-Identifier: Apache-2.0
-- Vehicles of ISO 15118-2 and what they have to refuse, or to give up.
-- @author the v2glab authors
-- @needs nothing

suite 'ISO 15118-4:2018' {
    sut = 'EVCC', protocol = 'ISO15118-2',
}

cases 'failed-response' {
    about = 'After a FAILED code the vehicle ends the session.',
    rows = {
        { id = 'TC_EVCC_CMN_VTB_ServiceDiscovery_002', given = 'ServiceDiscoveryReq',
          code = 'FAILED', about = 'EV ends after FAILED', cites = 'V2G2-735' },
        { id = 'TC_EVCC_CMN_VTB_ServiceDiscovery_003', given = 'ServiceDiscoveryReq',
          code = 'FAILED_SequenceError', about = 'EV ends after FAILED_SequenceError',
          cites = 'V2G2-735' },
        { id = 'TC_EVCC_CMN_VTB_ServiceDiscovery_004', given = 'ServiceDiscoveryReq',
          code = 'FAILED_SignatureError', about = 'EV ends after another FAILED_* code',
          cites = 'V2G2-735' },
        { id = 'TC_EVCC_CMN_VTB_Authorization_003', given = 'AuthorizationReq', code = 'FAILED',
          about = 'EV ends after FAILED', cites = 'V2G2-735',
          doubt = 'purpose of this official number is a guess of the collection: give it no '
              .. 'official number in a report' },
        { id = 'TC_EVCC_CMN_VTB_SessionStop_003', given = 'SessionStopReq', code = 'FAILED',
          about = 'EV ends after FAILED SessionStopRes', cites = 'V2G2-735',
          doubt = 'purpose of this official number is a guess of the collection: give it no '
              .. 'official number in a report' },
        { id = 'TC_EVCC_CMN_VTB_SessionStop_004', given = 'SessionStopReq',
          code = 'FAILED_SequenceError', about = 'EV ends after FAILED_SequenceError',
          cites = 'V2G2-735',
          doubt = 'purpose of this official number is a guess of the collection: give it no '
              .. 'official number in a report' },
        { id = 'TC_EVCC_CMN_VTB_SessionStop_005', given = 'SessionStopReq',
          code = 'FAILED_UnknownSession', about = 'EV ends after FAILED_UnknownSession',
          cites = 'V2G2-735',
          doubt = 'purpose of this official number is a guess of the collection: give it no '
              .. 'official number in a report' },
        { id = 'TC_EVCC_AC_VTB_ChargingStatus_002', given = 'ChargingStatusReq', mode = 'ac',
          code = 'FAILED', about = 'EV ends after FAILED', cites = 'V2G2-735',
          doubt = 'purpose of this official number is a guess of the collection: give it no '
              .. 'official number in a report' },
        { id = 'TC_EVCC_AC_VTB_ChargingStatus_003', given = 'ChargingStatusReq', mode = 'ac',
          code = 'FAILED_SequenceError', about = 'EV ends after FAILED_SequenceError',
          cites = 'V2G2-735',
          doubt = 'purpose of this official number is a guess of the collection: give it no '
              .. 'official number in a report' },
        { id = 'TC_EVCC_AC_VTB_ChargingStatus_004', given = 'ChargingStatusReq', mode = 'ac',
          code = 'FAILED_UnknownSession', about = 'EV ends after FAILED_UnknownSession',
          cites = 'V2G2-735',
          doubt = 'purpose of this official number is a guess of the collection: give it no '
              .. 'official number in a report' },
    },
    then_ = behaviour.leaves,
}

cases 'msg-timeout' {
    about = 'A vehicle that gets no response ends the session when its time is over, not before.',
    rows = {
        { id = 'TC_EVCC_AC_VTB_ChargingStatus_005', given = 'ChargingStatusReq', mode = 'ac',
          after = 'V2G_EVCC_Msg_Timeout', about = 'no ChargingStatusRes',
          doubt = 'purpose of this official number is a guess of the collection: give it no '
              .. 'official number in a report' },
    },
    then_ = behaviour.gives_up,
}

suite 'ISO 15118-4:2018 / CharIN (DIN 70121 + ISO 15118-2)' {
    sut = 'EVCC', protocol = 'ISO15118-2',
}

cases 'failed-response' {
    about = 'After a FAILED code the vehicle ends the session.',
    rows = {
        { id = 'TC_EVCC_CMN_VTB_ServiceDetailAndPaymentSelection_003',
          given = 'PaymentServiceSelectionReq', code = 'FAILED',
          about = 'FAILED plus oscillator off' },
        { id = 'TC_EVCC_CMN_VTB_Authorization_004', given = 'AuthorizationReq',
          code = 'FAILED_SequenceError', about = 'FAILED_SequenceError plus oscillator off' },
        { id = 'CharIN_TC_EVCC_DC_VTB_CurrentDemand_002', given = 'CurrentDemandReq', mode = 'dc',
          code = 'FAILED', about = 'FAILED plus oscillator off while charging' },
    },
    then_ = behaviour.leaves,
}

cases 'msg-timeout' {
    about = 'A vehicle that gets no response ends the session when its time is over, not before.',
    rows = {
        { id = 'TC_EVCC_CMN_VTB_SessionSetup_004', given = 'SessionSetupReq',
          after = 'V2G_EVCC_Msg_Timeout', about = 'no SessionSetupRes' },
        { id = 'TC_EVCC_CMN_VTB_ServiceDetail_011', given = 'ServiceDetailReq',
          after = 'V2G_EVCC_Msg_Timeout_ServiceDetailReq', services = true,
          about = 'no ServiceDetailRes (tester offers VAS 62001)' },
        { id = 'CharIN_TC_EVCC_DC_VTB_CurrentDemand_005', given = 'CurrentDemandReq', mode = 'dc',
          after = 'V2G_EVCC_Msg_Timeout_CurrentDemandReq', about = 'no CurrentDemandRes' },
    },
    then_ = behaviour.gives_up,
}

cases 'wrong-response' {
    about = 'A response to another request ends the session.',
    rows = {
        { id = 'TC_EVCC_CMN_VTB_ServiceDiscovery_008', given = 'ServiceDiscoveryReq',
          answers = 'PaymentServiceSelectionRes', code = 'OK',
          about = 'other response than awaited' },
        { id = 'TC_EVCC_CMN_VTB_ServiceDetail_013', given = 'ServiceDetailReq',
          answers = 'PaymentServiceSelectionRes', code = 'OK', services = true,
          about = 'other response than awaited (VAS 62002)' },
        { id = 'TC_EVCC_CMN_VTB_ChargeParameterDiscovery_002',
          given = 'ChargeParameterDiscoveryReq', answers = 'PaymentServiceSelectionRes',
          code = 'OK', about = 'other response than awaited' },
        { id = 'TC_EVCC_DC_VTB_CableCheck_007', given = 'CableCheckReq', mode = 'dc',
          answers = 'PaymentServiceSelectionRes', code = 'OK',
          about = 'other response than awaited' },
    },
    then_ = behaviour.leaves,
}

suite 'derived (ISO 15118-2 EVCC matrix)' {
    sut = 'EVCC', protocol = 'ISO15118-2',
}

cases 'failed-response' {
    about = 'After a FAILED code the vehicle ends the session.',
    rows = {
        { id = 'DRV_2_EVCC_SessionSetup_fail', given = 'SessionSetupReq', code = 'FAILED',
          about = 'SessionSetup: FAILED', cites = 'V2G2-735' },
        { id = 'DRV_2_EVCC_SessionSetup_seq', given = 'SessionSetupReq',
          code = 'FAILED_SequenceError', about = 'SessionSetup: FAILED_SequenceError',
          cites = 'V2G2-735' },
        { id = 'DRV_2_EVCC_ServiceDetail_fail', given = 'ServiceDetailReq', code = 'FAILED',
          services = true, about = 'ServiceDetail: FAILED', cites = 'V2G2-735' },
        { id = 'DRV_2_EVCC_ServiceDetail_seq', given = 'ServiceDetailReq',
          code = 'FAILED_SequenceError', services = true,
          about = 'ServiceDetail: FAILED_SequenceError', cites = 'V2G2-735' },
        { id = 'DRV_2_EVCC_PaymentServiceSelection_seq', given = 'PaymentServiceSelectionReq',
          code = 'FAILED_SequenceError', about = 'PaymentServiceSelection: FAILED_SequenceError',
          cites = 'V2G2-735' },
        { id = 'DRV_2_EVCC_CertificateInstallation_fail', given = 'CertificateInstallationReq',
          code = 'FAILED', paying = 'Contract', contract = 'install',
          about = 'CertificateInstallation: FAILED', cites = 'V2G2-735' },
        { id = 'DRV_2_EVCC_CertificateInstallation_seq', given = 'CertificateInstallationReq',
          code = 'FAILED_SequenceError', paying = 'Contract', contract = 'install',
          about = 'CertificateInstallation: FAILED_SequenceError', cites = 'V2G2-735' },
        { id = 'DRV_2_EVCC_CertificateUpdate_fail', given = 'CertificateUpdateReq', code = 'FAILED',
          paying = 'Contract', contract = 'update', about = 'CertificateUpdate: FAILED',
          cites = 'V2G2-735' },
        { id = 'DRV_2_EVCC_CertificateUpdate_seq', given = 'CertificateUpdateReq',
          code = 'FAILED_SequenceError', paying = 'Contract', contract = 'update',
          about = 'CertificateUpdate: FAILED_SequenceError', cites = 'V2G2-735' },
        { id = 'DRV_2_EVCC_PaymentDetails_fail', given = 'PaymentDetailsReq', code = 'FAILED',
          paying = 'Contract', about = 'PaymentDetails: FAILED', cites = 'V2G2-735' },
        { id = 'DRV_2_EVCC_PaymentDetails_seq', given = 'PaymentDetailsReq',
          code = 'FAILED_SequenceError', paying = 'Contract',
          about = 'PaymentDetails: FAILED_SequenceError', cites = 'V2G2-735' },
        { id = 'DRV_2_EVCC_Authorization_fail', given = 'AuthorizationReq', code = 'FAILED',
          about = 'Authorization: FAILED', cites = 'V2G2-735',
          doubt = 'repeats a TC_EVCC row: one of the two suffices' },
        { id = 'DRV_2_EVCC_ChargeParameterDiscovery_fail', given = 'ChargeParameterDiscoveryReq',
          code = 'FAILED', about = 'ChargeParameterDiscovery: FAILED', cites = 'V2G2-735' },
        { id = 'DRV_2_EVCC_ChargeParameterDiscovery_seq', given = 'ChargeParameterDiscoveryReq',
          code = 'FAILED_SequenceError', about = 'ChargeParameterDiscovery: FAILED_SequenceError',
          cites = 'V2G2-735' },
        { id = 'DRV_2_EVCC_PowerDelivery_fail', given = 'PowerDeliveryReq', code = 'FAILED',
          about = 'PowerDelivery: FAILED', cites = 'V2G2-735' },
        { id = 'DRV_2_EVCC_PowerDelivery_seq', given = 'PowerDeliveryReq',
          code = 'FAILED_SequenceError', about = 'PowerDelivery: FAILED_SequenceError',
          cites = 'V2G2-735' },
        { id = 'DRV_2_EVCC_ChargingStatus_fail', given = 'ChargingStatusReq', mode = 'ac',
          code = 'FAILED', about = 'ChargingStatus: FAILED', cites = 'V2G2-735',
          doubt = 'repeats a TC_EVCC row: one of the two suffices' },
        { id = 'DRV_2_EVCC_ChargingStatus_seq', given = 'ChargingStatusReq', mode = 'ac',
          code = 'FAILED_SequenceError', about = 'ChargingStatus: FAILED_SequenceError',
          cites = 'V2G2-735', doubt = 'repeats a TC_EVCC row: one of the two suffices' },
        { id = 'DRV_2_EVCC_MeteringReceipt_fail', given = 'MeteringReceiptReq', code = 'FAILED',
          paying = 'Contract', receipts = true, about = 'MeteringReceipt: FAILED',
          cites = 'V2G2-735' },
        { id = 'DRV_2_EVCC_MeteringReceipt_seq', given = 'MeteringReceiptReq',
          code = 'FAILED_SequenceError', paying = 'Contract', receipts = true,
          about = 'MeteringReceipt: FAILED_SequenceError', cites = 'V2G2-735' },
        { id = 'DRV_2_EVCC_CableCheck_fail', given = 'CableCheckReq', mode = 'dc', code = 'FAILED',
          about = 'CableCheck: FAILED', cites = 'V2G2-735' },
        { id = 'DRV_2_EVCC_CableCheck_seq', given = 'CableCheckReq', mode = 'dc',
          code = 'FAILED_SequenceError', about = 'CableCheck: FAILED_SequenceError',
          cites = 'V2G2-735' },
        { id = 'DRV_2_EVCC_PreCharge_fail', given = 'PreChargeReq', mode = 'dc', code = 'FAILED',
          about = 'PreCharge: FAILED', cites = 'V2G2-735' },
        { id = 'DRV_2_EVCC_PreCharge_seq', given = 'PreChargeReq', mode = 'dc',
          code = 'FAILED_SequenceError', about = 'PreCharge: FAILED_SequenceError',
          cites = 'V2G2-735' },
        { id = 'DRV_2_EVCC_CurrentDemand_seq', given = 'CurrentDemandReq', mode = 'dc',
          code = 'FAILED_SequenceError', about = 'CurrentDemand: FAILED_SequenceError',
          cites = 'V2G2-735' },
        { id = 'DRV_2_EVCC_WeldingDetection_fail', given = 'WeldingDetectionReq', code = 'FAILED',
          about = 'WeldingDetection: FAILED', cites = 'V2G2-735' },
        { id = 'DRV_2_EVCC_WeldingDetection_seq', given = 'WeldingDetectionReq',
          code = 'FAILED_SequenceError', about = 'WeldingDetection: FAILED_SequenceError',
          cites = 'V2G2-735' },
        { id = 'DRV_2_EVCC_SessionStop_fail', given = 'SessionStopReq', code = 'FAILED',
          about = 'SessionStop: FAILED', cites = 'V2G2-735' },
        { id = 'DRV_2_EVCC_SessionStop_seq', given = 'SessionStopReq',
          code = 'FAILED_SequenceError', about = 'SessionStop: FAILED_SequenceError',
          cites = 'V2G2-735' },
    },
    then_ = behaviour.leaves,
}

cases 'msg-timeout' {
    about = 'A vehicle that gets no response ends the session when its time is over, not before.',
    rows = {
        { id = 'DRV_2_EVCC_ServiceDiscovery_to', given = 'ServiceDiscoveryReq',
          after = 'V2G_EVCC_Msg_Timeout', about = 'ServiceDiscovery: no answer' },
        { id = 'DRV_2_EVCC_PaymentServiceSelection_to', given = 'PaymentServiceSelectionReq',
          after = 'V2G_EVCC_Msg_Timeout', about = 'PaymentServiceSelection: no answer' },
        { id = 'DRV_2_EVCC_CertificateInstallation_to', given = 'CertificateInstallationReq',
          after = 'V2G_EVCC_Msg_Timeout_CertificateInstallationReq', paying = 'Contract',
          contract = 'install', about = 'CertificateInstallation: no answer' },
        { id = 'DRV_2_EVCC_CertificateUpdate_to', given = 'CertificateUpdateReq',
          after = 'V2G_EVCC_Msg_Timeout_CertificateUpdateReq', paying = 'Contract',
          contract = 'update', about = 'CertificateUpdate: no answer' },
        { id = 'DRV_2_EVCC_PaymentDetails_to', given = 'PaymentDetailsReq',
          after = 'V2G_EVCC_Msg_Timeout_PaymentDetailsReq', paying = 'Contract',
          about = 'PaymentDetails: no answer' },
        { id = 'DRV_2_EVCC_Authorization_to', given = 'AuthorizationReq',
          after = 'V2G_EVCC_Msg_Timeout', about = 'Authorization: no answer' },
        { id = 'DRV_2_EVCC_ChargeParameterDiscovery_to', given = 'ChargeParameterDiscoveryReq',
          after = 'V2G_EVCC_Msg_Timeout', about = 'ChargeParameterDiscovery: no answer' },
        { id = 'DRV_2_EVCC_PowerDelivery_to', given = 'PowerDeliveryReq',
          after = 'V2G_EVCC_Msg_Timeout_PowerDeliveryReq', about = 'PowerDelivery: no answer' },
        { id = 'DRV_2_EVCC_ChargingStatus_to', given = 'ChargingStatusReq', mode = 'ac',
          after = 'V2G_EVCC_Msg_Timeout', about = 'ChargingStatus: no answer',
          doubt = 'repeats a TC_EVCC row: one of the two suffices' },
        { id = 'DRV_2_EVCC_MeteringReceipt_to', given = 'MeteringReceiptReq',
          after = 'V2G_EVCC_Msg_Timeout', paying = 'Contract', receipts = true,
          about = 'MeteringReceipt: no answer' },
        { id = 'DRV_2_EVCC_CableCheck_to', given = 'CableCheckReq', mode = 'dc',
          after = 'V2G_EVCC_Msg_Timeout', about = 'CableCheck: no answer' },
        { id = 'DRV_2_EVCC_PreCharge_to', given = 'PreChargeReq', mode = 'dc',
          after = 'V2G_EVCC_Msg_Timeout', about = 'PreCharge: no answer' },
        { id = 'DRV_2_EVCC_WeldingDetection_to', given = 'WeldingDetectionReq',
          after = 'V2G_EVCC_Msg_Timeout', about = 'WeldingDetection: no answer' },
        { id = 'DRV_2_EVCC_SessionStop_to', given = 'SessionStopReq',
          after = 'V2G_EVCC_Msg_Timeout', about = 'SessionStop: no answer' },
    },
    then_ = behaviour.gives_up,
}

cases 'wrong-response' {
    about = 'A response to another request ends the session.',
    rows = {
        { id = 'DRV_2_EVCC_SessionSetup_wrong', given = 'SessionSetupReq',
          answers = 'PaymentServiceSelectionRes', code = 'OK',
          about = 'SessionSetup: another response type' },
        { id = 'DRV_2_EVCC_PaymentServiceSelection_wrong', given = 'PaymentServiceSelectionReq',
          answers = 'ServiceDiscoveryRes', code = 'OK',
          about = 'PaymentServiceSelection: another response type' },
        { id = 'DRV_2_EVCC_CertificateInstallation_wrong', given = 'CertificateInstallationReq',
          answers = 'PaymentServiceSelectionRes', code = 'OK', paying = 'Contract',
          contract = 'install', about = 'CertificateInstallation: another response type' },
        { id = 'DRV_2_EVCC_CertificateUpdate_wrong', given = 'CertificateUpdateReq',
          answers = 'PaymentServiceSelectionRes', code = 'OK', paying = 'Contract',
          contract = 'update', about = 'CertificateUpdate: another response type' },
        { id = 'DRV_2_EVCC_PaymentDetails_wrong', given = 'PaymentDetailsReq',
          answers = 'PaymentServiceSelectionRes', code = 'OK', paying = 'Contract',
          about = 'PaymentDetails: another response type' },
        { id = 'DRV_2_EVCC_Authorization_wrong', given = 'AuthorizationReq',
          answers = 'PaymentServiceSelectionRes', code = 'OK',
          about = 'Authorization: another response type' },
        { id = 'DRV_2_EVCC_PowerDelivery_wrong', given = 'PowerDeliveryReq',
          answers = 'PaymentServiceSelectionRes', code = 'OK',
          about = 'PowerDelivery: another response type' },
        { id = 'DRV_2_EVCC_ChargingStatus_wrong', given = 'ChargingStatusReq', mode = 'ac',
          answers = 'PaymentServiceSelectionRes', code = 'OK',
          about = 'ChargingStatus: another response type' },
        { id = 'DRV_2_EVCC_MeteringReceipt_wrong', given = 'MeteringReceiptReq',
          answers = 'PaymentServiceSelectionRes', code = 'OK', paying = 'Contract', receipts = true,
          about = 'MeteringReceipt: another response type' },
        { id = 'DRV_2_EVCC_PreCharge_wrong', given = 'PreChargeReq', mode = 'dc',
          answers = 'PaymentServiceSelectionRes', code = 'OK',
          about = 'PreCharge: another response type' },
        { id = 'DRV_2_EVCC_CurrentDemand_wrong', given = 'CurrentDemandReq', mode = 'dc',
          answers = 'PaymentServiceSelectionRes', code = 'OK',
          about = 'CurrentDemand: another response type' },
        { id = 'DRV_2_EVCC_WeldingDetection_wrong', given = 'WeldingDetectionReq',
          answers = 'PaymentServiceSelectionRes', code = 'OK',
          about = 'WeldingDetection: another response type' },
        { id = 'DRV_2_EVCC_SessionStop_wrong', given = 'SessionStopReq',
          answers = 'PaymentServiceSelectionRes', code = 'OK',
          about = 'SessionStop: another response type' },
    },
    then_ = behaviour.leaves,
}

cases 'foreign-session' {
    about = 'A response with the SessionID of no session of the vehicle ends the session.',
    rows = {
        { id = 'DRV_2_EVCC_SessionSetup_sid', given = 'SessionSetupReq', SessionID = 'another',
          code = 'OK_OldSessionJoined', about = 'SessionSetup: wrong SessionID in the answer',
          doubt = 'row as written cannot fail an EV: any SessionID is new in SessionSetupRes '
              .. 'OK_NewSessionEstablished; this form is a proposal' },
        { id = 'DRV_2_EVCC_ServiceDiscovery_sid', given = 'ServiceDiscoveryReq',
          SessionID = 'another', code = 'OK',
          about = 'ServiceDiscovery: wrong SessionID in the answer',
          doubt = 'no public requirement that the EV checks the SessionID of responses: '
              .. 'deviation rather than fail until read in the standard' },
        { id = 'DRV_2_EVCC_ServiceDetail_sid', given = 'ServiceDetailReq', SessionID = 'another',
          code = 'OK', services = true, about = 'ServiceDetail: wrong SessionID in the answer',
          doubt = 'no public requirement that the EV checks the SessionID of responses: '
              .. 'deviation rather than fail until read in the standard' },
        { id = 'DRV_2_EVCC_PaymentServiceSelection_sid', given = 'PaymentServiceSelectionReq',
          SessionID = 'another', code = 'OK',
          about = 'PaymentServiceSelection: wrong SessionID in the answer',
          doubt = 'no public requirement that the EV checks the SessionID of responses: '
              .. 'deviation rather than fail until read in the standard' },
        { id = 'DRV_2_EVCC_CertificateInstallation_sid', given = 'CertificateInstallationReq',
          SessionID = 'another', code = 'OK', paying = 'Contract', contract = 'install',
          about = 'CertificateInstallation: wrong SessionID in the answer',
          doubt = 'no public requirement that the EV checks the SessionID of responses: '
              .. 'deviation rather than fail until read in the standard' },
        { id = 'DRV_2_EVCC_CertificateUpdate_sid', given = 'CertificateUpdateReq',
          SessionID = 'another', code = 'OK', paying = 'Contract', contract = 'update',
          about = 'CertificateUpdate: wrong SessionID in the answer',
          doubt = 'no public requirement that the EV checks the SessionID of responses: '
              .. 'deviation rather than fail until read in the standard' },
        { id = 'DRV_2_EVCC_PaymentDetails_sid', given = 'PaymentDetailsReq', SessionID = 'another',
          code = 'OK', paying = 'Contract', about = 'PaymentDetails: wrong SessionID in the answer',
          doubt = 'no public requirement that the EV checks the SessionID of responses: '
              .. 'deviation rather than fail until read in the standard' },
        { id = 'DRV_2_EVCC_Authorization_sid', given = 'AuthorizationReq', SessionID = 'another',
          code = 'OK', about = 'Authorization: wrong SessionID in the answer',
          doubt = 'no public requirement that the EV checks the SessionID of responses: '
              .. 'deviation rather than fail until read in the standard' },
        { id = 'DRV_2_EVCC_ChargeParameterDiscovery_sid', given = 'ChargeParameterDiscoveryReq',
          SessionID = 'another', code = 'OK',
          about = 'ChargeParameterDiscovery: wrong SessionID in the answer',
          doubt = 'no public requirement that the EV checks the SessionID of responses: '
              .. 'deviation rather than fail until read in the standard' },
        { id = 'DRV_2_EVCC_PowerDelivery_sid', given = 'PowerDeliveryReq', SessionID = 'another',
          code = 'OK', about = 'PowerDelivery: wrong SessionID in the answer',
          doubt = 'no public requirement that the EV checks the SessionID of responses: '
              .. 'deviation rather than fail until read in the standard' },
        { id = 'DRV_2_EVCC_ChargingStatus_sid', given = 'ChargingStatusReq', mode = 'ac',
          SessionID = 'another', code = 'OK',
          about = 'ChargingStatus: wrong SessionID in the answer',
          doubt = 'no public requirement that the EV checks the SessionID of responses: '
              .. 'deviation rather than fail until read in the standard' },
        { id = 'DRV_2_EVCC_MeteringReceipt_sid', given = 'MeteringReceiptReq',
          SessionID = 'another', code = 'OK', paying = 'Contract', receipts = true,
          about = 'MeteringReceipt: wrong SessionID in the answer',
          doubt = 'no public requirement that the EV checks the SessionID of responses: '
              .. 'deviation rather than fail until read in the standard' },
        { id = 'DRV_2_EVCC_CableCheck_sid', given = 'CableCheckReq', mode = 'dc',
          SessionID = 'another', code = 'OK', about = 'CableCheck: wrong SessionID in the answer',
          doubt = 'no public requirement that the EV checks the SessionID of responses: '
              .. 'deviation rather than fail until read in the standard' },
        { id = 'DRV_2_EVCC_PreCharge_sid', given = 'PreChargeReq', mode = 'dc',
          SessionID = 'another', code = 'OK', about = 'PreCharge: wrong SessionID in the answer',
          doubt = 'no public requirement that the EV checks the SessionID of responses: '
              .. 'deviation rather than fail until read in the standard' },
        { id = 'DRV_2_EVCC_CurrentDemand_sid', given = 'CurrentDemandReq', mode = 'dc',
          SessionID = 'another', code = 'OK',
          about = 'CurrentDemand: wrong SessionID in the answer',
          doubt = 'no public requirement that the EV checks the SessionID of responses: '
              .. 'deviation rather than fail until read in the standard' },
        { id = 'DRV_2_EVCC_WeldingDetection_sid', given = 'WeldingDetectionReq',
          SessionID = 'another', code = 'OK',
          about = 'WeldingDetection: wrong SessionID in the answer',
          doubt = 'no public requirement that the EV checks the SessionID of responses: '
              .. 'deviation rather than fail until read in the standard' },
        { id = 'DRV_2_EVCC_SessionStop_sid', given = 'SessionStopReq', SessionID = 'another',
          code = 'OK', about = 'SessionStop: wrong SessionID in the answer',
          doubt = 'no public requirement that the EV checks the SessionID of responses: '
              .. 'deviation rather than fail until read in the standard' },
    },
    then_ = behaviour.leaves,
}

