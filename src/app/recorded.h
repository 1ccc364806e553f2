/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What sides have said to each other, of whatever it was kept in (pcap, pcapng, the record of a
 * run, a log), for Lua that makes something of it (lua/replay): each frame, and where connections
 * began and ended.
 */
#ifndef V2G_APP_RECORDED_H
#define V2G_APP_RECORDED_H

#include "app/grammars.h"
#include "record/event.h"
#include "script/run.h"

/* All that is kept of it may take so many octets. */
#define RECORDED_MOST ((size_t)512 << 20)

/* What Lua is told besides. */
struct recorded_option {
    const char *key, *value; /* key NULL: the end of a list; value NULL: nothing is told */
};

struct lua_State;

struct recorded {
    const char *path;
    const char *keylog, *key; /* of TLS, as of capture_view; NULL: none */
    struct grammars grammars; /* its library is that of all that is played, too */
    struct arena arena;
    struct event *at;     /* valid while this is open */
    bool *is_chosen;      /* of each event: it is of the session that Lua has taken */
    const char *protocol; /* of that session, as of --protocol; NULL: none was agreed on */
    size_t n, room;
    bool failed; /* there was no memory: something is missing */
};

void recorded_open(struct recorded *r);
void recorded_close(struct recorded *r);

/* Rows of a table of options; at: where the command has its struct recorded. */
#define RECORDED_OPTIONS(at_)                                                                      \
    {                                                                                              \
        .kind = OPTION_GROUP, .at = at_, .group = RECORDED_OPTION                                  \
    }
extern const struct option RECORDED_OPTION[];

/* Reads the file or folder at path. -1: it has been reported; *status is the exit code. What is
 * wrong in it is reported, and no reason not to use the rest. */
int recorded_read(struct recorded *r, const char *path, int *status);

/*
 * Runs that chunk of Lua. Its arguments are a list of what was read, { path =, events = { { number
 * =, us =, kind =, from =, how =, session =, connection =, name =, set =, message = (a value), exi
 * =, octets =, tls =, udp =, link = }, … } } for each; a table of the options; a function that
 * tells the user a note; and one that takes a list of numbers of events of the first, those of
 * the session that is used, and its protocol or nil. What the chunk prints is appended to out, and
 * ended (buf_string). The exit code; what went wrong has been reported.
 */
int recorded_run(struct recorded *const *r, unsigned n, const char *chunk,
                 const struct recorded_option *option, struct buf *out);

#endif
