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

-- The station of Secc; on a bench with several cables one at each of them, which hold sessions side
-- by side, so many in all as the options say.
function main.station(options)
    math.randomseed()
    if options.hints and not options.sessions then
        Log 'vehicles are waited for until Ctrl-C; --sessions N ends it after so many'
    end
    local secc, others = require 'v2g.secc', {}
    local all = { held = 0, roles = { Secc } }
    options = require('v2g.common').lasting(options)
    for i, role in ipairs(Secc.SlacFirst and require('v2g.slac_secc').further(Secc, true) or {}) do
        all.roles[i + 1] = role
        others[i] = Start(secc.serve, role, options, nil, all)
    end
    secc.serve(Secc, options, nil, all)
    for _, task in ipairs(others) do
        Wait_For(task)
    end
end

return main
