/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set of our own that has every kind of value at every place where one can stand: what the sets
 * of the standards leave out, others may describe (--schema). Each document comes back the same by
 * every way, in any room, and whatever it is cut to.
 */
#include "memory.h"
#include "support.h"

#include "codec/check.h"
#include "codec/copy.h"
#include "codec/defaults.h"
#include "codec/exi_encode.h"
#include "codec/json.h"
#include "codec/value.h"

#include <libxml/xmlerror.h>

#define MEMORY (8u * 1024 * 1024)
#define ROOM_STEP 40

#define SET "tests/data/kinds.schema"

static const struct schema *set;

static char *set_text;

static int set_source(void *context, const char *name, struct slice *text, const char **file)
{
    (void)context, (void)name;
    *text = (struct slice){(const uint8_t *)set_text, strlen(set_text)};
    *file = SET;
    return 0;
}

static int open_set(void **state)
{
    struct err e = ERR_INIT;
    (void)state;
    size_t n;
    set_text = support_read_file(SET, &n);
    assert_non_null(set_text);
    set = schema_load("kinds", set_source, NULL, &e);
    if (set == NULL)
        fail_msg("line %d: %s", (int)e.line, e.what);
    return exi_stage_need(set, &e);
}

static int close_set(void **state)
{
    (void)state;
    schema_close((struct schema *)(uintptr_t)set);
    free(set_text);
    return 0;
}

/* ---- documents that come back ---- */

/* Forty digits, and as many as are allowed. */
#define DIGITS "1234567890123456789012345678901234567890"
#define A20 "aaaaaaaaaaaaaaaaaaaa"
#define A100 A20 A20 A20 A20 A20
#define ONE(name) "<" name " xmlns=\"urn:one\">"

struct document {
    const char *xml; /* compact, as it is printed again */
    bool is_fragment;
};

static const struct document DOCUMENTS[] = {
    {ONE("Numbers") "<Big>0</Big><Big>-" DIGITS "</Big><Big>" DIGITS "</Big>"
                    "<Unsigned>18446744073709551615</Unsigned><Unsigned>128</"
                    "Unsigned><Unsigned>34359738368"
                    "</Unsigned><Signed>-9223372036854775808</Signed><Signed>9223372036854775807</"
                    "Signed><Signed>-1"
                    "</Signed><Small>0</Small><Small>9</Small><Octets>00FF</Octets><Octets/"
                    "><Base64>AAE=</Base64>"
                    "<Text>" A100 "</Text><Text>\xC3\xA9\xE2\x82\xAC\xF0\x9D\x84\x9E</Text><Text/>"
                    "<Flag>true</Flag><Flag>false</Flag><Tint>red</Tint><Tint>blue</Tint><Name>a</"
                    "Name>"
                    "<Name>" A20 "</Name></Numbers>",
     false},
    {ONE("Numbers") "<Unsigned>4398046511104</Unsigned><Unsigned>562949953421312</Unsigned>"
                    "<Unsigned>2097152</Unsigned><Signed>-2199023255552</Signed><Signed>64</Signed>"
                    "<Text>" A100 A100 "</Text></Numbers>",
     false},
    {"<Numbers xmlns=\"urn:one\"/>", false},
    {"<Single xmlns=\"urn:one\" Level=\"7\" Mark=\"m\"><Big>-1</Big><Pair><A>255</A><B>65535</B>"
     "<C>4294967295</C></Pair><Far><A>0</A><B>0</B><C>0</C><D>-32768</D><E>-9223372036854775808</E>"
     "</Far><Flag>true</Flag><Last>x</Last></Single>",
     false},
    {ONE("Single") "<Big>128</Big><Pair><A>1</A><B>200</B><C>2097152</C></Pair><Flag>false</Flag>"
                   "</Single>",
     false},
    {ONE("Children") "<Leaf><On>true</On><Tint>blue</Tint></Leaf><Leaf><On>false</On><Tint>red</"
                     "Tint>"
                     "</Leaf><Named "
                     "Id=\"i\">text</Named><Named/><Deep><Down><Down><Leaf><On>true</On><Tint>red"
                     "</Tint></Leaf></Down></Down></Deep><Tail><A>true</A><B>false</B></"
                     "Tail><Far><A>1</A><B>2</B>"
                     "<C>3</C><D>4</D><E>5</E></Far></Children>",
     false},
    {ONE("Children") "<Leaf><On>true</On><Tint>blue</Tint></Leaf><Leaf><On>true</On><Tint>blue</"
                     "Tint>"
                     "</Leaf><Leaf><On>true</On><Tint>blue</Tint></Leaf><Leaf><On>true</"
                     "On><Tint>blue</Tint></Leaf>"
                     "<Leaf><On>true</On><Tint>blue</Tint></Leaf><Leaf><On>true</On><Tint>blue</"
                     "Tint></Leaf>"
                     "<Pair><A>1</A><B>2</B><C>3</C></Pair></Children>",
     false},
    {"<Open xmlns=\"urn:one\" Level=\"3\">a<Big>-" DIGITS "</Big><Unsigned>300</Unsigned> b"
     "<Signed>-300</Signed><Small>4</Small><Octets>0102</Octets><Flag>true</Flag><Tint>green</Tint>"
     "<Name>n</Name><Leaf><On>false</On><Tint>red</Tint></Leaf><Pair><A>1</A><B>2</B><C>3</C></"
     "Pair>"
     "<Far><A>1</A><B>2</B><C>300000</C><D>4</D><E>5</E></Far><Tail><B>true</B></Tail>"
     "<Twin xmlns=\"urn:two\"><On xmlns=\"urn:one\">true</On><Tint "
     "xmlns=\"urn:one\">red</Tint></Twin>"
     "<x xmlns=\"urn:three\" a=\"b\">c<y>d</y>e<Word xmlns=\"urn:one\">w</Word></x>c</Open>",
     false},
    {ONE("Open") "\xC3\xA9" A100 "<Flag>true</Flag><Flag>true</Flag></Open>", false},
    {"<Open xmlns=\"urn:one\"/>", false},
    {ONE("Closed") "<Leaf><On>true</On><Tint>green</Tint></Leaf><Word>" A100 "</Word><Word>v</Word>"
                   "<Big>7</Big><Leaf><On>true</On><Tint>green</Tint></Leaf></Closed>",
     false},
    {ONE("Wild") "<Word>w</Word><After>true</After></Wild>", false},
    {ONE("Wild") "<Other xmlns=\"urn:two\">" A20 "</Other></Wild>", false},
    {ONE("Wild") "<x xmlns=\"\"><y/><y b=\"1\" c=\"2\"/><y b=\"1\">t</y><y>u</y></x></Wild>",
     false},
    {ONE("Inner") "7</Inner>", true},
    {ONE("Leaf") "<On>true</On><Tint>red</Tint></Leaf>", true},
    {ONE("Deep") "<Down/></Deep>", true},
    {ONE("Inner") "<On>true</On><Tint>red</Tint></Inner>", true},
    {ONE("Inner") "a<Leaf><On>true</On><Tint>red</Tint></Leaf>b<Word>c</Word></Inner>", true},
    {"<Inner xmlns=\"urn:one\" Level=\"3\" Mark=\"m\"><On>true</On></Inner>", true},
};

