-- SPDX-License-Identifier: Apache-2.0
-- Compares personas with captures of the cars that they stand for; docs/personas.md says how.
--
--   lua5.4 personas.lua list
--   lua5.4 personas.lua CAPTURE          one of the names listed
--
-- Environment: V2GLAB, CAPTURES, TMPDIR. Prints `ok - …` and `not ok - …` lines.

local ROUNDS <const> = 20      -- most rounds of a loop that are played
local SHARE <const> = 0.1      -- medians may differ by so much
local RESOLUTION <const> = 3   -- ms, of timers and of what is measured here
local TRIES <const> = 3        -- most plays, where the machine is too busy for the gaps

-- What a capture cannot say of itself: the persona, its mode, and settings of vehicle (set) and
-- station (with), command line options. only: the number of the connection, where others are of
-- another car; cap: most rounds; endless: it has no end; unanswered: a response that did not
-- arrive.
local CASES <const> = {
    ['audi-q4-iso2-ac'] = { persona = 'vw-group', mode = 'ac', cap = 6,
        set = { 'pause=4', 'pause_ms=300' } },
    ['bmw-ix-din-dc'] = { persona = 'bmw-ix', mode = 'dc' },
    ['hyundai-ioniq5-din-dc'] = { persona = 'hyundai-kia', mode = 'dc' },
    ['mercedes-eqe-iso2-ac'] = { persona = 'mercedes-eqe', mode = 'ac', only = 1, cap = 5,
        set = { 'leave_at={"ChargingStatus",5}', 'leave=reset', 'loops=0' } },
    ['mercedes-eqe-iso2-ac#2'] = { persona = 'byd-atto-3', mode = 'dc', only = 2 },
    ['mercedes-eqe-iso2-dc'] = { persona = 'mercedes-eqe', mode = 'dc',
        set = { 'gaps.SDP>TCP=1259' } },
    ['mg4-din-dc'] = { persona = 'mg4', mode = 'dc' },
    ['mg4-iso2-ac'] = { persona = 'mg4', mode = 'dc',
        options = '--timer V2G_SECC_Sequence_Timeout=3s' },
    ['mg4-iso2-dc'] = { persona = 'mg4', mode = 'dc', only = 1,
        unanswered = 'CurrentDemandRes', with = 'silent_at="CurrentDemand",' },
    ['mg4-iso2-dc#2'] = { persona = 'mg4', mode = 'dc', only = 2,
        unanswered = 'CurrentDemandRes', with = 'silent_at="CurrentDemand",' },
    ['opel-ampera-din-dc'] = { persona = 'opel-ampera-e', mode = 'dc', cap = 8,
        set = { 'ongoing.CableCheck=6400' }, with = 'ongoing={Authorization=1,CableCheck=1000},' },
    ['opel-mokka-iso2-dc-failure'] = { persona = 'stellantis', mode = 'dc',
        set = { 'session_id=6F2DDFD326470BF4' } },
    ['porsche-taycan-iso2-ac'] = { persona = 'porsche-taycan', mode = 'ac' },
    ['seres-3-iso2-ac-cablecheck'] = { persona = 'seres-3', mode = 'dc', endless = true,
        set = { 'leave_at={"CableCheck",20}' },
        with = 'keep_on_failed=true, failed_close="none",'
            .. 'values={CableCheckRes={EVSEProcessing="Ongoing"}},' },
    ['tesla-y-iso2-refused'] = { persona = 'tesla', mode = 'dc', protocol = 'ISO15118-2' },
    ['vw-id4-iso2-dc-pnc'] = { persona = 'vw-id4-fw23', mode = 'dc',
        with = 'payment={"Contract"}, contract_without_tls=true,' },
    ['vw-id4-iso2-dc'] = { persona = 'vw-id4-fw23', mode = 'dc', endless = true,
        set = { 'gaps.SDP>TCP=250' } }, -- its first SYN is lost on the last session's port
    ['xpeng-p7-iso2-dc'] = { persona = 'xpeng-p7', mode = 'dc' },
}

local V2GLAB, CAPTURES = os.getenv('V2GLAB') or 'build/v2glab', os.getenv('CAPTURES')
local TMPDIR = os.getenv('TMPDIR') or '/tmp'

package.path = 'lua/?.lua' -- of the personas

