-- SPDX-License-Identifier: Apache-2.0
-- A station that has but one code for all that it refuses.
for _, check in ipairs(require('v2g.secc').checks) do
    check.code = 'FAILED'
end
