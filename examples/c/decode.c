/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decodes a message of ISO 15118-2, given as hex digits, into XML, with the codec alone:
 *
 *   gcc decode.c $(pkg-config --cflags --libs libv2gcodec) -o decode
 *   ./decode 8098022E74FF44AAECF83E11F000
 */
#include <stdio.h>
#include <stdlib.h>
#include <v2g/codec/exi.h>
#include <v2g/codec/xml.h>
#include <v2g/schema/library.h>

int main(int argc, char **argv)
{
    unsigned char exi[4096];
    size_t n = 0;
    if (argc != 2) {
        fprintf(stderr, "usage: %s HEX, as %s 8098022E74FF44AAECF83E11F000\n", argv[0], argv[0]);
        return 2;
    }
    for (const char *hex = argv[1]; n < sizeof exi && hex[0] && hex[1]; hex += 2)
        exi[n++] = (unsigned char)strtoul((char[]){hex[0], hex[1], 0}, NULL, 16);

    struct err e = ERR_INIT;
    struct library library; /* the descriptions of messages, which are built in */
    struct arena arena;     /* memory of the message */
    struct message m;
    struct buf xml = {0};
    char text[500];
    library_open(&library);
    arena_open(&arena, NULL, 0, 1 << 20);
    const struct schema *schema = library_get(&library, "iso15118-2", &e);
    int bad = schema == NULL || exi_decode(schema, exi, n, &EXI_OPTIONS, &arena, &m, &e) != 0;
    if (bad) {
        fprintf(stderr, "%s\n", err_text(&e, text, sizeof text));
    } else {
        xml_print(&m, XML_PAGES, &xml);
        puts(buf_string(&xml));
    }
    buf_close(&xml);
    arena_close(&arena);
    library_close(&library);
    return bad;
}
