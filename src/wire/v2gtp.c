/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/v2gtp.h"

#include <string.h>

#define HELD_MOST 16384 /* bytes of memory that a reader keeps between frames */

static const struct {
    uint16_t type;
    const char *name;
} TYPES[] = {
    {V2GTP_EXI, "supportedAppProtocol, DIN 70121, ISO 15118-2"},
    {V2GTP_COMMON, "ISO 15118-20 common"},
    {V2GTP_AC, "ISO 15118-20 AC"},
    {V2GTP_DC, "ISO 15118-20 DC"},
    {V2GTP_ACDP, "ISO 15118-20 ACDP"},
    {V2GTP_WPT, "ISO 15118-20 WPT"},
    {V2GTP_AC_DER_IEC, "ISO 15118-20 AC-DER-IEC"},
    {V2GTP_AC_DER_SAE, "ISO 15118-20 AC-DER-SAE"},
    {V2GTP_SCHEDULE_RENEGOTIATION, "ISO 15118-20 schedule renegotiation"},
    {V2GTP_METERING_CONFIRMATION, "ISO 15118-20 metering confirmation"},
    {V2GTP_ACDP_SYSTEM_STATUS, "ISO 15118-20 ACDP system status"},
    {V2GTP_PARKING_STATUS, "ISO 15118-20 parking status"},
    {V2GTP_SDP_REQ, "SDP request"},
    {V2GTP_SDP_RES, "SDP response"},
    {V2GTP_SDP_REQ_WIRELESS, "SDP request, wireless"},
    {V2GTP_SDP_RES_WIRELESS, "SDP response, wireless"},
};

const char *v2gtp_type_name(uint16_t type)
{
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++)
        if (TYPES[i].type == type)
            return TYPES[i].name;
    return type >= V2GTP_MANUFACTURER ? "manufacturer's own" : NULL;
}

bool v2gtp_begins(struct slice bytes)
{
    const uint8_t *p = bytes.p;
    return bytes.n >= 4 && p[0] == V2GTP_VERSION && p[1] == V2GTP_INVERSE &&
           v2gtp_type_name((uint16_t)(p[2] << 8 | p[3])) != NULL;
}

void v2gtp_write(uint8_t out[V2GTP_HEADER], uint16_t type, uint32_t length)
{
    out[0] = V2GTP_VERSION;
    out[1] = V2GTP_INVERSE;
    out[2] = (uint8_t)(type >> 8);
    out[3] = (uint8_t)type;
    out[4] = (uint8_t)(length >> 24);
    out[5] = (uint8_t)(length >> 16);
    out[6] = (uint8_t)(length >> 8);
    out[7] = (uint8_t)length;
}

struct v2gtp_header v2gtp_read(const uint8_t p[V2GTP_HEADER])
{
    return (struct v2gtp_header){
        .version = p[0],
        .inverse = p[1],
        .type = (uint16_t)(p[2] << 8 | p[3]),
        .length = (uint32_t)p[4] << 24 | (uint32_t)p[5] << 16 | (uint32_t)p[6] << 8 | p[7],
    };
}

/* What else begins with these two bytes, for the user who wonders. */
static const char *v2gtp_looks_like(uint8_t first, uint8_t second)
{
    if (first == 0x16 && second == 0x03)
        return "; this is a TLS handshake, and TLS is not spoken here";
    if (first == 0x15 && second == 0x03)
        return "; this is a TLS alert, and TLS is not spoken here";
    if (first >= 'A' && first <= 'Z' && second >= 'A' && second <= 'Z')
        return "; this looks like text";
    return "";
}

