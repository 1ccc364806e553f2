-- A station that vehicles are plugged into: SLAC, then as secc-iso15118-2-ac.lua has it.
-- Run it with examples/evcc-plug.lua.

require('v2g.slac_secc').begin(Secc)

require 'secc-iso15118-2-ac'
