-- Every truncation and single bits of a certificate, through Pki.Certificate and Pki.Check: nothing
-- is taken for good. Run by tests/cli/pki-lua.sh.
local contract = Pki.Identity('contract-leaf')
local roots = Pki.Roots(contract.edition)
local leaf = contract.chain[1].der
local about = { role = 'contract-leaf', edition = contract.edition, roots = roots,
                revocation = false }

local function check(der)
  return Pki.Check({ der, contract.chain[2], contract.chain[3] }, about)
end
assert(check(leaf))

-- lengths that are too long, nesting that never ends, nothing at all
for _, der in ipairs { '', '\x30', '\x30\x84\xFF\xFF\xFF\xFF', ('\x30\x80'):rep(400),
                       ('\x30\x82\x03\x20'):rep(200), Pki.Random(800), ('a'):rep(2 ^ 20 + 1),
                       '-----BEGIN CERTIFICATE-----\n' } do
  local good, _, kind = check(der)
  assert(good == nil and kind == 'unparseable')
  assert(Pki.Certificate(der) == nil)
end

for n = 0, #leaf - 1 do
  local certificate, why, kind = Pki.Certificate(leaf:sub(1, n))
  assert(certificate == nil and kind == 'unparseable' and why ~= '', n)
end
for n = 0, #leaf - 1, 41 do
  local good, _, kind = check(leaf:sub(1, n))
  assert(good == nil and kind == 'unparseable')
end

local function flipped(bit)
  local at = bit // 8 + 1
  return leaf:sub(1, at - 1) .. string.char(leaf:byte(at) ~ (1 << bit % 8)) .. leaf:sub(at + 1)
end
local FIELDS <const> = { 'subject', 'common_name', 'domain', 'issuer', 'issuer_name', 'serial',
                         'not_before', 'not_after', 'curve', 'key_identifier', 'edition', 'pem' }
local read, kinds = 0, {}
for bit = 0, #leaf * 8 - 1 do
  local certificate = Pki.Certificate(flipped(bit))
  for _, field in ipairs(certificate and FIELDS or {}) do
    local _ = certificate[field]
  end
  read = read + (certificate and 1 or 0)
end
for bit = 0, #leaf * 8 - 1, 11 do
  local good, why, kind = check(flipped(bit))
  assert(good == nil and why ~= '', ('bit %d was not noticed'):format(bit))
  kinds[kind] = (kinds[kind] or 0) + 1
end
assert(read > 0 and kinds.unparseable > 0 and kinds.signature > 0)
for kind, n in pairs(kinds) do Log(n, kind) end
Log('none was accepted')
