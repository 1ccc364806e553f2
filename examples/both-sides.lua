-- SPDX-License-Identifier: Apache-2.0
-- A ready-made station and a ready-made vehicle in one script:
--   v2glab run examples/both-sides.lua

local served = Start(Secc.Serve, { sessions = 1, time_scale = 1000 })
local outcome = Evcc.Charge { mode = 'dc', protocol = 'ISO15118-2', time_scale = 1000,
                              battery = { soc = 79 } }
Wait_For(served)
assert(outcome.ok, outcome.why)
Log(('charged to %.0f %%'):format(outcome.soc))