-- ---- JSON ----

local ESCAPES <const> = { n = '\n', t = '\t', r = '\r', b = '\b', f = '\f' }

local function read_string(text, at)
    local stop = at + 1
    while true do
        stop = text:find('["\\]', stop)
        if text:byte(stop) == 34 then break end
        stop = stop + 2
    end
    local value = text:sub(at + 1, stop - 1):gsub('\\u(%x%x%x%x)', function(hex)
        return utf8.char(tonumber(hex, 16))
    end):gsub('\\(.)', function(c) return ESCAPES[c] or c end)
    return value, stop + 1
end

local read

local function read_members(text, at, close)
    local members = {}
    at = text:find('%S', at + 1)
    while text:sub(at, at) ~= close do
        local key = #members + 1
        if close == '}' then
            key, at = read_string(text, at)
            at = text:find(':', at, true) + 1
        end
        members[key], at = read(text, text:find('%S', at))
        at = text:find('[^%s,]', at)
    end
    return members, at + 1
end

local WORDS <const> = { ['true'] = true, ['false'] = false }

function read(text, at)
    local c = text:sub(at, at)
    if c == '{' then return read_members(text, at, '}') end
    if c == '[' then return read_members(text, at, ']') end
    if c == '"' then return read_string(text, at) end
    local word = text:match('^[^%s,}%]]+', at)
    if WORDS[word] ~= nil then return WORDS[word], at + #word end
    return tonumber(word), at + #word
end

-- ---- sessions ----

local function body(event)
    local m = event.message and event.message.V2G_Message
    return m and select(2, next(m.Body)) or {}
end

-- The name of a request as it stands in a sequence; PowerDelivery and SessionStop with their case.
local function request_name(event)
    local b = body(event)
    local name = event.name:gsub('Req$', '')
    local case = b.ChargeProgress or b.ChargingSession
    if b.ReadyToChargeState ~= nil then case = b.ReadyToChargeState and 'Start' or 'Stop' end
    return case and ('%s(%s)'):format(name, case) or name
end

local function add(gaps, key, value)
    gaps[key] = gaps[key] or {}
    table.insert(gaps[key], value)
end

local function new_session(found)
    return { steps = {}, gaps = {}, delays = {}, responses = {}, requests = {}, found = found }
end

