-- SPDX-License-Identifier: Apache-2.0
-- What both sides of the matching (ISO 15118-3, annex A) have in common: counters, keys, the own
-- modem, and the link that it has.

local slac = {}

-- Counters of ISO 15118-3, table A.1.
slac.counters = {
    C_EV_match_retry = 2,           -- repetitions of a request
    C_EV_start_atten_char_inds = 3, -- CM_START_ATTEN_CHAR.IND
    C_EV_match_MNBC = 10,           -- M-Sounds
    C_conn_max_match = 3,           -- attempts to match
}

slac.NOBODY = ('0'):rep(34) -- SOURCE_ID, RESP_ID, …: all zero
slac.ALL = 'FFFFFFFFFFFF'
local POLL <const> = 250         -- ms between looks at the link
local SET_KEY <const> = 500      -- ms until CM_SET_KEY.CNF
local SET_KEY_TRIES <const> = 10

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
        local answer = m and wanted(m)
        if answer then
            return true
        elseif m and answer == nil and other then
            other(m, from)
        end
    end
    return false
end

local function is_key_set(m)
    return m:name() == 'CM_SET_KEY_CNF' or nil
end

-- Gives the own modem a key; what comes meanwhile is handed to `other`. Whether it took it: modems
-- say 0 or 1, so that what it says does not count, but that it answers.
function slac.set_key(role, nmk, nid, other)
    for _ = 1, SET_KEY_TRIES do
        local over = Now() + SET_KEY
        role.Slac_Send(slac.message(role, 'CM_SET_KEY_REQ',
            { MyNonce = 0xAAAAAAAA, NID = nid, NewKey = nmk }))
        if heard(role, over, is_key_set, other) then
            return true
        end
    end
    return false
end

-- Asks for the link: of either maker's modem.
function slac.ask_link(role)
    role.Slac_Send(role.Message('VS_PL_LINK_STATUS_REQ'))
    role.Slac_Send(role.Message('CG_GET_D_LINK_STATUS_REQ'))
end

-- What a message says of the link: true, false, or nil: nothing.
function slac.link_of(m)
    local name = m:name()
    if name == 'VS_PL_LINK_STATUS_CNF' or name == 'CG_GET_D_LINK_STATUS_CNF' then
        return m.LinkStatus == 1
    end
end

-- Waits until the link is up, at most so long. Whether it is.
function slac.wait_for_link(role, ms, other)
    local over = Now() + ms
    while Now() < over do
        local next_look = math.min(over, Now() + POLL)
        slac.ask_link(role)
        if heard(role, next_look, slac.link_of, other) then
            return true
        end
    end
    return false
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