static enum v2gtp_result v2gtp_check_version(const struct v2gtp_header *h, struct err *e)
{
    if (h->version == V2GTP_VERSION && h->inverse == V2GTP_INVERSE)
        return V2GTP_FRAME;
    if (h->version == V2GTP_VERSION) {
        err_set(e, "V2GTP inverse version: expected 0xFE, found 0x%02X", h->inverse);
        return V2GTP_IGNORE;
    }
    if (h->inverse == V2GTP_INVERSE) {
        err_set(e, "V2GTP version: expected 0x01, found 0x%02X", h->version);
        return V2GTP_IGNORE;
    }
    if ((h->version ^ h->inverse) == 0xFF) {
        err_set(e, "V2GTP version: expected 0x01 and its inverse 0xFE, found 0x%02X and 0x%02X",
                h->version, h->inverse);
        return V2GTP_IGNORE;
    }
    err_set(e, "no V2GTP header: expected the bytes 01 FE, found %02X %02X%s", h->version,
            h->inverse, v2gtp_looks_like(h->version, h->inverse));
    return V2GTP_BROKEN;
}

static enum v2gtp_result v2gtp_check_type(const struct v2gtp_header *h, enum v2gtp_carrier carrier,
                                          struct err *e)
{
    const char *name = v2gtp_type_name(h->type), *expected = NULL;
    bool is_sdp = h->type >= V2GTP_SDP_REQ && h->type <= V2GTP_SDP_RES_WIRELESS;
    switch (carrier) {
    case V2GTP_TCP:
        if (name == NULL || is_sdp || h->type >= V2GTP_MANUFACTURER)
            expected = "0x8001 to 0x8006, 0x8010, 0x8011 or 0x8101 to 0x8104 over TCP";
        break;
    case V2GTP_UDP:
        if (!is_sdp)
            expected = "0x9000 to 0x9003 over UDP";
        break;
    }
    if (expected == NULL)
        return V2GTP_FRAME;
    err_set(e, "V2GTP payload type: expected %s, found 0x%04X (%s)", expected, h->type,
            name == NULL ? "reserved" : name);
    return V2GTP_IGNORE;
}

enum v2gtp_result v2gtp_check(const struct v2gtp_header *h, enum v2gtp_carrier carrier,
                              uint32_t limit, struct err *e)
{
    enum v2gtp_result result = v2gtp_check_version(h, e);
    if (result == V2GTP_BROKEN)
        return result;
    if (h->length > limit) {
        struct err own = ERR_INIT; /* this is why the stream ends, whatever else was wrong */
        err_set(&own, "V2GTP payload length: expected at most %u bytes (the limit), found %u",
                limit, h->length);
        *e = own;
        return V2GTP_BROKEN;
    }
    if (result == V2GTP_FRAME)
        result = v2gtp_check_type(h, carrier, e);
    if (result == V2GTP_FRAME && h->length == 0) {
        err_set(e, "V2GTP payload length: expected 1 byte or more, found 0");
        result = V2GTP_IGNORE;
    }
    return result;
}

enum v2gtp_result v2gtp_datagram(struct slice bytes, struct v2gtp_header *h, struct err *e)
{
    if (bytes.n < V2GTP_HEADER) {
        err_set(e, "V2GTP header: expected 8 bytes, found a datagram of %zu", bytes.n);
        return V2GTP_IGNORE;
    }
    *h = v2gtp_read(bytes.p);
    if (v2gtp_check(h, V2GTP_UDP, UINT32_MAX, e) != V2GTP_FRAME)
        return V2GTP_IGNORE;
    if (h->length != bytes.n - V2GTP_HEADER) {
        err_set(e, "V2GTP payload length: expected %zu as the datagram has, found %u in the header",
                bytes.n - V2GTP_HEADER, h->length);
        return V2GTP_IGNORE;
    }
    return V2GTP_FRAME;
}

void v2gtp_open(struct v2gtp_reader *r, uint32_t limit)
{
    *r = (struct v2gtp_reader){.limit = limit == 0 ? V2GTP_LIMIT : limit};
    if (r->limit > V2GTP_LIMIT_MOST)
        r->limit = V2GTP_LIMIT_MOST; /* header and payload together must fit any size_t */
}

void v2gtp_close(struct v2gtp_reader *r)
{
    buf_close(&r->held);
    r->at = 0;
    r->input = (struct slice){0};
}

