-- SPDX-License-Identifier: Apache-2.0
-- The ready-made vehicle and station: as functions of roles (Evcc.Charge, Secc.Serve), and as what
-- `v2glab evse` runs; `v2glab ev` runs fleet.lua.
local main = {}

-- Evcc.Charge of that role.
function main.Charge(role)
    return function(options)
        return require('v2g.evcc').charge(role, options or {})
    end
end

-- Secc.Serve of that role.
function main.Serve(role)
    return function(options)
        local given = options or {}
        return require('v2g.secc').serve(role, given, given.tls == nil and 'auto' or nil)
    end
end

function main.station(options)
    math.randomseed()
    require('v2g.secc').serve(Secc, require('v2g.common').lasting(options))
end

return main
