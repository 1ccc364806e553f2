/* SPDX-License-Identifier: Apache-2.0 */
#define FUZZ_SET "din70121"
#include "decode.h"
