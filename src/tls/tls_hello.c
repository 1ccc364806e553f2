/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/tls_hello.h"

#include "tls/tls_rest.h"

int tls_hello_read(struct slice body, bool from_client, struct tls_hello *out)
{
    struct tls_rest r = tls_rest(body);
    *out = (struct tls_hello){.version = (uint16_t)tls_take_number(&r, 2)};
    out->random = tls_take(&r, 32);
    out->session = tls_take_vector(&r, 1);
    out->suites = from_client ? tls_take_vector(&r, 2) : tls_take(&r, 2);
    if (from_client)
        tls_take_vector(&r, 1); /* compression */
    else
        tls_take(&r, 1);
    if (r.n > 0)
        out->extensions = tls_take_vector(&r, 2);
    return r.bad || out->suites.n % 2 != 0 || out->suites.n == 0 ? -1 : 0;
}

/* What r has left is the list from now on; false where an entry was cut, or there was none. */
static bool leave(struct slice *list, const struct tls_rest *r)
{
    *list = (struct slice){r->p, r->bad ? 0 : r->n};
    return !r->bad;
}

bool tls_next_extension(struct slice *extensions, unsigned *type, struct slice *content)
{
    struct tls_rest r = tls_rest(*extensions);
    *type = tls_take_number(&r, 2);
    *content = tls_take_vector(&r, 2);
    return leave(extensions, &r);
}

bool tls_find_extension(struct slice extensions, unsigned type, struct slice *content)
{
    unsigned found;
    struct slice s;
    while (tls_next_extension(&extensions, &found, &s)) {
        if (found != type)
            continue;
        *content = s;
        return true;
    }
    return false;
}

bool tls_hello_extension(const struct tls_hello *h, unsigned type, struct slice *content)
{
    return tls_find_extension(h->extensions, type, content);
}

struct slice tls_hello_list(const struct tls_hello *h, unsigned type)
{
    struct slice s;
    if (!tls_hello_extension(h, type, &s))
        return (struct slice){NULL, 0};
    struct tls_rest r = tls_rest(s);
    return tls_take_vector(&r, type == TLS_SUPPORTED_VERSIONS ? 1 : 2);
}

bool tls_has_16(struct slice list, uint16_t number)
{
    for (size_t i = 0; i + 1 < list.n; i += 2)
        if ((uint16_t)(list.p[i] << 8 | list.p[i + 1]) == number)
            return true;
    return false;
}

bool tls_next_vector(struct slice *list, unsigned octets, struct slice *content)
{
    struct tls_rest r = tls_rest(*list);
    *content = tls_take_vector(&r, octets);
    return leave(list, &r);
}

bool tls_next_trusted_key(struct slice *list, enum tls_key_kind *kind, struct slice *id)
{
    struct tls_rest r = tls_rest(*list);
    unsigned found = tls_take_number(&r, 1);
    *kind = found <= TLS_KEY_CERTIFICATE ? (enum tls_key_kind)found : TLS_KEY_UNKNOWN;
    *id = *kind == TLS_KEY_NAME                                 ? tls_take_vector(&r, 2)
          : *kind == TLS_KEY_AGREED || *kind == TLS_KEY_UNKNOWN ? tls_take(&r, 0)
                                                                : tls_take(&r, 20);
    if (*kind == TLS_KEY_UNKNOWN)
        r.n = 0; /* nobody knows how long it is */
    return leave(list, &r);
}

bool tls_hello_server_name(const struct tls_hello *h, struct slice *name)
{
    struct slice s;
    if (!tls_hello_extension(h, TLS_SERVER_NAME, &s))
        return false;
    struct tls_rest all = tls_rest(s), r = tls_rest(tls_take_vector(&all, 2));
    unsigned kind = tls_take_number(&r, 1);
    *name = tls_take_vector(&r, 2);
    return !r.bad && kind == 0;
}
