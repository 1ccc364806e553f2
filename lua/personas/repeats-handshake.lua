-- SPDX-License-Identifier: Apache-2.0
-- Not a car: sends supportedAppProtocolReq again, behind SessionSetup and on the same connection,
-- and ServiceDiscoveryReq right behind it.

return {
    role = 'ev',
    about = 'deliberate: sends supportedAppProtocolReq once more after SessionSetup',
    sure = 'made up',
    deviates = 'handshake again',
    before = {
        ServiceDiscoveryReq = function(_, ev)
            local again = ev.role.Message('supportedAppProtocolReq')
            again.AppProtocol = { {
                ProtocolNamespace = 'urn:iso:15118:2:2013:MsgDef', VersionNumberMajor = 2,
                VersionNumberMinor = 0, SchemaID = 1, Priority = 1,
            } }
            again:send()
            ev:deviate()
        end,
    },
}
