/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/signature.h"

#include "trust/signature_fragment.h"
#include "trust/signature_parts.h"
#include "trust/signature_suite.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#define SHOWN_MAX 80 /* characters of the peer's text in an error */

const char *signature_fault_name(enum signature_fault fault)
{
    /* ORDER SIGNATURE_FAULT */
    static const char *const NAMES[] = {"valid",    "absent",    "malformed",    "wrong algorithm",
                                        "dangling", "uncovered", "wrong digest", "wrong value"};
    return NAMES[fault];
}

static bool bytes_are(const struct bytes *b, const char *text)
{
    return b != NULL && b->n == strlen(text) && memcmp(b->p, text, b->n) == 0;
}

struct check {
    const struct message *m;
    struct signature_report *r;
    struct arena *arena;
    struct err *e;
    const struct node *signature, *info;
    const struct node *covered[SIGNATURE_REFERENCES_MAX];
};

__attribute__((format(printf, 3, 4))) static int refuse(struct check *c, enum signature_fault fault,
                                                        const char *format, ...)
{
    char text[sizeof c->e->what];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (c->r->fault == SIGNATURE_VALID)
        c->r->fault = fault;
    return err_set(c->e, "%s", text);
}

/* The peer's text for an error: on one line, shortened. shown has SHOWN_MAX + 4 bytes. */
static const char *show(const struct bytes *b, char *shown)
{
    size_t n = b == NULL ? 0 : b->n < SHOWN_MAX ? b->n : SHOWN_MAX;
    for (size_t i = 0; i < n; i++)
        shown[i] = (char)(b->p[i] >= ' ' && b->p[i] < 127 ? b->p[i] : '?');
    strcpy(shown + n, b != NULL && b->n > n ? "..." : "");
    return b == NULL ? "none" : shown;
}

/* An element that is an algorithm's URI and nothing else. */
static int check_method(struct check *c, const struct node *n, const char *name, const char *uri)
{
    char shown[SHOWN_MAX + 4];
    const struct node *method = node_child(n, name);
    const struct bytes *algorithm = node_bytes(method, "Algorithm");
    if (!bytes_are(algorithm, uri))
        return refuse(c, SIGNATURE_ALGORITHM, "%s is %s; expected %s", name, show(algorithm, shown),
                      uri);
    const struct items *items = node_items(method);
    if (items != NULL && items->n > 0)
        return refuse(c, SIGNATURE_MALFORMED, "%s has content; expected none", name);
    return 0;
}

/* No transforms at all, or canonical EXI and nothing else. */
static int check_transforms(struct check *c, const struct node *reference)
{
    const struct node *transforms = node_child(reference, "Transforms");
    if (transforms == NULL)
        return 0;
    struct node_at at = node_find(transforms, "Transform");
    uint32_t n = at.field == NULL ? 0 : at.v.l->n;
    if (n != 1)
        return refuse(c, SIGNATURE_MALFORMED, "%u transforms; expected 1, %s", n, SIGNATURE_EXI);
    const struct node *transform = at.v.l->v[0].n;
    const struct bytes *algorithm = node_bytes(transform, "Algorithm");
    char shown[SHOWN_MAX + 4];
    const struct items *items = node_items(transform);
    if (!bytes_are(algorithm, SIGNATURE_EXI) || (items != NULL && items->n > 0))
        return refuse(c, SIGNATURE_ALGORITHM, "the transform is %s; expected %s alone",
                      show(algorithm, shown), SIGNATURE_EXI);
    return 0;
}

static void check_map(struct check *c, struct signature_reference *r,
                      const struct signature_part *part)
{
    struct err e = ERR_INIT;
    struct buf bytes = {0};
    uint8_t hash[SIGNATURE_DIGEST_MAX];
    if (signature_map_fragment(c->m, part, &bytes) == 0 &&
        signature_suite_digest(c->r->suite, &bytes, hash, &e) == 0)
        r->matches_map =
            r->stated_size == r->computed_size && memcmp(hash, r->stated, r->stated_size) == 0;
    buf_close(&bytes);
}

