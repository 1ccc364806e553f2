-- SPDX-License-Identifier: Apache-2.0
-- Not a station: its contactor does not close.

return {
    role = 'station',
    about = 'deliberate: FAILED_ContactorError in PowerDeliveryRes (DIN 70121: …NotApplied)',
    sure = 'made up',
    before = {
        PowerDeliveryRes = function(m, s)
            if s.protocol == 'DIN70121' then
                m.ResponseCode = 'FAILED_PowerDeliveryNotApplied'
            else
                m.ResponseCode = 'FAILED_ContactorError'
            end
        end,
    },
}
