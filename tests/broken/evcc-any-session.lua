-- SPDX-License-Identifier: Apache-2.0
-- A vehicle that takes responses of any session.
rawset(_G, 'Profile', function()
    return 'field'
end)
