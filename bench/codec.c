/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measures the codec: time, instructions and memory of the messages in bench/messages.txt, beside
 * the times aimed at; loading of the descriptions; start of the program. Run from the repository's
 * root. Times are the least of many rounds (and the median, which shows how noisy the machine is).
 */
#include "codec/exi.h"
#include "codec/exi_stage.h"
#include "codec/xml.h"
#include "schema/load.h"

#include <fcntl.h>
#include <libxml/parser.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 41
#define ROUND_NS 1000000.0
#define BYTES_MAX 65536
#define SCHEMAS_MAX 16

struct sample {
    double least, median;
};

struct subject {
    char name[64], grammar[32], encode[16], decode[16]; /* the last two: ns aimed at, or "-" */
    uint8_t bytes[BYTES_MAX], out[BYTES_MAX + 64];
    size_t n;
    struct buf xml;
    const struct schema *schema;
    struct exi_options options;
    struct arena arena;
    struct message m;
    struct err e;
};

static void give_up(const char *what, const char *why)
{
    fprintf(stderr, "bench: %s: %s\n", what, why);
    exit(1);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* ---- descriptions ---- */

static struct {
    char name[32];
    char *text;
    size_t n;
} files[SCHEMAS_MAX];

/* Reads each file once, so that loading measures what is done with the text. */
static int read_schema(void *context, const char *name, struct slice *text, const char **file)
{
    (void)context;
    unsigned i = 0;
    while (i < SCHEMAS_MAX && files[i].text != NULL && strcmp(files[i].name, name) != 0)
        i++;
    if (i == SCHEMAS_MAX)
        return -1;
    if (files[i].text == NULL) {
        char path[64];
        snprintf(path, sizeof path, "schema/%s.schema", name);
        FILE *f = fopen(path, "rb");
        if (f == NULL)
            return -1;
        snprintf(files[i].name, sizeof files[i].name, "%s", name);
        files[i].text = malloc(1 << 20);
        files[i].n = fread(files[i].text, 1, 1 << 20, f);
        fclose(f);
    }
    *text = (struct slice){(const uint8_t *)files[i].text, files[i].n};
    *file = files[i].name;
    return 0;
}

static struct schema *load(const char *name)
{
    struct err e = ERR_INIT;
    struct schema *s = schema_load(name, read_schema, NULL, &e);
    if (s == NULL || exi_stage_need(s, &e) != 0) /* as its first message does */
        give_up(name, e.what);
    return s;
}

static const struct schema *schema_of(const char *name)
{
    static struct schema *loaded[SCHEMAS_MAX];
    unsigned i = 0;
    while (loaded[i] != NULL && strcmp(loaded[i]->name, name) != 0)
        i++;
    if (loaded[i] == NULL)
        loaded[i] = load(name);
    return loaded[i];
}

/* ---- what is measured ---- */

static void nothing(struct subject *s)
{
    (void)s;
}

static void decode(struct subject *s)
{
    arena_reset(&s->arena);
    if (exi_decode(s->schema, s->bytes, s->n, &s->options, &s->arena, &s->m, &s->e) != 0)
        give_up(s->name, s->e.what);
}

static void encode(struct subject *s)
{
    if (exi_encode(&s->m, s->out, sizeof s->out, &s->e) != (int64_t)s->n)
        give_up(s->name, s->e.set ? s->e.what : "another length than it came with");
}

static void print_xml(struct subject *s)
{
    s->xml.n = 0;
    xml_print(&s->m, XML_PAGES, &s->xml);
}

static void read_xml(struct subject *s)
{
    arena_reset(&s->arena);
    if (xml_read(s->schema, (const char *)s->xml.p, s->xml.n, false, &s->arena, &s->m, &s->e) != 0)
        give_up(s->name, s->e.what);
}

/* What libxml2 does of it where nobody listens: a parser that is kept, and nothing made of what it
 * finds. */
static void parse_xml(struct subject *s)
{
    static const xmlSAXHandler NOTHING = {.initialized = XML_SAX2_MAGIC};
    static xmlParserCtxtPtr parser;
    if (parser == NULL && (parser = xmlNewParserCtxt()) != NULL)
        *parser->sax = NOTHING;
    if (parser == NULL)
        give_up(s->name, "no parser");
    xmlFreeDoc(xmlCtxtReadDoc(parser, (const xmlChar *)buf_string(&s->xml), NULL, NULL,
                              XML_PARSE_NONET | XML_PARSE_BIG_LINES));
    if (parser->wellFormed == 0)
        give_up(s->name, "libxml2 does not take it");
}

static void load_and_close(struct subject *s)
{
    schema_close(load(s->grammar));
}

static void run_version(struct subject *s)
{
    extern char **environ;
    char *arguments[] = {s->name, "--version", NULL};
    posix_spawn_file_actions_t actions;
    pid_t child;
    int status;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    if (posix_spawn(&child, s->name, &actions, NULL, arguments, environ) != 0 ||
        waitpid(child, &status, 0) != child || status != 0)
        give_up(s->name, "does not run");
    posix_spawn_file_actions_destroy(&actions);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* ns of one call; a round is about a millisecond of them, or one. */
static struct sample measure(void (*what)(struct subject *), struct subject *s)
{
    double round[ROUNDS], start = now();
    what(s);
    what(s);
    unsigned calls = (unsigned)(ROUND_NS * 2 / (now() - start)) + 1;
    for (unsigned i = 0; i < ROUNDS; i++) {
        start = now();
        for (unsigned k = 0; k < calls; k++)
            what(s);
        round[i] = (now() - start) / calls;
    }
    qsort(round, ROUNDS, sizeof round[0], by_value);
    return (struct sample){round[0], round[ROUNDS / 2]};
}

/* ---- instructions: the processor's counter where there is one, else step by step ---- */

static int64_t count_by_counter(void (*what)(struct subject *), struct subject *s)
{
    struct perf_event_attr a = {.type = PERF_TYPE_HARDWARE,
                                .size = sizeof a,
                                .config = PERF_COUNT_HW_INSTRUCTIONS,
                                .disabled = 1,
                                .exclude_kernel = 1,
                                .exclude_hv = 1};
    int fd = (int)syscall(SYS_perf_event_open, &a, 0, -1, -1, 0);
    int64_t n = -1;
    if (fd < 0)
        return -1;
    ioctl(fd, PERF_EVENT_IOC_ENABLE, 0);
    for (int i = 0; i < 1000; i++)
        what(s);
    ioctl(fd, PERF_EVENT_IOC_DISABLE, 0);
    if (read(fd, &n, sizeof n) != sizeof n)
        n = -1;
    close(fd);
    return n < 0 ? -1 : n / 1000;
}

/* A child stops, does it and stops again; the parent counts its steps in between. */
static int64_t count_steps(void (*what)(struct subject *), struct subject *s)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
            _exit(1);
        what(s);
        raise(SIGSTOP);
        what(s);
        raise(SIGSTOP);
        _exit(0);
    }
    int64_t n = 0;
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFSTOPPED(status))
        return -1;
    do {
        if (ptrace(PTRACE_SINGLESTEP, child, NULL, NULL) != 0 ||
            waitpid(child, &status, 0) != child || !WIFSTOPPED(status))
            return -1;
        n++;
    } while (WSTOPSIG(status) != SIGSTOP);
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    return n;
}

