#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Certificates and keys in scripts: the global Pki, and signatures made with its values.
# shellcheck source=tests/cli/support
. tests/cli/support
export V2GLAB_PKI="$work/pki"

run pki make "$V2GLAB_PKI"
wants "a tree" 0
cp tests/lua/certificates.lua tests/lua/certificates-broken.lua "$work"
cp "$V2GLAB_PKI/iso15118-2/contract-leaf.chain.pem" "$work/contract.pem"
cp "$V2GLAB_PKI/iso15118-2/contract-leaf.key" "$work/contract.key"
run run --print "$work/certificates.lua"
wants "certificates, keys, checks and signatures as values" 0 out 'all of it'
for protocol in ISO15118-2 ISO15118-20; do
    run run --print --protocol $protocol "$work/certificates-broken.lua"
    wants "no broken certificate of $protocol is accepted" 0 out 'none was accepted'
done

# ---- each fault of a tree, as Pki.Check names it ----

# ROLE=FAULT, the kind, which certificate
faults='contract-leaf=expired|expired|certificate 1 (contract-leaf)
contract-leaf=not-yet-valid|not yet valid|certificate 1 (contract-leaf)
contract-leaf=wrong-domain-component|domain|certificate 1 (contract-leaf)
contract-leaf=wrong-key-usage|key usage|certificate 1 (contract-leaf)
contract-leaf=wrong-curve|curve|certificate 1 (contract-leaf)
contract-leaf=self-signed|self-signed|certificate 1 (contract-leaf)
contract-leaf=bad-signature|signature|certificate 1 (contract-leaf)
contract-leaf=revoked|revoked|certificate 1 (contract-leaf)
contract-leaf=unparseable|unparseable|certificate 1
contract-leaf=path-length-exceeded|path length|certificate 3 (mo-sub2)
contract-leaf=missing-intermediate|no issuer|certificate 1 (contract-leaf)
contract-leaf=swapped-sub-ca|order|certificate 3 (mo-sub2)
contract-leaf=foreign-sub-ca|domain|certificate 2 (mo-sub2)
contract-leaf=wrong-emaid|name|certificate 1 (contract-leaf)
mo-sub2=expired|expired|certificate 2 (mo-sub2)
mo-sub2=wrong-key-usage|key usage|certificate 2 (mo-sub2)
mo-sub2=wrong-curve|curve|certificate 2 (mo-sub2)
mo-sub2=revoked|revoked|certificate 2 (mo-sub2)
mo-sub2=self-signed|self-signed|certificate 2 (mo-sub2)
mo-sub2=bad-signature|signature|certificate 2 (mo-sub2)
mo-sub2=unparseable|unparseable|certificate 2
mo-sub1=path-length-exceeded|path length|certificate 3 (mo-sub1)
mo-root=expired|expired|mo-root
mo-root=wrong-domain-component|domain|mo-root
mo-root=bad-signature|signature|mo-root
mo-root=unparseable|no issuer|certificate 3 (mo-sub1)'
cat >"$work/fault.lua" <<'END'
local chain = Pki.Identity('contract-leaf').chain
local good, why, kind = Pki.Check(chain, { role = 'contract-leaf', edition = Pki.Identity('oem-leaf').edition })
Log(tostring(good) .. '|' .. kind .. '|' .. why)
-- what cannot be parsed can be sent nevertheless
for _, certificate in ipairs(chain) do assert(#certificate.der > 100) end
END
echo "$faults" >"$work/faults"
while IFS='|' read -r fault kind place; do
    run pki make --replace --fault "$fault" "$work/broken"
    for protocol in ISO15118-2 ISO15118-20; do
        run run --print --protocol $protocol --pki "$work/broken" "$work/fault.lua"
        wants "$fault of $protocol: $kind" 0 out "nil|$kind|$place"
    done
done <"$work/faults"

# ---- the same faults of a chain that is issued by a tree without any ----

while IFS='|' read -r fault kind place; do
    {
        echo "for _, edition in ipairs { 'ISO15118-2', 'ISO15118-20' } do"
        echo "    local made = Pki.Make('contract-leaf', { edition = edition, faults = { '$fault' } })"
        echo "    local why, kind = select(2, Pki.Check(made.chain, { role = made.role, edition = edition }))"
        echo "    Log(kind .. '|' .. why)"
        echo "end"
    } >"$work/make.lua"
    run run --print "$work/make.lua"
    times "a chain with $fault" 2 "$kind|$place"
done <<END
$(grep -v 'mo-root' "$work/faults")
END
cat >"$work/make.lua" <<'END'
local own, made = Pki.Identity('contract-leaf'), Pki.Make('contract-leaf', { name = 'DE1ABCD2EF3579Q' })
local about = { role = 'contract-leaf', edition = 'ISO15118-2' }
assert(made.chain[1].common_name == 'DE1ABCD2EF3579Q' and made.key:matches(made.chain[1]))
assert(made.chain[2] == own.chain[2] and Pki.Check(made.chain, about))
local other = Pki.Make('contract-leaf', { foreign = true })
assert(other.chain[1].common_name == own.chain[1].common_name)
assert(select(3, Pki.Check(other.chain, about)) == 'no issuer')
assert(#Pki.Make('vehicle-leaf', { edition = 'ISO15118-20' }).chain == 3)
local whole = Pki.Make('secc-leaf', { foreign = true, root = true })
assert(#whole.chain == 4 and whole.chain[4].subject == whole.chain[4].issuer)
assert(Pki.Make('secc-leaf', { root = true }).chain[4] == Pki.Roots('ISO15118-2')[1])
assert(Pki.Make('v2g-root', { foreign = true }).chain[1].domain == 'V2G')
local days = (Pki.Make('contract-leaf', { days = 20 }).chain[1].not_after - Pki.Now()) / 86400
assert(days > 19.9 and days <= 20)
Log 'all of it'
END
run run --print "$work/make.lua"
wants "a chain of another name, and one of another root" 0 out 'all of it'

# a tree of an older version: its lists name nobody
cp -r "$work/pki" "$work/older"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$work/ca.key" -subj /CN=ca \
    -out "$work/ca.pem" 2>/dev/null
: >"$work/index"
printf '[ca]\ndefault_ca=c\n[c]\ndatabase=%s\ndefault_md=sha256\ndefault_crl_days=9\n' "$work/index" >"$work/ca.conf"
openssl ca -gencrl -config "$work/ca.conf" -cert "$work/ca.pem" -keyfile "$work/ca.key" \
    -out "$work/older/iso15118-2/oem-sub2.crl" 2>/dev/null
echo "Pki.Make('oem-leaf', { faults = { 'oem-leaf=revoked' } })" >"$work/one.lua"
run run --no-record --print --pki "$work/older" "$work/one.lua"
wants "what no list names cannot be made as revoked" 3 err 'oem-sub2.crl: the list does not name' err 'pki make --replace'

# ---- options that are none ----

while IFS='|' read -r call text; do
    echo "$call" >"$work/one.lua"
    run run --no-record --print "$work/one.lua"
    wants "refused: $call" 3 err "$text"
done <<'END'
Pki.Check({}, { at = 0/0 })|expected an integer, 0 to 253402300799
Pki.Check({}, { at = 1e300 })|at = 1e+300; expected an integer, 0 to 253402300799
Pki.Check({}, { tolorate = {} })|there is no option 'tolorate'; expected one of: role edition at
local i = Pki.Identity('oem-leaf'); Pki.Wrap(i.chain[1], i.key, { pcdi = '' })|no option 'pcdi'; expected one of: pcid certificate
Pki.Make('mo-sub1')|mo-sub1 is no leaf of that edition
Pki.Make('vehicle-leaf', { edition = 'ISO15118-2' })|vehicle-leaf is no leaf of that edition
Pki.Make('oem-leaf', { faults = { 'contract-leaf=expired' } })|contract-leaf is not above oem-leaf
Pki.Make('v2g-root')|v2g-root is no leaf of that edition; a root is made with foreign = true
Pki.Make('oem-leaf', { days = 0 })|days = 0; expected an integer, 1 to 36500
Evcc.Connect { roots = { 'x' } }|roots: entry 1 of the list is no Certificate
Pki.Make('oem-leaf', { faults = { 'oem-leaf=none' } })|'none' is no fault
Pki.Make('oem-leaf', { foriegn = true })|there is no option 'foriegn'
Evcc.Connect { timeout = -1 }|timeout = -1; expected an integer, 0 to 2147483647
Evcc.Connect { source_port = 70000 }|source_port = 70000; expected an integer, 0 to 65535
Evcc.Connect { ['tls cert'] = 1 }|there is no option 'tls cert'
END
