-- SPDX-License-Identifier: Apache-2.0
-- A table whose entries are made when they are first asked for, each once: what make(key) gives.
-- For names that are put together of few parts, again and again.

return function(make)
    return setmetatable({}, { __index = function(t, key)
        local made = make(key)
        t[key] = made
        return made
    end })
end
