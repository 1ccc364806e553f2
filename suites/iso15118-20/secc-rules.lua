-- SPDX-License-Identifier: Apache-2.0
-- Stations of ISO 15118-20: rules by their id that no public suite has a case for.
-- @author the v2glab authors
-- @needs nothing

suite 'derived ISO 15118-20' {
    sut = 'SECC', protocol = 'ISO15118-20',
}

cases 'DRV_20_SECC' {
    about = 'A refusal that only a rule asks for.',
    rows = {
        DC_PreCharge_ongoing = { given = 'DC_PreChargeRes(Ongoing)', mode = 'dc', cites = 'V2G20-2005',
            sends = 'PowerDeliveryReq', ChargeProgress = 'Start', code = 'FAILED_SequenceError',
            about = 'power, and the pre-charge is not finished' },
        DC_PreCharge_again = { given = 'DC_PreChargeRes(Finished)', mode = 'dc', cites = 'V2G20-2006',
            sends = 'DC_PreChargeReq', code = 'FAILED_SequenceError',
            about = 'another pre-charge, when it is finished' },
        DC_WeldingDetection_ongoing = { given = 'DC_WeldingDetectionRes(Ongoing)', mode = 'dc',
            sends = 'SessionStopReq', code = 'FAILED_SequenceError', cites = 'V2G20-1630',
            field = 'stations in use take it', about = 'the end, and the welding detection is not finished' },
        DC_WeldingDetection_again = { given = 'DC_WeldingDetectionRes(Finished)', mode = 'dc',
            sends = 'DC_WeldingDetectionReq', code = 'FAILED_SequenceError', cites = 'V2G20-1631',
            about = 'another welding detection, when it is finished' },
        ServiceDetail_filtered = { given = 'AuthorizationRes(Finished)', mode = 'dc',
            cites = 'V2G20-425 V2G20-464', about = 'a service that was filtered out',
            then_ = function(it)
                it:sends('ServiceDiscoveryReq', { ['SupportedServiceIDs.ServiceID'] = { 2 } })
                it:expects('ServiceDiscoveryRes', { ResponseCode = 'OK' })
                it:sends('ServiceDetailReq', { ServiceID = 6 })
                it:expects('ServiceDetailRes', { ResponseCode = 'FAILED_ServiceIDInvalid' })
                it:expects_end { within = 'par_CMN_TCP_Connection_Termination_Timeout' }
            end },
        MeteringConfirmation_unasked = { given = 'DC_ChargeLoopRes', mode = 'dc', cites = 'V2G20-1083',
            sends = 'MeteringConfirmationReq', about = 'a confirmation that was not asked for',
            code = function(code) return tostring(code):find '^FAILED' ~= nil end },
        PowerDelivery_noprof = { given = 'DC_PreChargeRes(Finished)', mode = 'dc',
            sends = 'PowerDeliveryReq', ChargeProgress = 'Start', fields = { EVPowerProfile = absent },
            code = any { 'FAILED_EVPowerProfileInvalid', 'FAILED' },
            field = 'vehicles in use leave it out', about = 'no EVPowerProfile' },
    },
    then_ = behaviour.refuses,
}

cases 'DRV_20_SECC_ServiceDiscovery_set' {
    about = 'Only services of the message set that was agreed are offered.',
    given = 'AuthorizationRes(Finished)', cites = 'V2G20-169',
    rows = { ac = { mode = 'ac', own = { [1] = true, [5] = true } },
             dc = { mode = 'dc', own = { [2] = true, [3] = true, [4] = true, [6] = true, [7] = true } } },
    then_ = function(it, row)
        it:sends 'ServiceDiscoveryReq'
        it:expects('ServiceDiscoveryRes', { ResponseCode = 'OK',
            ['EnergyTransferServiceList.Service'] = function(list)
                for _, service in ipairs(list) do
                    if not row.own[service.ServiceID] then
                        return false
                    end
                end
                return #list > 0
            end })
    end,
}

cases 'DRV_20_SECC_ChargeLoop_meterfirst' {
    about = 'The first response of the loop has a reading, also where none is asked for.',
    given = 'PowerDeliveryRes(Start)', cites = 'V2G20-1833', fields = { MeterInfoRequested = false },
    response = { MeterInfo = present },
    rows = { ac = { mode = 'ac', sends = 'AC_ChargeLoopReq' }, dc = { mode = 'dc', sends = 'DC_ChargeLoopReq' } },
    then_ = behaviour.answers,
}

