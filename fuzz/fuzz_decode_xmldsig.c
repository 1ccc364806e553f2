/* SPDX-License-Identifier: Apache-2.0 */
#define FUZZ_SET "xmldsig"
#include "decode.h"
