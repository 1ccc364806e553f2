/* SPDX-License-Identifier: Apache-2.0 */
#define FUZZ_SET "appprotocol"
#include "decode.h"
