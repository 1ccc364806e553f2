-- SPDX-License-Identifier: Apache-2.0
-- Stations of ISO 15118-2 and renegotiations of the vehicle's, out of the charge loop.
-- @author the v2glab authors
-- @needs nothing

suite 'ISO 15118-4:2018' {
    sut = 'SECC', protocol = 'ISO15118-2', beside = 'pair', renegotiates = true,
}

local FIRST <const> = { ac = 2, dc = 5 }

for mode, first in pairs(FIRST) do
    cases('TC_SECC_' .. mode:upper() .. '_VTB_ChargeParameterDiscovery') {
        about = 'In a renegotiation there are schedules as at the begin.', mode = mode,
        given = 'PowerDeliveryRes(Renegotiate)', then_ = behaviour.offers,
        rows = schedule_rows({ first, 23, 9, 24, 25, 26, 28, 27 },
            'V2G2-565 V2G2-477 V2G2-476 V2G2-736 V2G2-773 V2G2-303 V2G2-293 V2G2-813 V2G2-841',
            'V2G2-310 V2G2-610'),
    }
end

local AGAIN <const> = ' after PowerDeliveryRes(Renegotiate)'

cases 'PowerDelivery' {
    about = 'Charging is renegotiated, and goes on.', sends = 'PowerDeliveryReq',
    cites = 'V2G2-813 V2G2-797 V2G2-841 V2G2-589',
    rows = {
        { id = 'TC_SECC_AC_VTB_PowerDelivery_003', mode = 'ac', given = 'ChargingStatusRes',
          ChargeProgress = 'Renegotiate', response = { AC_EVSEStatus = present },
          about = 'the vehicle asks for it' },
        { id = 'TC_SECC_AC_VTB_PowerDelivery_004', mode = 'ac', ChargeProgress = 'Start',
          given = 'ChargeParameterDiscoveryRes(Finished)' .. AGAIN,
          response = { AC_EVSEStatus = present }, about = 'it goes on' },
        { id = 'TC_SECC_DC_VTB_PowerDelivery_011', mode = 'dc', given = 'CurrentDemandRes',
          ChargeProgress = 'Renegotiate', response = { DC_EVSEStatus = present },
          about = 'the vehicle asks for it' },
        { id = 'TC_SECC_DC_VTB_PowerDelivery_012', mode = 'dc', ChargeProgress = 'Start',
          given = 'PreChargeRes' .. AGAIN, response = { DC_EVSEStatus = present },
          about = 'it goes on, after the isolation test and pre-charge',
          cites = 'V2G2-813 V2G2-797 V2G2-841 V2G2-589 V2G2-565 V2G2-582' },
    },
    then_ = behaviour.answers,
}
