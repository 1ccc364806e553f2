-- SPDX-License-Identifier: Apache-2.0
-- A station that never answers a request that is none of its schema.
local check = require('v2g.secc').check('schema')
local refused = check.refused
check.refused = function(...)
    if refused(...) then
        Sleep(1e9)
    end
    return false
end
