-- SPDX-License-Identifier: Apache-2.0
-- A station that never answers a request that is none of its schema.
require('v2g.secc').refuse.schema = function() Sleep(1e9) end
