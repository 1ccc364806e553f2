-- SPDX-License-Identifier: Apache-2.0
-- Not a car: sends nothing more after the fifth message of the charge loop, and keeps the
-- connection.

return {
    role = 'ev',
    about = 'deliberate: falls silent in the charge loop',
    sure = 'made up',
    deviates = 'silence',
    silent_at = { 'ChargeLoop', 5 },
}