struct slice v2gtp_rest(const struct v2gtp_reader *r)
{
    if (r->held.n > r->at)
        return (struct slice){r->held.p + r->at, r->held.n - r->at};
    return r->input;
}

void v2gtp_keep(struct v2gtp_reader *r)
{
    if (r->at > 0) {
        r->held.n -= r->at;
        memmove(r->held.p, r->held.p + r->at, r->held.n);
        r->at = 0;
    }
    if (r->held.n == 0 && r->held.cap > HELD_MOST)
        buf_close(&r->held);
    buf_add(&r->held, r->input.p, r->input.n);
    r->input = (struct slice){0};
}

void v2gtp_feed(struct v2gtp_reader *r, struct slice bytes)
{
    if (r->broken)
        return;
    if (r->held.n == r->at && r->input.n == 0) {
        r->held.n = r->at = 0;
        r->input = bytes;
        return;
    }
    v2gtp_keep(r);
    buf_add(&r->held, bytes.p, bytes.n);
}

static void v2gtp_take(struct v2gtp_reader *r, size_t n)
{
    if (r->held.n > r->at) {
        r->at += n;
        return;
    }
    r->input.p += n;
    r->input.n -= n;
}

static enum v2gtp_result v2gtp_break(struct v2gtp_reader *r, struct v2gtp_frame *f)
{
    f->bytes = v2gtp_rest(r);
    r->broken = true;
    r->bad = f->header;
    r->at = r->held.n;
    r->input = (struct slice){0};
    return V2GTP_BROKEN;
}

/* Bytes that are no header, up to the next one. */
static enum v2gtp_result v2gtp_skip(struct v2gtp_reader *r, struct slice rest,
                                    struct v2gtp_frame *f, struct err *e)
{
    size_t n = 1;
    while (n < rest.n &&
           (rest.p[n] != V2GTP_VERSION || (n + 1 < rest.n && rest.p[n + 1] != V2GTP_INVERSE)))
        n++;
    err_set(e, "no V2GTP header, but the payload behind a length of 0: %zu bytes", n);
    f->bytes = (struct slice){rest.p, n};
    v2gtp_take(r, n);
    return V2GTP_IGNORE;
}

enum v2gtp_result v2gtp_next(struct v2gtp_reader *r, struct v2gtp_frame *f, struct err *e)
{
    *f = (struct v2gtp_frame){.header = r->bad};
    if (r->broken) {
        v2gtp_check(&r->bad, V2GTP_TCP, r->limit, e);
        return V2GTP_BROKEN;
    }
    struct slice rest = v2gtp_rest(r);
    if (r->held.failed) {
        err_set(e, "out of memory for a frame, after %zu bytes of it", rest.n);
        return v2gtp_break(r, f);
    }
    if (rest.n < V2GTP_HEADER) {
        v2gtp_keep(r);
        return V2GTP_MORE;
    }
    f->header = v2gtp_read(rest.p);
    if (r->lost && (f->header.version != V2GTP_VERSION || f->header.inverse != V2GTP_INVERSE))
        return v2gtp_skip(r, rest, f, e);
    struct err problem; /* kept from the caller as long as the frame is incomplete */
    problem.set = false;
    enum v2gtp_result result = v2gtp_check(&f->header, V2GTP_TCP, r->limit, &problem);
    if (result != V2GTP_BROKEN && rest.n - V2GTP_HEADER < f->header.length) {
        v2gtp_keep(r);
        return V2GTP_MORE;
    }
    if (result != V2GTP_FRAME)
        err_set(e, "%s", problem.what);
    if (result == V2GTP_BROKEN)
        return v2gtp_break(r, f);
    f->bytes = (struct slice){rest.p, V2GTP_HEADER + (size_t)f->header.length};
    f->payload = (struct slice){rest.p + V2GTP_HEADER, f->header.length};
    v2gtp_take(r, f->bytes.n);
    r->lost = f->header.length == 0;
    return result;
}
