-- SPDX-License-Identifier: Apache-2.0
-- Stations of ISO 15118-3 that are to prove by toggles of the control pilot that they are on the
-- vehicle's cable: the cases of ISO 15118-5 about CM_VALIDATE.
-- @author the v2glab authors
-- @needs a bench, or a modem and a control pilot

suite 'ISO 15118-5:2018' {
    sut = 'SECC', protocol = 'ISO15118-3', bench = 'pair', session = 'any',
}

local COUNTS <const> = 'PIXIT_SECC_CMN_CmValidate == cmValidate'
local NOT_REQUIRED <const> = COUNTS .. ' and PIXIT_SECC_CMN_ArchitectureValidationNotRequired == true'

cases 'TC_SECC_CMN_VTB_CmValidate' {
    about = 'A station counts the toggles of the control pilot.',
    given = 'CM_ATTEN_CHAR_RSP', if_ = COUNTS, then_ = behaviour.validates,
    rows = {
        [1] = { about = 'BCB toggle validation' },
        [2] = { times = 2, about = 'step 1 repeated' },
        [11] = { station = { slac = { validation = 'not_required' } }, response = { Result = 4 },
                 if_ = NOT_REQUIRED, about = 'SECC that needs no validation, EV goes on' },
    },
}

cases 'TC_SECC_CMN_VTB_CmValidate' {
    about = 'A station that is ready and hears nothing good says so twice more, and ends the matching.',
    given = 'CM_ATTEN_CHAR_RSP', if_ = COUNTS, then_ = behaviour.repeats_readiness,
    rows = {
        [3] = { about = 'EV silent after step 1' },
        [4] = { fields = { Timer = 1, SignalType = 0xFF }, about = 'wrong SignalType' },
    },
}

cases 'TC_SECC_CMN_VTB_CmValidate' {
    about = 'A vehicle that is not ready has given the validation up.',
    given = 'CM_ATTEN_CHAR_RSP', if_ = COUNTS, then_ = behaviour.ends_validation,
    rows = {
        [5] = { fields = { Timer = 1, Result = 0 }, about = 'wrong Result in step 2: not ready' },
        [6] = { fields = { Timer = 1, Result = 2 }, about = 'wrong Result in step 2: success' },
        [7] = { fields = { Timer = 1, Result = 3 }, about = 'wrong Result in step 2: failure' },
        [8] = { fields = { Timer = 1, Result = 4 }, about = 'wrong Result in step 2: not required' },
        [13] = { pilot = { state = 'A' }, about = 'unplug during validation' },
    },
}

cases 'TC_SECC_CMN_VTB_CmValidate_009' {
    about = 'two EVs validate at the same time',
    given = 'CM_ATTEN_CHAR_RSP', cites = 'V2G3-M09-13', if_ = COUNTS, bench = 'two-vehicles',
    then_ = behaviour.validates_one,
}

cases 'TC_SECC_CMN_VTB_CmValidate_010' {
    about = 'SECC without validation support',
    given = 'CM_ATTEN_CHAR_RSP', cites = 'V2G3-A09-51', then_ = behaviour.confirms,
    if_ = 'PIXIT_SECC_CMN_CmValidate == none_', station = { slac = { validation = 'none' } },
    sends = 'CM_VALIDATE_REQ', expects = 'CM_VALIDATE_CNF', response = { Result = 3 },
}

cases 'TC_SECC_CMN_VTB_CmValidate_012' {
    about = 'SECC that needs no validation, EV skips',
    given = 'CM_ATTEN_CHAR_RSP', if_ = NOT_REQUIRED, station = { slac = { validation = 'not_required' } },
    then_ = function(it)
        it:asks_for('CM_VALIDATE_CNF', 'CM_VALIDATE_REQ', nil, { Result = 4 })
        it:asks_for('CM_SLAC_MATCH_CNF', 'CM_SLAC_MATCH_REQ')
    end,
}
