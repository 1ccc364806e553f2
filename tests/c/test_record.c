/* SPDX-License-Identifier: Apache-2.0 */
/* Records: how one is written, where that is refused, in part or at once; and what is read again of
 * files that are damaged, or whose lines were made by others. */
#include "certs.h"
#include "memory.h"
#include "record/compact.h"
#include "record/record.h"
#include "record/record_read.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static struct library library;
static char folder[64], path[RECORD_PATH_MAX];

static int open_all(void **state)
{
    (void)state;
    library_open(&library);
    certs_folder(folder);
    snprintf(path, sizeof path, "%s/record", folder);
    signal(SIGXFSZ, SIG_IGN);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    library_close(&library);
    certs_remove(folder);
    return 0;
}

static int clear(void **state)
{
    (void)state;
    certs_remove(path);
    return 0;
}

static void write_file(const char *name, const void *bytes, size_t n)
{
    char file[RECORD_FILE_MAX];
    mkdir(path, 0777);
    FILE *f = fopen(record_file(file, path, name), "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    fclose(f);
}

static bool is_there(const char *name)
{
    char file[RECORD_FILE_MAX];
    return access(record_file(file, path, name), F_OK) == 0;
}

/* ---- reading lines ---- */

static void tell(void *context, const struct event *e)
{
    char from[ENDPOINT_TEXT], to[ENDPOINT_TEXT];
    buf_printf(context, "%s %s %s %s %s %s>%s %zu '%s' '%s'%s %s;", EVENT_KINDS[e->kind],
               EVENT_HOWS[e->how], EVENT_ROLES[e->from_role], EVENT_LEGS[e->leg],
               EVENT_CAMES[e->came], endpoint_text(&e->from, from, sizeof from),
               endpoint_text(&e->to, to, sizeof to), e->bytes.n, e->text,
               e->problem == NULL ? "" : e->problem->what, e->message == NULL ? "" : " message",
               e->handshake == NULL ? "" : e->handshake);
}

/* ISO 15118-2: SessionStopReq, with its V2GTP header. */
#define STOP "01FE80010000000D8098022E74FF44AAECF83E11F000"
#define A_STOP                                                                                     \
    "{\"kind\":\"frame\",\"grammar\":\"iso15118-2\",\"payload_type\":\"8001\",\"bytes\":\""

static const struct {
    const char *lines, *told, *what; /* what: the error; NULL: none */
} LINES[] = {
    {"", "", NULL},
    {"{\"kind\":\"log\",\"text\":\"a\"}\n", "log     [::]>[::] 0 'a' '' ;", NULL},
    {"{\"kind\":\"log\",\"text\":\"a\"}", "", NULL},
    {"{\"kind\":\"something\"}\n{}\n", "", NULL},
    {"{\"kind\":\"log\"}\n[]\n{\"kind\":\n", "log     [::]>[::] 0 '' '' ;", "events.jsonl:3: "},
    {"{\"kind\":\"close\",\"how\":\"FIN\",\"from\":\"EVCC\",\"leg\":\"vehicle\",\"came\":\"late\"}"
     "\n",
     "close FIN EVCC vehicle late [::]>[::] 0 '' '' ;", NULL},
    {"{\"kind\":\"close\",\"how\":\"strange\",\"from\":\"nobody\",\"leg\":\"x\",\"came\":\"y\"}\n",
     "close error    [::]>[::] 0 '' '' ;", NULL},
    {"{\"kind\":\"connect\",\"source\":\"[fe80::1%a]:7\",\"destination\":\"[fe80::2%a]:8\"}\n",
     "connect     [fe80::1%a]:7>[fe80::2%a]:8 0 '' '' ;", NULL},
    {"{\"kind\":\"connect\",\"source\":\"[fe80::1%a]:70000\",\"destination\":\"here\"}\n",
     "connect     [::]>[::] 0 '' '' ;", NULL},
    {"{\"kind\":\"bytes\",\"bytes\":\"01FE8\",\"problem\":\"odd\"}\n",
     "bytes     [::]>[::] 0 '' 'odd' ;", NULL},
    {"{\"kind\":\"bytes\",\"bytes\":\"01fe80\",\"problem\":\"\"}\n",
     "bytes     [::]>[::] 3 '' '' ;", NULL},
    {"{\"kind\":\"tls\",\"handshake\":{\"a\":[1]}}\n", "tls     [::]>[::] 0 '' '' {\"a\":[1]};",
     NULL},
    {A_STOP STOP "\"}\n", "frame     [::]>[::] 22 '' '' message ;", NULL},
    {A_STOP STOP "\",\"problem\":\"not this one\"}\n", "frame     [::]>[::] 22 '' 'not this one' ;",
     NULL},
    {A_STOP "01FE80010000000D8098\"}\n", "frame     [::]>[::] 10 '' '' ;", NULL},
    {"{\"kind\":\"frame\",\"grammar\":\"mine\",\"bytes\":\"" STOP "\"}\n",
     "frame     [::]>[::] 22 '' '' ;", NULL},
    {"{\"kind\":\"frame\",\"bytes\":\"" STOP "\"}\n", "frame     [::]>[::] 22 '' '' ;", NULL},
    {"{\"message\":{\"a\":\"}\\\"]\\\\\",\"b\":[{},1]},\"kind\":\"log\",\"text\":\"b\"}\n",
     "log     [::]>[::] 0 'b' '' ;", NULL},
    {"{\"kind\":\"log\",\"text\":\"c\",\"message\":{\"a\":1}}\n", "log     [::]>[::] 0 'c' '' ;",
     NULL},
    {"{\"message\":7}\n{\"message\":7,\"kind\":\"log\"}\n", "log     [::]>[::] 0 '' '' ;", NULL},
    {"{\"kind\":\"log\",\"message\":{\"a\":1\n", "", "events.jsonl:1: "},
    {"{\"kind\":\"log\",\"message\":[\n", "", "events.jsonl:1: "},
};

static void test_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof LINES / sizeof *LINES; i++) {
        struct buf told = {0};
        struct err e = ERR_INIT;
        char text[900];
        write_file(RECORD_EVENTS, LINES[i].lines, strlen(LINES[i].lines));
        int bad = record_read(path, true, &library, tell, &told, &e);
        err_text(&e, text, sizeof text);
        if (strcmp(buf_string(&told), LINES[i].told) != 0 ||
            (bad != 0) != (LINES[i].what != NULL) ||
            (bad != 0 && strstr(text, LINES[i].what) == NULL))
            fail_msg("%s\n%s\n%s", LINES[i].lines, buf_string(&told), bad != 0 ? text : "");
        buf_close(&told);
    }
}

