-- SPDX-License-Identifier: Apache-2.0
-- Not a car: takes every FAILED_… for OK, and sends the next request.

return {
    role = 'ev',
    about = 'deliberate: goes on after FAILED responses',
    sure = 'made up; the Seres 3 does so',
    deviates = 'after FAILED',
    on_failed = 'ignore',
}
