/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures that are broken, cover too little, or cannot be made at all. */
#include "signed.h"

#include "trust/signature_fragment.h"

#include <openssl/rsa.h>

/* ---- broken ones ---- */

static void break_digest(struct bench *b)
{
    bytes_at(reference_of(b), "DigestValue")->p[0] ^= 1;
}

static void break_value(struct bench *b)
{
    bytes_at(at(signature_of(b), "SignatureValue"), "")->p[40] ^= 1;
}

static void break_body(struct bench *b)
{
    bytes_at(message_named(&b->m).node, "GenChallenge")->p[3] ^= 0x80;
}

static void break_digest_length(struct bench *b)
{
    set_text(b, reference_of(b), "DigestValue", "short");
}

static void break_value_length(struct bench *b)
{
    set_text(b, at(signature_of(b), "SignatureValue"), "", "short");
}

static void break_value_zero(struct bench *b)
{
    memset(bytes_at(at(signature_of(b), "SignatureValue"), "")->p, 0, 64);
}

static void break_uri(struct bench *b)
{
    set_text(b, reference_of(b), "URI", "#id2");
}

static void break_uri_form(struct bench *b)
{
    set_text(b, reference_of(b), "URI", "id1");
}

static void break_uri_absent(struct bench *b)
{
    struct node *r = reference_of(b);
    node_remove(r, (unsigned)type_slot_of(r->type, "URI"));
}

static void break_digest_method(struct bench *b)
{
    set_text(b, at(reference_of(b), "DigestMethod"), "Algorithm",
             "http://www.w3.org/2000/09/xmldsig#sha1");
}

static void break_signature_method(struct bench *b)
{
    set_text(b, at(at(signature_of(b), "SignedInfo"), "SignatureMethod"), "Algorithm",
             "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256");
}

static void break_suite(struct bench *b)
{
    set_text(b, at(at(signature_of(b), "SignedInfo"), "SignatureMethod"), "Algorithm",
             SIGNATURE_SUITES[SUITE_P521].method);
}

static void break_canonicalization(struct bench *b)
{
    set_text(b, at(at(signature_of(b), "SignedInfo"), "CanonicalizationMethod"), "Algorithm",
             "http://www.w3.org/TR/2001/REC-xml-c14n-20010315");
}

static void break_transform(struct bench *b)
{
    set_text(b, at(at(reference_of(b), "Transforms"), "Transform"), "Algorithm", "none");
}

static void break_by_key_info(struct bench *b)
{
    add_default(b, signature_of(b), "KeyInfo");
}

static void add_reference(struct bench *b)
{
    struct node *info = at(signature_of(b), "SignedInfo");
    unsigned slot = (unsigned)type_slot_of(info->type, "Reference");
    assert_int_equal(node_add(&b->arena, info, slot, (union value){.n = reference_of(b)}), 0);
}

static void break_by_more_references(struct bench *b)
{
    for (int i = 0; i < 4; i++)
        add_reference(b);
}

static void break_by_no_reference(struct bench *b)
{
    struct node *info = at(signature_of(b), "SignedInfo");
    info->v[type_slot_of(info->type, "Reference")].l->n = 0;
}

static struct node *method_of(struct bench *b)
{
    return at(at(signature_of(b), "SignedInfo"), "SignatureMethod");
}

static void break_signature_method_absent(struct bench *b)
{
    remove_child(method_of(b), "Algorithm");
}

static void break_signature_method_long(struct bench *b)
{
    set_text(
        b, method_of(b), "Algorithm",
        "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256-and-so-on-and-so-on-and-so-on-and-"
        "so-on");
}

static void break_value_absent(struct bench *b)
{
    remove_child(signature_of(b), "SignatureValue");
}

static void break_info_absent(struct bench *b)
{
    remove_child(signature_of(b), "SignedInfo");
}

static void break_value_empty(struct bench *b)
{
    remove_child(at(signature_of(b), "SignatureValue"), "");
}

static void break_digest_absent(struct bench *b)
{
    remove_child(reference_of(b), "DigestValue");
}

static void break_no_transforms(struct bench *b)
{
    remove_child(reference_of(b), "Transforms");
}

static void break_empty_transforms(struct bench *b)
{
    struct node *n = at(reference_of(b), "Transforms");
    n->v[type_slot_of(n->type, "Transform")].l->n = 0;
}

static void break_by_object(struct bench *b)
{
    add_default(b, signature_of(b), "Object");
}

/* Text, an element, and one from elsewhere, in what may hold any. */
static void add_content(struct bench *b, struct node *n)
{
    union value v = {.b = bytes_new(&b->arena, "x", 1)};
    assert_true(n->type->is_open);
    assert_int_equal(node_add_item(&b->arena, n, n->type->fields, v), 0);
}

