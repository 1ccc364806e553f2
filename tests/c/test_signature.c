/* SPDX-License-Identifier: Apache-2.0 */
/* XML signatures over EXI fragments: made and checked, against openssl and against other stacks. */
#include "signed.h"

#include "trust/signature_fragment.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <unistd.h>

/* ---- what other stacks made ---- */

/* DigestValue of a tariff that another stack signed, and the fragment it belongs to. */
static void test_tariff_of_a_capture(void **state)
{
    static const char FRAGMENT[] = "80ae015a590c40920200008012060688106068810008be80";
    struct slice exi = support_octets(FRAGMENT);
    struct bench b;
    struct message tariff;
    struct buf out = {0}, text = {0};
    uint8_t hash[32];
    size_t n;
    (void)state;
    bench_new(&b, "iso15118-2", "ChargeParameterDiscoveryRes");
    ok(&b, support_decode(b.m.schema, exi, true, &b.arena, &tariff, &b.e));
    struct node *list = add_default(&b, message_named(&b.m).node, "SAScheduleList");
    struct node *tuple = at(list, "SAScheduleTuple");
    node_set(tuple, (unsigned)type_slot_of(tuple->type, "SalesTariff"), tariff.v);
    ok(&b, signature_fragment(&b.m, "SalesTariff", NULL, &out, &b.e));
    assert_int_equal(out.n, exi.n);
    assert_memory_equal(out.p, exi.p, exi.n);
    assert_int_equal(EVP_Q_digest(NULL, "SHA256", NULL, out.p, out.n, hash, &n), 1);
    buf_base64(&text, hash, n);
    assert_memory_equal(buf_string(&text), "th2+taX+", 8);
    buf_close(&text);
    buf_close(&out);
    free((void *)(uintptr_t)exi.p);
    bench_close(&b);
}

#define CERTIFICATES_MAX 16

struct chain {
    unsigned n;
    EVP_PKEY *key[CERTIFICATES_MAX];
};

/* The keys of all certificates within a message. */
static void take_certificates(struct chain *c, const struct node *n)
{
    for (unsigned i = 0; i < n->type->fields; i++) {
        const struct field *f = &n->type->field[i];
        uint32_t count = !node_has(n, i) ? 0 : f->is_list ? n->v[i].l->n : 1;
        for (uint32_t k = 0; k < count; k++) {
            union value v = f->is_list ? n->v[i].l->v[k] : n->v[i];
            if (f->kind == KIND_NODE)
                take_certificates(c, v.n);
            if (f->kind != KIND_BASE64 || strstr(f->name, "Cert") == NULL)
                continue;
            const uint8_t *p = v.b->p;
            X509 *x = d2i_X509(NULL, &p, v.b->n);
            assert_non_null(x);
            assert_true(c->n < CERTIFICATES_MAX);
            c->key[c->n++] = X509_get_pubkey(x);
            X509_free(x);
        }
    }
}

/* How many of the keys the value verifies with. */
static unsigned keys_that_fit(struct bench *b, const struct chain *c)
{
    unsigned fit = 0;
    for (unsigned i = 0; i < c->n; i++) {
        b->e = ERR_INIT;
        signature_verify(&b->m, c->key[i], b->xmldsig, &b->arena, &b->r, &b->e);
        fit += b->r.is_intact;
    }
    return fit;
}

/*
 * Messages that other stacks signed: the value verifies with a certificate that was sent in the
 * session, and every digest is that of its element. Two are not as the standards want them: an
 * ISO 15118-20 message over secp256r1; and an eMAID hashed as the text "{Id=id4, value=...}", which
 * proves the relaxed grammar of its fragment all the same.
 */
/* [V2G2-771] */
static void test_signed_by_other_stacks(void **state)
{
    (void)state;
    FILE *f = fopen("tests/vectors/signed.tsv", "r");
    assert_non_null(f);
    struct chain c = {0};
    char *line = NULL;
    size_t cap = 0;
    unsigned n = 0;
    while (getline(&line, &cap, f) > 0) {
        char *name = line[0] == '#' ? NULL : strchr(line, '\t');
        if (name == NULL)
            continue;
        *name++ = '\0';
        char *hex = strchr(name, '\t');
        *hex++ = '\0';
        hex[strcspn(hex, "\n")] = '\0';
        struct slice frame = support_octets(hex);
        struct bench b;
        bench_open(&b);
        ok(&b, support_decode(support_schema(line), (struct slice){frame.p + 8, frame.n - 8}, false,
                              &b.arena, &b.m, &b.e));
        take_certificates(&c, b.m.v.n);
        struct node *header = message_header(&b.m);
        if (node_has(header, (unsigned)type_slot_of(header->type, "Signature"))) {
            bool is_20 = strcmp(b.m.schema->protocol, "ISO15118-20") == 0;
            bool is_install = strcmp(name, "CertificateInstallationRes") == 0;
            assert_true(keys_that_fit(&b, &c) > 0);
            expect_fault(&b, NULL,
                         is_20        ? SIGNATURE_ALGORITHM
                         : is_install ? SIGNATURE_DIGEST
                                      : SIGNATURE_VALID);
            for (unsigned i = 0; i < b.r.references; i++) {
                bool is_emaid = strcmp(b.r.reference[i].element, "eMAID") == 0;
                assert_int_equal(b.r.reference[i].matches, !is_emaid);
                assert_int_equal(b.r.reference[i].matches_map, is_emaid);
            }
            n++;
        }
        bench_close(&b);
        free((void *)(uintptr_t)frame.p);
    }
    assert_int_equal(n, 6);
    while (c.n > 0)
        EVP_PKEY_free(c.key[--c.n]);
    free(line);
    fclose(f);
}

