-- SPDX-License-Identifier: Apache-2.0
-- Not a station: CableCheck stays Ongoing for 50 s, longer than the 40 s of
-- V2G_EVCC_CableCheck_Timeout. Real ones were seen at 51 s, and cars that bore it.

return {
    role = 'station',
    about = 'deliberate: CableCheck stays Ongoing for 50 s',
    sure = 'made up; real stations took 51 s',
    deviates = 'Ongoing too long',
    ongoing = { CableCheck = { ms = 50000 } },
}