static int check_digest(struct check *c, struct signature_reference *r,
                        const struct signature_part *part, const struct bytes *stated)
{
    struct buf bytes = {0}, text = {0};
    struct err inner = ERR_INIT;
    int bad = signature_part_fragment(c->m, part, &bytes, &inner) != 0 ||
              signature_suite_digest(c->r->suite, &bytes, r->computed, &inner) != 0;
    buf_close(&bytes);
    if (bad)
        return refuse(c, SIGNATURE_DIGEST, "%s: %s", r->uri, inner.what);
    r->computed_size = c->r->suite->digest_size;
    size_t n = stated == NULL ? 0 : stated->n;
    r->stated_size = (uint16_t)(n < SIGNATURE_DIGEST_MAX ? n : SIGNATURE_DIGEST_MAX);
    if (r->stated_size > 0)
        memcpy(r->stated, stated->p, r->stated_size);
    r->matches = n == r->computed_size && memcmp(r->stated, r->computed, n) == 0;
    if (r->matches)
        return 0;
    check_map(c, r, part);
    buf_base64(&text, r->stated, r->stated_size);
    buf_text(&text, "; expected ");
    buf_base64(&text, r->computed, r->computed_size);
    refuse(c, SIGNATURE_DIGEST, "the digest of %s (%s) is %s, that of the element as received%s",
           part->field->name, r->uri, buf_string(&text),
           r->matches_map ? " (it is that of the text {Id=..., value=...}, as some peers hash it)"
                          : "");
    buf_close(&text);
    return -1;
}

static int check_reference(struct check *c, const struct node *reference, unsigned number)
{
    struct signature_reference *r = &c->r->reference[number];
    const struct bytes *uri = node_bytes(reference, "URI");
    char shown[SHOWN_MAX + 4];
    show(uri, shown);
    r->uri = arena_text(c->arena, shown, strlen(shown));
    if (r->uri == NULL)
        return node_no_memory(c->e);
    if (uri == NULL || uri->n < 2 || uri->p[0] != '#')
        return refuse(c, SIGNATURE_DANGLING, "reference %u has the URI '%s'; expected # and an Id",
                      number + 1, shown);
    struct signature_search s = {.id = (const char *)uri->p + 1, .id_size = uri->n - 1};
    signature_search(c->m, &s);
    if (s.n != 1)
        return refuse(c, SIGNATURE_DANGLING, "%s elements have the Id of reference %s; expected 1",
                      s.n == 0 ? "no" : "several", shown);
    r->element = s.at[0].field->name;
    for (unsigned i = 0; i < number; i++)
        if (c->covered[i] == s.at[0].node)
            return refuse(c, SIGNATURE_MALFORMED, "two references to %s", shown);
    c->covered[number] = s.at[0].node;
    if (check_transforms(c, reference) != 0 ||
        check_method(c, reference, "DigestMethod", c->r->suite->digest) != 0)
        return -1;
    return check_digest(c, r, &s.at[0], node_bytes(reference, "DigestValue"));
}

/* What the standard wants signed must be. */
static int check_coverage(struct check *c)
{
    const struct signature_parts *parts = signature_parts(c->m);
    for (unsigned i = 0; parts != NULL && i < SIGNATURE_PARTS_MAX && parts->part[i] != NULL; i++) {
        struct signature_search found = {.name = parts->part[i]};
        signature_search(c->m, &found);
        for (unsigned j = 0; j < found.n && j < SIGNATURE_REFERENCES_MAX; j++) {
            bool is_covered = false;
            for (unsigned k = 0; k < c->r->references; k++)
                is_covered = is_covered || c->covered[k] == found.at[j].node;
            if (!is_covered)
                return refuse(c, SIGNATURE_UNCOVERED,
                              "no reference to %s; the standard wants it signed", parts->part[i]);
        }
        if (found.n == 0 && !parts->is_optional)
            return refuse(c, SIGNATURE_UNCOVERED, "%s has no %s, which the standard wants signed",
                          parts->message, parts->part[i]);
    }
    return 0;
}

static int check_value(struct check *c, EVP_PKEY *key, const struct schema *xmldsig)
{
    const struct signature_suite *suite = c->r->suite;
    const struct bytes *value = node_bytes(c->signature, "SignatureValue/");
    struct buf bytes = {0};
    if (value == NULL || value->n != suite->value_size)
        return refuse(c, SIGNATURE_VALUE, "a SignatureValue of %u octets; expected %u of %s",
                      value == NULL ? 0 : value->n, suite->value_size, suite->name);
    if (key == NULL)
        return 0;
    struct err other = ERR_INIT;
    const struct signature_suite *of_key = signature_suite_of(key, &other);
    if (of_key != suite)
        return refuse(c, SIGNATURE_ALGORITHM, "a signature of %s, and %s%s", suite->name,
                      of_key == NULL ? "" : "a key of ",
                      of_key == NULL ? other.what : of_key->name);
    struct err inner = ERR_INIT;
    int result = signature_info_fragment(c->info, xmldsig, c->arena, &bytes, &inner);
    if (result == 0)
        result = signature_suite_verify(suite, key, &bytes, value->p, &inner);
    buf_close(&bytes);
    if (result < 0)
        return refuse(c, SIGNATURE_VALUE, "%s", inner.what);
    c->r->value_checked = true;
    c->r->value_matches = result == 1;
    if (result == 0)
        return refuse(c, SIGNATURE_VALUE,
                      "the SignatureValue is not that of SignedInfo and the key (%s)", suite->name);
    return 0;
}