/* ---- every signed message ---- */

static void test_round_trip(void **state)
{
    (void)state;
    EVP_PKEY *key[SUITES], *other[SUITES];
    for (unsigned s = 0; s < SUITES; s++) {
        key[s] = new_key(s);
        other[s] = new_key(s);
    }
    for (unsigned i = 0; i < sizeof SIGNED / sizeof *SIGNED; i++) {
        bool is_20 = strncmp(SIGNED[i].schema, "iso15118-20", 11) == 0;
        for (unsigned s = is_20 ? SUITE_P521 : SUITE_P256; s < (is_20 ? SUITES : 1); s++) {
            struct bench b;
            bench_signed(&b, i);
            expect_fault(&b, key[s], SIGNATURE_ABSENT);
            b.e = ERR_INIT;
            ok(&b, signature_make(&b.m, NULL, key[s], b.xmldsig, &b.arena, &b.e));
            expect_fault(&b, key[s], SIGNATURE_VALID);
            over_the_wire(&b);
            expect_fault(&b, key[s], SIGNATURE_VALID);
            assert_true(b.r.is_intact && b.r.value_checked);
            assert_ptr_equal(b.r.suite, &SIGNATURE_SUITES[s]);
            assert_string_equal(b.r.reference[0].element, SIGNED[i].first);
            expect_fault(&b, other[s], SIGNATURE_VALUE);
            expect_fault(&b, key[(s + 1) % SUITES], SIGNATURE_ALGORITHM);
            expect_fault(&b, NULL, SIGNATURE_VALID);
            assert_false(b.r.value_checked);
            bench_close(&b);
        }
    }
    for (unsigned s = 0; s < SUITES; s++) {
        EVP_PKEY_free(key[s]);
        EVP_PKEY_free(other[s]);
    }
}

/* Four references, one of them to an element whose name two types share. */
static void test_installation_has_four_references(void **state)
{
    (void)state;
    EVP_PKEY *key = new_key(SUITE_P256);
    struct bench b;
    bench_signed(&b, 4);
    ok(&b, signature_make(&b.m, NULL, key, b.xmldsig, &b.arena, &b.e));
    expect_fault(&b, key, SIGNATURE_VALID);
    assert_int_equal(b.r.references, 4);
    assert_string_equal(b.r.reference[3].element, "eMAID");
    set_text(&b, at(message_named(&b.m).node, "eMAID"), "", "DE8AA1A2B3C4D59");
    expect_fault(&b, key, SIGNATURE_DIGEST);
    assert_non_null(strstr(b.e.what, "eMAID"));
    assert_true(b.r.reference[2].matches && !b.r.reference[3].matches);
    assert_true(b.r.value_matches && !b.r.is_intact && !b.r.reference[3].matches_map);
    bench_close(&b);
    EVP_PKEY_free(key);
}

/* An Id that somebody else has already is not given to another one. */
static void test_ids_are_new(void **state)
{
    static const char *const PARTS[] = {"eMAID", NULL};
    (void)state;
    EVP_PKEY *key = new_key(SUITE_P256);
    struct bench b;
    bench_signed(&b, 4);
    set_text(&b, at(message_named(&b.m).node, "DHpublickey"), "Id", "id1");
    struct node *emaid = at(message_named(&b.m).node, "eMAID");
    if (node_has(emaid, (unsigned)type_slot_of(emaid->type, "Id")))
        remove_child(emaid, "Id");
    ok(&b, signature_make(&b.m, PARTS, key, b.xmldsig, &b.arena, &b.e));
    const struct bytes *id = bytes_at(emaid, "Id");
    struct signature_search same = {.id = (const char *)id->p, .id_size = id->n};
    signature_search(&b.m, &same);
    assert_int_equal(same.n, 1);
    bench_close(&b);
    EVP_PKEY_free(key);
}

