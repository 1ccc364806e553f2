/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/describe.h"

#include "codec/json.h"
#include "trust/pki.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#define EXTENSION_MOST 4000 /* octets of text of one */

/* ---- members ---- */

static void add_key(struct buf *out, const char *key)
{
    if (out->n > 0 && out->p[out->n - 1] != '{')
        buf_char(out, ',');
    buf_char(out, '"');
    buf_text(out, key);
    buf_text(out, "\":");
}

static void add_octets(struct buf *out, const char *key, const void *text, size_t n)
{
    add_key(out, key);
    json_quote(n > 0 ? text : "", n, out);
}

static void add_text(struct buf *out, const char *key, const char *text)
{
    if (text != NULL && text[0] != '\0')
        add_octets(out, key, text, strlen(text));
}

static void add_name(struct buf *out, const char *key, const X509_NAME *name)
{
    struct buf text = {0};
    pki_add_name(&text, name, false);
    add_octets(out, key, text.p, text.n);
    buf_close(&text);
}

/* Seconds since 1970. */
static void add_time(struct buf *out, const char *key, const ASN1_TIME *time)
{
    struct tm tm;
    if (time == NULL || ASN1_TIME_to_tm(time, &tm) != 1)
        return;
    add_key(out, key);
    buf_signed(out, (int64_t)timegm(&tm));
}

static void add_serial(struct buf *out, const ASN1_INTEGER *serial)
{
    BIGNUM *number = ASN1_INTEGER_to_BN(serial, NULL);
    char *digits = number == NULL ? NULL : BN_bn2hex(number);
    add_text(out, "serial", digits);
    OPENSSL_free(digits);
    BN_free(number);
}

static void add_algorithm(struct buf *out, int nid)
{
    add_text(out, "signature", OBJ_nid2ln(nid));
}

/* ---- certificates ---- */

/* What OpenSSL prints of it, in one line; else its octets. */
static void add_extension_text(struct buf *out, X509_EXTENSION *extension)
{
    BIO *bio = BIO_new(BIO_s_mem());
    struct buf line = {0};
    char *text = NULL;
    const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(extension);
    if (bio != NULL && X509V3_EXT_print(bio, extension, X509V3_EXT_DUMP_UNKNOWN, 0) == 1) {
        long n = BIO_get_mem_data(bio, &text);
        for (long i = 0; i < n && i < EXTENSION_MOST; i++) {
            bool is_gap = text[i] == '\n' || text[i] == '\r' || text[i] == ' ';
            if (!is_gap)
                buf_char(&line, text[i]);
            else if (line.n > 0 && line.p[line.n - 1] != ' ')
                buf_char(&line, ' ');
        }
        while (line.n > 0 && line.p[line.n - 1] == ' ')
            line.n--;
    } else {
        buf_hex(&line, ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value), false);
    }
    json_quote(line.n > 0 ? (const char *)line.p : "", line.n, out);
    buf_close(&line);
    BIO_free(bio);
}

/* [name, is it critical, text] */
static void add_extension(struct buf *out, X509_EXTENSION *extension)
{
    char name[120];
    const ASN1_OBJECT *object = X509_EXTENSION_get_object(extension);
    int nid = OBJ_obj2nid(object);
    if (nid != NID_undef)
        snprintf(name, sizeof name, "%s", OBJ_nid2sn(nid));
    else
        OBJ_obj2txt(name, sizeof name, object, 1);
    buf_char(out, '[');
    json_quote(name, strlen(name), out);
    buf_text(out, X509_EXTENSION_get_critical(extension) ? ",true," : ",false,");
    add_extension_text(out, extension);
    buf_char(out, ']');
}

static void add_extensions(struct buf *out, const X509 *x)
{
    int n = X509_get_ext_count(x);
    add_key(out, "extensions");
    buf_char(out, '[');
    for (int i = 0; i < n; i++) {
        if (i > 0)
            buf_char(out, ',');
        add_extension(out, X509_get_ext(x, i));
    }
    buf_char(out, ']');
}

