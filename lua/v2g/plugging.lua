-- SPDX-License-Identifier: Apache-2.0
-- The plug of a vehicle on a bench, or behind a modem: the control pilot, and the matching before
-- SDP.

local slac = require 'v2g.slac_evcc'

local plugging = {}

-- Plugs in, and is matched with a station: that, or nil and why not.
function plugging.into(self)
    Pilot.Set { state = 'B' }
    local station, why = slac.match(self.role)
    self.pilot = station and 'B' or nil
    return station, why
end

-- What the control pilot says in a step: C while the vehicle wants power.
local PILOT <const> = { CableCheck = 'C', PreCharge = 'C', PowerDelivery = 'C', CurrentDemand = 'C',
                        ChargingStatus = 'C', WeldingDetection = 'B', SessionStop = 'B' }

-- Before that step.
function plugging.show(self, step)
    local state = self.pilot and PILOT[step]
    if state and state ~= self.pilot then
        self.pilot = state
        Pilot.Set { state = state }
    end
end

-- Unplugs, and leaves the network.
function plugging.out(self)
    if self.pilot then
        Pilot.Set { state = 'A' }
        slac.leave(self.role)
    end
end

return plugging
