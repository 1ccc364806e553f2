-- SPDX-License-Identifier: Apache-2.0
-- What both sides of the matching (ISO 15118-3, annex A) have in common: counters, keys, the own
-- modem, and the link that it has.

local slac = {}

-- Counters of ISO 15118-3, table A.1, by name (lua/timers.lua).
slac.counters = setmetatable({}, { __index = function(_, name)
    return Timer('SLAC', name)
end })

slac.NOBODY = ('0'):rep(34) -- SOURCE_ID, RESP_ID, …: all zero
slac.ALL = 'FFFFFFFFFFFF'
slac.GROUPS = 58                 -- of carriers, whose attenuation is told
local POLL <const> = 250         -- ms between looks at the link
local SET_KEY <const> = 500      -- ms until CM_SET_KEY.CNF
local SET_KEY_TRIES <const> = 10

slac.LOOK = 400 -- ms between looks at a link that is up: its end shows within TP_match_leave

function slac.time(name)
    return Timer('SLAC', name)
end

-- So many octets by chance, as hex digits.
function slac.random(octets)
    local text = {}
    for i = 1, octets do
        text[i] = ('%02X'):format(math.random(0, 255))
    end
    return table.concat(text)
end

-- A message with these fields.
function slac.message(role, name, fields)
    local m = role.Message(name)
    for field, value in pairs(fields) do
        m[field] = value
    end
    return m
end

-- Whether the fields of a message are as they have to be; else the name of one that is not.
function slac.is(m, fields)
    for field, value in pairs(fields) do
        if not m:is(field, value) then
            return false, field
        end
    end
    return true
end

-- Whether wanted(m) becomes true of a frame until `over`; what it says nothing of (nil) is other's.
local function heard(role, over, wanted, other)
    while Now() < over do
        local m, from = role.Slac_Receive(over - Now())
        local answer = m and wanted(m, from)
        if answer then
            return true
        elseif m and answer == nil and other then
            other(m, from)
        end
    end
    return false
end

-- Of each role the address of its own modem: of whoever answered its first key.
local modems = setmetatable({}, { __mode = 'k' })

-- Whether that is the own modem's word. What only a modem tells its host, anybody on the line can
-- send, too; true as long as it is not known which the own one is.
function slac.is_own_modem(role, from)
    return not modems[role] or modems[role] == from
end

-- Gives the own modem a key; what comes meanwhile is handed to `other`. Whether it took it: modems
-- say 0 or 1, so that what it says does not count, but that it answers.
function slac.set_key(role, nmk, nid, other)
    local function is_key_set(m, from)
        if m:name() == 'CM_SET_KEY_CNF' and slac.is_own_modem(role, from) then
            modems[role] = from
            return true
        end
    end
    for _ = 1, SET_KEY_TRIES do
        local over = Now() + SET_KEY
        role.Slac_Send(slac.message(role, 'CM_SET_KEY_REQ',
            { MyNonce = 0xAAAAAAAA, NID = nid, NewKey = nmk }))
        if heard(role, over, is_key_set, other) then
            return true
        end
    end
    modems[role] = nil -- the next one may be another
    return false
end

-- ---- the modem before anything else ----

-- What each maker's modem says of its firmware, and what has it start anew.
local FIRMWARE <const> = {
    VS_SW_VER_CNF = { reset = 'VS_RS_DEV_REQ', tell = function(m)
        return m.VersionText
    end },
    CG_GET_VERSION_CNF = { reset = 'CG_RESET_DEVICE_REQ', tell = function(m)
        return ('CG5317 %d.%d.%d build %d'):format(m.Major, m.Minor, m.Patch, m.Build)
    end },
}
local VERSION <const> = 500   -- ms until it has said its version
local RESTART <const> = 1000  -- ms in which a modem that starts anew is not asked
local RESET <const> = 20000   -- ms until it has to be there again

-- Asks both makers' modems: the firmware of that which answers, and the request that resets it.
local function firmware(role)
    role.Slac_Send(role.Message 'VS_SW_VER_REQ')
    role.Slac_Send(role.Message 'CG_GET_VERSION_REQ')
    local text, reset
    heard(role, Now() + VERSION, function(m)
        local maker = FIRMWARE[m:name()]
        if maker then
            text, reset = maker.tell(m), maker.reset
        end
        return maker ~= nil
    end)
    return text, reset
end

