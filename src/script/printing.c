/* SPDX-License-Identifier: Apache-2.0 */
#include "script/printing.h"

#include "codec/xml.h"
#include "wire/ether.h"
#include "wire/v2gtp.h"

static void print_ethernet(struct slice frame, struct buf *out)
{
    char to[ETHER_TEXT], from[ETHER_TEXT];
    struct slice message = {frame.p + ETHER_HEADER, frame.n - ETHER_HEADER};
    buf_printf(out, "Destination  %s\n", ether_text(frame.p, to));
    buf_printf(out, "Source  %s\n", ether_text(frame.p + 6, from));
    buf_printf(out, "EtherType  0x%04X\n", ether_type(frame));
    buf_printf(out, "MMTYPE  0x%04X\n", ether_mmtype(message));
    buf_printf(out, "Frame Length  %zu\n", frame.n);
    buf_text(out, "Bytes  ");
    buf_hex(out, message.p, message.n, true);
    buf_char(out, '\n');
}

static void print_header(struct slice frame, struct buf *out)
{
    if (ether_is_homeplug(frame)) {
        print_ethernet(frame, out);
        return;
    }
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
