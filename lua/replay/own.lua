-- SPDX-License-Identifier: Apache-2.0
-- What a replay makes anew of its own: times, identifiers, certificates and keys, by the names that
-- scripts have for them. Each function gets the player, the recorded value, and what tells a user.

local function contract()
    return Pki.Identity('contract-leaf')
end

local function chain_of(identity)
    local chain, subs = identity.chain, {}
    for i = 2, #chain do
        subs[#subs + 1] = chain[i].der
    end
    return { Certificate = chain[1].der,
             SubCertificates = #subs > 0 and { Certificate = subs } or nil }
end

-- Of a station that hands a contract out: where the request shows for whom, by message.
local HOLDERS <const> = { 'OEMProvisioningCert', 'OEMProvisioningCertificateChain.Certificate',
                          'ContractSignatureCertChain.Certificate' }

-- The public key and the contract's encrypted private one, once for each request, since both belong
-- together.
local function handed_out(self)
    local request = self.pending
    if not request or request.keys then
        return request and request.keys or {}
    end
    request.keys = {}
    for _, path in ipairs(HOLDERS) do
        local ok, der = pcall(function() return request.message:get(path) end)
        local holder = ok and type(der) == 'string' and Pki.Certificate(der)
        if holder then
            local given, is_20 = contract(), self.settings.protocol == 'ISO15118-20'
            local public, private = Pki.Wrap(holder, given.key,
                is_20 and { pcid = holder.common_name, certificate = given.chain[1] } or nil)
            request.keys = { public = public, private = public and private, why = private }
        end
    end
    return request.keys
end

-- One of the two; where the contract cannot be encrypted for the vehicle, the recorded one.
local function key_handed_out(which)
    return function(self, recorded, tell)
        local keys = handed_out(self)
        if not keys.public then
            tell(self, 'keys', ("the contract's key cannot be encrypted for the vehicle, and the recorded "
                .. 'one is sent: %s'):format(keys.why or 'the request shows no certificate that can be read'))
        end
        return keys[which] or recorded
    end
end

local function new_id()
    local id = {}
    for i = 1, 6 do
        id[i] = ('%02X'):format(i == 1 and 2 or math.random(0, 255))
    end
    return table.concat(id)
end

local own = {
    seconds = function() return Now() // 1000 end,
    ['contract chain'] = function() return chain_of(contract()) end,
    ['provisioning chain'] = function() return chain_of(Pki.Identity('cps-leaf')) end,
    ['public key'] = key_handed_out('public'),
    ['private key'] = key_handed_out('private'),
    ['OEM certificate'] = function() return Pki.Identity('oem-leaf').chain[1].der end,
    ['OEM chain'] = function()
        local made = chain_of(Pki.Identity('oem-leaf'))
        made.Id = 'id1' -- what is signed is named by it
        return made
    end,
    EVCCID = function(self, recorded)
        local wanted = self.settings.evccid or recorded
        self.evccid = self.evccid or (wanted == 'new' and new_id() or wanted)
        return self.evccid
    end,
    eMAID = function() return Pki.Emaid(contract().chain[1].common_name) end,
    ContractID = function(_, recorded) return recorded end,
}

return own
