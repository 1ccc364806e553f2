/* SPDX-License-Identifier: Apache-2.0 */
/* The second pass of exi_decode (codec/exi.h). Private to src/codec. */
#ifndef V2G_CODEC_EXI_DECODE_H
#define V2G_CODEC_EXI_DECODE_H

#include "codec/exi_decoder.h"

/* Decodes from the beginning, whatever the first pass has left. */
int exi_decode_carefully(struct decoder *d, const void *p, size_t n);

#endif
