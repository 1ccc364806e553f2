/* SPDX-License-Identifier: Apache-2.0 */
#include "script/printing.h"

#include "codec/xml.h"
#include "wire/v2gtp.h"

static void print_header(struct slice frame, struct buf *out)
{
    struct v2gtp_header h = v2gtp_read(frame.p);
    const char *name = v2gtp_type_name(h.type);
    bool is_udp = h.type >= V2GTP_SDP_REQ && h.type <= V2GTP_SDP_RES_WIRELESS;
    buf_printf(out, "Protocol Version  0x%02X\n", h.version);
    buf_printf(out, "Inverse Version  0x%02X\n", h.inverse);
    buf_printf(out, "Payload Type  0x%04X\n", h.type);
    buf_printf(out, "Payload Length  0x%08X\n", h.length);
    buf_printf(out, "Payload  %s\n", is_udp && name != NULL ? name : "EXIEncodedV2GMessage");
    buf_text(out, is_udp ? "Bytes  " : "EXI  ");
    buf_hex(out, frame.p + V2GTP_HEADER, frame.n - V2GTP_HEADER, true);
    buf_char(out, '\n');
}

void printing_frame(struct script *s, struct slice frame, const struct message *m,
                    const char *violations)
{
    const struct script_options *o = s->options;
    struct buf out = {0};
    if (o->print == NULL)
        return;
    if (s->printed++ > 0)
        buf_char(&out, '\n');
    if (m != NULL) {
        print_header(frame, &out);
        xml_print(m, XML_PAGES, &out);
    } else {
        buf_text(&out, "Bytes  ");
        buf_hex(&out, frame.p, frame.n, true);
    }
    buf_char(&out, '\n');
    buf_text(&out, violations);
    o->print(o->context, (const char *)out.p, out.n);
    buf_close(&out);
}
