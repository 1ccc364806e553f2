-- SPDX-License-Identifier: Apache-2.0
-- The timing parameters of the standards, by protocol and by the standard's names, in milliseconds.
--
-- A parameter that differs from message to message carries the message's name behind its own
-- (V2G_EVCC_Msg_Timeout_CurrentDemandReq); without one it is for all others. A value with profiles
-- is a table: `strict` is the standard's number, `field` what devices in use need or grant.
-- A script may change them: require('timers')['DIN70121'].V2G_EVCC_Msg_Timeout = 3000

local timers = {}

timers.AppProtocol = {
    V2G_EVCC_Msg_Timeout = 2000,
    V2G_SECC_Msg_Performance_Time = 1500,
    V2G_SECC_Sequence_Timeout = 60000,
}

timers.SDP = {
    V2G_EVCC_Msg_Timeout = { strict = 250, field = 1250 }, -- 0.25 s is too short for some stations
    V2G_SECC_Msg_Performance_Time = 250,
    V2G_SECC_Sequence_Timeout = 60000,
}

timers['DIN70121'] = {
    V2G_EVCC_Msg_Timeout = 2000,
    V2G_EVCC_Msg_Timeout_CurrentDemandReq = { strict = 250, field = 500 },
    V2G_SECC_Msg_Performance_Time = 1500,
    V2G_SECC_Msg_Performance_Time_CurrentDemandReq = 25,
    V2G_SECC_Sequence_Timeout = 60000,
    -- in the charging loop [V2G-DC-957]; stations in use grant 60 s everywhere
    V2G_SECC_Sequence_Timeout_CurrentDemandRes = { strict = 5000, field = 60000 },
    V2G_EVCC_CommunicationSetup_Timeout = 20000,
    V2G_SECC_CommunicationSetup_Performance_Time = 18000,
    V2G_EVCC_ReadyToCharge_Timeout = 150000,
    V2G_EVCC_CableCheck_Timeout = 40000,
    V2G_SECC_CableCheck_Performance_Time = 38000,
    V2G_EVCC_PreCharge_Timeout = { strict = 7000, field = 10000 },
    V2G_SECC_PreCharge_Performance_Time = 5000,
    V2G_EVCC_Ongoing_Timeout = 60000,
    V2G_SECC_Ongoing_Performance_Time = 55000,
    V2G_EVCC_WeldingDetection_Timeout = 20000,
    V2G_SECC_PowerDelivery_Timeout = 20000, -- [V2G-DC-969]
    V2G_SECC_CPState_Detection_Timeout = 1500,
    V2G_SECC_CPOscillator_Retain_Time = 1500,
    TCP_Connection_Termination_Timeout = 5000,
}

timers['ISO15118-2'] = {
    V2G_EVCC_Msg_Timeout = 2000,
    V2G_EVCC_Msg_Timeout_ServiceDetailReq = 5000,
    V2G_EVCC_Msg_Timeout_CertificateInstallationReq = 5000,
    V2G_EVCC_Msg_Timeout_CertificateUpdateReq = 5000,
    V2G_EVCC_Msg_Timeout_PaymentDetailsReq = { strict = 5000, field = 5000 }, -- some say 2 s
    V2G_EVCC_Msg_Timeout_PowerDeliveryReq = 5000,
    V2G_EVCC_Msg_Timeout_CurrentDemandReq = { strict = 250, field = 500 },
    V2G_SECC_Msg_Performance_Time = 1500,
    V2G_SECC_Msg_Performance_Time_ServiceDetailReq = 4500,
    V2G_SECC_Msg_Performance_Time_CertificateInstallationReq = 4500,
    V2G_SECC_Msg_Performance_Time_CertificateUpdateReq = 4500,
    V2G_SECC_Msg_Performance_Time_PaymentDetailsReq = 4500,
    V2G_SECC_Msg_Performance_Time_PowerDeliveryReq = 4500,
    V2G_SECC_Msg_Performance_Time_CurrentDemandReq = 25,
    V2G_SECC_Sequence_Timeout = 60000,
    V2G_EVCC_Sequence_Performance_Time = 40000,
    V2G_EVCC_CommunicationSetup_Timeout = 20000,
    V2G_SECC_CommunicationSetup_Performance_Time = 18000,
    V2G_EVCC_Ongoing_Timeout = 60000,
    V2G_SECC_Ongoing_Performance_Time = 55000,
    V2G_EVCC_CableCheck_Timeout = 40000,
    V2G_SECC_CableCheck_Performance_Time = 38000,
    V2G_EVCC_PreCharge_Timeout = { strict = 7000, field = 10000 },
    V2G_SECC_PreCharge_Performance_Time = 5000,
    V2G_EVCC_WeldingDetection_Timeout = { strict = 20000, field = 60000 },
    V2G_SECC_CPState_Detection_Timeout = 1500,
    TCP_Connection_Termination_Timeout = 5000,
}

-- In the charge loop of ISO 15118-20 the next request must come within 0.5 s; devices in use grant
-- the 60 s of all other messages.
local loop_sequence = { strict = 500, field = 60000 }

timers['ISO15118-20'] = {
    V2G_EVCC_Msg_Timeout = 2000,
    V2G_EVCC_Msg_Timeout_ServiceDetailReq = 5000,
    V2G_EVCC_Msg_Timeout_CertificateInstallationReq = 5000,
    V2G_EVCC_Msg_Timeout_AC_ChargeLoopReq = 500,
    V2G_EVCC_Msg_Timeout_DC_ChargeLoopReq = 500,
    V2G_EVCC_Msg_Timeout_WPT_ChargeLoopReq = 500,
    V2G_SECC_Msg_Performance_Time = 1500,
    V2G_SECC_Msg_Performance_Time_AC_ChargeLoopReq = 250,
    V2G_SECC_Msg_Performance_Time_DC_ChargeLoopReq = 250,
    V2G_SECC_Msg_Performance_Time_WPT_ChargeLoopReq = 250,
    V2G_SECC_Sequence_Timeout = 60000,
    V2G_SECC_Sequence_Timeout_AC_ChargeLoopRes = loop_sequence,
    V2G_SECC_Sequence_Timeout_DC_ChargeLoopRes = loop_sequence,
    V2G_SECC_Sequence_Timeout_WPT_ChargeLoopRes = loop_sequence,
    V2G_EVCC_Sequence_Performance_Time_AC_ChargeLoopReq = 250,
    V2G_EVCC_Sequence_Performance_Time_DC_ChargeLoopReq = 250,
    V2G_EVCC_Sequence_Performance_Time_WPT_ChargeLoopReq = 250,
    V2G_EVCC_CommunicationSetup_Timeout = 20000,
    V2G_SECC_CommunicationSetup_Performance_Time = 18000,
    V2G_EVCC_Ongoing_Timeout = 60000,
    V2G_SECC_Ongoing_Performance_Time = 55000,
    V2G_SECC_EIM_Ongoing_Timeout = 180000,
    V2G_EVCC_CableCheck_Timeout = 40000,
    V2G_EVCC_PreCharge_Timeout = 10000,
    V2G_EVCC_WeldingDetection_Timeout = 60000,
    EVSENotificationMaxDelay = 60000,
    TCP_Connection_Termination_Timeout = 5000,
}

return timers
