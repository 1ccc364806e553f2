-- SPDX-License-Identifier: Apache-2.0
-- Not a car: one zero byte follows the EXI document of every request that may come before charging.

return {
    role = 'ev',
    about = 'deliberate: a byte too many behind the EXI documents',
    sure = 'made up; Teslas do so in ContractAuthenticationReq',
    deviates = 'trailing bytes',
    trailing = {
        SessionSetupReq = '\0', ServiceDiscoveryReq = '\0', ServicePaymentSelectionReq = '\0',
        PaymentServiceSelectionReq = '\0', ContractAuthenticationReq = '\0',
        AuthorizationReq = '\0', ChargeParameterDiscoveryReq = '\0',
    },
}
