-- SPDX-License-Identifier: Apache-2.0
-- Stations of ISO 15118-2 and signatures and certificates that they must not take.
-- @author the v2glab authors
-- @needs a tree of certificates whose CAs have their keys

suite 'ISO 15118-4:2018' {
    sut = 'SECC', protocol = 'ISO15118-2', if_ = 'PICS_CMN_CMN_FailedResponseCodes',
}

local ID <const> = 'after the change the signature refers to no element: that is a wrong one, too'
local CHANGED <const> = { Id = 'contentChanged' }

-- ---- signatures ----

cases 'TC_SECC_CMN_VTB_Authorization' {
    about = 'An AuthorizationReq authorizes only as the contract has signed it.',
    given = 'PaymentDetailsRes', paying = 'Contract', sends = 'AuthorizationReq',
    rows = {
        [10] = { signer = 'oem-leaf', code = 'FAILED_SignatureError', about = 'signed with another key',
                 cites = 'V2G2-684' },
        [11] = { changes = { GenChallenge = ('\x5A'):rep(16) }, about = 'changed after it was signed',
                 code = any { 'FAILED_SignatureError', 'FAILED_ChallengeInvalid' },
                 cites = 'V2G2-475 V2G2-684',
                 doubt = 'which of the two is looked at first is the station\'s own matter' },
    },
    then_ = behaviour.refuses,
}

cases 'TC_SECC_CMN_VTB_CertificateInstallation' {
    about = 'A contract is installed only for whom the request is signed by.',
    given = 'PaymentServiceSelectionRes(Contract)', paying = 'Contract', contract = 'install',
    sends = 'CertificateInstallationReq', cites = 'V2G2-554',
    rows = {
        [5] = { signer = 'contract-leaf', code = 'FAILED_SignatureError',
                about = 'signed with another key' },
        [6] = { changes = CHANGED, code = 'FAILED_SignatureError',
                about = 'changed after it was signed', doubt = ID },
        [7] = { bears = { 'oem-leaf', faults = { 'oem-leaf=expired' } },
                code = 'FAILED_CertificateExpired', about = 'a provisioning certificate that has expired' },
        [8] = { bears = { 'oem-leaf', faults = { 'oem-leaf=wrong-domain-component' } },
                code = any { 'FAILED', 'FAILED_NoCertificateAvailable' },
                about = 'a provisioning certificate with another domain component' },
    },
    then_ = behaviour.refuses,
}

local function one_more(path)
    return function(it)
        return { ['MeterInfo.MeterReading'] = (it:last(path).MeterInfo.MeterReading or 0) + 1000 }
    end
end

