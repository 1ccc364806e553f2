/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON text as values of jansson. Where memory runs out its scanner ends the program, or leaves out
 * octets of what it reads: behind json_text_guard, which the program calls, that is an error.
 */
#ifndef V2G_BASE_JSON_TEXT_H
#define V2G_BASE_JSON_TEXT_H

#include <jansson.h>

/* Before any value is made: allocations of jansson are ours. Each that fails is noted, as those of
 * buffers are (buf_has_run_out). */
void json_text_guard(void);

/* As json_loadb. NULL, and why->text is "out of memory", where any allocation for it has failed;
 * nothing is left of it then. why: may be NULL. */
json_t *json_text_read(const char *text, size_t n, size_t flags, json_error_t *why);

#endif