static void break_by_text_in_method(struct bench *b)
{
    add_content(b, method_of(b));
}

static void break_by_text_in_transform(struct bench *b)
{
    add_content(b, at(at(reference_of(b), "Transforms"), "Transform"));
}

static void break_by_element_in_method(struct bench *b)
{
    struct node *n = method_of(b);
    int slot = type_slot_of(n->type, "HMACOutputLength");
    assert_true(slot >= 0);
    assert_int_equal(node_add_item(&b->arena, n, (unsigned)slot,
                                   (union value){.b = bytes_new(&b->arena, "128", 3)}),
                     0);
}

static void break_by_foreign_element(struct bench *b)
{
    struct node *n = method_of(b);
    unsigned slot = 0;
    while (slot < n->type->fields && n->type->field[slot].kind != KIND_ANY)
        slot++;
    assert_true(slot < n->type->fields);
    struct any *any = arena_alloc(&b->arena, sizeof *any);
    *any = (struct any){.uri = "urn:x", .name = "x"};
    assert_int_equal(node_add_item(&b->arena, n, slot, (union value){.any = any}), 0);
}

static void test_broken(void **state)
{
    static const struct {
        void (*work)(struct bench *b);
        enum signature_fault fault;
        const char *text; /* of the error; NULL: any */
    } BROKEN[] = {
        {break_signature_method_absent, SIGNATURE_ALGORITHM, "SignatureMethod is none; expected"},
        {break_signature_method_long, SIGNATURE_ALGORITHM, "-and-so-o...; expected"},
        {break_value_absent, SIGNATURE_MALFORMED, "lacks SignedInfo or SignatureValue"},
        {break_info_absent, SIGNATURE_MALFORMED, "lacks SignedInfo or SignatureValue"},
        {break_value_empty, SIGNATURE_VALUE, "a SignatureValue of 0 octets; expected 64"},
        {break_digest_absent, SIGNATURE_DIGEST, "the digest of AuthorizationReq (#id1) is ; "},
        {break_no_transforms, SIGNATURE_VALUE, "is not that of SignedInfo and the key"},
        {break_empty_transforms, SIGNATURE_MALFORMED, "0 transforms; expected 1"},
        {break_by_object, SIGNATURE_MALFORMED, "the Signature has Object; expected none"},
        {break_by_text_in_method, SIGNATURE_MALFORMED, "SignatureMethod has content"},
        {break_by_text_in_transform, SIGNATURE_ALGORITHM, "the transform is http"},
        {break_by_element_in_method, SIGNATURE_MALFORMED, "SignatureMethod has content"},
        {break_by_foreign_element, SIGNATURE_MALFORMED, "SignatureMethod has content"},
        {break_digest, SIGNATURE_DIGEST, NULL},
        {break_value, SIGNATURE_VALUE, NULL},
        {break_body, SIGNATURE_DIGEST, NULL},
        {break_digest_length, SIGNATURE_DIGEST, NULL},
        {break_value_length, SIGNATURE_VALUE, NULL},
        {break_value_zero, SIGNATURE_VALUE, NULL},
        {break_uri, SIGNATURE_DANGLING, NULL},
        {break_uri_form, SIGNATURE_DANGLING, NULL},
        {break_uri_absent, SIGNATURE_DANGLING, NULL},
        {break_digest_method, SIGNATURE_ALGORITHM, NULL},
        {break_signature_method, SIGNATURE_ALGORITHM, NULL},
        {break_suite, SIGNATURE_ALGORITHM, NULL},
        {break_canonicalization, SIGNATURE_ALGORITHM, NULL},
        {break_transform, SIGNATURE_ALGORITHM, NULL},
        {break_by_key_info, SIGNATURE_MALFORMED, NULL},
        {add_reference, SIGNATURE_MALFORMED, NULL},
        {break_by_more_references, SIGNATURE_MALFORMED, NULL},
        {break_by_no_reference, SIGNATURE_MALFORMED, NULL},
    };
    (void)state;
    EVP_PKEY *key = new_key(SUITE_P256);
    for (unsigned i = 0; i < sizeof BROKEN / sizeof *BROKEN; i++) {
        struct bench b;
        bench_signed(&b, 0);
        struct node *body = message_named(&b.m).node;
        set_text(&b, body, "GenChallenge", "0123456789abcdef");
        ok(&b, signature_make(&b.m, NULL, key, b.xmldsig, &b.arena, &b.e));
        expect_fault(&b, key, SIGNATURE_VALID);
        BROKEN[i].work(&b);
        expect_fault(&b, key, BROKEN[i].fault);
        assert_false(b.r.is_intact);
        if (BROKEN[i].text != NULL && strstr(b.e.what, BROKEN[i].text) == NULL)
            fail_msg("%zu: expected '%s' in '%s'", (size_t)i, BROKEN[i].text, b.e.what);
        b.e = ERR_INIT; /* who does not want the report gets the same answer */
        assert_int_equal(signature_verify(&b.m, key, b.xmldsig, &b.arena, NULL, &b.e), -1);
        bench_close(&b);
    }
    EVP_PKEY_free(key);
}

