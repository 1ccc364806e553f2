/* SPDX-License-Identifier: Apache-2.0 */
#include "session/tls_choice.h"

#include "base/nearest.h"
#include "codec/message.h"
#include "session/credentials.h"
#include "tls/tls_names.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ORDER TLS_SETTING */
enum setting {
    VERSION,
    PLAIN,
    SUITES,
    TEXT,
    DOMAIN,
    FLAG,
    NO_FLAG,
    CHECK,
    PROFILE,
    KEYS,
    OCSP,
    STAPLE,
    TIME
};

/* What values of a kind look like. ORDER TLS_SETTING */
static const char *const EXPECTED[] = {
    "'off', 'auto', '1.2' or '1.3'",
    "true or false",
    "names of IANA, as TLS_AES_256_GCM_SHA384",
    "names of IANA",
    "a domain component, or false for any",
    "true or false",
    "true or false",
    "'standard', 'none', 'any', 'offered' or 'required'",
    "'none', 'usual' or 'all'",
    "true, 'key', 'name', 'certificate' or false",
    "true, 'required', 'v2' or false",
    "true, or a file with an OCSP response",
    "seconds since 1970",
};

#define END_OF(b) (offsetof(struct tls_options, b) + sizeof((struct tls_options *)0)->b)
/* Fields a to b of the options. */
#define FIELDS(a, b) offsetof(struct tls_options, a), END_OF(b) - offsetof(struct tls_options, a)

static const struct row {
    const char *name;
    enum setting kind;
    size_t at, size; /* of what it sets in the options */
} ROWS[] = {
    {"version", VERSION, FIELDS(min_version, max_version)},
    {"plain", PLAIN, 0, 0},
    {"suites", SUITES, FIELDS(suites_12, suites_13)},
    {"groups", TEXT, FIELDS(groups, groups)},
    {"schemes", TEXT, FIELDS(schemes, schemes)},
    {"check", CHECK, FIELDS(check, check)},
    {"profile", PROFILE, FIELDS(profile, profile)},
    {"domain", DOMAIN, FIELDS(domain, domain)},
    {"at", TIME, FIELDS(at, at)},
    {"trusted_ca_keys", KEYS, FIELDS(trusted_ca_keys, no_trusted_ca_keys)},
    {"certificate_authorities", FLAG, FIELDS(certificate_authorities, certificate_authorities)},
    {"ocsp", OCSP, FIELDS(status_request, status_request_v2)},
    {"staple", STAPLE, 0, 0},
    {"resumption", FLAG, FIELDS(resumption, resumption)},
    {"server_name", TEXT, FIELDS(server_name, server_name)},
    {"encrypt_then_mac", NO_FLAG, FIELDS(no_encrypt_then_mac, no_encrypt_then_mac)},
    {"extended_master_secret", NO_FLAG,
     FIELDS(no_extended_master_secret, no_extended_master_secret)},
    {"weak", FLAG, FIELDS(allows_weak, allows_weak)},
};

#define N_ROWS (sizeof ROWS / sizeof *ROWS)

static const struct row *find_row(const char *key, struct err *e)
{
    const char *nearest = "";
    unsigned least = UINT32_MAX;
    for (size_t i = 0; i < N_ROWS; i++) {
        if (strcmp(ROWS[i].name, key) == 0)
            return &ROWS[i];
        unsigned distance = nearest_distance(key, strlen(key), ROWS[i].name);
        if (distance < least)
            nearest = ROWS[i].name;
        least = distance < least ? distance : least;
    }
    err_set(e, "TLS has no setting '%s'; the nearest is '%s'", key, nearest);
    return NULL;
}

/* Index of value in a list that ends with NULL; -1: it is not there. */
static int find(const char *value, const char *const list[])
{
    for (int i = 0; list[i] != NULL; i++)
        if (strcmp(list[i], value) == 0)
            return i;
    return -1;
}

static int keep(struct tls_choice *c, const char *value, const char **out, struct err *e)
{
    if (c->texts == TLS_CHOICE_TEXTS)
        return err_set(e, "too many settings of TLS");
    *out = c->text[c->texts] = strdup(value);
    return c->text[c->texts++] == NULL ? err_set(e, "out of memory") : 0;
}

/* One list holds the suites of both versions; those of 1.3 have numbers of their own. */
static int take_suites(struct tls_choice *c, const char *value, struct err *e)
{
    struct buf list[2] = {{0}, {0}};
    for (const char *p = value; *p != '\0';) {
        char word[80];
        size_t n = strcspn(p, ":, \t");
        snprintf(word, sizeof word, "%.*s", (int)n, p);
        p += n + strspn(p + n, ":, \t");
        int number = tls_number(TLS_SUITES, word);
        struct buf *of = &list[number >> 8 == 0x13];
        buf_printf(of, "%s%s", of->n > 0 ? ":" : "", word);
    }
    int bad = list[0].n + list[1].n > 0 ? 0 : 1;
    if (list[0].n > 0)
        bad = keep(c, buf_string(&list[0]), &c->options.suites_12, e);
    if (list[1].n > 0 && bad == 0)
        bad = keep(c, buf_string(&list[1]), &c->options.suites_13, e);
    buf_close(&list[0]);
    buf_close(&list[1]);
    return bad;
}

