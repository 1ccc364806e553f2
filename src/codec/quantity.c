/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/quantity.h"

#include "codec/value.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A decimal number: digits times ten to the exponent. */
struct decimal {
    int64_t digits;
    int exponent;
};

static struct decimal without_zeros(struct decimal d)
{
    for (; d.digits != 0 && d.digits % 10 == 0; d.exponent++)
        d.digits /= 10;
    return d;
}

/* Most quantities have few places. Up to 15 digits tell doubles apart, and a quotient of exact
 * numbers is rounded once only: what gives si again is the decimal that the long way finds, too. */
static bool short_decimal(double si, struct decimal *d)
{
    double power = 1;
    for (int places = 0; places <= 6; places++, power *= 10) {
        double scaled = rint(si * power);
        if (!(scaled > -1e15 && scaled < 1e15))
            return false;
        if (scaled / power != si)
            continue;
        *d = (struct decimal){(int64_t)scaled, -places};
        return true;
    }
    return false;
}

/* The shortest decimal that is si. */
static struct decimal decimal_from(double si)
{
    char text[40];
    struct decimal d = {0, 0};
    if (short_decimal(si, &d))
        return without_zeros(d);
    for (int precision = 14; precision <= 16; precision++) {
        snprintf(text, sizeof text, "%.*e", precision, si);
        if (strtod(text, NULL) == si)
            break;
    }
    const char *c = text + (text[0] == '-');
    int shift = 0;
    d.digits = 0;
    for (bool fraction = false; *c != 'e' && *c != '\0'; c++) {
        bool is_digit = *c >= '0' && *c <= '9';
        d.digits = is_digit ? d.digits * 10 + (*c - '0') : d.digits;
        shift -= is_digit && fraction;
        fraction = fraction || !is_digit; /* the point, whatever the locale writes for it */
    }
    d.exponent = shift + (*c == 'e' ? atoi(c + 1) : 0);
    if (text[0] == '-')
        d.digits = -d.digits;
    return without_zeros(d);
}

/* digits * 10^exponent as v * 10^m, exactly and with lo <= v <= hi. */
static bool exact_value(const struct decimal *d, int m, int64_t lo, int64_t hi, int64_t *v)
{
    if (d->digits == 0) {
        *v = 0;
        return lo <= 0 && hi >= 0;
    }
    if (d->exponent < m || d->exponent - m > 18)
        return false;
    int64_t scaled = d->digits;
    for (int i = d->exponent - m; i > 0; i--)
        if (__builtin_mul_overflow(scaled, 10, &scaled))
            return false;
    *v = scaled;
    return scaled >= lo && scaled <= hi;
}

static long double scale(long double x, int exponent)
{
    long double power = 1;
    for (int i = exponent < 0 ? -exponent : exponent; i > 0; i--)
        power *= 10;
    return exponent < 0 ? x / power : x * power;
}

static bool nearest_value(double si, int m, int64_t lo, int64_t hi, int64_t *v)
{
    long double scaled = scale(si, -m);
    if (scaled < -9.2e18L || scaled > 9.2e18L)
        return false;
    *v = (int64_t)(scaled < 0 ? scaled - 0.5L : scaled + 0.5L);
    return *v >= lo && *v <= hi;
}

/* The range of numbers within the schema's limits of a multiplier or value. */
static void number_limits(const struct field *f, int64_t *lo, int64_t *hi)
{
    *lo = f->lo;
    *hi = f->simple->is_unsigned && f->hi < 0 ? INT64_MAX : f->hi;
}

