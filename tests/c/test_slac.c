/* SPDX-License-Identifier: Apache-2.0 */
/* The management messages of HomePlug (schema/slac.schema): vectors that were made from the order
 * of the fields alone, every one of them cut anywhere and with every bit turned, and lengths that
 * say more than there is. */
#include "support.h"

#include "codec/codec.h"
#include "codec/json.h"
#include "record/link_frame.h"
#include "wire/ether.h"

#include <time.h>

#define MEMORY (1u << 20)
#define MOST 64 /* vectors */
#define FRAMES 2000
#define FRAME_US 20 /* that a frame may take */

static struct {
    struct library library;
    char *text;
    unsigned n;
    struct octets_vector {
        const char *name, *json;
        uint8_t frame[ETHER_MOST];
        size_t size;
    } at[MOST];
} all;

static char *cut(char **at, int end)
{
    char *begin = *at, *found = strchr(begin, end);
    assert_non_null(found);
    *found = '\0';
    *at = found + 1;
    return begin;
}

static int read_vectors(void **state)
{
    size_t n;
    (void)state;
    library_open(&all.library);
    all.text = support_read_file("tests/octets/slac.tsv", &n);
    assert_non_null(all.text);
    char *at = all.text, *end = at + n;
    cut(&at, '\n');
    for (; at < end; all.n++) {
        assert_true(all.n < MOST);
        struct octets_vector *v = &all.at[all.n];
        v->name = cut(&at, '\t');
        v->json = cut(&at, '\t');
        const char *hex = cut(&at, '\n');
        memset(v->frame, 0xFF, 6);
        memcpy(v->frame + 6, "\x02\0\0\0\0\xE1\x88\xE1", 8);
        int64_t size = hex_read(hex, strlen(hex), v->frame + ETHER_HEADER, 2000);
        assert_true(size > 0);
        v->size = ETHER_HEADER + (size_t)size;
    }
    return 0;
}

static int drop_vectors(void **state)
{
    (void)state;
    library_close(&all.library);
    free(all.text);
    return 0;
}

struct trial {
    struct arena arena;
    struct message m;
    struct buf out, text;
    struct err e;
};

static void trial_open(struct trial *t)
{
    *t = (struct trial){.e = ERR_INIT};
    arena_open(&t->arena, NULL, 0, MEMORY);
}

static void trial_close(struct trial *t)
{
    arena_close(&t->arena);
    buf_close(&t->out);
    buf_close(&t->text);
}

static int decode(struct trial *t, const uint8_t *frame, size_t n)
{
    return link_frame_decode(&all.library, (struct slice){frame, n}, &t->arena, &t->m, &t->e);
}

static void vectors_go_both_ways(void **state)
{
    (void)state;
    for (unsigned i = 0; i < all.n; i++) {
        const struct octets_vector *v = &all.at[i];
        struct trial t;
        trial_open(&t);
        if (decode(&t, v->frame, v->size) != 0)
            fail_msg("%s: %s: %s", v->name, t.e.path, t.e.what);
        if (t.m.violations != NULL)
            fail_msg("%s: %s: %s", v->name, t.m.violations->path, t.m.violations->what);
        json_print(&t.m, JSON_LINE, &t.text);
        assert_string_equal(buf_string(&t.text), v->json);
        assert_int_equal(
            json_read(t.m.schema, v->json, strlen(v->json), false, &t.arena, &t.m, &t.e), 0);
        assert_int_equal(codec_encode(&t.m, &t.out, &t.e), 0);
        assert_int_equal(t.out.n, v->size - ETHER_HEADER);
        assert_memory_equal(t.out.p, v->frame + ETHER_HEADER, t.out.n);
        trial_close(&t);
    }
}

