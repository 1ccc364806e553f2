/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The set of our own that has every kind of value: text that is refused, what a program asks for
 * that cannot be written, what is too deep, defaults, quantities, and descriptions.
 */
#include "kinds.h"

#include "codec/check.h"
#include "codec/copy.h"
#include "codec/defaults.h"
#include "codec/json.h"
#include "codec/quantity.h"
#include "codec/value.h"

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
    {"{\"Numbers\":{\"Unsigned\":[\"18446744073709551616\"]}}", false, "Numbers/Unsigned[0]",
     "'18446744073709551616' cannot be carried; expected a number in 0..18446744073709551615"},
    {"{\"Numbers\":{\"Unsigned\":[\"99999999999999999999999\"]}}", false, "Numbers/Unsigned[0]",
     "cannot be carried; expected a number in 0.."},
    {"{\"Numbers\":{\"Signed\":[\"-9223372036854775809\"]}}", false, "Numbers/Signed[0]",
     "cannot be carried; expected a number in -9223372036854775808..9223372036854775807"},
    {"{\"Numbers\":{\"Octets\":[\"0\"]}}", false, "Numbers/Octets[0]",
     "'0' is no hexBinary; expected pairs of hex digits"},
    {"{\"Numbers\":{\"Base64\":[\"A\"]}}", false, "Numbers/Base64[0]",
     "'A' is no base64Binary; expected base64 text"},
    {"{\"Defaults\":{\"Kept\":{\"Below\":\"-9\"}}}", false, "Defaults/Kept/Below",
     "'-9'; expected a number in -8..-1"},
    {"{\"Defaults\":{\"Kept\":{\"Below\":\"0\"}}}", false, "Defaults/Kept/Below",
     "'0'; expected a number in -8..-1"},
    {"{\"Defaults\":{\"Kept\":{\"Below\":\"x\"}}}", false, "Defaults/Kept/Below",
     "'x'; expected a number in -8..-1"},
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

/* What a program has changed in a message that was read. */
static void bad_text(struct message *m)
{
    node_items(m->v.n)->at[0].v.b->p[0] = 0xFF;
}

static void bad_attribute(struct message *m)
{
    m->v.n->v[0].i = 200;
}

static void no_attribute(struct message *m)
{
    node_remove(m->v.n, 0);
}

static void bad_name(struct message *m)
{
    node_items(m->v.n)->at[0].v.any->name = "\xFF";
}

static void bad_uri(struct message *m)
{
    node_items(m->v.n)->at[0].v.any->uri = "\xFF";
}

static void bad_child(struct message *m)
{
    node_items(m->v.n)->at[0].v.any->first->element->name = "\xFF";
}

static void bad_part(struct message *m)
{
    node_items(m->v.n)->at[0].v.any->first->text->p[0] = 0xFF;
}

static void twice(struct message *m)
{
    struct items *l = node_items(m->v.n);
    l->at[l->n] = l->at[l->n - 1]; /* there is room for two */
    l->n++;
}

static void bad_run(struct message *m)
{
    node_child(m->v.n, "Pair")->v[0].i = 300;
}

static void bad_leaf(struct message *m)
{
    m->v.n->v[0].l->v[0].n->v[1].i = 9;
}

static void bad_entry(struct message *m)
{
    m->v.n->v[type_slot_of(m->as->type, "Small")].l->v[0].i = -1;
}

static void bad_relaxed(struct message *m)
{
    m->relaxed->first->text->p[0] = 0xFF;
}

static void none(struct message *m)
{
    (void)m;
}