/* ---- reading units ---- */

static void add_log(struct buf *b, const char *text)
{
    compact_event(
        &(struct event){
            .kind = EVENT_LOG, .by = "", .where = "", .name = "", .code = "", .text = text},
        b);
}

static void test_units(void **state)
{
    static const struct {
        const char *name;
        size_t from, cut; /* octets that are there, and are missing at the end */
        size_t at;        /* of an octet that is another one; 0: none */
        uint8_t octet;
        const char *told, *what;
    } CASES[] = {
        {"whole", 0, 0, 0, 0, "ab", NULL},
        {"half of the last unit", 0, 3, 0, 0, "a", NULL},
        {"half of a length", 0, 0, 0, 0, "ab", NULL},
        {"half of the head", 0, SIZE_MAX, 0, 0, "", NULL},
        {"another version", 0, 0, 7, 2, "", "this is no events.bin, or one of another version"},
        {"a unit of 4 GiB", 0, 0, COMPACT_HEAD_SIZE + 3, 0xFF, "",
         "octets, expected at most 134217728"},
        {"a kind that there is not", 0, 0, COMPACT_HEAD_SIZE + COMPACT_LENGTH, 0xFF, "",
         "at octet 8: this is no event"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        for (int is_packed = 0; is_packed < 2; is_packed++) {
            struct buf file = {0}, told = {0};
            struct err e = ERR_INIT;
            buf_add(&file, COMPACT_HEAD, COMPACT_HEAD_SIZE);
            add_log(&file, "a");
            add_log(&file, "b");
            if (CASES[i].at > 0)
                file.p[CASES[i].at] = CASES[i].octet;
            file.n = CASES[i].cut == SIZE_MAX ? 5 : file.n - CASES[i].cut;
            write_file(RECORD_COMPACT, file.p, file.n);
            if (is_packed)
                record_pack(path);
            int bad = record_read(path, true, &library, tell, &told, &e);
            if ((bad != 0) != (CASES[i].what != NULL) ||
                (bad != 0 && strstr(e.what, CASES[i].what) == NULL))
                fail_msg("%s: %s %s", CASES[i].name, buf_string(&told), e.what);
            for (const char *c = "ab"; *c != '\0'; c++) {
                char wanted[] = {'\'', *c, '\'', '\0'};
                assert_int_equal(strstr(buf_string(&told), wanted) != NULL,
                                 strchr(CASES[i].told, *c) != NULL);
            }
            clear(NULL);
            buf_close(&file);
            buf_close(&told);
        }
}

/* What is packed, and damaged: as far as it goes, and why. */
static void test_packed_and_damaged(void **state)
{
    static const struct {
        size_t at, left; /* an octet that is changed; octets that there are */
        const char *what;
    } CASES[] = {
        {0, 40, NULL},
        {15, SIZE_MAX, "cannot be read: "},
        {SIZE_MAX, SIZE_MAX, NULL},
    };
    struct buf file = {0}, packed = {0};
    char name[RECORD_FILE_MAX];
    size_t n = 0;
    (void)state;
    buf_add(&file, COMPACT_HEAD, COMPACT_HEAD_SIZE);
    for (unsigned i = 0; i < 300; i++) {
        char text[20];
        snprintf(text, sizeof text, "%u", i * i * i);
        add_log(&file, text);
    }
    write_file(RECORD_COMPACT, file.p, file.n);
    record_pack(path);
    char *made = support_read_file(record_file(name, path, RECORD_COMPACT ".gz"), &n);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct buf told = {0};
        struct err e = ERR_INIT;
        buf_clear(&packed);
        buf_add(&packed, made, CASES[i].left < n ? CASES[i].left : n);
        if (CASES[i].at > 0 && CASES[i].at < n)
            packed.p[CASES[i].at] ^= 0xFF;
        write_file(RECORD_COMPACT ".gz", packed.p, packed.n);
        int bad = record_read(path, true, &library, tell, &told, &e);
        if ((bad != 0) != (CASES[i].what != NULL) ||
            (bad != 0 && (strstr(e.what, CASES[i].what) == NULL || strstr(e.path, ".gz") == NULL)))
            fail_msg("%zu: %d %s: %s", i, bad, e.path, e.what);
        buf_close(&told);
    }
    free(made);
    buf_close(&file);
    buf_close(&packed);
}

/* ---- writing ---- */

static struct event traffic(enum event_kind kind, uint32_t connection, const char *bytes)
{
    return (struct event){.kind = kind,
                          .connection = connection,
                          .from_role = FROM_EVCC,
                          .us = 1767225600250000,
                          .by = "EVCC",
                          .where = "",
                          .name = "",
                          .code = "",
                          .text = "",
                          .from = {.port = 50000, .ip = {[15] = 1}},
                          .to = {.port = 15118, .ip = {[15] = 1}},
                          .bytes = {(const uint8_t *)bytes, strlen(bytes)}};
}

/* Puts a session of so many frames. */
static void put_session(struct recorder *r, unsigned frames)
{
    static char bytes[20001];
    memset(bytes, 'b', sizeof bytes - 1);
    struct event open = traffic(EVENT_CONNECT, 1, ""), frame = traffic(EVENT_FRAME, 1, bytes),
                 none = traffic(EVENT_FRAME, 0, "x"), end = traffic(EVENT_CLOSE, 1, "");
    recorder_put(r, &open);
    while (frames-- > 0)
        recorder_put(r, &frame);
    recorder_put(r, &none); /* of no connection: of no use in a capture */
    recorder_put(r, &end);
}

static struct record_options options(const char *of, enum record_lines lines, uint64_t most)
{
    return (struct record_options){of, lines, most, &library};
}

static struct record *open_record(struct recorder *r, enum record_lines lines, uint64_t limit)
{
    struct record_options o = options(path, lines, limit);
    struct err e = ERR_INIT;
    *r = (struct recorder){.n = 0};
    struct record *made = record_open(&o, r, &e);
    if (made == NULL)
        fail_msg("%s", e.what);
    return made;
}

static unsigned frames_in(void)
{
    struct buf told = {0};
    struct err e = ERR_INIT;
    unsigned n = 0;
    if (record_read(path, false, &library, tell, &told, &e) != 0)
        fail_msg("%s: %s", e.path, e.what);
    for (const char *at = buf_string(&told); (at = strstr(at, "frame ")) != NULL; at++)
        n++;
    buf_close(&told);
    return n;
}

/* Its lines come at the end, at once, or never, or not if they would be too many. */
static void test_lines_of_a_record(void **state)
{
    static const struct {
        enum record_lines lines;
        uint64_t most;
        bool has_compact, has_events;
    } CASES[] = {
        {LINES_END, UINT64_MAX, false, true},
        {LINES_END, 100, true, false},
        {LINES_LIVE, UINT64_MAX, false, true},
        {LINES_NEVER, UINT64_MAX, true, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct recorder recorder;
        struct err e = ERR_INIT;
        struct record *r = open_record(&recorder, CASES[i].lines, 0);
        assert_false(record_has_traffic(r));
        put_session(&recorder, 30);
        assert_true(record_has_traffic(r));
        assert_null(record_problem(r));
        assert_int_equal(record_close(r, CASES[i].most, &e), 0);
        assert_int_equal(is_there(RECORD_COMPACT), CASES[i].has_compact);
        assert_int_equal(is_there(RECORD_EVENTS), CASES[i].has_events);
        assert_true(is_there(RECORD_PACKETS));
        assert_int_equal(frames_in(), 31);
        clear(NULL);
    }
}

/* Of a record that is limited the newest parts are there; nothing is held of those before. */
static void test_parts(void **state)
{
    struct recorder recorder;
    struct err e = ERR_INIT;
    unsigned first, last;
    (void)state;
    size_t before = memory_held();
    struct record *r = open_record(&recorder, LINES_END, RECORD_LIMIT_LEAST);
    put_session(&recorder, 60);
    assert_int_equal(record_close(r, UINT64_MAX, &e), 0);
    assert_int_equal(memory_held(), before);
    assert_true(record_parts(path, &first, &last));
    assert_true(first > 1 && last - first < RECORD_PARTS);
    assert_in_range(frames_in(), 15, 40);
    char part[RECORD_FILE_MAX], file[RECORD_FILE_MAX + 32];
    snprintf(file, sizeof file, "%s/" RECORD_COMPACT, record_part(path, last, part));
    FILE *f = fopen(file, "wb"); /* one of them is damaged */
    fputs("no record", f);
    fclose(f);
    struct buf told = {0};
    assert_int_equal(record_read(path, false, &library, tell, &told, &e), -1);
    buf_close(&told);
    e = ERR_INIT;
    assert_int_equal(record_is_free(path, NULL, &e), -1);
    assert_non_null(strstr(e.what, "it holds the record of another run"));
    int fd = open(file, O_RDONLY);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    e = ERR_INIT;
    assert_int_equal(record_is_free(path, NULL, &e), -1);
    assert_non_null(strstr(e.what, "another run is writing its record into it"));
    close(fd);
    record_remove(path);
    assert_int_equal(access(path, F_OK), -1);
}

/* Folders that are called by a number that no part has are none. */
static void test_names_of_parts(void **state)
{
    static const char *const NAMES[] = {"001", "0000", "0001x", "20261130231500", "4294967295"};
    char name[RECORD_FILE_MAX];
    unsigned first, last;
    (void)state;
    mkdir(path, 0777);
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        mkdir(record_file(name, path, NAMES[i]), 0777);
    assert_false(record_parts(path, &first, &last));
    assert_false(record_is(path));
    mkdir(record_file(name, path, "12345"), 0777);
    assert_true(record_parts(path, &first, &last));
    assert_int_equal(first, 12345);
    assert_int_equal(last, 12345);
}

/* The folder goes away while it is written, or something is where the next part is to begin: what
 * is missing is told, once. */
static void test_folder_goes_away(void **state)
{
    (void)state;
    for (int is_gone = 0; is_gone < 2; is_gone++) {
        struct recorder recorder;
        struct err e = ERR_INIT;
        char wanted[200];
        struct record *r = open_record(&recorder, LINES_END, RECORD_LIMIT_LEAST);
        if (is_gone)
            certs_remove(path);
        else
            write_file("0002", "", 0);
        put_session(&recorder, 60);
        snprintf(wanted, sizeof wanted,
                 is_gone ? ".250 (session.pcapng: the file was removed)"
                         : ".250 (events.bin: folder %s/0002: File exists)",
                 path);
        const char *problem = record_problem(r);
        assert_non_null(problem);
        assert_non_null(strstr(problem, "record: incomplete since "));
        if (strstr(problem, wanted) == NULL)
            fail_msg("%s\nexpected %s", problem, wanted);
        assert_int_equal(record_close(r, UINT64_MAX, &e), -1);
        assert_non_null(strstr(e.what, wanted));
        clear(NULL);
    }
}

/* A macro: what the resource is of is an enumeration or a number, by the compiler. */
#define limit(resource, to, before)                                                                \
    do {                                                                                           \
        assert_int_equal(getrlimit(resource, before), 0);                                          \
        struct rlimit now = {to, (before)->rlim_max};                                              \
        assert_int_equal(setrlimit(resource, &now), 0);                                            \
    } while (0)

/* A file may not grow any more: what could be written is whole. */
static void test_no_room(void **state)
{
    (void)state;
    for (enum record_lines lines = LINES_END; lines <= LINES_NEVER; lines++) {
        struct recorder recorder;
        struct rlimit before;
        struct err e = ERR_INIT;
        struct record *r = open_record(&recorder, lines, 0);
        limit(RLIMIT_FSIZE, 100000, &before);
        put_session(&recorder, 30);
        assert_int_equal(record_close(r, UINT64_MAX, &e), -1);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_non_null(strstr(e.what, "record: incomplete since "));
        assert_non_null(strstr(e.what, ": File too large)"));
        assert_in_range(frames_in(), 1, 5);
        clear(NULL);
    }
}

/* A record that cannot be begun leaves nothing, and says why. */
static void test_not_begun(void **state)
{
    static char long_name[RECORD_PATH_MAX + 8];
    char missing[96];
    struct recorder recorder = {.n = 0};
    struct rlimit before;
    (void)state;
    memset(long_name, 'a', sizeof long_name - 1);
    snprintf(missing, sizeof missing, "%s/not/there", folder);
    const struct {
        const char *path, *what;
    } CASES[] = {
        {long_name, "the folder's name is too long"},
        {missing, "/not/there: No such file or directory"},
        {"/dev/null", "cannot be written: Not a directory"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct record_options o = options(CASES[i].path, LINES_END, 0);
        struct err e = ERR_INIT;
        assert_null(record_open(&o, &recorder, &e));
        if (strstr(e.what, CASES[i].what) == NULL)
            fail_msg("%s", e.what);
    }
    /* fewer and fewer descriptors: of none of its files */
    for (enum record_lines lines = LINES_END; lines <= LINES_LIVE; lines++)
        for (rlim_t files = 3; files < 64; files++) {
            struct record_options o = options(path, lines, 0);
            struct err e = ERR_INIT;
            limit(RLIMIT_NOFILE, files, &before);
            struct record *r = record_open(&o, &recorder, &e);
            assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
            if (r == NULL) {
                if (strstr(e.what, "Too many open files") == NULL)
                    fail_msg("%u descriptors: %s", (unsigned)files, e.what);
                assert_false(record_is(path));
                assert_false(is_there(RECORD_PACKETS));
            } else {
                assert_int_equal(record_close(r, 0, &e), 0);
                clear(NULL);
                break;
            }
        }
}

/* Lines that cannot be made leave the units as they were. */
static void test_no_lines(void **state)
{
    struct rlimit before;
    struct buf file = {0};
    struct err e = ERR_INIT;
    (void)state;
    assert_int_equal(record_make_lines(path, UINT64_MAX, &library, &e), -1);
    assert_non_null(strstr(e.what, "events.bin: No such file or directory"));
    buf_add(&file, COMPACT_HEAD, COMPACT_HEAD_SIZE);
    for (unsigned i = 0; i < 3000; i++)
        add_log(&file, "a line that is not very short, so that it takes its room");
    write_file(RECORD_COMPACT, file.p, file.n);
    e = ERR_INIT;
    assert_int_equal(record_make_lines(path, 100, &library, &e), 1);
    limit(RLIMIT_FSIZE, 10000, &before);
    int bad = record_make_lines(path, UINT64_MAX, &library, &e);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(bad, -1);
    assert_non_null(strstr(e.what, "events.jsonl.new cannot be written: File too large"));
    assert_true(is_there(RECORD_COMPACT));
    assert_false(is_there(RECORD_EVENTS ".new"));
    e = ERR_INIT;
    char name[RECORD_FILE_MAX];
    mkdir(record_file(name, path, RECORD_EVENTS), 0777); /* a folder is in its place */
    assert_int_equal(record_make_lines(path, UINT64_MAX, &library, &e), -1);
    assert_non_null(strstr(e.what, "events.jsonl cannot be written: Is a directory"));
    assert_true(is_there(RECORD_COMPACT));
    assert_false(is_there(RECORD_EVENTS ".new"));
    rmdir(name);
    e = ERR_INIT;
    mkdir(record_file(name, path, RECORD_EVENTS ".new"), 0777);
    assert_int_equal(record_make_lines(path, UINT64_MAX, &library, &e), -1);
    assert_non_null(strstr(e.what, "cannot be written: Is a directory"));
    rmdir(name);
    e = ERR_INIT;
    assert_int_equal(record_make_lines(path, UINT64_MAX, &library, &e), 0);
    assert_false(is_there(RECORD_COMPACT));
    buf_close(&file);
}

/* Events that were kept become a record; what is cut of them does not. */
static void test_record_of_units(void **state)
{
    static const size_t CUTS[] = {0, 3, 30000};
    struct buf units = {0};
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct event frame = traffic(EVENT_FRAME, 1, "abc"), open = traffic(EVENT_CONNECT, 1, ""),
                     wire = traffic(EVENT_WIRE, 1, "x");
        compact_event(i == 0 ? &open : i == 1 ? &wire : &frame, &units);
    }
    for (size_t i = 0; i < sizeof CUTS / sizeof *CUTS; i++) {
        struct record_options o = options(path, LINES_NEVER, 0);
        struct err e = ERR_INIT;
        size_t n = CUTS[i] < units.n ? units.n - CUTS[i] : 0;
        if (record_of((struct slice){units.p, n}, &o, &e) != 0)
            fail_msg("%s", e.what);
        assert_int_equal(frames_in(), i == 0);
        e = ERR_INIT;
        assert_int_equal(record_of((struct slice){units.p, n}, &o, &e), -1);
        assert_non_null(strstr(e.what, "it holds the record of another run"));
        clear(NULL);
    }
    buf_close(&units);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_lines, clear),
        cmocka_unit_test_teardown(test_units, clear),
        cmocka_unit_test_teardown(test_packed_and_damaged, clear),
        cmocka_unit_test_teardown(test_lines_of_a_record, clear),
        cmocka_unit_test_teardown(test_parts, clear),
        cmocka_unit_test_teardown(test_names_of_parts, clear),
        cmocka_unit_test_teardown(test_folder_goes_away, clear),
        cmocka_unit_test_teardown(test_no_room, clear),
        cmocka_unit_test_teardown(test_not_begun, clear),
        cmocka_unit_test_teardown(test_no_lines, clear),
        cmocka_unit_test_teardown(test_record_of_units, clear),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