static int take_version(struct tls_choice *c, const char *value)
{
    static const uint16_t VERSIONS[] = {0, 0, 0x0303, 0x0304}; /* ORDER PEER_TLS */
    int mode = find(value, CREDENTIALS_TLS);
    if (mode < 0)
        return -1;
    c->has_mode = true;
    c->mode = (enum peer_tls)mode;
    c->options.min_version = c->options.max_version = VERSIONS[mode];
    return 0;
}

static int take_keys(struct tls_choice *c, const char *value)
{
    static const char *const KINDS[] = {"false", "key", "name", "certificate", NULL};
    int kind = strcmp(value, "true") == 0 ? 1 : find(value, KINDS);
    c->options.trusted_ca_keys = (uint8_t)(kind < 0 ? 0 : kind);
    c->options.no_trusted_ca_keys = kind == 0;
    return kind < 0 ? -1 : 0;
}

static int take_ocsp(struct tls_choice *c, const char *value)
{
    static const char *const KINDS[] = {"false", "true", "required", "v2", NULL};
    int kind = find(value, KINDS);
    c->options.status_request = kind > 0;
    c->options.status_required = kind == 2;
    c->options.status_request_v2 = kind == 3;
    return kind < 0 ? -1 : 0;
}

static int take_time(struct tls_choice *c, const char *value)
{
    char *end;
    c->options.at = strtoll(value, &end, 10);
    bool is_far = c->options.at <= 0 || c->options.at == INT64_MAX;
    return *end != '\0' || end == value || is_far ? -1 : 0;
}

/* 1: the value is none of the kind's. */
static int take_value(struct tls_choice *c, const struct row *row, const char *value, struct err *e)
{
    static const char *const FLAGS[] = {"false", "true", NULL};
    /* ORDER TLS_CHECK */
    static const char *const CHECKS[] = {"standard", "none", "any", "offered", "required", NULL};
    static const char *const PROFILES[] = {"none", "usual", "all", NULL};
    void *field = (char *)&c->options + row->at;
    int flag = find(value, FLAGS), found;
    switch (row->kind) {
    case VERSION:
        return take_version(c, value) != 0;
    case PLAIN:
        c->has_plain = true;
        c->is_plain = flag == 1;
        return flag < 0;
    case SUITES:
        return take_suites(c, value, e);
    case DOMAIN:
    case TEXT:
        if (flag >= 0)
            return flag == 1 || row->kind == TEXT;
        return keep(c, value, field, e);
    case FLAG:
    case NO_FLAG:
        *(bool *)field = (flag == 1) == (row->kind == FLAG);
        return flag < 0;
    case CHECK:
        found = find(value, CHECKS);
        c->options.check = found < 0 ? TLS_CHECK_STANDARD : (enum tls_check)found;
        return found < 0;
    case PROFILE:
        found = find(value, PROFILES);
        c->options.profile = found < 0 ? TLS_PROFILE_USUAL : (enum tls_profile)found;
        return found < 0;
    case KEYS:
        return take_keys(c, value) != 0;
    case OCSP:
        return take_ocsp(c, value) != 0;
    case STAPLE:
        c->has_staple = true;
        c->staples_tree = flag == 1;
        c->options.identity[0].staple = NULL;
        return flag >= 0 ? 0 : keep(c, value, &c->options.identity[0].staple, e);
    case TIME:
        return take_time(c, value) != 0;
    }
    return 1;
}

int tls_choice_take(struct tls_choice *c, const char *key, const char *value, struct err *e)
{
    const struct row *row = find_row(key, e);
    if (row == NULL)
        return -1;
    int result = value[0] == '\0' ? 1 : take_value(c, row, value, e);
    if (result > 0)
        return err_set(e, "the TLS setting %s is '%s'; expected %s", key, value,
                       EXPECTED[row->kind]);
    c->given |= 1u << (row - ROWS);
    return result;
}

void tls_choice_apply(const struct tls_choice *c, struct tls_options *o)
{
    for (size_t i = 0; i < N_ROWS; i++)
        if (c->given >> i & 1)
            memcpy((char *)o + ROWS[i].at, (const char *)&c->options + ROWS[i].at, ROWS[i].size);
    for (unsigned i = 0; i < o->identities && c->has_staple; i++)
        o->identity[i].staple = c->options.identity[0].staple;
}

void tls_choice_mode(const struct tls_choice *c, enum peer_tls *tls, bool *is_only)
{
    if (c->has_mode)
        *tls = c->mode;
    else if (*tls == PEER_TLS_OFF)
        *tls = PEER_TLS_AUTO;
    /* what is said of TLS is meant for TLS, unless `auto` or `plain` says otherwise */
    *is_only = c->has_plain ? !c->is_plain : !(c->has_mode && c->mode == PEER_TLS_AUTO);
    if (c->is_plain && *tls != PEER_TLS_OFF)
        *tls = PEER_TLS_AUTO; /* the options hold the version */
}

void tls_choice_close(struct tls_choice *c)
{
    for (unsigned i = 0; i < c->texts; i++)
        free(c->text[i]);
    *c = (struct tls_choice){.given = 0};
}
