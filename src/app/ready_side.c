/* SPDX-License-Identifier: Apache-2.0 */
#include "app/ready_side.h"

#include "app/persona.h"

#include <stdlib.h>
#include <string.h>

const char *const READY_MODES[] = {"ac", "dc", "mcs", "ac-der", NULL};

int ready_side_set(void *to, const char *text, struct err *e)
{
    struct ready_side *side = to;
    const char *value = strchr(text, '=');
    /* "gaps.A>B=5" has no '=' but the last in a key */
    if (value == NULL || value == text)
        return err_set(e, "expected KEY=VALUE");
    if (side->ready.settings == READY_SETTINGS_MAX)
        return err_set(e, "expected %d of them at most", READY_SETTINGS_MAX);
    side->setting[side->ready.settings++] =
        (struct ready_setting){{(const uint8_t *)text, (size_t)(value - text)}, value + 1};
    return 0;
}

/* Kept as it is written. */
static int take_time_scale(void *to, const char *text, struct err *e)
{
    char *end;
    double scale = strtod(text, &end);
    if (*end != '\0' || end == text || !(scale >= 0.01 && scale <= 1e6))
        return err_set(e, "expected a number in 0.01..1000000");
    *(const char **)to = text;
    return 0;
}

int ready_find_persona(struct ready *r, struct err *e)
{
    struct slice built_in;
    size_t n = r->persona == NULL ? 0 : strlen(r->persona);
    if (n == 0 ||
        (strchr(r->persona, '/') == NULL && (n <= 4 || strcmp(r->persona + n - 4, ".lua") != 0)))
        return n == 0 || persona_find(r->persona, &built_in) ? 0 : persona_unknown(r->persona, e);
    r->persona_file = r->persona;
    r->persona = NULL;
    return 0;
}

const struct option READY_OPTION[] = {
    {"script", 0, "FILE",
     "hooks in Lua: before.MESSAGE(m), before.send(m), on.receive(m),\non.timeout, on.state "
     "(docs/behaviour.md)",
     .at = offsetof(struct ready_side, ready.script_file)},
    {"set", 's', "KEY=VALUE",
     "a parameter of lua/v2g/parameters.lua, as battery.soc=55;\nmay be given several times",
     OPTION_CALL, .take = ready_side_set},
    {"time-scale", 0, "N", "electrical time and pauses run N times as fast", OPTION_CALL,
     .at = offsetof(struct ready_side, ready.time_scale), .take = take_time_scale},
    OPTIONS_END,
};

const struct option WITH_OPTION[] = {
    {"with", 0, "KEY=VALUE", "a parameter of the other side, which it plays as well in the lab",
     OPTION_CALL, .take = ready_side_set},
    {"with-persona", 0, "NAME|FILE", "the persona of that side",
     .at = offsetof(struct ready_side, ready.persona)},
    {"with-script", 0, "FILE", "hooks of that side",
     .at = offsetof(struct ready_side, ready.script_file)},
    OPTIONS_END,
};

int ready_side_prepare(struct ready_side *side, const struct script_options *run, bool is_other,
                       struct script_options *options, struct err *e)
{
    struct ready *r = &side->ready;
    r->tls = run->peer.choice.said[TLS_KEY_VERSION];
    r->setting = side->setting;
    *options = *run;
    if (is_other)
        options->peer.choice =
            (struct tls_choice){.said = {[TLS_KEY_PKI] = run->peer.choice.said[TLS_KEY_PKI]}};
    if (ready_find_persona(r, e) != 0)
        return -1;
    options->beside = r->script_file != NULL ? r->script_file : r->persona_file;
    return 0;
}

struct player *ready_side_add(struct ready_side *side, struct script_run *run,
                              const struct script_options *options, unsigned vehicles,
                              struct fleet *fleet, struct err *e)
{
    if (vehicles == 0)
        return run_add(run, options, "evse", ready_station(&side->ready), e);
    fleet_open(fleet, &side->ready, 1);
    for (unsigned i = 0; i < vehicles; i++)
        if (fleet_send(fleet, 0, i + 1) != 0) {
            err_set(e, "out of memory");
            return NULL;
        }
    fleet_end(fleet);
    return run_add(run, options, "ev", fleet_built_in(fleet), e);
}
