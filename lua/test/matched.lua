-- SPDX-License-Identifier: Apache-2.0
-- What cases of the matching test (ISO 15118-3): functions for `then_`, by what the device has to
-- do. Their rows say:
--
--   sends, fields    a message, and what of it is not as a good one
--   pilot            what of the control pilot is set before it: of Pilot.Set
--   waits            the time of the device that runs out before it
--   expects, response   what comes then, and what that has besides
--   within           its time; TT_match_response unless said
--   start, count     of CM_START_ATTEN_CHAR.IND, fields; so many sounds
--   late             what is sent, good, once it is too late; until_: the time after which it is
--   times, every     how often; how far apart a device repeats it

local any = require('v2g.expect').any
local slac = require 'v2g.slac'

local matched = {}

-- ends: the pilot is what forbids the device to go on.
local function prepare(it, row, ends)
    if row.pilot then
        it:sets_pilot(row.pilot, ends)
    end
    if row.waits then
        it:waits_out(row.waits)
    end
end

-- ---- of a station ----

-- It answers the request, one of as many as a vehicle may send.
function matched.confirms(it, row)
    prepare(it, row)
    for _ = 1, row.times or 1 do
        it:asks_for(row.expects, row.sends, row.fields, row.response)
    end
end

-- It takes no notice of a message that is not as it has to be, or comes at a wrong moment; nor of a
-- good one afterwards, where that is too late (`late`, once `until_` is over).
function matched.takes_no_notice(it, row)
    prepare(it, row, true)
    if row.sends == 'sounds' then
        it:sounds { start = row.start, count = row.count }
    else
        for _ = 1, row.times or 1 do
            it:lures(row.sends, row.fields)
        end
    end
    it:hears_no(row.within)
    if row.late then
        it:waits_out(row.until_)
        it:lures(row.late)
        it:hears_no()
    end
end

-- It measures the sounds, and tells.
function matched.measures(it, row)
    it:sounds { count = row.count }
    it:gets('CM_ATTEN_CHAR_IND', row.response, 'TT_EV_atten_results')
    it:sends 'CM_ATTEN_CHAR_RSP'
    it:hears_no 'TT_match_response'
end

-- Its result is not answered, or by what is no answer: it repeats it, and gives the matching up.
function matched.repeats_result(it, row)
    local function answer()
        if row.fields then
            it:lures('CM_ATTEN_CHAR_RSP', row.fields)
        end
    end
    it:sounds {}
    it:gets('CM_ATTEN_CHAR_IND', nil, 'TT_EV_atten_results')
    local told = it.from
    answer()
    it.from = told
    it:gets_again('CM_ATTEN_CHAR_IND', nil, { every = 'TT_match_response', each = row.fields and answer })
    it:hears_no 'TT_match_response + par_CMN_Transmission_Delay'
    it:sends 'CM_ATTEN_CHAR_RSP'
    it:sends 'CM_SLAC_MATCH_REQ'
    it:hears_no()
end

-- A new matching begins in place of its result's answer; the one before is over.
function matched.begins_anew(it)
    it:sounds {}
    it:gets('CM_ATTEN_CHAR_IND', nil, 'TT_EV_atten_results')
    it.tester:renews()
    it:asks_for('CM_SLAC_PARM_CNF', 'CM_SLAC_PARM_REQ')
end

-- What it has heard follows the cable: of the neighbour's vehicle, on another one, it is so many dB
-- more or less, at least.
function matched.follows_cable(it, row)
    it:sounds {}
    local mean = slac.mean(it:gets('CM_ATTEN_CHAR_IND', nil, 'TT_EV_atten_results').AAG)
    it:sends 'CM_ATTEN_CHAR_RSP'
    it:as_node(it.tester:besides 'ev1', function()
        it:asks_for('CM_SLAC_PARM_CNF', 'CM_SLAC_PARM_REQ')
        it:sounds {}
        it:gets('CM_ATTEN_CHAR_IND', { AAG = function(groups)
            return groups and math.abs(slac.mean(groups) - mean) >= row.deviation
        end }, 'TT_EV_atten_results')
    end)
end

