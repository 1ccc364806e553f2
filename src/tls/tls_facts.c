/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/tls_facts.h"

#include "tls/tls_names.h"
#include "tls/tls_rest.h"
#include "trust/pki_profile.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <string.h>

#define SHOWN_MOST 12 /* of a list, in a line */

/* ---- messages ---- */

/* SHA-256 of "HelloRetryRequest" in place of the random (RFC 8446, 4.1.3). */
static const uint8_t RETRY_RANDOM[] = {
    0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C, 0x02, 0x1E, 0x65, 0xB8, 0x91,
    0xC2, 0xA2, 0x11, 0x16, 0x7A, 0xBB, 0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C,
};

void tls_facts_close(struct tls_facts *f)
{
    buf_close(&f->client_hello);
    buf_close(&f->server_hello);
    buf_close(&f->chain[0]);
    buf_close(&f->chain[1]);
    buf_close(&f->authorities);
    buf_close(&f->staple);
    buf_close(&f->schemes);
    buf_close(&f->encrypted);
    *f = (struct tls_facts){0};
}

static void keep(struct buf *b, struct slice s)
{
    buf_clear(b);
    buf_add(b, s.p, s.n);
}

static int take_client_hello(struct tls_facts *f, struct slice body)
{
    struct tls_hello h;
    if (tls_hello_read(body, true, &h) != 0)
        return -1;
    if (!f->is_retried) {
        struct tls_alert alert[TLS_ALERTS_KEPT];
        unsigned alerts = f->alerts;
        memcpy(alert, f->alert, sizeof alert);
        tls_facts_close(f);
        memcpy(f->alert, alert, sizeof alert);
        f->alerts = alerts;
    }
    keep(&f->client_hello, body);
    return 0;
}

/* Same id as asked for: resumed, if it is one of TLS 1.2 (1.3 always echoes it). */
static bool is_same_session(const struct tls_facts *f, const struct tls_hello *h)
{
    struct tls_hello client;
    struct slice all = {f->client_hello.p, f->client_hello.n};
    return h->session.n > 0 && tls_hello_read(all, true, &client) == 0 &&
           client.session.n == h->session.n &&
           memcmp(client.session.p, h->session.p, h->session.n) == 0;
}

static int take_server_hello(struct tls_facts *f, struct slice body)
{
    struct tls_hello h;
    struct slice s;
    if (tls_hello_read(body, false, &h) != 0)
        return -1;
    keep(&f->server_hello, body);
    f->version = h.version;
    f->suite = tls_first16(h.suites);
    if (tls_hello_extension(&h, TLS_SUPPORTED_VERSIONS, &s))
        f->version = tls_first16(s);
    if (tls_hello_extension(&h, TLS_KEY_SHARE, &s))
        f->group = tls_first16(s);
    f->is_retried = memcmp(h.random.p, RETRY_RANDOM, sizeof RETRY_RANDOM) == 0;
    f->is_resumed = f->version >= 0x0304 ? tls_hello_extension(&h, TLS_PRE_SHARED_KEY, &s)
                                         : is_same_session(f, &h);
    return 0;
}

/* OCSP response of the leaf, as CertificateStatus and as extension of a 1.3 certificate. */
static int take_staple(struct tls_facts *f, struct slice status)
{
    struct tls_rest r = tls_rest(status);
    unsigned type = tls_take_number(&r, 1);
    struct slice s = tls_take_vector(&r, 3);
    if (r.bad)
        return -1;
    if (type == 2) { /* a list, leaf first (RFC 6961) */
        r = tls_rest(s);
        s = tls_take_vector(&r, 3);
    }
    if (r.bad)
        return -1;
    keep(&f->staple, s);
    return 0;
}

