-- SPDX-License-Identifier: Apache-2.0
-- What becomes of fields when a session is played again, beside the marks !bound and !own of the
-- message descriptions (docs/schema-notation.md). All by names of elements, whatever message they
-- stand in.

local fields = {}

-- What a vehicle asks for is no more than what the station has told: the element, and those that
-- limit it (of the last message that has them).
fields.clips = {
    EVCC = {
        EVTargetVoltage = { 'EVSEMaximumVoltageLimit', 'EVSEMaximumVoltage' },
        EVTargetCurrent = { 'EVSEMaximumCurrentLimit', 'EVSEMaximumChargeCurrent' },
        ChargingProfileEntryMaxPower = { 'PMax' },
    },
    SECC = {
        EVSEPresentVoltage = { 'EVMaximumVoltageLimit', 'EVMaximumVoltage' },
        EVSEPresentCurrent = { 'EVMaximumCurrentLimit', 'EVMaximumChargeCurrent' },
    },
}

-- What a station measures follows what is asked of it: the element, and the one of the request.
fields.follows = {
    EVSEPresentVoltage = 'EVTargetVoltage',
    EVSEPresentCurrent = 'EVTargetCurrent',
}

-- A step is repeated for as long as the response has one of these.
fields.ongoing = { Ongoing = true, Ongoing_WaitingForCustomerInteraction = true }

-- Steps that are repeated until the station's voltage is near enough.
fields.reaching = { PreCharge = true, DC_PreCharge = true }
fields.near = 20 -- V, in ISO 15118-2 and DIN 70121

-- Steps whose number of rounds follows from the battery.
fields.charging = { CurrentDemand = true, ChargingStatus = true, DC_ChargeLoop = true, AC_ChargeLoop = true }

-- Exchanges that stand alone beside such a step; what else comes between two rounds is one of its
-- own, as a whole (a renegotiation). And by what a response wishes for them.
fields.beside = { MeteringReceipt = true, MeteringConfirmation = true }
fields.turns = { PowerDelivery = 'ChargeProgress' } -- what tells one from others of its name
fields.wishes = { ReceiptRequired = true, EVSENotification = true }

-- Own by a clock; own by what the script says of it; certificates, by whose they are.
fields.clocks = { EVSETimeStamp = true, DateTimeNow = true, TMeter = true }
fields.remade = { EVCCID = true, eMAID = true, ContractID = true }
fields.chains = { ContractSignatureCertChain = 'contract chain',
                  ContractCertificateChain = 'contract chain',
                  SAProvisioningCertificateChain = 'provisioning chain',
                  CPSCertificateChain = 'provisioning chain',
                  OEMProvisioningCert = 'OEM certificate',
                  OEMProvisioningCertificateChain = 'OEM chain' }
-- Of a contract that is handed out: its key, encrypted for who has asked for it.
fields.keys = { DHpublickey = 'public key', DHPublicKey = 'public key',
                ContractSignatureEncryptedPrivateKey = 'private key',
                SECP521_EncryptedPrivateKey = 'private key', X448_EncryptedPrivateKey = 'private key' }

-- What is received in these the loops look at; what is expected of them is nothing.
fields.told = { EVSEProcessing = true, EVSENotification = true, SchemaID = true }

-- By these a station asks a vehicle to stop; DIN 70121 has no other way than the status.
fields.stops = { EVSENotification = 'StopCharging', EVSEStatusCode = 'EVSE_Shutdown' }

-- The last name of a path, without the number of an entry.
function fields.name(path)
    return (path:match('([^.]+)$'):gsub('%[%d+%]', ''))
end

return fields
