/* SPDX-License-Identifier: Apache-2.0 */
/* What the fast passes of encoder and decoder share. Private to src/codec. */
#ifndef V2G_CODEC_EXI_FAST_H
#define V2G_CODEC_EXI_FAST_H

#include <stdint.h>

#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

/* The fast passes shift all the time, swap bytes and take numbers by twos: a processor of the last
 * ten years does each by one instruction. gcc makes them twice, and the loader takes what the
 * processor has. Not where a sanitizer is: it would start behind that choice. */
#if defined __x86_64__ && defined __GLIBC__ && defined __OPTIMIZE__ && !defined __clang__ &&       \
    !defined __SANITIZE_ADDRESS__ && !defined __SANITIZE_THREAD__
#define NEWER_TOO __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define NEWER_TOO
#endif

#define HIGH_BITS UINT64_C(0x8080808080808080) /* set where octets are beyond ASCII */

/* What a step comes to: the next one, the end of the root, or nothing, because it is unusual. */
enum outcome { FAST_GO, FAST_DONE, FAST_ODD };

#endif
