/* SPDX-License-Identifier: Apache-2.0 */
/* `v2glab run`: scripts against a peer, against each other, or printed without a network. */
#include "app/commands.h"
#include "app/options.h"
#include "app/running.h"

#include <string.h>

struct playing {
    struct options options;
    struct library library;
    struct running running;
    uint8_t id[8];
};

/* ---- options ---- */

static int take_id(void *to, const char *text, struct err *e)
{
    struct playing *p = to;
    int64_t n = hex_read(text, strlen(text), p->id, sizeof p->id);
    if (n < 0)
        return err_set(e, "expected up to 16 hex digits");
    p->running.session.script.id = p->id;
    p->running.session.script.id_size = (uint8_t)n;
    return 0;
}

static const struct option OPTIONS[] = {
    RUNNING_AGAINST(offsetof(struct playing, running.against)),
    WITH_OPTIONS(offsetof(struct playing, running.side)),
    SESSION_OPTIONS(offsetof(struct playing, running.session)),
    RECORD_OPTIONS(offsetof(struct playing, running.session)),
    RUNNING_LAB(offsetof(struct playing, running.lab)),
    {"print", 0, NULL,
     "no network, no peer: print header, EXI and XML of each message that\n"
     "a script sends; what it receives are messages with defaults",
     .at = offsetof(struct playing, running.print)},
    {"session-id", 0, "HEX", "SessionID of all headers, up to 8 octets", OPTION_CALL,
     .take = take_id},
    {"unsafe", 0, NULL, "scripts may use all of Lua: files, programs, C modules",
     .at = offsetof(struct playing, running.session.script.is_unsafe)},
    OPTIONS_END,
};

static const struct usage USAGE = {
    .command = "run",
    .instead = RUNNING_INSTEAD,
    .synopsis = "[OPTION]... SCRIPT... [-- ARGUMENT...]",
    .about =
        "Runs Lua scripts that play a vehicle (Evcc) or a station (Secc): one against a real "
        "peer,\n"
        "or several against each other in one process. Shows a ladder of all messages, leaves a\n"
        "record, and gives each script a verdict. What follows -- is what scripts have as `...`.",
    .option = OPTIONS,
    .more = "examples:\n"
            "  v2glab run examples/evcc-iso15118-2-ac.lua examples/secc-iso15118-2-ac.lua\n"
            "  v2glab run evcc.lua --against evse --with answers.CableCheck=FAILED\n"
            "  v2glab run evcc.lua --interface eth1\n"
            "  v2glab run secc.lua --peer [::1]:15118\n"
            "  v2glab run --print evcc.lua --session-id B9D3FD12ABB3E0F8\n"
            "  v2glab run --tls 1.3 evcc.lua secc.lua\n"
            "  v2glab run --virtual-time evcc.lua secc.lua\n"
            "  v2glab run evcc.lua -- 32 dc\n\n"
            "Without --protocol scripts say what they speak, ISO15118-2 first; without --tls they "
            "use none.\n"
            "With TLS, SSLKEYLOGFILE in the environment names a file that gets the secrets; the\n"
            "record's session.pcapng has its own.\n\n"
            "exit codes: 0 pass, 1 fail, 2 inconclusive, 3 error in script or set-up",
};

int command_run(int argc, char **argv)
{
    struct playing p = {.running = {.run = NULL}};
    struct running *r = &p.running;
    const struct options *o = &p.options;
    library_open(&p.library);
    session_options_open(&r->session, &p.library, PEER_TLS_OFF);
    options_open(&p.options, &USAGE, &p.library, argc, argv);
    int status;
    if (options_read(&p.options, &p) != 0) {
        status = o->status;
    } else if (o->arguments == 0) {
        status = options_wrong(&p.options, "no script; expected the path of a Lua file");
    } else {
        r->script = (const char *const *)o->argument;
        r->scripts = (unsigned)(o->before > 0 ? o->before : o->arguments);
        r->session.script.argument = r->script + r->scripts;
        r->session.script.arguments = (unsigned)o->arguments - r->scripts;
        status = running_check(r, &p.options);
        status = status != 0 ? status : running_play(r);
    }
    library_close(&p.library);
    return status;
}