/* A reference to some other element does not make up for the one that must be signed. */
static void test_uncovered(void **state)
{
    static const char *const CHAIN[] = {"ContractSignatureCertChain", NULL};
    static const char *const NONE[] = {"SalesTariff", NULL};
    (void)state;
    EVP_PKEY *key = new_key(SUITE_P256);
    struct bench b;
    bench_signed(&b, 4);
    ok(&b, signature_make(&b.m, CHAIN, key, b.xmldsig, &b.arena, &b.e));
    expect_fault(&b, key, SIGNATURE_UNCOVERED);
    assert_non_null(strstr(b.e.what, "ContractSignatureEncryptedPrivateKey"));
    b.e = ERR_INIT;
    assert_int_equal(signature_make(&b.m, NONE, key, b.xmldsig, &b.arena, &b.e), -1);
    assert_non_null(strstr(b.e.what, "no SalesTariff"));
    bench_close(&b);
    EVP_PKEY_free(key);
}

/* ---- what cannot be signed, or is not there ---- */

/* Messages that no signature can be made for, or not this one, and what is said. */
static void id_long(struct bench *b)
{
    char text[264];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    set_text(b, message_named(&b->m).node, "Id", text);
}

static void id_empty(struct bench *b)
{
    set_text(b, message_named(&b->m).node, "Id", "");
}

static void five_tariffs(struct bench *b)
{
    struct node *list = at(message_named(&b->m).node, "SAScheduleList");
    unsigned slot = (unsigned)type_slot_of(list->type, "SAScheduleTuple");
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(node_add(&b->arena, list, slot, list->v[slot].l->v[0]), 0);
}

static void test_what_cannot_be_signed(void **state)
{
    static const char *const TARIFF[] = {"SalesTariff", NULL};
    static const char *const NAMELESS[] = {"PaymentOptionList", NULL};
    static const struct {
        const char *schema, *message;
        const char *const *part;
        void (*work)(struct bench *b);
        int tariff;       /* the message has one */
        const char *text; /* NULL: it is signed */
    } CASES[] = {
        {"appprotocol", "supportedAppProtocolReq", NULL, NULL, 0,
         "the message has no header that could hold a Signature"},
        {"iso15118-2", "SessionSetupReq", NULL, NULL, 0,
         "SessionSetupReq has no part that the standard wants signed; name the elements"},
        {"iso15118-2", "ServiceDiscoveryRes", NAMELESS, NULL, 0,
         "PaymentOptionList has no attribute Id, so that it cannot be signed"},
        {"iso15118-2", "AuthorizationReq", NULL, id_long, 0,
         "the Id of AuthorizationReq is too long"},
        {"iso15118-2", "AuthorizationReq", NULL, id_empty, 0, NULL},
        {"iso15118-2", "ChargeParameterDiscoveryRes", TARIFF, five_tariffs, 1,
         "5 elements to be signed; expected at most 4"},
    };
    (void)state;
    EVP_PKEY *key = new_key(SUITE_P256);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct bench b;
        if (CASES[i].tariff)
            bench_signed(&b, 6);
        else
            bench_new(&b, CASES[i].schema, CASES[i].message);
        if (CASES[i].work != NULL)
            CASES[i].work(&b);
        int bad = signature_make(&b.m, CASES[i].part, key, b.xmldsig, &b.arena, &b.e);
        assert_int_equal(bad, CASES[i].text == NULL ? 0 : -1);
        if (bad != 0)
            assert_string_equal(b.e.what, CASES[i].text);
        else
            expect_fault(&b, key, SIGNATURE_VALID);
        bench_close(&b);
    }
    EVP_PKEY_free(key);
}

static void test_what_is_not_there(void **state)
{
    (void)state;
    EVP_PKEY *key = new_key(SUITE_P256);
    struct bench b;
    struct buf out = {0};
    bench_signed(&b, 0);
    assert_int_equal(signature_fragment(&b.m, "SalesTariff", NULL, &out, &b.e), -1);
    assert_string_equal(b.e.what, "the message has no element SalesTariff");
    b.e = ERR_INIT;
    assert_int_equal(signature_fragment(&b.m, "AuthorizationReq", "id9", &out, &b.e), -1);
    assert_string_equal(b.e.what, "the message has no element AuthorizationReq with Id id9");
    b.e = ERR_INIT;
    assert_int_equal(signature_signed_info(&b.m, b.xmldsig, &b.arena, &out, &b.e), -1);
    assert_string_equal(b.e.what, "the header has no Signature");
    b.e = ERR_INIT;
    assert_int_equal(signature_make(&b.m, NULL, key, support_schema("appprotocol"), &b.arena, &b.e),
                     -1);
    assert_string_equal(b.e.what, "the schema appprotocol has no SignedInfo; expected xmldsig");
    struct message none = {.schema = b.m.schema};
    b.e = ERR_INIT;
    assert_int_equal(signature_verify(&none, key, b.xmldsig, &b.arena, &b.r, &b.e), -1);
    assert_string_equal(b.e.what, "no message that could have a Signature");
    buf_close(&out);
    bench_close(&b);
    EVP_PKEY_free(key);
}

