-- SPDX-License-Identifier: Apache-2.0
-- Stations of ISO 15118-3 from the key of the network on: the cases of ISO 15118-5 about CM_AMP_MAP
-- and the link. Where a case is about the time in which hardware wakes up (`latency` of a row), a
-- bench shows that the device goes its way, not how long that takes.
-- @author the v2glab authors
-- @needs a bench, or a modem and a control pilot

suite 'ISO 15118-5:2018' {
    sut = 'SECC', protocol = 'ISO15118-3', bench = 'pair', session = 'any',
}

-- ---- CM_AMP_MAP ----

local MAPS <const> = 'PIXIT_CMN_CMN_CmAmpMap == true'
local TESTER <const> = 'PICS_CMN_CMN_InitiateCmAmpMap == true and ' .. MAPS
local DEVICE <const> = 'PICS_CMN_CMN_InitiateCmAmpMap == false and ' .. MAPS
local ASKS <const> = { slac = { amp_map = true } }
local SOON <const> = 'TT_amp_map_exchange + par_CMN_Transmission_Delay' -- both look at their modem

cases 'TC_SECC_CMN_VTB_CmAmpMap' {
    about = 'A station takes an amplitude map, each time.',
    given = 'linked', then_ = behaviour.confirms, sends = 'CM_AMP_MAP_REQ', expects = 'CM_AMP_MAP_CNF',
    rows = {
        [1] = { if_ = TESTER, about = 'amplitude map requested by the tester' },
        [6] = { if_ = TESTER, times = 2, about = 'an amplitude map once more, after the first' },
        [7] = { if_ = DEVICE, times = 3, about = 'an amplitude map three times back to back' },
    },
}

cases 'TC_SECC_CMN_VTB_CmAmpMap_005' {
    about = 'CM_AMP_MAP.REQ with AMLEN 0',
    given = 'linked', if_ = TESTER, then_ = behaviour.takes_no_notice,
    sends = 'CM_AMP_MAP_REQ', fields = { AMLEN = 0 }, times = 3,
}

cases 'TC_SECC_CMN_VTB_CmAmpMap_002' {
    about = 'amplitude map requested by the SUT',
    given = 'linked', if_ = DEVICE, station = ASKS, then_ = behaviour.has_map_taken, within = SOON,
}

cases 'TC_SECC_CMN_VTB_CmAmpMap' {
    about = 'A station whose amplitude map is not taken asks three times.',
    given = 'linked', if_ = DEVICE, station = ASKS, cites = 'V2G3-A09-114',
    then_ = behaviour.repeats_request, expects = 'CM_AMP_MAP_REQ', within = SOON,
    every = 'TT_amp_map_exchange', sends = 'CM_AMP_MAP_CNF',
    rows = {
        [3] = { sends = false, about = 'no CM_AMP_MAP.CNF' },
        [4] = { fields = { Result = 0xFF }, about = 'CM_AMP_MAP.CNF with Result 0xFF' },
    },
}

cases 'TC_SECC_CMN_VTB_CmAmpMap_008' {
    about = 'link usable after the exchange',
    given = 'linked', if_ = DEVICE, then_ = behaviour.answers_sdp, maps = true,
}

-- ---- the link ----

cases 'TC_SECC_CMN_VTB_PLCLinkStatus' {
    about = 'A station is in the network whose key it has given.',
    given = 'CM_SLAC_MATCH_CNF', then_ = behaviour.joins,
    rows = {
        [1] = { if_ = 'PIXIT_CMN_CMN_CmAmpMap == false', about = 'data link comes up after matching' },
        [4] = { maps = true, about = 'link after matching incl. amplitude map / key' },
    },
}

cases 'TC_SECC_CMN_VTB_PLCLinkStatus_002' {
    about = 'unplug ends the link',
    given = 'linked', then_ = behaviour.leaves_network, pilot = { state = 'A' },
}

cases 'TC_SECC_CMN_VTB_PLCLinkStatus_003' {
    about = 'no new SLAC while matched',
    given = 'linked', cites = 'V2G3-A09-77', then_ = behaviour.is_matched, sends = 'CM_SLAC_PARM_REQ',
}

-- What follows a lost link: the duty cycle that is shown again; whether that goes over E.
local EIM <const> = ' and PICS_CMN_CMN_IdentificationMode == eIM and PICS_SECC_CMN_EIMDone == afterPlugin'
local FIVE <const> = 'PIXIT_SECC_AC_InitialDutyCycle == dc5'
local LOSS <const> = ' and PIXIT_SECC_AC_ConnectionLossHandling == '