/* ---- a set of our own, with names that two types share ---- */

static const char OWN[] = "schema own OWN\n"
                          "namespace o urn:own\n"
                          "type EntryType\n"
                          "  @Id ? ID\n"
                          "  content string\n"
                          "type FirstType\n"
                          "  @Id ? ID\n"
                          "  @Name ? string\n"
                          "  Head EntryType\n"
                          "  Entry {0,4} EntryType\n"
                          "type SecondType\n"
                          "  @Id ? ID\n"
                          "type SimpleType\n"
                          "  @Id ? ID\n"
                          "  Amount int\n"
                          "message FirstReq from evcc\n"
                          "  Part FirstType\n"
                          "message SecondReq from evcc\n"
                          "  Part SecondType\n"
                          "message SimpleReq from evcc\n"
                          "  Part SimpleType\n";

static int own_source(void *context, const char *name, struct slice *text, const char **file)
{
    (void)context, (void)name;
    *text = (struct slice){(const uint8_t *)OWN, strlen(OWN)};
    *file = "own";
    return 0;
}

static void own_fragment(struct bench *b, struct buf *out)
{
    buf_clear(out);
    ok(b, signature_fragment(&b->m, "Part", NULL, out, &b->e));
    assert_true(out->n > 0);
}

/* All that stands in such an element is signed with it. */
static void test_names_that_types_share(void **state)
{
    struct err e = ERR_INIT;
    struct bench b;
    struct buf was = {0}, is = {0};
    (void)state;
    struct schema *own = schema_load("own", own_source, NULL, &e);
    if (own == NULL)
        fail_msg("line %d: %s", (int)e.line, e.what);
    assert_int_equal(exi_stage_need(own, &e), 0);
    bench_open(&b);
    ok(&b, message_new(own, "FirstReq", &b.arena, &b.m, &b.e));
    struct node *part = at(message_named(&b.m).node, "Part");
    own_fragment(&b, &was);
    set_text(&b, part, "Id", "p1");
    own_fragment(&b, &is);
    assert_true(is.n > was.n);
    buf_clear(&was);
    buf_add(&was, is.p, is.n);
    for (unsigned i = 0; i < 3; i++) {
        struct node *entry = node_new(&b.arena, at(part, "Head")->type);
        set_text(&b, entry, "", "entry");
        assert_int_equal(node_add(&b.arena, part, (unsigned)type_slot_of(part->type, "Entry"),
                                  (union value){.n = entry}),
                         0);
        own_fragment(&b, &is);
        assert_true(is.n >= was.n + 5);
        set_text(&b, entry, "", "other");
        own_fragment(&b, &was);
        assert_int_equal(was.n, is.n);
        assert_memory_not_equal(was.p, is.p, is.n);
    }
    /* the form of such a name has no place for a number */
    ok(&b, message_new(own, "SimpleReq", &b.arena, &b.m, &b.e));
    buf_clear(&is);
    assert_int_equal(signature_fragment(&b.m, "Part", NULL, &is, &b.e), -1);
    assert_string_equal(b.e.what, "Part has a child Amount, and a name that two types share");
    bench_close(&b);
    buf_close(&was);
    buf_close(&is);
    schema_close(own);
}

/* ---- against the openssl program ---- */

static char folder[200];

static const char *path_of(const char *name)
{
    static char path[4][256];
    static unsigned turn;
    turn = (turn + 1) % 4;
    snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
    return path[turn];
}

static void write_file(const char *name, const void *p, size_t n)
{
    FILE *f = fopen(path_of(name), "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(p, 1, n, f), n);
    fclose(f);
}

/* Runs a command line within the folder; true where it succeeds. */
static bool run(const char *format, ...)
{
    char line[1024], text[900];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    snprintf(line, sizeof line, "cd '%s' && { %s; } >out 2>&1", folder, text);
    return system(line) == 0;
}

static void write_keys(EVP_PKEY *key)
{
    FILE *f = fopen(path_of("key.pem"), "wb"), *p = fopen(path_of("public.pem"), "wb");
    assert_true(f != NULL && p != NULL);
    assert_int_equal(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL), 1);
    assert_int_equal(PEM_write_PUBKEY(p, key), 1);
    fclose(f);
    fclose(p);
}

