/* SPDX-License-Identifier: Apache-2.0 */
#include "app/retelling.h"

#include "app/commands.h"
#include "app/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const ROLES[] = {"evcc", "secc", NULL};

/* exact, none, or a factor. */
static int take_time(void *to, const char *text, struct err *e)
{
    struct retelling *as = to;
    char *end;
    bool is_word = strcmp(text, "exact") == 0 || strcmp(text, "none") == 0;
    double by = is_word ? 1 : strtod(text, &end);
    if (!is_word && (*end != '\0' || !(by > 0) || by > 1e6))
        return err_set(e, "expected exact, none, or a factor by which pauses are shorter (2)");
    as->time = text;
    return 0;
}

/* Numbers, with commas between. */
static int take_sessions(void *to, const char *text, struct err *e)
{
    struct retelling *as = to;
    if (text[0] == '\0' || strspn(text, "0123456789,") != strlen(text))
        return err_set(e, "expected numbers of sessions, as 1 or 1,2");
    as->session = text;
    return 0;
}

static int take_session(void *to, const char *text, struct err *e)
{
    struct retelling *as = to;
    unsigned number;
    as->session = text;
    return options_number(&number, text, 1000000, e);
}

const struct option RETELLING_OPTION[] = {
    {"role", 0, "SIDE", "evcc (the vehicle; default) or secc (the station)", OPTION_NAME,
     .at = offsetof(struct retelling, role), .names = ROLES},
    {"session", 0, "N", "which session, from 1, where there are several", OPTION_CALL,
     .take = take_session},
    {"time", 0, "HOW",
     "pauses as in the capture (exact, the default), none, or a factor by\n"
     "which they are shorter",
     OPTION_CALL, .take = take_time},
    OPTIONS_END,
};

/* Nothing is played: there is no time. */
const struct option MEASURING_OPTION[] = {
    {"role", 0, "SIDE", "of from: evcc (the vehicle; default) or secc (the station)", OPTION_NAME,
     .at = offsetof(struct retelling, role), .names = ROLES},
    {"session", 0, "N[,N]", "of from: these sessions of each capture alone", OPTION_CALL,
     .take = take_sessions},
    {"keylog", 0, "FILE", "of from: TLS secrets of the captures (as by SSLKEYLOGFILE)",
     .at = offsetof(struct retelling, keylog)},
    OPTIONS_END,
};

int retold_text(struct recorded *const *r, unsigned n, const char *chunk,
                const struct retelling *as, struct buf *out)
{
    const struct recorded_option told[] = {
        {"role", as->role}, {"session", as->session}, {"time", as->time}, {NULL, NULL}};
    return recorded_run(r, n, chunk, told, out);
}

static int write_text(const struct buf *text, const char *path)
{
    if (path == NULL) {
        fwrite(text->p, 1, text->n, stdout);
        return EXIT_PASS;
    }
    FILE *f = fopen(path, "w");
    bool written = f != NULL && fwrite(text->p, 1, text->n, f) == text->n;
    if (f != NULL && fclose(f) != 0)
        written = false;
    if (!written)
        report(REPORT_ERROR, "%s cannot be written: %s", path, strerror(errno));
    return written ? EXIT_PASS : EXIT_SETUP;
}

int retold(struct recorded *const *r, unsigned n, const char *chunk, const struct retelling *as,
           const char *path)
{
    struct buf text = {0};
    int status = retold_text(r, n, chunk, as, &text);
    if (status == EXIT_PASS)
        status = write_text(&text, path);
    buf_close(&text);
    return status;
}
