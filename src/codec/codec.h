/* SPDX-License-Identifier: Apache-2.0 */
/* A message and its bytes, whichever way its set is encoded: EXI, or a layout of octets. */
#ifndef V2G_CODEC_CODEC_H
#define V2G_CODEC_CODEC_H

#include "codec/exi.h"

/* payload: the payload type that the bytes came under, 0 where that is unknown; else as
 * exi_decode. */
int codec_decode(const struct schema *s, uint16_t payload, struct slice bytes,
                 const struct exi_options *o, struct arena *a, struct message *m, struct err *e);

/* Appends m to out; else as exi_encode. */
int codec_encode(const struct message *m, struct buf *out, struct err *e);

#endif
