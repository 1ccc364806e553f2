/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of `v2glab docs` share: topics, words of two languages, rows of tables. */
#include "names/enums.h"
#include "reference/docs.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define MEMBER_TEXT 96

/* ---- topics ---- */

/* "SessionStop" of "SessionStopReq"; index: 0 for a request (or whatever else), 1 for a
 * response. */
static void split_name(const char *message, char *out, size_t size, unsigned *index)
{
    static const struct {
        const char *text;
        unsigned index;
    } ENDS[] = {{"Req", 0}, {"Res", 1}, {"_REQ", 0}, {"_CNF", 1}};
    size_t n = strlen(message), kept = n;
    *index = 0;
    for (size_t i = 0; i < sizeof ENDS / sizeof *ENDS; i++) {
        size_t end = strlen(ENDS[i].text);
        if (n <= end || strcmp(message + n - end, ENDS[i].text) != 0)
            continue;
        kept = n - end;
        *index = ENDS[i].index;
    }
    snprintf(out, size, "%.*s", (int)kept, message);
}

static void add_message(struct docs *d, const struct protocol *protocol, const struct schema *set,
                        const struct element *message)
{
    struct docs_topic new = {.protocol = protocol, .set = set};
    unsigned index;
    split_name(message->as.name, new.name, sizeof new.name, &index);
    for (unsigned i = d->topics; i > 0 && d->topic[i - 1].set == set; i--) {
        struct docs_topic *topic = &d->topic[i - 1];
        if (strcmp(topic->name, new.name) == 0 && topic->message[index] == NULL) {
            topic->message[index] = message;
            return;
        }
    }
    new.message[index] = message;
    if (d->topics < DOCS_TOPICS)
        d->topic[d->topics++] = new;
}

static int add_set(struct docs *d, const struct protocol *protocol, const char *name, struct err *e)
{
    const struct schema *set = library_get(&d->library, name, e);
    if (set == NULL)
        return -1;
    for (unsigned i = 0; i < set->messages; i++)
        if (set->message[i]->from != FROM_NONE && set->message[i]->as.kind == KIND_NODE)
            add_message(d, protocol, set, set->message[i]);
    return 0;
}

bool docs_has_set(const struct protocol *p, unsigned i)
{
    for (const struct protocol *o = PROTOCOLS; o != p; o++)
        for (unsigned k = 0; protocol_is_akin(o, p) && o->set[k] != NULL; k++)
            if (strcmp(o->set[k], p->set[i]) == 0)
                return false;
    return true;
}

int docs_topics(struct docs *d, struct err *e)
{
    d->topics = 0;
    for (const struct protocol *p = PROTOCOLS; p->name != NULL; p++) {
        if (d->protocol != NULL && d->protocol != p)
            continue;
        /* SLAC and SDP are no protocols of their own in the API, and go before
         * supportedAppProtocol */
        if (p == PROTOCOLS && (add_set(d, p, "slac", e) != 0 || add_set(d, p, "sdp", e) != 0))
            return -1;
        for (unsigned i = 0; i < PROTOCOL_SETS && p->set[i] != NULL; i++)
            if (docs_has_set(p, i) && add_set(d, p, p->set[i], e) != 0)
                return -1;
    }
    return 0;
}

/* ---- words ---- */

const char *docs_word(const struct docs *d, const char *key)
{
    return prose_word(&d->prose, key);
}

void docs_sentence(const char *text, struct buf *out)
{
    size_t n = strlen(text);
    if (n == 0)
        return;
    /* names of the standard keep their first letter: eMAID */
    bool is_word = islower((unsigned char)text[0]) && (n == 1 || !isupper((unsigned char)text[1]));
    buf_char(out, is_word ? (char)toupper((unsigned char)text[0]) : text[0]);
    buf_text(out, text + 1);
    buf_text(out, text[n - 1] != '.' ? "." : "");
}

const char *docs_role(uint8_t side)
{
    return side == FROM_EVCC ? "EVCC" : "SECC";
}

const char *docs_direction(uint8_t from)
{
    return from == FROM_EVCC ? "EVCC → SECC" : from == FROM_SECC ? "SECC → EVCC" : "EVCC ↔ SECC";
}

/* ---- tables ---- */

void docs_row(struct docs *d, struct page *p, const char *label, enum page_style style,
              const char *text)
{
    if (text[0] == '\0')
        return;
    page_cell(p, PAGE_PLAIN, docs_word(d, label), NULL);
    page_cell(p, style, text, NULL);
}

void docs_members(const struct simple *s, struct buf *out)
{
    char name[MEMBER_TEXT];
    for (unsigned i = 0; i < s->members; i++)
        buf_printf(out, "%s%s (%u)", i > 0 ? ", " : "", enums_member(s, i, name, sizeof name), i);
}

void docs_parameters(const struct reference_function *f, struct buf *out)
{
    unsigned shown = 0;
    for (unsigned i = 0; i < f->parameters; i++) {
        const struct reference_parameter *parameter = &f->parameter[i];
        if (parameter->is_optional)
            continue;
        buf_printf(out, "%s%s", shown++ > 0 ? ", " : "", parameter->name);
        if (parameter->enumeration != NULL)
            buf_printf(out, " (%s)", parameter->enumeration);
    }
    if (shown == 0)
        buf_char(out, '-');
}

/* ---- files of the tree ---- */

static const char *ending(const struct docs *d)
{
    return d->form == PAGE_HTML ? "html" : "md";
}

void docs_file(const struct docs *d, const struct docs_topic *topic, uint8_t side, char *out,
               size_t size)
{
    snprintf(out, size, "%s-%s-%s.%s", side == FROM_EVCC ? "evcc" : "secc", topic->protocol->name,
             topic->name, ending(d));
    for (size_t i = 0; i < 5 + strlen(topic->protocol->name) && i < size; i++)
        out[i] = (char)tolower((unsigned char)out[i]);
}

void docs_types_file(const struct docs *d, const struct protocol *protocol, char *out, size_t size)
{
    snprintf(out, size, "types-%s.%s", protocol->name, ending(d));
    for (char *c = out; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
}
