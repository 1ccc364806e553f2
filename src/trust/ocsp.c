/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/ocsp.h"

#include "trust/pki.h"
#include "trust/pki_tree.h"
#include "wire/stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <uv.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#define REQUEST_MOST 16384 /* bytes of an HTTP request */
#define REQUEST_SECONDS 5  /* that a client may take for it */
#define CLIENTS_MOST 32
#define ASKED_MOST 16 /* certificates in one request */

struct known {
    X509 *x;
    EVP_PKEY *key; /* of CAs */
    X509_CRL *crl;
    bool is_revoked;
};

struct ocsp {
    struct known at[2][ROLES];
};

const char *ocsp_state_name(enum ocsp_state state)
{
    static const char *const NAMES[] = {"good", "revoked", "unknown"}; /* ORDER OCSP_STATE */
    return NAMES[state];
}

/* ---- the tree ---- */

static bool file_exists(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0;
}

/* A certificate that cannot be parsed is left out: it may be so on purpose. */
static int read_role(struct ocsp *o, const char *folder, unsigned edition, unsigned role,
                     struct err *e)
{
    char path[PKI_PATH_MAX];
    const char *name = PKI_PROFILES[role].name;
    struct known *k = &o->at[edition][role];
    struct pki_chain c = {0};
    pki_tree_path(path, folder, (enum pki_edition)edition, name, ".pem");
    if (!file_exists(path))
        return 0;
    int bad = pki_chain_read(&c, path, e);
    if (bad == 0 && c.n > 0 && c.at[0].x != NULL && X509_up_ref(c.at[0].x) == 1)
        k->x = c.at[0].x;
    pki_chain_close(&c);
    if (bad != 0 || !pki_role_is_ca((enum pki_role)role))
        return bad;
    k->key = pki_key_read(pki_tree_path(path, folder, (enum pki_edition)edition, name, ".key"), e);
    pki_tree_path(path, folder, (enum pki_edition)edition, name, ".crl");
    bad = k->key == NULL || (file_exists(path) && pki_chain_read(&c, path, e) != 0) ? -1 : 0;
    if (c.crls > 0 && X509_CRL_up_ref(c.crl[0]) == 1)
        k->crl = c.crl[0];
    pki_chain_close(&c);
    return bad;
}

static void read_revoked(struct ocsp *o, const char *folder, unsigned edition)
{
    char path[PKI_PATH_MAX], line[80];
    FILE *f = fopen(pki_tree_path(path, folder, (enum pki_edition)edition, "revoked", ""), "r");
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        line[strcspn(line, "\r\n")] = '\0';
        enum pki_role role = pki_role_find(line);
        if (role != ROLE_UNKNOWN)
            o->at[edition][role].is_revoked = true;
    }
    if (f != NULL)
        fclose(f);
}

struct ocsp *ocsp_open(const char *folder, struct err *e)
{
    unsigned n = 0;
    struct ocsp *o = calloc(1, sizeof *o);
    if (o == NULL) {
        err_set(e, "out of memory");
        return NULL;
    }
    for (unsigned edition = 0; edition < 2; edition++) {
        for (unsigned role = 0; role < ROLES; role++) {
            if (read_role(o, folder, edition, role, e) != 0) {
                ocsp_close(o);
                return NULL;
            }
            n += o->at[edition][role].x != NULL;
        }
        read_revoked(o, folder, edition);
    }
    if (n > 0)
        return o;
    err_set(e, "%s has no certificates; make them with `v2glab pki make`", folder);
    ocsp_close(o);
    return NULL;
}

void ocsp_close(struct ocsp *o)
{
    for (unsigned i = 0; o != NULL && i < 2 * ROLES; i++) {
        struct known *k = &o->at[i / ROLES][i % ROLES];
        X509_free(k->x);
        EVP_PKEY_free(k->key);
        X509_CRL_free(k->crl);
    }
    free(o);
}

