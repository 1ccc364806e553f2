/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands of `v2glab`. Each takes its own name as argv[0] and what followed it on the command
 * line, prints its own errors, and returns the exit code of the program. Options that stood before
 * the command's name (--schema) come first in argv.
 */
#ifndef V2G_APP_COMMANDS_H
#define V2G_APP_COMMANDS_H

/* Exit codes. */
enum {
    EXIT_PASS = 0,    /* all is well */
    EXIT_FAIL = 1,    /* a test failed; the input was bad */
    EXIT_UNCLEAR = 2, /* inconclusive; the input fits several grammars */
    EXIT_SETUP = 3,   /* wrong use, a file that cannot be read, an error in script or set-up */
};

int command_decode(int argc, char **argv);
int command_encode(int argc, char **argv);
int command_explain(int argc, char **argv);
int command_schema(int argc, char **argv);
int command_ev(int argc, char **argv);
int command_evse(int argc, char **argv);
int command_relay(int argc, char **argv);
int command_load(int argc, char **argv);
int command_run(int argc, char **argv);
int command_script(int argc, char **argv);
int command_replay(int argc, char **argv);
int command_test(int argc, char **argv);
int command_fuzz(int argc, char **argv);
int command_report(int argc, char **argv);
int command_history(int argc, char **argv);
int command_diff(int argc, char **argv);
int command_bundle(int argc, char **argv);
int command_lab(int argc, char **argv);
int command_docs(int argc, char **argv);
int command_persona(int argc, char **argv);
int command_pki(int argc, char **argv);
int command_help(int argc, char **argv);

struct command {
    const char *name, *summary;
    int (*run)(int argc, char **argv);
};

/* All but `help`, which tells of them, in its order; ends with a name of NULL. */
extern const struct command COMMANDS[];

const struct command *command_find(const char *name); /* NULL: there is none */

/* Reports a word that is neither. what: "command" or "option". */
int command_unknown(const char *what, const char *name);

#endif
