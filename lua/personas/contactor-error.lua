-- SPDX-License-Identifier: Apache-2.0
-- Not a station: its contactor does not close.

return {
    role = 'station',
    about = 'deliberate: FAILED_ContactorError in PowerDeliveryRes (DIN 70121: …NotApplied)',
    sure = 'made up',
    deviates = 'FAILED',
    before = {
        PowerDeliveryRes = function(m, s)
            m.ResponseCode = s.protocol == 'DIN70121' and 'FAILED_PowerDeliveryNotApplied'
                or 'FAILED_ContactorError'
            s:deviate()
        end,
    },
}
