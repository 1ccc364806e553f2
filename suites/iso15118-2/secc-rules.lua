-- SPDX-License-Identifier: Apache-2.0
-- Stations of ISO 15118-2: rules by their id that no public suite has a case for.
-- @author the v2glab authors
-- @needs nothing

suite 'derived ISO 15118-2' {
    sut = 'SECC', protocol = 'ISO15118-2',
}

cases 'DRV_2_SECC_ChargeParameterDiscovery' {
    about = 'What no vehicle can mean is refused.', given = 'AuthorizationRes(Finished)',
    sends = 'ChargeParameterDiscoveryReq', code = 'FAILED_WrongChargeParameter', cites = 'V2G2-477',
    rows = {
        acneg_current = { mode = 'ac', fields = { ['AC_EVChargeParameter.EVMaxCurrent'] = -16 } },
        acneg_voltage = { mode = 'ac', fields = { ['AC_EVChargeParameter.EVMaxVoltage'] = -400 } },
        acneg_least = { mode = 'ac', fields = { ['AC_EVChargeParameter.EVMinCurrent'] = 40,
                                                ['AC_EVChargeParameter.EVMaxCurrent'] = 32 } },
        dcneg = { mode = 'dc', fields = { ['DC_EVChargeParameter.EVMaximumPowerLimit'] = -10 } },
    },
    then_ = behaviour.refuses,
}

cases 'DRV_2_SECC' {
    about = 'A refusal that only a rule asks for.',
    rows = {
        CertificateInstallation_nosel = { given = 'PaymentServiceSelectionRes(Contract)',
            paying = 'Contract', vehicle = { contract = 'present' }, sends = 'CertificateInstallationReq',
            code = 'FAILED_SequenceError', cites = 'V2G2-432',
            about = 'a certificate, and the service for it was not selected' },
        CertificateInstallation_set = { given = 'PaymentServiceSelectionRes(Contract)',
            paying = 'Contract', contract = 'update', sends = 'CertificateInstallationReq',
            code = 'FAILED_SequenceError', cites = 'V2G2-432',
            about = 'a certificate to install, and the update was selected' },
        PowerDelivery_step = { given = 'ChargeParameterDiscoveryRes(Finished)', mode = 'ac',
            station = { schedules = { { id = 1, entries = { { start = 0, power = 11000 },
                                                            { start = 3600, power = 3000 } } } } },
            sends = 'PowerDeliveryReq', ChargeProgress = 'Start', code = 'FAILED_ChargingProfileInvalid',
            fields = { ['ChargingProfile.ProfileEntry'] = { { ChargingProfileEntryStart = 0,
                                                              ChargingProfileEntryMaxPower = 11000 } } },
            about = 'a profile above the second step of the schedule', cites = 'V2G2-225 V2G2-293' },
        MeteringReceipt_sid = { given = 'ChargingStatusRes(ReceiptRequired)', mode = 'ac',
            paying = 'Contract', receipts = true, sends = 'MeteringReceiptReq',
            fields = { SessionID = '0102030405060708' }, code = 'FAILED_UnknownSession',
            about = 'a receipt for another session', cites = 'V2G2-909' },
        MeteringReceipt_tuple = { given = 'ChargingStatusRes(ReceiptRequired)', mode = 'ac',
            paying = 'Contract', receipts = true, sends = 'MeteringReceiptReq',
            fields = { SAScheduleTupleID = 99 }, about = 'a receipt for another schedule',
            code = function(code) return tostring(code):find '^FAILED' ~= nil end },
    },
    then_ = behaviour.refuses,
}