/* ---- answers ---- */

/* The CA that an id names as issuer. */
static const struct known *find_issuer(const struct ocsp *o, OCSP_CERTID *id)
{
    ASN1_OBJECT *hash;
    if (OCSP_id_get0_info(NULL, &hash, NULL, NULL, id) != 1)
        return NULL;
    const EVP_MD *md = EVP_get_digestbyobj(hash);
    for (unsigned i = 0; md != NULL && i < 2 * ROLES; i++) {
        const struct known *k = &o->at[i / ROLES][i % ROLES];
        if (k->x == NULL || k->key == NULL)
            continue;
        OCSP_CERTID *own =
            OCSP_cert_id_new(md, X509_get_subject_name(k->x), X509_get0_pubkey_bitstr(k->x), NULL);
        bool is_it = own != NULL && OCSP_id_issuer_cmp(own, id) == 0;
        OCSP_CERTID_free(own);
        if (is_it)
            return k;
    }
    return NULL;
}

/* What is known of the certificate with the id's serial number. */
static enum ocsp_state find_state(const struct ocsp *o, OCSP_CERTID *id, const struct known *issuer)
{
    ASN1_INTEGER *serial;
    if (issuer == NULL || OCSP_id_get0_info(NULL, NULL, NULL, &serial, id) != 1)
        return OCSP_UNKNOWN;
    for (unsigned i = 0; i < 2 * ROLES; i++) {
        const struct known *k = &o->at[i / ROLES][i % ROLES];
        if (k->x == NULL || ASN1_INTEGER_cmp(X509_get0_serialNumber(k->x), serial) != 0 ||
            X509_NAME_cmp(X509_get_issuer_name(k->x), X509_get_subject_name(issuer->x)) != 0)
            continue;
        return k->is_revoked ? OCSP_REVOKED : OCSP_GOOD;
    }
    return OCSP_UNKNOWN;
}

static int put_response(OCSP_RESPONSE *response, struct buf *out)
{
    uint8_t *der = NULL;
    int n = response == NULL ? -1 : i2d_OCSP_RESPONSE(response, &der);
    if (n > 0)
        buf_add(out, der, (size_t)n);
    OPENSSL_free(der);
    OCSP_RESPONSE_free(response);
    return n > 0 ? 0 : -1;
}

static void put_failure(int status, struct buf *out)
{
    put_response(OCSP_response_create(status, NULL), out);
    ERR_clear_error();
}

static bool add_state(OCSP_BASICRESP *basic, OCSP_CERTID *id, enum ocsp_state state, int64_t now)
{
    /* ORDER OCSP_STATE */
    static const int STATUS[] = {V_OCSP_CERTSTATUS_GOOD, V_OCSP_CERTSTATUS_REVOKED,
                                 V_OCSP_CERTSTATUS_UNKNOWN};
    ASN1_TIME *from = ASN1_TIME_set(NULL, (time_t)(now - 60));
    ASN1_TIME *until = ASN1_TIME_set(NULL, (time_t)(now + OCSP_HOURS * 3600));
    bool good = from != NULL && until != NULL &&
                OCSP_basic_add1_status(basic, id, STATUS[state], OCSP_REVOKED_STATUS_NOSTATUS,
                                       state == OCSP_REVOKED ? from : NULL, from, until) != NULL;
    ASN1_TIME_free(from);
    ASN1_TIME_free(until);
    return good;
}

static const EVP_MD *hash_for(const EVP_PKEY *key)
{
    char group[32];
    if (!EVP_PKEY_is_a(key, "EC"))
        return NULL;
    bool is_256 = EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1 &&
                  strcmp(group, "prime256v1") == 0;
    return is_256 ? EVP_sha256() : EVP_sha512();
}