/* A memory_run or an attempt: reads a message from text or octets into a. */
enum way { WAY_XML, WAY_JSON, WAY_FAST, WAY_CAREFULLY, WAY_COPY };

struct trial {
    const struct document *from;
    enum way way;
    const char *json;
    struct slice exi;
    const struct message *m;
    size_t limit;
};

static void watch(void *context, const struct exi_field *f)
{
    (void)context, (void)f;
}

static int read_by(const struct trial *t, struct arena *a, struct message *m, struct err *e)
{
    struct exi_options o = EXI_OPTIONS;
    o.fragment = t->from->is_fragment;
    o.trace = t->way == WAY_CAREFULLY ? watch : NULL;
    switch (t->way) {
    case WAY_XML:
        return xml_read(set, t->from->xml, strlen(t->from->xml), o.fragment, a, m, e);
    case WAY_JSON:
        return json_read(set, t->json, strlen(t->json), o.fragment, a, m, e);
    case WAY_FAST:
    case WAY_CAREFULLY:
        return exi_decode(set, t->exi.p, t->exi.n, &o, a, m, e);
    case WAY_COPY:
        break;
    }
    return message_copy(t->m, a, m, e);
}

/* Reads, prints and encodes: the same XML and octets again, or an error. */
static int go(void *context, struct err *e)
{
    const struct trial *t = context;
    struct arena a;
    struct message m;
    struct buf text = {0}, exi = {0};
    arena_open(&a, NULL, 0, t->limit);
    int bad = read_by(t, &a, &m, e);
    if (bad == 0)
        bad = exi_encode_buf(&m, &exi, e);
    if (bad == 0) {
        memory_calm();
        assert_string_equal(support_xml(&m, &text), t->from->xml);
        assert_int_equal(exi.n, t->exi.n);
        assert_memory_equal(exi.p, t->exi.p, exi.n);
    }
    buf_close(&text);
    buf_close(&exi);
    arena_close(&a);
    return bad;
}

