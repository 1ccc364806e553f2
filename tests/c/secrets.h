/* SPDX-License-Identifier: Apache-2.0 */
/* The secrets of TLS that a pcapng file has in its blocks. */
#ifndef V2G_TESTS_SECRETS_H
#define V2G_TESTS_SECRETS_H

#include "base/file.h"
#include "base/pcap.h"
#include "tls/tls_secrets.h"

struct secrets_found {
    struct tls_secrets *to;
    int n;
};

static inline void secrets_block(void *context, struct slice keylog)
{
    struct secrets_found *f = context;
    f->n += tls_secrets_add(f->to, keylog);
}

/* How many; those before the damage where there is one. */
static inline int secrets_of_bytes(struct tls_secrets *s, struct slice bytes)
{
    static const struct pcap_events EVENTS = {.secrets = secrets_block};
    struct secrets_found found = {s, 0};
    struct pcap_reader r = {.on = &EVENTS, .context = &found};
    struct err e = ERR_INIT;
    size_t used;
    pcap_read(&r, bytes, &used, &e);
    pcap_close(&r);
    return found.n;
}

static inline int secrets_of_capture(struct tls_secrets *s, const char *path)
{
    struct buf file = {0};
    struct err e = ERR_INIT;
    int n = file_read(path, 64u << 20, &file, &e);
    n = n != 0 ? n : secrets_of_bytes(s, (struct slice){file.p, file.n});
    buf_close(&file);
    return n;
}

#endif
