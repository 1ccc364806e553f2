-- SPDX-License-Identifier: Apache-2.0
-- Not a car: waits 400 ms for each response and closes. The standards give 0.5 to 5 s.

return {
    role = 'ev',
    about = 'deliberate: closes where a response takes more than 400 ms',
    sure = 'made up; a Stellantis car is about as impatient in CurrentDemand',
    deviates = 'leaving',
    patience = { default = 400 },
    on_timeout = 'close',
}
