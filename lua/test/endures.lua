-- SPDX-License-Identifier: Apache-2.0
-- What a device makes of a message that is not as it should be: judged for `v2glab fuzz`, whose
-- rows (fuzz_inputs.lua) say what is sent. Whatever it is, it is answered in time or refused, and
-- the next session is a good one (`liveness`). What was sent is read as the device has to read it.

local hex = require 'v2g.hex'
local way = require 'test.way'

local endures = {}

local CLOSES <const> = 'par_CMN_TCP_Connection_Termination_Timeout'

-- Faults of which a device may rightly hear nothing, or not all.
local UNHEARD <const> = { ['half-close'] = true, close = true, reset = true, alert = true, header = true, raw = true,
                          truncate = true, append = true, flip = true, message = true }

-- Notes what goes out of that name, with the fault in it: the message, if it can be read at all.
local function watch(it, name, fault)
    local sent = {}
    it:sets_fault(name, fault)
    local spy = it.role.Filter { on = '*', direction = 'out', fault = function(m)
        -- one without elements cannot be read
        local good, problem = pcall(function() return m:violations()[1] end)
        if good and m:name() ~= 'SECCDiscoveryReq' then
            sent.m, sent.problem = m:copy(), problem
        end
    end }
    return sent, spy
end

local function session_of(m)
    local header = way.element(m, 'Header')
    return header and way.element(header, 'SessionID')
end

-- Why the device must not take it as good; nil: it may. Of supportedAppProtocol many read what they
-- can.
local function fault_of(it, sent, row, name)
    if row.fault and row.fault:find '^header' or sent.m and name:find '^supportedAppProtocol' then
        return nil
    elseif not sent.m then
        return 'it cannot be read'
    elseif sent.problem then
        return sent.problem
    elseif row.code then
        return row.code
    end
    local id = session_of(sent.m)
    if id and it.tester.id and name ~= 'SessionSetupReq' and name ~= 'SessionSetupRes' and id ~= it.tester.id then
        return 'FAILED_UnknownSession'
    end
    return sent.m:name() ~= name and 'another message' or nil
end

local function step(it, came, from, limit, defect, expected)
    it.from, it.m = came.at, came.m
    it:step { kind = 'any', ok = not defect, defect = defect, limit = limit, taken = came.at - from,
              expected = expected, found = (defect and defect .. ': ' or '') .. it.found_text(came)
                  .. (came.code and ' with ' .. came.code or ''), negations = {} }
end

local function code_of(came)
    local code = came.m and way.element(came.m, 'ResponseCode')
    return code and tostring(code)
end

-- ---- a station ----

-- What is wrong with what came of a request; nil: nothing.
local function judge_station(it, row, came, why)
    local code, is_heard = came.code, not UNHEARD[(row.fault or ''):match '^[%w-]*']
    if came.closed then
        return nil
    elseif not came.name then
        return it.c.given ~= 'link' and is_heard and 'unanswered' or nil
    elseif not came.m then
        return 'an answer that cannot be read'
    elseif not code then
        return came.name ~= 'SECCDiscoveryRes' and 'wrong message' or nil
    elseif not code:upper():find '^FAILED' then
        return why and 'accepted though invalid' or nil
    elseif why and why:find '^FAILED_' and code ~= why then
        return 'wrong code'
    end
    return nil
end

-- A connection of TCP that begins with octets in place of TLS.
local function says_hello(it, row)
    local limit = it:time(CLOSES)
    it.role.Connect { manual = true, tls = 'off', may_fail = true, timeout = limit }
    if it.role.State() == 'ready' then
        it.tester.is_deaf = false
        it:sends_bytes(hex.octets(row.hello))
        it:take(limit, { kind = 'any', limit = limit })
    end
end

local function asks(it, row)
    if row.hello then
        return says_hello(it, row)
    end
    local fault, waits, is_sdp = row.fault or '', row.waits, row.sends == 'SECCDiscoveryReq'
    local sent, spy = watch(it, row.sends, row.fault)
    it:sends(row.sends, row.fields)
    local from, limit = it.from, it:time(is_sdp and 'par_EVCC_SDP_Timeout' or it.tester:patience())
    local came = it:take(limit, { kind = 'any', limit = limit })
    it:proves_fault()
    spy:remove()
    came.code = code_of(came)
    local why = not is_sdp and fault_of(it, sent, row, row.sends) or nil
    step(it, came, from, limit, judge_station(it, row, came, why), why and 'a refusal, or the end: ' .. why
        or 'an answer in time, a refusal, or the end')
    if came.code and came.code:upper():find '^FAILED' and not fault:find '^duplicate' then
        it:expects_end { within = CLOSES }
    elseif waits and not came.name and not came.closed and not is_sdp then
        it:expects_end { within = 'V2G_SECC_Sequence_Timeout + ' .. CLOSES }
    elseif fault:find '^half%-close' then
        it.role.Disconnect() -- nothing more can be said on it
    end
end

-- ---- a vehicle ----

-- What a vehicle may still send that is to end the session.
local ENDING <const> = { WeldingDetectionReq = true, DC_WeldingDetectionReq = true, SessionStopReq = true }

local function is_ending(came)
    return came.closed or ENDING[came.name] or came.m and way.form(came.m) == 'PowerDeliveryReq(Stop)'
end

local function judge_vehicle(came, why)
    if is_ending(came) then
        return nil
    elseif not came.name then
        return 'unanswered'
    elseif not came.m then
        return 'a request that cannot be read'
    end
    return why and 'accepted though invalid' or nil
end

local function answers(it, row)
    local due = it.tester.asked:gsub('Req$', 'Res')
    local name = row.answers ~= due and row.answers or nil
    local sent, spy = watch(it, row.answers, row.fault)
    it:answers(row.fields, name)
    local from = it.from
    local limit = it:time(it.tester:patience()) + it:time(CLOSES)
    local came = it:take(limit, { kind = 'any', limit = limit })
    it:proves_fault()
    spy:remove()
    local why = fault_of(it, sent, row, due)
    local code = sent.m and code_of { m = sent.m }
    if code and code:upper():find '^FAILED' then
        why = why or code
    end
    step(it, came, from, limit, judge_vehicle(came, why), why and 'the end of the session: ' .. why
        or 'the next request, or the end of the session')
end

function endures.plays(it, row)
    if it.tester.by == 'EVCC' then
        asks(it, row)
    else
        answers(it, row)
    end
end

return endures
