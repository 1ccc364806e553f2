-- SPDX-License-Identifier: Apache-2.0
-- Three vehicles side by side, each at a station of its own, and all of them hear each other.
return {
    nodes = { 'ev0', 'evse0', 'ev1', 'evse1', 'ev2', 'evse2' },
    cables = { { 'ev0', 'evse0' }, { 'ev1', 'evse1' }, { 'ev2', 'evse2' } },
    paths = {
        { 'ev0', 'evse0', attenuation = 12, noise = 3 },
        { 'ev1', 'evse1', attenuation = 12, noise = 3 },
        { 'ev2', 'evse2', attenuation = 12, noise = 3 },
    },
    crosstalk = 40,
}
