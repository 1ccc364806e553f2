-- SPDX-License-Identifier: Apache-2.0
-- How a session ended, as a name by which a replay and its capture are compared:
--
--   'stopped: Terminate'    SessionStopRes came; DIN 70121: 'stopped'
--   'refused: PaymentServiceSelectionRes FAILED_PaymentSelectionInvalid'   the first FAILED
--   'unanswered: CurrentDemandReq'      no response came before the end
--   'left after CableCheckRes'          the vehicle closed
--   'dropped after AuthorizationRes'    the station did
--   'goes on: CurrentDemandReq'         the vehicle did not stop, and the station has left it
--   'ended after PowerDeliveryRes'      nobody has closed: the capture ends, or the script does

local outcome = {}

function outcome.new()
    return {}
end

-- A message that went or came.
function outcome.said(o, name, message)
    local code = message and name:find('Res$') and message.ResponseCode
    o.last = name
    if name == 'SessionStopReq' then
        local ok, how = pcall(message.get, message, 'ChargingSession')
        o.stop = ok and how or ''
    end
    if code and tostring(code):lower():find('^failed') and not o.refused then
        o.refused = name .. ' ' .. tostring(code)
    elseif name == 'SessionStopRes' then
        o.stopped = true
    end
end

-- from: 'EVCC' or 'SECC', who closed; nil: nobody has.
function outcome.of(o, from)
    if o.refused then
        return 'refused: ' .. o.refused
    elseif o.stopped then
        return 'stopped' .. (o.stop ~= '' and ': ' .. tostring(o.stop) or '')
    elseif not o.last then
        return 'nothing was said'
    elseif o.last:find('Req$') then
        return 'unanswered: ' .. o.last
    end
    return (from == 'EVCC' and 'left' or from == 'SECC' and 'dropped' or 'ended')
        .. ' after ' .. o.last
end

return outcome
