-- SPDX-License-Identifier: Apache-2.0
-- Two power lines, one from a vehicle to a relay, one from that to a station (docs/relay.md). They
-- do not hear each other.
return {
    nodes = { 'ev0', 'evse0', 'ev1', 'evse1' },
    paths = {
        { 'ev0', 'evse0', attenuation = 12, noise = 3 },
        { 'ev1', 'evse1', attenuation = 12, noise = 3 },
    },
    crosstalk = false,
}
