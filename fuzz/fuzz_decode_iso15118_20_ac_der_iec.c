/* SPDX-License-Identifier: Apache-2.0 */
#define FUZZ_SET "iso15118-20-ac-der-iec"
#include "decode.h"
