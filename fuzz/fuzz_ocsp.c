/* SPDX-License-Identifier: Apache-2.0 */
/* OCSP: responses as a station staples them, and requests to our responder. The first octet of the
 * input says which: 0 to 3 a response about that leaf, else a request. */
#include "tree.h"

#include "trust/describe.h"
#include "trust/ocsp.h"

#include <openssl/ocsp.h>

static struct ocsp *responder;
static struct pki_chain chain[4]; /* leaf and its issuer first */

static void write_seeds(const char *corpus)
{
    for (unsigned i = 0; i < 4; i++) {
        struct buf response = {0}, request = {0};
        struct err e = ERR_INIT;
        uint8_t *der = NULL;
        buf_char(&response, (char)i);
        if (ocsp_staple(responder, chain[i].at[0].x, i % 2 != 0, FUZZ_NOW, &response, &e) != 0)
            fuzz_stop("staple", &e);
        fuzz_write_seed(corpus, i, &response);
        OCSP_REQUEST *r = OCSP_REQUEST_new();
        OCSP_request_add0_id(r, OCSP_cert_to_id(NULL, chain[i].at[0].x, chain[i].at[1].x));
        OCSP_request_add1_nonce(r, NULL, -1);
        int n = i2d_OCSP_REQUEST(r, &der);
        buf_char(&request, 4);
        buf_add(&request, der, n > 0 ? (size_t)n : 0);
        fuzz_write_seed(corpus, 4 + i, &request);
        OPENSSL_free(der);
        OCSP_REQUEST_free(r);
        buf_close(&request);
        buf_close(&response);
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const char *corpus = fuzz_corpus(*argc, *argv);
    struct err e = ERR_INIT;
    fuzz_tree_make();
    for (unsigned i = 0; i < 4; i++)
        fuzz_tree_read(&chain[i], (enum pki_edition)(i / 2),
                       i % 2 == 0 ? "secc-leaf" : "contract-leaf", ".chain.pem");
    responder = ocsp_open(fuzz_tree, &e);
    if (responder == NULL)
        fuzz_stop(fuzz_tree, &e);
    if (corpus != NULL)
        write_seeds(corpus);
    fuzz_tree_remove();
    return 0;
}

static void take_response(struct slice response, const struct pki_chain *c)
{
    enum ocsp_state state = OCSP_UNKNOWN;
    struct err e = ERR_INIT;
    struct buf text = {0};
    if (ocsp_check(response, c->at[0].x, c->at[1].x, FUZZ_NOW, &state, &e) != 0)
        fuzz_check_error(&e);
    else if (ocsp_state_name(state)[0] == '\0')
        fuzz_stop("a state without a name", &e);
    describe_ocsp(response, &text);
    fuzz_check_json("what is said of a response is no JSON", &text);
    buf_close(&text);
}

/* There is an answer to whatever is asked. */
static void take_request(struct slice request)
{
    struct err e = ERR_INIT;
    struct buf answer = {0};
    char what[200] = "";
    ocsp_answer(responder, request, FUZZ_NOW, &answer, what, sizeof what);
    const uint8_t *at = answer.p;
    OCSP_RESPONSE *r = d2i_OCSP_RESPONSE(NULL, &at, (long)answer.n);
    if (r == NULL || what[0] == '\0')
        fuzz_stop("no answer", &e);
    OCSP_RESPONSE_free(r);
    buf_close(&answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct slice in = {data + 1, size - 1};
    if (data[0] < 4)
        take_response(in, &chain[data[0]]);
    else
        take_request(in);
    return 0;
}
