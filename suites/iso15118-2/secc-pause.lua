-- SPDX-License-Identifier: Apache-2.0
-- Stations of ISO 15118-2 and sessions that were paused, and are resumed.
-- @author the v2glab authors
-- @needs nothing

suite 'ISO 15118-4:2018' {
    sut = 'SECC', protocol = 'ISO15118-2', beside = 'pair',
    doubt = 'without a control pilot nobody sleeps or wakes: the session is resumed at once',
}

local function is_evse_id(id)
    return id == 'ZZ00000' or id:find '^%a%a%*?%w%w%w%*?[Ee][%w%*]+$' ~= nil and #id <= 37
end

-- A session of its own: neither 0 nor the one that was paused.
local function another(it)
    return { EVSEID = is_evse_id, ['Header.SessionID'] = function(id)
        return not id:find '^0*$' and id ~= it:paused()
    end }
end

local function the_paused(it)
    return { EVSEID = is_evse_id, ['Header.SessionID'] = it:paused() }
end

-- As it was selected before the pause, and nothing else.
local function as_before(it)
    local ev = it.tester.ev
    return {
        ['PaymentOptionList.PaymentOption'] = function(list) return list[1] == ev.paying end,
        ['ChargeService.SupportedEnergyTransferMode.EnergyTransferMode'] = { ev.transfer },
        ['ChargeService.ServiceID'] = 1,
    }
end

-- Who wakes; numbers of ServiceDiscovery, SessionSetup and ChargeParameterDiscovery.
local WAKING <const> = {
    { 'vehicle', 1, { 1, 2, 3 }, { 7, 17, 11, 18, 19, 20, 22, 21 } },
    { 'station', 2, { 4, 5, 6 }, { 29, 31, 30, 32, 33, 34, 36, 35 } },
}

for _, mode in ipairs { 'ac', 'dc' } do
    local group = 'TC_SECC_' .. mode:upper() .. '_VTB_'
    for _, by in ipairs(WAKING) do
        local setup = {
            { about = 'the paused session is joined', code = 'OK_OldSessionJoined',
              response = the_paused },
            { about = 'another SessionID begins a new one', SessionID = 'another',
              code = 'OK_NewSessionEstablished', response = another },
            { about = 'SessionID 0 begins a new one', SessionID = 'zero',
              code = 'OK_NewSessionEstablished', response = another },
        }
        local rows = {}
        for i, number in ipairs(by[3]) do
            rows[number] = setup[i]
        end
        cases(group .. 'SessionSetup') {
            about = 'A session is joined by its SessionID alone.', mode = mode, wakes = by[1],
            given = 'supportedAppProtocolRes after SessionStopRes(Pause)', session = 'any',
            sends = 'SessionSetupReq', cites = 'V2G2-463 V2G2-739 V2G2-740 V2G2-750 V2G2-756',
            rows = rows, then_ = behaviour.answers,
        }
        cases(group .. 'ServiceDiscovery') {
            about = 'A session that was joined is offered what it had selected.', mode = mode,
            wakes = by[1], given = 'SessionSetupRes(Joined)', sends = 'ServiceDiscoveryReq',
            cites = 'V2G2-463 V2G2-739 V2G2-740 V2G2-544 V2G2-741',
            rows = { [by[2]] = { response = as_before } }, then_ = behaviour.answers,
        }
        cases(group .. 'ChargeParameterDiscovery') {
            about = 'A session that was joined is offered the schedule that it had chosen.',
            mode = mode, wakes = by[1], then_ = behaviour.offers,
            given = 'AuthorizationRes(Finished) after SessionSetupRes(Joined)',
            rows = schedule_rows(by[4], 'V2G2-565 V2G2-477 V2G2-476 V2G2-736 V2G2-773 V2G2-303 '
                .. 'V2G2-293 V2G2-463 V2G2-739 V2G2-740', 'V2G2-310 V2G2-610'),
        }
    end
end
