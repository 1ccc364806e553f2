/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set of our own that has every kind of value at every place where one can stand: what the sets
 * of the standards leave out, others may describe (--schema). Each document comes back the same by
 * every way, in any room, and whatever it is cut to.
 */
#include "kinds.h"
#include "memory.h"

#include "codec/check.h"
#include "codec/copy.h"
#include "codec/exi_encode.h"
#include "codec/json.h"

#define ROOM_STEP 40

/* ---- documents that come back ---- */

/* Forty digits, and as many as are allowed. */
#define DIGITS "1234567890123456789012345678901234567890"
#define A20 "aaaaaaaaaaaaaaaaaaaa"
#define A100 A20 A20 A20 A20 A20

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
    {ONE("Wild") "<x xmlns=\"urn:three\" xmlns:a0=\"urn:four\" a0:b=\"1\"/></Wild>", false},
    {ONE("Tailed") "<Deep><Down/></Deep></Tailed>", false},
    {ONE("Tailed") "<x xmlns=\"urn:two\"/><Deep/></Tailed>", false},
    {ONE("Flagged") "<Leaf><On>true</On><Tint>blue</Tint></Leaf></Flagged>", false},
    {ONE("Runs") "<Five><A>1</A><B>2</B><C>3</C><D>4</D><E>255</E></Five><Five><A>1</A><B>2</"
                 "B><C>3</C><D>4</D><E>255</E></Five><Eight><A>1</A><B>2</B><C>3</C><D>4</"
                 "D><E>255</E><F>6</F><G>7</G><H>8</H></Eight>"
                 "<Wide><A>1</A><B>2</B><C>3</C><D>4</D><E>18446744073709551615</E></Wide></Runs>",
     false},
    {ONE("Runs") "<Wide><A>1</A><B>2</B><C>3</C><D>4</D><E>5</E></Wide></Runs>", false},
    {"<Attributes xmlns=\"urn:one\" A01=\"true\" A02=\"false\" A03=\"true\" A04=\"true\" "
     "A05=\"true\" "
     "A06=\"true\" A07=\"true\" A08=\"true\" A09=\"true\" A10=\"true\" A11=\"true\" A12=\"true\" "
     "A13=\"true\" "
     "A14=\"true\" A15=\"true\" A16=\"true\" A17=\"true\" A18=\"true\" A19=\"false\" "
     "A20=\"true\"><A21>false</A21>"
     "</Attributes>",
     false},
    {ONE("Contents") "<Counted Id=\"a\">-5</Counted><Counted>0</Counted><Held>true</Held>"
                     "<Packed>AAE=</Packed><Packed Id=\"b\"/></Contents>",
     false},
    {ONE("Open") "<![CDATA[\n\t ]]><Flag>true</Flag></Open>", false},
    {ONE("Wild") "<x xmlns=\"urn:three\" xmlns:a0=\"urn:four\" a0:b=\"1\" a0:c=\"2\" "
                 "xmlns:a1=\"urn:five\" "
                 "a1:d=\"3\"/></Wild>",
     false},
    {ONE("Stern") "a<Word>b</Word>c</Stern>", false},
    {ONE("Stern") "<Word>b</Word></Stern>", false},
    {"<Marked xmlns=\"urn:one\" Mark=\"a\">b<Word>c</Word>d</Marked>", false},
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

/* ---- every kind, in lists and content of every length ---- */

/* ORDER of the elements of Many: each with values that take few bits and many. */
static const char *const VALUES[][4] = {
    {"Big", "0", "-128", "1234567890123456789012345678901234567890"},
    {"Unsigned", "1", "128", "18446744073709551615"},
    {"Signed", "-1", "300", "-9223372036854775808"},
    {"Small", "0", "9", "5"},
    {"Octets", "", "00FF", "000102030405060708090A0B0C0D0E0F"},
    {"Text", "a", "0123456789", "\xC3\xA9"},
    {"Flag", "true", "false", "true"},
    {"Tint", "red", "green", "blue"},
    {"Name", "a", "a23456789", "_"},
    {"Leaf", "<On>true</On><Tint>blue</Tint>", "<On>false</On><Tint>red</Tint>",
     "<On>true</On><Tint>green</Tint>"},
    {"Pair", "<A>0</A><B>0</B><C>0</C>", "<A>1</A><B>128</B><C>70000</C>",
     "<A>255</A><B>65535</B><C>4294967295</C>"},
    {"Far", "<A>0</A><B>0</B><C>0</C><D>0</D><E>0</E>",
     "<A>1</A><B>128</B><C>70000</C><D>-300</D><E>99999999</E>",
     "<A>255</A><B>65535</B><C>4294967295</C><D>32767</D><E>9223372036854775807</E>"},
    {"Deep", "", "<Down/>", "<Down><Down/><Leaf><On>true</On><Tint>red</Tint></Leaf></Down>"},
};

