-- SPDX-License-Identifier: Apache-2.0
-- Vehicles of ISO 15118-3, from the plug to the key of the network: the cases of ISO 15118-5 about
-- CM_SLAC_PARM, the sounds, and CM_SLAC_MATCH.
-- @author the v2glab authors
-- @needs a bench, or a modem and a control pilot

suite 'ISO 15118-5:2018' {
    sut = 'EVCC', protocol = 'ISO15118-3', bench = 'pair', session = 'any',
}

local FOREIGN <const> = 'F0F1F2F3F4F5F6F7' -- a RunID of nobody
local NO_MAC <const> = '000000000000'
local SOMEBODY <const> = ('42'):rep(17)

-- ---- CM_SLAC_PARM ----

cases 'TC_EVCC' {
    about = 'A vehicle begins the matching when the station shows that it is ready.',
    given = 'plugged', then_ = behaviour.requests,
    expects = 'CM_SLAC_PARM_REQ', within = 'TT_EVSE_SLAC_init',
    rows = {
        CMN_VTB_CmSlacParm_001 = { about = '5 %' },
        CMN_VTB_CmSlacParm_013 = { duty = 100, about = '100 % (X1)' },
        AC_VTB_CmSlacParm_001 = { duty = 53, about = 'AC, nominal duty cycle (32 A) from the start' },
    },
}

cases 'TC_EVCC_CMN_VTB_CmSlacParm' {
    about = 'A vehicle that is not answered as it has to be asks three times, and begins anew.',
    given = 'plugged', cites = 'V2G3-A09-04', then_ = behaviour.repeats_request,
    expects = 'CM_SLAC_PARM_REQ', within = 'TT_EVSE_SLAC_init', sends = 'CM_SLAC_PARM_CNF',
    rows = {
        [2] = { sends = false, about = 'no CM_SLAC_PARM.CNF' },
        [3] = { fields = { M_SOUND_TARGET = NO_MAC }, about = 'CM_SLAC_PARM.CNF with M_SOUND_TARGET 0' },
        [4] = { fields = { Time_Out = 0 }, about = 'CM_SLAC_PARM.CNF with Time_Out 0' },
        [5] = { fields = { RESP_TYPE = 0 }, about = 'CM_SLAC_PARM.CNF with RESP_TYPE 0' },
        [6] = { fields = { ApplicationType = 0xFF }, about = 'CM_SLAC_PARM.CNF with ApplicationType 0xFF' },
        [7] = { fields = { SecurityType = 0xFF }, about = 'CM_SLAC_PARM.CNF with SecurityType 0xFF' },
        [8] = { fields = { RunID = FOREIGN }, about = 'CM_SLAC_PARM.CNF with a foreign RunID' },
        [11] = { fields = { FORWARDING_STA = NO_MAC }, about = 'CM_SLAC_PARM.CNF with FORWARDING_STA 0' },
    },
}

cases 'TC_EVCC' {
    about = 'A vehicle does not begin before an error state of the station is over.',
    given = 'plugged', begins = 'F', then_ = behaviour.waits_for_pilot,
    rows = {
        CMN_VTB_CmSlacParm_012 = { pilot = { duty = 5 }, about = 'start out of the error state, then 5 %' },
        CMN_VTB_CmSlacParm_014 = { pilot = { duty = 100 }, about = 'start out of the error state, then 100 %' },
        AC_VTB_CmSlacParm_002 = { pilot = { duty = 53 }, mode = 'ac',
            about = 'AC, out of the error state, then nominal duty cycle (32 A)' },
    },
}

cases 'TC_EVCC_CMN_VTB_CmSlacParm_010' {
    about = 'matching repetition', if_ = 'PIXIT_EVCC_CMN_TTMatchingRepetitionConfig == true',
    given = 'plugged', cites = 'V2G3-A09-122', then_ = behaviour.keeps_matching,
}

cases 'TC_EVCC_CMN_VTB_CmSlacParm_009' {
    about = 'A vehicle does not answer what another vehicle says.',
    given = 'CM_SLAC_PARM_REQ', then_ = behaviour.ignores_vehicles,
}

-- ---- sounds ----

cases 'TC_EVCC' {
    about = 'A vehicle sounds the line, and answers what the station has heard.',
    given = 'CM_SLAC_PARM_REQ', then_ = behaviour.sounds,
    rows = {
        CMN_VTB_AttenuationCharacterization_001 = { about = 'EV sounding' },
        AC_VTB_AttenuationCharacterization_001 = { pilot = { duty = 10 }, mode = 'ac',
            about = 'duty cycle change to 10 % (EIM) does not disturb sounding' },
        AC_VTB_AttenuationCharacterization_002 = { pilot = { duty = 96 }, mode = 'ac',
            about = 'duty cycle change to 96 % (EIM) does not disturb sounding' },
    },
}

