-- SPDX-License-Identifier: Apache-2.0
-- Octets as hex digits, and back.

local hex = {}

function hex.of(octets)
    return (octets:gsub('.', function(octet)
        return ('%02X'):format(octet:byte())
    end))
end

function hex.octets(digits)
    return (digits:gsub('%x%x', function(two)
        return string.char(tonumber(two, 16))
    end))
end

return hex