/* In every room that is too small it is refused, and where an allocation fails. */
static void go_in_all_rooms(struct trial *t)
{
    struct err e = ERR_INIT;
    t->limit = MEMORY;
    if (go(t, &e) != 0)
        fail_msg("%s\nway %d: %s: %s", t->from->xml, t->way, e.path, e.what);
    for (t->limit = 0; t->limit < MEMORY; t->limit += ROOM_STEP) {
        e = ERR_INIT;
        if (go(t, &e) == 0)
            break;
        if (strstr(e.what, "memory") == NULL)
            fail_msg("%s\nway %d in %zu octets: %s", t->from->xml, t->way, t->limit, e.what);
    }
    t->limit = MEMORY;
    memory_fail_each(t->from->xml, 0, go, t);
}

/* Both encoders write the same, and neither more than it may. */
static void encode_in_all_rooms(const struct message *m, const struct buf *exi)
{
    uint8_t *p = malloc(exi->n + 128);
    assert_non_null(p);
    for (size_t cap = 0; cap <= exi->n + 127; cap++) {
        struct err e = ERR_INIT;
        p[cap] = 0x5A;
        int64_t n = exi_encode(m, p, cap, &e), careful = exi_encode_carefully(m, p, cap, &e);
        assert_int_equal(n, careful);
        assert_true(n == EXI_NO_ROOM ? cap < exi->n + 8 : n == (int64_t)exi->n);
        assert_true(n < 0 || memcmp(p, exi->p, exi->n) == 0);
        assert_int_equal(p[cap], 0x5A);
    }
    free(p);
}

/* Of the first n octets, the last of them changed or not, both decoders say the same. */
static void decode_changed(const struct document *d, const struct buf *exi, size_t n, uint8_t flip)
{
    struct arena a[2];
    struct message m[2];
    struct err e[2] = {ERR_INIT, ERR_INIT};
    struct buf text[2] = {{0}, {0}};
    uint8_t *p = malloc(n + 1); /* its end is the end of the memory */
    int bad[2];
    assert_non_null(p);
    memcpy(p, exi->p, n);
    if (n > 0)
        p[n - 1] ^= flip;
    for (unsigned i = 0; i < 2; i++) {
        struct exi_options o = EXI_OPTIONS;
        o.fragment = d->is_fragment;
        o.trace = i == 0 ? NULL : watch;
        arena_open(&a[i], NULL, 0, MEMORY);
        bad[i] = exi_decode(set, p, n, &o, &a[i], &m[i], &e[i]);
        if (bad[i] == 0)
            support_xml(&m[i], &text[i]);
    }
    assert_int_equal(bad[0], bad[1]);
    assert_string_equal(e[0].what, e[1].what);
    assert_string_equal(buf_string(&text[0]), buf_string(&text[1]));
    for (unsigned i = 0; i < 2; i++) {
        buf_close(&text[i]);
        arena_close(&a[i]);
    }
    free(p);
}

static void test_documents(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof DOCUMENTS / sizeof *DOCUMENTS; i++) {
        const struct document *d = &DOCUMENTS[i];
        struct arena a;
        struct message m;
        struct err e = ERR_INIT;
        struct buf exi = {0}, json = {0};
        arena_open(&a, NULL, 0, MEMORY);
        if (xml_read(set, d->xml, strlen(d->xml), d->is_fragment, &a, &m, &e) != 0 ||
            exi_encode_buf(&m, &exi, &e) != 0)
            fail_msg("%s\n%s: %s", d->xml, e.path, e.what);
        json_print(&m, JSON_LINE, &json);
        struct trial t = {d, WAY_XML, buf_string(&json), {exi.p, exi.n}, &m, MEMORY};
        for (; t.way <= WAY_COPY; t.way++)
            go_in_all_rooms(&t);
        encode_in_all_rooms(&m, &exi);
        for (size_t n = 0; n <= exi.n; n++)
            for (unsigned bit = 0; bit <= 8; bit++)
                decode_changed(d, &exi, n, (uint8_t)(1u << bit >> 1));
        buf_close(&json);
        buf_close(&exi);
        arena_close(&a);
    }
}

/* ---- text that is refused ---- */

#define LEVELS_10(x) x x x x x x x x x x
#define LEVELS_70(x)                                                                               \
    LEVELS_10(x)                                                                                   \
    LEVELS_10(x) LEVELS_10(x) LEVELS_10(x) LEVELS_10(x) LEVELS_10(x) LEVELS_10(x)