cases 'DRV_2_SECC_ServiceDiscovery' {
    about = 'What is offered depends on what is asked for, and how.', given = 'SessionSetupRes',
    sends = 'ServiceDiscoveryReq', services = true,
    rows = {
        vasplain = { tls = 'off', response = { ServiceList = absent }, cites = 'V2G2-422',
                     about = 'without TLS there are no value-added services' },
        scope = { fields = { ServiceScope = 'v2glab' }, about = 'a scope that the station does not serve',
                  response = { ServiceList = any { absent, function(list) return #list.Service == 0 end } } },
    },
    then_ = behaviour.answers,
}

-- ---- stop before start ----

cases 'DRV_2_SECC_PowerDelivery' {
    about = 'Charging can be stopped before it has begun.',
    rows = {
        acstop = { given = 'ChargeParameterDiscoveryRes(Finished)', mode = 'ac', cites = 'V2G2-538' },
        acrenegstop = { given = 'ChargeParameterDiscoveryRes(Finished) after PowerDeliveryRes(Renegotiate)',
                        mode = 'ac', cites = 'V2G2-813 V2G2-841' },
        dcstop = { given = 'PreChargeRes', mode = 'dc', cites = 'V2G2-538' },
    },
    then_ = function(it)
        it:sends('PowerDeliveryReq', { ChargeProgress = 'Stop' })
        it:expects('PowerDeliveryRes', { ResponseCode = 'OK' })
        it:sends 'SessionStopReq'
        it:expects('SessionStopRes', { ResponseCode = 'OK' })
    end,
}

cases 'DRV_2_SECC_PowerDelivery_form' {
    about = 'A profile that has no sense is refused.', given = 'ChargeParameterDiscoveryRes(Finished)',
    mode = 'ac', sends = 'PowerDeliveryReq', ChargeProgress = 'Start',
    code = 'FAILED_ChargingProfileInvalid', field = 'no rule asks for it',
    rows = {
        late = { fields = { ['ChargingProfile.ProfileEntry'] = {
            { ChargingProfileEntryStart = 600, ChargingProfileEntryMaxPower = 5000 } } } },
        order = { fields = { ['ChargingProfile.ProfileEntry'] = {
            { ChargingProfileEntryStart = 0, ChargingProfileEntryMaxPower = 5000 },
            { ChargingProfileEntryStart = 900, ChargingProfileEntryMaxPower = 4000 },
            { ChargingProfileEntryStart = 600, ChargingProfileEntryMaxPower = 3000 } } } },
        beyond = { fields = { ['ChargingProfile.ProfileEntry'] = {
            { ChargingProfileEntryStart = 0, ChargingProfileEntryMaxPower = 5000 },
            { ChargingProfileEntryStart = 200000, ChargingProfileEntryMaxPower = 5000 } } } },
        below = { fields = { ['ChargingProfile.ProfileEntry'] = {
            { ChargingProfileEntryStart = 0, ChargingProfileEntryMaxPower = -3000 } } } },
    },
    then_ = behaviour.refuses,
}

-- ---- what sources leave open ----

cases 'DRV_2_SECC' {
    about = 'What sources do not agree on, reported.',
    rows = {
        PowerDelivery_noprof = { given = 'ChargeParameterDiscoveryRes(Finished)', mode = 'ac',
            sends = 'PowerDeliveryReq', ChargeProgress = 'Start', fields = { ChargingProfile = absent },
            about = 'no ChargingProfile: cars in use leave it out' },
        CurrentDemand_neg = { given = 'CurrentDemandRes', mode = 'dc', sends = 'CurrentDemandReq',
            fields = { EVTargetCurrent = -50 }, about = 'a current that flows back' },
        ChargeParameterDiscovery_renegmode = { given = 'PowerDeliveryRes(Renegotiate)', mode = 'ac',
            sends = 'ChargeParameterDiscoveryReq', fields = { RequestedEnergyTransferMode = 'DC_extended' },
            about = 'another energy transfer in a renegotiation' },
        loop_sessionstop_dc = { id = 'DRV_X_SECC_loop_sessionstop', given = 'CurrentDemandRes',
            mode = 'dc', sends = 'SessionStopReq', about = 'SessionStopReq in the charge loop' },
    },
    then_ = behaviour.reports,
}

cases 'DRV_2_SECC_WeldingDetection_again' {
    about = 'After the welding detection a vehicle may begin again.', given = 'WeldingDetectionRes',
    mode = 'dc', cites = 'V2G2-601', sends = 'ChargeParameterDiscoveryReq',
    within = 'V2G_EVCC_Ongoing_Timeout', then_ = behaviour.finishes,
}

cases 'DRV_2_SECC_loop_meter' {
    about = 'A receipt is asked for with a reading.', given = 'ChargingStatusRes(ReceiptRequired)',
    mode = 'ac', paying = 'Contract', receipts = true, cites = 'V2G2-902',
    then_ = function(it)
        it:sends 'MeteringReceiptReq'
        it:expects('MeteringReceiptRes', { ResponseCode = 'OK' })
        it:sends 'ChargingStatusReq'
        it:expects('ChargingStatusRes', { ResponseCode = 'OK', ReceiptRequired = true,
            ['MeterInfo.MeterID'] = present, ['MeterInfo.MeterReading'] = present })
    end,
}

-- ---- contracts ----

local EXI <const> = 'http://www.w3.org/TR/canonical-exi/'

cases 'DRV_2_SECC' {
    about = 'What a contract shows, or signs, keeps to the profile of ISO 15118-2.', paying = 'Contract',
    rows = {
        PaymentDetails_subs = { given = 'PaymentServiceSelectionRes(Contract)', sends = 'PaymentDetailsReq',
            changes = function()
                local chain = Pki.Identity('contract-leaf').chain
                return { ['ContractSignatureCertChain.SubCertificates.Certificate'] =
                    { chain[2].der, chain[3].der, chain[3].der } }
            end,
            code = any { 'FAILED_CertChainError', 'FAILED' }, cites = 'V2G2-656',
            about = 'three sub-certificates; the schema takes four' },
        Authorization_transforms = { given = 'PaymentDetailsRes', sends = 'AuthorizationReq',
            changes = { ['Header.Signature.SignedInfo.Reference[1].Transforms.Transform'] = {
                { Algorithm = EXI }, { Algorithm = EXI } } },
            code = any { 'FAILED_SignatureError', 'FAILED' }, cites = 'V2G2-767',
            about = 'a reference with two Transforms' },
    },
    then_ = behaviour.refuses,
}

-- ---- sessions that were paused ----

cases 'DRV_2_SECC_ChargeParameterDiscovery_resmode' {
    about = 'A session that was joined keeps its energy transfer: another one is refused.',
    given = 'AuthorizationRes(Finished) after SessionSetupRes(Joined)', mode = 'ac',
    wakes = 'vehicle', sends = 'ChargeParameterDiscoveryReq', cites = 'V2G2-741',
    station = { modes = { ac = true, dc = true } },
    fields = { RequestedEnergyTransferMode = 'DC_extended' },
    code = 'FAILED_WrongEnergyTransferMode', then_ = behaviour.refuses,
}

-- When the schedule that was chosen ends, by one of its offers that came at that time; seconds.
local function ends(m, chosen)
    for _, tuple in ipairs(m.SAScheduleList.SAScheduleTuple) do
        local list = tuple.PMaxSchedule.PMaxScheduleEntry
        local last = list[#list].RelativeTimeInterval
        if tuple.SAScheduleTupleID == chosen then
            return last.start + (last.duration or 0)
        end
    end
    return nil
end

cases 'DRV_2_SECC_ChargeParameterDiscovery_restime' {
    about = 'A session that was joined gets its schedule without the time gone by.',
    given = 'AuthorizationRes(Finished) after SessionSetupRes(Joined)', mode = 'ac',
    wakes = 'vehicle', vehicle = { pause_ms = 60000 }, cites = 'V2G2-741',
    then_ = function(it)
        local before = it:last 'ChargeParameterDiscoveryRes':copy()
        local chosen, offered = it.tester.ev.schedule, it.tester.offered
        local function is_shorter(m)
            local was, is = ends(before, chosen), ends(m, chosen)
            local gone = (Now() - offered) / 1000
            return is == nil and 'no schedule ' .. tostring(chosen)
                or math.abs(was - gone - is) > 1 and ('%d s of %d, %.1f s later'):format(is, was, gone)
                or nil
        end
        it:repeats('ChargeParameterDiscoveryReq', { within = 'V2G_EVCC_Ongoing_Timeout',
            ends = { EVSEProcessing = 'Finished' }, checks = { {
                text = 'the schedule that was chosen, shorter by the time gone by (+-1 s)',
                find = is_shorter,
                negations = { 'set SAScheduleList.SAScheduleTuple[1].PMaxSchedule.PMaxScheduleEntry[1]'
                              .. '.RelativeTimeInterval.duration 86400' } } } })
    end,
}

cases 'DRV_2_SECC_CertificateUpdate_retry' {
    about = 'Where the update failed, RetryCounter lets the vehicle try again at once.',
    given = 'PaymentServiceSelectionRes(Contract)', paying = 'Contract', contract = 'update',
    station = { providers = { 'XX' } }, cites = 'V2G2-696 V2G2-928',
    field = 'the schema lets RetryCounter be left out',
    doubt = 'a back end that fails is the own matter of a device that is not ours',
    then_ = function(it)
        it:sends 'CertificateUpdateReq'
        it:expects('CertificateUpdateRes', { RetryCounter = 0,
            ResponseCode = function(code) return tostring(code):find '^FAILED' ~= nil end })
    end,
}

-- ---- a step of the schedule ----

cases 'DRV_2_SECC_loop_grace' {
    about = 'How long power may stay above a step of the profile is reported.',
    given = 'CurrentDemandRes', mode = 'dc', cites = 'V2G2-777 V2G2-833 V2G2-834',
    station = { schedules = { { id = 1, entries = { { start = 0, power = 40000 },
                                                    { start = 2, power = 4000 } } } } },
    then_ = function(it)
        local from = Now()
        local refused
        repeat
            it:sends('CurrentDemandReq', { EVTargetCurrent = 50 })
            local came = it:expects_any { { 'CurrentDemandRes', { ResponseCode = 'OK' } }, 'refusal', 'end' }
            refused = came.closed or it:differs(came, 'CurrentDemandRes', { ResponseCode = 'OK' })
            Sleep(200)
        until refused or Now() - from > 4000
        it:tells('4 s of power, with a step after 2 s', refused and ('refused after %d ms')
            :format(math.floor(Now() - from)) or 'all of it is answered OK')
    end,
}