-- Tells the firmware of the own modem, as `wish` has it: 'ask'; 'reset': starts it anew before;
-- 'auto': asks, but not on a bench, whose modems are known. Before there is a matching.
function slac.meet_modem(role, wish)
    role.Slac()
    if wish ~= 'ask' and wish ~= 'reset' and (role.Slac_Has 'ev0' or role.Slac_Has 'evse0') then
        return
    end
    local text, reset = firmware(role)
    if wish == 'reset' and reset then
        Log(('SLAC: the modem, %s, is reset'):format(text))
        role.Slac_Send(role.Message(reset))
        local over = Now() + RESET
        Sleep(RESTART)
        repeat
            text = firmware(role)
        until text or Now() >= over or Stop_Requested()
    end
    Log('SLAC: ' .. (text and 'modem with firmware ' .. text
        or 'no modem has told its version: neither VS_SW_VER.REQ nor CG_GET_VERSION.REQ was answered'))
end

-- ---- the link ----

-- Of each role, the request for the link that its modem has answered: that of its maker.
local known = setmetatable({}, { __mode = 'k' })

local MAKERS <const> = { VS_PL_LINK_STATUS_CNF = 'VS_PL_LINK_STATUS_REQ',
                         CG_GET_D_LINK_STATUS_CNF = 'CG_GET_D_LINK_STATUS_REQ' }

-- Asks for the link: of either maker's modem, as long as it is not known which it is.
function slac.ask_link(role)
    for _, request in pairs(known[role] and { known[role] }
        or { 'VS_PL_LINK_STATUS_REQ', 'CG_GET_D_LINK_STATUS_REQ' }) do
        role.Slac_Send(role.Message(request))
    end
end

-- What a message to the role says of the link: true, false, or nil: nothing.
function slac.link_of(role, m, from)
    local request = MAKERS[m:name()]
    if request and slac.is_own_modem(role, from) then
        known[role] = request
        return m.LinkStatus == 1
    end
end

-- Waits until the link is up, at most so long. Whether it is.
function slac.wait_for_link(role, ms, other)
    local over = Now() + ms
    local function says_link(m, from)
        return slac.link_of(role, m, from)
    end
    while Now() < over do
        local next_look = math.min(over, Now() + POLL)
        slac.ask_link(role)
        if heard(role, next_look, says_link, other) then
            return true
        end
    end
    return false
end

-- ---- amplitudes ----

-- Answers CM_AMP_MAP.REQ, which either side may send while there is a link; one without any
-- amplitudes gets no answer. Whether it was one.
function slac.answer_amp_map(role, m, from)
    if m:name() ~= 'CM_AMP_MAP_REQ' then
        return false
    end
    if m.AMLEN > 0 then
        role.Slac_Send(slac.message(role, 'CM_AMP_MAP_CNF', { Result = 0 }), from)
    end
    return true
end

local CARRIERS <const>, FULL <const> = 1155, 15

-- An exchange that this side begins, for whoever takes the frames: sends CM_AMP_MAP.REQ with full
-- power on all carriers, and again each TT_amp_map_exchange, until CM_AMP_MAP.CNF with result 0.
-- due: when go_on_amp_map has something to do; nil: it is over. take_amp_map is given what comes.
function slac.begin_amp_map(role, mac)
    local exchange = { role = role, mac = mac, sent = 0, due = Now() }
    slac.go_on_amp_map(exchange)
    return exchange
end

function slac.go_on_amp_map(exchange)
    if not exchange.due or exchange.due > Now() then
        return
    elseif exchange.sent > slac.counters.C_EV_match_retry then
        exchange.due = nil
        exchange.role.Measured('SLAC', 'TT_amp_map_exchange', nil, Now() - exchange.last, false)
        return Log(('SLAC: %s does not answer CM_AMP_MAP.REQ'):format(exchange.mac))
    end
    local amplitudes = {}
    for i = 1, CARRIERS do
        amplitudes[i] = FULL
    end
    exchange.role.Slac_Send(slac.message(exchange.role, 'CM_AMP_MAP_REQ',
        { AMDATA = amplitudes }), exchange.mac)
    exchange.sent, exchange.last = exchange.sent + 1, Now()
    exchange.due = Now() + slac.time 'TT_amp_map_exchange'
end

function slac.take_amp_map(exchange, m, from)
    if exchange and exchange.due and m:name() == 'CM_AMP_MAP_CNF' and from == exchange.mac
        and m.Result == 0 then
        exchange.due = nil
        exchange.role.Measured('SLAC', 'TT_amp_map_exchange', nil, Now() - exchange.last, true)
    end
end

-- The mean of what the groups say, in dB.
function slac.mean(groups)
    local sum = 0
    for i = 1, #groups do
        sum = sum + groups[i]
    end
    return #groups > 0 and sum / #groups or math.huge
end

return slac