static const struct {
    const char *text;
    bool is_fragment;
    const char *path, *what;
} WRONG[] = {
    /* names of namespaces */
    {"{\"{urn:one}Twin\":{\"{urn:one}On\":1}}", false, "Twin/{urn:one}On",
     "an integer; expected true or false"},
    {"{\"{urn:two}Twin\":{\"{urn:two}On\":true}}", false, "Twin",
     "unknown member '{urn:two}On'; expected On, Tint"},
    {"{\"{urn:two}Twin\":{\"{}On\":true}}", false, "Twin",
     "unknown member '{}On'; expected On, Tint"},
    {"{\"{urn:two}Twin\":{\"{urn:eno}On\":true}}", false, "Twin", "unknown member '{urn:eno}On'"},
    {"{\"Twin\":{}}", false, "", "Twin is in several namespaces; expected \"{namespace}Twin\""},
    {"{\"{urn:three}Twin\":{}}", false, "", "Twin is not in that namespace"},
    {"{\"{urn:thr\":{}}", false, "", "kinds has no global element '{urn:thr'"},
    {"{\"Twins\":{}}", true, "", "kinds has no element 'Twins'; the nearest name is Twin"},
    {"{\"{urn:three}Leaf\":{}}", true, "", "expected an element of kinds"},
    {"{\"Head\":{}}", false, "Head", "it is abstract; expected an element that may stand for it"},
    /* values */
    {"{\"Numbers\":{\"Text\":[true]}}", false, "Numbers/Text[0]", "true; expected a string"},
    {"{\"Numbers\":{\"Flag\":[\"yes\"]}}", false, "Numbers/Flag[0]", "expected true or false"},
    {"{\"Numbers\":{\"Flag\":[false,0.5]}}", false, "Numbers/Flag[1]",
     "a number with a fraction; expected true or false"},
    {"{\"Numbers\":{\"Tint\":[false]}}", false, "Numbers/Tint[0]",
     "false; expected the name of a member"},
    {"{\"Numbers\":{\"Signed\":[-1e300]}}", false, "Numbers/Signed[0]",
     "a number with a fraction; expected an integer"},
    {"{\"Numbers\":{\"Big\":[{}]}}", false, "Numbers/Big[0]", "an object; expected an integer"},
    {"{\"Numbers\":{\"Big\":[\"\"]}}", false, "Numbers/Big[0]",
     "'' is no integer; expected digits"},
    {"{\"Numbers\":{\"Big\":[\"-\"]}}", false, "Numbers/Big[0]", "'-' is no integer"},
    {"{\"Numbers\":{\"Big\":[\"1-\"]}}", false, "Numbers/Big[0]", "'1-' is no integer"},
    {"{\"Numbers\":{\"Name\":{}}}", false, "Numbers/Name",
     "an object; expected an array, since Name is a list"},
    /* open content */
    {"{\"Open\":{\"content\":{}}}", false, "Open/content",
     "an object; expected an array of elements and characters"},
    {"{\"Open\":{\"content\":[7]}}", false, "Open/content[0]",
     "an integer; expected a string, or an object with one member"},
    {"{\"Open\":{\"content\":[{}]}}", false, "Open/content[0]",
     "an object; expected a string, or an object with one member"},
    {"{\"Open\":{\"content\":[\"a\",{\"Flag\":true,\"Big\":1}]}}", false, "Open/content[1]",
     "an object with more members; expected a string"},
    {"{\"Open\":{\"content\":[{\"@Level\":1}]}}", false, "Open/content[0]",
     "unknown element '@Level'"},
    {"{\"Open\":{\"content\":[{\"x\":{}}]}}", false, "Open/content[0]", "unknown element 'x'"},
    {"{\"Open\":{\"@Leve\":1}}", false, "Open", "unknown member '@Leve'; expected Level"},
    {"{\"Open\":{\"Flag\":true}}", false, "Open", "member 'Flag'; expected \"content\", an array"},
    {"{\"Open\":{\"content\":[{\"Leaf\":7}]}}", false, "Open/content[0]/Leaf",
     "an integer; expected an object"},
    {"{\"Closed\":{\"content\":[\"a\"]}}", false, "Closed/content[0]",
     "a string; expected elements only"},
    /* what a wildcard lets in */
    {"{\"Open\":{\"content\":[{\"{urn:x}x\":7}]}}", false, "Open/content[0]/x",
     "an integer; expected an object of attributes and \"content\""},
    {"{\"Open\":{\"content\":[{\"{urn:x}x\":{\"a\":\"b\"}}]}}", false, "Open/content[0]/x",
     "member 'a': a string; expected attributes"},
    {"{\"Open\":{\"content\":[{\"{urn:x}x\":{\"@a\":7}}]}}", false, "Open/content[0]/x",
     "member '@a': an integer; expected attributes"},
    {"{\"Open\":{\"content\":[{\"{urn:x}x\":{\"content\":\"t\"}}]}}", false, "Open/content[0]/x",
     "content is a string; expected an array"},
    {"{\"Open\":{\"content\":[{\"{urn:x}x\":{\"content\":[null]}}]}}", false,
     "Open/content[0]/x/content[0]", "null; expected a string, or an object"},
    {"{\"Open\":{\"content\":[{\"{urn:x}x\":{\"content\":[{\"y\":{}}]}}]}}", false, "x/content[0]",
     "element 'y'; expected \"{namespace}name\""},
    {"{\"Open\":{\"content\":[{\"{urn:x}x\":{\"content\":[{\"@{u}y\":{}}]}}]}}", false,
     "x/content[0]", "element '@{u}y'; expected"},
    {"{\"Open\":{\"content\":[{\"{urn:x}x\":{\"content\":[{\"{}y\":7}]}}]}}", false,
     "x/content[0]/y", "an integer; expected an object"},
    {"{\"Wild\":{\"{urn:one}Word\":\"a\"}}", false, "Wild",
     "member '{urn:one}Word'; expected \"content\""},
    /* an element of several types */
    {"{\"Inner\":7}", true, "Inner",
     "an integer; expected an object of attributes and \"content\""},
    {"{\"Inner\":{\"content\":[{\"{urn:one}None\":7}]}}", true, "Inner/content[0]/None",
     "expected an element of the schema whose type is known by its name"},
    {"{\"Inner\":{\"content\":[{\"{urn:one}Inner\":7}]}}", true, "Inner/content[0]/Inner",
     "expected an element of the schema whose type is known"},
    {"{\"Inner\":{\"content\":[{\"{urn:one}On\":7}]}}", true, "Inner/content[0]/On",
     "an integer; expected true or false"},
    /* too deep */
    {"{\"Deep\":" LEVELS_70("{\"Down\":") "{}" LEVELS_70("}") "}", true, "Down",
     "nested too deeply; expected at most 64 levels"},
    {"{\"Open\":{\"content\":[{\"{u}x\":" LEVELS_70("{\"content\":[{\"{u}y\":") "{}" LEVELS_70(
         "}]}") "}]}}",
     false, "y", "nested too deeply; expected at most 64 levels"},
    {"[{},7]", false, "", "an array; expected an object with one member: the message"},
    {"{\"Open\":{},\"Wild\":{}}", false, "", "not one member; expected an object with one member"},
    /* XML: roots */
    {"<Twin xmlns='urn:three'/>", false, "",
     "kinds has no global element Twin in namespace 'urn:three'; the nearest is Twin in 'urn:one'"},
    {"<Lea/>", true, "",
     "kinds has no element Lea in namespace ''; the nearest is Leaf in 'urn:one'"},
    {ONE("Head") "</Head>", false, "", "element Head is abstract; it cannot be a message"},
    {ONE("Head") "</Head>", true, "", "element Head is abstract; it cannot be a fragment"},
    {"<!-- nothing -->", false, "", "this is no well-formed XML"},
    /* elements */
    {ONE("Children") "<Head/></Children>", false, "Children",
     "element Head is abstract; expected an element that may stand for it"},
    {ONE("Children") "<Leaf xmlns='urn:two'/></Children>", false, "Children",
     "element Leaf is in namespace 'urn:two'; expected 'urn:one'"},
    {ONE("Children") "<Pair/><Far/></Children>", false, "Children",
     "elements Pair and Far in Children; expected one of them"},
    {ONE("Children") "<Deep/><Deep/></Children>", false, "Children",
     "a second element Deep in Children; expected one"},
    {ONE("Children") "<Deep>text that is longer than forty characters are</Deep></Children>", false,
     "Children/Deep",
     "text 'text that is longer than forty character' within Deep; expected child elements only"},
    {ONE("Children") "<Deep>text<Down/></Deep></Children>", false, "Children/Deep",
     "text 'text' within Deep"},
    {ONE("Children") "<Named><Leaf/></Named></Children>", false, "Children/Named",
     "unknown element Leaf; expected none"},
    {ONE("Closed") "<Word><a/></Word></Closed>", false, "Closed/Word",
     "element a within Word; expected text only"},
    {ONE("Closed") "<Leaf/>text</Closed>", false, "Closed",
     "text 'text' within Closed; expected child elements only"},
    {ONE("Closed") "<x/></Closed>", false, "Closed", "unknown element x; expected Leaf, Word, Big"},
    {ONE("Wild") "<Head/></Wild>", false, "Wild",
     "element Head is abstract; it cannot stand in a message"},
    /* attributes */
    {ONE("Children") "<Deep><Leaf Id='a'/></Deep></Children>", false, "Children/Deep/Leaf",
     "unknown attribute Id; expected none"},
    {ONE("Closed") "<Word Id='a'/></Closed>", false, "Closed/Word",
     "unknown attribute Id; expected none"},
    {"<Open xmlns='urn:one' Lvl='1'/>", false, "Open", "unknown attribute Lvl; expected Level"},
    {"<Open xmlns='urn:one' xmlns:b='urn:two' b:Level='1'/>", false, "Open",
     "attribute Level is in namespace 'urn:two'; expected ''"},
    {"<Open xmlns='urn:one' Level='x'/>", false, "Open/Level",
     "'x' is no integer; expected a number in 0..15"},
    {"<Wild xmlns='urn:one' xmlns:i='http://www.w3.org/2001/XMLSchema-instance'><x "
     "i:nil='1'/></Wild>",
     false, "Wild/x", "attribute xsi:nil; expected none"},
    /* an element of several types */
    {ONE("Inner") "<None/></Inner>", true, "",
     "element None within Inner; expected an element of the schema whose type is known by its "
     "name"},
    {ONE("Inner") "<Inner/></Inner>", true, "", "element Inner within Inner; expected"},
    {ONE("Inner") "<On>x</On></Inner>", true, "On", "expected true or false"},
    /* too deep */
    {ONE("Deep") LEVELS_70("<Down>") LEVELS_70("</Down>") "</Deep>", true, "Down",
     "nested too deeply"},
    {ONE("Wild") LEVELS_70("<x>") LEVELS_70("</x>") "</Wild>", false, "x", "nested too deeply"},
};

