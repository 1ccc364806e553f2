-- SPDX-License-Identifier: Apache-2.0
-- The sessions in what was recorded: one for each connection over which something was said, with
-- its exchanges, how it ended, and what is known of the way to it.

local outcome = require 'replay.outcome'
local refuse = require('v2g.common').refuse

local read = {}

-- A log knows no connections: there each supportedAppProtocolReq begins a session, or the first
-- message does.
local function key_of(event, open)
    if event.connection > 0 then
        return event.session .. '/' .. event.connection
    elseif event.kind ~= 'frame' then
        return nil
    elseif event.name == 'supportedAppProtocolReq' or not open then
        return 'from ' .. event.us .. ' ' .. tostring(event)
    end
    return open
end

local function new_session(event, found)
    return { messages = {}, us = event.us, found_us = found, missing = 0, undecoded = 0 }
end

local function take(s, event)
    s.tls = s.tls or event.tls
    if event.kind == 'connect' then
        s.connected_us = event.us
    elseif event.kind == 'loss' then
        s.missing = s.missing + 1
    elseif event.kind == 'close' then
        s.closed = s.closed or { from = event.from, how = event.how, us = event.us }
    elseif event.kind == 'frame' and event.message then
        s.messages[#s.messages + 1] = event
    elseif event.kind == 'frame' then
        s.undecoded = s.undecoded + 1
    end
end

-- The namespace that the response of supportedAppProtocol agrees on.
local function agreed(offer, answer)
    for i = 1, #(offer and offer.message.AppProtocol or {}) do
        local entry = offer.message.AppProtocol[i]
        if not answer.message.SchemaID or entry.SchemaID == answer.message.SchemaID then
            return entry.ProtocolNamespace
        end
    end
    return nil
end

-- By the sets that its messages are of: what the API calls the protocol.
local PROTOCOLS <const> = { ['din70121'] = 'DIN70121', ['iso15118-2'] = 'ISO15118-2' }

local function spoken(event)
    return event.set and event.set ~= 'appprotocol' and (PROTOCOLS[event.set] or 'ISO15118-20') or nil
end

-- A session has the protocol of its first message; those of another one cannot be said in it.
local function keep_protocol(s)
    local kept = {}
    for _, event in ipairs(s.messages) do
        local protocol = spoken(event)
        s.protocol = s.protocol or protocol
        if not protocol or protocol == s.protocol then
            kept[#kept + 1] = event
        else
            s.undecoded = s.undecoded + 1
        end
    end
    s.messages = kept
end

-- Requests with their responses: { request =, response = (nil: none came) }; what is said out of
-- turn stands alone, as { odd = event }.
local function exchanges(s)
    local list = {}
    for _, event in ipairs(s.messages) do
        local last = list[#list]
        if event.name:find('Req$') then
            list[#list + 1] = { request = event, name = event.name:sub(1, -4) }
        elseif last and last.request and not last.response
            and event.name == last.name .. 'Res' then
            last.response = event
        else
            list[#list + 1] = { odd = event, name = event.name }
        end
    end
    return list
end

local function finish(s)
    keep_protocol(s)
    local offer
    for _, event in ipairs(s.messages) do
        if event.name == 'supportedAppProtocolReq' then
            offer = event
        elseif event.name == 'supportedAppProtocolRes' then
            s.namespace = agreed(offer, event)
        end
    end
    s.exchanges = exchanges(s)
    local said = outcome.new()
    for _, event in ipairs(s.messages) do
        outcome.said(said, event.name, event.message)
    end
    s.outcome = outcome.of(said, s.closed and s.closed.from)
end

-- All sessions of a list of events, in the order in which they began.
function read.sessions(events)
    local list, at, open, found = {}, {}, nil, nil
    for _, event in ipairs(events) do
        local key = not event.udp and not event.link and key_of(event, open)
        if event.udp then
            found = event.name == 'SECCDiscoveryRes' and event.us or found
        elseif key then
            if not at[key] then
                at[key] = new_session(event, found)
                list[#list + 1], found = at[key], nil
            end
            open = key
            take(at[key], event)
        end
    end
    local heard = {}
    for _, s in ipairs(list) do
        if #s.messages > 0 then
            heard[#heard + 1] = s
            s.number = #heard
            finish(s)
        end
    end
    return heard, list
end

-- What the recorded is called: the end of its path, in one line.
function read.name(recorded)
    return (recorded.path:match('[^/]*/?$'):gsub('%c', '?'))
end

-- What there is to say of a session in one line.
function read.line(s)
    return ('%s, %d messages, %s'):format(s.protocol or 'no protocol agreed', #s.messages, s.outcome)
end

-- The session that is meant: of several the number has to be told. Raises what is wrong.
function read.choose(recorded, number, tell)
    local list, all = read.sessions(recorded.events)
    local lines = {}
    for i, s in ipairs(list) do
        lines[i] = ('session %d: %s'):format(i, read.line(s))
    end
    if #list == 0 then
        for _, s in ipairs(all) do
            if s.tls then
                refuse('the messages are under TLS, and there are no secrets that open it; expected '
                    .. 'them in the capture itself (pcapng), or --keylog FILE (SSLKEYLOGFILE of a '
                    .. 'side), or --key FILE (the station\'s key, for suites TLS_RSA_…)')
            end
        end
        refuse('there is no session in it; expected messages over TCP, or in a text')
    end
    if not number and #list > 1 then
        tell(('there are %d sessions, and the first one is taken; --session N takes another:'):format(#list))
        for _, line in ipairs(lines) do
            tell(line)
        end
    end
    local s = list[number or 1]
    if not s then
        refuse(('there is no session %.0f; expected 1 to %d'):format(number, #list))
    end
    if s.missing > 0 or s.undecoded > 0 then
        tell(('session %d: %d pieces are missing, %d frames cannot be decoded in its protocol; what is there is used')
            :format(s.number, s.missing, s.undecoded))
    end
    s.of = #list
    return s
end

return read
