/* SPDX-License-Identifier: Apache-2.0 */
#include "session/tls_choice.h"

#include "base/nearest.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define WORD_ENDS ":, \t"
#define LIST_TEXT 120

enum kind { LIST, FLAG, NO_FLAG, TEXT, NAMES, DOMAIN, TIME, VERSION, FILE_NAME };

static const char *const VERSIONS[] = {"off", "auto", "1.2", "1.3", NULL};
/* ORDER TLS_CHECK */
static const char *const CHECKS[] = {"standard", "none", "any", "offered", "required", NULL};
/* ORDER TLS_PROFILE */
static const char *const PROFILES[] = {"none", "usual", "all", NULL};
/* ORDER TLS_CA_KEYS */
static const char *const CA_KEYS[] = {"usual", "key", "name", "certificate", "false", NULL};
/* ORDER TLS_STATUS */
static const char *const STATUS[] = {"false", "true", "required", "usual", "v2", NULL};

/* As OpenSSL counts them, and RFC 6066, 4. */
static const char *const FRAGMENTS[] = {"false", "512", "1024", "2048", "4096", NULL};

#define AT(field) offsetof(struct tls_options, field)
#define NOWHERE SIZE_MAX /* told by whoever needs it */

/* What values of a kind look like; NULL: one of the row's. */
static const char *const EXPECTED[] = {
    [FLAG] = "true or false",
    [NO_FLAG] = "true or false",
    [TEXT] = "a name",
    [NAMES] = "names of IANA, as TLS_AES_256_GCM_SHA384",
    [DOMAIN] = "a domain component, or false for any",
    [TIME] = "seconds since 1970",
    [FILE_NAME] = "the name of a file",
};

/* ORDER TLS_KEY */
static const struct row {
    const char *name;
    enum kind kind;
    size_t at; /* of what it sets in the options */
    const char *const *values;
} ROWS[TLS_KEYS] = {
    {"version", VERSION, NOWHERE, VERSIONS},
    {"plain", FLAG, NOWHERE, NULL},
    {"suites", NAMES, AT(suites), NULL},
    {"groups", NAMES, AT(groups), NULL},
    {"schemes", NAMES, AT(schemes), NULL},
    {"check", LIST, AT(check), CHECKS},
    {"profile", LIST, AT(profile), PROFILES},
    {"domain", DOMAIN, AT(domain), NULL},
    {"at", TIME, AT(at), NULL},
    {"trusted_ca_keys", LIST, AT(trusted_ca_keys), CA_KEYS},
    {"certificate_authorities", FLAG, AT(certificate_authorities), NULL},
    {"ocsp", LIST, AT(status), STATUS},
    {"staple", FILE_NAME, NOWHERE, NULL},
    {"resumption", FLAG, AT(resumption), NULL},
    {"server_name", TEXT, AT(server_name), NULL},
    {"encrypt_then_mac", NO_FLAG, AT(no_encrypt_then_mac), NULL},
    {"extended_master_secret", NO_FLAG, AT(no_extended_master_secret), NULL},
    {"max_fragment_length", LIST, AT(max_fragment_length), FRAGMENTS},
    {"weak", FLAG, AT(allows_weak), NULL},
    {"cert", FILE_NAME, NOWHERE, NULL},
    {"key", FILE_NAME, NOWHERE, NULL},
    {"roots", FILE_NAME, NOWHERE, NULL},
    {"pki", FILE_NAME, NOWHERE, NULL},
};

/* Index of value in a list that ends with NULL; -1: it is not there. */
static int find(const char *value, const char *const list[])
{
    for (int i = 0; list[i] != NULL; i++)
        if (strcasecmp(list[i], value) == 0)
            return i;
    return -1;
}

/* Of a list that has no `true`, it is what comes first behind the usual value. */
static int find_value(const struct row *row, const char *value)
{
    int found = find(value, row->values);
    return found < 0 && row->kind == LIST && strcasecmp(value, "true") == 0 ? 1 : found;
}

static bool is_flag(const char *value)
{
    return strcasecmp(value, "true") == 0 || strcasecmp(value, "false") == 0;
}

/* 0 where it is no time: the checks are as of now then. */
static int64_t time_of(const char *value)
{
    char *end;
    int64_t at = strtoll(value, &end, 10);
    return *end != '\0' || at <= 0 || at == INT64_MAX ? 0 : at;
}

static bool fits(const struct row *row, const char *value)
{
    switch (row->kind) {
    case LIST:
    case VERSION:
        return find_value(row, value) >= 0;
    case FLAG:
    case NO_FLAG:
        return is_flag(value);
    case TEXT:
        return !is_flag(value);
    case NAMES:
        return !is_flag(value) && value[strspn(value, WORD_ENDS)] != '\0';
    case DOMAIN:
        return strcmp(value, "true") != 0;
    case TIME:
        return time_of(value) != 0;
    case FILE_NAME:
        return true;
    }
    return false;
}

