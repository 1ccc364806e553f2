-- SPDX-License-Identifier: Apache-2.0
-- What vehicle and station share: parameters from several sources, pauses, hooks.

local check = require 'v2g.check'
local names = require 'v2g.names'
local requires = require 'v2g.requires'
local defaults = require 'v2g.parameters'
local steps = require 'v2g.steps'
local words = require 'v2g.words'

local common = {}

-- Raises what is wrong with what the user said: an error without a traceback.
function common.refuse(text)
    error(setmetatable({}, { __tostring = function() return text end }), 0)
end

local own_error = { __tostring = function(e) return e.text end }

-- What is raised, as ours, whatever the last message was.
local function mark(why)
    return type(why) == 'string'
        and setmetatable({ text = why, traceback = Traceback(nil, 2) }, own_error) or why
end
common.mark = mark

local function unmarked(good, ...)
    if good then
        return ...
    end
    error(mark(...), 0)
end

-- Calls a hook, or something else that reads nothing of the peer's. What that raises is ours.
function common.own(f, ...)
    return unmarked(xpcall(f, mark, ...))
end

-- Raises what is wrong with the message received last: an element that it should have is absent.
function common.blame(text)
    error(setmetatable({ text = text, is_peers = true }, own_error), 0)
end

-- What xpcall calls in what reads the message received last: common.fault tells whose error it is.
function common.mark_step(why)
    local marked = mark(why)
    if marked ~= why then
        marked.is_step = true
    end
    return marked
end

-- Why what was raised is the peer's fault (nil: it is not): `blame` said so, or the message that
-- was received last is none of the schema, so that what the code could rely on is not there. All
-- else is an error of ours.
function common.fault(role, raised)
    if getmetatable(raised) ~= own_error then
        return nil
    elseif raised.is_peers then
        return raised.text
    end
    local m = raised.is_step and role.Received()
    local bad = m and m:violations()[1]
    if bad then
        Log(raised.traceback and raised.text .. '\n' .. raised.traceback or raised.text)
    end
    return bad or nil
end

local function judged(role, good, raised, ...)
    if good then
        return good, raised, ...
    end
    return false, raised, common.fault(role, raised)
end

-- Calls what reads the message received last. true and its results; or false, what was raised, and
-- what common.fault says of it.
function common.reading(role, f, ...)
    return judged(role, xpcall(f, common.mark_step, ...))
end

-- ---- parameters ----

local function is_list(t)
    return t[1] ~= nil
end

local function copy(value)
    if type(value) ~= 'table' then
        return value
    end
    local made = {}
    for key, entry in pairs(value) do
        made[key] = copy(entry)
    end
    return made
end

-- Parameters that may be absent, with an example of their type.
local optional = {
    ev = { protocols = {}, transfer = '', stop_at = '', leave_at = '', silent_at = '', expects = {}, deviates = '',
           target_voltage = 0, pilot = 0, source_port = 0, probe = {}, energy = 0, max_schedules = 0,
           grid_functions = {}, tls = '',
           expires_soon = 0 },
    station = { transfers = {}, schedules = {}, silent_at = '', close_at = '', deviates = '', pilot = 0,
                challenge = '', providers = {}, provisioned = {}, tls = '', shows = {},
                notification_delay = 0, needs = {}, expires_soon = 0 },
}

local function lay_over(base, over)
    for key, value in pairs(over) do
        if type(value) == 'table' and type(base[key]) == 'table' and not is_list(value)
            and not is_list(base[key]) then
            lay_over(base[key], value)
        else
            base[key] = copy(value)
        end
    end
end

-- All parameters of a role: a table of their form.
function common.known(role)
    local known = copy(defaults[role])
    lay_over(known, optional[role])
    return known
end

local CALLED = { ev = 'vehicle', station = 'station' }

local function check_key(role, key)
    if defaults[role][key] == nil and optional[role][key] == nil then
        common.refuse(("there is no parameter '%s' of the %s; the nearest is '%s'"):format(key,
            CALLED[role], check.nearest(key, common.known(role))))
    end
end

-- Lays the table of a persona over the parameters p.
function common.lay_persona(p, role, persona)
    if type(persona) ~= 'table' then
        common.refuse('the persona is no table; expected a file that returns one')
    end
    if persona.role and persona.role ~= role then
        common.refuse(("this persona is a %s's, not a %s's; `v2glab %s --persona` plays it, and here "
            .. "--with-persona as the other side"):format(CALLED[persona.role] or persona.role, CALLED[role],
            persona.role == 'ev' and 'ev' or 'evse'))
    end
    for key in pairs(persona) do
        check_key(role, key)
    end
    lay_over(p, persona)
