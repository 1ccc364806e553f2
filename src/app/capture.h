/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `v2glab decode FILE.pcap`: a capture as a ladder, or as lines of JSON.
 */
#ifndef V2G_APP_CAPTURE_H
#define V2G_APP_CAPTURE_H

#include "app/grammars.h"
#include "record/capture.h"
#include "record/recorder.h"

#include <stdbool.h>

struct capture_view {
    struct grammars *grammars; /* with the --schema files; those named are what reads it */
    bool json;                 /* lines of JSON instead of the ladder */
    bool verify;               /* encode every message again and report those that differ */
    unsigned verbose;          /* 1: also the XML of each message; 2: also its bytes */
    const char *keylog;        /* TLS secrets in the format of SSLKEYLOGFILE; NULL: none */
    const char *key;           /* private key of the station (PEM), for TLS_RSA_ suites; or NULL */
    const char *copy;          /* pcapng file to write instead, with comments; NULL: none */
    bool keeps_secrets;        /* the copy has the secrets of TLS that there are */
    event_sink sink;           /* gets the events, not the terminal; NULL: the terminal does */
    void *context;             /* of the sink */
    bool is_quiet;             /* only what is wrong is told at the end */
};

/* Prints the capture to stdout, or gives it to the sink; returns the exit code. Of `from` name,
 * head, fd and grows are used. */
int command_decode_capture(const struct capture_source *from, const struct capture_view *view);

/* The same of the file at that path, which may be packed. */
int command_decode_capture_file(const char *path, const struct capture_view *view);

/* The same of a file that still grows: messages are shown as they come, until Ctrl-C. */
int command_follow_capture(const char *path, const struct capture_view *view);

#endif
