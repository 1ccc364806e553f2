-- A vehicle that is plugged in, finds its station by SLAC, and charges as evcc-iso15118-2-ac.lua
-- does.
-- Run it on a virtual power line (docs/bench.md):
--   v2glab run --bench pair examples/evcc-plug.lua examples/secc-plug.lua

local slac = require 'v2g.slac_evcc'

Pilot.Set { state = 'B' }
local station, why = slac.match(Evcc)
assert(station, why)
Log('matched with', station.mac, 'which hears us at', station.attenuation, 'dB')

require 'evcc-iso15118-2-ac'
Evcc.Disconnect()
Sleep(100) -- what was said last is still on its way

Pilot.Set { state = 'A' }
slac.leave(Evcc)
