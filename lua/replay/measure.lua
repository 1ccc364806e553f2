-- SPDX-License-Identifier: Apache-2.0
-- Measures the vehicle (or the station) of recorded sessions, and writes it as a persona
-- (docs/personas.md): a table of parameters, each with how often it was seen.

local fields = require 'replay.fields'
local figures = require 'replay.figures'
local made = require 'replay.made'
local measure_link = require 'replay.measure_link'
local read = require 'replay.read'
local refuse = require('v2g.common').refuse
local steps = require 'v2g.steps'

local literal = made.literal

local measure = {}

local NARROW <const> = 0.03 -- a spread below that share of the median is a number, not a range
local UNSEEN <const> = 20   -- rounds of a charge loop that was not seen
local FEW <const> = 3       -- a figure that was seen less often is not sure

-- What a vehicle may leave out of these messages, which the ready-made one sends.
local OPTIONAL <const> = {
    ChargeParameterDiscovery = { 'DC_EVChargeParameter.FullSOC', 'DC_EVChargeParameter.BulkSOC',
        'DC_EVChargeParameter.EVEnergyCapacity', 'DC_EVChargeParameter.EVEnergyRequest',
        'DC_EVChargeParameter.EVMaximumPowerLimit' },
    CurrentDemand = { 'BulkChargingComplete', 'RemainingTimeToFullSoC', 'RemainingTimeToBulkSoC',
        'EVMaximumVoltageLimit', 'EVMaximumCurrentLimit', 'EVMaximumPowerLimit' },
}
-- Of these the value is a habit, and no matter of the battery.
local HABITS <const> = { FullSOC = true, BulkSOC = true, EVEnergyCapacity = true,
                         EVEnergyRequest = true, EVMaximumPowerLimit = true }

-- ---- values of messages ----

-- A physical value is its number; of an element with children it is said that it is there.
local function get(event, path)
    if not event then
        return nil
    end
    local ok, value = pcall(event.message.get, event.message, path)
    if ok and type(value) == 'userdata' then
        local is_quantity, number = pcall(value.si, value)
        return is_quantity and number or true
    end
    if not ok then
        value = nil
    end
    return value
end

local function add(table_, key, value)
    if value ~= nil then
        table_[key] = table_[key] or {}
        table.insert(table_[key], value)
    end
end

-- ---- a session ----

local function is_stop(event)
    for path, value in event.message:values() do
        if fields.name(path) == 'EVSENotification' and tostring(value) == 'StopCharging' then
            return true
        end
    end
    return false
end

-- The name of a gap to that step.
local function gap_key(m, last, step)
    if step == 'PowerDelivery' and m.stop_asked then
        return 'Stop>PowerDelivery'
    end
    return last .. '>' .. step
end

