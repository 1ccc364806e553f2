/* SPDX-License-Identifier: Apache-2.0 */
#include "record/session_summary.h"

#include "codec/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ID_OCTETS 16
#define NAME_TEXT 96

/* What the network did to one side's segments, of one kind. */
struct happened {
    uint64_t n, octets;
    int64_t longest_us;
};

/* How one message kept one of its times. */
struct kept_time {
    struct kept_time *next;
    struct kept_time *follower; /* that was kept behind it the last time; NULL: not known */
    const char *message, *limit;
    uint8_t from_role; /* whose message it is, and so who was late */
    int64_t limit_us, worst_us;
    uint64_t n, late;
};

struct summarised {
    struct summarised *next, *next_in_bucket;
    uint32_t number;
    const struct schema *schema; /* of its last message behind the agreement */
    const char *mode;            /* "AC", "DC" */
    uint8_t id[ID_OCTETS];
    uint32_t id_n;
    bool is_resumed; /* the vehicle came with a SessionID, and the station kept it */
    uint64_t messages;
    int64_t first_us, last_us;
    char end[160], after_end[160], failed[NAME_TEXT * 2];
    uint32_t refused, unanswered;                                /* connections that never were */
    struct happened network[FROM_BOTH + 1][NETWORK_UNKNOWN + 1]; /* by who sent */
    struct kept_time *times, **times_end;
    struct kept_time *newest; /* that was kept last; NULL: none */
};

/* Made where there is none; NULL without memory. */
static struct summarised *session_of(struct session_summary *all, uint32_t number)
{
    struct summarised **bucket = &all->bucket[number % SUMMARY_BUCKETS], *s = *bucket;
    while (s != NULL && s->number != number)
        s = s->next_in_bucket;
    if (s != NULL)
        return s;
    if ((s = calloc(1, sizeof *s)) == NULL) {
        buf_note_run_out();
        return NULL;
    }
    s->number = number;
    s->times_end = &s->times;
    s->next_in_bucket = *bucket;
    *bucket = s;
    if (all->last != NULL)
        all->last->next = s;
    else
        all->first = s;
    all->last = s;
    return s;
}

/* Messages that are there in one mode only. */
static const char *mode_of(const char *name)
{
    static const struct {
        const char *start, *mode;
    } MODES[] = {{"CurrentDemand", "DC"},
                 {"CableCheck", "DC"},
                 {"ChargingStatus", "AC"},
                 {"DC_", "DC"},
                 {"AC_", "AC"}};
    for (size_t i = 0; i < sizeof MODES / sizeof MODES[0]; i++)
        if (name[0] == MODES[i].start[0] &&
            strncmp(name, MODES[i].start, strlen(MODES[i].start)) == 0)
            return MODES[i].mode;
    return NULL;
}

static void note_id(struct summarised *s, const struct message *m, const char *name)
{
    static const uint8_t NONE[ID_OCTETS];
    const struct bytes *id = node_bytes(message_header(m), "SessionID");
    uint32_t n = id == NULL ? 0 : id->n < ID_OCTETS ? id->n : ID_OCTETS;
    if (n == 0 || memcmp(id->p, NONE, n) == 0)
        return;
    bool is_same = n == s->id_n && memcmp(id->p, s->id, n) == 0;
    if (strcmp(name, "SessionSetupRes") == 0)
        s->is_resumed = is_same;
    if (is_same)
        return;
    memcpy(s->id, id->p, n);
    s->id_n = n;
}

static void note_frame(struct summarised *s, const struct event *e)
{
    s->messages++;
    if (e->is_failed)
        snprintf(s->failed, sizeof s->failed, "%s %s", e->name, e->code);
    if (e->message == NULL || event_is_datagram(e))
        return;
    const char *mode = mode_of(e->name);
    s->schema = e->message->schema;
    note_id(s, e->message, e->name);
    if (mode != NULL)
        s->mode = mode;
}

static bool is_time(const struct kept_time *t, const struct event *e)
{
    return strcmp(t->message, e->name) == 0 && strcmp(t->limit, e->text) == 0;
}

/* Messages follow each other as they did before. Made where there is none; NULL without memory. */
static struct kept_time *time_of(struct summarised *s, const struct event *e)
{
    struct kept_time *t = s->newest == NULL ? NULL : s->newest->follower;
    if (t != NULL && t->message == e->name && t->limit == e->text)
        return t;
    t = s->times;
    while (t != NULL && !is_time(t, e))
        t = t->next;
    if (t != NULL)
        return t;
    if ((t = calloc(1, sizeof *t)) == NULL) {
        buf_note_run_out();
        return NULL;
    }
    t->message = e->name;
    t->limit = e->text;
    t->from_role = e->from_role;
    t->limit_us = e->limit_us;
    *s->times_end = t;
    s->times_end = &t->next;
    return t;
}

