-- SPDX-License-Identifier: Apache-2.0
-- Vehicles of ISO 15118-3 from the key of the network on: the cases of ISO 15118-5 about
-- CM_AMP_MAP, the link, and sleep.
-- @author the v2glab authors
-- @needs a bench, or a modem and a control pilot

suite 'ISO 15118-5:2018' {
    sut = 'EVCC', protocol = 'ISO15118-3', bench = 'pair', session = 'any',
}

-- ---- CM_AMP_MAP ----

local MAPS <const> = 'PIXIT_CMN_CMN_CmAmpMap == true'
local TESTER <const> = 'PICS_CMN_CMN_InitiateCmAmpMap == true and ' .. MAPS
local DEVICE <const> = 'PICS_CMN_CMN_InitiateCmAmpMap == false and ' .. MAPS
local ASKS <const> = { slac = { amp_map = true } }
local SOON <const> = 'TT_amp_map_exchange + par_CMN_Transmission_Delay' -- both look at their modem

cases 'TC_EVCC_CMN_VTB_CmAmpMap' {
    about = 'A vehicle takes an amplitude map, each time.',
    given = 'linked', if_ = TESTER, then_ = behaviour.confirms,
    sends = 'CM_AMP_MAP_REQ', expects = 'CM_AMP_MAP_CNF',
    rows = {
        [1] = { about = 'amplitude map requested by the tester' },
        [6] = { times = 2, about = 'an amplitude map once more, after the first' },
        [7] = { times = 3, about = 'an amplitude map three times back to back' },
    },
}

cases 'TC_EVCC_CMN_VTB_CmAmpMap_005' {
    about = 'CM_AMP_MAP.REQ with AMLEN 0',
    given = 'linked', if_ = TESTER, then_ = behaviour.takes_no_notice,
    sends = 'CM_AMP_MAP_REQ', fields = { AMLEN = 0 }, times = 3,
}

cases 'TC_EVCC_CMN_VTB_CmAmpMap_002' {
    about = 'amplitude map requested by the SUT',
    given = 'linked', if_ = DEVICE, vehicle = ASKS, then_ = behaviour.has_map_taken, within = SOON,
}

cases 'TC_EVCC_CMN_VTB_CmAmpMap' {
    about = 'A vehicle whose amplitude map is not taken asks three times.',
    given = 'linked', if_ = DEVICE, vehicle = ASKS, cites = 'V2G3-A09-114',
    then_ = behaviour.repeats_request, expects = 'CM_AMP_MAP_REQ', within = SOON,
    every = 'TT_amp_map_exchange', sends = 'CM_AMP_MAP_CNF',
    rows = {
        [3] = { sends = false, about = 'no CM_AMP_MAP.CNF' },
        [4] = { fields = { Result = 0xFF }, about = 'CM_AMP_MAP.CNF with Result 0xFF' },
    },
}

cases 'TC_EVCC_CMN_VTB_CmAmpMap_008' {
    about = 'link usable after the exchange',
    given = 'linked', if_ = TESTER, then_ = behaviour.searches, maps = true,
}

-- ---- the link ----

cases 'TC_EVCC_CMN_VTB_PLCLinkStatus' {
    about = 'A vehicle joins the network whose key it is given.',
    given = 'CM_SLAC_MATCH_REQ', then_ = behaviour.is_told_key,
    rows = {
        [1] = { if_ = 'PIXIT_CMN_CMN_CmAmpMap == false', about = 'EV joins the network' },
        [5] = { delay = 7500, about = 'EV joins, 5 % comes only 7.5 s after the plug' },
    },
}

cases 'TC_EVCC_CMN_VTB_PLCLinkStatus_002' {
    about = 'oscillator off ends the link',
    given = 'linked', then_ = behaviour.leaves_network, pilot = { oscillator = false }, slow = 'T_step_X1',
}

cases 'TC_EVCC_CMN_VTB_PLCLinkStatus' {
    about = 'A vehicle does not join where the control pilot forbids it.',
    given = 'CM_SLAC_MATCH_REQ', then_ = behaviour.joins_not,
    rows = {
        [3] = { pilot = { oscillator = false }, about = 'no link when CP faults at match (oscillator off)' },
        [4] = { pilot = { state = 'F' }, about = 'no link when CP faults at match (-12 V)' },
    },
}

local AGAIN <const> = { slac = { again = 1 } }
local BY_ITSELF <const> = { slac = { again = 1, resetup = 6000 } }
local OPTION <const> = 'PIXIT_EVCC_AC_ConnectionLossHandling == option'