/* Which suite SignatureMethod states. */
static int check_suite(struct check *c)
{
    char shown[SHOWN_MAX + 4];
    const struct bytes *method = node_bytes(c->info, "SignatureMethod/Algorithm");
    for (unsigned i = 0; i < SUITES; i++) {
        const struct signature_suite *s = &SIGNATURE_SUITES[i];
        if (bytes_are(method, s->method))
            c->r->suite = s;
    }
    if (c->r->suite == NULL || !signature_suite_fits(c->r->suite, c->m))
        refuse(c, SIGNATURE_ALGORITHM, "SignatureMethod is %s; expected %s for %s",
               show(method, shown),
               signature_suite_fits(&SIGNATURE_SUITES[SUITE_P256], c->m)
                   ? SIGNATURE_SUITES[SUITE_P256].method
                   : "ecdsa-sha512 or Ed448",
               c->m->schema->protocol);
    if (c->r->suite == NULL)
        return -1;
    int bad = check_method(c, c->info, "CanonicalizationMethod", SIGNATURE_EXI);
    return bad | check_method(c, c->info, "SignatureMethod", c->r->suite->method);
}

static int check_form(struct check *c)
{
    c->signature = node_child(message_header(c->m), "Signature");
    if (c->signature == NULL)
        return refuse(c, SIGNATURE_ABSENT, "%s has no Signature in its header",
                      message_named(c->m).name == NULL ? "the message" : message_named(c->m).name);
    c->info = node_child(c->signature, "SignedInfo");
    if (c->info == NULL || node_child(c->signature, "SignatureValue") == NULL)
        return refuse(c, SIGNATURE_MALFORMED, "the Signature lacks SignedInfo or SignatureValue");
    struct node_at more = node_find(c->signature, "KeyInfo");
    if (more.field == NULL)
        more = node_find(c->signature, "Object");
    if (more.field != NULL)
        return refuse(c, SIGNATURE_MALFORMED, "the Signature has %s; expected none",
                      more.field->name);
    return 0;
}

static int check_references(struct check *c)
{
    unsigned most = signature_references_most(c->m);
    struct node_at at = node_find(c->info, "Reference");
    uint32_t n = at.field == NULL ? 0 : at.v.l->n;
    if (n == 0 || n > most)
        return refuse(c, SIGNATURE_MALFORMED, "%u references; expected 1 to %u", n, most);
    c->r->references = n;
    int bad = 0;
    for (uint32_t i = 0; i < n; i++) /* all of them, for the report; the first error is kept */
        bad |= check_reference(c, at.v.l->v[i].n, i);
    return bad != 0 ? -1 : check_coverage(c);
}

int signature_verify(const struct message *m, struct evp_pkey_st *key, const struct schema *xmldsig,
                     struct arena *a, struct signature_report *report, struct err *e)
{
    struct signature_report own;
    struct check c = {.m = m, .r = report != NULL ? report : &own, .arena = a, .e = e};
    memset(c.r, 0, sizeof *c.r);
    if (m->as == NULL || m->as->kind != KIND_NODE)
        return refuse(&c, SIGNATURE_ABSENT, "no message that could have a Signature");
    if (check_form(&c) != 0)
        return -1;
    /* of a suite that does not belong to the protocol the rest is checked nevertheless */
    int bad = check_suite(&c);
    if (c.r->suite == NULL)
        return -1;
    bad |= check_references(&c);
    bad |= check_value(&c, key, xmldsig);
    c.r->is_intact = c.r->value_matches;
    for (unsigned i = 0; i < c.r->references; i++)
        c.r->is_intact =
            c.r->is_intact && (c.r->reference[i].matches || c.r->reference[i].matches_map);
    return bad != 0 || c.r->fault != SIGNATURE_VALID ? -1 : 0;
}