-- It is ready to look at the pilot, and says how often it has toggled.
function matched.validates(it, row)
    for _ = 1, row.times or 1 do
        it:asks_for('CM_VALIDATE_CNF', 'CM_VALIDATE_REQ', nil, row.response)
    end
    local toggles = it:toggles()
    it:gets('CM_VALIDATE_CNF', { Result = 2, ToggleNum = toggles })
end

-- It is ready, and hears nothing good of the vehicle: it says so twice more, and ends the matching.
function matched.repeats_readiness(it, row)
    it:asks_for('CM_VALIDATE_CNF', 'CM_VALIDATE_REQ')
    local ready = it.from
    if row.fields then
        it:lures('CM_VALIDATE_REQ', row.fields)
        it.from = ready
    end
    it:gets_again('CM_VALIDATE_CNF', nil, { every = 'TT_match_sequence' })
    it:hears_no 'TT_match_sequence + par_CMN_Transmission_Delay'
    it:toggles()
    it:hears_no()
end

-- The vehicle gives up, or is unplugged: it says nothing more.
function matched.ends_validation(it, row)
    it:asks_for('CM_VALIDATE_CNF', 'CM_VALIDATE_REQ')
    if row.pilot then
        it:sets_pilot(row.pilot, true)
    else
        it:lures('CM_VALIDATE_REQ', row.fields)
    end
    it:hears_no 'TT_match_sequence + par_CMN_Transmission_Delay'
end

-- Another vehicle that wants it, too, is told that it is not ready; the first one's goes on.
function matched.validates_one(it)
    it:asks_for('CM_VALIDATE_CNF', 'CM_VALIDATE_REQ')
    local other = it.tester:besides 'ev1'
    it:as_node(other, function()
        it:asks_for('CM_VALIDATE_CNF', 'CM_VALIDATE_REQ', nil, { Result = 0 })
    end)
    it:gets('CM_VALIDATE_CNF', { Result = 2, ToggleNum = it:toggles() })
end

-- ---- of either, on the link ----

local DELAY <const> = ' + par_CMN_Transmission_Delay'

-- It asks the tester to take its amplitude map, which does.
function matched.has_map_taken(it, row)
    it:gets('CM_AMP_MAP_REQ', nil, row.within)
    it:sends 'CM_AMP_MAP_CNF'
    it.tester:forgets() -- it may have asked again meanwhile
    it:hears_no('TT_amp_map_exchange' .. DELAY)
end

-- The link comes up, once the tester's modem has the key, too.
function matched.joins(it, row)
    it.tester:takes_key()
    it:link_is(true, 'TT_match_join', 0)
    if row.maps then
        it:asks_for('CM_AMP_MAP_CNF', 'CM_AMP_MAP_REQ')
    end
end

-- There is SDP over the link.
function matched.answers_sdp(it, row)
    if row.maps then
        it:asks_for('CM_AMP_MAP_CNF', 'CM_AMP_MAP_REQ')
    end
    it.tester.is_linked = true
    it:discovers({}, { TransportProtocol = 0 }, 0x10)
end

-- It is matched with nobody else meanwhile, neither in the matching that is done nor in another.
function matched.is_matched(it, row)
    it:wants_link_seen()
    it:lets_see()
    it:sends(row.sends)
    it:hears_no()
    it.tester:renews()
    it:sends(row.sends)
    it:hears_no()
end

-- It leaves the network within TP_match_leave: by the pilot, or since the session is over.
function matched.leaves_network(it, row)
    it:lets_see()
    if row.pilot then
        it:sets_pilot(row.pilot, true)
    elseif it.tester.is_linked then
        it:ends_session()
    end
    it:is_member(false, 'TP_match_leave' .. DELAY .. (row.slow and ' + ' .. row.slow or ''))
end

