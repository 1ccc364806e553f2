/* SPDX-License-Identifier: Apache-2.0 */
/* The help of the whole program; `v2glab help` shows that of its commands, in three forms. */
#ifndef V2G_APP_HELP_H
#define V2G_APP_HELP_H

struct options;

/* What `v2glab --help` shows. */
void help_of_all(void);

/* Manual pages in the language of man(7), made from the same tables: of the program, and, for
 * options_help_by, of one command. */
void manual_of_all(void);
void manual_of_command(const struct options *o);

/*
 * What may stand in place of the last of the n words behind "v2glab" on a command line, for the
 * shells: first a line `words`, `files` or `folders` (names of which may stand there, too), then a
 * line each with the word and, behind a tab, what it means.
 */
void complete(int n, char **word);

#endif
