#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Rules of ISO 15118-20 that the ready-made station keeps, by id.
# shellcheck source=tests/cli/support
. tests/cli/support
# shellcheck source=tests/cli/support-rules
. tests/cli/support-rules

rules 120
sed -i '/does not go with/d' "$work/out" # vehicles mix control modes on purpose
# 1: the station's verdicts on what the vehicles did
wants "[V2G20-736] no message of them lacks anything" 1 out 'ServiceDetailRes             FAILED' \
    not-out violation

# chance is the system's in the real world alone
run run --no-record tests/lua/random-20.lua
wants "[V2G20-835] [V2G20-2607] [V2G20-2621] all 64 bits of a SessionID are random" 1 \
    out 'SessionIDs: 8 octets at random'
wants "[V2G20-697] [V2G20-698] [V2G20-2108] [V2G20-2110] all 128 bits of a GenChallenge are" 1 \
    out 'challenges: 16 octets at random'
