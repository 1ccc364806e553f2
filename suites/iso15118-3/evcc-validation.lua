-- SPDX-License-Identifier: Apache-2.0
-- Vehicles of ISO 15118-3 that find out by toggles of the control pilot which station is theirs:
-- the cases of ISO 15118-5 about CM_VALIDATE.
-- @author the v2glab authors
-- @needs a bench, or a modem and a control pilot

local VALIDATES <const> = 'PIXIT_EVCC_CMN_CmValidate == cmValidate'

suite 'ISO 15118-5:2018' {
    sut = 'EVCC', protocol = 'ISO15118-3', bench = 'pair', session = 'any',
}

-- A vehicle of ours that validates, with what else a row wants of it.
local function validating(more)
    local slac = { validates = 'always' }
    for key, value in pairs(more or {}) do
        slac[key] = value
    end
    return { slac = slac }
end

cases 'TC_EVCC_CMN_VTB' {
    about = 'A vehicle toggles the control pilot, and asks for the key once that was seen.',
    given = 'CM_ATTEN_CHAR_RSP', if_ = VALIDATES, vehicle = validating(), then_ = behaviour.toggles,
    rows = {
        CmValidate_001 = { about = 'EV validation' },
        CmValidate_002 = { pilot = { duty = 10 }, about = 'validation, duty cycle changes to 10 %' },
        CmValidate_003 = { pilot = { duty = 96 }, about = 'validation, duty cycle changes to 96 %' },
        CmSlacMatch_001 = { about = 'EV match request' },
    },
}

cases 'TC_EVCC_CMN_VTB_CmValidateOrCmSlacMatch_001' {
    about = 'EV may validate or match directly', if_ = 'PIXIT_EVCC_CMN_CmValidate == unknown',
    given = 'CM_ATTEN_CHAR_RSP', then_ = behaviour.validates_or_not,
}

cases 'TC_EVCC_CMN_VTB_CmValidate' {
    about = 'A vehicle whose request is not answered as it has to be asks three times.',
    given = 'CM_ATTEN_CHAR_RSP', if_ = VALIDATES, vehicle = validating(), then_ = behaviour.repeats_request,
    expects = 'CM_VALIDATE_REQ', within = 'TT_EVSE_match_session', sends = 'CM_VALIDATE_CNF',
    rows = {
        [4] = { sends = false, about = 'no CM_VALIDATE.CNF' },
        [5] = { fields = { SignalType = 0xFF }, about = 'CM_VALIDATE.CNF with SignalType 0xFF' },
        [6] = { fields = { ToggleNum = 0xFF }, about = 'CM_VALIDATE.CNF with ToggleNum 0xFF' },
    },
}

cases 'TC_EVCC_CMN_VTB_CmValidate' {
    about = 'A vehicle takes the next station where a validation fails, and asks neither again.',
    given = 'CM_SLAC_PARM_REQ', if_ = VALIDATES, vehicle = validating(), bench = 'crosstalk',
    attenuation = 21, then_ = behaviour.validates_with_both,
    rows = {
        [7] = { about = 'two EVSEs, both give no CNF' },
        [8] = { first = 2, about = 'two EVSEs, both answer success in step 1' },
        [9] = { first = 1, about = 'two EVSEs, no CNF to step 2' },
        [10] = { first = 1, second = 3, about = 'two EVSEs, both answer failure in step 2' },
        [11] = { first = 1, second = 0, about = 'two EVSEs, both answer notReady in step 2' },
        [12] = { first = 1, second = 4, about = 'two EVSEs, both answer notRequired in step 2' },
        [13] = { first = 3, about = 'failure: EV continues with the next EVSE',
                 if_ = 'PIXIT_EVCC_CMN_FallbackValidationFailed == continue_' },
        [19] = { first = 0, about = 'notReady: EV iterates to the next EVSE',
                 if_ = 'PIXIT_EVCC_CMN_ConcurrentValidation == iterate' },
    },
}

cases 'TC_EVCC_CMN_VTB_CmValidate' {
    about = 'What a vehicle does where a station does not look at the control pilot.',
    given = 'CM_ATTEN_CHAR_RSP', if_ = VALIDATES, then_ = behaviour.is_declined,
    rows = {
        [14] = { result = 3, vehicle = validating { failed = 'end' },
                 if_ = 'PIXIT_EVCC_CMN_FallbackValidationFailed == terminate',
                 about = 'failure: EV terminates matching' },
        [15] = { result = 3, vehicle = validating { failed = 'skip' }, expects = 'CM_SLAC_MATCH_REQ',
                 if_ = 'PIXIT_EVCC_CMN_FallbackValidationFailed == skip',
                 about = 'failure: EV skips validation' },
        [16] = { result = 4, vehicle = validating { not_required = 'toggle' },
                 if_ = 'PIXIT_EVCC_CMN_FallbackValidationNotRequired == continue_',
                 expects = 'CM_VALIDATE_REQ', response = { Timer = at_least(1) },
                 about = 'notRequired: EV continues' },
        [17] = { result = 4, vehicle = validating { not_required = 'skip' }, expects = 'CM_SLAC_MATCH_REQ',
                 if_ = 'PIXIT_EVCC_CMN_FallbackValidationNotRequired == skip',
                 about = 'notRequired: EV skips' },
        [18] = { result = 0, vehicle = validating { not_ready = 'again' }, expects = 'CM_VALIDATE_REQ',
                 within = 'PIXIT_EVCC_CMN_ValidationRetry + par_CMN_Transmission_Delay',
                 if_ = 'PIXIT_EVCC_CMN_ConcurrentValidation == retry',
                 about = 'notReady: EV retries later' },
    },
}

cases 'TC_EVCC_CMN_VTB_CmValidate' {
    about = 'A vehicle does not toggle where the control pilot forbids it.',
    given = 'CM_VALIDATE_REQ', if_ = VALIDATES, vehicle = validating(), then_ = behaviour.stops_matching,
    sends = 'CM_VALIDATE_CNF',
    rows = {
        [20] = { pilot = { oscillator = false }, about = 'CP fault during validation (oscillator off)' },
        [21] = { pilot = { state = 'F' }, about = 'CP fault during validation (-12 V)' },
    },
}
