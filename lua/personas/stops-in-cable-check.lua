-- SPDX-License-Identifier: Apache-2.0
-- Not a car: a driver who changes his mind. Sends SessionStopReq in place of the third
-- CableCheckReq, where the standards allow it and some stations do not.

return {
    role = 'ev',
    about = 'deliberate: sends SessionStopReq in the middle of CableCheck',
    sure = 'made up',
    deviates = 'stopping',
    mode = 'dc',
    stop_at = { 'CableCheck', 2 },
}
