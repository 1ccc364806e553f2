/* SPDX-License-Identifier: Apache-2.0 */
#include "script/fleet.h"

#include "script/judgement.h"
#include "script/roles.h"
#include "wire/lab.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct coming {
    struct coming *next;
    unsigned kind;
    uint32_t number;
    unsigned turn; /* among all that are sent */
};

/* ---- from outside ---- */

static void wake(struct fleet *f)
{
    if (f->role == NULL || !f->role->script->started)
        return;
    task_wake(f->role);
    script_step(f->role->script);
}

int fleet_send(struct fleet *f, unsigned kind, uint32_t number)
{
    struct coming *c = calloc(1, sizeof *c);
    if (c == NULL)
        return -1;
    c->kind = kind;
    c->number = number;
    c->turn = f->sent++;
    *(f->first == NULL ? &f->first : &f->last->next) = c;
    f->last = c;
    wake(f);
    return 0;
}

void fleet_end(struct fleet *f)
{
    f->is_over = true;
    wake(f);
}

/* ---- what its script gets ---- */

static struct fleet *fleet_of(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

static bool has_come(void *context)
{
    const struct fleet *f = context;
    return f->first != NULL || f->is_over || f->role->script->stop;
}

/* Where the one whose turn is n is, and connects to and from. */
static void choose_place(const struct fleet *f, unsigned n, struct role *r)
{
    if (f->addresses > 0)
        snprintf(r->chosen.address, sizeof r->chosen.address, "%s", f->address[n % f->addresses]);
    if (f->sources > 0)
        r->chosen.source = &f->source[n % f->sources];
    if (f->interfaces == 0)
        return;
    const char *interface = f->interface[n % f->interfaces];
    snprintf(r->chosen.interface, sizeof r->chosen.interface, "%s", interface);
    if (strcmp(interface, LAB_EV_INTERFACE) != 0)
        snprintf(r->by, sizeof r->by, "%s %s", f->role->by, interface);
}

/* The next one's kind, and a role for it; nothing: no more come. */
static int next_done(lua_State *L, int status, lua_KContext context)
{
    struct fleet *f = fleet_of(L);
    struct coming *c = f->first;
    (void)status;
    (void)context;
    if (f->role->script->timed_out)
        f->one_came = false;
    if (c == NULL || f->role->script->stop)
        return 0;
    f->one_came = true;
    lua_pushinteger(L, (lua_Integer)c->kind + 1);
    struct role *r = roles_push_place(L, f->role); /* there may be no memory for it */
    f->first = c->next;
    r->number = c->number;
    choose_place(f, c->turn, r);
    free(c);
    return 2;
}

/* next(): waits until one comes, and for a turn of the loop between two: who is on the way must not
 * wait, and is soon over, so that few are there at a time and what they need is in the caches. */
static int fleet_next(lua_State *L)
{
    struct fleet *f = fleet_of(L);
    struct wait w = {.ready = has_come, .context = f, .role = f->role, .is_for_more = true};
    lua_settop(L, 0);
    if (!f->one_came || f->first == NULL)
        return script_wait(L, &w, 0, next_done);
    w = (struct wait){.deadline_us = script_now(f->role->script) + 1};
    return script_wait(L, &w, 0, next_done);
}

/* over(role, verdict, why): that vehicle has gone. */
static int fleet_over(lua_State *L)
{
    struct role *r = role_at(L, 1);
    luaL_argcheck(L, r != NULL && r->is_place && !r->is_parked, 1, "expected a role of next()");
    session_verdict(L, r, 2);
    roles_park(L, r);
    return 0;
}

/* Argument: the fleet. The script's: next, over, and the kinds. */
static int push_arguments(lua_State *L)
{
    static const lua_CFunction FUNCTIONS[] = {fleet_next, fleet_over};
    struct fleet *f = lua_touserdata(L, 1);
    struct task *main = script_of(L)->main;
    for (unsigned i = 0; i < sizeof FUNCTIONS / sizeof FUNCTIONS[0]; i++) {
        lua_pushlightuserdata(L, f);
        lua_pushcclosure(L, FUNCTIONS[i], 1);
        task_give(main, L);
    }
    for (unsigned i = 0; i < f->kinds; i++) {
        ready_push(L, &f->kind[i]);
        task_give(main, L);
    }
    return 0;
}

static int give(const struct built_in *own, struct script *s, struct err *e)
{
    struct fleet *f = (struct fleet *)(uintptr_t)own;
    s->has_sessions = true;
    f->role = s->roles;
    while (f->role->side != FROM_EVCC)
        f->role = f->role->next;
    return built_in_push(s, push_arguments, f, e);
}

/* ---- the whole ---- */

void fleet_open(struct fleet *f, struct ready *kind, unsigned kinds)
{
    *f = (struct fleet){.kind = kind, .kinds = kinds};
    f->built_in = (struct built_in){"require('v2g.fleet').play(...)", give};
}

void fleet_check(struct fleet *f)
{
    f->built_in.text = "require('v2g.fleet').play_checked(...)";
}

const struct built_in *fleet_built_in(struct fleet *f)
{
    return &f->built_in;
}

void fleet_close(struct fleet *f)
{
    for (struct coming *c = f->first, *next; c != NULL; c = next) {
        next = c->next;
        free(c);
    }
    f->first = NULL;
    f->role = NULL;
}
