/* SPDX-License-Identifier: Apache-2.0 */
#include "session/discovery.h"

#include "record/datagram.h"

void discovery_record(struct recorder *r, int64_t us, const char *by, const struct numbered *known,
                      bool is_sent, const struct endpoint *from, const struct endpoint *to,
                      struct slice bytes)
{
    struct datagram d;
    datagram_read(&d, us, by, from, to, bytes);
    d.event.session = known->session;
    d.event.is_echo = known->is_echo;
    if (is_sent) {
        d.event.ok = true;
        d.event.problem = NULL;
    }
    recorder_put(r, &d.event);
}

void discovery_record_listener(struct recorder *r, int64_t us, const char *by,
                               const struct endpoint *at, const char *text)
{
    struct event e = {
        .us = us,
        .kind = EVENT_LISTEN,
        .ok = true,
        .from_role = FROM_SECC,
        .by = by,
        .where = "",
        .name = "",
        .code = "",
        .text = text,
        .from = *at,
    };
    recorder_put(r, &e);
}

bool discovery_answer(struct recorder *r, int64_t us, struct sdp_socket *s,
                      const struct endpoint *from, const struct endpoint *to, struct slice bytes,
                      const struct endpoint *plain, const struct endpoint *tls)
{
    struct sdp_request request;
    struct sdp_response response;
    struct err ignored = ERR_INIT; /* the record says what is wrong with a request */
    uint8_t answer[SDP_RESPONSE_SIZE];
    struct numbered known = numbers_asked(recorder_numbers(r), from);
    discovery_record(r, us, "SECC", &known, false, from, to, bytes);
    if (sdp_read_request(bytes, &request, &ignored) != 0 ||
        sdp_check_request(&request, &ignored) != 0 || !sdp_choose(&request, plain, tls, &response))
        return false;
    sdp_write_response(answer, &response);
    discovery_record(r, us, "SECC", &known, true, sdp_local(s), from,
                     (struct slice){answer, sizeof answer});
    return sdp_server_answer(s, from, &response, &ignored) == 0;
}
