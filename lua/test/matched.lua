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
--   late             what is sent, good, once it is too late; until: the time after which it is

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
        it:lures(row.sends, row.fields)
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

-- What it has heard follows the cable: of the neighbour's vehicle, on another one, it is at least so
-- many dB more or less.
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
    it:gets_again(row.expects, nil, { every = 'TT_match_response', each = row.sends and answer })
    answer()
    it:hears_no 'TT_match_response + par_CMN_Transmission_Delay'
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

return matched
