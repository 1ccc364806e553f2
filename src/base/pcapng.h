/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of the pcapng format, for those who read and those who write it. Private to src/base and
 * src/record. */
#ifndef V2G_BASE_PCAPNG_H
#define V2G_BASE_PCAPNG_H

enum {
    BLOCK_SECTION = 0x0A0D0D0A,
    BLOCK_INTERFACE = 1,
    BLOCK_OLD_PACKET = 2,
    BLOCK_SIMPLE_PACKET = 3,
    BLOCK_STATISTICS = 5,
    BLOCK_PACKET = 6,
    BLOCK_SECRETS = 10,
};
enum { BLOCK_ORDER = 0x1A2B3C4D, SECRETS_TLS = 0x544C534B };
enum {
    OPTION_END = 0,
    OPTION_COMMENT = 1,
    OPTION_NAME = 2,
    OPTION_PROGRAM = 4,
    OPTION_RESOLUTION = 9,
    OPTION_OFFSET = 14,
};

#define BLOCK_LEAST 12u /* bytes of a block without content */

#endif
