/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory runs out while scripts play against each other in virtual time, at any allocation of ours
 * or of a library: the run ends, with its verdict or with a reason, no vehicle passes that has not
 * charged, and nothing is left over.
 */
#include "memory.h"
#include "support.h"

#include "certs.h"
#include "record/diff_sessions.h"
#include "record/jsonl.h"
#include "record/ladder.h"
#include "record/open_sessions.h"
#include "record/record.h"
#include "record/record_read.h"
#include "record/session_summary.h"
#include "script/run.h"
#include "session/credentials.h"
#include "tls/tls_decrypt.h"
#include "trust/pki_tree.h"
#include "wire/world.h"

#include <openssl/err.h>
#include <unistd.h>

#define MOST 60 /* allocations of one run that fail */

static struct library library;
static char folder[64];

struct play {
    const char *name;
    const char *path[3];
    const char *last; /* message that a run which passes has */
    bool is_recorded, is_kept;
    unsigned messages; /* with that name, so far */
    unsigned ended;
    char reason[1024]; /* of the first one that did not pass */
};

static void keep_event(void *context, const struct event *e)
{
    struct play *p = context;
    p->messages += e->kind == EVENT_FRAME && !e->is_echo && strcmp(e->name, p->last) == 0;
}

static void keep_end(void *context, const struct player *player, const struct script *s)
{
    struct play *p = context;
    (void)player;
    p->ended++;
    if (s->verdict == VERDICT_PASS || p->reason[0] != '\0')
        return;
    if (s->reason[0] == '\0')
        fail_msg("%s: %s, and no reason", s->path, verdict_name(s->verdict));
    snprintf(p->reason, sizeof p->reason, "%s: %s", s->path, s->reason);
}

/* Until all have their verdicts. */
static int play_in(struct world *world, struct play *p, struct recorder *recorder, struct err *e)
{
    static const struct run_events EVENTS = {.ended = keep_end};
    struct script_options o = {.library = &library, .recorder = recorder};
    struct script_run *run = run_open(world, &EVENTS, p);
    unsigned players = 0;
    int bad = run == NULL ? err_set(e, "no memory for the run") : 0;
    recorder_attach(recorder, world);
    for (; bad == 0 && p->path[players] != NULL; players++)
        if (run_add(run, &o, p->path[players], NULL, e) == NULL)
            bad = -1;
    if (run != NULL) {
        if (bad != 0)
            run_abort(run);
        run_play(run);
        enum run_exit result = run_result(run);
        if (bad == 0 && result == RUN_PASS)
            assert_true(p->ended == players && p->messages > 0);
        else if (bad == 0)
            bad = err_set(e, "%s", p->reason);
        run_close(run);
    }
    recorder_detach(recorder);
    return bad;
}

/* A memory_run. */
static int play(void *context, struct err *e)
{
    struct play *p = context;
    struct recorder recorder = {.n = 0};
    struct record *record = NULL;
    struct record_options o = {.lines = LINES_NEVER, .library = &library};
    char path[128];
    p->messages = p->ended = 0;
    p->reason[0] = '\0';
    recorder_add(&recorder, keep_event, p);
    struct world *world = world_open_virtual(NULL, 1, e);
    int bad = world == NULL ? -1 : 0;
    if (bad == 0 && p->is_recorded) {
        snprintf(path, sizeof path, "%s/%s", folder, p->is_kept ? "kept" : "record");
        o.path = path;
        record = record_open(&o, &recorder, e);
        bad = record == NULL ? -1 : 0;
    }
    if (bad == 0)
        bad = play_in(world, p, &recorder, e);
    if (record != NULL && record_problem(record) != NULL && bad == 0)
        bad = err_set(e, "%s", record_problem(record));
    if (record != NULL && record_close(record, 0, e) != 0)
        bad = -1;
    memory_calm();
    if (p->is_recorded && !p->is_kept)
        certs_remove(path);
    if (world != NULL)
        assert_int_equal(world_close(world), 0);
    ERR_clear_error();
    return bad;
}

#define EXAMPLES(name)                                                                             \
    {                                                                                              \
        "examples/secc-" name ".lua", "examples/evcc-" name ".lua", NULL                           \
    }

static void test_examples(void **state)
{
    static struct play plays[] = {
        {"EIM", EXAMPLES("iso15118-2-ac"), "SessionStopRes", .is_recorded = true},
        {"DIN", EXAMPLES("din70121-dc"), "SessionStopRes", .is_recorded = false},
        {"TLS", EXAMPLES("iso15118-20-dc-tls"), "SessionStopRes", .is_recorded = true},
        {"contract", EXAMPLES("iso15118-2-pnc"), "MeteringReceiptRes", .is_recorded = false},
        {"contract, ISO 15118-20", EXAMPLES("iso15118-20-pnc"), "SessionStopRes",
         .is_recorded = false},
    };
    unsigned failed = 0;
    (void)state;
    for (unsigned i = 0; i < sizeof plays / sizeof *plays; i++)
        failed += memory_fail_each(plays[i].name, MOST, play, &plays[i]);
    print_message("%u allocations have failed\n", failed);
    assert_true(failed > 5 * 20 || !COUNTS_MEMORY);
}

/* ---- a record is read again ---- */