/* The value of a signature in DER, as openssl wants it (Ed448: as it is). */
static void write_value(const uint8_t *raw, const struct signature_suite *suite)
{
    if (suite->curve[0] == '\0') {
        write_file("value", raw, suite->value_size);
        return;
    }
    uint8_t *der = NULL;
    int half = suite->value_size / 2;
    ECDSA_SIG *sig = ECDSA_SIG_new();
    ECDSA_SIG_set0(sig, BN_bin2bn(raw, half, NULL), BN_bin2bn(raw + half, half, NULL));
    int n = i2d_ECDSA_SIG(sig, &der);
    assert_true(n > 0);
    write_file("value", der, (size_t)n);
    OPENSSL_free(der);
    ECDSA_SIG_free(sig);
}

/* The value that openssl made, as it goes into the message. */
static void read_value(struct bench *b, const struct signature_suite *suite)
{
    uint8_t raw[SIGNATURE_VALUE_MAX] = {0};
    size_t n;
    char *bytes = support_read_file(path_of("made"), &n);
    const uint8_t *p = (const uint8_t *)bytes;
    assert_non_null(bytes);
    if (suite->curve[0] != '\0') {
        ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)n);
        int half = suite->value_size / 2;
        assert_non_null(sig);
        BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, half);
        BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + half, half);
        ECDSA_SIG_free(sig);
    } else {
        assert_int_equal(n, suite->value_size);
        memcpy(raw, bytes, n);
    }
    struct node *value = at(signature_of(b), "SignatureValue");
    unsigned slot = (unsigned)type_slot(value->type, "", 0);
    node_set(value, slot, (union value){.b = bytes_new(&b->arena, raw, suite->value_size)});
    free(bytes);
}

/* [V2G20-1000] openssl verifies what we signed, with the halves of the value as r and s, and
 * computes the same digest; we verify what openssl signed. */
static void test_against_openssl(void **state)
{
    static const char *const VERIFY[SUITES] = {
        "openssl dgst -sha256 -verify public.pem -signature value info",
        "openssl dgst -sha512 -verify public.pem -signature value info",
        "openssl pkeyutl -verify -rawin -pubin -inkey public.pem -sigfile value -in info",
    };
    static const char *const SIGN[SUITES] = {
        "openssl dgst -sha256 -sign key.pem -out made info",
        "openssl dgst -sha512 -sign key.pem -out made info",
        "openssl pkeyutl -sign -rawin -inkey key.pem -in info -out made",
    };
    (void)state;
    for (unsigned s = 0; s < SUITES; s++) {
        const struct signature_suite *suite = &SIGNATURE_SUITES[s];
        EVP_PKEY *key = new_key(s);
        struct bench b;
        struct buf info = {0}, part = {0}, hash = {0};
        bench_signed(&b, s == SUITE_P256 ? 0 : 7);
        ok(&b, signature_make(&b.m, NULL, key, b.xmldsig, &b.arena, &b.e));
        ok(&b, signature_signed_info(&b.m, b.xmldsig, &b.arena, &info, &b.e));
        assert_memory_equal(info.p, "\x80\x81", 2);
        write_keys(key);
        write_file("info", info.p, info.n);
        write_value(bytes_at(at(signature_of(&b), "SignatureValue"), "")->p, suite);
        assert_true(run("%s", VERIFY[s]));

        ok(&b, signature_fragment(&b.m, SIGNED[s == SUITE_P256 ? 0 : 7].first, NULL, &part, &b.e));
        write_file("part", part.p, part.n);
        expect_fault(&b, key, SIGNATURE_VALID);
        buf_hex(&hash, b.r.reference[0].stated, b.r.reference[0].stated_size, false);
        assert_true(run("openssl dgst -%s %s -r part | grep -q '^%s '", suite->hash,
                        s == SUITE_ED448 ? "-xoflen 64" : "", buf_string(&hash)));

        assert_true(run("%s", SIGN[s]));
        read_value(&b, suite);
        expect_fault(&b, key, SIGNATURE_VALID);
        buf_close(&hash);
        buf_close(&part);
        buf_close(&info);
        bench_close(&b);
        EVP_PKEY_free(key);
    }
}

static int open_folder(void **state)
{
    (void)state;
    const char *base = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%.150s/signature.XXXXXX", base == NULL ? "/tmp" : base);
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int close_all(void **state)
{
    static const char *const FILES[] = {"key.pem", "public.pem", "info", "value",
                                        "part",    "made",       "out"};
    for (unsigned i = 0; i < sizeof FILES / sizeof *FILES; i++)
        unlink(path_of(FILES[i]));
    rmdir(folder);
    return support_close(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tariff_of_a_capture),
        cmocka_unit_test(test_signed_by_other_stacks),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_installation_has_four_references),
        cmocka_unit_test(test_ids_are_new),
        cmocka_unit_test(test_names_that_types_share),
        cmocka_unit_test(test_against_openssl),
    };
    return cmocka_run_group_tests_name("signature", tests, open_folder, close_all);
}
