/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every vector, in every direction: EXI to XML, XML to EXI, EXI to JSON and back. The vectors were
 * made by other codecs and agreed among them (tests/vectors/README.md).
 */
#include "support.h"

#include "codec/json.h"

#include <libxml/parser.h>
#include <libxml/tree.h>

#define MEMORY (64u * 1024 * 1024)
#define SHOWN_MAX 20 /* differences of one file that are printed in full */

/* ORDER CHECK */
enum check {
    CHECK_DECODE, /* the EXI is read, and its XML is the vector's */
    CHECK_AGAIN,  /* what was read is written as it was */
    CHECK_ENCODE, /* the XML is read and written as the vector's EXI */
    CHECK_JSON,   /* through JSON and back it is the same EXI */
    CHECK_HITS,   /* the form with string-table hits is the same message */
    CHECK_OTHERS, /* so are the other encodings */
    CHECKS
};
static const char *const CHECK_NAME[] = {"decode", "decode-encode", "encode",
                                         "json",   "exi_hits",      "exi_alt"};

struct score {
    unsigned done[CHECKS], bad[CHECKS], shown;
    struct arena arena;
    struct buf out, again;
};

/* ---- comparing ---- */

static void differ(struct score *r, const struct vector *v, enum check check, const char *what,
                   const char *expected, const char *found)
{
    r->bad[check]++;
    if (r->shown++ >= SHOWN_MAX)
        return;
    size_t from = support_difference(expected, found);
    print_message("%s, %s: %s\n  expected %s%.160s\n  found    %s%.160s\n", v->id,
                  CHECK_NAME[check], what, from > 0 ? "… " : "", expected + from,
                  from > 0 ? "… " : "", found + from);
}

static void fail_with(struct score *r, const struct vector *v, enum check check, const char *what,
                      const struct err *e)
{
    char text[700];
    differ(r, v, check, what, "success", err_text(e, text, sizeof text));
}

static void expect_octets(struct score *r, const struct vector *v, enum check check,
                          const char *what, struct slice expected, struct slice found)
{
    r->done[check]++;
    if (expected.n == found.n && memcmp(expected.p, found.p, found.n) == 0)
        return;
    struct buf a = {0}, b = {0};
    buf_hex(&a, expected.p, expected.n, false);
    buf_hex(&b, found.p, found.n, false);
    differ(r, v, check, what, buf_string(&a), buf_string(&b));
    buf_close(&a);
    buf_close(&b);
}

static void expect_encoding(struct score *r, const struct vector *v, enum check check,
                            const struct message *m, struct slice expected)
{
    struct err e = ERR_INIT;
    buf_clear(&r->again);
    if (exi_encode_buf(m, &r->again, &e) != 0) {
        r->done[check]++;
        fail_with(r, v, check, "cannot be encoded", &e);
        return;
    }
    expect_octets(r, v, check, "other octets", expected, (struct slice){r->again.p, r->again.n});
}

/*
 * X509Data and KeyInfo are choices that repeat, so their children may come in any order; one of the
 * codecs that made alternative encodings keeps them by kind, and writes them in another order than
 * the XML had. There, and only there, children are compared without their order.
 */
static bool is_unordered(const xmlNode *n)
{
    return xmlStrcmp(n->name, BAD_CAST "X509Data") == 0 ||
           xmlStrcmp(n->name, BAD_CAST "KeyInfo") == 0;
}

static bool same_name(const xmlNode *a, const xmlNode *b)
{
    const xmlChar *of_a = a->ns == NULL ? BAD_CAST "" : a->ns->href;
    const xmlChar *of_b = b->ns == NULL ? BAD_CAST "" : b->ns->href;
    return a->type == b->type && xmlStrEqual(a->name, b->name) && xmlStrEqual(of_a, of_b);
}

static bool same_attributes(xmlNode *a, xmlNode *b)
{
    unsigned of_a = 0, of_b = 0;
    for (xmlAttr *p = b->properties; p != NULL; p = p->next)
        of_b++;
    for (xmlAttr *p = a->properties; p != NULL; p = p->next, of_a++) {
        xmlChar *x = xmlGetNsProp(a, p->name, p->ns == NULL ? NULL : p->ns->href);
        xmlChar *y = xmlGetNsProp(b, p->name, p->ns == NULL ? NULL : p->ns->href);
        bool same = y != NULL && xmlStrEqual(x, y);
        xmlFree(x);
        xmlFree(y);
        if (!same)
            return false;
    }
    return of_a == of_b;
}

static bool same_tree(xmlNode *a, xmlNode *b);

