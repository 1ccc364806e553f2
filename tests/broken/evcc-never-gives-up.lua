-- SPDX-License-Identifier: Apache-2.0
-- A vehicle that waits for ever for a response.
local common = require 'v2g.common'
local new = common.new
common.new = function(...)
    local at = new(...)
    at.p.patience = { default = 1e9 }
    return at
end