end

-- A persona's table laid over the defaults of its role.
function common.over_defaults(role, persona)
    local p = copy(defaults[role])
    lay_over(p, persona)
    return p
end

local function read_value(text)
    if text == 'true' or text == 'false' then
        return text == 'true'
    end
    if text == 'nil' then
        return nil
    end
    if tonumber(text) and not text:match('^0%d') then
        return tonumber(text)
    end
    if text:match('^{.*}$') then
        local made = load('return ' .. text, 'value', 't', {})
        if made then
            return made()
        end
    end
    return text
end

-- KEY=VALUE: battery.soc=55
local function set(p, role, key, text)
    local at, name = p, nil
    for part in key:gmatch('[^.]+') do
        if not name then
            check_key(role, part)
        else
            if type(at[name]) ~= 'table' then
                at[name] = {}
            end
            at = at[name]
        end
        name = tonumber(part) or part
    end
    local before = at[name]
    if type(before) == 'string' then
        at[name] = text
    else
        at[name] = read_value(text)
    end
end

-- Files as they were read before: { name, text } -> function of an environment. What such a file
-- makes is made anew for each session.
local chunks = setmetatable({}, { __mode = 'k' })

local function load_file(file, environment)
    local chunk, why = chunks[file], nil
    if not chunk then
        chunk, why = load('local _ENV = ... ' .. file[2], '@' .. file[1], 't')
        chunks[file] = chunk
    end
    if not chunk then
        common.refuse(why)
    end
    return chunk(environment)
end

-- What options say that are no parameters.
local OPTIONS <const> = { mode = true, protocol = true, time_scale = true, tls = true,
                          persona = true, script = true, set = true, sessions = true, hints = true }

-- What the options say, of a command line or of a script, laid over the parameters p.
local function take_options(p, role, o, environment)
    lay_over(p, defaults.of_mode[o.mode] and defaults.of_mode[o.mode][role] or {})
    if type(o.persona) == 'table' and is_list(o.persona) then -- a file: its name and its text
        common.lay_persona(p, role, load_file(o.persona, environment))
    elseif type(o.persona) == 'table' then
        common.lay_persona(p, role, o.persona)
    elseif o.persona then
        common.lay_persona(p, role, require('personas.' .. o.persona))
    end
    for key, value in pairs(o) do
        if not OPTIONS[key] then
            check_key(role, key)
            lay_over(p, { [key] = value })
        end
    end
    if o.mode and role == 'ev' then
        p.mode = o.mode
    elseif o.mode then
        p.modes = { [o.mode] = true }
    end
    if o.tls then
        p.tls = o.tls
    end
    for _, pair in ipairs(o.set or {}) do
        set(p, role, pair[1], pair[2])
    end
    environment.before, environment.on, environment.parameters = p.before, p.on, p
    if o.script then
        load_file(o.script, environment)
        p.before, p.on = environment.before, environment.on -- which it may have made anew
    end
end

-- What hooks see: everything that scripts see, the role that they are hooks of as Evcc or Secc,
-- `before`, `on` and the parameters as globals. What they set as a global, or in a library of Lua,
-- is theirs alone, and so are the files beside them that they require.
local LIBRARIES <const> = { 'string', 'table', 'math', 'utf8', 'coroutine', 'os' }

-- Of a file's own: what is the role's is so there, too.
local function environment_of(side, role)
    local environment = { [side == 'ev' and 'Evcc' or 'Secc'] = role,
                          [side == 'ev' and 'EVCC' or 'SECC'] = role, require = requires() }
    for _, name in ipairs(LIBRARIES) do
        environment[name] = copy(_G[name])
    end
    environment._G = environment
    return setmetatable(environment, { __index = function(_, name)
        if name == 'Pilot' then
            return role.Pilot
        end
        return _G[name]
    end })
end

local function has_functions(value)
    if type(value) ~= 'table' then
        return type(value) == 'function'
    end
    for _, entry in pairs(value) do
        if has_functions(entry) then
            return true
        end
    end
    return false
end

-- Options that do not change any more, and what was made of them.
local lasting = setmetatable({}, { __mode = 'k' })

-- Says that these options will not change: what they say is checked once, and sessions share the
-- parameters where nothing in them could tell one session from another.
function common.lasting(o)
    lasting[o] = lasting[o] or {}
    return o
end

