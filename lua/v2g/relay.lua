-- SPDX-License-Identifier: Apache-2.0
-- The ready-made relay (`v2glab relay`): a station to the vehicle, a vehicle to the station, and
-- every frame handed on as it came (src/session/relay.h), but for what hooks, --set and --offer
-- make of it. They are filters of what comes, so that the record has both: what came on one leg,
-- what went on the other.

local common = require 'v2g.common'

local relay = {}

local FOREVER <const> = 0x7FFFFFFF -- ms
-- Messages that may be signed; changed, they are signed anew where the tree has the signer's key.
local SIGNED <const> = { 'AuthorizationReq', 'MeteringReceiptReq', 'MeteringConfirmationReq',
                         'CertificateUpdateReq', 'CertificateInstallationReq',
                         'CertificateInstallationRes', 'CertificateUpdateRes',
                         'ChargeParameterDiscoveryRes', 'ScheduleExchangeRes' }

local ROLES <const> = { vehicle = Secc, station = Evcc } -- what comes from them comes to these

-- ---- what hooks may do ----

local handle = {}
handle.__index = handle

-- m goes out by the role that made it, besides what is handed on.
function handle.send(_, m)
    Start(function() m:send() end)
end

-- What keeps messages back, by the side that they come from; a session begins with none. Each lets
-- go of what it keeps alone, so that a delay that is over releases nothing that waits for a key.
local keeping = { vehicle = {}, station = {} }

local function keep(self, what)
    keeping[self.from][what] = true
    self.joined:hold(self.from)
end

local function let_go(self, what)
    local all = keeping[self.from]
    if all[what] then
        all[what] = nil
        if not next(all) then
            self.joined:release(self.from)
        end
    end
end

-- What comes from that side waits until it is released, this message included.
function handle:hold()
    keep(self, 'hold')
end

function handle:release()
    let_go(self, 'hold')
end

-- Likewise, until wait() is over.
local function keep_while(self, wait)
    keep(self, wait)
    Start(function()
        wait()
        let_go(self, wait)
    end)
end

function handle:delay(ms)
    keep_while(self, function() Sleep(ms) end)
end

function handle:wait_for_key(text)
    keep_while(self, function()
        Log((text or 'held') .. ': a key (Enter) lets it go on')
        self.joined:key()
    end)
end

-- ---- filters ----

local function filter(from, name, f)
    ROLES[from].Filter { on = name, direction = 'in', fault = f }
end

local function both(name, f)
    filter('vehicle', name, f)
    filter('station', name, f)
end

local function is_signed(m)
    local good, signature = pcall(function() return m.Header.Signature end)
    return good and signature ~= nil
end

-- The first of these is the last that a message passes, and the other way round: `ours` is noted
-- of the message as it came.
local function sign_anew()
    local ours = {}
    local function last(m)
        if ours[m:name()] and not m:verify() then
            m:sign()
            Log(m:name() .. ': changed, and signed anew')
        end
    end
    local function first(m)
        local good, valid = pcall(m.verify, m)
        ours[m:name()] = is_signed(m) and good and valid
    end
    return last, first
end

-- Of a message with a change in its text: "CurrentDemandRes.EVSEPresentVoltage=+5%".
local function set(text)
    local name, field, value = text:match('^%s*([%w_*]+#?[%d+-]*)%.([^=]+)=(.*)$')
    if not name then
        common.refuse(("--set %s: expected MESSAGE.FIELD=VALUE, as "
            .. "'CurrentDemandRes.EVSEPresentVoltage=+5%%'"):format(text))
    end
    if value:find('%s') and not value:find('^"') then
        value = '"' .. value .. '"'
    end
    for _, role in pairs(ROLES) do
        local good, why = pcall(role.Filter, ('in %s: set %s=%s'):format(name, field, value))
        if not good then
            common.refuse(('--set %s: %s'):format(text, why))
        end
    end
end

