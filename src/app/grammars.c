/* SPDX-License-Identifier: Apache-2.0 */
#include "app/grammars.h"

#include "app/report.h"
#include "app/root.h"
#include "base/asset.h"
#include "base/nearest.h"
#include "codec/check.h"
#include "codec/defaults.h"
#include "codec/json.h"
#include "codec/xml.h"
#include "wire/v2gtp.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NAMES_TEXT 400
#define DEPTH_MOST 255 /* elements within each other that --limit allows */
#define ALIKE_MAX 2    /* grammars that failed alike and are all shown */

void grammars_open(struct grammars *g)
{
    library_open(&g->library);
    g->n = g->names = 0;
}

void grammars_close(struct grammars *g)
{
    library_close(&g->library);
}

/* ---- limits ---- */

static int take_number(const char *text, uint64_t most, uint64_t *n)
{
    char *end;
    errno = 0;
    *n = strtoull(text, &end, 10);
    return errno != 0 || *end != '\0' || !isdigit((unsigned char)*text) || *n > most ? -1 : 0;
}

int limit_take(void *to, const char *text, struct err *e)
{
    struct exi_limits *l = to;
    static const char *const NAMES[] = {"size", "memory", "depth", "list"};
    static const uint64_t MOST[] = {INPUT_LIMIT, FITS_MEMORY, DEPTH_MOST, UINT32_MAX};
    const char *value = strchr(text, '=');
    unsigned i = 0;
    uint64_t n;
    while (i < 4 && (value == NULL || strlen(NAMES[i]) != (size_t)(value - text) ||
                     strncmp(NAMES[i], text, (size_t)(value - text)) != 0))
        i++;
    if (i == 4)
        return err_set(e, "expected size=N, memory=N, depth=N or list=N");
    if (take_number(value + 1, MOST[i], &n) != 0)
        return err_set(e, "expected a number, at most %" PRIu64, MOST[i]);
    if (i == 0)
        l->size = n;
    else if (i == 1)
        l->memory = n;
    else if (i == 2)
        l->depth = (unsigned)n;
    else
        l->list = (uint32_t)n;
    return 0;
}

/* ---- choosing ---- */

static int add_set(struct grammars *g, const char *name, struct err *e)
{
    const struct schema *s = library_get(&g->library, name, e);
    if (s == NULL)
        return -1;
    for (unsigned i = 0; i < g->n; i++)
        if (g->schema[i] == s)
            return 0;
    if (g->n == GRAMMARS_MAX)
        return err_set(e, "more than %d grammars", GRAMMARS_MAX);
    g->schema[g->n++] = s;
    return 0;
}

/* Parts that others use (iso15118-20-types) are not among the names, but may be asked for. */
static bool is_built_in(const char *name)
{
    char path[128];
    struct slice bytes;
    snprintf(path, sizeof path, "schema/%s.schema", name);
    return asset_find(path, &bytes);
}

static int unknown(const struct grammars *g, const char *name, struct err *e)
{
    const char *names[GRAMMARS_MAX + 8];
    char list[NAMES_TEXT] = "";
    size_t used = 0;
    unsigned n = 0;
    for (; n < GRAMMARS_MAX && library_name(&g->library, n) != NULL; n++)
        names[n] = library_name(&g->library, n);
    for (const struct protocol *p = PROTOCOLS; p->name != NULL && n < GRAMMARS_MAX + 7; p++)
        names[n++] = p->name;
    names[n] = NULL;
    for (unsigned i = 0; i < n && used < sizeof list; i++)
        used +=
            (size_t)snprintf(list + used, sizeof list - used, "%s%s", i > 0 ? ", " : "", names[i]);
    const char *nearest = nearest_name(name, names);
    if (nearest != NULL)
        return err_set(e, "unknown grammar or protocol '%.60s'; the nearest is %s", name, nearest);
    return err_set(e, "unknown grammar or protocol '%.60s'; expected one of %.250s", name, list);
}