-- The tester's modem has another key: what the station shows on the pilot then, and that it can be
-- matched with again. Whether steady (X1) comes before E is not looked at: sources disagree.
function matched.survives_loss(it, row)
    if row.wait then -- until it shows the nominal duty cycle
        it:pilot_is('B2', row.wait, nil, row.percent)
    end
    it:lets_see()
    it.tester:changes_key()
    it.from = Now()
    local lost = it.from
    if row.over == 'E' then
        it:pilot_is('E', 'TP_match_leave + T_step_X1' .. DELAY, 'T_step_EF - par_CMN_Transmission_Delay')
        it:pilot_is(row.duty, 'T_step_EF', nil, row.percent)
    else
        it:pilot_stays(row.duty, 'T_step_EF', row.percent)
    end
    it.tester:renews()
    it:asks_for('CM_SLAC_PARM_CNF', 'CM_SLAC_PARM_REQ')
    if row.restores then
        it.tester:restores_key()
        Sleep(it:time 'par_CMN_setKey') -- in that time it would be in the network again
        it:is_member(false, 'TP_match_leave' .. DELAY, lost)
    end
end

-- ---- of a station, at the control pilot ----

-- The rest of a matching, to the link where the row wants that.
local function whole_matching(it, joins)
    it:sounds {}
    it:gets('CM_ATTEN_CHAR_IND', nil, 'TT_EV_atten_results')
    it:sends 'CM_ATTEN_CHAR_RSP'
    local m = it:asks_for('CM_SLAC_MATCH_CNF', 'CM_SLAC_MATCH_REQ')
    if joins then
        it.tester.nid, it.tester.nmk = m.NID, m.NMK
        matched.joins(it, {})
    end
end

-- Its user authorizes: what it shows then, over E where the row says so; a matching goes on, or can
-- be begun.
function matched.is_authorized(it, row)
    if row.over then
        it:pilot_is(row.over, 'par_CMN_setKey', 'T_step_EF' .. ' - par_CMN_Transmission_Delay')
    end
    if row.percent then
        if row.over then
            it:pilot_is('B2', 'T_step_EF', nil, row.percent)
        else
            it:pilot_stays('B2', 'T_conn_max_comm', row.percent)
        end
        it:asks_for('CM_SLAC_PARM_CNF', 'CM_SLAC_PARM_REQ')
    end
    whole_matching(it, row.joins)
end

-- No vehicle begins to match: it goes over E and shows 5 % again, as often as it may, then none.
function matched.gives_up_matching(it)
    it:wants_count 'C_sequ_retry'
    for _ = 1, it:time 'C_sequ_retry' do
        it:pilot_is('E', 'TT_EVSE_SLAC_init' .. DELAY, 'T_step_EF - par_CMN_Transmission_Delay')
        it:pilot_is('B2', 'T_step_EF')
    end
    it:pilot_is('B1', 'TT_EVSE_SLAC_init' .. DELAY)
end

