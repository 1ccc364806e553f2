/* SPDX-License-Identifier: Apache-2.0 */
#include "app/secure.h"

#include <stdio.h>
#include <string.h>

static int take_setting(struct options *o, struct tls_choice *settings)
{
    char key[40];
    struct err e = ERR_INIT;
    const char *value = strchr(o->value, '=');
    int n = value == NULL ? 0 : (int)(value - o->value);
    snprintf(key, sizeof key, "%.*s", n, o->value);
    if (n == 0)
        options_wrong(o, "--tls-set %s; expected KEY=VALUE", o->value);
    else if (tls_choice_take(settings, key, value + 1, &e) != 0)
        options_wrong(o, "--tls-set %s: %s", o->value, e.what);
    else
        return 0;
    return -1;
}

int secure_take(struct options *o, enum secure_option option, struct script_options *common,
                struct tls_choice *settings)
{
    struct credential_files *files = &common->files;
    if (option == SECURE_TLS) {
        int choice = options_choice(o, "tls", o->value, CREDENTIALS_TLS);
        common->peer.tls = choice < 0 ? PEER_TLS_OFF : (enum peer_tls)choice;
        return choice < 0 ? -1 : 0;
    }
    if (option == SECURE_SET) {
        common->settings = settings;
        return take_setting(o, settings);
    }
    *(option == SECURE_CERT    ? &files->cert
      : option == SECURE_KEY   ? &files->key
      : option == SECURE_ROOTS ? &files->roots
                               : &files->tree) = o->value;
    return 0;
}
