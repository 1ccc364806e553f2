-- SPDX-License-Identifier: Apache-2.0
-- What a case says of the kind of session it is about, as `paying = 'Contract'`: which claims of a
-- device (PICS, PIXIT) it needs for that, and what of the parameters (v2g/parameters.lua) of
-- vehicle and station brings it about, of the tester and of our own device alike.

local OFFERED <const> = { { id = 62001, name = 'Parking', category = 'OtherCustom',
                            parameters = { { id = 1, { 'Level', 1 } } } } }

-- { what a case says, the claims, vehicle, station, tls }
return {
    { 'mode', 'ac', claims = 'PICS_CMN_CMN_ChargingMode == aC', vehicle = { mode = 'ac' },
      station = { mode = 'ac' } },
    { 'mode', 'dc', claims = 'PICS_CMN_CMN_ChargingMode == dC', vehicle = { mode = 'dc' },
      station = { mode = 'dc' } },
    { 'paying', 'ExternalPayment', claims = 'PICS_CMN_CMN_IdentificationMode == eIM',
      vehicle = { payment = 'ExternalPayment' } },
    { 'paying', 'Contract', claims = 'PICS_CMN_CMN_IdentificationMode == pnC and '
        .. 'PICS_CMN_CMN_PkiName == PKI_1 and PIXIT_CMN_CMN_PkiName == PKI_1',
      vehicle = { payment = 'Contract' }, tls = true },
    { 'contract', 'install', claims = 'PIXIT_SUT_CMN_CertificateHandling == certInstall',
      vehicle = { contract = 'install' } },
    { 'contract', 'update', claims = 'PIXIT_SUT_CMN_CertificateHandling == certUpdate',
      vehicle = { contract = 'update' } },
    { 'receipts', true, claims = 'PIXIT_SUT_CMN_ReceiptRequired == true',
      station = { receipt_every = 1 }, vehicle = { payment = 'Contract' }, tls = true },
    { 'services', true, claims = 'PIXIT_SUT_CMN_VAS == serviceDetail',
      station = { services = OFFERED }, vehicle = { details = true }, tls = true },
    { 'tls', true, claims = 'PIXIT_SUT_CMN_TLS == true', tls = true },
}
