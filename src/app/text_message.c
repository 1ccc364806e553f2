/* SPDX-License-Identifier: Apache-2.0 */
#include "app/text_message.h"

#include <string.h>

#define EXI_DISTINGUISHED 0x80 /* what every EXI document of V2G begins with */
/* Bits before which no message has come past its header: in a V2G_Message, and beside it. */
#define HEADER_LEAST 40
#define HEADER_LEAST_20 96

/* Whether it is the set of supportedAppProtocol. */
static bool is_handshake(const struct schema *s)
{
    return strcmp(s->name, PROTOCOLS[0].set[0]) == 0;
}

const struct element *text_element(const struct message *m)
{
    const struct named named = message_named(m);
    bool is_root = m->schema->root == NULL || m->root == m->schema->root;
    return is_root && named.name != NULL ? schema_message(m->schema, named.name) : NULL;
}

/* ---- choosing ---- */

static bool is_of_protocol(const struct text_messages *t, const struct schema *s)
{
    const struct protocol *p = t->handshake.agreed ? t->handshake.protocol : NULL;
    if (s == t->last)
        return true;
    for (unsigned i = 0; p != NULL && p->set[i] != NULL; i++)
        if (strcmp(p->set[i], s->name) == 0)
            return true;
    return false;
}

/* Violations of the message itself, not of what is behind it. */
static unsigned count_violations(const struct message *m)
{
    unsigned n = 0;
    for (const struct violation *v = m->violations; v != NULL; v = v->next)
        n++;
    return n - (m->trailing.n > 0 && n > 0);
}

/* The likeliest reading; where several are as likely, one of the protocol that is spoken. */
static struct fit *likeliest(struct text_messages *t)
{
    struct fit *best = &t->fits.at[t->fits.first];
    for (unsigned i = 0; i < t->fits.n && !is_of_protocol(t, best->schema); i++) {
        struct fit *fit = &t->fits.at[i];
        if (fits_counts(&t->fits, fit) && is_of_protocol(t, fit->schema))
            best = fit;
    }
    return best;
}

/* Bytes that were looked at in trying. */
static size_t effort(const struct fits *f, size_t n)
{
    size_t bytes = 0;
    for (unsigned i = 0; i < f->n; i++) {
        const struct fit *fit = &f->at[i];
        if (fit->fits)
            bytes += n - fit->message.trailing.n;
        else if (fit->problem.bit > 0)
            bytes += (size_t)fit->problem.bit / 8;
    }
    return bytes;
}

/* ---- decoding ---- */

/* By which second bytes a document of a set may be one of its messages: its event code is there. */
static void find_beginnings(struct text_messages *t)
{
    for (unsigned i = 0; i < t->grammars->n; i++) {
        const struct schema *s = t->grammars->schema[i];
        unsigned bits = s->document_bits, n = s->root != NULL ? 1 : s->messages;
        for (unsigned k = 0; k < n && s->encoding == ENCODING_EXI; k++) {
            unsigned code = s->root != NULL ? s->root->code : s->message[k]->code;
            unsigned first = bits <= 8 ? code << (8 - bits) : code >> (bits - 8);
            for (unsigned j = 0; j < (bits < 8 ? 1u << (8 - bits) : 1); j++)
                t->begins[i][(first + j) & 0xFF] = true;
        }
    }
}

/* The sets in which a document with that second byte is a message. */
static const struct grammars *narrow(struct text_messages *t, uint8_t second)
{
    const struct grammars *all = t->grammars;
    t->narrow.n = 0;
    for (unsigned i = 0; i < all->n; i++)
        if (t->begins[i][second])
            t->narrow.schema[t->narrow.n++] = all->schema[i];
    return &t->narrow;
}

static struct fit *decode(struct text_messages *t, const struct grammars *g,
                          const struct payload *payload, struct err *e)
{
    t->fits.n = 0;
    arena_reset(&t->arena);
    if (fits_decode(&t->fits, g, payload, t->exi, &t->arena, e) != 0)
        return NULL;
    t->effort += effort(&t->fits, payload->bytes.n);
    struct fit *fit = likeliest(t);
    return fit->fits && text_element(&fit->message) != NULL ? fit : NULL;
}

