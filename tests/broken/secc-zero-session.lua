-- SPDX-License-Identifier: Apache-2.0
-- A station to which SessionID 0 is that of every session.
local check = require('v2g.secc').check('session')
local refused = check.refused
check.refused = function(s, r)
    return refused(s, r) and not s.role['Get_' .. r.name .. '_Header_SessionID']():find '^0*$'
end