/* Read and written again the same, or refused with place and reason. */
static void try_frame(const struct octets_vector *v, const uint8_t *frame, size_t n,
                      const char *what, size_t where)
{
    struct trial t;
    trial_open(&t);
    bool is_read = decode(&t, frame, n) == 0;
    if (is_read && codec_encode(&t.m, &t.out, &t.e) != 0)
        fail_msg("%s, %s %zu: read, but not written: %s", v->name, what, where, t.e.what);
    if (is_read &&
        (t.out.n != n - ETHER_HEADER || memcmp(t.out.p, frame + ETHER_HEADER, t.out.n) != 0))
        fail_msg("%s, %s %zu: written otherwise", v->name, what, where);
    if (!is_read && (!t.e.set || t.e.what[0] == '\0'))
        fail_msg("%s, %s %zu: refused without a reason", v->name, what, where);
    if (!is_read && ether_is_homeplug((struct slice){frame, n}) && t.e.bit < 0)
        fail_msg("%s, %s %zu: refused without a place: %s", v->name, what, where, t.e.what);
    trial_close(&t);
}

static void every_cut_is_read_or_refused(void **state)
{
    (void)state;
    for (unsigned i = 0; i < all.n; i++)
        for (size_t n = 0; n < all.at[i].size; n++) {
            uint8_t *exact = malloc(n + 1); /* so that reading behind it is seen */
            assert_non_null(exact);
            memcpy(exact + 1, all.at[i].frame, n);
            try_frame(&all.at[i], exact + 1, n, "cut to", n);
            free(exact);
        }
}

static void every_turned_bit_is_read_or_refused(void **state)
{
    (void)state;
    for (unsigned i = 0; i < all.n; i++)
        for (size_t bit = 0; bit < all.at[i].size * 8; bit++) {
            struct octets_vector v = all.at[i];
            v.frame[bit / 8] ^= (uint8_t)(1u << bit % 8);
            try_frame(&v, v.frame, v.size, "bit", bit);
        }
}

/* An octet of the first vector of that name is set; what follows is cut away. */
static void refused(const char *name, size_t offset, const char *octets, size_t n, size_t size,
                    const char *path, const char *what, int64_t bit)
{
    for (unsigned i = 0; i < all.n; i++) {
        struct octets_vector v = all.at[i];
        struct trial t;
        if (strcmp(v.name, name) != 0)
            continue;
        memcpy(v.frame + ETHER_HEADER + offset, octets, n);
        trial_open(&t);
        assert_int_equal(decode(&t, v.frame, size == 0 ? v.size : size), -1);
        assert_string_equal(t.e.path, path);
        assert_string_equal(t.e.what, what);
        assert_int_equal(t.e.bit, bit);
        trial_close(&t);
        return;
    }
    fail_msg("there is no vector %s", name);
}

/* CVE-2024-26003 and its like: what a length says is never believed. */
static void lengths_beyond_the_frame_are_refused(void **state)
{
    (void)state;
    refused("CM_ATTEN_CHAR_IND", 56, "\xFF", 1, 0, "CM_ATTEN_CHAR_IND/AAG",
            "the input ends here (115 octets): expected 1 octets more, found 0", 920);
    refused("CM_ATTEN_PROFILE_IND", 11, "\x3B", 1, 0, "CM_ATTEN_PROFILE_IND/AAG",
            "the input ends here (71 octets): expected 1 octets more, found 0", 568);
    refused("CM_SLAC_MATCH_REQ", 7, "\xFF\xFF", 2, 0, "CM_SLAC_MATCH_REQ/MVFLength",
            "65535 octets; expected at most the 62 that follow", 56);
    refused("CM_SLAC_MATCH_CNF", 7, "\x57\x00", 2, 0, "CM_SLAC_MATCH_CNF/MVFLength",
            "87 octets; expected at most the 86 that follow", 56);
    refused("CM_AMP_MAP_REQ", 5, "\xFF\x0B", 2, 0, "CM_AMP_MAP_REQ/AMDATA",
            "the input ends here (46 octets): expected 4 bits more, found 0", 368);
    refused("CM_AMP_MAP_REQ", 5, "\xFF\xFF", 2, 0, "CM_AMP_MAP_REQ/AMDATA",
            "the input ends here (46 octets): expected 4 bits more, found 0", 368);
    refused("CM_NW_STATS_CNF", 5, "\xFF", 1, 0, "CM_NW_STATS_CNF/Station/DA",
            "the input ends here (46 octets): expected 6 octets more, found 0", 368);
    refused("CM_SLAC_MATCH_REQ", 0, "", 0, ETHER_HEADER + 40, "CM_SLAC_MATCH_REQ/MVFLength",
            "62 octets; expected at most the 31 that follow", 56);
}