static int64_t count(void (*what)(struct subject *), struct subject *s)
{
    int64_t n = count_by_counter(what, s), none = count_by_counter(nothing, s);
    if (n < 0) {
        n = count_steps(what, s);
        none = count_steps(nothing, s);
    }
    return n < 0 || none < 0 ? -1 : n - none;
}

/* ---- the tables ---- */

static void print_time(struct sample t, const char *aim)
{
    double ns = strtod(aim, NULL);
    printf(" %7.0f %7.0f", t.least, t.median);
    if (ns > 0)
        printf(" %6.0f %5.2f", ns, t.least / ns);
    else
        printf(" %6s %5s", "", "");
}

static void print_count(int64_t n)
{
    if (n < 0)
        printf(" %7s", "-");
    else
        printf(" %7lld", (long long)n);
}

static bool read_subject(FILE *f, struct subject *s)
{
    static char line[2 * BYTES_MAX + 200], hex[2 * BYTES_MAX + 1];
    while (fgets(line, sizeof line, f) != NULL) {
        if (line[0] == '#' || sscanf(line, "%63s %31s %15s %15s %131072s", s->name, s->grammar,
                                     s->encode, s->decode, hex) != 5)
            continue;
        int64_t n = hex_read(hex, strlen(hex), s->bytes, sizeof s->bytes);
        if (n < 0)
            give_up(s->name, "bench/messages.txt has no hex digits for it");
        s->n = (size_t)n;
        s->schema = schema_of(s->grammar);
        return true;
    }
    return false;
}

/* Bytes of memory that the decoded message takes. */
static size_t memory_of(struct subject *s)
{
    static uint64_t block[BYTES_MAX];
    struct arena own = s->arena;
    arena_open(&s->arena, block, sizeof block, 0);
    decode(s);
    size_t used = (size_t)(s->arena.at - s->arena.first);
    s->arena = own;
    return used;
}