static int add_name(struct grammars *g, const char *name, struct err *e)
{
    const char *known;
    for (unsigned i = 0; (known = library_name(&g->library, i)) != NULL; i++)
        if (strcasecmp(known, name) == 0)
            return add_set(g, known, e);
    const struct protocol *p = protocol_find(name);
    for (const struct protocol *o = PROTOCOLS; p != NULL && o->name != NULL; o++)
        for (unsigned i = 0; protocol_covers(p, o) && o->set[i] != NULL; i++)
            if (add_set(g, o->set[i], e) != 0)
                return -1;
    if (p != NULL)
        return 0;
    unsigned found = 0;
    for (unsigned i = 0; i < g->library.files; i++) {
        const struct schema *s = library_get(&g->library, g->library.file[i].name, e);
        if (s == NULL || s->protocol == NULL || strcasecmp(s->protocol, name) != 0)
            continue;
        if (add_set(g, s->name, e) != 0)
            return -1;
        found++;
    }
    if (found > 0)
        return 0;
    return is_built_in(name) ? add_set(g, name, e) : unknown(g, name, e);
}

int grammars_ask(struct grammars *g, const char *names, struct err *e)
{
    if (g->names == GRAMMARS_MAX)
        return err_set(e, "more than %d grammars", GRAMMARS_MAX);
    g->name[g->names++] = names;
    return 0;
}

static int add_names(struct grammars *g, const char *names, struct err *e)
{
    for (const char *at = names;;) {
        char name[128];
        size_t n = strcspn(at, ",");
        snprintf(name, sizeof name, "%.*s", (int)(n < sizeof name ? n : sizeof name - 1), at);
        if (add_name(g, name, e) != 0)
            return -1;
        if (at[n] == '\0')
            return 0;
        at += n + 1;
    }
}

int grammars_take(void *grammars, const char *names, struct err *e)
{
    return grammars_ask(grammars, names, e);
}

int grammars_load(struct grammars *g, struct err *e)
{
    const char *name;
    for (unsigned i = 0; i < g->names; i++)
        if (add_names(g, g->name[i], e) != 0)
            return -1;
    for (unsigned i = 0; g->names == 0 && (name = library_name(&g->library, i)) != NULL; i++)
        if (add_set(g, name, e) != 0)
            return -1;
    return 0;
}

int grammars_also(struct grammars *g, const char *set, struct err *e)
{
    return add_set(g, set, e);
}

int grammars_begin(struct grammars *g, struct options *o, void *into)
{
    struct err e = ERR_INIT;
    if (options_read(o, into) != 0)
        return -1;
    return grammars_load(g, &e) != 0 ? options_failed(o, &e) : 0;
}

/* ---- trying ---- */

/* While a schedule is renegotiated beside the charge loop, messages of three sets travel under one
 * payload type (ISO 15118-20, 8.2). */
static bool takes_payload(const struct schema *s, uint16_t type)
{
    if (type == V2GTP_SCHEDULE_RENEGOTIATION)
        return s->payload >= V2GTP_COMMON && s->payload <= V2GTP_DC;
    for (unsigned i = 0; i < s->messages; i++)
        if (s->message[i]->payload == type)
            return s->ethertype == 0;
    return s->payload == type;
}

/* Fixed fields fit nearly any bytes: such a set is not guessed. */
static bool is_guessed(const struct grammars *g, const struct schema *s)
{
    return s->encoding == ENCODING_EXI || g->names > 0;
}

/* Whether a set is tried, by what stood before the message. */
static bool is_tried(const struct grammars *g, const struct schema *s, const struct payload *p)
{
    if (p->ethertype != 0)
        return s->ethertype == p->ethertype;
    return p->is_framed ? takes_payload(s, p->type) : is_guessed(g, s);
}

bool grammars_have_octets(const struct grammars *g)
{
    for (unsigned i = 0; i < g->n && g->names > 0; i++)
        if (g->schema[i]->encoding != ENCODING_EXI)
            return true;
    return false;
}

static void clear_err(struct err *e)
{
    e->set =
        false; /* the rest is filled where it is set; clearing all of it costs more than a decode */
    e->what[0] = e->path[0] = '\0';
    e->bit = ERR_NO_PLACE;
    e->line = ERR_NO_PLACE;
}