-- Only these protocols are offered to the station, in this order; the vehicle's own SchemaIDs stay,
-- so that the answer means what it says to both.
local function offer(list)
    local rank, n = {}, 0
    for name in list:gmatch('[^,]+') do
        local offers = Evcc.Offers(name)
        if #offers == 0 then
            common.refuse(('--offer %s: %s is no protocol; expected DIN70121, ISO15118-2 or '
                .. 'ISO15118-20, with commas'):format(list, name))
        end
        for _, entry in ipairs(offers) do
            n = n + 1
            rank[entry.ProtocolNamespace] = n
        end
    end
    filter('vehicle', 'supportedAppProtocolReq', function(m)
        local kept, had = {}, {}
        for i = 1, #m.AppProtocol do
            local entry = m.AppProtocol[i]
            had[#had + 1] = entry.ProtocolNamespace
            if rank[entry.ProtocolNamespace] then
                kept[#kept + 1] = entry:table()
            end
        end
        if #kept == 0 then
            Log('--offer: the vehicle offers none of these, and its offer stays: '
                .. table.concat(had, ', '))
            return
        end
        table.sort(kept, function(a, b)
            return rank[a.ProtocolNamespace] < rank[b.ProtocolNamespace]
        end)
        for i, entry in ipairs(kept) do
            entry.Priority = i
        end
        m.AppProtocol = kept
    end)
end

-- ---- hooks of a file ----

local function hooks(file, joined)
    local on = {}
    local environment = setmetatable({ on = on }, { __index = _G })
    local chunk, why = load(file[2], '@' .. file[1], 't', environment)
    if not chunk then
        common.refuse(why)
    end
    chunk()
    on = environment.on
    for name, hook in pairs(on) do
        local is_side = name == 'vehicle' or name == 'station'
        for from in pairs(ROLES) do
            local own = setmetatable({ from = from, joined = joined }, handle)
            local function call(m)
                joined:follow()
                return hook(m, own)
            end
            if not is_side or name == from then
                filter(from, is_side and '*' or name, call)
            end
        end
    end
end

-- What comes with `plugs` is looked at only, as it comes.
local function arrange(o, joined, plugs)
    if plugs then
        filter('vehicle', 'SessionStopReq', function(m) plugs:stops(m) end)
    end
    local changes = #o.set > 0 or o.script
    local last, first = sign_anew()
    for _, name in ipairs(changes and SIGNED or {}) do
        both(name, last)
    end
    if o.script then
        hooks(o.script, joined)
    end
    for _, text in ipairs(o.set) do
        set(text)
    end
    for _, name in ipairs(o.hold) do
        local told = name .. ' waits'
        for from in pairs(ROLES) do
            local own = setmetatable({ from = from, joined = joined }, handle)
            filter(from, name, function() own:wait_for_key(told) end)
        end
    end
    if o.offer then
        offer(o.offer)
    end
    for _, name in ipairs(changes and SIGNED or {}) do
        both(name, first)
    end
end

-- ---- sessions ----

local function ms(us)
    return ('%.3f ms'):format(us / 1000)
end

-- What became of what that side has sent.
local function told(joined, from)
    local f = joined:figures(from)
    local text = ('%d messages of the %s'):format(f.frames, from)
    if f.most_us > 0 then -- in virtual time nothing takes any
        text = text .. (' (delayed by %s, 99 %% by less than %s, most %s)'):format(
            ms(f.median_us), ms(f.p99_us), ms(f.most_us))
    end
    if f.waited > 0 then
        text = text .. (', %d waited'):format(f.waited)
    end
    if f.valid + f.broken + f.untold > 0 then
        text = text .. (', signatures: %d valid, %d broken, %d that cannot be told'):format(
            f.valid, f.broken, f.untold)
    end
    if f.late > 0 then
        text = text .. (', the %s was late %d times'):format(from, f.late)
    end
    if f.made_late > 0 then
        text = text .. (', the relay made %d late'):format(f.made_late)
    end
    return text
end

-- Alerts of who does not trust what it is shown, and what helps.
local MISTRUST <const> = { unknown_ca = true, bad_certificate = true, certificate_unknown = true,
                           certificate_expired = true, certificate_revoked = true,
                           unsupported_certificate = true }

local function advised(why, role, advice)
    local alert = role.Get_Tls_Alert()
    return why .. (MISTRUST[alert] and '; ' .. advice or '')
end

-- ---- the station, while no vehicle is there ----

local LOOK_AFTER <const> = 300 -- ms that a vehicle may come in before it is looked for
local LOOK_EVERY <const> = 10000
local ANSWER_MS <const> = 250  -- V2G_EVCC_Msg_Timeout of SDP

-- answer: what the last SECCDiscoveryRes says; told: what of that was; turn: who may ask.
local station = {}

local function note_station()
    filter('station', 'SECCDiscoveryRes', function(m)
        station.answer = ('the station answers SDP: %s'):format(m.Security == 0x00 and 'TLS' or 'no TLS')
    end)
end

-- Asks for it by SDP until the vehicle is there, so that what is missing is known before. Who
-- answers then gets the vehicle.
local function look(o)
    local turn = {}
    station.turn = turn -- one at a time, from session to session
    Sleep(LOOK_AFTER)
    while station.turn == turn and Secc.State() == 'discovering' and not Stop_Requested() do
        station.answer = nil
        Evcc.Set_SECCDiscoveryReq_Security(o.station.tls == 'off' and 0x10 or 0x00)
        local sent, why = pcall(Evcc.Send_SECCDiscoveryReq_001)
        Sleep(ANSWER_MS)
        local found = station.answer or ('no station answers SDP%s: it is asked for again every %d s'):format(
            sent and '' or ' (' .. tostring(why) .. ')', LOOK_EVERY // 1000)
        if Secc.State() == 'discovering' and found ~= station.told then
            station.told = found
            Log(found)
        end
        Sleep(LOOK_EVERY)
    end
end

-- Until both are joined: the verdict and why, or nil, and what is spoken.
local function join(joined, o)
    Secc.Listen { interface = o.vehicle.interface, address = o.vehicle.address,
                  tls = o.vehicle.tls or 'auto', manual = true, timeout = FOREVER }
    if not o.station.address and not o.vehicle.slac then
        Start(look, o)
    end
    local ok, why = joined:reach('vehicle')
    if not ok then
        return 'fail', advised('the vehicle: ' .. (why or ''), Secc, 'the vehicle has to trust the '
            .. 'root of what it is shown: that of --pki DIR (`v2glab pki list`), or of --cert FILE')
    end
    local version = Secc.Get_Tls_Version()
    Evcc.Listen { interface = o.station.interface, address = o.station.address,
                  tls = o.station.tls or version or 'off', manual = true }
    ok, why = joined:reach('station')
    if ok then
        Log(('joined: TLS to the vehicle %s, to the station %s'):format(version or 'none',
            Evcc.Get_Tls_Version() or 'none'))
        return nil
    elseif Secc.State() ~= 'ready' then
        return 'inconclusive', 'the vehicle left before the station was reached'
    end
    return 'fail', advised('the station is not reached: ' .. (why or 'it was ended'), Evcc,
        'the station has to trust the root of --station-cert FILE, and its own root stands in '
        .. '--station-roots FILE')
end

-- A session of a vehicle: its verdict, and why. nil: none came, and none is waited for.
local function session(joined, o, plugs)
    keeping.vehicle, keeping.station = {}, {}
    local verdict, why = join(joined, o)
    if Stop_Requested() and Secc.State() == 'discovering' then
        return nil
    end
    local side, how, text
    local was_joined = not verdict
    if was_joined then
        side, how, text = joined:wait()
        verdict = 'pass'
        text = side and ('the %s ended it: %s'):format(side, text) or 'ended by the user'
    end
    if plugs and plugs.over then
        verdict, text = plugs:verdict(was_joined)
        why = text
    end
    if was_joined then
        why = ('%s; %s; %s'):format(told(joined, 'vehicle'), told(joined, 'station'), text)
    end
    Secc.Disconnect(how == 'RST')
    Evcc.Disconnect(how == 'RST')
    return verdict, why
end

function relay.run(o)
    local joined, held = Secc.Relay(Evcc), 0
    local plugs = o.vehicle.slac and require('v2g.relay_plug').new(joined, o)
    local function goes_on()
        return not Stop_Requested() and (o.sessions == 0 or held < o.sessions)
    end
    local function over(verdict, why)
        if verdict then
            held = held + 1
            Secc.Session_Over(verdict, why)
        end
        if goes_on() and verdict ~= 'pass' then
            Sleep(100) -- what fails at once fails no more than ten times a second
        end
    end
    local function hold()
        local verdict, why = session(joined, o, plugs)
        if plugs and verdict then
            plugs:session_over()
        end
        over(verdict, why)
    end
    arrange(o, joined, plugs)
    note_station()
    if plugs then
        return plugs:run(goes_on, hold, over)
    end
    repeat
        hold()
    until not goes_on()
end

return relay
