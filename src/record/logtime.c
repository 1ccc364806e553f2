/* SPDX-License-Identifier: Apache-2.0 */
#include "record/logtime.h"

#include <ctype.h>
#include <string.h>

#define SEARCHED 160 /* characters of a line */

/*
 * How times are written. Y M D h m s: numbers of so many digits; N: a month's name; T: the letter
 * or blanks; S: digits that are seconds, f: their fraction or nothing; L: milliseconds, as 1050ms;
 * z: a zone or nothing; #: a number that tells no time; _: blanks; ^: the beginning of the line.
 * All else is itself.
 */
static const char *const FORMS[] = {
    "Y-M-DTh:m:sfz", "Y/M/DTh:m:sfz", "D.M.YTh:m:sf", "M/D/YTh:m:sf", "N_D_h:m:sf", "N_D_Y_h:m:sf",
    "h:m:sf",        "[_Sf]",         "(Sf)",         "[L]",          "^_#_Sf_",
};

struct reading {
    const char *p, *start;
    const char *end;
    int64_t year, month, day, hour, minute, second, us;
    bool has_date, has_fraction;
};

static bool is_digit(const struct reading *r)
{
    return r->p < r->end && isdigit((unsigned char)*r->p);
}

static bool number(struct reading *r, int least, int most, int64_t *value)
{
    int digits = 0;
    for (*value = 0; digits < most && is_digit(r); digits++)
        *value = *value * 10 + (*r->p++ - '0');
    return digits >= least && !is_digit(r);
}

static bool blanks(struct reading *r)
{
    const char *start = r->p;
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\t'))
        r->p++;
    return r->p > start;
}

static bool month_name(struct reading *r)
{
    static const char NAMES[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (int i = 0; r->end - r->p >= 3 && i < 12; i++)
        if (memcmp(r->p, NAMES + 3L * i, 3) == 0) {
            r->p += 3;
            r->month = i + 1;
            return true;
        }
    return false;
}

static void fraction(struct reading *r)
{
    if (r->end - r->p < 2 || (*r->p != '.' && *r->p != ',') || !isdigit((unsigned char)r->p[1]))
        return;
    r->has_fraction = true;
    int64_t unit = 100000;
    for (r->p++; is_digit(r); r->p++, unit /= 10)
        r->us += (*r->p - '0') * unit;
}

static bool zone(struct reading *r)
{
    int64_t hours, minutes = 0;
    if (r->p < r->end && *r->p == 'Z') {
        r->p++;
        return true;
    }
    if (r->end - r->p < 3 || (*r->p != '+' && *r->p != '-') || !isdigit((unsigned char)r->p[1]))
        return true;
    int sign = *r->p++ == '-' ? -1 : 1;
    const char *digits = r->p;
    while (is_digit(r))
        r->p++;
    if (r->p - digits != 2 && r->p - digits != 4)
        return false;
    hours = (digits[0] - '0') * 10 + (digits[1] - '0');
    if (r->p - digits == 4)
        minutes = (digits[2] - '0') * 10 + (digits[3] - '0');
    else if (r->p < r->end && *r->p == ':') {
        r->p++;
        if (!number(r, 2, 2, &minutes))
            return false;
    }
    r->us -= sign * (hours * 60 + minutes) * 60000000;
    return true;
}

static bool piece(struct reading *r, char form)
{
    int64_t unused;
    switch (form) {
    case 'Y':
        r->has_date = true;
        return number(r, 4, 4, &r->year) && r->year >= 1970;
    case 'M':
        return number(r, 1, 2, &r->month) && r->month >= 1 && r->month <= 12;
    case 'D':
        return number(r, 1, 2, &r->day) && r->day >= 1 && r->day <= 31;
    case 'N':
        return month_name(r);
    case 'h':
        return number(r, 2, 2, &r->hour) && r->hour < 24;
    case 'm':
        return number(r, 2, 2, &r->minute) && r->minute < 60;
    case 's':
        return number(r, 2, 2, &r->second) && r->second <= 60;
    case 'S':
        return number(r, 1, 11, &r->second);
    case 'L':
        if (!number(r, 1, 15, &r->us) || r->end - r->p < 2 || memcmp(r->p, "ms", 2) != 0)
            return false;
        r->p += 2;
        r->us *= 1000;
        r->has_fraction = true;
        return true;
    case 'T':
        if (r->p < r->end && *r->p == 'T') {
            r->p++;
            return true;
        }
        return blanks(r);
    case '_':
        return blanks(r) || r->p == r->start || r->p[-1] == '[';
    case 'f':
        fraction(r);
        return true;
    case 'z':
        return zone(r);
    case '#':
        return number(r, 1, 9, &unused);
    }
    return r->p < r->end && *r->p++ == form;
}

/* Days from 1970-01-01, in the calendar that is used today. */
static int64_t days_to(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month > 2 ? year : year - 1, m = month > 2 ? month - 3 : month + 9;
    return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719468;
}

static bool matches(const char *form, const char *line, const char *from, const char *end,
                    struct logtime *t)
{
    struct reading r = {.p = from, .start = line, .end = end, .day = 1, .month = 1};
    bool is_clock = strchr(form, 'h') != NULL;
    if (*form == '^' && from != line)
        return false;
    for (const char *f = *form == '^' ? form + 1 : form; *f != '\0'; f++)
        if (!piece(&r, *f))
            return false;
    if (is_clock && r.p < end && (isalnum((unsigned char)*r.p) || *r.p == ':' || *r.p == '-'))
        return false; /* a piece of something longer, as an address */
    if (!is_clock && !r.has_fraction)
        return false; /* "(2)" */
    t->at = (size_t)(from - line);
    t->n = (size_t)(r.p - from);
    t->has_date = r.has_date;
    int64_t days = r.has_date ? days_to(r.year, r.month, r.day) : 0;
    t->us = (((days * 24 + r.hour) * 60 + r.minute) * 60 + r.second) * 1000000 + r.us;
    return true;
}

bool logtime_find(const char *line, size_t n, struct logtime *t)
{
    size_t searched = n < SEARCHED ? n : SEARCHED;
    for (size_t i = 0; i < searched; i++) {
        unsigned char before = i > 0 ? (unsigned char)line[i - 1] : ' ';
        bool may_begin = i == 0 || strchr("[(", line[i]) != NULL ||
                         isdigit((unsigned char)line[i]) || isupper((unsigned char)line[i]);
        if (!may_begin || isalnum(before) || before == ':' || before == '.' || before == '-')
            continue;
        for (size_t k = 0; k < sizeof FORMS / sizeof *FORMS; k++)
            if (matches(FORMS[k], line, line + i, line + n, t))
                return true;
    }
    return false;
}
