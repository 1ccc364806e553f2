-- SPDX-License-Identifier: Apache-2.0
-- A station that takes requests in any order.
require('v2g.secc').refuse.order = function() end
