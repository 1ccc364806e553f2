-- SPDX-License-Identifier: Apache-2.0
-- Vehicles of ISO 15118-2 whose station goes into state F of the control pilot before it answers.
-- @author the v2glab authors
-- @needs a bench, or a modem and a control pilot

suite 'ISO 15118-4:2018 / CharIN (DIN 70121 + ISO 15118-2)' {
    sut = 'EVCC', protocol = 'ISO15118-2', bench = 'pair',
}

cases 'TC_EVCC' {
    about = 'A vehicle ends the session where the station is in an error state.',
    then_ = behaviour.ends_by_pilot,
    rows = {
        CMN_VTB_SessionSetup_007 = { given = 'SessionSetupReq', about = 'CP state F during session setup' },
        CMN_VTB_ServiceDetailAndPaymentSelection_012 = { given = 'PaymentServiceSelectionReq',
            about = 'CP state F at payment selection' },
        DC_VTB_CurrentDemand_007 = { given = 'CurrentDemandReq', about = 'CP state F while charging' },
    },
}

suite 'derived (ISO 15118-2 EVCC matrix)' {
    sut = 'EVCC', protocol = 'ISO15118-2', bench = 'pair',
}

-- What brings the vehicle to a request that it does not send by itself.
local NEEDS <const> = {
    ServiceDetail = { services = true },
    CertificateInstallation = { paying = 'Contract', contract = 'install' },
    CertificateUpdate = { paying = 'Contract', contract = 'update' },
    PaymentDetails = { paying = 'Contract' },
    SessionStop = { silent = 'par_CMN_Intern_PTC_Timeout' }, -- after its answer it ends anyway
    MeteringReceipt = { paying = 'Contract', receipts = true, mode = 'ac' },
}

local ROWS <const> = {}

for _, step in ipairs { 'SupportedAppProtocol', 'ServiceDiscovery', 'ServiceDetail', 'CertificateInstallation',
                        'CertificateUpdate', 'PaymentDetails', 'Authorization', 'ChargeParameterDiscovery',
                        'PowerDelivery', 'ChargingStatus', 'MeteringReceipt', 'CableCheck', 'PreCharge',
                        'WeldingDetection', 'SessionStop' } do
    local row = { given = step:gsub('^Supported', 'supported') .. 'Req' }
    for word, value in pairs(NEEDS[step] or {}) do
        row[word] = value
    end
    ROWS[step .. '_cpf'] = row
    row.about = step .. ': CP state F, then the answer'
end

cases 'DRV_2_EVCC' {
    about = 'A vehicle ends the session where the station is in an error state.',
    then_ = behaviour.ends_by_pilot, rows = ROWS,
}