static void note_time(struct summarised *s, const struct event *e)
{
    struct kept_time *t = time_of(s, e);
    if (t == NULL)
        return;
    if (s->newest != NULL)
        s->newest->follower = t;
    s->newest = t;
    t->n++;
    t->late += !e->ok;
    if (e->taken_us > t->worst_us)
        t->worst_us = e->taken_us;
}

/* A connection that never was does not end the session. */
static void note_close(struct summarised *s, const struct event *e)
{
    if (e->connection == 0) {
        s->refused += e->how == HOW_REFUSED;
        s->unanswered += e->how == HOW_TIMEOUT;
        return;
    }
    snprintf(s->end, sizeof s->end, "%s", e->text);
    s->after_end[0] = '\0';
}

static void note_network(struct summarised *s, const struct event *e)
{
    struct happened *h = &s->network[e->from_role][e->network];
    h->n++;
    h->octets += e->octets;
    if (e->taken_us > h->longest_us)
        h->longest_us = e->taken_us;
}

void session_summary_event(void *context, const struct event *e)
{
    struct summarised *s = e->session == 0 ? NULL : session_of(context, e->session);
    if (s == NULL)
        return;
    if (s->first_us == 0)
        s->first_us = e->us;
    if (e->us > s->last_us)
        s->last_us = e->us;
    if (e->kind == EVENT_FRAME)
        note_frame(s, e);
    else if (e->kind == EVENT_TIMER)
        note_time(s, e);
    else if (e->kind == EVENT_CLOSE)
        note_close(s, e);
    else if (e->kind == EVENT_AFTER)
        snprintf(s->after_end, sizeof s->after_end, "; %s", e->text);
    else if (e->kind == EVENT_NETWORK)
        note_network(s, e);
}

static void print_times(const struct summarised *s, struct buf *out)
{
    for (const struct kept_time *t = s->times; t != NULL; t = t->next)
        if (t->late > 0)
            buf_printf(out, "  late: %s, %llu of %llu, up to %.0f ms; %s is %.0f ms\n", t->message,
                       (unsigned long long)t->late, (unsigned long long)t->n,
                       (double)t->worst_us / 1e3, t->limit, (double)t->limit_us / 1e3);
}

/* ORDER EVENT_NETWORK: in words; NULL: of no session */
static const char *const HAPPENED[NETWORK_UNKNOWN + 1] = {NULL,
                                                          "segments sent again",
                                                          "connections that took several SYN",
                                                          "data not acknowledged",
                                                          "windows of 0",
                                                          "windows opened again",
                                                          "packets captured only in part",
                                                          NULL,
                                                          NULL,
                                                          NULL};

static void print_network(const struct summarised *s, struct buf *out)
{
    if (s->refused + s->unanswered > 0)
        buf_printf(out, "  connections: %u refused, %u not answered\n", s->refused, s->unanswered);
    for (int role = FROM_EVCC; role <= FROM_SECC; role++)
        for (int i = 0; i <= NETWORK_UNKNOWN; i++) {
            const struct happened *h = &s->network[role][i];
            if (h->n == 0 || HAPPENED[i] == NULL)
                continue;
            buf_printf(out, "  network: %s of the %s: %llu", HAPPENED[i], EVENT_ROLES[role],
                       (unsigned long long)h->n);
            if (h->octets > 0)
                buf_printf(out, " (%llu bytes)", (unsigned long long)h->octets);
            if (h->longest_us > 0)
                buf_printf(out, ", up to %.1f ms", (double)h->longest_us / 1e3);
            buf_char(out, '\n');
        }
}

void session_summary_print(const struct session_summary *all, struct buf *out)
{
    for (const struct summarised *s = all->first; s != NULL; s = s->next) {
        if (s->messages + s->refused + s->unanswered == 0)
            continue;
        buf_printf(out, "session %u:", s->number);
        size_t mark = out->n;
        if (s->schema != NULL && s->schema->protocol != NULL)
            buf_printf(out, " %s", s->schema->protocol);
        if (s->mode != NULL)
            buf_printf(out, " %s", s->mode);
        if (s->id_n > 0) {
            buf_text(out, " SessionID ");
            buf_hex(out, s->id, s->id_n, true);
            buf_text(out, s->is_resumed ? " (resumed)" : "");
        }
        buf_printf(out, "%s %llu messages in %.3f s, %s%s\n", out->n > mark ? "," : "",
                   (unsigned long long)s->messages, (double)(s->last_us - s->first_us) / 1e6,
                   s->end[0] != '\0'                ? s->end
                   : s->refused + s->unanswered > 0 ? "not connected"
                                                    : "not closed",
                   s->after_end);
        if (s->failed[0] != '\0')
            buf_printf(out, "  refused: %s\n", s->failed);
        print_network(s, out);
        print_times(s, out);
    }
}

