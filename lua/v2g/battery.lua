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

function battery:rest_voltage(soc)
    local x = (soc or self.soc) / 100
    -- steep at both ends, flat between
    local shape = 0.7 * x + 0.3 * (0.5 + 4 * (x - 0.5) ^ 3)
    return self.empty_voltage + (self.full_voltage - self.empty_voltage) * shape
end

-- Current with which it takes so many watts now (or at another rest voltage), in A.
function battery:current_for(power, rest)
    rest = rest or self:rest_voltage()
    local r = math.max(self.resistance, 1e-3)
    return (math.sqrt(rest * rest + 4 * r * power) - rest) / (2 * r)
end

-- Current that it allows now (or at another state of charge), in A.
function battery:current_limit(soc)
    soc = soc or self.soc
    local rest = self:rest_voltage(soc)
    local limit = math.min(self.max_current, self:current_for(self.max_power, rest))
    local by_voltage = (self.max_voltage - rest) / math.max(self.resistance, 1e-3)
    if soc > self.bulk and self.full > self.bulk then
        local left = (self.full - soc) / (self.full - self.bulk)
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

-- Watts that it takes now.
function battery:power_limit()
    local current = self:current_limit()
    return current * self:voltage(current)
end

-- The whole way from 0 to 100 percent within limits of power and current: seconds[k] up to k
-- percent.
local function plan(b, power, current)
    local seconds, sum = { [0] = 0, power = power, current = current }, 0
    for percent = 0, 99 do
        local soc = percent + 0.5
        local rest = b:rest_voltage(soc)
        local amperes = math.max(0.1, math.min(b:current_limit(soc), current,
            power < math.huge and b:current_for(power, rest) or math.huge))
        local watts = amperes * (rest + b.resistance * amperes)
        sum = sum + b.capacity / 100 / watts * 3600
        seconds[percent + 1] = sum
    end
    return seconds
end

-- Seconds up to so many percent, if it gets as much as it takes within those limits (W, A; nil:
-- none) all the way; 0 where it gets nothing.
function battery:time_to(percent, power, current)
    power, current = power or math.huge, current or math.huge
    if power <= 1 or current <= 0 or percent <= self.soc then
        return 0
    end
    local p = self.plan
    if not p or p.power ~= power or p.current ~= current then
        p = plan(self, power, current)
        self.plan = p
    end
    local function at(soc)
        local k = math.min(99, math.floor(soc))
        return p[k] + (p[k + 1] - p[k]) * (soc - k)
    end
    return math.floor(at(percent) - at(self.soc) + 0.5)
end

function battery:percent()
    return math.floor(self.soc + 0.5)
end

return battery