static struct fit *fits_new(struct fits *f, const struct schema *s)
{
    struct fit *fit = &f->at[f->n++];
    fit->schema = s;
    clear_err(&fit->problem);
    return fit;
}

/* Keeps which of them are the likeliest. */
static void fits_close(struct fits *f, struct fit *fit)
{
    int order = f->n == 1 ? -1 : likely_compare(&fit->likely, &f->at[f->first].likely);
    f->fitting += fit->fits;
    if (order < 0) {
        f->first = (unsigned)(fit - f->at);
        f->counted = 0;
    }
    f->counted += order <= 0;
}

static void fits_open(struct fits *f)
{
    f->n = f->fitting = f->counted = f->first = 0;
}

/* Why none of the grammars takes a payload. */
static int no_grammar(const struct grammars *g, const struct payload *p, struct err *e)
{
    const char *name = v2gtp_type_name(p->type);
    if (p->ethertype != 0)
        return err_set(e, "Ethernet frame of type 0x%04X: no message of %s goes in it",
                       p->ethertype, g->n == 1 ? g->schema[0]->name : "all grammars");
    return err_set(e, "V2GTP payload type 0x%04X (%s): no message of %s has it", p->type,
                   name != NULL ? name : "reserved",
                   g->n == 1 ? g->schema[0]->name : "all grammars");
}

static void decode_fit(struct fit *fit, const struct payload *p, const struct exi_options *o,
                       struct arena *a)
{
    struct arena_mark mark = arena_mark(a);
    fit->message.violations = NULL;
    fit->fits =
        codec_decode(fit->schema, p->type, p->bytes, o, a, &fit->message, &fit->problem) == 0;
    fit->likely = likely_of(fit->schema, fit->fits, &fit->message, &fit->problem, p->bytes.n);
    if (!fit->fits)
        arena_rewind(a, mark);
}

/* What the payload type does not allow is a message of the set nevertheless: a violation. */
static void add_misplaced(struct fit *fit, uint16_t type, struct arena *a)
{
    char what[200];
    const char *name = v2gtp_type_name(type);
    snprintf(what, sizeof what,
             "it came under the V2GTP payload type 0x%04X (%s); a message of %s belongs under "
             "0x%04X",
             type, name != NULL ? name : "reserved", fit->schema->name,
             message_payload(&fit->message));
    message_add_violation(&fit->message, a, fit->likely.name, what);
}

/* The set of those at hand that declares the message itself, and does not take it from another. */
static const struct schema *home_of(const struct grammars *g, const struct element *message)
{
    for (unsigned i = 0; i < g->n; i++) {
        const struct schema *s = g->schema[i];
        const struct element *own = schema_message(s, message->as.name);
        if (own != NULL && own->as.ns < s->namespaces && s->ns[own->as.ns].is_own &&
            strcmp(own->as.type->name, message->as.type->name) == 0)
            return s;
    }
    return NULL;
}

/* The same where the message has nothing of what its set adds to another one, whose payload type it
 * belongs under then. */
static void add_plain(struct fit *fit, const struct grammars *g, struct arena *a)
{
    const struct schema *home = home_of(g, fit->message.root);
    if (home == NULL)
        return;
    char what[240];
    uint16_t type = message_payload(&fit->message);
    const char *name = v2gtp_type_name(type);
    snprintf(what, sizeof what,
             "it came under the V2GTP payload type 0x%04X (%s), and nothing in it is of %s; a "
             "message of %s belongs under 0x%04X",
             type, name != NULL ? name : "reserved", fit->schema->name, home->name, home->payload);
    message_add_violation(&fit->message, a, fit->likely.name, what);
}

/* What no grammar of the payload type reads may be a message that came under a wrong one. It is
 * taken for that where it is right in everything else. */
static void decode_misplaced(struct fits *f, const struct grammars *g, const struct payload *p,
                             const struct exi_options *o, struct arena *a)
{
    for (unsigned i = 0; i < g->n; i++) {
        if (takes_payload(g->schema[i], p->type) || g->schema[i]->encoding != ENCODING_EXI)
            continue;
        struct fit *fit = fits_new(f, g->schema[i]);
        decode_fit(fit, p, o, a);
        if (likely_is_certain(&fit->likely)) {
            fits_close(f, fit);
            add_misplaced(fit, p->type, a);
        } else {
            f->n--;
        }
    }
}

