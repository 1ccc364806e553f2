/* SPDX-License-Identifier: Apache-2.0 */
/* How many descriptors, and so connections, this process may have open. */
#ifndef V2G_WIRE_DESCRIPTORS_H
#define V2G_WIRE_DESCRIPTORS_H

#define DESCRIPTORS_OTHERS 64 /* of the loop, the record, the terminal */

/* Those that are left for connections: as many as the system allows (`ulimit -Hn`), which the
 * process takes with the first call, without DESCRIPTORS_OTHERS; one at least. */
unsigned descriptors_for_connections(void);

#endif
