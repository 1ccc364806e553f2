-- SPDX-License-Identifier: Apache-2.0
-- The timing parameters of the standards, by protocol and by the standard's names, in milliseconds.
--
-- A parameter that differs from message to message carries the message's name behind its own
-- (V2G_EVCC_Msg_Timeout_CurrentDemandReq); without one it is for all others. A value with profiles
-- is a table: `strict` is the standard's number, `field` what devices in use need or grant, `test`
-- what the test system of ISO 15118-4 goes by; where one is absent, `strict` holds.
-- A script may change them: require('timers')['DIN70121'].V2G_EVCC_Msg_Timeout = 3000

local timers = {}

timers.AppProtocol = {
    V2G_EVCC_Msg_Timeout_supportedAppProtocolReq = 2000,
    V2G_SECC_Msg_Performance_Time_supportedAppProtocolReq = 1500,
    V2G_SECC_Sequence_Timeout = 60000,
}

timers.SDP = {
    -- 0.25 s is too short for some stations; so much is also the time between two of them
    V2G_EVCC_Msg_Timeout_SECCDiscoveryReq = { strict = 250, field = 1250, test = 1250 },
    V2G_SECC_Msg_Performance_Time_SECCDiscoveryReq = 250,
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
    V2G_SECC_WeldingDetection_Timeout = 20000, -- [V2G-DC-925] [V2G-DC-926]
    -- from PowerDeliveryRes(Start) on: that of the loop, or that before it; sources differ
    V2G_SECC_FirstLoopReq_Timeout = { strict = 60000, test = 5000 },
    V2G_SECC_CPState_Detection_Timeout = 1500,
    V2G_SECC_CPOscillator_Retain_Time = 1500,
    TCP_Connection_Termination_Timeout = 5000,
}

timers['ISO15118-2'] = {
    V2G_EVCC_Msg_Timeout = 2000,
    V2G_EVCC_Msg_Timeout_ServiceDetailReq = 5000,
    V2G_EVCC_Msg_Timeout_CertificateInstallationReq = 5000,
    V2G_EVCC_Msg_Timeout_CertificateUpdateReq = 5000,
    V2G_EVCC_Msg_Timeout_PaymentDetailsReq = { strict = 5000, test = 2000 },
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
    V2G_SECC_CPState_Detection_Timeout = { strict = 1500, test = 250 },
    EV_CP_State_Change_Time = 250,      -- C or D after PowerDeliveryReq(Start), B after Stop (AC)
    EVSE_Contactor_Closing_Time = 3000, -- AC, within PowerDelivery(Start)
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
    -- from PowerDeliveryRes(Start) on: that of the loop, or that before it; sources differ
    V2G_SECC_FirstLoopReq_Timeout = { strict = 60000, test = 500 },
    V2G_EVCC_Ongoing_Timeout = 60000,
    V2G_SECC_Ongoing_Performance_Time = 55000,
    V2G_SECC_EIM_Ongoing_Timeout = 180000,
    V2G_EVCC_CableCheck_Timeout = 40000,
    V2G_EVCC_PreCharge_Timeout = 10000,
    V2G_EVCC_WeldingDetection_Timeout = 60000,
    V2G_SECC_CPState_Detection_Timeout = 1500,
    EVSENotificationMaxDelay = 60000, -- for a new schedule, or the end of a standby
    EVSE_Contactor_Closing_Time = 3000, -- AC, within PowerDelivery(Start)
    TCP_Connection_Termination_Timeout = 5000,
}

-- Parameters of the test system of ISO 15118-4, for test cases.
timers.Tester = {
    par_CMN_Transmission_Delay = 250, -- on top of every limit that is checked
    par_CMN_HAL_Timeout = 2000, par_CMN_waitForNextHAL = 500, par_CMN_Intern_PTC_Timeout = 400,
    par_CMN_setKey = 3000, par_CMN_TCP_Connection_Termination_Timeout = 5000,
    par_EVCC_SDP_Timeout = 1250, par_EVCC_waitForNextTC = 2000,
    par_SECC_waitForNextTC = 5000, par_SECC_T_step_X1 = 3000, par_SECC_B1_B2_Timeout = 8000,
    par_SECC_chargingLoop_pause = 500, par_V2G_SECC_CPState_Error_Detection_Timeout = 1500,
    PICS_CMN_CMN_WakeUp = 300000, PIXIT_CMN_CMN_WakeUp = 200000,
    PIXIT_EVCC_CMN_ValidationRetry = 500, PIXIT_EVCC_CMN_TTMatchingRate = 400,
    PIXIT_EVCC_AC_TconnResetup = 6000,
}

-- SLAC (ISO 15118-3): times, and counters (C_…), which are no milliseconds.
timers.SLAC = {
    TT_EVSE_SLAC_init = { strict = 20000, field = 40000 }, -- 20 to 50 s
    TP_EV_SLAC_init = 10000,
    TT_match_response = 200, TP_match_response = 100,
    TT_match_sequence = 400, TP_match_sequence = 100,
    TT_EVSE_match_MNBC = 600, TP_EV_batch_msg_interval = 40, TT_EV_atten_results = 1200,
    TT_EVSE_match_session = 10000, TT_match_join = 12000, TP_match_leave = 1000,
    TT_matching_repetition = 10000, TT_matching_rate = 400, TT_amp_map_exchange = 200,
    TT_link_status_response = 5000, TP_EV_vald_state_duration = 400,
    T_vald_state_duration_max = 400, TP_EV_vald_toggle = 2000, TT_EVSE_vald_toggle = 3500,
    T_step_EF = 4000, T_conn_max_comm = 8000, T_step_X1 = 3000, T_conn_resume = 6000,
    C_EV_match_retry = 2,           -- repetitions of a request
    C_EV_start_atten_char_inds = 3, -- CM_START_ATTEN_CHAR.IND
    C_EV_match_MNBC = 10,           -- M-Sounds
    C_sequ_retry = 2,               -- ways over E or F, where no vehicle begins to match
}

return timers
