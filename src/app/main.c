/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

static const char USAGE[] = "usage: v2glab --version | --help\n";

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        puts("v2glab " V2G_VERSION);
        return 0;
    }
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(USAGE, stdout);
        return 0;
    }
    fputs(USAGE, stderr);
    return 3;
}
