-- SPDX-License-Identifier: Apache-2.0
-- Names of a role's functions: put together once, since they are long. names.set[message][path] is
-- 'Set_MESSAGE_PATH'.

local once = require 'v2g.once'

local function of(verb, ending)
    return once(function(message)
        return once(function(path) return verb .. '_' .. message .. '_' .. path .. ending end)
    end)
end

return {
    set = of('Set', ''), set_count = of('Set', '_Count'),
    get = of('Get', ''), get_count = of('Get', '_Count'), is_specified = of('Get', 'Specified'),
    send = once(function(message) return 'Send_' .. message .. '_001' end),
}