int fits_decode(struct fits *f, const struct grammars *g, const struct payload *p,
                const struct exi_options *o, struct arena *a, struct err *e)
{
    fits_open(f);
    for (unsigned i = 0; i < g->n; i++) {
        if (!is_tried(g, g->schema[i], p))
            continue;
        struct fit *fit = fits_new(f, g->schema[i]);
        decode_fit(fit, p, o, a);
        fits_close(f, fit);
    }
    struct fit *first = f->n > 0 ? &f->at[f->first] : NULL;
    bool is_right = first != NULL && first->likely.state == LIKELY_RIGHT;
    if (p->is_framed && is_right && first->likely.is_plain)
        add_plain(first, g, a);
    if (p->is_framed && !is_right)
        decode_misplaced(f, g, p, o, a);
    if (f->n > 0)
        return 0;
    return no_grammar(g, p, e);
}

/* What message_check finds, as violations; they have no bit offset yet. */
struct finding {
    struct arena *arena;
    struct violation **end;
};

static void add_violation(void *context, const char *path, const char *what)
{
    struct finding *f = context;
    struct violation *v = arena_alloc(f->arena, sizeof *v);
    if (v == NULL)
        return;
    *v = (struct violation){.bit = UINT64_MAX,
                            .path = arena_text(f->arena, path, strlen(path)),
                            .what = arena_text(f->arena, what, strlen(what))};
    if (v->path == NULL || v->what == NULL)
        return;
    *f->end = v;
    f->end = &v->next;
}

static int encode(struct fit *fit, struct arena *a)
{
    struct buf bytes = {0};
    int bad = codec_encode(&fit->message, &bytes, &fit->problem);
    if (bad == 0) {
        const char *kept = bytes.failed ? NULL : arena_text(a, (const char *)bytes.p, bytes.n);
        bad = kept == NULL ? err_set(&fit->problem, "out of memory") : 0;
        fit->bytes = (struct slice){(const uint8_t *)kept, bytes.n};
    }
    buf_close(&bytes);
    return bad;
}

static int read_fit(struct fit *fit, struct slice text, bool json, const struct fits_reading *r,
                    struct arena *a)
{
    struct message *m = &fit->message;
    const char *p = (const char *)text.p;
    if ((json ? json_read : xml_read)(fit->schema, p, text.n, r->fragment, a, m, &fit->problem) !=
        0)
        return -1;
    bool has_node = m->as != NULL && m->as->kind == KIND_NODE;
    if (r->complete && has_node && node_complete(a, m->v.n, &fit->problem) != 0)
        return -1;
    struct finding finding = {a, &m->violations};
    message_check(m, add_violation, &finding);
    return encode(fit, a);
}

/* Whether any grammar may have the root; where none may, each tells what it expects. */
static bool any_may(const struct grammars *g, const struct root *root)
{
    for (unsigned i = 0; i < g->n; i++)
        if (root_may_be_of(root, g->schema[i]))
            return true;
    return false;
}

/* How far a text was read: levels of elements, and lines. */
static uint64_t distance(const struct err *e)
{
    uint64_t levels = e->path[0] != '\0';
    for (const char *c = e->path; *c != '\0'; c++)
        levels += *c == '/';
    return levels << 32 | (uint32_t)(e->line > 0 ? e->line : 0);
}

void fits_read(struct fits *f, const struct grammars *g, struct slice text,
               const struct fits_reading *r, struct arena *a)
{
    struct root root;
    root_find(&root, text);
    bool try_all = !any_may(g, &root);
    fits_open(f);
    for (unsigned i = 0; i < g->n; i++) {
        struct fit *fit = fits_new(f, g->schema[i]);
        struct arena_mark mark = arena_mark(a);
        fit->fits = false;
        if (try_all || root_may_be_of(&root, fit->schema))
            fit->fits = read_fit(fit, text, root.is_json, r, a) == 0;
        else
            err_set(&fit->problem, "%s has no such root element", fit->schema->name);
        fit->likely =
            fit->fits ? (struct likely){.name = "", .wrong = fit->message.violations != NULL}
                      : (struct likely){
                            .name = "", .state = LIKELY_WRONG, .right = distance(&fit->problem)};
        if (!fit->fits)
            arena_rewind(a, mark);
        fits_close(f, fit);
    }
}

