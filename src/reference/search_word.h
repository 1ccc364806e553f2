/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A word that is looked for, in all the forms in which a text may have it: without its Korean
 * particle, and by the words of reference/glossary-ko.tsv and reference/search-ko.tsv that mean the
 * same. Private to src/reference.
 */
#ifndef V2G_REFERENCE_SEARCH_WORD_H
#define V2G_REFERENCE_SEARCH_WORD_H

#include "base/buf.h"

#include <stdbool.h>

#define SEARCH_TEXT 64
#define SEARCH_FORMS 8

struct search_word {
    char form[SEARCH_FORMS][SEARCH_TEXT]; /* the first is the word as it was given */
    unsigned forms, own; /* own: so many of them are the word itself, with and without particle */
};

/* Appends the words with those that the glossary turns down replaced by what it has for them. */
void search_words_mend(const char *words, struct buf *out);

/* A word of n octets. */
void search_word_read(struct search_word *w, const char *text, size_t n);

/* How well it stands in the text: as a whole (also before a particle), at a beginning, within, of
 * which each has its weight; 0: it does not. Of words that mean the same three quarters. */
struct search_weights {
    int whole, begins, within;
};
int search_word_in(const struct search_word *w, const char *text,
                   const struct search_weights *weights);

/* Whether the name is that word, or one of its forms. */
bool search_word_is(const struct search_word *w, const char *name);

#endif