/* Two elements with the Id of a reference: which of them is meant cannot be said. */
static void test_wrapped(void **state)
{
    (void)state;
    EVP_PKEY *key = new_key(SUITE_P256);
    struct bench b;
    bench_signed(&b, 4);
    ok(&b, signature_make(&b.m, NULL, key, b.xmldsig, &b.arena, &b.e));
    struct bytes *id = bytes_at(at(message_named(&b.m).node, "ContractSignatureCertChain"), "Id");
    union value v = {.b = id};
    struct node *provisioning = at(message_named(&b.m).node, "SAProvisioningCertificateChain");
    node_set(provisioning, (unsigned)type_slot_of(provisioning->type, "Id"), v);
    expect_fault(&b, key, SIGNATURE_DANGLING);
    assert_non_null(strstr(b.e.what, "several"));
    b.e = ERR_INIT;
    assert_int_equal(signature_make(&b.m, NULL, key, b.xmldsig, &b.arena, &b.e), -1);
    bench_close(&b);
    EVP_PKEY_free(key);
}

static void test_unfit_keys(void **state)
{
    (void)state;
    EVP_PKEY *key[] = {EVP_RSA_gen(1024), EVP_EC_gen("secp384r1"), new_key(SUITE_P521),
                       EVP_PKEY_Q_keygen(NULL, NULL, "X448")};
    for (unsigned i = 0; i < sizeof key / sizeof *key; i++) {
        struct bench b;
        bench_signed(&b, 0);
        assert_int_equal(signature_make(&b.m, NULL, key[i], b.xmldsig, &b.arena, &b.e), -1);
        assert_true(b.e.set);
        bench_close(&b);
        EVP_PKEY_free(key[i]);
    }
}

/* Every bit of a signed message, flipped: what still passes has the same signed parts. */
static void test_every_bit(void **state)
{
    (void)state;
    EVP_PKEY *key = new_key(SUITE_P256);
    struct bench b;
    struct buf exi = {0}, part = {0}, info = {0};
    bench_signed(&b, 0);
    ok(&b, signature_make(&b.m, NULL, key, b.xmldsig, &b.arena, &b.e));
    ok(&b, signature_fragment(&b.m, "AuthorizationReq", NULL, &part, &b.e));
    ok(&b, signature_signed_info(&b.m, b.xmldsig, &b.arena, &info, &b.e));
    ok(&b, exi_encode_buf(&b.m, &exi, &b.e));
    const struct schema *s = b.m.schema;
    unsigned passed = 0;
    for (size_t i = 0; i < exi.n * 8; i++) {
        struct buf again = {0};
        arena_reset(&b.arena);
        b.e = ERR_INIT;
        exi.p[i / 8] ^= (uint8_t)(1 << (i % 8));
        if (support_decode(s, (struct slice){exi.p, exi.n}, false, &b.arena, &b.m, &b.e) == 0 &&
            signature_verify(&b.m, key, b.xmldsig, &b.arena, &b.r, &b.e) == 0) {
            passed++;
            ok(&b, signature_fragment(&b.m, "AuthorizationReq", NULL, &again, &b.e));
            assert_memory_equal(again.p, part.p, part.n);
            buf_clear(&again);
            ok(&b, signature_signed_info(&b.m, b.xmldsig, &b.arena, &again, &b.e));
            assert_memory_equal(again.p, info.p, info.n);
        }
        exi.p[i / 8] ^= (uint8_t)(1 << (i % 8));
        buf_close(&again);
    }
    assert_true(passed >= 64 && passed < 96); /* the session id, and the bits behind the end */
    buf_close(&exi);
    buf_close(&part);
    buf_close(&info);
    bench_close(&b);
    EVP_PKEY_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_uncovered),
        cmocka_unit_test(test_what_cannot_be_signed),
        cmocka_unit_test(test_what_is_not_there),
        cmocka_unit_test(test_wrapped),
        cmocka_unit_test(test_unfit_keys),
        cmocka_unit_test(test_every_bit),
    };
    return cmocka_run_group_tests_name("signature_wrong", tests, NULL, support_close);
}
