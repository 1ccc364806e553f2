/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scripts that try to break the program, or to stop it for good: tests/hostile/scripts.txt. Those
 * that run for ever do so again as one of many sessions in real time, where what lasts gives way.
 */
#include "base/file.h"
#include "one_library.h"
#include "script/script.h"
#include "wire/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <time.h>

#define SCRIPTS "tests/hostile/scripts.txt"
#define WITHOUT_END "without waiting"
#define MOST_S 60 /* of CPU time; what fails has 2 s at most, and what is ended has time to end */

static void ignore(void *context, const char *text, size_t n)
{
    (void)context;
    (void)text;
    (void)n;
}

static void run_script(struct script *s, struct world *world, const char *text)
{
    struct err e = ERR_INIT;
    if (script_open(s, s->options, "hostile.lua", text, &e) != 0)
        return;
    s->has_sessions = world != NULL;
    script_step(s);
    if (world != NULL)
        world_run(world);
}

/* The longest turn: what is to pass has all the time there is. */
static unsigned busy_ms(const char *line, const char *verdict)
{
    if (strstr(line, WITHOUT_END) != NULL)
        return 150;
    return strcmp(verdict, "pass") == 0 ? MOST_S * 1000 : 2000;
}

/* line: "NAME: VERDICT", or "NAME: VERDICT: WORDS". Whether it ended like that. */
static bool ends(const char *line, const char *text, struct world *world)
{
    const char *verdict = strstr(line, ": ") + 2, *words = strstr(verdict, ": ");
    struct script_options o = {.library = &library,
                               .world = world,
                               .memory = 32u << 20,
                               .busy_ms = busy_ms(line, verdict),
                               .print = ignore};
    struct script s = {.options = &o};
    size_t n = words != NULL ? (size_t)(words - verdict) : strlen(verdict);
    clock_t from = clock();
    run_script(&s, world, text);
    const char *found = verdict_name(s.verdict);
    int seconds = (int)((clock() - from) / CLOCKS_PER_SEC);
    bool is_right = strlen(found) == n && strncmp(found, verdict, n) == 0 &&
                    (words == NULL || strstr(s.reason, words + 2) != NULL) && seconds <= MOST_S;
    if (!is_right)
        print_error("%s\n    ended with %s: %s; after %d s\n", line, found, s.reason, seconds);
    script_close(&s);
    if (s.memory != 0)
        print_error("%s\n    left %zu bytes\n", line, s.memory);
    return is_right && s.memory == 0;
}

static void test_hostile_scripts(void **state)
{
    struct buf text = {0};
    struct err e = ERR_INIT;
    unsigned tried = 0, good = 0;
    struct world *world = world_open(NULL, &e);
    (void)state;
    assert_non_null(world);
    assert_int_equal(file_read_text(SCRIPTS, 1 << 20, &text, &e), 0);
    assert_non_null(buf_string(&text));
    for (char *at = strstr((char *)text.p, "\n--- "), *next; at != NULL; at = next) {
        char *line = at + 5, *body = strchr(line, '\n');
        next = strstr(body, "\n--- ");
        *body++ = '\0';
        if (next != NULL)
            *next = '\0';
        good += ends(line, body, NULL);
        tried++;
        if (strstr(line, WITHOUT_END) == NULL)
            continue;
        good += ends(line, body, world);
        tried++;
    }
    buf_close(&text);
    assert_int_equal(world_close(world), 0);
    assert_true(tried > 90);
    assert_int_equal(good, tried);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_hostile_scripts)};
    return cmocka_run_group_tests(tests, open_library, close_library);
}
