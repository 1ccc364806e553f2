-- SPDX-License-Identifier: Apache-2.0
-- A station that serves any SessionID.
table.remove(require('v2g.secc').checks, 1)