/* "'none', 'usual' or 'all'" */
static const char *expected(const struct row *row, char text[LIST_TEXT])
{
    size_t n = 0;
    if (row->values == NULL)
        return EXPECTED[row->kind];
    for (int i = 0; row->values[i] != NULL; i++) {
        const char *glue = i == 0 ? "" : row->values[i + 1] == NULL ? " or " : ", ";
        const char *quote = is_flag(row->values[i]) ? "" : "'";
        n += (size_t)snprintf(text + n, LIST_TEXT - n, "%s%s%s%s", glue, quote, row->values[i],
                              quote);
    }
    return text;
}

const char *tls_choice_name(enum tls_key key)
{
    return ROWS[key].name;
}

int tls_choice_find(const char *name, struct err *e)
{
    const char *names[TLS_SETTINGS + 1] = {NULL};
    for (unsigned i = 0; i < TLS_SETTINGS; i++)
        names[i] = ROWS[i].name;
    int key = find(name, names);
    const char *nearest = key < 0 ? nearest_name(name, names) : NULL;
    if (key < 0 && nearest == NULL)
        err_set(e, "TLS has no setting '%s'; docs/tls.md has all of them", name);
    else if (key < 0)
        err_set(e, "TLS has no setting '%s'; the nearest is '%s'", name, nearest);
    return key;
}

int tls_choice_say(struct tls_choice *c, enum tls_key key, const char *value, struct err *e)
{
    char text[LIST_TEXT];
    const struct row *row = &ROWS[key];
    if (value[0] == '\0' || !fits(row, value))
        return err_set(e, "the TLS setting %s is '%s'; expected %s", row->name, value,
                       expected(row, text));
    c->said[key] = row->values != NULL ? row->values[find_value(row, value)] : value;
    return 0;
}

static bool has_settings(const struct tls_choice *c)
{
    bool any = false;
    for (unsigned i = 0; i < TLS_SETTINGS; i++)
        any |= c->said[i] != NULL;
    return any;
}

struct tls_choice tls_choice_over(const struct tls_choice *upper, const struct tls_choice *lower)
{
    struct tls_choice c = *lower;
    const char *version = lower->said[TLS_KEY_VERSION];
    /* whether there is to be TLS is said as a whole; and settings are said of TLS that there is */
    if (upper->said[TLS_KEY_VERSION] != NULL)
        c.said[TLS_KEY_PLAIN] = NULL;
    else if (version != NULL && strcmp(version, "off") == 0 && has_settings(upper))
        c.said[TLS_KEY_VERSION] = NULL;
    /* a chain has a key of its own, if any */
    if (upper->said[TLS_KEY_CERT] != NULL)
        c.said[TLS_KEY_KEY] = NULL;
    for (unsigned i = 0; i < TLS_KEYS; i++)
        if (upper->said[i] != NULL)
            c.said[i] = upper->said[i];
    return c;
}

enum peer_tls tls_choice_mode(const struct tls_choice *c, enum peer_tls otherwise)
{
    const char *version = c->said[TLS_KEY_VERSION], *plain = c->said[TLS_KEY_PLAIN];
    if (version == NULL && !has_settings(c))
        return otherwise;
    if (version != NULL && strcmp(version, "off") == 0)
        return PEER_TLS_OFF;
    /* what is said of TLS is meant for TLS, unless `auto` or `plain` says otherwise */
    bool may_be_plain = plain != NULL ? strcmp(plain, "true") == 0
                                      : version != NULL && strcmp(version, "auto") == 0;
    return may_be_plain ? PEER_TLS_AUTO : PEER_TLS_ONLY;
}

void tls_choice_profile(struct tls_choice *c, const char *profile)
{
    /* stations in use mostly have no OCSP response to staple; the answer that RFC 6066, 6 foresees
     * is a test for vehicles */
    static const struct {
        const char *profile;
        enum tls_key key;
        const char *value;
    } USUAL[] = {{"field", TLS_KEY_OCSP, "true"}, {"test", TLS_KEY_TRUSTED_CA_KEYS, "true"}};
    for (unsigned i = 0; profile != NULL && i < sizeof USUAL / sizeof *USUAL; i++)
        if (strcmp(USUAL[i].profile, profile) == 0 && c->said[USUAL[i].key] == NULL)
            c->said[USUAL[i].key] = USUAL[i].value;
}

static void apply_row(const struct row *row, const char *value, struct tls_options *o)
{
    static const uint16_t NUMBERS[] = {0, 0, 0x0303, 0x0304}; /* of VERSIONS */
    void *field = row->at != NOWHERE ? (char *)o + row->at : NULL;
    switch (row->kind) {
    case VERSION:
        o->min_version = o->max_version = NUMBERS[find(value, VERSIONS)];
        return;
    case LIST:
        *(unsigned *)field = (unsigned)find(value, row->values);
        return;
    case FLAG:
    case NO_FLAG:
        if (field != NULL)
            *(bool *)field = (strcmp(value, "true") == 0) == (row->kind == FLAG);
        return;
    case TEXT:
    case NAMES:
    case DOMAIN:
        *(const char **)field = strcmp(value, "false") == 0 ? NULL : value;
        return;
    case TIME:
        o->at = time_of(value);
        return;
    case FILE_NAME:
        return;
    }
}

void tls_choice_apply(const struct tls_choice *c, struct tls_options *o)
{
    for (unsigned i = 0; i < TLS_SETTINGS; i++)
        if (c->said[i] != NULL)
            apply_row(&ROWS[i], c->said[i], o);
}