-- Whether no parameter has a say in single messages, but how long they are waited for.
local function is_quiet(p)
    return not (p.leave_at or p.stop_at or p.silent_at or p.expects or p.deviates or next(p.values)
        or p.skip and next(p.skip))
end

-- The parameters; whether they are shared, and so cannot change; and whether they are quiet, too.
local function parameters_of(side, role, o)
    local known = lasting[o] or {}
    if known.shared then
        return known.shared, true, known.is_quiet
    end
    local p = copy(defaults[side])
    local has_file = o.script or type(o.persona) == 'table' and is_list(o.persona)
    take_options(p, side, o, has_file and environment_of(side, role) or {})
    words.mend(side, p)
    local found = next(o) and not known.is_checked and check.problems(side, p, role) or {}
    if #found > 0 then
        common.refuse(table.concat(found, '; '))
    end
    known.is_checked = true
    if lasting[o] and not o.script and not has_functions(p) then
        known.shared, known.is_quiet = p, is_quiet(p)
    end
    return p, known.shared ~= nil, known.is_quiet or false
end

-- What a session of one side ('ev', 'station') begins with, by what the options say: the role that
-- is played, the parameters, and how fast electrical time runs. is_quiet: there is no hook, nor a
-- parameter that has a say in single messages, so that nobody has to be asked. s: the table that
-- gets it; nil: a new one.
function common.new(side, role, o, s)
    if o.protocol then
        role.Protocol = o.protocol
    end
    s = s or {}
    s.p, s.is_shared, s.is_quiet = parameters_of(side, role, o)
    s.role, s.side, s.scale = role, side, tonumber(o.time_scale or 1)
    return s
end

-- Sets a parameter of this session alone.
function common.change(s, key, value)
    if s.is_shared then
        s.p, s.is_shared, s.is_quiet = copy(s.p), false, false
    end
    s.p[key] = value
end

-- ---- time ----

-- Milliseconds of real time: those of electrical time by the scale; { from, to } is a random time
-- between them, of a function it is what that says.
function common.pick(s, ms)
    if type(ms) == 'function' then
        ms = ms(s)
    end
    if type(ms) == 'table' then
        ms = ms[1] + math.random() * (ms[2] - ms[1])
    end
    return ms / s.scale
end

-- Pauses no longer than that are kept when the user wants to end, too.
local SHORT <const> = 200 -- ms

-- Waits so many milliseconds of electrical time, as common.pick takes them; nil: none.
function common.pause(s, ms)
    if ms and ms ~= 0 then
        ms = common.pick(s, ms)
        if ms > 0 then
            Sleep(ms, ms > SHORT)
        end
    end
end

-- ---- messages ----

local SET <const>, GET <const>, IS_SPECIFIED <const> = names.set, names.get, names.is_specified

local function setter(role, message, path)
    return role[SET[message][path]]
end

-- Get_MESSAGE_PATH of that role.
function common.getter(role, message, path)
    return role[GET[message][path]]
end

-- Calls Set_MESSAGE_PATH(value).
function common.set(role, message, path, value)
    return role[SET[message][path]](value)
end

-- Calls Get_MESSAGE_PATHSpecified.
function common.is_specified(role, message, path)
    return role[IS_SPECIFIED[message][path]]()
end

-- Sets all entries of a list; `path` leads to the element that holds it.
function common.set_list(role, message, path, list)
    local put, n = role[SET[message][path]], #list
    role[names.set_count[message][path]](n)
    for i = 1, n do
        put(i - 1, list[i])
    end
end

-- The entries of a received list.
function common.get_list(role, message, path)
    local get, list = role[GET[message][path]], {}
    for i = 1, role[names.get_count[message][path]]() do
        list[i] = get(i - 1)
    end
    return list
end

-- The entry of a list that has that id, or nil.
function common.find_id(list, id)
    for _, entry in ipairs(list) do
        if entry.id == id then
            return entry
        end
    end
    return nil
end

-- The values that a persona puts into a message; what the protocol does not have is left out.
local function apply_values(role, message, values, context)
    for path, value in pairs(values) do
        if type(value) == 'function' then
            value = value(context)
        end
        local found, set_it = pcall(setter, role, message, path)
        if found and type(value) == 'table' and is_list(value) then
            set_it(table.unpack(value))
        elseif found and value ~= nil then
            set_it(value)
        end
    end
end

-- Those with a header: before.send and on.receive are about these.
local function is_of_session(message)
    return not message:find('^SECCDiscovery') and not message:find('^supportedAppProtocol')
end