static int take_certificates(struct tls_facts *f, bool from_client, struct slice body)
{
    struct tls_rest r = tls_rest(body);
    struct buf *chain = &f->chain[from_client];
    struct slice staple;
    if (f->version >= 0x0304)
        tls_take_vector(&r, 1); /* context */
    struct tls_rest list = tls_rest(tls_take_vector(&r, 3));
    buf_clear(chain);
    while (list.n > 0 && !list.bad && !r.bad) {
        const uint8_t *start = list.p;
        tls_take_vector(&list, 3);
        if (!list.bad)
            buf_add(chain, start, (size_t)(list.p - start));
        if (f->version < 0x0304)
            continue;
        struct slice extensions = tls_take_vector(&list, 2);
        if (f->staple.n == 0 && tls_find_extension(extensions, TLS_STATUS_REQUEST, &staple))
            list.bad |= take_staple(f, staple) != 0;
    }
    f->has_chain[from_client] = true;
    return r.bad || list.bad ? -1 : 0;
}

static int take_key_exchange(struct tls_facts *f, struct slice body)
{
    struct tls_rest r = tls_rest(body);
    if (tls_take_number(&r, 1) != 3) /* named curve; nothing else is used with ECDHE */
        return 0;
    f->group = (uint16_t)tls_take_number(&r, 2);
    tls_take_vector(&r, 1);
    f->scheme[TLS_FROM_SERVER] = (uint16_t)tls_take_number(&r, 2);
    return r.bad ? -1 : 0;
}

static int take_request(struct tls_facts *f, struct slice body)
{
    struct tls_rest r = tls_rest(body), list;
    struct slice authorities = {0}, schemes = {0}, found;
    f->asks_certificate = true;
    tls_take_vector(&r, 1); /* context, or types */
    if (f->version >= 0x0304) {
        struct slice extensions = tls_take_vector(&r, 2);
        if (tls_find_extension(extensions, TLS_CERTIFICATE_AUTHORITIES, &found)) {
            list = tls_rest(found);
            authorities = tls_take_vector(&list, 2);
        }
        if (tls_find_extension(extensions, TLS_SIGNATURE_ALGORITHMS, &found)) {
            list = tls_rest(found);
            schemes = tls_take_vector(&list, 2);
        }
    } else {
        schemes = tls_take_vector(&r, 2);
        authorities = tls_take_vector(&r, 2);
    }
    if (r.bad)
        return -1;
    keep(&f->authorities, authorities);
    keep(&f->schemes, schemes);
    return 0;
}

static int take_encrypted(struct tls_facts *f, struct slice body)
{
    struct tls_rest r = tls_rest(body);
    struct slice extensions = tls_take_vector(&r, 2);
    if (r.bad)
        return -1;
    keep(&f->encrypted, extensions);
    return 0;
}

int tls_facts_message(struct tls_facts *f, bool from_client, uint8_t type, struct slice body)
{
    switch (type) {
    case TLS_CLIENT_HELLO:
        return take_client_hello(f, body);
    case TLS_SERVER_HELLO:
        return take_server_hello(f, body);
    case TLS_ENCRYPTED_EXTENSIONS:
        return take_encrypted(f, body);
    case TLS_CERTIFICATE:
        return take_certificates(f, from_client, body);
    case TLS_SERVER_KEY_EXCHANGE:
        return take_key_exchange(f, body);
    case TLS_CERTIFICATE_REQUEST:
        return take_request(f, body);
    case TLS_CERTIFICATE_STATUS:
        return take_staple(f, body);
    case TLS_CERTIFICATE_VERIFY:
        f->scheme[from_client] = tls_first16(body);
        return 0;
    case TLS_FINISHED:
        f->has_finished[from_client] = true;
        return 0;
    default: /* numbers from the wire */
        return 0;
    }
}

void tls_facts_alert(struct tls_facts *f, bool from_client, uint8_t level, uint8_t code)
{
    if (f->alerts < TLS_ALERTS_KEPT)
        f->alert[f->alerts++] = (struct tls_alert){from_client, level, code};
}

/* ---- certificates ---- */

struct slice tls_facts_chain(const struct tls_facts *f, int side)
{
    return (struct slice){f->chain[side].p, f->chain[side].n};
}

bool tls_facts_certificate(const struct tls_facts *f, int side, unsigned i, struct slice *der)
{
    struct slice chain = tls_facts_chain(f, side);
    bool has_one = tls_next_vector(&chain, 3, der);
    while (i-- > 0 && has_one)
        has_one = tls_next_vector(&chain, 3, der);
    return has_one;
}