static void add_certificate(struct buf *out, X509 *x)
{
    char text[64];
    bool is_own = X509_NAME_cmp(X509_get_subject_name(x), X509_get_issuer_name(x)) == 0;
    add_name(out, "subject", X509_get_subject_name(x));
    add_name(out, "issuer", X509_get_issuer_name(x));
    if (is_own) {
        add_key(out, "self_issued");
        buf_text(out, "true");
    }
    add_serial(out, X509_get0_serialNumber(x));
    add_time(out, "not_before", X509_get0_notBefore(x));
    add_time(out, "not_after", X509_get0_notAfter(x));
    add_text(out, "key", pki_curve(x, text, sizeof text));
    add_algorithm(out, X509_get_signature_nid(x));
    add_extensions(out, x);
}

void describe_read(X509 *x, const char *problem, struct slice der, struct buf *out)
{
    buf_char(out, '{');
    if (x != NULL)
        add_certificate(out, x);
    else
        add_text(out, "problem", problem);
    add_key(out, "der");
    buf_char(out, '"');
    buf_base64(out, der.p, der.n);
    buf_text(out, "\"}");
    ERR_clear_error();
}

void describe_certificate(struct slice der, struct buf *out)
{
    struct pki_chain chain = {0};
    struct err ignored = ERR_INIT;
    pki_chain_add(&chain, der, &ignored);
    describe_read(chain.at[0].x, chain.at[0].problem, der, out);
    pki_chain_close(&chain);
}

/* ---- OCSP ---- */

static void add_single(struct buf *out, OCSP_SINGLERESP *single)
{
    ASN1_GENERALIZEDTIME *revoked = NULL, *this_update = NULL, *next_update = NULL;
    ASN1_INTEGER *serial = NULL;
    int reason = 0;
    int status = OCSP_single_get0_status(single, &reason, &revoked, &this_update, &next_update);
    add_text(out, "status", OCSP_cert_status_str(status));
    OCSP_id_get0_info(NULL, NULL, NULL, &serial, (OCSP_CERTID *)OCSP_SINGLERESP_get0_id(single));
    if (serial != NULL)
        add_serial(out, serial);
    add_time(out, "this_update", this_update);
    add_time(out, "next_update", next_update);
    add_time(out, "revoked", revoked);
}

static int algorithm_of(const X509_ALGOR *algorithm)
{
    const ASN1_OBJECT *object = NULL;
    X509_ALGOR_get0(&object, NULL, NULL, algorithm);
    return OBJ_obj2nid(object);
}

static void add_basic(struct buf *out, OCSP_BASICRESP *basic)
{
    const ASN1_OCTET_STRING *key = NULL;
    const X509_NAME *name = NULL;
    OCSP_SINGLERESP *single = OCSP_resp_get0(basic, 0);
    if (single != NULL)
        add_single(out, single);
    else
        add_text(out, "problem", "it names no certificate");
    add_time(out, "produced", OCSP_resp_get0_produced_at(basic));
    if (OCSP_resp_get0_id(basic, &key, &name) == 1 && name != NULL)
        add_name(out, "responder", name);
    add_algorithm(out, algorithm_of(OCSP_resp_get0_tbs_sigalg(basic)));
}

void describe_ocsp(struct slice response, struct buf *out)
{
    const unsigned char *p = response.p;
    OCSP_RESPONSE *r = d2i_OCSP_RESPONSE(NULL, &p, (long)response.n);
    OCSP_BASICRESP *basic = r == NULL ? NULL : OCSP_response_get1_basic(r);
    buf_char(out, '{');
    if (basic != NULL)
        add_basic(out, basic);
    else
        add_text(out, "problem",
                 r == NULL ? "it cannot be read"
                           : OCSP_response_status_str(OCSP_response_status(r)));
    buf_char(out, '}');
    OCSP_BASICRESP_free(basic);
    OCSP_RESPONSE_free(r);
    ERR_clear_error();
}
