/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets of every link layer, and their fragments. The first byte chooses the link layer; before
 * each packet stand the seconds since the one before (and 0x80 where 8 bytes of it were not
 * captured), and its length in two bytes.
 */
#include "fuzz.h"

#include "wire/packet.h"

static const uint32_t LINKS[] = {1, 113, 276, 101, 228, 229, 0, 108, 105, 127, 192, 9};
#define N_LINKS (sizeof LINKS / sizeof *LINKS)

enum { HEAD = 3 };

static uint64_t seen; /* of what was read, so that each byte is touched */

static void look(const struct packet *p)
{
    const struct err none = ERR_INIT;
    for (size_t i = 0; i < p->n; i++)
        seen = seen * 31 + p->p[i];
    if (p->length < p->n)
        fuzz_stop("less on the wire than was captured", &none);
}

/* missing: bytes that were not captured */
static void read_one(struct packet_parts *parts, uint32_t link, int64_t us, struct slice bytes,
                     size_t missing)
{
    struct packet p = {.us = us, .p = bytes.p, .n = bytes.n, .length = bytes.n + missing};
    enum packet_kind kind = packet_read(&p, link, parts);
    do
        switch (kind) {
        case PACKET_TCP:
        case PACKET_UDP:
        case PACKET_HOMEPLUG:
            look(&p);
            break;
        case PACKET_VOID:
            seen += strlen(p.why);
            break;
        case PACKET_OTHER:
        case PACKET_FRAGMENT:
        case PACKET_ENCRYPTED:
            break;
        }
    while (packet_next(&p, parts, &kind));
}

static void look_for_lost(struct packet_parts *parts, int64_t us)
{
    struct packet lost;
    for (size_t n; (n = packet_lost(parts, us, &lost)) > 0;)
        seen += n + lost.from.ip[0] + lost.to.mac[0];
}

/* Three fragments of a UDP datagram over raw IPv6 or Ethernet; the last one may overlap. */
static void add_datagram(struct buf *out, bool is_ethernet, uint8_t overlap)
{
    uint8_t packet[HEAD + 14 + 40 + 8 + 16] = {0};
    size_t head = is_ethernet ? 14 : 0, n = head + 40 + 8 + 16;
    uint8_t *ip = packet + HEAD + head;
    buf_char(out, is_ethernet ? 0 : 3);
    packet[2] = (uint8_t)n;
    if (is_ethernet)
        memcpy(packet + HEAD + 12, "\x86\xDD", 2);
    ip[0] = 0x60;
    ip[5] = 8 + 16;
    ip[6] = 44;  /* a fragment, */
    ip[40] = 17; /* of UDP, */
    ip[47] = 1;  /* whose number is 1 */
    for (uint8_t i = 0; i < 3; i++) {
        ip[43] = (uint8_t)((i * 16 - (i == 2 ? overlap : 0)) | (i < 2));
        ip[48 + 5] = i == 0 ? 48 : 0; /* the length of the datagram */
        buf_add(out, packet, HEAD + n);
    }
}

/* A frame of IEEE 802.11 in three fragments, or an aggregate of two frames. */
static void add_wifi(struct buf *out, bool is_aggregate)
{
    static const uint8_t LLC[] = {0xAA, 0xAA, 3, 0, 0, 0, 0x86, 0xDD};
    uint8_t packet[HEAD + 26 + 44] = {[HEAD] = 0x88};
    uint8_t *frame = packet + HEAD, *body = frame + 26;
    size_t n = is_aggregate ? 44 : sizeof LLC;
    buf_char(out, 8);
    packet[2] = (uint8_t)(26 + n);
    frame[24] = is_aggregate ? 0x80 : 0;
    for (size_t at = 0; at < n; at += 24)
        memcpy(body + at + (is_aggregate ? 14 : 0), LLC, sizeof LLC);
    body[13] = body[24 + 13] = is_aggregate ? sizeof LLC : body[13];
    for (uint8_t i = 0; i < (is_aggregate ? 1 : 3); i++) {
        frame[1] = !is_aggregate && i < 2 ? 4 : 0;
        frame[22] = i;
        buf_add(out, packet, HEAD + 26 + n);
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const char *corpus = fuzz_corpus(*argc, *argv);
    for (unsigned n = 0; corpus != NULL && n < 6; n++) {
        struct buf seed = {0};
        if (n < 4)
            add_datagram(&seed, n & 1, n & 2 ? 8 : 0);
        else
            add_wifi(&seed, n & 1);
        fuzz_write_seed(corpus, n, &seed);
        buf_close(&seed);
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct packet_parts parts = {.more_length = 0};
    if (size == 0)
        return 0;
    uint32_t link = LINKS[*data++ % N_LINKS];
    int64_t us = 0;
    size--;
    while (size >= HEAD) {
        size_t n = (size_t)data[1] << 8 | data[2];
        n = n < size - HEAD ? n : size - HEAD;
        us += (data[0] & 0x7F) * INT64_C(1000000);
        look_for_lost(&parts, us);
        read_one(&parts, link, us, (struct slice){data + HEAD, n}, data[0] & 0x80 ? 8 : 0);
        data += HEAD + n;
        size -= HEAD + n;
    }
    look_for_lost(&parts, INT64_MAX);
    packet_parts_close(&parts);
    return 0;
}
