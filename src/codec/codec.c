/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/codec.h"

#include "codec/octets.h"

int codec_decode(const struct schema *s, uint16_t payload, struct slice bytes,
                 const struct exi_options *o, struct arena *a, struct message *m, struct err *e)
{
    if (s->encoding != ENCODING_EXI)
        return octets_decode(s, payload, bytes.p, bytes.n, o, a, m, e);
    return exi_decode(s, bytes.p, bytes.n, o, a, m, e);
}

int codec_encode(const struct message *m, struct buf *out, struct err *e)
{
    return m->schema->encoding != ENCODING_EXI ? octets_encode(m, out, e)
                                               : exi_encode_buf(m, out, e);
}
