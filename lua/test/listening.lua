-- SPDX-License-Identifier: Apache-2.0
-- The station that tests a vehicle, where a case begins before there is a session: it answers SDP,
-- takes the connection and agrees on a protocol only as the case says. SECCDiscoveryReq and
-- connections are things that come, like messages.

local listening = {}

local POLL <const> = 5 -- ms between two looks at what has come
local FOR_EVER <const> = 0x7FFFFFFF
listening.CONNECTION = 'a TCP connection'

-- Where such a case begins.
listening.BEGINS = { SECCDiscoveryReq = true, connected = true, supportedAppProtocolReq = true }

-- Listens, with the certificate that the case wants shown (`shows`, as of Pki.Make), and answers
-- SECCDiscoveryReq as `answer` has said, where that is what is tested.
local function listen(self, answers)
    local came = {}
    self.came = came
    self.role.Filter { on = 'SECCDiscoveryReq', direction = 'in', fault = function(m)
        came[#came + 1] = { name = 'SECCDiscoveryReq', m = m:copy(), at = Now() }
    end }
    if not answers then
        self.role.Filter { on = 'SECCDiscoveryRes', direction = 'out', fault = function(m)
            return self.change and self.change(m) or false
        end }
    end
    local cert = self.shows and Pki.Make('secc-leaf', self.shows) or nil
    self.role.Listen { manual = true, cert = cert, tls = self.parameters.tls or 'off', timeout = FOR_EVER }
end

-- What has come: { name =, m =, at = }, { closed = why, at = }; nil: nothing yet.
local function look(self, wants_requests)
    local request = wants_requests and table.remove(self.came, 1)
    if request then
        return request
    end
    local state, why = self.role.State()
    if state ~= 'discovering' and not self.is_met then
        self.is_met = true
        return { name = listening.CONNECTION, m = {}, at = Now() }
    elseif state == 'failed' or state == 'closed' then
        return { closed = why or state, at = Now() }
    end
    return nil
end

-- Whatever comes next within ms, as case:take wants it.
function listening:await(ms)
    local till = Now() + ms
    repeat
        if self.is_met and self.role.State() == 'ready' then
            return nil -- it is a connection like any other now
        end
        local came = look(self, self.asked == 'SECCDiscoveryReq')
        if came then
            return came
        end
        Sleep(math.min(POLL, math.max(0, till - Now())))
    until Now() >= till
    return { at = Now() }
end

-- Goes there; `since` is when it was there. Nil, or what came in between, as text.
function listening:reach(given)
    if given == 'SECCDiscoveryReq' and self.role.Address then
        return 'an address was given: there is no SDP'
    end
    listen(self, given ~= 'SECCDiscoveryReq')
    self.asked = given
    local came
    repeat
        came = look(self, given == 'SECCDiscoveryReq')
        if not came then
            Sleep(POLL)
        end
    until came
    self.since = came.at
    if given == 'SECCDiscoveryReq' then
        return came.name ~= given and came.name or nil
    elseif given == 'connected' then
        return nil
    end
    local name = self.role.Receive_Any_001(Timer('ISO15118-2', 'V2G_EVCC_CommunicationSetup_Timeout'))
    self.since = self.role.Came()
    return name ~= given and ('%s in place of %s'):format(name or 'nothing', given) or nil
end

-- supportedAppProtocolRes, by the offer that has come.
local function agrees(self, change)
    local m = self.role.Message('supportedAppProtocolRes')
    m.ResponseCode = 'OK_SuccessfulNegotiation'
    local known = self.role.Offers(self.parameters.protocol)
    for _, offer in ipairs(self.role.Received('supportedAppProtocolReq').AppProtocol) do
        for _, entry in ipairs(known) do
            if offer.ProtocolNamespace == entry.ProtocolNamespace then
                m.SchemaID = offer.SchemaID
            end
        end
    end
    change(m):send()
    self.id = nil
end

-- Answers what has come, with what `change` makes of the answer: supportedAppProtocolReq now, and
-- SECCDiscoveryReq from the next one on.
function listening:answer(change)
    if self.asked == 'SECCDiscoveryReq' then
        self.change = change
    else
        agrees(self, change or function(m) return m end)
    end
end

return listening