cases 'DRV_20_SECC' {
    about = 'What sources do not agree on, reported.',
    rows = {
        ScheduleExchange_standby = { given = 'ScheduleExchangeRes(Finished)', mode = 'dc',
            sends = 'PowerDeliveryReq', ChargeProgress = 'Standby', cites = 'V2G20-2122',
            about = 'standby before charging' },
        PowerDelivery_notol = { given = 'DC_PreChargeRes(Finished)', mode = 'dc', sends = 'PowerDeliveryReq',
            ChargeProgress = 'Start', about = 'a tolerance is accepted, and none was offered',
            fields = { ['EVPowerProfile.Scheduled_EVPPTControlMode.PowerToleranceAcceptance']
                = 'PowerToleranceConfirmed' } },
        ScheduleRenegotiation_cpd = { given = 'PowerDeliveryRes(ScheduleRenegotiation)', mode = 'dc',
            sends = 'DC_ChargeParameterDiscoveryReq', about = 'parameters again in a renegotiation' },
        PowerDelivery_stopatonce = { given = 'PowerDeliveryRes(Start)', mode = 'dc',
            sends = 'PowerDeliveryReq', ChargeProgress = 'Stop', about = 'stop right after start' },
        ChargeLoop_sessionstop = { given = 'DC_ChargeLoopRes', mode = 'dc', sends = 'SessionStopReq',
            about = 'SessionStopReq in the charge loop' },
        ScheduleExchange_points = { given = 'DC_ChargeParameterDiscoveryRes', mode = 'dc',
            sends = 'ScheduleExchangeReq', fields = { MaximumSupportingPoints = 12 },
            about = 'schedules of 12 points at most' },
    },
    then_ = behaviour.reports,
}

-- ---- services ----

-- What of a list of parameters is called so; nil: nothing.
local function parameter(set, name)
    for _, one in ipairs(set.Parameter) do
        if one.Name == name then
            return one
        end
    end
    return nil
end

-- Whether each set has these parameters, and not that one.
local function each_has(names, never)
    return function(sets)
        for _, set in ipairs(sets) do
            for _, name in ipairs(names) do
                if not parameter(set, name) then
                    return false
                end
            end
            if never and parameter(set, never) then
                return false
            end
        end
        return #sets > 0
    end
end

cases 'DRV_20_SECC_ServiceDetail_vas' {
    about = 'The parameters of the Internet are Protocol and Port.', given = 'ServiceDiscoveryRes',
    station = { services = { { id = 65 } } }, cites = 'DRV-20-Internet', sends = 'ServiceDetailReq',
    offered = { ServiceDiscoveryRes = { ['VASList.Service'] = function(list)
        for _, service in ipairs(list) do
            if service.ServiceID == 65 then
                return true
            end
        end
        return false
    end } },
    fields = { ServiceID = 65 },
    response = { ServiceID = 65, ['ServiceParameterList.ParameterSet']
        = each_has({ 'Protocol', 'Port' }, 'ControlMode') },
    then_ = behaviour.answers,
}

local PRICES <const> = { { id = 1, entries = { { start = 0, power = 50000 } },
                           prices = { entries = { { start = 0, price = 0.4 } } } } }
local PRICING <const> = { [0] = 'none', 'AbsolutePriceSchedule', 'PriceLevelSchedule' }

-- The kind of prices of the first schedule.
local function prices_of(m)
    local tuple = m.Scheduled_SEResControlMode.ScheduleTuple[1]
    return tuple.ChargingSchedule.AbsolutePriceSchedule and 'AbsolutePriceSchedule'
        or tuple.ChargingSchedule.PriceLevelSchedule and 'PriceLevelSchedule' or 'none'
end

local KINDS <const> = 'Scheduled_SEResControlMode.ScheduleTuple[1].ChargingSchedule.'