/* What is made of its events. */
struct made {
    struct session_summary summary;
    struct dialogue dialogue;
    struct open_sessions open;
    struct ladder ladder;
    struct jsonl jsonl;
    struct tls_secrets secrets;
    struct tls_decrypt *decrypt;
    struct buf text;
    uint64_t decrypted; /* octets */
    bool failed;
};

static void on_decrypted(void *context, bool from_client, struct slice bytes)
{
    struct made *m = context;
    (void)from_client;
    m->decrypted += bytes.n;
}

static void on_note(void *context, bool from_client, const char *text)
{
    (void)context;
    (void)from_client;
    (void)text;
}

static void take_event(void *context, const struct event *e)
{
    struct made *m = context;
    struct err ignored = ERR_INIT;
    session_summary_event(&m->summary, e);
    dialogue_event(&m->dialogue, e);
    open_sessions_event(&m->open, e);
    ladder_event(&m->ladder, e);
    jsonl_event(&m->jsonl, e);
    if (e->kind == EVENT_SECRET && !e->is_echo)
        tls_secrets_add(&m->secrets, (struct slice){(const uint8_t *)e->text, strlen(e->text)});
    if (e->kind == EVENT_WIRE && !e->is_echo && m->decrypt != NULL)
        m->failed |=
            tls_decrypt_feed(m->decrypt, e->from_role == FROM_EVCC, e->bytes, &ignored) != 0;
}

static int look_at(struct made *m, struct err *e)
{
    json_t *diff = diff_sessions(&m->dialogue, &m->dialogue);
    session_summary_print(&m->summary, &m->text);
    int bad = diff == NULL || m->dialogue.failed || m->open.failed || m->text.failed || m->failed ||
                      m->ladder.outlet.out.failed || m->jsonl.outlet.out.failed
                  ? err_set(e, "no memory")
                  : 0;
    if (bad == 0)
        assert_false(diff_sessions_differ(diff));
    json_decref(diff);
    return bad;
}

/* A memory_run: the context is what has to be found in the end. */
static int read_again(void *context, struct err *e)
{
    static const struct tls_decrypt_events EVENTS = {.data = on_decrypted, .note = on_note};
    const char *expected = context;
    char path[128];
    struct made m = {.failed = false};
    snprintf(path, sizeof path, "%s/kept", folder);
    open_sessions_open(&m.open, FROM_EVCC, true);
    ladder_open(&m.ladder, -1, 2);
    m.decrypt = tls_decrypt_open(&m.secrets, &EVENTS, &m);
    int bad = m.decrypt == NULL ? err_set(e, "no memory") : 0;
    if (bad == 0)
        bad = record_read(path, true, &library, take_event, &m, e);
    if (bad == 0)
        bad = look_at(&m, e);
    memory_calm();
    if (bad == 0 && !buf_has_run_out() && strstr(buf_string(&m.text), expected) == NULL)
        fail_msg("'%s' is not in: %s", expected, buf_string(&m.text));
    session_summary_close(&m.summary);
    dialogue_close(&m.dialogue);
    open_sessions_close(&m.open);
    ladder_close(&m.ladder);
    outlet_close(&m.jsonl.outlet);
    tls_decrypt_close(m.decrypt);
    tls_secrets_close(&m.secrets);
    buf_close(&m.text);
    ERR_clear_error();
    return bad;
}

static void test_reading(void **state)
{
    static struct play tls = {"TLS", EXAMPLES("iso15118-20-dc-tls"), "SessionStopRes",
                              .is_recorded = true, .is_kept = true};
    struct err e = ERR_INIT;
    (void)state;
    if (play(&tls, &e) != 0)
        fail_msg("%s", e.what);
    unsigned failed = memory_fail_each("reading", MOST, read_again, "ISO15118-20 DC SessionID");
    print_message("%u allocations have failed\n", failed);
    assert_true(failed > 20 || !COUNTS_MEMORY);
}

/* ---- what a station shows ---- */

/* A memory_run: with responses of OCSP, each of which is there, or it is said why not. */
static int open_context(void *context, struct err *e)
{
    struct tls_choice c = {.said = {[TLS_KEY_STAPLE] = "true"}};
    (void)context;
    struct tls_context *made = credentials_context(&c, true, false, e);
    memory_calm();
    if (made != NULL)
        tls_context_close(made);
    ERR_clear_error();
    return made == NULL ? -1 : 0;
}

static void test_response_copied_without_memory(void **state)
{
    (void)state;
    unsigned failed = memory_fail_each("credentials", 0, open_context, NULL);
    print_message("%u allocations have failed\n", failed);
    assert_true(failed > 100 || !COUNTS_MEMORY);
}

static int open_all(void **state)
{
    struct pki_tree t;
    struct err e = ERR_INIT;
    (void)state;
    certs_folder(folder);
    char tree[128];
    snprintf(tree, sizeof tree, "%s/pki", folder);
    setenv("V2GLAB_PKI", tree, 1);
    pki_tree_open(&t, tree);
    if (pki_tree_make(&t, &e) != 0)
        fail_msg("%s", e.what);
    library_open(&library);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    library_close(&library);
    certs_remove(folder);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reading),
        cmocka_unit_test(test_response_copied_without_memory),
        cmocka_unit_test(test_examples),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
