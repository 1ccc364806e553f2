-- SPDX-License-Identifier: Apache-2.0
-- Hooks, `values` and `answers` for what the station sends with no script: answers of SDP and
-- supportedAppProtocolRes; and before.header, of either side. They are filters of the role
-- (docs/faults.md), so that these hooks cannot wait.

local common = require 'v2g.common'
local steps = require 'v2g.steps'

local opening = {}

local function put(m, path, value, s)
    if type(value) == 'function' then
        value = value(s)
    end
    local element = path:match('^(.*)Specified$')
    if not element then
        m[path] = value
    elseif not value then
        m[element] = nil
    end
end

-- What goes out in place of m: nothing (m, as it is now), false, or something else.
local function changed(s, m)
    local name = m:name()
    local code = s.p.answers[steps.of(name)]
    if code then
        m.ResponseCode, m.SchemaID = code, nil
    end
    for path, value in pairs(s.p.values[name] or {}) do
        put(m, path, value, s)
    end
    local made = common.hooked(s, name, m)
    if made == nil then
        return false
    end
    return made ~= m and made or nil
end

local function heard(s, m)
    if s.p.on[m:name()](m, s) == false then
        return false
    end
    return nil
end

local function add(list, role, on, direction, f)
    list[#list + 1] = role.Filter { on = on, direction = direction, fault = f }
end

local function nothing()
end

-- What ends the filters of the list.
local function ending(list)
    return #list == 0 and nothing or function()
        for _, filter in ipairs(list) do
            filter:remove()
        end
    end
end

-- Of SDP the station's headers are those that it answers with for all its places.
local function add_header(list, s, is_sdp)
    if s.p.before.header then
        add(list, s.role, '*', 'out', function(m, _, header)
            if s.side == 'ev' or is_sdp == (m:name() == 'SECCDiscoveryRes') then
                s.p.before.header(header, m, s)
            end
        end)
    end
end

-- Of the request and the response that the station answers by itself; s: what its hooks get.
local function answering(s, request, response)
    local list = {}
    local p, role = s.p, s.role
    if p.before[response] or p.values[response] or p.answers[steps.of(response)] then
        add(list, role, response, 'out', function(m) return changed(s, m) end)
    end
    if p.on[request] then
        add(list, role, request, 'in', function(m) return heard(s, m) end)
    end
    add_header(list, s, request == 'SECCDiscoveryReq')
    return ending(list)
end

-- before.header(header, m, s) of all that goes out. What ends it.
function opening.headers(s)
    local list = {}
    add_header(list, s, false)
    return ending(list)
end

-- supportedAppProtocol of a place of the station. What ends it.
function opening.agreement(at)
    return answering(at, 'supportedAppProtocolReq', 'supportedAppProtocolRes')
end

-- SDP of the station, which all places have in common. What ends it.
function opening.discovery(at)
    return answering(at, 'SECCDiscoveryReq', 'SECCDiscoveryRes')
end

-- Whether the vehicle's hooks or values have a say in SDP.
function opening.has_discovery(p)
    return p.before.SECCDiscoveryReq or p.on.SECCDiscoveryRes or p.values.SECCDiscoveryReq
end

return opening
