/* SPDX-License-Identifier: Apache-2.0 */
#include "session/discovery.h"

#include "record/datagram.h"

void discovery_record(const struct recorder *r, int64_t us, const char *by, bool is_sent,
                      const struct endpoint *from, const struct endpoint *to, struct slice bytes)
{
    struct datagram d;
    datagram_read(&d, us, by, from, to, bytes);
    if (is_sent) {
        d.event.ok = true;
        d.event.problem = NULL;
    }
    recorder_put(r, &d.event);
}

bool discovery_answer(const struct recorder *r, int64_t us, struct sdp_socket *s,
                      const struct endpoint *from, const struct endpoint *to, struct slice bytes,
                      const struct endpoint *plain, const struct endpoint *tls)
{
    struct sdp_request request;
    struct sdp_response response;
    struct err ignored = ERR_INIT; /* the record says what is wrong with a request */
    uint8_t answer[SDP_RESPONSE_SIZE];
    discovery_record(r, us, "SECC", false, from, to, bytes);
    if (sdp_read_request(bytes, &request, &ignored) != 0 ||
        sdp_check_request(&request, &ignored) != 0 || !sdp_choose(&request, plain, tls, &response))
        return false;
    sdp_write_response(answer, &response);
    discovery_record(r, us, "SECC", true, sdp_local(s), from,
                     (struct slice){answer, sizeof answer});
    return sdp_server_answer(s, from, &response, &ignored) == 0;
}
