/* SPDX-License-Identifier: Apache-2.0 */
#include "app/secure.h"

int secure_take(struct options *o, enum secure_option option, struct script_options *common)
{
    struct credential_files *files = &common->files;
    if (option == SECURE_TLS) {
        int choice = options_choice(o, "tls", o->value, CREDENTIALS_TLS);
        common->peer.tls = choice < 0 ? PEER_TLS_OFF : (enum peer_tls)choice;
        return choice < 0 ? -1 : 0;
    }
    *(option == SECURE_CERT    ? &files->cert
      : option == SECURE_KEY   ? &files->key
      : option == SECURE_ROOTS ? &files->roots
                               : &files->tree) = o->value;
    return 0;
}