static void test_wrong_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        const char *text = WRONG[i].text;
        struct arena a;
        struct message m;
        struct err e = ERR_INIT;
        arena_open(&a, NULL, 0, MEMORY);
        int bad = text[0] == '<'
                      ? xml_read(set, text, strlen(text), WRONG[i].is_fragment, &a, &m, &e)
                      : json_read(set, text, strlen(text), WRONG[i].is_fragment, &a, &m, &e);
        if (bad == 0 || strstr(e.what, WRONG[i].what) == NULL ||
            strstr(e.path, WRONG[i].path) == NULL)
            fail_msg("%s\n%s: %s\nexpected %s: %s", text, e.path, e.what, WRONG[i].path,
                     WRONG[i].what);
        arena_close(&a);
    }
}

/* ---- what a program asks for that cannot be ---- */

/* Reads a document that is to be changed. */
static void read_xml(const char *xml, struct arena *a, struct message *m)
{
    struct err e = ERR_INIT;
    arena_open(a, NULL, 0, MEMORY);
    if (xml_read(set, xml, strlen(xml), false, a, m, &e) != 0)
        fail_msg("%s\n%s: %s", xml, e.path, e.what);
}

/* XML is read as it comes; what EXI has no place for, or no form, is refused when it goes out. */
static void test_no_octets_for_it(void **state)
{
    static const struct {
        const char *xml, *path, *what;
    } CASES[] = {
        {ONE("Wild") "<Word>a</Word><Word>b</Word></Wild>", "Wild/Word",
         "Word cannot stand here; expected After"},
        {ONE("Single") "<Pair/></Single>", "Single/Pair",
         "Pair cannot stand here; expected an alternative or Big (where a mandatory element is "
         "absent"},
        {ONE("Children") "<Pair/></Children>", "Children/Pair",
         "Pair cannot stand here; expected Leaf"},
        {ONE("Closed") "<Big>1</Big></Closed>", NULL, NULL},
        {ONE("Echo") "<Word/><Word/></Echo>", "Echo/Word", "Word cannot stand here; expected Flag"},
        {ONE("Echo") "<Word/><Flag>true</Flag><Word/><Tint>red</Tint></Echo>", NULL, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct arena a;
        struct message m;
        struct err e = ERR_INIT;
        struct buf exi = {0};
        read_xml(CASES[i].xml, &a, &m);
        int bad = exi_encode_buf(&m, &exi, &e);
        if (CASES[i].what == NULL ? bad != 0
                                  : bad == 0 || strstr(e.what, CASES[i].what) == NULL ||
                                        strcmp(e.path, CASES[i].path) != 0)
            fail_msg("%s\n%s: %s", CASES[i].xml, e.path, e.what);
        buf_close(&exi);
        arena_close(&a);
    }
}

/* Values that no text gives: those of a program. */
static void test_values_of_a_program(void **state)
{
    static const struct {
        const char *name, *value, *what; /* what: NULL where it is written; else why not */
        size_t n;
    } CASES[] = {
        {"Big", "", "an integer of 0 digits; expected 1 to 1024", 0},
        {"Big", "+", "an integer of 0 digits", 1},
        {"Big", "1x", "'1x' is no integer", 2},
        {"Big", "-/", "'-/' is no integer", 2},
        {"Big", "+12", NULL, 3},
        {"Big", "-0", NULL, 2},
        {"Text", "\xC3(", "octet 0 (0xC3) of the text is not UTF-8", 2},
        {"Text", "a\xE2\x82", "octet 1 (0xE2) of the text is not UTF-8", 3},
        {"Text", "ab\xFF", "octet 2 (0xFF) of the text is not UTF-8", 3},
        {"Text", "\xC0\x80", "octet 0 (0xC0) of the text is not UTF-8", 2},
        {"Text", "\xED\xA0\x80", "octet 0 (0xED) of the text is not UTF-8", 3},
        {"Text", "\xF4\x90\x80\x80", "octet 0 (0xF4) of the text is not UTF-8", 4},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct arena a;
        struct message m;
        struct err e = ERR_INIT;
        struct buf exi = {0};
        read_xml("<Numbers xmlns='urn:one'/>", &a, &m);
        union value v = {.b = bytes_new(&a, CASES[i].value, CASES[i].n)};
        assert_int_equal(node_add(&a, m.v.n, (unsigned)type_slot_of(m.as->type, CASES[i].name), v),
                         0);
        int bad = exi_encode_buf(&m, &exi, &e);
        if (CASES[i].what == NULL ? bad != 0 : bad == 0 || strstr(e.what, CASES[i].what) == NULL)
            fail_msg("'%s': %s\nexpected %s", CASES[i].value, e.what, CASES[i].what);
        buf_close(&exi);
        arena_close(&a);
    }
}

/* An element that stands at two places of a repeated group is known by where it is. */
static void test_an_element_at_two_places(void **state)
{
    static const char XML[] =
        ONE("Echo") "<Word>a</Word><Flag>true</Flag><Word>b</Word><Tint>red</Tint><Word>c</"
                    "Word><Flag>true</Flag><Word/><Tint>red</Tint></Echo>";
    struct arena a;
    struct message m;
    struct err e = ERR_INIT;
    struct buf exi = {0}, again = {0};
    (void)state;
    read_xml(XML, &a, &m);
    assert_int_equal(exi_encode_buf(&m, &exi, &e), 0);
    struct items *items = node_items(m.v.n);
    assert_int_not_equal(items->at[2].slot, items->at[0].slot);
    items->at[2].slot = items->at[0].slot;
    assert_int_equal(exi_encode_buf(&m, &again, &e), 0);
    assert_int_equal(again.n, exi.n);
    assert_memory_equal(again.p, exi.p, exi.n);
    buf_close(&exi);
    buf_close(&again);
    arena_close(&a);
}

/* ---- too deep ---- */

#define TOO_DEEP (5 * MESSAGE_DEPTH_MAX)

static unsigned occurrences(const struct buf *text, const char *of)
{
    unsigned n = 0;
    for (const char *at = (const char *)text->p; (at = strstr(at, of)) != NULL; at++)
        n++;
    return n;
}

/* What a program has nested deeper than messages may be is printed down to there, and refused by
 * all else. */
static void judge_too_deep(const struct message *m, const char *tag, const char *key)
{
    struct arena a;
    struct message copy;
    struct err e = ERR_INIT;
    struct buf text = {0};
    arena_open(&a, NULL, 0, MEMORY);
    assert_int_equal(exi_encode_buf(m, &text, &e), -1);
    assert_non_null(strstr(e.what, "nested deeper than 64"));
    e = ERR_INIT;
    assert_int_equal(message_copy(m, &a, &copy, &e), -1);
    assert_non_null(strstr(e.what, "nested too deeply"));
    e = ERR_INIT;
    assert_string_equal(support_xml(m, &text), buf_string(&text));
    assert_in_range(occurrences(&text, tag), MESSAGE_DEPTH_MAX / 2, MESSAGE_DEPTH_MAX);
    buf_clear(&text);
    json_print(m, JSON_LINE, &text);
    buf_string(&text);
    assert_in_range(occurrences(&text, key), MESSAGE_DEPTH_MAX, 4 * MESSAGE_DEPTH_MAX);
    assert_int_equal(message_check(m, NULL, NULL), 0);
    buf_close(&text);
    arena_close(&a);
}

static void test_too_deep(void **state)
{
    struct arena a;
    struct message m;
    struct err e = ERR_INIT;
    (void)state;
    read_xml(ONE("Children") "<Leaf><On>true</On><Tint>red</Tint></Leaf><Deep/><Pair><A>1</A><B>2</"
                             "B><C>3</C></Pair></Children>",
             &a, &m);
    struct node *n = node_child(m.v.n, "Deep");
    for (unsigned i = 0; i < TOO_DEEP; i++) {
        struct node *down = node_new(&a, n->type);
        node_set(n, 0, (union value){.n = down});
        n = down;
    }
    judge_too_deep(&m, "<Down>", "\"Down\":");
    assert_int_equal(node_complete(&a, m.v.n, &e), -1);
    assert_non_null(strstr(e.what, "nested too deeply"));
    arena_close(&a);
    read_xml(ONE("Wild") "<x/></Wild>", &a, &m);
    struct any *any = node_items(m.v.n)->at[0].v.any;
    for (unsigned i = 0; i < TOO_DEEP; i++) {
        struct any_part *part = arena_alloc(&a, sizeof *part);
        struct any *down = arena_alloc(&a, sizeof *down);
        *down = (struct any){.uri = "", .name = "x"};
        *part = (struct any_part){.what = ANY_ELEMENT, .element = down};
        any_add(any, part);
        any = down;
    }
    judge_too_deep(&m, "<x", "\"{}x\":");
    arena_close(&a);
}

/* ---- defaults ---- */

static const char KEPT[] =
    "<Kept><Level><Exponent>-1</Exponent><Value>25</Value></Level><Step><Multiplier>0</"
    "Multiplier><Value>5</Value></Step><Below>-1</Below><Twos><On>false</On><Tint>green</Tint></"
    "Twos><Twos><On>false</On><Tint>green</Tint></Twos><Big>0</Big><Much>-7</Much><Octets>0000</"
    "Octets><Base64>AQI=</Base64><Id>id1</Id><Mark>mark</Mark><Number>7</Number><Under>-5</"
    "Under><Mixed><Word>w</Word></Mixed><Tail><B>false</B></Tail></Kept>";

/* Those of every kind; a field that has another value is no default, whichever it is. */
static void test_defaults(void **state)
{
    static const char *const OTHER[][2] = {
        {"Below", "-8"}, {"Big", "1"},     {"Much", "-70"}, {"Octets", "0001"}, {"Base64", "AQ=="},
        {"Id", "id2"},   {"Mark", "Mark"}, {"Number", "9"}, {"Under", "-6"},
    };
    struct arena a;
    struct message m;
    struct err e = ERR_INIT;
    struct buf text = {0};
    (void)state;
    arena_open(&a, NULL, 0, MEMORY);
    assert_int_equal(message_new(set, "Defaults", &a, &m, &e), 0);
    support_xml(&m, &text);
    assert_non_null(strstr(buf_string(&text), KEPT));
    assert_int_equal(message_check(&m, NULL, NULL), 0);
    struct node *kept = node_child(m.v.n, "Kept");
    assert_false(node_is_default(m.v.n, 0)); /* as it has open content */
    for (unsigned i = 0; i < kept->type->fields; i++) {
        const struct field *f = &kept->type->field[i];
        if (!f->is_list && node_has(kept, i))
            assert_int_equal(node_is_default(kept, i), strcmp(f->name, "Mixed") != 0);
    }
    for (size_t i = 0; i < sizeof OTHER / sizeof *OTHER; i++) {
        int slot = type_slot_of(kept->type, OTHER[i][0]);
        assert_int_equal(node_set_text(&a, kept, OTHER[i][0], OTHER[i][1], &e), 0);
        assert_false(node_is_default(kept, (unsigned)slot));
    }
    buf_close(&text);
    arena_close(&a);
}

/* ---- descriptions that are refused ---- */

static int wrong_source(void *context, const char *name, struct slice *text, const char **file)
{
    (void)name;
    *text = (struct slice){context, strlen(context)};
    *file = "wrong";
    return 0;
}

static void test_wrong_descriptions(void **state)
{
    static const struct {
        const char *fields, *what;
    } CASES[] = {
        {"  choice {0,2}\n    A byte\n    B byte\n",
         "type T: a group that is counted; expected one"},
        {"  choice {2,}\n    A byte\n    B byte\n",
         "type T: a group that is counted; expected one"},
        {"  sequence {1,}\n    A {0,2} byte\n    B byte\n",
         "type T: a count of 'A'; expected that it occurs"},
        {"  sequence {1,}\n    A {2,} byte\n    B byte\n",
         "type T: a count of 'A'; expected that it occurs"},
        {"  any {0,2}\n", "type T: a count of ''; expected that it occurs"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char text[400];
        struct err e = ERR_INIT;
        snprintf(text, sizeof text, "schema x X\nnamespace n urn:n\ntype T\n%s", CASES[i].fields);
        assert_null(schema_load("x", wrong_source, text, &e));
        if (strstr(e.what, CASES[i].what) == NULL || e.line != 3)
            fail_msg("%s\nline %d: %s", text, (int)e.line, e.what);
    }
}

/* libxml2 has its own errors of memory, besides those that are handed to us. */
static void be_silent(void *context, const char *format, ...)
{
    (void)context, (void)format;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documents),
        cmocka_unit_test(test_wrong_text),
        cmocka_unit_test(test_no_octets_for_it),
        cmocka_unit_test(test_values_of_a_program),
        cmocka_unit_test(test_an_element_at_two_places),
        cmocka_unit_test(test_too_deep),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_wrong_descriptions),
    };
    xmlSetGenericErrorFunc(NULL, be_silent);
    return cmocka_run_group_tests(tests, open_set, close_set);
}
