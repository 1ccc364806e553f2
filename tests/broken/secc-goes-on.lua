-- SPDX-License-Identifier: Apache-2.0
-- A station that goes on after its FAILED.
local common = require 'v2g.common'
local new = common.new
common.new = function(...)
    local at = new(...)
    at.p.keep_on_failed = true
    return at
end