cases 'DRV_20_SECC_ServiceDetail_pricing' {
    about = 'Prices come as the parameter set that was selected says.', mode = 'dc',
    given = 'DC_ChargeParameterDiscoveryRes', cites = 'DRV-20-Pricing',
    rows = { levels = {}, prices = { station = { schedules = PRICES } } },
    then_ = function(it)
        local set = it:last 'ServiceDetailRes'.ServiceParameterList.ParameterSet[1]
        local pricing = parameter(set, 'Pricing')
        local kind = PRICING[pricing and pricing.intValue or 0]
        it:repeats('ScheduleExchangeReq', { within = 'V2G_EVCC_Ongoing_Timeout',
            ends = { EVSEProcessing = 'Finished' }, checks = { {
                text = 'prices: ' .. kind,
                find = function(m) return prices_of(m) ~= kind and prices_of(m) or nil end,
                negations = kind ~= 'none' and { 'without ' .. KINDS .. kind } or {} } } })
    end,
}

-- Ids of services, and the ids of the parameter sets of each that is asked for, as text.
local function offer_of(it)
    local list, names = it:last 'ServiceDiscoveryRes'.EnergyTransferServiceList.Service, {}
    for _, service in ipairs(list) do
        names[#names + 1] = service.ServiceID
    end
    table.sort(names)
    return table.concat(names, ' ')
end

local function sets_of(m)
    local names = {}
    for _, set in ipairs(m.ServiceParameterList.ParameterSet) do
        names[#names + 1] = set.ParameterSetID
    end
    table.sort(names)
    return table.concat(names, ' ')
end

cases 'DRV_20_SECC_ServiceDiscovery_reneg' {
    about = 'A renegotiation offers what was offered before; all of it where services can change.',
    given = 'PowerDeliveryRes(Stop)', mode = 'dc', cites = 'V2G20-1644 V2G20-1956 V2G20-1985',
    doubt = 'a station that does not renegotiate services is never asked again: there is no row for it',
    then_ = function(it)
        it:needs(it:last 'ServiceDiscoveryRes'.ServiceRenegotiationSupported,
            'a station that renegotiates services', 'it does not')
        local services, sets = offer_of(it), sets_of(it:last 'ServiceDetailRes')
        local id = it:last 'ServiceDetailRes'.ServiceID
        it:sends('SessionStopReq', { ChargingSession = 'ServiceRenegotiation' })
        it:expects('SessionStopRes', { ResponseCode = 'OK' })
        it:sends 'ServiceDiscoveryReq'
        it:expects('ServiceDiscoveryRes', { ResponseCode = 'OK' })
        it:tells('services offered again', offer_of(it) == services and 'the same' or offer_of(it))
        it:sends('ServiceDetailReq', { ServiceID = id })
        it:expects('ServiceDetailRes', { ResponseCode = 'OK', ServiceID = id })
        it:tells('parameter sets offered again', sets_of(it.m) == sets and 'the same' or sets_of(it.m))
    end,
}

-- ---- sessions that were paused ----

cases 'DRV_20_SECC_ScheduleExchange_resumed' {
    about = 'A session that was joined is offered the schedule that it had selected.', mode = 'dc',
    given = 'DC_ChargeParameterDiscoveryRes after SessionSetupRes(Joined)', tls = true,
    if_ = 'PICS_SUT_CMN_Pause == true', cites = 'V2G20-1058',
    then_ = function(it)
        local chosen = it.tester.ev.schedule or 1
        it:repeats('ScheduleExchangeReq', { within = 'V2G_EVCC_Ongoing_Timeout',
            ends = { EVSEProcessing = 'Finished' }, checks = { {
                text = 'the schedule that was selected before the pause',
                find = function(m)
                    for _, tuple in ipairs(m.Scheduled_SEResControlMode.ScheduleTuple) do
                        if tuple.ScheduleTupleID == chosen then
                            return nil
                        end
                    end
                    return ('no schedule %s'):format(chosen)
                end,
                negations = { 'set Scheduled_SEResControlMode.ScheduleTuple[1].ScheduleTupleID 77' } } } })
    end,
}

cases 'DRV_20_SECC_ChargeLoop_delay' {
    about = 'A vehicle has a minute until it has to pause, and is told what is left of it.',
    given = 'DC_ChargeLoopRes', mode = 'dc', cites = 'V2G20-3308 V2G20-1850',
    station = { pause_after = 4 }, sends = 'DC_ChargeLoopReq',
    doubt = 'in scheduled control mode V2G20-1850 has 0: both are right there',
    then_ = behaviour.counts_down,
}