/* Signs and appends; basic is freed. */
static int finish(OCSP_BASICRESP *basic, const struct known *by, struct buf *out)
{
    int bad = -1;
    if (OCSP_basic_sign(basic, by->x, by->key, hash_for(by->key), NULL, OCSP_RESPID_KEY) == 1)
        bad = put_response(OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic), out);
    OCSP_BASICRESP_free(basic);
    ERR_clear_error();
    return bad;
}

static void answer_request(const struct ocsp *o, OCSP_REQUEST *request, int64_t now,
                           struct buf *out, char *what, int size)
{
    int n = OCSP_request_onereq_count(request), used = 0;
    const struct known *by = NULL;
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    bool good = basic != NULL && n > 0 && n <= ASKED_MOST;
    for (int i = 0; i < n && good; i++) {
        OCSP_CERTID *id = OCSP_onereq_get0_id(OCSP_request_onereq_get0(request, i));
        const struct known *issuer = find_issuer(o, id);
        enum ocsp_state state = find_state(o, id, issuer);
        by = by == NULL ? issuer : by;
        good = add_state(basic, id, state, now);
        used += snprintf(what + used, (size_t)(size - used), "%s%s", i > 0 ? ", " : "",
                         ocsp_state_name(state));
        used = used < size ? used : size - 1;
    }
    if (!good || by == NULL) {
        OCSP_BASICRESP_free(basic);
        snprintf(what, (size_t)size, "%s",
                 good ? "refused: of a CA that is not in the tree"
                      : "refused: asks for none, or for too many");
        put_failure(
            good ? OCSP_RESPONSE_STATUS_UNAUTHORIZED : OCSP_RESPONSE_STATUS_MALFORMEDREQUEST, out);
        return;
    }
    OCSP_copy_nonce(basic, request);
    if (finish(basic, by, out) != 0)
        put_failure(OCSP_RESPONSE_STATUS_INTERNALERROR, out);
}

void ocsp_answer(const struct ocsp *o, struct slice request, int64_t now, struct buf *out,
                 char *what, int size)
{
    const uint8_t *p = request.p;
    OCSP_REQUEST *asked =
        request.n > REQUEST_MOST ? NULL : d2i_OCSP_REQUEST(NULL, &p, (long)request.n);
    what[0] = '\0';
    if (asked == NULL) {
        snprintf(what, (size_t)size, "refused: %zu octets that are no OCSP request", request.n);
        put_failure(OCSP_RESPONSE_STATUS_MALFORMEDREQUEST, out);
        return;
    }
    answer_request(o, asked, now, out, what, size);
    OCSP_REQUEST_free(asked);
    ERR_clear_error();
}

int ocsp_staple(const struct ocsp *o, const X509 *certificate, int64_t now, struct buf *out,
                struct err *e)
{
    const struct known *issuer = NULL;
    for (unsigned i = 0; i < 2 * ROLES && issuer == NULL; i++) {
        const struct known *k = &o->at[i / ROLES][i % ROLES];
        if (k->x == NULL || k->key == NULL ||
            X509_NAME_cmp(X509_get_subject_name(k->x), X509_get_issuer_name(certificate)) != 0)
            continue;
        if (X509_verify((X509 *)(uintptr_t)certificate, X509_get0_pubkey(k->x)) == 1)
            issuer = k;
    }
    ERR_clear_error();
    if (issuer == NULL)
        return err_set(e, "the issuer of the certificate is not in the tree");
    OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), certificate, issuer->x);
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    bool good = id != NULL && basic != NULL && add_state(basic, id, find_state(o, id, issuer), now);
    OCSP_CERTID_free(id);
    if (good && finish(basic, issuer, out) == 0)
        return 0;
    if (!good)
        OCSP_BASICRESP_free(basic);
    return err_set(e, "the OCSP response cannot be made");
}

/* ---- checking ---- */

/* now lies between the two times, 5 minutes taken for clocks; until may be NULL. */
static bool is_current(const ASN1_GENERALIZEDTIME *from, const ASN1_GENERALIZEDTIME *until,
                       int64_t now)
{
    time_t early = (time_t)now + 300, late = (time_t)now - 300;
    return X509_cmp_time(from, &early) < 0 && (until == NULL || X509_cmp_time(until, &late) > 0);
}