cases 'TC_SECC' {
    about = 'A station whose link is lost goes over state E, and can be matched with again.',
    given = 'linked', then_ = behaviour.survives_loss, duty = 'B2', over = 'E',
    rows = {
        CMN_VTB_PLCLinkStatus_005 = { restores = true, about = 'connection loss without EIM' },
        AC_VTB_PLCLinkStatus_005 = { mode = 'ac', if_ = FIVE, about = 'connection loss, initial 5 %' },
        AC_VTB_PLCLinkStatus_006 = { mode = 'ac', if_ = FIVE .. LOSS .. 'optionA' .. EIM, percent = 53,
            station = { slac = { authorized = 100 } }, wait = 'T_step_EF + T_step_X1',
            about = 'connection loss with EIM, option A' },
        AC_VTB_PLCLinkStatus_007 = { mode = 'ac', if_ = FIVE .. LOSS .. 'optionB' .. EIM, percent = 53,
            station = { slac = { authorized = 100, on_loss = 'stay' } }, over = 'B2',
            wait = 'T_step_EF + T_step_X1', about = 'connection loss with EIM, option B' },
        AC_VTB_PLCLinkStatus_011 = { mode = 'ac', if_ = 'PIXIT_SECC_AC_InitialDutyCycle == dc100',
            station = { slac = { duty = 100 } }, plug = 'B', steady = true, duty = 'B1',
            about = 'connection loss, initial 100 %' },
        DC_VTB_PLCLinkStatus_004 = { mode = 'dc', about = 'connection loss (DC)' },
    },
}

cases 'TC_SECC' {
    about = 'A station leaves the network after SessionStopRes.',
    given = 'SessionStopRes', if_ = 'PICS_SECC_CMN_Pause == false and PICS_CMN_CMN_CombinedTesting == true',
    then_ = behaviour.leaves_network,
    rows = {
        AC_VTB_PLCLinkStatus_008 = { mode = 'ac', about = 'AC session ended' },
        DC_VTB_PLCLinkStatus_005 = { mode = 'dc', about = 'DC session ended' },
    },
}

-- ---- a user who authorizes meanwhile ----

cases 'TC_SECC_AC_VTB_PLCLinkStatus' {
    about = 'A user who authorizes meanwhile does not disturb the matching, nor the link.',
    given = 'CM_SLAC_PARM_CNF', mode = 'ac', then_ = behaviour.is_authorized, joins = true,
    rows = {
        [1] = { station = { slac = { authorized = 200 } },
                if_ = 'PIXIT_SECC_AC_InitialDutyCycle == dc5 and PICS_CMN_CMN_IdentificationMode == eIM '
                    .. 'and PICS_SECC_CMN_EIMDone == duringSlac',
                about = 'EIM given during SLAC, initial 5 %' },
        [9] = { station = { slac = { authorized = 200, duty = 100 } }, steady = true,
                if_ = 'PIXIT_SECC_AC_InitialDutyCycle == dc100 and PICS_CMN_CMN_IdentificationMode == eIM '
                    .. 'and PICS_SECC_CMN_EIMDone == duringSlac',
                about = 'EIM given during SLAC, initial 100 %' },
    },
}

-- ---- sleep ----

local WAKE <const> = 5000 -- ms after which a station of ours wakes by itself

for _, mode in ipairs { { 'AC', 'ac', { 2, 3, 4, 10, 12 } }, { 'DC', 'dc', { 1, 2, 3, 6, 7 } } } do
    local name, energy, numbers = table.unpack(mode)
    cases('TC_SECC_' .. name .. '_VTB_PLCLinkStatus') {
        about = 'A station that sleeps wakes up, and is there as before.',
        given = 'SessionStopRes(Pause)', mode = energy, then_ = behaviour.sleeps,
        rows = {
            [numbers[1]] = { wakes = 'vehicle', about = 'EV wakes a sleeping SECC' },
            [numbers[2]] = { wakes = 'station', station = { slac = { wake = WAKE } }, about = 'SECC wakes up' },
            [numbers[3]] = { wakes = 'vehicle', loses = true, about = 'EV wakes with a lost key' },
            -- what hardware takes for it is no matter of a bench
            [numbers[4]] = { wakes = 'vehicle', about = 'wake-up latency' },
            [numbers[5]] = { wakes = 'vehicle', early = true, about = 'minimum X1 time' },
        },
    }
end
