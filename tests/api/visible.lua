-- SPDX-License-Identifier: Apache-2.0
-- Prints all functions and fields that a script can see, as reference/en.txt names them. Run with
-- --unsafe: it looks into what is closed to other scripts.
local LUA = {}
for name in ([[collectgarbage error getmetatable ipairs load next pairs pcall rawequal rawget rawlen
    rawset select setmetatable tonumber tostring type warn xpcall dofile loadfile
    _G coroutine debug io math os package string table utf8]]):gmatch('%S+') do
    LUA[name] = true
end

-- known: the names that were shown before, and are not shown again.
local function show(owner, members, known)
    for name, value in pairs(members) do
        if type(value) == 'function' and not (known and known[name]) then
            if known then known[name] = true end
            print('visible ' .. owner .. name)
        end
    end
end

-- The tables that an __index function holds.
local function show_index(owner, metatable, known)
    local index = metatable.__index
    for i = 1, 255 do
        local name, value = debug.getupvalue(index, i)
        if not name then
            return
        elseif type(value) == 'table' then
            show(owner, value, known)
        end
    end
end

for name in ('any near at_least at_most'):gmatch('%S+') do
    assert(_G[name]) -- made when first named
end
for name, value in next, _G do
    if not LUA[name] and type(value) == 'function' then
        print('visible ' .. name)
    end
end
local common = {}
show_index('Role.', debug.getmetatable(Evcc), common)
show_index('Secc.', debug.getmetatable(Secc), common)
for name, of in pairs { Charge = 'Evcc.', Serve = 'Secc.' } do
    assert(type(_G[of:sub(1, 4)][name]) == 'function')
    print('visible ' .. of .. name)
end
show('Pki.', Pki)
show('Pilot.', Pilot)
local registry = debug.getregistry()
show_index('Message:', registry['v2g.Message'])
show_index('Element:', registry['v2g.Element'])
show('Filter:', registry['v2g.Filter'].__index)
show('Relay:', registry['v2g.Relay'].__index)

-- A field that there is not is told with those that there are.
local function show_fields(owner, value)
    local _, why = pcall(function() return value.nothing end)
    for name in why:gsub('.*expected ', ''):gsub(' or ', ', '):gmatch('[%w_]+') do
        print('visible ' .. owner .. (type(value[name]) == 'function' and ':' or '.') .. name)
    end
end

local contract = Pki.Identity('contract-leaf')
show_fields('Certificate', contract.chain[1])
show_fields('Key', contract.key)
show_fields('Verdict', select(2, pcall(Fail)))
for name in pairs(contract) do
    print('visible Identity.' .. name)
end
for _, name in ipairs { 'Protocol', 'Signing', 'SlacFirst', 'Pilot' } do
    assert(Evcc[name] ~= nil)
    print('visible Role.' .. name)
end
local _, options = pcall(Evcc.Connect, { nothing = 1 })
for name in options:gsub('.*:', ''):gmatch('[%w_]+') do
    print('visible ConnectOptions.' .. name)
end
