-- SPDX-License-Identifier: Apache-2.0
-- What the standards want of the other side when this one deviates on purpose: a row a deviation.
-- Personas name theirs as `deviates`, hooks say session:deviate(NAME); judge.lua looks for what
-- the row says, and `v2glab persona judgements` prints it.
--
-- Of a row:
--   does     what this side does
--   code     a pattern of the ResponseCode that the response to it must have; shows: in words
--   ends     … and then, or where there is no `code` at once: within this timing parameter the
--            other side ends the connection; least: nor before that is over
--   early    … which it may also do in place of the response
--   stop     a SessionStopReq, which is answered, is as good as an end
--   repeats  that request may come again until the parameter is over
--   late     what was asked for may still be answered
--   refuses  this response with a code that is no FAILED is wrong; it may also be passed over
--   within   what DC responses say that there is, and the limit of ChargeParameterDiscoveryRes
--   goes_on  the session goes on to its end, as if nothing had been
--   anew     it takes the vehicle again, with another SessionID than the one that was lost
--   rules    by protocol; '': no public source has one by an id

local CLOSE <const> = 'TCP_Connection_Termination_Timeout'

-- Once the vehicle has gone, or has had its last response, the station closes, too.
local ENDS <const> = { ['DIN70121'] = 'V2G-DC-937 V2G-DC-938', ['ISO15118-2'] = 'V2G2-025',
                       ['ISO15118-20'] = 'V2G20-1633 V2G20-1643' }
-- After a FAILED response.
local FAILED <const> = { ['DIN70121'] = 'V2G-DC-116 V2G-DC-940', ['ISO15118-2'] = 'V2G2-734 V2G2-735',
                         ['ISO15118-20'] = 'DRV-20-Header' }
local DC <const> = 'DC_EVSEChargeParameter.'
local DC_20 <const> = 'DC_CPDResEnergyTransferMode.'

return {
    ev = {
        silence = {
            does = 'says nothing any more, and keeps the connection',
            ends = 'V2G_SECC_Sequence_Timeout', least = true,
            rules = { ['DIN70121'] = 'V2G-DC-432 V2G-DC-957', ['ISO15118-2'] = 'V2G2-443 V2G2-537',
                      ['ISO15118-20'] = 'V2G20-1500' },
        },
        leaving = {
            does = 'closes the connection without SessionStopReq',
            ends = CLOSE, late = true, rules = ENDS,
        },
        resetting = {
            does = 'resets the connection, and comes back with the SessionID that it had',
            code = '^OK_NewSessionEstablished$', shows = 'OK_NewSessionEstablished', anew = true,
            rules = { ['DIN70121'] = '', ['ISO15118-2'] = 'V2G2-754 V2G2-756', ['ISO15118-20'] = '' },
        },
        stopping = {
            does = 'sends SessionStopReq before charging', code = '^OK$', shows = 'OK',
            rules = { ['DIN70121'] = 'V2G-DC-454 V2G-DC-455', ['ISO15118-2'] = 'DRV-2-SessionStopEarly',
                      ['ISO15118-20'] = '' },
        },
        ['foreign SessionID'] = {
            does = 'sends a request with a SessionID that is not the session\'s',
            code = '^FAILED_UnknownSession$', shows = 'FAILED_UnknownSession', ends = CLOSE,
            rules = { ['DIN70121'] = 'V2G-DC-391 V2G-DC-940',
                      ['ISO15118-2'] = 'V2G2-388 V2G2-390 V2G2-460', ['ISO15118-20'] = 'V2G20-460' },
        },
        ['out of turn'] = {
            does = 'leaves a step out, so that the next request is out of turn',
            code = '^FAILED_SequenceError$', shows = 'FAILED_SequenceError', ends = CLOSE,
            rules = { ['DIN70121'] = 'V2G-DC-390 V2G-DC-539 V2G-DC-665',
                      ['ISO15118-2'] = 'V2G2-459 V2G2-538 V2G2-539', ['ISO15118-20'] = 'V2G20-459' },
        },
        ['after FAILED'] = {
            does = 'goes on after a FAILED response',
            code = '^FAILED', shows = 'FAILED_…', ends = CLOSE, early = true, rules = FAILED,
        },
        ['unknown protocols'] = {
            does = 'offers protocols that nobody knows',
            code = '^Failed_NoNegotiation$', shows = 'Failed_NoNegotiation', ends = CLOSE,
            rules = { AppProtocol = 'V2G2-170 V2G2-172' },
        },
        ['handshake again'] = {
            does = 'sends supportedAppProtocolReq again within the session',
            refuses = 'supportedAppProtocolRes', ends = CLOSE, early = true,
            rules = { ['DIN70121'] = '', ['ISO15118-2'] = '', ['ISO15118-20'] = '' },
        },
        ['trailing bytes'] = {
            does = 'has bytes behind the EXI documents of its requests', goes_on = true,
            rules = { ['DIN70121'] = '', ['ISO15118-2'] = '', ['ISO15118-20'] = '' },
        },
        ['beyond limits'] = {
            does = 'asks for more voltage and current than the station has', goes_on = true,
            within = {
                CurrentDemandRes = { EVSEPresentVoltage = DC .. 'EVSEMaximumVoltageLimit',
                                     EVSEPresentCurrent = DC .. 'EVSEMaximumCurrentLimit' },
                DC_ChargeLoopRes = { EVSEPresentVoltage = DC_20 .. 'EVSEMaximumVoltage',
                                     EVSEPresentCurrent = DC_20 .. 'EVSEMaximumChargeCurrent' },
            },
            rules = { ['DIN70121'] = '', ['ISO15118-2'] = '', ['ISO15118-20'] = 'V2G20-2188' },
        },
    },
    station = {
        silence = {
            does = 'does not answer, or long after the vehicle\'s time for it',
            ends = 'V2G_EVCC_Msg_Timeout', least = true,
            rules = { ['DIN70121'] = '', ['ISO15118-2'] = '', ['ISO15118-20'] = 'V2G20-436 V2G20-440' },
        },
        leaving = {
            does = 'closes the connection instead of answering', ends = CLOSE, rules = ENDS,
        },
        ['FAILED'] = {
            does = 'answers with FAILED', ends = CLOSE, stop = true, rules = FAILED,
        },
        ['foreign SessionID'] = {
            does = 'answers with a SessionID that is not the session\'s', ends = CLOSE, stop = true,
            rules = { ['DIN70121'] = '', ['ISO15118-2'] = 'DRV-SessionID',
                      ['ISO15118-20'] = 'DRV-20-SessionID' },
        },
        ['Ongoing too long'] = {
            does = 'leaves CableCheck Ongoing for longer than the vehicle may wait',
            ends = 'V2G_EVCC_CableCheck_Timeout', least = true, stop = true, repeats = 'CableCheck',
            rules = { ['DIN70121'] = 'V2G-DC-377', ['ISO15118-2'] = 'V2G2-700 V2G2-701',
                      ['ISO15118-20'] = '' },
        },
    },
}
