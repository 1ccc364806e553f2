-- SPDX-License-Identifier: Apache-2.0
-- Stations of ISO 15118-3, from the plug to the key of the network: the cases of ISO 15118-5 about
-- CM_SLAC_PARM, the sounds, and CM_SLAC_MATCH.
-- @author the v2glab authors
-- @needs a bench, or a modem and a control pilot

suite 'ISO 15118-5:2018' {
    sut = 'SECC', protocol = 'ISO15118-3', bench = 'pair', session = 'any',
}

local FOREIGN <const> = 'F0F1F2F3F4F5F6F7' -- a RunID of nobody
local NO_MAC <const> = '000000000000'
local SOMEBODY <const> = ('42'):rep(17)

-- ---- CM_SLAC_PARM ----

cases 'TC_SECC_CMN_VTB_CmSlacParm' {
    about = 'A station answers CM_SLAC_PARM.REQ, whatever the vehicle wants first.',
    given = 'plugged', cites = 'V2G3-A09-04 V2G3-A09-05', then_ = behaviour.confirms,
    sends = 'CM_SLAC_PARM_REQ', expects = 'CM_SLAC_PARM_CNF',
    rows = {
        [1] = { about = 'in state B' },
        [2] = { plug = 'C', about = 'in state C' },
        [3] = { plug = 'D', about = 'in state D' },
        -- how soon after the plug: a time of hardware, which a bench does not show
        [8] = { about = 'PLC node awake quickly after plug-in' },
        [9] = { about = 'after it shows 5 % or a nominal duty cycle' },
    },
}

cases 'TC_SECC_CMN_VTB_CmSlacParm' {
    about = 'A station that has heard nothing good in TT_EVSE_SLAC_init does not answer any more.',
    given = 'plugged', then_ = behaviour.takes_no_notice,
    sends = 'CM_SLAC_PARM_REQ', late = 'CM_SLAC_PARM_REQ', until_ = 'TT_EVSE_SLAC_init',
    rows = {
        [5] = { fields = { ApplicationType = 0xFF }, about = 'CM_SLAC_PARM.REQ with ApplicationType 0xFF' },
        [6] = { fields = { SecurityType = 0xFF }, about = 'CM_SLAC_PARM.REQ with SecurityType 0xFF' },
    },
}

cases 'TC_SECC_CMN_VTB_CmSlacParm_004' {
    about = 'A station that has heard nothing in TT_EVSE_SLAC_init does not answer any more.',
    given = 'plugged', cites = 'V2G3-M06-07', then_ = behaviour.takes_no_notice,
    sends = 'CM_SLAC_PARM_REQ', waits = 'TT_EVSE_SLAC_init',
}

cases 'TC_SECC_CMN_VTB_CmSlacParm_007' {
    about = 'A station does not answer a vehicle that is not plugged in.',
    given = 'plugged', then_ = behaviour.takes_no_notice,
    sends = 'CM_SLAC_PARM_REQ', pilot = { state = 'A' },
}

local EIM <const> = ' and PICS_CMN_CMN_IdentificationMode == eIM and PICS_SECC_CMN_EIMDone == '
local FIVE <const> = 'PIXIT_SECC_AC_InitialDutyCycle == dc5'
local STEADY <const> = 'PIXIT_SECC_AC_InitialDutyCycle == dc100'

cases 'TC_SECC_AC_VTB_CmSlacParm' {
    about = 'A station whose user authorizes shows a nominal duty cycle, and can be matched with.',
    given = 'plugged', mode = 'ac', cites = 'V2G3-M06-08', then_ = behaviour.is_authorized, percent = 53,
    rows = {
        [1] = { if_ = FIVE .. EIM .. 'afterPlugin', over = 'E', station = { slac = { authorized = 2000 } },
                about = 'EIM given after plug-in, initial 5 % duty cycle' },
        [3] = { if_ = STEADY .. EIM .. 'afterPlugin', over = 'E', steady = true,
                station = { slac = { authorized = 2000, duty = 100 } },
                about = 'EIM given after plug-in, initial 100 % (X1)' },
        [4] = { if_ = 'PICS_CMN_CMN_IdentificationMode == eIM and PICS_SECC_CMN_EIMDone == beforePlugin',
                station = { slac = { duty = 53 } },
                about = 'EIM given before plug-in' },
    },
}

