-- SPDX-License-Identifier: Apache-2.0
-- What a case says of the kind of session it is about, as `paying = 'Contract'`: which claims of a
-- device (PICS, PIXIT) it needs for that, and what of the parameters (v2g/parameters.lua) of
-- vehicle and station brings it about, of the tester and of our own device alike. And what somebody
-- has to do to a device that is not ours (driving.lua), and when.

local OFFERED <const> = { { id = 62001, name = 'Parking', category = 'OtherCustom',
                            parameters = { { id = 1, { 'Level', 1 } } } } }

local INTERNET <const> = { OFFERED[1], { id = 3, name = 'InternetAccess', category = 'Internet',
                           parameters = { { id = 3, { 'Protocol', 'http' }, { 'Port', 80 } } } } }
local TARIFFS <const> = { { id = 1, entries = { { start = 0, power = 11000 } },
                            tariff = { levels = 2, entries = { { start = 0, level = 1 },
                                                               { start = 43200, level = 2 } } } } }

-- { what a case says, the claims, vehicle, station, tls }
local needs = {
    { 'mode', 'ac', claims = 'PICS_CMN_CMN_ChargingMode == aC', vehicle = { mode = 'ac' },
      station = { mode = 'ac' } },
    { 'mode', 'dc', claims = 'PICS_CMN_CMN_ChargingMode == dC', vehicle = { mode = 'dc' },
      station = { mode = 'dc' } },
    -- services of Amendment 1 of ISO 15118-20
    { 'energy', 'mcs', claims = 'PIXIT_SUT_CMN_Amendment1 == mcs', vehicle = { mode = 'mcs' },
      station = { mode = 'mcs' } },
    { 'energy', 'der-iec', claims = 'PIXIT_SUT_CMN_Amendment1 == derIec',
      vehicle = { mode = 'ac-der', der = 'iec' }, station = { mode = 'ac-der', der = 'iec' } },
    { 'energy', 'der-sae', claims = 'PIXIT_SUT_CMN_Amendment1 == derSae',
      vehicle = { mode = 'ac-der', der = 'sae' }, station = { mode = 'ac-der', der = 'sae' } },
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
    { 'internet', true, claims = 'PIXIT_SUT_CMN_InternetAccess == internetAccess',
      station = { services = INTERNET } },
    { 'departs', 86400, claims = 'PICS_SUT_CMN_DepartureTime == true', vehicle = { departure = 86400 } },
    { 'entries', 12, claims = 'PICS_SUT_CMN_MaxEntriesSAScheduleTuple == true',
      vehicle = { max_schedules = 12 } },
    { 'tariffs', true, claims = 'PIXIT_SUT_CMN_SalesTariff == salesTariff',
      station = { schedules = TARIFFS } },
    { 'renegotiates', true, claims = 'PICS_CMN_CMN_Renegotiation == true and '
        .. 'PICS_CMN_CMN_RenegotiationLoopIndication < PICS_CMN_CMN_LoopCounter and '
        .. 'PIXIT_CMN_CMN_Renegotiation == unknown' },
    { 'wakes', 'vehicle', claims = 'PICS_SUT_CMN_Pause == true and '
        .. 'PICS_CMN_CMN_CombinedTesting == true and PIXIT_CMN_CMN_WakeUp > PICS_CMN_CMN_WakeUp' },
    { 'wakes', 'station', claims = 'PICS_SUT_CMN_Pause == true and '
        .. 'PICS_CMN_CMN_CombinedTesting == true and PIXIT_CMN_CMN_WakeUp < PICS_CMN_CMN_WakeUp',
      station = { slac = { wake = 5000 } } },
    { 'meters', true, claims = 'PIXIT_SUT_CMN_MeterInfo == meterInfo' },
    { 'pauses', true, claims = 'PICS_SUT_CMN_Pause == true',
      vehicle = { pause = 1, pause_ms = 10000 } },
    -- a vehicle that goes on charging, or has done so for a while, or is soon full, as others are
    { 'charges', 'on', vehicle = { loops = 0 } },
    { 'charges', 'for a while', vehicle = { loops = 3000, energy = 20000 } },
    { 'charges', 'until full', vehicle = { loops = 0, battery = { soc = 79.9, target = 80 } } },
    { 'endless', 'Authorization', claims = 'PIXIT_SUT_CMN_AuthorizationOngoing == ongoing',
      station = { ongoing = { Authorization = 1e6 } } },
    { 'endless', 'ChargeParameterDiscovery', station = { ongoing = { ChargeParameterDiscovery = 1e6 } },
      claims = 'PIXIT_SUT_CMN_ChargeParameterDiscoveryOngoing == ongoing' },
    { 'slow', 'CableCheck', claims = 'PIXIT_SUT_DC_CableCheckOngoing == ongoing',
      station = { ongoing = { CableCheck = 3 } } },
    { 'tls', true, claims = 'PIXIT_SUT_CMN_TLS == true', tls = true },
    { 'tls', '1.2', claims = 'PIXIT_SUT_CMN_TLS == true' },
    { 'tls', '1.3', claims = 'PIXIT_SUT_CMN_TLS == true' },
}

-- { action, of which side, when: 'begin', 'end', or before the tester's request of that step }
--   by_itself   also where no driver does it: the device is left alone then, or waited for
--   paying      only where the tester pays so
--   early       claims by which it is done before the session instead
--   parameter   only where the case has that parameter of our own device: it stands for the action
-- All other parameters of our own device that a case has are set.
needs.actions = {
    { 'reset', 'begin', by_itself = true },
    { 'set', 'begin' },
    { 'authorize', 'Authorization', sut = 'SECC', paying = 'ExternalPayment',
      early = 'PICS_SECC_CMN_EIMDone == beforePlugin or PICS_SECC_CMN_EIMDone == afterPlugin '
          .. 'or PICS_SECC_CMN_EIMDone == duringSlac' },
    { 'plug', 'begin', by_itself = true },
    { 'stop', 'ChargeLoop', sut = 'SECC', parameter = 'stop_after' },
    { 'unplug', 'end', by_itself = true },
}

return needs
