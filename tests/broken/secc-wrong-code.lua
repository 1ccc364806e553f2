-- SPDX-License-Identifier: Apache-2.0
-- A station that has but one code for all that it refuses.
local refuse = require('v2g.secc').refuse
for of, code in pairs(refuse) do
    refuse[of] = function(...) return code(...) and 'FAILED' end
end
