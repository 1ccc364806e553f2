/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/tls_told.h"

#include "codec/json.h"
#include "tls/tls_names.h"

#include <string.h>

/* ORDER TLS_FROM: by TLS_FROM_SERVER, TLS_FROM_CLIENT */
static const char *const SIDES[] = {"SECC", "EVCC"};

/* ---- members ---- */

static void add_key(struct buf *out, const char *key)
{
    char last = out->n > 0 ? (char)out->p[out->n - 1] : '{';
    if (last != '{' && last != '[')
        buf_char(out, ',');
    buf_char(out, '"');
    buf_text(out, key);
    buf_text(out, "\":");
}

static void add_comma(struct buf *out)
{
    if (out->n > 0 && out->p[out->n - 1] != '[')
        buf_char(out, ',');
}

static void add_octets(struct buf *out, struct slice text)
{
    json_quote(text.n > 0 ? (const char *)text.p : "", text.n, out);
}

static void add_text(struct buf *out, const char *key, const char *text)
{
    if (text[0] == '\0')
        return;
    add_key(out, key);
    json_quote(text, strlen(text), out);
}

static void add_name(struct buf *out, enum tls_registry registry, unsigned number)
{
    struct buf name = {0};
    tls_add_name(&name, registry, number);
    add_octets(out, (struct slice){name.p, name.n});
    buf_close(&name);
}

/* 0 stands for none. */
static void add_number(struct buf *out, const char *key, enum tls_registry registry,
                       unsigned number)
{
    if (number == 0)
        return;
    add_key(out, key);
    add_name(out, registry, number);
}

/* Numbers of two octets. */
static void add_list(struct buf *out, const char *key, enum tls_registry registry,
                     struct slice list)
{
    if (list.n < 2)
        return;
    add_key(out, key);
    buf_char(out, '[');
    for (size_t i = 0; i + 1 < list.n; i += 2) {
        add_comma(out);
        add_name(out, registry, (unsigned)(list.p[i] << 8 | list.p[i + 1]));
    }
    buf_char(out, ']');
}

static void add_extensions(struct buf *out, struct slice first, struct slice second)
{
    struct slice content;
    unsigned type;
    add_key(out, "extensions");
    buf_char(out, '[');
    while (tls_next_extension(&first, &type, &content) ||
           tls_next_extension(&second, &type, &content)) {
        add_comma(out);
        add_name(out, TLS_EXTENSIONS, type);
    }
    buf_char(out, ']');
}

/* Names that have their length before them in so many octets. */
static void add_names(struct buf *out, const char *key, struct slice list, unsigned octets)
{
    struct slice name;
    if (list.n == 0)
        return;
    add_key(out, key);
    buf_char(out, '[');
    while (tls_next_vector(&list, octets, &name)) {
        struct buf text = {0};
        add_comma(out);
        if (octets == 2) {
            tls_distinguished_name(name, &text);
            name = (struct slice){text.p, text.n};
        }
        add_octets(out, name);
        buf_close(&text);
    }
    buf_char(out, ']');
}

/* ---- hellos ---- */

static void add_offer(const struct tls_facts *f, struct buf *out)
{
    struct tls_hello h;
    struct slice name;
    if (tls_hello_read((struct slice){f->client_hello.p, f->client_hello.n}, true, &h) != 0)
        return;
    uint8_t legacy[2] = {(uint8_t)(h.version >> 8), (uint8_t)h.version};
    struct slice versions = tls_hello_list(&h, TLS_SUPPORTED_VERSIONS);
    add_key(out, "offer");
    buf_char(out, '{');
    add_list(out, "versions", TLS_VERSIONS, versions.n > 0 ? versions : (struct slice){legacy, 2});
    add_list(out, "suites", TLS_SUITES, h.suites);
    add_list(out, "groups", TLS_GROUPS, tls_hello_list(&h, TLS_SUPPORTED_GROUPS));
    add_list(out, "schemes", TLS_SCHEMES, tls_hello_list(&h, TLS_SIGNATURE_ALGORITHMS));
    if (tls_hello_server_name(&h, &name)) {
        add_key(out, "server_name");
        add_octets(out, name);
    }
    add_names(out, "protocols", tls_hello_list(&h, TLS_APPLICATION_PROTOCOLS), 1);
    add_names(out, "certificate_authorities", tls_hello_list(&h, TLS_CERTIFICATE_AUTHORITIES), 2);
    add_extensions(out, h.extensions, (struct slice){NULL, 0});
    buf_char(out, '}');
}

/* The protocol that the station has chosen by ALPN (RFC 7301): a list of one. */
static bool find_protocol(const struct tls_facts *f, const struct tls_hello *h, struct slice *name)
{
    struct slice encrypted = {f->encrypted.p, f->encrypted.n}, list, all;
    if (!tls_hello_extension(h, TLS_APPLICATION_PROTOCOLS, &list) &&
        !tls_find_extension(encrypted, TLS_APPLICATION_PROTOCOLS, &list))
        return false;
    return tls_next_vector(&list, 2, &all) && tls_next_vector(&all, 1, name);
}

