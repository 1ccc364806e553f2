/* SPDX-License-Identifier: Apache-2.0 */
/* The second pass of exi_encode (codec/exi.h). Private to src/codec. */
#ifndef V2G_CODEC_EXI_ENCODE_H
#define V2G_CODEC_EXI_ENCODE_H

#include "codec/message.h"

/* Encodes from the beginning; the stages of the message's set are there. Returns as exi_encode. */
int64_t exi_encode_carefully(const struct message *m, void *p, size_t cap, struct err *e);

#endif
