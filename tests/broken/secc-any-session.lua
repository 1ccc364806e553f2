-- SPDX-License-Identifier: Apache-2.0
-- A station that serves any SessionID.
require('v2g.secc').check('session').refused = function()
    return false
end
