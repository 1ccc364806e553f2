-- SPDX-License-Identifier: Apache-2.0
-- The vehicle's battery: a rest voltage that rises with the state of charge, behind a resistance.
-- It is charged with constant current up to its power or voltage limit, then with constant voltage;
-- above `bulk` percent the current that it allows falls.

local battery = {}
battery.__index = battery

function battery.new(p)
    local b = setmetatable({}, battery)
    for key, value in pairs(p) do
        b[key] = value
    end
    b.energy = 0 -- Wh taken in so far
    return b
end

function battery:rest_voltage()
    local x = self.soc / 100
    -- steep at both ends, flat between
    local shape = 0.7 * x + 0.3 * (0.5 + 4 * (x - 0.5) ^ 3)
    return self.empty_voltage + (self.full_voltage - self.empty_voltage) * shape
end

-- Current that it allows now, in A.
function battery:current_limit()
    local rest = self:rest_voltage()
    local limit = math.min(self.max_current, self.max_power / math.max(rest, 1))
    local by_voltage = (self.max_voltage - rest) / math.max(self.resistance, 1e-3)
    if self.soc > self.bulk and self.full > self.bulk then
        local left = (self.full - self.soc) / (self.full - self.bulk)
        limit = limit * math.max(0.1, math.min(1, left))
    end
    return math.max(0, math.min(limit, by_voltage))
end

-- Voltage at its terminals with that current.
function battery:voltage(current)
    return self:rest_voltage() + self.resistance * (current or 0)
end

-- Takes in (or gives, below zero) so many watts for so many seconds.
function battery:advance(power, seconds)
    local wh = power * seconds / 3600
    self.energy = self.energy + wh
    self.soc = math.max(0, math.min(100, self.soc + wh / self.capacity * 100))
end

-- Wh up to so many percent.
function battery:missing(percent)
    return math.max(0, (percent - self.soc) / 100 * self.capacity)
end

-- Seconds up to so many percent with that power; 0 where there is none.
function battery:time_to(percent, power)
    if power <= 1 then
        return 0
    end
    return math.floor(self:missing(percent) / power * 3600 + 0.5)
end

function battery:percent()
    return math.floor(self.soc + 0.5)
end

return battery