/* Each child of a has one of b that is the same; b's that are taken are marked by _private. */
static bool same_children_any_order(xmlNode *a, xmlNode *b)
{
    for (xmlNode *x = a->children; x != NULL; x = x->next) {
        xmlNode *y = b->children;
        while (y != NULL && (y->_private != NULL || !same_tree(x, y)))
            y = y->next;
        if (y == NULL)
            return false;
        y->_private = x;
    }
    return xmlChildElementCount(a) == xmlChildElementCount(b);
}

static bool same_tree(xmlNode *a, xmlNode *b)
{
    if (!same_name(a, b))
        return false;
    if (a->type != XML_ELEMENT_NODE)
        return xmlStrEqual(a->content, b->content);
    if (!same_attributes(a, b))
        return false;
    if (is_unordered(a))
        return same_children_any_order(a, b);
    xmlNode *x = a->children, *y = b->children;
    for (; x != NULL && y != NULL; x = x->next, y = y->next)
        if (!same_tree(x, y))
            return false;
    return x == NULL && y == NULL;
}

static bool same_infoset(const char *a, const char *b)
{
    xmlDoc *x = xmlReadMemory(a, (int)strlen(a), "a", NULL, XML_PARSE_NONET | XML_PARSE_HUGE);
    xmlDoc *y = xmlReadMemory(b, (int)strlen(b), "b", NULL, XML_PARSE_NONET | XML_PARSE_HUGE);
    bool same =
        x != NULL && y != NULL && same_tree(xmlDocGetRootElement(x), xmlDocGetRootElement(y));
    xmlFreeDoc(x);
    xmlFreeDoc(y);
    return same;
}

/* Decodes exi and compares its XML with the vector's, letter by letter (or as a tree). */
static int expect_message(struct score *r, const struct vector *v, enum check check,
                          struct slice exi, bool as_tree, struct message *m)
{
    struct err e = ERR_INIT;
    r->done[check]++;
    if (support_decode(v->schema, exi, v->is_fragment, &r->arena, m, &e) != 0) {
        fail_with(r, v, check, "cannot be decoded", &e);
        return -1;
    }
    const char *xml = support_xml(m, &r->out);
    bool is_octets = v->xml[0] == '\0'; /* all that there is of Amendment 1 */
    if (is_octets && strcmp(message_named(m).name, v->message) != 0)
        differ(r, v, check, "other message", v->message, message_named(m).name);
    if (!is_octets && strcmp(xml, v->xml) != 0 && !(as_tree && same_infoset(v->xml, xml)))
        differ(r, v, check, "other XML", v->xml, xml);
    return 0;
}

/* ---- one vector ---- */

/*
 * What the encoder has to write. Empty content is in `exi` the end of the element in place of
 * characters; written are characters of length 0, the first of the alternatives, as every codec in
 * the field does. {NULL, 0} where the vector does not have that form.
 */
static struct slice to_be_written(const struct vector *v)
{
    if (strcmp(v->category, "emptystr") != 0)
        return v->exi;
    json_t *first = json_array_get(json_object_get(v->json, "exi_alt"), 0);
    if (first == NULL)
        return (struct slice){NULL, 0};
    return support_octets(support_member(first, "exi"));
}

/* xml: the vector's; where it has none, that of what was decoded. */
static void check_encode(struct score *r, const struct vector *v, const char *xml,
                         struct slice written)
{
    struct err e = ERR_INIT;
    struct message m;
    arena_reset(&r->arena);
    if (xml_read(v->schema, xml, strlen(xml), v->is_fragment, &r->arena, &m, &e) != 0) {
        r->done[CHECK_ENCODE]++;
        fail_with(r, v, CHECK_ENCODE, "XML cannot be read", &e);
        return;
    }
    expect_encoding(r, v, CHECK_ENCODE, &m, written);
}

static void check_json(struct score *r, const struct vector *v, const struct message *from,
                       struct slice written)
{
    struct err e = ERR_INIT;
    struct message m;
    buf_clear(&r->out);
    json_print(from, JSON_LINE, &r->out);
    if (json_read(v->schema, (const char *)r->out.p, r->out.n, v->is_fragment, &r->arena, &m, &e) !=
        0) {
        r->done[CHECK_JSON]++;
        fail_with(r, v, CHECK_JSON, "JSON cannot be read", &e);
        return;
    }
    expect_encoding(r, v, CHECK_JSON, &m, written);
}

static void check_others(struct score *r, const struct vector *v, struct slice written)
{
    struct message m;
    const char *hits = json_string_value(json_object_get(v->json, "exi_hits"));
    if (hits != NULL) {
        struct slice exi = support_octets(hits);
        arena_reset(&r->arena);
        if (expect_message(r, v, CHECK_HITS, exi, false, &m) == 0)
            expect_encoding(r, v, CHECK_HITS, &m, written);
        free((void *)(uintptr_t)exi.p);
    }
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(v->json, "exi_alt"), i, one)
    {
        struct slice exi = support_octets(support_member(one, "exi"));
        arena_reset(&r->arena);
        expect_message(r, v, CHECK_OTHERS, exi, true, &m);
        free((void *)(uintptr_t)exi.p);
    }
}

