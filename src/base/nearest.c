/* SPDX-License-Identifier: Apache-2.0 */
#include "base/nearest.h"

#include <limits.h>
#include <string.h>

#define NAME_COMPARED 63

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

unsigned nearest_distance(const char *text, size_t n, const char *name)
{
    unsigned row[NAME_COMPARED + 1];
    size_t names = strlen(name);
    if (n > NAME_COMPARED)
        n = NAME_COMPARED;
    for (size_t i = 0; i <= n; i++)
        row[i] = (unsigned)i * 2;
    for (size_t k = 0; k < names; k++) {
        unsigned diagonal = row[0];
        row[0] += 2;
        for (size_t i = 0; i < n; i++) {
            unsigned change = text[i] == name[k] ? 0 : lower(text[i]) == lower(name[k]) ? 1 : 2;
            unsigned best = diagonal + change;
            diagonal = row[i + 1];
            best = row[i] + 2 < best ? row[i] + 2 : best;
            row[i + 1] = diagonal + 2 < best ? diagonal + 2 : best;
        }
    }
    return row[n];
}

struct nearest nearest_open(const char *wanted, size_t n)
{
    /* more than half of the letters changed (distances count half letters) is no likeness */
    return (struct nearest){.wanted = wanted, .n = n, .distance = (unsigned)n + 1};
}

struct nearest nearest_of_all(const char *wanted, size_t n)
{
    return (struct nearest){.wanted = wanted, .n = n, .name = "", .distance = UINT_MAX};
}

bool nearest_try(struct nearest *x, const char *name)
{
    unsigned distance = nearest_distance(x->wanted, x->n, name);
    if (distance >= x->distance)
        return false;
    x->distance = distance;
    x->name = name;
    return true;
}

const char *nearest_name(const char *text, const char *const names[])
{
    struct nearest x = nearest_open(text, strlen(text));
    for (unsigned i = 0; names[i] != NULL; i++)
        nearest_try(&x, names[i]);
    return x.name;
}
