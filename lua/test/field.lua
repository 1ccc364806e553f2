-- SPDX-License-Identifier: Apache-2.0
-- What devices in use do against the standards, and the other side lives with: by this table a step
-- that fails is a pass in the field. (Times that devices in use need or grant: lua/timers.lua; what
-- one case alone knows: `field` of its row.) Sources: E1 85 captures of 25 models of cars at two
-- makes of stations, published by the EVerest project (EVerest/logfiles); E2 issues and changes of
-- open stacks (EVerest, Josev, eVDriveFlow).

local field = {}

-- Each is a deviation of that side. What a row says of a step has to be there: kind, and patterns
-- of Lua for path (of the element), expected and found; protocol, and given (of the case).
-- { sut, why, source, kind =, path =, expected =, found =, protocol =, given = }
field.rows = {
    -- ---- stations ----
    { 'SECC', 'vehicles end the session after any FAILED code', 'E1: Renault Zoe, VW ID.4 (PnC)',
      kind = 'message', path = '%.ResponseCode$', expected = 'FAILED', found = '^FAILED' },
    { 'SECC', 'vehicles keep to their SessionID',
      'E2: zero and foreign SessionIDs are served by EVerest (-2) and eVDriveFlow (-20)',
      kind = 'message', path = '%.ResponseCode$', expected = 'FAILED_UnknownSession', found = '^OK' },
    { 'SECC', 'vehicles that keep to the sequence do not notice',
      'E2: EvseV2G charged while its check of the sequence could be passed by (CVE-2026-24003)',
      kind = 'message', path = '%.ResponseCode$', expected = 'FAILED_SequenceError', found = '^OK' },
    { 'SECC', 'vehicles that tell right limits do not notice',
      'E2: a station of EVerest (AC-DER of ISO 15118-20) charged vehicles whose limits it had not looked at',
      kind = 'message', path = '%.ResponseCode$', expected = 'FAILED_WrongChargeParameter', found = '^OK' },
    { 'SECC', 'vehicles close the connection themselves',
      'E1: 20 ms (Tesla) to 1.4 s (Stellantis) after the last response; station J waits for that',
      kind = 'end', found = '^it is still open', expected = 'within' },
    { 'SECC', 'vehicles have left by then', 'E1: station J closes 5.0 s later, and not earlier',
      kind = 'end', found = '^it ended after', expected = 'within' },
    { 'SECC', 'vehicles close then, too, with FIN or RST',
      'E1: station E closes less than 2 ms after SessionStopRes',
      kind = 'nothing', found = '^the end of the connection', given = 'SessionStopRes' },
    { 'SECC', 'vehicles grant so much', 'E1: CableCheck of 55 s with Hyundai Kona and Tesla',
      kind = 'message', expected = '^the last CableCheckRes' },
    { 'SECC', 'vehicles do not read it', 'E1: Audi Q4 in 128 ChargingStatusRes with an empty MeterID',
      kind = 'message', path = 'MeterInfo%.MeterID$' },

    -- ---- vehicles ----
    { 'EVCC', 'stations close then', 'E1: MG4, BYD Atto 3 and XPENG P7 leave it to the station',
      kind = 'end', found = '^it is still open', given = '^SessionStopReq' },
    { 'EVCC', 'stations answer in time, and do not see it',
      'E1: Stellantis leaves after 355 ms without CurrentDemandRes, Tesla after 503, MG4 after 5.1 s',
      kind = 'end', found = '^it ended after', expected = 'after %d+ to' },
    { 'EVCC', 'stations end without it', 'E1: BYD Atto 3, Hyundai Kona, Seres 3, Stellantis, Tesla',
      kind = 'message', expected = '^WeldingDetectionReq', found = '^SessionStopReq' },
    { 'EVCC', 'stations end without it', 'E1: Opel Ampera-e, Mercedes EQE (AC)',
      kind = 'message', expected = '^SessionStopReq', found = '^the end of the connection' },
    { 'EVCC', 'stations begin a new session', 'E1: Opel Mokka-e with the SessionID of another session, '
      .. 'Seres 3 with 6 zero bytes, Subaru Solterra with none',
      kind = 'message', path = '^SessionSetupReq%.Header%.SessionID$' },
    { 'EVCC', 'stations take the unit for granted', 'E1: MG4, VW ID.4, Opel Mokka-e in DIN 70121',
      kind = 'message', path = '%.Unit$', protocol = 'DIN70121' },
    { 'EVCC', 'stations do not heed it before charging', 'E1: Porsche Taycan, Tesla',
      kind = 'message', path = '^ChargeParameterDiscoveryReq.*%.EVReady$' },
    { 'EVCC', 'stations do not heed it', 'E1: Hyundai Ioniq 5, Kia EV6',
      kind = 'message', path = '^PowerDeliveryReq.*%.EVReady$' },
    { 'EVCC', 'stations do not heed it', 'E1: BMW iX, Stellantis',
      kind = 'message', path = '%.BulkChargingComplete$' },
    { 'EVCC', 'stations do not count on it', 'E1: Audi Q4 sends 192, Porsche Taycan 29, BMW iX 0',
      kind = 'message', path = '%.MaxEntriesSAScheduleTuple$' },
    { 'EVCC', 'stations do not count on it', 'E1: BMW iX sends 64 NULs',
      kind = 'message', path = '^ServiceDiscoveryReq%.ServiceScope$' },
    { 'EVCC', 'stations do not count on it', 'E1: MG4 with a power limit and FullSOC of 0',
      kind = 'message', path = '%.EVMaximumPowerLimit' },
}

-- Keys of a row, and where what they look at is found: in the step, else in the case.
local LOOKS <const> = { 'path', 'expected', 'found', 'given' }

local function fits(row, c, step)
    if row[1] ~= c.sut or row.kind ~= step.kind or (row.protocol or c.protocol) ~= c.protocol then
        return false
    end
    for _, key in ipairs(LOOKS) do
        local text = key == 'given' and c.given or step[key]
        text = text and tostring(text):gsub("'", '') -- texts of messages are quoted
        if row[key] and not (text and text:find(row[key])) then
            return false
        end
    end
    return true
end

-- Why the device of that case, which fails in that step, charges in the field all the same, with
-- the source; nil: nobody has seen that.
function field.why(c, step)
    for _, row in ipairs(field.rows) do
        if fits(row, c, step) then
            return ('%s (%s)'):format(row[2], row[3])
        end
    end
    return nil
end

return field
