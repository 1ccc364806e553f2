-- SPDX-License-Identifier: Apache-2.0
-- Not a car: resets the connection after the fifth message of the charge loop, as if it were gone.

return {
    role = 'ev',
    about = 'deliberate: resets the connection in the charge loop',
    sure = 'made up; an EQE was seen doing so',
    deviates = 'resetting',
    leave_at = { 'ChargeLoop', 5 },
    leave = 'reset',
}