static void add_answer(const struct tls_facts *f, struct buf *out)
{
    struct tls_hello h;
    struct slice protocol;
    if (tls_hello_read((struct slice){f->server_hello.p, f->server_hello.n}, false, &h) != 0)
        return;
    add_key(out, "answer");
    buf_char(out, '{');
    if (find_protocol(f, &h, &protocol)) {
        add_key(out, "protocol");
        add_octets(out, protocol);
    }
    add_extensions(out, h.extensions, (struct slice){f->encrypted.p, f->encrypted.n});
    buf_char(out, '}');
}

static void add_request(const struct tls_facts *f, struct buf *out)
{
    if (!f->asks_certificate)
        return;
    add_key(out, "request");
    buf_char(out, '{');
    add_list(out, "schemes", TLS_SCHEMES, (struct slice){f->schemes.p, f->schemes.n});
    add_names(out, "certificate_authorities", (struct slice){f->authorities.p, f->authorities.n},
              2);
    buf_char(out, '}');
}

/* ---- certificates, alerts, judgement ---- */

static void add_base64(struct buf *out, struct slice der)
{
    buf_char(out, '"');
    buf_base64(out, der.p, der.n);
    buf_char(out, '"');
}

static void add_chains(const struct tls_facts *f, struct buf *out)
{
    add_key(out, "chains");
    buf_char(out, '{');
    for (int side = TLS_FROM_SERVER; side <= TLS_FROM_CLIENT; side++) {
        struct slice chain = tls_facts_chain(f, side), der;
        if (!f->has_chain[side])
            continue;
        add_key(out, SIDES[side]);
        buf_char(out, '[');
        while (tls_next_vector(&chain, 3, &der)) {
            add_comma(out);
            add_base64(out, der);
        }
        buf_char(out, ']');
    }
    buf_char(out, '}');
}

static void add_staple(const struct tls_told *t, struct buf *out)
{
    struct slice der = {t->facts->staple.p, t->facts->staple.n};
    if (der.n == 0)
        return;
    add_key(out, "ocsp");
    buf_char(out, '{');
    add_text(out, "checked", t->status);
    add_key(out, "response");
    add_base64(out, der);
    buf_char(out, '}');
}

static void add_alerts(const struct tls_facts *f, struct buf *out)
{
    if (f->alerts == 0)
        return;
    add_key(out, "alerts");
    buf_char(out, '[');
    for (unsigned i = 0; i < f->alerts; i++) {
        const struct tls_alert *a = &f->alert[i];
        add_comma(out);
        buf_char(out, '{');
        add_text(out, "from", SIDES[a->from_client]);
        add_key(out, "name");
        add_name(out, TLS_ALERTS, a->code);
        add_text(out, "level", a->level == 2 ? "fatal" : a->level == 1 ? "warning" : "");
        buf_char(out, '}');
    }
    buf_char(out, ']');
}

void tls_told_finding(const struct pki_finding *f, struct buf *list)
{
    if (list->n > 0)
        buf_char(list, ',');
    buf_char(list, '{');
    if (f->index >= 0) {
        add_key(list, "certificate");
        buf_number(list, (uint64_t)f->index + 1);
    }
    add_text(list, "role", f->role);
    add_text(list, "fault", pki_fault_name(f->fault));
    add_key(list, "error");
    buf_text(list, f->is_error ? "true" : "false");
    add_text(list, "text", f->text);
    add_text(list, "clause", f->clause);
    buf_char(list, '}');
}

static void add_judgement(const struct tls_told *t, struct buf *out)
{
    if (t->judge == FROM_NONE)
        return;
    int judged = t->judge == FROM_SECC ? TLS_FROM_CLIENT : TLS_FROM_SERVER;
    add_key(out, "judged");
    buf_char(out, '{');
    add_text(out, "of", SIDES[judged]);
    add_text(out, "problem", t->problem);
    add_key(out, "findings");
    buf_char(out, '[');
    buf_add(out, t->findings.p, t->findings.n);
    buf_text(out, "]}");
}

static void add_schemes(const struct tls_facts *f, struct buf *out)
{
    if (f->scheme[TLS_FROM_SERVER] == 0 && f->scheme[TLS_FROM_CLIENT] == 0)
        return;
    add_key(out, "signed");
    buf_char(out, '{');
    for (int side = TLS_FROM_SERVER; side <= TLS_FROM_CLIENT; side++)
        add_number(out, SIDES[side], TLS_SCHEMES, f->scheme[side]);
    buf_char(out, '}');
}

void tls_told_print(const struct tls_told *t, struct buf *out)
{
    const struct tls_facts *f = t->facts;
    buf_char(out, '{');
    add_number(out, "version", TLS_VERSIONS, f->version);
    add_number(out, "suite", TLS_SUITES, f->suite);
    add_number(out, "group", TLS_GROUPS, f->group);
    add_schemes(f, out);
    add_key(out, "established");
    buf_text(out, f->has_finished[0] && f->has_finished[1] ? "true" : "false");
    add_key(out, "resumed");
    buf_text(out, f->is_resumed ? "true" : "false");
    if (t->handshake_us >= 0) {
        add_key(out, "handshake_us");
        buf_signed(out, t->handshake_us);
    }
    if (t->at >= 0) {
        add_key(out, "at");
        buf_signed(out, t->at);
    }
    add_offer(f, out);
    add_answer(f, out);
    add_request(f, out);
    add_chains(f, out);
    add_staple(t, out);
    add_alerts(f, out);
    add_judgement(t, out);
    buf_char(out, '}');
}
