-- SPDX-License-Identifier: Apache-2.0
-- For `v2glab run`, where chance is the system's: the SessionIDs and challenges that a station
-- gives to 64 vehicles. In true random numbers each bit is 0 of some and 1 of others.

local VEHICLES <const> = 64

local given = { ids = {}, challenges = {} }

local function ask(name)
    local request = Evcc.Message(name .. 'Req')
    request:send()
    Evcc.Receive_Any_001(3000)
    return Evcc.Received()
end

-- Octets that are set in no bit, or in all of them, at the same place; how many octets there are.
local function is_random(list)
    local any, all, seen = {}, {}, {}
    for _, text in ipairs(list) do
        assert(#text == #list[1] and not seen[text], 'twice the same')
        seen[text] = true
        for i = 1, #text do
            any[i] = (any[i] or 0) | text:byte(i)
            all[i] = (all[i] or 0xFF) & text:byte(i)
        end
    end
    for i = 1, #list[1] do
        assert(any[i] == 0xFF and all[i] == 0, ('octet %d has bits that are always the same'):format(i))
    end
    return #list[1]
end

Evcc.Protocol = 'ISO15118-20'
local station = Start(Station {}.Serve, { sessions = VEHICLES, tls = 'off', contract_without_tls = true })
for i = 1, VEHICLES do
    Evcc.Connect { tls = 'off' }
    given.ids[i] = tostring(ask('SessionSetup').Header.SessionID):gsub('%x%x', function(pair)
        return string.char(tonumber(pair, 16))
    end)
    given.challenges[i] = tostring(ask('AuthorizationSetup').PnC_ASResAuthorizationMode.GenChallenge)
    Evcc.Disconnect()
end
Wait_For(station)
Log(('SessionIDs: %d octets at random'):format(is_random(given.ids)))
Log(('challenges: %d octets at random'):format(is_random(given.challenges)))
Pass()