struct fit *text_framed(struct text_messages *t, struct slice payload, uint16_t type, struct err *e)
{
    struct payload framed = {.bytes = payload, .is_framed = true, .type = type};
    struct fit *fit = decode(t, t->grammars, &framed, e);
    if (fit == NULL && t->fits.n > 0)
        *e = fits_first(&t->fits)->problem;
    return fit;
}

struct fit *text_bare(struct text_messages *t, struct slice bytes)
{
    struct payload bare = {.bytes = bytes};
    struct err unused = ERR_INIT;
    t->fits.n = 0;
    if (bytes.n < EXI_LEAST_NAMED || bytes.p[0] != EXI_DISTINGUISHED)
        return NULL;
    const struct grammars *g = narrow(t, bytes.p[1]);
    return g->n > 0 ? decode(t, g, &bare, &unused) : NULL;
}

/* ---- judging ---- */

/* All of it is right; or it is long, and is of the protocol that is spoken or stands in a line on
 * V2G. */
bool text_is_believed(const struct text_messages *t, const struct fit *fit, size_t n, bool is_named)
{
    const struct message *m = &fit->message;
    bool has_header = message_header(m) != NULL || is_handshake(fit->schema);
    bool is_expected = n >= EXI_LEAST && (is_named || is_of_protocol(t, fit->schema));
    return has_header && (count_violations(m) == 0 || is_expected);
}

/* Whether what could not be decoded began as a message all the same, and not by chance: it has come
 * past its header. */
static bool is_begun(const struct text_messages *t, const struct fit *fit, bool is_named)
{
    const struct likely *l = &fit->likely;
    bool has_root = fit->schema->root != NULL;
    if (fit->fits || !(is_named || (has_root && t->last != NULL)) || is_handshake(fit->schema))
        return false;
    return l->is_message && l->name[0] != '\0' && strstr(fit->problem.path, "/Header") == NULL &&
           l->right >= (has_root ? HEADER_LEAST : HEADER_LEAST_20);
}

bool text_is_damaged(const struct text_messages *t, const struct fit *fit, size_t n, bool is_named,
                     struct err *e)
{
    if (fit == NULL) {
        const struct fit *first = t->fits.n > 0 ? fits_first(&t->fits) : NULL;
        if (first == NULL || !is_begun(t, first, is_named))
            return false;
        *e = first->problem;
        return true;
    }
    const struct message *m = &fit->message;
    size_t behind = m->trailing.n;
    bool is_plain = m->schema->root != NULL || is_named;
    if (n - behind < EXI_LEAST || !is_plain || count_violations(m) > 0)
        return false;
    err_set(e, "%s of %s, and %zu bytes more", message_named(m).name, fit->schema->name, behind);
    return true;
}

void text_note(struct text_messages *t, const struct message *m, struct slice exi)
{
    uint8_t header[V2GTP_HEADER];
    struct session *s = &t->handshake;
    t->last = m->schema;
    if (!is_handshake(m->schema))
        return;
    s->agreed = false;
    v2gtp_write(header, V2GTP_EXI, (uint32_t)exi.n);
    session_feed(s, header, sizeof header, 0);
    session_feed(s, exi.p, exi.n, 0);
    for (struct received *r; (r = session_take(s)) != NULL;)
        session_done(s, r);
}

/* ---- the whole ---- */

void text_messages_open(struct text_messages *t, struct grammars *g, const struct exi_options *exi)
{
    *t = (struct text_messages){.grammars = g, .exi = exi};
    session_open(&t->handshake, FROM_SECC, &g->library, NULL);
    arena_open(&t->arena, NULL, 0, FITS_MEMORY);
    find_beginnings(t);
}

void text_messages_close(struct text_messages *t)
{
    session_close(&t->handshake);
    arena_close(&t->arena);
}