static int check_signer(OCSP_BASICRESP *basic, X509 *issuer, struct err *e)
{
    int bad = -1;
    X509_STORE *store = X509_STORE_new();
    STACK_OF(X509) *untrusted = sk_X509_new_null();
    if (store != NULL && untrusted != NULL && X509_STORE_add_cert(store, issuer) == 1 &&
        X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME) == 1 &&
        sk_X509_push(untrusted, issuer) > 0)
        bad = OCSP_basic_verify(basic, untrusted, store, 0) == 1 ? 0 : -1;
    sk_X509_free(untrusted);
    X509_STORE_free(store);
    ERR_clear_error();
    return bad == 0 ? 0
                    : err_set(e, "the OCSP response is not signed by the issuer or its delegate");
}

static int check_basic(OCSP_BASICRESP *basic, X509 *certificate, X509 *issuer, int64_t now,
                       enum ocsp_state *state, struct err *e)
{
    if (check_signer(basic, issuer, e) != 0)
        return -1;
    for (int i = 0; i < OCSP_resp_count(basic); i++) {
        ASN1_GENERALIZEDTIME *from = NULL, *until = NULL;
        ASN1_OBJECT *hash = NULL;
        OCSP_SINGLERESP *single = OCSP_resp_get0(basic, i);
        const OCSP_CERTID *id = OCSP_SINGLERESP_get0_id(single);
        OCSP_id_get0_info(NULL, &hash, NULL, NULL, (OCSP_CERTID *)(uintptr_t)id);
        const EVP_MD *md = EVP_get_digestbyobj(hash);
        OCSP_CERTID *own = md == NULL ? NULL : OCSP_cert_to_id(md, certificate, issuer);
        bool is_it = own != NULL && OCSP_id_cmp(own, id) == 0;
        OCSP_CERTID_free(own);
        if (!is_it)
            continue;
        int status = OCSP_single_get0_status(single, NULL, NULL, &from, &until);
        if (from == NULL || !is_current(from, until, now))
            return err_set(e, "the OCSP response is not of this time");
        *state = status == V_OCSP_CERTSTATUS_GOOD      ? OCSP_GOOD
                 : status == V_OCSP_CERTSTATUS_REVOKED ? OCSP_REVOKED
                                                       : OCSP_UNKNOWN;
        return 0;
    }
    return err_set(e, "the OCSP response is about another certificate");
}

int ocsp_check(struct slice response, X509 *certificate, X509 *issuer, int64_t now,
               enum ocsp_state *state, struct err *e)
{
    const uint8_t *p = response.p;
    OCSP_RESPONSE *r =
        response.n > PKI_FILE_MAX ? NULL : d2i_OCSP_RESPONSE(NULL, &p, (long)response.n);
    ERR_clear_error();
    if (r == NULL)
        return err_set(e, "%zu octets are no OCSP response", response.n);
    int status = OCSP_response_status(r), bad = -1;
    OCSP_BASICRESP *basic =
        status == OCSP_RESPONSE_STATUS_SUCCESSFUL ? OCSP_response_get1_basic(r) : NULL;
    if (basic == NULL)
        err_set(e, "the OCSP response says %s", OCSP_response_status_str(status));
    else
        bad = check_basic(basic, certificate, issuer, now, state, e);
    OCSP_BASICRESP_free(basic);
    OCSP_RESPONSE_free(r);
    ERR_clear_error();
    return bad;
}

/* ---- over HTTP ---- */

struct client {
    struct client *next;
    struct ocsp_server *server;
    struct stream *stream;
    uint64_t since_ms;
    struct buf in;
};

struct ocsp_server {
    const struct ocsp *o;
    ocsp_log log;
    void *context;
    struct listener *listener;
    struct client *clients;
    uv_timer_t timer;
};

