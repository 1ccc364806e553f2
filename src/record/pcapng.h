/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes a pcapng file from what a run sent and received, with the Ethernet, IP, TCP and UDP
 * headers that the bytes had or would have had on the wire, without root and without a capture.
 * Wireshark reads it without a warning, except the one it has for every RST.
 *
 * Times are microseconds since 1970-01-01 UTC. A MAC of zero is made from the IP address. What a
 * call makes waits for pcapng_write (or until it is much), which writes whole packets only, so that
 * the file is good wherever the process dies. The first failure is kept for pcapng_close; when the
 * disk is full the file ends with the last event that fits.
 */
#ifndef V2G_RECORD_PCAPNG_H
#define V2G_RECORD_PCAPNG_H

#include "base/buf.h"
#include "base/err.h"
#include "wire/endpoint.h"

#include <stdbool.h>
#include <stdint.h>

struct pcapng;

/* Replaces a file that is there. NULL where it cannot be written. */
struct pcapng *pcapng_open(const char *path, struct err *e);

/* Goes on in another file, with the connections as they are. -1: e, as pcapng_open. */
int pcapng_turn(struct pcapng *p, const char *path, struct err *e);

/* Octets of the file so far, with those that wait. */
uint64_t pcapng_size(const struct pcapng *p);

/* Writes what waits. -1: that failed now or before, and nothing is written any more. */
int pcapng_write(struct pcapng *p, struct err *e);

/* -1 where something could not be written or was no use of this interface; p is gone. */
int pcapng_close(struct pcapng *p, struct err *e);

/* A remark (UTF-8) on the next packet; several may wait for it. */
void pcapng_comment(struct pcapng *p, const char *text);

/* Lines of a TLS key log (SSLKEYLOGFILE); before the packets that need them. Nobody but its owner
 * may read the file from then on. */
void pcapng_secrets(struct pcapng *p, const char *keylog);

/* Takes the blocks that hold secrets out of the pcapng file of n bytes in memory (as this module
 * writes it); returns the bytes that are left. What is no whole block goes, too. */
size_t pcapng_without_secrets(uint8_t *file, size_t n);

/* At most 65,507 bytes. */
void pcapng_udp(struct pcapng *p, int64_t us, const struct endpoint *from,
                const struct endpoint *to, struct slice bytes);

/* An Ethernet frame as it is; at most 1,514 bytes. */
void pcapng_frame(struct pcapng *p, int64_t us, struct slice frame);

/* The handshake. connection: any number that no open connection has. */
void pcapng_tcp_open(struct pcapng *p, int64_t us, uint32_t connection,
                     const struct endpoint *client, const struct endpoint *server);

/* Any length; long data become several segments. */
void pcapng_tcp_data(struct pcapng *p, int64_t us, uint32_t connection, bool from_client,
                     struct slice bytes);

/*
 * One side closes: the other may go on sending until it closes as well; pcapng_close closes what
 * was closed on one side only. reset ends both. Closing what is closed does nothing.
 */
void pcapng_tcp_close(struct pcapng *p, int64_t us, uint32_t connection, bool from_client,
                      bool reset);

#endif