-- It sleeps after a pause: no oscillator, until the vehicle toggles or it wakes by itself; then
-- there is SDP over the link as before, or, with another key, a new matching over E.
function matched.sleeps(it, row)
    it:ends_session()
    it:pilot_is('B1', 'par_SECC_B1_B2_Timeout')
    if row.loses then
        it.tester:changes_key()
    end
    if row.wakes == 'vehicle' then
        Pilot.Toggle(1, it:time 'TP_EV_vald_state_duration' // 2)
    end
    if row.early then
        it:wants_longer 'T_step_X1'
        it:pilot_stays('B1', 'T_step_X1 - par_CMN_waitForNextHAL - par_CMN_waitForNextHAL')
    end
    it.from = Now()
    if row.loses then
        -- it has begun while the vehicle toggled
        it:pilot_is('E', 'T_conn_max_comm', 'T_step_EF - par_CMN_waitForNextHAL - par_CMN_waitForNextHAL')
        it:pilot_is('B2', 'T_step_EF')
        it.tester:renews()
        it.tester.is_linked = false
        return it:asks_for('CM_SLAC_PARM_CNF', 'CM_SLAC_PARM_REQ')
    end
    it:pilot_is('B2', 'T_conn_max_comm')
    it:link_is(true, 'T_conn_max_comm')
    matched.answers_sdp(it, {})
end

-- The oscillator stays for its time after the session, and not longer.
function matched.keeps_oscillator(it)
    local retain, from <const> = 'V2G_SECC_CPOscillator_Retain_Time', Now()
    it.role.Disconnect 'half'
    it:wants_longer(retain)
    it:pilot_stays('B2', retain .. ' - par_CMN_Transmission_Delay')
    it.from = from
    it:pilot_is('B1', retain .. DELAY)
end

-- The pilot is not in the state that goes with the request: it refuses, and ends the session.
function matched.refuses_pilot(it, row)
    if row.pilot then
        it:sets_pilot(row.pilot)
    end
    it:sends(row.sends)
    it:expects(row.sends:gsub('Req$', 'Res'), { ResponseCode = 'FAILED' })
    it:expects_end { within = 'par_CMN_TCP_Connection_Termination_Timeout' }
end

-- ---- of a vehicle ----

-- It sends a request, where the tester does what the row says.
function matched.requests(it, row)
    prepare(it, row)
    it:gets(row.expects, row.response, row.within)
end

-- Its request is not answered, or by what is no answer: it repeats it, and gives the matching up.
function matched.repeats_request(it, row)
    local function answer()
        if row.sends then
            it:lures(row.sends, row.fields)
        end
    end
    it:gets(row.expects, row.response, row.within)
    local asked = it.from
    answer()
    it.from = asked
    local every = row.every or 'TT_match_response'
    it:gets_again(row.expects, nil, { every = every, each = row.sends and answer })
    answer()
    it:hears_no(every .. ' + par_CMN_Transmission_Delay')
end

-- It sounds the line, and answers what the station has heard.
function matched.sounds(it, row)
    prepare(it, row)
    it:sends 'CM_SLAC_PARM_CNF'
    it:gets('CM_START_ATTEN_CHAR_IND', nil, 'TT_match_sequence')
    it:gets('CM_START_ATTEN_CHAR_IND')
    it:gets('CM_START_ATTEN_CHAR_IND')
    local from, sounded = 'TT_EVSE_match_MNBC', it.from
    local first = it:gets('CM_MNBC_SOUND_IND', { Cnt = any { 10, 9 } }, from).Cnt
    for left = first - 1, first - 9, -1 do
        it.from = sounded
        it:gets('CM_MNBC_SOUND_IND', { Cnt = left }, from)
    end
    it:sends 'CM_ATTEN_CHAR_IND'
    it:gets 'CM_ATTEN_CHAR_RSP'
end

-- It takes no notice of a result that is not as it has to be, nor of one that comes too late.
function matched.ignores_result(it, row)
    it.tester.passes.CM_SLAC_PARM_REQ = true -- it may begin anew
    if row.fields then
        it:lures('CM_ATTEN_CHAR_IND', row.fields)
    end
    it:waits_out('TT_EV_atten_results', it.tester.sounded)
    it:lures 'CM_ATTEN_CHAR_IND'
    it:hears_no()
end

-- What another vehicle may say is no business of it.
function matched.ignores_vehicles(it)
    it.tester.passes.CM_SLAC_PARM_REQ = true
    for _, name in ipairs { 'CM_SLAC_PARM_REQ', 'CM_START_ATTEN_CHAR_IND', 'CM_MNBC_SOUND_IND',
                            'CM_ATTEN_CHAR_RSP', 'CM_VALIDATE_REQ', 'CM_SLAC_MATCH_REQ' } do
        it.role.Slac_Send(it:message(name), it.tester.other) -- all to it alone
    end
    it:hears_no 'TT_EV_atten_results'
end

-- Its validation, up to the second request and the toggles: how many it made. What the row has of
-- the pilot is set after the first request.
local function see_toggles(it, row, result)
    it:gets('CM_VALIDATE_REQ', nil, 'TT_EVSE_match_session')
    if row.pilot then
        it:sets_pilot(row.pilot)
    end
    it:sends('CM_VALIDATE_CNF', { Result = result })
    local before = Pilot.Toggles()
    local most = it:time 'TP_EV_vald_toggle' // 100
    local window = (it:gets('CM_VALIDATE_REQ', { Timer = function(timer)
        return timer and timer >= 1 and timer < most
    end }, 'TT_match_sequence').Timer + 1) * 100
    it:counts_toggles(window, 1, 3)
    return Pilot.Toggles() - before
end

-- It toggles the control pilot as it says, and asks for the key once that was seen.
function matched.toggles(it, row)
    it:sends('CM_VALIDATE_CNF', { Result = 2, ToggleNum = see_toggles(it, row) })
    it:gets('CM_SLAC_MATCH_REQ', nil, 'TT_match_sequence')
end

-- It goes on without a validation, or with it: both are right.
function matched.validates_or_not(it, row)
    local came = it:expects_any({ { 'CM_VALIDATE_REQ' }, { 'CM_SLAC_MATCH_REQ' } },
        { within = 'TT_EVSE_match_session' })
    it:sends(came.name == 'CM_VALIDATE_REQ' and 'CM_VALIDATE_CNF' or 'CM_SLAC_MATCH_CNF', row.fields)
    if came.name == 'CM_VALIDATE_REQ' then
        it:gets('CM_SLAC_MATCH_REQ', nil, 'TT_match_sequence')
    else
        it:link_is(true, 'TT_match_join')
    end
end

-- The station says at once that it does not look at the pilot, or need not, or not now: what the
-- vehicle does then (`expects`; nil: no second request).
function matched.is_declined(it, row)
    it:gets('CM_VALIDATE_REQ', nil, 'TT_EVSE_match_session')
    it:sends('CM_VALIDATE_CNF', { Result = row.result })
    if row.expects then
        it:gets(row.expects, row.response, row.within or 'TT_match_sequence')
    else
        it.tester.passes.CM_SLAC_PARM_REQ = true
        it:hears_no 'TT_match_sequence'
    end
end

-- Its matching fails: it begins another one, soon after each, until TT_matching_repetition is over.
function matched.keeps_matching(it)
    it:follows_attempts('TT_match_response + PIXIT_EVCC_CMN_TTMatchingRate' .. DELAY,
        'TT_matching_repetition' .. DELAY)
    it:hears_no 'TT_matching_repetition'
end

-- It waits where the station is in an error state, and begins once that is over.
function matched.waits_for_pilot(it, row)
    it:wants_pilot 'B'
    it:hears_no 'par_CMN_HAL_Timeout'
    it:sets_pilot(row.pilot)
    it:gets('CM_SLAC_PARM_REQ', nil, 'TT_EVSE_SLAC_init')
end

-- The pilot forbids the next message of the matching.
function matched.stops_matching(it, row)
    it.tester.passes.CM_SLAC_PARM_REQ = true -- it may begin anew
    it:sets_pilot(row.pilot, true)
    it:sends(row.sends)
    it:hears_no 'TT_match_sequence'
end

-- The pilot forbids it to join.
function matched.joins_not(it, row)
    it:sets_pilot(row.pilot, true)
    it:sends 'CM_SLAC_MATCH_CNF'
    Sleep(it:time 'par_CMN_setKey') -- in that time it would be there
    it:link_is(false, 'TP_match_leave' .. DELAY)
end

-- It joins with the key that it is told.
function matched.is_told_key(it)
    it:sends 'CM_SLAC_MATCH_CNF'
    it:link_is(true, 'TT_match_join', 0)
end

-- The link is lost: it is matched anew, once the station has gone over that state, or by itself.
function matched.comes_again(it, row)
    it:lets_see()
    it.tester:changes_key()
    it.from = Now()
    if row.half then
        Sleep(it:time 'PIXIT_EVCC_AC_TconnResetup' // 2)
    end
    if row.shows then
        it:sets_pilot({ state = row.shows }, true)
        it:hears_no 'T_step_EF'
        it:sets_pilot { duty = row.percent or 5 }
    end
    it.tester:renews()
    it:gets('CM_SLAC_PARM_REQ', nil, row.within or 'TP_EV_SLAC_init')
end

-- The link is lost for a while: it has left it for good.
function matched.stays_away(it)
    it:lets_see()
    local lost = Now()
    it.tester:changes_key()
    it.from = lost
    it:is_member(false, 'TP_match_leave' .. DELAY)
    Sleep(it:time 'TP_match_leave')
    it.tester:restores_key()
    Sleep(it:time 'par_CMN_setKey')
    it:is_member(false, 'TP_match_leave' .. DELAY, lost)
end

-- There comes SDP over the link.
function matched.searches(it, row)
    if row.maps then
        it:asks_for('CM_AMP_MAP_CNF', 'CM_AMP_MAP_REQ')
    end
    it:listens_for_sdp(true)
    it:hears_sdp 'V2G_EVCC_CommunicationSetup_Timeout'
end

-- It pauses, and the station stops its oscillator.
local function falls_asleep(it)
    it:answers()
    it:waits_for_end()
    it:listens_for_sdp()
    it:sets_pilot { duty = 100 }
end

-- It pauses, the station stops its oscillator; it goes on when the station, or it itself, wakes the
-- other one.
function matched.resumes(it, row)
    falls_asleep(it)
    if row.wakes == 'station' then
        it:hears_no_sdp 'par_SECC_B1_B2_Timeout'
    else
        it:counts_toggles(row.toggles_in, 1, 3)
    end
    it:sets_pilot({ duty = 5 }, row.wakes == 'station')
    it:hears_sdp 'T_conn_max_comm'
end

-- It pauses by a schedule without power until `ends` (s from its offer on), and the station stops
-- its oscillator; then it wakes it.
function matched.sleeps_without_power(it, row)
    falls_asleep(it)
    local ends = it.tester.s.schedule_from + row.ends * 1000
    it:hears_no_sdp(math.max(0, ends - Now() - it:time 'T_conn_resume'))
    it:counts_toggles(ends + it:time 'par_CMN_HAL_Timeout' - Now(), 1, 3)
    it:sets_pilot { duty = 5 }
    it:hears_sdp 'T_conn_max_comm'
end

-- It leaves the network once the session is over.
function matched.leaves_after(it)
    it:answers()
    it:waits_for_end()
    it:is_member(false, 'TP_match_leave' .. DELAY)
end

-- The station goes into an error state before it answers: it ends the session, whatever it says
-- before.
function matched.ends_by_pilot(it, row)
    it:sets_pilot({ state = 'F' }, true)
    if it.role.State() == 'ready' and not row.silent then
        it:answers()
    end
    it:expects_end { within = row.silent or 'par_CMN_TCP_Connection_Termination_Timeout' }
end

-- ---- of a vehicle, by two stations ----

-- Both are matched with, up to the answer to their results: a function that has each of them say or
-- expect something; and the second one.
local function two_stations(it, row)
    local second = it.tester:besides 'evse1'
    second.attenuation = row.attenuation
    local function both(say)
        say()
        it:as_node(second, say)
    end
    both(function() it:sends 'CM_SLAC_PARM_CNF' end)
    it:reaches('CM_MNBC_SOUND_IND', it.tester:hears_sounds())
    both(function()
        it:sends 'CM_ATTEN_CHAR_IND'
        it:gets 'CM_ATTEN_CHAR_RSP'
    end)
    it.tester.passes.CM_SLAC_PARM_REQ = true -- it may begin anew
    return both, second
end

-- It answers what each has heard.
function matched.answers_both(it, row)
    two_stations(it, row)
end

-- It chooses that which hears it better.
function matched.chooses(it, row)
    local _, second = two_stations(it, row)
    it:wants_choice()
    it:as_node(second, function()
        it:gets('CM_SLAC_MATCH_REQ', nil, 'TT_EVSE_match_session')
    end)
end

-- Each fails in its validation: silent (first nil), or with that result to the first request, or,
-- where that is 1, with `second` (nil: silent) to the toggles. Neither is asked further.
function matched.validates_with_both(it, row)
    local both = two_stations(it, row)
    both(function()
        if row.first == 1 then
            local toggles = see_toggles(it, row, 1)
            if row.second then
                it:sends('CM_VALIDATE_CNF', { Result = row.second, ToggleNum = toggles })
            end
            return
        end
        it:gets('CM_VALIDATE_REQ', nil, 'TT_EVSE_match_session')
        if row.first then
            it:sends('CM_VALIDATE_CNF', { Result = row.first })
        else
            it:gets_again('CM_VALIDATE_REQ', nil, { every = 'TT_match_response' })
        end
    end)
    both(function() it:hears_no 'TT_match_sequence' end)
end

return matched
