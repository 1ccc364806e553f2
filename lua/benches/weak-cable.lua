-- SPDX-License-Identifier: Apache-2.0
-- A cable on which some frames are lost, come twice, or late, and all are weak.
return {
    nodes = { 'ev0', 'evse0' },
    paths = {
        { 'ev0', 'evse0', attenuation = 38, noise = 8, loss = 0.08, duplicates = 0.03, delay = 4 },
    },
}
