-- SPDX-License-Identifier: Apache-2.0
-- For `v2glab ev --script` and `--with-script` both: a station that hands out broken contracts, another
-- one in each session, signed by the provisioning service all the same, and a vehicle that must
-- refuse each of them, and take the good one that comes last.

local evcc = require 'v2g.evcc'

local SERVICE <const>, CONTRACT <const> = 'SAProvisioningCertificateChain',
    'ContractSignatureCertChain'
local KEY <const> = 'ContractSignatureEncryptedPrivateKey'

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

local function add(path, sub, values)
    for _, value in ipairs(values) do
        changes[#changes + 1] = function(m)
            local found = value
            if type(value) == 'function' then
                found = value(m[path][sub])
            end
            m[path][sub] = found
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

add(SERVICE, 'Certificate', forms(80))
add(CONTRACT, 'Certificate', forms(80))
add(KEY, 'content', forms(0))
add('DHpublickey', 'content', forms(0))
add('eMAID', 'content', { '', '-', 'DE', ('A'):rep(100), 'DEABCC00000002', 'DEABCC000000014' })
for _, path in ipairs { SERVICE, CONTRACT } do
    changes[#changes + 1] = function(m)
        m[path].SubCertificates = nil
    end
    changes[#changes + 1] = function(m)
        m[path].SubCertificates.Certificate[2] = m[path].Certificate
    end
end
changes[#changes + 1] = function(m) -- both chains of the other kind
    m[SERVICE], m[CONTRACT] = m[CONTRACT]:table(), m[SERVICE]:table()
end

if parameters.role == 'station' then
    function before.CertificateInstallationRes(m)
        local n = tonumber(Recall('n') or 0) + 1
        Remember('n', tostring(n))
        if changes[n] then
            changes[n](m)
            pcall(m.sign, m, Pki.Identity('cps-leaf')) -- an element may have lost its sense
        end
    end
    return
end

for n = 1, #changes + 1 do
    local self = evcc.new { protocol = 'ISO15118-2', mode = 'ac', time_scale = '1000000' }
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
