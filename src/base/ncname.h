/* SPDX-License-Identifier: Apache-2.0 */
/* Names of XML without a colon: what an xs:ID may be (Namespaces in XML 1.0, NCName). */
#ifndef V2G_BASE_NCNAME_H
#define V2G_BASE_NCNAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether a name may hold that character, and whether it may begin with it. */
bool ncname_holds(uint32_t character);
bool ncname_begins(uint32_t character);

/* Whether the n octets are a name, in UTF-8. */
bool is_ncname(const uint8_t *p, size_t n);

#endif
