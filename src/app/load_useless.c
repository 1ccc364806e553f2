/* SPDX-License-Identifier: Apache-2.0 */
#include "app/load_useless.h"

#define NAMES_MOST 8

static const struct {
    unsigned is;                  /* where a load is one of these */
    const char *name[NAMES_MOST]; /* do these nothing */
    const char *wrong;            /* with the name */
} USELESS[] = {
    {LOAD_IS_STATIONS,
     {"rate", "arrivals", "ramp", "rest", "think"},
     "--%s is for vehicles that are played here; expected no --role secc with it"},
    {LOAD_IS_STATIONS,
     {"sessions"},
     "--%s is how many vehicles are played here; expected no --role secc with it, or "
     "--connections, so many at once, or --total, so many in all"},
    {LOAD_IS_CLOSED, {"arrivals"}, "--%s is how vehicles come at a rate; expected --rate with it"},
    {LOAD_IS_OPEN,
     {"rest"},
     "--%s is for vehicles that come again once they have gone; expected no --rate with it"},
    {LOAD_IS_STATIONS | LOAD_IS_ELSEWHERE,
     {"stations", "with"},
     "--%s is for stations that are played for the vehicles; expected no --peer, --interface and "
     "--role secc with it"},
    {LOAD_IS_ELSEWHERE,
     {"connections"},
     "--%s is for stations that are played here; expected no --peer and --interface with it, or "
     "--role secc"},
    {LOAD_IS_UNRECORDED,
     {"record", "failures"},
     "--%s is for the records of sessions that fail; expected no --no-record with it"},
    {LOAD_IS_WITHOUT_TLS,
     {"cert", "key", "roots", "tls-set"},
     "--%s is for TLS; expected no --tls off with it"},
};

int useless_check(const struct options *o, unsigned is, struct err *e)
{
    for (size_t i = 0; i < sizeof USELESS / sizeof *USELESS; i++)
        for (unsigned k = 0; k < NAMES_MOST && USELESS[i].name[k] != NULL; k++)
            if ((USELESS[i].is & is) != 0 && options_said(o, USELESS[i].name[k]))
                return err_set(e, USELESS[i].wrong, USELESS[i].name[k]);
    return 0;
}