/* Reading a certificate takes longer than the rest of what is told of a handshake, and most
 * connections show the same few: their subjects are kept. */
#define SUBJECTS 64

static struct {
    struct buf der, text;
} subjects[SUBJECTS];
static pthread_mutex_t subjects_lock = PTHREAD_MUTEX_INITIALIZER;

static unsigned subject_slot(struct slice der)
{
    uint32_t h = 2166136261u; /* FNV-1a, of the end alone: the signature */
    for (size_t i = der.n > 32 ? der.n - 32 : 0; i < der.n; i++)
        h = (h ^ der.p[i]) * 16777619u;
    return h % SUBJECTS;
}

static void read_subject(struct slice der, struct buf *out)
{
    const unsigned char *p = der.p;
    X509 *certificate = d2i_X509(NULL, &p, (long)der.n);
    if (certificate != NULL)
        pki_add_name(out, X509_get_subject_name(certificate), false);
    else
        buf_printf(out, "%zu bytes that are no certificate", der.n);
    X509_free(certificate);
    ERR_clear_error();
}

void tls_subject(struct slice der, struct buf *out)
{
    unsigned i = subject_slot(der);
    pthread_mutex_lock(&subjects_lock);
    struct buf *known = &subjects[i].der, *text = &subjects[i].text;
    bool is_known = known->n == der.n && der.n > 0 && memcmp(known->p, der.p, der.n) == 0;
    if (!is_known) {
        buf_clear(known);
        buf_clear(text);
        buf_add(known, der.p, der.n);
        read_subject(der, text);
    }
    buf_add(out, text->p, text->n);
    if (known->failed || text->failed)
        buf_clear(known);
    pthread_mutex_unlock(&subjects_lock);
}

/* ---- in words ---- */

static void add_16s(struct buf *out, enum tls_registry registry, struct slice list)
{
    unsigned shown = 0;
    for (; list.n >= 2; list.p += 2, list.n -= 2) {
        if (registry == TLS_SUITES && tls_first16(list) == 0x00FF)
            continue; /* says only that renegotiation is a secure one */
        if (shown == SHOWN_MOST) {
            buf_printf(out, " and %zu more", list.n / 2);
            return;
        }
        buf_text(out, shown++ > 0 ? ", " : "");
        tls_add_name(out, registry, tls_first16(list));
    }
}

static void add_list(struct buf *out, const struct tls_hello *h, unsigned type,
                     enum tls_registry registry, const char *title)
{
    struct slice list = tls_hello_list(h, type);
    if (list.n == 0)
        return;
    buf_text(out, title);
    add_16s(out, registry, list);
}

void tls_distinguished_name(struct slice der, struct buf *out)
{
    const unsigned char *p = der.p;
    X509_NAME *name = d2i_X509_NAME(NULL, &p, (long)der.n);
    if (name != NULL)
        pki_add_name(out, name, false);
    else
        buf_printf(out, "%zu bytes that are no name", der.n);
    X509_NAME_free(name);
    ERR_clear_error();
}

/* Before entry n of a list in a line; false where it is not shown any more. */
static bool separate(struct buf *out, unsigned n)
{
    if (n < SHOWN_MOST)
        buf_text(out, n > 0 ? " / " : "");
    return n < SHOWN_MOST;
}

/* Behind all n of them. */
static void add_rest(struct buf *out, unsigned n)
{
    if (n > SHOWN_MOST)
        buf_printf(out, " and %u more", n - SHOWN_MOST);
}

static void add_authorities(struct buf *out, struct slice names)
{
    struct slice der;
    unsigned n = 0;
    while (tls_next_vector(&names, 2, &der))
        if (separate(out, n++))
            tls_distinguished_name(der, out);
    add_rest(out, n);
}

static void add_trusted_keys(struct buf *out, struct slice list)
{
    /* by kind */
    static const char *const BEFORE[] = {"agreed before", "key ", "", "certificate ",
                                         "of an unknown kind"};
    enum tls_key_kind kind;
    struct slice id;
    unsigned n = 0;
    while (tls_next_trusted_key(&list, &kind, &id)) {
        if (!separate(out, n++))
            continue;
        buf_text(out, BEFORE[kind]);
        if (kind == TLS_KEY_NAME)
            tls_distinguished_name(id, out);
        else
            buf_hex(out, id.p, id.n, false);
    }
    add_rest(out, n);
}

