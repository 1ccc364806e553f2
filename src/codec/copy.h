/* SPDX-License-Identifier: Apache-2.0 */
/* Messages that outlive the arena they were read into. */
#ifndef V2G_CODEC_COPY_H
#define V2G_CODEC_COPY_H

#include "codec/message.h"

/* Deep copy into another arena. */
int message_copy(const struct message *from, struct arena *a, struct message *to, struct err *e);

#endif