local function take_request(s, event)
    local name = request_name(event)
    local plain = name:gsub('%(.*', '')
    local last = s.steps[#s.steps]
    if s.answered then
        add(s.gaps, s.answered .. '>' .. plain, (event.us - s.answered_us) / 1000)
    elseif s.asked then -- no response: from request to request
        add(s.gaps, s.asked .. '>again', (event.us - s.asked_us) / 1000)
    elseif s.found then
        add(s.gaps, 'SDP>' .. plain, (event.us - s.found) / 1000)
    end
    if last and last.name == name then
        last.n = last.n + 1
    else
        s.steps[#s.steps + 1] = { name = name, n = 1 }
    end
    s.asked, s.asked_us, s.answered = plain, event.us, nil
    s.requests[event.name] = s.requests[event.name] or event
end

local function take_response(s, event)
    local plain = event.name:gsub('Res$', '')
    local b = body(event)
    add(s.delays, plain, (event.us - s.asked_us) / 1000)
    s.answered, s.answered_us = plain, event.us
    s.responses[plain] = s.responses[plain] or b
    local status = b.DC_EVSEStatus or b.AC_EVSEStatus or {}
    if status.EVSENotification == 'StopCharging' and not s.stop_after then
        s.stop_after = s.steps[#s.steps].n
    end
end

-- The sessions of a stream of events, one for each connection that says something.
local function read_sessions(command, by, unanswered)
    local sessions, at, found = {}, {}, nil
    local pipe <close> = assert(io.popen(command))
    for line in pipe:lines() do
        local event = read(line, 1)
        if event.name == unanswered and unanswered then
            event.kind = 'lost'
        end
        if (event.by or by) == by and event.kind == 'frame' then
            if event.udp then
                found = event.name == 'SECCDiscoveryRes' and event.us or found
            else
                local s = at[event.connection]
                if not s then
                    s = new_session(found)
                    s.source = event.source
                    at[event.connection], sessions[#sessions + 1], found = s, s, nil
                end
                if event.from == 'EVCC' then take_request(s, event) else take_response(s, event) end
            end
        elseif (event.by or by) == by and event.kind == 'close' and at[event.connection] then
            local s = at[event.connection]
            s.closed, s.closed_us = event.text, event.us
        end
    end
    return sessions
end

-- When the last message came.
local function ended(s)
    return s.answered and s.answered_us or s.asked_us
end

-- When and how the vehicle itself closed, which the station's own closing hides in a capture.
local function read_closing(path, s)
    local address, port = s.source:match('^%[(.*)%]:(%d+)$')
    local filter = ('tcp.srcport==%s && ipv6.src==%s && (tcp.flags.fin==1 || tcp.flags.reset==1)')
        :format(port, address)
    local pipe <close> = assert(io.popen(("tshark -r '%s' -Y '%s' -T fields -e frame.time_epoch "
        .. "-e tcp.flags.reset 2>/dev/null"):format(path, filter)))
    for line in pipe:lines() do
        local seconds, part, reset = line:match('^(%d+)%.(%d+)%s+(%S+)')
        local us = tonumber(seconds) * 1000000 + tonumber((part .. '000000'):sub(1, 6))
        if us > ended(s) then
            s.closing = (reset == '1' or reset == 'True') and 'RST' or 'FIN'
            s.closing_ms = (us - ended(s)) / 1000
            return
        end
    end
end

local function median(values)
    local sorted = table.move(values, 1, #values, 1, {})
    table.sort(sorted)
    local n = #sorted
    return (sorted[(n + 1) // 2] + sorted[n // 2 + 1]) / 2
end

-- All gaps of several sessions together.
local function joined(sessions, which)
    local all = {}
    for _, s in ipairs(sessions) do
        for key, values in pairs(s[which]) do
            for _, value in ipairs(values) do add(all, key, value) end
        end
    end
    return all
end

-- ---- the station of the capture ----

local STEPS <const> = { supportedAppProtocol = 'AppProtocol',
    ServicePaymentSelection = 'PaymentServiceSelection', ContractAuthentication = 'Authorization' }

local function rounds(s, name)
    for _, step in ipairs(s.steps) do
        if step.name == name then return step.n end
    end
    return 0
end

local function si(value)
    return value.Value * 10.0 ^ (value.Multiplier or 0)
end

local function limits(s)
    local parameters = s.responses.ChargeParameterDiscovery or {}
    local ac, dc = parameters.AC_EVSEChargeParameter, parameters.DC_EVSEChargeParameter
    if dc then
        return ('dc={max_voltage=%g,max_current=%g,max_power=%g,min_voltage=%g},'):format(
            si(dc.EVSEMaximumVoltageLimit), si(dc.EVSEMaximumCurrentLimit),
            si(dc.EVSEMaximumPowerLimit), si(dc.EVSEMinimumVoltageLimit))
    elseif ac then
        return ('ac={voltage=%g,max_current=%g},'):format(si(ac.EVSENominalVoltage),
            si(ac.EVSEMaxCurrent))
    end
    return ''
end

local function protocol_of(case, s)
    if case.protocol then return case.protocol end
    return s.responses.ServicePaymentSelection and 'DIN70121' or 'ISO15118-2'
end

-- Writes the station as a persona: delays, rounds of Ongoing, limits, stop. Returns its path.
local function write_station(case, sessions, cap)
    local s = sessions[1]
    local path = TMPDIR .. '/station.lua'
    local f <close> = assert(io.open(path, 'w'))
    local cable = math.min(math.max(rounds(s, 'CableCheck'), 1), cap)
    local offers = s.responses.ServiceDiscovery and s.responses.ServiceDiscovery.ChargeService
    local transfers = offers and offers.SupportedEnergyTransferMode
    local is_ac = transfers and transfers.EnergyTransferMode[1]:find('^AC') and true or false
    f:write(("Secc.Protocol = '%s'\nreturn { role = 'station', close = 'wait',\n"):format(
        protocol_of(case, s)))
    f:write(('modes = { ac = %s, dc = %s },\n'):format(is_ac, not is_ac))
    if transfers then
        f:write(("transfers = { '%s' },\n"):format(
            table.concat(transfers.EnergyTransferMode, "', '")))
    end
    f:write(('ongoing = { Authorization = 1, CableCheck = %d },\n'):format(cable - 1))
    f:write(limits(s), '\ndelays = {')
    for name, values in pairs(joined(sessions, 'delays')) do
        f:write((' %s = %.0f,'):format(STEPS[name] or name, math.min(median(values), 1000)))
    end
    local n = s.stop_after and math.max(1, cap - (rounds(s, 'CurrentDemand') - s.stop_after)) or 0
    f:write((' },\nstop_after = %d, tls = "off",\n%s }\n'):format(n, case.with or ''))
    return path
end

-- ---- playing ----

local function play(case, persona, sessions, cap)
    local s = sessions[1]
    local record = TMPDIR .. '/record'
    local words = { V2GLAB, 'ev', '--quiet', '--persona', case.persona, '--record', record,
                    '--with-persona', write_station(case, sessions, cap), case.options or '',
                    '--set', 'mode=' .. case.mode }
    local function set(text) table.insert(words, "--set '" .. text .. "'") end
    local precharges = math.min(rounds(s, 'PreCharge'), cap)
    if precharges > 0 then set(('precharges={%d,%d}'):format(precharges, precharges)) end
    set('loops=' .. (s.stop_after and 1000 or cap))
    local welding, n = persona.welding or { 0, 0 }, rounds(s, 'WeldingDetection')
    if welding[1] < n and n <= welding[2] then
        set(('welding={%d,%d}'):format(n, n)) -- within what the persona gives
    end
    for _, text in ipairs(case.set or {}) do set(text) end
    os.execute(("rm -rf '%s'"):format(record))
    local output = TMPDIR .. '/output'
    os.execute(table.concat(words, ' ') .. (" >'%s' 2>&1 </dev/null"):format(output))
    return read_sessions(("cat '%s/events.jsonl'"):format(record), 'EVCC'), output
end

-- ---- comparing ----

local failures = 0

local function result(ok, ...)
    failures = failures + (ok and 0 or 1)
    print((ok and 'ok - ' or 'not ok - ') .. string.format(...))
    return ok
end

-- Prints a result, and the lines of what is bad.
local function results(bad, ...)
    result(#bad == 0, ...)
    table.sort(bad)
    for _, line in ipairs(bad) do print(line) end
end

local function complain(bad, ...)
    bad[#bad + 1] = '#   ' .. string.format(...)
end

local LOOPS <const> = { CableCheck = true, PreCharge = true, CurrentDemand = true,
                        ChargingStatus = true }

local function sequence(s, cap, endless)
    local words = {}
    for i, step in ipairs(s.steps) do
        local n = LOOPS[step.name] and math.min(step.n, cap) or step.n
        if endless and i == #s.steps and n >= cap then
            n = cap -- where the capture was cut
        end
        words[#words + 1] = n > 1 and ('%s×%d'):format(step.name, n) or step.name
    end
    return table.concat(words, ' ')
end

local function compare_sequences(name, case, ours, theirs, cap)
    result(#ours == #theirs, '%s: %d connections as in the capture', name, #theirs)
    for i, s in ipairs(theirs) do
        local expected = sequence(s, cap, case.endless)
        local found = ours[i] and sequence(ours[i], cap, case.endless) or 'nothing'
        if case.endless then found = found:sub(1, #expected) end
        if not result(found == expected, '%s: the same messages in the same order (connection %d)',
            name, i) then
            print('#   capture: ' .. expected)
            print('#   persona: ' .. found)
        end
    end
end

-- The range that a persona gives for a gap, else nil.
local function range(persona, key)
    local from, to = key:match('^(.*)>(.*)$')
    local gaps = persona.gaps
    from, to = STEPS[from] or from, STEPS[to] or to
    local gap = gaps[from .. '>' .. to] or gaps[to]
    if from == 'SDP' and type(gaps['SDP>TCP']) == 'table' then
        gap = { gaps['SDP>TCP'][1] + gaps['TCP>AppProtocol'],
                gaps['SDP>TCP'][2] + gaps['TCP>AppProtocol'] }
    end
    return type(gap) == 'table' and gap or nil
end

local function is_near(persona, key, ours, theirs)
    local allowed = range(persona, key)
    if not allowed then
        return math.abs(ours - theirs) <= math.max(SHARE * theirs, RESOLUTION)
    end
    for _, value in ipairs { ours, theirs } do
        if value < allowed[1] * (1 - SHARE) - RESOLUTION
            or value > allowed[2] * (1 + SHARE) + RESOLUTION then
            return false
        end
    end
    return true
end

-- The medians of several plays, of which the smallest count: a busy machine only ever adds to them.
local function add_medians(medians, sessions)
    for key, values in pairs(joined(sessions, 'gaps')) do
        medians[key] = math.min(medians[key] or math.huge, median(values))
    end
end

local function unlike_gaps(persona, medians, theirs)
    local bad, n = {}, 0
    for key, values in pairs(joined(theirs, 'gaps')) do
        local expected, found = median(values), medians[key]
        n = n + 1
        if not found then
            complain(bad, '%s: capture %.1f ms, persona has none', key, expected)
        elseif not is_near(persona, key, found, expected) then
            complain(bad, '%s: capture %.1f ms, persona %.1f ms', key, expected, found)
        end
    end
    return bad, n
end

-- How the last connection ended, where the car did it.
local function compare_closing(name, persona, ours, theirs)
    local s, o = theirs[#theirs], ours[#ours]
    if not s.closing or not o or not o.closed_us or o.closed:find('closed by peer') then
        return
    end
    local taken = (o.closed_us - ended(o)) / 1000
    local how = o.closed == 'reset by us' and 'RST' or o.closed == 'closed by us' and 'FIN'
        or o.closed
    local ok = how == s.closing
        and is_near(persona, 'SessionStop>Close', taken, s.closing_ms)
    result(ok, '%s: closes by %s, %.0f ms after the last message (capture: %s, %.0f ms)', name, how,
        taken, s.closing, s.closing_ms)
end

-- What its first messages say: offers, first SessionID, and which elements they have.
local function elements(value, at, into)
    for key, entry in pairs(value) do
        if type(entry) == 'table' then
            elements(entry, at .. '.' .. key, into)
        else
            into[at .. '.' .. key] = entry
        end
    end
    return into
end

local function compare_values(name, ours, theirs)
    local bad = {}
    for message, event in pairs(theirs[1].requests) do
        local other = ours[1] and ours[1].requests[message]
        if other then
            local a, b = elements(event.message, '', {}), elements(other.message, '', {})
            local exact = message == 'supportedAppProtocolReq' or message == 'SessionSetupReq'
            for path, value in pairs(a) do
                local unlike = exact and b[path] ~= value and not path:find('EVCCID')
                if b[path] == nil or unlike then
                    complain(bad, '%s%s: capture %s, persona %s', message, path, value, b[path])
                end
            end
            for path, value in pairs(b) do
                if a[path] == nil then
                    complain(bad, '%s%s: not in the capture, persona %s', message, path, value)
                end
            end
        end
    end
    results(bad, '%s: the same offers, first SessionID and elements', name)
end

local function compare(name)
    local case = CASES[name]
    local path = ('%s/%s.pcap'):format(CAPTURES, name:gsub('#.*', ''))
    local theirs = read_sessions(("'%s' decode --json '%s' 2>/dev/null"):format(V2GLAB, path), nil,
        case.unanswered)
    if case.only then theirs = { theirs[case.only] } end
    for _, s in ipairs(theirs) do read_closing(path, s) end
    local cap = case.cap or ROUNDS
    local persona = dofile('lua/personas/' .. case.persona .. '.lua')
    local ours, output, bad, n
    local medians = {}
    for _ = 1, TRIES do
        ours, output = play(case, persona, theirs, cap)
        add_medians(medians, ours)
        bad, n = unlike_gaps(persona, medians, theirs)
        if #bad == 0 or #ours == 0 then break end
    end
    local before = failures
    name = ('%s as %s'):format(case.persona, name)
    compare_sequences(name, case, ours, theirs, cap)
    results(bad, '%s: the medians of its %d gaps are within 10 %%', name, n)
    compare_closing(name, persona, ours, theirs)
    compare_values(name, ours, theirs)
    if failures > before then
        for line in io.lines(output) do print('#   v2glab: ' .. line) end
    end
end

if arg[1] == 'list' then
    local names = {}
    for name in pairs(CASES) do names[#names + 1] = name end
    table.sort(names)
    print(table.concat(names, '\n'))
else
    compare(arg[1])
end
