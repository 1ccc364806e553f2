-- Certificates and keys as values: the global Pki, and signatures made with what it gives. Run by
-- tests/cli/pki-lua.sh, in a folder with contract.pem and contract.key of the tree.
local function refused(text, f, ...)
  local good, why = pcall(f, ...)
  assert(not good and tostring(why):find(text, 1, true),
    ('expected an error with "%s", found: %s'):format(text, why))
end

-- An identity: the chain leaf first, without its root, and the key that belongs to it.
local contract = Pki.Identity('contract-leaf')
local leaf = contract.chain[1]
assert(#contract.chain == 3 and contract.role == 'contract-leaf')
assert(contract.edition == 'ISO15118-2' and leaf.edition == 'ISO15118-2')
assert(contract.key:matches(leaf) and not contract.key:matches(contract.chain[2]))
assert(contract.key.curve == 'prime256v1' and leaf.curve == 'prime256v1')
assert(Pki.Identity('contract-leaf', 'DIN70121').chain[1] == leaf)
local newer = Pki.Identity('contract-leaf', 'ISO15118-20')
assert(newer.chain[1].curve == 'secp521r1' and newer.chain[1].edition == 'ISO15118-20')
assert(newer.chain[1] ~= leaf and not newer.key:matches(leaf))
local sub2 = Pki.Identity('mo-sub2')
assert(#sub2.chain == 2 and sub2.chain[1] == contract.chain[2] and sub2.key:matches(sub2.chain[1]))
assert(#Pki.Identity('v2g-root').chain == 1)
refused('v2glab pki', Pki.Identity, 'vehicle-leaf', 'ISO15118-2')
refused("no role 'driver'", Pki.Identity, 'driver')
refused("edition 'IEC61851'", Pki.Identity, 'secc-leaf', 'IEC61851')

-- What a certificate says.
assert(leaf.domain == 'MO' and Pki.Emaid(leaf.common_name) == leaf.common_name)
assert(leaf.subject:find('CN=' .. leaf.common_name, 1, true) and tostring(leaf) == leaf.subject)
assert(leaf.issuer == contract.chain[2].subject and leaf.issuer_name:find('^DC=MO,'))
assert(leaf.not_before <= Now() / 1000 and leaf.not_after > Now() / 1000)
assert(#leaf.key_identifier == 20 and leaf.problem == nil)
assert(tostring(leaf.serial):find('^%d+$'))
assert(Pki.Certificate(leaf.der) == leaf and Pki.Certificate(leaf.pem) == leaf)
refused("has no 'colour'", function() return leaf.colour end)
refused('cannot be changed', function() leaf.subject = 'x' end)
-- A key shows nothing of its secret.
refused("has no 'pem'", function() return contract.key.pem end)
assert(tostring(contract.key) == 'private key (prime256v1)')

-- Files beside the script.
local chain = Pki.Read('contract.pem')
assert(#chain == 3 and chain[1] == leaf and Pki.Key('contract.key'):matches(leaf))
refused('cannot be opened', Pki.Read, 'none.pem')
refused('no private key', Pki.Key, 'contract.pem')
refused('no certificate', Pki.Read, 'contract.key')
refused('is not beside the script', Pki.Read, '../contract.pem')
refused('is not beside the script', Pki.Key, '/etc/passwd')

-- What is no certificate is told so; it is no error of the script.
local function unreadable(bytes, text)
  local none, why, kind = Pki.Certificate(bytes)
  assert(none == nil and kind == 'unparseable' and why:find(text, 1, true), why)
end
unreadable('', 'no bytes')
unreadable('nonsense', 'no X.509 certificate')
unreadable(leaf.der .. 'x', '1 octets behind the end')
unreadable(leaf.der:sub(1, -2), 'no X.509 certificate')
unreadable(leaf.pem .. leaf.pem, '2 certificates in PEM; expected one')

-- Checks of chains, as values or as octets.
local roots = Pki.Roots()
assert(#roots == 6 and #Pki.Roots('ISO15118-20') == 3)
assert(Pki.Check(contract.chain))
assert(Pki.Check({ contract.chain[1].der, contract.chain[2].der, contract.chain[3].der },
  { role = 'contract-leaf', edition = 'ISO15118-2', roots = Pki.Roots('ISO15118-2') }))
local function faulty(kind, text, list, options)
  local good, why, found = Pki.Check(list, options)
  assert(good == nil and found == kind and why:find(text, 1, true),
    ('expected %s and "%s", found %s: %s'):format(kind, text, found, why))
end
faulty('not yet valid', 'certificate 1 (contract-leaf)', contract.chain, { at = 0 })
faulty('expired', 'certificate 1 (contract-leaf)', contract.chain, { at = leaf.not_after + 1 })
faulty('no issuer', 'V2G2-924', contract.chain, { roots = {} })
faulty('no issuer', 'certificate 1', { leaf })
faulty('order', 'expected place', { chain[2], chain[1], chain[3] })
faulty('order', 'certificate 4: MO sub-CA 2 is there a second time', {
  chain[1], chain[2], chain[3], chain[2] })
faulty('order', 'expected place 2', { chain[1], chain[1], chain[2], chain[3] })
faulty('unparseable', 'certificate 2', { leaf, 'nonsense', chain[3] })
faulty('unparseable', 'no certificate', {})
assert(Pki.Check(newer.chain))
faulty('curve', 'secp521r1', newer.chain, { edition = 'ISO15118-2', roots = roots })
faulty('domain', 'secc-leaf', contract.chain, { role = 'secc-leaf' })
assert(Pki.Check(contract.chain, { at = leaf.not_after + 1, tolerate = { 'expired' } }))
faulty('no issuer', 'V2G2-924', contract.chain,
  { roots = {}, at = leaf.not_after + 1, tolerate = { 'expired', 'name' } })
local many = {}
for i = 1, 33 do many[i] = leaf.der end
faulty('size', 'more than 32 certificates', many)
refused('entry 2 is a number', Pki.Check, { leaf, 7 })
refused('expected a list', Pki.Check, leaf)
refused('entry 1 is a boolean', Pki.Check, { leaf }, { roots = { true } })
refused("'unparseable' is no kind", Pki.Check, { leaf }, { tolerate = { 'name', 'unparseable' } })
refused("'boolean' is no kind", Pki.Check, { leaf }, { tolerate = { true } })

-- A contract's private key on its way to the vehicle.
for _, edition in ipairs { 'ISO15118-2', 'ISO15118-20' } do
  local vehicle = Pki.Identity('oem-leaf', edition)
  local new, other = Pki.Identity('contract-leaf', edition), Pki.Identity('cps-leaf', edition)
  local bound = { pcid = vehicle.chain[1].common_name, certificate = new.chain[1] }
  local public, wrapped = Pki.Wrap(vehicle.chain[1], new.key, bound)
  local sizes = edition == 'ISO15118-2' and { 65, 48 } or { 133, 94 }
  assert(#public == sizes[1] and #wrapped == sizes[2])
  local again, different = Pki.Wrap(vehicle.chain[1], new.key, bound)
  assert(again ~= public and different ~= wrapped)
  assert(Pki.Unwrap(vehicle.key, public, wrapped, bound):matches(new.chain[1]))
  local function fails(text, ...)
    local none, why = Pki.Unwrap(...)
    assert(none == nil and why:find(text, 1, true), why)
  end
  local wrong = edition == 'ISO15118-2' and 'private key' or 'its tag is wrong'
  fails(wrong, other.key, public, wrapped, bound)
  fails(wrong, vehicle.key, again, wrapped, bound)
  fails(wrong, vehicle.key, public, different:sub(1, 20) .. wrapped:sub(21), bound)
  fails('octets; expected', vehicle.key, public, wrapped .. 'x', bound)
  fails('octets; expected', vehicle.key, '', wrapped, bound)
  fails('no uncompressed point', vehicle.key, ('\4'):rep(#public), wrapped, bound)
  if edition == 'ISO15118-2' then
    fails('V2G2-823', vehicle.key, public, wrapped, { certificate = other.chain[1] })
    assert(Pki.Unwrap(vehicle.key, public, wrapped):matches(new.chain[1]))
  else
    fails(wrong, vehicle.key, public, wrapped,
      { pcid = bound.pcid, certificate = other.chain[1] })
    fails(wrong, vehicle.key, public, wrapped,
      { pcid = 'HUBOPROVCERT000002', certificate = new.chain[1] })
    fails('PCID', vehicle.key, public, wrapped, { pcid = '?', certificate = new.chain[1] })
    refused('expected { pcid', Pki.Wrap, vehicle.chain[1], new.key)
    refused('expected { pcid', Pki.Unwrap, vehicle.key, public, wrapped, { pcid = bound.pcid })
  end
  local none, why = Pki.Wrap(vehicle.chain[1], Pki.Identity('contract-leaf',
    edition == 'ISO15118-2' and 'ISO15118-20' or 'ISO15118-2').key, bound)
  assert(none == nil and why:find("the contract's key does not go with", 1, true), why)
end
refused('receiver: expected a Certificate', Pki.Wrap, contract.key, contract.key)
refused('key: expected a Key', Pki.Wrap, leaf, leaf)
refused('receiver: expected a Key', Pki.Unwrap, leaf, 'x', 'y')

-- Random octets, eMAIDs.
assert(#Pki.Random(16) == 16 and Pki.Random(16) ~= Pki.Random(16) and Pki.Random(0) == '')
refused('expected a number of octets', Pki.Random, -1)
assert(Pki.Emaid('DE-ABC-C00000001-3') == 'DEABCC000000013')
assert(Pki.Emaid('deabcc000000013') == 'DEABCC000000013')
for _, text in ipairs { '', 'DE', 'DEABCC000000014', 'DEABCC0000000133', '\0\xFF' } do
  local none, why = Pki.Emaid(text)
  assert(none == nil and why:find('eMAID', 1, true), why)
end

-- Signatures, on values of messages.
local m = Evcc.Message('AuthorizationReq')
m.Id = 'id1'
m.GenChallenge = Pki.Random(16)
local function expect(fault, ...)
  local good, why, found = m:verify(...)
  assert(found == fault and good == (fault == nil or nil), why)
end
expect('absent', leaf)
m:sign(contract)
expect(nil)
for _, who in ipairs { leaf, leaf.der, leaf.pem, contract, contract.key, 'contract.pem' } do
  expect(nil, who)
end
expect('wrong value', chain[2])
expect('wrong algorithm', newer.chain[1])
expect('unparseable', leaf.der:sub(1, 100))
expect('unparseable', Pki.Certificate('nonsense')) -- nil does not mean the usual signer here
m.GenChallenge = Pki.Random(16)
expect('wrong digest', leaf)
m:sign(contract.key)
expect(nil, leaf)
m.Header.Signature.SignatureValue.content = ('\0'):rep(64)
expect('wrong value', leaf)
m:sign('contract.key')
expect(nil, leaf)
m:sign()
expect(nil, leaf)
refused('who signs is a number', m.sign, m, 7)
refused('who signs is a v2g.Certificate', m.sign, m, leaf)
refused('has no key', m.sign, m, {})
refused('secp521r1', m.sign, m, newer)
refused('who has signed is a number', m.verify, m, 7)
refused('has no chain', m.verify, m, {})
refused('SessionSetupReq is never signed', function() Evcc.Message('SessionSetupReq'):sign() end)

-- Tariffs: signed by the mobility operator, where the sender wants it; each with an Id of its own.
local operator = Pki.Identity('mo-sub2')
m = Secc.Message('ChargeParameterDiscoveryRes')
m.SAScheduleList = { SAScheduleTuple = {
  { SAScheduleTupleID = 1, SalesTariff = { Id = 'tariff', SalesTariffID = 1 } },
  { SAScheduleTupleID = 2, SalesTariff = { SalesTariffID = 2 } } } }
refused('ChargeParameterDiscoveryRes cannot be signed: a key of', m.sign, m,
  Pki.Identity('mo-sub2', 'ISO15118-20'))
m:sign(operator)
assert(m:verify() and m:verify(operator.chain[1]) and #m.Header.Signature.SignedInfo.Reference == 2)
m.SAScheduleList.SAScheduleTuple[2].SalesTariff.SalesTariffID = 3
expect('wrong digest')
Secc.Protocol = 'ISO15118-20'
m = Secc.Message('ScheduleExchangeRes')
refused('has no AbsolutePriceSchedule', m.sign, m)
m.Scheduled_SEResControlMode.ScheduleTuple[1].ChargingSchedule.AbsolutePriceSchedule = {}
m:sign()
assert(m:verify(Pki.Identity('mo-sub2', 'ISO15118-20').chain[1]))

-- Certificates are the same by their octets, and keys belong to those of their public key.
local own, others = Pki.Identity('contract-leaf'), Pki.Identity('oem-leaf')
assert(own.chain[1] == Pki.Certificate(own.chain[1].der) and own.chain[1] ~= others.chain[1])
assert(own.chain[1] ~= own.key and own.chain[1] ~= m)
assert(own.key:matches(own.chain[1]) and not own.key:matches(others.chain[1]))
refused('a Certificate expected, got number', own.key.matches, own.key, 5)
refused('a Certificate expected, got v2g.Key', own.key.matches, own.key, own.key)
Log('all of it')