local receipts = {}
for mode, response in pairs { ac = 'ChargingStatusRes', dc = 'CurrentDemandRes' } do
    local wrong = {
        [4] = { fields = one_more(response), about = 'another reading than the one that was sent',
                cites = 'V2G2-796 V2G2-795 V2G2-903 V2G2-481 V2G2-904' },
        [6] = { signer = 'oem-leaf', about = 'signed with another key' },
        [7] = { changes = one_more(response), about = 'changed after it was signed' },
    }
    for number, row in pairs(wrong) do
        row.id = ('TC_SECC_%s_VTB_MeteringReceipt_%03d'):format(mode:upper(), number)
        row.mode, row.given = mode, response .. '(ReceiptRequired)'
        receipts[#receipts + 1] = row
    end
end

cases 'MeteringReceipt' {
    about = 'A receipt is one only for the reading that was sent, and signed by the contract.',
    receipts = true, paying = 'Contract', sends = 'MeteringReceiptReq',
    code = 'FAILED_MeteringSignatureNotValid', cites = 'V2G2-796 V2G2-903',
    rows = receipts, then_ = behaviour.refuses,
}

-- ---- contracts ----

local NOT_IN_TREE <const> = any { 'FAILED', 'FAILED_NoCertificateAvailable',
                                  'FAILED_CertificateNotAllowedAtThisEVSE' }
local CONTENT <const> = 'the public suite adds a country, which certificates may have: here it is '
    .. 'another domain component'

cases 'TC_SECC_CMN_VTB_PaymentDetails' {
    about = 'A contract pays only with a chain that is valid.', sends = 'PaymentDetailsReq',
    given = 'PaymentServiceSelectionRes(Contract)', paying = 'Contract', cites = 'V2G2-559',
    if_ = 'PIXIT_SECC_CMN_CertificateHandling == none_',
    rows = {
        [7] = { bears = { 'contract-leaf', faults = { 'contract-leaf=expired' } },
                code = 'FAILED_CertificateExpired', about = 'a contract that has expired' },
        [8] = { bears = { 'contract-leaf', faults = { 'contract-leaf=wrong-domain-component' } },
                code = NOT_IN_TREE, about = 'a contract that is not as it has to be', doubt = CONTENT },
        [9] = { bears = { 'contract-leaf', faults = { 'mo-sub1=expired' } },
                code = any { NOT_IN_TREE, 'FAILED_CertificateExpired', 'FAILED_CertChainError' },
                about = 'a sub-CA 1 that has expired', doubt = 'all these codes are sensible' },
        [10] = { bears = { 'contract-leaf', faults = { 'mo-sub2=expired' } },
                 code = any { NOT_IN_TREE, 'FAILED_CertificateExpired', 'FAILED_CertChainError' },
                 about = 'a sub-CA 2 that has expired', doubt = 'all these codes are sensible' },
    },
    then_ = behaviour.refuses,
}

cases 'DRV_2_SECC_PaymentDetails_soon' {
    about = 'A contract that ends within three weeks is taken, and the vehicle told so.',
    given = 'PaymentServiceSelectionRes(Contract)', paying = 'Contract', sends = 'PaymentDetailsReq',
    cites = 'V2G2-690', if_ = 'PIXIT_SECC_CMN_CertificateHandling == none_',
    rows = {
        { id = 'DRV_2_SECC_PaymentDetails_soon', bears = { 'contract-leaf', days = 20 },
          code = 'OK_CertificateExpiresSoon', about = 'it ends in 20 days' },
        { id = 'DRV_2_SECC_PaymentDetails_later', bears = { 'contract-leaf', days = 22 }, code = 'OK',
          about = 'it ends in 22 days' },
    },
    then_ = behaviour.answers,
}

local CHAIN <const> = 'FAILED_CertChainError'
local EMAID <const> = any { 'FAILED', 'FAILED_NoCertificateAvailable', 'FAILED_ContractCanceled' }

-- Inconclusive where the contract is of that eMAID, as it should not be.
local function emaid(text)
    return function(it)
        local own = Pki.Identity('contract-leaf').chain[1].common_name
        it:needs(own ~= text, 'a contract of another eMAID than ' .. text, own)
        return { eMAID = text }
    end
end

-- A contract certificate of another name; the request still has that of the good one.
local function of_the_good_one()
    return { eMAID = Pki.Identity('contract-leaf').chain[1].common_name }
end

cases 'TC_SECC_CMN_VTB_CertificateUpdate' {
    about = 'A contract is updated only with a chain that is valid, for its own eMAID.',
    given = 'PaymentServiceSelectionRes(Contract)', paying = 'Contract', contract = 'update',
    sends = 'CertificateUpdateReq', cites = 'V2G2-557 V2G2-558',
    rows = {
        [5] = { signer = 'oem-leaf', code = 'FAILED_SignatureError', about = 'signed with another key',
                cites = 'V2G2-557' },
        [6] = { changes = CHANGED, code = 'FAILED_SignatureError', cites = 'V2G2-557',
                about = 'changed after it was signed', doubt = ID },
        [7] = { bears = { 'contract-leaf', faults = { 'contract-leaf=swapped-sub-ca' } }, code = CHAIN,
                about = 'the sub-CAs in the wrong order' },
        [8] = { bears = { 'contract-leaf', foreign = 'leaf' }, code = CHAIN,
                about = 'a contract of another tree' },
        [9] = { bears = { 'contract-leaf', foreign = 'sub2' }, code = CHAIN,
                about = 'a sub-CA 2 of another tree' },
        [10] = { bears = { 'contract-leaf', foreign = 'sub1' }, code = CHAIN,
                 about = 'a sub-CA 1 of another tree' },
        [11] = { bears = { 'contract-leaf', foreign = 'leaf sub2 sub1' }, code = CHAIN,
                 about = 'a chain of another tree' },
        [12] = { fields = emaid 'DE1ABCD2EF357B', code = EMAID, about = 'the eMAID of another contract',
                 cites = 'V2G2-556 V2G2-558' },
        [13] = { fields = emaid 'Invalid_EMAID_', code = EMAID, about = 'what is no eMAID',
                 cites = 'V2G2-556 V2G2-558' },
        [14] = { bears = { 'contract-leaf', name = 'DE1ABCD2EF3579Q' }, fields = of_the_good_one,
                 code = EMAID, about = 'a contract of another eMAID', cites = 'V2G2-556 V2G2-558' },
        [15] = { bears = { 'contract-leaf', name = 'Invalid_EMAID_' }, fields = of_the_good_one,
                 code = EMAID, about = 'a contract of what is no eMAID',
                 cites = 'V2G2-556 V2G2-558' },
        [16] = { bears = { 'contract-leaf', faults = { 'contract-leaf=expired' } },
                 code = 'FAILED_CertificateExpired', about = 'a contract that has expired',
                 cites = 'V2G2-557' },
        [17] = { bears = { 'contract-leaf', faults = { 'contract-leaf=wrong-domain-component' } },
                 code = any { 'FAILED', 'FAILED_NoCertificateAvailable' }, cites = 'V2G2-557',
                 about = 'a contract that is not as it has to be', doubt = CONTENT },
    },
    then_ = behaviour.refuses,
}
