/* SPDX-License-Identifier: Apache-2.0 */
#include "app/load_expect.h"

#include "app/duration.h"
#include "app/load_figures.h"
#include "base/nearest.h"
#include "names/name.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static double quantile(const struct turnaround *t, double part)
{
    return (double)histogram_quantile(&t->us, part);
}

static double most(const struct turnaround *t, double part)
{
    (void)part;
    return (double)t->us.most;
}

static double mean(const struct turnaround *t, double part)
{
    (void)part;
    return histogram_mean(&t->us);
}

static double count(const struct turnaround *t, double part)
{
    (void)part;
    return (double)t->us.n;
}

static double passed(const struct load_figures *f)
{
    return (double)f->passed;
}

/* Those that were cut short have not passed, either. */
static double failed(const struct load_figures *f)
{
    return (double)(f->failed + f->unclear + f->cut);
}

static double sessions(const struct load_figures *f)
{
    return (double)figures_ended(f);
}

static double held_back(const struct load_figures *f)
{
    return (double)f->held_back;
}

static double at_once(const struct load_figures *f)
{
    return f->most;
}

/* ORDER SUBJECT */
enum { QUANTILE, FAILED = 4 };
static const struct {
    const char *name;
    double (*of_row)(const struct turnaround *t, double part); /* NAME(MESSAGE) */
    double (*of_all)(const struct load_figures *f);            /* NAME */
    bool is_time;
    bool may_be_part;
} SUBJECTS[] = {
    {"p", quantile, NULL, true, false},         {"max", most, NULL, true, false},
    {"mean", mean, NULL, true, false},          {"count", count, NULL, false, false},
    {"failed", NULL, failed, false, true},      {"passed", NULL, passed, false, true},
    {"sessions", NULL, sessions, false, false}, {"held_back", NULL, held_back, false, false},
    {"rate", NULL, figures_rate, false, false}, {"at_once", NULL, at_once, false, false},
};
#define SUBJECTS_N (sizeof SUBJECTS / sizeof *SUBJECTS)

static int wrong(struct err *e)
{
    return err_set(e, "expected as 'p99(CurrentDemandRes)<250ms' or 'failed<0.1%%': pN, max, mean "
                      "or count of a message, connect or session; or failed, passed, sessions, "
                      "held_back, rate or at_once; then <, <=, > or >= and a number");
}

/* What stands before '(' or the comparison. */
static bool read_subject(struct load_expectation *x, const char *word, size_t n)
{
    char *end;
    if (word[0] == 'p' && isdigit((unsigned char)word[1])) {
        x->what = QUANTILE;
        x->quantile = strtod(word + 1, &end) / 100;
        return end == word + n && x->quantile <= 1;
    }
    for (x->what = QUANTILE + 1; x->what < SUBJECTS_N; x->what++)
        if (strlen(SUBJECTS[x->what].name) == n && strncmp(SUBJECTS[x->what].name, word, n) == 0)
            return true;
    return false;
}

static bool read_limit(struct load_expectation *x, const char *text)
{
    const char *end = text;
    if (SUBJECTS[x->what].is_time) {
        x->limit = (double)duration_read(text, &end);
        return x->limit >= 0 && *end == '\0';
    }
    char *rest;
    x->limit = strtod(text, &rest);
    x->is_part = *rest == '%' && SUBJECTS[x->what].may_be_part;
    rest += x->is_part ? 1 : 0;
    bool is_rate = SUBJECTS[x->what].of_all == figures_rate && strcmp(rest, "/s") == 0;
    return isdigit((unsigned char)*text) && (*rest == '\0' || is_rate);
}

