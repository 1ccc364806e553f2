-- SPDX-License-Identifier: Apache-2.0
-- Certificates that the vehicle of a case comes with: those of the tree, or with something wrong in
-- them, which are issued for the case alone. What a case says of them:
--
--   'contract-leaf', 'oem-leaf'     the role, first
--   faults, name, days              as of Pki.Make
--   foreign = 'leaf sub2'           those of its chain that are of another root, which nobody knows

local bearer = {}

local PLACES <const> = { 'leaf', 'sub2', 'sub1' }

-- Issued by the tree; inconclusive where that has not the keys of its CAs.
function bearer.issued(it, role, options)
    options.edition = options.edition or it.c.protocol
    local good, made = pcall(Pki.Make, role, options)
    it:needs(good, 'a tree that can issue certificates (its CAs have their keys)', tostring(made))
    return made
end

local function mixed(it, own, role, places)
    local other = bearer.issued(it, role, { foreign = true, name = own.chain[1].common_name })
    local chain = {}
    for i, place in ipairs(PLACES) do
        chain[i] = places:find(place, 1, true) and other.chain[i] or own.chain[i]
    end
    return { chain = chain, key = places:find('leaf', 1, true) and other.key or own.key,
             role = own.role, edition = own.edition }
end

-- Gives the vehicle what `what` says; its next messages have it, and are signed with it.
function bearer.give(it, what)
    local role = what[1]
    local identity = (what.faults or what.name or what.days)
        and bearer.issued(it, role, { faults = what.faults, name = what.name, days = what.days })
        or Pki.Identity(role, it.c.protocol)
    if what.foreign then
        identity = mixed(it, identity, role, what.foreign)
    end
    it.tester:bear(role, identity)
end

return bearer
