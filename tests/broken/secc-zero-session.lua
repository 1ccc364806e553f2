-- SPDX-License-Identifier: Apache-2.0
-- A station to which SessionID 0 is that of every session.
local ZERO <const> = ('00'):rep(8)
local check = require('v2g.secc').check('session')
local refused = check.refused
check.refused = function(s, r)
    return refused(s, r) and not s.role.Has_SessionID(ZERO)
end
