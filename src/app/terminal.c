/* SPDX-License-Identifier: Apache-2.0 */
#include "app/terminal.h"

#include <sys/ioctl.h>

#define COLUMNS_MAX 200

int terminal_columns(int fd)
{
    struct winsize size = {.ws_col = 80};
    ioctl(fd, TIOCGWINSZ, &size);
    return size.ws_col < 20 ? 80 : size.ws_col > COLUMNS_MAX ? COLUMNS_MAX : size.ws_col;
}
