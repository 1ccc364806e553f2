-- SPDX-License-Identifier: Apache-2.0
-- A vehicle that goes on after FAILED.
local common = require 'v2g.common'
local new = common.new
common.new = function(...)
    local at = new(...)
    at.p.on_failed = 'ignore'
    return at
end