static bool quantity_choose(const struct type *t, double si, int *multiplier, int64_t *value)
{
    int64_t lo, hi, least, most;
    struct decimal d = decimal_from(si);
    number_limits(&t->field[t->value], &lo, &hi);
    number_limits(&t->field[t->multiplier], &least, &most);
    least = least < -400 ? -400 : least; /* no double needs more */
    most = most > 400 ? 400 : most;
    for (int size = 0; size <= 400; size++)
        for (int m = size; m >= -size; m -= size > 0 ? 2 * size : 1)
            if (m >= least && m <= most && exact_value(&d, m, lo, hi, value)) {
                *multiplier = m;
                return true;
            }
    for (int m = (int)least; m <= most; m++) {
        if (!nearest_value(si, m, lo, hi, value))
            continue;
        for (; m < 0 && m < most && *value % 10 == 0; m++)
            *value /= 10;
        *multiplier = m;
        return true;
    }
    return false;
}

int quantity_set_unit(struct arena *a, struct node *n, const char *unit, struct err *e)
{
    union value v;
    int slot = n->type->unit;
    if (slot < 0 || unit == NULL || unit[0] == '\0')
        return 0;
    if (value_read(&n->type->field[slot], unit, strlen(unit), a, &v, e) != 0)
        return -1;
    node_set(n, (unsigned)slot, v);
    return 0;
}

int quantity_set(struct arena *a, struct node *n, double si, const char *unit, struct err *e)
{
    const struct type *t = n->type;
    int m = 0;
    int64_t value = 0;
    if (!t->is_quantity)
        return err_set(e, "%s is no quantity", t->name);
    if (!isfinite(si) || !quantity_choose(t, si, &m, &value)) {
        int64_t lo, hi, least, most;
        number_limits(&t->field[t->value], &lo, &hi);
        number_limits(&t->field[t->multiplier], &least, &most);
        return err_set(e,
                       "%g cannot be shown; expected %lld..%lld times 10 to the power of "
                       "%lld..%lld",
                       si, (long long)lo, (long long)hi, (long long)least, (long long)most);
    }
    node_set(n, (unsigned)t->multiplier, (union value){.i = m});
    node_set(n, (unsigned)t->value, (union value){.i = value});
    return quantity_set_unit(a, n, unit, e);
}

static int64_t multiplier_of(const struct node *n)
{
    unsigned slot = (unsigned)n->type->multiplier;
    int64_t m = node_has(n, slot) ? n->v[slot].i : 0;
    return m < -400 ? -400 : m > 400 ? 400 : m;
}

double quantity_get(const struct node *n)
{
    const struct type *t = n->type;
    if (!t->is_quantity || !node_has(n, (unsigned)t->value))
        return 0;
    union value v = n->v[t->value];
    long double x = t->field[t->value].kind == KIND_UNSIGNED ? (long double)v.u : (long double)v.i;
    return (double)scale(x, (int)multiplier_of(n));
}

#define PRINTED_MOST 10000000000 /* has more than 10 digits */

/* Most have so few digits that they need no floating point. */
static bool print_short(int64_t value, int64_t m, struct buf *out)
{
    for (; m > 0 && value > -PRINTED_MOST && value < PRINTED_MOST; m--)
        value *= 10;
    for (; m < 0 && value % 10 == 0; m = value == 0 ? 0 : m + 1)
        value /= 10;
    if (value <= -PRINTED_MOST || value >= PRINTED_MOST || m > 0 || m < -4)
        return false;
    char places[4];
    uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    for (int64_t i = -m; i > 0; left /= 10)
        places[--i] = (char)('0' + left % 10);
    if (value < 0)
        buf_char(out, '-');
    buf_number(out, left);
    if (m < 0)
        buf_char(out, '.');
    buf_add(out, places, (size_t)-m);
    return true;
}

void quantity_print(const struct node *n, struct buf *out)
{
    const struct type *t = n->type;
    bool has = t->is_quantity && node_has(n, (unsigned)t->value);
    int64_t value = has ? n->v[t->value].i : 0, m = has ? multiplier_of(n) : 0;
    bool is_huge = has && t->field[t->value].kind == KIND_UNSIGNED && value < 0;
    if (is_huge || !print_short(value, m, out))
        buf_printf(out, "%.10g", quantity_get(n));
}
