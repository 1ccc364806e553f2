/* SPDX-License-Identifier: Apache-2.0 */
#include "record/datagram.h"

#include "wire/sdp.h"

static void check(struct slice bytes, bool is_request, struct err *e)
{
    struct sdp_request request;
    struct sdp_response response;
    if (is_request && sdp_read_request(bytes, &request, e) == 0)
        sdp_check_request(&request, e);
    else if (!is_request && sdp_read_response(bytes, &response, e) == 0)
        sdp_check_response(&response, e);
}

void datagram_read(struct datagram *d, int64_t us, const char *by, const struct endpoint *from,
                   const struct endpoint *to, struct slice bytes)
{
    struct v2gtp_header h = {0};
    d->problem = ERR_INIT;
    bool is_frame = v2gtp_datagram(bytes, &h, &d->problem) == V2GTP_FRAME;
    bool is_known = is_frame && (h.type == V2GTP_SDP_REQ || h.type == V2GTP_SDP_RES);
    bool is_request = is_known ? h.type == V2GTP_SDP_REQ : to->port == SDP_PORT;
    if (is_frame)
        check(bytes, is_request, &d->problem);
    d->event = (struct event){
        .us = us,
        .kind = is_known ? EVENT_FRAME : EVENT_BYTES,
        .ok = !d->problem.set,
        .is_udp = true,
        .from_role = is_request ? FROM_EVCC : FROM_SECC,
        .by = by,
        .where = "",
        .code = "",
        .from = *from,
        .to = *to,
        .bytes = bytes,
        .payload_type = h.type,
        .name = !is_known    ? ""
                : is_request ? "SECCDiscoveryReq"
                             : "SECCDiscoveryRes",
        .problem = d->problem.set ? &d->problem : NULL,
        .text = sdp_describe(bytes, d->text, sizeof d->text),
    };
}
