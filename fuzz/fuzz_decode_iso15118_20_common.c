/* SPDX-License-Identifier: Apache-2.0 */
#define FUZZ_SET "iso15118-20-common"
#include "decode.h"