static FILE *open_messages(void)
{
    FILE *f = fopen("bench/messages.txt", "r");
    if (f == NULL)
        give_up("bench/messages.txt", "cannot be read; expected to run in the repository's root");
    return f;
}

static void bench_messages(struct subject *s)
{
    FILE *f = open_messages();
    printf("%-30s %-18s %6s %6s | %7s %7s %6s %5s %7s | %7s %7s %6s %5s %7s | %s\n", "message",
           "grammar", "bytes", "memory", "encode", "median", "aim", "ratio", "instr.", "decode",
           "median", "aim", "ratio", "instr.", "MB/s enc / dec");
    while (read_subject(f, s)) {
        size_t memory = memory_of(s);
        decode(s);
        encode(s);
        if (memcmp(s->out, s->bytes, s->n) != 0)
            give_up(s->name, "encodes to other bytes");
        struct sample e = measure(encode, s), d = measure(decode, s);
        printf("%-30s %-18s %6zu %6zu |", s->name, s->grammar, s->n, memory);
        print_time(e, s->encode);
        print_count(count(encode, s));
        printf(" |");
        print_time(d, s->decode);
        print_count(count(decode, s));
        double bytes = (double)s->n * 1e3;
        printf(" | %6.0f %6.0f\n", bytes / e.least, bytes / d.least);
    }
    fclose(f);
}

static void bench_xml(struct subject *s)
{
    FILE *f = open_messages();
    printf("\n%-30s %6s | %7s %7s | %7s %7s | %s   (aim of reading a usual message: 8.0)\n",
           "as XML, us", "bytes", "print", "median", "read", "median", "libxml2 alone, ratio");
    while (read_subject(f, s)) {
        decode(s);
        struct sample print = measure(print_xml, s), alone = measure(parse_xml, s);
        struct sample read = measure(read_xml, s);
        encode(s);
        if (memcmp(s->out, s->bytes, s->n) != 0)
            give_up(s->name, "encodes to other bytes after it was read from XML");
        printf("%-30s %6zu | %7.1f %7.1f | %7.1f %7.1f | %13.1f  %4.2f\n", s->name, s->xml.n,
               print.least / 1e3, print.median / 1e3, read.least / 1e3, read.median / 1e3,
               alone.least / 1e3, read.least / alone.least);
    }
    fclose(f);
    buf_close(&s->xml);
}

static void bench_loading(struct subject *s)
{
    static const char *const NAMES[] = {"appprotocol",
                                        "xmldsig",
                                        "din70121",
                                        "iso15118-2",
                                        "iso15118-20-common",
                                        "iso15118-20-ac",
                                        "iso15118-20-dc",
                                        "iso15118-20-wpt",
                                        "iso15118-20-acdp",
                                        "iso15118-20-ac-der-iec",
                                        "iso15118-20-ac-der-sae"};
    printf("\n%-30s %9s %9s   (aim: 1000 each, all of ISO 15118-20 together 3000)\n",
           "loading a description, us", "least", "median");
    double twenty = 0;
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        snprintf(s->grammar, sizeof s->grammar, "%s", NAMES[i]);
        struct sample t = measure(load_and_close, s);
        printf("%-30s %9.0f %9.0f\n", NAMES[i], t.least / 1e3, t.median / 1e3);
        /* Amendment 1 is read by those alone who speak it */
        if (strncmp(NAMES[i], "iso15118-20", 11) == 0 && strstr(NAMES[i], "-der-") == NULL)
            twenty += t.least / 1e3;
    }
    printf("%-30s %9.0f\n", "ISO 15118-20 together", twenty);
}

static void bench_start(struct subject *s)
{
    snprintf(s->name, sizeof s->name, "build/v2glab");
    if (access(s->name, X_OK) != 0)
        return;
    struct sample t = measure(run_version, s);
    printf("\n%-30s %9.0f %9.0f   (aim: 5000)\n", "v2glab --version, us", t.least / 1e3,
           t.median / 1e3);
}

int main(void)
{
    static struct subject s;
    static uint64_t block[BYTES_MAX];
    s.options = EXI_OPTIONS;
    s.e = ERR_INIT;
    arena_open(&s.arena, block, sizeof block, 16 << 20);
    setvbuf(stdout, NULL, _IOLBF, 0);
    bench_messages(&s);
    bench_xml(&s);
    bench_loading(&s);
    bench_start(&s);
    arena_close(&s.arena);
    return 0;
}