cases 'TC_EVCC' {
    about = 'A vehicle whose link is lost is matched with anew.',
    given = 'linked', then_ = behaviour.comes_again, vehicle = AGAIN,
    rows = {
        CMN_VTB_PLCLinkStatus_006 = { shows = 'E', about = 'connection loss at 5 %, tester shows state E' },
        CMN_VTB_PLCLinkStatus_007 = { shows = 'F', about = 'connection loss at 5 %, tester shows state F' },
        AC_VTB_PLCLinkStatus_003 = { mode = 'ac', duty = 53, percent = 53, shows = 'E', if_ = OPTION .. 'A',
            about = 'connection loss at nominal duty cycle, option A, state E' },
        AC_VTB_PLCLinkStatus_007 = { mode = 'ac', duty = 53, percent = 53, shows = 'F', if_ = OPTION .. 'A',
            about = 'connection loss at nominal duty cycle, option A, state F' },
        AC_VTB_PLCLinkStatus_004 = { mode = 'ac', duty = 53, if_ = OPTION .. 'B', vehicle = BY_ITSELF,
            within = 'PIXIT_EVCC_AC_TconnResetup + TP_match_leave', about = 'connection loss, option B' },
        AC_VTB_PLCLinkStatus_005 = { mode = 'ac', duty = 53, percent = 53, half = true, shows = 'E',
            if_ = OPTION .. 'B', vehicle = BY_ITSELF, about = 'connection loss, option B, then state E' },
        AC_VTB_PLCLinkStatus_008 = { mode = 'ac', duty = 53, percent = 53, half = true, shows = 'F',
            if_ = OPTION .. 'B', vehicle = BY_ITSELF, about = 'connection loss, option B, then state F' },
    },
}

cases 'TC_EVCC_CMN_VTB_PLCLinkStatus_008' {
    about = 'key changed and changed back',
    given = 'linked', then_ = behaviour.stays_away,
}

-- ---- sleep, and the end ----

local PAUSES <const> = 'PIXIT_EVCC_CMN_Pause == pause and PICS_CMN_CMN_CombinedTesting == true and '
local TESTER_WAKES <const> = PAUSES .. 'PIXIT_CMN_CMN_WakeUp > PICS_CMN_CMN_WakeUp'
local IT_WAKES <const> = PAUSES .. 'PIXIT_CMN_CMN_WakeUp < PICS_CMN_CMN_WakeUp'
local LEAVES <const> = 'PIXIT_EVCC_CMN_Pause == none_ and PICS_CMN_CMN_CombinedTesting == true'

-- A schedule without power for par_SECC_Pmax0W (200 s), at first or once the vehicle has charged.
local NO_POWER <const> = 'PICS_CMN_CMN_CombinedTesting == true and PICS_CMN_CMN_WakeUp > 200 and '
    .. 'PICS_EVCC_CMN_PmaxSchedulewithZeroPow == '
local CHARGES_FOR <const>, ZERO_FOR <const> = 60, 200 -- s

local function without_power(from)
    local entries = { { start = from, power = 0 }, { start = from + ZERO_FOR, power = 5000 } }
    if from > 0 then
        table.insert(entries, 1, { start = 0, power = 5000 })
    end
    return { schedules = { { id = 1, entries = entries } } }
end

for _, mode in ipairs { { 'AC', 'ac', 6, { 9, 10 } }, { 'DC', 'dc', 3, { 4, 5 } } } do
    local name, energy, leaves, powerless = table.unpack(mode)
    cases('TC_EVCC_' .. name .. '_VTB_PLCLinkStatus') {
        about = 'A vehicle sleeps while its schedule has no power.',
        given = 'SessionStopReq(Pause)', mode = energy, then_ = behaviour.sleeps_without_power,
        vehicle = { pause_without_power = 60, loops = 0 },
        rows = {
            [powerless[1]] = { if_ = NO_POWER .. 'sleepWithoutCharge', station = without_power(0), ends = ZERO_FOR,
                               about = 'zero-power schedule: EV sleeps without charging first' },
            [powerless[2]] = { if_ = NO_POWER .. 'sleepAfterCharge', station = without_power(CHARGES_FOR),
                               ends = CHARGES_FOR + ZERO_FOR,
                               about = 'zero-power schedule: EV sleeps after charging' },
        },
    }
    cases('TC_EVCC_' .. name .. '_VTB_PLCLinkStatus') {
        about = 'A vehicle that has paused goes on.',
        given = 'SessionStopReq(Pause)', mode = energy, then_ = behaviour.resumes,
        rows = {
            [1] = { wakes = 'station', if_ = TESTER_WAKES, vehicle = { pause = 1, pause_ms = 300000 },
                    about = 'tester lets the EV sleep and wakes it by B1/B2' },
            [2] = { wakes = 'vehicle', if_ = IT_WAKES, vehicle = { pause = 1, pause_ms = 10000 },
                    toggles_in = 12000, about = 'EV wakes up itself' },
        },
    }
    cases('TC_EVCC_' .. name .. '_VTB_PLCLinkStatus') {
        about = 'EV leaves the network after SessionStop Terminate',
        given = 'SessionStopReq', mode = energy, if_ = LEAVES, then_ = behaviour.leaves_after,
        rows = { [leaves] = {} },
    }
end