/*
 * A message that the schema allows has no violations. Some vectors are none, and most of them say
 * so; the others leave out the element of any name that a SignatureProperty must have.
 */
static void expect_no_violation(struct score *r, const struct vector *v, const struct message *m)
{
    if (m->violations == NULL || support_has_tag(v, "xsd-invalid") ||
        strstr(m->violations->path, "SignatureProperty") != NULL)
        return;
    char text[600];
    snprintf(text, sizeof text, "%s: %s", m->violations->path, m->violations->what);
    differ(r, v, CHECK_DECODE, "violation", "none", text);
}

/* Without the form to be written: what is written must at least be read as the same. */
static struct slice own_encoding(struct score *r, const struct message *m, struct buf *own)
{
    struct err e = ERR_INIT;
    if (exi_encode_buf(m, own, &e) != 0)
        return (struct slice){r->out.p, 0};
    return (struct slice){own->p, own->n};
}

static void check_vector(void *context, const struct vector *v)
{
    struct score *r = context;
    struct message m, other;
    struct buf own = {0}, xml = {0};
    struct slice written = to_be_written(v);
    bool is_owned = written.p != v->exi.p;
    arena_reset(&r->arena);
    if (expect_message(r, v, CHECK_DECODE, v->exi, false, &m) == 0) {
        expect_no_violation(r, v, &m);
        if (written.p == NULL) {
            struct slice mine = own_encoding(r, &m, &own);
            expect_message(r, v, CHECK_AGAIN, mine, false, &other);
            written = mine;
            is_owned = false;
        }
        expect_encoding(r, v, CHECK_AGAIN, &m, written);
        support_xml(&m, &xml);
        check_json(r, v, &m, written);
    }
    check_encode(r, v, v->xml[0] != '\0' ? v->xml : buf_string(&xml), written);
    check_others(r, v, written);
    if (is_owned)
        free((void *)(uintptr_t)written.p);
    buf_close(&own);
    buf_close(&xml);
}

/* ---- one file ---- */

/* [V2G2-099] [V2G2-600]: EXI with the default options */
static void test_file(void **state)
{
    const char *file = *state;
    struct score r = {.shown = 0};
    arena_open(&r.arena, NULL, 0, MEMORY);
    unsigned n = support_each_vector(file, check_vector, &r), bad = 0;
    print_message("%s: %u vectors;", file, n);
    for (unsigned i = 0; i < CHECKS; i++) {
        print_message(" %s %u of %u%s", CHECK_NAME[i], r.done[i] - r.bad[i], r.done[i],
                      i + 1 < CHECKS ? "," : "\n");
        bad += r.bad[i];
    }
    arena_close(&r.arena);
    buf_close(&r.out);
    buf_close(&r.again);
    assert_true(n > 0);
    assert_int_equal(bad, 0);
}

/* ---- memory ---- */

#define USUAL_MEMORY 5120

/* A usual message, as long as no certificates are in it, needs no more than a block of that
 * size. */
static void check_memory(void *context, const struct vector *v)
{
    static _Alignas(8) uint8_t block[USUAL_MEMORY];
    unsigned *tried = context;
    struct err e = ERR_INIT;
    struct message m;
    struct arena a;
    if (strcmp(v->category, "real") != 0 || strstr(v->xml, "Certificate>") != NULL)
        return;
    arena_open(&a, block, sizeof block, 0);
    if (support_decode(v->schema, v->exi, v->is_fragment, &a, &m, &e) != 0)
        fail_msg("%s: %s", v->id, e.what);
    arena_close(&a);
    (*tried)++;
}

static void test_memory_of_usual_messages(void **state)
{
    (void)state;
    unsigned tried = 0;
    for (unsigned i = 0; i < SUPPORT_VECTORS_N; i++)
        support_each_vector(SUPPORT_VECTORS[i], check_memory, &tried);
    assert_true(tried > 100);
}

static int close_all(void **state)
{
    xmlCleanupParser();
    return support_close(state);
}

int main(void)
{
    struct CMUnitTest tests[SUPPORT_VECTORS_N + 1];
    for (unsigned i = 0; i < SUPPORT_VECTORS_N; i++)
        tests[i] = (struct CMUnitTest){.name = SUPPORT_VECTORS[i],
                                       .test_func = test_file,
                                       .initial_state = (void *)(uintptr_t)SUPPORT_VECTORS[i]};
    tests[SUPPORT_VECTORS_N] = (struct CMUnitTest)cmocka_unit_test(test_memory_of_usual_messages);
    return cmocka_run_group_tests(tests, NULL, close_all);
}
