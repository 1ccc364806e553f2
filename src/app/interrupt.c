/* SPDX-License-Identifier: Apache-2.0 */
#include "app/interrupt.h"

#include "app/commands.h"
#include "wire/world.h"

#include <stddef.h>
#include <unistd.h>
#include <uv.h>

volatile sig_atomic_t interrupt_count;
static volatile sig_atomic_t last_signal;

static const int SIGNALS[] = {SIGINT, SIGTERM, SIGHUP};

/* A process has one set of signals, so only one may wait for them. */
static struct {
    bool is_open;
    unsigned most;
    uv_async_t woken;
    void (*call)(void *context, unsigned n);
    void *context;
    struct sigaction before[sizeof SIGNALS / sizeof SIGNALS[0]];
} state;

static void on_signal(int number)
{
    last_signal = number;
    if (++interrupt_count > (int)state.most)
        _exit(EXIT_UNCLEAR);
    uv_async_send(&state.woken);
}

static void on_woken(uv_async_t *handle)
{
    (void)handle;
    if (interrupt_count > 0)
        state.call(state.context, (unsigned)interrupt_count);
}

bool interrupt_is_by_hand(void)
{
    return last_signal == SIGINT;
}

int interrupt_open(struct world *world, unsigned most, void (*call)(void *context, unsigned n),
                   void *context, struct err *e)
{
    struct sigaction action = {.sa_handler = on_signal};
    interrupt_count = 0;
    state.most = most;
    state.call = call;
    state.context = context;
    if (uv_async_init(world_loop(world), &state.woken, on_woken) != 0)
        return err_set(e, "signals cannot be waited for");
    state.is_open = true;
    for (size_t i = 0; i < sizeof SIGNALS / sizeof SIGNALS[0]; i++)
        sigaction(SIGNALS[i], &action, &state.before[i]);
    return 0;
}

void interrupt_close(void)
{
    if (!state.is_open)
        return;
    state.is_open = false;
    for (size_t i = 0; i < sizeof SIGNALS / sizeof SIGNALS[0]; i++)
        sigaction(SIGNALS[i], &state.before[i], NULL);
    uv_close((uv_handle_t *)&state.woken, NULL);
}
