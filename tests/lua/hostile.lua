-- SPDX-License-Identifier: Apache-2.0
-- For `v2glab ev --script`: does wrong things at every step of a session, and then looks whether
-- the station still charges a vehicle that does none. `about` is "PROTOCOL mode", or
-- "PROTOCOL mode contract": paid by contract, with a certificate that is installed first.

local evcc = require 'v2g.evcc'

local protocol, mode, paying = parameters.about:match('^(%S+) (%S+) ?(%S*)$')
local V2GTP <const> = '\x01\xFE\x80\x01'

-- Holds a session; at request n of it (all: nil) calls act(self, m), which says what is sent.
local function session(n, act)
    local self = evcc.new(Evcc, { protocol = protocol, mode = mode, time_scale = '1000000',
                            tls = parameters.tls })
    local count = 0
    self.p.loops, self.p.on_failed = 2, 'close'
    if paying == 'contract' then
        self.p.payment, self.p.contract = 'Contract', 'install'
        self.p.contract_without_tls, self.p.fall_back = true, false
    end
    self.p.before.send = function(m)
        count = count + 1
        if act and (n == nil or count == n) then
            return act(self, m, count)
        end
        return nil
    end
    local _, ok, why = evcc.attempt(self)
    return ok, why, count
end

local function gone(self)
    Evcc.Disconnect()
    self:leave('gone', true, '')
end

local good, why, steps = session()
assert(good, why)
Log(('%s %s: a good session has %d requests'):format(protocol, mode, steps))

local tried = 0
local function at_every_step(what, act)
    for n = 1, steps do
        local ok, because = session(n, act)
        assert(ok, ('%s at request %d: %s'):format(what, n, because))
    end
    local ok, because = session()
    assert(ok, ('after %s a good vehicle is not served: %s'):format(what, because))
    tried = tried + 1
    Log(('done: %s %s: %s, at each of %d steps'):format(protocol, mode, what, steps))
end

-- ---- SessionIDs ----

local function with_id(id)
    return function(self, m, n)
        local name = m:name()
        if n == 1 then
            return nil -- SessionSetupReq may have any id
        end
        m.Header.SessionID = id
        m:send()
        local found = Evcc.Receive_Any_001(2000)
        local expected = name:gsub('Req$', 'Res')
        assert(found == expected, ('expected %s, found %s'):format(expected, found))
        local code = Evcc['Get_' .. found .. '_ResponseCode']()
        assert(code == 'FAILED_UnknownSession', ('%s: found %s'):format(found, code))
        -- final: the connection ends within 5 s, whatever else is asked for
        local from = Now()
        if n % 2 == 0 then
            Evcc.Message(name):send()
        end
        local after, state
        repeat
            after, state = Evcc.Receive_Any_001(6000)
        until after == nil
        assert(state == 'closed' and Now() - from < 5000, 'the connection stays open')
        self:leave('gone', true, '')
    end
end

if parameters.energy ~= 1 then -- not in the quick run
    at_every_step('a foreign SessionID', with_id('0123456789ABCDEF'))
else
    local act = with_id('0000000000000000')
    for n = 2, math.min(steps, 6) do
        local ok, because = session(n, act)
        assert(ok, because)
    end
end

-- ---- frames ----

-- What is no request is put up with: the session goes on.
local function besides(bytes)
    return function()
        Evcc.Send_Raw(bytes)
        return nil
    end
end

at_every_step('a payload that cannot be decoded', besides(V2GTP .. '\0\0\0\x05\x80\xFF\xFF\xFF\xFF'))
at_every_step('an empty payload', besides(V2GTP .. '\0\0\0\0'))
at_every_step('a wrong payload type', besides('\x01\xFE\x12\x34\0\0\0\2ab'))

local function instead(bytes, reset)
    return function(self)
        Evcc.Send_Raw(bytes)
        Evcc.Disconnect(reset)
        gone(self)
    end
end

at_every_step('half a frame, then FIN', instead(V2GTP .. '\0\0\0\x20abc'))
at_every_step('half a header, then RST', instead('\x01\xFE\x80', true))
at_every_step('a length of 4 GiB', instead(V2GTP .. '\xFF\xFF\xFF\xFFabc'))
at_every_step('bytes that are no V2GTP', instead(('no V2GTP at all '):rep(100)))
at_every_step('a frame of 60 KiB', instead(V2GTP .. '\0\0\xEA\x60' .. ('\x80'):rep(60000)))

local function random_bytes(n)
    local list = {}
    for i = 1, n do
        list[i] = string.char(math.random(0, 255))
    end
    return table.concat(list)
end

math.randomseed(15118)
at_every_step('random bytes', function(self)
    Evcc.Send_Raw(random_bytes(math.random(1, 300)))
    gone(self)
end)
at_every_step('a random payload in a good frame', function(self)
    for _ = 1, 5 do
        local payload = '\x80' .. random_bytes(math.random(1, 60))
        Evcc.Send_Raw(V2GTP .. string.pack('>I4', #payload) .. payload)
    end
    gone(self)
end)

-- Every bit of every request of a session turned over.
at_every_step('a request with one bit turned over', function(self, m)
    if m:name() ~= 'SessionSetupReq' then
        m.Header.SessionID = Evcc.SessionID()
    end
    local exi = m:exi()
    local at = math.random(1, #exi)
    local byte = exi:byte(at) ~ (1 << math.random(0, 7))
    local payload = exi:sub(1, at - 1) .. string.char(byte) .. exi:sub(at + 1)
    Evcc.Send_Raw(V2GTP .. string.pack('>I4', #payload) .. payload)
    Evcc.Receive_Any_001(20)
    gone(self)
end)

at_every_step('a response', function()
    Evcc.Message('SessionStopRes'):send()
    return nil
end)

at_every_step('the same request twice', function(self, m)
    m:copy():send()
    m:copy():send()
    Evcc.Receive_Any_001(500)
    Evcc.Receive_Any_001(500)
    gone(self)
end)

Log(('%s %s: %d kinds'):format(protocol, mode, tried))
Pass()