static void add_entries(struct buf *xml, unsigned kind, unsigned n, unsigned seed)
{
    for (unsigned i = 0; i < n; i++) {
        const char *name = VALUES[kind][0], *value = VALUES[kind][1 + (i * 7 + seed) % 3];
        if (value[0] == '\0')
            buf_printf(xml, "<%s/>", name);
        else
            buf_printf(xml, "<%s>%s</%s>", name, value, name);
    }
}

/* Reads what xml holds, by way of octets, fast and carefully: the same again; also where they are
 * cut, and in rooms so small that each step asks for more. */
static void come_back(const char *xml)
{
    struct document d = {xml, false};
    struct arena a;
    struct message m;
    struct err e = ERR_INIT;
    struct buf exi = {0};
    arena_open(&a, NULL, 0, MEMORY);
    if (xml_read(set, xml, strlen(xml), false, &a, &m, &e) != 0 ||
        exi_encode_buf(&m, &exi, &e) != 0)
        fail_msg("%s\n%s: %s", xml, e.path, e.what);
    struct trial t = {&d, WAY_FAST, NULL, {exi.p, exi.n}, &m, MEMORY};
    if (go(&t, &e) != 0)
        fail_msg("%s\n%s: %s", xml, e.path, e.what);
    encode_in_all_rooms(&m, &exi);
    decode_changed(&d, &exi, exi.n, 0);
    for (size_t n = exi.n > 4 ? exi.n - 4 : 0; n < exi.n; n++)
        decode_changed(&d, &exi, n, 0);
    for (t.limit = 500; t.limit < 6000; t.limit += 500) {
        e = ERR_INIT;
        if (go(&t, &e) != 0)
            assert_non_null(strstr(e.what, "memory"));
    }
    buf_close(&exi);
    arena_close(&a);
}

static void test_lists_of_every_length(void **state)
{
    static const unsigned LENGTHS[] = {1, 2, 3, 4, 5, 8, 9, 17, 70};
    (void)state;
    for (unsigned kind = 0; kind < sizeof VALUES / sizeof *VALUES; kind++)
        for (unsigned i = 0; i < 6 * sizeof LENGTHS / sizeof *LENGTHS; i++) {
            struct buf xml = {0};
            const char *name = i % 2 == 0 ? "Many" : "Any";
            buf_printf(&xml, "<%s xmlns=\"urn:one\">", name);
            add_entries(&xml, kind, LENGTHS[i / 6], i / 2 % 3);
            buf_printf(&xml, "</%s>", name);
            come_back(buf_string(&xml));
            buf_close(&xml);
        }
    for (unsigned n = 1; n < 40; n++) { /* all of them, one after the other and mixed */
        struct buf many = {0}, any = {0};
        buf_text(&many, "<Many xmlns=\"urn:one\">");
        buf_text(&any, "<Any xmlns=\"urn:one\">");
        for (unsigned kind = 0; kind < sizeof VALUES / sizeof *VALUES; kind++)
            add_entries(&many, kind, n % 7, n);
        for (unsigned i = 0; i < n; i++)
            add_entries(&any, (i * 5 + n) % (sizeof VALUES / sizeof *VALUES), 1 + i % 3, i + n);
        buf_text(&many, "</Many>");
        buf_text(&any, "</Any>");
        if (n % 7 > 0)
            come_back(buf_string(&many));
        come_back(buf_string(&any));
        buf_close(&many);
        buf_close(&any);
    }
}

/* ---- other forms of the same ---- */

#define XSI "xmlns:i='http://www.w3.org/2001/XMLSchema-instance'"