/* Debian's pev sends sounds without the reserved octets, some modems fill frames up by 14 octets,
 * and evse sends indications of 326 octets. */
static void what_foreign_programs_send_is_read(void **state)
{
    (void)state;
    for (unsigned i = 0; i < all.n; i++) {
        struct octets_vector v = all.at[i];
        struct trial t;
        bool is_sound = strcmp(v.name, "CM_MNBC_SOUND_IND") == 0;
        size_t n = is_sound ? 64 : v.size + 197;
        memset(v.frame + v.size, 0, 197);
        if (is_sound)
            memset(v.frame + 47, 0, 17);
        if (strcmp(v.name, "VS_OP_ATTRIBUTES_REQ") == 0)
            n = v.size;
        trial_open(&t);
        assert_int_equal(decode(&t, v.frame, n), 0);
        if (t.m.violations != NULL)
            fail_msg("%s: %s: %s", v.name, t.m.violations->path, t.m.violations->what);
        trial_close(&t);
    }
}

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Read, and written again: the mean of many frames of all kinds. */
static void a_frame_takes_less_than_its_time(void **state)
{
    struct trial t;
    (void)state;
    trial_open(&t);
    int64_t begin = now_us();
    for (unsigned i = 0; i < FRAMES; i++) {
        const struct octets_vector *v = &all.at[i % all.n];
        arena_reset(&t.arena);
        buf_clear(&t.out);
        assert_int_equal(decode(&t, v->frame, v->size), 0);
        assert_int_equal(codec_encode(&t.m, &t.out, &t.e), 0);
    }
    int64_t taken = now_us() - begin;
    print_message("%.1f us a frame\n", (double)taken / FRAMES);
#if !defined(__SANITIZE_ADDRESS__)
    assert_true(taken < (int64_t)FRAME_US * FRAMES);
#endif
    trial_close(&t);
}

static void addresses_are_read_and_told(void **state)
{
    static const uint8_t MAC[6] = {0x02, 0xAB, 0, 0, 0x0C, 0xE1};
    char text[ETHER_TEXT];
    uint8_t mac[6] = {0};
    (void)state;
    assert_string_equal(ether_text(MAC, text), "02:AB:00:00:0C:E1");
    static const char *const SAME[] = {"02:AB:00:00:0C:E1", "02ab00000ce1", "02-ab-00-00-0c-e1"};
    for (size_t i = 0; i < sizeof SAME / sizeof *SAME; i++) {
        memset(mac, 0, sizeof mac);
        assert_true(ether_parse(SAME[i], mac));
        assert_memory_equal(mac, MAC, sizeof mac);
    }
    static const char *const NONE[] = {"", "02:AB:00:00:0C", "02:AB:00:00:0C:E1:01", "02AB00000CE",
                                       "0G:AB:00:00:0C:E1"};
    for (size_t i = 0; i < sizeof NONE / sizeof *NONE; i++)
        assert_false(ether_parse(NONE[i], mac));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_go_both_ways),
        cmocka_unit_test(every_cut_is_read_or_refused),
        cmocka_unit_test(every_turned_bit_is_read_or_refused),
        cmocka_unit_test(lengths_beyond_the_frame_are_refused),
        cmocka_unit_test(what_foreign_programs_send_is_read),
        cmocka_unit_test(a_frame_takes_less_than_its_time),
        cmocka_unit_test(addresses_are_read_and_told),
    };
    return cmocka_run_group_tests(tests, read_vectors, drop_vectors);
}
