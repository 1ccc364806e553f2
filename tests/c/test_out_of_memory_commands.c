/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory runs out in commands of the program, at any allocation of ours or of a library: each ends
 * with an exit code, and where that is not 0 it has said why; nothing is left over.
 */
#include "memory.h"
#include "support.h"

#include "app/commands.h"
#include "base/json_text.h"
#include "certs.h"
#include "trust/pki_tree.h"

#include <fcntl.h>
#include <libxml/xmlerror.h>
#include <openssl/err.h>
#include <unistd.h>

#define MOST 40 /* allocations of one command that fail */
#define WORDS 16

#define EXAMPLES(name) "examples/secc-" name ".lua examples/evcc-" name ".lua"

/* @: a folder of the test. What these write is there for the others. */
static const char *const FIRST[] = {
    "run -q --virtual-time --record-json never -o @/tls " EXAMPLES("iso15118-20-dc-tls"),
    "test -q --no-record -o @/results TC_SECC_CMN_VTB_Authorization_003",
};

/* Sides that play: what they could lose hangs on few allocations, so that each fails. */
static const char *const PLAYS[] = {
    "ev -q --virtual-time --no-record --tls off -P ISO15118-2 -m ac --set loops=2 "
    "--fault SessionSetupReq:header\tversion=1",
    "run -q --virtual-time --no-record --tls off --bench pair " EXAMPLES("plug"),
    "run -q --virtual-time --no-record @/relay.lua",
};

/* @/new is gone before each run. */
static const char *const LINES[] = {
    "decode @/tls/session.pcapng",
    "decode --json @/tls",
    "decode --json tests/data/midstream-iso2.pcap",
    "decode --json tests/data/gzipped.pcap.gz",
    "decode tests/data/logs/hexdump.txt",
    "decode tests/data/logs/josev.log",
    "explain 8098022E74FF44AAECF83E11F000",
    "diff @/tls @/tls",
    "script @/tls/session.pcapng -o @/new",
    "schema check schema/din70121.schema",
    "schema show ISO15118-20 ScheduleExchangeRes",
    "persona list",
    "docs Evcc.Charge",
    "pki make @/new",
    "pki show @/pki/iso15118-2/contract-leaf.chain.pem",
    "report @/results",
};

static char folder[64];

/* The words of a line, where @ is the folder. */
static int split(const char *line, char *text, size_t size, char *words[WORDS])
{
    int n = 0;
    size_t length = 0;
    for (const char *at = line; *at != '\0' && length + 1 < size; at++)
        if (*at == '@')
            length += (size_t)snprintf(text + length, size - length, "%s", folder);
        else
            text[length++] = *at;
    text[length] = '\0';
    for (char *word = strtok(text, " "); word != NULL && n < WORDS; word = strtok(NULL, " "))
        words[n++] = word;
    return n;
}

/* What goes to that descriptor from now on goes into a file; the descriptor that it was. */
static int divert(int fd, const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int saved = dup(fd), to = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (to < 0 || dup2(to, fd) < 0)
        fail_msg("%s cannot be written", path);
    close(to);
    return saved;
}

/* Back to that one; appends what has gone there. */
static void restore(int fd, int saved, char *text, size_t size)
{
    size_t had = strlen(text);
    ssize_t n = pread(fd, text + had, size - had - 1, 0);
    text[had + (size_t)(n > 0 ? n : 0)] = '\0';
    dup2(saved, fd);
    close(saved);
}

/* A memory_run: the context is the line. */
static int command(void *context, struct err *e)
{
    char text[512], said[200] = "", *words[WORDS];
    snprintf(text, sizeof text, "%s/new", folder);
    certs_remove(text);
    unlink(text); /* it may be a file */
    int n = split(context, text, sizeof text, words);
    const struct command *c = command_find(words[0]);
    fflush(stdout);
    int out = divert(STDOUT_FILENO, "out"), errors = divert(STDERR_FILENO, "errors");
    int status = c->run(n, words);
    memory_calm();
    fflush(stdout);
    restore(STDERR_FILENO, errors, said, sizeof said);
    restore(STDOUT_FILENO, out, said, sizeof said);
    ERR_clear_error();
    return status == EXIT_PASS ? 0 : err_set(e, "%s", said);
}

static unsigned fail_all(const char *const *line, unsigned lines, unsigned most)
{
    unsigned failed = 0;
    for (unsigned i = 0; i < lines; i++) {
        unsigned n = memory_fail_each(line[i], most, command, (void *)line[i]);
        print_message("%u allocations have failed: %s\n", n, line[i]);
        failed += n;
    }
    return failed;
}

static void test_commands(void **state)
{
    struct err e = ERR_INIT;
    (void)state;
    for (unsigned i = 0; i < sizeof FIRST / sizeof *FIRST; i++)
        if (command((void *)FIRST[i], &e) != 0)
            fail_msg("%s: %s", FIRST[i], e.what);
    unsigned failed = fail_all(LINES, sizeof LINES / sizeof *LINES, MOST);
    assert_true(failed > 20 * sizeof LINES / sizeof *LINES || !COUNTS_MEMORY);
}

static void test_plays(void **state)
{
    (void)state;
    unsigned failed = fail_all(PLAYS, sizeof PLAYS / sizeof *PLAYS, 0);
    assert_true(failed > 150 * sizeof PLAYS / sizeof *PLAYS || !COUNTS_MEMORY);
}

static int open_all(void **state)
{
    struct pki_tree t;
    struct err e = ERR_INIT;
    char tree[128];
    (void)state;
    certs_folder(folder);
    snprintf(tree, sizeof tree, "%s/pki", folder);
    setenv("V2GLAB_PKI", tree, 1);
    pki_tree_open(&t, tree);
    if (pki_tree_make(&t, &e) != 0)
        fail_msg("%s", e.what);
    snprintf(tree, sizeof tree, "%s/relay.lua", folder);
    FILE *f = fopen(tree, "w");
    assert_non_null(f);
    fputs("Secc.Relay(Evcc) Pass()", f);
    assert_int_equal(fclose(f), 0);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    certs_remove(folder);
    return 0;
}

/* libxml2 has its own errors of memory, besides those that are handed to us. */
static void be_silent(void *context, const char *format, ...)
{
    (void)context;
    (void)format;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_commands),
                                              cmocka_unit_test(test_plays)};
    json_text_guard();
    xmlSetGenericErrorFunc(NULL, be_silent);
    return cmocka_run_group_tests(tests, open_all, close_all);
}
