-- SPDX-License-Identifier: Apache-2.0
-- One vehicle, its station, and two more stations that hear it over their neighbour's cable.
return {
    nodes = { 'ev0', 'evse0', 'evse1', 'evse2' },
    paths = {
        { 'ev0', 'evse0', attenuation = 12, noise = 3 },
        { 'ev0', 'evse1', attenuation = 34, noise = 3 },
        { 'ev0', 'evse2', attenuation = 41, noise = 3 },
    },
}
