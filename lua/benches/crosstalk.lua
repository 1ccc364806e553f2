-- SPDX-License-Identifier: Apache-2.0
-- The neighbour's station hears the vehicle nearly as well as its own one does: 2 dB between them.
return {
    nodes = { 'ev0', 'evse0', 'evse1' },
    paths = {
        { 'ev0', 'evse0', attenuation = 12 },
        { 'ev0', 'evse1', attenuation = 14 },
    },
}