static bool is_text(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < 0x20 || s.p[i] > 0x7E)
            return false;
    return true;
}

static void add_server_name(struct buf *out, const struct tls_hello *h)
{
    struct slice name;
    if (!tls_hello_server_name(h, &name))
        return;
    buf_text(out, "; for ");
    if (is_text(name))
        buf_add(out, name.p, name.n);
    else
        buf_printf(out, "a name of %zu bytes that are no text", name.n);
}

static void add_client_hello(const struct tls_facts *f, struct buf *out)
{
    struct tls_hello h;
    struct slice s;
    if (tls_hello_read((struct slice){f->client_hello.p, f->client_hello.n}, true, &h) != 0)
        return;
    buf_text(out, "ClientHello: ");
    if (tls_hello_extension(&h, TLS_SUPPORTED_VERSIONS, &s))
        add_list(out, &h, TLS_SUPPORTED_VERSIONS, TLS_VERSIONS, "");
    else
        tls_add_name(out, TLS_VERSIONS, h.version);
    buf_text(out, "; ");
    add_16s(out, TLS_SUITES, h.suites);
    add_list(out, &h, TLS_SUPPORTED_GROUPS, TLS_GROUPS, "; groups ");
    add_server_name(out, &h);
    if (tls_hello_extension(&h, TLS_TRUSTED_CA_KEYS, &s)) {
        buf_text(out, "; trusted_ca_keys ");
        add_trusted_keys(out, tls_hello_list(&h, TLS_TRUSTED_CA_KEYS));
    }
    if (tls_hello_extension(&h, TLS_CERTIFICATE_AUTHORITIES, &s)) {
        buf_text(out, "; certificate_authorities ");
        add_authorities(out, tls_hello_list(&h, TLS_CERTIFICATE_AUTHORITIES));
    }
    if (tls_hello_extension(&h, TLS_STATUS_REQUEST, &s))
        buf_text(out, "; status_request");
    if (tls_hello_extension(&h, TLS_STATUS_REQUEST_V2, &s))
        buf_text(out, "; status_request_v2");
    if (tls_hello_extension(&h, TLS_PRE_SHARED_KEY, &s) ||
        (tls_hello_extension(&h, TLS_SESSION_TICKET, &s) && s.n > 0))
        buf_text(out, "; resumes a session");
    if (tls_hello_extension(&h, TLS_EARLY_DATA, &s))
        buf_text(out, "; early data");
}

static void add_server_hello(const struct tls_facts *f, struct buf *out)
{
    struct tls_hello h;
    struct slice s;
    if (tls_hello_read((struct slice){f->server_hello.p, f->server_hello.n}, false, &h) != 0)
        return;
    buf_text(out, f->is_retried ? "HelloRetryRequest: " : "ServerHello: ");
    tls_facts_summary(f, out);
    if (f->is_resumed)
        buf_text(out, "; session resumed");
    if (tls_hello_extension(&h, TLS_EXTENDED_MASTER_SECRET, &s))
        buf_text(out, "; extended master secret");
    if (tls_hello_extension(&h, TLS_ENCRYPT_THEN_MAC, &s))
        buf_text(out, "; encrypt-then-MAC");
    if (tls_hello_extension(&h, TLS_TRUSTED_CA_KEYS, &s))
        buf_text(out, "; trusted_ca_keys");
    if (tls_hello_extension(&h, TLS_STATUS_REQUEST, &s))
        buf_text(out, "; status_request");
    if (tls_hello_extension(&h, TLS_STATUS_REQUEST_V2, &s))
        buf_text(out, "; status_request_v2");
}

static void add_chain(const struct tls_facts *f, bool from_client, struct buf *out)
{
    struct slice chain = tls_facts_chain(f, from_client), der;
    struct buf names = {0};
    const char *whose = from_client ? "EVCC" : "SECC";
    unsigned n = 0;
    if (f->chain[from_client].n == 0)
        buf_text(&names, "none");
    while (tls_next_vector(&chain, 3, &der))
        if (separate(&names, n++))
            tls_subject(der, &names);
    add_rest(&names, n);
    if (!from_client && f->staple.n > 0)
        buf_printf(out, "certificates of the %s: %s; OCSP response of %zu bytes", whose,
                   buf_string(&names), f->staple.n);
    else
        buf_printf(out, "certificates of the %s: %s", whose, buf_string(&names));
    out->failed |= names.failed;
    buf_close(&names);
}