cases 'TC_EVCC_CMN_VTB_AttenuationCharacterization_002' {
    about = 'two EVSEs answer', bench = 'crosstalk', attenuation = 30,
    given = 'CM_SLAC_PARM_REQ', then_ = behaviour.answers_both,
}

cases 'TC_EVCC_CMN_VTB_AttenuationCharacterization' {
    about = 'A vehicle takes no notice of a result that is not as it has to be, or comes too late.',
    given = 'CM_MNBC_SOUND_IND', then_ = behaviour.ignores_result,
    rows = {
        [3] = { about = 'it comes too late' },
        [4] = { fields = { ApplicationType = 0xFF }, about = 'CM_ATTEN_CHAR.IND with ApplicationType 0xFF' },
        [5] = { fields = { SecurityType = 0xFF }, about = 'CM_ATTEN_CHAR.IND with SecurityType 0xFF' },
        [6] = { fields = { SOURCE_ADDRESS = NO_MAC }, about = 'CM_ATTEN_CHAR.IND with SOURCE_ADDRESS 0' },
        [7] = { fields = { RunID = FOREIGN }, about = 'CM_ATTEN_CHAR.IND with a foreign RunID' },
        [8] = { fields = { SOURCE_ID = SOMEBODY }, about = 'CM_ATTEN_CHAR.IND with SOURCE_ID that is not 0' },
        [9] = { fields = { RESP_ID = SOMEBODY }, about = 'CM_ATTEN_CHAR.IND with RESP_ID that is not 0' },
        [10] = { fields = { NumGroups = 0 }, about = 'CM_ATTEN_CHAR.IND with NumGroups 0' },
        [11] = { fields = { NUM_SOUNDS = 0 }, about = 'CM_ATTEN_CHAR.IND with NUM_SOUNDS 0' },
    },
}

cases 'TC_EVCC_CMN_VTB_AttenuationCharacterization' {
    about = 'A vehicle does not sound a line whose control pilot forbids it.',
    given = 'CM_SLAC_PARM_REQ', then_ = behaviour.stops_matching, sends = 'CM_SLAC_PARM_CNF',
    rows = {
        [12] = { pilot = { oscillator = false }, about = 'CP fault while sounding (oscillator off)' },
        [13] = { pilot = { state = 'F' }, about = 'CP fault while sounding (-12 V)' },
    },
}

-- ---- CM_SLAC_MATCH ----

cases 'TC_EVCC_CMN_VTB_CmSlacMatch_002' {
    about = 'A vehicle asks the station that it has chosen for its key.',
    given = 'CM_ATTEN_CHAR_RSP', if_ = 'PIXIT_EVCC_CMN_CmValidate == none_', then_ = behaviour.requests,
    expects = 'CM_SLAC_MATCH_REQ', within = 'TT_EVSE_match_session',
}

cases 'TC_EVCC_CMN_VTB_CmSlacMatch' {
    about = 'A vehicle that gets no key as it has to be asks three times, and does not join.',
    given = 'CM_ATTEN_CHAR_RSP', cites = 'V2G3-A09-94 V2G3-A09-95', then_ = behaviour.repeats_request,
    expects = 'CM_SLAC_MATCH_REQ', within = 'TT_EVSE_match_session', sends = 'CM_SLAC_MATCH_CNF',
    rows = {
        [3] = { sends = false, about = 'no CM_SLAC_MATCH.CNF' },
        [4] = { fields = { ApplicationType = 0xFF }, about = 'CM_SLAC_MATCH.CNF with ApplicationType 0xFF' },
        [5] = { fields = { SecurityType = 0xFF }, about = 'CM_SLAC_MATCH.CNF with SecurityType 0xFF' },
        [6] = { fields = { MVFLength = 0 }, about = 'CM_SLAC_MATCH.CNF with MVFLength 0' },
        [7] = { fields = { PEVID = SOMEBODY }, about = 'CM_SLAC_MATCH.CNF with PEVID that is not 0' },
        [8] = { fields = { PEVMAC = NO_MAC }, about = 'CM_SLAC_MATCH.CNF with PEVMAC 0' },
        [9] = { fields = { EVSEID = SOMEBODY }, about = 'CM_SLAC_MATCH.CNF with EVSEID that is not 0' },
        [10] = { fields = { EVSEMAC = NO_MAC }, about = 'CM_SLAC_MATCH.CNF with EVSEMAC 0' },
        [11] = { fields = { RunID = FOREIGN }, about = 'CM_SLAC_MATCH.CNF with a foreign RunID' },
    },
}

cases 'TC_EVCC_CMN_VTB_CmSlacMatch_012' {
    about = 'two EVSEs, EV matches the one with the lowest attenuation', bench = 'crosstalk', attenuation = 8,
    given = 'CM_SLAC_PARM_REQ', then_ = behaviour.chooses,
}
