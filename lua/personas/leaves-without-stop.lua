-- SPDX-License-Identifier: Apache-2.0
-- Not a car: closes the connection after PowerDelivery(Stop), with neither WeldingDetection nor
-- SessionStop.

return {
    role = 'ev',
    about = 'deliberate: closes after charging, without SessionStopReq',
    sure = 'made up; the Ampera-e does so',
    deviates = 'leaving',
    welding = { 0, 0 },
    session_stop = false,
    gaps = { ['PowerDelivery>Close'] = 0 },
}