static void client_close(struct client *c, enum stream_how how)
{
    struct client **at = &c->server->clients;
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    stream_close(c->stream, how);
    buf_close(&c->in);
    free(c);
}

static void reply(struct client *c, const char *status, const char *type, const struct buf *body,
                  const char *what)
{
    struct buf out = {0};
    struct err e = ERR_INIT;
    buf_printf(&out,
               "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n"
               "Cache-Control: no-store\r\n\r\n",
               status, type, body->n);
    if (body->n > 0)
        buf_add(&out, body->p, body->n);
    if (!out.failed)
        stream_write(c->stream, (struct slice){out.p, out.n}, &e);
    buf_close(&out);
    if (c->server->log != NULL)
        c->server->log(c->server->context, stream_remote(c->stream), what);
    client_close(c, STREAM_FIN);
}

static void refuse(struct client *c, const char *status)
{
    static const struct buf NOTHING = {0};
    reply(c, status, "text/plain", &NOTHING, status);
}

static void reply_ocsp(struct client *c, struct slice request)
{
    char what[160];
    struct buf body = {0};
    ocsp_answer(c->server->o, request, (int64_t)time(NULL), &body, what, sizeof what);
    reply(c, "200 OK", "application/ocsp-response", &body, what);
    buf_close(&body);
}

/* "iso15118-2/v2g-root.crl", of the tree only. */
static void reply_crl(struct client *c, const char *path)
{
    char name[96], what[128];
    for (unsigned i = 0; i < 2 * ROLES; i++) {
        const struct known *k = &c->server->o->at[i / ROLES][i % ROLES];
        snprintf(name, sizeof name, "iso15118-%s/%s.crl", i < ROLES ? "2" : "20",
                 PKI_PROFILES[i % ROLES].name);
        if (k->crl == NULL || strcmp(path, name) != 0)
            continue;
        uint8_t *der = NULL;
        int n = i2d_X509_CRL(k->crl, &der);
        struct buf body = {.p = der, .n = n > 0 ? (size_t)n : 0};
        snprintf(what, sizeof what, "revocation list %s", name);
        reply(c, "200 OK", "application/pkix-crl", &body, what);
        OPENSSL_free(der);
        return;
    }
    refuse(c, "404 Not Found");
}

/* The base64 text of a path, where %XX stands for what a path cannot have. */
static int64_t read_path(const char *path, uint8_t *out, size_t cap)
{
    char text[REQUEST_MOST + 1];
    size_t n = 0;
    while (*path != '\0' && n < REQUEST_MOST) {
        uint8_t c;
        if (*path != '%')
            text[n++] = *path++;
        else if (path[1] == '\0' || hex_read(path + 1, 2, &c, 1) != 1)
            return -1;
        else
            text[n++] = (char)c, path += 3;
    }
    return base64_read(text, n, out, cap);
}

static void answer_get(struct client *c, const char *path)
{
    uint8_t request[REQUEST_MOST];
    while (*path == '/')
        path++;
    if (strncmp(path, "crl/", 4) == 0) {
        reply_crl(c, path + 4);
        return;
    }
    int64_t n = read_path(path, request, sizeof request);
    if (n <= 0)
        refuse(c, "404 Not Found");
    else
        reply_ocsp(c, (struct slice){request, (size_t)n});
}

/* Of a header in text, which ends with an empty line; -1: none. */
static long content_length(const char *text)
{
    for (const char *line = strstr(text, "\r\n"); line != NULL; line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, "Content-Length:", 15) != 0)
            continue;
        char *end;
        long n = strtol(line + 17, &end, 10);
        return *end == '\r' && n >= 0 && n <= REQUEST_MOST ? n : -1;
    }
    return -1;
}

