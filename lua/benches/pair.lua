-- SPDX-License-Identifier: Apache-2.0
-- A power line with one vehicle and one station (docs/bench.md).
return {
    nodes = { 'ev0', 'evse0' },
    paths = { { 'ev0', 'evse0', attenuation = 12, noise = 3 } },
}