static const char *status_text(OCSP_BASICRESP *basic)
{
    OCSP_SINGLERESP *single = basic == NULL ? NULL : OCSP_resp_get0(basic, 0);
    int status = single == NULL ? -1 : OCSP_single_get0_status(single, NULL, NULL, NULL, NULL);
    return status < 0 ? "it names no certificate" : OCSP_cert_status_str(status);
}

static void add_staple(const struct tls_facts *f, struct buf *out)
{
    const unsigned char *p = f->staple.p;
    OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &p, (long)f->staple.n);
    buf_printf(out, "OCSP response of %zu bytes: ", f->staple.n);
    if (response == NULL) {
        buf_text(out, "it cannot be read");
    } else if (OCSP_response_status(response) != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
        buf_text(out, OCSP_response_status_str(OCSP_response_status(response)));
    } else {
        OCSP_BASICRESP *basic = OCSP_response_get1_basic(response);
        buf_text(out, status_text(basic));
        OCSP_BASICRESP_free(basic);
    }
    OCSP_RESPONSE_free(response);
    ERR_clear_error();
}

static void add_request(const struct tls_facts *f, struct buf *out)
{
    buf_text(out, "CertificateRequest: the SECC asks for the vehicle's certificate");
    if (f->authorities.n == 0)
        return;
    buf_text(out, ", by one of: ");
    add_authorities(out, (struct slice){f->authorities.p, f->authorities.n});
}

/* Said once, when both are through. */
static void add_finished(const struct tls_facts *f, struct buf *out)
{
    if (!f->has_finished[0] || !f->has_finished[1])
        return;
    buf_text(out, "established: ");
    tls_facts_summary(f, out);
    if (f->is_resumed)
        buf_text(out, ", session resumed");
    else if (f->has_chain[TLS_FROM_CLIENT] && f->chain[TLS_FROM_CLIENT].n > 0)
        buf_text(out, ", both with certificates");
    for (int side = 0; side < 2; side++) {
        if (f->scheme[side] == 0)
            continue;
        buf_printf(out, "; %s signed with ", side == TLS_FROM_CLIENT ? "EVCC" : "SECC");
        tls_add_name(out, TLS_SCHEMES, f->scheme[side]);
    }
}

void tls_facts_line(const struct tls_facts *f, bool from_client, uint8_t type, struct buf *out)
{
    switch (type) {
    case TLS_CLIENT_HELLO:
        add_client_hello(f, out);
        break;
    case TLS_SERVER_HELLO:
        add_server_hello(f, out);
        break;
    case TLS_CERTIFICATE:
        add_chain(f, from_client, out);
        break;
    case TLS_CERTIFICATE_REQUEST:
        add_request(f, out);
        break;
    case TLS_CERTIFICATE_STATUS:
        add_staple(f, out);
        break;
    case TLS_FINISHED:
        add_finished(f, out);
        break;
    case TLS_KEY_UPDATE:
        buf_text(out, "KeyUpdate");
        break;
    default: /* numbers from the wire */
        break;
    }
}

void tls_alert_line(const struct tls_alert *a, struct buf *out)
{
    buf_printf(out, "alert from the %s: ", a->from_client ? "EVCC" : "SECC");
    tls_add_name(out, TLS_ALERTS, a->code);
    buf_text(out, a->level == 2 ? " (fatal)" : a->level == 1 ? " (warning)" : "");
}

void tls_facts_summary(const struct tls_facts *f, struct buf *out)
{
    tls_add_name(out, TLS_VERSIONS, f->version);
    buf_text(out, ", ");
    tls_add_name(out, TLS_SUITES, f->suite);
    if (f->group == 0)
        return;
    buf_text(out, ", ");
    tls_add_name(out, TLS_GROUPS, f->group);
}
