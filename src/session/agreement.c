/* SPDX-License-Identifier: Apache-2.0 */
#include "session/agreement.h"

#include "codec/defaults.h"
#include "codec/value.h"
#include "tls/tls.h"
#include "wire/world.h"

#include <stdio.h>
#include <string.h>

static void set_text(struct arena *a, struct node *n, const char *name, const char *text)
{
    struct err ignored = ERR_INIT;
    node_set_text(a, n, name, text, &ignored);
}

static void set_number(struct arena *a, struct node *n, const char *name, uint32_t number)
{
    char text[16];
    snprintf(text, sizeof text, "%u", (unsigned)number);
    set_text(a, n, name, text);
}

int agreement_fill(const struct protocol *p, struct arena *a, struct message *m, struct err *e)
{
    struct node *req = message_named(m).node;
    if (p->uri[0] == NULL) /* supportedAppProtocol itself: as the description has it */
        return 0;
    node_remove(req, 0);
    for (unsigned i = 0; p->uri[i] != NULL; i++) {
        if (node_set_default(a, req, 0, e) != 0)
            return -1;
        struct node *offer = req->v[0].l->v[i].n;
        set_text(a, offer, "ProtocolNamespace", p->uri[i]);
        set_number(a, offer, "VersionNumberMajor", p->major);
        set_number(a, offer, "VersionNumberMinor", p->minor);
        set_number(a, offer, "SchemaID", i + 1);
        set_number(a, offer, "Priority", i + 1);
    }
    return 0;
}

static int send_message(struct peer *p, struct message *m, struct err *e)
{
    struct slice frame;
    return session_send(&p->session, m, 0, "", world_now(p->world), &frame, e);
}

int agreement_offer(struct peer *p, struct err *e)
{
    const char *name = p->options.protocol != NULL ? p->options.protocol : "ISO15118-2";
    const struct protocol *known = protocol_find(name);
    const struct schema *s = library_get(p->session.library, PROTOCOLS[0].set[0], e);
    struct arena a;
    struct message m;
    if (known == NULL)
        return err_set(e, "there is no protocol '%.40s'", name);
    if (p->options.offer != NULL) {
        m = *p->options.offer;
        return send_message(p, &m, e);
    }
    arena_open(&a, NULL, 0, 1 << 20);
    int bad = s == NULL || message_new(s, "supportedAppProtocolReq", &a, &m, e) != 0 ||
              agreement_fill(known, &a, &m, e) != 0 || send_message(p, &m, e) != 0;
    arena_close(&a);
    return bad ? -1 : 0;
}

struct offered {
    char uri[128];
    uint32_t major, minor, schema_id, priority;
};

static uint32_t number_of(const struct node *n, const char *name)
{
    struct node_at at = node_find(n, name);
    return at.field == NULL ? 0 : (uint32_t)at.v.u;
}

static void read_offer(const struct node *n, struct offered *o)
{
    const struct bytes *uri = node_bytes(n, "ProtocolNamespace");
    snprintf(o->uri, sizeof o->uri, "%.*s", uri == NULL ? 0 : (int)uri->n,
             uri == NULL ? "" : (const char *)uri->p);
    o->major = number_of(n, "VersionNumberMajor");
    o->minor = number_of(n, "VersionNumberMinor");
    o->schema_id = number_of(n, "SchemaID");
    o->priority = number_of(n, "Priority");
}

/* Whether the connection is one that the protocol may be spoken over [V2G20-2356] [V2G-DC-868]. */
static bool fits_tls(const struct peer *p, const struct protocol *known)
{
    if (!p->options.is_strict)
        return true;
    if (strcmp(known->family, "ISO15118-20") == 0)
        return p->tls != NULL && tls_info(p->tls)->version == 0x0304;
    return strcmp(known->name, "DIN70121") != 0 || p->tls == NULL;
}

/* Whether the station serves what goes by that namespace [V2G20-169]. */
static bool is_served(const struct peer *p, const char *uri)
{
    const char *at = p->options.namespaces;
    size_t n = strlen(uri);
    if (at[0] == '\0')
        return true;
    for (; *at != '\0'; at = strchr(at, ' ') + 1)
        if (strncmp(at, uri, n) == 0 && at[n] == ' ')
            return true;
    return false;
}

/* The offer of the best rank (1 first) that this side speaks in its major version [V2G2-170]. */
static bool choose_offer(const struct peer *p, const struct node *req, struct offered *best)
{
    const struct list *l = req->has & 1 ? req->v[0].l : NULL;
    const struct protocol *only =
        p->options.protocol == NULL ? NULL : protocol_find(p->options.protocol);
    best->priority = UINT32_MAX;
    for (uint32_t i = 0; l != NULL && i < l->n; i++) {
        struct offered o;
        read_offer(l->v[i].n, &o);
        const struct protocol *known = protocol_by_uri(o.uri, NULL);
        if (known != NULL && (only == NULL || protocol_covers(only, known)) &&
            known->major == o.major && o.priority < best->priority && fits_tls(p, known) &&
            is_served(p, o.uri))
            *best = o;
    }
    return best->priority != UINT32_MAX;
}

int agreement_answer(struct peer *p, const struct node *req, bool *found, struct err *e)
{
    const struct schema *s = library_get(p->session.library, PROTOCOLS[0].set[0], e);
    struct offered best = {0};
    struct arena a;
    struct message m;
    arena_open(&a, NULL, 0, 1 << 20);
    int bad = s == NULL ? -1 : message_new(s, "supportedAppProtocolRes", &a, &m, e);
    if (bad == 0) {
        struct node *res = message_named(&m).node;
        *found = choose_offer(p, req, &best);
        bool minor = *found && protocol_by_uri(best.uri, NULL)->minor != best.minor;
        set_text(&a, res, "ResponseCode",
                 !*found ? "Failed_NoNegotiation"
                 : minor ? "OK_SuccessfulNegotiationWithMinorDeviation"
                         : "OK_SuccessfulNegotiation");
        if (*found)
            set_number(&a, res, "SchemaID", best.schema_id);
        bad = send_message(p, &m, e);
    }
    arena_close(&a);
    return bad;
}