static void test_forms(void **state)
{
    static const char *const FORMS[][2] = {
        {ONE("Wild") "<x xmlns='' " XSI
                     " i:schemaLocation='a b' i:noNamespaceSchemaLocation='c'/></Wild>",
         ONE("Wild") "<x xmlns=\"\"/></Wild>"},
        {ONE("Children") "\n\t<Deep>\n \t<Down/>\n</Deep></Children>",
         ONE("Children") "<Deep><Down/></Deep></Children>"},
        {"<?v2glab other?>" ONE("Many") "<Text>\xEE\xBC\x81</Text></Many>",
         ONE("Many") "<Text>\xEE\xBC\x81</Text></Many>"},
        {"<?other octets=\"U+EF00\"?>" ONE("Many") "<Text>\xEE\xBC\x81</Text></Many>",
         ONE("Many") "<Text>\xEE\xBC\x81</Text></Many>"},
        {"<?v2glab octets=\"U+EF00\"?>" ONE(
             "Many") "<Text>\xEE\xBC\x81\xEE\xBD\x81\xEE\xB8\x80</Text></Many>",
         "<?v2glab octets=\"U+EF00\"?>" ONE("Many") "<Text>\xEE\xBC\x81"
                                                    "A\xEE\xB8\x80</Text></Many>"},
        {"{\"Many\":{\"Big\":[3.0,-3.0,\"+003\",\"-0\"],\"Flag\":[\"1\",false],\"Tint\":[2,\"red\"]"
         ","
         "\"Small\":[\" 7\\t\"]}}",
         ONE("Many") "<Big>3</Big><Big>-3</Big><Big>3</Big><Big>0</Big><Small>7</Small><Flag>true</"
                     "Flag>"
                     "<Flag>false</Flag><Tint>blue</Tint><Tint>red</Tint></Many>"},
        {"{\"Open\":{\"content\":[\"\",{\"Flag\":true}]}}", ONE("Open") "<Flag>true</Flag></Open>"},
        {"{\"Wild\":{\"content\":[{\"{}x\":{\"content\":[\"\"]}}]}}",
         ONE("Wild") "<x xmlns=\"\"/></Wild>"},
        {"{\"Wild\":{\"content\":[{\"{}\":{}},{\"{}-a\":{}}]}}",
         ONE("Wild") "<_ xmlns=\"\"/><_-a xmlns=\"\"/></Wild>"},
        {"{\"Many\":{\"Small\":[\"\\r\\n7\\r\"],\"Octets\":[\" 0a \"]}}",
         ONE("Many") "<Small>7</Small><Octets>0A</Octets></Many>"},
        {"{\"Open\":{\"@Level\":2,\"content\":[]}}", "<Open xmlns=\"urn:one\" Level=\"2\"/>"},
        {"{\"Wild\":{\"content\":[{\"{}x\":{\"content\":[]}}]}}",
         ONE("Wild") "<x xmlns=\"\"/></Wild>"},
        {"{\"Defaults\":{\"Kept\":{\"Below\":\"-8\"}}}",
         ONE("Defaults") "<Kept><Below>-8</Below></Kept></Defaults>"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof FORMS / sizeof *FORMS; i++) {
        struct arena a;
        struct message m;
        struct err e = ERR_INIT;
        struct buf text = {0};
        size_t n = strlen(FORMS[i][0]);
        arena_open(&a, NULL, 0, MEMORY);
        int bad = FORMS[i][0][0] == '<' ? xml_read(set, FORMS[i][0], n, false, &a, &m, &e)
                                        : json_read(set, FORMS[i][0], n, false, &a, &m, &e);
        if (bad != 0)
            fail_msg("%s\n%s: %s", FORMS[i][0], e.path, e.what);
        assert_string_equal(support_xml(&m, &text), FORMS[i][1]);
        buf_close(&text);
        arena_close(&a);
    }
}

/* ---- memory ---- */

/* A memory_run: so many names that the parser is not kept. */
static int read_names(void *context, struct err *e)
{
    struct arena a;
    struct message m;
    const struct buf *text = context;
    arena_open(&a, NULL, 0, MEMORY);
    int bad = xml_read(set, (const char *)text->p, text->n, false, &a, &m, e);
    memory_calm();
    arena_close(&a);
    if (bad != 0) { /* the next run has no parser either */
        struct err ignored = ERR_INIT;
        arena_open(&a, NULL, 0, MEMORY);
        assert_int_equal(xml_read(set, (const char *)text->p, text->n, false, &a, &m, &ignored), 0);
        arena_close(&a);
    }
    return bad;
}

static void test_parser_without_memory(void **state)
{
    struct buf text = {0};
    (void)state;
    buf_text(&text, ONE("Wild") "<x>");
    for (unsigned i = 0; i < 4200; i++)
        buf_printf(&text, "<a%u b='c'>d</a%u>", i, i);
    buf_text(&text, "</x></Wild>");
    assert_true(memory_fail_each("names", 0, read_names, &text) > 10 || !COUNTS_MEMORY);
    buf_close(&text);
}

/* A memory_run: the set is read and laid out once more. */
static int load_again(void *context, struct err *e)
{
    struct schema *s = schema_load("kinds", set_source, NULL, e);
    int bad = s == NULL ? -1 : exi_stage_need(s, e);
    (void)context;
    memory_calm();
    schema_close(s);
    return bad;
}

static void test_set_without_memory(void **state)
{
    (void)state;
    assert_true(memory_fail_each("set", 0, load_again, NULL) > 20 || !COUNTS_MEMORY);
}

/* A message with its defaults in rooms that are too small. */
static void test_defaults_without_memory(void **state)
{
    (void)state;
    for (size_t limit = 0;; limit += 8) {
        struct arena a;
        struct message m;
        struct err e = ERR_INIT;
        arena_open(&a, NULL, 0, limit);
        int bad = message_new(set, "Defaults", &a, &m, &e);
        if (bad == 0)
            assert_int_equal(message_check(&m, NULL, NULL), 0);
        else
            assert_non_null(strstr(e.what, "memory"));
        arena_close(&a);
        if (bad == 0)
            break;
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documents),
        cmocka_unit_test(test_lists_of_every_length),
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_parser_without_memory),
        cmocka_unit_test(test_set_without_memory),
        cmocka_unit_test(test_defaults_without_memory),
    };
    xmlSetGenericErrorFunc(NULL, be_silent);
    return cmocka_run_group_tests(tests, open_set, close_set);
}
