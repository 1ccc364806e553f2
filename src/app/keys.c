/* SPDX-License-Identifier: Apache-2.0 */
#include "app/keys.h"

#include "app/report.h"
#include "wire/world.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

static void typed(uv_poll_t *poll, int status, int events)
{
    struct keys *k = poll->data;
    char octets[256];
    (void)events;
    ssize_t n = status < 0 ? -1 : read(STDIN_FILENO, octets, sizeof octets);
    if (n <= 0) {
        uv_poll_stop(poll);
        report(REPORT_WARNING, "%s: what waits for a key waits for ever",
               "standard input has ended");
        return;
    }
    k->count += (unsigned)n;
    k->call(k->context);
}

int keys_open(struct keys *k, struct world *world, void (*call)(void *context), void *context,
              struct err *e)
{
    *k = (struct keys){.call = call, .context = context};
    uv_poll_t *input = calloc(1, sizeof *input);
    if (input == NULL)
        return err_set(e, "out of memory");
    int flags = fcntl(STDIN_FILENO, F_GETFL);
    int number = uv_poll_init(world_loop(world), input, STDIN_FILENO);
    if (flags >= 0) /* libuv has it not block, for all who share it: this output, and a shell */
        fcntl(STDIN_FILENO, F_SETFL, flags);
    if (number != 0) {
        free(input);
        return err_set(e, "keys cannot be read from standard input: %s", uv_strerror(number));
    }
    k->input = input;
    input->data = k;
    uv_poll_start(input, UV_READABLE, typed);
    uv_unref((uv_handle_t *)input);
    return 0;
}

static void closed(uv_handle_t *handle)
{
    free(handle);
}

void keys_close(struct keys *k)
{
    if (k->input != NULL)
        uv_close((uv_handle_t *)k->input, closed);
    k->input = NULL;
}