/* Answers when all of the request is there. */
static void look_at_request(struct client *c)
{
    const char *head = buf_string(&c->in);
    char *end = head == NULL ? NULL : strstr(head, "\r\n\r\n");
    if (end == NULL) {
        if (c->in.failed || c->in.n >= REQUEST_MOST)
            refuse(c, "431 Request Header Fields Too Large");
        return;
    }
    size_t body = (size_t)(end - head) + 4;
    char *path = strchr(head, ' '), *after = path == NULL ? NULL : strpbrk(path + 1, " \r");
    if (after == NULL || after > end) {
        refuse(c, "400 Bad Request");
    } else if (strncmp(head, "GET ", 4) == 0) {
        *after = '\0';
        answer_get(c, path + 1);
    } else if (strncmp(head, "POST ", 5) == 0) {
        long n = content_length(head);
        if (n < 0)
            refuse(c, "411 Length Required");
        else if (c->in.n >= body + (size_t)n)
            reply_ocsp(c, (struct slice){c->in.p + body, (size_t)n});
    } else {
        refuse(c, "405 Method Not Allowed");
    }
}

static void on_data(void *context, struct stream *s, struct slice bytes)
{
    struct client *c = context;
    (void)s;
    if (c->in.n + bytes.n > 2 * REQUEST_MOST) {
        refuse(c, "413 Content Too Large");
        return;
    }
    buf_add(&c->in, bytes.p, bytes.n);
    look_at_request(c);
}

static void on_closed(void *context, struct stream *s, enum stream_end end, const char *why)
{
    (void)s, (void)end, (void)why;
    client_close(context, STREAM_RST);
}

static const struct stream_events CLIENT_EVENTS = {.data = on_data, .closed = on_closed};

static void on_accepted(void *context, struct stream *s)
{
    struct ocsp_server *server = context;
    struct client *c = calloc(1, sizeof *c);
    if (c == NULL) {
        stream_close(s, STREAM_RST);
        return;
    }
    *c = (struct client){.next = server->clients, .server = server, .stream = s};
    c->since_ms = uv_now(server->timer.loop);
    server->clients = c;
    stream_use(s, &CLIENT_EVENTS, c);
}

static const struct listener_events LISTENER_EVENTS = {.accepted = on_accepted};

static void on_timer(uv_timer_t *timer)
{
    struct ocsp_server *s = timer->data;
    uint64_t now = uv_now(timer->loop);
    for (struct client *c = s->clients, *next; c != NULL; c = next) {
        next = c->next;
        if (now - c->since_ms > REQUEST_SECONDS * 1000)
            client_close(c, STREAM_RST);
    }
}

static void on_timer_closed(uv_handle_t *handle)
{
    free(handle->data);
}

struct ocsp_server *ocsp_server_open(struct uv_loop_s *loop, const struct endpoint *at,
                                     const struct ocsp *o, ocsp_log log, void *context,
                                     struct err *e)
{
    struct ocsp_server *s = calloc(1, sizeof *s);
    if (s == NULL || uv_timer_init(loop, &s->timer) != 0) {
        err_set(e, "out of memory");
        free(s);
        return NULL;
    }
    s->timer.data = s;
    s->o = o;
    s->log = log;
    s->context = context;
    s->listener = stream_listen(loop, at, CLIENTS_MOST, &LISTENER_EVENTS, s, e);
    if (s->listener == NULL) {
        uv_close((uv_handle_t *)&s->timer, on_timer_closed);
        return NULL;
    }
    uv_timer_start(&s->timer, on_timer, 1000, 1000);
    return s;
}

const struct endpoint *ocsp_server_endpoint(const struct ocsp_server *s)
{
    return listener_endpoint(s->listener);
}

void ocsp_server_close(struct ocsp_server *s)
{
    if (s == NULL)
        return;
    while (s->clients != NULL)
        client_close(s->clients, STREAM_RST);
    listener_close(s->listener);
    uv_close((uv_handle_t *)&s->timer, on_timer_closed);
}
