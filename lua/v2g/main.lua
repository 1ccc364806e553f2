-- SPDX-License-Identifier: Apache-2.0
-- What `v2glab ev` and `v2glab evse` run.
local main = {}

function main.vehicle(options)
    return require('v2g.evcc').run(Evcc, options)
end

function main.station(options)
    return require('v2g.secc').run(Secc, options)
end

return main
