/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A message held against the limits of its schema: lengths, ranges, members of enumerations,
 * entries of lists, mandatory elements. For messages that were made here; what the decoder finds
 * stands in message->violations.
 */
#ifndef V2G_CODEC_CHECK_H
#define V2G_CODEC_CHECK_H

#include "codec/message.h"

/* path: "V2G_Message/Body/SessionSetupRes/EVSEID"; what: "40 characters; expected 7..37". Both are
 * valid during the call only. */
typedef void (*check_report)(void *context, const char *path, const char *what);

/* Calls report for everything in m that the standard does not allow; returns how many there are. */
unsigned message_check(const struct message *m, check_report report, void *context);

#endif
