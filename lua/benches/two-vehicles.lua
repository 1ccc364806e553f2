-- SPDX-License-Identifier: Apache-2.0
-- Two vehicles that one station hears: the second one is the neighbour's (docs/bench.md).
return {
    nodes = { 'ev0', 'ev1', 'evse0' },
    paths = {
        { 'ev0', 'evse0', attenuation = 12 },
        { 'ev1', 'evse0', attenuation = 25 },
    },
}
