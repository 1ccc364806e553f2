-- SPDX-License-Identifier: Apache-2.0
-- What energy is transferred by in ISO 15118-20: its services, the messages that each goes by, and
-- the namespace that it is agreed with. Megawatt charging (MCS) is DC charging by its messages, and
-- AC-DER is AC charging with elements of its own (docs/amendment-1.md).

local energy = {}

local DER <const> = { iec = 'AC-DER-IEC', sae = 'AC-DER-SAE' }

-- By `mode` of the parameters: 'ac' or 'dc', as messages and sequences have it.
energy.messages = { ac = 'ac', dc = 'dc', mcs = 'dc', ['ac-der'] = 'ac' }

-- Services by number. kind: the `mode`; prefix: of its elements; set: the end of the namespace.
energy.services = {
    [1] = { kind = 'ac', bpt = false, prefix = '', set = 'AC' },
    [2] = { kind = 'dc', bpt = false, prefix = '', set = 'DC' },
    [5] = { kind = 'ac', bpt = true, prefix = 'BPT_', set = 'AC' },
    [6] = { kind = 'dc', bpt = true, prefix = 'BPT_', set = 'DC' },
    [8] = { kind = 'mcs', bpt = false, prefix = '', set = 'DC' },
    [9] = { kind = 'mcs', bpt = true, prefix = 'BPT_', set = 'DC' },
    [10] = { kind = 'ac-der', bpt = true, prefix = 'DER_', set = DER.iec, der = 'iec' },
    [11] = { kind = 'ac-der', bpt = true, prefix = 'DER_', set = DER.sae, der = 'sae' },
}
energy.order = { 1, 2, 5, 6, 8, 9, 10, 11 }

for _, service in pairs(energy.services) do
    service.mode = energy.messages[service.kind]
end

-- Megawatt charging: what the connector can carry (no public source has the limits of the standard;
-- these are assumed), and the numbers of connectors in parameter sets.
energy.MCS = { voltage = 1250, current = 3000,
               connectors = { Mcs = 1, Chaoji = 2, UltraChaoji = 3, rMcs = 4, xMcs = 5, Aviation = 6,
                              Marine = 7 } }

-- The service that a vehicle of those parameters wants: its number, and what it is.
function energy.wanted(p)
    for _, id in ipairs(energy.order) do
        local service = energy.services[id]
        if service.kind == p.mode and (service.der == p.der or service.der == nil)
            and (service.der ~= nil or service.bpt == p.bpt) then
            return id, service
        end
    end
    return nil
end

-- The protocol whose namespaces a vehicle of those parameters offers.
function energy.protocol(p, protocol)
    if protocol == 'ISO15118-20' and p.mode == 'ac-der' then
        return protocol .. '-' .. DER[p.der]
    end
    return protocol
end

-- Whether only ISO 15118-20 has that mode.
function energy.is_of_20(mode)
    return energy.messages[mode] ~= mode
end

-- The ends of the namespaces that a station of those parameters serves.
function energy.sets(p)
    local served = {}
    for _, service in pairs(energy.services) do
        if p.modes[service.kind] and (service.der == nil or service.der == p.der) then
            served[service.set] = true
        end
    end
    return served
end

return energy
