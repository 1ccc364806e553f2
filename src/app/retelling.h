/* SPDX-License-Identifier: Apache-2.0 */
/* What a command line says of a recorded session that something is made of (`script`, `replay`,
 * `persona from`), and the text that Lua makes of it. */
#ifndef V2G_APP_RETELLING_H
#define V2G_APP_RETELLING_H

#include "app/recorded.h"

/* What is NULL is not said. */
struct retelling {
    const char *role; /* "evcc", "secc" */
    const char *session, *time;
    const char *keylog; /* of MEASURING_OPTIONS only */
};

/* Rows of a table of options; at: where the command has its struct retelling. */
#define RETELLING_OPTIONS(at_)                                                                     \
    {                                                                                              \
        .kind = OPTION_GROUP, .at = at_, .group = RETELLING_OPTION                                 \
    }
extern const struct option RETELLING_OPTION[];

/* The same of what is measured, and not played. */
#define MEASURING_OPTIONS(at_)                                                                     \
    {                                                                                              \
        .kind = OPTION_GROUP, .at = at_, .group = MEASURING_OPTION                                 \
    }
extern const struct option MEASURING_OPTION[];

/* What the chunk of Lua (recorded_run) makes of n captures, appended to out. The exit code; what
 * went wrong has been reported. */
int retold_text(struct recorded *const *r, unsigned n, const char *chunk,
                const struct retelling *as, struct buf *out);

/* The same, written to path (NULL: standard output). */
int retold(struct recorded *const *r, unsigned n, const char *chunk, const struct retelling *as,
           const char *path);

#endif