-- Whether a message needs no more than being sent: no hook, no values of its own.
function common.is_plain(p, message)
    return not (p.before.send and is_of_session(message) or p.before[message] or p.values[message])
end

-- What a hook gives back may be a message or bytes.
local function check_answer(message, answer)
    local kind = type(answer)
    if kind ~= 'table' and kind ~= 'userdata' and kind ~= 'string' then
        common.refuse(("a hook before.%s or before.send returned the %s %s; expected nothing, false, "
            .. "a message or bytes"):format(message, kind, tostring(answer)))
    end
end

-- Runs the hooks on the message m. The message that goes out, or nil: none; or bytes.
function common.hooked(s, message, m)
    local p = s.p
    for _, hook in ipairs { p.before[message] or false, is_of_session(message) and p.before.send } do
        local answer = nil
        if hook then
            answer = hook(m, s)
        end
        if answer == false then
            return nil
        end
        if answer ~= nil then
            check_answer(message, answer)
            m = answer
        end
    end
    return m
end

-- A key that cannot make such a signature (of another curve) keeps nothing back: a peer is to
-- refuse what comes unsigned.
local function sign(role, message, signer)
    local good, why = false, role.Signing == false and 'Signing = false' or nil
    if not why then
        good, why = pcall(role['Sign_' .. message], signer)
    end
    if not good then
        Log(('%s is not signed: %s'):format(message, why))
        common.set(role, message, 'Header_SignatureSpecified', false)
    end
end

-- Sends `message`, whose values are set. signer: the identity that signs it; nil: none, or the
-- usual one. False: a hook has dropped it.
function common.send(s, message, signer)
    local p, role = s.p, s.role
    local plain = s.is_quiet or common.is_plain(p, message)
    if not plain and p.values[message] then
        apply_values(role, message, p.values[message], s)
    end
    if signer then
        sign(role, message, signer)
    end
    if plain then
        role[names.send[message]]()
        return true
    end
    local m = common.hooked(s, message, role.Outgoing(message))
    if m == nil then
        return false
    end
    if type(m) == 'string' then
        role[message:find('^SECCDiscovery') and 'Send_Datagram' or 'Send_Raw'](m)
    else
        m:send()
    end
    return true
end

-- The hooks of a message received. False: it is to be ignored.
function common.received(s, message)
    local on = s.p.on
    local hook = on[message]
    local any = on.receive and is_of_session(message)
    if not hook and not any then
        return true
    end
    local m = s.role.Received()
    if hook and common.own(hook, m, s) == false then
        return false
    end
    return not (any and common.own(on.receive, m, s) == false)
end

-- What binds the other side, and is no reason to end the session: said once.
function common.remark(s, what)
    s.remarked = s.remarked or {}
    if not s.remarked[what] then
        s.remarked[what] = true
        Log(what)
    end
end

function common.state(s, name)
    if s.p.on.state then
        common.own(s.p.on.state, name, s)
    end
end

local function delay_of(s)
    return s.protocol == 'ISO15118-20' and 'EVSENotificationMaxDelay' or 'NotificationMaxDelay'
end

-- Whether what the station's notification asks for is done in time, or with the very next request.
-- The station keeps in s.overdue what is not, once; in profile `field` it says so alone.
function common.in_time(s, taken)
    local n = s.noticed
    if taken <= n.limit or n.rounds == 1 or s.protocol == 'DIN70121' then -- has status codes only
        return true
    end
    if n.wish and not s.overdue then
        local step = s.mode == 'ac' and 'ChargingStatus' or 'CurrentDemand'
        s.overdue = ("%s: %sRes asked the vehicle to %s; the limit is %d ms, and after %d ms it "
            .. 'had not'):format(delay_of(s), steps.name(s.protocol, s.mode, step), n.wish, n.limit,
            math.floor(taken))
        Log(s.overdue)
    end
    return false
end

-- Milliseconds until that came which the role received last, however late it was read.
function common.since(role, from)
    return math.max(0, role.Came() - from)
end

-- The station's notification (s.noticed: { at =, limit =, rounds =, wish = }) has been followed.
function common.reacted(s)
    local n = s.noticed
    local taken = Now() - n.at
    local good = common.in_time(s, taken)
    s.noticed = false
    if s.protocol ~= 'DIN70121' then
        s.role.Measured(s.protocol, delay_of(s), nil, taken, good, n.limit)
    end
end

function common.timed_out(s, name)
    if s.p.on.timeout then
        common.own(s.p.on.timeout, name, s)
    end
end

common.step_of = steps.of

return common
