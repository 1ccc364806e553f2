-- SPDX-License-Identifier: Apache-2.0
-- A station to which SessionID 0 is that of every session.
local refuse = require('v2g.secc').refuse
local code = refuse.session
refuse.session = function(s, r)
    return not s.role['Get_' .. r.name .. '_Header_SessionID']():find '^0*$' and code() or nil
end
