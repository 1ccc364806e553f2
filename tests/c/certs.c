/* SPDX-License-Identifier: Apache-2.0 */
#include "certs.h"

#include <dirent.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DAY 86400L

static void must(bool is_good, const char *what)
{
    if (is_good)
        return;
    fprintf(stderr, "certificates for tests: %s failed\n", what);
    abort();
}

static EVP_PKEY *new_key(const char *group)
{
    EVP_PKEY *key = strcmp(group, "RSA") == 0 ? EVP_PKEY_Q_keygen(NULL, NULL, group, (size_t)2048)
                    : strncmp(group, "ED", 2) == 0 ? EVP_PKEY_Q_keygen(NULL, NULL, group)
                                                   : EVP_PKEY_Q_keygen(NULL, NULL, "EC", group);
    must(key != NULL, "making a key");
    return key;
}

static void add_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, x, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    must(extension != NULL && X509_add_ext(x, extension, -1) == 1, value);
    X509_EXTENSION_free(extension);
}

static void name_it(X509 *x, const struct cert_order *o)
{
    X509_NAME *name = X509_get_subject_name(x);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)o->name, -1, -1, 0);
    X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC, (const unsigned char *)"Test", -1, -1, 0);
    if (o->domain != NULL)
        X509_NAME_add_entry_by_txt(name, "DC", MBSTRING_ASC, (const unsigned char *)o->domain, -1,
                                   -1, 0);
}

void cert_make(struct cert *c, const struct cert_order *o)
{
    static long serial;
    c->key = new_key(o->group);
    c->x509 = X509_new();
    X509 *issuer = o->issuer != NULL ? o->issuer->x509 : c->x509;
    EVP_PKEY *signer = o->issuer != NULL ? o->issuer->key : c->key;
    X509_set_version(c->x509, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(c->x509), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(c->x509), o->from != 0 ? o->from : -DAY);
    X509_gmtime_adj(X509_getm_notAfter(c->x509), o->to != 0 ? o->to : DAY);
    X509_set_pubkey(c->x509, c->key);
    name_it(c->x509, o);
    X509_set_issuer_name(c->x509, X509_get_subject_name(issuer));
    add_extension(c->x509, issuer, NID_basic_constraints,
                  o->is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
    add_extension(c->x509, issuer, NID_key_usage,
                  o->is_ca ? "critical,keyCertSign,cRLSign,digitalSignature"
                           : "critical,digitalSignature");
    add_extension(c->x509, issuer, NID_subject_key_identifier, "hash");
    add_extension(c->x509, issuer, NID_authority_key_identifier, "keyid:always");
    int kind = EVP_PKEY_get_base_id(signer);
    const EVP_MD *hash = kind == EVP_PKEY_ED448             ? NULL
                         : EVP_PKEY_get_bits(signer) == 521 ? EVP_sha512()
                                                            : EVP_sha256();
    must(X509_sign(c->x509, signer, hash) > 0, "signing");
}

void cert_free(struct cert *c)
{
    EVP_PKEY_free(c->key);
    X509_free(c->x509);
    *c = (struct cert){0};
}

/* ---- files ---- */

void certs_folder(char folder[64])
{
    strcpy(folder, "/tmp/v2glab-certs-XXXXXX");
    must(mkdtemp(folder) != NULL, "making a folder");
}

void certs_remove(const char *folder)
{
    char path[400];
    DIR *all = opendir(folder);
    for (struct dirent *d; all != NULL && (d = readdir(all)) != NULL;) {
        snprintf(path, sizeof path, "%s/%s", folder, d->d_name);
        if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0 && unlink(path) != 0)
            certs_remove(path);
    }
    if (all != NULL)
        closedir(all);
    rmdir(folder);
}

/* Lives until the process ends; reachable, so that nobody takes it for a leak. */
static char *path_of(const char *folder, const char *name)
{
    static char paths[64][128];
    static unsigned n;
    char *path = paths[n++ % 64];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static FILE *new_file(const char *folder, const char *name, const char **path)
{
    char *p = path_of(folder, name);
    *path = p;
    FILE *file = fopen(p, "wb");
    must(file != NULL, p);
    return file;
}

const char *certs_chain(const char *folder, const char *name, const struct cert *const *list)
{
    const char *path;
    FILE *file = new_file(folder, name, &path);
    for (unsigned i = 0; list[i] != NULL; i++)
        PEM_write_X509(file, list[i]->x509);
    PEM_write_PrivateKey(file, list[0]->key, NULL, NULL, 0, NULL, NULL);
    fclose(file);
    return path;
}

const char *certs_root(const char *folder, const char *name, const struct cert *root)
{
    const char *path;
    FILE *file = new_file(folder, name, &path);
    PEM_write_X509(file, root->x509);
    fclose(file);
    return path;
}

const char *certs_staple(const char *folder, const char *name, const struct cert *about,
                         const struct cert *issuer, bool is_revoked)
{
    const char *path;
    FILE *file = new_file(folder, name, &path);
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha256(), about->x509, issuer->x509);
    ASN1_TIME *now = X509_gmtime_adj(NULL, -60), *next = X509_gmtime_adj(NULL, DAY);
    OCSP_basic_add1_status(
        basic, id, is_revoked ? V_OCSP_CERTSTATUS_REVOKED : V_OCSP_CERTSTATUS_GOOD,
        is_revoked ? OCSP_REVOKED_STATUS_KEYCOMPROMISE : 0, is_revoked ? now : NULL, now, next);
    must(OCSP_basic_sign(basic, issuer->x509, issuer->key, EVP_sha256(), NULL, 0) == 1, "OCSP");
    OCSP_RESPONSE *response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    unsigned char *der = NULL;
    int n = i2d_OCSP_RESPONSE(response, &der);
    must(n > 0 && fwrite(der, (size_t)n, 1, file) == 1, "writing");
    fclose(file);
    OPENSSL_free(der);
    OCSP_RESPONSE_free(response);
    OCSP_BASICRESP_free(basic);
    OCSP_CERTID_free(id);
    ASN1_TIME_free(now);
    ASN1_TIME_free(next);
    return path;
}
