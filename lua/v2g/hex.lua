-- SPDX-License-Identifier: Apache-2.0
-- Octets as hex digits, and back.

local hex = {}

local FEW <const> = 32 -- that fit in the arguments of one call

function hex.of(octets)
    if #octets <= FEW then
        return ('%02X'):rep(#octets):format(octets:byte(1, -1))
    end
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
