-- SPDX-License-Identifier: Apache-2.0
-- A station that serves any SessionID.
require('v2g.secc').refuse.session = function() end
