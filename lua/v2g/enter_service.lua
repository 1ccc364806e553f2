-- SPDX-License-Identifier: Apache-2.0
-- When a vehicle may feed in by SAE rules (EnterService of ISO 15118-20 Amendment 1): once it is
-- permitted and the grid has been good for a while, with a power that rises; and what a station may
-- ask for there. Charging waits for none of it [V2G20-3366].

local enter_service = {}

-- Of DERControlCPDRes, or of one with what DERControlCLRes has changed.
local function settings_of(control)
    return control.EnterServiceCPDRes or {}
end

-- What is wrong with the times that a station asks for, or nil.
function enter_service.wrong(control)
    local c = settings_of(control)
    if not c.EnterServiceDelay and not c.EnterServiceRandomizedDelay then
        return 'EnterService has neither EnterServiceDelay nor EnterServiceRandomizedDelay [V2G20-3364]'
    end
    if c.EnterServiceDelay and not c.EnterServiceRampTime then
        return 'EnterService has EnterServiceDelay and no EnterServiceRampTime [V2G20-3365] [V2G20-3367]'
    end
    for _, name in ipairs { 'EnterServiceDelay', 'EnterServiceRandomizedDelay', 'EnterServiceRampTime' } do
        if (c[name] or 0) < 0 then
            return ('%s of %g s is below 0'):format(name, c[name])
        end
    end
    return nil
end

-- A vehicle that is not in service yet.
function enter_service.new()
    return { state = 'out' }
end

local function is_good(c, grid)
    return grid.voltage <= (c.EnterServiceVoltageHigh or math.huge)
        and grid.voltage >= (c.EnterServiceVoltageLow or 0)
        and grid.frequency <= (c.EnterServiceFrequencyHigh or math.huge)
        and grid.frequency >= (c.EnterServiceFrequencyLow or 0)
end

-- What the vehicle does by then. service: of new(), which changes; control: DERControlCPDRes; grid:
-- voltage, frequency (V, Hz); now: s since charging began; tripped: why the grid has tripped it, or
-- nil. Returns the share of its power that it may feed (0 to 1), whether it is connected, and why
-- it may not feed all of it, or nil.
function enter_service.advance(service, control, grid, now, tripped)
    local c = settings_of(control)
    local out = c.PermitService == false and 'service is not permitted' or tripped
    if out then
        service.state = 'out'
        return 0, false, out
    end
    if service.state ~= 'in' and not is_good(c, grid) then
        service.state = 'out'
        return 0, false, 'the grid is not good enough to enter service'
    end
    if service.state == 'out' then
        service.state = 'waiting'
        service.due = now + (c.EnterServiceDelay or 0)
            + math.random() * (c.EnterServiceRandomizedDelay or 0)
    end
    if service.state == 'waiting' then
        if now < service.due then
            return 0, false, 'it waits to enter service'
        end
        service.state = 'in'
    end
    local ramp = c.EnterServiceRampTime or 0
    local share = ramp > 0 and math.min(1, (now - service.due) / ramp) or 1
    return share, true, share < 1 and 'it enters service' or nil
end

return enter_service
