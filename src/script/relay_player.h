/* SPDX-License-Identifier: Apache-2.0 */
/* The ready-made relay (lua/v2g/relay.lua) as a player of a run. */
#ifndef V2G_SCRIPT_RELAY_PLAYER_H
#define V2G_SCRIPT_RELAY_PLAYER_H

#include "script/run.h"

#define RELAY_SETS 64

/* What it is told; it outlives its player. */
struct relay_choice {
    struct built_in built_in;
    struct tls_choice files[2]; /* certificates that are shown to the vehicle, to the station */
    const char *place[2];       /* towards them: an interface, or an address */
    const char *tls[2];         /* "off", …; NULL: auto to the vehicle, and to the station as that
                                   speaks it */
    const char *slac[2];        /* where the modems are: both, or none; NULL: no SLAC */
    const char *matching[2][RELAY_SETS]; /* parameters of these matchings, "KEY=VALUE" */
    unsigned matchings[2];               /* so many */
    bool has_pilot;                      /* what both control pilots say is known */
    const char *offer;       /* protocols that are offered to the station, "A,B"; NULL: as the
                                   vehicle has them */
    const char *script_file; /* hooks; NULL: none */
    const char *set[RELAY_SETS], *hold[RELAY_SETS]; /* "MESSAGE.FIELD=VALUE"; "MESSAGE" */
    unsigned sets, holds;                           /* so many */
    unsigned sessions;                              /* ends after so many; 0: it goes on */
};

/* Whether a place is an address: else it is an interface. */
bool relay_is_address(const char *place);

/* For run_add. */
const struct built_in *relay_player(struct relay_choice *c);

#endif
