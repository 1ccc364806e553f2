-- SPDX-License-Identifier: Apache-2.0
-- A station that does not look whether a request is one of its schema.
table.remove(require('v2g.secc').checks, 3)