/* ---- telling ---- */

bool fits_counts(const struct fits *f, const struct fit *fit)
{
    return likely_compare(&fit->likely, &f->at[f->first].likely) == 0;
}

const struct fit *fits_first(const struct fits *f)
{
    return &f->at[f->first];
}

bool fits_any(const struct fits *f)
{
    return fits_first(f)->fits;
}

void fits_report_none(const struct fits *f, const char *where)
{
    const struct fit *first = fits_first(f);
    unsigned same = 0;
    for (unsigned i = 0; i < f->n; i++)
        same += !f->at[i].fits && strcmp(f->at[i].problem.what, first->problem.what) == 0;
    if (same == f->n) { /* it has nothing to do with the grammar, or there is but one */
        report_err(where, &first->problem);
        return;
    }
    for (unsigned i = 0; i < f->n; i++) {
        const struct fit *fit = &f->at[i];
        if (f->counted > ALIKE_MAX ? fit != first : !fits_counts(f, fit))
            continue;
        char label[256];
        snprintf(label, sizeof label, "%s%s%s", where, where[0] != '\0' ? ": " : "",
                 fit->schema->name);
        report_err(label, &fit->problem);
    }
    if (f->fitting == 0)
        report(REPORT_NOTE,
               "none of %u grammars fits; the others are less likely; --grammar NAME tells about "
               "one",
               f->n);
    else
        fits_report_others(f, where);
}

/* Whether it says something that another grammar would fit, too: not where it fits only as what is
 * no message, or has no header, and the first is one. */
static bool is_rival(const struct fits *f, const struct fit *fit)
{
    const struct likely *first = &f->at[f->first].likely;
    return fit->fits && !fits_counts(f, fit) && fit->likely.is_message >= first->is_message &&
           fit->likely.has_header >= first->has_header;
}

void fits_report_others(const struct fits *f, const char *where)
{
    char others[NAMES_TEXT] = "";
    size_t used = 0;
    for (unsigned i = 0; i < f->n && used < sizeof others; i++)
        if (is_rival(f, &f->at[i]))
            used += (size_t)snprintf(others + used, sizeof others - used, "%s%s",
                                     used > 0 ? ", " : "", f->at[i].schema->name);
    if (used > 0)
        report(REPORT_NOTE, "%s%sit also fits, but less well: %s", where,
               where[0] != '\0' ? ": " : "", others);
}

void fits_report_element(const struct fits *f, bool is_fragment, const char *where)
{
    const struct fit *first = fits_first(f);
    if (f->n < 2 || is_fragment || first->likely.is_message)
        return;
    struct named named = message_named(&first->message);
    report(REPORT_WARNING,
           "%s%sno grammar reads it as a message; %s is an element of %s. Input that is cut or "
           "damaged may look like this; --grammar NAME tells what is wrong with it as another one",
           where, where[0] != '\0' ? ": " : "", named.name != NULL ? named.name : "it",
           first->schema->name);
}

void fits_report_some(const struct fits *f, const char *where)
{
    for (unsigned i = 0; i < f->n; i++) {
        const struct fit *fit = &f->at[i];
        if (fits_counts(f, fit))
            report_violations(where, f->counted > 1 ? fit->schema->name : "", &fit->message);
    }
    fits_report_others(f, where);
}

void fits_names(const struct fits *f, struct buf *out)
{
    bool is_first = true;
    for (unsigned i = 0; i < f->n; i++) {
        if (!fits_counts(f, &f->at[i]))
            continue;
        buf_printf(out, "%s%s", is_first ? "" : ", ", f->at[i].schema->name);
        is_first = false;
    }
}
