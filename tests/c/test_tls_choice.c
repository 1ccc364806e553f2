/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked for of TLS: values that fit, one choice over another, and what follows from it. */
#include "session/tls_choice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char texts[4096]; /* of all choices of a test */
static size_t used;

static const char *keep(const char *text)
{
    char *kept = texts + used;
    used += (size_t)snprintf(kept, sizeof texts - used, "%s", text) + 1;
    return kept;
}

/* "version=1.2 plain=true", with cert, key, roots and pki as well. */
static struct tls_choice choice(const char *text)
{
    static const char *const FILES[] = {"cert", "key", "roots", "pki"};
    struct tls_choice c = {.said = {NULL}};
    struct err e = ERR_INIT;
    char key[40], value[80];
    int n;
    while (sscanf(text, " %39[^=]=%79s%n", key, value, &n) == 2) {
        unsigned file = 0;
        while (file < 4 && strcmp(FILES[file], key) != 0)
            file++;
        int k = file < 4 ? TLS_KEY_CERT + (int)file : tls_choice_find(key, &e);
        if (k < 0 || tls_choice_say(&c, (enum tls_key)k, keep(value), &e) != 0)
            fail_msg("%s", e.what);
        text += n;
    }
    return c;
}

static void values_fit_or_are_refused(void **state)
{
    static const struct {
        const char *key, *value, *what;
    } CASES[] = {
        {"version", "1.1", "setting version is '1.1'; expected 'off', 'auto', '1.2' or '1.3'"},
        {"plain", "maybe", "expected true or false"},
        {"ocsp", "perhaps", "expected false, true, 'required', 'usual' or 'v2'"},
        {"at", "0", "seconds since 1970"},
        {"at", "17x", "seconds since 1970"},
        {"suites", ":,", "names of IANA"},
        {"domain", "true", "false for any"},
        {"chek", "any", "the nearest is 'check'"},
        {"cert", "x.pem", "TLS has no setting 'cert'"}, /* it is a file, not a setting */
        {"", "", "TLS has no setting ''"},
    };
    (void)state;
    struct tls_choice c = choice("plain=TRUE ocsp=required trusted_ca_keys=true");
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct err e = ERR_INIT;
        int key = tls_choice_find(CASES[i].key, &e);
        assert_true(key < 0 || tls_choice_say(&c, (enum tls_key)key, CASES[i].value, &e) < 0);
        if (strstr(e.what, CASES[i].what) == NULL)
            fail_msg("expected '%s' in: %s", CASES[i].what, e.what);
    }
    struct tls_options o = {.is_server = false};
    tls_choice_apply(&c, &o); /* what was said before stays */
    assert_int_equal(o.status, TLS_STATUS_REQUIRED);
    assert_int_equal(o.trusted_ca_keys, TLS_CA_KEYS_KEY);
}

static void what_is_said_says_whether_there_is_tls(void **state)
{
    static const struct {
        const char *upper, *lower;
        enum peer_tls otherwise, expected;
        uint16_t version; /* the only one; 0: any */
    } CASES[] = {
        {"", "", PEER_TLS_OFF, PEER_TLS_OFF, 0},
        {"", "cert=a pki=b", PEER_TLS_AUTO, PEER_TLS_AUTO, 0},
        {"", "version=1.2", PEER_TLS_OFF, PEER_TLS_ONLY, 0x0303},
        {"", "version=auto", PEER_TLS_OFF, PEER_TLS_AUTO, 0},
        {"", "version=auto plain=false", PEER_TLS_OFF, PEER_TLS_ONLY, 0},
        {"", "version=1.3 plain=true", PEER_TLS_OFF, PEER_TLS_AUTO, 0x0304},
        /* settings are meant for TLS */
        {"", "ocsp=true", PEER_TLS_OFF, PEER_TLS_ONLY, 0},
        {"ocsp=true", "version=off", PEER_TLS_OFF, PEER_TLS_ONLY, 0},
        {"ocsp=true", "version=1.3", PEER_TLS_OFF, PEER_TLS_ONLY, 0x0304},
        {"ocsp=true", "version=auto", PEER_TLS_OFF, PEER_TLS_AUTO, 0},
        /* a version comes before what is below */
        {"version=off", "ocsp=true", PEER_TLS_AUTO, PEER_TLS_OFF, 0},
        {"version=1.3", "version=1.2 plain=true", PEER_TLS_OFF, PEER_TLS_ONLY, 0x0304},
        {"plain=true", "version=1.3", PEER_TLS_OFF, PEER_TLS_AUTO, 0x0304},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct tls_choice upper = choice(CASES[i].upper), lower = choice(CASES[i].lower);
        struct tls_choice both = tls_choice_over(&upper, &lower);
        struct tls_options o = {.is_server = false};
        tls_choice_apply(&both, &o);
        if (tls_choice_mode(&both, CASES[i].otherwise) != CASES[i].expected ||
            o.min_version != CASES[i].version || o.max_version != CASES[i].version)
            fail_msg("'%s' over '%s'", CASES[i].upper, CASES[i].lower);
        used = 0;
    }
}

static void a_chain_comes_with_its_key(void **state)
{
    struct tls_choice upper = choice("cert=own.pem"), lower = choice("cert=a.pem key=a.key pki=b");
    struct tls_choice both = tls_choice_over(&upper, &lower);
    (void)state;
    assert_string_equal(both.said[TLS_KEY_CERT], "own.pem");
    assert_null(both.said[TLS_KEY_KEY]);
    assert_string_equal(both.said[TLS_KEY_PKI], "b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_fit_or_are_refused),
        cmocka_unit_test(what_is_said_says_whether_there_is_tls),
        cmocka_unit_test(a_chain_comes_with_its_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
