/* SPDX-License-Identifier: Apache-2.0 */
#include "page/handshakes.h"

#include "base/json_text.h"
#include "tls/tls_told.h"
#include "trust/describe.h"
#include "trust/pki.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define REPORT "report" /* `by` of what nobody has judged while it was recorded */

static const char *text_at(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

/* Octets of base64; the caller closes them. */
static struct buf octets_of(const json_t *text)
{
    struct buf der = {0};
    size_t n = json_string_length(text);
    uint8_t *room = buf_reserve(&der, n + 1);
    int64_t got = room == NULL ? -1 : base64_read(json_string_value(text), n, room, n + 1);
    der.n = got > 0 ? (size_t)got : 0;
    return der;
}

/* ---- an event ---- */

/* The certificates become their numbers in the dictionary. */
static void number_chains(json_t *handshake, struct dictionary *d)
{
    json_t *chains = json_object_get(handshake, "chains"), *chain, *one;
    const char *side;
    size_t i;
    json_object_foreach(chains, side, chain) json_array_foreach(chain, i, one)
    {
        struct buf der = octets_of(one);
        size_t number = dictionary_certificate(d, (struct slice){der.p, der.n});
        json_array_set_new(chain, i, json_integer((json_int_t)number));
        buf_close(&der);
    }
}

static void describe_staple(json_t *handshake)
{
    json_t *ocsp = json_object_get(handshake, "ocsp");
    struct buf der = {0}, text = {0};
    if (!json_is_object(ocsp))
        return;
    der = octets_of(json_object_get(ocsp, "response"));
    describe_ocsp((struct slice){der.p, der.n}, &text);
    json_t *told = json_text_read((const char *)text.p, text.n, JSON_ALLOW_NUL, NULL);
    json_object_del(ocsp, "response");
    json_object_update_missing(ocsp, told);
    json_decref(told);
    buf_close(&der);
    buf_close(&text);
}

static json_t *find(const struct handshakes *h, uint32_t connection)
{
    size_t i;
    json_t *one;
    json_array_foreach(h->list, i, one) if (json_integer_value(json_object_get(
                                                one, "connection")) == connection) return one;
    return NULL;
}

/* Who has judged it now is last; what others have said stays. */
static json_t *judged_by(const json_t *before, json_t *judged, const char *by)
{
    json_t *list = json_array(), *one;
    size_t i;
    json_array_foreach(json_object_get(before, "judged"), i,
                       one) if (strcmp(text_at(one, "by"), by) != 0) json_array_append(list, one);
    if (judged != NULL) {
        json_object_set_new(judged, "by", json_string(by));
        json_array_append(list, judged);
    }
    return list;
}

/* What only one of both sides knows: how the response was checked, and alerts that came later. */
static void keep_more(json_t *handshake, const json_t *before)
{
    json_t *ocsp = json_object_get(before, "ocsp");
    if (text_at(ocsp, "checked")[0] != '\0')
        json_object_set(handshake, "ocsp", ocsp);
    json_t *told = json_object_get(before, "alerts");
    if (json_array_size(told) > json_array_size(json_object_get(handshake, "alerts")))
        json_object_set(handshake, "alerts", told);
}

void handshakes_add(struct handshakes *h, struct dictionary *d, const struct event *e)
{
    json_t *handshake = e->handshake == NULL ? NULL
                                             : json_text_read(e->handshake, strlen(e->handshake),
                                                              JSON_ALLOW_NUL, NULL);
    if (!json_is_object(handshake)) {
        json_decref(handshake);
        return;
    }
    json_t *before = find(h, e->connection);
    number_chains(handshake, d);
    describe_staple(handshake);
    json_object_set_new(handshake, "connection", json_integer(e->connection));
    json_object_set_new(handshake, "session", json_integer(e->session));
    json_object_set_new(handshake, "judged",
                        judged_by(before, json_object_get(handshake, "judged"), e->by));
    if (h->list == NULL)
        h->list = json_array();
    if (before == NULL) {
        json_array_append_new(h->list, handshake);
        return;
    }
    keep_more(handshake, before);
    json_object_clear(before);
    json_object_update(before, handshake);
    json_decref(handshake);
}

/* ---- what nobody has judged ---- */

static void add_finding(void *context, const struct pki_finding *f)
{
    tls_told_finding(f, context);
}

static json_t *judge(const json_t *chain, const char *side, int64_t at, const struct dictionary *d)
{
    struct pki_chain certificates = {0};
    struct err ignored = ERR_INIT;
    struct buf findings = {0}, list = {0};
    struct pki_options how = {.role =
                                  strcmp(side, "EVCC") == 0 ? ROLE_VEHICLE_LEAF : ROLE_SECC_LEAF,
                              .edition = -1,
                              .now = at};
    size_t i;
    json_t *number;
    json_array_foreach(chain, i, number) pki_chain_add(
        &certificates, dictionary_der(d, (size_t)json_integer_value(number)), &ignored);
    pki_chain_check(&certificates, &how, add_finding, &findings, NULL);
    buf_char(&list, '[');
    buf_add(&list, findings.p, findings.n);
    buf_char(&list, ']');
    pki_chain_close(&certificates);
    json_t *judged = json_pack("{s:s, s:s, s:o*}", "by", REPORT, "of", side, "findings",
                               json_text_read((const char *)list.p, list.n, JSON_ALLOW_NUL, NULL));
    buf_close(&findings);
    buf_close(&list);
    return judged;
}

static bool is_judged(const json_t *judged, const char *side)
{
    size_t i;
    json_t *one;
    json_array_foreach(judged, i, one) if (strcmp(text_at(one, "of"), side) == 0) return true;
    return false;
}

void handshakes_end(struct handshakes *h, const struct dictionary *d)
{
    size_t i;
    json_t *one, *chain;
    const char *side;
    json_array_foreach(h->list, i, one)
    {
        json_t *judged = json_object_get(one, "judged");
        const json_t *told = json_object_get(one, "at");
        int64_t at = told != NULL ? json_integer_value(told) : (int64_t)time(NULL);
        json_object_foreach(json_object_get(one, "chains"), side,
                            chain) if (json_array_size(chain) > 0 && !is_judged(judged, side))
            json_array_append_new(judged, judge(chain, side, at, d));
    }
}

void handshakes_close(struct handshakes *h)
{
    json_decref(h->list);
    *h = (struct handshakes){.list = NULL};
}
