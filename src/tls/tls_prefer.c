/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/tls_prefer.h"

#include "tls/tls_identity.h"
#include "tls/tls_names.h"

#include <stdio.h>
#include <string.h>

#define TLS_1_3 0x0304
#define WORD_ENDS ":, \t"

/* [V2G20-1634], [V2G20-1637], [V2G20-2460]: the groups and their order. Who speaks both versions
 * has those of both, the newer edition's first [V2G20-2059]. */
const char *tls_usual_groups(bool has_12, bool has_13)
{
    return has_12 && has_13 ? "secp521r1:x448:secp256r1" : has_13 ? "secp521r1:x448" : "secp256r1";
}

/* [V2G20-1667] */
const char *tls_usual_schemes(bool has_12, bool has_13)
{
    return has_12 && has_13 ? "ecdsa_secp521r1_sha512:ed448:ecdsa_secp256r1_sha256"
           : has_13         ? "ecdsa_secp521r1_sha512:ed448"
                            : "ecdsa_secp256r1_sha256";
}

bool tls_prefers_13(const struct tls_options *o, const struct tls_hello *h)
{
    return o->max_version >= TLS_1_3 &&
           tls_has_16(tls_hello_list(h, TLS_SUPPORTED_VERSIONS), TLS_1_3);
}

/* The group that belongs to a key's scheme [V2G20-2461]. */
static int group_of(uint16_t scheme)
{
    return scheme == 0x0603 ? 25 : scheme == 0x0808 ? 30 : -1;
}

/* The first of the list that the vehicle offers, or the one that belongs to our key; -1: none. */
static int choose_group(const char *list, struct slice offered, uint16_t scheme)
{
    int found = -1;
    for (size_t n; (list += strspn(list, WORD_ENDS), n = strcspn(list, WORD_ENDS)) > 0; list += n) {
        char word[32];
        snprintf(word, sizeof word, "%.*s", (int)n, list);
        int group = tls_number(TLS_GROUPS, word);
        if (group < 0 || !tls_has_16(offered, (uint16_t)group))
            continue;
        if (group == group_of(scheme))
            return group;
        found = found < 0 ? group : found;
    }
    return found;
}

/* OpenSSL would take the first key that the vehicle has sent, though it offers a better group. */
static void prefer_group(SSL *ssl, const char *list, const struct tls_hello *h, uint16_t scheme)
{
    int group = choose_group(list, tls_hello_list(h, TLS_SUPPORTED_GROUPS), scheme);
    if (group >= 0)
        SSL_set1_groups_list(ssl, tls_name(TLS_GROUPS, (unsigned)group));
}

void tls_prefer(SSL *ssl, const struct tls_options *o, const struct tls_hello *h,
                const struct identity *d)
{
    bool has_both = o->min_version < TLS_1_3 && o->max_version >= TLS_1_3;
    uint16_t scheme = tls_identity_scheme(d);
    const char *name = tls_name(TLS_SCHEMES, scheme);
    if (!tls_prefers_13(o, h)) {
        /* the others stay: a certificate that is asked for by choice may need them */
        if (has_both && o->groups == NULL)
            SSL_set1_groups_list(ssl, "secp256r1:secp521r1:x448");
        if (has_both && o->schemes == NULL)
            SSL_set1_sigalgs_list(ssl, "ecdsa_secp256r1_sha256:ecdsa_secp521r1_sha512:ed448");
        return;
    }
    /* a key of the other edition goes with what both have */
    bool has_own = name != NULL && strstr(tls_usual_schemes(false, true), name) != NULL;
    if (has_both && o->schemes == NULL && has_own)
        SSL_set1_sigalgs_list(ssl, tls_usual_schemes(false, true));
    if (o->groups != NULL)
        prefer_group(ssl, o->groups, h, 0);
    else if (has_own)
        prefer_group(ssl, tls_usual_groups(false, true), h, scheme);
}