static void test_changed_by_a_program(void **state)
{
    static const struct {
        const char *xml;
        void (*change)(struct message *m);
        const char *path, *what;
    } CASES[] = {
        {ONE("Open") "abc</Open>", bad_text, "Open", "octet 0 (0xFF) of the text is not UTF-8"},
        {"<Open xmlns='urn:one' Level='1'/>", bad_attribute, "Open/Level",
         "200 cannot be written; the 4 bits on the wire hold 0..15"},
        {"<Marked xmlns='urn:one' Mark='a'>b</Marked>", no_attribute, "Marked",
         "characters cannot stand here"},
        {ONE("Wild") "<x/></Wild>", bad_name, "Wild/", "octet 0 (0xFF) of the text is not UTF-8"},
        {ONE("Wild") "<x xmlns='u'/></Wild>", bad_uri, "Wild/x", "octet 0 (0xFF) of the text"},
        {ONE("Wild") "<x><y/></x></Wild>", bad_child, "Wild/x", "octet 0 (0xFF) of the text"},
        {ONE("Wild") "<x>y</x></Wild>", bad_part, "Wild/x", "octet 0 (0xFF) of the text"},
        {ONE("Tailed") "<Deep/></Tailed>", twice, "Tailed/Deep",
         "cannot stand here; expected its end"},
        {ONE("Flagged") "<Leaf/></Flagged>", twice, "Flagged/Leaf",
         "cannot stand here; expected its end"},
        {ONE("Single") "<Big>1</Big><Pair><A>1</A><B>2</B><C>3</C></Pair><Flag>true</Flag></"
                       "Single>",
         bad_run, "Single/Pair/A", "300 cannot be written; the 8 bits on the wire hold 0..255"},
        {ONE("Children") "<Leaf><On>true</On><Tint>red</Tint></Leaf></Children>", bad_leaf,
         "Children/Leaf/Tint", "9 cannot be written; the 2 bits on the wire hold 0..3"},
        {ONE("Numbers") "<Small>1</Small></Numbers>", bad_entry, "Numbers/Small",
         "-1 cannot be written; the 4 bits on the wire hold 0..15"},
        {ONE("Inner") "7</Inner>", bad_relaxed, "", "octet 0 (0xFF) of the text is not UTF-8"},
        {"<Inner xmlns='urn:one' other='1'/>", none, "", "other is no name of kinds"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct arena a;
        struct message m;
        struct err e = ERR_INIT;
        struct buf exi = {0};
        const char *xml = CASES[i].xml;
        arena_open(&a, NULL, 0, MEMORY);
        bool is_fragment = strncmp(xml, "<Inner", 6) == 0;
        if (xml_read(set, xml, strlen(xml), is_fragment, &a, &m, &e) != 0)
            fail_msg("%s\n%s: %s", xml, e.path, e.what);
        CASES[i].change(&m);
        int bad = exi_encode_buf(&m, &exi, &e);
        if (bad == 0 || strstr(e.what, CASES[i].what) == NULL ||
            strncmp(e.path, CASES[i].path, strlen(CASES[i].path)) != 0)
            fail_msg("%s\n%s: %s\nexpected %s: %s", xml, e.path, e.what, CASES[i].path,
                     CASES[i].what);
        buf_close(&exi);
        arena_close(&a);
    }
}

/* What is asked for by a path, and is something else or not there. */
static void test_paths(void **state)
{
    static const char XML[] = ONE("Single") "<Big>12</Big><Pair><A>1</A><B>2</B><C>3</C></Pair>"
                                            "<Flag>true</Flag><Last>x</Last></Single>";
    struct arena a;
    struct message m;
    struct err e = ERR_INIT;
    struct buf text = {0};
    (void)state;
    read_xml(XML, &a, &m);
    assert_null(node_bytes(m.v.n, "Flag"));
    assert_null(node_bytes(m.v.n, "Pair"));
    assert_null(node_bytes(m.v.n, "Pair/D"));
    assert_null(node_bytes(m.v.n, "Far"));
    assert_null(node_bytes(NULL, "Last"));
    assert_int_equal(node_bytes(m.v.n, "Last")->n, 1);
    assert_null(node_child(m.v.n, "Last"));
    assert_int_equal(node_set_text(&a, m.v.n, "None", "1", &e), 0);
    assert_int_equal(node_set_text(&a, m.v.n, "Flag", "maybe", &e), -1);
    assert_string_equal(e.what, "'maybe' is no boolean; expected true or false");
    e = ERR_INIT;
    assert_int_equal(node_set_text(&a, m.v.n, "Pair", "1", &e), -1);
    assert_string_equal(e.what, "'1'; expected no text: Pair has child elements");
    node_text(m.v.n, "Pair", &text);
    node_text(m.v.n, "Far/A", &text);
    assert_int_equal(text.n, 0);
    node_text(m.v.n, "Pair/B", &text);
    assert_string_equal(buf_string(&text), "2");
    arena_close(&a);
    read_xml(ONE("Many") "<Text>a</Text><Text>b</Text></Many>", &a, &m);
    buf_clear(&text);
    node_text(m.v.n, "Text", &text);
    assert_int_equal(text.n, 0);
    assert_null(node_bytes(m.v.n, "Text"));
    m = (struct message){.schema = set}; /* of nothing */
    xml_print(&m, XML_COMPACT, &text);
    assert_int_equal(text.n, 0);
    json_print(&m, JSON_LINE, &text);
    assert_string_equal(buf_string(&text), "null");
    assert_null(message_named(&m).name);
    assert_null(message_header(&m));
    assert_false(message_is_refusal(&m));
    assert_int_equal(message_payload(&m), 0x8F01);
    assert_int_equal(message_check(&m, NULL, NULL), 0);
    buf_close(&text);
    arena_close(&a);
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

/* What has itself within it has no end. */
static void test_defaults_without_end(void **state)
{
    struct arena a;
    struct message m;
    struct err e = ERR_INIT;
    (void)state;
    arena_open(&a, NULL, 0, MEMORY);
    assert_int_equal(message_new(set, "Ring", &a, &m, &e), -1);
    assert_string_equal(e.what, "elements are nested too deeply; expected at most 64 levels");
    arena_close(&a);
    e = ERR_INIT;
    read_xml(ONE("Ring") "<Ring><Ring/></Ring><Ring/></Ring>", &a, &m);
    assert_int_equal(node_complete(&a, m.v.n, &e), -1);
    assert_string_equal(e.what, "elements are nested too deeply; expected at most 64 levels");
    arena_close(&a);
    /* nor does content begin by itself where only a wildcard may */
    e = ERR_INIT;
    arena_open(&a, NULL, 0, MEMORY);
    assert_int_equal(message_new(set, "Wild", &a, &m, &e), 0);
    assert_null(node_items(m.v.n));
    arena_close(&a);
    read_xml(ONE("Open") "text<Leaf/></Open>", &a, &m);
    assert_int_equal(node_complete(&a, m.v.n, &e), 0);
    assert_int_equal(message_check(&m, NULL, NULL), 0);
    arena_close(&a);
}

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

/* ---- quantities ---- */

static void test_quantities(void **state)
{
    static const struct {
        const char *message, *path;
        double si;
        const char *what; /* as it is printed; or why there is none */
    } CASES[] = {
        {"Defaults", "Kept/Level", 0, "0"},
        {"Defaults", "Kept/Level", 2.5, "2.5"},
        {"Defaults", "Kept/Level", 0.125, "0.13"},
        {"Defaults", "Kept/Level", 0.2999999, "0.3"},
        {"Defaults", "Kept/Level", 10.0000001, "10"},
        {"Defaults", "Kept/Level", 9e15, "9e+15"},
        {"Defaults", "Kept/Level", -1,
         "-1 cannot be shown; expected 0..9223372036854775807 times 10 to the power of -2..-1"},
        {"Defaults", "Kept/Level", 1e30, "1e+30 cannot be shown"},
        {"Defaults", "Kept/Step", 0,
         "0 cannot be shown; expected 5..900 times 10 to the power of 0..2"},
        {"Defaults", "Kept/Step", 5.4, "5"},
        {"Defaults", "Kept/Step", 90000, "90000"},
        {"Defaults", "Kept/Step", 90001, "90000"},
        {"Under", "", 0, "0 cannot be shown; expected -9..-1"},
        {"Under", "", -0.5, "-0.5"},
        {"Under", "", -90, "-90"},
        {"Single", "Pair", 1, "Pair is no quantity"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct arena a;
        struct message m;
        struct err e = ERR_INIT;
        struct buf text = {0};
        arena_open(&a, NULL, 0, MEMORY);
        assert_int_equal(message_new(set, CASES[i].message, &a, &m, &e), 0);
        struct node *n = CASES[i].path[0] == '\0' ? m.v.n : node_child(m.v.n, CASES[i].path);
        assert_non_null(n);
        if (quantity_set(&a, n, CASES[i].si, NULL, &e) == 0)
            quantity_print(n, &text);
        if (strncmp(e.set ? e.what : buf_string(&text), CASES[i].what, strlen(CASES[i].what)) != 0)
            fail_msg("%g: %s%s\nexpected %s", CASES[i].si, buf_string(&text), e.what,
                     CASES[i].what);
        buf_clear(&text);
        if (!n->type->is_quantity) {
            quantity_print(n, &text);
            assert_string_equal(buf_string(&text), "0");
        } else if (strcmp(n->type->name, "Level") == 0) {
            node_set(n, (unsigned)n->type->value, (union value){.u = UINT64_MAX});
            node_set(n, (unsigned)n->type->multiplier, (union value){.i = -2});
            quantity_print(n, &text);
            assert_string_equal(buf_string(&text), "1.844674407e+17");
            node_remove(n, (unsigned)n->type->value);
            buf_clear(&text);
            quantity_print(n, &text);
            assert_string_equal(buf_string(&text), "0");
        }
        buf_close(&text);
        arena_close(&a);
    }
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
        {"  B integer = 1x\n", "default 1x of B; expected an integer"},
        {"  B integer = -\n", "default - of B; expected an integer"},
        {"  B integer = 1-\n", "default 1- of B; expected an integer"},
        {"  Q Q = 2.5x\n", "default 2.5x of Q; expected a number"},
        {"  Q Q = x\n", "default x of Q; expected a number"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char text[400];
        struct err e = ERR_INIT;
        snprintf(text, sizeof text,
                 "schema x X\nnamespace n urn:n\ntype T\n%stype Q quantity\n  Multiplier byte\n"
                 "  Value short\n",
                 CASES[i].fields);
        assert_null(schema_load("x", wrong_source, text, &e));
        bool is_field = strncmp(CASES[i].what, "default", 7) == 0;
        if (strstr(e.what, CASES[i].what) == NULL || e.line != (is_field ? 4 : 3))
            fail_msg("%s\nline %d: %s", text, (int)e.line, e.what);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrong_text),
        cmocka_unit_test(test_no_octets_for_it),
        cmocka_unit_test(test_values_of_a_program),
        cmocka_unit_test(test_changed_by_a_program),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_an_element_at_two_places),
        cmocka_unit_test(test_too_deep),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_defaults_without_end),
        cmocka_unit_test(test_quantities),
        cmocka_unit_test(test_wrong_descriptions),
    };
    xmlSetGenericErrorFunc(NULL, be_silent);
    return cmocka_run_group_tests(tests, open_set, close_set);
}
