-- SPDX-License-Identifier: Apache-2.0
-- Not a car: sends PreChargeReq where the isolation test is due.

return {
    role = 'ev',
    about = 'deliberate: PreChargeReq in place of CableCheckReq',
    sure = 'made up',
    deviates = 'out of turn',
    mode = 'dc',
    skip = { CableCheck = true },
}
