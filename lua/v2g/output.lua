-- SPDX-License-Identifier: Apache-2.0
-- The station's output and meter. Voltage and current follow what is asked for as fast as the ramps
-- allow, within the station's limits. What hangs at the output is the vehicle's battery, where that
-- is known (wire.lua), else taken for one that has the voltage of the end of pre-charge and a
-- little more with every kilowatt-hour, but never so much that it could not be charged.

local output = {}
output.__index = output

local RESISTANCE <const> = 0.05 -- ohm, of cable and battery
local RISE <const> = 0.001      -- V for each Wh

function output.new(dc, ac)
    return setmetatable({ dc = dc, ac = ac, voltage = 0, current = 0, target_voltage = 0,
                          target_current = 0, energy = 0, back = 0, power = 0, closed = false,
                          rest = 0, resistance = RESISTANCE, most_power = dc.max_power,
                          back_current = 0, back_power = 0 }, output)
end

local function toward(now, goal, most)
    if now < goal then
        return math.min(goal, now + most)
    end
    return math.max(goal, now - most)
end

-- Without a vehicle's battery: pre-charge, and the way down after charging.
function output:ask_voltage(voltage)
    self.closed = false
    self.target_voltage = math.max(0, math.min(voltage, self.dc.max_voltage))
    self.target_current = 0
end

-- With the battery: the contactors are closed.
function output:close()
    self.closed = true
    self.rest = self.voltage
end

function output:open()
    self.closed = false
    self.target_current = 0
    self.current = 0
    self.target_voltage = 0
end

-- The most amperes and watts that the station takes back; none unless this is called.
function output:take_back(current, power)
    self.back_current, self.back_power = current, power
end

-- What the vehicle wants, and (0, nil: it does not say) the most watts that it takes. Remembers
-- which limit holds it back.
function output:ask(voltage, current, power)
    local dc = self.dc
    self.most_power = math.min(dc.max_power, power and power > 0 and power or math.huge)
    local most = math.min(dc.max_current, dc.max_power / math.max(self.voltage, 1))
    local back = math.min(self.back_current, self.back_power / math.max(self.voltage, 1))
    self.current_limited = current > dc.max_current or -current > self.back_current
    self.power_limited = not self.current_limited and (current > most or -current > back)
    self.voltage_limited = voltage > dc.max_voltage
    self.target_current = math.max(-back, math.min(current, most))
    self.target_voltage = math.min(voltage, dc.max_voltage)
end

-- So many seconds go by.
function output:advance(seconds)
    local dc = self.dc
    if not self.closed then
        self.current = 0
        self.voltage = toward(self.voltage, self.target_voltage, dc.ramp_voltage * seconds)
        return
    end
    self.current = toward(self.current, self.target_current, dc.ramp_current * seconds)
    local r = self.resistance
    if not self.is_known and self.current > 0 then
        self.rest = math.min(self.rest, self.target_voltage - r * self.current)
    end
    local voltage = self.rest + r * self.current
    if self.current > 0 and voltage > self.target_voltage then
        voltage = self.target_voltage
        self.current = math.max(0, (voltage - self.rest) / r)
    end
    if voltage * self.current > self.most_power then
        self.current = self.most_power / voltage
        voltage = self.rest + r * self.current
    end
    self.voltage = math.max(0, voltage)
    self.power = self.voltage * self.current
    self:count(self.power, seconds)
    if not self.is_known then
        self.rest = self.rest + RISE * self.power * seconds / 3600
    end
end

-- What the battery at the output is like now.
function output:feel(rest, resistance)
    self.is_known = true
    self.rest = rest
    self.resistance = math.max(resistance, 1e-3)
end

-- The meter goes on.
function output:count(power, seconds)
    if power >= 0 then
        self.energy = self.energy + power * seconds / 3600
    else
        self.back = self.back - power * seconds / 3600
    end
end

return output
