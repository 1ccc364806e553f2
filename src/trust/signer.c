/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/signer.h"

#include <string.h>

const struct signer SIGNERS[] = {
    {"AuthorizationReq", ROLE_CONTRACT_LEAF, true},
    {"MeteringReceiptReq", ROLE_CONTRACT_LEAF, true},
    {"MeteringConfirmationReq", ROLE_CONTRACT_LEAF, true},
    {"CertificateUpdateReq", ROLE_CONTRACT_LEAF, true},
    {"CertificateInstallationReq", ROLE_OEM_LEAF, true},
    {"CertificateInstallationRes", ROLE_CPS_LEAF, true},
    {"CertificateUpdateRes", ROLE_CPS_LEAF, true},
    {"ChargeParameterDiscoveryRes", ROLE_MO_SUB2, false},
    {"ScheduleExchangeRes", ROLE_MO_SUB2, false},
    {.message = NULL},
};

const struct signer *signer_find(const char *message)
{
    for (const struct signer *s = SIGNERS; s->message != NULL; s++)
        if (strcmp(s->message, message) == 0)
            return s;
    return NULL;
}
