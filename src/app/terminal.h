/* SPDX-License-Identifier: Apache-2.0 */
/* The size of the terminal. */
#ifndef V2G_APP_TERMINAL_H
#define V2G_APP_TERMINAL_H

/* How many columns a line of the terminal on a descriptor has: 20 to 200; 80 where it does not say. */
int terminal_columns(int fd);

#endif
