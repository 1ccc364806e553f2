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
int command_run(int argc, char **argv);
int command_test(int argc, char **argv);
int command_report(int argc, char **argv);
int command_history(int argc, char **argv);
int command_diff(int argc, char **argv);
int command_bundle(int argc, char **argv);
int command_lab(int argc, char **argv);
int command_docs(int argc, char **argv);
int command_persona(int argc, char **argv);

#endif
