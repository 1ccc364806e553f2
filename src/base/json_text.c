/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_text.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

/* A text that is being read. What it gives back is kept until it is over: so each pointer is in
 * `taken` once, and all of it can be freed. */
static _Thread_local struct reading {
    bool is_on;
    jmp_buf out;             /* where it goes once memory has run out */
    struct buf taken, given; /* pointers */
} reading;

static void keep(struct buf *pointers, void *p)
{
    buf_add(pointers, &p, sizeof p);
}

static void *take(size_t n)
{
    void *p = malloc(n);
    if (p == NULL)
        buf_note_run_out();
    if (!reading.is_on)
        return p;
    if (p != NULL)
        keep(&reading.taken, p);
    if (p != NULL && !reading.taken.failed)
        return p;
    free(p);
    longjmp(reading.out, 1);
}

static void give(void *p)
{
    if (!reading.is_on || p == NULL) {
        free(p);
        return;
    }
    keep(&reading.given, p);
    if (reading.given.failed)
        longjmp(reading.out, 1);
}

static void free_all(const struct buf *pointers)
{
    for (size_t at = 0; at < pointers->n; at += sizeof(void *)) {
        void *p;
        memcpy(&p, pointers->p + at, sizeof p);
        free(p);
    }
}

void json_text_guard(void)
{
    json_set_alloc_funcs(take, give);
}

/* Whether *json is what was read; else memory has run out meanwhile. */
static bool read_guarded(const char *text, size_t n, size_t flags, json_error_t *why, json_t **json)
{
    if (setjmp(reading.out) != 0)
        return false;
    *json = json_loadb(text, n, flags, why);
    return true;
}

json_t *json_text_read(const char *text, size_t n, size_t flags, json_error_t *why)
{
    json_t *json = NULL;
    reading = (struct reading){.is_on = true};
    bool is_whole = read_guarded(text, n, flags, why, &json);
    reading.is_on = false;
    free_all(is_whole ? &reading.given : &reading.taken);
    buf_close(&reading.taken);
    buf_close(&reading.given);
    if (is_whole)
        return json;
    if (why != NULL) {
        *why = (json_error_t){.line = -1, .column = -1};
        snprintf(why->text, sizeof why->text, "out of memory");
    }
    return NULL;
}