cases 'TC_SECC_AC_VTB_CmSlacParm_002' {
    about = 'EV without HLC at a 5 % AC station',
    given = 'plugged', mode = 'ac', cites = 'V2G3-M06-07', then_ = behaviour.gives_up_matching,
    if_ = FIVE .. ' and PICS_CMN_CMN_IdentificationMode == eIM',
}

-- ---- sounds ----

cases 'TC_SECC_CMN_VTB_AttenuationCharacterization' {
    about = 'A station tells how well it hears the sounds, also where some are missing.',
    given = 'CM_SLAC_PARM_CNF', cites = 'V2G3-A09-19 V2G3-A09-30', then_ = behaviour.measures,
    rows = {
        [1] = { about = 'all sounds' },
        [3] = { count = 9, about = 'fewer sounds than announced' },
    },
}

cases 'TC_SECC_CMN_VTB_AttenuationCharacterization_002' {
    about = 'A station answers a new matching of a vehicle whose sounds it has just measured.',
    given = 'CM_SLAC_PARM_CNF', then_ = behaviour.begins_anew,
}

-- On a bench alone: the cable is another one by the attenuation of a second vehicle's path.
cases 'TC_SECC_CMN_VTB_AttenuationCharacterization_020' {
    about = 'What a station has heard follows the attenuation of the cable.',
    given = 'CM_SLAC_PARM_CNF', then_ = behaviour.follows_cable, bench = 'two-vehicles', deviation = 5,
}

cases 'TC_SECC_CMN_VTB_AttenuationCharacterization' {
    about = 'A result that is not answered as it has to be is sent three times; then the matching ends.',
    given = 'CM_SLAC_PARM_CNF', cites = 'V2G3-A09-46', then_ = behaviour.repeats_result,
    rows = {
        [4] = { about = 'no CM_ATTEN_CHAR.RSP' },
        [5] = { fields = { ApplicationType = 0xFF }, about = 'CM_ATTEN_CHAR.RSP with ApplicationType 0xFF' },
        [6] = { fields = { SecurityType = 0xFF }, about = 'CM_ATTEN_CHAR.RSP with SecurityType 0xFF' },
        [7] = { fields = { SOURCE_ADDRESS = NO_MAC }, about = 'CM_ATTEN_CHAR.RSP with SOURCE_ADDRESS 0' },
        [8] = { fields = { RunID = FOREIGN }, about = 'CM_ATTEN_CHAR.RSP with a foreign RunID' },
        [9] = { fields = { SOURCE_ID = SOMEBODY }, about = 'CM_ATTEN_CHAR.RSP with SOURCE_ID that is not 0' },
        [10] = { fields = { RESP_ID = SOMEBODY }, about = 'CM_ATTEN_CHAR.RSP with RESP_ID that is not 0' },
        [11] = { fields = { Result = 0xFF }, about = 'CM_ATTEN_CHAR.RSP with Result 0xFF' },
    },
}

