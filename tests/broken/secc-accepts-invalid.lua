-- SPDX-License-Identifier: Apache-2.0
-- A station that does not look whether a request is one of its schema.
require('v2g.secc').refuse.schema = function() end
