-- SPDX-License-Identifier: Apache-2.0
-- For `v2glab ev --script` and `--with-script` both: a station that hands out broken contracts,
-- another one in each session, signed by the provisioning service all the same, and a vehicle that
-- must refuse each of them, and take the good one that comes last. --set and --with
-- about=ISO15118-20: of that edition.

local evcc = require 'v2g.evcc'

local PROTOCOL <const> = parameters.about == 'ISO15118-20' and 'ISO15118-20' or 'ISO15118-2'
local IS_20 <const> = PROTOCOL == 'ISO15118-20'

-- The message's parts: what holds the element, and its name.
local PARTS <const> = IS_20 and {
    service = { nil, 'CPSCertificateChain' },
    contract = { 'SignedInstallationData', 'ContractCertificateChain' },
    key = { nil, 'SignedInstallationData', 'SECP521_EncryptedPrivateKey' },
    public = { nil, 'SignedInstallationData', 'DHPublicKey' },
} or {
    service = { nil, 'SAProvisioningCertificateChain' },
    contract = { nil, 'ContractSignatureCertChain' },
    key = { nil, 'ContractSignatureEncryptedPrivateKey', 'content' },
    public = { nil, 'DHpublickey', 'content' },
    emaid = { nil, 'eMAID', 'content' },
}

-- What holds the part, and the part.
local function part_of(m, part)
    local holder = m
    if PARTS[part][1] then
        holder = m[PARTS[part][1]]
    end
    return holder, PARTS[part][2]
end

math.randomseed(15118)

local function octets(n)
    local list = {}
    for i = 1, n do
        list[i] = string.char(math.random(0, 255))
    end
    return table.concat(list)
end

local function flipped(text, at)
    return text:sub(1, at - 1) .. string.char(text:byte(at) ~ (1 << math.random(0, 7)))
        .. text:sub(at + 1)
end

local changes = {} -- functions of the message

local function add(part, values)
    local sub = PARTS[part][3] or 'Certificate'
    for _, value in ipairs(values) do
        changes[#changes + 1] = function(m)
            local holder, name = part_of(m, part)
            local found = value
            if type(value) == 'function' then
                found = value(holder[name][sub])
            end
            holder[name][sub] = found
        end
    end
end

-- a number of forms; what is cut or turned over is within what is signed of a certificate
local function forms(behind)
    local list = { '', '\0', '\x30\x84\xFF\xFF\xFF\xFF', octets(700) }
    for _ = 1, 15 do
        list[#list + 1] = function(good)
            return good:sub(1, math.random(1, #good - 1))
        end
        list[#list + 1] = function(good)
            return flipped(good, math.random(1, #good - behind))
        end
    end
    return list
end

local BEHIND <const> = IS_20 and 160 or 80 -- octets of a certificate's signature, and more
add('service', forms(BEHIND))
add('contract', forms(BEHIND))
add('key', forms(0))
add('public', forms(0))
if not IS_20 then
    add('emaid', { '', '-', 'DE', ('A'):rep(100), 'DEABCC00000002', 'DEABCC000000014' })
end
for _, part in ipairs { 'service', 'contract' } do
    changes[#changes + 1] = function(m)
        local holder, name = part_of(m, part)
        holder[name].SubCertificates = nil
    end
    changes[#changes + 1] = function(m)
        local holder, name = part_of(m, part)
        holder[name].SubCertificates.Certificate[2] = holder[name].Certificate
    end
end
changes[#changes + 1] = function(m) -- both chains of the other kind
    local one, service = part_of(m, 'service')
    local other, contract = part_of(m, 'contract')
    local mine, theirs = one[service]:table(), other[contract]:table()
    mine.Id, theirs.Id = theirs.Id, mine.Id
    one[service], other[contract] = theirs, mine
end

if parameters.role == 'station' then
    function before.CertificateInstallationRes(m)
        local n = tonumber(Recall('n') or 0) + 1
        Remember('n', tostring(n))
        if changes[n] then
            changes[n](m)
            -- an element may have lost its sense
            pcall(m.sign, m, Pki.Identity('cps-leaf', PROTOCOL))
        end
    end
    return
end

for n = 1, #changes + 1 do
    local self = evcc.new(Evcc, { protocol = PROTOCOL, mode = 'ac', time_scale = '1000000',
                            tls = parameters.tls })
    local p = self.p
    p.payment, p.contract, p.contract_without_tls, p.loops = 'Contract', 'install', true, 1
    local _, ok, why = evcc.attempt(self)
    local good = n > #changes
    local refused = why:find('CertificateInstallationRes is refused: ', 1, true) ~= nil
    assert(ok == good and refused ~= good and (self.identity ~= nil) == good,
        ('form %d: %s'):format(n, ok and 'it was taken into use' or why))
    Log(('form %d: %s'):format(n, why))
end
Log(('refused: %d forms'):format(#changes))
Pass()