int expect_take(void *to, const char *text, struct err *e)
{
    struct load_expectations *all = to;
    for (unsigned i = 0; i < all->n; i++)
        if (strcmp(all->at[i].text, text) == 0) /* the same again */
            return 0;
    if (all->n == EXPECTATIONS_MOST)
        return err_set(e, "expected %d of them at most", EXPECTATIONS_MOST);
    struct load_expectation x = {.text = text};
    size_t n = strcspn(text, "(<>");
    const char *at = text + n;
    if (!read_subject(&x, text, n) || (*at == '(') != (SUBJECTS[x.what].of_row != NULL))
        return wrong(e);
    if (*at == '(') {
        size_t size = strcspn(++at, ")");
        if (at[size] == '\0' || size == 0 || size >= sizeof x.name)
            return wrong(e);
        memcpy(x.name, at, size);
        at += size + 1;
    }
    if (*at != '<' && *at != '>')
        return wrong(e);
    x.is_time = SUBJECTS[x.what].is_time;
    x.compare[0] = *at++;
    if (*at == '=')
        x.compare[1] = *at++;
    if (!read_limit(&x, at))
        return wrong(e);
    all->at[all->n++] = x;
    return 0;
}

void expect_no_failure(struct load_expectations *x)
{
    for (unsigned i = 0; i < x->n; i++)
        if (SUBJECTS[x->at[i].what].may_be_part)
            return;
    x->at[x->n++] = (struct load_expectation){.text = "failed<=0", .what = FAILED, .compare = "<="};
}

/* Whether there is a message of that name that the side gets; near: the one that is the most alike.
 */
static bool is_measured(const char *name, struct library *l, uint8_t side, struct nearest *near)
{
    struct err ignored = ERR_INIT;
    const char *set;
    for (unsigned i = 0; (set = library_name(l, i)) != NULL; i++) {
        const struct schema *s = library_get(l, set, &ignored);
        for (unsigned k = 0; s != NULL && k < s->messages; k++)
            if (name_receives(side, s->message[k]->from)) {
                if (strcmp(s->message[k]->as.name, name) == 0)
                    return true;
                nearest_try(near, s->message[k]->as.name);
            }
    }
    nearest_try(near, FIGURES_CONNECT);
    nearest_try(near, FIGURES_SESSION);
    return strcmp(name, FIGURES_CONNECT) == 0 || strcmp(name, FIGURES_SESSION) == 0;
}

int expect_check(const struct load_expectations *x, struct library *l, uint8_t side, struct err *e)
{
    for (unsigned i = 0; i < x->n; i++) {
        const struct load_expectation *one = &x->at[i];
        struct nearest near = nearest_of_all(one->name, strlen(one->name));
        if (one->name[0] != '\0' && !is_measured(one->name, l, side, &near))
            return err_set(e,
                           "--expect %s: the other side has no message '%s' that could be "
                           "measured; the nearest is %s",
                           one->text, one->name, near.name);
    }
    return 0;
}

static void measure(struct load_expectation *x, const struct load_figures *f)
{
    uint64_t ended = figures_ended(f) + f->cut;
    if (SUBJECTS[x->what].of_all != NULL) {
        x->found = SUBJECTS[x->what].of_all(f);
        x->has_sample = ended > 0;
        if (x->is_part && ended > 0)
            x->found = 100 * x->found / (double)ended;
        return;
    }
    const struct turnaround *t = figures_row(f, x->name);
    x->has_sample = t != NULL && t->us.n > 0;
    x->found = x->has_sample ? SUBJECTS[x->what].of_row(t, x->quantile) : 0;
}

bool expect_judge(struct load_expectations *all, const struct load_figures *f)
{
    bool good = true;
    for (unsigned i = 0; i < all->n; i++) {
        struct load_expectation *x = &all->at[i];
        measure(x, f);
        bool is_below = x->compare[0] == '<' && x->found < x->limit;
        bool is_above = x->compare[0] == '>' && x->found > x->limit;
        bool is_equal = x->compare[1] == '=' && x->found >= x->limit && x->found <= x->limit;
        x->is_met = x->has_sample && (is_below || is_above || is_equal);
        good = good && x->is_met;
    }
    return good;
}
