-- SPDX-License-Identifier: Apache-2.0
-- Not a car: offers protocols that no station has; the answer is Failed_NoNegotiation.

return {
    role = 'ev',
    about = 'deliberate: offers protocols that no station knows',
    sure = 'made up',
    deviates = 'unknown protocols',
    protocols = {
        { uri = 'urn:example:2031:MsgDef', priority = 1, schema = 7, major = 3, minor = 1 },
        { uri = 'urn:iso:15118:2:2010:MsgDef', priority = 2, schema = 8, major = 1, minor = 0 },
    },
}
