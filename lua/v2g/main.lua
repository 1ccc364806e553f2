-- SPDX-License-Identifier: Apache-2.0
-- What `v2glab ev` and `v2glab evse` run.
local main = {}

function main.vehicle(options)
    return require('v2g.evcc').run(options)
end

function main.station(options)
    return require('v2g.secc').run(options)
end

return main