cases 'TC_SECC_CMN_VTB_AttenuationCharacterization' {
    about = 'A station does not measure where the sounds do not begin as they have to.',
    given = 'CM_SLAC_PARM_CNF', then_ = behaviour.takes_no_notice,
    sends = 'sounds', within = 'TT_EV_atten_results',
    rows = {
        [12] = { waits = 'TT_match_sequence', about = 'it comes too late' },
        [13] = { start = { ApplicationType = 0xFF }, about = 'CM_START_ATTEN_CHAR.IND with ApplicationType 0xFF' },
        [14] = { start = { SecurityType = 0xFF }, about = 'CM_START_ATTEN_CHAR.IND with SecurityType 0xFF' },
        [15] = { start = { NUM_SOUNDS = 0 }, about = 'CM_START_ATTEN_CHAR.IND with NUM_SOUNDS 0' },
        [16] = { start = { Time_Out = 0 }, about = 'CM_START_ATTEN_CHAR.IND with Time_Out 0' },
        [17] = { start = { RESP_TYPE = 0 }, about = 'CM_START_ATTEN_CHAR.IND with RESP_TYPE 0' },
        [18] = { start = { RunID = FOREIGN }, about = 'CM_START_ATTEN_CHAR.IND with a foreign RunID' },
        [19] = { pilot = { state = 'A' }, about = 'the vehicle is unplugged before' },
    },
}

-- ---- CM_SLAC_MATCH ----

-- Without and with a validation before it: the way there, the time in which the request may come,
-- and what the device claims.
local BEFORE <const> = {
    { given = 'CM_ATTEN_CHAR_RSP', time = 'TT_EVSE_match_session',
      if_ = 'PIXIT_SECC_CMN_CmValidate == none_', about = '' },
    { given = 'CM_VALIDATE_CNF', time = 'TT_match_sequence',
      if_ = 'PIXIT_SECC_CMN_CmValidate == cmValidate', about = ', after a validation' },
}

-- What is wrong with a request; by the first of the two numbers of its cases.
local WRONG <const> = {
    [5] = { waits = true, about = 'it comes too late' },
    [7] = { fields = { ApplicationType = 0xFF }, about = 'CM_SLAC_MATCH.REQ with ApplicationType 0xFF' },
    [9] = { fields = { SecurityType = 0xFF }, about = 'CM_SLAC_MATCH.REQ with SecurityType 0xFF' },
    [11] = { fields = { MVFLength = 0 }, about = 'CM_SLAC_MATCH.REQ with MVFLength 0' },
    [13] = { fields = { PEVID = SOMEBODY }, about = 'CM_SLAC_MATCH.REQ with PEVID that is not 0' },
    [15] = { fields = { PEVMAC = NO_MAC }, about = 'CM_SLAC_MATCH.REQ with PEVMAC 0' },
    [17] = { fields = { EVSEID = SOMEBODY }, about = 'CM_SLAC_MATCH.REQ with EVSEID that is not 0' },
    [19] = { fields = { EVSEMAC = NO_MAC }, about = 'CM_SLAC_MATCH.REQ with EVSEMAC 0' },
    [21] = { fields = { RunID = FOREIGN }, about = 'CM_SLAC_MATCH.REQ with a foreign RunID' },
    [23] = { pilot = { state = 'A' }, about = 'the vehicle is unplugged before' },
}

for i, before in ipairs(BEFORE) do
    cases 'TC_SECC_CMN_VTB_CmSlacMatch' {
        about = 'A station gives the vehicle that chose it the key of its network.',
        given = before.given, cites = 'V2G3-A09-93', if_ = before.if_, then_ = behaviour.confirms,
        sends = 'CM_SLAC_MATCH_REQ', expects = 'CM_SLAC_MATCH_CNF',
        rows = {
            [i] = { about = 'a request' .. before.about },
            [2 + i] = { times = 2, about = 'a request, repeated' .. before.about },
        },
    }
    local rows = {}
    for number, wrong in pairs(WRONG) do
        local row = { about = wrong.about .. before.about, fields = wrong.fields, pilot = wrong.pilot,
                      waits = wrong.waits and before.time or nil }
        if wrong.fields then
            row.late, row.until_ = 'CM_SLAC_MATCH_REQ', before.time
        end
        rows[number + i - 1] = row
    end
    cases 'TC_SECC_CMN_VTB_CmSlacMatch' {
        about = 'A station gives its key to nobody whose request is not as it has to be.',
        given = before.given, if_ = before.if_, then_ = behaviour.takes_no_notice,
        sends = 'CM_SLAC_MATCH_REQ', rows = rows,
    }
end