local function take_exchange(m, s, exchange)
    local step = steps.of(exchange.request.name)
    local us = exchange.request.us
    if m.last then
        add(m.gaps, gap_key(m, m.last, step), (us - m.last_us) / 1000)
    elseif s.connected_us then
        add(m.gaps, 'TCP>' .. step, (us - s.connected_us) / 1000)
    end
    local run = m.order[#m.order]
    if run and run.step == step then
        run.n = run.n + 1
    else
        m.order[#m.order + 1] = { step = step, n = 1 }
    end
    add(m.requests, step, exchange.request)
    if not exchange.response then
        m.unanswered = { step = step, us = us }
        m.last, m.last_us = nil, nil
        return
    end
    add(m.responses, step, exchange.response)
    add(m.delays, step, (exchange.response.us - us) / 1000)
    m.stopping = m.stop_asked and (m.stopping or 0) + 1 or nil
    if not m.stop_asked and is_stop(exchange.response) then
        m.stop_asked, m.stopping = true, 0
        m.stop_round = m.order[#m.order].n
    end
    if step == 'PowerDelivery' and m.stop_asked and not m.after_stop then
        m.after_stop = m.stopping - 1
    end
    m.last, m.last_us = step, exchange.response.us
end

-- What one session shows: gaps and delays by step, runs of steps, messages by step.
local function of_session(s)
    local m = { session = s, gaps = {}, delays = {}, order = {}, requests = {}, responses = {} }
    if s.found_us and s.connected_us then
        add(m.gaps, 'SDP>TCP', (s.connected_us - s.found_us) / 1000)
    end
    for _, exchange in ipairs(s.exchanges) do
        if exchange.request then
            take_exchange(m, s, exchange)
        end
    end
    if s.closed and s.closed.from == 'EVCC' and m.last then
        add(m.gaps, m.last .. '>Close', (s.closed.us - m.last_us) / 1000)
    end
    return m
end

local function joined(list, which)
    local all = {}
    for _, m in ipairs(list) do
        for key, values in pairs(m[which]) do
            for _, value in ipairs(values) do
                add(all, key, value)
            end
        end
    end
    return all
end

local function rounds(m, step)
    local n = 0
    for _, run in ipairs(m.order) do
        n = run.step == step and math.max(n, run.n) or n
    end
    return n
end

local function first(list, which, step)
    for _, m in ipairs(list) do
        local of = m[which][step]
        if of then
            return of[1]
        end
    end
    return nil
end

-- ---- what is written ----

local function sorted_keys(t)
    local list = {}
    for name in pairs(t) do
        list[#list + 1] = name
    end
    table.sort(list)
    return list
end

-- A median with its spread as a number, or as a range of the same median.
local function figure(values)
    local median, least, most = figures.spread(values)
    local half = math.min(median - least, most - median)
    if half <= NARROW * median or half < 1 then
        return figures.ms(median)
    end
    return ('{ %s, %s }'):format(figures.ms(median - half), figures.ms(median + half))
end

local function seen(values)
    local median, least, most = figures.spread(values)
    local unit = #values == 1 and 'once' or ('%d times'):format(#values)
    local sure = #values < FEW and ', not sure' or ''
    if #values == 1 then
        return unit .. sure
    end
    return ('%s, median %s, %s to %s%s'):format(unit, figures.ms(median), figures.ms(least),
        figures.ms(most), sure)
end

local function line(out, indent, name, text, comment)
    local start = ('%s%s = %s,'):format(indent, made.key(name), text)
    out[#out + 1] = comment and start .. (' '):rep(math.max(1, 52 - #start)) .. '-- ' .. comment or start
end

local function times(out, name, all)
    local medians = {}
    for _, values in pairs(all) do
        medians[#medians + 1] = figures.median(values)
    end
    out[#out + 1] = ('    %s = {'):format(name)
    if #medians > 0 then
        line(out, '        ', 'default', figures.ms(figures.median(medians)), 'of all others')
    end
    for _, at in ipairs(sorted_keys(all)) do
        line(out, '        ', at, figure(all[at]), seen(all[at]))
    end
    out[#out + 1] = '    },'
end

local function range_of(list, step)
    local least, most
    for _, m in ipairs(list) do
        local n = rounds(m, step)
        if n > 0 then
            least, most = math.min(least or n, n), math.max(most or n, n)
        end
    end
    return least, most
end

-- ---- a vehicle ----

local function offers(out, list)
    local offer = first(list, 'requests', 'AppProtocol')
    if not offer then
        return
    end
    out[#out + 1] = '    protocols = {'
    for i = 1, #offer.message.AppProtocol do
        local entry = offer.message.AppProtocol[i]
        local name
        for _, protocol in ipairs { 'DIN70121', 'ISO15118-2', 'ISO15118-20' } do
            for _, known in ipairs(Evcc.Offers(protocol)) do
                name = known.ProtocolNamespace == entry.ProtocolNamespace and protocol or name
            end
        end
        out[#out + 1] = ('        { %s, priority = %d, schema = %d },'):format(
            name and literal(name) or ('uri = %s, major = %d, minor = %d'):format(
                literal(entry.ProtocolNamespace), entry.VersionNumberMajor, entry.VersionNumberMinor),
            entry.Priority, entry.SchemaID)
    end
    out[#out + 1] = '    },'
end

-- Pauses of the matching and of SDP, where there were any.
local MATCHING <const> = { 'start', 'interval', 'response', 'match' }

local function matching(out, pauses)
    local has_some = false
    for _, name in ipairs(MATCHING) do
        has_some = has_some or pauses[name] ~= nil
    end
    if has_some then
        out[#out + 1] = '    slac = {'
        for _, name in ipairs(MATCHING) do
            if pauses[name] then
                line(out, '        ', name, figures.ms(figures.median(pauses[name])), seen(pauses[name]))
            end
        end
        out[#out + 1] = '    },'
    else
        out[#out + 1] = '    -- there is no matching (SLAC) in the captures'
    end
    for _, row in ipairs { { 'again', 'CM_SLAC_PARM.REQ came again' },
        { 'joining', 'from CM_SLAC_MATCH.CNF to SDP, joining the network among it' } } do
        if pauses[row[1]] then
            out[#out + 1] = ('    -- %s: %s ms, %s'):format(row[2],
                figures.ms(figures.median(pauses[row[1]])), seen(pauses[row[1]]))
        end
    end
end

local function is_dc(list)
    return first(list, 'requests', 'ChargingStatus') == nil
        and get(first(list, 'requests', 'ChargeParameterDiscovery'), 'AC_EVChargeParameter') == nil
end

local function patience(out, list)
    for _, m in ipairs(list) do
        local u, closed = m.unanswered, m.session.closed
        if u and closed and closed.from == 'EVCC' then
            line(out, '    ', 'patience', ('{ %s = %s }'):format(u.step,
                figures.ms((closed.us - u.us) / 1000)), 'once: then it closed')
            return
        end
    end
end

local function stops(out, list)
    local stopped, paused, joins = 0, 0, 0
    for i, m in ipairs(list) do
        stopped = stopped + (m.session.outcome:find('^stopped') and 1 or 0)
        paused = paused + (m.session.outcome:find('Pause') and 1 or 0)
        local before = list[i - 1]
        local code = get((m.responses.SessionSetup or {})[1], 'ResponseCode')
        joins = joins + (before and tostring(code):find('Joined') and 1 or 0)
        if m.after_stop then
            line(out, '    ', 'after_stop_request', m.after_stop, 'rounds that still came')
        end
    end
    local least, most = range_of(list, 'WeldingDetection')
    if least then
        line(out, '    ', 'welding', ('{ %d, %d }'):format(least, most))
    elseif stopped > 0 and is_dc(list) then
        line(out, '    ', 'welding', '{ 0, 0 }', 'it sends none')
    end
    if paused > 0 then
        line(out, '    ', 'pause', math.max(joins, 1), ('SessionStop(Pause): %d of %d sessions'):format(paused, #list))
        line(out, '    ', 'resume', tostring(joins > 0))
    end
    local last = list[#list]
    if stopped == 0 then
        local run = last.order[#last.order]
        out[#out + 1] = ('    -- how it stops is not in the captures; the last session %s:'):format(
            last.session.outcome)
        out[#out + 1] = ("    -- leave_at = { '%s', %d }, leave = '%s',"):format(run.step, run.n,
            last.session.closed and last.session.closed.how == 'RST' and 'reset' or 'fin')
    end
    local closed = last.session.closed
    if closed and closed.from == 'EVCC' then
        line(out, '    ', 'close', closed.how == 'RST' and "'reset'" or "'fin'")
    else
        out[#out + 1] = '    -- who closes is not known: the station was first, or the capture ends'
    end
end

local function battery(out, list)
    local request = first(list, 'requests', 'ChargeParameterDiscovery')
    local parts = {}
    local function put(name, path)
        local value = get(request, 'DC_EVChargeParameter.' .. path)
        if value then
            parts[#parts + 1] = ('%s = %s'):format(name, literal(value))
        end
        return value
    end
    put('soc', 'DC_EVStatus.EVRESSSOC')
    local limit = put('max_voltage', 'EVMaximumVoltageLimit')
    put('max_current', 'EVMaximumCurrentLimit')
    if (get(request, 'DC_EVChargeParameter.EVMaximumPowerLimit') or 0) > 0 then
        put('max_power', 'EVMaximumPowerLimit')
    end
    local precharge = first(list, 'requests', 'PreCharge')
    local rest = get(precharge, 'EVTargetVoltage')
    if rest and limit and rest > 0 then
        local full = math.min(limit, rest * 1.1)
        parts[#parts + 1] = ('full_voltage = %s, empty_voltage = %s'):format(figures.ms(full),
            figures.ms(full * 0.85))
    end
    if #parts > 0 then
        line(out, '    ', 'battery', '{ ' .. table.concat(parts, ', ') .. ' }',
            'full and empty by the voltage of PreCharge')
    end
    line(out, '    ', 'precharge_current', literal(get(precharge, 'EVTargetCurrent')))
end

-- What the loop asked for, as a curve over the state of charge.
local function curves(out, list)
    for _, m in ipairs(list) do
        local loop, points, last = m.requests.CurrentDemand or {}, {}, nil
        for _, event in ipairs(loop) do
            local soc = get(event, 'DC_EVStatus.EVRESSSOC')
            if soc ~= last then
                points[#points + 1] = ('%s %%: %s V, %s A'):format(soc,
                    literal(get(event, 'EVTargetVoltage') or 0), literal(get(event, 'EVTargetCurrent') or 0))
                last = soc
            end
        end
        if #points > 0 then
            out[#out + 1] = ('    -- session %d asked for: %s'):format(m.session.number,
                table.concat(points, '; '))
        end
    end
end

-- What a request says or leaves out of these paths, by the names that `values` has.
local function add_habits(habits, event, paths)
    for _, path in ipairs(paths) do
        local value, at, parent = get(event, path), path:gsub('%.', '_'), path:match('^(.*)%.')
        local can_be = pcall(event.message.kind, event.message, path)
        if can_be and value == nil and (not parent or get(event, parent)) then
            habits[at .. 'Specified'] = 'false'
        elseif can_be and value ~= nil and HABITS[fields.name(path)] then
            habits[at] = literal(value)
        end
    end
end

local function values(out, list)
    out[#out + 1] = '    values = {'
    for _, step in ipairs(sorted_keys(OPTIONAL)) do
        local habits = {}
        for _, m in ipairs(list) do
            for _, event in ipairs { (m.requests[step] or {})[1] } do
                add_habits(habits, event, OPTIONAL[step])
            end
        end
        out[#out + 1] = ('        %sReq = {'):format(step)
        for _, at in ipairs(sorted_keys(habits)) do
            line(out, '            ', at, habits[at])
        end
        out[#out + 1] = '        },'
    end
    out[#out + 1] = '    },'
end

local function vehicle(out, list, pauses)
    line(out, '    ', 'mode', is_dc(list) and "'dc'" or "'ac'")
    offers(out, list)
    local setup = first(list, 'requests', 'SessionSetup')
    line(out, '    ', 'session_id', literal(get(setup, 'Header.SessionID') or '00'))
    line(out, '    ', 'evcc_id', literal(get(setup, 'EVCCID')))
    local gaps = joined(list, 'gaps')
    gaps['SDP>SDP'] = pauses['SDP>SDP']
    times(out, 'gaps', gaps)
    matching(out, pauses)
    patience(out, list)
    local least, most = range_of(list, 'PreCharge')
    if most == 1 and least == 1 then
        line(out, '    ', 'precharges', '{ 1, 0 }', 'one in the captures')
    end
    local loop = is_dc(list) and 'CurrentDemand' or 'ChargingStatus'
    least, most = range_of(list, loop)
    if least then
        line(out, '    ', 'loops', most, ('rounds of %s: %d to %d'):format(loop, least, most))
    else
        line(out, '    ', 'loops', UNSEEN, 'there is no charge loop in the captures: a guess')
    end
    stops(out, list)
    local request = first(list, 'requests', 'ChargeParameterDiscovery')
    local schedules = get(request, 'MaxEntriesSAScheduleTuple')
    if schedules then
        line(out, '    ', 'max_schedules', schedules)
    end
    local departure = get(request, 'DC_EVChargeParameter.DepartureTime')
        or get(request, 'AC_EVChargeParameter.DepartureTime')
    if departure then
        line(out, '    ', 'departure', departure)
    end
    if is_dc(list) then
        battery(out, list)
        curves(out, list)
        values(out, list)
    end
end

-- ---- a station ----

local function station_limits(out, list)
    local response = first(list, 'responses', 'ChargeParameterDiscovery')
    local function all(front, names)
        local parts = {}
        for _, row in ipairs(names) do
            local value = get(response, front .. '.' .. row[2])
            if value then
                parts[#parts + 1] = ('%s = %s'):format(row[1], literal(value))
            end
        end
        return #parts > 0 and '{ ' .. table.concat(parts, ', ') .. ' }' or nil
    end
    local dc = all('DC_EVSEChargeParameter', { { 'max_voltage', 'EVSEMaximumVoltageLimit' },
        { 'min_voltage', 'EVSEMinimumVoltageLimit' }, { 'max_current', 'EVSEMaximumCurrentLimit' },
        { 'max_power', 'EVSEMaximumPowerLimit' } })
    local ac = all('AC_EVSEChargeParameter', { { 'voltage', 'EVSENominalVoltage' },
        { 'max_current', 'EVSEMaxCurrent' } })
    line(out, '    ', 'modes', ('{ dc = %s, ac = %s }'):format(dc ~= nil, ac ~= nil))
    if dc then
        line(out, '    ', 'dc', dc)
    end
    if ac then
        line(out, '    ', 'ac', ac)
    end
end

local function ongoing(list, step)
    local most = 0
    for _, m in ipairs(list) do
        local n = 0
        for _, event in ipairs(m.responses[step] or {}) do
            n = n + (fields.ongoing[tostring(get(event, 'EVSEProcessing'))] and 1 or 0)
        end
        most = math.max(most, n)
    end
    return most
end

local function station(out, list)
    local id = get(first(list, 'responses', 'SessionSetup'), 'EVSEID')
    if id and not id:find('^%x*$') then
        line(out, '    ', 'evse_id', literal(id))
    end
    times(out, 'delays', joined(list, 'delays'))
    line(out, '    ', 'ongoing', ('{ Authorization = %d, ChargeParameterDiscovery = %d, CableCheck = %d }')
        :format(ongoing(list, 'Authorization'), ongoing(list, 'ChargeParameterDiscovery'),
            ongoing(list, 'CableCheck')), 'the most that were seen')
    station_limits(out, list)
    for _, m in ipairs(list) do
        if m.stop_round then
            line(out, '    ', 'stop_after', m.stop_round, ('asked to stop in session %d'):format(
                m.session.number))
            break
        end
    end
    local closed = list[#list].session.closed
    if closed and closed.from == 'SECC' then
        line(out, '    ', 'close', closed.how == 'RST' and "'reset'" or "'fin'")
    end
end

-- ---- which sessions ----

local function evccid(m)
    return get((m.requests.SessionSetup or {})[1], 'EVCCID')
end

-- Those that are the same car's as the first of their capture.
local function sessions_of(recorded, numbers, tell)
    local list, all = {}, read.sessions(recorded.events)
    if #all == 0 or numbers then
        all = {}
        for number in (numbers or '1'):gmatch('%d+') do
            all[#all + 1] = read.choose(recorded, tonumber(number), tell)
        end
    end
    local car
    for _, s in ipairs(all) do
        local m = of_session(s)
        local id = evccid(m)
        car = car or id
        if #m.order == 0 then
            tell(('%s, session %d has no request, and is left out'):format(recorded.path, s.number))
        elseif id and id ~= car then
            tell(('%s, session %d is of another vehicle (EVCCID %s), and left out'):format(
                recorded.path, s.number, id))
        else
            list[#list + 1] = m
        end
    end
    return list
end

local function order_of(m)
    local parts = {}
    for _, run in ipairs(m.order) do
        parts[#parts + 1] = run.n > 1 and ('%s ×%d'):format(run.step, run.n) or run.step
    end
    return table.concat(parts, ', ')
end

-- The command: prints the persona.
function measure.main(recorded, option, tell)
    local list, names, pauses = {}, {}, {}
    for _, one in ipairs(recorded) do
        measure_link.measure(one.events, pauses)
        for _, m in ipairs(sessions_of(one, option.session, tell)) do
            list[#list + 1] = m
        end
        names[#names + 1] = read.name(one)
    end
    if #list == 0 then
        refuse('there is nothing to measure; expected a session with requests (--session N takes one)')
    end
    local is_station = option.role == 'secc'
    local sure = #list == 1 and 'one session only: how much its figures vary is not known'
        or ('%d sessions of %d captures'):format(#list, #recorded)
    local out = {}
    out[#out + 1] = ('-- %s, measured by v2glab persona from %s.'):format(
        is_station and 'A station' or 'A vehicle', table.concat(names, ', '))
    out[#out + 1] = ('-- Sure: %s. Behind each time stands how often it was seen,'):format(sure)
    out[#out + 1] = '-- its median, and between what eight of ten were.'
    for _, m in ipairs(list) do
        out[#out + 1] = ('-- Session %d: %s'):format(m.session.number, read.line(m.session))
        out[#out + 1] = '--     ' .. order_of(m)
    end
    out[#out + 1] = ''
    out[#out + 1] = 'return {'
    line(out, '    ', 'role', is_station and "'station'" or "'ev'")
    line(out, '    ', 'about', literal('measured from ' .. table.concat(names, ', ')))
    line(out, '    ', 'sure', literal(sure))
    if is_station then
        station(out, list)
    else
        vehicle(out, list, pauses)
    end
    out[#out + 1] = '}'
    print(table.concat(out, '\n'))
end

return measure
