-- SPDX-License-Identifier: Apache-2.0
-- Two vehicles at one station: the second one is the neighbour's, and is heard, too (docs/bench.md).
return {
    nodes = { 'ev0', 'ev1', 'evse0' },
    paths = {
        { 'ev0', 'evse0', attenuation = 12 },
        { 'ev1', 'evse0', attenuation = 25 },
    },
}
