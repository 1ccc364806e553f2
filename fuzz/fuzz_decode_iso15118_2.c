/* SPDX-License-Identifier: Apache-2.0 */
#define FUZZ_SET "iso15118-2"
#include "decode.h"
