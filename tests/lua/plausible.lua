-- SPDX-License-Identifier: Apache-2.0
-- For `v2glab ev --script`: looks at every message of a whole session whether its electrical values
-- can be true, and fits what the ones before said. Fails with all that is wrong.

local wrong, steps = {}, 0
local ev -- the vehicle
local last = {} -- of the last round: soc, voltage, current, meter, left …
local energy = 0 -- Wh that the messages tell of
local discharges <const> = parameters.bpt and parameters.discharge_to > 0

local function check(ok, format, ...)
    steps = steps + 1
    if not ok and #wrong < 20 then
        wrong[#wrong + 1] = format:format(...)
    end
end

-- a <= b, but for what rounding of 16-bit values does
local function most(what, a, b)
    check(not a or not b or a <= b + math.max(0.5, math.abs(b) * 0.002), '%s: %s > %s', what, a, b)
end

-- The numbers of a message by name, wherever they stand in it.
local function numbers(m, out)
    for name, value in pairs(m) do
        if type(value) == 'number' then
            out[name] = value
        elseif type(value) == 'table' then
            numbers(value, out)
        end
    end
    return out
end

-- ---- what the vehicle sends ----

local function soc_of(n)
    return n.EVRESSSOC or n.PresentSOC
end

local function falls(what, left, name)
    if left and last[name] and not discharges then
        check(left <= last[name] + 1, '%s rises: %s after %s', what, left, last[name])
    end
    last[name] = left or last[name]
end

local function sent(m, v)
    ev = v
    local n, b, p = numbers(m:table(), {}), v.battery, v.p
    local soc = soc_of(n)
    if soc then
        check(soc >= 0 and soc <= 100, 'SoC %s', soc)
        check(not last.soc or (discharges and soc <= last.soc or soc >= last.soc),
            'SoC goes from %s to %s', last.soc, soc)
        last.soc = soc
    end
    most('EVTargetVoltage', n.EVTargetVoltage, n.EVMaximumVoltageLimit or b.max_voltage)
    most('EVTargetCurrent', n.EVTargetCurrent, math.min(b.max_current, v.limit or math.huge))
    if n.EVTargetCurrent and v.power_limit then
        most('power asked for', n.EVTargetCurrent * b:voltage(n.EVTargetCurrent), v.power_limit)
    end
    if n.RemainingTimeToBulkSoC and n.RemainingTimeToFullSoC then
        most('RemainingTimeToBulkSoC', n.RemainingTimeToBulkSoC, n.RemainingTimeToFullSoC)
    end
    falls('RemainingTimeToFullSoC', n.RemainingTimeToFullSoC, 'full')
    falls('RemainingTimeToBulkSoC', n.RemainingTimeToBulkSoC, 'bulk')
    falls('RemainingTimeToTargetSOC', n.RemainingTimeToTargetSOC, 'target')
    if n.EVPresentActivePower then
        most('EVPresentActivePower', math.abs(n.EVPresentActivePower),
            p.ac.max_current * p.ac.phases * (v.voltage or 230))
    end
    last.goal = n.EVTargetVoltage or n.EVMaximumVoltage or last.goal
end

-- ---- what the station sends ----

-- Energy by the meter, and by voltage and current (or what is drawn), must be the same.
local function count(power, scale)
    local now = Now()
    if last.at then
        energy = energy + power * (now - last.at) / 1000 * scale / 3600
    end
    last.at = now
end

local function look_at_meter(n)
    local meter = n.MeterReading or n.ChargedEnergyReadingWh
    if meter then
        check(not last.meter or meter >= last.meter, 'the meter goes from %s to %s', last.meter, meter)
        last.first = last.first or meter
        last.meter = meter
    end
end

local function received_dc(n, v)
    local u, i = n.EVSEPresentVoltage, n.EVSEPresentCurrent
    if not i then
        return
    end
    most('EVSEPresentVoltage', u, last.goal)
    most('EVSEPresentCurrent', math.abs(i), math.abs(v.limit or math.huge))
    most('power', u * i, v.power_limit)
    -- the battery's voltage has risen a little since the current was asked for
    most('power of the battery', u * i, v.battery.max_power * 1.02)
    check(u > v.battery.empty_voltage * 0.9, 'EVSEPresentVoltage %s with the battery connected', u)
    count(u * i, v.scale)
end

local function received(m, v)
    local n, name = numbers(m:table(), {}), m:name()
    if name:find('PreChargeRes') then
        check(n.EVSEPresentVoltage >= (last.ramp or 0), 'pre-charge falls to %s', n.EVSEPresentVoltage)
        most('pre-charge', n.EVSEPresentVoltage, last.goal)
        last.ramp = n.EVSEPresentVoltage
    elseif name:find('WeldingDetectionRes') then
        most('voltage after charging', n.EVSEPresentVoltage, last.ramp)
        last.ramp = n.EVSEPresentVoltage
    elseif name == 'ChargingStatusRes' or name == 'AC_ChargeLoopRes' then
        most('power', math.abs(v.flowing or 0), v.limit and v.limit * 3 * (v.voltage or 230))
        count(v.flowing or 0, v.scale)
    elseif name == 'CurrentDemandRes' or name == 'DC_ChargeLoopRes' then
        received_dc(n, v)
        last.ramp = math.huge
    end
    look_at_meter(n)
end

-- ---- the end ----

local function near(what, a, b, share)
    check(math.abs(a - b) <= math.max(60, math.abs(b) * share), '%s: %.0f Wh, expected %.0f Wh',
        what, a, b)
end

local function finish()
    local stored = (ev.battery.soc - parameters.battery.soc) / 100 * ev.battery.capacity
    near('voltage times current', energy, stored, 0.05)
    if last.meter and not discharges then
        near('meter', last.meter - last.first, stored, 0.05)
    end
    Log(('plausible: %d checks, %.0f Wh'):format(steps, stored))
    if #wrong > 0 then
        Fail(table.concat(wrong, '; '))
    end
end

before.send, on.receive = sent, received
on.state = function(state)
    if state == 'closed' then finish() end
end