/* ---- as JSON ---- */

static void add_text(struct buf *out, const char *before, const char *text)
{
    buf_text(out, before);
    json_quote(text, strlen(text), out);
}

static void add_times(const struct summarised *s, struct buf *out)
{
    buf_text(out, ",\"times\":[");
    for (const struct kept_time *t = s->times; t != NULL; t = t->next) {
        add_text(out, t == s->times ? "{\"name\":" : ",{\"name\":", t->message);
        add_text(out, ",\"from\":", EVENT_ROLES[t->from_role]);
        add_text(out, ",\"limit\":", t->limit);
        buf_printf(out, ",\"limit_us\":%lld,\"worst_us\":%lld,\"count\":%llu,\"late\":%llu}",
                   (long long)t->limit_us, (long long)t->worst_us, (unsigned long long)t->n,
                   (unsigned long long)t->late);
    }
    buf_char(out, ']');
}

static void add_network(const struct summarised *s, struct buf *out)
{
    const char *before = "";
    if (s->refused > 0)
        buf_printf(out, ",\"refused_connections\":%u", s->refused);
    if (s->unanswered > 0)
        buf_printf(out, ",\"unanswered_connections\":%u", s->unanswered);
    buf_text(out, ",\"network\":[");
    for (int role = FROM_EVCC; role <= FROM_SECC; role++)
        for (int i = 0; i <= NETWORK_UNKNOWN; i++) {
            const struct happened *h = &s->network[role][i];
            if (h->n == 0)
                continue;
            buf_printf(out,
                       "%s{\"network\":\"%s\",\"from\":\"%s\",\"count\":%llu,\"octets\":%llu,"
                       "\"longest_us\":%lld}",
                       before, EVENT_NETWORKS[i], EVENT_ROLES[role], (unsigned long long)h->n,
                       (unsigned long long)h->octets, (long long)h->longest_us);
            before = ",";
        }
    buf_char(out, ']');
}

static bool is_late(const struct summarised *s)
{
    for (const struct kept_time *t = s->times; t != NULL; t = t->next)
        if (t->late > 0)
            return true;
    return false;
}

static void add_session(const struct summarised *s, uint64_t number, struct buf *out)
{
    bool is_ok = s->failed[0] == '\0' && !is_late(s);
    buf_printf(out, "{\"number\":%llu,\"us\":%lld,\"kind\":\"session\",\"session\":%u",
               (unsigned long long)number, (long long)s->last_us, s->number);
    if (s->schema != NULL && s->schema->protocol != NULL)
        add_text(out, ",\"protocol\":", s->schema->protocol);
    if (s->mode != NULL)
        add_text(out, ",\"mode\":", s->mode);
    if (s->id_n > 0) {
        buf_text(out, ",\"session_id\":\"");
        buf_hex(out, s->id, s->id_n, true);
        buf_printf(out, "\",\"resumed\":%s", s->is_resumed ? "true" : "false");
    }
    buf_printf(out, ",\"messages\":%llu,\"first_us\":%lld,\"last_us\":%lld",
               (unsigned long long)s->messages, (long long)s->first_us, (long long)s->last_us);
    if (s->end[0] != '\0')
        add_text(out, ",\"end\":", s->end);
    if (s->after_end[0] != '\0')
        add_text(out, ",\"after_end\":", s->after_end + strlen("; "));
    if (s->failed[0] != '\0')
        add_text(out, ",\"refused\":", s->failed);
    add_network(s, out);
    add_times(s, out);
    buf_text(out, is_ok ? ",\"ok\":true}\n" : ",\"ok\":false}\n");
}

uint64_t session_summary_json(const struct session_summary *all, uint64_t number, struct buf *out)
{
    uint64_t next = number;
    for (const struct summarised *s = all->first; s != NULL; s = s->next)
        if (s->messages + s->refused + s->unanswered > 0)
            add_session(s, next++, out);
    return next - number;
}

void session_summary_close(struct session_summary *all)
{
    for (struct summarised *s = all->first, *next; s != NULL; s = next) {
        next = s->next;
        for (struct kept_time *t = s->times, *after; t != NULL; t = after) {
            after = t->next;
            free(t);
        }
        free(s);
    }
    memset(all, 0, sizeof *all);
}
