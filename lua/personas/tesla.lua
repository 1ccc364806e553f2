-- SPDX-License-Identifier: Apache-2.0
-- Tesla Model 3 and Y with the CCS of Europe. Sure: medians of recorded sessions; of the captures
-- at hand only one is of it, where the station takes ISO 15118-2 alone. Its own protocol (0.7, of
-- 2018) is offered as the first choice; what its messages are is not known. It bears 55 s of
-- CableCheck. 549 A is a Model 3, 799 A a Model Y.

return {
    role = 'ev',
    about = 'Tesla Model 3, Model Y',
    sure = 'recorded sessions; the handshake compared with a capture',
    slac = require('v2g.habits').slac,
    protocols = { { 'DIN70121', priority = 2, schema = 1 },
                  { uri = 'urn:tesla:din:2018:MsgDef', priority = 1, schema = 2, major = 0,
                    minor = 7 } },
    evcc_id = '98ED5CB428D3',
    gaps = {
        default = 17, ['SDP>TCP'] = 16, ['TCP>AppProtocol'] = 10,
        ChargeParameterDiscovery = 355, PreCharge = 53, ['PreCharge>PreCharge'] = 17,
        CableCheck = 17, CurrentDemand = 17, Authorization = 17,
        ['SessionStop>Close'] = 20, ['Failed>Close'] = 11,
    },
    patience = { CurrentDemand = 503 },
    ongoing = { CableCheck = 60000 },
    welding = { 0, 0 },
    battery = { capacity = 75000, max_voltage = 410, max_current = 799, max_power = 250000 },
    precharge_current = 0,
    values = {
        ChargeParameterDiscoveryReq = { DC_EVChargeParameter_DC_EVStatus_EVReady = true },
    },
    before = {
        CurrentDemandReq = function(m) -- the limit follows the wish
            m.EVMaximumCurrentLimit = m.EVTargetCurrent:si() + 10
        end,
    },
    trailing = { ContractAuthenticationReq = '\0' }, -- one byte behind the end of the document
}
